// SPDX-License-Identifier: GPL-2.0
/*
 * Random messages to the device's security manager, seeded: nothing but LOCK and the START that has
 * its nonce leads to RUN, and no byte of any layer does harm.
 */
#include <string.h>

#include "requester.h"

/* A request that is close to right: fields and length of the table, then a few of them spoiled. */
static size_t fuzzed(struct requester *r, uint8_t *bytes)
{
	uint64_t dice = requester_random(r);
	size_t len = tdisp_request(r, &tdisp_rows[dice % TDISP_ROWS], bytes);

	if (!(dice >> 8 & 7))
		bytes[(dice >> 16) % 64] ^= 1 << (dice >> 24 & 7);
	if (!(dice >> 27 & 15))
		len = (dice >> 32) % 65;
	return len;
}

static void fuzz_event(struct requester *r, uint64_t dice)
{
	switch (dice % 16) {
	case 0:
		dsm_config_violation(&r->dsm);
		break;
	case 1:
		dsm_function_reset(&r->dsm);
		break;
	case 2:
		dsm_ide_disable(&r->dsm);
		break;
	case 3:
		dsm_conventional_reset(&r->dsm);
		break;
	}
}

/*
 * The model: LOCKED only from UNLOCKED by LOCK's answer, RUN only from LOCKED by the START that has
 * its nonce; no other message raises the state. Break: any short cut to LOCKED or RUN.
 */
static void check_step(struct requester *r, const uint8_t *bytes, size_t len, enum tdisp_state from,
		       const uint8_t *nonce)
{
	enum tdisp_state to = dsm_state(&r->dsm);

	if (to == from)
		return;
	if (to == TDISP_CONFIG_LOCKED) {
		assert_int_equal(from, TDISP_CONFIG_UNLOCKED);
		assert_true(len == TDISP_REQ_LOCK_BYTES && bytes[1] == TDISP_REQ_LOCK);
		assert_int_equal(r->answer[1], TDISP_RSP_LOCK);
	} else if (to == TDISP_RUN) {
		assert_int_equal(from, TDISP_CONFIG_LOCKED);
		assert_true(len == TDISP_REQ_START_BYTES && bytes[1] == TDISP_REQ_START);
		assert_memory_equal(bytes + TDISP_HEADER, nonce, TDISP_NONCE_BYTES);
	} else {
		assert_int_equal(to, TDISP_CONFIG_UNLOCKED);
		assert_int_equal(bytes[1], TDISP_REQ_STOP);
	}
}

/* Break: see check_step(); and the counts below tell a loop that fuzzes nothing. */
static void fuzz_requests(void **state)
{
	struct requester *r = *state;
	unsigned int runs = 0, refused = 0;

	for (unsigned int i = 0; i < 6000; i++) {
		uint8_t bytes[64], nonce[TDISP_NONCE_BYTES];
		enum tdisp_state from;
		size_t len, answer;

		if (r->dsm.stage != DSM_SESSION || !dsm_keyed(&r->dsm, STREAM))
			requester_reach(r, TDISP_CONFIG_UNLOCKED);
		len = fuzzed(r, bytes);
		from = dsm_state(&r->dsm);
		memcpy(nonce, r->dsm.nonce, sizeof(nonce));
		answer = ask_vdm(r, SPDM_PROTOCOL_TDISP, bytes, len);
		check_step(r, bytes, len, from, nonce);
		if (answer == TDISP_RSP_LOCK_BYTES && r->answer[1] == TDISP_RSP_LOCK)
			memcpy(r->nonce, r->answer + TDISP_HEADER, sizeof(r->nonce));
		runs += from != TDISP_RUN && dsm_state(&r->dsm) == TDISP_RUN;
		refused += answer && r->answer[1] == TDISP_RSP_ERROR;
		fuzz_event(r, requester_random(r) >> 20);
	}
	assert_true(runs > 50);
	assert_true(refused > 500);
}

/* Spoiled objects below TDISP: no crash, no way up. Break: a length believed at any layer. */
static void fuzz_objects(void **state)
{
	struct requester *r = *state;
	unsigned int answers = 0;

	for (unsigned int i = 0; i < 4000; i++) {
		uint8_t object[128] = { DOE_VENDOR_PCISIG, 0, DOE_SECURED_CMA };
		struct spdm_record record = { .length = 62, .app_length = 44 };
		uint8_t head[] = { SPDM_VERSION, SPDM_REQ_VENDOR_DEFINED, 0, 0, 3, 0, 2, 1, 0,
				   33, 0, i % 2 };
		uint64_t dice;

		if (r->dsm.stage != DSM_SESSION)
			requester_reach(r, TDISP_CONFIG_LOCKED);
		memset(r->nonce, 0, sizeof(r->nonce));		/* START never knows it */
		object[4] = 76 / 4;
		record.session = r->session;
		memcpy(object + 8, &record, sizeof(record));
		memcpy(object + 16, head, sizeof(head));
		tdisp_request(r, &tdisp_rows[requester_random(r) % TDISP_ROWS], object + 28);
		memset(object + 60, 0, sizeof(object) - 60);
		for (dice = requester_random(r); dice & 3; dice >>= 12)
			object[(dice >> 2) % 76] = (uint8_t)(dice >> 9);
		answers += ask_raw(r, object, requester_random(r) % 16 ? 76 :
				   requester_random(r) % sizeof(object)) > 0;
		assert_int_not_equal(dsm_state(&r->dsm), TDISP_RUN);
	}
	assert_true(answers > 1000);
}

#define T(test) cmocka_unit_test_setup_teardown(test, requester_setup, requester_teardown)
int main(void)
{
	const struct CMUnitTest tests[] = { T(fuzz_requests), T(fuzz_objects) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
