#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# prepare.sh SRC DEST: make DEST a git tree of the QEMU source SRC with our files, library and series.
#
# The tag tdx-base marks the last commit before the series; writeback.sh goes the other way.

set -eu

src=$(cd "$1" && pwd)
mkdir -p "$2"
dest=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
lib=$dest/target/i386/tcg/system/tdx/lib

in_dest()
{
	git -C "$dest" -c user.name=tdi -c user.email=tdi@localhost -c core.autocrlf=false -c commit.gpgsign=false "$@"
}

commit_all()	# MESSAGE
{
	in_dest add -Af
	in_dest commit -q --allow-empty -m "$1"
}

[ ! -e "$dest/.git" ] || { echo "prepare.sh: $dest is a git tree already" >&2; exit 2; }
cp -R "$src/." "$dest/"
rm -rf "$dest/.git"
in_dest init -q
commit_all "QEMU $(cat "$dest/VERSION")"

cp -R "$here/files/." "$dest/"
mkdir -p "$lib"
cp -R "$here/../../lib/core" "$here/../../lib/tdisp" "$here/../../lib/tdx_abi" "$here/../../lib/tdx_module" "$lib/"
ln -s ../../target/i386/tcg/system/tdx/lib "$dest/hw/tdisp/lib"
commit_all "TDX host platform: our files and the TDX-module model"
in_dest tag tdx-base

while read -r patch; do
	case $patch in
	''|'#'*) continue ;;
	esac
	in_dest am -q -3 --keep-cr "$here/$patch"
done <"$here/series"
