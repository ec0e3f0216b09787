// SPDX-License-Identifier: GPL-2.0
/*
 * Each row of the lock table (fact sheet 6.4): while one LP is inside a leaf that holds the lock,
 * another LP's leaf is told BUSY with the right operand, and nothing changes.
 *
 * The first LP is a thread stopped in a call of the model's to the outside. Where no leaf makes
 * such a call while it holds the lock, the test takes the lock itself, and says so.
 *
 * Every test here turns red when the leaf named in it stops taking its lock, or drops it early.
 */
#include "platform.h"
#include "../../lib/tdx_abi/field.h"

#include <string.h>

#define BUSY(op)	TDX_STATUS(OPERAND_BUSY, TDX_OP_##op)
#define SYS_BUSY	TDX_STATUS(SYS_BUSY, 0)
#define NEXT_GPA	(TD_GPA + PAGE)

static struct tdx_td *td_of(struct td *td)
{
	return &td->p->m->tds[tdx_pamt(td->p->m, td->tdr)->slot];
}

static tdx_lock_t *page_lock(struct plat *p, uint64_t pa)
{
	return &tdx_pamt(p->m, pa)->lock;
}

static void sys_lock(void **state)
{
	struct plat *p = plat_new();
	struct bg bg;

	(void)state;
	plat_sys_init(p);
	plat_write_tdmrs(p);

	bg_call(&bg, p, when_locked, &p->m->sys_lock, TDH_SYS_CONFIG, PLAT_HOST, PLAT_NR_TDMRS,
		GLOBAL_HKID, 0);
	expect_status(sc1(p, SYS_INIT, 0), SYS_BUSY);
	expect_status(sc1(p, SYS_LP_INIT, 0), SYS_BUSY);
	expect_status(sc2(p, SYS_RD, 0, TDX_FIELD_MAJOR_VERSION), SYS_BUSY);
	assert_int_equal(p->g.r[TDX_R8], 0);
	assert_int_equal(p->g.r[TDX_RDX], ~0ULL);
	expect_status(plat_sys_config(p), SYS_BUSY);
	expect_status(sc1(p, SYS_KEY_CONFIG, 0), SYS_BUSY);
	expect_ok(bg_finish(&bg));

	bg_call(&bg, p, when_locked, &p->m->sys_lock, TDH_SYS_KEY_CONFIG, 0, 0, 0, 0);
	expect_status(sc1(p, SYS_KEY_CONFIG, 0), SYS_BUSY);
	expect_ok(bg_finish(&bg));

	/* Shared holders: another TDMR may be initialised meanwhile, the same one not. */
	bg_call(&bg, p, when_locked, &p->m->tdmr[0].lock, TDH_SYS_TDMR_INIT, PLAT_TDMR, 0, 0, 0);
	expect_ok(sc1(p, SYS_TDMR_INIT, PLAT_TDMR + GiB));
	expect_status(sc1(p, SYS_TDMR_INIT, PLAT_TDMR), BUSY(RCX));
	assert_int_equal(p->g.r[TDX_RDX], 0);
	expect_status(sc1(p, SYS_DISABLE, 0), SYS_BUSY);
	expect_ok(bg_finish(&bg));
	plat_free(p);
}

static void kot_lock(void **state)
{
	struct plat *p = plat_ready();
	struct td a, b, c;
	struct bg bg;

	(void)state;
	td_to(p, &a, 2, STAGE_UNINITIALIZED);
	td_to(p, &b, 3, STAGE_BLOCKED);
	td_begin(p, &c, 4);
	bg_call(&bg, p, when_locked, &p->m->kot_lock, TDH_MNG_CREATE, c.tdr, c.hkid, 0, 0);
	expect_status(sc2(p, MNG_CREATE, page_new(p), 5), BUSY(KOT));
	expect_status(sc1(p, MNG_VPFLUSHDONE, a.tdr), BUSY(KOT));
	expect_status(sc1(p, MNG_KEY_FREEID, b.tdr), BUSY(KOT));
	expect_status(sc1(p, PHYMEM_CACHE_WB, 0), BUSY(KOT));
	expect_ok(bg_finish(&bg));
	td_key_free(&b);

	/* CACHE.WB makes no call to the outside: the test stands in for it. */
	assert_true(tdx_trylock_excl(&p->m->wbcache_lock));
	expect_status(sc1(p, PHYMEM_CACHE_WB, 0), BUSY(WBCACHE));
	tdx_unlock_excl(&p->m->wbcache_lock);
	plat_free(p);
}

