// SPDX-License-Identifier: GPL-2.0
/* TDG.MMIO.ACCEPT, and TDG.MEM.PAGE.ACCEPT on a BAR (tdx-connect.md 2.2, 2.6, 8.1). */
#include "tdi_td.h"

#define ST(name, op)	TDX_STATUS(name, TDX_OP_##op)
#define ACCEPTED(level)	TDX_STATUS(PAGE_ALREADY_ACCEPTED, level)

/* The TD has left for the host, which is asked for @gpa: found @pub at @level. */
static void expect_ask(struct tdis *t, uint64_t gpa, uint64_t req_level, uint64_t level,
		       uint64_t pub, bool leaf)
{
	const uint64_t *r = t->p->g.r;

	expect_exit(&t->g, TDX_HI_SUCCESS, 48);
	assert_false(t->g.res.advance);
	assert_int_equal(r[TDX_RCX], 0);
	assert_int_equal(r[TDX_RDX], 1 | req_level << 32 | level << 35 | pub << 38 |
				     (uint64_t)leaf << 46);
	assert_int_equal(r[TDX_R8], gpa);
}

/* ---- MMIO.ACCEPT ------------------------------------------------------------ */

/* Rows 1 to 7 of C 2.6 in their order. Break: any of them lost or moved. */
static void accept_operands(void **state)
{
	const uint64_t gpa = GPA_OF(BAR0), bad = 1 << 16;
	struct tdis *t = tdis_bound();

	(void)state;
	enter(t);
#define ACCEPT(want, rcx, rdx, r8, r9) expect_leaf(t, want, TDG_MMIO_ACCEPT, rcx, rdx, r8, r9)
	ACCEPT(INVALID(RCX), 3, bad, bad, 0);
	ACCEPT(INVALID(RCX), gpa | 8, bad, bad, 0);
	ACCEPT(INVALID(RCX), gpa | 1, bad, bad, 0);
	ACCEPT(INVALID(RCX), gpa | 1ULL << 47, bad, bad, 0);
	ACCEPT(INVALID(RCX), gpa | 1ULL << 52, bad, bad, 0);
	ACCEPT(INVALID(RCX), (1ULL << 47) - PAGE, bad, bad, 2);	/* ends in shared space */
	ACCEPT(INVALID(R8), gpa, bad, bad, 0);
	ACCEPT(INVALID(RDX), gpa, bad, 0x99, 0);
	ACCEPT(INVALID(R9), gpa, 0, 0x99, 0);
	ACCEPT(INVALID(R9), gpa, 0, 0x99, R9(0xffffffff, 2));
	ACCEPT(INVALID(R9), TD_GPA | 1, 0, 0x99, R9(0, 511));
	ACCEPT(INVALID(R9), TD_GPA | 1, 0, 0x99, R9(1, 512));
	ACCEPT(ST(TDI_NOT_PRESENT, R8), gpa, 9, 0x99, 1);
	t->tdi->state = TDISP_ERROR_STATE;
	ACCEPT(ST(TDI_INVALID_STATE, R8), gpa, 9, GUEST_ID, 1);
	t->tdi->state = TDISP_RUN;
	ACCEPT(INVALID(RDX), gpa, 4, GUEST_ID, 99);
	ACCEPT(INVALID(RDX), gpa, 2, GUEST_ID, 99);		/* non-TEE */
	ACCEPT(ST(MMIO_PAGE_NOT_IN_ASSOC_RANGE, R9), gpa, 0, GUEST_ID, 17);
	ACCEPT(ST(MMIO_PAGE_NOT_IN_ASSOC_RANGE, R9), gpa, 0, GUEST_ID, R9(16, 1));
	ACCEPT(ST(MMIO_PAGE_NOT_IN_ASSOC_RANGE, R9), gpa, 0, GUEST_ID, R9(0xfffffffe, 2));
	assert_int_equal(t->g.g.r[TDX_RCX], gpa);
	tdis_free(t);
}

