#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# mutants.sh N SEED MAKE...: break lib/tdx_module in N random places, one at a time, and run the unit tests that
# link it until one is red.  The tree itself is not touched.  What is known of a mutant is kept until a source
# changes, so that a run that was broken off goes on where it was.  Exit code 1: fewer than $MIN_KILLED% are killed.

. mk/lib.sh

MIN_KILLED=80
CPU_SECONDS=30		# of one program: then it loops, and that is a kill
SECONDS_TOO_LONG=240	# ... or it waits

dir=$O/mutants

# one MUTANT: in the background, by xargs; KIND, FILE, LINE, BEFORE, AFTER are the lines of $MUTANT/what.
if [ "$1" = one ]; then
	mutant=$2
	{ read -r _; read -r file; read -r line; read -r _; read -r after; } <"$mutant/what"
	work=$mutant/work
	rm -rf "$work"
	mkdir "$work"
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' INT TERM
	AFTER=$after awk -v line="$line" 'NR == line { sub(/[^ \t].*/, ""); $0 = $0 ENVIRON["AFTER"] } { print }' \
		"$file" >"$work/mutant.c"
	if ! $CC -std=gnu11 -O1 -w -pthread -I. -Ilib -iquote "${file%/*}" -c -o "$work/mutant.o" "$work/mutant.c" \
		2>"$work/err"; then
		echo 'does not compile' >"$mutant/result"
		exit 0
	fi
	# Who killed most mutants of this file goes first.
	touch "$dir/kills"
	for program in $(awk -v file="$file" 'NF == 2 { if ($1 == file) kills[$2]++; next }
			{ print kills[$1] + 0, $1 }' "$dir/kills" "$dir/programs" | sort -k 1,1nr -s | cut -d ' ' -f 2); do
		ran=$program
		$CC -pthread -o "$work/$program" "$dir/tests/unit/$program.o" "$work/mutant.o" "$dir/lib.a" -lcmocka \
			2>"$work/err" || { echo 'does not compile' >"$mutant/result"; exit 0; }
		code=0
		(ulimit -t $CPU_SECONDS -c 0; exec timeout -k 1 $SECONDS_TOO_LONG "$work/$program") \
			>/dev/null 2>&1 </dev/null || code=$?
		[ $code != 130 ] || exit 130
		if [ $code != 0 ]; then
			echo "$file $program" >>"$dir/kills"
			echo "killed by $program" >"$mutant/result"
			exit 0
		fi
		rm "$work/$program"
	done
	# shellcheck disable=SC2154 # set by the loop, or there was no program, which is no verdict
	echo "survived ${ran:?no program was run}" >"$mutant/result"
	exit 0
fi

n=$1 seed=$2
shift 2
case $n in ''|*[!0-9]*|0) die "N=$n: how many mutants? A number from 1" ;; esac
case $seed in ''|*[!0-9]*) die "SEED=$seed: a number from 0" ;; esac
"$@" UNIT_DIR="$dir" UNIT_CHECKS=-O1 unit-programs || die "the unit tests could not be built"

rm -f "$dir/programs"
for program in "$dir"/*; do
	if [ -f "$program" ] && [ -x "$program" ] && nm "$program" | grep -q ' T tdx_module_init$'; then
		echo "${program##*/}" >>"$dir/programs"
	fi
done
# They are green without a mutant, or nothing below means anything.
key=$(cat lib/*/*.[ch] tests/unit/*.[ch] "$0" mk/mutants/*.awk | sha256sum | cut -c 1-16)
runs=$dir/runs.$key
if [ ! -d "$runs" ]; then
	rm -rf "$dir"/runs.*
	# shellcheck disable=SC2046 # names of programs
	tests/unit/run.sh "$dir/counts" $(sed "s|^|$dir/|" "$dir/programs") >"$dir/run.log" ||
		{ cat "$dir/run.log" >&2; die "unit tests fail without a mutant"; }
	mkdir "$runs"
fi
# The quick ones first.
for program in $(cat "$dir/programs"); do
	sed -n "s/.*<testsuite .* time=\"\([0-9.]*\)\".*/\1 $program/p" "$dir/$program.xml" | head -n 1
done | sort -n -s | cut -d ' ' -f 2 >"$dir/programs.new"
mv "$dir/programs.new" "$dir/programs"

awk -f mk/mutants/list.awk lib/tdx_module/*.c >"$dir/all"
awk -F '\t' -v COUNT="$n" -v SEED="$seed" -f mk/mutants/sample.awk "$dir/all" >"$dir/sample"
say MUTANTS "$(wc -l <"$dir/sample") of $(wc -l <"$dir/all") that can be made"

number=0
: >"$dir/list"
while IFS= read -r sampled; do
	number=$((number + 1))
	mutant=$runs/$(printf '%s' "$sampled" | sha256sum | cut -c 1-16)
	mkdir -p "$mutant"
	printf '%s\n' "$sampled" | tr '\t' '\n' >"$mutant/what"
	echo "$mutant" >>"$dir/list"
done <"$dir/sample"
while read -r mutant; do
	[ -e "$mutant/result" ] || echo "$mutant"
done <"$dir/list" | O="$O" CC="$CC" xargs -r -n 1 -P "$jobs" nice "$0" one

killed=0 survived=0 broken=0
while read -r mutant; do
	case $(cat "$mutant/result") in
	killed*) killed=$((killed + 1)) ;;
	survived*)
		survived=$((survived + 1))
		{ read -r kind; read -r file; read -r line; read -r before; read -r after; } <"$mutant/what"
		printf '%s:%s: %s: %s  ->  %s\n' "$file" "$line" "$kind" "$before" "$after"
		;;
	*) broken=$((broken + 1)) ;;
	esac
done <"$dir/list"
tried=$((killed + survived))
echo "SEED=$seed: $broken did not compile, which are not counted; $survived survived"
echo "$killed of $tried killed"
[ $((100 * killed)) -ge $((MIN_KILLED * tried)) ] && [ $tried != 0 ] || exit 1
