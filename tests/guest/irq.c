// SPDX-License-Identifier: GPL-2.0
/* Virtual interrupts on one vCPU: self-IPI, priority, timer, wake-up from HLT (fact sheet 7). */
#include "guest.h"
#include "probe.h"
#include "tdx/ghci.h"
#include "x86/apic.h"
#include "x86/cpu.h"

#define VECTOR		0x60
#define TIMER_TICKS	100000
#define PATIENCE	(1u << 26)	/* turns: its end comes before the TD's, to be a failed check */

static bool wait_for(uint8_t vector, uint32_t count)
{
	volatile uint32_t *taken = &cpu_this()->irq[vector];

	for (unsigned int n = 0; n < PATIENCE && *taken < count; n++)
		cpu_relax();
	return *taken >= count;
}

/* Interrupts on for a few instructions. */
static void irq_window(void)
{
	irq_enable();
	cpu_relax();
	cpu_relax();
	irq_disable();
}

static void irq_self_ipi(void)
{
	CHECK_GHCI(apic_enable(), GHCI_STATUS_SUCCESS);
	apic_self_ipi(VECTOR);
	CHECK(apic_irr(VECTOR));
	CHECK_DEC(cpu_this()->irq[VECTOR], 0);
	irq_window();
	CHECK_DEC(cpu_this()->irq[VECTOR], 1);
	CHECK(!apic_irr(VECTOR));
	CHECK_DEC(cpu_this()->irqs, 1);
}
TEST(irq_self_ipi, "a self-IPI waits in IRR while IF is clear and is delivered once",
     "fact sheet 7, 5.3", "model: read IRR as zero", NEEDS_NOTHING, irq_self_ipi);

static void irq_tpr(void)
{
	CHECK_GHCI(apic_enable(), GHCI_STATUS_SUCCESS);
	wrmsr(APIC_TPR, VECTOR & 0xf0);
	CHECK_HEX(read_cr8(), VECTOR >> 4);
	apic_self_ipi(VECTOR);
	irq_window();
	CHECK_DEC(cpu_this()->irq[VECTOR], 0);
	CHECK(apic_irr(VECTOR));

	write_cr8((VECTOR >> 4) - 1);
	CHECK_HEX(rdmsr(APIC_TPR), (VECTOR & 0xf0) - 0x10);
	irq_window();
	CHECK_DEC(cpu_this()->irq[VECTOR], 1);
}
TEST(irq_tpr, "TPR holds back its own priority class, and CR8 is the same register",
     "fact sheet 7, 5.3", "model: deliver a vector of TPR's own class", NEEDS_NOTHING, irq_tpr);

static void irq_priority(void)
{
	const uint32_t *when = cpu_this()->irq_when;

	CHECK_GHCI(apic_enable(), GHCI_STATUS_SUCCESS);
	apic_self_ipi(0x41);
	apic_self_ipi(0x91);
	apic_self_ipi(0x61);
	irq_window();
	CHECK_DEC(when[0x91], 1);
	CHECK_DEC(when[0x61], 2);
	CHECK_DEC(when[0x41], 3);
}
TEST(irq_priority, "waiting interrupts are delivered from the highest vector down", "fact sheet 7",
     "model: look for the highest vector in the lowest word first", NEEDS_NOTHING, irq_priority);

static void irq_low_vector(void)
{
	struct trap trap;

	if (!CHECK(probe_wrmsr_traps(&trap, APIC_SELF_IPI, 5)))
		return;
	CHECK_TRAP(trap.vector, TRAP_VE);
	CHECK_REASON(trap.ve.reason, TDX_EXIT_APIC_WRITE);
	CHECK(!apic_irr(5));
}
TEST(irq_low_vector, "a self-IPI of vector 0 to 15 is an APIC-write #VE", "fact sheet 5.3",
     "model: accept vectors below 16", NEEDS_NOTHING, irq_low_vector);

static void irq_timer(void)
{
	CHECK_GHCI(apic_enable(), GHCI_STATUS_SUCCESS);
	CHECK_GHCI(apic_timer_once(VECTOR, TIMER_TICKS), GHCI_STATUS_SUCCESS);
	irq_enable();
	CHECK(wait_for(VECTOR, 1));
	irq_disable();
	CHECK_DEC(cpu_this()->irq[VECTOR], 1);
}
TEST(irq_timer, "the APIC timer, armed by TDVMCALL WRMSR, interrupts a running TD once",
     "fact sheet 7", "KVM: drop the timer interrupt that made the TD exit", NEEDS_NOTHING,
     irq_timer);

static void irq_hlt(void)
{
	unsigned int sleeps = 0;

	CHECK_GHCI(apic_enable(), GHCI_STATUS_SUCCESS);
	CHECK_GHCI(apic_timer_once(VECTOR, TIMER_TICKS), GHCI_STATUS_SUCCESS);
	while (!cpu_this()->irq[VECTOR] && sleeps++ < 100) {
		irq_disable();
		CHECK_GHCI(ghci_hlt(), GHCI_STATUS_SUCCESS);
	}
	irq_disable();
	CHECK_DEC(cpu_this()->irq[VECTOR], 1);
	CHECK_DEC(sleeps, 1);
}
TEST(irq_hlt, "a vCPU that sleeps in TDVMCALL HLT is woken by its timer, and not before",
     "fact sheet 4.5, 7", "KVM: report a pending interrupt to every HLT of a TD of one vCPU",
     NEEDS_NOTHING, irq_hlt);

static void irq_hlt_pending(void)
{
	CHECK_GHCI(apic_enable(), GHCI_STATUS_SUCCESS);
	apic_self_ipi(VECTOR);
	CHECK_GHCI(ghci_hlt(), GHCI_STATUS_SUCCESS);
	irq_window();
	CHECK_DEC(cpu_this()->irq[VECTOR], 1);
}
TEST(irq_hlt_pending, "TDVMCALL HLT does not sleep over an interrupt that waits already",
     "fact sheet 3.3 (VCPU_STATE_DETAILS), 4.5", "model: read VCPU_STATE_DETAILS as 0",
     NEEDS_NOTHING, irq_hlt_pending);

static void irq_icr_self(void)
{
	CHECK_GHCI(apic_enable(), GHCI_STATUS_SUCCESS);
	irq_enable();
	CHECK_GHCI(apic_send(0, VECTOR), GHCI_STATUS_SUCCESS);
	CHECK(wait_for(VECTOR, 1));
	irq_disable();
	CHECK_DEC(cpu_this()->irqs, 1);
}
TEST(irq_icr_self, "an IPI to oneself through KVM's ICR arrives once", "fact sheet 7",
     "KVM: drop an IPI below E0h that a vCPU sends to itself", NEEDS_NOTHING, irq_icr_self);
