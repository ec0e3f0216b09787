// SPDX-License-Identifier: GPL-2.0
/*
 * Four LPs call random leaves on two TDs at once, and run their vCPUs with a TLB each that is only
 * flushed when the module says so. Two things must hold whatever the interleaving:
 *   - a translation that a running vCPU may still use leads to a page that is still its TD's (6.3);
 *   - afterwards the books balance: PAMT, S-EPT, child counts, reference counts, locks.
 *
 * Turned red by: any lock or epoch rule that is dropped (try "return true" in sept.c's tracked()).
 */
#include "platform.h"
#include "../../lib/tdx_abi/field.h"

#include <stdlib.h>
#include <string.h>

#define NR_LPS		4
#define NR_TDS		2
#define NR_GPAS		8
#define NR_PAGES	24
#define ROUNDS		100000
#define TLB_SIZE	NR_GPAS

static struct plat *plat;
static struct td tds[NR_TDS];
static uint64_t pages[NR_PAGES];

struct lp {
	unsigned int nr;
	uint64_t seed;
	struct tdx_gprs g;
	struct { uint64_t gpa, hpa; } tlb[TLB_SIZE];
	uint64_t stale, entries, removed;
	pthread_t thread;
};

static uint64_t any(struct lp *lp, uint64_t n)
{
	lp->seed = lp->seed * 6364136223846793005 + 1442695040888963407;
	return (lp->seed >> 33) % n;
}

static uint64_t any_gpa(struct lp *lp)
{
	return TD_GPA + any(lp, NR_GPAS) * PAGE;
}

static uint64_t call(struct lp *lp, uint64_t rax, uint64_t rcx, uint64_t rdx, uint64_t r8,
		     uint64_t r9, struct tdx_enter *enter)
{
	lp->g.r[TDX_RAX] = rax;
	lp->g.r[TDX_RCX] = rcx;
	lp->g.r[TDX_RDX] = rdx;
	lp->g.r[TDX_R8] = r8;
	lp->g.r[TDX_R9] = r9;
	if (tdx_seamcall(plat->m, lp->nr, &lp->g, enter) == TDX_SEAM_ENTER)
		return TDX_SUCCESS;
	return lp->g.r[TDX_RAX] ? lp->g.r[TDX_RAX] : ~0ULL;	/* success that is no entry */
}

/* What the vCPU reaches through its TLB must be its TD's. */
static void check_tlb(struct lp *lp, const struct td *td)
{
	for (unsigned int i = 0; i < TLB_SIZE; i++) {
		struct tdx_pamt page;

		if (!lp->tlb[i].gpa)
			continue;
		page = tdx_pamt_peek(tdx_pamt(plat->m, lp->tlb[i].hpa));
		if (page.pt != PT_REG || page.owner_pfn != td->tdr / PAGE)
			lp->stale++;
	}
}

static void run(struct lp *lp, const struct td *td)
{
	struct tdx_event irq = { .kind = TDX_EV_EXTINT, .vector = 0x20 }, fault;
	struct tdx_vcpu *v = plat->m->lp[lp->nr].running;
	struct tdx_gprs guest = { 0 };
	struct tdx_result res = { 0 };
	struct tdx_xlate x;

	lp->entries++;
	v->rip = any(lp, 4);	/* else the zero-step filter soon holds every vCPU */
	for (unsigned int n = any(lp, 16); n; n--) {
		unsigned int i = any(lp, NR_GPAS);
		uint64_t gpa = TD_GPA + i * PAGE;

		if (any(lp, 2)) {
			guest.r[TDX_RCX] = gpa;
			tdx_page_accept(plat->m, lp->nr, v, &guest, &lp->g, &res);
			if (res.action == TDX_TD_EXIT)
				return;
		} else if (tdx_translate(plat->m, lp->nr, gpa, TDX_ACCESS_READ, &x, &fault)) {
			lp->tlb[i].gpa = gpa;
			lp->tlb[i].hpa = x.hpa;
		}
		check_tlb(lp, td);
	}
	tdx_td_event(plat->m, lp->nr, &irq, &guest, &lp->g, &res);
}

