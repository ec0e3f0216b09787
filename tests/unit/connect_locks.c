// SPDX-License-Identifier: GPL-2.0
/*
 * The locks of TDX Connect (fact sheet tdx-connect.md 2.4 - 2.7, 3.1, 3.3, 3.4; 6.4 of the base
 * sheet for those that a TD has anyway): while one LP is inside a leaf that holds a lock, another
 * LP's leaf is told BUSY with the right operand, and goes through once the lock is free.
 *
 * The rows of a leaf are what it takes, shared or exclusive, and the operand that names it. From
 * them follow all pairs: an exclusive holder stops each leaf with a row, a shared holder those
 * whose row is exclusive, and a lock without a row stops nobody. The first LP is a thread stopped
 * in a call of the model's to the outside. Where no leaf makes such a call while it holds the lock,
 * hold_excl() or hold_shared() return false, and the test takes the lock itself.
 *
 * Break: a leaf that doesn't take one of its locks, takes another one, drops it early or keeps it.
 */
#include "connect_locks.h"

/* ---- holders ---------------------------------------------------------------- */

struct holder {
	struct bg bg;
	enum lock lock;
	enum mode mode;
	bool thread;
};

/* TDG.MMIO.ACCEPT of BAR0's GPA with another page's offset (F4D): nothing changes by it. */
static void run_accept(struct bg *bg)
{
	struct world *w = bg->arg;

	bg->g.r[TDX_RAX] = accept(w->t, BAR0, 0, 1, 1);
}

/* The S-EPT entry, in whatever state it is. */
static void hold_sept_entry(struct world *w, struct bg *bg)
{
	const uint64_t gpa = GPA_OF(BAR0), tdr = w->t->g.td.tdr;

	switch (sept_state(*w->sept)) {
	case SEPT_FREE:		/* an HPA that has no MMIOMT entry: F47 */
		bg_call(bg, w->p, when_entry_locked, w->sept, TDH_MMIO_MAP, gpa, tdr, 2ULL << 40,
			0);
		break;
	case SEPT_MMIO_BLOCKED:
		bg_call(bg, w->p, when_entry_locked, w->sept, TDH_MMIO_UNMAP, gpa, tdr, 0, 0);
		break;
	default:		/* MMIO_PENDING */
		if (w->guest) {
			bg_call(bg, w->p, when_entry_locked, w->sept, TDH_MMIO_BLOCK, gpa, tdr, 0,
				0);
			break;
		}
		w->p->lp = 0;
		enter(w->t);
		w->p->lp = HOST_LP;
		w->guest = true;
		*bg = (struct bg) { .p = w->p, .lp = 0, .run = run_accept, .arg = w };
		bg_start(bg, when_entry_locked, w->sept);
	}
}

static bool when_mmiomt_locked(const void *word)
{
	return __atomic_load_n((const uint64_t *)word, __ATOMIC_SEQ_CST) & MMIOMT_LOCK;
}

/* MAP of another TD's (F27), or SET to a function that has no TDI (F40). */
static void hold_mmiomt_entry(struct world *w, struct bg *bg)
{
	if (mmiomt_is_data(w->entry->word)) {
		tdis_td(w->t, &w->other, 3, TDX_CONFIG_FLAG_CONNECT, STAGE_RUNNABLE);
		bg_call(bg, w->p, when_mmiomt_locked, &w->entry->word, TDH_MMIO_MAP, GPA_OF(BAR0),
			w->other.tdr, BAR0, 0);
	} else {
		bg_call(bg, w->p, when_mmiomt_locked, &w->entry->word, TDH_MMIOMT_SET, w->index,
			TDX_MMIOMT_DATA | NOBODY << 12, 0, 0);
	}
}

/* MNG with an operand too many, or CONNECT with a request page that is none. */
static bool hold_spdm(struct world *w, struct bg *bg)
{
	const uint64_t id = w->spdm - w->p->m->connect.spdm;

	if (w->spdm->state == SPDM_FREE)
		return false;
	if (w->spdm->state == SPDM_CONNECTED)
		bg_call(bg, w->p, when_locked, &w->spdm->lock, TDH_SPDM_MNG, id, TDX_SPDM_HEARTBEAT,
			TDX_SPDM_MNG_NONE, host_page(w->p));
	else
		bg_call(bg, w->p, when_locked, &w->spdm->lock, TDH_SPDM_CONNECT, id,
			host_page(w->p), 0, 1);
	return true;
}

