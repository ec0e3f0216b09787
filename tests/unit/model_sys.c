// SPDX-License-Identifier: GPL-2.0
/* TDH.SYS.*, TDH.PHYMEM.*: the bring-up, TDMR checks, pages, caches (fact sheet 2.3, 2.4). */
#include "platform.h"
#include "../../lib/tdx_abi/field.h"

#include <string.h>

#define INVALID(op)	TDX_STATUS(OPERAND_INVALID, TDX_OP_##op)
#define RANGE(op)	TDX_STATUS(OPERAND_ADDR_RANGE_ERROR, TDX_OP_##op)
#define PT(op)		TDX_STATUS(PAGE_METADATA_INCORRECT, TDX_OP_##op)

/* Turned red by: a state or LP check that moves, an output register that is not written. */
static void bring_up_order(void **state)
{
	struct plat *p = plat_new();

	(void)state;
	expect_status(sc1(p, SYS_LP_INIT, 0), TDX_STATUS(SYS_LP_INIT_NOT_PENDING, 0));
	expect_status(sc2(p, SYS_RD, 0, TDX_FIELD_MAJOR_VERSION),
		      TDX_STATUS(SYS_LP_INIT_NOT_DONE, 0));
	expect_status(sc1(p, SYS_INIT, 1), INVALID(RCX));
	expect_ok(sc1(p, SYS_INIT, 0));
	expect_status(sc1(p, SYS_INIT, 0), TDX_STATUS(SYS_INIT_NOT_PENDING, 0));
	for (p->lp = 0; p->lp < p->pf.nr_lps; p->lp++) {
		plat_write_tdmrs(p);
		expect_status(plat_sys_config(p), TDX_STATUS(SYS_CONFIG_NOT_PENDING, 0));
		expect_ok(sc4(p, SYS_LP_INIT, 1, 2, 3, 4));
		assert_int_equal(p->g.r[TDX_RCX] | p->g.r[TDX_RDX] | p->g.r[TDX_R8], 0);
		assert_int_equal(p->g.r[TDX_R9], 4);
		expect_status(sc1(p, SYS_LP_INIT, 0), TDX_STATUS(SYS_LP_INIT_DONE, 0));
	}
	p->lp = 0;
	expect_ok(sc2(p, SYS_RD, 0, TDX_FIELD_MAJOR_VERSION));
	expect_ok(plat_sys_config(p));
	expect_status(sc1(p, SYS_LP_INIT, 0), TDX_STATUS(SYS_LP_INIT_NOT_PENDING, 0));
	p->no_entropy = true;
	expect_status(sc1(p, SYS_KEY_CONFIG, 0), TDX_STATUS(KEY_GENERATION_FAILED, 0));
	p->no_entropy = false;
	expect_ok(sc1(p, SYS_KEY_CONFIG, 0));
	expect_status(sc1(p, SYS_KEY_CONFIG, 0), TDX_STATUS(SYS_KEY_CONFIG_NOT_PENDING, 0));
	plat_free(p);
}

static void config_operands(void **state)
{
	struct plat *p = plat_new();

	(void)state;
	plat_sys_init(p);
	plat_write_tdmrs(p);
	expect_status(sc3(p, SYS_CONFIG, PLAT_HOST + 8, 2, 1), INVALID(RCX));
	expect_status(sc3(p, SYS_CONFIG, PLAT_HOST | 1ULL << PLAT_PA_BITS, 2, 1), INVALID(RCX));
	expect_status(sc3(p, SYS_CONFIG, PLAT_RAM, 2, 1), INVALID(RCX));
	expect_status(sc3(p, SYS_CONFIG, PLAT_HOST, 0, 1), INVALID(RDX));
	expect_status(sc3(p, SYS_CONFIG, PLAT_HOST, 65, 1), INVALID(RDX));
	expect_status(sc3(p, SYS_CONFIG, PLAT_HOST, 2, 0), INVALID(R8));
	expect_status(sc3(p, SYS_CONFIG, PLAT_HOST, 2, PLAT_KEYIDS + 1), INVALID(R8));
	expect_status(sc3(p, SYS_CONFIG, PLAT_HOST, 2, 0x10001), INVALID(R8));
	((uint64_t *)page_ptr(p, PLAT_HOST))[1] += 8;
	expect_status(plat_sys_config(p), INVALID(TDMR_INFO_PA));
	plat_write_tdmrs(p);
	expect_ok(plat_sys_config(p));
	plat_free(p);
}

