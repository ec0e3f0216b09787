// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "requester.h"

/* ---- the device ------------------------------------------------------------------------------ */

uint64_t requester_random(struct requester *r)
{
	r->seed ^= r->seed << 13;
	r->seed ^= r->seed >> 7;
	r->seed ^= r->seed << 17;
	return r->seed;
}

static uint32_t dev_func(void *opaque)
{
	return FUNC;
}

static bool dev_random(void *opaque, uint8_t *bytes, size_t length)
{
	struct requester *r = opaque;

	if (r->no_entropy)
		return false;
	while (length--)
		bytes[length] = (uint8_t)(requester_random(r) >> 32);
	return true;
}

static bool dev_enabled(void *opaque)
{
	return ((struct requester *)opaque)->enabled;
}

static uint64_t dev_bar_base(void *opaque, unsigned int bar)
{
	return ((struct requester *)opaque)->base[bar];
}

static size_t dev_ide_registers(void *opaque, uint8_t *bytes, size_t cap)
{
	memset(bytes, 0x1d, 32);
	return 32;
}

static void dev_state_changed(void *opaque, enum tdisp_state from, enum tdisp_state to)
{
	struct requester *r = opaque;

	assert_int_equal(dsm_state(&r->dsm), to);
	r->moves++;
	r->from = from;
	r->to = to;
}

static const struct dsm_ops ops = {
	.func = dev_func,
	.random = dev_random,
	.enabled = dev_enabled,
	.bar_base = dev_bar_base,
	.ide_registers = dev_ide_registers,
	.state_changed = dev_state_changed,
};

static void fill(uint8_t *bytes, size_t len, unsigned int from)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(from + i * 7 + i / 256);
}

struct requester *requester_new(void)
{
	struct requester *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->config = (struct dsm_config) {
		.ops = &ops,
		.opaque = r,
		.chain = r->chain, .chain_bytes = CHAIN_BYTES,
		.measurements = r->measurements, .measurement_bytes = MEASURE_BYTES,
		.nr_measurements = 3,
		.bar_bytes = { [0] = 0x10000, [2] = 0x4000 },
		.range = {
			{ 0, 0, 16, 0 },
			{ 2, 0, 2, 0 },
			{ 2, 0x2000, 1, TDISP_RANGE_NON_TEE },
			{ 2, 0x3000, 1, 0 },
		},
		.nr_ranges = 4,
		.info = TDISP_INFO_DMA_NO_PASID,
		.specific = r->specific, .specific_bytes = SPECIFIC_BYTES,
		DSM_PROFILE,
	};
	fill(r->chain, CHAIN_BYTES, 1);
	fill(r->measurements, MEASURE_BYTES, 2);
	fill(r->specific, SPECIFIC_BYTES, 3);
	r->enabled = true;
	for (unsigned int i = 0; i < DSM_BARS; i++)
		r->base[i] = DSM_BAR_UNSET;
	r->base[0] = BAR0;
	r->base[2] = BAR2;
	r->seed = 0x7d15;
	assert_true(dsm_init(&r->dsm, &r->config));
	return r;
}

int requester_setup(void **state)
{
	*state = requester_new();
	return 0;
}

int requester_teardown(void **state)
{
	free(*state);
	return 0;
}

/* ---- DOE and SPDM ---------------------------------------------------------------------------- */

size_t ask_raw(struct requester *r, const void *object, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);

	assert_non_null(exact);
	memcpy(exact, object, len);
	memset(r->object, 0xee, sizeof(r->object));
	r->object_len = dsm_message(&r->dsm, exact, len, r->object, sizeof(r->object));
	free(exact);
	assert_true(r->object_len <= sizeof(r->object));
	r->answer = r->object;
	return r->object_len;
}

