/* SPDX-License-Identifier: GPL-2.0 */
/*
 * #VE: ask the module what happened, then do it through the VMM (fact sheet 5.1, 9.5).
 *
 * The answers to CPUID, port and MMIO reads come from the VMM and are not trusted further.
 */
#ifndef X86_VE_H
#define X86_VE_H

#include <stdbool.h>

#include "x86/trap.h"

/* IO exit qualification, fact sheet 5.1. */
#define VE_IO_SIZE(qual)	(((qual) & 7) + 1)
#define VE_IO_IN		(1u << 3)
#define VE_IO_STRING		(1u << 4)
#define VE_IO_REP		(1u << 5)
#define VE_IO_IMM		(1u << 6)
#define VE_IO_PORT_SHIFT	16

/* False: the reason can't be emulated, or the VMM refused. */
bool ve_handle(struct trap_frame *frame);

#endif
