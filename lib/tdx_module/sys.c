// SPDX-License-Identifier: GPL-2.0
/* TDH.SYS.* and TDH.PHYMEM.*: bring-up of the module, and leaves about pages and caches. */
#include "seamcall.h"
#include "../tdx_abi/field.h"

/* The global lock (fact sheet 6.4). */
static bool lock_sys(struct tdx_call *c, enum tdx_lock_mode mode)
{
	return tdx_call_lock(c, &c->m->sys_lock, mode);
}

uint64_t tdh_sys_init(struct tdx_call *c)
{
	if (!lock_sys(c, LOCK_EXCL))
		return TDX_STATUS(SYS_BUSY, 0);
	if (c->m->sys_state != SYS_INIT_PENDING)
		return TDX_STATUS(SYS_INIT_NOT_PENDING, 0);
	if (c->r[TDX_RCX])
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	c->m->sys_state = SYS_INIT_DONE;
	return TDX_SUCCESS;
}

uint64_t tdh_sys_lp_init(struct tdx_call *c)
{
	struct tdx_lp *lp = &c->m->lp[c->lp];

	if (!lock_sys(c, LOCK_SHARED))
		return TDX_STATUS(SYS_BUSY, 0);
	if (c->m->sys_state != SYS_INIT_DONE)
		return TDX_STATUS(SYS_LP_INIT_NOT_PENDING, 0);
	if (lp->inited)
		return TDX_STATUS(SYS_LP_INIT_DONE, 0);
	lp->inited = true;
	c->r[TDX_RCX] = c->r[TDX_RDX] = c->r[TDX_R8] = 0;
	return TDX_SUCCESS;
}

uint64_t tdh_sys_rd(struct tdx_call *c)
{
	uint64_t field = c->r[TDX_RDX], value = 0, next = ~0ULL;
	uint64_t status;

	c->r[TDX_RDX] = next;
	c->r[TDX_R8] = 0;
	if (!lock_sys(c, LOCK_SHARED))
		return TDX_STATUS(SYS_BUSY, 0);
	if (!c->m->lp[c->lp].inited)
		return TDX_STATUS(SYS_LP_INIT_NOT_DONE, 0);
	status = tdx_md_sys_rd(c->m, field, &value, &next);
	c->r[TDX_RDX] = next;
	if (status == TDX_SUCCESS)
		c->r[TDX_R8] = value;
	return status;
}

static bool all_lps_inited(const struct tdx_module *m)
{
	for (unsigned int i = 0; i < m->platform.nr_lps; i++)
		if (!m->lp[i].inited)
			return false;
	return true;
}

/*
 * Version 1 (C 3.1) names the features to switch on in R9. Its wall clock in R11 is for dating
 * certificates, which the model doesn't check. Version 0 switches nothing on.
 */
static bool features_enable(struct tdx_call *c)
{
	uint64_t enable = c->version ? c->r[TDX_R9] : 0, offered, next;

	tdx_md_sys_rd(c->m, TDX_FIELD_FEATURES0, &offered, &next);
	c->m->connect.enabled = enable & TDX_FEATURES0_CONNECT;
	return !(enable & ~offered);
}

uint64_t tdh_sys_config(struct tdx_call *c)
{
	struct tdx_module *m = c->m;
	uint64_t array_pa = c->r[TDX_RCX], count = c->r[TDX_RDX], hkid = c->r[TDX_R8];
	uint64_t info_pa[TDX_MAX_TDMRS];
	const void *array;
	uint64_t status;

	if (!lock_sys(c, LOCK_EXCL))
		return TDX_STATUS(SYS_BUSY, 0);
	if (m->sys_state != SYS_INIT_DONE || !all_lps_inited(m))
		return TDX_STATUS(SYS_CONFIG_NOT_PENDING, 0);
	array = tdx_shared_operand(m, array_pa, sizeof(info_pa));
	if (!array)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	if (!count || count > TDX_MAX_TDMRS)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX);
	if (!tdx_hkid_private(m, hkid))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_R8);
	if (!features_enable(c))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_R9);
	__builtin_memcpy(info_pa, array, count * sizeof(info_pa[0]));
	status = tdx_tdmrs_load(c, info_pa, count);
	if (status != TDX_SUCCESS)
		return status;
	m->global_hkid = hkid;
	m->kot[hkid - tdx_first_hkid(m)].state = KOT_RESERVED;
	m->sys_state = SYS_CONFIG_DONE;
	return TDX_SUCCESS;
}

