#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# run.sh COUNTS PROGRAM...: run the cmocka programs side by side; one line each, in order; what a failed one
# said follows its line.
# COUNTS receives "passed failed skipped". A program that dies, or holds no test, counts as one failure.

set -u
counts=$1
shift
mkdir -p "${counts%/*}"
passed=0 failed=0 skipped=0

attribute()
{
	sed -n "s/.*<testsuite .* $1=\"\([0-9]*\)\".*/\1/p" "$2" | head -n 1
}

for program; do
	rm -f "$program.code"
	printf '%s\0' "$program"
done | xargs -0 -n 1 -P "$(nproc)" sh -c \
	'CMOCKA_MESSAGE_OUTPUT=xml timeout 300 "$1" >"$1.xml" 2>&1; echo $? >"$1.code"' sh

for program; do
	out=$program.xml
	code=$(cat "$program.code")
	tests=$(attribute tests "$out") fails=$(attribute failures "$out") skips=$(attribute skipped "$out")
	errors=$(attribute errors "$out")
	tests=${tests:-0} fails=$((${fails:-0} + ${errors:-0})) skips=${skips:-0}
	if [ "$fails" = 0 ] && { [ $code != 0 ] || [ "$tests" = 0 ]; }; then
		fails=1 tests=$((tests + 1))
	fi
	failed=$((failed + fails)) skipped=$((skipped + skips)) passed=$((passed + tests - fails - skips))
	skip=''
	[ "$skips" = 0 ] || skip=", $skips skipped"
	printf '%-20s %d tests, %d failed%s\n' "${program##*/}" "$tests" "$fails" "$skip"
	[ "$fails" = 0 ] || cat "$out"
done
echo "$passed $failed $skipped" >"$counts"
[ $failed = 0 ] && [ $passed != 0 ]
