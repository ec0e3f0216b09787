// SPDX-License-Identifier: GPL-2.0
/*
 * TDH.TDI.BIND, START, STOP, STATE: the module's talk with a device's security manager (C 3.4,
 * 5.2).
 *
 * tdi->state is the module's record: it follows the answers that the module sees, never the
 * device's live state. Each leaf runs as a sequence of the SPDM object (C 3.1), and holds TDI and
 * SPDM object exclusively.
 */
#include "tdi.h"
#include "../tdisp/report.h"

/* ---- messages --------------------------------------------------------------- */

/* A leaf's sequence: its TDI and SPDM object, both locked, and the pages of the loop. */
struct exchange {
	struct tdx_call *c;
	struct tdx_tdi *tdi;
	struct tdx_spdm *s;
	struct tdx_msg_pages pages;
	uint8_t answer[TDX_MSG_BYTES];
	int bytes;			/* of answer */
};

static uint64_t exchange_pages(struct exchange *x, struct tdx_call *c)
{
	x->c = c;
	return tdx_msg_pages(c, TDX_R8, TDX_R9, &x->pages);
}

static uint64_t exchange_tdi(struct exchange *x)
{
	uint64_t status = tdi_lock(x->c, x->c->r[TDX_RCX], TDX_OP_RCX, LOCK_EXCL, &x->tdi);

	if (status != TDX_SUCCESS)
		return status;
	x->s = x->tdi->spdm;
	return tdx_spdm_hold(x->c, x->s, TDX_OP_RCX);
}

/* Is this call the continuation of what the same leaf began? Then its checks have been made. */
static bool continues(const struct exchange *x)
{
	return x->s->seq.leaf == (x->c->r[TDX_RAX] & TDX_LEAF_MASK) && x->s->seq.object == x->tdi;
}

static uint64_t send(struct exchange *x, struct tdisp_header *message, uint8_t type, size_t len)
{
	message->version = TDISP_VERSION;
	message->type = type;
	message->func = x->tdi->func;
	return tdx_send_vdm(x->c, x->s, &x->pages, SPDM_PROTOCOL_TDISP, message, len);
}

static uint64_t send_plain(struct exchange *x, uint8_t type)
{
	struct tdisp_header message = { 0 };

	return send(x, &message, type, sizeof(message));
}

/* The sequence ends here: @status, and in RDX the device's TDISP error if it sent one. */
static uint64_t end_failed(struct exchange *x, uint64_t status)
{
	return tdx_seq_fail(x->c, x->s, status);
}

static uint64_t bad_answer(struct exchange *x)
{
	struct tdisp_error_rsp error;
	uint64_t status = TDX_STATUS(TDISP_INVALID_MESSAGE, x->pages.rsp_operand);

	status = end_failed(x, status);
	if (x->bytes >= (int)sizeof(error)) {
		__builtin_memcpy(&error, x->answer, sizeof(error));
		if (error.head.type == TDISP_RSP_ERROR)
			x->c->r[TDX_RDX] = error.code;
	}
	return status;
}

/* Take the answer: @min bytes or more, of the type and about the TDI that were asked for. */
static bool receive(struct exchange *x, uint8_t type, size_t min)
{
	struct tdisp_header head;

	x->bytes = tdx_recv_vdm(x->s, &x->pages, SPDM_PROTOCOL_TDISP, x->answer);
	if (x->bytes < (int)min)
		return false;
	__builtin_memcpy(&head, x->answer, sizeof(head));
	return head.version == TDISP_VERSION && head.type == type && head.func == x->tdi->func;
}

static bool receive_exact(struct exchange *x, uint8_t type, size_t bytes)
{
	return receive(x, type, bytes) && x->bytes == (int)bytes;
}

/* STATE's answer; false also for a state that there is not. */
static bool receive_state(struct exchange *x, enum tdisp_state *state)
{
	if (!receive_exact(x, TDISP_RSP_STATE, TDISP_RSP_STATE_BYTES) ||
	    x->answer[TDISP_HEADER] > TDISP_ERROR_STATE)
		return false;
	*state = x->answer[TDISP_HEADER];
	return true;
}

