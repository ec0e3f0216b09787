#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# run.sh BUILD FIRMWARE COUNTS: guest.efi on a machine without TDX, started by the shell of UEFI
# firmware.  COUNTS receives "passed failed skipped".

set -u
build=$1 firmware=$2 counts=$3
[ "$firmware" != ovmf ] || firmware=/usr/share/OVMF/OVMF_CODE_4M.fd
[ -f "$firmware" ] || {
	echo "error: there is no firmware '$firmware'; give FIRMWARE=ovmf, or a file" >&2
	exit 2
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# A disk whose startup.nsh runs the program, says how it ended, and turns the machine off.
disk()
{
	printf '%s\r\n' 'fs0:\guest.efi' 'echo ended with %lasterror%' 'reset -s' >"$work/startup.nsh"
	truncate -s 4M "$work/disk"
	mformat -i "$work/disk" :: && mcopy -i "$work/disk" "$build/guest/guest.efi" "$work/startup.nsh" ::
}

says()		# NAME CPU PATTERN...
{
	name=$1 cpu=$2 why=
	shift 2
	timeout -k 5 300 "$build/qemu-system-x86_64" -L "$build/firmware" -nodefaults -no-user-config \
		-display none -machine q35,smm=off -accel tcg -cpu "$cpu" -m 256M \
		-drive "if=pflash,format=raw,readonly=on,file=$firmware" \
		-drive "if=ide,format=raw,file=$work/disk" -serial "file:$work/serial" \
		>"$work/qemu" 2>&1 </dev/null || why="QEMU: code $?, $(cat "$work/qemu")"
	for pattern; do
		grep -q -- "$pattern" "$work/serial" || why="$why; missing $pattern"
	done
	if [ -z "$why" ]; then
		passed=$((passed + 1))
		echo "ok $name"
	else
		failed=$((failed + 1))
		echo "not ok $name"
		{ echo "$why" && cat "$work/serial"; } | sed 's/^/# /'
	fi
}

disk || exit 2
# Break: return success; or apply no relocation in entry.S.
says 'a machine that knows no leaf 21h' max \
	"can't run its [1-9][0-9]* tests here: .*has no leaf 21h" 'ended with 0x3'
# Break: look at the last leaf's number alone.
says 'a machine whose leaf 21h is another' max,level=0x21 \
	'leaf 21h does not say IntelTDX' 'ended with 0x3'
mkdir -p "${counts%/*}"
echo "$passed $failed 0" >"$counts"
[ $failed = 0 ]
