// SPDX-License-Identifier: GPL-2.0
/* TDH.SPDM.*: objects and the session (fact sheet tdx-connect.md 3.1, 5.5). */
#include "connect.h"
#include "../../lib/core/sha384.h"

#include <string.h>

#define NO_OBJECT	TDX_STATUS(SPDM_ENTRY_NOT_PRESENT, TDX_OP_RCX)
#define WRONG_STATE	TDX_STATUS(SPDM_INVALID_STATE, TDX_OP_RCX)

/* ---- objects ---------------------------------------------------------------- */

/* Break: pages in another order, or one that is not given back; an id that is not the lowest. */
static void create_delete(void **state)
{
	struct plat *p = plat_connect();
	uint64_t array = page_array(p, 3, true), list_pa = host_page(p), list[3];

	(void)state;
	memcpy(list, page_ptr(p, array & TDX_HPA_ARRAY_PAGE), sizeof(list));
	expect_ok(sc2(p, SPDM_CREATE, 0x18, array));
	assert_int_equal(p->g.r[TDX_RCX], 0);
	for (unsigned int i = 0; i < 3; i++) {
		expect_ok(sc1(p, PHYMEM_PAGE_RDMD, list[i]));
		assert_int_equal(p->g.r[TDX_RCX], PT_SPDM_MT);
	}
	expect_status(sc2(p, SPDM_CREATE, 0x18, page_array(p, 3, true)),
		      TDX_STATUS(SPDM_ENTRY_ALREADY_PRESENT, TDX_OP_RCX));
	expect_ok(sc2(p, SPDM_CREATE, 0x20, page_array(p, 3, true)));
	assert_int_equal(p->g.r[TDX_RCX], 1);
	expect_ok(sc2(p, SPDM_DELETE, 0, list_pa));
	assert_int_equal(p->g.r[TDX_RCX], list_pa | 2ULL << 55);
	assert_memory_equal(page_ptr(p, list_pa), list, sizeof(list));
	for (unsigned int i = 0; i < 3; i++)
		expect_ok(sc1(p, PHYMEM_PAGE_WBINVD, list[i]));
	expect_status(sc2(p, SPDM_DELETE, 0, list_pa), NO_OBJECT);
	expect_ok(sc2(p, SPDM_CREATE, 0x18, array));
	assert_int_equal(p->g.r[TDX_RCX], 0);
	plat_free(p);
}

static void create_operands(void **state)
{
	struct plat *p = plat_connect();
	uint64_t array = page_array(p, 3, true), *list = page_ptr(p, array & TDX_HPA_ARRAY_PAGE);
	const uint64_t bad_func[] = { 1ULL << 32, 1U << 31, 1U << 25, 1U << 24 | 0x18, 0x10018 };
	const uint64_t bad_array[] = {
		array + (1ULL << 55), array - (1ULL << 55), array | 1, array | 1ULL << 52, list[0],
		PLAT_PAMT | 2ULL << 55,
	};

	(void)state;
	/* Break: two names of one function, one per segment spelling. */
	for (unsigned int i = 0; i < sizeof(bad_func) / sizeof(bad_func[0]); i++)
		expect_status(sc2(p, SPDM_CREATE, bad_func[i], array), INVALID(RCX));
	/* Break: a page count other than the announced one, reserved bits, a list not L1's. */
	for (unsigned int i = 0; i < sizeof(bad_array) / sizeof(bad_array[0]); i++)
		expect_status(sc2(p, SPDM_CREATE, 0x18, bad_array[i]), INVALID(RDX));
	/* Break: pages kept by a call that was refused at a later one. */
	list[2] += 8;
	expect_status(sc2(p, SPDM_CREATE, 0x18, array), INVALID(RDX));
	list[2] = PLAT_HOST;
	expect_status(sc2(p, SPDM_CREATE, 0x18, array),
		      TDX_STATUS(OPERAND_ADDR_RANGE_ERROR, TDX_OP_RDX));
	expect_ledger_empty(p);
	list[2] = page_new(p);
	expect_ok(sc2(p, SPDM_CREATE, 1U << 24 | 2 << 16 | 0x18, array));
	list[2] = page_new(p);
	expect_status(sc2(p, SPDM_CREATE, 0x18, array),
		      TDX_STATUS(PAGE_METADATA_INCORRECT, TDX_OP_RDX));
	/* Break: an index past the table. */
	for (unsigned int i = 1; i < TDX_MAX_SPDMS; i++)
		expect_ok(sc2(p, SPDM_CREATE, i, page_array(p, 3, true)));
	expect_status(sc2(p, SPDM_CREATE, 0x18, page_array(p, 3, true)), INVALID(RCX));
	expect_status(sc2(p, SPDM_DELETE, TDX_MAX_SPDMS, host_page(p)), NO_OBJECT);
	expect_status(sc2(p, SPDM_DELETE, 1ULL << 32, host_page(p)), NO_OBJECT);
	plat_free(p);
}

