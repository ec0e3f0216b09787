// SPDX-License-Identifier: GPL-2.0
/* The context: creation, reset, dispatch of SEAMCALL, trace and ledger. */
#include "seamcall.h"

struct leaf {
	uint64_t (*handler)(struct tdx_call *c);
	uint8_t max_version;
	uint8_t sys_states;		/* OP_IN() of enum tdx_sys_state in which the leaf runs */
};

#define ANY \
	(OP_IN(SYS_INIT_PENDING) | OP_IN(SYS_INIT_DONE) | OP_IN(SYS_CONFIG_DONE) | OP_IN(SYS_READY))
#define READY	OP_IN(SYS_READY)

/*
 * Fact sheet 2.2 and 2.3. The module has further leaves and versions; unlisted ones are answered as
 * unknown, because KVM 7.3 uses none of them.
 */
static const struct leaf leaves[] = {
	[TDH_VP_ENTER]			= { tdh_vp_enter, 0, READY },
	[TDH_MNG_ADDCX]			= { tdh_mng_addcx, 0, READY },
	[TDH_MEM_PAGE_ADD]		= { tdh_mem_page_add, 0, READY },
	[TDH_MEM_SEPT_ADD]		= { tdh_mem_sept_add, 0, READY },
	[TDH_VP_ADDCX]			= { tdh_vp_addcx, 0, READY },
	[TDH_MEM_PAGE_AUG]		= { tdh_mem_page_aug, 0, READY },
	[TDH_MEM_RANGE_BLOCK]		= { tdh_mem_range_block, 0, READY },
	[TDH_MNG_KEY_CONFIG]		= { tdh_mng_key_config, 0, READY },
	[TDH_MNG_CREATE]		= { tdh_mng_create, 0, READY },
	[TDH_VP_CREATE]			= { tdh_vp_create, 0, READY },
	[TDH_MNG_RD]			= { tdh_mng_rd, 0, READY },
	[TDH_MR_EXTEND]			= { tdh_mr_extend, 0, READY },
	[TDH_MR_FINALIZE]		= { tdh_mr_finalize, 0, READY },
	[TDH_VP_FLUSH]			= { tdh_vp_flush, 0, READY },
	[TDH_MNG_VPFLUSHDONE]		= { tdh_mng_vpflushdone, 0, READY },
	[TDH_MNG_KEY_FREEID]		= { tdh_mng_key_freeid, 0, READY },
	[TDH_MNG_INIT]			= { tdh_mng_init, 0, READY },
	[TDH_VP_INIT]			= { tdh_vp_init, 1, READY },
	[TDH_PHYMEM_PAGE_RDMD]		= { tdh_phymem_page_rdmd, 0, READY },
	[TDH_VP_RD]			= { tdh_vp_rd, 0, READY },
	[TDH_PHYMEM_PAGE_RECLAIM]	= { tdh_phymem_page_reclaim, 0, READY },
	[TDH_MEM_PAGE_REMOVE]		= { tdh_mem_page_remove, 0, READY },
	[TDH_SYS_KEY_CONFIG]		= { tdh_sys_key_config, 0, ANY },
	[TDH_SYS_INIT]			= { tdh_sys_init, 0, ANY },
	[TDH_SYS_RD]			= { tdh_sys_rd, 0, ANY },
	[TDH_SYS_LP_INIT]		= { tdh_sys_lp_init, 0, ANY },
	[TDH_SYS_TDMR_INIT]		= { tdh_sys_tdmr_init, 0, READY },
	[TDH_MEM_TRACK]			= { tdh_mem_track, 0, READY },
	[TDH_PHYMEM_CACHE_WB]		= { tdh_phymem_cache_wb, 0, READY },
	[TDH_PHYMEM_PAGE_WBINVD]	= { tdh_phymem_page_wbinvd, 0, READY },
	[TDH_VP_WR]			= { tdh_vp_wr, 0, READY },
	[TDH_SYS_CONFIG]		= { tdh_sys_config, 1, ANY },
	[TDH_SYS_DISABLE]		= { tdh_sys_disable, 0, READY | OP_IN(SYS_DISABLING) },
	[TDH_IOMMU_SETUP]		= { tdh_iommu_setup, 0, READY },
	[TDH_IOMMU_CLEAR]		= { tdh_iommu_clear, 0, READY },
	[TDH_SPDM_CREATE]		= { tdh_spdm_create, 0, READY },
	[TDH_SPDM_DELETE]		= { tdh_spdm_delete, 0, READY },
	[TDH_IDE_STREAM_CREATE]		= { tdh_ide_stream_create, 0, READY },
	[TDH_IDE_STREAM_BLOCK]		= { tdh_ide_stream_block, 0, READY },
	[TDH_IDE_STREAM_DELETE]		= { tdh_ide_stream_delete, 0, READY },
	[TDH_IDE_STREAM_KM]		= { tdh_ide_stream_km, 0, READY },
	[TDH_TDI_CREATE]		= { tdh_tdi_create, 0, READY },
	[TDH_TDI_REMOVE]		= { tdh_tdi_remove, 0, READY },
	[TDH_TDI_BIND]			= { tdh_tdi_bind, 0, READY },
	[TDH_TDI_START]			= { tdh_tdi_start, 0, READY },
	[TDH_TDI_STOP]			= { tdh_tdi_stop, 0, READY },
	[TDH_SPDM_CONNECT]		= { tdh_spdm_connect, 0, READY },
	[TDH_SPDM_DISCONNECT]		= { tdh_spdm_disconnect, 0, READY },
	[TDH_SPDM_MNG]			= { tdh_spdm_mng, 0, READY },
	[TDH_TDI_RD]			= { tdh_tdi_rd, 0, READY },
	[TDH_TDI_STATE]			= { tdh_tdi_state, 0, READY },
	[TDH_MMIOMT_ADD]		= { tdh_mmiomt_add, 0, READY },
	[TDH_MMIOMT_SET]		= { tdh_mmiomt_set, 0, READY },
	[TDH_MMIOMT_RD]			= { tdh_mmiomt_rd, 0, READY },
	[TDH_MMIOMT_REMOVE]		= { tdh_mmiomt_remove, 0, READY },
	[TDH_MMIO_MAP]			= { tdh_mmio_map, 0, READY },
	[TDH_MMIO_BLOCK]		= { tdh_mmio_block, 0, READY },
	[TDH_MMIO_UNMAP]		= { tdh_mmio_unmap, 0, READY },
	[TDH_TDIMT_ADD]			= { tdh_tdimt_add, 0, READY },
	[TDH_TDIMT_REMOVE]		= { tdh_tdimt_remove, 0, READY },
	[TDH_TDIMT_RD]			= { tdh_tdimt_rd, 0, READY },
};

