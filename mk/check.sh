#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# check.sh MAKE PART...: make every part, whatever the others say, and add up
# the counts ("passed failed skipped") that each leaves in $O/check.  A part
# that breaks off, or says nothing, counts as one failure: silence is no pass.
# All but the last go side by side, for the runner's tests wait more than they
# work; what these print comes at their end.

set -u
make=$1
shift
rm -rf "$O/check"
mkdir -p "$O/check"
passed=0 failed=0 skipped=0 jobs='' pids=''
trap 'kill $pids 2>/dev/null' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

count()		# PART CODE
{
	p=0 f=0 s=0
	read -r p f s 2>/dev/null <"$O/check/${1%-check}.counts"
	if [ $((p + f + s)) = 0 ] || { [ "$2" != 0 ] && [ "$f" = 0 ]; }; then
		echo "error: $1 ended with code $2 and no failure to show for it" >&2
		f=$((f + 1))
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

while [ $# -gt 1 ]; do
	$make "$1" >"$O/check/$1.out" 2>&1 &
	jobs="$jobs $1:$!" pids="$pids $!"
	shift
done
for job in $jobs; do
	wait "${job#*:}"
	code=$?
	cat "$O/check/${job%:*}.out"
	count "${job%:*}" $code
done
pids=
$make "$1"
count "$1" $?
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed != 0 ]
