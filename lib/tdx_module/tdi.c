// SPDX-License-Identifier: GPL-2.0
/* TDH.TDI.CREATE, REMOVE, RD (C 3.4). The leaves that talk to the device are in tdisp.c. */
#include "mmiomt.h"
#include "tdi.h"

#define RESERVED_31_24	0xff000000ULL
#define GUEST_ID_MASK	0xffffULL
#define FUNC_MASK	0xffffULL	/* segment fields are 0 */

/* ---- creation --------------------------------------------------------------- */

struct create {
	struct tdx_td *td;
	struct tdx_pamt *pamt[TDX_TDI_PAGES];
	uint64_t page[TDX_TDI_PAGES];
	uint32_t func;
	uint64_t *slot;
	struct tdx_spdm *spdm;
	struct tdx_stream *stream;
};

static uint64_t create_page(struct tdx_call *c, struct create *p, unsigned int i)
{
	unsigned int reg = TDX_R8 + i;

	p->page[i] = c->r[reg];
	return tdx_page_get(c, p->page[i], reg, LOCK_EXCL, PT_NDA, &p->pamt[i]);
}

static uint64_t create_td(struct tdx_call *c, struct create *p)
{
	uint64_t status = tdx_td_get(c, c->r[TDX_RDX], TDX_OP_RDX, LOCK_SHARED, &p->td);

	if (status == TDX_SUCCESS)
		status = tdx_td_usable(c, p->td, LOCK_SHARED,
				       OP_IN(OP_INITIALIZED) | OP_IN(OP_RUNNABLE));
	if (status == TDX_SUCCESS && !(p->td->config_flags & TDX_CONFIG_FLAG_CONNECT))
		status = TDX_STATUS(CONNECT_INVALID_STATE, TDX_OP_RDX);
	return status;
}

/* Both ids. From here to the end nobody else creates a TDI. */
static uint64_t create_ids(struct tdx_call *c, struct create *p)
{
	uint64_t func = c->r[TDX_RCX] >> TDX_TDI_FUNC_SHIFT, guest_id = c->r[TDX_R11];

	if ((c->r[TDX_RCX] & RESERVED_31_24) || (func & ~FUNC_MASK))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	if (guest_id & ~GUEST_ID_MASK)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_R11);
	p->func = (uint32_t)func;
	if (!tdx_call_lock(c, &c->m->connect.object_lock, LOCK_EXCL))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX);
	if (tdx_tdi_of_guest(c->m, p->td, guest_id))
		return TDX_STATUS(TDI_ALREADY_PRESENT, TDX_OP_R11);
	return tdimt_slot(c, p->func, &p->slot);
}

static uint64_t create_link(struct tdx_call *c, struct create *p)
{
	uint64_t rcx = c->r[TDX_RCX], stream = rcx >> TDX_TDI_STREAM_SHIFT & 0xff;
	uint64_t status = tdx_spdm_get(c, rcx & 0xffff, TDX_OP_RCX, &p->spdm);
	uint16_t rid = p->func & TDX_FUNC_RID_MASK;

	if (status != TDX_SUCCESS)
		return status;
	if (p->spdm->state != SPDM_CONNECTED)
		return TDX_STATUS(SPDM_INVALID_STATE, TDX_OP_RCX);
	if (!tdi_iommu_ready(c->m))
		return TDX_STATUS(IOMMU_INVALID_STATE, TDX_OP_RCX);
	p->stream = &c->m->connect.stream[stream % TDX_MAX_STREAMS];
	if (stream >= TDX_MAX_STREAMS || p->stream->spdm != p->spdm || !p->stream->selective ||
	    p->stream->state != STREAM_KEYED || p->stream->blocked)
		return TDX_STATUS(IDE_STREAM_INVALID_STATE, TDX_OP_RCX);
	if (rid < p->stream->first_rid || rid > p->stream->last_rid)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	return TDX_SUCCESS;
}

/* A free slot, locked for the rest of the leaf: the TDI is visible before it is complete. */
static struct tdx_tdi *tdi_alloc(struct tdx_call *c)
{
	for (unsigned int i = 0; i < TDX_MAX_TDIS; i++) {
		struct tdx_tdi *tdi = &c->m->connect.tdi[i];

		if (!tdi->used && tdx_call_lock(c, &tdi->lock, LOCK_EXCL))
			return tdi;
	}
	return NULL;
}

