/* SPDX-License-Identifier: GPL-2.0 */
/* Just enough of an instruction decoder to emulate a MOV to or from a device register. */
#ifndef X86_MMIO_H
#define X86_MMIO_H

#include <stdbool.h>
#include <stdint.h>

#include "x86/trap.h"

struct mmio_insn {
	bool write;
	unsigned int size, length;
	uint64_t *reg;		/* in the trap frame */
};

/* False: not a MOV between memory and a register (88, 89, 8A, 8B), or one that uses AH to BH. */
bool mmio_decode(struct trap_frame *frame, struct mmio_insn *insn);

static inline uint32_t mmio_read32(uint64_t address)
{
	uint32_t value;

	asm volatile("movl (%1), %0" : "=r"(value) : "r"(address) : "memory");
	return value;
}

static inline void mmio_write32(uint64_t address, uint32_t value)
{
	asm volatile("movl %0, (%1)" : : "r"(value), "r"(address) : "memory");
}

#endif
