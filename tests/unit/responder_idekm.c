// SPDX-License-Identifier: GPL-2.0
/* The device's IDE key management: when its stream counts as keyed, and who loses by its end. */
#include <string.h>

#include "requester.h"

#define OTHER	(STREAM + 1)

static size_t ask(struct requester *r, const void *payload, size_t len)
{
	return ask_vdm(r, SPDM_PROTOCOL_IDE_KM, payload, len);
}

static const struct idekm_key *acked(const struct requester *r, size_t len)
{
	assert_int_equal(len, sizeof(struct idekm_key));
	return (const void *)r->answer;
}

/* The answer before is SPDM's word for a request that makes no sense. */
static void refused(const struct requester *r, size_t len)
{
	expect_spdm_error(r, len, SPDM_ERROR_INVALID_REQUEST, 0);
}

static enum idekm_status ask_program(struct requester *r, uint8_t stream, unsigned int key)
{
	return acked(r, ask_key(r, IDEKM_KEY_PROG, stream, key, 0))->status;
}

/* Break: bus or function swapped, a port that is not there answered, registers cut. */
static void query(void **state)
{
	struct requester *r = *state;
	const uint8_t head[] = { IDEKM_QUERY_RESP, 0, 0, FUNC & 0xff, FUNC >> 8, 0, 0 };
	uint8_t request[4] = { IDEKM_QUERY };
	uint8_t registers[32];

	requester_connect(r, DSM_SESSION);
	memset(registers, 0x1d, sizeof(registers));
	assert_int_equal(ask(r, request, 3), sizeof(head) + sizeof(registers));
	assert_memory_equal(r->answer, head, sizeof(head));
	assert_memory_equal(r->answer + sizeof(head), registers, sizeof(registers));

	refused(r, ask(r, request, 4));
	request[2] = 1;
	refused(r, ask(r, request, 3));
}

/* Keyed after the sixth GO and not before, in any order. Break: a GO too few; direction ignored. */
static void six_keys(void **state)
{
	static const unsigned int orders[][IDEKM_KEYS] = {
		{ 0, 1, 2, 3, 4, 5 }, { 5, 0, 3, 1, 4, 2 },
	};
	struct requester *r = *state;

	for (size_t n = 0; n < sizeof(orders) / sizeof(orders[0]); n++) {
		dsm_conventional_reset(&r->dsm);
		requester_connect(r, DSM_SESSION);
		for (unsigned int i = 0; i < IDEKM_KEYS; i++)
			assert_int_equal(ask_program(r, STREAM, orders[n][i]), IDEKM_OK);
		for (unsigned int i = 0; i < IDEKM_KEYS; i++) {
			assert_false(dsm_keyed(&r->dsm, STREAM));
			acked(r, ask_key(r, IDEKM_K_SET_GO, STREAM, orders[n][i], 0));
		}
		assert_true(dsm_keyed(&r->dsm, STREAM));
		assert_false(dsm_keyed(&r->dsm, OTHER));
	}
}

/* Break: the answer is not the request's with another id and a status. */
static void acknowledgements(void **state)
{
	struct requester *r = *state;
	static const enum idekm_id id[][2] = {
		{ IDEKM_KEY_PROG, IDEKM_KP_ACK }, { IDEKM_K_SET_GO, IDEKM_GOSTOP_ACK },
		{ IDEKM_K_SET_STOP, IDEKM_GOSTOP_ACK },
	};

	requester_connect(r, DSM_SESSION);
	for (size_t i = 0; i < 3; i++) {
		const struct idekm_key *key = acked(r, ask_key(r, id[i][0], STREAM, 5, 1));
		const struct idekm_key want = { .id = id[i][1], .stream = STREAM,
						.sub_stream = 2 << 4 | 2 | 1 };

		assert_memory_equal(key, &want, sizeof(want));
	}
}

/* Break: a GO without its KEY_PROG, a second GO, or one of the other key set counts. */
static void go_needs_key(void **state)
{
	struct requester *r = *state;

	requester_connect(r, DSM_SESSION);
	refused(r, ask_key(r, IDEKM_K_SET_GO, STREAM, 0, 0));
	assert_int_equal(ask_program(r, STREAM, 0), IDEKM_OK);
	refused(r, ask_key(r, IDEKM_K_SET_GO, STREAM, 0, 1));
	refused(r, ask_key(r, IDEKM_K_SET_GO, STREAM, 1, 0));
	refused(r, ask_key(r, IDEKM_K_SET_GO, OTHER, 0, 0));
	acked(r, ask_key(r, IDEKM_K_SET_GO, STREAM, 0, 0));
	refused(r, ask_key(r, IDEKM_K_SET_GO, STREAM, 0, 0));
}

