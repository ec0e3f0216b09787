#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# linux.sh image|uapi: bring $O/bzImage, or the matching uAPI headers in
# $O/uapi, up to date from KSRC=, the cache, or a build of the fetched source.
# linux.sh vmlinux: image, and say where the ELF file is that it was made of.
# linux.sh plant DIFF IMAGE: build IMAGE from the fetched source with DIFF.

. mk/lib.sh
cache_choose

patches=host-patches/linux
fragment=$PWD/$patches/tdx.config
fetched=$O/linux
build=$O/linux-build

# Objects that get debug information, as their Makefiles name them: what gdb is
# most likely asked about. All of Linux would make each build twice as long.
debug='vmx/tdx vmx/main vmx/vmx mmu/mmu mmu/tdp_mmu mmu/spte x86
	../../../virt/kvm/kvm_main ../../../virt/kvm/guest_memfd ../../../virt/kvm/dmabuf
	tdx connect tdxc-iommu tdxc-link tdxc-page tdxc-tdi tsm-core vfio_pci_core vfio_pci_dmabuf'

kmake()
{
	for object in $debug; do
		set -- "$@" "CFLAGS_$object.o=-g -fdebug-prefix-map=$tree/="
	done
	make -s -C "$tree" -j"$jobs" O="$build" ARCH=x86_64 CC="$CC" LOCALVERSION= \
		KBUILD_BUILD_USER=tdi KBUILD_BUILD_HOST=harness KBUILD_BUILD_VERSION=1 \
		KBUILD_BUILD_TIMESTAMP=2000-01-01 "$@"
}

# Unpacked and patched under another name first, so that $fetched is whole.
lay_tree()
{
	# shellcheck disable=SC2086 # a list of file names
	tree_key=$(content_key "$tarball" $patches/series $series)
	[ "$(cat "$fetched/.tdi-key" 2>/dev/null)" = "$tree_key" ] && return
	need_space "$O" 3000 "building Linux"
	say UNPACK "$(basename "$tarball" .tar.xz)"
	# Time stamps of the old tree and the new are in no order: build afresh.
	rm -rf "$fetched" "$build"
	unpack "$tarball" "$fetched.new"
	for patch in $series; do
		logged "$O/linux-patch.log" "$patch" patch -p1 -d "$fetched.new" -i "$PWD/$patch"
	done
	echo "$tree_key" >"$fetched.new/.tdi-key"
	mv "$fetched.new" "$fetched"
}

# An older commit drops options that it does not know, and a newer one asks for them.
kconfig_changed() { find "$tree" -name 'Kconfig*' -newer "$build/.config" -print -quit | grep -q .; }

# The fragment over tinyconfig, also for KSRC=: the user's own .config would
# bring a ten times longer build, and is not read.
configure()
{
	mkdir -p "$build"
	[ "$build/.config" -nt "$fragment" ] && [ "$(cat "$build/.tdi-tree" 2>/dev/null)" = "$tree" ] &&
		! kconfig_changed && return
	logged "$build.log" "configuring Linux" kmake tinyconfig
	logged "$build.log" "configuring Linux" "$tree/scripts/kconfig/merge_config.sh" -m -O "$build" \
		"$build/.config" "$fragment"
	logged "$build.log" "configuring Linux" kmake olddefconfig
	$patches/config-missing "$fragment" "$build/.config" >"$build/missing" ||
		sed 's/^/  CONFIG  could not set /' "$build/missing" >&2
	grep -q '^CONFIG_KVM_INTEL_TDX=y' "$build/.config" || die "$tree can't be configured with KVM_INTEL_TDX"
	echo "$tree" >"$build/.tdi-tree"
}

build_image()
{
	configure
	say BUILD "Linux $(kmake kernelversion) in $build"
	logged "$build.log" "building Linux" kmake bzImage
	image=$build/arch/x86/boot/bzImage
}

build_uapi()
{
	logged "$build.uapi.log" "installing the uAPI headers" kmake INSTALL_HDR_PATH="$1" headers_install
}

# replace FROM TO KEY: leave TO, and its time stamp, alone when it is the same.
replace()
{
	if ! diff -rq "$1" "$2" >/dev/null 2>&1; then
		rm -rf "$2.new"
		cp -r "$1" "$2.new"
		rm -rf "$2"
		mv "$2.new" "$2"
	fi
	echo "$3" >"$2.key"
}

from_tree()	# KSRC=: kbuild knows best what is out of date.
{
	lock linux
	tree=$KSRC build=$O/ksrc-build
	[ -f "$tree/Kbuild" ] || die "KSRC=$tree is not a Linux source tree"
	[ ! -e "$tree/.config" ] || die "KSRC=$tree holds a build of its own, and the kernel then refuses" \
		"to be built elsewhere; use a clean checkout: git -C $tree worktree add <dir>"
	case $1 in
	image|vmlinux)
		build_image
		replace "$image" "$O/bzImage" ksrc ;;
	uapi)
		build_uapi "$build/uapi"
		replace "$build/uapi" "$O/uapi" ksrc ;;
	esac
	[ "$1" != vmlinux ] || echo "$build/vmlinux"
}

sources()
{
	tarball=$(mk/fetch.sh linux)
	series=$(sed "/^#/d; s,^,$patches/," $patches/series)
}

# An entry without vmlinux is as good as none for those who need it.
cached() { cache_has "$kind-$key" && { [ "$1" != vmlinux ] || [ -e "$cache/$kind-$key/vmlinux" ]; }; }

from_cache()
{
	sources
	# shellcheck disable=SC2086 # a list of file names
	key=$(content_key "$tarball" $patches/tdx.config $patches/series $series)
	case $1 in
	uapi) kind=uapi to=$O/uapi from=$cache/uapi-$key ;;
	*) kind=linux to=$O/bzImage from=$cache/linux-$key/bzImage ;;
	esac
	[ "$1" != vmlinux ] && [ "$(cat "$to.key" 2>/dev/null)" = "$key" ] && [ -e "$to" ] && return
	cached "$1" || {
		lock linux
		cached "$1" || build_entry
	}
	replace "$from" "$to" "$key"
	[ "$1" != vmlinux ] || echo "$cache/linux-$key/vmlinux"
}

build_entry()
{
	tree=$fetched
	lay_tree
	entry_begin
	case $kind in
	linux)
		build_image
		cp "$image" "$entry/"
		objcopy --compress-debug-sections "$build/vmlinux" "$entry/vmlinux" ;;
	uapi)
		build_uapi "$entry" ;;
	esac
	cache_store "$kind-$key" "$entry"
}

# The tree has no key while the bug is in it: whoever finds it so after a kill -9
# lays it anew.  What a build has to do again is what the bug touched.
build_planted()	# DIFF IMAGE
{
	bug=$1
	sources
	lock linux
	tree=$fetched
	lay_tree
	mv "$tree/.tdi-key" "$tree/.tdi-planted"
	trap 'patch -R -s -p1 -d "$tree" -i "$bug" && mv "$tree/.tdi-planted" "$tree/.tdi-key"' EXIT
	trap 'exit 130' INT TERM
	logged "$O/linux-plant.log" "$bug" patch -F0 -p1 -d "$tree" -i "$bug"
	build_image
	cp "$image" "$2"
}

mkdir -p "$O"
if [ "$1" = plant ]; then
	build_planted "$2" "$3"
elif [ -n "${KSRC:-}" ]; then
	from_tree "$1"
else
	from_cache "$1"
fi
