// SPDX-License-Identifier: GPL-2.0
/*
 * TDH.SPDM.*: the session with a device's security manager and the device information that it
 * yields (C 3.1, 5.5). The profile is a mock: order, sizes and fields are checked, no signatures.
 */
#include "seamcall.h"
#include "../tdisp/spdm.h"

#define CERTIFICATE_PORTION	(SPDM_MAX_MESSAGE - SPDM_CERTIFICATE_HEADER)

/* ---- one exchange ----------------------------------------------------------- */

/* A leaf's conversation: which exchanges, and where device information goes. */
struct talk {
	struct tdx_call *c;
	struct tdx_spdm *s;
	struct tdx_msg_pages pages;
	struct tdx_out out;
	const uint8_t *script;		/* enum step up to END; seq.done is the index */
};

enum step {
	STEP_VERSION, STEP_CAPABILITIES, STEP_ALGORITHMS, STEP_DIGESTS, STEP_CERTIFICATE,
	STEP_KEY_EXCHANGE, STEP_FINISH, STEP_MEASUREMENTS, STEP_HEARTBEAT, STEP_KEY_UPDATE,
	STEP_KEY_VERIFY, END
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)v);
	put16(p + 2, (uint16_t)(v >> 16));
}

static uint64_t malformed(const struct talk *t)
{
	return TDX_STATUS(SPDM_INVALID_MESSAGE, t->pages.rsp_operand);
}

/* Device information: for the host to read, and hashed on the way for the guest to compare. */
static uint64_t info_append(struct talk *t, const void *data, size_t len)
{
	struct tdx_spdm *s = t->s;

	if (!tdx_out_write(&t->out, s->dev_info_bytes, data, len))
		return TDX_STATUS(OPERAND_INVALID, t->out.operand);
	sha384_update(&s->info_hash, data, len);
	s->dev_info_bytes += (uint32_t)len;
	return TDX_SUCCESS;
}

static uint64_t info_append32(struct talk *t, uint32_t v)
{
	uint8_t bytes[4];

	put32(bytes, v);
	return info_append(t, bytes, sizeof(bytes));
}

static uint64_t on_version(struct talk *t, const uint8_t *msg, size_t len)
{
	return msg[5] == 1 && get16(msg + 6) == SPDM_VERSION_ENTRY ? TDX_SUCCESS : malformed(t);
}

static void capabilities(const struct talk *t, uint8_t *msg)
{
	put32(msg + 8, SPDM_CAPABILITY_FLAGS);
	put32(msg + 12, SPDM_MAX_MESSAGE);
	put32(msg + 16, SPDM_MAX_MESSAGE);
}

static uint64_t on_capabilities(struct talk *t, const uint8_t *msg, size_t len)
{
	bool same = get32(msg + 8) == SPDM_CAPABILITY_FLAGS &&
		    get32(msg + 12) == SPDM_MAX_MESSAGE && get32(msg + 16) == SPDM_MAX_MESSAGE;

	return same ? TDX_SUCCESS : malformed(t);
}

static void algorithms(const struct talk *t, uint8_t *msg)
{
	/* Type, {fixed bytes, external algorithms}, mask: P-384, AES-256-GCM, ECDSA P-384, SPDM. */
	static const uint8_t table[SPDM_NEGOTIATE_TABLES][4] = {
		{ 2, 0x20, 0x10 }, { 3, 0x20, 0x02 }, { 4, 0x20, 0x80 }, { 5, 0x20, 0x01 },
	};

	msg[2] = SPDM_NEGOTIATE_TABLES;
	put16(msg + 4, SPDM_NEGOTIATE_BYTES);
	msg[6] = 1;		/* DMTF measurements */
	put32(msg + 8, 0x80);	/* ECDSA P-384 */
	put32(msg + 12, 0x02);	/* SHA-384 */
	__builtin_memcpy(msg + 32, table, sizeof(table));
}

