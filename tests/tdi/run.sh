#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# run.sh BUILD COUNTS: the runner against a QEMU that lies (fake_qemu.c). Each test names the break
# of the runner that turns it red. COUNTS receives "passed failed skipped".

set -u
build=$1 counts=$2
tdi=$build/tdi/san/tdi
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0
export TMPDIR=$work/tmp ASAN_OPTIONS=detect_leaks=1
mkdir "$TMPDIR"
shopt -s nullglob

# A build directory as the runner expects it.
make_files()
{
	mkdir -p "$work/firmware"
	touch "$work/firmware/bios-256k.bin" "$work/firmware/linuxboot_dma.bin"
	cp "$build/tdi/test/guest.elf" "$work/guest.elf"
	head -c 8192 /dev/zero >"$work/guest.bin"
	echo initramfs >"$work/initramfs.cpio"
	echo witness >"$work/witness.cpio"
	# Four set-up sectors, 16 paragraphs of kernel, the release at 200h + 300h.
	head -c $((5 * 512 + 256)) /dev/zero >"$work/bzImage"
	poke 0x1f1 '\x04' && poke 0x1f4 '\x10' && poke 0x1fe '\x55\xaa' && poke 0x202 HdrS
	poke 0 MZ && poke 0x20e '\x00\x03' && poke 0x500 '7.3.4-test (tdi@harness) #1'
	{ volume 4096 && volume 8192; } >"$work/code.fd"
}

# A volume of UEFI firmware: its length at 20h, its signature at 28h.
volume()	# SIZE, below 16 MiB
{
	head -c 32 /dev/zero
	printf "$(printf '\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16)))\\0\\0\\0\\0\\0_FVH"
	head -c $(($1 - 44)) /dev/zero
}

poke() { printf "$2" | dd of="$work/bzImage" bs=1 seek=$(($1)) conv=notrunc status=none; }

files=(--qemu "$build/tdi/test/fake_qemu" --kernel "$work/bzImage"
	--initramfs "$work/initramfs.cpio" --guest "$work/guest.bin"
	--firmware-dir "$work/firmware" --witness "$work/witness.cpio")

result()	# NAME WHY-NOT
{
	if [ -z "$2" ]; then
		passed=$((passed + 1))
		echo "ok $((passed + failed + skipped)) $1"
	else
		failed=$((failed + 1))
		echo "not ok $((passed + failed + skipped)) $1"
		echo "$2" | sed 's/^/# /'
	fi
}

skip()		# NAME WHY
{
	skipped=$((skipped + 1))
	echo "ok $((passed + failed + skipped)) $1 # SKIP $2"
}

# expect NAME CODE PATTERN...: of the last run; a pattern with ! in front must not match.
expect()
{
	local name=$1 why='' pattern
	[ "$code" = "$2" ] || why="exit $code, expected $2"
	shift 2
	for pattern; do
		if [ "${pattern#!}" != "$pattern" ]; then
			! grep -Eq -- "${pattern#!}" "$work/out" || why="$why; found ${pattern#!}"
		else
			grep -Eq -- "$pattern" "$work/out" || why="$why; missing $pattern"
		fi
	done
	[ -z "$why" ] || why="$why
$(cat "$work/out")"
	result "$name" "$why"
}

run()		# FAULTS ARG...
{
	FAKE=$1 timeout 60 "$tdi" run "${files[@]}" "${@:2}" >"$work/out" 2>&1
	code=$?
}

# The cmocka tests of the parts, one result each.
units()
{
	local line
	CMOCKA_MESSAGE_OUTPUT=tap timeout 60 "$build/tdi/test/$1" >"$work/unit" 2>&1
	while read -r line; do
		case $line in
		'ok '*) result "unit: ${line##* }" '' ;;
		'not ok '*) result "unit: ${line##* }" "$(cat "$work/unit")" ;;
		esac
	done <"$work/unit"
	tail -n 1 "$work/unit" | grep -q '^# ok' || result 'unit: all ran' "$(cat "$work/unit")"
}

