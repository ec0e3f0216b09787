/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where firmware starts the EFI program: RCX and RDX are efi_main()'s arguments. It is linked at 0
 * and loaded anywhere, so all addresses in its tables still lack the base. The linker leaves only
 * relocations of this kind in a static PIE.
 */
	.text
	.globl efi_entry
efi_entry:
	lea efi_base(%rip), %rax
	lea efi_rela(%rip), %r8
	lea efi_rela_end(%rip), %r9
1:	cmp %r9, %r8
	jae efi_main
	mov (%r8), %r10
	mov 16(%r8), %r11
	add %rax, %r11
	mov %r11, (%rax, %r10)
	add $24, %r8
	jmp 1b

	.section .note.GNU-stack, "", @progbits
