#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# bisect.sh [TEST...]: what "git bisect run" calls in a git tree of Linux. Builds
# what is checked out there, runs the tests on it (connect_flow) and ends with
#
#	0	good: they pass
#	1	bad: one fails, L1 crashes or makes no progress
#	125	skip: it does not build, has no TDX, or all tests skip
#	255	stop: nothing that the commit is to blame for
#
# make can't say that: whatever fails, it ends with 2, which git takes for bad.

stop() { echo "bisect.sh: $*" >&2; exit 255; }

case ${1:-} in -*) stop "give names or globs of tests, not $1" ;; esac
KSRC=$(git rev-parse --show-toplevel) || stop "call it in a git tree of Linux"
commit=$(git log -1 --format='%h %s')
[ -f "$KSRC/Kbuild" ] && [ ! -e "$KSRC/.config" ] ||
	stop "$KSRC is no Linux tree without a build of its own; use a git worktree"
cd "$(dirname "$0")/.." || exit 255
mkdir -p "${O:=build}" && O=$(cd "$O" && pwd) || exit 255
export O CC="${CC:-gcc}" KSRC
[ $# -gt 0 ] || set -- connect_flow

# The VMM and QEMU stay the same at every commit.
make -s KSRC= O="$O" programs "$O/qemu-system-x86_64" >&2 || stop "the harness can't be built"

say() { echo "$1: $commit"; exit "$2"; }

mk/linux.sh image || say 'skip, does not build' 125
"$O/tdi/tdi" run "$@"
code=$?
case $code in
0) say good 0 ;;
1|3|124) say "bad, exit code $code" 1 ;;
77|125) say "skip, exit code $code" 125 ;;
*) stop "exit code $code at $commit" ;;
esac
