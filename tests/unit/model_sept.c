// SPDX-License-Identifier: GPL-2.0
/* Secure EPT: operands, every (leaf, entry state) pair of 6.2, TLB tracking (6.3). */
#include "platform.h"

#include <string.h>

#define INVALID(op)	TDX_STATUS(OPERAND_INVALID, TDX_OP_##op)
#define WALK_FAILED	TDX_STATUS(EPT_WALK_FAILED, TDX_OP_RCX)
#define WRONG_STATE	TDX_STATUS(EPT_ENTRY_STATE_INCORRECT, TDX_OP_RCX)
#define NEXT_GPA	(TD_GPA + PAGE)

static struct tdx_td *td_of(struct td *td)
{
	return &td->p->m->tds[tdx_pamt(td->p->m, td->tdr)->slot];
}

/* GPA|level of each leaf (2.2). Turned red by: a range, alignment or width check that is lost. */
static void gpa_operands(void **state)
{
	struct plat *p = plat_ready();
	uint64_t page;
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_INITIALIZED);
	page = page_new(p);
	expect_status(sc3(p, MEM_SEPT_ADD, GiB | 0, td.tdr, page), INVALID(RCX));
	expect_status(sc3(p, MEM_SEPT_ADD, 0 | 4, td.tdr, page), INVALID(RCX));
	expect_status(sc3(p, MEM_SEPT_ADD, GiB | 7, td.tdr, page), INVALID(RCX));
	expect_status(sc3(p, MEM_SEPT_ADD, (GiB + PAGE) | 1, td.tdr, page), INVALID(RCX));
	expect_status(sc3(p, MEM_SEPT_ADD, 3 * MiB | 1, td.tdr, page), INVALID(RCX));
	expect_status(sc3(p, MEM_SEPT_ADD, 1ULL << 47 | 3, td.tdr, page), INVALID(RCX));
	expect_status(sc4(p, MEM_PAGE_ADD, NEXT_GPA | 1, td.tdr, page, PLAT_HOST), INVALID(RCX));
	expect_status(sc3(p, MEM_PAGE_AUG, 2 * TD_GPA | 1, td.tdr, page), INVALID(RCX)); /* 2M */
	expect_status(sc3(p, MEM_PAGE_AUG, TD_GPA | 2, td.tdr, page), INVALID(RCX));
	expect_status(sc3(p, MEM_PAGE_AUG, NEXT_GPA | 8, td.tdr, page), INVALID(RCX));
	expect_status(sc3(p, MEM_PAGE_AUG, NEXT_GPA | 1ULL << 47, td.tdr, page), INVALID(RCX));
	expect_status(sc3(p, MEM_PAGE_AUG, NEXT_GPA | 1ULL << 52, td.tdr, page), INVALID(RCX));
	expect_status(sc2(p, MEM_RANGE_BLOCK, 0 | 4, td.tdr), INVALID(RCX));
	expect_status(sc2(p, MEM_PAGE_REMOVE, 0 | 3, td.tdr), INVALID(RCX));
	/* The page is looked at last. */
	expect_status(sc3(p, MEM_PAGE_AUG, TD_GPA, td.tdr, PLAT_HOST), WRONG_STATE);
	expect_status(sc3(p, MEM_PAGE_AUG, NEXT_GPA, td.tdr, PLAT_HOST),
		      TDX_STATUS(OPERAND_ADDR_RANGE_ERROR, TDX_OP_R8));
	expect_status(sc3(p, MEM_PAGE_AUG, NEXT_GPA, td.tdr, td.page),
		      TDX_STATUS(PAGE_METADATA_INCORRECT, TDX_OP_R8));
	expect_status(sc4(p, MEM_PAGE_ADD, NEXT_GPA, td.tdr, page, PLAT_HOST + 8), INVALID(R9));
	expect_status(sc4(p, MEM_PAGE_ADD, NEXT_GPA, td.tdr, page, PLAT_RAM), INVALID(R9));
	expect_status(sc4(p, MEM_PAGE_ADD, NEXT_GPA, td.tdr, page, td.page), INVALID(R9));
	assert_false(tdx_pa_private(p->m, page));
	plat_free(p);
}

