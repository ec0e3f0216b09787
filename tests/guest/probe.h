/* SPDX-License-Identifier: GPL-2.0 */
/* Single instructions to run under trap_catch(), and what to expect of the trap. */
#ifndef TESTS_PROBE_H
#define TESTS_PROBE_H

#include "core/test.h"
#include "tdx_abi/exit.h"
#include "tdx_abi/status.h"
#include "x86/insn.h"
#include "x86/trap.h"

struct probe {
	uint64_t a, b, c, d;	/* RAX, RBX, RCX, RDX: in and out */
	uint64_t si;		/* in */
};

/* probe_<name>(struct probe *) executes @text with the probe's registers. */
#define PROBE(name, text)									\
	static inline void probe_##name(void *opaque)						\
	{											\
		struct probe *p = opaque;							\
												\
		asm volatile(text : "+a"(p->a), "+b"(p->b), "+c"(p->c), "+d"(p->d)		\
			     : "S"(p->si) : "memory", "cc");					\
	}

PROBE(cpuid, "cpuid")
PROBE(rdmsr, "rdmsr")
PROBE(wrmsr, "wrmsr")
PROBE(write_cr0, "mov %%rax, %%cr0")
PROBE(write_cr4, "mov %%rax, %%cr4")
PROBE(xsetbv, "xsetbv")

static inline bool probe_rdmsr_traps(struct trap *trap, uint32_t msr, uint64_t *value)
{
	struct probe p = { .c = msr };
	bool trapped = trap_catch(trap, probe_rdmsr, &p);

	*value = p.d << 32 | (uint32_t)p.a;
	return trapped;
}

static inline bool probe_wrmsr_traps(struct trap *trap, uint32_t msr, uint64_t value)
{
	struct probe p = { .c = msr, .a = (uint32_t)value, .d = value >> 32 };

	return trap_catch(trap, probe_wrmsr, &p);
}

/*
 * A #VE of an instruction (fact sheet 5.1): no error code, no addresses. True if all of it is so.
 */
#define CHECK_VE(trap, reason_, qual_, length_)							\
	({											\
		bool ok_ = CHECK_TRAP((trap)->vector, TRAP_VE) &&				\
			   CHECK_TDX((trap)->ve_status, TDX_SUCCESS) &&				\
			   CHECK_REASON((trap)->ve.reason, reason_) &&				\
			   CHECK_HEX((trap)->ve.qual, qual_) &&					\
			   CHECK_DEC((trap)->ve.insn_len, length_) &&				\
			   CHECK_HEX((trap)->ve.gla, 0) && CHECK_HEX((trap)->ve.gpa, 0);	\
		ok_;										\
	})

#define CHECK_FAULT(trap, vector_)								\
	({ bool ok_ = CHECK_TRAP((trap)->vector, vector_) && CHECK_HEX((trap)->error, 0); ok_; })

#endif
