// SPDX-License-Identifier: GPL-2.0
/* TDH.MMIO.*, S-EPT states of MMIO, the order of an unbind (tdx-connect.md 3.3, 4). */
#include "tdi_td.h"

#define ST(name, op)	TDX_STATUS(name, TDX_OP_##op)
#define WRONG_STATE	ST(EPT_ENTRY_STATE_INCORRECT, RCX)
#define NO_ENTRY	ST(MMIOMT_NOT_PRESENT, RCX)
#define BAD_PAGE	ST(MMIO_INVALID_PAGE_METADATA, RCX)
#define BAD_ENTRY	ST(MMIO_INVALID_PAGE_METADATA, MMIOMT)

static struct tdx_mmiomt_entry *entry(struct tdis *t, uint64_t hpa)
{
	return tdx_mmiomt(t->p->m, hpa, 0);
}

/* ---- MAP -------------------------------------------------------------------- */

/* In the sheet's order. Break: a check lost, moved or with another operand. */
static void map_checks(void **state)
{
	struct tdis *t = tdis_created();
	struct plat *p = t->p;
	const uint64_t gpa = GPA_OF(BAR0), tdr = t->g.td.tdr;
	struct tdx_td *td = t->g.t;
	struct td other;
	uint64_t root;

	(void)state;
	expect_status(sc3(p, MMIO_MAP, 7, page_new(p), 1), ST(PAGE_METADATA_INCORRECT, RDX));
	td->op_state = OP_UNINITIALIZED;
	expect_status(sc3(p, MMIO_MAP, 7, tdr, 1), TDX_STATUS(OP_STATE_INCORRECT, 0));
	td->op_state = OP_RUNNABLE;
	expect_status(sc3(p, MMIO_MAP, 3, tdr, 1), INVALID(RCX));
	expect_status(sc3(p, MMIO_MAP, gpa | 8, tdr, 1), INVALID(RCX));
	expect_status(sc3(p, MMIO_MAP, gpa | 1, tdr, 1), INVALID(RCX));
	expect_status(sc3(p, MMIO_MAP, gpa | 1ULL << 47, tdr, 1), INVALID(RCX));
	expect_status(sc3(p, MMIO_MAP, 8 * GiB, tdr, BAR0 | 8), INVALID(R8));
	expect_status(sc3(p, MMIO_MAP, 8 * GiB | 1, tdr, BAR0 + PAGE), INVALID(R8));
	expect_status(sc3(p, MMIO_MAP, 8 * GiB, tdr, BAR0 | 1ULL << PLAT_PA_BITS), INVALID(R8));
	expect_status(sc3(p, MMIO_MAP, 8 * GiB, tdr, PLAT_TDMR + PAGE),
		      ST(OPERAND_ADDR_RANGE_ERROR, R8));
	expect_status(sc3(p, MMIO_MAP, 8 * GiB, tdr, 2ULL << 40), ST(EPT_WALK_FAILED, RCX));
	assert_int_equal(p->g.r[TDX_RDX], 2);
	expect_status(sc3(p, MMIO_MAP, TD_GPA, tdr, 2ULL << 40), WRONG_STATE);
	assert_int_equal(p->g.r[TDX_RDX], 4 << 8);
	expect_status(sc3(p, MMIO_MAP, gpa, tdr, 2ULL << 40), NO_ENTRY);
	expect_status(mmio_map(t, BAR4), BAD_PAGE);			/* QNODE */
	root = p->m->connect.tdimt_root;
	p->m->connect.tdimt_root = 0;
	expect_status(mmio_map(t, BAR0), ST(TDI_NOT_PRESENT, R8));
	p->m->connect.tdimt_root = root;

	tdis_td(t, &other, 3, TDX_CONFIG_FLAG_CONNECT, STAGE_RUNNABLE);
	p->m->connect.iommu[0].used = false;
	t->tdi->stream->blocked = true;
	expect_status(sc3(p, MMIO_MAP, gpa, other.tdr, BAR0), ST(MMIO_TDI_OWNER_MISMATCH, RDX));
	expect_status(mmio_map(t, BAR0), ST(IOMMU_INVALID_STATE, RCX));
	p->m->connect.iommu[0].used = true;
	expect_status(mmio_map(t, BAR0), ST(IDE_STREAM_BLOCKED, R8));
	t->tdi->stream->blocked = false;
	assert_int_equal(mmio_state(t, BAR0), SEPT_FREE);
	assert_int_equal(t->tdi->mmio_pages, 0);
	expect_ok(mmio_map(t, BAR0));
	assert_int_equal(p->g.r[TDX_RCX] | p->g.r[TDX_RDX], 0);
	/* One mapped bit per page: not at a second GPA, not over itself. */
	expect_status(mmio_map(t, BAR0), WRONG_STATE);
	expect_status(sc3(p, MMIO_MAP, GPA_OF(BAR4), tdr, BAR0), BAD_PAGE);
	tdis_free(t);
}