# ---- verdicts ----

verdicts()
{
	# Break: print passed tests without -v.
	run ''
	expect 'all pass, quietly' 0 '^5 passed, 0 failed, 0 skipped$' '!alpha' \
		'platform: emulated' \
		'kernel: 7\.3\.4-test,' '^L1 boots: 1, TDs: 5, SEAMCALLs: 100, unbinds checked: 0$' '!logs:'
	# Break: drop REC_VALUE.
	run '' -v alpha
	expect 'a line for each test and its values with -v' 0 '^pass +alpha: .*2 checks' \
		'exits = 1234'
	# Break: decode_value() prints numbers only.
	run fail:alpha
	expect 'a failed check is decoded, with its replay' 1 '^fail: alpha: the first test' \
		'accept.c:42: accept\(gpa\): expected OPERAND_INVALID\|R8 ' \
		'got PAGE_ALREADY_ACCEPTED .*vCPU 1' \
		'replay: .*tdi .*run --seed=1 alpha$' '^4 passed, 1 failed' 'logs: '
	# Break: take a missing TEST_END for a pass.
	run noend:alpha
	expect 'a test without end is an error' 2 '^error: alpha' \
		"record of the test's end is missing"
	# Break: don't look at td_end.
	run notdend:gamma
	expect 'a TD without end is an error' 2 '^error: gamma' \
		'next TD began before the end|end is missing'
	# Break: skip the check of the CRC.
	run crc:beta
	expect 'a damaged record is an error' 2 '^error: beta:' 'bad record checksum' \
		'^4 passed, 1 failed'
	# Break: skip check_seq().
	run gap:alpha
	expect 'a gap in the sequence is an error' 2 '^error: alpha' 'records are missing'
	# Break: go on after a header that makes no sense.
	run garbage:beta
	expect 'a lost stream costs one test, the rest gets a fresh L1' 2 '^error: beta:' \
		'bad record header' '^4 passed, 1 failed' '^L1 boots: 2, TDs: 5'
	# Break: stream_end() accepts a part of a record.
	run cut:beta
	expect 'a stream cut inside a record is an error' 2 '^error: beta:' 'ends inside a record'
	# Break: judge_neighbour() does without a neighbour.
	run '' alpha --td neighbour=1
	expect 'a second TD that is in the plan and never begins is an error' 2 '^error: alpha' \
		"the test's second TD never began"
	# Break: outcome pass needs no checks.
	run nochecks:alpha
	expect 'a test without checks is an error' 2 '^error: alpha' 'no checks'
	# Break: trust the guest's count.
	run miscount:alpha
	expect 'counts that disagree are an error' 2 \
		'guest counted 3 checks, 0 failed; 2 and 0 arrived'
	# Break: exit 0 when nothing ran.
	run skip:alpha alpha
	expect 'all skipped is 77' 77 '^0 passed, 0 failed, 1 skipped'
	# Break: count xfail as failed.
	run xfail:alpha
	expect 'an expected failure is no failure' 0 '^5 passed, 0 failed, 0 skipped'
}