/* The TDI is UNLOCKED and has a mapped page: F13. */
static void hold_tdi(struct world *w, struct bg *bg)
{
	if (w->t->tdi->bound)
		expect_ok(tdi_stop(w->t));
	bg_call(bg, w->p, when_locked, &w->t->tdi->lock, TDH_TDI_REMOVE, DEV_FUNC, 0, 0, 0);
}

/* Exclusively, by a leaf that will fail because of a later operand or what it finds. */
static bool hold_excl(struct world *w, struct bg *bg, enum lock lock)
{
	const uint64_t tdr = w->t->g.td.tdr, spare = w->page[P_SPARE];
	tdx_lock_t *l = lock_of(w, lock);

	switch (lock) {
	case L_OBJECT:
		bg_call(bg, w->p, when_locked, l, TDH_IOMMU_SETUP, 0, 0, 0, 0);
		return true;
	case L_SPDM:
		return hold_spdm(w, bg);
	case L_TDIMT:
		bg_call(bg, w->p, when_locked, l, TDH_TDIMT_ADD, TDIMT(1, DEV_FUNC), spare, 0, 0);
		return true;
	case L_TDI:
		hold_tdi(w, bg);
		return true;
	case L_MMIOMT:
		bg_call(bg, w->p, when_locked, l, TDH_MMIOMT_REMOVE, BAR0 | 1, 0, 0, 0);
		return true;
	case L_MMIOMT_ENTRY:
		hold_mmiomt_entry(w, bg);
		return true;
	case L_TDR:	/* no leaf takes it so in a RUNNABLE TD and goes on */
		w->t->g.t->op_state = OP_INITIALIZED;
		bg_call(bg, w->p, when_locked, l, TDH_MEM_PAGE_ADD, TD_GPA + PAGE, tdr, spare, 1);
		return true;
	case L_SEPT_TREE:
		bg_call(bg, w->p, when_locked, l, TDH_MMIO_BLOCK, TD_GPA + PAGE, tdr, 0, 0);
		return true;
	case L_SEPT_ENTRY:
		hold_sept_entry(w, bg);
		return true;
	default:	/* the slot, op_state, epoch: held across no call to the outside */
		return false;
	}
}

static bool hold_shared(struct world *w, struct bg *bg, enum lock lock)
{
	const uint64_t tdr = w->t->g.td.tdr;
	tdx_lock_t *l = lock_of(w, lock);

	switch (lock) {
	case L_TDIMT:
		bg_call(bg, w->p, when_locked, l, TDH_TDIMT_RD, TDIMT(0, DEV_FUNC), 0, 0, 0);
		return true;
	case L_TDI:
		bg_call(bg, w->p, when_locked, l, TDH_TDI_RD, DEV_FUNC, TDX_TDI_REPORT_HASH,
			host_page(w->p), 0);
		return true;
	case L_MMIOMT:
		bg_call(bg, w->p, when_locked, l, TDH_MMIOMT_RD, BAR0, 0, 0, 0);
		return true;
	case L_TDR:
	case L_OP_STATE:	/* R10 is no page of a TDMR; it has both locks before R9's */
		bg_call(bg, w->p, when_locked, lock_of(w, L_OP_STATE), TDH_TDI_CREATE, 0, tdr,
			w->page[P_SPARE], page_new(w->p));
		return true;
	case L_SEPT_TREE:	/* onto the TD's RAM */
		bg_call(bg, w->p, when_locked, l, TDH_MMIO_MAP, TD_GPA, tdr, 2ULL << 40, 0);
		return true;
	default:		/* SPDM: TDI.RD copies a hash under it, no more; others: no leaf */
		return false;
	}
}

static void bit_take(struct world *w, enum lock lock, bool take)
{
	uint64_t *word = lock == L_SEPT_ENTRY ? w->sept : &w->entry->word;
	uint64_t bit = lock == L_SEPT_ENTRY ? SEPT_LOCK : MMIOMT_LOCK;

	assert_int_equal(!(*word & bit), take);
	*word ^= bit;
}