/*
 * Break: a page zeroed, registers not advanced, RDX or R8 changed, a second accept that succeeds.
 */
static void accept_range(void **state)
{
	struct tdis *t = tdis_bound();
	struct tdx_ledger l;

	(void)state;
	map(t, 0, 16);
	enter(t);
	expect_tdcall(&t->g, accept(t, BAR0, 0, 0, 16), TDX_SUCCESS);
	assert_int_equal(t->g.g.r[TDX_RCX], GPA_OF(BAR0) + 16 * PAGE);
	assert_int_equal(t->g.g.r[TDX_RDX], 0);
	assert_int_equal(t->g.g.r[TDX_R8], GUEST_ID);
	assert_int_equal(t->g.g.r[TDX_R9], R9(16, 0));
	for (unsigned int i = 0; i < 16; i++)
		assert_int_equal(mmio_state(t, BAR0 + i * PAGE), SEPT_MMIO_MAPPED);
	tdx_ledger(t->p->m, &l);
	assert_int_equal(l.mmio_accepts, 16);
	expect_tdcall(&t->g, accept(t, BAR0, 0, 0, 16), ACCEPTED(0));
	assert_int_equal(t->g.g.r[TDX_RCX], GPA_OF(BAR0));
	assert_int_equal(t->g.g.r[TDX_R9], R9(0, 16));
	/* So does ordinary RAM answer: the status alone proves nothing. */
	expect_leaf(t, ACCEPTED(0), TDG_MMIO_ACCEPT, TD_GPA, 0, GUEST_ID, 1);
	tdis_free(t);
}

/*
 * One exit per page that is missing; the saved registers are already at it, so that running the
 * leaf again does not meet its own pages. Break: RCX and R9 advanced only on success.
 */
static void accept_progress(void **state)
{
	struct tdis *t = tdis_bound();
	const struct tdx_gprs *saved = &t->p->enter.gprs;

	(void)state;
	map(t, 0, 3);
	enter(t);
	accept(t, BAR0, 0, 0, 16);
	for (unsigned int i = 3; i < 16; i++) {
		expect_ask(t, GPA_OF(BAR0) + i * PAGE, 0, 0, 0, false);
		map(t, i, i + 1);
		enter(t);
		assert_int_equal(saved->r[TDX_RAX], TDG_MMIO_ACCEPT);
		assert_int_equal(saved->r[TDX_RCX], GPA_OF(BAR0) + i * PAGE);
		assert_int_equal(saved->r[TDX_RDX], 0);
		assert_int_equal(saved->r[TDX_R8], GUEST_ID);
		assert_int_equal(saved->r[TDX_R9], R9(i, 16 - i));
		assert_int_equal(saved->r[TDX_RBX], 0xbeef000000000000 | TDX_RBX);
		t->g.g = *saved;	/* the CPU runs the instruction again */
		guest_event(&t->g, TDX_EV_TDCALL);
	}
	expect_tdcall(&t->g, t->g.g.r[TDX_RAX], TDX_SUCCESS);
	assert_int_equal(t->g.g.r[TDX_R9], R9(16, 0));
	tdis_free(t);
}

/* Sixteen exits at one RIP, none of them counted. Break: EEQ-1 exits in the zero-step filter. */
static void accept_is_no_stepping(void **state)
{
	struct tdis *t = tdis_bound();
	struct tdx_vcpu *v;

	(void)state;
	enter(t);
	v = t->g.v;
	for (unsigned int i = 0; i < 16; i++) {
		accept(t, BAR0, 0, 0, 16);
		expect_ask(t, GPA_OF(BAR0), 0, 0, 0, false);
		enter(t);
	}
	assert_int_equal(v->step_count, 0);
	/* RAM's ACCEPT likewise. */
	tdcall4(t, TDG_MEM_PAGE_ACCEPT, GPA_FREE, 0, 0, 0);
	expect_exit(&t->g, TDX_HI_SUCCESS, 48);
	assert_int_equal(v->step_count, 0);
	tdis_free(t);
}

