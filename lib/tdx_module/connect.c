// SPDX-License-Identifier: GPL-2.0
/*
 * What the leaves of TDX Connect share: the pages that objects are made of, and the message
 * sequences of SPDM objects (C 3.1, 5.1). What stands on a page of L1's is copied once and checked
 * in the copy.
 */
#include "seamcall.h"
#include "../tdisp/spdm.h"

#define DW		4
#define ARRAY_RESERVED	(~TDX_HPA_ARRAY_PAGE & ~(~0ULL << TDX_HPA_ARRAY_COUNT_SHIFT))

static size_t whole_dws(size_t bytes)
{
	return (bytes + DW - 1) & ~(size_t)(DW - 1);
}

/* ---- pages ------------------------------------------------------------------ */

uint64_t tdx_host_page(struct tdx_call *c, uint64_t pa, unsigned int operand, uint8_t **page)
{
	struct tdx_pamt *p = tdx_pamt(c->m, pa);

	/* Nobody can donate it while its entry is locked. */
	if (p && !tdx_call_lock(c, &p->lock, LOCK_SHARED))
		return TDX_STATUS(OPERAND_BUSY, operand);
	*page = tdx_shared_operand(c->m, pa, TDX_PAGE_SIZE);
	return *page ? TDX_SUCCESS : TDX_STATUS(OPERAND_INVALID, operand);
}

/* Number of pages in HPA_ARRAY_T @array, or 0 if it is malformed or has more than @max. */
static unsigned int array_pages(const struct tdx_module *m, uint64_t array, unsigned int max,
				uint64_t *page)
{
	uint64_t count = (array >> TDX_HPA_ARRAY_COUNT_SHIFT) + 1;
	const uint64_t *list;

	if ((array & ARRAY_RESERVED) || count > max)
		return 0;
	page[0] = array & TDX_HPA_ARRAY_PAGE;
	if (count == 1)
		return 1;
	list = tdx_shared_operand(m, page[0], TDX_PAGE_SIZE);
	if (!list)
		return 0;
	__builtin_memcpy(page, list, count * sizeof(page[0]));
	return (unsigned int)count;
}

uint64_t tdx_out_pages(struct tdx_call *c, uint64_t array, unsigned int operand, unsigned int max,
		       struct tdx_out *out)
{
	uint64_t page[TDX_TDI_REPORT_PAGES], status;

	out->operand = operand;
	out->count = array_pages(c->m, array, max, page);
	if (!out->count)
		return TDX_STATUS(OPERAND_INVALID, operand);
	for (unsigned int i = 0; i < out->count; i++) {
		status = tdx_host_page(c, page[i], operand, &out->page[i]);
		if (status != TDX_SUCCESS)
			return status;
	}
	return TDX_SUCCESS;
}

bool tdx_out_write(const struct tdx_out *out, size_t offset, const void *data, size_t len)
{
	const uint8_t *from = data;

	if (offset + len > out->count * TDX_PAGE_SIZE)
		return false;
	while (len) {
		size_t at = offset & TDX_PAGE_MASK, n = TDX_PAGE_SIZE - at;

		n = n < len ? n : len;
		__builtin_memcpy(out->page[offset / TDX_PAGE_SIZE] + at, from, n);
		offset += n;
		from += n;
		len -= n;
	}
	return true;
}

uint64_t tdx_donate_pages(struct tdx_call *c, const uint64_t *page, unsigned int operand,
			  unsigned int count, unsigned int pt, struct tdx_donation *d)
{
	struct tdx_pamt *p[TDX_MAX_OBJECT_PAGES];

	for (unsigned int i = 0; i < count; i++) {
		uint64_t status = tdx_page_get(c, page[i], operand, LOCK_EXCL, PT_NDA, &p[i]);

		if (status != TDX_SUCCESS)
			return status;
	}
	for (unsigned int i = 0; i < count; i++) {
		tdx_page_assign(c->m, page[i], p[i], pt, NULL, 0);
		__builtin_memset(tdx_ram(c->m, page[i]), 0, TDX_PAGE_SIZE);
		d->page[i] = page[i];
	}
	d->count = count;
	return TDX_SUCCESS;
}