/* Words of TDMR_INFO. */
enum { BASE, SIZE, P1G, P1G_SIZE, P2M, P2M_SIZE, P4K, P4K_SIZE, AREA0, AREA0_SIZE, AREA1,
       AREA1_SIZE, AREA2, AREA2_SIZE };

#define HOLE (PLAT_TDMR + PLAT_RESERVED)

/* One word of one TDMR_INFO changed; the detail names the TDMR and the PAMT level or area. */
static const struct {
	unsigned int tdmr, word;
	uint64_t value;
	unsigned int word2;
	uint64_t value2, status;
} tdmr_rows[] = {
	{ 0, BASE, GiB + PAGE, 0, 0, TDX_STATUS(INVALID_TDMR, 0) },
	{ 0, BASE, 1ULL << PLAT_PA_BITS, 0, 0, TDX_STATUS(INVALID_TDMR, 0) },
	{ 0, SIZE, 0, 0, 0, TDX_STATUS(INVALID_TDMR, 0) },
	{ 1, SIZE, GiB / 2, 0, 0, TDX_STATUS(INVALID_TDMR, 1) },
	{ 1, SIZE, ~0ULL << 30, 0, 0, TDX_STATUS(INVALID_TDMR, 1) },
	{ 1, BASE, PLAT_TDMR, 0, 0, TDX_STATUS(NON_ORDERED_TDMR, 1) },
	{ 1, BASE, PLAT_RAM, 0, 0, TDX_STATUS(TDMR_OUTSIDE_CMRS, 1) },
	{ 0, P4K, PLAT_PAMT + 512, 0, 0, TDX_STATUS(INVALID_PAMT, 0) },
	{ 0, P4K_SIZE, 4 * MiB - PAGE, 0, 0, TDX_STATUS(INVALID_PAMT, 0) },
	{ 0, P2M_SIZE, PAGE, 0, 0, TDX_STATUS(INVALID_PAMT, 1 << 8) },
	{ 1, P1G_SIZE, 0, 0, 0, TDX_STATUS(INVALID_PAMT, 1 | 2 << 8) },
	{ 1, P1G_SIZE, ~0ULL << 12, 0, 0, TDX_STATUS(INVALID_PAMT, 1 | 2 << 8) },
	{ 0, P1G, 0, 0, 0, TDX_STATUS(PAMT_OUTSIDE_CMRS, 2 << 8) },
	{ 0, P2M, MiB - PAGE, 0, 0, TDX_STATUS(PAMT_OUTSIDE_CMRS, 1 << 8) },
	{ 1, P4K, PLAT_PAMT + PAGE, 0, 0, TDX_STATUS(PAMT_OVERLAP, 1) },
	{ 0, P1G, PLAT_PAMT, 0, 0, TDX_STATUS(PAMT_OVERLAP, 2 << 8) },
	{ 0, P1G, PLAT_TDMR, 0, 0, TDX_STATUS(PAMT_OVERLAP, 2 << 8) },
	{ 0, P1G, PLAT_TDMR + GiB, 0, 0, TDX_STATUS(PAMT_OVERLAP, 2 << 8) },
	{ 0, P2M, HOLE + 2 * MiB - PAGE, 0, 0, TDX_STATUS(PAMT_OVERLAP, 1 << 8) },
	{ 0, P2M, HOLE, 0, 0, TDX_SUCCESS },
	{ 0, AREA0, PLAT_RESERVED + 1, 0, 0, TDX_STATUS(INVALID_RESERVED_IN_TDMR, 0) },
	{ 1, AREA0_SIZE, 512, 0, 0, TDX_STATUS(INVALID_RESERVED_IN_TDMR, 1) },
	{ 1, AREA0_SIZE, GiB, 0, 0, TDX_STATUS(INVALID_RESERVED_IN_TDMR, 1) },
	{ 0, AREA1, GiB, AREA1_SIZE, PAGE, TDX_STATUS(INVALID_RESERVED_IN_TDMR, 1 << 8) },
	{ 0, AREA2, GiB - PAGE, AREA2_SIZE, PAGE, TDX_STATUS(INVALID_RESERVED_IN_TDMR, 2 << 8) },
	{ 0, AREA1, 0, AREA1_SIZE, PAGE, TDX_STATUS(NON_ORDERED_RESERVED_IN_TDMR, 1 << 8) },
	{ 0, AREA1, PLAT_RESERVED + 2 * MiB, AREA1_SIZE, PAGE, TDX_SUCCESS },
};

