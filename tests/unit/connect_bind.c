// SPDX-License-Identifier: GPL-2.0
/* TDH.TDI.BIND, START, STOP, STATE, RD: messages, answers, records (tdx-connect.md 3.3, 3.4). */
#include "tdi_td.h"

#define ST(name, op)	TDX_STATUS(name, TDX_OP_##op)
#define BAD_STATE	ST(TDI_INVALID_STATE, RCX)
#define BAD_ANSWER	ST(TDISP_INVALID_MESSAGE, R8)

/* ---- BIND ------------------------------------------------------------------- */

static void report_sha(const struct tdis *t, uint8_t digest[48])
{
	struct sha384 s;

	sha384_init(&s);
	sha384_update(&s, t->report, t->report_bytes);
	sha384_final(&s, digest);
}

/* Break: another order, a LOCK field wrong, report bytes or hash that are not the device's. */
static void bind(void **state)
{
	static const uint8_t order[] = { 0x81, 0x82, 0x83, 0x84, 0x84, 0x85 };
	struct tdis *t = tdis_created();
	uint8_t digest[48];

	(void)state;
	t->portion = 40;
	expect_ok(tdis_loop(t, TDH_TDI_BIND, TDX_BIND_NO_FW_UPDATE, t->out));
	assert_int_equal(t->report_bytes, 84);
	assert_int_equal(t->nr_order, 7);	/* three portions: 40, 40, 4 */
	assert_memory_equal(t->order, order, 4);
	assert_int_equal(t->order[5], 0x84);
	assert_int_equal(t->order[6], 0x85);
	assert_int_equal(t->lock.flags, TDISP_LOCK_NO_FW_UPDATE);
	assert_int_equal(t->lock.stream, t->link.stream);
	assert_int_equal(t->lock.mmio_offset, t->g.t->mmio_offset);
	assert_int_equal(t->lock.p2p_mask, 0);
	assert_int_equal(t->p->g.r[TDX_RCX], t->report_bytes);
	assert_int_equal(t->p->g.r[TDX_RDX], 1);
	assert_memory_equal(page_ptr(t->p, t->out_page[0]), t->report, t->report_bytes);
	report_sha(t, digest);
	assert_memory_equal(t->tdi->report_hash, digest, 48);
	assert_true(t->tdi->bound);
	assert_false(t->tdi->consent);
	assert_int_equal(t->tdi->state, TDISP_CONFIG_LOCKED);
	/* Again, after STOP: a new session, and no flag this time. */
	expect_status(tdi_bind(t), BAD_STATE);
	expect_ok(tdi_stop(t));
	expect_ok(tdi_bind(t));
	assert_int_equal(t->p->g.r[TDX_RDX], 2);
	assert_int_equal(t->lock.flags, 0);
	tdis_free(t);
}

/* A report of many portions and pages lands where the array says, whole. */
static void long_report(void **state)
{
	struct tdis *t = tdis_created();
	uint32_t specific;

	(void)state;
	tdis_report(t);
	specific = 10000;
	memcpy(t->report + t->report_bytes - 4, &specific, 4);
	for (unsigned int i = 0; i < specific; i++)
		t->report[t->report_bytes + i] = (uint8_t)(i * 13);
	t->report_bytes += specific;
	t->portion = 0xffff;
	/* Three pages hold it, two don't. */
	expect_status(tdis_loop(t, TDH_TDI_BIND, 0, (t->out & SEPT_HPA) | 1ULL << 55),
		      ST(TDISP_INVALID_REPORT, R10));
	assert_int_equal(t->tdi->state, TDISP_CONFIG_LOCKED);
	assert_false(t->tdi->bound);
	expect_ok(tdi_stop(t));
	t->report_bytes = 84 + specific;
	expect_ok(tdis_loop(t, TDH_TDI_BIND, 0, (t->out & SEPT_HPA) | 2ULL << 55));
	assert_int_equal(t->nr_order, 3 + 3 + 1);	/* portions of F00h */
	for (unsigned int i = 0; i < 3; i++)
		assert_memory_equal(page_ptr(t->p, t->out_page[i]), t->report + i * PAGE,
				    i < 2 ? PAGE : t->report_bytes - 2 * PAGE);
	tdis_free(t);
}

