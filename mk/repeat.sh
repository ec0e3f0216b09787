#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# repeat.sh N COMMAND...: run a command N times in a row with four busy loops
# beside it.  Each run must succeed, and say what the first one said in its
# last line and in the suite's counts.  The output of each is in $O/repeat.

set -eu
n=$1
shift
case $n in
''|*[!0-9]*|0) echo "error: N=$n: how often? A number from 1" >&2; exit 2 ;;
esac
work=$O/repeat
rm -rf "$work"
mkdir -p "$work"
passed=0 failed=0

# They end with this shell, however it ends.
parent=$$
for _ in 1 2 3 4; do
	(while kill -0 $parent 2>/dev/null; do
		i=0
		while [ $i -lt 100000 ]; do i=$((i + 1)); done
	done) &
	loops="${loops:-} $!"
done
trap 'kill $loops 2>/dev/null' EXIT
trap 'exit 130' INT TERM

for run in $(seq "$n"); do
	start=$(date +%s) code=0
	timeout 1800 "$@" </dev/null >"$work/$run" 2>&1 || code=$?
	sed -n '/^L1 boots: /p;$p' "$work/$run" >"$work/said"
	[ "$run" != 1 ] || cp "$work/said" "$work/first"
	verdict=ok
	[ $code = 0 ] && cmp -s "$work/first" "$work/said" || verdict=FAIL
	case $verdict in
	ok) passed=$((passed + 1)) ;;
	*) failed=$((failed + 1)) ;;
	esac
	printf '%-5s run %u: exit code %d, %d s: %s\n' $verdict "$run" $code $(($(date +%s) - start)) \
		"$(paste -sd ';' "$work/said")"
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
