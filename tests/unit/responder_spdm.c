// SPDX-License-Identifier: GPL-2.0
/* The device's security manager below IDE_KM and TDISP: DOE objects, SPDM, records, fault knobs. */
#include <stdlib.h>
#include <string.h>

#include "core/sha384.h"
#include "requester.h"

static size_t ask_short(struct requester *r, bool secured, uint8_t code, uint8_t p1, uint8_t p2)
{
	uint8_t version = code == SPDM_REQ_VERSION ? SPDM_VERSION_10 : SPDM_VERSION;
	uint8_t message[4] = { version, code, p1, p2 };

	return (secured ? ask_session : ask_clear)(r, message, sizeof(message));
}

static uint32_t get(const uint8_t *from, unsigned int bytes)
{
	uint32_t value = 0;

	while (bytes--)
		value = value << 8 | from[bytes];
	return value;
}

/* Break: another version entry, capability flag, size field or algorithm than the profile's. */
static void negotiation(void **state)
{
	struct requester *r = *state;

	requester_connect(r, DSM_VERSION);
	assert_int_equal(r->answer[0], SPDM_VERSION_10);
	assert_int_equal(r->answer[1], SPDM_RSP_VERSION);
	assert_int_equal(r->answer[5], 1);
	assert_int_equal(get(r->answer + 6, 2), 0x1200);

	requester_connect(r, DSM_CAPABILITIES);
	assert_int_equal(r->answer[1], SPDM_RSP_CAPABILITIES);
	assert_int_equal(get(r->answer + 8, 4), 0x42d6);
	assert_int_equal(get(r->answer + 12, 4), 0x0f00);
	assert_int_equal(get(r->answer + 16, 4), 0x0f00);

	requester_connect(r, DSM_NEGOTIATED);
	assert_int_equal(r->answer[1], SPDM_RSP_ALGORITHMS);
	assert_int_equal(r->answer[2], 4);
	assert_int_equal(get(r->answer + 4, 2), SPDM_ALGORITHMS_BYTES);
	assert_int_equal(get(r->answer + 16, 4), 2);		/* SHA-384 */
	assert_int_equal(get(r->answer + 36, 4), 0x00102002);	/* DHE: secp384r1 */
	assert_int_equal(get(r->answer + 40, 4), 0x00022003);	/* AEAD: AES-256-GCM */
}

/* Ask for the whole chain in requests of @length; what came must be the chain. */
static unsigned int read_chain(struct requester *r, bool secured, uint16_t length)
{
	uint8_t chain[CHAIN_BYTES];
	unsigned int answers = 0;
	uint16_t left, portion;
	uint32_t offset = 0;

	do {
		uint8_t message[8] = { SPDM_VERSION, SPDM_REQ_CERTIFICATE, 0, 0,
				       offset, offset >> 8, length, length >> 8 };
		size_t len = (secured ? ask_session : ask_clear)(r, message, sizeof(message));

		assert_int_equal(r->answer[1], SPDM_RSP_CERTIFICATE);
		portion = get(r->answer + 4, 2);
		left = get(r->answer + 6, 2);
		assert_in_range(portion, 1, length);
		assert_int_equal(len, secured ? 8U + portion : (8U + portion + 3) / 4 * 4);
		assert_int_equal(offset + portion + left, CHAIN_BYTES);
		memcpy(chain + offset, r->answer + 8, portion);
		offset += portion;
		answers++;
	} while (left);
	assert_memory_equal(chain, r->chain, CHAIN_BYTES);
	return answers;
}

/* Break: a digest of something else, a portion above the limit, a wrong remainder. */
static void identity(void **state)
{
	struct requester *r = *state;
	uint8_t digest[SHA384_SIZE];
	struct sha384 hash;
	size_t len;

	sha384_init(&hash);
	sha384_update(&hash, r->chain, CHAIN_BYTES);
	sha384_final(&hash, digest);
	for (int secured = 0; secured < 2; secured++) {
		requester_connect(r, secured ? DSM_SESSION : DSM_NEGOTIATED);
		len = ask_short(r, secured, SPDM_REQ_DIGESTS, 0, 0);
		assert_int_equal(len, SPDM_DIGESTS_BYTES);
		assert_int_equal(r->answer[3], SPDM_SLOT_MASK);
		assert_memory_equal(r->answer + 4, digest, sizeof(digest));
		assert_int_equal(read_chain(r, secured, 0xe00), 3);
		assert_int_equal(read_chain(r, secured, 500), 5);
	}
}

