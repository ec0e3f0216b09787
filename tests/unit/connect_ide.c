// SPDX-License-Identifier: GPL-2.0
/* TDH.IDE.STREAM.*: streams and their keys (fact sheet tdx-connect.md 3.1, 5.6). */
#include "connect.h"

#include <string.h>

#define BLOCKED		TDX_STATUS(IDE_STREAM_BLOCKED, TDX_OP_RDX)
#define NOT_BLOCKED	TDX_STATUS(IDE_STREAM_NOT_BLOCKED, TDX_OP_RDX)
#define HAS_TDIS	TDX_STATUS(IDE_HAS_TDIS, TDX_OP_RDX)
#define WRONG_STATE	TDX_STATUS(IDE_STREAM_INVALID_STATE, TDX_OP_RDX)
#define BAD_ANSWER	TDX_STATUS(IDE_INVALID_RESPONSE, TDX_OP_R9)

static struct tdx_stream *stream_of(struct peer *d)
{
	return &d->p->m->connect.stream[d->stream];
}

/* A device with a stream that has no keys yet. */
static struct plat *configured(struct peer *d)
{
	struct plat *p = plat_connect();

	peer_connected(d, p);
	expect_ok(stream_create(d));
	return p;
}

static uint64_t km_once(struct peer *d, enum tdx_ide_km_op op)
{
	return sc6(d->p, TDH_IDE_STREAM_KM, d->spdm, d->stream, op, d->rsp, d->req, 0);
}

static uint64_t block(struct peer *d)
{
	return sc2(d->p, IDE_STREAM_BLOCK, d->spdm, d->stream);
}

/* CREATE for the device's function, with operand @i (RCX, RDX, R8-R11) replaced. */
static uint64_t create_with(struct peer *d, unsigned int i, uint64_t value)
{
	uint64_t op[] = { 0x110, d->spdm, page_array(d->p, 1, true), 0, DEV_FUNC << 8,
			  DEV_FUNC << 8 | 1 };

	op[i] = value;
	return sc6(d->p, TDH_IDE_STREAM_CREATE, op[0], op[1], op[2], op[3], op[4], op[5]);
}

/* ---- CREATE, DELETE --------------------------------------------------------- */

/* Break: a field of the operands taken from another bit; the page not returned as it was given. */
static void create_delete(void **state)
{
	struct plat *p = plat_connect();
	const struct tdx_stream *st;
	struct peer d;
	uint64_t page;

	(void)state;
	/* So that the device's SPDM object is not number 0, which RDX ends with. */
	expect_ok(sc2(p, SPDM_CREATE, 0x7000, page_array(p, 3, true)));
	peer_connected(&d, p);
	assert_int_not_equal(d.spdm, 0);
	page = page_new(p);
	/* RIDs 0010h to 0120h, the other bits of the register images set. */
	expect_ok(sc6(p, TDH_IDE_STREAM_CREATE, 0x1a8, d.spdm, page, 0x1234, 0x012000, 0x001001));
	assert_int_equal(p->g.r[TDX_RCX], 0);
	assert_int_equal(p->g.r[TDX_RDX], 0);
	assert_int_equal(p->g.r[TDX_R8], page);
	d.stream = 0;
	st = stream_of(&d);
	assert_true(st->selective);
	assert_int_equal(st->rp_devfn, 0xa8);
	assert_int_equal(st->first_rid, 0x10);
	assert_int_equal(st->last_rid, 0x120);
	expect_ok(sc1(p, PHYMEM_PAGE_RDMD, page));
	assert_int_equal(p->g.r[TDX_RCX], PT_IDE_MT);
	/* A link stream is one too; ids are those of the table. */
	expect_ok(create_with(&d, 0, 0x10));
	assert_int_equal(p->g.r[TDX_RCX], 1);
	assert_false(p->m->connect.stream[1].selective);

	expect_status(stream_delete(&d), NOT_BLOCKED);
	expect_ok(block(&d));
	expect_status(sc3(p, IDE_STREAM_DELETE, d.spdm, 0, host_page(p)), INVALID(R8));
	expect_ok(stream_delete(&d));
	assert_int_equal(p->g.r[TDX_RCX], page);
	expect_ok(sc1(p, PHYMEM_PAGE_WBINVD, page));
	expect_status(stream_delete(&d), INVALID(RDX));
	/* No stream was ever keyed: the platform has nothing to hear. */
	assert_int_equal(p->stream_changes, 0);
	plat_free(p);
}

