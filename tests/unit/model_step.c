// SPDX-License-Identifier: GPL-2.0
/* The zero-step filter (fact sheet 4.4): a TD that faults at one RIP only goes on when its pages are there. */
#include "platform.h"

#include <string.h>

#define RIP		0x1000
#define GPA(n)		(TD_GPA + (1 + (n)) * PAGE)
#define BUSY_TREE	TDX_STATUS(OPERAND_BUSY, TDX_OP_SEPT_TREE)

static struct tdx_td *td_of(struct td *td)
{
	return &td->p->m->tds[tdx_pamt(td->p->m, td->tdr)->slot];
}

/* The running vCPU touches @gpa, which is not there. */
static void fault(struct td *td, uint64_t gpa, uint64_t rip)
{
	struct tdx_event ev = { .kind = TDX_EV_EPT };
	struct tdx_gprs guest = { 0 };
	struct tdx_result res;
	struct tdx_xlate x;

	assert_false(tdx_translate(td->p->m, td->p->lp, gpa, TDX_ACCESS_READ, &x, &ev));
	ev.rip = rip;
	td_leave(td, &ev, &guest, &res);
	assert_int_equal(td->p->g.r[TDX_RAX], 48);
}

/* Six faults at RIP that the host resolves, then one more at GPA(6), which it does not. */
static void reach_filter(struct plat *p, struct td *td)
{
	td_to(p, td, 2, STAGE_RUNNABLE);
	for (unsigned int i = 0; i < 6; i++) {
		td_enter(td, 0);
		fault(td, GPA(i), RIP);
	}
	td_enter(td, 0);	/* six are not enough, though none was resolved */
	fault(td, GPA(6), RIP);
}

/* Turned red by: a filter that lets the TD run, that enters, or that leaves the epoch counted. */
static void faked_violation(void **state)
{
	struct plat *p = plat_ready();
	struct td td;

	(void)state;
	reach_filter(p, &td);
	expect_ok(sc1(p, MEM_TRACK, td.tdr));
	expect_status(sc1(p, VP_ENTER, td.tdvpr[0]), TDX_STATUS(SUCCESS, 48));
	assert_false(tdx_lp_in_td(p->m, 0));
	for (unsigned int i = TDX_RCX; i < TDX_NR_GPRS; i++)
		assert_int_equal(p->g.r[i], i == TDX_RCX ? 2 : i == TDX_R8 ? GPA(6) :
				 i == TDX_RSP || i == TDX_RBP ? (0xdead000000000000 | i) : 0);
	assert_int_equal(td_of(&td)->refcount[0] | td_of(&td)->refcount[1], 0);

	/* The new epoch has not been entered yet: the flush is still to come. */
	td_aug(&td, GPA(6), page_new(p));
	td_enter(&td, 0);
	assert_true(p->enter.flush);
	td_interrupt(&td);
	plat_free(p);
}

/* Turned red by: a filter that looks at the tables without their lock. */
static void tree_busy(void **state)
{
	struct plat *p = plat_ready();
	uint64_t page;
	struct bg bg;
	struct td td;

	(void)state;
	reach_filter(p, &td);
	page = page_new(p);
	bg_call(&bg, p, when_locked, &td_of(&td)->sept_lock, TDH_MEM_PAGE_AUG, GPA(6), td.tdr, page,
		0);
	expect_status(sc1(p, VP_ENTER, td.tdvpr[0]), BUSY_TREE);
	for (unsigned int i = TDX_R10; i < TDX_NR_GPRS; i++)
		assert_int_equal(p->g.r[i], 0xdead000000000000 | i);
	assert_int_equal(td_of(&td)->refcount[0] | td_of(&td)->refcount[1], 0);
	expect_ok(bg_finish(&bg));
	td_enter(&td, 0);
	td_interrupt(&td);
	plat_free(p);
}

/* Progress clears: another RIP, whatever the exit. */
static void progress(void **state)
{
	struct plat *p = plat_ready();
	struct td td;

	(void)state;
	reach_filter(p, &td);
	td_aug(&td, GPA(6), page_new(p));
	td_enter(&td, 0);
	td_interrupt(&td);		/* at RIP 0 */
	expect_ok(sc2(p, MEM_RANGE_BLOCK, GPA(6), td.tdr));
	td_enter(&td, 0);
	fault(&td, GPA(7), RIP);
	td_enter(&td, 0);
	td_interrupt(&td);
	plat_free(p);
}

/* The running vCPU makes a TDVMCALL from the instruction at RIP. */
static void vmcall(struct td *td)
{
	struct tdx_event ev = { .kind = TDX_EV_TDCALL, .insn_len = 4, .rip = RIP,
				.long_mode = true };
	struct tdx_gprs guest = { 0 };
	struct tdx_result res;

	guest.r[TDX_RCX] = 1 << TDX_R10 | 1 << TDX_R11;
	td_leave(td, &ev, &guest, &res);
	assert_int_equal(td->p->g.r[TDX_RAX], 77);
}

/*
 * One TDCALL instruction serves TDVMCALLs and ACCEPTs: the vCPU has left by a TDVMCALL in between, so it
 * has gone on. Turned red by: comparing the exits' RIPs instead of exit and entry.
 */
static void vmcall_is_progress(void **state)
{
	struct plat *p = plat_ready();
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);
	for (unsigned int i = 0; i < 10; i++) {
		td_enter(&td, 0);
		fault(&td, GPA(i), RIP);
		td_enter(&td, 0);
		vmcall(&td);
	}
	td_enter(&td, 0);
	td_interrupt(&td);
	plat_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faked_violation),
		cmocka_unit_test(tree_busy),
		cmocka_unit_test(progress),
		cmocka_unit_test(vmcall_is_progress),
	};

	return cmocka_run_group_tests_name("model_step", tests, NULL, NULL);
}
