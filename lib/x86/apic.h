/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The x2APIC of a TD vCPU. TPR, EOI, SELF_IPI, ISR and IRR are the module's and reached directly;
 * the rest is KVM's and reached through TDVMCALL (fact sheet 5.3, 7).
 */
#ifndef X86_APIC_H
#define X86_APIC_H

#include <stdbool.h>
#include <stdint.h>

#define APIC_ID		0x802
#define APIC_TPR	0x808
#define APIC_PPR	0x80a
#define APIC_EOI	0x80b
#define APIC_SVR	0x80f
#define APIC_ISR	0x810
#define APIC_IRR	0x820
#define APIC_ESR	0x828
#define APIC_ICR	0x830
#define APIC_LVTT	0x832
#define APIC_TMICT	0x838
#define APIC_TMCCT	0x839
#define APIC_TDCR	0x83e
#define APIC_SELF_IPI	0x83f

#define APIC_BASE_EXTD	(1ULL << 10)
#define APIC_BASE_EN	(1ULL << 11)
#define APIC_SVR_ENABLE	(1u << 8)
#define APIC_LVT_MASKED	(1u << 16)
#define APIC_SPURIOUS	0xff

/* Software-enable the APIC: KVM drops interrupts of a disabled one. Returns the GHCI status. */
uint64_t apic_enable(void);
void apic_eoi(void);
void apic_self_ipi(uint8_t vector);
/* Fixed IPI through ICR. Returns the GHCI status. */
uint64_t apic_send(uint32_t apic_id, uint8_t vector);
/* Fire @vector once, @ticks of the divided APIC clock from now. Returns the GHCI status. */
uint64_t apic_timer_once(uint8_t vector, uint32_t ticks);
bool apic_irr(uint8_t vector);

#endif
