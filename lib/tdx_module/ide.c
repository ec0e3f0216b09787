// SPDX-License-Identifier: GPL-2.0
/*
 * TDH.IDE.STREAM.*: streams between a root port and a device, and their keys (C 3.1, 5.6). The
 * model holds no keys: whether a stream carries TEE traffic is what the platform is told.
 */
#include "seamcall.h"
#include "../tdisp/idekm.h"

/* Register images of the RID association: R10 and R11 of CREATE. */
#define RID_1_LAST(r)	((r) >> 8 & TDX_FUNC_RID_MASK)
#define RID_2_VALID	(1ULL << 0)
#define RID_2_FIRST(r)	((r) >> 8 & TDX_FUNC_RID_MASK)

/* Keyed and not blocked is what opens a stream. */
static void stream_change(struct tdx_module *m, struct tdx_stream *st, enum tdx_stream_state state,
			  bool blocked)
{
	bool was_open = st->state == STREAM_KEYED && !st->blocked;
	bool open = state == STREAM_KEYED && !blocked;

	__atomic_store_n(&st->blocked, blocked, __ATOMIC_RELEASE);
	st->state = state;
	if (open != was_open && m->ops->stream)
		m->ops->stream(m->opaque, (unsigned int)(st - m->connect.stream), open);
}

/* RCX and RDX of BLOCK, DELETE and KM: an SPDM object, locked, and a stream of its own. */
static uint64_t stream_get(struct tdx_call *c, struct tdx_spdm **s, struct tdx_stream **st)
{
	uint64_t id = c->r[TDX_RDX];
	uint64_t status = tdx_spdm_get(c, c->r[TDX_RCX], TDX_OP_RCX, s);

	if (status != TDX_SUCCESS)
		return status;
	if (id >= TDX_MAX_STREAMS)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX);
	*st = &c->m->connect.stream[id];
	/* Only a holder of this object's lock makes or ends a stream of the object. */
	if (__atomic_load_n(&(*st)->spdm, __ATOMIC_ACQUIRE) != *s)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX);
	return TDX_SUCCESS;
}

/* A session that END_SESSION was sent for is no longer one to build on. */
static bool connected(const struct tdx_spdm *s)
{
	return s->state == SPDM_CONNECTED && s->seq.leaf != TDH_SPDM_DISCONNECT;
}

uint64_t tdh_ide_stream_create(struct tdx_call *c)
{
	uint64_t rp = c->r[TDX_RCX], rid_1 = c->r[TDX_R10], rid_2 = c->r[TDX_R11];
	struct tdx_connect *k = &c->m->connect;
	struct tdx_donation pages;
	struct tdx_stream *st = NULL;
	struct tdx_spdm *s;
	uint64_t status;
	uint16_t rid;

	if (rp & ~(TDX_IDE_RP_DEVFN_MASK | TDX_IDE_TYPE_SELECTIVE))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	status = tdx_spdm_get(c, c->r[TDX_RDX], TDX_OP_RDX, &s);
	if (status != TDX_SUCCESS)
		return status;
	if (!connected(s))
		return TDX_STATUS(SPDM_INVALID_STATE, TDX_OP_RDX);
	if (!(rid_2 & RID_2_VALID))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_R11);
	rid = s->func & TDX_FUNC_RID_MASK;
	if (rid < RID_2_FIRST(rid_2) || rid > RID_1_LAST(rid_1))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_R10);
	if (!tdx_call_lock(c, &k->object_lock, LOCK_EXCL))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX);
	for (unsigned int i = 0; i < TDX_MAX_STREAMS && !st; i++)
		if (k->stream[i].state == STREAM_FREE)
			st = &k->stream[i];
	if (!st)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	status = tdx_donate(c, c->r[TDX_R8], TDX_OP_R8, TDX_IDE_MT_PAGES, PT_IDE_MT, &pages);
	if (status != TDX_SUCCESS)
		return status;
	st->selective = rp & TDX_IDE_TYPE_SELECTIVE;
	st->rp_devfn = rp & TDX_IDE_RP_DEVFN_MASK;
	st->first_rid = (uint16_t)RID_2_FIRST(rid_2);
	st->last_rid = (uint16_t)RID_1_LAST(rid_1);
	st->key_set = 0;
	st->pages = pages;
	st->state = STREAM_CONFIGURED;
	__atomic_store_n(&st->spdm, s, __ATOMIC_RELEASE);
	s->nr_streams++;
	c->r[TDX_RCX] = (uint64_t)(st - k->stream);
	c->r[TDX_RDX] = 0;	/* the platform has no IDE register block to name */
	return TDX_SUCCESS;
}