static void tdi_make(struct tdx_call *c, const struct create *p, struct tdx_tdi *tdi)
{
	struct tdx_module *m = c->m;

	for (unsigned int i = 0; i < TDX_TDI_PAGES; i++) {
		tdx_page_assign(m, p->page[i], p->pamt[i], PT_TDI, p->td, tdi - m->connect.tdi);
		tdi->page[i] = p->page[i];
	}
	tdi->func = p->func;
	tdi->guest_id = (uint16_t)c->r[TDX_R11];
	tdi->td = p->td;
	tdi->spdm = p->spdm;
	tdi->stream = p->stream;
	tdi->state = TDISP_CONFIG_UNLOCKED;
	p->stream->nr_tdis++;
	p->td->nr_tdis++;
	m->connect.tdis_created++;
	__atomic_store_n(&tdi->used, true, __ATOMIC_RELEASE);
	tdimt_link(p->slot, p->page[0]);
}

uint64_t tdh_tdi_create(struct tdx_call *c)
{
	struct create p;
	struct tdx_tdi *tdi;
	uint64_t status = create_page(c, &p, 0);

	if (status == TDX_SUCCESS)
		status = create_td(c, &p);
	for (unsigned int i = 1; i < TDX_TDI_PAGES && status == TDX_SUCCESS; i++)
		status = create_page(c, &p, i);
	if (status == TDX_SUCCESS)
		status = create_ids(c, &p);
	if (status == TDX_SUCCESS)
		status = create_link(c, &p);
	if (status != TDX_SUCCESS)
		return status;
	tdi = tdi_alloc(c);
	if (!tdi)	/* limit of the model */
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX);
	tdi_make(c, &p, tdi);
	return TDX_SUCCESS;
}

/* ---- removal ---------------------------------------------------------------- */

static uint64_t remove_checks(struct tdx_call *c, struct tdx_tdi *tdi)
{
	struct tdx_td *td = tdi->td;
	uint64_t status = tdx_spdm_hold(c, tdi->spdm, TDX_OP_RCX);

	if (status != TDX_SUCCESS)
		return status;
	if (tdi->spdm->seq.leaf && tdi->spdm->seq.object == tdi)
		return TDX_STATUS(TDISP_OUTSTANDING_REQ, TDX_OP_RCX);
	if (tdi->state != TDISP_CONFIG_UNLOCKED && !tdi->stream->blocked)
		return TDX_STATUS(TDI_INVALID_STATE, TDX_OP_RCX);
	if (tdi->dmar_mapped)
		return TDX_STATUS(TDI_HAS_MAPPED_DMA, TDX_OP_RCX);
	/* A fatal TD's mappings die with the TDI, so none of its vCPUs may still be using them. */
	if (!tdx_call_lock(c, &tdx_pamt(c->m, td->tdr_pa)->lock,
			   td->fatal ? LOCK_EXCL : LOCK_SHARED))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_TDR);
	if (tdi->mmio_pages && !td->fatal)
		return TDX_STATUS(TDI_HAS_MAPPED_MMIO, TDX_OP_RCX);
	for (unsigned int i = 0; i < TDX_TDI_PAGES; i++)
		if (!tdx_call_lock(c, &tdx_pamt(c->m, tdi->page[i])->lock, LOCK_EXCL))
			return TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX);
	return TDX_SUCCESS;
}

/* Everything but the lock, which the leaf still holds. */
static void tdi_wipe(struct tdx_tdi *tdi)
{
	__atomic_store_n(&tdi->used, false, __ATOMIC_RELEASE);
	tdi->td = NULL;
	tdi->spdm = NULL;
	tdi->stream = NULL;
	tdi->mmio_pages = 0;
	tdi->bound = tdi->consent = tdi->dmar_mapped = false;
	tdi->session = 0;
	tdi->report_bytes = 0;
	__builtin_memset(tdi->nonce, 0, sizeof(tdi->nonce));
	__builtin_memset(tdi->report_hash, 0, sizeof(tdi->report_hash));
	__builtin_memset(tdi->report, 0, sizeof(tdi->report));
}

