#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# gdb.sh RUN...: gdb on the L1 of RUN, a command line of the runner, with the
# symbols of L1's kernel and of our guest. L1 stops where its kernel begins;
# $GDB_ARGS go on from there. When gdb leaves, the run goes on to its verdict,
# which gives the exit code.

. mk/lib.sh

command -v gdb >/dev/null || die "make gdb needs gdb; run: apt-get install gdb"
log=$O/gdb.log
if [ -z "$KERNEL" ]; then
	vmlinux=$(mk/linux.sh vmlinux)
else
	vmlinux=${VMLINUX:-${KERNEL%arch/x86/boot/bzImage}vmlinux}
	[ -f "$vmlinux" ] || die "there is no $vmlinux for KERNEL=$KERNEL; give VMLINUX="
fi

# In the directory of a socket a path must be short. The runner gets a session
# of its own: ^C is for gdb to stop L1, not for the run.
sockets=$(mktemp -d)
trap 'kill "$runner" 2>/dev/null || :; rm -rf "$sockets"' EXIT
trap 'exit 143' TERM
trap : INT
setsid "$@" --gdb "$sockets/l1" >"$log" 2>&1 &
runner=$!
until [ -S "$sockets/l1" ]; do
	kill -0 "$runner" 2>/dev/null || { cat "$log" >&2; exit 2; }
	sleep 0.1
done

code=0
# shellcheck disable=SC2086 # a list of words
gdb -q -d "${KSRC:-$O/linux}" -ex "with confirm off -- add-symbol-file $O/guest/guest.elf" \
	-ex "target remote $sockets/l1" -ex 'tbreak start_kernel' -ex 'continue' ${GDB_ARGS:-} "$vmlinux" || code=2

trap 'exit 130' INT
say RUN "the run goes on without gdb"
(
	trap 'kill "$nap"; exit' TERM
	sleep 600 & nap=$!
	wait "$nap"
	kill "$runner"
) 2>/dev/null &
watch=$!
verdict=0
wait "$runner" || verdict=$?
kill "$watch"
trap 'rm -rf "$sockets"' EXIT
cat "$log"
[ $code = 0 ] || die "gdb failed"
exit $verdict
