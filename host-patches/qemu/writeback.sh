#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# writeback.sh TREE: regenerate series, patches and files from TREE, which prepare.sh made. Changes to QEMU's own
# files have to be committed there, on top of the tag tdx-base; our files are taken as they are, lib/ is not.

set -eu

tree=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
tdx=target/i386/tcg/system/tdx
hooks=target/i386/tdx-host.h
tdisp=hw/tdisp

git -C "$tree" diff --quiet HEAD -- . ":!$tdx" ":!$hooks" ":!$tdisp" ||
	{ echo "writeback.sh: uncommitted changes in $tree" >&2; exit 2; }

rm -f "$here"/[0-9][0-9][0-9][0-9]-*.patch
git -C "$tree" format-patch -q -o "$here" --zero-commit --no-signature -N --full-index \
	tdx-base..HEAD -- . ":!$tdx" ":!$hooks" ":!$tdisp"
(cd "$here" && ls [0-9][0-9][0-9][0-9]-*.patch) >"$here/series"

rm -rf "$here/files"
mkdir -p "$here/files/$tdx" "$here/files/$tdisp"
cp "$tree/$hooks" "$here/files/$hooks"
cp "$tree/$tdx"/*.[ch] "$tree/$tdx/meson.build" "$here/files/$tdx/"
cp "$tree/$tdisp"/*.[ch] "$tree/$tdisp/meson.build" "$tree/$tdisp/Kconfig" "$here/files/$tdisp/"