static void key_programming(void **state)
{
	struct plat *p = plat_ready();
	struct td a, b;
	struct bg bg;

	(void)state;
	td_to(p, &a, 2, STAGE_HKID_ASSIGNED);
	td_to(p, &b, 3, STAGE_HKID_ASSIGNED);
	bg_call(&bg, p, when_locked, &p->m->ket_lock, TDH_MNG_KEY_CONFIG, a.tdr, 0, 0, 0);
	expect_status(sc1(p, MNG_KEY_CONFIG, b.tdr), BUSY(KET));
	expect_status(sc1(p, MNG_KEY_CONFIG, a.tdr), BUSY(RCX));
	expect_ok(bg_finish(&bg));
	expect_ok(sc1(p, MNG_KEY_CONFIG, b.tdr));
	plat_free(p);
}

/* PAGE.ADD holds TDR exclusively: whoever needs it at all is told so. */
static void tdr_exclusive(void **state)
{
	struct plat *p = plat_ready();
	struct td td;
	struct bg bg;
	uint64_t page, free;

	(void)state;
	td_to(p, &td, 2, STAGE_INITIALIZED);
	page = page_new(p);
	free = page_new(p);
	bg_call(&bg, p, when_locked, page_lock(p, page), TDH_MEM_PAGE_ADD, NEXT_GPA, td.tdr, page,
		PLAT_HOST);
	expect_status(sc2(p, VP_CREATE, free, td.tdr), BUSY(RDX));
	expect_status(sc2(p, VP_ADDCX, free, td.bare_vcpu), BUSY(TDR));
	expect_status(sc_raw(p, VP_INIT_V1, td.uninit_vcpu, 0, 1, 0), BUSY(TDR));
	expect_status(sc1(p, VP_INIT, td.uninit_vcpu), BUSY(TDR));
	expect_status(sc2(p, VP_RD, td.tdvpr[0], TDX_FIELD_PEND_NMI), BUSY(TDR));
	expect_status(sc4(p, VP_WR, td.tdvpr[0], TDX_FIELD_PEND_NMI, 1, 1), BUSY(TDR));
	expect_status(sc1(p, VP_FLUSH, td.tdvpr[0]), BUSY(TDR));
	expect_status(sc1(p, VP_ENTER, td.tdvpr[0]), BUSY(TDR));
	expect_status(sc2(p, MNG_RD, td.tdr, TDX_FIELD_TSC_OFFSET), BUSY(RCX));
	expect_status(sc3(p, MEM_SEPT_ADD, 2 * TD_GPA | 1, td.tdr, free), BUSY(RDX));
	expect_status(sc3(p, MEM_PAGE_AUG, NEXT_GPA, td.tdr, free), BUSY(RDX));
	expect_status(sc2(p, MEM_RANGE_BLOCK, TD_GPA, td.tdr), BUSY(RDX));
	expect_status(sc2(p, MEM_PAGE_REMOVE, TD_GPA, td.tdr), BUSY(RDX));
	expect_status(sc1(p, MEM_TRACK, td.tdr), BUSY(RCX));
	expect_status(sc1(p, PHYMEM_PAGE_RECLAIM, td.page), BUSY(TDR));
	expect_status(sc1(p, PHYMEM_PAGE_RECLAIM, td.tdr), BUSY(RCX));
	expect_status(sc1(p, PHYMEM_PAGE_RDMD, td.tdr), BUSY(RCX));
	expect_ok(bg_finish(&bg));
	plat_free(p);
}