uint64_t tdx_donate(struct tdx_call *c, uint64_t array, unsigned int operand, unsigned int count,
		    unsigned int pt, struct tdx_donation *d)
{
	uint64_t page[TDX_MAX_OBJECT_PAGES];

	if (array_pages(c->m, array, count, page) != count)
		return TDX_STATUS(OPERAND_INVALID, operand);
	return tdx_donate_pages(c, page, operand, count, pt, d);
}

uint64_t tdx_donation_lock(struct tdx_call *c, const struct tdx_donation *d, unsigned int operand)
{
	for (unsigned int i = 0; i < d->count; i++) {
		struct tdx_pamt *p;
		uint64_t status = tdx_page_lock(c, d->page[i], operand, LOCK_EXCL, &p);

		if (status != TDX_SUCCESS)
			return status;
	}
	return TDX_SUCCESS;
}

void tdx_donation_release(struct tdx_call *c, struct tdx_donation *d)
{
	for (unsigned int i = 0; i < d->count; i++)
		tdx_page_release(c->m, d->page[i], tdx_pamt(c->m, d->page[i]));
	d->count = 0;
}

uint64_t tdx_undonate(struct tdx_call *c, struct tdx_donation *d, uint64_t list_page,
		      unsigned int operand, uint64_t *released)
{
	uint8_t *list = NULL;
	uint64_t status = TDX_SUCCESS;

	if (d->count > 1)
		status = tdx_host_page(c, list_page, operand, &list);
	else if (list_page)
		status = TDX_STATUS(OPERAND_INVALID, operand);
	if (status == TDX_SUCCESS)
		status = tdx_donation_lock(c, d, operand);
	if (status != TDX_SUCCESS)
		return status;
	*released = d->page[0];
	if (list) {
		__builtin_memcpy(list, d->page, d->count * sizeof(d->page[0]));
		*released = list_page | (uint64_t)(d->count - 1) << TDX_HPA_ARRAY_COUNT_SHIFT;
	}
	tdx_donation_release(c, d);
	return TDX_SUCCESS;
}

/* ---- SPDM objects and their sequences --------------------------------------- */

uint64_t tdx_spdm_hold(struct tdx_call *c, struct tdx_spdm *s, unsigned int operand)
{
	return tdx_call_lock(c, &s->lock, LOCK_EXCL) ? TDX_SUCCESS :
						       TDX_STATUS(OPERAND_BUSY, operand);
}

uint64_t tdx_spdm_get(struct tdx_call *c, uint64_t id, unsigned int operand, struct tdx_spdm **s)
{
	uint64_t status;

	if (id >= TDX_MAX_SPDMS)
		return TDX_STATUS(SPDM_ENTRY_NOT_PRESENT, operand);
	*s = &c->m->connect.spdm[id];
	status = tdx_spdm_hold(c, *s, operand);
	if (status == TDX_SUCCESS && (*s)->state == SPDM_FREE)
		status = TDX_STATUS(SPDM_ENTRY_NOT_PRESENT, operand);
	return status;
}

/* The register that a sequence's operand n is; its number is its operand id too. */
static const uint8_t seq_reg[TDX_SEQ_OPERANDS] = {
	TDX_RCX, TDX_RDX, TDX_R8, TDX_R9, TDX_R10, TDX_R11
};

/*
 * The sequence is that of leaf and object: the same leaf for another stream or TDI is another
 * sequence, the same leaf for the same one with another page is a mistake.
 */