static void take(struct world *w, enum lock lock, enum mode mode)
{
	if (!lock_of(w, lock))
		bit_take(w, lock, true);
	else if (mode == X)
		assert_true(tdx_trylock_excl(lock_of(w, lock)));
	else
		assert_true(tdx_trylock_shared(lock_of(w, lock)));
}

static void drop(struct world *w, enum lock lock, enum mode mode)
{
	if (!lock_of(w, lock))
		bit_take(w, lock, false);
	else if (mode == X)
		tdx_unlock_excl(lock_of(w, lock));
	else
		tdx_unlock_shared(lock_of(w, lock));
}

static void hold(struct world *w, struct holder *h, enum lock lock, enum mode mode)
{
	h->lock = lock;
	h->mode = mode;
	h->thread = mode == X ? hold_excl(w, &h->bg, lock) : hold_shared(w, &h->bg, lock);
	if (!h->thread)
		take(w, lock, mode);
}

static void release(struct world *w, struct holder *h)
{
	if (h->thread)
		bg_finish(&h->bg);
	else
		drop(w, h->lock, h->mode);
}

/* ---- tests ------------------------------------------------------------------ */

#define expect_row(leaf, about, got, want) \
	do { \
		uint64_t got_ = got; \
		if (got_ != (want)) \
			print_error("%s, %s:\n", (leaf)->name, about); \
		expect_status(got_, want); \
	} while (0)

static bool is_busy(uint64_t status)
{
	return TDX_STATUS_HI(status) == TDX_STATUS_HI(TDX_STATUS(OPERAND_BUSY, 0));
}

static const struct leaf *leaf_of(unsigned int nr, bool guest)
{
	const struct leaf *leaf = leaves;

	while (leaf->nr != nr || leaf->guest != guest)
		leaf++;
	return leaf;
}

/* What the holder did can matter afterwards (it took away the page, stopped the TDI): not BUSY. */
static void exclusive_holder(void **state)
{
	(void)state;
	for (const struct leaf *leaf = leaves; leaf < leaves + NR_LEAVES; leaf++)
		for (const struct use *use = leaf->use; use->mode != NOT; use++) {
			struct holder h;
			struct world w;

			world_new(&w, leaf);
			hold(&w, &h, use->lock, X);
			expect_row(leaf, lock_names[use->lock], leaf->call(&w),
				   TDX_STATUS(OPERAND_BUSY, use->operand));
			release(&w, &h);
			assert_false(is_busy(leaf->call(&w)));
			world_end(&w);
		}
}

/* Shared with shared goes through, exclusive does not. An entry's bit is never shared. */
static void shared_holder(void **state)
{
	(void)state;
	for (const struct leaf *leaf = leaves; leaf < leaves + NR_LEAVES; leaf++)
		for (const struct use *use = leaf->use; use->mode != NOT; use++) {
			uint64_t want = TDX_STATUS(OPERAND_BUSY, use->operand);
			struct holder h;
			struct world w;

			if (use->lock == L_MMIOMT_ENTRY || use->lock == L_SEPT_ENTRY)
				continue;
			if (use->mode == S)
				want = leaf->after;
			world_new(&w, leaf);
			hold(&w, &h, use->lock, S);
			expect_row(leaf, lock_names[use->lock], leaf->call(&w), want);
			release(&w, &h);
			world_end(&w);
		}
}

/* The locks that a leaf has no row for, all taken at once. A running vCPU has TDR shared. */
static void no_other_lock(void **state)
{
	(void)state;
	for (const struct leaf *leaf = leaves; leaf < leaves + NR_LEAVES; leaf++) {
		struct world w;

		world_new(&w, leaf);
		for (enum lock l = 0; l < NR_LOCKS; l++)
			if (!row_of(leaf, l) && !(w.guest && l == L_TDR))
				take(&w, l, X);
		expect_row(leaf, "all other locks", leaf->call(&w), leaf->after);
		for (enum lock l = 0; l < NR_LOCKS; l++)
			if (!row_of(leaf, l) && !(w.guest && l == L_TDR))
				drop(&w, l, X);
		world_end(&w);
	}
}