static void tdmr_checks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tdmr_rows) / sizeof(tdmr_rows[0]); i++) {
		struct plat *p = plat_new();
		uint64_t *info = page_ptr(p, PLAT_HOST + PAGE + tdmr_rows[i].tdmr * 512), got;

		plat_sys_init(p);
		plat_write_tdmrs(p);
		info[tdmr_rows[i].word] = tdmr_rows[i].value;
		if (tdmr_rows[i].word2)
			info[tdmr_rows[i].word2] = tdmr_rows[i].value2;
		got = plat_sys_config(p);
		if (got != tdmr_rows[i].status)
			print_error("row %zu\n", i);
		expect_status(got, tdmr_rows[i].status);
		/* A refusal leaves the module where it was, and takes no memory. */
		if (got != TDX_SUCCESS) {
			assert_false(tdx_pa_private(p->m, PLAT_PAMT));
			assert_false(p->owned[PLAT_PAMT / PAGE]);
			plat_write_tdmrs(p);
			expect_ok(plat_sys_config(p));
		}
		assert_true(tdx_pa_private(p->m, PLAT_PAMT));
		assert_true(p->owned[PLAT_PAMT / PAGE]);
		plat_free(p);
	}
}

/* Turned red by: pages usable before their gigabyte is complete, a wrong "next" address. */
static void tdmr_init(void **state)
{
	struct plat *p = plat_new();
	unsigned int calls = 0;

	(void)state;
	plat_sys_up(p);
	expect_status(sc1(p, SYS_TDMR_INIT, PLAT_TDMR + PAGE), INVALID(RCX));
	expect_status(sc1(p, SYS_TDMR_INIT, 0), INVALID(RCX));
	expect_status(sc2(p, MNG_CREATE, PLAT_TDMR, 2), RANGE(RCX));
	do {
		expect_ok(sc1(p, SYS_TDMR_INIT, PLAT_TDMR));
		if (++calls < 256) {
			assert_int_equal(p->g.r[TDX_RDX], PLAT_TDMR);
			assert_null(tdx_pamt(p->m, PLAT_TDMR));
		}
	} while (p->g.r[TDX_RDX] == PLAT_TDMR);
	assert_int_equal(calls, 256);
	assert_int_equal(p->g.r[TDX_RDX], PLAT_TDMR + GiB);
	expect_status(sc2(p, SYS_TDMR_INIT, PLAT_TDMR, 7), TDX_STATUS(TDMR_ALREADY_INITIALIZED, 0));
	assert_int_equal(p->g.r[TDX_RDX], 0);
	expect_status(sc2(p, MNG_CREATE, PLAT_TDMR + GiB, 2), RANGE(RCX));
	expect_ok(sc2(p, MNG_CREATE, PLAT_TDMR, 2));
	plat_free(p);
}

/* The page operand check of 2.2, on a leaf that wants a free page. */
static void page_operands(void **state)
{
	struct plat *p = plat_ready();
	uint64_t page = page_new(p);

	(void)state;
	expect_status(sc2(p, MNG_CREATE, page + 8, 2), INVALID(RCX));
	expect_status(sc2(p, MNG_CREATE, page | 1ULL << PLAT_PA_BITS, 2), INVALID(RCX));
	expect_status(sc2(p, MNG_CREATE, PLAT_HOST, 2), RANGE(RCX));
	expect_status(sc2(p, MNG_CREATE, PLAT_RAM, 2), RANGE(RCX));
	expect_status(sc2(p, MNG_CREATE, PLAT_TDMR + PLAT_RESERVED, 2), PT(RCX));
	expect_status(sc2(p, MNG_CREATE, PLAT_TDMR + PLAT_RESERVED + 2 * MiB - PAGE, 2), PT(RCX));
	expect_ok(sc2(p, MNG_CREATE, PLAT_TDMR + PLAT_RESERVED + 2 * MiB, 2));
	plat_free(p);
}

static void expect_regs(struct plat *p, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9)
{
	assert_int_equal(p->g.r[TDX_RCX], rcx);
	assert_int_equal(p->g.r[TDX_RDX], rdx);
	assert_int_equal(p->g.r[TDX_R8], r8);
	assert_int_equal(p->g.r[TDX_R9], r9);
	assert_int_equal(p->g.r[TDX_R10] | p->g.r[TDX_R11], 0);
}