static void create_failures(void **state)
{
	struct plat *p = plat_connect();
	struct peer d;

	(void)state;
	peer_init(&d, p);
	expect_status(stream_create(&d), TDX_STATUS(SPDM_ENTRY_NOT_PRESENT, TDX_OP_RDX));
	expect_ok(spdm_create(&d));
	expect_status(stream_create(&d), TDX_STATUS(SPDM_INVALID_STATE, TDX_OP_RDX));
	expect_ok(spdm_connect(&d));
	/* Break: reserved bits; a RID range without the function, or one that isn't valid. */
	expect_status(create_with(&d, 0, 1ULL << 9), INVALID(RCX));
	expect_status(create_with(&d, 1, TDX_MAX_SPDMS),
		      TDX_STATUS(SPDM_ENTRY_NOT_PRESENT, TDX_OP_RDX));
	expect_status(create_with(&d, 4, (DEV_FUNC - 1) << 8), INVALID(R10));
	expect_status(create_with(&d, 5, (DEV_FUNC + 1) << 8 | 1), INVALID(R10));
	expect_status(create_with(&d, 5, DEV_FUNC << 8), INVALID(R11));
	/* Break: a page array that does not hold the announced one page. */
	expect_status(create_with(&d, 2, page_array(p, 2, true)), INVALID(R8));
	expect_status(create_with(&d, 2, page_new(p) | 1), INVALID(R8));
	expect_status(create_with(&d, 2, PLAT_HOST),
		      TDX_STATUS(OPERAND_ADDR_RANGE_ERROR, TDX_OP_R8));
	expect_status(create_with(&d, 2, p->m->connect.spdm[0].pages.page[0]),
		      TDX_STATUS(PAGE_METADATA_INCORRECT, TDX_OP_R8));
	/* Break: a stream past the table; one counted that was not made. */
	for (unsigned int i = 0; i < TDX_MAX_STREAMS; i++)
		expect_ok(stream_create(&d));
	expect_status(stream_create(&d), INVALID(RCX));
	assert_int_equal(p->m->connect.spdm[0].nr_streams, TDX_MAX_STREAMS);
	plat_free(p);
}

/* Break: the stream of one device reached through another's object. */
static void foreign_stream(void **state)
{
	struct peer d, other;
	struct plat *p = configured(&d);

	(void)state;
	peer_init(&other, p);
	other.func = 0x20;
	expect_ok(spdm_create(&other));
	expect_ok(spdm_connect(&other));
	other.stream = d.stream;
	expect_status(block(&other), INVALID(RDX));
	expect_status(stream_delete(&other), INVALID(RDX));
	expect_status(stream_km(&other, TDX_IDE_KM_SETUP), INVALID(RDX));
	other.stream = TDX_MAX_STREAMS;
	expect_status(block(&other), INVALID(RDX));
	other.stream = d.stream | 1ULL << 32;
	expect_status(block(&other), INVALID(RDX));
	other.spdm = 5;
	other.stream = 0;
	expect_status(block(&other), TDX_STATUS(SPDM_ENTRY_NOT_PRESENT, TDX_OP_RCX));
	expect_status(stream_delete(&other), TDX_STATUS(SPDM_ENTRY_NOT_PRESENT, TDX_OP_RCX));
	expect_status(stream_km(&other, TDX_IDE_KM_STOP),
		      TDX_STATUS(SPDM_ENTRY_NOT_PRESENT, TDX_OP_RCX));
	plat_free(p);
}

