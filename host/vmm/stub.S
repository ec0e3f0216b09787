/* SPDX-License-Identifier: GPL-2.0 */
/* The boot stub of Linux TDs (guest/linux), carried inside the VMM. LINUXBOOT is its path. */
	.section .rodata
	.globl	linux_stub, linux_stub_end
	.balign	4096
linux_stub:
	.incbin	LINUXBOOT
linux_stub_end:

	.section .note.GNU-stack, "", @progbits
