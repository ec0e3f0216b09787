// SPDX-License-Identifier: GPL-2.0
/*
 * SPDM messages of the mock profile (C 5.5). One connection, one session. Nothing is authenticated:
 * the fields of cryptography in answers are zero, those in requests are not looked at.
 */
#include <string.h>

#include "dsm.h"

static size_t put_error(uint8_t *rsp, uint8_t code, uint8_t data)
{
	struct spdm_header error = { SPDM_VERSION, SPDM_RSP_ERROR, code, data };

	memcpy(rsp, &error, sizeof(error));
	return sizeof(error);
}

/* An answer of @bytes, all zero but the header. */
static size_t put_answer(uint8_t *rsp, uint8_t code, uint8_t param1, uint8_t param2, size_t bytes)
{
	struct spdm_header head = { SPDM_VERSION, code, param1, param2 };

	memset(rsp, 0, bytes);
	memcpy(rsp, &head, sizeof(head));
	return bytes;
}

static void put16(uint8_t *to, uint16_t value)
{
	to[0] = value;
	to[1] = value >> 8;
}

static void put32(uint8_t *to, uint32_t value)
{
	put16(to, value);
	put16(to + 2, value >> 16);
}

static uint16_t get16(const uint8_t *from)
{
	return from[0] | from[1] << 8;
}

void dsm_session_end(struct tdisp_dsm *dsm, enum dsm_stage stage)
{
	dsm->stage = stage;
	dsm->session = 0;
	dsm->key_updated = false;
	dsm_tdisp_fail(dsm);
}

/* ---- connection and identity ----------------------------------------------------------------- */

/* Starts anew: what was agreed before, a session included, is void. */
static size_t get_version(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp)
{
	dsm_session_end(dsm, DSM_VERSION);
	put_answer(rsp, SPDM_RSP_VERSION, 0, 0, SPDM_VERSION_BYTES);
	rsp[0] = SPDM_VERSION_10;
	rsp[5] = 1;
	put16(rsp + 6, SPDM_VERSION_ENTRY);
	return SPDM_VERSION_BYTES;
}

static size_t get_capabilities(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp)
{
	dsm->stage = DSM_CAPABILITIES;
	put_answer(rsp, SPDM_RSP_CAPABILITIES, 0, 0, SPDM_CAPABILITIES_BYTES);
	put32(rsp + 8, SPDM_CAPABILITY_FLAGS);
	put32(rsp + 12, SPDM_MAX_MESSAGE);
	put32(rsp + 16, SPDM_MAX_MESSAGE);
	return SPDM_CAPABILITIES_BYTES;
}

/* The one choice of the profile, whatever was offered: SHA-384, P-384, AES-256-GCM. */
static size_t negotiate(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp)
{
	static const uint8_t tables[SPDM_NEGOTIATE_TABLES][4] = {
		{ 2, 0x20, 0x10 }, { 3, 0x20, 0x02 }, { 4, 0x20, 0x00 }, { 5, 0x20, 0x01 },
	};

	if (req[2] != SPDM_NEGOTIATE_TABLES)
		return put_error(rsp, SPDM_ERROR_INVALID_REQUEST, 0);
	dsm->stage = DSM_NEGOTIATED;
	put_answer(rsp, SPDM_RSP_ALGORITHMS, SPDM_NEGOTIATE_TABLES, 0, SPDM_ALGORITHMS_BYTES);
	put16(rsp + 4, SPDM_ALGORITHMS_BYTES);
	rsp[6] = 1;		/* measurements as DMTF specifies them */
	put32(rsp + 8, 1 << 2);	/* their hash */
	put32(rsp + 12, 1 << 7);	/* signature */
	put32(rsp + 16, 1 << 1);	/* hash */
	memcpy(rsp + 36, tables, sizeof(tables));
	return SPDM_ALGORITHMS_BYTES;
}

static size_t get_digests(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp)
{
	struct sha384 hash;

	put_answer(rsp, SPDM_RSP_DIGESTS, 0, SPDM_SLOT_MASK, SPDM_DIGESTS_BYTES);
	sha384_init(&hash);
	sha384_update(&hash, dsm->config->chain, dsm->config->chain_bytes);
	sha384_final(&hash, rsp + sizeof(struct spdm_header));
	return SPDM_DIGESTS_BYTES;
}