host_rules()
{
	# Break: drop REC_KMSG; or don't reboot, and L1 boots says 1.
	run warn:beta
	expect 'a WARNING fails its test, the rest gets a fresh L1' 1 '^fail: beta: ' \
		'host kernel: <4>WARNING: CPU: 0' '^4 passed, 1 failed' '^L1 boots: 2, TDs: 5,'
	# Break: give a line after the end to the next test.
	run latewarn:beta
	expect 'a BUG in the teardown belongs to the test torn down' 1 '^fail: beta: ' \
		'Bad page state' \
		'!^fail: beta2' '^L1 boots: 2'
	# Break: ignore lines before the first TD; or reboot for ever.
	run bootwarn
	expect 'a lockdep splat at boot fails the run by name' 1 '^fail: l1\.log' \
		'possible circular' \
		'^5 passed, 1 failed' '^L1 boots: 1'
	# Break: drop REC_VMM_ERROR.
	run vmmerror:gamma
	expect 'what the VMM could not do is an error' 2 '^error: gamma' \
		'VMM: KVM_RUN: Invalid argument'
	# Break: leave a LIVE field out of the ledger's table.
	run unbalanced
	expect 'an unbalanced ledger fails the run by name' 1 '^fail: l1\.ledger' \
		'pages_live = 3, expected 0' '^5 passed, 1 failed' \
		'replay: .* alpha beta beta2 gamma linux.smp2$'
	# Break: count what Connect objects are left, but don't judge it.
	run 'tdi spdm stream iommu'
	expect 'Connect objects that are left fail the run by name' 1 '^fail: l1\.ledger' \
		'tdis_live = 1,' 'spdms_live = 1,' 'streams_live = 1,' 'iommus_live = 1,'
	# Break: don't compare mmio_unmaps with mmio_maps.
	run unmap
	expect 'private MMIO that stays mapped fails the run by name' 1 '^fail: l1\.ledger' \
		'mmio_unmaps = 18, expected 19'
	# Break: count the VMM's checks without judging them.
	run hostcheck:alpha
	expect "a failed check of the VMM fails its test" 1 '^fail: alpha' \
		'host after BIND, bound: a write: expected EBUSY \(0x10\), got success'
	# Break: look at the first device only.
	run hostaccess
	expect 'host access to a bound device fails the run by name' 1 '^fail: l1\.device' \
		'refused = 7, expected 0' '^5 passed, 1 failed'
	# Break: take a device without the field for one that refused nothing.
	run baddevice
	expect "a ledger without a device's counter is an error" 2 '^error: l1\.ledger' \
		"device's field refused"
	# Break: leave l1_write out of the table.
	run violation
	expect 'an isolation violation fails the run by name' 1 '^fail: l1\.isolation' \
		'l1_write = 2'
	# Break: accept a run without ledger.
	run noledger
	expect 'a missing ledger is an error' 2 '^error: l1\.ledger' 'ledger is missing'
	# Break: take a missing field for 0.
	run badledger
	expect 'a damaged ledger is an error' 2 '^error: l1\.ledger' \
		'ledger is missing: .*ledger.json'
	# Break: don't require RUN_END.
	run norunend
	expect 'a run without its last record is not green' 3 '^crash: linux.smp2' \
		"before the run's end"
	# Break: don't look at QEMU's exit code.
	run exit1
	expect 'a QEMU that fails at the end is not green' 3 '^crash: l1\.end' 'QEMU exited with 1'
	# Break: don't compare RUN_END's count.
	run tdcount
	expect 'a VMM that counts other TDs is an error' 2 '^error: l1\.records' \
		'VMM counted 6 TDs, 5 began'
	# Break: report only tests that have records.
	run shortplan
	expect 'tests that the VMM left out are errors' 2 '4 tests were not run' \
		'^1 passed, 4 failed'
	# Break: ignore rec_run.tdx.
	run notdx
	expect 'a kernel without TDX can not be tested' 125 'Linux 7\.3\.4 offers no TDs'
}