static void page_metadata(void **state)
{
	struct plat *p = plat_ready();
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);
	expect_ok(sc1(p, PHYMEM_PAGE_RDMD, page_new(p)));
	expect_regs(p, PT_NDA, 0, 0, 0);
	expect_ok(sc1(p, PHYMEM_PAGE_RDMD, PLAT_TDMR + PLAT_RESERVED));
	expect_regs(p, PT_RSVD, 0, 0, 0);
	expect_ok(sc1(p, PHYMEM_PAGE_RDMD, td.tdr));
	expect_regs(p, PT_TDR, 0, 0, 0);
	expect_ok(sc1(p, PHYMEM_PAGE_RDMD, td.tdcs[0]));
	expect_regs(p, PT_TDCX, td.tdr, 0, 0);
	expect_ok(sc1(p, PHYMEM_PAGE_RDMD, td.tdvpr[0]));
	expect_regs(p, PT_TDVPR, td.tdr, 0, 0);
	expect_ok(sc1(p, PHYMEM_PAGE_RDMD, td.sept[0]));
	expect_regs(p, PT_EPT, td.tdr, 0, 0);
	expect_ok(sc1(p, MEM_TRACK, td.tdr));
	expect_ok(sc2(p, MEM_RANGE_BLOCK, TD_GPA, td.tdr));
	expect_ok(sc1(p, PHYMEM_PAGE_RDMD, td.page));
	expect_regs(p, PT_REG, td.tdr, 0, 2);
	expect_status(sc4(p, PHYMEM_PAGE_RDMD, PLAT_HOST, 1, 2, 3), RANGE(RCX));
	expect_regs(p, 0, 0, 0, 0);
	expect_status(sc1(p, PHYMEM_PAGE_RDMD, td.page + 1), INVALID(RCX));

	assert_true(tdx_pa_private(p->m, td.page));
	assert_true(tdx_pa_private(p->m, td.tdr));
	assert_true(tdx_pa_private(p->m, PLAT_PAMT + 9 * MiB));
	assert_false(tdx_pa_private(p->m, PLAT_TDMR + PLAT_RESERVED));
	assert_false(tdx_pa_private(p->m, PLAT_HOST));
	assert_false(tdx_pa_private(p->m, p->next_page));
	plat_free(p);
}

static void wbinvd(void **state)
{
	struct plat *p = plat_ready();
	uint64_t page = page_new(p);

	(void)state;
	expect_ok(sc1(p, PHYMEM_PAGE_WBINVD, page));
	expect_ok(sc1(p, PHYMEM_PAGE_WBINVD, page | 0xffffULL << PLAT_PA_BITS));
	expect_status(sc1(p, PHYMEM_PAGE_WBINVD, page + 64), INVALID(RCX));
	expect_status(sc1(p, PHYMEM_PAGE_WBINVD, PLAT_HOST), RANGE(RCX));
	expect_status(sc1(p, PHYMEM_PAGE_WBINVD, PLAT_TDMR + PLAT_RESERVED), PT(RCX));
	plat_free(p);
}

/* Turned red by: a write-back that serves an HKID flushed after it began. */
static void cache_write_back(void **state)
{
	struct plat *p = plat_ready();
	struct td a, b;

	(void)state;
	td_to(p, &a, 2, STAGE_BLOCKED);
	td_to(p, &b, 3, STAGE_KEYS_CONFIGURED);
	expect_status(sc1(p, PHYMEM_CACHE_WB, 2), INVALID(RCX));
	expect_status(sc1(p, PHYMEM_CACHE_WB, 1), TDX_STATUS(WBCACHE_RESUME_ERROR, 0));
	expect_status(sc1(p, MNG_KEY_FREEID, a.tdr), TDX_STATUS(WBCACHE_NOT_COMPLETE, 0));
	expect_status(sc1(p, PHYMEM_CACHE_WB, 0), TDX_STATUS(INTERRUPTED_RESUMABLE, 0));
	expect_ok(sc1(p, MNG_VPFLUSHDONE, b.tdr));
	expect_ok(sc1(p, PHYMEM_CACHE_WB, 1));
	expect_status(sc1(p, PHYMEM_CACHE_WB, 1), TDX_STATUS(WBCACHE_RESUME_ERROR, 0));
	expect_ok(sc1(p, MNG_KEY_FREEID, a.tdr));
	expect_status(sc1(p, MNG_KEY_FREEID, b.tdr), TDX_STATUS(WBCACHE_NOT_COMPLETE, 0));
	td_key_free(&b);
	expect_status(sc1(p, PHYMEM_CACHE_WB, 0), TDX_STATUS(NO_HKID_READY_TO_WBCACHE, 0));
	plat_free(p);
}