static size_t ask_object(struct requester *r, enum doe_type type, const void *payload, size_t len)
{
	uint8_t object[DSM_MAX_OBJECT + 8] = { 0 };
	struct doe_header head = { .vendor = DOE_VENDOR_PCISIG, .type = type };
	size_t total = sizeof(head) + (len + 3) / 4 * 4;

	assert_true(total <= sizeof(object));
	head.length_dw = total / 4;
	memcpy(object, &head, sizeof(head));
	memcpy(object + sizeof(head), payload, len);
	if (!ask_raw(r, object, total))
		return 0;
	assert_true(r->object_len > sizeof(head) && !(r->object_len % 4));
	memcpy(&head, r->object, sizeof(head));
	assert_int_equal(head.vendor, DOE_VENDOR_PCISIG);
	assert_int_equal(head.length_dw, r->object_len / 4);
	assert_int_equal(head.reserved, 0);
	r->answer = r->object + sizeof(head);
	return r->object_len - sizeof(head);
}

size_t ask_clear(struct requester *r, const void *message, size_t len)
{
	len = ask_object(r, DOE_CMA, message, len);
	if (len)
		assert_int_equal(r->object[2], DOE_CMA);
	return len;
}

size_t ask_session(struct requester *r, const void *message, size_t len)
{
	uint8_t bytes[DSM_MAX_OBJECT] = { 0 };
	struct spdm_record record = {
		.session = r->session, .length = SPDM_RECORD_LENGTH(len), .app_length = len,
	};

	assert_true(len + SPDM_RECORD_HEADER + SPDM_TAG_BYTES <= sizeof(bytes));
	memcpy(bytes, &record, SPDM_RECORD_HEADER);
	memcpy(bytes + SPDM_RECORD_HEADER, message, len);
	len = ask_object(r, DOE_SECURED_CMA, bytes, SPDM_RECORD_HEADER + len + SPDM_TAG_BYTES);
	if (!len || r->object[2] != DOE_SECURED_CMA)
		return len;
	memcpy(&record, r->answer, SPDM_RECORD_HEADER);
	assert_int_equal(record.session, r->session);
	assert_int_equal(record.length, SPDM_RECORD_LENGTH(record.app_length));
	assert_int_equal((SPDM_RECORD_HEADER + record.app_length + SPDM_TAG_BYTES + 3) / 4 * 4,
			 len);
	r->answer += SPDM_RECORD_HEADER;
	return record.app_length;
}

size_t ask_vdm(struct requester *r, enum spdm_protocol protocol, const void *payload, size_t len)
{
	uint8_t bytes[DSM_MAX_OBJECT] = { 0 };
	struct spdm_vdm vdm = {
		.version = SPDM_VERSION, .code = SPDM_REQ_VENDOR_DEFINED,
		.standard = SPDM_STANDARD_PCISIG, .vendor_length = 2, .vendor = DOE_VENDOR_PCISIG,
		.length = 1 + len, .protocol = protocol,
	};

	memcpy(bytes, &vdm, SPDM_VDM_HEADER);
	memcpy(bytes + SPDM_VDM_HEADER, payload, len);
	len = ask_session(r, bytes, SPDM_VDM_HEADER + len);
	if (len < SPDM_VDM_HEADER)
		return 0;
	vdm.code = SPDM_RSP_VENDOR_DEFINED;
	vdm.length = 1 + len - SPDM_VDM_HEADER;
	assert_memory_equal(r->answer, &vdm, SPDM_VDM_HEADER);
	r->answer += SPDM_VDM_HEADER;
	return len - SPDM_VDM_HEADER;
}

void expect_spdm_error(const struct requester *r, size_t len, uint8_t code, uint8_t data)
{
	const struct spdm_header error = { SPDM_VERSION, SPDM_RSP_ERROR, code, data };

	assert_true(len == 0 || len == sizeof(error));	/* 0: as ask_vdm() tells of one */
	assert_true(r->object_len != 0);
	assert_memory_equal(r->answer, &error, sizeof(error));
}