/* Every leaf of TDX Connect has a row: none is free of locks. Break: a leaf without one. */
static void complete(void **state)
{
#define HOST(name, nr) { "TDH_" #name, nr, false },
#define GUEST(name, nr) { "TDG_" #name, nr, true },
	static const struct { const char *name; unsigned int nr; bool guest; } all[] = {
		TDH_CONNECT_LEAVES(HOST) TDG_CONNECT_LEAVES(GUEST)
	};
#undef HOST
#undef GUEST
	unsigned int rows[NR_LOCKS] = { 0 };

	(void)state;
	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		unsigned int found = 0;

		for (const struct leaf *leaf = leaves; leaf < leaves + NR_LEAVES; leaf++)
			if (leaf->nr == all[i].nr && leaf->guest == all[i].guest)
				for (const struct use *u = leaf->use; u->mode != NOT; u++, found++)
					rows[u->lock]++;
		if (!found)
			fail_msg("no row for %s", all[i].name);
	}
	for (enum lock l = 0; l < NR_LOCKS; l++)
		assert_int_equal(rows[l] != 0, l != L_EPOCH);
}

/* Page operands, by the register that names the page or what is made of it. */
static const struct page_row {
	unsigned int nr, operand;
	enum page page;
} page_rows[] = {
	{ TDH_IOMMU_SETUP, TDX_OP_RDX, P_GIVEN },
	{ TDH_IOMMU_CLEAR, TDX_OP_RDX, P_OWN },
	{ TDH_SPDM_CREATE, TDX_OP_RDX, P_GIVEN },
	{ TDH_SPDM_DELETE, TDX_OP_RDX, P_LIST }, { TDH_SPDM_DELETE, TDX_OP_RDX, P_OWN },
	{ TDH_SPDM_CONNECT, TDX_OP_RDX, P_CONFIG }, { TDH_SPDM_CONNECT, TDX_OP_R8, P_RSP },
	{ TDH_SPDM_CONNECT, TDX_OP_R9, P_REQ }, { TDH_SPDM_CONNECT, TDX_OP_R10, P_OUT },
	{ TDH_SPDM_DISCONNECT, TDX_OP_RDX, P_RSP }, { TDH_SPDM_DISCONNECT, TDX_OP_R8, P_REQ },
	{ TDH_SPDM_MNG, TDX_OP_R9, P_RSP }, { TDH_SPDM_MNG, TDX_OP_R10, P_REQ },
	{ TDH_SPDM_MNG, TDX_OP_R11, P_OUT },
	{ TDH_IDE_STREAM_CREATE, TDX_OP_R8, P_GIVEN },
	{ TDH_IDE_STREAM_DELETE, TDX_OP_R8, P_OWN },
	{ TDH_IDE_STREAM_KM, TDX_OP_R9, P_RSP }, { TDH_IDE_STREAM_KM, TDX_OP_R10, P_REQ },
	{ TDH_TDI_CREATE, TDX_OP_R8, P_NEW_R8 }, { TDH_TDI_CREATE, TDX_OP_R9, P_NEW_R9 },
	{ TDH_TDI_CREATE, TDX_OP_R10, P_NEW_R10 },
	{ TDH_TDI_REMOVE, TDX_OP_RCX, P_TDI_R8 }, { TDH_TDI_REMOVE, TDX_OP_RCX, P_TDI_R9 },
	{ TDH_TDI_REMOVE, TDX_OP_RCX, P_TDI_R10 },
	{ TDH_TDI_BIND, TDX_OP_R8, P_RSP }, { TDH_TDI_BIND, TDX_OP_R9, P_REQ },
	{ TDH_TDI_BIND, TDX_OP_R10, P_OUT },
	{ TDH_TDI_START, TDX_OP_R8, P_RSP }, { TDH_TDI_START, TDX_OP_R9, P_REQ },
	{ TDH_TDI_STOP, TDX_OP_R8, P_RSP }, { TDH_TDI_STOP, TDX_OP_R9, P_REQ },
	{ TDH_TDI_STATE, TDX_OP_R8, P_RSP }, { TDH_TDI_STATE, TDX_OP_R9, P_REQ },
	{ TDH_TDI_RD, TDX_OP_R8, P_HASH },
	{ TDH_MMIOMT_ADD, TDX_OP_RDX, P_GIVEN }, { TDH_MMIOMT_REMOVE, TDX_OP_RCX, P_OWN },
	{ TDH_TDIMT_ADD, TDX_OP_RDX, P_GIVEN }, { TDH_TDIMT_REMOVE, TDX_OP_RCX, P_OWN },
};