td_ends()
{
	local end
	# Break: accept any reason of TD_END.
	for end in fatal triple kvm; do
		run $end:alpha
		expect "a TD that ends by $end is a crash" 3 '^crash: alpha' \
			'expected SHUTDOWN code 0: the reason'
	done
	# Break: judge_end() calls everything a crash; also for the next two.
	run tdtimeout:alpha
	expect 'a TD that the VMM ended for its time is a timeout' 124 '^timeout: alpha' 'TIMEOUT'
	run refused:alpha
	expect 'a refused access is a failure' 1 '^fail: alpha' 'REFUSED'
	run code:alpha
	expect 'an exit code of the guest is an error' 2 '^error: alpha' 'detail 0x3'
	# Break: give every L1 the same CPUs, and KVM has none for some vCPUs.
	run '' alpha --td vcpus=4 --logs "$work/smp"
	cat "$work"/smp/tdi-*/boot-1/command >>"$work/out"
	expect 'L1 has as many CPUs as the largest TD' 0 ' -smp 4 '
	# Break: believe TD_BEGIN without comparing it with the plan.
	run wrongtd:alpha
	expect 'a TD that is not the planned one is an error' 2 \
		'the plan says alpha, the VMM ran other'
	# Break: believe TEST_BEGIN.
	run othertest:alpha
	expect 'a guest that runs another test is an error' 2 'guest ran another test: other'
	# Break: pass the witness on SHUTDOWN alone.
	run mute:linux.smp2
	expect 'a Linux TD that does not reach user space fails' 1 '^fail: linux.smp2' 'never said'
	# Break: drop judge_console().
	run splat:linux.smp2
	expect 'a Linux TD whose kernel complains fails' 1 '^fail: linux.smp2' "the TD's kernel: .*KASAN"
	# Break: ask a foreign image for our records; or don't look at how it ends.
	head -c 4096 /dev/zero >"$work/flat.bin"
	run image:image --image "$work/flat.bin"
	expect 'a foreign image passes when it ends by itself' 0 '^1 passed'
	run 'image:image triple:image' --image "$work/flat.bin"
	expect 'a foreign image that dies is a crash' 3 '^crash: image'
}

# ---- processes ----

# The pid of the one fake below the runner $1.
fake_of()
{
	local n pid
	for n in {1..200}; do
		pid=$(cat "/proc/$1/task/$1/children")
		[ -z "$pid" ] || { echo "${pid%% *}"; return; }
		sleep 0.05
	done
}

# PID: dead, or a zombie that init has not yet collected; what still lives is not left behind.
gone()
{
	local n
	for n in {1..100}; do
		case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in '' | Z*) return 0 ;; esac
		sleep 0.05
	done
	kill -9 "$1"
	return 1
}

# With hang:beta among the faults: until the fake hangs.
start()		# FAULTS ARG...
{
	rm -rf "$TMPDIR"/tdi-*
	FAKE=$1 "$tdi" run "${files[@]}" "${@:2}" >"$work/out" 2>&1 &
	runner=$!
	fake=$(fake_of $runner)
	for n in {1..200}; do
		grep -q beta "$TMPDIR"/tdi-*/boot-1/records.bin && break
		sleep 0.05
	done 2>/dev/null
}

finish()
{
	wait $runner
	code=$?
}

# A QEMU that gets a quarter of one processor, and needs more than that of its time limit.
starved()
{
	local busy
	if ! taskset -c 0 true 2>/dev/null; then
		skip 'a busy machine makes no timeout' 'no taskset'
		return
	fi
	timeout 60 taskset -c 0 sh -c 'while :; do :; done' &
	busy=$!
	# Break: count the time in which QEMU waits for a processor.
	FAKE=toil:beta timeout 60 nice -n 5 taskset -c 0 \
		"$tdi" run "${files[@]}" --timeout 1 >"$work/out" 2>&1
	code=$?
	kill $busy
	wait $busy 2>/dev/null
	expect 'a busy machine makes no timeout' 0 '^5 passed, 0 failed'
}