static void delete_failures(void **state)
{
	struct plat *p = plat_connect();
	struct peer d;

	(void)state;
	peer_init(&d, p);
	expect_ok(spdm_create(&d));
	/* Break: a list page that is not L1's (it would be written). */
	expect_status(sc2(p, SPDM_DELETE, 0, PLAT_PAMT), INVALID(RDX));
	expect_status(sc2(p, SPDM_DELETE, 0, host_page(p) + 8), INVALID(RDX));
	expect_status(sc2(p, SPDM_DELETE, 0, spdm_of(&d)->pages.page[1]), INVALID(RDX));
	expect_ok(spdm_connect(&d));
	expect_status(spdm_delete(&d), WRONG_STATE);
	expect_ok(stream_create(&d));
	expect_status(spdm_delete(&d), TDX_STATUS(SPDM_HAS_ACTIVE_IDE_STREAMS, TDX_OP_RCX));
	expect_ok(sc2(p, IDE_STREAM_BLOCK, 0, 0));
	expect_ok(stream_delete(&d));
	expect_ok(spdm_disconnect(&d));
	expect_ok(spdm_delete(&d));
	expect_ledger_empty(p);
	plat_free(p);
}

/* ---- CONNECT ---------------------------------------------------------------- */

/* What CONNECT and recollection hand out (C 1.4), and that field 4 of a TDI is its hash. */
static void expect_info(struct peer *d)
{
	uint32_t want = 8 + d->chain_bytes + d->record_bytes, lengths[2];
	const uint64_t *list = page_ptr(d->p, d->out & TDX_HPA_ARRAY_PAGE);
	uint8_t blob[TDX_SPDM_DEV_INFO_PAGES * PAGE], hash[SHA384_SIZE];
	struct sha384 s;

	for (unsigned int i = 0; i < TDX_SPDM_DEV_INFO_PAGES; i++)
		memcpy(blob + i * PAGE, page_ptr(d->p, list[i]), PAGE);
	assert_int_equal(d->p->g.r[TDX_RCX], want);
	memcpy(&lengths[0], blob, 4);
	memcpy(&lengths[1], blob + 4 + d->chain_bytes, 4);
	assert_int_equal(lengths[0], d->chain_bytes);
	assert_int_equal(lengths[1], d->record_bytes);
	assert_memory_equal(blob + 4, d->chain, d->chain_bytes);
	assert_memory_equal(blob + 8 + d->chain_bytes, d->record, d->record_bytes);
	sha384_init(&s);
	sha384_update(&s, blob, want);
	sha384_final(&s, hash);
	assert_memory_equal(spdm_of(d)->dev_info_hash, hash, sizeof(hash));
}

/* Break: a message left out or out of order, a portion written to the wrong place. */
static void connect(void **state)
{
	static const uint16_t order[] = {
		0x84, 0xe1, 0xe3, 0x81, 0x82, 0x82, 0xe4, 0x2e5, 0x2e0
	};
	struct plat *p = plat_connect();
	struct peer d;

	(void)state;
	peer_init(&d, p);
	expect_ok(spdm_create(&d));
	expect_ok(spdm_connect(&d));
	assert_int_equal(d.nr_order, sizeof(order) / sizeof(order[0]));
	assert_memory_equal(d.order, order, sizeof(order));
	expect_info(&d);
	/* The other inputs come back as they were. */
	assert_int_equal(p->g.r[TDX_RDX], d.config);
	assert_int_equal(p->g.r[TDX_R8], d.rsp);
	assert_int_equal(p->g.r[TDX_R10], d.out);
	expect_status(spdm_connect(&d), WRONG_STATE);
	expect_ok(spdm_disconnect(&d));
	assert_int_equal(d.order[0], 0x2ec);
	assert_int_equal(d.nr_order, 1);
	/* A second session works the same. */
	expect_ok(spdm_connect(&d));
	plat_free(p);
}