/* Turned red by: missing outputs on refusal, a TDR that goes before its pages. */
static void reclaim(void **state)
{
	struct plat *p = plat_ready();
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_BLOCKED);
	expect_status(sc1(p, PHYMEM_PAGE_RECLAIM, page_new(p)), PT(RCX));
	expect_regs(p, 0, 0, 0, 0);
	expect_status(sc1(p, PHYMEM_PAGE_RECLAIM, PLAT_TDMR + PLAT_RESERVED), PT(RCX));
	expect_status(sc1(p, PHYMEM_PAGE_RECLAIM, PLAT_HOST), RANGE(RCX));
	expect_status(sc1(p, PHYMEM_PAGE_RECLAIM, td.page),
		      TDX_STATUS(LIFECYCLE_STATE_INCORRECT, 0));
	expect_regs(p, PT_REG, td.tdr, 0, 0);
	td_key_free(&td);
	expect_ok(sc1(p, PHYMEM_PAGE_RECLAIM, td.page));
	expect_regs(p, PT_REG, td.tdr, 0, 0);
	expect_status(sc1(p, PHYMEM_PAGE_RECLAIM, td.page), PT(RCX));
	/* L1 must not read what the TD left behind. */
	assert_int_not_equal(*(uint8_t *)page_ptr(p, td.page), 0x11);
	expect_status(sc1(p, PHYMEM_PAGE_RECLAIM, td.tdr),
		      TDX_STATUS(TD_ASSOCIATED_PAGES_EXIST, 0));
	expect_regs(p, PT_TDR, 0, 0, 0);
	td_reclaim(&td);
	/* The KeyID and the TDR's page serve again at once. */
	expect_ok(sc2(p, MNG_CREATE, td.tdr, 2));
	plat_free(p);
}

/*
 * What the host left alive stays on the account, or a host that disables the module would never be
 * found to leak.
 */
static void expect_left(struct plat *p)
{
	struct tdx_ledger l;

	tdx_ledger(p->m, &l);
	assert_int_equal(l.tds_live, 1);
	assert_int_equal(l.hkids_live, 1);
	assert_int_equal(l.vcpus_live, 3);	/* as td_to() makes them */
	assert_int_equal(l.pages_live, 0);
	assert_int_equal(l.pages_donated, l.pages_returned);
}

/*
 * Turned red by: a wipe under a running TD, or one that forgets pages, LPs or KeyIDs; a ledger that
 * does not tell of what was wiped, or tells twice.
 */
static void disable(void **state)
{
	struct plat *p = plat_ready();
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);
	td_enter(&td, 0);
	p->lp = 1;
	expect_status(sc1(p, SYS_DISABLE, 0), TDX_STATUS(INTERRUPTED_RESUMABLE, 0));
	expect_status(sc1(p, MEM_TRACK, td.tdr), TDX_STATUS(SYS_SHUTDOWN, 0));
	p->lp = 0;
	td_interrupt(&td);
	expect_status(sc1(p, VP_ENTER, td.tdvpr[0]), TDX_STATUS(SYS_SHUTDOWN, 0));
	p->lp = 1;
	expect_ok(sc1(p, SYS_DISABLE, 0));
	for (uint64_t pa = 0; pa < PLAT_RAM; pa += PAGE)
		assert_false(p->owned[pa / PAGE]);
	assert_false(tdx_pa_private(p->m, PLAT_PAMT));
	expect_left(p);
	expect_status(sc1(p, SYS_DISABLE, 0), TDX_STATUS(SYS_NOT_READY, 0));

	/* A full bring-up starts over. */
	p->next_page = PLAT_TDMR;
	plat_sys_up(p);
	plat_tdmrs_init(p);
	td_to(p, &td, 2, STAGE_RUNNABLE);
	td_destroy(&td);
	expect_left(p);
	plat_free(p);
}

/* The platform may reset with a TD running. */
static void reset(void **state)
{
	struct plat *p = plat_ready();
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);
	td_enter(&td, 0);
	tdx_module_reset(p->m);
	assert_false(tdx_lp_in_td(p->m, 0));
	assert_false(tdx_pa_private(p->m, td.tdr));
	memset(p->owned, 0, PLAT_RAM / PAGE);
	p->next_page = PLAT_TDMR;
	plat_sys_up(p);
	plat_tdmrs_init(p);
	td_to(p, &td, 2, STAGE_RUNNABLE);
	td_destroy(&td);
	plat_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bring_up_order), cmocka_unit_test(config_operands),
		cmocka_unit_test(tdmr_checks),	  cmocka_unit_test(tdmr_init),
		cmocka_unit_test(page_operands),  cmocka_unit_test(page_metadata),
		cmocka_unit_test(wbinvd),	  cmocka_unit_test(cache_write_back),
		cmocka_unit_test(reclaim),	  cmocka_unit_test(disable),
		cmocka_unit_test(reset),
	};

	return cmocka_run_group_tests_name("model_sys", tests, NULL, NULL);
}
