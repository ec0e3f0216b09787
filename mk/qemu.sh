#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# qemu.sh: bring $O/qemu-system-x86_64 and $O/firmware up to date from
# QEMU_SRC=, the cache, or a build of the fetched source.
# qemu.sh pristine: print the path of QEMU built from the fetched source without
# our series, in the cache; nothing else differs.
#
# $O/qemu-pristine is the source as fetched, $O/qemu the same with our series,
# files and library, $O/qemu-build the build.  $O/qemu is written by content, so
# that ninja rebuilds what a change touches and no more; to work on the series,
# use a tree of your own, made by prepare.sh, and give it as QEMU_SRC=.

. mk/lib.sh
cache_choose

patches=host-patches/qemu
pristine=$O/qemu-pristine
tree=$O/qemu
build=$O/qemu-build

lay_pristine()
{
	[ "$(cat "$pristine/.tdi-key" 2>/dev/null)" = "$1" ] && return
	need_space "$O" 2000 "building QEMU"
	say UNPACK "$(basename "$tarball" .tar.xz)"
	rm -rf "$pristine"
	unpack "$tarball" "$pristine.new"
	echo "$1" >"$pristine.new/.tdi-key"
	mv "$pristine.new" "$pristine"
}

# prepare.sh makes a git tree; git must not tidy it up in the background while it is removed.
lay_series()	# PRISTINE
{
	export GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=gc.auto GIT_CONFIG_VALUE_0=0 \
		GIT_CONFIG_KEY_1=maintenance.auto GIT_CONFIG_VALUE_1=false
	logged "$tree.log" "applying the QEMU series" $patches/prepare.sh "$1" "$tree.new"
	sync_tree "$tree.new"
	rm -rf "$tree.new"
}

sync_tree()	# SOURCE
{
	mkdir -p "$tree/configs/meson"
	rsync -rlpc --delete --exclude=/.git --exclude=/configs/meson/linux.txt "$1/" "$tree/"
	# The edk2 firmware is missing from the distribution's tarball and not
	# wanted here; without a bzip2, QEMU's build doesn't try to unpack it.
	printf '[binaries]\nbzip2 = %s\n' "'no-bzip2-so-no-edk2'" >"$tree/configs/meson/linux.txt"
}

# What changes most, after prepare.sh has put it there once.
sync_ours()
{
	rsync -rlpc $patches/files/ "$tree/"
	rsync -rlpc --delete lib/core lib/tdisp lib/tdx_abi lib/tdx_module "$tree/target/i386/tcg/system/tdx/lib/"
	# Meson lists the library's files when it configures.
	find lib/core lib/tdisp lib/tdx_module -name '*.c' | sort >"$tree.sources.new"
	cmp -s "$tree.sources.new" "$tree.sources" || touch "$tree/target/i386/tcg/system/tdx/meson.build"
	mv "$tree.sources.new" "$tree.sources"
}

# QEMU 10 wants meson 1.5 and pycotap; upstream's tarball carries them, the
# distribution's doesn't.
find_tools()
{
	ls "$1"/python/wheels/meson-*.whl >/dev/null 2>&1 && return
	tools=$(mk/fetch.sh tools)
	export PYTHONPATH="$tools/lib/python3/dist-packages" PATH="$tools/bin:$PATH"
}

configure()
{
	[ -f "$build/build.ninja" ] && return
	rm -rf "$build"
	mkdir -p "$build"
	say CONFIG "QEMU $(cat "$tree/VERSION")"
	# Name the interpreter: another python3 earlier in PATH breaks QEMU's set-up.
	(cd "$build" && logged "$build.log" "configuring QEMU" "$tree/configure" --python=/usr/bin/python3 \
		--cc="$CC" --target-list=x86_64-softmmu --without-default-features --enable-tcg \
		--disable-docs --disable-tools --disable-guest-agent --disable-download \
		--disable-install-blobs)
}

# The distribution's tarball has no built option roms either, and without
# linuxboot_dma.bin a direct kernel boot hangs without a word.
build_roms()
{
	mkdir -p "$build/roms"
	printf 'TOPSRC_DIR=%s\nCC=%s\nOBJCOPY=objcopy\nPYTHON=/usr/bin/python3\n' "$tree" "$CC" \
		>"$build/roms/config.mak"
	logged "$build.roms.log" "building the option roms" make -C "$build/roms" \
		-f "$tree/pc-bios/optionrom/Makefile" linuxboot_dma.bin kvmvapic.bin
}