uint64_t tdh_tdi_remove(struct tdx_call *c)
{
	struct tdx_module *m = c->m;
	struct tdx_tdi *tdi;
	unsigned int orphans;
	uint64_t status = tdi_lock(c, c->r[TDX_RCX], TDX_OP_RCX, LOCK_EXCL, &tdi);

	if (status == TDX_SUCCESS)
		status = remove_checks(c, tdi);
	if (status != TDX_SUCCESS)
		return status;
	if (tdi->mmio_pages) {
		orphans = mmiomt_orphan(m, tdi->func);
		m->connect.mmio_unmaps += orphans;
		m->sept_leaves -= orphans;
	}
	tdimt_unlink(m, tdi->func);
	tdi->stream->nr_tdis--;
	tdi->td->nr_tdis--;
	for (unsigned int i = 0; i < TDX_TDI_PAGES; i++) {
		tdx_page_release(m, tdi->page[i], tdx_pamt(m, tdi->page[i]));
		tdi->td->chldcnt--;
	}
	c->r[TDX_RCX] = tdi->page[1];
	c->r[TDX_RDX] = tdi->page[2];
	c->r[TDX_R8] = tdi->page[0];
	tdi_wipe(tdi);
	return TDX_SUCCESS;
}

/* ---- TDH.TDI.RD ------------------------------------------------------------- */

bool tdi_field_hash(struct tdx_tdi *tdi, uint64_t code, uint8_t hash[TDX_TDI_HASH_BYTES])
{
	if (code == TDX_TDI_REPORT_HASH) {
		__builtin_memcpy(hash, tdi->report_hash, TDX_TDI_HASH_BYTES);
		return true;
	}
	if (!tdx_trylock_shared(&tdi->spdm->lock))
		return false;
	__builtin_memcpy(hash, tdi->spdm->dev_info_hash, TDX_TDI_HASH_BYTES);
	tdx_unlock_shared(&tdi->spdm->lock);
	return true;
}

static uint64_t record(const struct tdx_tdi *tdi)
{
	return (tdi->bound ? TDX_TDI_RECORD_BOUND : 0) |
	       (tdi->consent ? TDX_TDI_RECORD_CONSENT : 0) |
	       (tdi->dmar_mapped ? TDX_TDI_RECORD_DMAR : 0) |
	       (tdi->stream->blocked ? TDX_TDI_RECORD_BLOCKED : 0) |
	       (uint64_t)tdi->state << TDX_TDI_RECORD_STATE_SHIFT |
	       (uint64_t)tdi->mmio_pages << TDX_TDI_RECORD_PAGES_SHIFT;
}

uint64_t tdh_tdi_rd(struct tdx_call *c)
{
	uint64_t code = c->r[TDX_RDX], status;
	uint8_t hash[TDX_TDI_HASH_BYTES], *page = NULL;
	struct tdx_tdi *tdi;

	status = tdi_lock(c, c->r[TDX_RCX], TDX_OP_RCX, LOCK_SHARED, &tdi);
	if (status != TDX_SUCCESS)
		return status;
	if (code != TDX_TDI_RECORD && (code < TDX_TDI_VERSION || code > TDX_TDI_BIND_SESSION))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX);
	if (tdi_field_is_hash(code))
		status = tdx_host_page(c, c->r[TDX_R8], TDX_OP_R8, &page);
	else if (c->r[TDX_R8])
		status = TDX_STATUS(OPERAND_INVALID, TDX_OP_R8);
	if (status != TDX_SUCCESS)
		return status;
	if (code == TDX_TDI_RECORD) {
		c->r[TDX_RCX] = record(tdi);
		return TDX_SUCCESS;
	}
	if (!tdi_field_readable(tdi, code))
		return TDX_STATUS(TDI_INVALID_STATE, TDX_OP_RCX);
	if (!page) {
		c->r[TDX_RCX] = tdi_field_value(tdi, code);
		return TDX_SUCCESS;
	}
	if (!tdi_field_hash(tdi, code, hash))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX);
	__builtin_memcpy(page, hash, sizeof(hash));
	c->r[TDX_RCX] = sizeof(hash);
	return TDX_SUCCESS;
}
