// SPDX-License-Identifier: GPL-2.0
/* The life of a TD, as KVM drives it, and what must be left of it afterwards: nothing. */
#include "platform.h"

#include <string.h>

/* Turned red by: any leaf of the happy path that refuses, any page that RECLAIM forgets. */
static void whole_life(void **state)
{
	struct plat *p = plat_ready();
	struct tdx_result res;
	struct tdx_ledger l;
	struct td td;
	uint64_t page, gpa = TD_GPA + PAGE;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);
	tdx_ledger(p->m, &l);
	assert_int_equal(l.tds_live, 1);
	assert_int_equal(l.hkids_live, 1);
	assert_int_equal(l.vcpus_live, 3);
	assert_int_equal(l.sept_leaves_live, 1);

	/* The TD asks for a page, gets it, accepts it. */
	td_enter(&td, 0);
	assert_true(p->enter.first);
	td_accept(&td, gpa, &res);
	assert_int_equal(res.action, TDX_TD_EXIT);
	assert_int_equal(p->g.r[TDX_RAX], 48);
	assert_int_equal(p->g.r[TDX_R8], gpa);
	page = page_new(p);
	memset(page_ptr(p, page), 0xee, PAGE);
	td_aug(&td, gpa, page);
	assert_int_not_equal(*(uint8_t *)page_ptr(p, page), 0);
	td_enter(&td, 0);
	assert_false(p->enter.first);
	assert_int_equal(td_accept(&td, gpa, &res), TDX_SUCCESS);
	assert_int_equal(*(uint8_t *)page_ptr(p, page), 0);
	td_interrupt(&td);

	/* The host takes it back: block, track, remove. */
	expect_ok(sc2(p, MEM_RANGE_BLOCK, gpa, td.tdr));
	expect_ok(sc1(p, MEM_TRACK, td.tdr));
	expect_ok(sc2(p, MEM_PAGE_REMOVE, gpa, td.tdr));
	assert_int_equal(p->g.r[TDX_RCX], page);
	expect_ok(sc1(p, PHYMEM_PAGE_WBINVD, page | td.hkid << PLAT_PA_BITS));

	td_destroy(&td);
	expect_ledger_empty(p);
	for (uint64_t pa = PLAT_TDMR; pa < PLAT_RAM; pa += PAGE)
		assert_false(p->owned[pa / PAGE]);
	expect_ok(sc1(p, PHYMEM_PAGE_WBINVD, td.tdr | (uint64_t)GLOBAL_HKID << PLAT_PA_BITS));
	plat_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