/* A running vCPU holds TDR and its TDVPR shared: leaves that need one exclusively must wait. */
static void running_vcpu(void **state)
{
	struct plat *p = plat_ready();
	uint64_t free;
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);
	free = page_new(p);
	td_enter(&td, 0);
	p->lp = 1;
	expect_status(sc2(p, MNG_ADDCX, free, td.tdr), BUSY(RDX));
	expect_status(sc2(p, MNG_INIT, td.tdr, td.params_pa), BUSY(RCX));
	expect_status(sc1(p, MNG_KEY_CONFIG, td.tdr), BUSY(RCX));
	expect_status(sc1(p, MNG_VPFLUSHDONE, td.tdr), BUSY(RCX));
	expect_status(sc1(p, MNG_KEY_FREEID, td.tdr), BUSY(RCX));
	expect_status(sc1(p, MR_FINALIZE, td.tdr), BUSY(RCX));
	expect_status(sc2(p, MR_EXTEND, TD_GPA, td.tdr), BUSY(RDX));
	expect_status(sc4(p, MEM_PAGE_ADD, NEXT_GPA, td.tdr, free, PLAT_HOST), BUSY(RDX));
	expect_status(sc_raw(p, VP_INIT_V1, td.uninit_vcpu, 0, 1, 0), BUSY(TDR));
	expect_status(sc1(p, PHYMEM_PAGE_RECLAIM, td.tdr), BUSY(RCX));
	expect_status(sc1(p, VP_FLUSH, td.tdvpr[0]), BUSY(RCX));
	expect_status(sc2(p, VP_ADDCX, free, td.tdvpr[0]), BUSY(RDX));
	expect_status(sc1(p, VP_INIT, td.tdvpr[0]), BUSY(RCX));
	/* Shared users of both get past the locks. */
	expect_status(sc1(p, VP_ENTER, td.tdvpr[0]), TDX_STATUS(VCPU_STATE_INCORRECT, 0));
	expect_ok(sc2(p, MNG_RD, td.tdr, TDX_FIELD_TSC_OFFSET));
	p->lp = 0;
	td_interrupt(&td);
	expect_ok(sc1(p, VP_FLUSH, td.tdvpr[0]));
	plat_free(p);
}

static void tdvpr_exclusive(void **state)
{
	struct plat *p = plat_ready();
	struct tdx_gprs before;
	struct td td;
	struct bg bg;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);
	td_run_interrupted(&td, 0);
	expect_ok(sc1(p, VP_FLUSH, td.tdvpr[0]));
	p->lp = 1;
	td_run_interrupted(&td, 0);
	p->lp = 0;
	bg_call(&bg, p, when_locked, page_lock(p, td.tdvpr[0]), TDH_VP_FLUSH, td.tdvpr[0], 0, 0, 0);
	expect_status(sc1(p, VP_ENTER, td.tdvpr[0]), BUSY(RCX));
	before = p->g;
	/* KVM enters again with the same registers: all but RAX must have come back. */
	for (unsigned int i = TDX_RDX; i < TDX_NR_GPRS; i++)
		if (i != TDX_RDX && i != TDX_R8 && i != TDX_R9)
			assert_int_equal(before.r[i], 0xdead000000000000 | i);
	assert_int_equal(before.r[TDX_RCX], td.tdvpr[0]);
	expect_status(sc2(p, VP_RD, td.tdvpr[0], TDX_FIELD_PEND_NMI), BUSY(RCX));
	expect_status(sc4(p, VP_WR, td.tdvpr[0], TDX_FIELD_PEND_NMI, 1, 1), BUSY(RCX));
	expect_status(sc1(p, VP_FLUSH, td.tdvpr[0]), BUSY(RCX));
	expect_ok(bg_finish(&bg));
	td_run_interrupted(&td, 0);
	plat_free(p);
}

/* INIT and FINALIZE hold this lock only under an exclusive TDR: the test stands in for them. */
static void op_state_lock(void **state)
{
	struct plat *p = plat_ready();
	struct td td;
	struct bg bg;

	(void)state;
	td_to(p, &td, 2, STAGE_UNINITIALIZED);
	bg_call(&bg, p, when_locked, &td_of(&td)->op_state_lock, TDH_MNG_INIT, td.tdr, td.params_pa,
		0, 0);
	expect_status(sc2(p, MNG_RD, td.tdr, TDX_FIELD_TSC_OFFSET), BUSY(RCX));
	expect_ok(bg_finish(&bg));

	assert_true(tdx_trylock_excl(&td_of(&td)->op_state_lock));
	expect_status(sc2(p, MNG_RD, td.tdr, TDX_FIELD_TSC_OFFSET), BUSY(OP_STATE));
	expect_status(sc2(p, VP_CREATE, page_new(p), td.tdr), BUSY(OP_STATE));
	expect_status(sc1(p, MEM_TRACK, td.tdr), BUSY(OP_STATE));
	expect_status(sc1(p, MR_FINALIZE, td.tdr), BUSY(OP_STATE));
	tdx_unlock_excl(&td_of(&td)->op_state_lock);
	plat_free(p);
}