/* Rows 8 to 13. Break: a state answered by a status instead of an exit, or the other way round. */
static void accept_states(void **state)
{
	struct tdis *t = tdis_bound();
	struct sept_pos pos;

	(void)state;
	td_aug(&t->g.td, GPA_PENDING, page_new(t->p));
	enter(t);
	/* A table is missing; the request was for 2M. */
	tdcall4(t, TDG_MMIO_ACCEPT, 8 * GiB, 0, GUEST_ID, 1);
	expect_ask(t, 8 * GiB, 0, 2, 0, false);
	enter(t);
	/* Pending RAM. */
	tdcall4(t, TDG_MMIO_ACCEPT, GPA_PENDING, 0, GUEST_ID, 1);
	expect_ask(t, GPA_PENDING, 0, 0, 2, true);
	map(t, 0, 2);
	expect_ok(mmio_block(t, BAR0));
	enter(t);
	accept(t, BAR0, 0, 0, 1);
	expect_ask(t, GPA_OF(BAR0), 0, 0, 33, true);
	enter(t);
	/* A table where a 2M page is asked for: that takes a range longer than this device has. */
	t->tdi->report[16 + 8 + 1] = 4;
	t->tdi->report[16 + 1 * 16 + 12] = t->tdi->report[16 + 3 * 16 + 12] = TDISP_RANGE_NON_TEE;
	expect_leaf(t, TDX_STATUS(MMIO_ACCEPT_SIZE_MISMATCH, 1), TDG_MMIO_ACCEPT, TD_GPA | 1, 0,
		    GUEST_ID, R9(0, 512));
	/* A 2M leaf where 4K are asked for: refused while pending, accepted already when not. */
	assert_true(sept_walk(t->p->m, t->g.t, 2 * TD_GPA, 1, SEPT_HOST, &pos));
	*pos.entry = sept_make(SEPT_MMIO_PENDING, 0xe0400000);
	tdcall4(t, TDG_MMIO_ACCEPT, 2 * TD_GPA, 0, GUEST_ID, 1);
	expect_ask(t, 2 * TD_GPA, 0, 1, 34, true);
	enter(t);
	*pos.entry = sept_make(SEPT_MMIO_MAPPED, 0xe0400000);
	expect_leaf(t, ACCEPTED(1), TDG_MMIO_ACCEPT, 2 * TD_GPA, 0, GUEST_ID, 1);
	expect_leaf(t, ACCEPTED(1), TDG_MEM_PAGE_ACCEPT, 2 * TD_GPA, 0, 0, 0);
	expect_leaf(t, ACCEPTED(1), TDG_MEM_PAGE_ACCEPT, 2 * TD_GPA | 1, 0, 0, 0);
	/* Nobody holds the TDI after all this. */
	assert_int_equal(t->tdi->lock, 0);
	tdis_free(t);
}

/*
 * The attacks, C 2.6, row 14: a page of another range, of another TDI, at another offset. Break: an
 * owner or an HPA that is taken from the host's word; a failed page that becomes accessible.
 */