uint64_t tdx_seq_begin(struct tdx_call *c, struct tdx_spdm *s, unsigned int nr, bool aborts,
		       void *object)
{
	uint16_t leaf = c->r[TDX_RAX] & TDX_LEAF_MASK;
	struct tdx_seq *q = &s->seq;

	if (q->leaf == leaf && q->object == object) {
		for (unsigned int i = 0; i < nr; i++)
			if (q->operand[i] != c->r[seq_reg[i]])
				return TDX_STATUS(OPERAND_INVALID, seq_reg[i]);
		return TDX_SUCCESS;
	}
	if (q->leaf && !aborts)
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX);
	if (s->records >= TDX_SPDM_MAX_RECORDS && leaf != TDH_SPDM_MNG && !aborts)
		return TDX_STATUS(SPDM_SESSION_KEY_REQUIRE_REFRESH, 0);
	tdx_seq_end(s);
	q->object = object;
	for (unsigned int i = 0; i < nr; i++)
		q->operand[i] = c->r[seq_reg[i]];
	__atomic_store_n(&q->leaf, leaf, __ATOMIC_RELEASE);
	return TDX_SUCCESS;
}

/* The leaf is stored atomically: CONNECT, DISCONNECT and MNG look at another object's (spdm.c). */
void tdx_seq_end(struct tdx_spdm *s)
{
	__atomic_store_n(&s->seq.leaf, 0, __ATOMIC_RELEASE);
	s->seq.step = s->seq.done = 0;
	s->seq.object = NULL;
}

uint64_t tdx_seq_fail(struct tdx_call *c, struct tdx_spdm *s, uint64_t status)
{
	tdx_seq_end(s);
	c->r[TDX_RCX] = c->r[TDX_RDX] = 0;
	return status;
}

void tdx_connect_wipe(struct tdx_module *m)
{
	struct tdx_connect *k = &m->connect;
	uint64_t created = k->tdis_created, accepts = k->mmio_accepts;
	uint64_t maps = k->mmio_maps, unmaps = k->mmio_unmaps;

	for (unsigned int i = 0; i < TDX_MAX_STREAMS; i++)
		if (k->stream[i].state == STREAM_KEYED && !k->stream[i].blocked &&
		    m->ops->stream)
			m->ops->stream(m->opaque, i, false);
	__builtin_memset(k, 0, sizeof(*k));
	k->tdis_created = created;
	k->mmio_maps = maps;
	k->mmio_unmaps = unmaps;
	k->mmio_accepts = accepts;
}

/* ---- messages --------------------------------------------------------------- */

uint64_t tdx_msg_pages(struct tdx_call *c, unsigned int rsp_reg, unsigned int req_reg,
		       struct tdx_msg_pages *p)
{
	uint64_t status = tdx_host_page(c, c->r[rsp_reg], rsp_reg, &p->rsp);

	p->rsp_operand = rsp_reg;
	return status == TDX_SUCCESS ? tdx_host_page(c, c->r[req_reg], req_reg, &p->req) : status;
}

/* An SPDM message in two parts (@body may be empty) as a DOE object. */
static uint64_t send_parts(struct tdx_call *c, struct tdx_spdm *s, struct tdx_msg_pages *p,
			   bool secured, const void *head, size_t head_len, const void *body,
			   size_t body_len)
{
	size_t app = head_len + body_len;
	size_t at = sizeof(struct doe_header) + (secured ? sizeof(struct spdm_record) : 0);
	size_t total = whole_dws(at + app + (secured ? SPDM_TAG_BYTES : 0));
	struct doe_header doe = {
		.vendor = DOE_VENDOR_PCISIG,
		.type = secured ? DOE_SECURED_CMA : DOE_CMA,
		.length_dw = (uint32_t)(total / DW),
	};
	struct spdm_record record = {
		.session = s->session,
		.length = (uint16_t)SPDM_RECORD_LENGTH(app),
		.app_length = (uint16_t)app,
	};

	__builtin_memset(p->req, 0, total);
	__builtin_memcpy(p->req, &doe, sizeof(doe));
	if (secured) {
		__builtin_memcpy(p->req + sizeof(doe), &record, sizeof(record));
		s->records++;
	}
	__builtin_memcpy(p->req + at, head, head_len);
	if (body_len)
		__builtin_memcpy(p->req + at + head_len, body, body_len);
	s->seq.step++;
	c->r[TDX_RCX] = total;
	return TDX_STATUS(SPDM_REQUEST, 0);
}

