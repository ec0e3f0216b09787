// SPDX-License-Identifier: GPL-2.0
/*
 * What a TD sees of a TDI: TDG.TDI.RD, TDI.START, DMAR.ACCEPT, MMIO.ACCEPT, RAM's ACCEPT on MMIO, and
 * accesses to private MMIO (tdx-connect.md 2.2 - 2.8, 8.1).
 */
#include "tdi_td.h"

#define ST(name, op)	TDX_STATUS(name, TDX_OP_##op)
#define ACCEPTED(level)	TDX_STATUS(PAGE_ALREADY_ACCEPTED, level)
#define R9(offset, count) ((uint64_t)(offset) << 32 | (count))

static void enter(struct tdis *t)
{
	guest_enter(&t->g);
}

static uint64_t tdcall4(struct tdis *t, uint64_t rax, uint64_t rcx, uint64_t rdx, uint64_t r8,
			uint64_t r9)
{
	struct guest *g = &t->g;

	for (unsigned int i = 0; i < TDX_NR_GPRS; i++)
		g->g.r[i] = 0xbeef000000000000 | i;
	g->g.r[TDX_RAX] = rax;
	g->g.r[TDX_RCX] = rcx;
	g->g.r[TDX_RDX] = rdx;
	g->g.r[TDX_R8] = r8;
	g->g.r[TDX_R9] = r9;
	guest_event(g, TDX_EV_TDCALL);
	return g->g.r[TDX_RAX];
}

/* A leaf that stays in the TD. */
#define expect_leaf(t, want, ...) \
	do { \
		uint64_t rax_ = tdcall4(t, __VA_ARGS__); \
		expect_tdcall(&(t)->g, rax_, want); \
	} while (0)

static uint64_t accept(struct tdis *t, uint64_t hpa, uint64_t index, uint64_t offset,
		       uint64_t count)
{
	return tdcall4(t, TDG_MMIO_ACCEPT, GPA_OF(hpa), index, GUEST_ID, R9(offset, count));
}

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

/* Maps the pages of BAR 0 [@from, @to). */
static void map(struct tdis *t, unsigned int from, unsigned int to)
{
	for (; from < to; from++)
		expect_ok(mmio_map(t, BAR0 + from * PAGE));
}

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
			expect_leaf(t, TDX_STATUS(CONNECT_INVALID_STATE, 0), leaf, GUEST_ID, 2, 0, 0);
	tdis_free(t);
}

/* C 2.3: the four leaves, with the operand id of the register that holds the guest id. */
static void lookup(void **state)
{
	struct tdis *t = tdis_created();

	(void)state;
	enter(t);
	for (unsigned int round = 0; round < 4; round++) {
		/* bad id, other id, not bound, busy */
		static const uint64_t hi[4] = {
			TDX_STATUS(OPERAND_INVALID, 0), TDX_STATUS(TDI_NOT_PRESENT, 0),
			TDX_STATUS(TDI_INVALID_STATE, 0), TDX_STATUS(OPERAND_BUSY, 0),
		};
		uint64_t id = round == 0 ? GUEST_ID | 1 << 16 : round == 1 ? DEV_FUNC : GUEST_ID;

		if (round == 3)
			assert_true(tdx_trylock_excl(&t->tdi->lock));
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
	tdx_unlock_excl(&t->tdi->lock);
	tdis_free(t);
}

/* A TDI of one TD is nobody's in another. Break: a look-up by id alone. */
static void foreign(void **state)
{
	struct tdis *t = tdis_bound();
	struct td own = t->g.td;

	(void)state;
	tdis_td(t, &t->g.td, 3, TDX_CONFIG_FLAG_CONNECT, STAGE_RUNNABLE);
	enter(t);
	expect_leaf(t, ST(TDI_NOT_PRESENT, RCX), TDG_TDI_RD, GUEST_ID, 2, 0, 0);
	expect_leaf(t, ST(TDI_NOT_PRESENT, R8), TDG_MMIO_ACCEPT, GPA_OF(BAR0), 0, GUEST_ID, 1);
	td_interrupt(&t->g.td);
	t->g.td = own;
	enter(t);
	expect_leaf(t, TDX_SUCCESS, TDG_TDI_RD, GUEST_ID, 2, 0, 0);
	tdis_free(t);
}

/* Rows of C 2.4 in their order. Break: any check lost or moved, a field that shows something else. */
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

/* The whole life of a TDI in the TD's eyes, and consent. Break: consent that outlives its session. */
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

/* Break: a page zeroed, registers not advanced, RDX or R8 changed, a second accept that succeeds. */
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
 * One exit per page that is missing; the saved registers are already at it, so that running the leaf
 * again does not meet its own pages. Break: RCX and R9 advanced only on success.
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
	/* The entry's lock. */
	assert_true(sept_walk(t->p->m, t->g.t, GPA_OF(BAR0) + PAGE, 0, SEPT_HOST, &pos));
	*pos.entry |= SEPT_LOCK;
	expect_tdcall(&t->g, accept(t, BAR0 + PAGE, 0, 1, 1), BUSY(RCX));
	*pos.entry |= SEPT_HOST_PRIORITY;
	expect_tdcall(&t->g, accept(t, BAR0 + PAGE, 0, 1, 1),
		      ST(OPERAND_BUSY_HOST_PRIORITY, RCX));
	*pos.entry &= ~(SEPT_LOCK | SEPT_HOST_PRIORITY);
	expect_tdcall(&t->g, accept(t, BAR0 + PAGE, 0, 1, 1), TDX_SUCCESS);
	/* Nobody holds the TDI after all this. */
	assert_int_equal(t->tdi->lock, 0);
	tdis_free(t);
}

/*
 * The attacks: a page of another range, of another TDI, at another offset. Break: an owner or an HPA
 * that is taken from the host's word; a failed page that becomes accessible.
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

/* Table of C 2.2. Break: a BAR page that RAM's ACCEPT makes usable, or answers with another state. */
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
 * Only MMIO_MAPPED translates: uncached, T bit, read and write. Everything else leaves the TD, also in
 * a TD that asked for #VE. Break: a fetch from a device, #VE for MMIO_PENDING, T missing.
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
		cmocka_unit_test(not_offered),	   cmocka_unit_test(lookup),
		cmocka_unit_test(foreign),	   cmocka_unit_test(tdi_rd),
		cmocka_unit_test(consent),	   cmocka_unit_test(dmar_accept),
		cmocka_unit_test(accept_operands), cmocka_unit_test(accept_range),
		cmocka_unit_test(accept_progress), cmocka_unit_test(accept_is_no_stepping),
		cmocka_unit_test(accept_states),   cmocka_unit_test(accept_owner),
		cmocka_unit_test(ram_accept),	   cmocka_unit_test(access),
		cmocka_unit_test(no_operand),	   cmocka_unit_test(rebind),
		cmocka_unit_test(stepping),
	};

	return cmocka_run_group_tests_name("connect_guest", tests, NULL, NULL);
}