static void bind_checks(void **state)
{
	struct tdis *t = tdis_created();
	struct plat *p = t->p;
	const uint64_t bad_list = (t->out & SEPT_HPA) | 16ULL << 55;

	(void)state;
#define BIND(func, rdx, r8, r9, r10) sc6(p, TDH_TDI_BIND, func, rdx, r8, r9, r10, 0)
	expect_status(BIND(0, 2, 0, 0, 1), INVALID(RDX));
	expect_status(BIND(0, 0, 1, 1, t->out | 1), INVALID(R10));
	expect_status(BIND(0, 0, 1, 1, bad_list), INVALID(R10));
	expect_status(BIND(0, 0, 1, 1, t->page[0]), INVALID(R10));
	expect_status(BIND(0, 0, t->page[0], 1, t->out), INVALID(R8));
	expect_status(BIND(0, 0, t->rsp, t->req | 8, t->out), INVALID(R9));
	t->tdi->state = TDISP_ERROR_STATE;
	t->tdi->stream->blocked = true;
	expect_status(BIND(SIBLING_FUNC, 0, t->rsp, t->req, t->out), ST(TDI_NOT_PRESENT, RCX));
	expect_status(tdi_bind(t), ST(TDISP_ERROR_STATE, RCX));
	t->tdi->state = TDISP_RUN;
	expect_status(tdi_bind(t), BAD_STATE);
	t->tdi->state = TDISP_CONFIG_UNLOCKED;
	expect_status(tdi_bind(t), ST(IDE_STREAM_BLOCKED, RCX));
	t->tdi->stream->blocked = false;
	expect_ok(tdi_bind(t));
	/* A pending one: changed operands, another leaf; STOP ends it. */
	expect_ok(tdi_stop(t));
	expect_status(tdis_call(t, TDH_TDI_BIND, 0, t->out), REQUEST);
	expect_status(tdis_call(t, TDH_TDI_BIND, 1, t->out), INVALID(RDX));
	expect_status(tdis_call(t, TDH_TDI_STATE, 0, 0), BUSY(RCX));
	tdis_answer(t);
	expect_status(tdis_call(t, TDH_TDI_BIND, 0, t->out), REQUEST);
	expect_ok(tdi_stop(t));
	expect_status(tdis_call(t, TDH_TDI_BIND, 0, t->out), REQUEST);
	tdis_answer(t);
	assert_int_equal(t->order[t->nr_order - 1], TDISP_REQ_VERSION);
	tdis_free(t);
}

/* ---- answers ---------------------------------------------------------------- */

static void shorter(struct tdis *t, uint8_t *m, unsigned int *len) { --*len; }
static void longer(struct tdis *t, uint8_t *m, unsigned int *len) { ++*len; }
static void version(struct tdis *t, uint8_t *m, unsigned int *len) { m[0] = 0x11; }
static void type(struct tdis *t, uint8_t *m, unsigned int *len) { m[1] ^= 8; }
static void function(struct tdis *t, uint8_t *m, unsigned int *len) { m[4] ^= 1; }
static void silent(struct tdis *t, uint8_t *m, unsigned int *len) { *len = 0; }

static void error(struct tdis *t, uint8_t *m, unsigned int *len)
{
	m[1] = TDISP_RSP_ERROR;
	memset(m + 16, 0, 8);
	m[16] = TDISP_ERR_BUSY;
	*len = TDISP_RSP_ERROR_BYTES;
}

static void (*const spoils[])(struct tdis *t, uint8_t *m, unsigned int *len) = {
	shorter, longer, version, type, function, silent, error,
};

#define NR_SPOILS (sizeof(spoils) / sizeof(spoils[0]))