/* The device is in another state than it was left in. */
static void fall_to_error(struct tdx_tdi *tdi)
{
	tdi->state = TDISP_ERROR_STATE;
	tdi->consent = false;
	__builtin_memset(tdi->nonce, 0, sizeof(tdi->nonce));
}

/* ---- TDH.TDI.BIND ----------------------------------------------------------- */

static uint64_t send_capabilities(struct exchange *x)
{
	struct {
		struct tdisp_header head;
		uint32_t tsm_caps;
	} __attribute__((packed)) message = { .tsm_caps = 0 };

	_Static_assert(sizeof(message) == TDISP_REQ_CAPABILITIES_BYTES, "ABI layout");
	return send(x, &message.head, TDISP_REQ_CAPABILITIES, sizeof(message));
}

static uint64_t send_lock(struct exchange *x)
{
	struct tdisp_lock message = {
		.flags = x->c->r[TDX_RDX] & TDX_BIND_NO_FW_UPDATE ? TDISP_LOCK_NO_FW_UPDATE : 0,
		.stream = (uint8_t)(x->tdi->stream - x->c->m->connect.stream),
		.mmio_offset = x->tdi->td->mmio_offset,
	};

	return send(x, &message.head, TDISP_REQ_LOCK, sizeof(message));
}

static uint64_t send_report(struct exchange *x)
{
	struct tdisp_report_req message = {
		.offset = (uint16_t)x->s->seq.done,
		.length = TDX_TDI_REPORT_PORTION,
	};

	return send(x, &message.head, TDISP_REQ_REPORT, sizeof(message));
}

static uint64_t take_version(struct exchange *x)
{
	const uint8_t *count = x->answer + TDISP_HEADER;

	if (!receive(x, TDISP_RSP_VERSION, TDISP_RSP_VERSION_BYTES) ||
	    x->bytes != TDISP_RSP_VERSION_BYTES + *count ||
	    !__builtin_memchr(count + 1, TDISP_VERSION, *count))
		return bad_answer(x);
	return send_capabilities(x);
}

static uint64_t take_capabilities(struct exchange *x)
{
	if (!receive_exact(x, TDISP_RSP_CAPABILITIES, sizeof(struct tdisp_capabilities)))
		return bad_answer(x);
	return send_lock(x);
}

static uint64_t take_lock(struct exchange *x)
{
	if (!receive_exact(x, TDISP_RSP_LOCK, sizeof(struct tdisp_nonce)))
		return bad_answer(x);
	__builtin_memcpy(x->tdi->nonce, x->answer + TDISP_HEADER, TDISP_NONCE_BYTES);
	x->tdi->state = TDISP_CONFIG_LOCKED;
	x->s->seq.done = 0;
	return send_report(x);
}

/* What this TDX module demands of any report (C 3.3), as soon as its head is there. */
static bool vetted(const struct tdx_tdi *tdi)
{
	struct tdisp_report head;

	__builtin_memcpy(&head, tdi->report, sizeof(head));
	return (head.info & TDISP_INFO_DMA_NO_PASID) &&
	       !(head.info & (TDISP_INFO_DMA_PASID | TDISP_INFO_ATS | TDISP_INFO_PRS)) &&
	       !head.msix_control && !head.lnr_control && !head.tph_control;
}

static uint64_t report_complete(struct exchange *x, uint32_t bytes)
{
	struct tdisp_report_view view;
	struct tdx_tdi *tdi = x->tdi;
	struct sha384 sha;

	if (tdisp_report_parse(tdi->report, bytes, &view) != TDISP_REPORT_OK)
		return end_failed(x, TDX_STATUS(TDISP_INVALID_REPORT, TDX_OP_RCX));
	sha384_init(&sha);
	sha384_update(&sha, tdi->report, bytes);
	sha384_final(&sha, tdi->report_hash);
	tdi->report_bytes = bytes;
	return send_plain(x, TDISP_REQ_STATE);
}

