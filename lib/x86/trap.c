// SPDX-License-Identifier: GPL-2.0
#include "x86/apic.h"
#include "x86/cpu.h"
#include "x86/insn.h"
#include "x86/trap.h"
#include "x86/ve.h"

#define IDT_GATE	0x8e00u		/* present, interrupt gate */
#define STUB_SIZE	16

extern const uint8_t trap_stubs[256][STUB_SIZE];
extern const uint8_t trap_unwind[];
bool trap_call(void (*fn)(void *), void *arg, uint64_t *rsp);
void trap_dispatch(struct trap_frame *frame);

struct gate {
	uint16_t offset_0, selector, flags, offset_16;
	uint32_t offset_32, reserved;
};
_Static_assert(sizeof(struct gate) == 16, "IDT gate");

static struct gate idt[256];

void trap_load_idt(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) pointer = { sizeof(idt) - 1, (uintptr_t)idt };

	for (unsigned int vector = 0; vector < 256; vector++) {
		uint64_t entry = (uintptr_t)trap_stubs[vector];

		idt[vector] = (struct gate){
			.offset_0 = (uint16_t)entry,
			.selector = SEL_CODE64,
			.flags = IDT_GATE | (vector == TRAP_DF),	/* IST 1 */
			.offset_16 = (uint16_t)(entry >> 16),
			.offset_32 = (uint32_t)(entry >> 32),
		};
	}
	asm volatile("lidt %0" : : "m"(pointer));
}

static bool trap_run(struct trap *trap, bool keep_ve, void (*fn)(void *), void *arg)
{
	struct cpu *cpu = cpu_this();
	struct trap_guard guard = { .trap = trap, .keep_ve = keep_ve, .outer = cpu->guard };
	bool returned;

	*trap = (struct trap){ 0 };
	cpu->guard = &guard;
	returned = trap_call(fn, arg, &guard.rsp);
	cpu->guard = guard.outer;
	return !returned;
}

bool trap_catch(struct trap *trap, void (*fn)(void *), void *arg)
{
	return trap_run(trap, false, fn, arg);
}

bool trap_catch_keep_ve(struct trap *trap, void (*fn)(void *), void *arg)
{
	return trap_run(trap, true, fn, arg);
}

/* Return from the exception into trap_call(), with flags that let the test go on as before. */
static void trap_unwind_to(struct trap_guard *guard, struct trap_frame *frame)
{
	struct trap *trap = guard->trap;

	trap->vector = frame->vector;
	trap->error = frame->error;
	trap->rip = frame->rip;
	trap->rflags = frame->rflags;
	trap->cr2 = read_cr2();
	if (frame->vector == TRAP_VE && !guard->keep_ve)
		trap->ve_status = tdg_vp_veinfo_get(&trap->ve);

	frame->rip = (uintptr_t)trap_unwind;
	frame->cs = SEL_CODE64;
	frame->rsp = guard->rsp;
	frame->ss = SEL_DATA;
	frame->rflags &= RFLAGS_IF;
}

void trap_dispatch(struct trap_frame *frame)
{
	struct cpu *cpu = cpu_this();

	if (frame->vector >= TRAP_NR_EXCEPTIONS) {
		cpu->irq[frame->vector]++;
		cpu->irq_when[frame->vector] = ++cpu->irqs;
		apic_eoi();
	} else if (cpu->guard) {
		trap_unwind_to(cpu->guard, frame);
	} else if (frame->vector != TRAP_VE || !ve_handle(frame)) {
		trap_fatal(frame);
	}
}