/*
 * Each answer of BIND, spoilt in each way, ends the sequence; what stays is as the sheet says.
 * Break: a length, a header field or an error that is taken for an answer.
 */
static void bind_answers(void **state)
{
	struct tdis *t = tdis_created();

	(void)state;
	for (unsigned int type = TDISP_REQ_VERSION; type <= TDISP_REQ_STATE; type++)
		for (unsigned int i = 0; i < NR_SPOILS; i++) {
			t->spoil_type = (uint8_t)type;
			t->spoil = spoils[i];
			expect_status(tdi_bind(t), BAD_ANSWER);
			assert_int_equal(t->p->g.r[TDX_RCX], 0);
			assert_int_equal(t->p->g.r[TDX_RDX],
					 spoils[i] == error ? TDISP_ERR_BUSY : 0);
			assert_int_equal(t->tdi->spdm->seq.leaf, 0);
			assert_false(t->tdi->bound);
			assert_int_equal(t->tdi->state, type > TDISP_REQ_LOCK ?
					 TDISP_CONFIG_LOCKED : TDISP_CONFIG_UNLOCKED);
			if (type > TDISP_REQ_LOCK) {
				expect_status(tdi_bind(t), BAD_STATE);
				expect_status(tdi_remove(t), BAD_STATE);
			}
			expect_ok(tdi_stop(t));
		}
	t->spoil = NULL;
	expect_ok(tdi_bind(t));
	tdis_free(t);
}

static void no_version(struct tdis *t, uint8_t *m, unsigned int *len) { m[17] = 0x20; }
static void portion_zero(struct tdis *t, uint8_t *m, unsigned int *len)
{
	m[16] = m[17] = 0;
	*len = 20;
}
static void portion_huge(struct tdis *t, uint8_t *m, unsigned int *len)
{
	m[16] = 0x01;
	m[17] = 0x0f;
	*len = 20 + 0xf01;
}
static void portion_more(struct tdis *t, uint8_t *m, unsigned int *len) { m[16]++; }
static void state_4(struct tdis *t, uint8_t *m, unsigned int *len) { m[16] = 4; }
static void state_run(struct tdis *t, uint8_t *m, unsigned int *len) { m[16] = TDISP_RUN; }

/* Report bytes lie behind a 20-byte message head. */
static void no_dma(struct tdis *t, uint8_t *m, unsigned int *len) { m[20] = 0; }
static void pasid(struct tdis *t, uint8_t *m, unsigned int *len) { m[20] |= 4; }
static void ats(struct tdis *t, uint8_t *m, unsigned int *len) { m[20] |= 8; }
static void prs(struct tdis *t, uint8_t *m, unsigned int *len) { m[20] |= 16; }
static void msix(struct tdis *t, uint8_t *m, unsigned int *len) { m[20 + 5] = 0x80; }
static void lnr(struct tdis *t, uint8_t *m, unsigned int *len) { m[20 + 6] = 1; }
static void tph(struct tdis *t, uint8_t *m, unsigned int *len) { m[20 + 11] = 1; }
static void unaligned(struct tdis *t, uint8_t *m, unsigned int *len) { m[20 + 17] |= 1; }
static void overlapping(struct tdis *t, uint8_t *m, unsigned int *len) { m[20 + 24] = 17; }
static void ranges(struct tdis *t, uint8_t *m, unsigned int *len) { m[20 + 12] = 5; }

