# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # run.sh has the variables
#
# Sourced by run.sh: the parts of docs/ci that are programs.

recipes()
{
	local code want got why=''
	# shellcheck disable=SC2016 # for the shell inside
	printf '#!/bin/sh\nexit $CODE\n' >"$work/codes"
	chmod +x "$work/codes"
	# Break: end with the runner's own code: kselftest takes 2 for an expected failure, 3 for a pass.
	for code in 0:0 1:1 2:1 3:1 77:4 124:1 125:1 130:1; do
		want=${code#*:}
		CODE=${code%:*} TDI=$work/codes KERNEL=$work/codes docs/ci/kselftest/tdi.sh >/dev/null
		got=$?
		[ $got = "$want" ] || why="$why runner ${code%:*}: $got, expected $want;"
	done
	result 'the kselftest wrapper ends with codes of kselftest' "$why"
	TDI=$work/nosuch docs/ci/kselftest/tdi.sh >"$work/out"
	code=$?
	expect 'without a runner it skips' 4 '^1\.\.0 # SKIP no tdi'

	# Break: take each "ok" for a pass.
	mkdir -p "$work/bin"
	printf '#!/bin/sh\necho "$@"\n' >"$work/bin/lava-test-case"
	chmod +x "$work/bin/lava-test-case"
	run fail:beta --ktap "$work/r.ktap"
	echo 'ok 9 omega # SKIP no device' >>"$work/r.ktap"
	PATH=$work/bin:$PATH docs/ci/lava-results <"$work/r.ktap" >"$work/out"
	code=$?
	expect 'LAVA gets each result' 0 '^alpha --result pass$' '^beta --result fail$' \
		'^omega --result skip$' '!Totals'
}
