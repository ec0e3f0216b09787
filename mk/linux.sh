#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# linux.sh image|debug|uapi: bring $O/bzImage, $O/bzImage-debug, or the matching
# uAPI headers in $O/uapi, up to date from KSRC=, the cache, or a build of the
# fetched source.
# linux.sh vmlinux: image, and say where the ELF file is that it was made of.
# linux.sh pristine: $O/bzImage-pristine, from the fetched source without our series.
# linux.sh plant DIFF IMAGE: build IMAGE from the fetched source with DIFF.
# linux.sh warn TREE BUILD LOG DIR/...: what changed since in these directories of TREE,
# built in BUILD with W=1 and sparse.

. mk/lib.sh
cache_choose

patches=host-patches/linux
fetched=$O/linux
fragments=$patches/tdx.config build=$O/linux-build
case $1 in
debug) kind=linuxdebug to=$O/bzImage-debug fragments="$fragments $patches/debug.config" build=$build-debug ;;
pristine) kind=linuxpristine to=$O/bzImage-pristine fetched=$fetched-pristine build=$fetched-build ;;
uapi) kind=uapi to=$O/uapi ;;
*) kind=linux to=$O/bzImage ;;
esac

# Objects that get debug information, as their Makefiles name them: what gdb is
# most likely asked about. All of Linux would make each build twice as long.
symbols='vmx/tdx vmx/main vmx/vmx mmu/mmu mmu/tdp_mmu mmu/spte x86
	../../../virt/kvm/kvm_main ../../../virt/kvm/guest_memfd ../../../virt/kvm/dmabuf
	tdx connect tdxc-iommu tdxc-link tdxc-page tdxc-tdi tsm-core vfio_pci_core vfio_pci_dmabuf'

kmake()
{
	for object in $symbols; do
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
	tree_key=$(content_key "$tarball" ${series:+$patches/series} $series)
	[ "$(cat "$fetched/.tdi-key" 2>/dev/null)" = "$tree_key" ] && return
	need_space "$O" 3000 "building Linux"
	say UNPACK "$(basename "$tarball" .tar.xz)"
	# Time stamps of the old tree and the new are in no order: build afresh.
	rm -rf "$fetched" "$fetched"-build*
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
# shellcheck disable=SC2086 # a list of file names
configure()
{
	mkdir -p "$build"
	cat $fragments >"$build/fragment.new"
	cmp -s "$build/fragment.new" "$build/fragment" &&
		[ "$(cat "$build/.tdi-tree" 2>/dev/null)" = "$tree" ] && ! kconfig_changed && return
	logged "$build.log" "configuring Linux" kmake tinyconfig
	logged "$build.log" "configuring Linux" "$tree/scripts/kconfig/merge_config.sh" -m -O "$build" \
		"$build/.config" "$build/fragment.new"
	logged "$build.log" "configuring Linux" kmake olddefconfig
	$patches/config-missing "$build/fragment.new" "$build/.config" >"$build/missing" ||
		sed 's/^/  CONFIG  could not set /' "$build/missing" >&2
	grep -q '^CONFIG_KVM_INTEL_TDX=y' "$build/.config" || die "$tree can't be configured with KVM_INTEL_TDX"
	echo "$tree" >"$build/.tdi-tree"
	mv "$build/fragment.new" "$build/fragment"
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
	tree=$KSRC build=$O/ksrc-${build##*/linux-}
	[ -f "$tree/Kbuild" ] || die "KSRC=$tree is not a Linux source tree"
	[ ! -e "$tree/.config" ] || die "KSRC=$tree holds a build of its own, and the kernel then refuses" \
		"to be built elsewhere; use a clean checkout: git -C $tree worktree add <dir>"
	case $1 in
	image|vmlinux|debug)
		build_image
		replace "$image" "$to" ksrc ;;
	uapi)
		build_uapi "$build/uapi"
		replace "$build/uapi" "$to" ksrc ;;
	esac
	[ "$1" != vmlinux ] || echo "$build/vmlinux"
}

sources()
{
	tarball=$(mk/fetch.sh linux)
	series=$(patches_of linux | sed "s,^,$patches/,")
	[ $kind != linuxpristine ] || series=
}

# An entry without vmlinux is as good as none for those who need it.
cached() { cache_has "$kind-$key" && { [ "$1" != vmlinux ] || [ -e "$cache/$kind-$key/vmlinux" ]; }; }

from_cache()
{
	sources
	# shellcheck disable=SC2086 # a list of file names
	key=$(content_key "$tarball" $fragments ${series:+$patches/series} $series)
	[ "$1" != vmlinux ] && [ "$(cat "$to.key" 2>/dev/null)" = "$key" ] && [ -e "$to" ] && return
	cached "$1" || {
		lock linux
		cached "$1" || build_entry
	}
	[ $kind = uapi ] && from=$cache/uapi-$key || from=$cache/$kind-$key/bzImage
	replace "$from" "$to" "$key"
	[ "$1" != vmlinux ] || echo "$cache/$kind-$key/vmlinux"
}

build_entry()
{
	tree=$fetched
	lay_tree
	entry_begin
	case $kind in
	uapi)
		build_uapi "$entry" ;;
	*)
		build_image
		cp "$image" "$entry/"
		# make gdb wants no other.
		[ $kind != linux ] || objcopy --compress-debug-sections "$build/vmlinux" "$entry/vmlinux" ;;
	esac
	cache_store "$kind-$key" "$entry"
	# Built once in a long while.
	[ $kind != linuxpristine ] || rm -rf "$fetched" "$build"
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

# For a tree that grows patch by patch: kbuild knows what each of them touches, and warns of that.
# The sparse that there is, 0.6.4, does not know __typeof_unqual__, and kbuild then leaves it out.
build_warned()	# TREE BUILD LOG DIR/...
{
	tree=$1 build=$2 warnings=$3
	shift 3
	rm -f "$build/fragment"		# an option may be new
	configure 2>/dev/null
	kmake W=1 C=1 CF=-D__typeof_unqual__=__typeof__ "$@" >"$warnings" 2>&1
	! grep 'C=1 specified, but' "$warnings" >&2
}

mkdir -p "$O"
case $1 in
plant) build_planted "$2" "$3" ;;
warn) shift; build_warned "$@" ;;
*) if [ -n "${KSRC:-}" ] && [ "$1" != pristine ]; then from_tree "$1"; else from_cache "$1"; fi ;;
esac
