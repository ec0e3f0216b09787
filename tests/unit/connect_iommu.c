// SPDX-License-Identifier: GPL-2.0
/*
 * Switching TDX Connect on, TDH.IOMMU.*, and what becomes of the module's pages (fact sheet
 * tdx-connect.md 3, 3.1, 7).
 */
#include "connect.h"
#include "../../lib/tdx_abi/field.h"

#include <string.h>

#define OFF		TDX_STATUS(CONNECT_INVALID_STATE, 0)
#define NO_LEAF		TDX_STATUS(OPERAND_INVALID, 0)

static struct plat *configured(unsigned int version, uint64_t r9)
{
	struct plat *p = plat_new();

	plat_sys_init(p);
	plat_write_tdmrs(p);
	expect_ok(plat_sys_config_features(p, version, r9));
	return p;
}

/* Break: dispatch of the range before SYS_READY; version 0 that reads R9; one number forgotten. */
static void switched_off(void **state)
{
	const uint64_t not_ready = TDX_STATUS(SYS_NOT_READY, 0);

	(void)state;
	for (unsigned int version = 0; version < 2; version++) {
		struct plat *p = configured(version, version ? TDX_FEATURES0_VP_RDWR : ~0ULL);

		expect_status(sc1(p, IOMMU_SETUP, PLAT_IOMMU), not_ready);
		expect_ok(sc1(p, SYS_KEY_CONFIG, 0));
		for (unsigned int nr = 128; nr <= 166; nr++) {
			expect_status(sc_raw(p, nr, PLAT_IOMMU, 0, 0, 0), OFF);
			expect_status(sc_raw(p, nr | 1 << 16, 0, 0, 0, 0), NO_LEAF);
		}
		expect_status(sc_raw(p, 127, 0, 0, 0, 0), NO_LEAF);
		expect_status(sc_raw(p, 167, 0, 0, 0, 0), NO_LEAF);
		plat_free(p);
	}
}

/* Break: unlisted numbers answered like those of an absent Connect. */
static void unlisted(void **state)
{
	static const uint8_t numbers[] = { 136, 147, 148, 149, 150, 151, 152, 153, 161, 162, 163 };
	struct plat *p = plat_connect();

	(void)state;
	for (unsigned int i = 0; i < sizeof(numbers); i++)
		expect_status(sc_raw(p, numbers[i], 0, 0, 0, 0), NO_LEAF);
	plat_free(p);
}

/* Break: R9 not held against FEATURES0; a version beyond 1; a feature kept from a refused call. */
static void config_version(void **state)
{
	struct plat *p = plat_new();

	(void)state;
	plat_sys_init(p);
	plat_write_tdmrs(p);
	expect_status(plat_sys_config_features(p, 1, TDX_FEATURES0_CONNECT | TDX_FEATURES0_EXT),
		      INVALID(R9));
	expect_status(plat_sys_config_features(p, 1, 1ULL << 63), INVALID(R9));
	expect_status(plat_sys_config_features(p, 2, 0), NO_LEAF);
	expect_ok(plat_sys_config_features(p, 1, 0));
	expect_ok(sc1(p, SYS_KEY_CONFIG, 0));
	expect_status(sc1(p, IOMMU_CLEAR, 0), OFF);
	plat_free(p);
}

/* Break: a field missing from the table, or from the walk over it. */
static void metadata(void **state)
{
	static const uint64_t fields[][2] = {
		{ 0x3000000100000001, 1 }, { 0x3000000100000002, 3 }, { 0x3000000100000003, 2 },
		{ 0x3000000100000007, 4 }, { 0x3100000100000000, 0 }, { 0x3100000100000001, 0 },
	};
	struct plat *p = plat_connect();
	uint64_t next = TDX_FIELD_CPUID_CONFIG_VALUES + 2 * TDX_NR_CPUID_CONFIG - 1;

	(void)state;
	expect_ok(sc2(p, SYS_RD, 0, next));
	for (unsigned int i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		assert_int_equal(p->g.r[TDX_RDX], fields[i][0]);
		expect_ok(sc2(p, SYS_RD, 0, fields[i][0]));
		assert_int_equal(p->g.r[TDX_R8], fields[i][1]);
	}
	assert_int_equal(p->g.r[TDX_RDX], TDX_FIELD_NULL);
	expect_ok(sc2(p, SYS_RD, 0, TDX_FIELD_FEATURES0));
	assert_int_equal(p->g.r[TDX_R8] & (TDX_FEATURES0_CONNECT | TDX_FEATURES0_EXT),
			 TDX_FEATURES0_CONNECT);
	plat_free(p);
}

