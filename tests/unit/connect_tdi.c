// SPDX-License-Identifier: GPL-2.0
/* TDH.TDIMT.*, TDH.TDI.CREATE, REMOVE: checks in their order (tdx-connect.md 3.3, 3.4). */
#include "tdi_td.h"

#define ST(name, op)	TDX_STATUS(name, TDX_OP_##op)
#define BAD_STATE	ST(TDI_INVALID_STATE, RCX)
#define INDEX(level, func) ((level) | (uint64_t)(func) << 32)

/* ---- TDIMT ------------------------------------------------------------------ */

/* Break: a check lost or moved, a table taken away under its entries, an address not returned. */
static void tdimt(void **state)
{
	struct tdis *t = tdis_new();
	struct plat *p = t->p;
	uint64_t page = page_new(p);

	(void)state;
	expect_status(sc2(p, TDIMT_ADD, INDEX(0, DEV_FUNC), page), INVALID(RCX));
	expect_status(sc2(p, TDIMT_ADD, INDEX(5, DEV_FUNC), page), INVALID(RCX));
	expect_status(sc2(p, TDIMT_ADD, INDEX(1, DEV_FUNC) | 8, page), INVALID(RCX));
	expect_status(sc2(p, TDIMT_ADD, INDEX(1, DEV_FUNC), PLAT_HOST),
		      ST(OPERAND_ADDR_RANGE_ERROR, RDX));
	expect_status(sc2(p, TDIMT_ADD, INDEX(1, DEV_FUNC), t->table[0]),
		      ST(PAGE_METADATA_INCORRECT, RDX));
	expect_status(sc2(p, TDIMT_ADD, INDEX(1, 1U << 18), page), ST(TDI_NOT_PRESENT, RCX));
	for (unsigned int level = 1; level <= 4; level++)
		expect_status(sc2(p, TDIMT_ADD, INDEX(level, DEV_FUNC), page),
			      ST(TDI_ALREADY_PRESENT, RCX));
	expect_ok(sc1(p, PHYMEM_PAGE_RDMD, t->table[3]));
	assert_int_equal(p->g.r[TDX_RCX], PT_TDIMT);
	expect_status(sc1(p, PHYMEM_PAGE_RECLAIM, t->table[3]), ST(PAGE_METADATA_INCORRECT, RCX));

	/* The function's low nine bits select in the last table. */
	expect_ok(sc1(p, TDIMT_RD, INDEX(1, DEV_FUNC | 0x1ff)));
	assert_int_equal(p->g.r[TDX_RCX] & SEPT_HPA, t->table[3]);
	expect_status(sc1(p, TDIMT_RD, INDEX(0, 0x200)), ST(TDI_NOT_PRESENT, RCX));
	expect_status(sc1(p, TDIMT_RD, INDEX(5, 0)), INVALID(RCX));
	expect_ok(sc1(p, TDIMT_RD, INDEX(0, DEV_FUNC)));
	assert_int_equal(p->g.r[TDX_RCX], 0);
	expect_ok(tdi_create(t));
	expect_ok(sc1(p, TDIMT_RD, INDEX(0, DEV_FUNC)));
	assert_int_equal(p->g.r[TDX_RCX] & SEPT_HPA, t->page[0]);

	expect_status(sc1(p, TDIMT_REMOVE, INDEX(0, DEV_FUNC)), INVALID(RCX));
	expect_status(sc1(p, TDIMT_REMOVE, INDEX(2, 1U << 18)), ST(TDI_NOT_PRESENT, RCX));
	for (unsigned int level = 1; level <= 4; level++)
		expect_status(sc1(p, TDIMT_REMOVE, INDEX(level, DEV_FUNC)),
			      ST(TDI_INVALID_METADATA, RCX));
	expect_ok(tdi_remove(t));
	for (unsigned int level = 1; level <= 4; level++) {
		expect_ok(sc1(p, TDIMT_REMOVE, INDEX(level, DEV_FUNC)));
		assert_int_equal(p->g.r[TDX_RCX], t->table[4 - level]);
		expect_status(sc1(p, TDIMT_REMOVE, INDEX(level, DEV_FUNC)),
			      ST(TDI_NOT_PRESENT, RCX));
	}
	expect_status(tdi_create(t), ST(TDI_NOT_PRESENT, RCX));
	tdis_free(t);
}

/* ---- CREATE, REMOVE --------------------------------------------------------- */