static uint64_t take_report(struct exchange *x, const struct tdx_out *out)
{
	struct tdisp_report_rsp rsp;
	uint32_t *done = &x->s->seq.done;

	if (!receive(x, TDISP_RSP_REPORT, sizeof(rsp)))
		return bad_answer(x);
	__builtin_memcpy(&rsp, x->answer, sizeof(rsp));
	if (x->bytes != (int)sizeof(rsp) + rsp.portion || !rsp.portion ||
	    rsp.portion > TDX_TDI_REPORT_PORTION)
		return bad_answer(x);
	if (*done + rsp.portion + rsp.remainder > out->count * TDX_PAGE_SIZE)
		return end_failed(x, TDX_STATUS(TDISP_INVALID_REPORT, TDX_OP_R10));
	__builtin_memcpy(x->tdi->report + *done, x->answer + sizeof(rsp), rsp.portion);
	*done += rsp.portion;
	if (*done >= sizeof(struct tdisp_report) && !vetted(x->tdi))
		return end_failed(x, TDX_STATUS(INVALID_TDI_CONFIGURATION, TDX_OP_RCX));
	return rsp.remainder ? send_report(x) : report_complete(x, *done);
}

static uint64_t bind_complete(struct exchange *x, const struct tdx_out *out)
{
	struct tdx_tdi *tdi = x->tdi;
	enum tdisp_state state;

	if (!receive_state(x, &state))
		return bad_answer(x);
	if (state != TDISP_CONFIG_LOCKED) {
		fall_to_error(tdi);
		return end_failed(x, TDX_STATUS(TDISP_ERROR_STATE, TDX_OP_RCX));
	}
	tdx_seq_end(x->s);
	tdx_out_write(out, 0, tdi->report, tdi->report_bytes);
	tdi->session = ++x->c->m->connect.bind_sessions;
	tdi->bound = true;
	x->c->r[TDX_RCX] = tdi->report_bytes;
	x->c->r[TDX_RDX] = tdi->session;
	return TDX_SUCCESS;
}

/* The step is the number of messages sent; of REPORT there are as many as it takes. */
static uint64_t bind_step(struct exchange *x, const struct tdx_out *out)
{
	switch (x->s->seq.step) {
	case 0:
		x->tdi->report_bytes = 0;
		return send_plain(x, TDISP_REQ_VERSION);
	case 1:
		return take_version(x);
	case 2:
		return take_capabilities(x);
	case 3:
		return take_lock(x);
	default:
		return x->tdi->report_bytes ? bind_complete(x, out) : take_report(x, out);
	}
}

static uint64_t bind_checks(const struct tdx_tdi *tdi)
{
	if (tdi->state == TDISP_ERROR_STATE)
		return TDX_STATUS(TDISP_ERROR_STATE, TDX_OP_RCX);
	if (tdi->state != TDISP_CONFIG_UNLOCKED)
		return TDX_STATUS(TDI_INVALID_STATE, TDX_OP_RCX);
	if (tdi->stream->blocked)
		return TDX_STATUS(IDE_STREAM_BLOCKED, TDX_OP_RCX);
	return TDX_SUCCESS;
}

uint64_t tdh_tdi_bind(struct tdx_call *c)
{
	struct exchange x;
	struct tdx_out out;
	uint64_t status;

	if (c->r[TDX_RDX] & ~TDX_BIND_NO_FW_UPDATE)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX);
	status = tdx_out_pages(c, c->r[TDX_R10], TDX_OP_R10, TDX_TDI_REPORT_PAGES, &out);
	if (status == TDX_SUCCESS)
		status = exchange_pages(&x, c);
	if (status == TDX_SUCCESS)
		status = exchange_tdi(&x);
	if (status == TDX_SUCCESS && !continues(&x))
		status = bind_checks(x.tdi);
	if (status == TDX_SUCCESS)
		status = tdx_seq_begin(c, x.s, 5, false, x.tdi);
	return status == TDX_SUCCESS ? bind_step(&x, &out) : status;
}

/* ---- one message: START, STOP, STATE ---------------------------------------- */

/* RCX func, RDX 0, R8 and R9 pages: START, STOP, STATE. */
static uint64_t exchange_open(struct exchange *x, struct tdx_call *c)
{
	uint64_t status;

	if (c->r[TDX_RDX])
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX);
	status = exchange_pages(x, c);
	return status == TDX_SUCCESS ? exchange_tdi(x) : status;
}

