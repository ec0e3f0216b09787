/* SPDX-License-Identifier: GPL-2.0 */
/* What start.S and dump.c agree on. */
#ifndef QEMU_DUMP_H
#define QEMU_DUMP_H

#define MAX_CPUS	4
#define STACK_SIZE	8192
#define SEL_CODE64	0x08
#define NR_EXCEPTIONS	32
#define STUB_SIZE	16
#define IDT_SIZE	(NR_EXCEPTIONS * 16)
#define SVM_EXIT	NR_EXCEPTIONS	/* beside the exceptions: what attempt() may return */

#endif
