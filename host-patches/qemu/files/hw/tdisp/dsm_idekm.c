// SPDX-License-Identifier: GPL-2.0
/*
 * IDE key management (C 5.6). One port, number 0, and one stream, with any id. Key material is
 * ignored: what matters is which of the six keys are there.
 */
#include <string.h>

#include "dsm.h"

#define ALL_KEYS	((1 << IDEKM_KEYS) - 1)
#define NO_STREAM	255	/* stream ids end at 254 (C 3.1, leaf 132) */

bool dsm_keyed(const struct tdisp_dsm *dsm, uint8_t stream)
{
	return dsm->stream.gone == ALL_KEYS && dsm->stream.id == stream;
}

void dsm_idekm_new_session(struct tdisp_dsm *dsm)
{
	memset(&dsm->stream, 0, sizeof(dsm->stream));
}

static size_t query(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp)
{
	const struct dsm_config *c = dsm->config;
	uint32_t func = c->ops->func(c->opaque);
	struct idekm_query_resp head = {
		.id = IDEKM_QUERY_RESP,
		.devfn = func,
		.bus = func >> 8,
		.segment = func >> 16,
	};

	if (len != sizeof(struct idekm_query) || ((const struct idekm_query *)req)->port)
		return 0;
	memcpy(rsp, &head, sizeof(head));
	return sizeof(head) + c->ops->ide_registers(c->opaque, rsp + sizeof(head),
						    DSM_MAX_PAYLOAD - sizeof(head));
}

/* The sub-stream byte names a key, in a set that is no concern of this function. */
static bool key_valid(const struct idekm_key *key)
{
	return !(key->sub_stream & ~(0xf << IDEKM_SUB_SHIFT | IDEKM_TX | IDEKM_KEY_SET)) &&
	       key->sub_stream >> IDEKM_SUB_SHIFT < IDEKM_SUB_STREAMS && key->stream != NO_STREAM;
}

static unsigned int key_set(const struct idekm_key *key)
{
	return key->sub_stream & IDEKM_KEY_SET;
}

static uint8_t key_bit(const struct idekm_key *key)
{
	return 1 << (key->sub_stream >> IDEKM_SUB_SHIFT << 1 | !!(key->sub_stream & IDEKM_TX));
}

/*
 * A new key waits for its GO beside the one in use, so that a refresh can be tried again after it
 * failed half-way. A stream that never got all its keys gives way to another one.
 */
static enum idekm_status program(struct tdisp_dsm *dsm, const struct idekm_key *key, size_t len)
{
	struct dsm_stream *s = &dsm->stream;

	if (len != sizeof(struct idekm_key_prog))
		return IDEKM_BAD_LENGTH;
	if (key->port)
		return IDEKM_BAD_PORT;
	if (!key_valid(key) || (s->gone == ALL_KEYS && s->id != key->stream))
		return IDEKM_BAD_VALUE;
	if (s->id != key->stream)
		memset(s, 0, sizeof(*s));
	s->id = key->stream;
	s->programmed[key_set(key)] |= key_bit(key);
	return IDEKM_OK;
}

static size_t key_prog(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp)
{
	struct idekm_key key;

	if (len < sizeof(key))
		return 0;
	memcpy(&key, req, sizeof(key));
	key.status = program(dsm, &key, len);
	key.id = IDEKM_KP_ACK;
	memcpy(rsp, &key, sizeof(key));
	return sizeof(key);
}

/* GO and STOP have no status in their answer: what is wrong is refused by SPDM. */
static bool go_or_stop_valid(const struct idekm_key *key, size_t len)
{
	return len == sizeof(*key) && !key->port && key_valid(key);
}

static size_t put_gostop_ack(const struct idekm_key *key, uint8_t *rsp)
{
	struct idekm_key ack = *key;

	ack.id = IDEKM_GOSTOP_ACK;
	memcpy(rsp, &ack, sizeof(ack));
	return sizeof(ack);
}

static size_t set_go(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp)
{
	const struct idekm_key *key = (const void *)req;
	struct dsm_stream *s = &dsm->stream;

	if (!go_or_stop_valid(key, len) || key->stream != s->id ||
	    !(s->programmed[key_set(key)] & key_bit(key)))
		return 0;
	s->programmed[key_set(key)] &= ~key_bit(key);
	s->gone |= key_bit(key);
	return put_gostop_ack(key, rsp);
}

/*
 * Ends the key in both sets: nothing is left of a refresh that failed half-way. A key that is not
 * there is stopped already, as after IDE was disabled.
 */
static size_t set_stop(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp)
{
	const struct idekm_key *key = (const void *)req;
	struct dsm_stream *s = &dsm->stream;

	if (!go_or_stop_valid(key, len))
		return 0;
	if (key->stream == s->id) {
		s->programmed[0] &= ~key_bit(key);
		s->programmed[1] &= ~key_bit(key);
		s->gone &= ~key_bit(key);
		dsm_tdisp_fail(dsm);
	}
	return put_gostop_ack(key, rsp);
}

size_t dsm_idekm_message(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp,
			 struct dsm_refusal *refusal)
{
	refusal->code = SPDM_ERROR_INVALID_REQUEST;
	refusal->data = 0;
	if (!len)
		return 0;
	switch (req[0]) {
	case IDEKM_QUERY:
		return query(dsm, req, len, rsp);
	case IDEKM_KEY_PROG:
		return key_prog(dsm, req, len, rsp);
	case IDEKM_K_SET_GO:
		return set_go(dsm, req, len, rsp);
	case IDEKM_K_SET_STOP:
		return set_stop(dsm, req, len, rsp);
	default:
		refusal->code = SPDM_ERROR_UNSUPPORTED_REQUEST;
		refusal->data = SPDM_REQ_VENDOR_DEFINED;
		return 0;
	}
}