/* Break: vetting of one field, or a check of the report, that is lost or has another status. */
static void vetting(void **state)
{
	static const struct {
		void (*spoil)(struct tdis *t, uint8_t *m, unsigned int *len);
		uint8_t type;
		uint64_t status;
	} rows[] = {
		{ no_version, TDISP_REQ_VERSION, BAD_ANSWER },
		{ portion_zero, TDISP_REQ_REPORT, BAD_ANSWER },
		{ portion_huge, TDISP_REQ_REPORT, BAD_ANSWER },
		{ portion_more, TDISP_REQ_REPORT, BAD_ANSWER },
		{ state_4, TDISP_REQ_STATE, BAD_ANSWER },
		{ no_dma, TDISP_REQ_REPORT, ST(INVALID_TDI_CONFIGURATION, RCX) },
		{ pasid, TDISP_REQ_REPORT, ST(INVALID_TDI_CONFIGURATION, RCX) },
		{ ats, TDISP_REQ_REPORT, ST(INVALID_TDI_CONFIGURATION, RCX) },
		{ prs, TDISP_REQ_REPORT, ST(INVALID_TDI_CONFIGURATION, RCX) },
		{ msix, TDISP_REQ_REPORT, ST(INVALID_TDI_CONFIGURATION, RCX) },
		{ lnr, TDISP_REQ_REPORT, ST(INVALID_TDI_CONFIGURATION, RCX) },
		{ tph, TDISP_REQ_REPORT, ST(INVALID_TDI_CONFIGURATION, RCX) },
		{ unaligned, TDISP_REQ_REPORT, ST(TDISP_INVALID_REPORT, RCX) },
		{ overlapping, TDISP_REQ_REPORT, ST(TDISP_INVALID_REPORT, RCX) },
		{ ranges, TDISP_REQ_REPORT, ST(TDISP_INVALID_REPORT, RCX) },
	};
	struct tdis *t = tdis_created();

	(void)state;
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t->spoil_type = rows[i].type;
		t->spoil = rows[i].spoil;
		expect_status(tdi_bind(t), rows[i].status);
		assert_false(t->tdi->bound);
		expect_ok(tdi_stop(t));
	}
	/* The device fell out of LOCKED during BIND: the record is ERROR, only STOP helps. */
	t->spoil_type = TDISP_REQ_STATE;
	t->spoil = state_run;
	expect_status(tdi_bind(t), ST(TDISP_ERROR_STATE, RCX));
	assert_int_equal(t->tdi->state, TDISP_ERROR_STATE);
	expect_status(tdi_bind(t), ST(TDISP_ERROR_STATE, RCX));
	expect_ok(tdi_stop(t));
	tdis_free(t);
}

/* ---- START, STOP, STATE, RD ------------------------------------------------- */

/* Break: a start without consent or with a nonce kept; a failed START that changes the record. */
static void start(void **state)
{
	static const uint8_t wiped[TDISP_NONCE_BYTES];
	struct tdis *t = tdis_created();

	(void)state;
	expect_status(sc4(t->p, TDI_START, DEV_FUNC, 1, t->rsp, t->req), INVALID(RDX));
	expect_status(sc4(t->p, TDI_START, DEV_FUNC, 0, t->rsp | 1, t->req), INVALID(R8));
	expect_status(sc4(t->p, TDI_START, DEV_FUNC, 0, t->rsp, t->page[0]), INVALID(R9));
	expect_status(sc4(t->p, TDI_START, SIBLING_FUNC, 0, t->rsp, t->req),
		      ST(TDI_NOT_PRESENT, RCX));
	expect_status(tdi_start(t), BAD_STATE);
	expect_ok(tdi_bind(t));
	expect_status(tdi_start(t), BAD_STATE);		/* no consent */
	t->tdi->consent = true;
	t->tdi->bound = false;
	expect_status(tdi_start(t), BAD_STATE);
	t->tdi->bound = true;
	t->tdi->stream->blocked = true;
	expect_status(tdi_start(t), ST(IDE_STREAM_BLOCKED, RCX));
	t->tdi->stream->blocked = false;
	t->spoil_type = TDISP_REQ_START;
	for (unsigned int i = 0; i < NR_SPOILS; i++) {
		t->spoil = spoils[i];
		expect_status(tdi_start(t), BAD_ANSWER);
		assert_int_equal(t->tdi->state, TDISP_CONFIG_LOCKED);
		assert_true(t->tdi->bound);
	}
	t->spoil = NULL;
	expect_ok(tdi_start(t));
	assert_int_equal(t->nr_order, 1);
	assert_int_equal(t->tdi->state, TDISP_RUN);
	assert_memory_equal(t->tdi->nonce, wiped, sizeof(wiped));
	expect_status(tdi_start(t), BAD_STATE);
	t->tdi->state = TDISP_ERROR_STATE;
	expect_status(tdi_start(t), ST(TDISP_ERROR_STATE, RCX));
	tdis_free(t);
}