uint64_t tdh_sys_key_config(struct tdx_call *c)
{
	uint8_t key[32];

	if (!lock_sys(c, LOCK_EXCL))
		return TDX_STATUS(SYS_BUSY, 0);
	if (c->m->sys_state != SYS_CONFIG_DONE)
		return TDX_STATUS(SYS_KEY_CONFIG_NOT_PENDING, 0);
	if (!c->m->ops->random(c->m->opaque, key, sizeof(key)))
		return TDX_STATUS(KEY_GENERATION_FAILED, 0);
	c->m->sys_state = SYS_READY;	/* the platform has one package */
	return TDX_SUCCESS;
}

uint64_t tdh_sys_tdmr_init(struct tdx_call *c)
{
	c->r[TDX_RDX] = 0;
	if (!lock_sys(c, LOCK_SHARED))
		return TDX_STATUS(SYS_BUSY, 0);
	return tdx_tdmr_init_step(c, c->r[TDX_RCX], &c->r[TDX_RDX]);
}

/*
 * No module source is public: the rules are those that the fact sheet derives from Linux (2.3).
 * From the first call on no other leaf starts; the wipe waits until the last one and the last TD
 * have left.
 */
uint64_t tdh_sys_disable(struct tdx_call *c)
{
	struct tdx_module *m = c->m;

	if (!lock_sys(c, LOCK_EXCL))
		return TDX_STATUS(SYS_BUSY, 0);
	m->sys_state = SYS_DISABLING;
	if (m->in_flight > 1)
		return TDX_STATUS(INTERRUPTED_RESUMABLE, 0);
	for (unsigned int i = 0; i < m->platform.nr_lps; i++)
		if (tdx_lp_in_td(m, i))
			return TDX_STATUS(INTERRUPTED_RESUMABLE, 0);
	tdx_pamt_release_all(m);
	tdx_wipe(m);
	return TDX_SUCCESS;
}

/* ---- TDH.PHYMEM ------------------------------------------------------------- */

static uint64_t owner_pa(const struct tdx_pamt *p)
{
	return p->owner_pfn * TDX_PAGE_SIZE;
}

/* The outputs of RDMD and RECLAIM. */
static void clear_metadata(struct tdx_call *c)
{
	c->r[TDX_RCX] = c->r[TDX_RDX] = 0;
	c->r[TDX_R8] = c->r[TDX_R9] = c->r[TDX_R10] = c->r[TDX_R11] = 0;
}

uint64_t tdh_phymem_page_rdmd(struct tdx_call *c)
{
	uint64_t pa = c->r[TDX_RCX];
	struct tdx_pamt *p;
	uint64_t status;

	clear_metadata(c);
	status = tdx_page_lock(c, pa, TDX_OP_RCX, LOCK_SHARED, &p);
	if (status != TDX_SUCCESS)
		return status;
	c->r[TDX_RCX] = p->pt;
	c->r[TDX_RDX] = owner_pa(p);
	c->r[TDX_R8] = p->size;
	if (p->pt == PT_REG || p->pt == PT_EPT)
		c->r[TDX_R9] = __atomic_load_n(&p->bepoch, __ATOMIC_ACQUIRE);
	return TDX_SUCCESS;
}

uint64_t tdh_phymem_page_wbinvd(struct tdx_call *c)
{
	/* KVM passes PA | HKID << x86_phys_bits; the HKID part is not validated. */
	uint64_t pa = c->r[TDX_RCX] & ((1ULL << c->m->platform.pa_bits) - 1);
	struct tdx_pamt *p;

	return tdx_page_get(c, pa, TDX_OP_RCX, LOCK_SHARED, PT_NDA, &p);
}