/* Break: rights, memory type or bits of an MMIO entry that are a RAM entry's. */
static void entry_bits(void **state)
{
	struct tdis *t = tdis_created();
	struct sept_pos pos;

	(void)state;
	expect_ok(mmio_map(t, BAR0));
	assert_true(sept_walk(t->p->m, t->g.t, GPA_OF(BAR0), 0, SEPT_HOST, &pos));
	assert_int_equal(pos.value, 1ULL << 63 | 1ULL << 56 | BAR0 | 1 << 7);
	assert_int_equal(sept_make(SEPT_MMIO_MAPPED, BAR0), 1ULL << 63 | BAR0 | 1 << 7 | 3);
	expect_ok(mmio_block(t, BAR0));
	assert_true(sept_walk(t->p->m, t->g.t, GPA_OF(BAR0), 0, SEPT_HOST, &pos));
	assert_int_equal(pos.value, 1ULL << 63 | 1ULL << 55 | BAR0 | 1 << 7);
	assert_int_equal(sept_public(SEPT_MMIO_MAPPED), 32);
	assert_int_equal(sept_public(SEPT_MMIO_BLOCKED), 33);
	assert_int_equal(sept_public(SEPT_MMIO_PENDING), 34);
	tdis_free(t);
}

/* ---- (leaf, entry state) ---------------------------------------------------- */

enum op { MAP, BLOCK, UNMAP, RANGE_BLOCK, REMOVE, AUG, SEPT_ADD_2M, NR_OPS };

static void to_state(struct tdis *t, enum sept_state to)
{
	struct sept_pos pos;

	if (to == SEPT_FREE)
		return;
	expect_ok(mmio_map(t, BAR0));
	if (to == SEPT_MMIO_MAPPED) {
		assert_true(sept_walk(t->p->m, t->g.t, GPA_OF(BAR0), 0, SEPT_HOST, &pos));
		*pos.entry = sept_make(to, BAR0);
	} else if (to == SEPT_MMIO_BLOCKED) {
		expect_ok(mmio_block(t, BAR0));
		tdis_track(t);
	}
	assert_int_equal(mmio_state(t, BAR0), to);
}

static uint64_t apply(struct tdis *t, enum op op)
{
	const uint64_t gpa = GPA_OF(BAR0), tdr = t->g.td.tdr;
	struct plat *p = t->p;

	switch (op) {
	case MAP:		return mmio_map(t, BAR0);
	case BLOCK:		return mmio_block(t, BAR0);
	case UNMAP:		return mmio_unmap(t, BAR0);
	case RANGE_BLOCK:	return sc2(p, MEM_RANGE_BLOCK, gpa, tdr);
	case REMOVE:		return sc2(p, MEM_PAGE_REMOVE, gpa, tdr);
	case AUG:		return sc3(p, MEM_PAGE_AUG, gpa, tdr, page_new(p));
	default:		return sc3(p, MEM_SEPT_ADD, TD_GPA | 1, tdr, page_new(p));
	}
}