/* Every refusal of KEY_PROG, each by one wrong field. Break: that check dropped. */
static void bad_keys(void **state)
{
	static const struct {
		size_t len;
		uint8_t stream, sub_stream, port;
		enum idekm_status status;
	} rows[] = {
		{ 46, STREAM, 0, 0, IDEKM_BAD_LENGTH }, { 48, STREAM, 0, 0, IDEKM_BAD_LENGTH },
		{ 7, STREAM, 0, 0, IDEKM_BAD_LENGTH }, { 47, STREAM, 0, 1, IDEKM_BAD_PORT },
		{ 47, STREAM, 3 << 4, 0, IDEKM_BAD_VALUE },
		{ 47, STREAM, 1 << 2, 0, IDEKM_BAD_VALUE },
		{ 47, STREAM, 1 << 3, 0, IDEKM_BAD_VALUE },
		{ 47, STREAM, 0xf0, 0, IDEKM_BAD_VALUE },
		{ 47, 255, 0, 0, IDEKM_BAD_VALUE }, { 47, 254, 0, 0, IDEKM_OK },
	};
	struct requester *r = *state;

	requester_connect(r, DSM_SESSION);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t request[48] = { IDEKM_KEY_PROG, 0, 0, rows[i].stream, 0,
					rows[i].sub_stream, rows[i].port };
		const struct dsm_stream before = r->dsm.stream;

		assert_int_equal(acked(r, ask(r, request, rows[i].len))->status, rows[i].status);
		if (rows[i].status != IDEKM_OK)
			assert_memory_equal(&r->dsm.stream, &before, sizeof(before));
	}
}

/* GO and STOP have the same fields and no status to refuse with. Break: a check dropped. */
static void bad_go_and_stop(void **state)
{
	static const struct {
		size_t len;
		uint8_t stream, sub_stream, port;
	} rows[] = {
		{ 6, STREAM, 0, 0 }, { 8, STREAM, 0, 0 }, { 7, STREAM, 0, 1 },
		{ 7, STREAM, 3 << 4, 0 }, { 7, STREAM, 1 << 2, 0 }, { 7, 255, 0, 0 },
	};
	struct requester *r = *state;

	requester_reach(r, TDISP_RUN);
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t request[8] = { i & 1 ? IDEKM_K_SET_STOP : IDEKM_K_SET_GO, 0, 0,
				       rows[i / 2].stream, 0, rows[i / 2].sub_stream,
				       rows[i / 2].port };

		refused(r, ask(r, request, rows[i / 2].len));
		assert_int_equal(ask_state(r), TDISP_RUN);
	}
}

/* Break: an id outside the table, a response's id or an empty message served. */
static void unknown_messages(void **state)
{
	static const uint8_t ids[] = { IDEKM_QUERY_RESP, IDEKM_KP_ACK, IDEKM_GOSTOP_ACK, 7, 0xff };
	struct requester *r = *state;

	requester_connect(r, DSM_SESSION);
	refused(r, ask(r, ids, 0));
	for (size_t i = 0; i < sizeof(ids); i++) {
		uint8_t request[7] = { ids[i] };

		expect_spdm_error(r, ask(r, request, sizeof(request)),
				  SPDM_ERROR_UNSUPPORTED_REQUEST, SPDM_REQ_VENDOR_DEFINED);
	}
}

/* Each message at each shorter length. Break: a field read before the length is known. */
static void truncation(void **state)
{
	static const struct {
		enum idekm_id id;
		size_t len;
	} rows[] = {
		{ IDEKM_QUERY, 3 }, { IDEKM_KEY_PROG, 47 }, { IDEKM_K_SET_GO, 7 },
		{ IDEKM_K_SET_STOP, 7 },
	};
	struct requester *r = *state;

	requester_reach(r, TDISP_RUN);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t request[47] = { rows[i].id, 0, 0, STREAM };
		const struct dsm_stream before = r->dsm.stream;

		for (size_t len = 0; len < rows[i].len; len++) {
			size_t n = ask(r, request, len);

			if (rows[i].id == IDEKM_KEY_PROG && len >= sizeof(struct idekm_key))
				assert_int_equal(acked(r, n)->status, IDEKM_BAD_LENGTH);
			else
				refused(r, n);
			assert_memory_equal(&r->dsm.stream, &before, sizeof(before));
		}
	}
	assert_int_equal(ask_state(r), TDISP_RUN);
}

/*
 * Refresh changes the set under a running interface. Break: KEY_PROG or GO of the other set
 * unkeys.
 */
static void refresh(void **state)
{
	struct requester *r = *state;

	requester_reach(r, TDISP_RUN);
	for (unsigned int i = 0; i < IDEKM_KEYS / 2; i++) {	/* fails half-way */
		acked(r, ask_key(r, IDEKM_KEY_PROG, STREAM, i, 1));
		acked(r, ask_key(r, IDEKM_K_SET_GO, STREAM, i, 1));
	}
	for (unsigned int set = 0; set < 4; set++) {
		requester_keys(r, (set + 1) % 2);
		assert_true(dsm_keyed(&r->dsm, STREAM));
		assert_int_equal(ask_state(r), TDISP_RUN);
	}
}

