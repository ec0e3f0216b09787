/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A firmware image of 64 KiB for QEMU's -bios: no other code runs before it, or beside it.
 *
 * The boot CPU comes from the reset vector, the others by a SIPI with vector F0h; all begin at F000:0,
 * where the chipset shows the image a second time and where it is linked. Each goes on in
 * dump_main(APIC ID) on its own stack. Page tables and descriptors have their accessed bits set: they
 * are in ROM.
 */
#include "dump.h"
#include "x86/insn.h"

#define SEL_CODE32	0x10
#define SEL_DATA	0x18
#define TABLE		0x63	/* present, writable, accessed, dirty */
#define LARGE		0xe3

	.section .reset, "ax"
	.code16
	ljmp $0xf000, $0
	.balign 16

	.section .boot, "ax"
	.globl boot
boot:
	lgdtl %cs:gdt_pointer - boot
	mov %cr0, %eax
	or $CR0_PE, %al
	mov %eax, %cr0
	ljmpl $SEL_CODE32, $start32

	.code32
start32:
	mov $SEL_DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov %cr4, %eax
	or $CR4_PAE, %eax
	mov %eax, %cr4
	mov $pml4, %eax
	mov %eax, %cr3
	mov $MSR_EFER, %ecx
	rdmsr
	or $EFER_LME, %eax
	wrmsr
	mov %cr0, %eax
	or $(CR0_PG | CR0_WP), %eax
	mov %eax, %cr0
	ljmp $SEL_CODE64, $start64

	.code64
start64:
	mov $1, %eax
	cpuid
	mov %ebx, %edi
	shr $24, %edi
	lea 1(%rdi), %eax
	imul $STACK_SIZE, %eax, %eax
	lea stacks(%rip), %rsp
	add %rax, %rsp
	call dump_main

	.balign 8
gdt:	.quad 0, 0x00af9b000000ffff, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdt_pointer:
	.word gdt_pointer - gdt - 1
	.long gdt

	/* The first 2 MiB, and the 2 MiB with the local APIC. */
	.balign 4096
pml4:	.quad pdpt + TABLE
	.fill 511, 8, 0
pdpt:	.quad pd_low + TABLE, 0, 0, pd_apic + TABLE
	.fill 508, 8, 0
pd_low:	.quad LARGE
	.fill 511, 8, 0
pd_apic:
	.fill 503, 8, 0
	.quad 0xfee00000 + LARGE
	.fill 8, 8, 0

	/* The state that an exit from an SVM guest returns to: see dump_cr(). */
	.balign 4096
	.globl host_save
host_save:
	.org host_save + 0x400			/* ES, CS, SS, DS: selector, attributes, limit, base */
	.long SEL_DATA | 0xc93 << 16, ~0, 0, 0
	.long SEL_CODE64 | 0xa9b << 16, ~0, 0, 0
	.long SEL_DATA | 0xc93 << 16, ~0, 0, 0
	.long SEL_DATA | 0xc93 << 16, ~0, 0, 0
	.org host_save + 0x460			/* GDTR and IDTR, alike */
	.long 0, gdt_pointer - gdt - 1, gdt, 0
	.org host_save + 0x480
	.long 0, IDT_SIZE - 1, idt, 0
	.org host_save + 0x4d0
	.quad EFER_LME | EFER_LMA
	.org host_save + 0x548			/* CR4, CR3, CR0, DR7, DR6, RFLAGS, RIP */
	.quad CR4_PAE, pml4, CR0_PE | CR0_WP | CR0_PG, 0x400, 0xffff0ff0, 2, svm_exit
	.org host_save + 0x1000

	.text
/*
 * int attempt(void (*fn)(void *), void *arg): call fn(arg); the vector of the exception that stopped
 * it, SVM_EXIT, or -1. Nothing is nested, and one CPU runs at a time.
 */
	.globl attempt
attempt:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, unwind(%rip)
	mov %rdi, %rax
	mov %rsi, %rdi
	call *%rax
	mov $-1, %eax
	jmp 1f
caught:
	mov unwind(%rip), %rsp
1:	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret

svm_exit:
	mov $SVM_EXIT, %eax
	jmp caught

	/* The handlers never return to where the exception was, so that its frame does not matter. */
	.balign STUB_SIZE
	.globl stubs
stubs:
	vector = 0
	.rept NR_EXCEPTIONS
	.balign STUB_SIZE
	mov $vector, %eax
	jmp caught
	vector = vector + 1
	.endr

	.bss
	.balign 16
stacks:	.fill MAX_CPUS * STACK_SIZE, 1, 0
unwind:	.quad 0

	.section .note.GNU-stack, "", @progbits
