#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# patches.sh build|style: hold the Linux series against the kernel's own tools, patch by patch.
#
# build: with W=1 and sparse, after each patch, what it changes of the directories that the series touches: its files, and
# what includes its headers.  Nothing may have a warning that it did not have before the patch, or more of one.
# style: checkpatch.pl --strict.

. mk/lib.sh
cache_choose

patches=$PWD/host-patches/linux
series=$(patches_of linux)
work=$O/patches
tree=$work/linux build=$work/build

# What checkpatch may say: every file that the series adds lies below a directory that MAINTAINERS has.
accepted=FILE_PATH_CHANGES

# warnings LOG: how often, file and text, without the line numbers, which patches move.  What it leaves out is sparse on
# MODULE_*() and initcalls, which it does not understand.
warnings()
{
	sed -nE '/error: bad constant expression/d; /([Ww]arning|error): /{
		s,'"$tree"'/,,g
		s/^[Ww]arning: ([^ :]+)(:[0-9]+)?/\1: kernel-doc:/
		s/:[0-9]+(:[0-9]+)?:?/:/
		s/: */\t/
		p
	}' "$1" | sort | uniq -c | sed -E 's/^ *([0-9]+) /\1\t/'
}

# compiled STAMP: the sources of the objects that are newer.
compiled() { find "$build" -name '*.o' -newer "$1" | sed "s,^$build/,,; s,o\$,c,"; }

# more BEFORE NOW: the warnings of which there are more now.  How often one of a header comes depends on how many
# include it and are compiled anew: that it is there is what counts.
more()
{
	awk -F '\t' 'NR == FNR { was[$2 FS $3] = $1; next }
		$2 ~ /\.h$/ ? !($2 FS $3 in was) : $1 > was[$2 FS $3] { print "      " $2 ": " $3 }' "$1" "$2"
}

# after BEFORE NOW SOURCES: the state of all: what was compiled has the warnings of now, the rest those of before.
after()
{
	awk -F '\t' 'FILENAME == ARGV[1] { compiled[$1]; next }
		FILENAME == ARGV[2] { now[$2 FS $3]; print; next }
		!($2 in compiled) && !($2 FS $3 in now)' "$3" "$2" "$1"
}

# The directories of its sources that have a Makefile, or what is above them, each once.
touched()
{
	for patch in $series; do
		sed -n 's,^+++ b/\(.*\)/[^/]*\.c$,\1,p' "$patches/$patch"
	done | sort -u | while read -r dir; do
		while [ ! -e "$tree/$dir/Makefile" ] && [ "$dir" != "${dir%/*}" ]; do
			dir=${dir%/*}
		done
		case $dir in */*) echo "$dir/" ;; esac
	done | sort -u | awk 'NR == 1 || index($0, last) != 1 { print; last = $0 }'
}

build_one()	# PATCH
{
	start=$(date +%s)
	touch "$work/stamp"
	patch -s -p1 -d "$tree" -i "$patches/$1" || { result FAIL "$1" "does not apply"; return; }
	# shellcheck disable=SC2086 # a list of directories
	mk/linux.sh warn "$tree" "$build" "$work/$1.log" $dirs || {
		result FAIL "$1" "can't be built, see $work/$1.log"
		return
	}
	warnings "$work/$1.log" >"$work/now"
	more "$work/known" "$work/now" >"$work/more"
	compiled "$work/stamp" >"$work/compiled"
	after "$work/known" "$work/now" "$work/compiled" >"$work/known.new"
	mv "$work/known.new" "$work/known"
	if [ -s "$work/more" ]; then
		result FAIL "$1" "$(wc -l <"$work/more") new warnings, see $work/$1.log"
		cat "$work/more"
	else
		result ok "$1" "$(wc -l <"$work/compiled") objects, $(($(date +%s) - start)) s"
	fi
}

build_all()
{
	dirs=$(touched)
	# shellcheck disable=SC2086 # a list of directories
	mk/linux.sh warn "$tree" "$build" "$work/none.log" $dirs || die "can't build Linux, see $work/none.log"
	warnings "$work/none.log" >"$work/known"
	# shellcheck disable=SC2086 # a list of directories
	echo "$(find "$build" -name "*.o" | wc -l) objects with $(wc -l <"$work/known") kinds of warnings, in" $dirs
	for patch in $series; do
		build_one "$patch"
	done
}

style_all()
{
	for patch in $series; do
		said=$("$tree/scripts/checkpatch.pl" --root="$tree" --strict --terse --no-summary --show-types \
			--ignore "$accepted" "$patches/$patch" 2>"$work/checkpatch.err") || [ -n "$said" ] ||
			said="checkpatch.pl failed: $(tail -n 1 "$work/checkpatch.err")"
		if [ -z "$said" ]; then
			result ok "$patch" "checkpatch.pl --strict --ignore $accepted"
		else
			result FAIL "$patch" "$(printf '%s\n' "$said" | sed 's,.*\.patch:,,' | paste -sd ';' -)"
		fi
	done
}

need_space "$O" 3000 "building Linux patch by patch"
rm -rf "$work"
mkdir -p "$work"
unpack "$(mk/fetch.sh linux)" "$tree"
"${1}_all"
rm -rf "$tree" "$build"
results_end