/* What each check of CREATE complains about, in the sheet's order: spoil number @i. */
enum { C_R8, C_TDR, C_OP_STATE, C_NO_CONNECT, C_R9, C_R10, C_RESERVED, C_SEGMENT, C_GUEST_ID,
       C_ID_USED, C_NO_TABLE, C_TAKEN, C_NO_SPDM, C_SPDM_STATE, C_NO_IOMMU, C_LINK_STREAM,
       C_NO_KEYS, C_BLOCKED, C_OTHER_LINK, C_NO_STREAM, C_RANGE, NR_C };

static const uint64_t create_status[NR_C] = {
	[C_R8] = ST(PAGE_METADATA_INCORRECT, R8),
	[C_TDR] = ST(PAGE_METADATA_INCORRECT, RDX),
	[C_OP_STATE] = TDX_STATUS(OP_STATE_INCORRECT, 0),
	[C_NO_CONNECT] = ST(CONNECT_INVALID_STATE, RDX),
	[C_R9] = ST(PAGE_METADATA_INCORRECT, R9),
	[C_R10] = ST(PAGE_METADATA_INCORRECT, R10),
	[C_RESERVED] = INVALID(RCX), [C_SEGMENT] = INVALID(RCX),
	[C_GUEST_ID] = INVALID(R11), [C_ID_USED] = ST(TDI_ALREADY_PRESENT, R11),
	[C_NO_TABLE] = ST(TDI_NOT_PRESENT, RCX), [C_TAKEN] = ST(TDI_ALREADY_PRESENT, RCX),
	[C_NO_SPDM] = ST(SPDM_ENTRY_NOT_PRESENT, RCX),
	[C_SPDM_STATE] = ST(SPDM_INVALID_STATE, RCX),
	[C_NO_IOMMU] = ST(IOMMU_INVALID_STATE, RCX),
	[C_LINK_STREAM] = ST(IDE_STREAM_INVALID_STATE, RCX),
	[C_NO_KEYS] = ST(IDE_STREAM_INVALID_STATE, RCX),
	[C_BLOCKED] = ST(IDE_STREAM_INVALID_STATE, RCX),
	[C_OTHER_LINK] = ST(IDE_STREAM_INVALID_STATE, RCX),
	[C_NO_STREAM] = ST(IDE_STREAM_INVALID_STATE, RCX),
	[C_RANGE] = INVALID(RCX),
};

static void create_spoil(struct tdis *t, unsigned int what, uint64_t op[6])
{
	struct tdx_connect *k = &t->p->m->connect;
	const uint64_t page[3] = { page_new(t->p), page_new(t->p), page_new(t->p) };

	switch (what) {
	case C_R8:	op[2] = t->table[0]; break;
	case C_TDR:	op[1] = page_new(t->p); break;
	case C_OP_STATE: t->g.t->op_state = OP_UNINITIALIZED; break;
	case C_NO_CONNECT: t->g.t->config_flags &= ~TDX_CONFIG_FLAG_CONNECT; break;
	case C_R9:	op[3] = t->table[0]; break;
	case C_R10:	op[4] = t->table[0]; break;
	case C_RESERVED: op[0] |= 1 << 24; break;
	case C_SEGMENT:	op[0] |= 1ULL << (32 + 24); break;
	case C_GUEST_ID: op[5] |= 1 << 16; break;
	case C_ID_USED:	expect_ok(tdi_create_as(t, SIBLING_FUNC, op[5], page)); break;
	case C_NO_TABLE: op[0] = (op[0] & 0xffffffff) | 0x1000ULL << 32; break;
	case C_TAKEN:	expect_ok(tdi_create_as(t, DEV_FUNC, 0x77, page)); break;
	case C_NO_SPDM:	op[0] = (op[0] & ~0xffffULL) | 5; break;
	case C_SPDM_STATE: k->spdm[t->link.spdm].state = SPDM_CREATED; break;
	case C_NO_IOMMU: k->iommu[0].used = false; break;
	case C_LINK_STREAM: k->stream[t->link.stream].selective = false; break;
	case C_NO_KEYS:	k->stream[t->link.stream].state = STREAM_CONFIGURED; break;
	case C_BLOCKED:	k->stream[t->link.stream].blocked = true; break;
	case C_OTHER_LINK: k->stream[t->link.stream].spdm = &k->spdm[7]; break;
	case C_NO_STREAM: op[0] |= 0xff << 16; break;
	case C_RANGE:	op[0] = (op[0] & 0xffffffff) | 0x20ULL << 32; break;
	}
}

