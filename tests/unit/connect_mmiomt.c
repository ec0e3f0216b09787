// SPDX-License-Identifier: GPL-2.0
/* TDH.MMIOMT.*: the table of MMIO pages and their owners (tdx-connect.md 3.3). */
#include "tdi_td.h"

#define ST(name, op)	TDX_STATUS(name, TDX_OP_##op)
#define NO_ENTRY	ST(MMIOMT_NOT_PRESENT, RCX)
#define BAD_PAGE	ST(MMIO_INVALID_PAGE_METADATA, RCX)
#define BAD_ENTRY	ST(MMIO_INVALID_PAGE_METADATA, MMIOMT)

/*
 * Each level's table covers what C 3.3 says, no more. Break: a shift, or a child for its neighbour.
 */
static void mmiomt_spans(void **state)
{
	static const unsigned int span[] = { [1] = 19, [2] = 28, [3] = 37, [4] = 46 };
	struct tdis *t = tdis_new();
	struct plat *p = t->p;

	(void)state;
	for (unsigned int level = 1; level <= 4; level++) {
		uint64_t base = BAR0 & ~((1ULL << span[level]) - 1), size = 1ULL << span[level];
		uint64_t page = page_new(p);

		expect_status(sc2(p, MMIOMT_ADD, base | level, page), BAD_PAGE);
		expect_status(sc2(p, MMIOMT_ADD, (base + size - PAGE) | level, page), BAD_PAGE);
		expect_ok(sc2(p, MMIOMT_ADD, (base + size) | level, page));
		expect_ok(sc1(p, MMIOMT_RD, (base + size) | (level - 1)));
		assert_int_equal(p->g.r[TDX_RCX], 0);
		/* The neighbour's lower levels are missing. */
		if (level > 1)
			expect_status(sc1(p, MMIOMT_RD, (base + size) | (level - 2)), NO_ENTRY);
		expect_ok(sc1(p, MMIOMT_REMOVE, (base + size) | level));
		assert_int_equal(p->g.r[TDX_RCX], page);
	}
	tdis_free(t);
}

static void mmiomt_tables(void **state)
{
	struct tdis *t = tdis_created();
	struct plat *p = t->p;
	uint64_t page = page_new(p);

	(void)state;
	expect_status(sc2(p, MMIOMT_ADD, BAR0 | 0, page), INVALID(RCX));
	expect_status(sc2(p, MMIOMT_ADD, BAR0 | 6, page), INVALID(RCX));
	expect_status(sc2(p, MMIOMT_ADD, BAR0 | 8 | 1, page), INVALID(RCX));
	expect_status(sc2(p, MMIOMT_ADD, BAR0 | 1ULL << 52 | 1, page), INVALID(RCX));
	expect_status(sc2(p, MMIOMT_ADD, BAR0 | 1, PLAT_HOST), ST(OPERAND_ADDR_RANGE_ERROR, RDX));
	expect_status(sc2(p, MMIOMT_ADD, (1ULL << 40) | 1, t->page[0]),
		      ST(PAGE_METADATA_INCORRECT, RDX));
	expect_status(sc2(p, MMIOMT_ADD, (1ULL << 40) | 1, page), NO_ENTRY);
	expect_status(sc2(p, MMIOMT_ADD, BAR0 | 5, page), BAD_PAGE);
	expect_ok(sc1(p, PHYMEM_PAGE_RDMD, t->mmiomt[0]));
	assert_int_equal(p->g.r[TDX_RCX], PT_MMIOMT);
	expect_status(sc1(p, PHYMEM_PAGE_RECLAIM, t->mmiomt[0]), ST(PAGE_METADATA_INCORRECT, RCX));

	expect_status(sc1(p, MMIOMT_REMOVE, BAR0 | 0), INVALID(RCX));
	expect_status(sc1(p, MMIOMT_REMOVE, (1ULL << 40) | 1), NO_ENTRY);
	expect_status(sc1(p, MMIOMT_REMOVE, (BAR0 + (1 << 19)) | 1), BAD_PAGE);
	for (unsigned int level = 1; level <= 5; level++)
		expect_status(sc1(p, MMIOMT_REMOVE, BAR0 | level), BAD_PAGE);
	for (unsigned int i = 0; i < 20; i++)
		expect_ok(mmio_set(t, BAR0 + i * PAGE, 0));
	for (unsigned int level = 1; level <= 5; level++) {
		expect_ok(sc1(p, MMIOMT_REMOVE, BAR0 | level));
		assert_int_equal(p->g.r[TDX_RCX], t->mmiomt[5 - level]);
		assert_false(tdx_pa_private(p->m, t->mmiomt[5 - level]));
	}
	expect_status(mmio_set(t, BAR0, DEV_FUNC), NO_ENTRY);
	tdis_free(t);
}

