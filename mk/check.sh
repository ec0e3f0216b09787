#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# check.sh MAKE PART...: make every part, whatever the others say, and add up
# the counts ("passed failed skipped") that each leaves in $O/check.  A part
# that breaks off, or says nothing, counts as one failure: silence is no pass.

set -u
make=$1
shift
rm -rf "$O/check"
mkdir -p "$O/check"
passed=0 failed=0 skipped=0
for part; do
	$make "$part"
	code=$?
	p=0 f=0 s=0
	read -r p f s 2>/dev/null <"$O/check/${part%-check}.counts"
	if [ $((p + f + s)) = 0 ] || { [ $code != 0 ] && [ "$f" = 0 ]; }; then
		echo "error: $part ended with code $code and no failure to show for it" >&2
		f=$((f + 1))
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed != 0 ]