static uint64_t on_algorithms(struct talk *t, const uint8_t *msg, size_t len)
{
	return msg[2] == SPDM_NEGOTIATE_TABLES && get16(msg + 4) == SPDM_ALGORITHMS_BYTES ?
	       TDX_SUCCESS : malformed(t);
}

/* The chain of a connected device must be the one that it connected with. */
static uint64_t on_digests(struct talk *t, const uint8_t *msg, size_t len)
{
	struct tdx_spdm *s = t->s;

	if (!(msg[3] & SPDM_SLOT_MASK))
		return malformed(t);
	msg += sizeof(struct spdm_header);
	if (s->state == SPDM_CONNECTED &&
	    __builtin_memcmp(s->chain_digest, msg, sizeof(s->chain_digest)))
		return TDX_STATUS(SPDM_AUTH_FAILED, t->pages.rsp_operand);
	__builtin_memcpy(s->chain_digest, msg, sizeof(s->chain_digest));
	sha384_init(&s->chain_hash);
	sha384_init(&s->info_hash);
	s->chain_bytes = s->dev_info_bytes = 0;
	return TDX_SUCCESS;
}

/* Bytes of the chain that have been read: it follows its length. */
static uint32_t chain_offset(const struct tdx_spdm *s)
{
	return s->dev_info_bytes ? s->dev_info_bytes - 4 : 0;
}

static void certificate(const struct talk *t, uint8_t *msg)
{
	put16(msg + 4, (uint16_t)chain_offset(t->s));
	put16(msg + 6, CERTIFICATE_PORTION);
}

static uint64_t on_certificate(struct talk *t, const uint8_t *msg, size_t len)
{
	uint32_t portion = get16(msg + 4), remainder = get16(msg + 6);
	struct tdx_spdm *s = t->s;
	uint8_t digest[SHA384_SIZE];
	uint64_t status = TDX_SUCCESS;

	/* The message may be padded to whole dwords. */
	if (!portion || portion > CERTIFICATE_PORTION || len < SPDM_CERTIFICATE_HEADER + portion ||
	    len - portion > SPDM_CERTIFICATE_HEADER + 3)
		return malformed(t);
	if (!s->dev_info_bytes) {
		s->chain_bytes = portion + remainder;
		status = info_append32(t, s->chain_bytes);
	}
	if (chain_offset(s) + portion + remainder != s->chain_bytes || s->chain_bytes > 0xffff)
		return malformed(t);
	if (status == TDX_SUCCESS)
		status = info_append(t, msg + SPDM_CERTIFICATE_HEADER, portion);
	if (status != TDX_SUCCESS)
		return status;
	sha384_update(&s->chain_hash, msg + SPDM_CERTIFICATE_HEADER, portion);
	if (remainder)
		return TDX_SUCCESS;
	sha384_final(&s->chain_hash, digest);
	return __builtin_memcmp(digest, s->chain_digest, sizeof(digest)) ?
	       TDX_STATUS(SPDM_AUTH_FAILED, t->pages.rsp_operand) : TDX_SUCCESS;
}

/* The requester's half of the session id: not 0, and different for each object. */
static uint16_t requester_half(const struct talk *t)
{
	return (uint16_t)(t->s - t->c->m->connect.spdm + 1);
}

static void key_exchange(const struct talk *t, uint8_t *msg)
{
	put16(msg + 4, requester_half(t));
}

static uint64_t on_key_exchange(struct talk *t, const uint8_t *msg, size_t len)
{
	t->s->session = (uint32_t)get16(msg + 4) << 16 | requester_half(t);
	t->s->records = 0;
	return TDX_SUCCESS;
}

static void measurements(const struct talk *t, uint8_t *msg)
{
	msg[3] = 0xff;		/* all of them */
}

