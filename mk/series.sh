#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# series.sh: apply each patch of both series, in order, to the fetched sources,
# and name the first that does not apply.
# series.sh REF: the same with the Linux series and commit REF of the git tree
# KSRC=, which stays as it is: the patches become commits in $O/series-linux.

. mk/lib.sh
cache_choose

subject() { sed -n 's/^Subject: \(\[[^]]*\] \)\{0,1\}//p' "$1" | head -n 1; }

check_series()	# linux|qemu
{
	patches=host-patches/$1
	series=$(patches_of "$1")
	[ -n "$series" ] || { echo "$1: no patches"; return; }
	tree=$O/series
	unpack "$(mk/fetch.sh "$1")" "$tree"
	for patch in $series; do
		# The tree is no repository, and must not be taken for a part of ours.
		GIT_CEILING_DIRECTORIES=$O git -C "$tree" apply "$PWD/$patches/$patch" ||
			{ echo "$1: $patch does not apply"; exit 1; }
		echo "$1: $patch: $(subject "$patches/$patch")"
	done
	rm -rf "$tree"
}

lay_series()	# REF
{
	[ -n "${KSRC:-}" ] || die "BASE=$1 is a commit of which tree? give KSRC=, a git tree of Linux"
	base=$(git -C "$KSRC" rev-parse -q --verify "$1^{commit}") ||
		die "KSRC=$KSRC is no git tree that has a commit $1"
	tree=$O/series-linux
	rm -rf "$tree"
	logged "$tree.log" "checking out $1" git clone --shared --no-checkout "$KSRC" "$tree"
	logged "$tree.log" "checking out $1" git -C "$tree" checkout -b tdx-connect "$base"
	[ -f "$tree/Kbuild" ] || die "commit $1 of KSRC=$KSRC is not the whole of Linux"
	for patch in $(patches_of linux); do
		git -C "$tree" -c user.name=tdi -c user.email=tdi@localhost -c commit.gpgsign=false \
			am -3 --keep-cr "$PWD/host-patches/linux/$patch" >"$tree.log" 2>&1 || {
			echo "linux: $patch does not apply to $1, git am stopped in $tree:"
			sed -n 's/^\(error: \|CONFLICT\)/	&/p' "$tree.log"
			exit 1
		}
		echo "linux: $patch: $(subject "host-patches/linux/$patch")"
	done
	echo "linux: all of them on $1, next: make check KSRC=$tree"
}

if [ -n "${1:-}" ]; then
	lay_series "$1"
else
	check_series linux
	check_series qemu
fi