/* Does @s' sequence, if there is one, work on @st or on a TDI of it? */
static bool sequence_on(const struct tdx_connect *k, const struct tdx_spdm *s,
			const struct tdx_stream *st)
{
	const void *object = s->seq.object;

	if (object == st)
		return true;
	for (unsigned int i = 0; i < TDX_MAX_TDIS; i++)
		if (object == &k->tdi[i])
			return k->tdi[i].stream == st;
	return false;
}

uint64_t tdh_ide_stream_block(struct tdx_call *c)
{
	struct tdx_stream *st;
	struct tdx_spdm *s;
	uint64_t status = stream_get(c, &s, &st);

	if (status != TDX_SUCCESS)
		return status;
	if (st->blocked)
		return TDX_STATUS(IDE_STREAM_BLOCKED, TDX_OP_RDX);
	if (sequence_on(&c->m->connect, s, st))
		tdx_seq_end(s);
	stream_change(c->m, st, st->state, true);
	return TDX_SUCCESS;
}

uint64_t tdh_ide_stream_delete(struct tdx_call *c)
{
	struct tdx_connect *k = &c->m->connect;
	struct tdx_stream *st;
	struct tdx_spdm *s;
	uint64_t status = stream_get(c, &s, &st);

	if (status != TDX_SUCCESS)
		return status;
	if (!st->blocked)
		return TDX_STATUS(IDE_STREAM_NOT_BLOCKED, TDX_OP_RDX);
	if (st->nr_tdis)
		return TDX_STATUS(IDE_HAS_TDIS, TDX_OP_RDX);
	if (!tdx_call_lock(c, &k->object_lock, LOCK_EXCL))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX);
	status = tdx_undonate(c, &st->pages, c->r[TDX_R8], TDX_OP_R8, &c->r[TDX_RCX]);
	if (status != TDX_SUCCESS)
		return status;
	/* A stop that a dead device never answered ends here. */
	if (sequence_on(k, s, st))
		tdx_seq_end(s);
	s->nr_streams--;
	__atomic_store_n(&st->spdm, NULL, __ATOMIC_RELEASE);
	stream_change(c->m, st, STREAM_FREE, false);
	return TDX_SUCCESS;
}

/* ---- TDH.IDE.STREAM.KM ------------------------------------------------------ */

/*
 * SETUP is QUERY, then all KEY_PROGs, then all K_SET_GOs; REFRESH the same without QUERY and for
 * the other key set; STOP all K_SET_STOPs.
 */
static unsigned int nr_messages(enum tdx_ide_km_op op)
{
	return op == TDX_IDE_KM_SETUP ? 1 + 2 * IDEKM_KEYS :
	       op == TDX_IDE_KM_REFRESH ? 2 * IDEKM_KEYS : IDEKM_KEYS;
}

/* What message @step of @op begins with; QUERY has only the id. */
static struct idekm_key km_head(const struct tdx_connect *k, const struct tdx_stream *st,
				enum tdx_ide_km_op op, unsigned int step)
{
	struct idekm_key head = { .id = IDEKM_QUERY };
	unsigned int set = op == TDX_IDE_KM_REFRESH ? !st->key_set : st->key_set;

	if (op == TDX_IDE_KM_SETUP && step-- == 0)
		return head;
	head.id = op == TDX_IDE_KM_STOP ? IDEKM_K_SET_STOP :
		  step < IDEKM_KEYS ? IDEKM_KEY_PROG : IDEKM_K_SET_GO;
	step %= IDEKM_KEYS;
	head.stream = (uint8_t)(st - k->stream);
	head.sub_stream = (uint8_t)(set * IDEKM_KEY_SET | step % 2 * IDEKM_TX |
				    step / 2 << IDEKM_SUB_SHIFT);
	return head;
}

static uint64_t km_send(struct tdx_call *c, struct tdx_spdm *s, struct tdx_msg_pages *p,
			struct idekm_key head)
{
	struct idekm_key_prog prog = { .head = head };
	size_t len = head.id == IDEKM_QUERY ? sizeof(struct idekm_query) :
		     head.id == IDEKM_KEY_PROG ? sizeof(prog) : sizeof(head);

	if (head.id == IDEKM_KEY_PROG &&
	    !c->m->ops->random(c->m->opaque, (uint8_t *)&prog + sizeof(head), len - sizeof(head))) {
		/* The call can be repeated; a sequence that has sent nothing is none. */
		if (!s->seq.step)
			tdx_seq_end(s);
		return TDX_STATUS(RND_NO_ENTROPY, 0);
	}
	return tdx_send_vdm(c, s, p, SPDM_PROTOCOL_IDE_KM, &prog, len);
}