static void accept_owner(void **state)
{
	struct tdis *t = tdis_bound();
	struct tdx_tdi *sibling = tdis_sibling(t);

	(void)state;
	expect_ok(mmio_map(t, BAR2));
	expect_ok(mmio_map(t, BAR4));
	map(t, 0, 2);
	enter(t);
	/* Index of another range, offset of another page. */
	expect_tdcall(&t->g, accept(t, BAR2, 0, 0, 1), ST(MMIO_INVALID_HPA_OFFSET, RCX));
	expect_tdcall(&t->g, accept(t, BAR0, 1, 0, 1), ST(MMIO_INVALID_HPA_OFFSET, RCX));
	expect_tdcall(&t->g, accept(t, BAR0 + PAGE, 0, 0, 1), ST(MMIO_INVALID_HPA_OFFSET, RCX));
	expect_tdcall(&t->g, accept(t, BAR0, 0, 1, 1), ST(MMIO_INVALID_HPA_OFFSET, RCX));
	/* A sibling's id with an index that is valid there, and the sibling's page as one's own. */
	expect_leaf(t, ST(MMIO_TDI_OWNER_MISMATCH, R8), TDG_MMIO_ACCEPT, GPA_OF(BAR0), 0,
		    SIBLING_ID, 1);
	expect_tdcall(&t->g, accept(t, BAR4, 0, 0, 1), ST(MMIO_TDI_OWNER_MISMATCH, R8));
	assert_int_equal(mmio_state(t, BAR0), SEPT_MMIO_PENDING);
	assert_int_equal(mmio_state(t, BAR2), SEPT_MMIO_PENDING);
	assert_int_equal(mmio_state(t, BAR4), SEPT_MMIO_PENDING);
	/* The host swapped two pages: the first is accepted, the registers stop at the second. */
	td_interrupt(&t->g.td);
	expect_ok(tdi_stop(t));
	tdis_revoke(t, BAR0 + PAGE);
	expect_ok(tdi_bind(t));
	expect_ok(sc3(t->p, MMIO_MAP, GPA_OF(BAR0) + PAGE, t->g.td.tdr, BAR0 + 2 * PAGE));
	enter(t);
	expect_tdcall(&t->g, accept(t, BAR0, 0, 0, 3), ST(MMIO_INVALID_HPA_OFFSET, RCX));
	assert_int_equal(t->g.g.r[TDX_RCX], GPA_OF(BAR0) + PAGE);
	assert_int_equal(t->g.g.r[TDX_R9], R9(1, 2));
	assert_int_equal(mmio_state(t, BAR0), SEPT_MMIO_MAPPED);
	/* Later ranges of a BAR, where the report says. */
	expect_tdcall(&t->g, accept(t, BAR2, 1, 0, 1), TDX_SUCCESS);
	assert_int_equal(sibling->lock, 0);
	tdis_free(t);
}

/* ---- RAM's ACCEPT on a BAR -------------------------------------------------- */

/*
 * Table of C 2.2. Break: a BAR page that RAM's ACCEPT makes usable, or answers with another state.
 */
static void ram_accept(void **state)
{
	const uint64_t gpa = GPA_OF(BAR0);
	struct tdis *t = tdis_bound();
	struct sept_pos pos;

	(void)state;
	map(t, 0, 2);
	expect_ok(mmio_block(t, BAR0 + PAGE));
	enter(t);
	tdcall4(t, TDG_MEM_PAGE_ACCEPT, gpa, 0, 0, 0);
	expect_exit(&t->g, TDX_HI_SUCCESS, 48);
	assert_int_equal(t->p->g.r[TDX_RDX], 1 | 34ULL << 38 | 1ULL << 46);
	enter(t);
	tdcall4(t, TDG_MEM_PAGE_ACCEPT, gpa + PAGE, 0, 0, 0);
	expect_exit(&t->g, TDX_HI_SUCCESS, 48);
	assert_int_equal(t->p->g.r[TDX_RDX], 1 | 33ULL << 38 | 1ULL << 46);
	enter(t);
	assert_true(sept_walk(t->p->m, t->g.t, gpa, 0, SEPT_HOST, &pos));
	*pos.entry = sept_make(SEPT_MMIO_MAPPED, BAR0);
	expect_leaf(t, ACCEPTED(0), TDG_MEM_PAGE_ACCEPT, gpa, 0, 0, 0);
	assert_int_equal(mmio_state(t, BAR0), SEPT_MMIO_MAPPED);
	tdis_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accept_operands), cmocka_unit_test(accept_range),
		cmocka_unit_test(accept_progress), cmocka_unit_test(accept_is_no_stepping),
		cmocka_unit_test(accept_states),   cmocka_unit_test(accept_owner),
		cmocka_unit_test(ram_accept),
	};

	return cmocka_run_group_tests_name("connect_accept", tests, NULL, NULL);
}
