// SPDX-License-Identifier: GPL-2.0
/*
 * The device's TDISP state machine: tables 4, 5.2 and 5.3 of the fact sheet row by row, the report,
 * and what the states let through.
 */
#include <stdlib.h>
#include <string.h>

#include "requester.h"

#define NR_STATES	4

static size_t ask(struct requester *r, const void *payload, size_t len)
{
	return ask_vdm(r, SPDM_PROTOCOL_TDISP, payload, len);
}

/*
 * C 5.3 and the state column of C 4, all 28 fields. Break: any bit of the table of legal requests.
 */
static void legal_requests(void **state)
{
	struct requester *r = *state;
	uint8_t bytes[64];

	for (enum tdisp_state s = 0; s < NR_STATES; s++) {
		for (size_t i = 0; i < TDISP_ROWS; i++) {
			const struct tdisp_row *m = &tdisp_rows[i];
			const struct tdisp_header want = { TDISP_VERSION, m->rsp, 0, FUNC, 0 };
			enum tdisp_state to = s;
			size_t len;

			requester_reach(r, s);
			len = ask(r, bytes, tdisp_request(r, m, bytes));
			if (m->legal & 1 << s) {
				assert_int_equal(len, m->rsp_bytes);
				assert_memory_equal(r->answer, &want, sizeof(want));
				to = m->req == TDISP_REQ_LOCK ? TDISP_CONFIG_LOCKED :
				     m->req == TDISP_REQ_START ? TDISP_RUN :
				     m->req == TDISP_REQ_STOP ? TDISP_CONFIG_UNLOCKED : s;
			} else {
				expect_tdisp_error(r, len, TDISP_ERR_INVALID_INTERFACE_STATE);
			}
			assert_int_equal(ask_state(r), to);
		}
	}
}

/* Break: GET_TDISP_VERSION that re-initialises, in the state that a guest is using. */
static void version_keeps_state(void **state)
{
	struct requester *r = *state;

	requester_reach(r, TDISP_CONFIG_LOCKED);
	assert_int_equal(ask_tdisp(r, TDISP_REQ_VERSION, NULL, 0), TDISP_HEADER + 2);
	assert_int_equal(r->answer[16], 1);
	assert_int_equal(r->answer[17], TDISP_VERSION);
	assert_int_equal(ask_start(r, r->nonce), TDISP_RSP_START_BYTES);
}

/* Break: a bit, a width or a count other than C 5.2 chose. */
static void capabilities(void **state)
{
	static const uint8_t want[28] = {
		[4] = 0xfe, [20] = 0x01, [25] = 52, [26] = 1, [27] = 1,
	};
	static const uint32_t tsm_caps = 0xffffffff;
	struct requester *r = *state;

	requester_reach(r, TDISP_CONFIG_UNLOCKED);
	assert_int_equal(ask_tdisp(r, TDISP_REQ_CAPABILITIES, &tsm_caps, 4),
			 TDISP_RSP_CAPABILITIES_BYTES);
	assert_memory_equal(r->answer + TDISP_HEADER, want, sizeof(want));
}

/*
 * C 5.2: a request wrong in this and all later ways is refused for this one. Break: two checks
 * swapped, or one left out.
 */