static void connect_operands(void **state)
{
	struct plat *p = plat_connect();
	const uint64_t huge = 1ULL << PLAT_PA_BITS;
	struct peer d;
	const struct { unsigned int op; uint64_t value, status; } bad[] = {
		{ 0, 1, NO_OBJECT },
		{ 0, TDX_MAX_SPDMS, NO_OBJECT },
		{ 0, 1ULL << 32, NO_OBJECT },
		{ 1, PLAT_PAMT, INVALID(RDX) },
		{ 1, huge, INVALID(RDX) },
		{ 2, PLAT_PAMT, INVALID(R8) },
		{ 2, PLAT_HOST + 8, INVALID(R8) },
		{ 2, PLAT_RAM, INVALID(R8) },
		{ 3, PLAT_PAMT, INVALID(R9) },
		{ 3, huge | PLAT_HOST, INVALID(R9) },
		{ 4, PLAT_PAMT, INVALID(R10) },
		{ 4, PLAT_HOST | 1, INVALID(R10) },
		{ 4, PLAT_HOST | 4ULL << 55, INVALID(R10) },
		{ 4, PLAT_PAMT | 1ULL << 55, INVALID(R10) },
	};
	const struct tdx_spdm_config configs[] = {
		{ 1, 0, 0xff, 0 }, { 0, 1, 0xff, 0 }, { 0, 0, 0xfe, 0 }, { 0, 0, 1, 2 },
	};
	struct tdx_spdm_config *config;

	(void)state;
	peer_init(&d, p);
	expect_ok(spdm_create(&d));
	/* Break: an operand taken unchecked: the module would read or write what isn't L1's. */
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t op[6] = { d.spdm, d.config, d.rsp, d.req, d.out };

		op[bad[i].op] = bad[i].value;
		expect_status(sc6(p, TDH_SPDM_CONNECT, op[0], op[1], op[2], op[3], op[4], 0),
			      bad[i].status);
	}
	/* Break: a page that is the module's own. */
	d.rsp = spdm_of(&d)->pages.page[0];
	expect_status(connect_once(&d), INVALID(R8));
	d.rsp = host_page(p);
	config = page_ptr(p, d.config);
	for (unsigned int i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		*config = configs[i];
		expect_status(connect_once(&d), INVALID(RDX));
	}
	/* None of these calls began a sequence. */
	*config = (struct tdx_spdm_config) { TDX_SPDM_CAP_HBEAT | TDX_SPDM_CAP_KEY_UPD, 0, 1, 1 };
	expect_ok(spdm_connect(&d));
	plat_free(p);
}

/* ---- answers ---------------------------------------------------------------- */

/* The SPDM message of the answer: clear, or inside a record. */
static uint8_t *message(uint8_t *doe)
{
	return doe + (doe[2] == 2 ? 16 : 8);
}