static void step(struct lp *lp)
{
	const struct td *td = &tds[any(lp, NR_TDS)];
	uint64_t tdvpr = td->tdvpr[any(lp, td->nr_vcpus)], page = pages[any(lp, NR_PAGES)];
	struct tdx_enter enter;
	uint64_t status;

	switch (any(lp, 14)) {
	case 0 ... 4:
		if (call(lp, TDH_VP_ENTER, tdvpr, 0, 0, 0, &enter) != TDX_SUCCESS)
			break;
		if (enter.flush)
			memset(lp->tlb, 0, sizeof(lp->tlb));
		run(lp, td);
		break;
	case 5:
		status = call(lp, TDH_VP_FLUSH, tdvpr, 0, 0, 0, &enter);
		if (status == ~0ULL)
			memset(lp->tlb, 0, sizeof(lp->tlb));
		break;
	case 6:
	case 7:
		call(lp, TDH_MEM_PAGE_AUG, any_gpa(lp), td->tdr, page, 0, &enter);
		break;
	case 8:
		call(lp, TDH_MEM_RANGE_BLOCK, any_gpa(lp), td->tdr, 0, 0, &enter);
		break;
	case 9:
		call(lp, TDH_MEM_TRACK, td->tdr, 0, 0, 0, &enter);
		break;
	case 10:
	case 11:
		call(lp, TDH_MEM_PAGE_REMOVE, any_gpa(lp), td->tdr, 0, 0, &enter);
		lp->removed += lp->g.r[TDX_RAX] == TDX_SUCCESS;
		break;
	case 12:
		call(lp, TDH_PHYMEM_PAGE_RDMD, page, 0, 0, 0, &enter);
		call(lp, TDH_PHYMEM_PAGE_RECLAIM, page, 0, 0, 0, &enter);
		break;
	case 13:
		call(lp, TDH_VP_WR, tdvpr, TDX_FIELD_PEND_NMI, 1, 1, &enter);
		call(lp, TDH_MNG_RD, td->tdr, TDX_FIELD_TSC_OFFSET, 0, 0, &enter);
		break;
	}
}

static void *lp_main(void *arg)
{
	struct lp *lp = arg;

	for (unsigned int i = 0; i < ROUNDS; i++)
		step(lp);
	return NULL;
}

static void check_books(void)
{
	struct tdx_module *m = plat->m;
	uint64_t leaves = 0;
	struct tdx_ledger l;

	for (unsigned int i = 0; i < NR_TDS; i++) {
		struct tdx_td *td = &m->tds[tdx_pamt(m, tds[i].tdr)->slot];
		uint64_t owned = 0;

		assert_int_equal(td->refcount[0] | td->refcount[1], 0);
		assert_int_equal(td->sept_lock | td->epoch_lock | td->op_state_lock, 0);
		for (uint64_t pa = PLAT_TDMR; pa < plat->next_page; pa += PAGE) {
			const struct tdx_pamt *p = tdx_pamt(m, pa);

			assert_int_equal(p->lock, 0);
			owned += p->owner_pfn == tds[i].tdr / PAGE;
			assert_int_equal(plat->owned[pa / PAGE],
					 p->pt != PT_NDA && p->pt != PT_RSVD);
		}
		assert_int_equal(owned, td->chldcnt);
		for (unsigned int n = 0; n < NR_GPAS; n++) {
			struct sept_pos pos;
			struct tdx_pamt *p;

			assert_true(sept_walk(m, td, TD_GPA + n * PAGE, 0, SEPT_HOST, &pos));
			assert_false(*pos.entry & SEPT_LOCK);
			if (!sept_is_leaf(pos.value))
				continue;
			p = tdx_pamt(m, pos.value & SEPT_HPA);
			assert_int_equal(p->pt, PT_REG);
			assert_int_equal(p->owner_pfn, tds[i].tdr / PAGE);
			leaves++;
		}
	}
	tdx_ledger(m, &l);
	assert_int_equal(l.sept_leaves_live, leaves);
	assert_int_equal(l.pages_live, l.pages_donated - l.pages_returned);
}

static void random_leaves(void **state)
{
	static struct lp lps[NR_LPS];
	uint64_t entries = 0, removed = 0;

	(void)state;
	plat = plat_ready();
	for (unsigned int i = 0; i < NR_TDS; i++) {
		td_to(plat, &tds[i], 2 + i, STAGE_INITIALIZED);
		td_vcpu_add(&tds[i]);
		expect_ok(sc1(plat, MR_FINALIZE, tds[i].tdr));
		td_flush(&tds[i]);
	}
	for (unsigned int i = 0; i < NR_PAGES; i++)
		pages[i] = page_new(plat);
	for (unsigned int i = 0; i < NR_LPS; i++) {
		lps[i] = (struct lp) { .nr = i, .seed = 0x5eed + i };
		pthread_create(&lps[i].thread, NULL, lp_main, &lps[i]);
	}
	for (unsigned int i = 0; i < NR_LPS; i++) {
		pthread_join(lps[i].thread, NULL);
		assert_int_equal(lps[i].stale, 0);
		entries += lps[i].entries;
		removed += lps[i].removed;
	}
	/* Not vacuous. */
	assert_true(entries > ROUNDS / 10 && removed > ROUNDS / 1000);
	check_books();
	for (unsigned int i = 0; i < NR_TDS; i++)
		td_destroy(&tds[i]);
	plat_free(plat);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_leaves),
	};

	return cmocka_run_group_tests_name("model_stress", tests, NULL, NULL);
}