#define NR_PAGE_ROWS (sizeof(page_rows) / sizeof(page_rows[0]))

/* L1's own pages are only kept from being donated meanwhile. */
static bool page_shared(enum page page)
{
	return page >= P_RSP && page <= P_LIST;
}

static const struct leaf *page_world(struct world *w, const struct page_row *row)
{
	const struct leaf *leaf = leaf_of(row->nr, false);

	world_new(w, leaf);
	if (row->nr == TDH_TDI_REMOVE)
		tdis_revoke(w->t, BAR0 + 5 * PAGE);
	return leaf;
}

/*
 * The holder is a MMIOMT.ADD of that page where there is a table already. No leaf makes a call
 * while it holds nothing but a page that is the module's own: the test stands in for it, and for
 * the shared holder PHYMEM.PAGE.RDMD.
 */
static void page_holder(void **state)
{
	(void)state;
	for (const struct page_row *row = page_rows; row < page_rows + NR_PAGE_ROWS; row++) {
		const uint64_t busy = TDX_STATUS(OPERAND_BUSY, row->operand);
		const struct leaf *leaf;
		struct tdx_pamt *pamt;
		struct world w;
		struct bg bg;
		bool mine;

		leaf = page_world(&w, row);
		pamt = tdx_pamt(w.p->m, w.page[row->page]);
		mine = pamt->pt != PT_NDA;
		if (mine)
			assert_true(tdx_trylock_excl(&pamt->lock));
		else
			bg_call(&bg, w.p, when_locked, &pamt->lock, TDH_MMIOMT_ADD, BAR0 | 1,
				w.page[row->page], 0, 0);
		expect_row(leaf, "a page", leaf->call(&w), busy);
		if (mine)
			tdx_unlock_excl(&pamt->lock);
		else
			bg_finish(&bg);
		assert_true(tdx_trylock_shared(&pamt->lock));
		if (page_shared(row->page))
			assert_false(is_busy(leaf->call(&w)));
		else
			expect_row(leaf, "a page", leaf->call(&w), busy);
		tdx_unlock_shared(&pamt->lock);
		assert_false(is_busy(leaf->call(&w)));
		world_end(&w);
	}
}

/* C 3.1: what is BUSY from a sequence's first call to its last, for the leaves of any LP. */
static bool takes_slot(unsigned int nr)
{
	return nr == TDH_SPDM_CONNECT || nr == TDH_SPDM_DISCONNECT || nr == TDH_SPDM_MNG;
}

static bool starts_sequence(unsigned int nr)
{
	return nr == TDH_IDE_STREAM_KM || nr == TDH_TDI_BIND || nr == TDH_TDI_START ||
	       nr == TDH_TDI_STATE || nr == TDH_SPDM_MNG;
}

/* The slot is another object's: no leaf but the three minds. */
static void slot_taken(void **state)
{
	(void)state;
	for (const struct leaf *leaf = leaves; leaf < leaves + NR_LEAVES; leaf++) {
		struct world w;

		if (leaf->guest || leaf->nr == TDH_IOMMU_CLEAR)
			continue;
		world_new(&w, leaf);
		if (w.spdm == spdm_of(&w.t->link))
			expect_status(connect_once(&w.b), REQUEST);
		else
			expect_status(call_spdm_mng(&w), REQUEST);
		expect_row(leaf, "the slot", leaf->call(&w),
			   takes_slot(leaf->nr) ? BUSY(RCX) : leaf->after);
		world_end(&w);
	}
}

/* The object has a sequence of another leaf: whoever would start one must wait. */
static void sequence_pending(void **state)
{
	(void)state;
	for (const struct leaf *leaf = leaves; leaf < leaves + NR_LEAVES; leaf++) {
		struct world w;
		uint64_t pending;

		if (leaf->guest || leaf->nr == TDH_IOMMU_CLEAR)
			continue;
		world_new(&w, leaf);
		if (w.spdm != spdm_of(&w.t->link)) {
			world_end(&w);
			continue;
		}
		pending = leaf->nr == TDH_SPDM_MNG ? tdi_call(&w, TDH_TDI_STATE) :
			  call_spdm_mng(&w);
		expect_status(pending, REQUEST);
		expect_row(leaf, "a sequence", leaf->call(&w),
			   starts_sequence(leaf->nr) ? BUSY(RCX) : leaf->after);
		world_end(&w);
	}
}