static void check_order(void **state)
{
	static const struct {
		uint8_t type, version;
		size_t bytes;
		uint32_t func;
		uint16_t flags;
		bool enabled, entropy;
		enum tdisp_state state;
		enum tdisp_error error;
	} rows[] = {
		{ 0x90, 0x11, 35, 1, 2, 0, 0, TDISP_RUN, TDISP_ERR_UNSUPPORTED_REQUEST },
		{ 0x83, 0x11, 35, 1, 2, 0, 0, TDISP_RUN, TDISP_ERR_INVALID_REQUEST },
		{ 0x83, 0x11, 37, 1, 2, 0, 0, TDISP_RUN, TDISP_ERR_INVALID_REQUEST },
		{ 0x83, 0x11, 36, 1, 2, 0, 0, TDISP_RUN, TDISP_ERR_VERSION_MISMATCH },
		{ 0x83, 0x10, 36, 1, 2, 0, 0, TDISP_RUN, TDISP_ERR_INVALID_INTERFACE },
		{ 0x83, 0x10, 36, FUNC, 2, 0, 0, TDISP_RUN, TDISP_ERR_INVALID_INTERFACE_STATE },
		{ 0x83, 0x10, 36, FUNC, 2, 0, 0, TDISP_CONFIG_UNLOCKED, TDISP_ERR_INVALID_REQUEST },
		{ 0x83, 0x10, 36, FUNC, 1, 0, 0, TDISP_CONFIG_UNLOCKED,
		  TDISP_ERR_INVALID_DEVICE_CONFIGURATION },
		{ 0x83, 0x10, 36, FUNC, 1, 1, 0, TDISP_CONFIG_UNLOCKED,
		  TDISP_ERR_INSUFFICIENT_ENTROPY },
	};
	struct requester *r = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct tdisp_lock lock = {
			.head = { rows[i].version, rows[i].type, 0, rows[i].func, 0 },
			.flags = rows[i].flags, .stream = STREAM,
		};
		const struct tdisp_error_rsp *error = (const void *)r->object;
		uint8_t bytes[40] = { 0 };
		unsigned int moves;

		r->enabled = true;
		r->no_entropy = false;
		requester_reach(r, rows[i].state);
		r->enabled = rows[i].enabled;
		r->no_entropy = !rows[i].entropy;
		moves = r->moves;
		memcpy(bytes, &lock, sizeof(lock));
		expect_tdisp_error(r, ask(r, bytes, rows[i].bytes), rows[i].error);
		error = (const void *)r->answer;
		assert_int_equal(error->head.version, rows[i].version);
		assert_int_equal(error->head.func, rows[i].func);
		assert_int_equal(error->data, i == 0 ? 0x90 : 0);
		assert_int_equal(r->moves, moves);
		assert_int_equal(ask_state(r), rows[i].state);
	}
}

/* Break: the version or function check of a message other than LOCK; version in GET_VERSION. */
static void headers(void **state)
{
	struct requester *r = *state;
	uint8_t bytes[64];

	requester_reach(r, TDISP_CONFIG_LOCKED);
	for (size_t i = 0; i < TDISP_ROWS; i++) {
		size_t len = tdisp_request(r, &tdisp_rows[i], bytes);

		bytes[0] = 0x20;
		expect_tdisp_error(r, ask(r, bytes, len), TDISP_ERR_VERSION_MISMATCH);
		bytes[0] = TDISP_VERSION;
		for (unsigned int at = 4; at < 8; at++) {	/* id, segment, segment valid */
			bytes[at] ^= 1;
			expect_tdisp_error(r, ask(r, bytes, len), TDISP_ERR_INVALID_INTERFACE);
			bytes[at] ^= 1;
		}
		assert_int_equal(ask_state(r), TDISP_CONFIG_LOCKED);
	}
}

/* P2P, SET_MMIO_ATTRIBUTE, XT, responses and the rest. Break: one of them served. */
static void unsupported(void **state)
{
	struct requester *r = *state;

	requester_reach(r, TDISP_RUN);
	for (unsigned int type = 0; type < 256; type++) {
		if (type >= TDISP_REQ_VERSION && type <= TDISP_REQ_STOP)
			continue;
		expect_tdisp_error(r, ask_tdisp(r, type, NULL, 0), TDISP_ERR_UNSUPPORTED_REQUEST);
		assert_int_equal(((const struct tdisp_error_rsp *)r->answer)->data, type);
	}
	assert_int_equal(ask_state(r), TDISP_RUN);
}

/* Each request at every other length up to 64. Break: a length check that is not exact. */
static void lengths(void **state)
{
	struct requester *r = *state;
	uint8_t bytes[64];

	for (enum tdisp_state s = 0; s < NR_STATES; s++) {
		requester_reach(r, s);
		for (size_t i = 0; i < TDISP_ROWS; i++) {
			tdisp_request(r, &tdisp_rows[i], bytes);
			for (size_t len = 0; len <= sizeof(bytes); len++) {
				if (len == tdisp_rows[i].req_bytes)
					continue;
				if (len < TDISP_HEADER)
					expect_spdm_error(r, ask(r, bytes, len),
							  SPDM_ERROR_INVALID_REQUEST, 0);
				else
					expect_tdisp_error(r, ask(r, bytes, len),
							   TDISP_ERR_INVALID_REQUEST);
			}
		}
		assert_int_equal(ask_state(r), s);
	}
}