/* Break: STOP refused in some state, or something of the binding that survives it. */
static void stop(void **state)
{
	static const uint8_t wiped[84];
	struct tdis *t = tdis_created();

	(void)state;
	expect_status(sc4(t->p, TDI_STOP, DEV_FUNC, 1, t->rsp, t->req), INVALID(RDX));
	expect_status(sc4(t->p, TDI_STOP, SIBLING_FUNC, 0, t->rsp, t->req),
		      ST(TDI_NOT_PRESENT, RCX));
	t->tdi->spdm->state = SPDM_CREATED;
	expect_status(tdi_stop(t), ST(SPDM_INVALID_STATE, RCX));
	t->tdi->spdm->state = SPDM_CONNECTED;
	for (unsigned int s = TDISP_CONFIG_UNLOCKED; s <= TDISP_ERROR_STATE; s++) {
		if (s != TDISP_CONFIG_UNLOCKED)
			expect_ok(tdi_bind(t));
		t->tdi->state = s;
		t->tdi->consent = s == TDISP_RUN;
		expect_ok(tdi_stop(t));
		assert_int_equal(t->order[0], TDISP_REQ_STOP);
		assert_int_equal(t->tdi->state, TDISP_CONFIG_UNLOCKED);
		assert_false(t->tdi->bound);
		assert_false(t->tdi->consent);
		assert_int_equal(t->tdi->report_bytes, 0);
		assert_memory_equal(t->tdi->report, wiped, sizeof(wiped));
		assert_memory_equal(t->tdi->nonce, wiped, TDISP_NONCE_BYTES);
	}
	expect_ok(tdi_bind(t));
	t->spoil_type = TDISP_REQ_STOP;
	for (unsigned int i = 0; i < NR_SPOILS; i++) {
		t->spoil = spoils[i];
		expect_status(tdi_stop(t), BAD_ANSWER);
		assert_int_equal(t->tdi->state, TDISP_CONFIG_LOCKED);
		assert_true(t->tdi->bound);
	}
	tdis_free(t);
}

/* Break: a record that follows the device without STATE, or does not follow STATE's answer. */
static void live_state(void **state)
{
	struct tdis *t = tdis_bound();

	(void)state;
	expect_ok(tdi_state(t));
	assert_int_equal(t->p->g.r[TDX_RDX], TDISP_CONFIG_LOCKED);
	t->tdi->consent = true;
	expect_ok(tdi_start(t));
	t->live = TDISP_CONFIG_UNLOCKED;	/* a reset behind the host's back */
	expect_ok(sc2(t->p, TDI_RD, DEV_FUNC, TDX_TDI_STATE));
	expect_ok(tdi_state(t));
	assert_int_equal(t->p->g.r[TDX_RDX], TDISP_ERROR_STATE);
	assert_int_equal(t->tdi->state, TDISP_ERROR_STATE);
	assert_true(t->tdi->bound);
	assert_false(t->tdi->consent);
	expect_status(tdi_bind(t), ST(TDISP_ERROR_STATE, RCX));
	expect_status(tdi_start(t), ST(TDISP_ERROR_STATE, RCX));
	t->tdi->spdm->state = SPDM_CREATED;
	expect_status(tdi_state(t), ST(SPDM_INVALID_STATE, RCX));
	t->tdi->spdm->state = SPDM_CONNECTED;
	expect_ok(tdi_stop(t));
	expect_ok(tdi_bind(t));
	tdis_free(t);
}

static uint64_t rd(struct tdis *t, uint64_t field, uint64_t page)
{
	return sc3(t->p, TDI_RD, DEV_FUNC, field, page);
}