/* Can @a and @b be wrong at once? Each is one value of one operand, or one state. */
static bool compatible(unsigned int a, unsigned int b)
{
	static const uint8_t kind[NR_C] = {
		[C_R8] = 1, [C_TDR] = 2, [C_OP_STATE] = 3, [C_NO_CONNECT] = 4, [C_R9] = 5,
		[C_R10] = 6, [C_RESERVED] = 7, [C_SEGMENT] = 8, [C_GUEST_ID] = 9, [C_ID_USED] = 9,
		[C_NO_TABLE] = 8, [C_TAKEN] = 8, [C_NO_SPDM] = 10, [C_SPDM_STATE] = 10,
		[C_NO_IOMMU] = 11, [C_LINK_STREAM] = 12, [C_NO_KEYS] = 13, [C_BLOCKED] = 14,
		[C_OTHER_LINK] = 15, [C_NO_STREAM] = 16, [C_RANGE] = 8,
	};

	return kind[a] != kind[b];
}

/*
 * Every check alone, then with each later one failing too: the earlier is reported, and nothing was
 * taken. Break: any check lost, moved, or with another operand.
 */
static void create_checks(void **state)
{
	(void)state;
	for (unsigned int a = 0; a < NR_C; a++)
		for (unsigned int b = a; b < NR_C; b++) {
			struct tdis *t;
			uint64_t op[6], got;

			if (b != a && (!compatible(a, b) || (b > a + 3 && b != NR_C - 1)))
				continue;
			t = tdis_new();
			op[0] = t->link.spdm | t->link.stream << 16 | (uint64_t)DEV_FUNC << 32;
			op[1] = t->g.td.tdr;
			memcpy(op + 2, t->page, sizeof(t->page));
			op[5] = GUEST_ID;
			/* What makes another TDI comes before what would prevent it. */
			if (a == C_ID_USED || a == C_TAKEN) {
				create_spoil(t, a, op);
				if (b != a)
					create_spoil(t, b, op);
			} else {
				if (b != a)
					create_spoil(t, b, op);
				create_spoil(t, a, op);
			}
			got = sc6(t->p, TDH_TDI_CREATE, op[0], op[1], op[2], op[3], op[4], op[5]);
			if (got != create_status[a])
				print_error("check %u with %u\n", a, b);
			expect_status(got, create_status[a]);
			assert_false(tdx_pa_private(t->p->m, t->page[0]));
			tdis_free(t);
		}
}

/* Break: a page of another type, a reference missed, pages returned in another order. */
static void create_remove(void **state)
{
	struct tdis *t = tdis_new();
	struct plat *p = t->p;
	uint64_t children = t->g.t->chldcnt;

	(void)state;
	expect_status(sc6(p, TDH_TDI_CREATE, (uint64_t)DEV_FUNC << 32, t->g.td.tdr, t->page[0],
			  t->page[0], t->page[2], GUEST_ID), BUSY(R9));
	expect_ok(tdi_create(t));
	assert_int_equal(t->g.t->chldcnt, children + 3);
	assert_int_equal(t->g.t->nr_tdis, 1);
	assert_int_equal(p->m->connect.stream[t->link.stream].nr_tdis, 1);
	for (unsigned int i = 0; i < 3; i++) {
		expect_ok(sc1(p, PHYMEM_PAGE_RDMD, t->page[i]));
		assert_int_equal(p->g.r[TDX_RCX], PT_TDI);
		assert_int_equal(p->g.r[TDX_RDX], t->g.td.tdr);
		expect_status(sc1(p, PHYMEM_PAGE_RECLAIM, t->page[i]),
			      ST(PAGE_METADATA_INCORRECT, RCX));
	}
	expect_ok(sc2(p, TDI_RD, DEV_FUNC, TDX_TDI_RECORD));
	expect_status(sc1(p, TDI_REMOVE, SIBLING_FUNC), ST(TDI_NOT_PRESENT, RCX));
	expect_status(sc1(p, TDI_REMOVE, DEV_FUNC | 1ULL << 32), ST(TDI_NOT_PRESENT, RCX));
	expect_ok(tdi_remove(t));
	assert_int_equal(p->g.r[TDX_RCX], t->page[1]);
	assert_int_equal(p->g.r[TDX_RDX], t->page[2]);
	assert_int_equal(p->g.r[TDX_R8], t->page[0]);
	assert_int_equal(t->g.t->chldcnt, children);
	assert_int_equal(t->g.t->nr_tdis, 0);
	assert_int_equal(p->m->connect.stream[t->link.stream].nr_tdis, 0);
	expect_status(tdi_remove(t), ST(TDI_NOT_PRESENT, RCX));
	expect_ok(tdi_create(t));	/* the same ids and pages at once */
	tdis_free(t);
}

