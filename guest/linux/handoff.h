/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the VMM tells the boot stub where it put a Linux kernel. The VMM writes the hand-off page at
 * LINUX_HANDOFF_GPA before the TD is finalized, and passes its address in RCX (KVM_TDX_INIT_VCPU).
 * Everything below LINUX_RESERVED_END stays out of Linux's hands, as APs may look there at any
 * time.
 */
#ifndef LINUX_HANDOFF_H
#define LINUX_HANDOFF_H

#define LINUX_HANDOFF_GPA	0x1000
#define LINUX_MAILBOX_GPA	0x2000
#define LINUX_ACPI_GPA		0x4000
#define LINUX_RESERVED_END	0x10000

/* Offsets in struct linux_handoff, for the stub. */
#define LINUX_HANDOFF_ENTRY	0
#define LINUX_HANDOFF_PARAMS	8
#define LINUX_HANDOFF_MAILBOX	16

/* ACPI 6.5, 5.2.12.19.1 multiprocessor wakeup mailbox. */
#define LINUX_MAILBOX_COMMAND	0	/* 16 bits: 0 none, 1 wake up */
#define LINUX_MAILBOX_APIC_ID	4	/* 32 bits */
#define LINUX_MAILBOX_VECTOR	8	/* 64 bits */
#define LINUX_MAILBOX_WAKEUP	1

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

struct linux_handoff {
	uint64_t entry;		/* the kernel's 64-bit entry point */
	uint64_t params;	/* struct boot_params */
	uint64_t mailbox;	/* where the APs wait */
};
_Static_assert(offsetof(struct linux_handoff, entry) == LINUX_HANDOFF_ENTRY, "read by boot.S");
_Static_assert(offsetof(struct linux_handoff, params) == LINUX_HANDOFF_PARAMS, "read by boot.S");
_Static_assert(offsetof(struct linux_handoff, mailbox) == LINUX_HANDOFF_MAILBOX, "read by boot.S");
#endif

#endif