static void sept_tree(void **state)
{
	struct plat *p = plat_ready();
	uint64_t page, free;
	struct td td;
	struct bg bg;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);
	page = page_new(p);
	free = page_new(p);
	bg_call(&bg, p, when_locked, page_lock(p, page), TDH_MEM_PAGE_AUG, NEXT_GPA, td.tdr, page,
		0);
	expect_status(sc2(p, MEM_RANGE_BLOCK, TD_GPA, td.tdr), BUSY(SEPT_TREE));
	expect_ok(sc3(p, MEM_SEPT_ADD, 2 * TD_GPA | 1, td.tdr, free));	/* shared with shared */
	expect_ok(bg_finish(&bg));

	free = page_new(p);
	bg_call(&bg, p, when_locked, &td_of(&td)->sept_lock, TDH_MEM_RANGE_BLOCK, NEXT_GPA, td.tdr,
		0, 0);
	expect_status(sc3(p, MEM_PAGE_AUG, TD_GPA + 2 * PAGE, td.tdr, free), BUSY(SEPT_TREE));
	expect_status(sc3(p, MEM_SEPT_ADD, 3 * TD_GPA | 1, td.tdr, free), BUSY(SEPT_TREE));
	expect_status(sc2(p, MEM_PAGE_REMOVE, TD_GPA, td.tdr), BUSY(SEPT_TREE));
	expect_status(sc2(p, MEM_RANGE_BLOCK, TD_GPA, td.tdr), BUSY(SEPT_TREE));
	expect_ok(bg_finish(&bg));
	plat_free(p);
}

static uint64_t *entry_of(struct td *td, uint64_t gpa)
{
	struct sept_pos pos;

	assert_true(sept_walk(td->p->m, td_of(td), gpa, 0, SEPT_HOST, &pos));
	return pos.entry;
}

static void sept_entry_host(void **state)
{
	struct plat *p = plat_ready();
	struct td td;
	struct bg bg;
	uint64_t page, *entry;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);
	page = page_new(p);
	entry = entry_of(&td, NEXT_GPA);
	bg_call(&bg, p, when_entry_locked, entry, TDH_MEM_PAGE_AUG, NEXT_GPA, td.tdr, page, 0);
	expect_status(sc3(p, MEM_PAGE_AUG, NEXT_GPA, td.tdr, page_new(p)), BUSY(RCX));
	assert_true(*entry & SEPT_HOST_PRIORITY);
	expect_ok(bg_finish(&bg));
	assert_false(*entry & (SEPT_HOST_PRIORITY | SEPT_LOCK));
	assert_int_equal(sept_state(*entry), SEPT_PENDING);
	plat_free(p);
}

static void run_accept(struct bg *bg)
{
	struct tdx_vcpu *v = bg->p->m->lp[bg->lp].running;
	struct tdx_gprs host = { 0 };
	struct tdx_result res = { 0 };

	tdx_page_accept(bg->p->m, bg->lp, v, &bg->g, &host, &res);
}

/* The host meets a TD that is accepting the page: the TD yields until the host has had its turn. */
static void sept_entry_guest(void **state)
{
	struct plat *p = plat_ready();
	struct tdx_result res;
	struct td td;
	struct bg bg;
	uint64_t *entry;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);
	td_aug(&td, NEXT_GPA, page_new(p));
	td_aug(&td, NEXT_GPA + PAGE, page_new(p));
	entry = entry_of(&td, NEXT_GPA);
	td_enter(&td, 0);
	bg = (struct bg) { .p = p, .lp = 0, .run = run_accept, .g.r[TDX_RCX] = NEXT_GPA };
	bg_start(&bg, when_entry_locked, entry);
	p->lp = 1;
	expect_status(sc2(p, MEM_RANGE_BLOCK, NEXT_GPA, td.tdr), BUSY(RCX));
	assert_true(*entry & SEPT_HOST_PRIORITY);
	expect_ok(bg_finish(&bg));
	assert_int_equal(sept_state(*entry), SEPT_MAPPED);
	assert_true(*entry & SEPT_HOST_PRIORITY);
	expect_ok(sc2(p, MEM_RANGE_BLOCK, NEXT_GPA, td.tdr));
	assert_false(*entry & SEPT_HOST_PRIORITY);

	/* ACCEPT against a lock, and against a host that is waiting. */
	p->lp = 0;
	entry = entry_of(&td, NEXT_GPA + PAGE);
	*entry |= SEPT_LOCK;
	expect_status(td_accept(&td, NEXT_GPA + PAGE, &res), BUSY(RCX));
	*entry ^= SEPT_LOCK | SEPT_HOST_PRIORITY;
	expect_status(td_accept(&td, NEXT_GPA + PAGE, &res), BUSY(RCX));
	*entry ^= SEPT_HOST_PRIORITY;
	expect_ok(td_accept(&td, NEXT_GPA + PAGE, &res));
	td_interrupt(&td);
	plat_free(p);
}