/* RCX and RDX tell where a walk ended, and on what (6.1). */
static void ext_errors(void **state)
{
	struct plat *p = plat_ready();
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_INITIALIZED);
	expect_status(sc3(p, MEM_PAGE_AUG, 8 * GiB, td.tdr, page_new(p)), WALK_FAILED);
	assert_int_equal(p->g.r[TDX_RCX], 1ULL << 63);
	assert_int_equal(p->g.r[TDX_RDX], 2);
	expect_status(sc2(p, MEM_RANGE_BLOCK, 1ULL << 40, td.tdr), WALK_FAILED);
	assert_int_equal(p->g.r[TDX_RDX], 3);
	expect_status(sc3(p, MEM_SEPT_ADD, TD_GPA | 1, td.tdr, page_new(p)), WRONG_STATE);
	assert_int_equal(p->g.r[TDX_RCX], 1ULL << 63 | td.sept[2] | 7);
	assert_int_equal(p->g.r[TDX_RDX], 1 | 0x84 << 8);
	expect_status(sc3(p, MEM_PAGE_AUG, TD_GPA, td.tdr, page_new(p)), WRONG_STATE);
	assert_int_equal(p->g.r[TDX_RCX], 1ULL << 63 | td.page | 7 | 6 << 3 | 1 << 6 | 1 << 7);
	assert_int_equal(p->g.r[TDX_RDX], 0 | 4 << 8);
	plat_free(p);
}

/* ---- (leaf, entry state) ---------------------------------------------------- */

enum op { ADD_TABLE, ADD, AUG, BLOCK, REMOVE, EXTEND, ACCEPT, NR_OPS };
static const char *const op_names[NR_OPS] = {
	"SEPT.ADD", "PAGE.ADD", "PAGE.AUG", "RANGE.BLOCK", "PAGE.REMOVE", "MR.EXTEND",
	"PAGE.ACCEPT",
};

#define ABSENT	TDX_STATUS(EPT_ENTRY_NOT_PRESENT, 0)
#define STOPPED	TDX_STATUS(EPT_ENTRY_NOT_PRESENT, TDX_OP_RCX)
#define BLOCKED_ALREADY TDX_STATUS(GPA_RANGE_ALREADY_BLOCKED, TDX_OP_RCX)
#define UNTRACKED TDX_STATUS(GPA_RANGE_NOT_BLOCKED, 0)
#define ACCEPTED(l) TDX_STATUS(PAGE_ALREADY_ACCEPTED, l)
#define MISMATCH TDX_STATUS(PAGE_SIZE_MISMATCH, 1)
#define TD_EXIT	1	/* ACCEPT: not a status, the host gets an EPT violation */
#define NONE	~0ULL	/* the leaf has no operand of that level */

