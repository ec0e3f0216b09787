/* SPDX-License-Identifier: GPL-2.0 */
/*
 * uint64_t tdcall(struct tdcall *c), tdvmcall(), tdvmcall_sti(): see tdcall.h.
 *
 * RSP and RBP are no operands: the module preserves both (fact sheet 1). Flags may change.
 */
	.macro TDCALL
	.byte 0x66, 0x0f, 0x01, 0xcc
	.endm

	/* struct tdcall, in order; RAX and RDI are moved by hand around the others. */
	.macro FOR_EACH_REG op
	\op %rcx, 8
	\op %rdx, 16
	\op %rbx, 24
	\op %rsi, 32
	\op %r8, 48
	\op %r9, 56
	\op %r10, 64
	\op %r11, 72
	\op %r12, 80
	\op %r13, 88
	\op %r14, 96
	\op %r15, 104
	.endm
	.macro LOAD reg, at
	mov \at(%rdi), \reg
	.endm
	.macro STORE reg, at
	mov \reg, \at(%rax)
	.endm

	.macro TDCALL_FUNCTION name, before
	.globl \name
	.type \name, @function
\name:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	push %rdi
	FOR_EACH_REG LOAD
	mov (%rdi), %rax
	mov 40(%rdi), %rdi
	\before
	TDCALL
	push %rax
	mov 8(%rsp), %rax
	FOR_EACH_REG STORE
	mov %rdi, 40(%rax)
	pop (%rax)
	mov (%rax), %rax
	pop %rdi
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret
	.size \name, . - \name
	.endm

	.text
	TDCALL_FUNCTION tdcall
	TDCALL_FUNCTION tdvmcall
	TDCALL_FUNCTION tdvmcall_sti, sti

	.section .note.GNU-stack, "", @progbits
