/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Exceptions and interrupts.
 *
 * Outside trap_catch() a #VE is answered by ve_handle(), an interrupt is counted and acknowledged,
 * and everything else ends the test: trap_fatal() is the image's.
 */
#ifndef X86_TRAP_H
#define X86_TRAP_H

#define TRAP_DE		0
#define TRAP_UD		6
#define TRAP_DF		8
#define TRAP_GP		13
#define TRAP_PF		14
#define TRAP_VE		20
#define TRAP_NR_EXCEPTIONS 32

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stdint.h>

#include "tdx/tdcall.h"

struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* What a guarded function ran into. */
struct trap {
	uint64_t vector, error;
	uint64_t rip, rflags, cr2;
	uint64_t ve_status;	/* of TDG.VP.VEINFO.GET, if that was called */
	struct ve_info ve;
};

struct trap_guard {
	struct trap *trap;
	bool keep_ve;
	uint64_t rsp;		/* where trap_call() unwinds to */
	struct trap_guard *outer;
};

/* Run @fn(@arg); true if an exception stopped it, described in @trap. */
bool trap_catch(struct trap *trap, void (*fn)(void *), void *arg);
/* The same, but a #VE's information stays in the module, so that the next #VE is a #DF. */
bool trap_catch_keep_ve(struct trap *trap, void (*fn)(void *), void *arg);

void trap_load_idt(void);
/* An exception that nobody expects. Defined by the image. */
void trap_fatal(const struct trap_frame *frame) __attribute__((noreturn));
#endif

#endif