processes()
{
	local why
	# Break: no wall-clock limit.
	run hang:beta --timeout 1
	expect 'a hanging TD is a timeout, the rest gets a fresh L1' 124 '^timeout: beta:' \
		'^4 passed, 1 failed' '^L1 boots: 2'
	starved
	# Break: let the time limit go on.
	start hang:beta --timeout 1 --gdb "$work/gdb"
	sleep 2
	kill -9 "$fake"
	finish
	expect 'a run with gdb has no time limit' 3 '^crash: beta:' '!timeout' '^4 passed, 1 failed'
	cat "$TMPDIR"/tdi-*/boot-1/command >"$work/out"
	expect 'and its L1 waits for gdb' 3 "-gdb unix:$work/gdb,server=on,wait=off -S "
	# Break: start over for ever when L1 never reaches a TD.
	run nevercomes --timeout 1
	expect 'an L1 that never comes up is one timeout' 124 '^timeout: l1\.boot' \
		'does not reach its first TD' \
		'^error: 5 tests were not run' '!alpha:' '^0 passed, 6 failed' '^L1 boots: 1'
	# Break: stop watching after the last record.
	run nopoweroff --timeout 1
	expect 'an L1 that does not power off is a timeout' 124 '^timeout: l1\.end' \
		'does not power off'
	# Break: wait for SIGTERM to work.
	run 'warn:beta stubborn' --timeout 60
	expect 'a QEMU that ignores SIGTERM is killed' 1 '^fail: beta:' '^4 passed, 1 failed' \
		'^L1 boots: 2'
	# Break: blame all tests for a crash; or none.
	run 'kill:beta'
	expect 'a QEMU that dies is a crash of that test only' 3 '^crash: beta:' 'signal 9' \
		'^4 passed, 1 failed' '^L1 boots: 2'
	# Break: don't read the console.
	run panic:beta
	expect "L1's panic is a crash, with its line" 3 '^crash: beta:' \
		'panicked: Kernel panic - not syncing'
	# Break: take any exit with code 0 for a good one.
	run quit:beta
	expect 'an L1 that goes away is a crash' 3 '^crash: beta:' "went away before the run's end"
	# Break: show no stderr of QEMU's.
	run refuse
	expect 'a QEMU that refuses to start is an error, with its words' 2 '^error: l1\.boot' \
		"is not a valid device model name" '^error: 5 tests were not run' \
		'^0 passed, 6 failed' \
		'^L1 boots: 1'

	# Break: miss the end of QEMU while it says nothing.
	start hang:beta --timeout 60
	kill -9 "$fake"
	finish
	expect 'kill -9 of QEMU is a crash, and the run goes on' 3 '^crash: beta:' \
		'^4 passed, 1 failed'

	# Break: only ask politely for QEMU's end.
	start hang:beta --timeout 2
	kill -STOP "$fake"
	finish
	expect 'a stopped QEMU hits the limit' 124 '^timeout: beta:' '^4 passed'
	gone "$fake" && why= || why="fake $fake lives"
	result 'the stopped QEMU is gone' "$why"

	# Break: no PR_SET_PDEATHSIG.
	start hang:beta --timeout 60
	kill -9 $runner
	finish 2>/dev/null
	gone "$fake" && why= || why="fake $fake lives"
	result 'kill -9 of the runner leaves no orphan' "$why"

	# Break: count the time against no limit.
	start hang:beta --timeout 1
	kill -STOP $runner
	sleep 1.5
	kill -CONT $runner
	finish
	expect 'a runner that was stopped goes on' 124 '^timeout: beta:' '^4 passed, 1 failed' 'logs: '

	# Break: don't take over SIGINT.
	start hang:beta --timeout 60
	kill -INT $runner
	finish
	expect 'an interrupt ends with 130, and nothing looks green' 130 '^tdi: interrupted$' \
		'^1 passed, 4 failed'
	gone "$fake" && why= || why="fake $fake lives"
	result 'no QEMU is left after an interrupt' "$why"
	rm -rf "$TMPDIR"/tdi-*
}

# ---- reports ----

field() { sed -n "s/.*\"$1\": \([0-9]*\).*/\1/p" "$work/r.json" | tail -n 1; }