/* The first STOP ends RUN and LOCKED, of either set; the six end the stream. Break: any less. */
static void stop(void **state)
{
	struct requester *r = *state;

	for (enum tdisp_state s = TDISP_CONFIG_UNLOCKED; s <= TDISP_ERROR_STATE; s++) {
		for (unsigned int set = 0; set < 2; set++) {
			requester_reach(r, s);
			acked(r, ask_key(r, IDEKM_KEY_PROG, STREAM, 0, !set));
			for (unsigned int i = 0; i < IDEKM_KEYS; i++) {
				acked(r, ask_key(r, IDEKM_K_SET_STOP, STREAM, i, set));
				assert_false(dsm_keyed(&r->dsm, STREAM));
				assert_int_equal(ask_state(r), s == TDISP_CONFIG_UNLOCKED ? s :
						 TDISP_ERROR_STATE);
			}
			refused(r, ask_key(r, IDEKM_K_SET_GO, STREAM, 0, !set));
		}
	}
}

/*
 * Linux disables IDE first and stops the keys then. Break: STOP refused, or one of another stream
 * kills.
 */
static void stop_of_nothing(void **state)
{
	struct requester *r = *state;

	requester_reach(r, TDISP_RUN);
	acked(r, ask_key(r, IDEKM_K_SET_STOP, OTHER, 0, 0));
	assert_int_equal(ask_state(r), TDISP_RUN);
	dsm_ide_disable(&r->dsm);
	assert_int_equal(ask_state(r), TDISP_ERROR_STATE);
	assert_false(dsm_keyed(&r->dsm, STREAM));
	for (unsigned int i = 0; i < IDEKM_KEYS; i++)
		acked(r, ask_key(r, IDEKM_K_SET_STOP, STREAM, i, 0));
}

/* Break: a half-set stream blocks the next one; a keyed one is taken over. */
static void takeover(void **state)
{
	struct requester *r = *state;

	requester_connect(r, DSM_SESSION);
	assert_int_equal(ask_program(r, OTHER, 0), IDEKM_OK);
	acked(r, ask_key(r, IDEKM_K_SET_GO, OTHER, 0, 0));
	assert_int_equal(ask_program(r, OTHER, 2), IDEKM_OK);
	assert_int_equal(ask_program(r, STREAM, 1), IDEKM_OK);
	refused(r, ask_key(r, IDEKM_K_SET_GO, STREAM, 2, 0));
	requester_keys(r, 0);
	assert_int_equal(ask_program(r, OTHER, 0), IDEKM_BAD_VALUE);
	assert_true(dsm_keyed(&r->dsm, STREAM));
}

/* Keys outlive their session, but do not count in the next. Break: GOs added up across sessions. */
static void keys_and_sessions(void **state)
{
	struct requester *r = *state;

	requester_reach(r, TDISP_CONFIG_UNLOCKED);
	requester_connect(r, DSM_NEGOTIATED);
	assert_true(dsm_keyed(&r->dsm, STREAM));
	requester_connect(r, DSM_SESSION);
	assert_false(dsm_keyed(&r->dsm, STREAM));
	expect_tdisp_error(r, ask_lock(r), TDISP_ERR_INVALID_REQUEST);
	assert_int_equal(ask_program(r, STREAM, 0), IDEKM_OK);
	requester_connect(r, DSM_SESSION);
	refused(r, ask_key(r, IDEKM_K_SET_GO, STREAM, 0, 0));
	requester_keys(r, 0);
	assert_true(dsm_keyed(&r->dsm, STREAM));
}

/* Break: a function reset that drops keys, a conventional one that leaves them. */
static void keys_and_resets(void **state)
{
	struct requester *r = *state;

	requester_reach(r, TDISP_RUN);
	dsm_function_reset(&r->dsm);
	assert_true(dsm_keyed(&r->dsm, STREAM));
	assert_int_equal(ask_state(r), TDISP_ERROR_STATE);
	dsm_conventional_reset(&r->dsm);
	assert_false(dsm_keyed(&r->dsm, STREAM));
	assert_int_equal(dsm_state(&r->dsm), TDISP_CONFIG_UNLOCKED);
}

#define T(test) cmocka_unit_test_setup_teardown(test, requester_setup, requester_teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(query), T(six_keys), T(acknowledgements), T(go_needs_key), T(bad_keys),
		T(bad_go_and_stop), T(unknown_messages), T(truncation), T(refresh), T(stop),
		T(stop_of_nothing), T(takeover), T(keys_and_sessions), T(keys_and_resets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
