# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # run.sh has the variables
#
# Sourced by run.sh: mk/bisect.sh under a real "git bisect run", on a history of toy commits, and
# mk/series.sh on the same tree. A commit is one file with the exit code that the runner shall have
# on it, or the word broken.

toy() { git -C "$work/linux" -c user.name=tdi -c user.email=tdi@localhost "$@"; }

toy_commit()	# CODE
{
	echo "$1" >"$work/linux/code"
	toy commit -q --allow-empty -am "runner $1"
}

# A harness whose kernel build copies the code, and whose runner exits with it.
make_toys()
{
	mkdir -p "$work/harness/mk" "$work/harness/build/tdi" "$work/linux"
	cp mk/bisect.sh "$work/harness/mk/"
	echo '%: ; @:' >"$work/harness/Makefile"
	# shellcheck disable=SC2016 # for the shell inside
	printf '#!/bin/sh\n! grep broken "$KSRC/code" && cp "$KSRC/code" "$O/code"\n' \
		>"$work/harness/mk/linux.sh"
	# shellcheck disable=SC2016 # as above
	printf '#!/bin/sh\nexit $(cat "$O/code")\n' >"$work/harness/build/tdi/tdi"
	chmod +x "$work/harness/mk/linux.sh" "$work/harness/build/tdi/tdi"
	toy init -q
	touch "$work/linux/Kbuild"
	echo 0 >"$work/linux/code"
	toy add -A
	toy commit -qm 'runner 0, good'
}

# Break: end with the runner's own code; or let make run it.
bisection()
{
	local code want got out why=''
	make_toys
	for code in 0:0 1:1 2:255 3:1 77:125 124:1 125:125 130:255 broken:125; do
		want=${code#*:}
		toy_commit "${code%:*}"
		out=$(cd "$work/linux" && env -u O "$work/harness/mk/bisect.sh" 2>&1)
		got=$?
		[ $got = "$want" ] || why="$why runner ${code%:*}: $got, expected $want: $out;"
	done
	result "bisect.sh's exit codes are those of git bisect run" "$why"

	toy checkout -q -b line "$(toy rev-list --max-parents=0 HEAD)"
	for code in 77 0 broken 0 3 1 124; do
		toy_commit $code
	done
	toy bisect start HEAD "$(toy rev-list --max-parents=0 HEAD)" >/dev/null
	(cd "$work/linux" && env -u O git bisect run "$work/harness/mk/bisect.sh") >"$work/out" 2>&1
	code=$?
	expect 'git bisect run finds the first bad commit, past one that does not build' 0 \
		'is the first bad commit' '^bad, exit code 3: .* runner 3$' '^    runner 3$'
	touch "$work/linux/.config"
	(cd "$work/linux" && env -u O "$work/harness/mk/bisect.sh") >"$work/out" 2>&1
	code=$?
	expect 'a tree with a build of its own stops the bisection' 255 'use a git worktree'
}

# Break: apply the patches to KSRC= itself; or go on after one that does not apply.
series_on_a_tree()
{
	local out=$work/harness/build tree=$work/linux base code
	local lay=(env "O=$out" CC=cc "KSRC=$tree" HOME="$work" mk/series.sh)
	cp mk/series.sh mk/lib.sh "$work/harness/mk/"
	mkdir -p "$work/harness/host-patches/linux"
	toy checkout -q -b series line
	for code in 1 2; do
		echo $code >"$tree/file"
		toy add file
		toy commit -qm "toy: patch $code"
	done
	toy format-patch --zero-commit -N -o "$work/harness/host-patches/linux" line |
		xargs -n 1 basename >"$work/harness/host-patches/linux/series"
	toy checkout -q line
	base=$(toy rev-parse line)

	(cd "$work/harness" && "${lay[@]}" line) >"$work/out" 2>&1
	code=$?
	[ "$(git -C "$out/series-linux" rev-list line.. 2>/dev/null | wc -l)" = 2 ] ||
		code="$code, not two commits"
	[ "$(toy rev-parse HEAD)$(toy status --porcelain -uno)" = "$base" ] || code="$code, KSRC= has changed"
	expect 'make series BASE= lays the series on a commit of a git tree' 0 'all of them on line' \
		'make check KSRC='

	echo other >"$tree/file"
	toy add file
	toy commit -qm 'in the way'
	(cd "$work/harness" && "${lay[@]}" line) >"$work/out" 2>&1
	code=$?
	expect 'make series BASE= names the first patch that does not apply' 1 \
		'0001-toy-patch-1.patch does not apply to line'

	(cd "$work/harness" && "${lay[@]}" nosuch) >"$work/out" 2>&1
	code=$?
	expect 'make series BASE= with no such commit' 2 'no git tree that has a commit nosuch'
}