/* Does the page hold the device's consent to the message that began with @sent? */
static bool km_answered(struct tdx_spdm *s, const struct tdx_msg_pages *p, struct idekm_key sent)
{
	uint8_t buf[TDX_MSG_BYTES];
	int len = tdx_recv_vdm(s, p, SPDM_PROTOCOL_IDE_KM, buf);
	struct idekm_query_resp query;
	struct idekm_key key;

	if (len < (int)sizeof(key))
		return false;
	__builtin_memcpy(&query, buf, sizeof(query));
	if (sent.id == IDEKM_QUERY)
		return query.id == IDEKM_QUERY_RESP && !query.port &&
		       (uint16_t)(query.bus << 8 | query.devfn) == (uint16_t)s->func;
	__builtin_memcpy(&key, buf, sizeof(key));
	if (len != sizeof(key) || key.stream != sent.stream || key.sub_stream != sent.sub_stream ||
	    key.port)
		return false;
	if (sent.id == IDEKM_KEY_PROG)
		return key.id == IDEKM_KP_ACK && key.status == IDEKM_OK;
	return key.id == IDEKM_GOSTOP_ACK;
}

/* May @op begin, or go on, on @st? STOP is allowed on a blocked stream and on one half set up. */
static uint64_t km_check(const struct tdx_stream *st, uint64_t op)
{
	if (op == TDX_IDE_KM_STOP)
		return st->nr_tdis ? TDX_STATUS(IDE_HAS_TDIS, TDX_OP_RDX) : TDX_SUCCESS;
	if (st->blocked)
		return TDX_STATUS(IDE_STREAM_BLOCKED, TDX_OP_RDX);
	if (st->state != (op == TDX_IDE_KM_SETUP ? STREAM_CONFIGURED : STREAM_KEYED))
		return TDX_STATUS(IDE_STREAM_INVALID_STATE, TDX_OP_RDX);
	return TDX_SUCCESS;
}

static void km_done(struct tdx_call *c, struct tdx_spdm *s, struct tdx_stream *st,
		    enum tdx_ide_km_op op)
{
	tdx_seq_end(s);
	if (op == TDX_IDE_KM_REFRESH)
		st->key_set = !st->key_set;
	if (op == TDX_IDE_KM_STOP)
		st->key_set = 0;
	else
		stream_change(c->m, st, STREAM_KEYED, st->blocked);
}

uint64_t tdh_ide_stream_km(struct tdx_call *c)
{
	uint64_t op = c->r[TDX_R8], status;
	struct tdx_msg_pages pages;
	struct tdx_stream *st;
	struct tdx_spdm *s;
	struct tdx_seq *q;

	status = stream_get(c, &s, &st);
	if (status != TDX_SUCCESS)
		return status;
	if (op > TDX_IDE_KM_STOP)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_R8);
	status = tdx_msg_pages(c, TDX_R9, TDX_R10, &pages);
	q = &s->seq;
	/* Another operation under way is a changed operand, which tdx_seq_begin() refuses. */
	if (status == TDX_SUCCESS && (op == TDX_IDE_KM_STOP || q->object != st ||
				      q->operand[2] == op))
		status = km_check(st, op);
	if (status != TDX_SUCCESS)
		return status;
	/* A stop ends a foreign sequence, and so it does a setup or refresh of its own stream. */
	if (op == TDX_IDE_KM_STOP && q->leaf == TDH_IDE_STREAM_KM &&
	    q->operand[2] != TDX_IDE_KM_STOP)
		tdx_seq_end(s);
	status = tdx_seq_begin(c, s, 5, op == TDX_IDE_KM_STOP, st);
	if (status != TDX_SUCCESS)
		return status;
	if (q->step && !km_answered(s, &pages, km_head(&c->m->connect, st, op, q->step - 1)))
		return tdx_seq_fail(c, s, TDX_STATUS(IDE_INVALID_RESPONSE, pages.rsp_operand));
	if (q->step == nr_messages(op)) {
		km_done(c, s, st, op);
		return TDX_SUCCESS;
	}
	/* From the first stop on the device may have dropped keys. */
	if (op == TDX_IDE_KM_STOP)
		stream_change(c->m, st, STREAM_CONFIGURED, st->blocked);
	return km_send(c, s, &pages, km_head(&c->m->connect, st, op, q->step));
}
