// SPDX-License-Identifier: GPL-2.0
#include "x86/cpu.h"
#include "x86/insn.h"

struct cpu cpus[CPU_MAX];
struct cpu_boot cpu_boot[CPU_MAX] __attribute__((aligned(128)));

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

static void cpu_load_gdt(struct cpu *cpu)
{
	struct table_pointer pointer = { sizeof(cpu->gdt) - 1, (uintptr_t)cpu->gdt };
	uint64_t tss = (uintptr_t)&cpu->tss;

	cpu->gdt[1] = 0x00af9b000000ffffULL;	/* SEL_CODE64 */
	cpu->gdt[2] = 0x00cf93000000ffffULL;	/* SEL_DATA */
	cpu->gdt[3] = (sizeof(cpu->tss) - 1) | (tss & 0xffffff) << 16 | 0x89ULL << 40 |
		      (tss >> 24 & 0xff) << 56;
	cpu->gdt[4] = tss >> 32;
	cpu->tss.ist[0] = (uintptr_t)cpu->ist + sizeof(cpu->ist);
	cpu->tss.io_map = sizeof(cpu->tss);

	asm volatile("lgdt %0\n\t"
		     "mov %1, %%ds\n\tmov %1, %%es\n\tmov %1, %%ss\n\t"
		     "mov %2, %%fs\n\tmov %2, %%gs\n\t"
		     "pushq %3\n\tlea 1f(%%rip), %%rax\n\tpush %%rax\n\tlretq\n"
		     "1:\tltr %w4"
		     : : "m"(pointer), "r"(SEL_DATA), "r"(0), "i"(SEL_CODE64), "r"(SEL_TSS)
		     : "rax", "memory");
}

void cpu_init(uint32_t index)
{
	struct cpu *cpu = &cpus[index];

	cpu->self = cpu;
	cpu->index = index;
	cpu_load_gdt(cpu);
	/*
	 * Written after the selectors, which clear it. Neither base is intercepted (fact sheet
	 * 5.3).
	 */
	wrmsr(MSR_GS_BASE, (uintptr_t)cpu);
	trap_load_idt();
}

unsigned int cpu_index(void)
{
	return cpu_this()->index;
}