static const struct {
	const char *name;
	unsigned int level;
	enum sept_state state;
	/* before FINALIZE: tracking is not required and PAGE.ADD, MR.EXTEND run */
	uint64_t want[NR_OPS];
	enum sept_state after[NR_OPS];
} sept_rows[] = {
	{ "FREE", 0, SEPT_FREE,
	  { NONE, TDX_SUCCESS, TDX_SUCCESS, WRONG_STATE, WRONG_STATE, ABSENT, TD_EXIT },
	  { 0, SEPT_MAPPED, SEPT_PENDING, SEPT_FREE, SEPT_FREE, SEPT_FREE, SEPT_FREE } },
	{ "MAPPED", 0, SEPT_MAPPED,
	  { NONE, WRONG_STATE, WRONG_STATE, TDX_SUCCESS, TDX_SUCCESS, TDX_SUCCESS, ACCEPTED(0) },
	  { 0, SEPT_MAPPED, SEPT_MAPPED, SEPT_BLOCKED, SEPT_FREE, SEPT_MAPPED, SEPT_MAPPED } },
	{ "PENDING", 0, SEPT_PENDING,
	  { NONE, WRONG_STATE, WRONG_STATE, TDX_SUCCESS, TDX_SUCCESS, ABSENT, TDX_SUCCESS },
	  { 0, SEPT_PENDING, SEPT_PENDING, SEPT_PENDING_BLOCKED, SEPT_FREE, SEPT_PENDING,
	    SEPT_MAPPED } },
	{ "BLOCKED", 0, SEPT_BLOCKED,
	  { NONE, WRONG_STATE, WRONG_STATE, BLOCKED_ALREADY, TDX_SUCCESS, ABSENT, TD_EXIT },
	  { 0, SEPT_BLOCKED, SEPT_BLOCKED, SEPT_BLOCKED, SEPT_FREE, SEPT_BLOCKED, SEPT_BLOCKED } },
	{ "PENDING_BLOCKED", 0, SEPT_PENDING_BLOCKED,
	  { NONE, WRONG_STATE, WRONG_STATE, BLOCKED_ALREADY, TDX_SUCCESS, ABSENT, TD_EXIT },
	  { 0, SEPT_PENDING_BLOCKED, SEPT_PENDING_BLOCKED, SEPT_PENDING_BLOCKED, SEPT_FREE,
	    SEPT_PENDING_BLOCKED, SEPT_PENDING_BLOCKED } },
	{ "FREE table", 1, SEPT_FREE,
	  { TDX_SUCCESS, WALK_FAILED, WALK_FAILED, WRONG_STATE, WRONG_STATE, STOPPED, TD_EXIT },
	  { SEPT_NL_MAPPED, SEPT_FREE, SEPT_FREE, SEPT_FREE, SEPT_FREE, SEPT_FREE, SEPT_FREE } },
	{ "NL_MAPPED", 1, SEPT_NL_MAPPED,
	  { WRONG_STATE, NONE, NONE, TDX_SUCCESS, WRONG_STATE, NONE, MISMATCH },
	  { SEPT_NL_MAPPED, 0, 0, SEPT_NL_BLOCKED, SEPT_NL_MAPPED, 0, SEPT_NL_MAPPED } },
	{ "NL_BLOCKED", 1, SEPT_NL_BLOCKED,
	  { WRONG_STATE, NONE, NONE, BLOCKED_ALREADY, WRONG_STATE, NONE, TD_EXIT },
	  { SEPT_NL_BLOCKED, 0, 0, SEPT_NL_BLOCKED, SEPT_NL_BLOCKED, 0, SEPT_NL_BLOCKED } },
};

/* Bring the entry for @gpa at @level into @to. */
static void make_state(struct td *td, uint64_t gpa, unsigned int level, enum sept_state to)
{
	struct plat *p = td->p;

	if (level) {
		if (to != SEPT_FREE)
			expect_ok(sc3(p, MEM_SEPT_ADD, gpa | level, td->tdr, page_new(p)));
	} else if (to == SEPT_MAPPED || to == SEPT_BLOCKED) {
		expect_ok(sc4(p, MEM_PAGE_ADD, gpa, td->tdr, page_new(p), PLAT_HOST));
	} else if (to != SEPT_FREE) {
		td_aug(td, gpa, page_new(p));
	}
	if (to == SEPT_BLOCKED || to == SEPT_PENDING_BLOCKED || to == SEPT_NL_BLOCKED)
		expect_ok(sc2(p, MEM_RANGE_BLOCK, gpa | level, td->tdr));
	assert_int_equal(td_sept_state(td, gpa, level), to);
}

/* ACCEPT needs a running vCPU: finish the TD first. */
static uint64_t accept(struct td *td, uint64_t gpa_level)
{
	struct tdx_result res;
	uint64_t rax;

	expect_ok(sc1(td->p, MR_FINALIZE, td->tdr));
	td_enter(td, 0);
	rax = td_accept(td, gpa_level, &res);
	if (res.action == TDX_TD_EXIT)
		return TD_EXIT;
	assert_int_equal(res.action, TDX_TD_NEXT);
	td_interrupt(td);
	return rax;
}