static void wrong_vendor(struct peer *d, uint8_t *doe) { doe[0] = 2; }
static void wrong_type(struct peer *d, uint8_t *doe) { doe[2] ^= 3; }
static void reserved_set(struct peer *d, uint8_t *doe) { doe[3] = 1; }
static void length_0(struct peer *d, uint8_t *doe) { memset(doe + 4, 0, 4); }
static void length_1(struct peer *d, uint8_t *doe) { memcpy(doe + 4, "\1\0\0\0", 4); }
static void length_short(struct peer *d, uint8_t *doe) { doe[4]--; }
static void length_long(struct peer *d, uint8_t *doe) { doe[4]++; }
static void length_huge(struct peer *d, uint8_t *doe) { memcpy(doe + 4, "\1\4\0\0", 4); }
static void length_max(struct peer *d, uint8_t *doe) { memset(doe + 4, 0xff, 4); }
static void all_ones(struct peer *d, uint8_t *doe) { memset(doe, 0xff, PAGE); }
static void version(struct peer *d, uint8_t *doe) { message(doe)[0] = 0x11; }
static void code(struct peer *d, uint8_t *doe) { message(doe)[1] ^= 1; }
static void spdm_error(struct peer *d, uint8_t *doe) { message(doe)[1] = 0x7f; }
static void no_entry(struct peer *d, uint8_t *doe) { message(doe)[5] = 0; }
static void entry_1_1(struct peer *d, uint8_t *doe) { message(doe)[7] = 0x11; }
static void no_encryption(struct peer *d, uint8_t *doe) { message(doe)[8] &= ~0x40; }
static void small_buffer(struct peer *d, uint8_t *doe) { message(doe)[13] = 1; }
static void three_tables(struct peer *d, uint8_t *doe) { message(doe)[2] = 3; }
static void table_length(struct peer *d, uint8_t *doe) { message(doe)[4] = 36; }
static void no_slot(struct peer *d, uint8_t *doe) { message(doe)[3] = 2; }
static void no_portion(struct peer *d, uint8_t *doe) { memset(message(doe) + 4, 0, 4); }
static void portion_long(struct peer *d, uint8_t *doe) { message(doe)[5] = 0x0f; }
static void portion_max(struct peer *d, uint8_t *doe) { memset(message(doe) + 4, 0xff, 2); }
/* All layers agree on four bytes more than were asked for. */
static void portion_more(struct peer *d, uint8_t *doe)
{
	doe[4]++;
	message(doe)[4] += 4;
	message(doe)[6] -= 4;
}
static void total_64k(struct peer *d, uint8_t *doe) { memset(message(doe) + 6, 0xff, 2); }
static void other_rest(struct peer *d, uint8_t *doe) { message(doe)[6]++; }
static void other_session(struct peer *d, uint8_t *doe) { doe[8] ^= 1; }
static void record_long(struct peer *d, uint8_t *doe) { doe[12]++; }
static void app_long(struct peer *d, uint8_t *doe) { doe[14]++; }
static void app_max(struct peer *d, uint8_t *doe) { memset(doe + 12, 0xff, 4); }
static void app_wraps(struct peer *d, uint8_t *doe) { memcpy(doe + 12, "\x0e\0\xfc\xff", 4); }
static void record_size(struct peer *d, uint8_t *doe) { message(doe)[5]++; }
static void record_max(struct peer *d, uint8_t *doe) { memset(message(doe) + 5, 0xff, 3); }

/*
 * One answer spoilt in one way: F4E, both outputs 0, and the next CONNECT starts at the first
 * message and succeeds. Break: the check of that one thing; a sequence that survives.
 */
static void malformed_answers(void **state)
{
	static const struct { int at; void (*spoil)(struct peer *d, uint8_t *doe); } cases[] = {
		{ 0, wrong_vendor }, { 0, wrong_type }, { 0, reserved_set }, { 0, length_0 },
		{ 0, length_1 }, { 0, length_short }, { 0, length_long }, { 0, length_huge },
		{ 0, length_max }, { 0, all_ones }, { 0, version }, { 0, code }, { 0, spdm_error },
		{ 0, no_entry }, { 0, entry_1_1 },
		{ 1, version }, { 1, no_encryption }, { 1, small_buffer }, { 1, length_long },
		{ 2, three_tables }, { 2, table_length }, { 2, length_short },
		{ 3, no_slot }, { 3, length_short }, { 3, code },
		{ 4, no_portion }, { 4, portion_long }, { 4, portion_max }, { 4, portion_more },
		{ 4, total_64k },
		{ 4, length_short }, { 4, length_long }, { 5, other_rest }, { 5, spdm_error },
		{ 6, length_short }, { 6, length_long }, { 6, spdm_error },
		{ 7, wrong_type }, { 7, other_session }, { 7, record_long }, { 7, app_long },
		{ 7, app_max }, { 7, app_wraps }, { 7, spdm_error }, { 7, length_long },
		{ 7, length_short }, { 7, length_huge }, { 7, all_ones },
		{ 8, record_size }, { 8, record_max }, { 8, app_long }, { 8, length_1 },
	};
	struct plat *p = plat_connect();
	struct peer d;

	(void)state;
	peer_init(&d, p);
	expect_ok(spdm_create(&d));
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t status;

		d.spoil_at = cases[i].at;
		d.spoil = cases[i].spoil;
		status = spdm_connect(&d);
		if (status != BAD_MESSAGE || d.answers != (unsigned int)cases[i].at + 1)
			print_error("case %u\n", i);
		expect_status(status, BAD_MESSAGE);
		assert_int_equal(d.answers, cases[i].at + 1);
		assert_int_equal(p->g.r[TDX_RCX] | p->g.r[TDX_RDX], 0);
		assert_int_equal(spdm_of(&d)->state, SPDM_CREATED);
	}
	d.spoil_at = -1;
	expect_ok(spdm_connect(&d));
	expect_info(&d);
	plat_free(p);
}