void requester_connect(struct requester *r, enum dsm_stage stage)
{
	uint8_t version[SPDM_GET_VERSION_BYTES] = { SPDM_VERSION_10, SPDM_REQ_VERSION };
	uint8_t caps[SPDM_GET_CAPABILITIES_BYTES] = { SPDM_VERSION, SPDM_REQ_CAPABILITIES };
	uint8_t algorithms[SPDM_NEGOTIATE_BYTES] = { SPDM_VERSION, SPDM_REQ_ALGORITHMS, 4 };
	uint8_t exchange[SPDM_KEY_EXCHANGE_BYTES] = { SPDM_VERSION, SPDM_REQ_KEY_EXCHANGE, 0, 0,
						      0x34, 0x12 };
	uint8_t finish[SPDM_FINISH_BYTES] = { SPDM_VERSION, SPDM_REQ_FINISH };

	if (stage >= DSM_VERSION)
		assert_int_equal(ask_clear(r, version, sizeof(version)), SPDM_VERSION_BYTES);
	if (stage >= DSM_CAPABILITIES)
		assert_int_equal(ask_clear(r, caps, sizeof(caps)), SPDM_CAPABILITIES_BYTES);
	if (stage >= DSM_NEGOTIATED)
		assert_int_equal(ask_clear(r, algorithms, sizeof(algorithms)),
				 SPDM_ALGORITHMS_BYTES);
	if (stage >= DSM_HANDSHAKE) {
		assert_int_equal(ask_clear(r, exchange, sizeof(exchange)),
				 (SPDM_KEY_EXCHANGE_RSP_BYTES + 3) / 4 * 4);
		r->session = 0x1234 | r->answer[4] << 16 | (uint32_t)r->answer[5] << 24;
	}
	if (stage >= DSM_SESSION)
		assert_int_equal(ask_session(r, finish, sizeof(finish)), SPDM_FINISH_RSP_BYTES);
	assert_int_equal(r->dsm.stage, stage);
}

/* ---- IDE_KM ---------------------------------------------------------------------------------- */

size_t ask_key(struct requester *r, enum idekm_id id, uint8_t stream, unsigned int key,
	       unsigned int set)
{
	struct idekm_key_prog message = { .head = {
		.id = id, .stream = stream,
		.sub_stream = key / 2 << IDEKM_SUB_SHIFT | (key % 2 ? IDEKM_TX : 0) | set,
	} };

	return ask_vdm(r, SPDM_PROTOCOL_IDE_KM, &message,
		       id == IDEKM_KEY_PROG ? sizeof(message) : sizeof(message.head));
}

void requester_keys(struct requester *r, unsigned int set)
{
	const struct idekm_key *ack;

	for (unsigned int i = 0; i < 2 * IDEKM_KEYS; i++) {
		bool go = i >= IDEKM_KEYS;

		assert_int_equal(ask_key(r, go ? IDEKM_K_SET_GO : IDEKM_KEY_PROG, STREAM,
					 i % IDEKM_KEYS, set), sizeof(*ack));
		ack = (const void *)r->answer;
		assert_int_equal(ack->id, go ? IDEKM_GOSTOP_ACK : IDEKM_KP_ACK);
		assert_int_equal(ack->status, IDEKM_OK);
	}
}

/* ---- TDISP ----------------------------------------------------------------------------------- */