static size_t get_certificate(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp)
{
	uint16_t offset = get16(req + 4), portion = get16(req + 6), left;

	if (req[2] || !portion || offset >= dsm->config->chain_bytes)
		return put_error(rsp, SPDM_ERROR_INVALID_REQUEST, 0);
	left = dsm->config->chain_bytes - offset;
	if (portion > dsm->config->portion)
		portion = dsm->config->portion;
	if (portion > left)
		portion = left;
	put_answer(rsp, SPDM_RSP_CERTIFICATE, 0, 0, SPDM_CERTIFICATE_HEADER);
	put16(rsp + 4, portion);
	put16(rsp + 6, left - portion);
	memcpy(rsp + SPDM_CERTIFICATE_HEADER, dsm->config->chain + offset, portion);
	return SPDM_CERTIFICATE_HEADER + portion;
}

/* All measurements (param2 FFh), without a signature (param1 0). */
static size_t get_measurements(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp)
{
	uint16_t record = dsm->config->measurement_bytes;

	if (req[2] || req[3] != 0xff)
		return put_error(rsp, SPDM_ERROR_INVALID_REQUEST, 0);
	len = put_answer(rsp, SPDM_RSP_MEASUREMENTS, 0, 0,
			 SPDM_MEASUREMENTS_HEADER + record + SPDM_MEASUREMENTS_TAIL);
	rsp[4] = dsm->config->nr_measurements;
	put16(rsp + SPDM_MEASUREMENT_LENGTH_OFFSET, record);
	memcpy(rsp + SPDM_MEASUREMENTS_HEADER, dsm->config->measurements, record);
	return len;
}

/* ---- session --------------------------------------------------------------------------------- */

/* Session id 0 means none: the responder's half is never 0. */
static size_t key_exchange(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp)
{
	if (req[2] || req[3])
		return put_error(rsp, SPDM_ERROR_INVALID_REQUEST, 0);
	if (!++dsm->next_session)
		dsm->next_session = 1;
	dsm->session = (uint32_t)dsm->next_session << 16 | get16(req + 4);
	dsm->stage = DSM_HANDSHAKE;
	put_answer(rsp, SPDM_RSP_KEY_EXCHANGE, 0, 0, SPDM_KEY_EXCHANGE_RSP_BYTES);
	put16(rsp + 4, dsm->next_session);
	return SPDM_KEY_EXCHANGE_RSP_BYTES;
}

static size_t finish(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp)
{
	dsm->stage = DSM_SESSION;
	dsm_idekm_new_session(dsm);
	return put_answer(rsp, SPDM_RSP_FINISH, 0, 0, SPDM_FINISH_RSP_BYTES);
}

static size_t heartbeat(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp)
{
	return put_answer(rsp, SPDM_RSP_HEARTBEAT, 0, 0, SPDM_SHORT_BYTES);
}

/* Update of all keys, then its verification; param2 is a tag that the answer echoes. */
static size_t key_update(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp)
{
	uint8_t op = dsm->key_updated ? SPDM_KEY_UPDATE_VERIFY : SPDM_KEY_UPDATE_ALL_KEYS;

	if (req[2] != op)
		return put_error(rsp, SPDM_ERROR_INVALID_REQUEST, 0);
	dsm->key_updated = !dsm->key_updated;
	return put_answer(rsp, SPDM_RSP_KEY_UPDATE, op, req[3], SPDM_SHORT_BYTES);
}

static size_t end_session(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp)
{
	dsm_session_end(dsm, DSM_NEGOTIATED);
	return put_answer(rsp, SPDM_RSP_END_SESSION, 0, 0, SPDM_SHORT_BYTES);
}

/* ---- vendor-defined messages ----------------------------------------------------------------- */

/* Protocols without a session are refused: their messages count on the session's protection. */
static size_t vendor_defined(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp)
{
	struct dsm_refusal refusal = { SPDM_ERROR_INVALID_REQUEST, 0 };
	uint8_t *payload = rsp + SPDM_VDM_HEADER;
	struct spdm_vdm vdm;
	size_t payload_len;

	if (len < SPDM_VDM_HEADER)
		return put_error(rsp, SPDM_ERROR_INVALID_REQUEST, 0);
	memcpy(&vdm, req, SPDM_VDM_HEADER);
	if (vdm.standard != SPDM_STANDARD_PCISIG || vdm.vendor_length != sizeof(vdm.vendor) ||
	    vdm.vendor != DOE_VENDOR_PCISIG)
		return put_error(rsp, SPDM_ERROR_UNSUPPORTED_REQUEST, vdm.code);
	payload_len = len - SPDM_VDM_HEADER;
	if (vdm.length != sizeof(vdm.protocol) + payload_len)
		return put_error(rsp, SPDM_ERROR_INVALID_REQUEST, 0);
	req += SPDM_VDM_HEADER;
	switch (vdm.protocol) {
	case SPDM_PROTOCOL_IDE_KM:
		payload_len = dsm_idekm_message(dsm, req, payload_len, payload, &refusal);
		break;
	case SPDM_PROTOCOL_TDISP:
		payload_len = dsm_tdisp_message(dsm, req, payload_len, payload, &refusal);
		break;
	default:
		return put_error(rsp, SPDM_ERROR_UNSUPPORTED_REQUEST, vdm.code);
	}
	if (!payload_len)
		return put_error(rsp, refusal.code, refusal.data);
	vdm.code = SPDM_RSP_VENDOR_DEFINED;
	vdm.param1 = vdm.param2 = 0;
	vdm.length = sizeof(vdm.protocol) + payload_len;
	memcpy(rsp, &vdm, SPDM_VDM_HEADER);
	return SPDM_VDM_HEADER + payload_len;
}