#define NR_LEAVES (sizeof(leaves) / sizeof(leaves[0]))

size_t tdx_module_size(void)
{
	return sizeof(struct tdx_module);
}

/* Everything but the account of the whole run: event counters, and what the host had left alive. */
void tdx_wipe(struct tdx_module *m)
{
	struct tdx_ledger left;

	tdx_ledger(m, &left);
	m->left = left;
	m->sys_state = SYS_INIT_PENDING;
	m->nr_tdmrs = 0;
	m->global_hkid = 0;
	m->wb_started = false;
	m->wb_hkids = 0;
	__builtin_memset(m->kot, 0, sizeof(m->kot));
	__builtin_memset(m->tdmr, 0, sizeof(m->tdmr));
	__builtin_memset(m->tds, 0, sizeof(m->tds));
	__builtin_memset(m->vcpus, 0, sizeof(m->vcpus));
	__builtin_memset(m->lp, 0, sizeof(m->lp));
	tdx_connect_wipe(m);
	m->sept_leaves = 0;
}

void tdx_module_reset(struct tdx_module *m)
{
	struct tdx_platform platform = m->platform;

	tdx_connect_wipe(m);
	tdx_module_init(m, &platform, m->ops, m->opaque);
}

struct tdx_module *tdx_module_init(void *mem, const struct tdx_platform *platform,
				   const struct tdx_ops *ops, void *opaque)
{
	struct tdx_module *m = mem;

	__builtin_memset(m, 0, sizeof(*m));
	m->platform = *platform;
	m->ops = ops;
	m->opaque = opaque;
	return m;
}

/* ---- the SEAMCALL in progress ----------------------------------------------- */

bool tdx_call_lock(struct tdx_call *c, tdx_lock_t *lock, enum tdx_lock_mode mode)
{
	if (mode == LOCK_EXCL ? !tdx_trylock_excl(lock) : !tdx_trylock_shared(lock))
		return false;
	c->held[c->nr_held].lock = lock;
	c->held[c->nr_held].mode = mode;
	c->nr_held++;
	return true;
}

void tdx_call_keep(struct tdx_call *c, tdx_lock_t *lock)
{
	for (unsigned int i = 0; i < c->nr_held; i++)
		if (c->held[i].lock == lock)
			c->held[i].lock = NULL;
}

static void unlock_all(struct tdx_call *c)
{
	if (c->sept_entry)
		tdx_sept_unlock(c->sept_entry);
	while (c->nr_held) {
		tdx_lock_t *lock = c->held[--c->nr_held].lock;

		if (lock && c->held[c->nr_held].mode == LOCK_EXCL)
			tdx_unlock_excl(lock);
		else if (lock)
			tdx_unlock_shared(lock);
	}
}

void tdx_trace(struct tdx_module *m, const struct tdx_trace_event *ev)
{
	if (m->ops->trace)
		m->ops->trace(m->opaque, ev);
}

/* C 3: with Connect off its whole range of numbers is refused alike. */
static bool connect_missing(const struct tdx_module *m, uint64_t nr)
{
	return nr >= TDH_CONNECT_FIRST && nr <= TDH_CONNECT_LAST && !m->connect.enabled;
}