static uint64_t on_measurements(struct talk *t, const uint8_t *msg, size_t len)
{
	const uint8_t *at = msg + SPDM_MEASUREMENT_LENGTH_OFFSET;
	uint32_t record = get16(at) | (uint32_t)at[2] << 16;
	struct tdx_spdm *s = t->s;
	uint64_t status;

	if (len != (uint64_t)SPDM_MEASUREMENTS_HEADER + record + SPDM_MEASUREMENTS_TAIL)
		return malformed(t);
	status = info_append32(t, record);
	if (status == TDX_SUCCESS)
		status = info_append(t, msg + SPDM_MEASUREMENTS_HEADER, record);
	if (status == TDX_SUCCESS)
		sha384_final(&s->info_hash, s->dev_info_hash);
	return status;
}

static void key_update(const struct talk *t, uint8_t *msg)
{
	msg[2] = SPDM_KEY_UPDATE_ALL_KEYS;
}

static void key_verify(const struct talk *t, uint8_t *msg)
{
	msg[2] = SPDM_KEY_UPDATE_VERIFY;
}

static uint64_t on_key_verify(struct talk *t, const uint8_t *msg, size_t len)
{
	t->s->records = 0;
	return TDX_SUCCESS;
}

/* Sizes of answers are exact, but for those that a function checks (at least @rsp_bytes then). */
static const struct exchange {
	uint8_t request, response, version;
	bool exact;
	uint16_t req_bytes, rsp_bytes;
	void (*build)(const struct talk *t, uint8_t *msg);	/* completes the header and zeros */
	uint64_t (*check)(struct talk *t, const uint8_t *msg, size_t len);
} exchanges[] = {
#define CODES(name)	SPDM_REQ_##name, SPDM_RSP_##name
	[STEP_VERSION] = { CODES(VERSION), SPDM_VERSION_10, true, SPDM_GET_VERSION_BYTES,
			   SPDM_VERSION_BYTES, NULL, on_version },
	[STEP_CAPABILITIES] = { CODES(CAPABILITIES), SPDM_VERSION, true,
				SPDM_GET_CAPABILITIES_BYTES, SPDM_CAPABILITIES_BYTES, capabilities,
				on_capabilities },
	[STEP_ALGORITHMS] = { CODES(ALGORITHMS), SPDM_VERSION, true, SPDM_NEGOTIATE_BYTES,
			      SPDM_ALGORITHMS_BYTES, algorithms, on_algorithms },
	[STEP_DIGESTS] = { CODES(DIGESTS), SPDM_VERSION, true, SPDM_GET_DIGESTS_BYTES,
			   SPDM_DIGESTS_BYTES, NULL, on_digests },
	[STEP_CERTIFICATE] = { CODES(CERTIFICATE), SPDM_VERSION, false, SPDM_GET_CERTIFICATE_BYTES,
			       SPDM_CERTIFICATE_HEADER, certificate, on_certificate },
	[STEP_KEY_EXCHANGE] = { CODES(KEY_EXCHANGE), SPDM_VERSION, true, SPDM_KEY_EXCHANGE_BYTES,
				SPDM_KEY_EXCHANGE_RSP_BYTES, key_exchange, on_key_exchange },
	[STEP_FINISH] = { CODES(FINISH), SPDM_VERSION, true, SPDM_FINISH_BYTES,
			  SPDM_FINISH_RSP_BYTES, NULL, NULL },
	[STEP_MEASUREMENTS] = { CODES(MEASUREMENTS), SPDM_VERSION, false,
				SPDM_GET_MEASUREMENTS_BYTES, SPDM_MEASUREMENTS_HEADER, measurements,
				on_measurements },
	[STEP_HEARTBEAT] = { CODES(HEARTBEAT), SPDM_VERSION, true, SPDM_SHORT_BYTES,
			     SPDM_SHORT_BYTES, NULL, NULL },
	[STEP_KEY_UPDATE] = { CODES(KEY_UPDATE), SPDM_VERSION, true, SPDM_SHORT_BYTES,
			      SPDM_SHORT_BYTES, key_update, NULL },
	[STEP_KEY_VERIFY] = { CODES(KEY_UPDATE), SPDM_VERSION, true, SPDM_SHORT_BYTES,
			      SPDM_SHORT_BYTES, key_verify, on_key_verify },
#undef CODES
};