/* ---- LOCK, START ----------------------------------------------------------------------------- */

/*
 * Break: a flag outside the mask taken, another stream's keys or five keys enough, keys not asked.
 */
static void lock_parameters(void **state)
{
	struct requester *r = *state;
	struct tdisp_lock lock = { .stream = STREAM };
	const size_t len = sizeof(lock) - TDISP_HEADER;

	requester_connect(r, DSM_SESSION);
	expect_tdisp_error(r, ask_lock(r), TDISP_ERR_INVALID_REQUEST);
	for (unsigned int i = 0; i < IDEKM_KEYS; i++) {
		ask_key(r, IDEKM_KEY_PROG, STREAM, i, 0);
		expect_tdisp_error(r, ask_lock(r), TDISP_ERR_INVALID_REQUEST);
		ask_key(r, IDEKM_K_SET_GO, STREAM, i, 0);
	}
	for (unsigned int bit = 1; bit < 16; bit++) {
		lock.flags = 1 << bit;
		expect_tdisp_error(r, ask_tdisp(r, TDISP_REQ_LOCK, &lock.flags, len),
				   TDISP_ERR_INVALID_REQUEST);
	}
	lock.flags = 0;
	lock.stream = STREAM + 1;
	expect_tdisp_error(r, ask_tdisp(r, TDISP_REQ_LOCK, &lock.flags, len),
			   TDISP_ERR_INVALID_REQUEST);
	assert_int_equal(r->moves, 0);
	lock.stream = STREAM;
	assert_int_equal(ask_tdisp(r, TDISP_REQ_LOCK, &lock.flags, len), TDISP_RSP_LOCK_BYTES);
}

/* Break: an unset, wrapping or overlapping BAR, or cleared enables, can be locked. */
static void lock_configuration(void **state)
{
	static const struct {
		bool enabled;
		uint64_t bar0, bar2;
		bool ok;
	} rows[] = {
		{ false, BAR0, BAR2, false },
		{ true, DSM_BAR_UNSET, BAR2, false },
		{ true, BAR0, DSM_BAR_UNSET, false },
		{ true, BAR0, BAR0, false },
		{ true, BAR0, BAR0 + 0xc000, false },
		{ true, BAR0, BAR0 - 0x1000, false },
		{ true, BAR0, 0xffffffffffffd000, false },
		{ true, BAR0, 0xffffffffffffc000, true },
		{ true, BAR0, BAR0 + 0x10000, true },
		{ true, BAR0, BAR0 - 0x4000, true },
	};
	struct requester *r = *state;
	size_t len;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		requester_reach(r, TDISP_CONFIG_UNLOCKED);
		r->enabled = rows[i].enabled;
		r->base[0] = rows[i].bar0;
		r->base[2] = rows[i].bar2;
		len = ask_lock(r);
		if (rows[i].ok)
			assert_int_equal(len, TDISP_RSP_LOCK_BYTES);
		else
			expect_tdisp_error(r, len, TDISP_ERR_INVALID_DEVICE_CONFIGURATION);
		assert_int_equal(ask_state(r), rows[i].ok);
	}
}

/* Break: a nonce that repeats, or that a refused second LOCK replaces. */
static void fresh_nonce(void **state)
{
	struct requester *r = *state;
	uint8_t first[TDISP_NONCE_BYTES];

	requester_reach(r, TDISP_CONFIG_LOCKED);
	memcpy(first, r->nonce, sizeof(first));
	expect_tdisp_error(r, ask_lock(r), TDISP_ERR_INVALID_INTERFACE_STATE);
	requester_reach(r, TDISP_CONFIG_LOCKED);
	assert_memory_not_equal(r->nonce, first, sizeof(first));
	expect_tdisp_error(r, ask_start(r, first), TDISP_ERR_INVALID_NONCE);
	assert_int_equal(ask_start(r, r->nonce), TDISP_RSP_START_BYTES);
	assert_int_equal(ask_state(r), TDISP_RUN);
}