/* ---- KM --------------------------------------------------------------------- */

/* PR, NPR, CPL, each Rx then Tx, of key set @set, in messages @id from @n on. */
static void expect_keys(const struct peer *d, unsigned int n, unsigned int id, unsigned int set)
{
	static const uint8_t sub_stream[] = { 0x00, 0x02, 0x10, 0x12, 0x20, 0x22 };

	for (unsigned int i = 0; i < 6; i++) {
		assert_int_equal(d->order[n + i], 0x100 | id);
		assert_int_equal(d->sub_stream[n + i], sub_stream[i] | set);
	}
}

/* Break: a key forgotten or out of order, the wrong set, a stream opened early or not at all. */
static void keys(void **state)
{
	struct peer d;
	struct plat *p = configured(&d);

	(void)state;
	for (unsigned int round = 0; round < 2; round++) {
		assert_int_equal(p->streams, 0);
		expect_ok(stream_km(&d, TDX_IDE_KM_SETUP));
		assert_int_equal(d.nr_order, 13);
		assert_int_equal(d.order[0], 0x100);
		expect_keys(&d, 1, 2, 0);
		expect_keys(&d, 7, 4, 0);
		assert_int_equal(p->streams, 1);
		assert_int_equal(p->g.r[TDX_RCX], d.spdm);
		for (unsigned int set = 1; set < 4; set++) {
			expect_ok(stream_km(&d, TDX_IDE_KM_REFRESH));
			assert_int_equal(d.nr_order, 12);
			expect_keys(&d, 0, 2, set & 1);
			expect_keys(&d, 6, 4, set & 1);
		}
		assert_int_equal(p->streams, 1);
		expect_ok(stream_km(&d, TDX_IDE_KM_STOP));
		assert_int_equal(d.nr_order, 6);
		expect_keys(&d, 0, 5, 1);
		assert_int_equal(p->streams, 0);
	}
	assert_int_equal(p->stream_changes, 4);
	plat_free(p);
}

static void km_failures(void **state)
{
	struct peer d;
	struct plat *p = configured(&d);

	(void)state;
	expect_status(sc6(p, TDH_IDE_STREAM_KM, d.spdm, d.stream, 3, d.rsp, d.req, 0), INVALID(R8));
	expect_status(sc6(p, TDH_IDE_STREAM_KM, d.spdm, d.stream, 0, d.rsp + 8, d.req, 0),
		      INVALID(R9));
	expect_status(sc6(p, TDH_IDE_STREAM_KM, d.spdm, d.stream, 0, d.rsp, PLAT_PAMT, 0),
		      INVALID(R10));
	/* Break: keys set twice, or refreshed where there are none. */
	expect_status(stream_km(&d, TDX_IDE_KM_REFRESH), WRONG_STATE);
	expect_ok(stream_km(&d, TDX_IDE_KM_SETUP));
	expect_status(stream_km(&d, TDX_IDE_KM_SETUP), WRONG_STATE);
	/* Break: the keys go under a TDI. */
	stream_of(&d)->nr_tdis = 1;
	expect_status(stream_km(&d, TDX_IDE_KM_STOP), HAS_TDIS);
	assert_int_equal(p->streams, 1);
	expect_ok(block(&d));
	expect_status(stream_delete(&d), HAS_TDIS);
	stream_of(&d)->nr_tdis = 0;
	/* Break: new keys for a stream that is blocked for ever; a stop that is refused there. */
	expect_status(stream_km(&d, TDX_IDE_KM_REFRESH), BLOCKED);
	expect_ok(stream_km(&d, TDX_IDE_KM_STOP));
	expect_status(stream_km(&d, TDX_IDE_KM_SETUP), BLOCKED);
	assert_int_equal(p->streams, 0);
	expect_ok(stream_delete(&d));
	/* Break: the next stream in the slot is born blocked. */
	expect_ok(stream_create(&d));
	expect_ok(stream_km(&d, TDX_IDE_KM_SETUP));
	assert_int_equal(p->streams, 1);
	plat_free(p);
}