static uint64_t receive(struct talk *t, const struct exchange *x)
{
	bool secured = t->s->session != 0;
	uint8_t msg[TDX_MSG_BYTES];
	int len = tdx_recv_spdm(t->s, &t->pages, secured, msg);
	int most = x->rsp_bytes + (secured ? 0 : 3);	/* padding to whole dwords */

	if (len < x->rsp_bytes || (x->exact && len > most) || msg[0] != x->version ||
	    msg[1] != x->response)
		return malformed(t);
	return x->check ? x->check(t, msg, (size_t)len) : TDX_SUCCESS;
}

/*
 * Take the answer to the message of the last call, if there was one, and send the next. SUCCESS:
 * the script is at its end, and so is the sequence. Once there is a session all goes through it.
 */
static uint64_t converse(struct talk *t)
{
	uint8_t msg[SPDM_KEY_EXCHANGE_BYTES] = { 0 };
	struct tdx_seq *q = &t->s->seq;
	const struct exchange *x;

	if (q->step) {
		enum step step = t->script[q->done];
		uint64_t status = receive(t, &exchanges[step]);

		if (status != TDX_SUCCESS)
			return tdx_seq_fail(t->c, t->s, status);
		if (step != STEP_CERTIFICATE || chain_offset(t->s) == t->s->chain_bytes)
			q->done++;
	}
	if (t->script[q->done] == END) {
		tdx_seq_end(t->s);
		return TDX_SUCCESS;
	}
	x = &exchanges[t->script[q->done]];
	msg[0] = x->version;
	msg[1] = x->request;
	if (x->build)
		x->build(t, msg);
	return tdx_send_spdm(t->c, t->s, &t->pages, t->s->session != 0, msg, x->req_bytes);
}

/* ---- objects ---------------------------------------------------------------- */

/* Segment and its valid bit come together, so that one function has one id. */
static bool func_valid(uint64_t func)
{
	return !(func >> 32) && !(func & TDX_FUNC_RESERVED) &&
	       ((func & TDX_FUNC_SEGMENT_VALID) ? (func >> TDX_FUNC_SEGMENT_SHIFT & 0xff) != 0 :
						  func <= TDX_FUNC_RID_MASK);
}

uint64_t tdh_spdm_create(struct tdx_call *c)
{
	struct tdx_connect *k = &c->m->connect;
	uint64_t func = c->r[TDX_RCX], status;
	struct tdx_spdm *s = NULL;

	if (!func_valid(func))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	if (!tdx_call_lock(c, &k->object_lock, LOCK_EXCL))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX);
	for (unsigned int i = TDX_MAX_SPDMS; i-- > 0;) {
		if (k->spdm[i].state == SPDM_FREE)
			s = &k->spdm[i];
		else if (k->spdm[i].func == func)
			return TDX_STATUS(SPDM_ENTRY_ALREADY_PRESENT, TDX_OP_RCX);
	}
	if (!s)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	status = tdx_spdm_hold(c, s, TDX_OP_RCX);
	if (status == TDX_SUCCESS)
		status = tdx_donate(c, c->r[TDX_RDX], TDX_OP_RDX, TDX_SPDM_MT_PAGES, PT_SPDM_MT,
				    &s->pages);
	if (status != TDX_SUCCESS)
		return status;
	s->func = (uint32_t)func;
	s->session = 0;
	s->records = 0;
	s->state = SPDM_CREATED;
	c->r[TDX_RCX] = (uint64_t)(s - k->spdm);
	return TDX_SUCCESS;
}