/* Every single bit of the nonce counts, and a wrong one costs nothing. Break: a partial compare. */
static void wrong_nonce(void **state)
{
	struct requester *r = *state;
	uint8_t nonce[TDISP_NONCE_BYTES];

	requester_reach(r, TDISP_CONFIG_LOCKED);
	for (unsigned int bit = 0; bit < 8 * TDISP_NONCE_BYTES; bit++) {
		memcpy(nonce, r->nonce, sizeof(nonce));
		nonce[bit / 8] ^= 1 << bit % 8;
		expect_tdisp_error(r, ask_start(r, nonce), TDISP_ERR_INVALID_NONCE);
		assert_int_equal(ask_state(r), TDISP_CONFIG_LOCKED);
	}
	assert_int_equal(ask_start(r, r->nonce), TDISP_RSP_START_BYTES);
}

/* What is secret or describes a lock is gone with it. Break: a wipe left out. */
static void wiped(void **state)
{
	static const uint8_t zero[TDISP_NONCE_BYTES];
	struct requester *r = *state;

	for (enum tdisp_state s = 0; s < NR_STATES; s++) {
		requester_reach(r, s);
		if (s == TDISP_CONFIG_LOCKED)
			assert_memory_equal(r->dsm.nonce, r->nonce, sizeof(zero));
		else
			assert_memory_equal(r->dsm.nonce, zero, sizeof(zero));
		assert_int_equal(!!r->dsm.report_bytes,
				 s == TDISP_CONFIG_LOCKED || s == TDISP_RUN);
	}
}

/* ---- report ---------------------------------------------------------------------------------- */

static size_t ask_report(struct requester *r, uint16_t offset, uint16_t length)
{
	const uint16_t body[2] = { offset, length };

	return ask_tdisp(r, TDISP_REQ_REPORT, body, sizeof(body));
}

/* The whole report in requests of @length bytes; how many it took. */
static unsigned int read_report(struct requester *r, uint16_t length, uint8_t *report,
				size_t *bytes)
{
	const struct tdisp_report_rsp *answer;
	unsigned int answers = 0;
	size_t at = 0, len;

	do {
		len = ask_report(r, (uint16_t)at, length);
		answer = (const void *)r->answer;
		assert_int_equal(answer->head.type, TDISP_RSP_REPORT);
		assert_in_range(answer->portion, 1, length);
		assert_int_equal(len, sizeof(*answer) + answer->portion);
		memcpy(report + at, answer->bytes, answer->portion);
		at += answer->portion;
		if (!answers)
			*bytes = at + answer->remainder;
		assert_int_equal(at + answer->remainder, *bytes);
		answers++;
	} while (answer->remainder);
	assert_int_equal(at, *bytes);
	return answers;
}

/* Break: an address without base, offset in the BAR or reporting offset; a field out of place. */
static void report(void **state)
{
	static const struct tdisp_range want[] = {
		{ BAR0 + MMIO_OFFSET, 16, 0, 0 },
		{ BAR2 + MMIO_OFFSET, 2, 0, 2 },
		{ BAR2 + MMIO_OFFSET + 0x2000, 1, TDISP_RANGE_NON_TEE, 2 },
		{ BAR2 + MMIO_OFFSET + 0x3000, 1, 0, 2 },
	};
	struct requester *r = *state;
	uint8_t bytes[DSM_MAX_REPORT];
	struct tdisp_report_view view;
	struct tdisp_report head = { .info = TDISP_INFO_DMA_NO_PASID, .nr_ranges = 4 };
	size_t len;

	requester_reach(r, TDISP_RUN);
	assert_int_equal(read_report(r, 0xf00, bytes, &len), 3);
	assert_int_equal(len, TDISP_REPORT_MIN + sizeof(want) + SPECIFIC_BYTES);
	assert_int_equal(tdisp_report_parse(bytes, len, &view), TDISP_REPORT_OK);
	assert_memory_equal(bytes, &head, sizeof(head));
	assert_memory_equal(view.ranges, want, sizeof(want));
	assert_int_equal(view.specific_bytes, SPECIFIC_BYTES);
	assert_memory_equal(view.specific, r->specific, SPECIFIC_BYTES);
}