/* Break: a field that shows something else, or shows while not bound or in ERROR. */
static void read_fields(void **state)
{
	struct tdis *t = tdis_created();
	uint64_t page = host_page(t->p);
	uint8_t digest[48];

	(void)state;
	expect_status(sc3(t->p, TDI_RD, SIBLING_FUNC, 99, 0), ST(TDI_NOT_PRESENT, RCX));
	expect_status(rd(t, 0, 1), INVALID(RDX));
	expect_status(rd(t, 6, 1), INVALID(RDX));
	expect_status(rd(t, TDX_TDI_STATE, page), INVALID(R8));
	expect_status(rd(t, TDX_TDI_RECORD, page), INVALID(R8));
	expect_status(rd(t, TDX_TDI_REPORT_HASH, 0x10), INVALID(R8));
	expect_status(rd(t, TDX_TDI_DEV_INFO_HASH, t->page[0]), INVALID(R8));
	for (unsigned int field = 1; field <= 5; field++)
		expect_status(rd(t, field, field == 3 || field == 4 ? page : 0), BAD_STATE);
	expect_ok(rd(t, TDX_TDI_RECORD, 0));
	assert_int_equal(t->p->g.r[TDX_RCX], 0);

	expect_ok(tdi_bind(t));
	expect_ok(mmio_map(t, BAR0));
	expect_ok(rd(t, TDX_TDI_VERSION, 0));
	assert_int_equal(t->p->g.r[TDX_RCX], 0x10);
	expect_ok(rd(t, TDX_TDI_STATE, 0));
	assert_int_equal(t->p->g.r[TDX_RCX], 1);
	expect_ok(rd(t, TDX_TDI_BIND_SESSION, 0));
	assert_int_equal(t->p->g.r[TDX_RCX], 1);
	expect_ok(rd(t, TDX_TDI_REPORT_HASH, page));
	assert_int_equal(t->p->g.r[TDX_RCX], 48);
	report_sha(t, digest);
	assert_memory_equal(page_ptr(t->p, page), digest, 48);
	expect_ok(rd(t, TDX_TDI_DEV_INFO_HASH, page));
	assert_memory_equal(page_ptr(t->p, page), t->tdi->spdm->dev_info_hash, 48);
	expect_ok(rd(t, TDX_TDI_RECORD, 0));
	assert_int_equal(t->p->g.r[TDX_RCX], 1 | 1 << 8 | 1ULL << 32);
	t->tdi->consent = t->tdi->dmar_mapped = t->tdi->stream->blocked = true;
	t->tdi->state = TDISP_ERROR_STATE;
	expect_ok(rd(t, TDX_TDI_RECORD, 0));
	assert_int_equal(t->p->g.r[TDX_RCX], 0xf | 3 << 8 | 1ULL << 32);
	expect_ok(rd(t, TDX_TDI_STATE, 0));
	expect_status(rd(t, TDX_TDI_REPORT_HASH, page), BAD_STATE);
	expect_status(rd(t, TDX_TDI_DEV_INFO_HASH, page), BAD_STATE);
	expect_status(rd(t, TDX_TDI_BIND_SESSION, 0), BAD_STATE);
	t->tdi->state = TDISP_CONFIG_LOCKED;
	assert_true(tdx_trylock_excl(&t->tdi->spdm->lock));
	expect_ok(rd(t, TDX_TDI_REPORT_HASH, page));
	tdx_unlock_excl(&t->tdi->spdm->lock);
	tdis_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bind),	       cmocka_unit_test(long_report),
		cmocka_unit_test(bind_checks), cmocka_unit_test(bind_answers),
		cmocka_unit_test(vetting),     cmocka_unit_test(start),
		cmocka_unit_test(stop),	       cmocka_unit_test(live_state),
		cmocka_unit_test(read_fields),
	};

	return cmocka_run_group_tests_name("connect_bind", tests, NULL, NULL);
}