static uint64_t start_checks(const struct tdx_tdi *tdi)
{
	if (tdi->state == TDISP_ERROR_STATE)
		return TDX_STATUS(TDISP_ERROR_STATE, TDX_OP_RCX);
	if (!tdi->bound || tdi->state != TDISP_CONFIG_LOCKED || !tdi->consent)
		return TDX_STATUS(TDI_INVALID_STATE, TDX_OP_RCX);
	if (tdi->stream->blocked)
		return TDX_STATUS(IDE_STREAM_BLOCKED, TDX_OP_RCX);
	return TDX_SUCCESS;
}

uint64_t tdh_tdi_start(struct tdx_call *c)
{
	struct tdisp_nonce message = { 0 };
	struct exchange x;
	uint64_t status = exchange_open(&x, c);

	if (status == TDX_SUCCESS && !continues(&x))
		status = start_checks(x.tdi);
	if (status == TDX_SUCCESS)
		status = tdx_seq_begin(c, x.s, 4, false, x.tdi);
	if (status != TDX_SUCCESS)
		return status;
	if (!x.s->seq.step) {
		__builtin_memcpy(message.nonce, x.tdi->nonce, sizeof(message.nonce));
		return send(&x, &message.head, TDISP_REQ_START, sizeof(message));
	}
	if (!receive_exact(&x, TDISP_RSP_START, TDISP_RSP_START_BYTES))
		return bad_answer(&x);
	tdx_seq_end(x.s);
	x.tdi->state = TDISP_RUN;
	__builtin_memset(x.tdi->nonce, 0, sizeof(x.tdi->nonce));
	return TDX_SUCCESS;
}

/* STOP is what the host does when anything went wrong: it ends whatever sequence is under way. */
static uint64_t exchange_begin(struct exchange *x, bool aborts)
{
	if (x->s->state != SPDM_CONNECTED)
		return TDX_STATUS(SPDM_INVALID_STATE, TDX_OP_RCX);
	return tdx_seq_begin(x->c, x->s, 4, aborts, x->tdi);
}

static void tdi_unlocked(struct tdx_tdi *tdi)
{
	tdi->state = TDISP_CONFIG_UNLOCKED;
	tdi->bound = tdi->consent = false;
	tdi->report_bytes = 0;
	__builtin_memset(tdi->nonce, 0, sizeof(tdi->nonce));
	__builtin_memset(tdi->report, 0, sizeof(tdi->report));
	__builtin_memset(tdi->report_hash, 0, sizeof(tdi->report_hash));
}

uint64_t tdh_tdi_stop(struct tdx_call *c)
{
	struct exchange x;
	uint64_t status = exchange_open(&x, c);

	if (status == TDX_SUCCESS)
		status = exchange_begin(&x, true);
	if (status != TDX_SUCCESS)
		return status;
	if (!x.s->seq.step)
		return send_plain(&x, TDISP_REQ_STOP);
	if (!receive_exact(&x, TDISP_RSP_STOP, TDISP_RSP_STOP_BYTES))
		return bad_answer(&x);
	tdx_seq_end(x.s);
	tdi_unlocked(x.tdi);
	return TDX_SUCCESS;
}

/* RDX is the record after the answer, what TDG.TDI.RD shows from now on (chosen). */
uint64_t tdh_tdi_state(struct tdx_call *c)
{
	enum tdisp_state state;
	struct exchange x;
	uint64_t status = exchange_open(&x, c);

	if (status == TDX_SUCCESS)
		status = exchange_begin(&x, false);
	if (status != TDX_SUCCESS)
		return status;
	if (!x.s->seq.step)
		return send_plain(&x, TDISP_REQ_STATE);
	if (!receive_state(&x, &state))
		return bad_answer(&x);
	tdx_seq_end(x.s);
	if (state != x.tdi->state)
		fall_to_error(x.tdi);
	c->r[TDX_RDX] = x.tdi->state;
	return TDX_SUCCESS;
}
