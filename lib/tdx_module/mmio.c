// SPDX-License-Identifier: GPL-2.0
/*
 * TDH.MMIO.MAP, BLOCK, UNMAP (C 3.3): private MMIO in the S-EPT. The MMIOMT says which TDI a page
 * belongs to, and that it is mapped once only. No unblock, no promotion, no demotion.
 */
#include "mmiomt.h"
#include "sept.h"
#include "tdi.h"

#define MAX_LEVEL	2	/* 1G */

/* ---- TDH.MMIO.MAP ----------------------------------------------------------- */

static bool in_tdmr(const struct tdx_module *m, uint64_t hpa, uint64_t size)
{
	unsigned int count = __atomic_load_n(&m->nr_tdmrs, __ATOMIC_ACQUIRE);

	for (unsigned int i = 0; i < count; i++)
		if (m->tdmr[i].base < hpa + size && hpa < m->tdmr[i].base + m->tdmr[i].size)
			return true;
	return false;
}

static uint64_t map_hpa(const struct tdx_module *m, uint64_t hpa, unsigned int level)
{
	uint64_t size = 1ULL << sept_shift(level);

	if ((hpa & (size - 1)) || hpa >> m->platform.pa_bits)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_R8);
	if (in_tdmr(m, hpa, size))
		return TDX_STATUS(OPERAND_ADDR_RANGE_ERROR, TDX_OP_R8);
	return TDX_SUCCESS;
}

/* @e is locked: it can't be given to another TDI, or be mapped, meanwhile. */
static uint64_t map_owned(struct tdx_call *c, const struct sept_op *op, uint64_t hpa,
			  struct tdx_mmiomt_entry *e)
{
	struct tdx_tdi *tdi;
	uint64_t status;

	if (!mmiomt_is_data(e->word) || (e->word & MMIOMT_MAPPED))
		return TDX_STATUS(MMIO_INVALID_PAGE_METADATA, TDX_OP_RCX);
	status = tdi_lock(c, mmiomt_func(e->word), TDX_OP_R8, LOCK_SHARED, &tdi);
	if (status != TDX_SUCCESS)
		return status;
	if (tdi->td != op->td)
		return TDX_STATUS(MMIO_TDI_OWNER_MISMATCH, TDX_OP_RDX);
	if (!tdi_iommu_ready(c->m))
		return TDX_STATUS(IOMMU_INVALID_STATE, TDX_OP_RCX);
	if (tdi->stream->blocked)
		return TDX_STATUS(IDE_STREAM_BLOCKED, TDX_OP_R8);
	__atomic_fetch_or(&e->word, MMIOMT_MAPPED, __ATOMIC_RELEASE);
	sept_store(op, sept_make(SEPT_MMIO_PENDING, hpa));
	tdi->mmio_pages++;
	return TDX_SUCCESS;
}

uint64_t tdh_mmio_map(struct tdx_call *c)
{
	static const struct sept_rule rule = { OP_IR, 0, MAX_LEVEL, LOCK_SHARED, LOCK_SHARED };
	uint64_t hpa = c->r[TDX_R8], status;
	struct tdx_mmiomt_entry *e;
	struct sept_op op;

	status = sept_operands(c, &rule, &op);
	if (status == TDX_SUCCESS)
		status = map_hpa(c->m, hpa, op.level);
	if (status == TDX_SUCCESS)
		status = sept_lock_entry(c, &rule, &op);
	if (status != TDX_SUCCESS)
		return status;
	if (sept_state(op.pos.value) != SEPT_FREE)
		return sept_wrong_state(c, &op.pos);
	if (!tdx_call_lock(c, &c->m->connect.mmiomt_lock, LOCK_SHARED))
		return MMIOMT_BUSY;
	e = tdx_mmiomt(c->m, hpa, op.level);
	if (!e)
		return TDX_STATUS(MMIOMT_NOT_PRESENT, TDX_OP_RCX);
	if (!mmiomt_trylock(e))
		return MMIOMT_BUSY;
	status = map_owned(c, &op, hpa, e);
	mmiomt_unlock(e);
	if (status != TDX_SUCCESS)
		return status;
	c->m->sept_leaves++;
	c->m->connect.mmio_maps++;
	return sept_done(c);
}

/* ---- TDH.MMIO.BLOCK, UNMAP -------------------------------------------------- */

uint64_t tdh_mmio_block(struct tdx_call *c)
{
	static const struct sept_rule rule = { OP_IR, 0, MAX_LEVEL, LOCK_SHARED, LOCK_EXCL };
	struct sept_op op;
	uint64_t hpa, status = sept_start(c, &rule, &op);

	if (status != TDX_SUCCESS)
		return status;
	if (sept_state(op.pos.value) != SEPT_MMIO_MAPPED &&
	    sept_state(op.pos.value) != SEPT_MMIO_PENDING)
		return sept_wrong_state(c, &op.pos);
	hpa = op.pos.value & SEPT_HPA;
	sept_store(&op, sept_make(SEPT_MMIO_BLOCKED, hpa));
	/* As in TDH.MEM.RANGE.BLOCK: the epoch is read after the entry is blocked. */
	__atomic_store_n(&tdx_mmiomt(c->m, hpa, op.level)->bepoch,
			 __atomic_load_n(&op.td->epoch, __ATOMIC_SEQ_CST), __ATOMIC_RELEASE);
	return sept_done(c);
}

/*
 * The device must have let go of the page first (TDISP UNLOCKED, or no TEE traffic on its stream),
 * and tracking is tested before that (C 3.3). Without trusted DMA no IOTLB needs tracking.
 */
uint64_t tdh_mmio_unmap(struct tdx_call *c)
{
	static const struct sept_rule rule = { OP_IR, 0, MAX_LEVEL, LOCK_SHARED, LOCK_SHARED };
	struct tdx_mmiomt_entry *e;
	struct tdx_tdi *tdi;
	struct sept_op op;
	uint64_t hpa, status = sept_start(c, &rule, &op);

	if (status != TDX_SUCCESS)
		return status;
	if (sept_state(op.pos.value) != SEPT_MMIO_BLOCKED)
		return sept_wrong_state(c, &op.pos);
	hpa = op.pos.value & SEPT_HPA;
	e = tdx_mmiomt(c->m, hpa, op.level);
	if (op.td->op_state == OP_RUNNABLE && !sept_tracked(op.td, (uint32_t)e->bepoch))
		return TDX_STATUS(TLB_TRACKING_NOT_DONE, TDX_OP_RCX);
	status = tdi_lock(c, mmiomt_func(e->word), TDX_OP_RCX, LOCK_SHARED, &tdi);
	if (status != TDX_SUCCESS)
		return status;
	if (tdi->state != TDISP_CONFIG_UNLOCKED && !tdi->stream->blocked)
		return TDX_STATUS(TDISP_INVALID_STATE, TDX_OP_RCX);
	sept_store(&op, sept_make(SEPT_FREE, 0));
	tdi->mmio_pages--;
	__atomic_fetch_and(&e->word, ~MMIOMT_MAPPED, __ATOMIC_RELEASE);
	c->m->sept_leaves--;
	c->m->connect.mmio_unmaps++;
	sept_done(c);
	c->r[TDX_R8] = hpa;
	return TDX_SUCCESS;
}
