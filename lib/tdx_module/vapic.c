// SPDX-License-Identifier: GPL-2.0
/*
 * Virtual APIC of a vCPU (fact sheet 7): x2APIC register virtualisation, virtual-interrupt delivery
 * and posted interrupts. Only the LP that runs the vCPU touches it; the posted-interrupt descriptor
 * is host memory that KVM writes at any time, so it is reached with atomics only.
 */
#include "guest.h"

#define MSR_TPR		0x808
#define MSR_PPR		0x80a
#define MSR_EOI		0x80b
#define MSR_ISR		0x810
#define MSR_IRR		0x820
#define MSR_SELF_IPI	0x83f

static int highest(const uint64_t bits[4])
{
	for (int i = 3; i >= 0; i--)
		if (bits[i])
			return i * 64 + 63 - __builtin_clzll(bits[i]);
	return -1;
}

static void set_vector(uint64_t bits[4], int vector)
{
	bits[vector >> 6] |= BIT64(vector & 63);
}

static void clear_vector(uint64_t bits[4], int vector)
{
	bits[vector >> 6] &= ~BIT64(vector & 63);
}

static uint8_t ppr(const struct tdx_vcpu *v)
{
	int isrv = highest(v->vapic.isr);

	if (isrv < 0 || v->vapic.tpr >> 4 >= isrv >> 4)
		return v->vapic.tpr;
	return (uint8_t)(isrv & 0xf0);
}

bool tdx_vapic_deliverable(const struct tdx_vcpu *v)
{
	return highest(v->vapic.irr) >> 4 > ppr(v) >> 4;
}

static uint64_t register_32(const uint64_t bits[4], uint32_t index)
{
	return (uint32_t)(bits[index / 2] >> (index % 2 * 32));
}

uint64_t tdx_vapic_read(const struct tdx_vcpu *v, uint32_t msr)
{
	switch (msr) {
	case MSR_TPR:
		return v->vapic.tpr;
	case MSR_PPR:
		return ppr(v);
	case MSR_ISR ... MSR_ISR + 7:
		return register_32(v->vapic.isr, msr - MSR_ISR);
	case MSR_IRR ... MSR_IRR + 7:
		return register_32(v->vapic.irr, msr - MSR_IRR);
	default:
		/* TMR included: posted and self interrupts are edge-triggered. */
		return 0;
	}
}

bool tdx_vapic_write(struct tdx_vcpu *v, uint32_t msr, uint64_t value)
{
	int isrv = highest(v->vapic.isr);

	switch (msr) {
	case MSR_TPR:
		if (value > 0xff)
			return false;
		v->vapic.tpr = (uint8_t)value;
		return true;
	case MSR_EOI:
		if (value)
			return false;
		if (isrv >= 0)
			clear_vector(v->vapic.isr, isrv);
		return true;
	case MSR_SELF_IPI:
		if (value > 0xff)
			return false;
		set_vector(v->vapic.irr, (int)value);
		return true;
	default:
		return false;
	}
}

int tdx_notification_vector(const struct tdx_module *m, unsigned int lp)
{
	const struct tdx_vcpu *v = m->lp[lp].running;

	return v && (v->pin_based & TDX_PIN_BASED_POSTED_INTR) ? (int)v->notify_nv : -1;
}

void tdx_pir_sync(struct tdx_module *m, unsigned int lp)
{
	struct tdx_vcpu *v = m->lp[lp].running;
	struct td_pid *pid;
	uint8_t *page;

	if (tdx_notification_vector(m, lp) < 0)
		return;
	page = m->ops->ram(m->opaque, v->pid_pa & ~0xfffULL);
	if (!page)
		return;
	pid = (struct td_pid *)(page + (v->pid_pa & 0xfc0));
	/* ON first: a vector posted after this sets ON again and sends a new notification. */
	__atomic_fetch_and(&pid->control, ~TD_PID_ON, __ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < 4; i++)
		v->vapic.irr[i] |= __atomic_exchange_n(&pid->pir[i], 0, __ATOMIC_SEQ_CST);
}

int tdx_virq_pending(const struct tdx_module *m, unsigned int lp)
{
	const struct tdx_vcpu *v = m->lp[lp].running;

	if (!v)
		return -1;
	if (v->pend_nmi && !v->ve.valid)
		return TDX_VEC_NMI;
	return tdx_vapic_deliverable(v) ? highest(v->vapic.irr) : -1;
}

void tdx_virq_ack(struct tdx_module *m, unsigned int lp, int vector)
{
	struct tdx_vcpu *v = m->lp[lp].running;

	if (vector == TDX_VEC_NMI) {
		v->pend_nmi = false;
		return;
	}
	clear_vector(v->vapic.irr, vector);
	set_vector(v->vapic.isr, vector);
}
