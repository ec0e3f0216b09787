// SPDX-License-Identifier: GPL-2.0
/*
 * What a TD sees of a TDI: TDG.TDI.RD, TDI.START, DMAR.ACCEPT, and accesses to private MMIO
 * (tdx-connect.md 2.2 - 2.8, 8.1). MMIO.ACCEPT is in connect_accept.c.
 */
#include "tdi_td.h"

#define ST(name, op)	TDX_STATUS(name, TDX_OP_##op)

/* ---- leaves that look up a TDI ---------------------------------------------- */

/* Break: a leaf of Connect in a TD that has none, or a number between that answers. */
static void not_offered(void **state)
{
	static const unsigned int never[] = { 64, 65, 66, 69, 72, 23 };
	struct tdis *t = tdis_bound();

	(void)state;
	enter(t);
	for (unsigned int i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		expect_leaf(t, INVALID(RAX), never[i], GUEST_ID, 2, 0, 0);
	for (unsigned int leaf = TDG_TDI_RD; leaf <= TDG_MMIO_ACCEPT; leaf++)
		if (leaf != 69)
			expect_leaf(t, INVALID(RAX), leaf | 1 << 16, GUEST_ID, 2, 0, 0);
	expect_leaf(t, TDX_SUCCESS, TDG_VM_RD, 0, 0x1110000300000016, 0, 0);
	assert_int_equal(t->g.g.r[TDX_R8] & 1 << 5, 1 << 5);
	t->g.t->config_flags &= ~TDX_CONFIG_FLAG_CONNECT;
	for (unsigned int leaf = TDG_TDI_RD; leaf <= TDG_MMIO_ACCEPT; leaf++)
		if (leaf != 69)
			expect_leaf(t, TDX_STATUS(CONNECT_INVALID_STATE, 0), leaf, GUEST_ID, 2, 0,
				    0);
	tdis_free(t);
}

/* C 2.3: the four leaves, with the operand id of the register that holds the guest id. */
static void lookup(void **state)
{
	struct tdis *t = tdis_created();

	(void)state;
	enter(t);
	for (unsigned int round = 0; round < 3; round++) {
		/* bad id, other id, not bound */
		static const uint64_t hi[3] = {
			TDX_STATUS(OPERAND_INVALID, 0), TDX_STATUS(TDI_NOT_PRESENT, 0),
			TDX_STATUS(TDI_INVALID_STATE, 0),
		};
		uint64_t id = round == 0 ? GUEST_ID | 1 << 16 : round == 1 ? DEV_FUNC : GUEST_ID;

		expect_leaf(t, hi[round] | 1, TDG_TDI_RD, id, 2, 0, 0);
		expect_leaf(t, hi[round] | 1, TDG_TDI_START, id, 0, 0, 0);
		expect_leaf(t, hi[round] | 8, TDG_MMIO_ACCEPT, GPA_OF(BAR0), 0, id, 1);
		for (unsigned int i = TDX_R8; i < TDX_NR_GPRS; i++)
			t->g.g.r[i] = 0;
		t->g.g.r[TDX_RAX] = TDG_DMAR_ACCEPT;
		t->g.g.r[TDX_RCX] = id;
		t->g.g.r[TDX_RDX] = 0;
		guest_event(&t->g, TDX_EV_TDCALL);
		expect_tdcall(&t->g, t->g.g.r[TDX_RAX], hi[round] | 1);
	}
	tdis_free(t);
}

/* A TDI of one TD is nobody's in another. Break: a look-up by id alone. */
static void foreign(void **state)
{
	struct tdis *t = tdis_bound();
	const uint64_t page[3] = { page_new(t->p), page_new(t->p), page_new(t->p) };
	struct td own = t->g.td;

	(void)state;
	tdis_td(t, &t->g.td, 3, TDX_CONFIG_FLAG_CONNECT, STAGE_RUNNABLE);
	enter(t);
	expect_leaf(t, ST(TDI_NOT_PRESENT, RCX), TDG_TDI_RD, GUEST_ID, 2, 0, 0);
	expect_leaf(t, ST(TDI_NOT_PRESENT, R8), TDG_MMIO_ACCEPT, GPA_OF(BAR0), 0, GUEST_ID, 1);
	td_interrupt(&t->g.td);
	/* It may use the same id for a TDI of its own. */
	expect_ok(tdi_create_as(t, SIBLING_FUNC, GUEST_ID, page));
	enter(t);
	expect_leaf(t, ST(TDI_INVALID_STATE, RCX), TDG_TDI_RD, GUEST_ID, 2, 0, 0);
	td_interrupt(&t->g.td);
	t->g.td = own;
	enter(t);
	expect_leaf(t, TDX_SUCCESS, TDG_TDI_RD, GUEST_ID, 2, 0, 0);
	tdis_free(t);
}

/*
 * Rows of C 2.4 in their order. Break: any check lost or moved, a field that shows something else.
 */
static void tdi_rd(void **state)
{
	struct tdis *t = tdis_bound();
	uint8_t *page = page_ptr(t->p, t->g.td.page);

	(void)state;
	td_aug(&t->g.td, GPA_PENDING, page_new(t->p));
	map(t, 0, 1);
	enter(t);
	expect_leaf(t, INVALID(RCX), TDG_TDI_RD, 1 << 16, 0, 1, 1);
	expect_leaf(t, INVALID(RDX), TDG_TDI_RD, 0x99, 0, 1, 1);
	expect_leaf(t, INVALID(RDX), TDG_TDI_RD, 0x99, 6, 1, 1);
	expect_leaf(t, INVALID(RDX), TDG_TDI_RD, 0x99, TDX_TDI_RECORD, 0, 0);
	expect_leaf(t, INVALID(R8), TDG_TDI_RD, 0x99, 1, TD_GPA, 1);
	expect_leaf(t, INVALID(R8), TDG_TDI_RD, 0x99, 2, TD_GPA, 1);
	expect_leaf(t, INVALID(R8), TDG_TDI_RD, 0x99, 5, TD_GPA, 1);
	expect_leaf(t, INVALID(R9), TDG_TDI_RD, 0x99, 5, 0, 1);
	for (unsigned int field = 3; field <= 4; field++) {
		expect_leaf(t, INVALID(R9), TDG_TDI_RD, 0x99, field, TD_GPA | 1, 1);
		expect_leaf(t, INVALID(R8), TDG_TDI_RD, 0x99, field, TD_GPA | 1, 0);
		expect_leaf(t, ST(OPERAND_ADDR_RANGE_ERROR, R8), TDG_TDI_RD, 0x99, field,
			    1ULL << 47 | TD_GPA, 0);
		expect_leaf(t, ST(OPERAND_ADDR_RANGE_ERROR, R8), TDG_TDI_RD, 0x99, field,
			    1ULL << 48, 0);
		expect_leaf(t, ST(PAGE_METADATA_INCORRECT, R8), TDG_TDI_RD, 0x99, field,
			    GPA_PENDING, 0);
		expect_leaf(t, ST(PAGE_METADATA_INCORRECT, R8), TDG_TDI_RD, 0x99, field,
			    GPA_FREE, 0);
		expect_leaf(t, ST(PAGE_METADATA_INCORRECT, R8), TDG_TDI_RD, 0x99, field,
			    GPA_OF(BAR0), 0);
		expect_leaf(t, ST(TDI_NOT_PRESENT, RCX), TDG_TDI_RD, 0x99, field, TD_GPA, 0);
	}
	expect_leaf(t, TDX_SUCCESS, TDG_TDI_RD, GUEST_ID, 1, 0, 0);
	assert_int_equal(t->g.g.r[TDX_RCX], 0x10);
	expect_leaf(t, TDX_SUCCESS, TDG_TDI_RD, GUEST_ID, 2, 0, 0);
	assert_int_equal(t->g.g.r[TDX_RCX], 1);
	expect_leaf(t, TDX_SUCCESS, TDG_TDI_RD, GUEST_ID, 5, 0, 0);
	assert_int_equal(t->g.g.r[TDX_RCX], 1);
	memset(page, 0, PAGE);
	expect_leaf(t, TDX_SUCCESS, TDG_TDI_RD, GUEST_ID, 3, TD_GPA, 0);
	assert_int_equal(t->g.g.r[TDX_RCX], 48);
	assert_memory_equal(page, t->tdi->report_hash, 48);
	assert_int_equal(page[48], 0);
	expect_leaf(t, TDX_SUCCESS, TDG_TDI_RD, GUEST_ID, 4, TD_GPA, 0);
	assert_memory_equal(page, t->tdi->spdm->dev_info_hash, 48);
	/* ERROR: the state can still be read, what the binding gave can't. */
	t->tdi->state = TDISP_ERROR_STATE;
	expect_leaf(t, TDX_SUCCESS, TDG_TDI_RD, GUEST_ID, 2, 0, 0);
	assert_int_equal(t->g.g.r[TDX_RCX], 3);
	expect_leaf(t, TDX_SUCCESS, TDG_TDI_RD, GUEST_ID, 1, 0, 0);
	for (unsigned int field = 3; field <= 5; field++)
		expect_leaf(t, ST(TDI_INVALID_STATE, RCX), TDG_TDI_RD, GUEST_ID, field,
			    field < 5 ? TD_GPA : 0, 0);
	tdis_free(t);
}

/*
 * The whole life of a TDI in the TD's eyes, and consent. Break: consent that outlives its session.
 */
static void consent(void **state)
{
	struct tdis *t = tdis_bound();

	(void)state;
	enter(t);
	expect_leaf(t, INVALID(RDX), TDG_TDI_START, GUEST_ID, 2, 0, 0);
	assert_false(t->tdi->consent);
	expect_leaf(t, TDX_SUCCESS, TDG_TDI_START, GUEST_ID, 1, 0, 0);
	expect_leaf(t, TDX_SUCCESS, TDG_TDI_START, GUEST_ID, 1, 0, 0);
	assert_true(t->tdi->consent);
	td_interrupt(&t->g.td);
	expect_ok(tdi_start(t));
	enter(t);
	expect_leaf(t, ST(TDI_INVALID_STATE, RCX), TDG_TDI_START, GUEST_ID, 1, 0, 0);
	expect_leaf(t, TDX_SUCCESS, TDG_TDI_RD, GUEST_ID, 2, 0, 0);
	assert_int_equal(t->g.g.r[TDX_RCX], 2);
	td_interrupt(&t->g.td);
	expect_ok(tdi_stop(t));
	enter(t);
	expect_leaf(t, ST(TDI_INVALID_STATE, RCX), TDG_TDI_RD, GUEST_ID, 2, 0, 0);
	expect_leaf(t, ST(TDI_INVALID_STATE, RCX), TDG_TDI_START, GUEST_ID, 1, 0, 0);
	td_interrupt(&t->g.td);
	expect_ok(tdi_bind(t));
	expect_status(tdi_start(t), ST(TDI_INVALID_STATE, RCX));	/* old consent is void */
	enter(t);
	expect_leaf(t, INVALID(RDX), TDG_TDI_START, GUEST_ID, 1, 0, 0);	/* so is the old session */
	expect_leaf(t, TDX_SUCCESS, TDG_TDI_RD, GUEST_ID, 5, 0, 0);
	assert_int_equal(t->g.g.r[TDX_RCX], 2);
	td_interrupt(&t->g.td);
	expect_ok(tdi_stop(t));
	expect_ok(tdi_remove(t));
	enter(t);
	expect_leaf(t, ST(TDI_NOT_PRESENT, RCX), TDG_TDI_RD, GUEST_ID, 2, 0, 0);
	expect_leaf(t, ST(TDI_NOT_PRESENT, R8), TDG_MMIO_ACCEPT, GPA_OF(BAR0), 0, GUEST_ID, 1);
	tdis_free(t);
}

static uint64_t dmar(struct tdis *t, enum tdx_gpr reg, uint64_t value)
{
	memset(&t->g.g, 0, sizeof(t->g.g));
	t->g.g.r[TDX_RAX] = TDG_DMAR_ACCEPT;
	t->g.g.r[TDX_RCX] = GUEST_ID;
	t->g.g.r[reg] = value;
	guest_event(&t->g, TDX_EV_TDCALL);
	assert_int_equal(t->g.res.action, TDX_TD_NEXT);
	return t->g.g.r[TDX_RAX];
}

static void dmar_accept(void **state)
{
	struct tdis *t = tdis_bound();

	(void)state;
	enter(t);
	expect_status(dmar(t, TDX_RDX, 1), INVALID(RDX));
	expect_status(dmar(t, TDX_RDX, 0x100), INVALID(RDX));
	for (unsigned int reg = TDX_R8; reg <= TDX_R15; reg++)
		expect_status(dmar(t, reg, 1), TDX_STATUS(OPERAND_INVALID, reg));
	for (unsigned int s = TDISP_CONFIG_LOCKED; s <= TDISP_RUN; s++) {
		t->tdi->state = s;
		expect_status(dmar(t, TDX_RDX, 0), TDX_STATUS(DMAR_ENTRY_NOT_PRESENT, 320));
	}
	t->tdi->state = TDISP_ERROR_STATE;
	expect_status(dmar(t, TDX_RDX, 0), ST(TDISP_INVALID_STATE, RCX));
	assert_false(t->tdi->dmar_mapped);
	tdis_free(t);
}

/* ---- accesses --------------------------------------------------------------- */

/* The access fails; the host sees a plain violation with @rwx rights, the TD sees nothing. */
static void expect_violation(struct tdis *t, uint64_t gpa, unsigned int access, uint64_t rwx)
{
	struct tdx_xlate x;
	struct tdx_event *ev = &t->g.ev;

	assert_false(tdx_translate(t->p->m, 0, gpa, access, &x, ev));
	ev->gla_valid = true;
	ev->gla = gpa;
	ev->rip += 4;		/* not stepping */
	guest_event(&t->g, TDX_EV_EPT);
	expect_exit(&t->g, TDX_HI_SUCCESS, 48);
	assert_int_equal(t->p->g.r[TDX_RCX], access | rwx << 3);
	assert_int_equal(t->p->g.r[TDX_RDX], 0);
	assert_int_equal(t->p->g.r[TDX_R8], gpa);
	enter(t);
	assert_false(t->g.v->ve.valid);
}

/*
 * Only MMIO_MAPPED translates: uncached, T bit, read and write. Everything else leaves the TD, also
 * in a TD that asked for #VE. Break: a fetch from a device, #VE for MMIO_PENDING, T missing.
 */
static void access(void **state)
{
	const uint64_t gpa = GPA_OF(BAR0);
	struct tdis *t = tdis_bound();
	struct tdx_xlate x;

	(void)state;
	map(t, 0, 3);
	expect_ok(mmio_block(t, BAR0 + 2 * PAGE));
	enter(t);
	expect_tdcall(&t->g, accept(t, BAR0, 0, 0, 1), TDX_SUCCESS);
	for (unsigned int ve = 0; ve < 2; ve++) {
		t->g.t->td_ctls = ve ? 0 : TDX_CTLS_PENDING_VE_DISABLE;
		assert_true(tdx_translate(t->p->m, 0, gpa + 0x123, TDX_ACCESS_WRITE, &x, &t->g.ev));
		assert_int_equal(x.hpa, BAR0);
		assert_int_equal(x.rwx, TDX_ACCESS_READ | TDX_ACCESS_WRITE);
		assert_int_equal(x.page_shift, 12);
		assert_true(x.mmio);
		assert_true(x.tee);
		expect_violation(t, gpa, TDX_ACCESS_FETCH, 3);
		expect_violation(t, gpa + PAGE, TDX_ACCESS_READ, 0);		/* MMIO_PENDING */
		expect_violation(t, gpa + PAGE, TDX_ACCESS_WRITE, 0);
		expect_violation(t, gpa + 2 * PAGE, TDX_ACCESS_READ, 0);	/* MMIO_BLOCKED */
		expect_violation(t, gpa + 3 * PAGE, TDX_ACCESS_READ, 0);	/* FREE */
	}
	assert_true(tdx_translate(t->p->m, 0, TD_GPA, TDX_ACCESS_FETCH, &x, &t->g.ev));
	assert_false(x.mmio);
	assert_false(x.tee);
	tdis_free(t);
}

/* Break: a TDCALL operand that reads or writes a device. */
static void no_operand(void **state)
{
	struct tdis *t = tdis_bound();

	(void)state;
	map(t, 0, 1);
	enter(t);
	expect_tdcall(&t->g, accept(t, BAR0, 0, 0, 1), TDX_SUCCESS);
	tdcall4(t, TDG_MR_RTMR_EXTEND, GPA_OF(BAR0), 2, 0, 0);
	expect_exit(&t->g, TDX_HI_SUCCESS, 48);
	assert_int_equal(t->p->g.r[TDX_RDX], 0);
	assert_int_equal(t->p->g.r[TDX_R8], GPA_OF(BAR0));
	tdis_free(t);
}

/* After a rebind every page wants its ACCEPT again. Break: an acceptance that survives UNMAP. */
static void rebind(void **state)
{
	struct tdis *t = tdis_bound();

	(void)state;
	map(t, 0, 1);
	enter(t);
	expect_tdcall(&t->g, accept(t, BAR0, 0, 0, 1), TDX_SUCCESS);
	td_interrupt(&t->g.td);
	expect_ok(tdi_stop(t));
	tdis_revoke(t, BAR0);
	expect_ok(tdi_bind(t));
	enter(t);
	expect_violation(t, GPA_OF(BAR0), TDX_ACCESS_READ, 0);
	td_interrupt(&t->g.td);
	map(t, 0, 1);
	enter(t);
	expect_violation(t, GPA_OF(BAR0), TDX_ACCESS_READ, 0);
	expect_tdcall(&t->g, accept(t, BAR0, 0, 0, 1), TDX_SUCCESS);
	tdis_free(t);
}

/* A filter that has armed itself lets the vCPU go on where the host has done its part. */
static void stepping(void **state)
{
	struct tdis *t = tdis_bound();

	(void)state;
	map(t, 0, 1);
	enter(t);
	t->g.v->nr_step_gpas = 1;
	t->g.v->step_gpa[0] = GPA_OF(BAR0);
	td_interrupt(&t->g.td);
	enter(t);			/* MMIO_PENDING */
	assert_true(tdx_lp_in_td(t->p->m, 0));
	expect_tdcall(&t->g, accept(t, BAR0, 0, 0, 1), TDX_SUCCESS);
	t->g.v->nr_step_gpas = 1;
	t->g.v->rip = t->g.v->step_rip;
	td_interrupt(&t->g.td);
	enter(t);			/* MMIO_MAPPED */
	tdis_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(not_offered), cmocka_unit_test(lookup),
		cmocka_unit_test(foreign),     cmocka_unit_test(tdi_rd),
		cmocka_unit_test(consent),     cmocka_unit_test(dmar_accept),
		cmocka_unit_test(access),      cmocka_unit_test(no_operand),
		cmocka_unit_test(rebind),      cmocka_unit_test(stepping),
	};

	return cmocka_run_group_tests_name("connect_guest", tests, NULL, NULL);
}