/* Break: no bound on the offset, a length of 0 served, a slot that is not there served. */
static void certificate_bounds(void **state)
{
	static const struct {
		uint8_t slot;
		uint16_t offset, length;
	} bad[] = {
		{ 1, 0, 16 }, { 0, 0, 0 }, { 0, CHAIN_BYTES, 1 }, { 0, 0xffff, 0xffff },
	};
	struct requester *r = *state;

	requester_connect(r, DSM_NEGOTIATED);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t message[8] = { SPDM_VERSION, SPDM_REQ_CERTIFICATE, bad[i].slot, 0,
				       bad[i].offset, bad[i].offset >> 8,
				       bad[i].length, bad[i].length >> 8 };

		expect_spdm_error(r, ask_clear(r, message, sizeof(message)),
				  SPDM_ERROR_INVALID_REQUEST, 0);
	}
}

/* Break: the record's length or block count is off; a signature or one block is pretended. */
static void measurements(void **state)
{
	struct requester *r = *state;

	requester_connect(r, DSM_SESSION);
	assert_int_equal(ask_short(r, true, SPDM_REQ_MEASUREMENTS, 0, 0xff),
			 8 + MEASURE_BYTES + 34);
	assert_int_equal(r->answer[1], SPDM_RSP_MEASUREMENTS);
	assert_int_equal(r->answer[4], 3);
	assert_int_equal(get(r->answer + 5, 3), MEASURE_BYTES);
	assert_memory_equal(r->answer + 8, r->measurements, MEASURE_BYTES);
	expect_spdm_error(r, ask_short(r, true, SPDM_REQ_MEASUREMENTS, 1, 0xff),
			  SPDM_ERROR_INVALID_REQUEST, 0);
	expect_spdm_error(r, ask_short(r, true, SPDM_REQ_MEASUREMENTS, 0, 1),
			  SPDM_ERROR_INVALID_REQUEST, 0);
}

/* Break: VERIFY without an update, two updates in a row, the tag not echoed. */
static void session_upkeep(void **state)
{
	struct requester *r = *state;

	requester_connect(r, DSM_SESSION);
	assert_int_equal(ask_short(r, true, SPDM_REQ_HEARTBEAT, 0, 0), SPDM_SHORT_BYTES);
	assert_int_equal(r->answer[1], SPDM_RSP_HEARTBEAT);
	expect_spdm_error(r, ask_short(r, true, SPDM_REQ_KEY_UPDATE, 3, 9),
			  SPDM_ERROR_INVALID_REQUEST, 0);
	for (uint8_t op = 2; op <= 3; op++) {
		assert_int_equal(ask_short(r, true, SPDM_REQ_KEY_UPDATE, op, op + 7),
				 SPDM_SHORT_BYTES);
		assert_int_equal(get(r->answer, 4), 0x6912 | op << 16 | (op + 7U) << 24);
		if (op == 2)
			expect_spdm_error(r, ask_short(r, true, SPDM_REQ_KEY_UPDATE, 2, 9),
					  SPDM_ERROR_INVALID_REQUEST, 0);
	}
}