uint64_t tdx_send_spdm(struct tdx_call *c, struct tdx_spdm *s, struct tdx_msg_pages *p,
		       bool secured, const void *message, size_t len)
{
	return send_parts(c, s, p, secured, message, len, NULL, 0);
}

uint64_t tdx_send_vdm(struct tdx_call *c, struct tdx_spdm *s, struct tdx_msg_pages *p,
		      enum spdm_protocol protocol, const void *payload, size_t len)
{
	struct spdm_vdm vdm = {
		.version = SPDM_VERSION,
		.code = SPDM_REQ_VENDOR_DEFINED,
		.standard = SPDM_STANDARD_PCISIG,
		.vendor_length = sizeof(vdm.vendor),
		.vendor = DOE_VENDOR_PCISIG,
		.length = (uint16_t)(sizeof(vdm.protocol) + len),
		.protocol = (uint8_t)protocol,
	};

	return send_parts(c, s, p, true, &vdm, sizeof(vdm), payload, len);
}

/* Application bytes of the secured record in @buf, @room bytes behind the DOE header; or -1. */
static int open_record(const struct tdx_spdm *s, const uint8_t *buf, size_t room)
{
	struct spdm_record record;

	if (room < sizeof(record) + SPDM_TAG_BYTES)
		return -1;
	__builtin_memcpy(&record, buf, sizeof(record));
	if (record.session != s->session ||
	    record.length != SPDM_RECORD_LENGTH(record.app_length) ||
	    whole_dws(sizeof(record) + record.app_length + SPDM_TAG_BYTES) != room)
		return -1;
	return record.app_length;
}

/* Outside a session the length includes the padding to dwords: no layer counts bytes there. */
int tdx_recv_spdm(struct tdx_spdm *s, const struct tdx_msg_pages *p, bool secured, uint8_t *buf)
{
	size_t at = sizeof(struct doe_header), total;
	struct doe_header doe;
	int len;

	__builtin_memcpy(buf, p->rsp, TDX_MSG_BYTES);
	__builtin_memcpy(&doe, buf, sizeof(doe));
	total = (size_t)doe.length_dw * DW;
	if (doe.vendor != DOE_VENDOR_PCISIG || doe.type != (secured ? DOE_SECURED_CMA : DOE_CMA) ||
	    doe.reserved || total < at || total > TDX_MSG_BYTES)
		return -1;
	len = secured ? open_record(s, buf + at, total - at) : (int)(total - at);
	if (secured)
		at += sizeof(struct spdm_record);
	if (len > 0)
		__builtin_memmove(buf, buf + at, (size_t)len);
	return len;
}

int tdx_recv_vdm(struct tdx_spdm *s, const struct tdx_msg_pages *p, enum spdm_protocol protocol,
		 uint8_t *buf)
{
	int len = tdx_recv_spdm(s, p, true, buf);
	struct spdm_vdm vdm;

	if (len < (int)sizeof(vdm))
		return -1;
	__builtin_memcpy(&vdm, buf, sizeof(vdm));
	len -= (int)sizeof(vdm);
	if (vdm.version != SPDM_VERSION || vdm.code != SPDM_RSP_VENDOR_DEFINED ||
	    vdm.standard != SPDM_STANDARD_PCISIG || vdm.vendor_length != sizeof(vdm.vendor) ||
	    vdm.vendor != DOE_VENDOR_PCISIG || vdm.protocol != protocol ||
	    vdm.length != sizeof(vdm.protocol) + (size_t)len)
		return -1;
	__builtin_memmove(buf, buf + sizeof(vdm), (size_t)len);
	return len;
}