reports()
{
	local why='' n
	# Every verdict once; every view must count the same.
	run 'fail:alpha crc:beta skip:beta2 xfail:gamma unbalanced' --junit "$work/r.xml" \
		--json "$work/r.json" --counts "$work/r.counts" --ktap "$work/r.ktap"
	expect 'a mixed run' 1 '^2 passed, 3 failed, 1 skipped$'
	[ "$(cat "$work/r.counts")" = '2 3 1' ] || why="$why counts: $(cat "$work/r.counts");"
	[ "$(field passed) $(field failed) $(field skipped) $(field exit)" = '2 3 1 1' ] ||
		why="$why JSON;"
	grep -q 'tests="6" failures="2" errors="1" skipped="1"' "$work/r.xml" ||
		why="$why JUnit head;"
	n=$(grep -c '<testcase' "$work/r.xml")
	[ "$n" = 6 ] || why="$why JUnit has $n cases;"
	[ "$(head -n 2 "$work/r.ktap" | tr '\n' ' ')" = 'KTAP version 1 1..6 ' ] ||
		why="$why KTAP head;"
	[ "$(grep -c '^ok' "$work/r.ktap") $(grep -c '^not ok' "$work/r.ktap")" = '3 3' ] ||
		why="$why KTAP;"
	grep -q '^# Totals: pass:1 fail:2 xfail:1 xpass:0 skip:1 error:1$' "$work/r.ktap" ||
		why="$why totals;"
	# Break: leave xfail out of verdict_passed().
	result 'KTAP, JUnit, JSON and counts agree' "$why"

	FAKE="" timeout 60 "$tdi" run "${files[@]}" -t >"$work/out" 2>"$work/err"
	code=$?
	# Break: print the summary on standard output.
	expect 'with -t standard output is KTAP' 0 '^ok 1 alpha$' '^1\.\.5$' '!passed,'
	FAKE="" timeout 60 "$tdi" run "${files[@]}" -t >/dev/full 2>"$work/out"
	code=$?
	expect 'a report that can not be written is exit code 2' 2 "can't write -: No space"

	# Break: count TDs from 1; or don't stop where the page of the TDR is used again.
	run fail:beta --logs "$work/traces"
	cat "$work"/traces/tdi-*/boot-1/td-beta.trace >"$work/out"
	expect "the module's calls for a failed test are decoded" 1 '!tdr 1000' \
		' lp 0 tdr 2000 TDH_MNG_CREATE' '!PAGE_AUG .6. rcx [023]' \
		'PAGE_AUG .6. rcx 1 .*-> OPERAND_BUSY\|SEPT_TREE'

	traces "$work"/traces/tdi-*/boot-1

	# Break: remove logs always; or never.
	run fail:alpha --logs "$work/logs"
	[ -s "$(echo "$work"/logs/tdi-*/boot-1/records.bin)" ] && why= || why='no records'
	result 'logs are kept where they were asked for' "$why"
	run '' --logs "$work/logs"
	n=("$work"/logs/tdi-*)
	[ ${#n[@]} = 2 ] && why= || why="${#n[@]} directories"
	result 'logs that were asked for are kept on success, beside the old ones' "$why"
	rm -rf "$TMPDIR"/tdi-*
	run ''
	n=("$TMPDIR"/tdi-*)
	[ ${#n[@]} = 0 ] && why= || why="left: ${n[*]}"
	result 'logs that nobody asked for are removed on success' "$why"

	# Break: one lane only; or report in the order of ends.
	run '' -j 2
	expect 'two L1s side by side' 0 '^5 passed' '^L1 boots: 2, TDs: 5, SEAMCALLs: 200'
	# Break: lane_share() gives all of the queue.
	run hostcheck:gamma 'beta*' gamma --td scan=1
	expect 'a scan has an L1 of its own, and its refusals are counted' 1 '^L1 boots: 3, TDs: 3,' \
		'^fail: l1\.isolation' 'l1_read = 0, expected 1 or more' \
		'refused_dma = 0, expected 9728 or more'
	run 'fail:gamma fail:alpha' -j 3 -t
	[ "$(grep -Eo '^(not )?ok [0-9] [a-z0-9.]+' "$work/out" | tr '\n' ' ')" = \
		'not ok 1 alpha ok 2 beta ok 3 beta2 not ok 4 gamma ok 5 linux.smp2 ' ] &&
		why= || why=$(cat "$work/out")
	result 'the order of results does not depend on who ran them' "$why"
}

traces()	# BOOT
{
	local size why
	"$tdi" trace "$1" >"$work/out" 2>&1
	code=$?
	# Break: decode the last event only; or without its time.
	expect 'a trace as text, an event a line' 0 '^0\.000000000 lp 0 tdr 2000 TDH_MNG_CREATE .9. ' \
		'^12\.000345678 lp 0 .* rcx 4 .*-> OPERAND_BUSY.SEPT_TREE'
	size=$(stat -c %s "$1/trace.bin")
	[ "$(wc -l <"$work/out")" = 10 ] && why= || why="not 10 lines of $size bytes"
	result 'each event has its line' "$why"
	head -c $((size - 1)) "$1/trace.bin" >"$work/cut.bin"
	"$tdi" trace "$work/cut.bin" >"$work/text" 2>"$work/out"
	code=$?
	# Break: stop at the first read that is short, without a word.
	expect 'a trace that was cut is an error' 2 '^tdi: .*cut.bin: ends inside event 10: '
	[ "$(wc -l <"$work/text") $(wc -l <"$work/out")" = '9 1' ] && why= || why=$(cat "$work/text")
	result 'what is left of a cut trace is shown' "$why"
}

selection()
{
	# Break: give struct elf_test another layout than lib/core/test.h.
	timeout 20 "$tdi" list "${files[@]}" >"$work/out" 2>&1
	code=$?
	expect 'list names all tests without a boot' 0 "^alpha +the first test's sentence" \
		'^linux.smp2 '
	timeout 20 "$tdi" run "${files[@]}" -l 'beta*' >"$work/out" 2>&1
	code=$?
	expect 'globs select' 0 '^beta ' '^beta2 ' '!alpha'
	run '' 'beta*' --logs "$work/plans" --seed 77 --td mem_mib=32,arg3=5
	cat "$work"/plans/tdi-*/boot-1/plan "$work"/plans/tdi-*/boot-1/command >"$work/out"
	# Break: drop the needs; the seed; or the settings.
	expect 'the plan has needs, seed and settings' 0 \
		'name=beta .*vcpus=2 .*ve_disable=1 .*seed=77' \
		'name=beta2 .*vcpus=1 .*ve_disable=0' 'mem_mib=32' 'arg3=0x5' '-seed 77' \
		'shift=1,sleep=off' nokaslr '!pflash'
	# Break: say the firmware's name, and boot SeaBIOS.
	run '' alpha --firmware "$work/code.fd" --logs "$work/uefi"
	cat "$work"/uefi/tdi-*/boot-1/command >>"$work/out"
	expect 'L1 boots through UEFI firmware' 0 "firmware: $work/code.fd," \
		"-drive if=pflash,format=raw,readonly=on,file=$work/code.fd "
	FAKE="" timeout 60 "$tdi" selfcheck "${files[@]}" -v >"$work/out" 2>&1
	code=$?
	expect 'selfcheck passes when planted faults are noticed' 0 '^8 passed' \
		'^pass +alpha/flip' \
		'^pass +gamma/no-checks'
	# Break: judge_plant() passes whatever the verdict was.
	FAKE=skip:alpha timeout 60 "$tdi" selfcheck "${files[@]}" >"$work/out" 2>&1
	code=$?
	expect 'selfcheck of a skipped test is skipped' 0 '^6 passed, 0 failed, 2 skipped'
	FAKE=crc:alpha timeout 60 "$tdi" selfcheck "${files[@]}" >"$work/out" 2>&1
	code=$?
	expect 'selfcheck fails a test that does not notice' 1 '^fail: alpha/flip' \
		'expected fail' '^7 passed, 1'
}

. tests/tdi/misuse.sh
. tests/tdi/formats.sh
. tests/tdi/bisect.sh
. tests/tdi/recipes.sh
make_files
units unit
units unbind
units timeline
units neighbour
verdicts
host_rules
td_ends
processes
misuses
scripts
bisection
series_on_a_tree
recipes
no_memory
no_space
reports
formats
selection
echo "1..$((passed + failed + skipped))"
mkdir -p "${counts%/*}"
echo "$passed $failed $skipped" >"$counts"
[ $failed = 0 ]
