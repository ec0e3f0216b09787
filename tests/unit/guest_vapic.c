// SPDX-License-Identifier: GPL-2.0
/*
 * Virtual APIC (fact sheet 7): priorities, posted interrupts, virtual NMI.
 *
 * Turns red: deliverability compared on the whole vector instead of its class; EOI clearing the
 * wrong vector; a posted vector lost or ON left set; an NMI delivered while #VE information is
 * outstanding.
 */
#include "guest_td.h"

static void wrmsr(struct guest *g, uint32_t msr, uint64_t value)
{
	g->g.r[TDX_RCX] = msr;
	g->g.r[TDX_RAX] = (uint32_t)value;
	g->g.r[TDX_RDX] = value >> 32;
	guest_event(g, TDX_EV_WRMSR);
}

static uint64_t rdmsr(struct guest *g, uint32_t msr)
{
	g->g.r[TDX_RCX] = msr;
	assert_int_equal(guest_event(g, TDX_EV_RDMSR), TDX_TD_NEXT);
	return g->g.r[TDX_RAX];
}

static int pending(struct guest *g)
{
	return tdx_virq_pending(g->p->m, 0);
}

static void take(struct guest *g, int vector)
{
	assert_int_equal(pending(g), vector);
	tdx_virq_ack(g->p->m, 0, vector);
}

static void priority(void **state)
{
	struct guest *g = *state;

	assert_int_equal(pending(g), -1);
	wrmsr(g, 0x83f, 0x31);
	wrmsr(g, 0x83f, 0x55);
	take(g, 0x55);
	assert_int_equal(rdmsr(g, 0x80a), 0x50);
	assert_int_equal(pending(g), -1);	/* 0x31 waits */
	wrmsr(g, 0x83f, 0x5f);
	assert_int_equal(pending(g), -1);	/* same class does not nest */
	wrmsr(g, 0x83f, 0x60);
	take(g, 0x60);
	wrmsr(g, 0x80b, 0);			/* ends 0x60, and requests nothing */
	assert_int_equal(rdmsr(g, 0x820), 0);
	assert_int_equal(rdmsr(g, 0x80a), 0x50);
	wrmsr(g, 0x80b, 0);			/* ends 0x55 */
	take(g, 0x5f);
	wrmsr(g, 0x80b, 0);
	take(g, 0x31);
	wrmsr(g, 0x80b, 0);
	assert_int_equal(pending(g), -1);
	wrmsr(g, 0x80b, 0);			/* EOI without anything in service */
	assert_int_equal(g->res.action, TDX_TD_NEXT);
}

static void task_priority(void **state)
{
	struct guest *g = *state;
	uint64_t details;

	wrmsr(g, 0x83f, 0x45);
	wrmsr(g, 0x808, 0x4f);
	assert_int_equal(rdmsr(g, 0x808), 0x4f);
	assert_int_equal(rdmsr(g, 0x80a), 0x4f);
	assert_int_equal(pending(g), -1);
	expect_ok(tdx_md_vcpu_rd(g->p->m, g->v, TDX_FIELD_VCPU_STATE_DETAILS, &details));
	assert_int_equal(details, 0);
	wrmsr(g, 0x808, 0x3f);
	expect_ok(tdx_md_vcpu_rd(g->p->m, g->v, TDX_FIELD_VCPU_STATE_DETAILS, &details));
	assert_int_equal(details, 1);
	take(g, 0x45);
	wrmsr(g, 0x808, 0x80);
	assert_int_equal(rdmsr(g, 0x80a), 0x80);	/* the higher of TPR and ISR */
	wrmsr(g, 0x808, 0x100);
	expect_exception(g, TDX_VEC_GP);
	assert_int_equal(rdmsr(g, 0x808), 0x80);
}