/* Offsets from the DOE object on: record 8, message 16, payload 28. */
static void clear_text(struct peer *d, uint8_t *doe) { doe[2] = 1; }
static void other_session(struct peer *d, uint8_t *doe) { doe[8] ^= 1; }
static void spdm_error(struct peer *d, uint8_t *doe) { doe[17] = 0x7f; }
static void version(struct peer *d, uint8_t *doe) { doe[16] = 0x11; }
static void standard(struct peer *d, uint8_t *doe) { doe[20] = 4; }
static void vendor_length(struct peer *d, uint8_t *doe) { doe[22] = 0; }
static void vendor(struct peer *d, uint8_t *doe) { doe[23] = 2; }
static void payload_short(struct peer *d, uint8_t *doe) { doe[25]--; }
static void payload_long(struct peer *d, uint8_t *doe) { doe[26] = 0xff; }
static void protocol(struct peer *d, uint8_t *doe) { doe[27] = 1; }
static void wrong_id(struct peer *d, uint8_t *doe) { doe[28] = 2; }
static void query_port(struct peer *d, uint8_t *doe) { doe[30] = 1; }
static void query_devfn(struct peer *d, uint8_t *doe) { doe[31] ^= 8; }
static void query_bus(struct peer *d, uint8_t *doe) { doe[32] = 1; }
static void stream_id(struct peer *d, uint8_t *doe) { doe[31] ^= 1; }
static void refused(struct peer *d, uint8_t *doe) { doe[32] = 3; }
static void sub_stream(struct peer *d, uint8_t *doe) { doe[33] ^= 2; }
static void port(struct peer *d, uint8_t *doe) { doe[34] = 1; }

/* The payload is @bytes longer, and every layer agrees. */
static void resize(uint8_t *doe, int bytes)
{
	unsigned int app = doe[14] + bytes;

	doe[12] += bytes;
	doe[14] = app;
	doe[25] += bytes;
	doe[4] = (16 + app + 16 + 3) / 4;
}

static void one_more(struct peer *d, uint8_t *doe) { resize(doe, 1); }
static void one_less(struct peer *d, uint8_t *doe) { resize(doe, -1); }
static void only_vdm(struct peer *d, uint8_t *doe) { resize(doe, -7); }

/*
 * Break: the check of that one thing; a sequence that survives a refusal; a refresh that gives up
 * working keys. F23, both outputs 0, no change to the stream; the retry succeeds from message 1 on.
 */
static void malformed_answers(void **state)
{
	static const struct { int at; void (*spoil)(struct peer *d, uint8_t *doe); } cases[] = {
		{ 0, clear_text }, { 0, other_session }, { 0, spdm_error }, { 0, version },
		{ 0, standard }, { 0, vendor_length }, { 0, vendor }, { 0, payload_short },
		{ 0, payload_long }, { 0, protocol }, { 0, wrong_id }, { 0, query_port },
		{ 0, query_devfn }, { 0, query_bus },
		{ 1, wrong_id }, { 1, stream_id }, { 1, refused }, { 1, sub_stream }, { 1, port },
		{ 1, one_more }, { 1, one_less }, { 1, only_vdm }, { 6, refused },
		{ 6, spdm_error },
		{ 7, wrong_id }, { 7, stream_id }, { 7, sub_stream }, { 7, port }, { 7, one_more },
		{ 12, one_less }, { 12, spdm_error },
	};
	struct peer d;
	struct plat *p = configured(&d);

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t status;

		d.spoil_at = cases[i].at;
		d.spoil = cases[i].spoil;
		status = stream_km(&d, TDX_IDE_KM_SETUP);
		if (status != BAD_ANSWER)
			print_error("case %u\n", i);
		expect_status(status, BAD_ANSWER);
		assert_int_equal(d.answers, cases[i].at + 1);
		assert_int_equal(p->g.r[TDX_RCX] | p->g.r[TDX_RDX], 0);
		assert_int_equal(p->streams, 0);
	}
	d.spoil_at = -1;
	expect_ok(stream_km(&d, TDX_IDE_KM_SETUP));
	assert_int_equal(d.nr_order, 13);
	d.spoil_at = 11;
	d.spoil = port;
	expect_status(stream_km(&d, TDX_IDE_KM_REFRESH), BAD_ANSWER);
	assert_int_equal(p->streams, 1);
	d.spoil_at = -1;
	expect_ok(stream_km(&d, TDX_IDE_KM_REFRESH));
	expect_keys(&d, 6, 4, 1);
	/* A stop is different: from its first message on the stream counts as closed. */
	d.spoil_at = 5;
	expect_status(stream_km(&d, TDX_IDE_KM_STOP), BAD_ANSWER);
	assert_int_equal(p->streams, 0);
	d.spoil_at = -1;
	expect_ok(stream_km(&d, TDX_IDE_KM_STOP));
	expect_keys(&d, 0, 5, 1);
	plat_free(p);
}

