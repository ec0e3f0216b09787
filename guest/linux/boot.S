/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The firmware of a Linux TD, all of it: from the first instruction to the kernel's 64-bit entry
 * point.
 *
 * Entry (fact sheet 7), the same for every vCPU: 32-bit protected mode, paging off, flat segments,
 * no stack, no IDT; CR4 = MCE, EFER = SCE|LME|NXE; RCX = hand-off page, RSI = vCPU index.
 *
 * Exit, vCPU 0: boot protocol of Linux, 64-bit entry: identity mapping, CS = 10h, data segments =
 * 18h, interrupts off, RSI = struct boot_params. Exit, others: when the ACPI mailbox names their
 * APIC ID, which is the vCPU index here.
 *
 * No stack is used and nothing is written but the mailbox, so that all vCPUs can be in here at
 * once.
 */
#include "handoff.h"

#define CR0_PG		0x80000000
#define CR4_PAE		0x20

#define PAGE_PRESENT	0x01
#define PAGE_WRITE	0x02
#define PAGE_LEAF	0x80
/* Accessed and dirty are set from the start: no page walk writes here. */
#define PAGE_TABLE	(PAGE_PRESENT | PAGE_WRITE | 0x20)
#define PAGE_2M		(PAGE_TABLE | PAGE_LEAF | 0x40)

	.section .text, "ax"
	.code32
start32:
	lgdtl	gdt_pointer
	movl	%cr4, %eax
	orl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$pml4, %eax
	movl	%eax, %cr3
	/* EFER.LME is on already: this is the step into long mode. */
	movl	%cr0, %eax
	orl	$CR0_PG, %eax
	movl	%eax, %cr0
	ljmpl	$0x10, $start64

	.code64
start64:
	movl	$0x18, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs
	/* The upper halves of RCX and RSI are not defined after the switch from 32-bit mode. */
	movl	%ecx, %ecx
	movl	%esi, %esi
	testl	%esi, %esi
	jnz	wait

	movq	LINUX_HANDOFF_ENTRY(%rcx), %rax
	movq	LINUX_HANDOFF_PARAMS(%rcx), %rsi
	jmp	*%rax

wait:
	movq	LINUX_HANDOFF_MAILBOX(%rcx), %rbx
poll:
	pause
	cmpw	$LINUX_MAILBOX_WAKEUP, LINUX_MAILBOX_COMMAND(%rbx)
	jne	poll
	cmpl	%esi, LINUX_MAILBOX_APIC_ID(%rbx)
	jne	poll
	movq	LINUX_MAILBOX_VECTOR(%rbx), %rax
	/* This acknowledges, and the mailbox is the next AP's. */
	movw	$0, LINUX_MAILBOX_COMMAND(%rbx)
	jmp	*%rax

	.section .rodata, "a"
	.balign	8
gdt:
	.quad	0
	.quad	0
	.quad	0x00af9b000000ffff	/* 10h: 64-bit code */
	.quad	0x00cf93000000ffff	/* 18h: data */
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt

	/* Identity mapping of the first 4 GiB, private, in 2 MiB pages. */
	.section .tables, "a"
	.balign	4096
pml4:
	.quad	pdpt + PAGE_TABLE
	.fill	511, 8, 0
pdpt:
	.quad	pd + PAGE_TABLE
	.quad	pd + 0x1000 + PAGE_TABLE
	.quad	pd + 0x2000 + PAGE_TABLE
	.quad	pd + 0x3000 + PAGE_TABLE
	.fill	508, 8, 0
pd:
	.set	page, PAGE_2M
	.rept	4 * 512
	.quad	page
	.set	page, page + 0x200000
	.endr

	/* FFFFFFF0h: the first instruction. */
	.section .reset, "ax"
	.code32
	.globl	reset
reset:
	jmp	start32