/* Break: the portion limit not kept, a report that depends on how it is asked for. */
static void report_paging(void **state)
{
	static const uint16_t lengths[] = { 1, 0x3ff, 0x400, 0x401, 0xffff };
	struct requester *r = *state;
	uint8_t whole[DSM_MAX_REPORT], bytes[DSM_MAX_REPORT];
	size_t len, again;

	requester_reach(r, TDISP_CONFIG_LOCKED);
	read_report(r, 0x400, whole, &len);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		unsigned int portion = lengths[i] < 0x400 ? lengths[i] : 0x400;

		assert_int_equal(read_report(r, lengths[i], bytes, &again),
				 (len + portion - 1) / portion);
		assert_int_equal(again, len);
		assert_memory_equal(bytes, whole, len);
	}
	for (uint32_t offset = 0; offset <= 0xffff; offset += 97) {
		if (offset < len)
			assert_true(ask_report(r, offset, 1) == TDISP_RSP_REPORT_BYTES + 1);
		else
			expect_tdisp_error(r, ask_report(r, offset, 1), TDISP_ERR_INVALID_REQUEST);
		expect_tdisp_error(r, ask_report(r, offset, 0), TDISP_ERR_INVALID_REQUEST);
	}
	assert_true(ask_report(r, len - 1, 0xffff) == TDISP_RSP_REPORT_BYTES + 1);
	expect_tdisp_error(r, ask_report(r, len, 1), TDISP_ERR_INVALID_REQUEST);
}

/* The largest report fits 16-bit fields to the last byte. Break: a remainder that wraps. */
static void report_of_64k(void **state)
{
	static uint8_t specific[DSM_MAX_REPORT], bytes[DSM_MAX_REPORT];
	struct requester *r = *state;
	struct tdisp_report_view view;
	size_t len;

	memset(specific, 0x5a, sizeof(specific));
	r->config.specific = specific;
	r->config.specific_bytes = DSM_MAX_REPORT - TDISP_REPORT_MIN -
				   DSM_MAX_RANGES * sizeof(struct tdisp_range);
	for (unsigned int i = 0; i < DSM_MAX_RANGES; i++)
		r->config.range[i] = (struct dsm_range) { 0, i * 0x1000, 1, 0 };
	r->config.nr_ranges = DSM_MAX_RANGES;
	assert_true(dsm_init(&r->dsm, &r->config));
	requester_reach(r, TDISP_CONFIG_LOCKED);
	assert_int_equal(read_report(r, 0xf00, bytes, &len), 64);
	assert_int_equal(len, DSM_MAX_REPORT);
	assert_int_equal(tdisp_report_parse(bytes, len, &view), TDISP_REPORT_OK);
}

/* Break: the report follows a BAR that moves later instead of what LOCK froze. */
static void report_is_frozen(void **state)
{
	struct requester *r = *state;
	uint8_t before[DSM_MAX_REPORT], after[DSM_MAX_REPORT];
	size_t len;

	requester_reach(r, TDISP_CONFIG_LOCKED);
	read_report(r, 0x400, before, &len);
	r->base[0] += 0x1000000;
	read_report(r, 0x400, after, &len);
	assert_memory_equal(before, after, len);
	requester_reach(r, TDISP_CONFIG_LOCKED);
	read_report(r, 0x400, after, &len);
	assert_memory_not_equal(before, after, len);
}

