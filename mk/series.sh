#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# series.sh: apply each patch of both series, in order, to the fetched source,
# and name the first that does not apply.

. mk/lib.sh
cache_choose

check_series()	# linux|qemu
{
	patches=host-patches/$1
	series=$(sed "/^#/d" $patches/series)
	[ -n "$series" ] || { echo "$1: no patches"; return; }
	tree=$O/series
	unpack "$(mk/fetch.sh "$1")" "$tree"
	for patch in $series; do
		# The tree is no repository, and must not be taken for a part of ours.
		GIT_CEILING_DIRECTORIES=$O git -C "$tree" apply "$PWD/$patches/$patch" ||
			{ echo "$1: $patch does not apply"; exit 1; }
		echo "$1: $patch: $(sed -n 's/^Subject: \(\[[^]]*\] \)\{0,1\}//p' "$patches/$patch" | head -n 1)"
	done
	rm -rf "$tree"
}

check_series linux
check_series qemu