/* Table of C 3.3. Break: a transition allowed or refused wrongly, or leading elsewhere. */
static void entry_states(void **state)
{
	static const struct {
		enum sept_state from;
		uint64_t want[NR_OPS];
		enum sept_state after[NR_OPS];
	} rows[] = {
		{ SEPT_FREE,
		  { 0, WRONG_STATE, WRONG_STATE, WRONG_STATE, WRONG_STATE, 0, WRONG_STATE },
		  { SEPT_MMIO_PENDING, SEPT_FREE, SEPT_FREE, SEPT_FREE, SEPT_FREE, SEPT_PENDING,
		    SEPT_FREE } },
		{ SEPT_MMIO_PENDING,
		  { WRONG_STATE, 0, WRONG_STATE, WRONG_STATE, WRONG_STATE, WRONG_STATE,
		    WRONG_STATE },
		  { SEPT_MMIO_PENDING, SEPT_MMIO_BLOCKED, SEPT_MMIO_PENDING, SEPT_MMIO_PENDING,
		    SEPT_MMIO_PENDING, SEPT_MMIO_PENDING, SEPT_MMIO_PENDING } },
		{ SEPT_MMIO_MAPPED,
		  { WRONG_STATE, 0, WRONG_STATE, WRONG_STATE, WRONG_STATE, WRONG_STATE,
		    WRONG_STATE },
		  { SEPT_MMIO_MAPPED, SEPT_MMIO_BLOCKED, SEPT_MMIO_MAPPED, SEPT_MMIO_MAPPED,
		    SEPT_MMIO_MAPPED, SEPT_MMIO_MAPPED, SEPT_MMIO_MAPPED } },
		{ SEPT_MMIO_BLOCKED,
		  { WRONG_STATE, WRONG_STATE, 0, WRONG_STATE, WRONG_STATE, WRONG_STATE,
		    WRONG_STATE },
		  { SEPT_MMIO_BLOCKED, SEPT_MMIO_BLOCKED, SEPT_FREE, SEPT_MMIO_BLOCKED,
		    SEPT_MMIO_BLOCKED, SEPT_MMIO_BLOCKED, SEPT_MMIO_BLOCKED } },
	};
	unsigned int wrong = 0;

	(void)state;
	for (unsigned int i = 0; i < 4; i++)
		for (unsigned int op = 0; op < NR_OPS; op++) {
			struct tdis *t = tdis_created();
			enum sept_state after;
			uint64_t got;

			to_state(t, rows[i].from);
			got = apply(t, op);
			after = mmio_state(t, BAR0);
			if (got != rows[i].want[op] || after != rows[i].after[op]) {
				print_error("op %u on %#x: %s|%#x, entry %#x\n", op, rows[i].from,
					    status_name(got), (uint32_t)got, after);
				wrong++;
			}
			tdis_free(t);
		}
	assert_int_equal(wrong, 0);
}

/* Break: BLOCK or UNMAP that skips the checks of TD, op-state, GPA, or the exclusive tree lock. */
static void block_unmap_checks(void **state)
{
	struct tdis *t = tdis_created();
	struct plat *p = t->p;
	const uint64_t tdr = t->g.td.tdr, gpa = GPA_OF(BAR0);

	(void)state;
	expect_ok(mmio_map(t, BAR0));
	for (unsigned int leaf = TDH_MMIO_BLOCK; leaf <= TDH_MMIO_UNMAP; leaf++) {
		expect_status(sc_raw(p, leaf, 7, page_new(p), 0, 0),
			      ST(PAGE_METADATA_INCORRECT, RDX));
		t->g.t->op_state = OP_UNINITIALIZED;
		expect_status(sc_raw(p, leaf, 7, tdr, 0, 0), TDX_STATUS(OP_STATE_INCORRECT, 0));
		t->g.t->op_state = OP_RUNNABLE;
		expect_status(sc_raw(p, leaf, 3, tdr, 0, 0), INVALID(RCX));
		expect_status(sc_raw(p, leaf, gpa | 1ULL << 47, tdr, 0, 0), INVALID(RCX));
		expect_status(sc_raw(p, leaf, 8 * GiB, tdr, 0, 0), ST(EPT_WALK_FAILED, RCX));
		expect_status(sc_raw(p, leaf, TD_GPA, tdr, 0, 0), WRONG_STATE);	/* RAM */
	}
	expect_ok(mmio_block(t, BAR0));
	assert_int_equal(p->g.r[TDX_RCX] | p->g.r[TDX_RDX], 0);
	assert_int_equal(entry(t, BAR0)->bepoch, t->g.t->epoch);
	tdis_track(t);
	expect_ok(mmio_unmap(t, BAR0));
	assert_int_equal(p->g.r[TDX_RCX] | p->g.r[TDX_RDX], 0);
	assert_int_equal(p->g.r[TDX_R8], BAR0);
	tdis_free(t);
}