/* What RECLAIM demands of a page that is not a TDR; locks the owner's PAMT entry. */
static uint64_t reclaim_child(struct tdx_call *c, const struct tdx_pamt *p)
{
	struct tdx_pamt *tdr = tdx_pamt(c->m, owner_pa(p));
	struct tdx_td *td;

	if (!tdx_call_lock(c, &tdr->lock, LOCK_SHARED))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_TDR);
	c->tdr_pa = owner_pa(p);
	td = &c->m->tds[tdr->slot];
	if (td->lifecycle != TD_TEARDOWN)
		return TDX_STATUS(LIFECYCLE_STATE_INCORRECT, 0);
	if (p->pt == PT_TDVPR)
		__atomic_store_n(&c->m->vcpus[p->slot].used, false, __ATOMIC_RELEASE);
	if (p->pt == PT_REG)
		c->m->sept_leaves--;
	td->chldcnt--;
	return TDX_SUCCESS;
}

static uint64_t reclaim_tdr(struct tdx_call *c, const struct tdx_pamt *p)
{
	struct tdx_td *td = &c->m->tds[p->slot];

	c->tdr_pa = td->tdr_pa;
	if (td->lifecycle != TD_TEARDOWN)
		return TDX_STATUS(LIFECYCLE_STATE_INCORRECT, 0);
	if (td->chldcnt)
		return TDX_STATUS(TD_ASSOCIATED_PAGES_EXIST, 0);
	__atomic_store_n(&td->used, false, __ATOMIC_RELEASE);
	return TDX_SUCCESS;
}

/* TDX Connect's pages come back by the leaf that removes what they are part of (C 3.3). */
static bool reclaimable(unsigned int pt)
{
	return pt != PT_NDA && pt != PT_RSVD && pt < PT_IOMMU_MT;
}

uint64_t tdh_phymem_page_reclaim(struct tdx_call *c)
{
	uint64_t pa = c->r[TDX_RCX];
	struct tdx_pamt *p;
	uint64_t status;

	clear_metadata(c);
	status = tdx_page_lock(c, pa, TDX_OP_RCX, LOCK_EXCL, &p);
	if (status != TDX_SUCCESS)
		return status;
	if (p->pt == PT_IOMMU_MT)
		return TDX_STATUS(IOMMU_MT_PAGE_IN_USE, 0);
	if (!reclaimable(p->pt))
		return TDX_STATUS(PAGE_METADATA_INCORRECT, TDX_OP_RCX);
	c->r[TDX_RCX] = p->pt;
	c->r[TDX_RDX] = owner_pa(p);
	c->r[TDX_R8] = p->size;
	status = p->pt == PT_TDR ? reclaim_tdr(c, p) : reclaim_child(c, p);
	if (status == TDX_SUCCESS)
		tdx_page_release(c->m, pa, p);
	return status;
}

static uint64_t flushed_hkids(const struct tdx_module *m)
{
	uint64_t set = 0;

	for (unsigned int i = 0; i < TDX_MAX_TDS; i++)
		if (m->kot[i].state == KOT_FLUSHED)
			set |= 1ULL << i;
	return set;
}

/*
 * The first call records which HKIDs it serves and reports an interruption, the resumed one
 * completes: the real module does so whenever an interrupt is pending, and the caller's loop is
 * worth exercising.
 */
uint64_t tdh_phymem_cache_wb(struct tdx_call *c)
{
	struct tdx_module *m = c->m;
	uint64_t resume = c->r[TDX_RCX];

	if (!tdx_call_lock(c, &m->wbcache_lock, LOCK_EXCL))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_WBCACHE);
	if (!tdx_call_lock(c, &m->kot_lock, LOCK_SHARED))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_KOT);
	if (resume > 1)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	if (!flushed_hkids(m))
		return TDX_STATUS(NO_HKID_READY_TO_WBCACHE, 0);
	if (!resume) {
		m->wb_started = true;
		m->wb_hkids = flushed_hkids(m);
		return TDX_STATUS(INTERRUPTED_RESUMABLE, 0);
	}
	if (!m->wb_started)
		return TDX_STATUS(WBCACHE_RESUME_ERROR, 0);
	for (unsigned int i = 0; i < TDX_MAX_TDS; i++)
		if (m->wb_hkids >> i & 1)
			m->kot[i].wb_pending = false;
	m->wb_started = false;
	return TDX_SUCCESS;
}