static void registers(void **state)
{
	struct guest *g = *state;

	wrmsr(g, 0x83f, 0x21);
	wrmsr(g, 0x83f, 0xff);
	assert_int_equal(rdmsr(g, 0x821), 1u << 1);
	assert_int_equal(rdmsr(g, 0x827), 1u << 31);
	take(g, 0xff);
	assert_int_equal(rdmsr(g, 0x827), 0);
	assert_int_equal(rdmsr(g, 0x817), 1u << 31);
	assert_int_equal(rdmsr(g, 0x81f), 0);		/* TMR: edge */
	wrmsr(g, 0x80b, 1);
	expect_exception(g, TDX_VEC_GP);
	assert_int_equal(rdmsr(g, 0x817), 1u << 31);
	wrmsr(g, 0x83f, 0x100);
	expect_exception(g, TDX_VEC_GP);
	wrmsr(g, 0x810, 0);
	expect_exception(g, TDX_VEC_GP);
}

/* The descriptor as KVM sees it: 32 bytes of PIR, then ON in bit 256. */
static void posted(void **state)
{
	const uint64_t pid_pa = PLAT_HOST + 0x1c0;
	struct guest *g = *state;
	uint8_t *pid = page_ptr(g->p, pid_pa);
	uint64_t old;

	memset(pid - 64, 0xff, 192);
	memset(pid, 0, 32);
	pid[0x23 / 8] |= 1 << (0x23 % 8);
	pid[0xec / 8] |= 1 << (0xec % 8);
	assert_int_equal(tdx_notification_vector(g->p->m, 0), -1);
	tdx_pir_sync(g->p->m, 0);		/* posting is off: nothing moves */
	assert_int_equal(pending(g), -1);
	expect_ok(tdx_md_vcpu_wr(g->p->m, g->v, TDX_FIELD_POSTED_INTR_NV, 0xf2, 0xffff, &old));
	expect_ok(tdx_md_vcpu_wr(g->p->m, g->v, TDX_FIELD_POSTED_INTR_DESC, pid_pa, ~0ULL, &old));
	expect_ok(tdx_md_vcpu_wr(g->p->m, g->v, TDX_FIELD_PIN_BASED, 0x80, 0x80, &old));
	assert_int_equal(tdx_notification_vector(g->p->m, 0), 0xf2);
	wrmsr(g, 0x83f, 0x25);			/* already requested: stays so */
	tdx_pir_sync(g->p->m, 0);
	for (unsigned int i = 0; i < 32; i++)
		assert_int_equal(pid[i], 0);
	assert_int_equal(pid[32], 0xfe);	/* ON cleared, everything else as it was */
	for (unsigned int i = 33; i < 64; i++)
		assert_int_equal(pid[i], 0xff);
	assert_int_equal(pid[-1] & pid[64], 0xff);
	take(g, 0xec);
	wrmsr(g, 0x80b, 0);
	take(g, 0x25);
	wrmsr(g, 0x80b, 0);
	take(g, 0x23);
}

static void virtual_nmi(void **state)
{
	struct guest *g = *state;
	uint64_t old;

	expect_ok(tdx_md_vcpu_wr(g->p->m, g->v, TDX_FIELD_PEND_NMI, 1, 1, &old));
	wrmsr(g, 0x83f, 0xf0);
	guest_event(g, TDX_EV_HLT);		/* #VE outstanding: no NMI, interrupts as usual */
	assert_int_equal(pending(g), 0xf0);
	g->v->ve.valid = false;
	take(g, 2);
	assert_false(g->v->pend_nmi);
	assert_int_equal(rdmsr(g, 0x80a), 0);	/* an NMI is not in service */
	take(g, 0xf0);
}

static void outside_a_td(void **state)
{
	struct guest *g = *state;

	assert_int_equal(tdx_notification_vector(g->p->m, 1), -1);
	assert_int_equal(tdx_virq_pending(g->p->m, 1), -1);
	tdx_pir_sync(g->p->m, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		guest_test(priority),
		guest_test(task_priority),
		guest_test(registers),
		guest_test(posted),
		guest_test(virtual_nmi),
		guest_test(outside_a_td),
	};

	return cmocka_run_group_tests_name("guest_vapic", tests, NULL, NULL);
}