/* Break: DATA without an owner, over children or twice; QNODE of a page that is mapped. */
static void mmiomt_set(void **state)
{
	struct tdis *t = tdis_created();
	struct plat *p = t->p;

	(void)state;
	expect_status(sc2(p, MMIOMT_SET, BAR0 | 3, 4), INVALID(RCX));
	expect_status(sc2(p, MMIOMT_SET, 1ULL << 40, 4), NO_ENTRY);
	expect_status(sc2(p, MMIOMT_SET, BAR0, 2), INVALID(RDX));
	expect_status(sc2(p, MMIOMT_SET, BAR0, 4), INVALID(RDX));
	expect_status(sc2(p, MMIOMT_SET, BAR0, 1), INVALID(RDX));	/* DATA, func 0 */
	expect_status(sc2(p, MMIOMT_SET, BAR0, DEV_FUNC << 12), INVALID(RDX));
	expect_status(sc2(p, MMIOMT_SET, BAR0, 1 | 1ULL << 44), INVALID(RDX));
	expect_status(mmio_set(t, BAR0, DEV_FUNC), BAD_ENTRY);
	expect_status(sc2(p, MMIOMT_SET, BAR0 | 1, 1 | DEV_FUNC << 12), BAD_ENTRY); /* children */
	expect_status(mmio_set(t, BAR4, 0), BAD_ENTRY);			/* QNODE already */
	expect_status(mmio_set(t, BAR4, SIBLING_FUNC), ST(TDI_NOT_PRESENT, RDX));
	expect_ok(sc1(p, MMIOMT_RD, BAR4));
	assert_int_equal(p->g.r[TDX_RCX], 0);

	expect_ok(mmio_map(t, BAR0));
	expect_status(mmio_set(t, BAR0, 0), BAD_ENTRY);
	expect_ok(sc1(p, MMIOMT_RD, BAR0));
	assert_int_equal(p->g.r[TDX_RCX], 1 << 1 | 1 << 3 | DEV_FUNC << 12);
	tdis_revoke(t, BAR0);
	expect_ok(sc1(p, MMIOMT_RD, BAR0));
	assert_int_equal(p->g.r[TDX_RCX], 1 << 1 | DEV_FUNC << 12);
	expect_status(sc2(p, MMIOMT_ADD, BAR0 | 1, page_new(p)), BAD_PAGE);
	/* The owner may be gone by then. */
	expect_ok(tdi_remove(t));
	expect_ok(mmio_set(t, BAR0, 0));
	expect_ok(sc1(p, MMIOMT_RD, BAR0));
	assert_int_equal(p->g.r[TDX_RCX] | p->g.r[TDX_RDX], 0);
	/* A 2M entry is one entry: nothing can be hung below it. */
	expect_ok(tdi_create(t));
	expect_ok(sc2(p, MMIOMT_SET, 0xe0400000ULL | 1, 1 | DEV_FUNC << 12));
	expect_status(sc2(p, MMIOMT_ADD, 0xe0400000ULL | 1, page_new(p)), BAD_PAGE);
	expect_status(sc1(p, MMIOMT_REMOVE, 0xe0400000ULL | 1), BAD_PAGE);
	expect_status(sc1(p, MMIOMT_RD, 0xe0400000ULL), NO_ENTRY);
	tdx_mmiomt(p->m, 0xe0400000, 1)->bepoch = 1 << 11;	/* an epoch is no pointer */
	expect_status(sc1(p, MMIOMT_RD, 0xe0480000ULL), NO_ENTRY);
	expect_status(sc1(p, MMIOMT_RD, BAR0 | 5), INVALID(RCX));
	tdis_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mmiomt_spans), cmocka_unit_test(mmiomt_tables),
		cmocka_unit_test(mmiomt_set),
	};

	return cmocka_run_group_tests_name("connect_mmiomt", tests, NULL, NULL);
}