/* Break: the knob flips another bit, or keeps flipping when it is off. */
static void report_fault(void **state)
{
	const struct dsm_faults knobs = { .report_bit = 1 + 28 * 8 + 4 };	/* attribute 4 */
	struct requester *r = *state;
	uint8_t good[DSM_MAX_REPORT], bad[DSM_MAX_REPORT];
	struct tdisp_report_view view;
	size_t len;

	requester_reach(r, TDISP_CONFIG_LOCKED);
	read_report(r, 0x400, good, &len);
	dsm_set_faults(&r->dsm, &knobs);
	requester_reach(r, TDISP_CONFIG_LOCKED);
	read_report(r, 0x400, bad, &len);
	assert_int_equal(tdisp_report_parse(bad, len, &view), TDISP_REPORT_RESERVED);
	bad[28] ^= 0x10;
	assert_memory_equal(bad, good, len);
	dsm_set_faults(&r->dsm, NULL);
	requester_reach(r, TDISP_CONFIG_LOCKED);
	read_report(r, 0x400, bad, &len);
	assert_memory_equal(bad, good, len);
}

/* ---- events and accesses --------------------------------------------------------------------- */

/*
 * C 4, the rows that are no message. Break: another target, an event without notice, or one too
 * many.
 */
static void events(void **state)
{
	static const struct {
		void (*event)(struct tdisp_dsm *dsm);
		enum tdisp_state to[NR_STATES];
		bool session, keys;		/* that survive */
	} rows[] = {
#define U TDISP_CONFIG_UNLOCKED
#define E TDISP_ERROR_STATE
		{ dsm_config_violation, { U, E, E, E }, true, true },
		{ dsm_function_reset, { U, E, E, E }, true, true },
		{ dsm_ide_disable, { U, E, E, E }, true, false },
		{ dsm_conventional_reset, { U, U, U, U }, false, false },
	};
	struct requester *r = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (enum tdisp_state s = 0; s < NR_STATES; s++) {
			unsigned int moves;

			requester_reach(r, s);
			moves = r->moves;
			rows[i].event(&r->dsm);
			assert_int_equal(dsm_state(&r->dsm), rows[i].to[s]);
			assert_int_equal(r->moves, moves + (s != rows[i].to[s]));
			if (s != rows[i].to[s])
				assert_true(r->from == s && r->to == rows[i].to[s]);
			assert_int_equal(r->dsm.stage == DSM_SESSION, rows[i].session);
			assert_int_equal(dsm_keyed(&r->dsm, STREAM), rows[i].keys);
			if (rows[i].session)
				assert_int_equal(ask_state(r), rows[i].to[s]);
		}
	}
}

/* C 8, row 12, and DMA. Break: any field of the table. */
static void accesses(void **state)
{
	static const struct {
		bool tee[2], non_tee[2], dma[2];	/* by T */
	} rows[NR_STATES] = {
		[TDISP_CONFIG_UNLOCKED] = { { 1, 0 }, { 1, 0 }, { 1, 0 } },
		[TDISP_CONFIG_LOCKED] = { { 0, 0 }, { 1, 0 }, { 0, 0 } },
		[TDISP_RUN] = { { 0, 1 }, { 1, 0 }, { 0, 1 } },
		[TDISP_ERROR_STATE] = { { 0, 0 }, { 1, 0 }, { 0, 0 } },
	};
	struct requester *r = *state;

	for (enum tdisp_state s = 0; s < NR_STATES; s++) {
		requester_reach(r, s);
		for (unsigned int t = 0; t < 2; t++) {
			assert_int_equal(dsm_access_allowed(&r->dsm, true, t), rows[s].tee[t]);
			assert_int_equal(dsm_access_allowed(&r->dsm, false, t), rows[s].non_tee[t]);
			assert_int_equal(dsm_dma_allowed(&r->dsm, t), rows[s].dma[t]);
		}
		assert_int_equal(ask_state(r), s);
	}
}

#define T(test) cmocka_unit_test_setup_teardown(test, requester_setup, requester_teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(legal_requests), T(version_keeps_state), T(capabilities), T(check_order),
		T(headers), T(unsupported), T(lengths), T(lock_parameters), T(lock_configuration),
		T(fresh_nonce), T(wrong_nonce), T(wiped), T(report), T(report_paging),
		T(report_of_64k), T(report_is_frozen), T(report_fault), T(events), T(accesses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