/* Each message at the stages and in the wrapping where it is not due. Break: a wrong mask. */
static void order(void **state)
{
	static const struct {
		uint8_t code;
		uint8_t bytes;
		uint8_t clear, secured;		/* stages where it is due */
	} rules[] = {
#define AT(stage) (1 << DSM_##stage)
		{ SPDM_REQ_CAPABILITIES, 20, AT(VERSION), 0 },
		{ SPDM_REQ_ALGORITHMS, 48, AT(CAPABILITIES), 0 },
		{ SPDM_REQ_DIGESTS, 4, AT(NEGOTIATED) | AT(SESSION), AT(SESSION) },
		{ SPDM_REQ_CERTIFICATE, 8, AT(NEGOTIATED) | AT(SESSION), AT(SESSION) },
		{ SPDM_REQ_KEY_EXCHANGE, 138, AT(NEGOTIATED), 0 },
		{ SPDM_REQ_FINISH, 52, 0, AT(HANDSHAKE) },
		{ SPDM_REQ_MEASUREMENTS, 4, 0, AT(SESSION) },
		{ SPDM_REQ_HEARTBEAT, 4, 0, AT(SESSION) },
		{ SPDM_REQ_KEY_UPDATE, 4, 0, AT(SESSION) },
		{ SPDM_REQ_END_SESSION, 4, 0, AT(SESSION) },
		{ SPDM_REQ_VENDOR_DEFINED, 12, 0, AT(SESSION) },
		{ SPDM_REQ_VERSION, 4, 0xff, 0 },
	};
	struct requester *r = *state;

	for (enum dsm_stage stage = DSM_NO_VERSION; stage <= DSM_SESSION; stage++) {
		for (size_t i = 0; i < 2 * sizeof(rules) / sizeof(rules[0]); i++) {
			bool secured = i & 1;
			uint8_t due = secured ? rules[i / 2].secured : rules[i / 2].clear;
			uint8_t message[140] = { SPDM_VERSION, rules[i / 2].code };

			if (due & 1 << stage || (secured && stage < DSM_HANDSHAKE))
				continue;
			dsm_conventional_reset(&r->dsm);
			requester_connect(r, stage);
			if (rules[i / 2].code == SPDM_REQ_VERSION)
				message[0] = SPDM_VERSION_10;
			expect_spdm_error(r, (secured ? ask_session : ask_clear)
						(r, message, rules[i / 2].bytes),
					  SPDM_ERROR_UNEXPECTED_REQUEST, 0);
			assert_int_equal(r->dsm.stage, stage);
		}
	}
}

/* Break: a code outside the table served, a wrong header version taken. */
static void unknown_messages(void **state)
{
	struct requester *r = *state;
	uint8_t caps[20] = { SPDM_VERSION_10, SPDM_REQ_CAPABILITIES };
	uint8_t version[4] = { SPDM_VERSION, SPDM_REQ_VERSION };

	requester_connect(r, DSM_SESSION);
	expect_spdm_error(r, ask_short(r, false, 0x83, 0, 0), SPDM_ERROR_UNSUPPORTED_REQUEST, 0x83);
	expect_spdm_error(r, ask_short(r, true, 0x00, 0, 0), SPDM_ERROR_UNSUPPORTED_REQUEST, 0);
	expect_spdm_error(r, ask_clear(r, version, 4), SPDM_ERROR_INVALID_REQUEST, 0);
	assert_int_equal(r->dsm.stage, DSM_SESSION);
	requester_connect(r, DSM_VERSION);
	expect_spdm_error(r, ask_clear(r, caps, 20), SPDM_ERROR_INVALID_REQUEST, 0);
}

/* Every record that is not of the live session. Break: a session id that outlives its session. */
static void foreign_session(void **state)
{
	struct requester *r = *state;
	uint32_t first;

	r->session = 0;
	expect_spdm_error(r, ask_short(r, true, SPDM_REQ_HEARTBEAT, 0, 0),
			  SPDM_ERROR_UNEXPECTED_REQUEST, 0);
	requester_connect(r, DSM_SESSION);
	first = r->session;
	assert_int_equal(ask_short(r, true, SPDM_REQ_END_SESSION, 0, 0), SPDM_SHORT_BYTES);
	assert_int_equal(r->object[2], DOE_SECURED_CMA);
	for (int reset = 0; reset < 2; reset++) {
		expect_spdm_error(r, ask_short(r, true, SPDM_REQ_HEARTBEAT, 0, 0),
				  SPDM_ERROR_UNEXPECTED_REQUEST, 0);
		assert_int_equal(r->object[2], DOE_CMA);
		requester_connect(r, DSM_SESSION);
		assert_int_not_equal(r->session, first);
		r->session = first;
		expect_spdm_error(r, ask_short(r, true, SPDM_REQ_HEARTBEAT, 0, 0),
				  SPDM_ERROR_UNEXPECTED_REQUEST, 0);
		dsm_conventional_reset(&r->dsm);
	}
}

/* A session's end costs LOCKED and RUN. Break: GET_VERSION that keeps the session, or the state. */
static void session_end(void **state)
{
	struct requester *r = *state;

	for (int version = 0; version < 2; version++) {
		for (enum tdisp_state s = TDISP_CONFIG_UNLOCKED; s <= TDISP_ERROR_STATE; s++) {
			requester_reach(r, s);
			assert_int_equal(ask_short(r, !version, version ? SPDM_REQ_VERSION :
						   SPDM_REQ_END_SESSION, 0, 0),
					 version ? SPDM_VERSION_BYTES : SPDM_SHORT_BYTES);
			assert_int_equal(dsm_state(&r->dsm), s == TDISP_CONFIG_UNLOCKED ? s :
					 TDISP_ERROR_STATE);
			assert_true(dsm_keyed(&r->dsm, STREAM));
			assert_true(r->dsm.stage < DSM_HANDSHAKE);
		}
	}
}