static uint64_t apply(struct td *td, enum op op, uint64_t gpa, unsigned int level)
{
	struct plat *p = td->p;

	switch (op) {
	case ADD_TABLE:	return sc3(p, MEM_SEPT_ADD, gpa | level, td->tdr, page_new(p));
	case ADD:	return sc4(p, MEM_PAGE_ADD, gpa, td->tdr, page_new(p), PLAT_HOST);
	case AUG:	return sc3(p, MEM_PAGE_AUG, gpa, td->tdr, page_new(p));
	case BLOCK:	return sc2(p, MEM_RANGE_BLOCK, gpa | level, td->tdr);
	case REMOVE:	return sc2(p, MEM_PAGE_REMOVE, gpa | level, td->tdr);
	case EXTEND:	return sc2(p, MR_EXTEND, gpa, td->tdr);
	default:	return accept(td, gpa | level);
	}
}

/* Turned red by: any transition of 6.2 that is allowed or refused wrongly, or leads elsewhere. */
static void entry_states(void **state)
{
	unsigned int visited = 0, wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(sept_rows) / sizeof(sept_rows[0]); i++)
		for (unsigned int op = 0; op < NR_OPS; op++) {
			unsigned int level = sept_rows[i].level;
			uint64_t gpa = level ? 4 * TD_GPA : NEXT_GPA;
			uint64_t want = sept_rows[i].want[op], got;
			enum sept_state after;
			struct plat *p;
			struct td td;

			visited++;
			if (want == NONE)
				continue;
			p = plat_ready();
			td_to(p, &td, 2, STAGE_INITIALIZED);
			make_state(&td, gpa, level, sept_rows[i].state);
			got = apply(&td, op, gpa, level);
			after = td_sept_state(&td, gpa, level);
			if (got != want || after != sept_rows[i].after[op]) {
				print_error("%s on %s: got %s|%#x, expected %s|%#x; entry %#x\n",
					    op_names[op], sept_rows[i].name, status_name(got),
					    (uint32_t)got, status_name(want), (uint32_t)want,
					    after);
				wrong++;
			}
			plat_free(p);
		}
	assert_int_equal(visited, 8 * 7);
	assert_int_equal(wrong, 0);
}

/* ---- tracking --------------------------------------------------------------- */

/* Turned red by: a page that leaves while a vCPU may still reach it, or that never can. */
static void tracking(void **state)
{
	const uint64_t untracked = TDX_STATUS(TLB_TRACKING_NOT_DONE, 0);
	const uint64_t busy = TDX_STATUS(PREVIOUS_TLB_EPOCH_BUSY, 0);
	struct plat *p = plat_ready();
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_INITIALIZED);
	td_vcpu_add(&td);
	expect_ok(sc1(p, VP_FLUSH, td.tdvpr[1]));
	expect_ok(sc1(p, MR_FINALIZE, td.tdr));
	expect_status(sc2(p, MEM_PAGE_REMOVE, TD_GPA, td.tdr), UNTRACKED);
	td_enter(&td, 0);			/* LP 0, epoch 1 */
	p->lp = 1;
	expect_ok(sc2(p, MEM_RANGE_BLOCK, TD_GPA, td.tdr));
	expect_status(sc2(p, MEM_PAGE_REMOVE, TD_GPA, td.tdr), untracked);
	expect_ok(sc1(p, MEM_TRACK, td.tdr));	/* epoch 2 */
	expect_status(sc2(p, MEM_PAGE_REMOVE, TD_GPA, td.tdr), untracked);
	expect_status(sc1(p, MEM_TRACK, td.tdr), busy);
	/* An entry in the new epoch does not count. */
	td_enter(&td, 1);
	p->lp = 2;
	expect_status(sc2(p, MEM_PAGE_REMOVE, TD_GPA, td.tdr), untracked);
	p->lp = 0;
	td_interrupt(&td);
	p->lp = 2;
	expect_ok(sc2(p, MEM_PAGE_REMOVE, TD_GPA, td.tdr));
	assert_int_equal(p->g.r[TDX_RCX], td.page);
	assert_int_equal(p->g.r[TDX_RDX], 0);
	/* Epoch 2 is in use by vCPU 1, epoch 1 by none: one more step, but not a second. */
	expect_ok(sc1(p, MEM_TRACK, td.tdr));
	expect_status(sc1(p, MEM_TRACK, td.tdr), busy);
	p->lp = 1;
	td_interrupt(&td);
	expect_ok(sc1(p, MEM_TRACK, td.tdr));
	plat_free(p);
}

