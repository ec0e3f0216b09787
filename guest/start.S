/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The first instructions of every vCPU, at FFFFFFF0 (fact sheet 7 and 9).
 *
 * On entry: 32-bit protected mode with flat segments, paging off, GDT and IDT unusable, no stack.
 * EBX = GPAW, RCX = R8 = GPA of the channel window, RSI = vCPU index; vCPUs are told apart by it
 * alone. EFER has LME and NXE already, and writing it would be a #VE. Only the image is accepted
 * memory.
 *
 * All vCPUs run the same code on their own stacks. vCPU 0 goes on in guest_main(window, gpaw), the
 * others in smp_park(index). A vCPU beyond CPU_MAX sleeps for good.
 */
#include "x86/cpu.h"
#include "x86/insn.h"

	.section .reset, "ax"
	.code32
	jmp start32

	.text
	.code32
	.globl start32
start32:
	/* EDI and EBP are zero and free: they carry CR0 and CR4 to where they can be stored. */
	mov %cr0, %edi
	mov %cr4, %ebp
	lgdt boot_gdt_pointer
	mov %ebp, %eax
	or $CR4_PAE, %eax
	mov %eax, %cr4
	mov $boot_pml4, %eax
	mov %eax, %cr3
	mov %edi, %eax
	or $(CR0_PG | CR0_WP), %eax
	mov %eax, %cr0
	ljmp $SEL_CODE64, $start64

	.code64
start64:
	cmp $CPU_MAX, %esi
	jae sleep

	/* struct cpu_boot of this vCPU; RSP is as good as any register until there is a stack. */
	mov %esi, %eax
	shl $7, %eax
	lea cpu_boot(%rip), %rsp
	add %rax, %rsp
	mov %rdi, (%rsp)
	mov %rbp, 8(%rsp)
	mov %rbx, 16(%rsp)
	mov %rcx, 24(%rsp)
	mov %rdx, 32(%rsp)
	mov %rsi, 40(%rsp)
	mov %r8, 48(%rsp)
	mov %r9, 56(%rsp)
	mov %r10, 64(%rsp)
	mov %r11, 72(%rsp)
	mov %r12, 80(%rsp)
	mov %r13, 88(%rsp)
	mov %r14, 96(%rsp)
	mov %r15, 104(%rsp)

	lea 1(%rsi), %eax
	imul $CPU_STACK_SIZE, %eax, %eax
	lea stacks(%rip), %rsp
	add %rax, %rsp
	xor %ebp, %ebp
	mov %esi, %r12d
	mov %rcx, %r13

	mov %esi, %edi
	call cpu_init
	test %r12d, %r12d
	jnz 1f
	mov %r13, %rdi
	mov %ebx, %esi
	call guest_main
1:	mov %r12d, %edi
	call smp_park

	/* TDG.VP.VMCALL<Instruction.HLT> with interrupts blocked. */
sleep:
	xor %eax, %eax
	mov $0xfc00, %ecx
	xor %r10d, %r10d
	mov $12, %r11d
	mov $1, %r12d
	.byte 0x66, 0x0f, 0x01, 0xcc
	jmp sleep

	.section .rodata
	.balign 8
boot_gdt:
	.quad 0
	.quad 0x00af9b000000ffff
	.quad 0x00cf93000000ffff
boot_gdt_pointer:
	.word boot_gdt_pointer - boot_gdt - 1
	.long boot_gdt

	/* 2 MiB below 4 GiB, which hold the image, mapped to themselves. */
	.data
	.balign 4096
boot_pml4:
	.quad boot_pdpt + 3
	.fill 511, 8, 0
boot_pdpt:
	.fill 3, 8, 0
	.quad boot_pd + 3
	.fill 508, 8, 0
boot_pd:
	.fill 511, 8, 0
	.quad 0xffe000e3

	.bss
	.balign 16
stacks:
	.fill CPU_MAX * CPU_STACK_SIZE, 1, 0

	.section .note.GNU-stack, "", @progbits