/* ---- hostile bytes --------------------------------------------------------------------------- */

static size_t object_of(uint8_t *object, enum doe_type type, const void *payload, size_t len)
{
	struct doe_header head = { .vendor = DOE_VENDOR_PCISIG, .type = type,
				   .length_dw = (8 + len) / 4 };

	memcpy(object, &head, sizeof(head));
	memcpy(object + sizeof(head), payload, len);
	return 8 + len;
}

/* Break: the header's length believed, 32-bit arithmetic on it, another vendor or type served. */
static void object_header(void **state)
{
	static const struct doe_header bad[] = {
		{ DOE_VENDOR_PCISIG, DOE_CMA, 0, 2 }, { DOE_VENDOR_PCISIG, DOE_CMA, 0, 4 },
		{ DOE_VENDOR_PCISIG, DOE_CMA, 0, 0 }, { DOE_VENDOR_PCISIG, DOE_CMA, 0, 0x40000003 },
		{ DOE_VENDOR_PCISIG, DOE_CMA, 0, 0x80003 }, { 0x8086, DOE_CMA, 0, 3 },
		{ DOE_VENDOR_PCISIG, DOE_DISCOVERY, 0, 3 }, { DOE_VENDOR_PCISIG, 3, 0, 3 },
	};
	static const uint8_t version[4] = { SPDM_VERSION_10, SPDM_REQ_VERSION };
	struct requester *r = *state;
	uint8_t object[DSM_MAX_OBJECT + 4] = { 0 };
	size_t len = object_of(object, DOE_CMA, version, 4);

	assert_true(ask_raw(r, object, len) > 0);
	assert_int_equal(ask_raw(r, object, len - 1), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memcpy(object, &bad[i], sizeof(bad[i]));
		assert_int_equal(ask_raw(r, object, len), 0);
	}
	for (len = 0; len < 8; len++)
		assert_int_equal(ask_raw(r, object, len), 0);
	object_of(object, DOE_CMA, version, 4);
	((struct doe_header *)object)->length_dw = sizeof(object) / 4;
	assert_int_equal(ask_raw(r, object, sizeof(object)), 0);
}

/* Break: a record's two lengths not compared with each other and with the object. */
static void record_header(void **state)
{
	static const struct {
		uint16_t length, app;
	} bad[] = {
		{ 22, 5 }, { 21, 4 }, { 22, 3 }, { 0, 4 }, { 0xffff, 0xffed },
		{ SPDM_RECORD_LENGTH(0xfff0) & 0xffff, 0xfff0 }, { 26, 8 }, { 18, 0 },
		{ 17, 0xffff },
	};
	struct requester *r = *state;
	uint8_t payload[28] = { 0 }, object[36];
	struct spdm_record record = { .length = 22, .app_length = 4 };
	size_t len;

	requester_connect(r, DSM_SESSION);
	record.session = r->session;
	payload[8] = SPDM_VERSION;
	payload[9] = SPDM_REQ_HEARTBEAT;
	memcpy(payload, &record, sizeof(record));
	assert_true(ask_raw(r, object, object_of(object, DOE_SECURED_CMA, payload, 28)) > 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		record.length = bad[i].length;
		record.app_length = bad[i].app;
		memcpy(payload, &record, sizeof(record));
		len = object_of(object, DOE_SECURED_CMA, payload, sizeof(payload));
		assert_int_equal(ask_raw(r, object, len), 0);
	}
	for (len = 0; len < 24; len += 4) {
		size_t n = object_of(object, DOE_SECURED_CMA, payload, len);

		assert_int_equal(ask_raw(r, object, n), 0);
	}
}

/*
 * Each message at each shorter length: refused, read no further, and nothing moves. Break: a length
 * check that accepts a prefix, or comes after the first use.
 */