#define IN(a, b, c, d)	((a) | (b) << 1 | (c) << 2 | (d) << 3)	/* UNLOCKED, LOCKED, RUN, ERROR */
const struct tdisp_row tdisp_rows[TDISP_ROWS] = {
#define ROW(name, extra, legal)	\
	{ TDISP_REQ_##name, TDISP_RSP_##name, TDISP_REQ_##name##_BYTES,	\
	  TDISP_RSP_##name##_BYTES + (extra), legal }
	ROW(VERSION,		1,	IN(1, 1, 1, 1)),
	ROW(CAPABILITIES,	0,	IN(1, 1, 1, 1)),
	ROW(LOCK,		0,	IN(1, 0, 0, 0)),
	ROW(REPORT,		16,	IN(0, 1, 1, 0)),
	ROW(STATE,		0,	IN(1, 1, 1, 1)),
	ROW(START,		0,	IN(0, 1, 0, 0)),
	ROW(STOP,		0,	IN(1, 1, 1, 1)),
};

size_t tdisp_request(const struct requester *r, const struct tdisp_row *row, uint8_t *bytes)
{
	const struct tdisp_header head = { TDISP_VERSION, row->req, 0, FUNC, 0 };
	const struct tdisp_lock lock = { .head = head, .stream = STREAM };
	const struct tdisp_report_req report = { .head = head, .length = 16 };

	memset(bytes, 0, 64);
	memcpy(bytes, &head, sizeof(head));
	if (row->req == TDISP_REQ_LOCK)
		memcpy(bytes, &lock, sizeof(lock));
	if (row->req == TDISP_REQ_REPORT)
		memcpy(bytes, &report, sizeof(report));
	if (row->req == TDISP_REQ_START)
		memcpy(bytes + TDISP_HEADER, r->nonce, sizeof(r->nonce));
	return row->req_bytes;
}

size_t ask_tdisp(struct requester *r, enum tdisp_message type, const void *body, size_t body_len)
{
	uint8_t bytes[256] = { 0 };
	struct tdisp_header head = { .version = TDISP_VERSION, .type = type, .func = FUNC };

	assert_true(sizeof(head) + body_len <= sizeof(bytes));
	memcpy(bytes, &head, sizeof(head));
	if (body_len)
		memcpy(bytes + sizeof(head), body, body_len);
	return ask_vdm(r, SPDM_PROTOCOL_TDISP, bytes, sizeof(head) + body_len);
}

size_t ask_lock(struct requester *r)
{
	struct tdisp_lock lock = {
		.flags = TDISP_LOCK_NO_FW_UPDATE, .stream = STREAM, .mmio_offset = MMIO_OFFSET,
	};
	size_t len = ask_tdisp(r, TDISP_REQ_LOCK, &lock.flags, sizeof(lock) - TDISP_HEADER);

	if (len == TDISP_RSP_LOCK_BYTES)
		memcpy(r->nonce, r->answer + TDISP_HEADER, sizeof(r->nonce));
	return len;
}

size_t ask_start(struct requester *r, const uint8_t nonce[TDISP_NONCE_BYTES])
{
	return ask_tdisp(r, TDISP_REQ_START, nonce, TDISP_NONCE_BYTES);
}

void requester_reach(struct requester *r, enum tdisp_state state)
{
	if (r->dsm.stage != DSM_SESSION)
		requester_connect(r, DSM_SESSION);
	if (!dsm_keyed(&r->dsm, STREAM))
		requester_keys(r, 0);
	assert_int_equal(ask_tdisp(r, TDISP_REQ_STOP, NULL, 0), TDISP_RSP_STOP_BYTES);
	if (state != TDISP_CONFIG_UNLOCKED)
		assert_int_equal(ask_lock(r), TDISP_RSP_LOCK_BYTES);
	if (state == TDISP_RUN)
		assert_int_equal(ask_start(r, r->nonce), TDISP_RSP_START_BYTES);
	if (state == TDISP_ERROR_STATE)
		dsm_config_violation(&r->dsm);
	assert_int_equal(ask_state(r), state);
}

enum tdisp_state ask_state(struct requester *r)
{
	assert_int_equal(ask_tdisp(r, TDISP_REQ_STATE, NULL, 0), TDISP_RSP_STATE_BYTES);
	assert_int_equal(r->answer[TDISP_HEADER], dsm_state(&r->dsm));
	return dsm_state(&r->dsm);
}

void expect_tdisp_error(const struct requester *r, size_t len, enum tdisp_error code)
{
	const struct tdisp_error_rsp *error = (const void *)r->answer;

	assert_int_equal(len, sizeof(*error));
	assert_int_equal(error->head.type, TDISP_RSP_ERROR);
	assert_int_equal(error->code, code);
}
