// SPDX-License-Identifier: GPL-2.0
#include "tdx/ghci.h"
#include "x86/apic.h"
#include "x86/insn.h"

#define APIC_TDCR_BY_1	0xb

uint64_t apic_enable(void)
{
	return ghci_wrmsr(APIC_SVR, APIC_SVR_ENABLE | APIC_SPURIOUS);
}

void apic_eoi(void)
{
	wrmsr(APIC_EOI, 0);
}

void apic_self_ipi(uint8_t vector)
{
	wrmsr(APIC_SELF_IPI, vector);
}

uint64_t apic_send(uint32_t apic_id, uint8_t vector)
{
	return ghci_wrmsr(APIC_ICR, (uint64_t)apic_id << 32 | vector);
}

uint64_t apic_timer_once(uint8_t vector, uint32_t ticks)
{
	uint64_t status = ghci_wrmsr(APIC_TDCR, APIC_TDCR_BY_1);

	if (!status)
		status = ghci_wrmsr(APIC_LVTT, vector);
	return status ? status : ghci_wrmsr(APIC_TMICT, ticks);
}

bool apic_irr(uint8_t vector)
{
	return rdmsr(APIC_IRR + vector / 32) >> (vector % 32) & 1;
}