/* Two epochs on, the block is tracked whoever runs. */
static void tracked_long_ago(void **state)
{
	struct plat *p = plat_ready();
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);
	expect_ok(sc2(p, MEM_RANGE_BLOCK, TD_GPA, td.tdr));
	expect_ok(sc1(p, MEM_TRACK, td.tdr));
	expect_ok(sc1(p, MEM_TRACK, td.tdr));
	td_enter(&td, 0);			/* epoch 3: the parity of the block's */
	p->lp = 1;
	expect_ok(sc2(p, MEM_PAGE_REMOVE, TD_GPA, td.tdr));
	p->lp = 0;
	td_interrupt(&td);
	plat_free(p);
}

/* A removed page is free, unreadable, and not counted; its GPA can be filled again. */
static void removed_page(void **state)
{
	struct plat *p = plat_ready();
	uint64_t before;
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_INITIALIZED);
	before = td_of(&td)->chldcnt;
	expect_ok(sc2(p, MEM_PAGE_REMOVE, TD_GPA, td.tdr));
	assert_int_equal(td_of(&td)->chldcnt, before - 1);
	assert_false(tdx_pa_private(p->m, td.page));
	assert_int_not_equal(*(uint8_t *)page_ptr(p, td.page), 0x11);
	td_aug(&td, TD_GPA, td.page);
	assert_int_equal(td_of(&td)->chldcnt, before);
	plat_free(p);
}

/* Under a blocked table the host still reaches the pages, the TD does not. */
static void blocked_table(void **state)
{
	struct plat *p = plat_ready();
	struct tdx_xlate x;
	struct tdx_event ev;
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);
	td_enter(&td, 0);
	assert_true(tdx_translate(p->m, 0, TD_GPA, TDX_ACCESS_READ, &x, &ev));
	p->lp = 1;
	expect_ok(sc2(p, MEM_RANGE_BLOCK, TD_GPA | 1, td.tdr));
	assert_false(tdx_translate(p->m, 0, TD_GPA, TDX_ACCESS_READ, &x, &ev));
	expect_ok(sc2(p, MEM_RANGE_BLOCK, TD_GPA, td.tdr));
	p->lp = 0;
	td_interrupt(&td);
	plat_free(p);
}

/* Five levels: the top table is the root, its entries are level 4. */
static void five_levels(void **state)
{
	struct plat *p = plat_ready();
	const uint64_t gpa = 1ULL << 50;
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_UNINITIALIZED);
	td.params->eptp_controls = TD_EPTP_WB | TD_EPTP_5_LEVEL;
	td.params->config_flags = TDX_CONFIG_GPAW;
	td_init(&td);
	td_vcpu_add(&td);
	expect_status(sc3(p, MEM_SEPT_ADD, gpa | 3, td.tdr, page_new(p)), WALK_FAILED);
	for (unsigned int level = 4; level; level--)
		expect_ok(sc3(p, MEM_SEPT_ADD, gpa | level, td.tdr, page_new(p)));
	expect_status(sc3(p, MEM_SEPT_ADD, 1ULL << 51 | 4, td.tdr, page_new(p)), INVALID(RCX));
	td_aug(&td, gpa, page_new(p));
	expect_ok(sc2(p, MEM_RANGE_BLOCK, gpa | 4, td.tdr));
	plat_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gpa_operands),	    cmocka_unit_test(ext_errors),
		cmocka_unit_test(entry_states),	    cmocka_unit_test(tracking),
		cmocka_unit_test(tracked_long_ago), cmocka_unit_test(removed_page),
		cmocka_unit_test(blocked_table),    cmocka_unit_test(five_levels),
	};

	return cmocka_run_group_tests_name("model_sept", tests, NULL, NULL);
}