/* ---- dispatch -------------------------------------------------------------------------------- */

#define STAGE(stage)	(1 << (stage))
#define ANY		(STAGE(DSM_SESSION + 1) - 1)

static const struct rule {
	uint8_t code;
	uint8_t bytes;			/* exactly; 0: the handler checks */
	uint8_t clear, secured;		/* stages at which it may come in the clear, in a record */
	size_t (*handle)(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp);
} rules[] = {
#define RULE(name, bytes, clear, secured, handle)	\
	{ SPDM_REQ_##name, bytes, clear, secured, handle }
#define IDENTITY	(STAGE(DSM_NEGOTIATED) | STAGE(DSM_SESSION))
#define SESSION		STAGE(DSM_SESSION)
	RULE(VERSION, SPDM_GET_VERSION_BYTES, ANY, 0, get_version),
	RULE(CAPABILITIES, SPDM_GET_CAPABILITIES_BYTES, STAGE(DSM_VERSION), 0, get_capabilities),
	RULE(ALGORITHMS, SPDM_NEGOTIATE_BYTES, STAGE(DSM_CAPABILITIES), 0, negotiate),
	RULE(DIGESTS, SPDM_GET_DIGESTS_BYTES, IDENTITY, SESSION, get_digests),
	RULE(CERTIFICATE, SPDM_GET_CERTIFICATE_BYTES, IDENTITY, SESSION, get_certificate),
	RULE(KEY_EXCHANGE, SPDM_KEY_EXCHANGE_BYTES, STAGE(DSM_NEGOTIATED), 0, key_exchange),
	RULE(FINISH, SPDM_FINISH_BYTES, 0, STAGE(DSM_HANDSHAKE), finish),
	RULE(MEASUREMENTS, SPDM_GET_MEASUREMENTS_BYTES, 0, SESSION, get_measurements),
	RULE(HEARTBEAT, SPDM_SHORT_BYTES, 0, SESSION, heartbeat),
	RULE(KEY_UPDATE, SPDM_SHORT_BYTES, 0, SESSION, key_update),
	RULE(END_SESSION, SPDM_SHORT_BYTES, 0, SESSION, end_session),
	RULE(VENDOR_DEFINED, 0, 0, SESSION, vendor_defined),
};

static const struct rule *rule_of(uint8_t code)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].code == code)
			return &rules[i];
	return NULL;
}

/*
 * In the clear nothing but the DOE header counts bytes: the length there is padded to whole
 * dwords.
 */
static bool length_fits(const struct rule *rule, bool secured, size_t len)
{
	return !rule->bytes || len == (secured ? rule->bytes : (rule->bytes + 3U) / 4 * 4);
}

size_t dsm_spdm_message(struct tdisp_dsm *dsm, bool secured, const uint8_t *req, size_t len,
			uint8_t *rsp)
{
	const struct rule *rule;
	uint8_t version;

	if (len < sizeof(struct spdm_header))
		return put_error(rsp, SPDM_ERROR_INVALID_REQUEST, 0);
	rule = rule_of(req[1]);
	if (!rule)
		return put_error(rsp, SPDM_ERROR_UNSUPPORTED_REQUEST, req[1]);
	version = rule->code == SPDM_REQ_VERSION ? SPDM_VERSION_10 : SPDM_VERSION;
	if (req[0] != version || !length_fits(rule, secured, len))
		return put_error(rsp, SPDM_ERROR_INVALID_REQUEST, 0);
	if (!((secured ? rule->secured : rule->clear) & STAGE(dsm->stage)))
		return put_error(rsp, SPDM_ERROR_UNEXPECTED_REQUEST, 0);
	return rule->handle(dsm, req, len, rsp);
}