build()		# ENTRY
{
	configure
	say BUILD "QEMU $(cat "$tree/VERSION") in $build"
	logged "$build.log" "building QEMU" ninja -C "$build" -j "$jobs" qemu-system-x86_64
	build_roms
	mkdir -p "$1/firmware"
	strip -o "$1/qemu-system-x86_64" "$build/qemu-system-x86_64"
	cp /usr/share/seabios/bios-256k.bin "$build/roms/linuxboot_dma.bin" "$build/roms/kvmvapic.bin" \
		"$1/firmware/"
}

install_entry()	# ENTRY KEY
{
	rm -rf "$O/firmware"
	cp -r "$1/firmware" "$O/firmware"
	cp "$1/qemu-system-x86_64" "$O/qemu-system-x86_64.new"
	mv "$O/qemu-system-x86_64.new" "$O/qemu-system-x86_64"
	echo "$2" >"$O/qemu-system-x86_64.key"
}

from_tree()	# QEMU_SRC=: as released, or a tree that prepare.sh has made and somebody works in.
{
	[ -f "$QEMU_SRC/VERSION" ] || die "QEMU_SRC=$QEMU_SRC is not a QEMU source tree"
	lock qemu
	find_tools "$QEMU_SRC"
	rm -rf "$tree.key" "$tree.new"
	if git -C "$QEMU_SRC" rev-parse -q --verify tdx-base >/dev/null 2>&1; then
		sync_tree "$QEMU_SRC"
	else
		lay_series "$QEMU_SRC"
	fi
	entry_begin
	build "$entry"
	install_entry "$entry" qemu_src
}

from_cache()
{
	tarball=$(mk/fetch.sh qemu)
	# What makes the tree; words about it in README build nothing.
	series=$(ls $patches/series $patches/prepare.sh $patches/*.patch)
	ours=$(find $patches/files lib/core lib/tdisp lib/tdx_abi lib/tdx_module -type f | sort)
	# shellcheck disable=SC2086 # a list of file names
	key=$(content_key "$tarball" /usr/share/seabios/bios-256k.bin $series $ours)
	[ "$(cat "$O/qemu-system-x86_64.key" 2>/dev/null)" != "$key" ] || return 0
	cache_has "qemu-$key" || {
		lock qemu
		cache_has "qemu-$key" || build_entry
	}
	install_entry "$cache/qemu-$key" "$key"
}

build_entry()
{
	# shellcheck disable=SC2086 # a list of file names
	series_key=$(content_key "$tarball" $series)
	if [ "$(cat "$tree.key" 2>/dev/null)" != "$series_key" ]; then
		lay_pristine "$(cat "$tarball.sha256")"
		rm -rf "$tree.key" "$tree.new"
		lay_series "$pristine"
		echo "$series_key" >"$tree.key"
	fi
	sync_ours
	find_tools "$tree"
	entry_begin
	build "$entry"
	cache_store "qemu-$key" "$entry"
}

# Never changes, so that nothing of its build needs to stay.
build_pristine()
{
	lay_pristine "$(cat "$tarball.sha256")"
	tree=$O/qemu-unpatched build=$O/qemu-unpatched-build
	sync_tree "$pristine"
	find_tools "$tree"
	entry_begin
	build "$entry"
	cache_store "pristine-$key" "$entry"
	rm -rf "$tree" "$build"
}

from_pristine()
{
	tarball=$(mk/fetch.sh qemu)
	key=$(content_key "$tarball" /usr/share/seabios/bios-256k.bin)
	cache_has "pristine-$key" || {
		lock qemu
		cache_has "pristine-$key" || build_pristine
	}
	echo "$cache/pristine-$key/qemu-system-x86_64"
}

mkdir -p "$O"
if [ "${1:-}" = pristine ]; then
	from_pristine
elif [ -n "${QEMU_SRC:-}" ]; then
	from_tree
else
	from_cache
fi
