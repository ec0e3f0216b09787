/* SPDX-License-Identifier: GPL-2.0 */
/* Privileged instructions and the register bits that the guest uses. */
#ifndef X86_INSN_H
#define X86_INSN_H

#define CR0_PE			(1ULL << 0)
#define CR0_ET			(1ULL << 4)
#define CR0_NE			(1ULL << 5)
#define CR0_WP			(1ULL << 16)
#define CR0_NW			(1ULL << 29)
#define CR0_CD			(1ULL << 30)
#define CR0_PG			(1ULL << 31)
#define CR4_PAE			(1ULL << 5)
#define CR4_MCE			(1ULL << 6)
#define CR4_VMXE		(1ULL << 13)
#define CR4_SMXE		(1ULL << 14)
#define CR4_PCIDE		(1ULL << 17)
#define CR4_OSXSAVE		(1ULL << 18)
#define CR4_PKE			(1ULL << 22)
#define EFER_SCE		(1ULL << 0)
#define EFER_LME		(1ULL << 8)
#define EFER_LMA		(1ULL << 10)
#define EFER_NXE		(1ULL << 11)
#define RFLAGS_IF		(1ULL << 9)
#define RFLAGS_RF		(1ULL << 16)

#define MSR_APIC_BASE		0x1b
#define MSR_PAT			0x277
#define MSR_EFER		0xc0000080
#define MSR_LSTAR		0xc0000082
#define MSR_GS_BASE		0xc0000101
#define MSR_KERNEL_GS_BASE	0xc0000102
#define MSR_TSC_AUX		0xc0000103

#ifndef __ASSEMBLER__
#include <stdint.h>

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (uint64_t)hi << 32 | lo;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
		     : "memory");
}

static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	asm volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}

static inline void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	asm volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
		     : "a"(leaf), "c"(subleaf));
}

#define READ_REGISTER(name)							\
	static inline uint64_t read_##name(void)				\
	{									\
		uint64_t value;							\
										\
		asm volatile("mov %%" #name ", %0" : "=r"(value) : : "memory");	\
		return value;							\
	}
#define WRITE_REGISTER(name)							\
	static inline void write_##name(uint64_t value)				\
	{									\
		asm volatile("mov %0, %%" #name : : "r"(value) : "memory");	\
	}
READ_REGISTER(cr0)
READ_REGISTER(cr2)
READ_REGISTER(cr3)
READ_REGISTER(cr4)
READ_REGISTER(cr8)
READ_REGISTER(dr6)
READ_REGISTER(dr7)
WRITE_REGISTER(cr0)
WRITE_REGISTER(cr3)
WRITE_REGISTER(cr4)
WRITE_REGISTER(cr8)
#undef READ_REGISTER
#undef WRITE_REGISTER

static inline void invlpg(uint64_t va)
{
	asm volatile("invlpg (%0)" : : "r"(va) : "memory");
}

static inline void irq_enable(void)
{
	asm volatile("sti" : : : "memory");
}

static inline void irq_disable(void)
{
	asm volatile("cli" : : : "memory");
}

static inline void cpu_relax(void)
{
	asm volatile("pause" : : : "memory");
}
#endif

#endif