/*
 * C 2.6, row 10: ACCEPT meets a host leaf; then one that waits for its turn. Break: an ACCEPT that
 * overtakes a waiting host; a priority that outlives the host's turn.
 */
static void host_priority(void **state)
{
	struct world w;
	struct bg bg;

	(void)state;
	world_new(&w, leaf_of(TDG_MMIO_ACCEPT, true));
	w.sept = sept_of(&w, GPA_OF(BAR0 + PAGE));
	bg_call(&bg, w.p, when_entry_locked, w.sept, TDH_MMIO_MAP, GPA_OF(BAR0 + PAGE),
		w.t->g.td.tdr, 2ULL << 40, 0);
	expect_tdcall(&w.t->g, accept(w.t, BAR0 + PAGE, 0, 1, 1), BUSY(RCX));
	expect_status(mmio_map(w.t, BAR0 + PAGE), BUSY(RCX));
	expect_tdcall(&w.t->g, accept(w.t, BAR0 + PAGE, 0, 1, 1),
		      ST(OPERAND_BUSY_HOST_PRIORITY, RCX));
	bg_finish(&bg);
	expect_tdcall(&w.t->g, accept(w.t, BAR0 + PAGE, 0, 1, 1),
		      ST(OPERAND_BUSY_HOST_PRIORITY, RCX));
	expect_ok(mmio_map(w.t, BAR0 + PAGE));
	expect_tdcall(&w.t->g, accept(w.t, BAR0 + PAGE, 0, 1, 1), TDX_SUCCESS);
	world_end(&w);
}

/*
 * Who looked up a TDI that was removed before it was locked has the slot for a moment: the test
 * stands in for it. Break: a TDI made in a slot that somebody holds.
 */
static void removed_slot(void **state)
{
	struct tdx_tdi *tdi;
	struct world w;

	(void)state;
	world_new(&w, leaf_of(TDH_TDI_CREATE, false));
	tdi = w.t->tdi + 1;
	assert_true(tdx_trylock_shared(&tdi->lock));
	expect_ok(call_tdi_create(&w));
	assert_ptr_equal(tdx_tdi_of_guest(w.p->m, w.t->g.t, SIBLING_ID), tdi + 1);
	tdx_unlock_shared(&tdi->lock);
	world_end(&w);
}

/* A TD inside ACCEPT has the TDI and the entry. Break: an unbind under it. */
static void guest_holds(void **state)
{
	struct world w;
	struct bg bg = { .lp = 0, .run = run_accept, .arg = &w };

	(void)state;
	world_new(&w, leaf_of(TDG_MMIO_ACCEPT, true));
	bg.p = w.p;
	bg_start(&bg, when_entry_locked, w.sept);
	expect_status(call_tdi_stop(&w), BUSY(RCX));
	expect_status(call_tdi_remove(&w), BUSY(RCX));
	expect_ok(call_tdi_rd(&w));
	expect_status(mmio_block(w.t, BAR0), BUSY(RCX));
	expect_ok(mmio_map(w.t, BAR0 + PAGE));
	expect_status(bg_finish(&bg), ST(MMIO_INVALID_HPA_OFFSET, RCX));
	assert_int_equal(mmio_state(w.t, BAR0), SEPT_MMIO_PENDING);
	/* The host that waited has its turn first, whatever it makes of it. */
	expect_status(call_guest_accept(&w), ST(OPERAND_BUSY_HOST_PRIORITY, RCX));
	expect_status(mmio_map(w.t, BAR0), ST(EPT_ENTRY_STATE_INCORRECT, RCX));
	expect_ok(call_guest_accept(&w));
	expect_ok(mmio_block(w.t, BAR0));
	expect_status(call_tdi_stop(&w), REQUEST);
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exclusive_holder), cmocka_unit_test(shared_holder),
		cmocka_unit_test(no_other_lock),    cmocka_unit_test(complete),
		cmocka_unit_test(page_holder),	    cmocka_unit_test(slot_taken),
		cmocka_unit_test(sequence_pending), cmocka_unit_test(host_priority),
		cmocka_unit_test(removed_slot),	    cmocka_unit_test(guest_holds),
	};

	return cmocka_run_group_tests_name("connect_locks", tests, NULL, NULL);
}