static void other_digest(struct peer *d, uint8_t *doe) { message(doe)[10] ^= 1; }
static void other_chain(struct peer *d, uint8_t *doe) { message(doe)[20] ^= 1; }

/* Break: the chain not held against its digest. */
static void authentication(void **state)
{
	const uint64_t failed = TDX_STATUS(SPDM_AUTH_FAILED, TDX_OP_R8);
	struct plat *p = plat_connect();
	struct peer d;

	(void)state;
	peer_init(&d, p);
	expect_ok(spdm_create(&d));
	d.spoil_at = 3;
	d.spoil = other_digest;
	expect_status(spdm_connect(&d), failed);
	d.spoil_at = 4;
	d.spoil = other_chain;
	expect_status(spdm_connect(&d), failed);
	assert_int_equal(d.answers, 6);
	plat_free(p);
}

/* Break: more device information than pages for it: the array is a bound, not a hint. */
static void info_too_long(void **state)
{
	struct plat *p = plat_connect();
	struct peer d;

	(void)state;
	peer_init(&d, p);
	expect_ok(spdm_create(&d));
	d.out = page_array(p, 1, false);
	expect_status(spdm_connect(&d), INVALID(R10));
	assert_int_equal(p->g.r[TDX_RCX] | p->g.r[TDX_RDX], 0);
	/* The chain fits to the byte, the measurements no longer. */
	d.chain_bytes = PAGE - 4;
	expect_status(spdm_connect(&d), INVALID(R10));
	d.chain_bytes = PAGE - 8 - d.record_bytes;
	expect_ok(spdm_connect(&d));
	assert_int_equal(p->g.r[TDX_RCX], PAGE);
	plat_free(p);
}

/* ---- DISCONNECT ------------------------------------------------------------- */

/* Break: a DISCONNECT that insists on an answer, that keeps the session, that skips a check. */
static void disconnect(void **state)
{
	struct plat *p = plat_connect();
	struct peer d;

	(void)state;
	peer_init(&d, p);
	expect_status(spdm_disconnect(&d), NO_OBJECT);
	expect_ok(spdm_create(&d));
	expect_status(spdm_disconnect(&d), WRONG_STATE);
	expect_ok(spdm_connect(&d));
	expect_status(sc3(p, SPDM_DISCONNECT, d.spdm, PLAT_PAMT, d.req), INVALID(RDX));
	expect_status(sc3(p, SPDM_DISCONNECT, d.spdm, d.rsp, PLAT_PAMT), INVALID(R8));
	expect_ok(stream_create(&d));
	expect_status(spdm_disconnect(&d), TDX_STATUS(SPDM_HAS_ACTIVE_IDE_STREAMS, TDX_OP_RCX));
	expect_ok(sc2(p, IDE_STREAM_BLOCK, d.spdm, d.stream));
	expect_ok(stream_delete(&d));

	expect_status(sc3(p, SPDM_DISCONNECT, d.spdm, d.rsp, d.req), REQUEST);
	expect_status(sc3(p, SPDM_DISCONNECT, d.spdm, host_page(p), d.req), INVALID(RDX));
	/* Break: a stream built on a session that is being ended. */
	expect_status(stream_create(&d), TDX_STATUS(SPDM_INVALID_STATE, TDX_OP_RDX));
	memset(page_ptr(p, d.rsp), 0xff, PAGE);
	expect_ok(sc3(p, SPDM_DISCONNECT, d.spdm, d.rsp, d.req));
	assert_int_equal(spdm_of(&d)->state, SPDM_CREATED);
	assert_int_equal(spdm_of(&d)->session, 0);
	expect_status(spdm_disconnect(&d), WRONG_STATE);
	expect_ok(spdm_connect(&d));
	plat_free(p);
}