/* Break: a page of the queues left out, CLEAR that returns one page less or keeps the unit. */
static void setup_clear(void **state)
{
	struct plat *p = plat_connect();
	uint64_t page[6], list = iommu_list(p, page);
	struct tdx_ledger l;

	(void)state;
	memset(page_ptr(p, page[5]), 0x11, PAGE);
	expect_ok(sc2(p, IOMMU_SETUP, PLAT_IOMMU, list));
	assert_int_equal(p->g.r[TDX_RCX], 0);
	assert_int_equal(p->g.r[TDX_RDX], list);
	for (unsigned int i = 0; i < 6; i++) {
		/* The queues' second pages follow the first: page_new() gave them in order. */
		assert_true(tdx_pa_private(p->m, page[i]));
		expect_ok(sc1(p, PHYMEM_PAGE_RDMD, page[i]));
		assert_int_equal(p->g.r[TDX_RCX], PT_IOMMU_MT);
		assert_int_equal(p->g.r[TDX_RDX], 0);
	}
	assert_int_equal(*(uint64_t *)page_ptr(p, page[5]), 0);
	tdx_ledger(p->m, &l);
	assert_int_equal(l.iommus_live, 1);
	assert_int_equal(l.pages_live, 6);
	expect_ok(sc2(p, IOMMU_CLEAR, 0, list));
	assert_int_equal(p->g.r[TDX_RCX], 0);
	for (unsigned int i = 0; i < 6; i++)
		expect_ok(sc1(p, PHYMEM_PAGE_WBINVD, page[i]));
	expect_ledger_empty(p);
	expect_ok(sc2(p, IOMMU_SETUP, PLAT_IOMMU, list));
	plat_free(p);
}

static void setup_failures(void **state)
{
	struct plat *p = plat_connect();
	uint64_t page[6], list = iommu_list(p, page);
	uint64_t *entry = page_ptr(p, list & TDX_HPA_LIST_PAGE);
	const struct { unsigned int entry; uint64_t value, status; } bad[] = {
		{ 0, page[0], INVALID(RDX) },
		{ 1, page[2] | 3, INVALID(RDX) },
		{ 1, (page[2] | 2) | 1ULL << 52, INVALID(RDX) },
		{ 2, page[4] | 1, INVALID(RDX) },
		{ 2, PLAT_HOST, TDX_STATUS(OPERAND_ADDR_RANGE_ERROR, TDX_OP_RDX) },
		{ 3, page[4], TDX_STATUS(OPERAND_BUSY, TDX_OP_RDX) },
		{ 3, page[1], TDX_STATUS(OPERAND_BUSY, TDX_OP_RDX) },
	};
	struct td td;

	(void)state;
	/* Break: a base that the platform does not vouch for. */
	expect_status(sc2(p, IOMMU_SETUP, PLAT_IOMMU + PAGE, list), INVALID(RCX));
	/* Break: reserved bits of the operand, a count other than four, a list that is not L1's. */
	expect_status(sc2(p, IOMMU_SETUP, PLAT_IOMMU, list | 1), INVALID(RDX));
	expect_status(sc2(p, IOMMU_SETUP, PLAT_IOMMU, list | 1ULL << 52), INVALID(RDX));
	expect_status(sc2(p, IOMMU_SETUP, PLAT_IOMMU, list + (1ULL << 55)), INVALID(RDX));
	expect_status(sc2(p, IOMMU_SETUP, PLAT_IOMMU, list + (1ULL << 3)), INVALID(RDX));
	expect_status(sc2(p, IOMMU_SETUP, PLAT_IOMMU, PLAT_PAMT | 3ULL << 55), INVALID(RDX));
	/* Break: an entry believed; pages kept from a call that was refused at a later one. */
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t good = entry[bad[i].entry];

		entry[bad[i].entry] = bad[i].value;
		expect_status(sc2(p, IOMMU_SETUP, PLAT_IOMMU, list), bad[i].status);
		entry[bad[i].entry] = good;
	}
	td_to(p, &td, 2, STAGE_HKID_ASSIGNED);
	entry[3] = td.tdr;
	expect_status(sc2(p, IOMMU_SETUP, PLAT_IOMMU, list),
		      TDX_STATUS(PAGE_METADATA_INCORRECT, TDX_OP_RDX));
	entry[3] = page[5];
	td_destroy(&td);
	expect_ledger_empty(p);

	/* The list need not start at index 0. */
	memmove(entry + 508, entry, 4 * sizeof(*entry));
	list = (list & TDX_HPA_LIST_PAGE) | 508ULL << 3 | 511ULL << 55;
	expect_ok(sc2(p, IOMMU_SETUP, PLAT_IOMMU, list));
	/* Break: one unit set up twice. */
	expect_status(sc2(p, IOMMU_SETUP, PLAT_IOMMU, iommu_list(p, page)),
		      TDX_STATUS(IOMMU_INVALID_STATE, TDX_OP_RCX));
	plat_free(p);
}