/* 2M leaves: one entry of table and S-EPT. Break: a level taken for 4K anywhere. */
static void large_page(void **state)
{
	struct tdis *t = tdis_created();
	const uint64_t hpa = 0xe0400000, gpa = 2 * MiB + TD_GPA;
	struct plat *p = t->p;
	struct tdx_event ev = { 0 };
	struct tdx_xlate x;
	struct sept_pos pos;

	(void)state;
	expect_ok(sc2(p, MMIOMT_SET, hpa | 1, 1 | DEV_FUNC << 12));
	expect_ok(sc3(p, MMIO_MAP, gpa | 1, t->g.td.tdr, hpa));
	expect_status(sc3(p, MEM_PAGE_AUG, gpa, t->g.td.tdr, page_new(p)),
		      ST(EPT_WALK_FAILED, RCX));
	expect_status(sc2(p, MEM_RANGE_BLOCK, gpa | 1, t->g.td.tdr), WRONG_STATE);
	expect_status(sc2(p, MEM_PAGE_REMOVE, gpa | 1, t->g.td.tdr), WRONG_STATE);
	assert_true(sept_walk(p->m, t->g.t, gpa, 1, SEPT_HOST, &pos));
	*pos.entry = sept_make(SEPT_MMIO_MAPPED, hpa);
	td_enter(&t->g.td, 0);
	assert_true(tdx_translate(p->m, 0, gpa + 0x12345, TDX_ACCESS_READ, &x, &ev));
	assert_int_equal(x.hpa, hpa + 0x12000);
	assert_int_equal(x.page_shift, 21);
	assert_true(x.tee);
	td_interrupt(&t->g.td);
	expect_ok(sc2(p, MMIO_BLOCK, gpa | 1, t->g.td.tdr));
	tdis_track(t);
	expect_ok(sc2(p, MMIO_UNMAP, gpa | 1, t->g.td.tdr));
	assert_int_equal(p->g.r[TDX_R8], hpa);
	tdis_free(t);
}

/* ---- unbind ----------------------------------------------------------------- */

/* Each violation of C 4's order, then the order itself. Break: any step that may come too early. */
static void unbind_order(void **state)
{
	const uint64_t f10 = ST(TDISP_INVALID_STATE, RCX), b08 = ST(TLB_TRACKING_NOT_DONE, RCX);
	struct tdis *t = tdis_bound();
	struct plat *p = t->p;

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		expect_ok(mmio_map(t, BAR0 + i * PAGE));
	t->tdi->consent = true;
	expect_ok(tdi_start(t));
	/* BLOCK is legal at once; UNMAP waits for tracking first, then for STOP. */
	expect_status(tdi_remove(t), ST(TDI_INVALID_STATE, RCX));
	expect_ok(mmio_block(t, BAR0));
	expect_status(mmio_unmap(t, BAR0), b08);
	tdis_track(t);
	expect_status(mmio_unmap(t, BAR0), f10);
	expect_ok(tdi_stop(t));
	expect_ok(mmio_unmap(t, BAR0));
	expect_status(mmio_unmap(t, BAR0 + PAGE), WRONG_STATE);
	expect_ok(mmio_block(t, BAR0 + PAGE));
	expect_status(mmio_unmap(t, BAR0 + PAGE), b08);
	expect_status(tdi_remove(t), ST(TDI_HAS_MAPPED_MMIO, RCX));
	expect_status(mmio_set(t, BAR0 + PAGE, 0), BAD_ENTRY);
	expect_status(sc1(p, MMIOMT_REMOVE, BAR0 | 1), BAD_PAGE);
	tdis_track(t);
	expect_ok(mmio_unmap(t, BAR0 + PAGE));
	tdis_revoke(t, BAR0 + 2 * PAGE);
	td_flush(&t->g.td);
	expect_status(sc1(p, MNG_VPFLUSHDONE, t->g.td.tdr),
		      TDX_STATUS(TD_HAS_ATTACHED_DEVICES, 0));
	expect_status(stream_km(&t->link, TDX_IDE_KM_STOP), ST(IDE_HAS_TDIS, RDX));
	for (unsigned int i = 0; i < 20; i++)
		expect_ok(mmio_set(t, BAR0 + i * PAGE, 0));
	expect_ok(tdi_remove(t));
	expect_ok(stream_km(&t->link, TDX_IDE_KM_STOP));
	tdis_free(t);
}

/* The emergency path: a blocked stream stands for STOP. Break: one of the two that still asks. */
static void unbind_without_stop(void **state)
{
	struct tdis *t = tdis_bound();

	(void)state;
	expect_ok(mmio_map(t, BAR0));
	expect_ok(mmio_block(t, BAR0));
	tdis_track(t);
	expect_status(mmio_unmap(t, BAR0), ST(TDISP_INVALID_STATE, RCX));
	expect_ok(stream_block(t));
	expect_ok(mmio_unmap(t, BAR0));
	assert_int_equal(t->tdi->state, TDISP_CONFIG_LOCKED);
	expect_ok(tdi_remove(t));
	tdis_free(t);
}