static void epoch_lock(void **state)
{
	struct plat *p = plat_ready();
	struct td td;
	struct bg bg;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);
	expect_ok(sc1(p, VP_FLUSH, td.tdvpr[0]));
	bg_call(&bg, p, when_locked, &td_of(&td)->epoch_lock, TDH_VP_ENTER, td.tdvpr[0], 0, 0, 0);
	expect_status(sc1(p, MEM_TRACK, td.tdr), BUSY(TD_EPOCH));
	bg_finish(&bg);
	p->lp = 1;
	td_interrupt(&td);

	/* MEM.TRACK makes no call to the outside under the lock: the test stands in for it. */
	assert_true(tdx_trylock_excl(&td_of(&td)->epoch_lock));
	expect_status(sc1(p, VP_ENTER, td.tdvpr[0]), BUSY(TD_EPOCH));
	tdx_unlock_excl(&td_of(&td)->epoch_lock);
	assert_int_equal(td_of(&td)->refcount[0] + td_of(&td)->refcount[1], 0);
	td_run_interrupted(&td, 0);
	plat_free(p);
}

/* A page operand that another leaf is about to take. */
static void page_operand(void **state)
{
	struct plat *p = plat_ready();
	struct td td;
	struct bg bg;
	uint64_t page;

	(void)state;
	td_to(p, &td, 2, STAGE_INITIALIZED);
	page = page_new(p);
	bg_call(&bg, p, when_locked, page_lock(p, page), TDH_MEM_SEPT_ADD, 2 * TD_GPA | 1, td.tdr,
		page, 0);
	expect_status(sc2(p, VP_CREATE, page, td.tdr), BUSY(RCX));
	expect_status(sc2(p, MNG_CREATE, page, 3), BUSY(RCX));
	expect_status(sc3(p, MEM_PAGE_AUG, NEXT_GPA, td.tdr, page), BUSY(R8));
	expect_status(sc1(p, PHYMEM_PAGE_RDMD, page), BUSY(RCX));
	expect_status(sc1(p, PHYMEM_PAGE_WBINVD, page), BUSY(RCX));
	expect_status(sc1(p, PHYMEM_PAGE_RECLAIM, page), BUSY(RCX));
	expect_ok(bg_finish(&bg));

	/* The page that PAGE.REMOVE finds mapped: no leaf stops there, the test stands in. */
	assert_true(tdx_trylock_excl(page_lock(p, td.page)));
	expect_status(sc2(p, MEM_PAGE_REMOVE, TD_GPA, td.tdr), BUSY(RCX));
	tdx_unlock_excl(page_lock(p, td.page));
	expect_ok(sc2(p, MEM_PAGE_REMOVE, TD_GPA, td.tdr));
	plat_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sys_lock),	   cmocka_unit_test(kot_lock),
		cmocka_unit_test(key_programming), cmocka_unit_test(tdr_exclusive),
		cmocka_unit_test(running_vcpu),	   cmocka_unit_test(tdvpr_exclusive),
		cmocka_unit_test(op_state_lock),   cmocka_unit_test(sept_tree),
		cmocka_unit_test(sept_entry_host), cmocka_unit_test(sept_entry_guest),
		cmocka_unit_test(epoch_lock),	   cmocka_unit_test(page_operand),
	};

	return cmocka_run_group_tests_name("model_locks", tests, NULL, NULL);
}