uint64_t tdh_spdm_delete(struct tdx_call *c)
{
	struct tdx_connect *k = &c->m->connect;
	struct tdx_spdm *s;
	uint64_t status = tdx_spdm_get(c, c->r[TDX_RCX], TDX_OP_RCX, &s);

	if (status != TDX_SUCCESS)
		return status;
	if (s->nr_streams)
		return TDX_STATUS(SPDM_HAS_ACTIVE_IDE_STREAMS, TDX_OP_RCX);
	if (s->state == SPDM_CONNECTED)
		return TDX_STATUS(SPDM_INVALID_STATE, TDX_OP_RCX);
	if (!tdx_call_lock(c, &k->object_lock, LOCK_EXCL))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX);
	status = tdx_undonate(c, &s->pages, c->r[TDX_RDX], TDX_OP_RDX, &c->r[TDX_RCX]);
	if (status != TDX_SUCCESS)
		return status;
	tdx_seq_end(s);
	s->state = SPDM_FREE;
	return TDX_SUCCESS;
}

/* ---- sessions --------------------------------------------------------------- */

static bool takes_slot(uint16_t leaf)
{
	return leaf == TDH_SPDM_CONNECT || leaf == TDH_SPDM_DISCONNECT || leaf == TDH_SPDM_MNG;
}

/*
 * CONNECT, DISCONNECT and MNG: one of them is under way in the whole module. The slot is held as
 * long as its object's sequence is, however that ends.
 */
static uint64_t session_begin(struct tdx_call *c, struct tdx_spdm *s, unsigned int nr, bool aborts)
{
	struct tdx_connect *k = &c->m->connect;

	if (!tdx_call_lock(c, &k->session_lock, LOCK_EXCL))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX);
	if (k->slot && k->slot != s &&
	    takes_slot(__atomic_load_n(&k->slot->seq.leaf, __ATOMIC_ACQUIRE)))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX);
	k->slot = s;
	return tdx_seq_begin(c, s, nr, aborts, NULL);
}

/* Read when CONNECT begins. The profile knows one certificate slot and no session policy. */
static bool config_valid(const uint8_t *page)
{
	struct tdx_spdm_config config;

	__builtin_memcpy(&config, page, sizeof(config));
	return !(config.vmm_caps & ~(TDX_SPDM_CAP_HBEAT | TDX_SPDM_CAP_KEY_UPD)) &&
	       !config.session_policy && (config.slot_mask & SPDM_SLOT_MASK) &&
	       config.raw_measurements <= 1;
}

uint64_t tdh_spdm_connect(struct tdx_call *c)
{
	static const uint8_t script[] = {
		STEP_VERSION, STEP_CAPABILITIES, STEP_ALGORITHMS, STEP_DIGESTS, STEP_CERTIFICATE,
		STEP_KEY_EXCHANGE, STEP_FINISH, STEP_MEASUREMENTS, END
	};
	struct talk t = { .c = c, .script = script };
	uint8_t *config;
	uint64_t status = tdx_spdm_get(c, c->r[TDX_RCX], TDX_OP_RCX, &t.s);

	if (status == TDX_SUCCESS && t.s->state != SPDM_CREATED)
		status = TDX_STATUS(SPDM_INVALID_STATE, TDX_OP_RCX);
	if (status == TDX_SUCCESS)
		status = tdx_host_page(c, c->r[TDX_RDX], TDX_OP_RDX, &config);
	if (status == TDX_SUCCESS && t.s->seq.leaf != TDH_SPDM_CONNECT && !config_valid(config))
		status = TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX);
	if (status == TDX_SUCCESS)
		status = tdx_msg_pages(c, TDX_R8, TDX_R9, &t.pages);
	if (status == TDX_SUCCESS)
		status = tdx_out_pages(c, c->r[TDX_R10], TDX_OP_R10, TDX_SPDM_DEV_INFO_PAGES,
				       &t.out);
	if (status == TDX_SUCCESS)
		status = session_begin(c, t.s, 5, false);
	if (status != TDX_SUCCESS)
		return status;
	if (!t.s->seq.step)
		t.s->session = 0;
	status = converse(&t);
	if (status == TDX_SUCCESS) {
		t.s->state = SPDM_CONNECTED;
		c->r[TDX_RCX] = t.s->dev_info_bytes;
	}
	return status;
}