/*
 * A vCPU that runs since before the BLOCK may still hold the translation: TRACK alone is not
 * enough, its exit is needed too. Break: UNMAP that looks at the epoch only.
 */
static void tracking(void **state)
{
	const uint64_t b08 = ST(TLB_TRACKING_NOT_DONE, RCX);
	struct tdis *t = tdis_created();
	struct plat *p = t->p;
	struct tdx_event ev = { 0 };
	struct tdx_xlate x;

	(void)state;
	to_state(t, SEPT_MMIO_MAPPED);
	td_enter(&t->g.td, 0);
	assert_true(tdx_translate(p->m, 0, GPA_OF(BAR0), TDX_ACCESS_READ, &x, &ev));
	p->lp = 1;
	expect_ok(mmio_block(t, BAR0));
	assert_false(tdx_translate(p->m, 0, GPA_OF(BAR0), TDX_ACCESS_READ, &x, &ev));
	expect_status(mmio_unmap(t, BAR0), b08);
	expect_ok(sc1(p, MEM_TRACK, t->g.td.tdr));
	expect_status(mmio_unmap(t, BAR0), b08);
	p->lp = 0;
	td_interrupt(&t->g.td);
	expect_ok(mmio_unmap(t, BAR0));
	/* The next entry flushes what the LP has cached. */
	td_enter(&t->g.td, 0);
	assert_true(p->enter.flush);
	td_interrupt(&t->g.td);
	tdis_free(t);
}

/*
 * Each state in which a running vCPU still uses a translation is traced once. Break: BLOCKED or
 * another page behind the GPA taken for good; a record for each use.
 */
static void stale_use(void **state)
{
	const uint64_t gpa = GPA_OF(BAR0);
	struct tdis *t = tdis_created();
	struct plat *p = t->p;
	unsigned int *traced = &p->traced[TDX_TRACE_STALE];
	struct sept_pos pos;

	(void)state;
	to_state(t, SEPT_MMIO_MAPPED);
	td_enter(&t->g.td, 0);
	assert_int_equal(tdx_mmio_stale(p->m, 0, gpa, BAR0, -1), -1);
	assert_int_equal(*traced, 0);
	p->lp = 1;
	expect_ok(mmio_block(t, BAR0));
	assert_int_equal(tdx_mmio_stale(p->m, 0, gpa, BAR0, -1), 33);
	assert_int_equal(*traced, 1);
	assert_int_equal(p->last_trace.tdr, t->g.td.tdr);
	assert_int_equal(p->last_trace.in[0], gpa);
	assert_int_equal(p->last_trace.in[1], BAR0);
	assert_int_equal(p->last_trace.status, 33);
	assert_int_equal(tdx_mmio_stale(p->m, 0, gpa, BAR0, 33), 33);
	assert_int_equal(*traced, 1);
	p->lp = 0;
	td_interrupt(&t->g.td);
	tdis_track(t);
	expect_ok(mmio_unmap(t, BAR0));
	assert_true(sept_walk(p->m, t->g.t, gpa, 0, SEPT_HOST, &pos));
	*pos.entry = sept_make(SEPT_MMIO_MAPPED, BAR0 + PAGE);
	td_enter(&t->g.td, 0);
	assert_int_equal(tdx_mmio_stale(p->m, 0, gpa, BAR0, 33), 32);
	assert_int_equal(*traced, 2);
	td_interrupt(&t->g.td);
	tdis_free(t);
}

/* Before FINALIZE no vCPU has ever run: nothing to track (3.3). */
static void before_finalize(void **state)
{
	struct tdis *t = tdis_new();
	struct plat *p = t->p;
	struct td td;

	(void)state;
	tdis_td(t, &td, 3, TDX_CONFIG_FLAG_CONNECT, STAGE_INITIALIZED);
	t->g.td = td;
	expect_ok(tdi_create(t));
	expect_ok(mmio_set(t, BAR0, DEV_FUNC));
	expect_ok(mmio_map(t, BAR0));
	expect_ok(mmio_block(t, BAR0));
	expect_ok(mmio_unmap(t, BAR0));
	assert_int_equal(p->g.r[TDX_R8], BAR0);
	tdis_free(t);
}

