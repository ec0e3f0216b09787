#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# writeback.sh TREE: regenerate the series and its patches from TREE, which prepare.sh made: one commit a patch,
# on top of the tag tdx-base.

set -eu

tree=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)

git -C "$tree" diff --quiet HEAD || { echo "writeback.sh: uncommitted changes in $tree" >&2; exit 2; }
rm -f "$here"/[0-9][0-9][0-9][0-9]-*.patch
git -C "$tree" format-patch -q -o "$here" --zero-commit --no-signature -N --full-index tdx-base..HEAD
# Git repeats a line of the file in hunk headers; one with an address in it is no use to anybody.
sed -i 's,^\(@@ [^@]*@@\).*://.*,\1,' "$here"/[0-9][0-9][0-9][0-9]-*.patch
{
	echo '# SPDX-License-Identifier: GPL-2.0'
	(cd "$here" && ls [0-9][0-9][0-9][0-9]-*.patch)
} >"$here/series"