/* The first call tells the device, the second one ends the session whatever the device says. */
uint64_t tdh_spdm_disconnect(struct tdx_call *c)
{
	static const struct spdm_header end_session = { SPDM_VERSION, SPDM_REQ_END_SESSION, 0, 0 };
	struct tdx_msg_pages pages;
	struct tdx_spdm *s;
	uint64_t status = tdx_spdm_get(c, c->r[TDX_RCX], TDX_OP_RCX, &s);

	if (status == TDX_SUCCESS && s->state != SPDM_CONNECTED)
		status = TDX_STATUS(SPDM_INVALID_STATE, TDX_OP_RCX);
	if (status == TDX_SUCCESS && s->nr_streams)
		status = TDX_STATUS(SPDM_HAS_ACTIVE_IDE_STREAMS, TDX_OP_RCX);
	if (status == TDX_SUCCESS)
		status = tdx_msg_pages(c, TDX_RDX, TDX_R8, &pages);
	if (status == TDX_SUCCESS)
		status = session_begin(c, s, 3, true);
	if (status != TDX_SUCCESS)
		return status;
	if (!s->seq.step)
		return tdx_send_spdm(c, s, &pages, true, &end_session, sizeof(end_session));
	tdx_seq_end(s);
	s->session = s->records = 0;
	s->state = SPDM_CREATED;
	return TDX_SUCCESS;
}

uint64_t tdh_spdm_mng(struct tdx_call *c)
{
	static const uint8_t scripts[][4] = {
		[TDX_SPDM_HEARTBEAT] = { STEP_HEARTBEAT, END },
		[TDX_SPDM_KEY_UPDATE] = { STEP_KEY_UPDATE, STEP_KEY_VERIFY, END },
		[TDX_SPDM_RECOLLECT] = { STEP_DIGESTS, STEP_CERTIFICATE, STEP_MEASUREMENTS, END },
	};
	uint64_t op = c->r[TDX_RDX], status;
	struct talk t = { .c = c };

	status = tdx_spdm_get(c, c->r[TDX_RCX], TDX_OP_RCX, &t.s);
	if (status == TDX_SUCCESS && t.s->state != SPDM_CONNECTED)
		status = TDX_STATUS(SPDM_INVALID_STATE, TDX_OP_RCX);
	if (status == TDX_SUCCESS && op > TDX_SPDM_RECOLLECT)
		status = TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX);
	/* No operation of the profile has a parameter. */
	if (status == TDX_SUCCESS && c->r[TDX_R8] != TDX_SPDM_MNG_NONE)
		status = TDX_STATUS(OPERAND_INVALID, TDX_OP_R8);
	if (status == TDX_SUCCESS)
		status = tdx_msg_pages(c, TDX_R9, TDX_R10, &t.pages);
	if (status == TDX_SUCCESS && op == TDX_SPDM_RECOLLECT)
		status = tdx_out_pages(c, c->r[TDX_R11], TDX_OP_R11, TDX_SPDM_DEV_INFO_PAGES,
				       &t.out);
	else if (status == TDX_SUCCESS && c->r[TDX_R11] != TDX_SPDM_MNG_NONE)
		status = TDX_STATUS(OPERAND_INVALID, TDX_OP_R11);
	if (status == TDX_SUCCESS)
		status = session_begin(c, t.s, 6, false);
	if (status != TDX_SUCCESS)
		return status;
	t.script = scripts[op];
	status = converse(&t);
	if (status == TDX_SUCCESS && op == TDX_SPDM_RECOLLECT)
		c->r[TDX_RCX] = t.s->dev_info_bytes;
	return status;
}