/* In the sheet's order. Break: a TDI that goes while the device, DMA or a mapping still uses it. */
static void remove_checks(void **state)
{
	struct tdis *t = tdis_bound();
	struct tdx_stream *stream = t->tdi->stream;
	tdx_lock_t *tdr = &tdx_pamt(t->p->m, t->g.td.tdr)->lock;

	(void)state;
	expect_ok(mmio_map(t, BAR0));
	t->tdi->dmar_mapped = true;
	expect_status(tdis_call(t, TDH_TDI_STATE, 0, 0), REQUEST);
	expect_status(tdi_remove(t), ST(TDISP_OUTSTANDING_REQ, RCX));
	tdis_answer(t);
	expect_ok(tdis_call(t, TDH_TDI_STATE, 0, 0));
	expect_status(tdi_remove(t), BAD_STATE);
	stream->blocked = true;		/* instead of STOP */
	expect_status(tdi_remove(t), ST(TDI_HAS_MAPPED_DMA, RCX));
	stream->blocked = false;
	expect_ok(tdi_stop(t));
	expect_status(tdi_remove(t), ST(TDI_HAS_MAPPED_DMA, RCX));
	t->tdi->dmar_mapped = false;
	assert_true(tdx_trylock_excl(tdr));
	expect_status(tdi_remove(t), BUSY(TDR));
	tdx_unlock_excl(tdr);
	expect_status(tdi_remove(t), ST(TDI_HAS_MAPPED_MMIO, RCX));
	tdis_revoke(t, BAR0);
	expect_ok(tdi_remove(t));
	tdis_free(t);
}

/* Break: a key released while a TDI is left; a TDR reclaimed under its TDI. */
static void td_gate(void **state)
{
	struct tdis *t = tdis_created();
	struct plat *p = t->p;

	(void)state;
	expect_status(sc1(p, MNG_VPFLUSHDONE, t->g.td.tdr), TDX_STATUS(FLUSHVP_NOT_DONE, 0));
	td_flush(&t->g.td);
	expect_status(sc1(p, MNG_VPFLUSHDONE, t->g.td.tdr),
		      TDX_STATUS(TD_HAS_ATTACHED_DEVICES, 0));
	expect_ok(tdi_remove(t));
	expect_ok(sc1(p, MNG_VPFLUSHDONE, t->g.td.tdr));
	td_key_free(&t->g.td);
	td_reclaim(&t->g.td);
	tdis_free(t);
}

/*
 * Break: an offset that is not page aligned, or wraps with an HPA; drawn for a TD without Connect.
 */
static void mmio_offset(void **state)
{
	static const uint8_t entropy[] = { 0x5a, 0xff, 0x7f, 0x80 };
	const uint64_t top = (1ULL << 52) - 1;
	struct tdis *t = tdis_new();
	struct td plain;
	int64_t sum;

	(void)state;
	for (unsigned int i = 0; i < sizeof(entropy); i++) {
		uint64_t offset;

		t->p->entropy = entropy[i];
		tdis_td(t, &plain, 5 + i, TDX_CONFIG_FLAG_CONNECT, STAGE_INITIALIZED);
		offset = t->p->m->tds[tdx_pamt(t->p->m, plain.tdr)->slot].mmio_offset;
		assert_int_not_equal(offset, 0);
		assert_int_equal(offset & 0xfff, 0);
		assert_false(__builtin_add_overflow((int64_t)offset, (int64_t)top, &sum));
		assert_true(offset + top > offset);
	}
	tdis_td(t, &plain, 3, 0, STAGE_INITIALIZED);
	assert_int_equal(t->p->m->tds[tdx_pamt(t->p->m, plain.tdr)->slot].mmio_offset, 0);
	td_to(t->p, &plain, 4, STAGE_UNINITIALIZED);
	plain.params->config_flags |= TDX_CONFIG_FLAG_CONNECT;
	t->p->no_entropy = true;
	expect_status(sc2(t->p, MNG_INIT, plain.tdr, plain.params_pa),
		      TDX_STATUS(RND_NO_ENTROPY, 0));
	t->p->no_entropy = false;
	td_init(&plain);
	tdis_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tdimt),	 cmocka_unit_test(create_checks),
		cmocka_unit_test(create_remove), cmocka_unit_test(remove_checks),
		cmocka_unit_test(td_gate),	 cmocka_unit_test(mmio_offset),
	};

	return cmocka_run_group_tests_name("connect_tdi", tests, NULL, NULL);
}