static void truncation(void **state)
{
	static const struct {
		uint8_t code, bytes;
		enum dsm_stage stage;
		bool secured;
	} rules[] = {
		{ SPDM_REQ_CAPABILITIES, 20, DSM_VERSION, false },
		{ SPDM_REQ_ALGORITHMS, 48, DSM_CAPABILITIES, false },
		{ SPDM_REQ_CERTIFICATE, 8, DSM_NEGOTIATED, false },
		{ SPDM_REQ_KEY_EXCHANGE, 138, DSM_NEGOTIATED, false },
		{ SPDM_REQ_FINISH, 52, DSM_HANDSHAKE, true },
		{ SPDM_REQ_CERTIFICATE, 8, DSM_SESSION, true },
		{ SPDM_REQ_MEASUREMENTS, 4, DSM_SESSION, true },
		{ SPDM_REQ_KEY_UPDATE, 4, DSM_SESSION, true },
		{ SPDM_REQ_END_SESSION, 4, DSM_SESSION, true },
		{ SPDM_REQ_VENDOR_DEFINED, 12, DSM_SESSION, true },
	};
	struct requester *r = *state;
	struct tdisp_dsm *before = malloc(sizeof(*before));

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		uint8_t message[152] = { SPDM_VERSION, rules[i].code, 4 };
		size_t step = rules[i].secured ? 1 : 4;

		dsm_conventional_reset(&r->dsm);
		requester_connect(r, rules[i].stage);
		*before = r->dsm;
		for (size_t len = 0; len < rules[i].bytes; len += step) {
			size_t n = (rules[i].secured ? ask_session : ask_clear)(r, message, len);

			expect_spdm_error(r, n, SPDM_ERROR_INVALID_REQUEST, 0);
			assert_memory_equal(&r->dsm, before, offsetof(struct tdisp_dsm, faults));
		}
		for (size_t extra = 4; extra <= 12 && !rules[i].secured; extra += 4)
			expect_spdm_error(r, ask_clear(r, message, rules[i].bytes + extra),
					  SPDM_ERROR_INVALID_REQUEST, 0);
	}
	free(before);
}

/* Break: a vendor's message taken for the PCI-SIG's, a length field believed, protocol 2 served. */
static void vendor_header(void **state)
{
	static const struct {
		unsigned int at;
		uint8_t byte, code, data;
	} bad[] = {
		{ 4, 4, SPDM_ERROR_UNSUPPORTED_REQUEST, 0xfe },
		{ 6, 0, SPDM_ERROR_UNSUPPORTED_REQUEST, 0xfe },
		{ 7, 2, SPDM_ERROR_UNSUPPORTED_REQUEST, 0xfe },
		{ 9, 16, SPDM_ERROR_INVALID_REQUEST, 0 },
		{ 9, 18, SPDM_ERROR_INVALID_REQUEST, 0 },
		{ 10, 1, SPDM_ERROR_INVALID_REQUEST, 0 },
		{ 11, 2, SPDM_ERROR_UNSUPPORTED_REQUEST, 0xfe },
	};
	struct requester *r = *state;
	uint8_t message[SPDM_VDM_HEADER + TDISP_HEADER] = {
		SPDM_VERSION, SPDM_REQ_VENDOR_DEFINED, 0, 0, 3, 0, 2, 1, 0, 17, 0, 1,
		TDISP_VERSION, TDISP_REQ_STATE, 0, 0, FUNC & 0xff, FUNC >> 8,
	};

	requester_connect(r, DSM_SESSION);
	assert_int_equal(ask_session(r, message, sizeof(message)),
			 SPDM_VDM_HEADER + TDISP_RSP_STATE_BYTES);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t copy[sizeof(message)];

		memcpy(copy, message, sizeof(copy));
		copy[bad[i].at] = bad[i].byte;
		expect_spdm_error(r, ask_session(r, copy, sizeof(copy)), bad[i].code, bad[i].data);
	}
}

/* Break: an answer cut to the room there is, or written past it. */
static void answer_room(void **state)
{
	static const uint8_t version[4] = { SPDM_VERSION_10, SPDM_REQ_VERSION };
	struct requester *r = *state;
	uint8_t object[12];
	size_t len = object_of(object, DOE_CMA, version, 4), whole = 8 + SPDM_VERSION_BYTES;

	for (size_t cap = 0; cap <= whole; cap++) {
		uint8_t *exact = malloc(cap ? cap : 1);

		assert_int_equal(dsm_message(&r->dsm, object, len, exact, cap),
				 cap < whole ? 0 : whole);
		free(exact);
	}
}