static void clear_failures(void **state)
{
	struct plat *p = plat_connect();
	uint64_t page[6], list = iommu_up(p), other = iommu_list(p, page);
	struct peer d;

	(void)state;
	expect_status(sc2(p, IOMMU_CLEAR, 1, list), INVALID(RCX));
	expect_status(sc2(p, IOMMU_CLEAR, TDX_MAX_IOMMUS, list), INVALID(RCX));
	expect_status(sc2(p, IOMMU_CLEAR, 1ULL << 32, list), INVALID(RCX));
	/* Break: CLEAR that takes any list: the host would free pages that are the module's. */
	expect_status(sc2(p, IOMMU_CLEAR, 0, other), INVALID(RDX));
	expect_status(sc2(p, IOMMU_CLEAR, 0, list | 4), INVALID(RDX));
	/* Break: the unit goes under a device's session. */
	peer_init(&d, p);
	expect_ok(spdm_create(&d));
	expect_status(sc2(p, IOMMU_CLEAR, 0, list), TDX_STATUS(IOMMU_INVALID_STATE, TDX_OP_RCX));
	expect_ok(spdm_delete(&d));
	expect_ok(sc2(p, IOMMU_CLEAR, 0, list));
	expect_status(sc2(p, IOMMU_CLEAR, 0, list), INVALID(RCX));
	plat_free(p);
}

/* Break: RECLAIM takes a page whose owner is the module for a TD's, and follows owner 0. */
static void reclaim(void **state)
{
	static const enum tdx_pt types[] = { PT_SPDM_MT, PT_IDE_MT, PT_TDI, PT_MMIOMT, PT_TDIMT };
	struct plat *p = plat_connect();
	uint64_t page[6], list = iommu_list(p, page), pa = page_new(p);

	(void)state;
	expect_ok(sc2(p, IOMMU_SETUP, PLAT_IOMMU, list));
	expect_status(sc1(p, PHYMEM_PAGE_RECLAIM, page[3]), TDX_STATUS(IOMMU_MT_PAGE_IN_USE, 0));
	for (unsigned int i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		tdx_page_assign(p->m, pa, tdx_pamt(p->m, pa), types[i], NULL, 0);
		expect_status(sc1(p, PHYMEM_PAGE_RECLAIM, pa),
			      TDX_STATUS(PAGE_METADATA_INCORRECT, TDX_OP_RCX));
		assert_true(tdx_pa_private(p->m, pa));
		tdx_page_release(p->m, pa, tdx_pamt(p->m, pa));
	}
	plat_free(p);
}

/* Gone, but the ledger tells that the host had left a session, a stream and three pages of MMIO. */
static void expect_connect_gone(struct plat *p)
{
	struct tdx_ledger l;

	tdx_ledger(p->m, &l);
	assert_int_equal(l.spdms_live, 1);
	assert_int_equal(l.streams_live, 1);
	assert_int_equal(l.pages_live, 0);
	assert_int_equal(l.iommus_live, 0);
	assert_int_equal(l.tdis_created, 5);
	assert_int_equal(l.mmio_maps, 3);
	assert_int_equal(l.mmio_unmaps, 0);
	assert_int_equal(l.mmio_accepts, 7);
	assert_int_equal(p->streams, 0);
}

/*
 * Break: a table that survives TDH.SYS.DISABLE, run counters that don't, a stream left open, a leak
 * that the ledger forgets.
 */
static void disable(void **state)
{
	struct plat *p = plat_connect();
	struct peer d;

	(void)state;
	iommu_up(p);
	peer_connected(&d, p);
	expect_ok(stream_create(&d));
	expect_ok(stream_km(&d, TDX_IDE_KM_SETUP));
	assert_int_equal(p->streams, 1);
	p->m->connect.tdis_created = 5;
	p->m->connect.mmio_maps = 3;
	p->m->connect.mmio_accepts = 7;
	expect_ok(sc1(p, SYS_DISABLE, 0));
	expect_connect_gone(p);
	/* Version 0 then leaves it off. */
	plat_sys_up(p);
	expect_status(sc1(p, IOMMU_CLEAR, 0), OFF);
	plat_free(p);
}

/* Break: a platform reset that forgets the platform's open streams. */
static void reset(void **state)
{
	struct plat *p = plat_connect();
	struct peer d;

	(void)state;
	peer_connected(&d, p);
	expect_ok(stream_create(&d));
	expect_ok(stream_km(&d, TDX_IDE_KM_SETUP));
	tdx_module_reset(p->m);
	assert_int_equal(p->streams, 0);
	plat_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(switched_off),
		cmocka_unit_test(unlisted),
		cmocka_unit_test(config_version),
		cmocka_unit_test(metadata),
		cmocka_unit_test(setup_clear),
		cmocka_unit_test(setup_failures),
		cmocka_unit_test(clear_failures),
		cmocka_unit_test(reclaim),
		cmocka_unit_test(disable),
		cmocka_unit_test(reset),
	};

	return cmocka_run_group_tests_name("connect_iommu", tests, NULL, NULL);
}