/* Break: a key from no entropy; a sequence that such a call ends, or that it begins for nothing. */
static void no_entropy(void **state)
{
	const uint64_t none = TDX_STATUS(RND_NO_ENTROPY, 0);
	struct peer d;
	struct plat *p = configured(&d);

	(void)state;
	expect_status(km_once(&d, TDX_IDE_KM_SETUP), REQUEST);
	peer_answer(&d);
	p->no_entropy = true;
	expect_status(km_once(&d, TDX_IDE_KM_SETUP), none);
	p->no_entropy = false;
	/* The same call again, with the same answer. */
	while (km_once(&d, TDX_IDE_KM_SETUP) == REQUEST)
		peer_answer(&d);
	assert_int_equal(p->streams, 1);
	p->no_entropy = true;
	expect_status(km_once(&d, TDX_IDE_KM_REFRESH), none);
	p->no_entropy = false;
	expect_ok(spdm_mng(&d, TDX_SPDM_KEY_UPDATE));
	plat_free(p);
}

/* ---- sequences -------------------------------------------------------------- */

/* Break: an operand that changes under way; the answers of one stream taken for another's. */
static void changed_operands(void **state)
{
	struct peer d;
	struct plat *p = configured(&d);
	uint64_t first = d.stream;

	(void)state;
	expect_ok(stream_create(&d));
	expect_status(km_once(&d, TDX_IDE_KM_SETUP), REQUEST);
	expect_status(sc6(p, TDH_IDE_STREAM_KM, d.spdm, d.stream, 0, host_page(p), d.req, 0),
		      INVALID(R9));
	expect_status(sc6(p, TDH_IDE_STREAM_KM, d.spdm, d.stream, 0, d.rsp, host_page(p), 0),
		      INVALID(R10));
	expect_status(sc6(p, TDH_IDE_STREAM_KM, d.spdm, first, 0, d.rsp, d.req, 0), BUSY(RCX));
	expect_status(spdm_mng(&d, TDX_SPDM_HEARTBEAT), BUSY(RCX));
	/* None of these ended it. */
	peer_answer(&d);
	expect_status(km_once(&d, TDX_IDE_KM_SETUP), REQUEST);
	assert_int_equal(p->m->connect.spdm[d.spdm].seq.step, 2);
	plat_free(p);
}