/* ---- configuration and faults ---------------------------------------------------------------- */

/* Break: a configuration that the formats cannot carry is taken. */
static void configuration(void **state)
{
	struct requester *r = *state;
	const struct dsm_config good = r->config;
	struct tdisp_dsm *dsm = calloc(1, sizeof(*dsm));

#define REFUSED(change) do {						\
	r->config = good;						\
	assert_true(dsm_init(dsm, &r->config));				\
	r->config.change;						\
	assert_false(dsm_init(dsm, &r->config));			\
} while (0)
	REFUSED(nr_ranges = DSM_MAX_RANGES + 1);
	REFUSED(range[1].bar = DSM_BARS);
	REFUSED(range[1].bar = 1);
	REFUSED(range[1].offset = 0x3000);
	REFUSED(range[1].offset = 0x800);
	REFUSED(range[1].offset = -0x1000ULL);
	REFUSED(range[1].nr_pages = 0);
	REFUSED(range[1].nr_pages = 5);
	REFUSED(range[1].nr_pages = UINT32_MAX);
	REFUSED(chain_bytes = 0);
	REFUSED(measurement_bytes = SPDM_MAX_MESSAGE - 41);
	REFUSED(specific_bytes = DSM_MAX_REPORT - 20 - DSM_MAX_RANGES * 16 + 1);
	REFUSED(portion = 0);
	REFUSED(portion = SPDM_MAX_MESSAGE - SPDM_VDM_HEADER - 19);
	free(dsm);
}

/*
 * Each knob hits the message it names, once. Break: a message skipped in the count, a knob that
 * sticks.
 */
static void faults(void **state)
{
	struct requester *r = *state;
	struct dsm_faults knobs = {
		.drop_at = 2, .corrupt_at = 4, .corrupt_bit = 17, .error_at = 6,
	};
	uint8_t want[DSM_MAX_OBJECT];
	size_t len;

	requester_reach(r, TDISP_RUN);
	len = ask_short(r, true, SPDM_REQ_HEARTBEAT, 0, 0);
	assert_int_equal(len, SPDM_SHORT_BYTES);
	memcpy(want, r->object, r->object_len);
	len = r->object_len;
	dsm_set_faults(&r->dsm, &knobs);
	for (unsigned int i = 1; i <= 8; i++) {
		uint8_t object[36] = { 0 }, payload[28] = { 0 };
		struct spdm_record record = { r->session, 22, 4 };
		uint8_t heartbeat[4] = { SPDM_VERSION, SPDM_REQ_HEARTBEAT };

		memcpy(payload, &record, sizeof(record));
		memcpy(payload + 8, heartbeat, sizeof(heartbeat));
		object_of(object, DOE_SECURED_CMA, payload, sizeof(payload));
		assert_int_equal(ask_raw(r, object, sizeof(object)), i == 2 ? 0 : len);
		if (i == 4)
			r->object[2] ^= 2;
		if (i != 2)
			assert_memory_equal(r->object, want, len);
		assert_int_equal(dsm_state(&r->dsm), i < 6 ? TDISP_RUN : TDISP_ERROR_STATE);
	}
	dsm_set_faults(&r->dsm, &knobs);
	dsm_set_faults(&r->dsm, NULL);
	for (unsigned int i = 1; i <= 8; i++)
		assert_int_equal(ask_short(r, true, SPDM_REQ_HEARTBEAT, 0, 0), SPDM_SHORT_BYTES);
}

/* A dropped answer was served all the same: that is what a lost answer is. */
static void dropped_lock(void **state)
{
	struct requester *r = *state;
	struct dsm_faults knobs = { .drop_at = 1 };

	requester_reach(r, TDISP_CONFIG_UNLOCKED);
	dsm_set_faults(&r->dsm, &knobs);
	assert_int_equal(ask_lock(r), 0);
	assert_int_equal(ask_state(r), TDISP_CONFIG_LOCKED);
}

#define T(test) cmocka_unit_test_setup_teardown(test, requester_setup, requester_teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(negotiation), T(identity), T(certificate_bounds), T(measurements),
		T(session_upkeep), T(order), T(unknown_messages), T(foreign_session),
		T(session_end), T(object_header), T(record_header), T(truncation),
		T(vendor_header), T(answer_room), T(configuration), T(faults), T(dropped_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