/* Fact sheet 2.2, SYS row: reserved bits, version, SYS state, leaf. */
static uint64_t dispatch(struct tdx_call *c)
{
	uint64_t rax = c->r[TDX_RAX], nr = rax & TDX_LEAF_MASK;
	const struct leaf *leaf = nr < NR_LEAVES && leaves[nr].handler ? &leaves[nr] : NULL;
	int state;

	c->version = rax >> TDX_LEAF_VERSION_SHIFT & TDX_LEAF_VERSION_MASK;
	if ((rax & TDX_LEAF_RESERVED) || c->version > (leaf ? leaf->max_version : 0))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RAX);
	state = c->m->sys_state;
	if (state == SYS_READY && connect_missing(c->m, nr))
		return TDX_STATUS(CONNECT_INVALID_STATE, 0);
	if (leaf && (leaf->sys_states & OP_IN(state)))
		return leaf->handler(c);
	if (state == SYS_READY)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RAX);
	return state == SYS_DISABLING ? TDX_STATUS(SYS_SHUTDOWN, 0) : TDX_STATUS(SYS_NOT_READY, 0);
}

enum tdx_seam_action tdx_seamcall(struct tdx_module *m, unsigned int lp, struct tdx_gprs *host,
				  struct tdx_enter *enter)
{
	struct tdx_call c = { .m = m, .lp = lp, .r = host->r, .enter = enter };
	struct tdx_trace_event ev = {
		.kind = TDX_TRACE_SEAMCALL,
		.lp = lp,
		.leaf = host->r[TDX_RAX],
		.version = host->r[TDX_RAX] >> TDX_LEAF_VERSION_SHIFT & TDX_LEAF_VERSION_MASK,
		.in = { host->r[TDX_RCX], host->r[TDX_RDX], host->r[TDX_R8], host->r[TDX_R9] },
	};

	if (host->r[TDX_RAX] & TDX_LEAF_P_SEAMLDR)
		return TDX_SEAM_INVALID;
	m->seamcalls++;
	m->in_flight++;		/* before the SYS state is read: see tdh_sys_disable() */
	ev.status = dispatch(&c);
	ev.tdr = c.tdr_pa;
	/*
	 * An entry that went through is traced as TD_ENTER, and answered by its TD_EXIT. The lock of
	 * the epoch is still held: an entry that a TDH.MEM.TRACK did not count is not traced after it.
	 */
	if (c.entered) {
		ev.kind = TDX_TRACE_TD_ENTER;
		ev.leaf = m->lp[lp].running->index;
		tdx_trace(m, &ev);
	}
	unlock_all(&c);
	m->in_flight--;
	if (c.entered)
		return TDX_SEAM_ENTER;
	host->r[TDX_RAX] = ev.status;
	ev.out[0] = host->r[TDX_RCX];
	ev.out[1] = host->r[TDX_RDX];
	ev.out[2] = host->r[TDX_R8];
	tdx_trace(m, &ev);
	return TDX_SEAM_RETURN;
}

void tdx_ledger(const struct tdx_module *m, struct tdx_ledger *out)
{
	*out = (struct tdx_ledger) {
		.seamcalls = m->seamcalls,
		.tdcalls = m->tdcalls,
		.td_exits = m->td_exits,
		.tds_created = m->tds_created,
		.pages_live = tdx_pamt_count_live(m),
		.pages_donated = m->pages_donated,
		.pages_returned = m->pages_returned,
		.sept_leaves_live = m->sept_leaves,
		.tdis_created = m->connect.tdis_created,
		.mmio_maps = m->connect.mmio_maps,
		.mmio_unmaps = m->connect.mmio_unmaps,
		.mmio_accepts = m->connect.mmio_accepts,
	};
	for (unsigned int i = 0; i < TDX_MAX_TDS; i++) {
		out->tds_live += m->tds[i].used;
		out->hkids_live += m->kot[i].state == KOT_ASSIGNED ||
				   m->kot[i].state == KOT_FLUSHED;
	}
	for (unsigned int i = 0; i < sizeof(m->vcpus) / sizeof(m->vcpus[0]); i++)
		out->vcpus_live += m->vcpus[i].used;
	for (unsigned int i = 0; i < TDX_MAX_IOMMUS; i++)
		out->iommus_live += m->connect.iommu[i].used;
	for (unsigned int i = 0; i < TDX_MAX_SPDMS; i++)
		out->spdms_live += m->connect.spdm[i].state != SPDM_FREE;
	for (unsigned int i = 0; i < TDX_MAX_STREAMS; i++)
		out->streams_live += m->connect.stream[i].state != STREAM_FREE;
	for (unsigned int i = 0; i < TDX_MAX_TDIS; i++)
		out->tdis_live += m->connect.tdi[i].used;
	out->tds_live += m->left.tds_live;
	out->hkids_live += m->left.hkids_live;
	out->vcpus_live += m->left.vcpus_live;
	out->sept_leaves_live += m->left.sept_leaves_live;
	out->tdis_live += m->left.tdis_live;
	out->spdms_live += m->left.spdms_live;
	out->streams_live += m->left.streams_live;
}
