#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# qemu-off.sh QEMU IMAGE: compare what software can tell of a CPU of the patched
# QEMU without tdx-host=on and of a QEMU built from the same source without our
# series.  IMAGE is tests/qemu/dump.c, which writes it line by line; QEMU's own
# warnings are compared, too.  A difference is a failure, but with tdx-host=on,
# where the lines below must be new, or equal dumps would mean nothing, and where
# nothing may differ but what the option gives.

. mk/lib.sh

patched=$1 image=$2
work=$O/dump
unpatched=$(mk/qemu.sh pristine)

# dump QEMU CPUS MODEL FILE: false, with the reason in $why, if it did not end.
dump()
{
	code=0
	rm -f "$4"
	timeout --foreground -k 5 60 "$1" -nodefaults -no-user-config -no-reboot -display none \
		-machine q35,kernel-irqchip=off,smm=off -accel tcg,thread=single -cpu "$3" -smp "$2" -m 64M \
		-bios "$image" -global apic.vapic=off -debugcon "file:$4" \
		-device isa-debug-exit,iobase=0xf4,iosize=1 </dev/null >"$4.err" 2>&1 || code=$?
	why="$1: exit code $code: $(tail -n 1 "$4.err")"
	[ $code = 33 ] && cat "$4.err" >>"$4"
}

# At most four of the lines that only one has.
show_difference()	# UNPATCHED PATCHED
{
	diff "$1" "$2" | sed -n 's/^</      unpatched:/p; s/^>/      patched:  /p' | head -n 8
}

equal()		# NAME CPUS MODEL [OPTION]
{
	a=$work/$1.unpatched b=$work/$1.patched
	if ! dump "$unpatched" "$2" "$3" "$a" || ! dump "$patched" "$2" "$3${4:-}" "$b"; then
		result FAIL "$1" "$why"
	elif cmp -s "$a" "$b"; then
		result ok "$1" "$(wc -l <"$b") lines, -smp $2 -cpu $3${4:-}"
	else
		result FAIL "$1" "$(diff "$a" "$b" | grep -c '^[<>]') lines differ, see diff $a $b"
		show_difference "$a" "$b"
	fi
}

# The lines that tdx-host=on may change.
given='cpuid (0000000[017]|8000000[78])\.00 |msr (0000003a|0000010a|000004[89].) |cr4 bit 13 |cr3 bit 63 with PCIDs '
given="$given|(vmxe: )?(vm|inv|movdir|seamcall)|vmxe: cr4 "

# Each line of standard input: a name, and a regular expression that only the dump
# with tdx-host=on must match.
differ()	# NAME CPUS MODEL
{
	a=$work/$1.unpatched b=$work/$1.patched
	if ! dump "$unpatched" "$2" "$3" "$a" || ! dump "$patched" "$2" "$3,tdx-host=on" "$b"; then
		result FAIL "$1" "$why"
		return
	fi
	seen='' unseen=''
	while read -r what pattern; do
		if grep -Eq "$pattern" "$b" && ! grep -Eq "$pattern" "$a"; then
			seen="$seen $what"
		else
			unseen="$unseen $what"
		fi
	done
	# A leaf that is not there repeats the last basic one: Dh, and with the option 16h, which needs icount.
	none=$(sed -n 's/^cpu 0 cpuid 0000000d\... //p' "$a" | sort -u | paste -sd '|' -)
	none="$none|eax 0{8} ebx 0{8} ecx 0{8} edx 0{8}"
	more=$(diff "$a" "$b" | sed -n 's/^[<>] //p' | grep -Ev "^cpu [01] ($given|cpuid .{11} ($none)$)" | head -n 1)
	if [ -n "$unseen" ]; then
		result FAIL "$1" "does not show$unseen, see diff $a $b"
	elif [ -n "$more" ]; then
		result FAIL "$1" "differs in more than tdx-host=on gives: $more, see diff $a $b"
	else
		result ok "$1" "shows$seen"
	fi
}

# What the runner gives L1, which adds tdx-host=on.
l1_cpu=$(sed -n 's/^#define L1_CPU[[:space:]]*"\(.*\)"$/\1/p' host/tdi/qemu.c)
[ -n "$l1_cpu" ] || die "host/tdi/qemu.c has no line '#define L1_CPU', which names the runner's CPU model"

equal default-1 1 qemu64
equal max-1 1 max
equal max-2 2 max
equal l1-1 1 "$l1_cpu"
equal l1-2 2 "$l1_cpu"
equal l1-off 1 "$l1_cpu" ,tdx-host=off
# Asks for what only tdx-host=on gives, and must be refused it.
equal greedy-2 2 SapphireRapids,+vmx,+pcid,+invpcid,+movdiri,+movdir64b
for cpu in 0 1; do
	differ "on-cpu$cpu" 2 "$l1_cpu" <<-EOT
		last-leaf	^cpu $cpu cpuid 00000000.00 eax 00000016
		CPUID.VMX	^cpu $cpu cpuid 00000001.00 .* ecx .{6}[2367abef]
		CPUID.PCID	^cpu $cpu cpuid 00000001.00 .* ecx .{3}[2367abef]
		CPUID.INVTSC	^cpu $cpu cpuid 80000007.00 .* edx .{5}[13579bdf]
		MAXPHYADDR	^cpu $cpu cpuid 80000008.00 eax 0000..34
		IA32_ARCH_CAPABILITIES	^cpu $cpu msr 0000010a 0*169
		IA32_FEATURE_CONTROL	^cpu $cpu msr 0000003a 0*5
		IA32_VMX_BASIC	^cpu $cpu msr 00000480 0*[1-9a-f]
		CR4.VMXE	^cpu $cpu cr4 bit 13 ok and kept
		VMXON	^cpu $cpu vmxe: vmxon ok cf 0
		SEAMCALL	^cpu $cpu vmxe: seamcall #GP
	EOT
done
results_end
