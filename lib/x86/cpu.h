/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What each vCPU owns: descriptors, emergency stack, counters, and the registers it woke up with.
 */
#ifndef X86_CPU_H
#define X86_CPU_H

#define CPU_MAX		8
#define CPU_STACK_SIZE	8192
#define SEL_CODE64	0x08
#define SEL_DATA	0x10
#define SEL_TSS		0x18

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stdint.h>

#include "x86/trap.h"

/* Registers at the first instruction, stored by start.S (fact sheet 7). */
struct cpu_boot {
	uint64_t cr0, cr4;
	uint64_t rbx, rcx, rdx, rsi;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t pad[2];
};
_Static_assert(sizeof(struct cpu_boot) == 128, "start.S indexes by shifting");
extern struct cpu_boot cpu_boot[CPU_MAX];

struct cpu_tss {
	uint32_t reserved_0;
	uint64_t rsp[3];
	uint64_t reserved_1c;
	uint64_t ist[7];
	uint64_t reserved_5c;
	uint16_t reserved_64, io_map;
} __attribute__((packed));
_Static_assert(sizeof(struct cpu_tss) == 104, "TSS");

#define CPU_VE_REASONS	80	/* exit reasons counted one by one; the last counts those above */

struct cpu {
	struct cpu *self;		/* at %gs:0 */
	uint32_t index;
	uint32_t irqs;			/* interrupts taken */
	struct trap_guard *guard;	/* innermost trap_catch() */
	uint32_t irq[256];		/* the same, by vector */
	uint32_t irq_when[256];		/* value of irqs at the vector's latest */
	uint32_t ve[CPU_VE_REASONS];	/* #VEs taken, by exit reason */
	uint64_t gdt[5];
	struct cpu_tss tss;
	uint8_t ist[4096] __attribute__((aligned(16)));	/* #DF runs here */
};
extern struct cpu cpus[CPU_MAX];

static inline struct cpu *cpu_this(void)
{
	struct cpu *cpu;

	asm volatile("mov %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

/* Descriptors and per-vCPU pointer of the calling vCPU. Before this, an exception kills the TD. */
void cpu_init(uint32_t index);
unsigned int cpu_index(void);
#endif

#endif