/* Break: a stop that waits for what it is to end; a stop of one stream mistaken for another's. */
static void stop_aborts(void **state)
{
	struct peer d;
	struct plat *p = configured(&d);

	(void)state;
	/* Its own setup, a foreign leaf, another stream's setup. */
	expect_status(km_once(&d, TDX_IDE_KM_SETUP), REQUEST);
	expect_ok(stream_km(&d, TDX_IDE_KM_STOP));
	assert_int_equal(d.nr_order, 6);
	expect_status(sc6(p, TDH_SPDM_MNG, d.spdm, 0, ~0ULL, d.rsp, d.req, ~0ULL), REQUEST);
	expect_ok(stream_km(&d, TDX_IDE_KM_STOP));
	expect_ok(stream_create(&d));
	expect_status(km_once(&d, TDX_IDE_KM_SETUP), REQUEST);
	d.stream = 0;
	expect_ok(stream_km(&d, TDX_IDE_KM_STOP));
	/* A stop under way is not restarted by itself. */
	expect_status(km_once(&d, TDX_IDE_KM_STOP), REQUEST);
	expect_status(sc6(p, TDH_IDE_STREAM_KM, d.spdm, 0, 2, host_page(p), d.req, 0), INVALID(R9));
	/* ... and a setup does not end it. */
	expect_status(km_once(&d, TDX_IDE_KM_SETUP), INVALID(R8));
	plat_free(p);
}

/* Break: BLOCK that leaves the sequence of its stream, or ends another stream's; a silent BLOCK. */
static void block_aborts(void **state)
{
	struct peer d;
	struct plat *p = configured(&d);
	struct tdx_seq *q = &p->m->connect.spdm[d.spdm].seq;
	struct tdx_tdi *tdi = &p->m->connect.tdi[3];

	(void)state;
	expect_ok(stream_create(&d));
	expect_ok(stream_km(&d, TDX_IDE_KM_SETUP));
	assert_int_equal(p->streams, 2);
	expect_status(km_once(&d, TDX_IDE_KM_REFRESH), REQUEST);
	expect_ok(sc2(p, IDE_STREAM_BLOCK, d.spdm, 0));
	assert_int_equal(q->leaf, TDH_IDE_STREAM_KM);
	assert_int_equal(p->streams, 2);
	expect_ok(block(&d));
	assert_int_equal(q->leaf, 0);
	assert_int_equal(p->streams, 0);
	assert_int_equal(p->stream_changes, 2);
	expect_status(block(&d), BLOCKED);
	/* Sequences of TDIs: of another stream, of this one. */
	expect_ok(stream_create(&d));
	*q = (struct tdx_seq) { .leaf = TDH_TDI_START, .step = 1, .object = tdi };
	tdi->stream = &p->m->connect.stream[0];
	expect_ok(block(&d));
	assert_int_equal(q->leaf, TDH_TDI_START);
	expect_ok(stream_delete(&d));
	expect_ok(stream_create(&d));
	tdi->stream = stream_of(&d);
	expect_ok(block(&d));
	assert_int_equal(q->leaf, 0);
	plat_free(p);
}

/* Break: a dead device's unanswered stop keeps its stream for ever. */
static void dead_device(void **state)
{
	struct peer d;
	struct plat *p = configured(&d);

	(void)state;
	expect_ok(stream_km(&d, TDX_IDE_KM_SETUP));
	expect_ok(block(&d));
	expect_status(km_once(&d, TDX_IDE_KM_STOP), REQUEST);
	expect_ok(stream_delete(&d));
	expect_status(sc3(p, SPDM_DISCONNECT, d.spdm, d.rsp, d.req), REQUEST);
	expect_ok(sc3(p, SPDM_DISCONNECT, d.spdm, d.rsp, d.req));
	expect_ok(spdm_delete(&d));
	expect_ledger_empty(p);
	plat_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(create_delete),
		cmocka_unit_test(create_failures),
		cmocka_unit_test(foreign_stream),
		cmocka_unit_test(keys),
		cmocka_unit_test(km_failures),
		cmocka_unit_test(malformed_answers),
		cmocka_unit_test(no_entropy),
		cmocka_unit_test(changed_operands),
		cmocka_unit_test(stop_aborts),
		cmocka_unit_test(block_aborts),
		cmocka_unit_test(dead_device),
	};

	return cmocka_run_group_tests_name("connect_ide", tests, NULL, NULL);
}
