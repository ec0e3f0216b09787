/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The smallest flat image that `make run IMAGE=` runs: four pages that end at 4 GiB. It knows nothing
 * of this project: it enters long mode as fact sheet 7 and 9 say, writes a line to the serial port and
 * ends with code 0 on port F4h, all through TDG.VP.VMCALL<Instruction.IO>.
 */
#define CR0_WP_PG	0x80010000
#define CR4_PAE		0x20
#define PRESENT_RW	3
#define LARGE		0x80
#define SERIAL		0x3f8
#define EXIT		0xf4
#define IO		30		/* GHCI sub-function */
#define TDCALL		.byte 0x66, 0x0f, 0x01, 0xcc

	.section .tables, "a"
	.balign 4096
pml4:	.quad pdpt + PRESENT_RW
	.fill 511, 8, 0
pdpt:	.fill 3, 8, 0
	.quad pd + PRESENT_RW		/* 3 to 4 GiB */
	.fill 508, 8, 0
pd:	.fill 511, 8, 0
	.quad 0xffe00000 + PRESENT_RW + LARGE

	.text
	.balign 8
gdt:	.quad 0, 0x00209a0000000000, 0x0000920000000000
gdtr:	.word . - gdt - 1
	.long gdt, 0
text:	.asciz "a flat image says hello\n"

	.code32
start32:
	lgdt gdtr
	mov %cr4, %eax
	or $CR4_PAE, %eax
	mov %eax, %cr4
	mov $pml4, %eax
	mov %eax, %cr3
	mov %cr0, %eax
	or $CR0_WP_PG, %eax
	mov %eax, %cr0
	ljmp $8, $start64

	/* R12 bytes, R13 = 1 for out, R14 port, R15 datum; R10 = 0 and R11 say IO. */
	.macro out size port
	xor %eax, %eax
	mov $0xfc00, %ecx
	xor %r10d, %r10d
	mov $IO, %r11d
	mov $\size, %r12d
	mov $1, %r13d
	mov $\port, %r14d
	TDCALL
	.endm

	.code64
start64:
	mov $text, %ebx
next:	movzbl (%rbx), %r15d
	test %r15d, %r15d
	jz done
	out 1 SERIAL
	inc %rbx
	jmp next
done:	out 4 EXIT
	jmp done

	.section .reset, "ax"
	.code32
	jmp start32