/* ---- MNG -------------------------------------------------------------------- */

/* Break: one message of an operation left out, or sent in the clear. */
static void manage(void **state)
{
	struct plat *p = plat_connect();
	struct peer d;

	(void)state;
	peer_connected(&d, p);
	expect_ok(spdm_mng(&d, TDX_SPDM_HEARTBEAT));
	assert_int_equal(d.nr_order, 1);
	assert_int_equal(d.order[0], 0x2e8);
	expect_ok(spdm_mng(&d, TDX_SPDM_KEY_UPDATE));
	assert_int_equal(d.nr_order, 2);
	assert_int_equal(d.order[0], 0x2e9);
	assert_int_equal(d.order[1], 0x2e9);
	memset(d.record, 0x4e, sizeof(d.record));
	expect_ok(spdm_mng(&d, TDX_SPDM_RECOLLECT));
	assert_int_equal(d.order[d.nr_order - 1], 0x2e0);
	expect_info(&d);
	plat_free(p);
}

static void manage_failures(void **state)
{
	struct plat *p = plat_connect();
	struct peer d;
	uint8_t hash[48];

	(void)state;
	peer_init(&d, p);
	expect_status(spdm_mng(&d, TDX_SPDM_HEARTBEAT), NO_OBJECT);
	expect_ok(spdm_create(&d));
	expect_status(spdm_mng(&d, TDX_SPDM_HEARTBEAT), WRONG_STATE);
	expect_ok(spdm_connect(&d));
	expect_status(sc6(p, TDH_SPDM_MNG, 0, 3, NONE, d.rsp, d.req, NONE), INVALID(RDX));
	expect_status(sc6(p, TDH_SPDM_MNG, 0, 0, d.config, d.rsp, d.req, NONE), INVALID(R8));
	expect_status(sc6(p, TDH_SPDM_MNG, 0, 0, NONE, 1, d.req, NONE), INVALID(R9));
	expect_status(sc6(p, TDH_SPDM_MNG, 0, 0, NONE, d.rsp, 1, NONE), INVALID(R10));
	expect_status(sc6(p, TDH_SPDM_MNG, 0, 0, NONE, d.rsp, d.req, d.out), INVALID(R11));
	expect_status(sc6(p, TDH_SPDM_MNG, 0, 2, NONE, d.rsp, d.req, NONE), INVALID(R11));
	d.spoil_at = 0;
	d.spoil = spdm_error;
	expect_status(spdm_mng(&d, TDX_SPDM_KEY_UPDATE),
		      TDX_STATUS(SPDM_INVALID_MESSAGE, TDX_OP_R9));
	/* Break: another chain accepted into a running session; a hash half recollected. */
	memcpy(hash, spdm_of(&d)->dev_info_hash, sizeof(hash));
	d.spoil_at = -1;
	d.chain[5] ^= 1;
	expect_status(spdm_mng(&d, TDX_SPDM_RECOLLECT), TDX_STATUS(SPDM_AUTH_FAILED, TDX_OP_R9));
	d.chain[5] ^= 1;
	d.record[0] ^= 1;
	d.spoil_at = 3;
	expect_status(spdm_mng(&d, TDX_SPDM_RECOLLECT),
		      TDX_STATUS(SPDM_INVALID_MESSAGE, TDX_OP_R9));
	assert_memory_equal(hash, spdm_of(&d)->dev_info_hash, sizeof(hash));
	assert_int_equal(spdm_of(&d)->state, SPDM_CONNECTED);
	plat_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(create_delete),
		cmocka_unit_test(create_operands),
		cmocka_unit_test(delete_failures),
		cmocka_unit_test(connect),
		cmocka_unit_test(connect_operands),
		cmocka_unit_test(malformed_answers),
		cmocka_unit_test(authentication),
		cmocka_unit_test(info_too_long),
		cmocka_unit_test(disconnect),
		cmocka_unit_test(manage),
		cmocka_unit_test(manage_failures),
	};

	return cmocka_run_group_tests_name("connect_spdm", tests, NULL, NULL);
}