/* A fatal TD can't unmap any more: its mappings go with the TDI, once its vCPUs are out. */
static void fatal_td(void **state)
{
	struct tdis *t = tdis_bound();
	struct plat *p = t->p;
	struct tdx_event mce = { .kind = TDX_EV_MCE };
	struct tdx_gprs guest = { 0 };
	struct tdx_ledger before, after;
	struct tdx_result res;

	(void)state;
	tdx_ledger(p->m, &before);
	expect_ok(mmio_map(t, BAR0));
	expect_ok(mmio_map(t, BAR2));
	td_enter(&t->g.td, 0);
	p->lp = 1;
	t->g.t->fatal = true;		/* another vCPU's doing */
	expect_status(mmio_block(t, BAR0), TDX_STATUS(TD_FATAL, 0));
	expect_ok(tdi_stop(t));
	expect_status(tdi_remove(t), BUSY(TDR));
	p->lp = 0;
	td_leave(&t->g.td, &mce, &guest, &res);
	expect_ok(tdi_remove(t));
	expect_ok(mmio_set(t, BAR0, 0));
	expect_ok(mmio_set(t, BAR2, 0));
	tdx_ledger(p->m, &after);
	assert_int_equal(after.sept_leaves_live, before.sept_leaves_live);
	assert_int_equal(after.mmio_maps, after.mmio_unmaps);
	tdis_free(t);
}

/* ---- ledger ----------------------------------------------------------------- */

/*
 * Everything is given back: a whole life, twice. Break: any page, leaf or object counted wrongly.
 */
static void ledger(void **state)
{
	struct tdis *t = tdis_bound();
	struct plat *p = t->p;
	struct tdx_ledger l;
	uint64_t leaves;

	(void)state;
	tdx_ledger(p->m, &l);
	leaves = l.sept_leaves_live;
	for (unsigned int round = 0; round < 2; round++) {
		for (unsigned int i = 0; i < 16; i++)
			expect_ok(mmio_map(t, BAR0 + i * PAGE));
		tdx_ledger(p->m, &l);
		assert_int_equal(l.sept_leaves_live, leaves + 16);
		assert_int_equal(l.mmio_maps, 16 * (round + 1));
		assert_int_equal(l.mmio_unmaps, 16 * round);
		assert_int_equal(t->tdi->mmio_pages, 16);
		expect_ok(tdi_stop(t));
		for (unsigned int i = 0; i < 16; i++)
			tdis_revoke(t, BAR0 + i * PAGE);
		for (unsigned int i = 0; i < 20; i++)
			expect_ok(mmio_set(t, BAR0 + i * PAGE, 0));
		expect_ok(tdi_remove(t));
		tdx_ledger(p->m, &l);
		assert_int_equal(l.sept_leaves_live, leaves);
		assert_int_equal(l.tdis_live, 0);
		assert_int_equal(l.tdis_created, round + 1);
		if (round)
			break;
		expect_ok(tdi_create(t));
		for (unsigned int i = 0; i < 20; i++)
			expect_ok(mmio_set(t, BAR0 + i * PAGE, DEV_FUNC));
		expect_ok(tdi_bind(t));
	}
	for (unsigned int level = 1; level <= 5; level++)
		expect_ok(sc1(p, MMIOMT_REMOVE, BAR0 | level));
	for (unsigned int level = 1; level <= 4; level++)
		expect_ok(sc1(p, TDIMT_REMOVE, level | (uint64_t)DEV_FUNC << 32));
	td_destroy(&t->g.td);
	expect_ok(stream_km(&t->link, TDX_IDE_KM_STOP));
	expect_ok(stream_block(t));
	expect_ok(stream_delete(&t->link));
	expect_ok(spdm_disconnect(&t->link));
	expect_ok(spdm_delete(&t->link));
	tdx_ledger(p->m, &l);
	assert_int_equal(l.pages_live, 6);	/* the VT-d unit's */
	assert_int_equal(l.sept_leaves_live + l.tds_live + l.streams_live + l.spdms_live, 0);
	tdis_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_checks),	       cmocka_unit_test(entry_bits),
		cmocka_unit_test(entry_states),
		cmocka_unit_test(block_unmap_checks),  cmocka_unit_test(large_page),
		cmocka_unit_test(unbind_order),	       cmocka_unit_test(unbind_without_stop),
		cmocka_unit_test(tracking),	       cmocka_unit_test(before_finalize),
		cmocka_unit_test(fatal_td),	       cmocka_unit_test(ledger),
		cmocka_unit_test(stale_use),
	};

	return cmocka_run_group_tests_name("connect_mmio", tests, NULL, NULL);
}
