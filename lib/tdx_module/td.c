// SPDX-License-Identifier: GPL-2.0
/* TDH.MNG.* and TDH.MR.*: life cycle of a TD, ownership of its key, measurement. */
#include "seamcall.h"
#include "../tdx_abi/td.h"

/* ---- checks shared by the TD leaves ----------------------------------------- */

uint64_t tdx_td_get(struct tdx_call *c, uint64_t pa, unsigned int operand, enum tdx_lock_mode mode,
		    struct tdx_td **out)
{
	struct tdx_pamt *p;
	uint64_t status = tdx_page_get(c, pa, operand, mode, PT_TDR, &p);

	if (status == TDX_SUCCESS) {
		*out = &c->m->tds[p->slot];
		c->tdr_pa = pa;
	}
	return status;
}

uint64_t tdx_td_usable(struct tdx_call *c, struct tdx_td *td, enum tdx_lock_mode tdr_mode,
		       unsigned int op_states)
{
	if (td->fatal)
		return TDX_STATUS(TD_FATAL, 0);
	if (td->lifecycle != TD_KEYS_CONFIGURED)
		return TDX_STATUS(TD_KEYS_NOT_CONFIGURED, 0);
	if (td->num_tdcx < TDX_TDCS_PAGES)
		return TDX_STATUS(TDCS_NOT_ALLOCATED, 0);
	if (tdr_mode == LOCK_SHARED && !tdx_call_lock(c, &td->op_state_lock, LOCK_SHARED))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_OP_STATE);
	if (!(op_states & OP_IN(td->op_state)))
		return TDX_STATUS(OP_STATE_INCORRECT, 0);
	return TDX_SUCCESS;
}

/* @rcx is a TDR, exclusive, of a usable TD. */
static uint64_t td_get_usable_excl(struct tdx_call *c, uint64_t pa, unsigned int operand,
				   unsigned int op_states, struct tdx_td **out)
{
	uint64_t status = tdx_td_get(c, pa, operand, LOCK_EXCL, out);

	return status == TDX_SUCCESS ? tdx_td_usable(c, *out, LOCK_EXCL, op_states) : status;
}

/* ---- creation --------------------------------------------------------------- */

static struct tdx_td *td_alloc(struct tdx_module *m)
{
	for (unsigned int i = 0; i < TDX_MAX_TDS; i++)
		if (!__atomic_exchange_n(&m->tds[i].used, true, __ATOMIC_ACQUIRE))
			return &m->tds[i];
	return NULL;
}

uint64_t tdh_mng_create(struct tdx_call *c)
{
	struct tdx_module *m = c->m;
	uint64_t pa = c->r[TDX_RCX], hkid = c->r[TDX_RDX];
	struct tdx_pamt *p;
	struct tdx_td *td;
	uint8_t seed[16];
	uint64_t status;

	if (!tdx_hkid_private(m, hkid))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX);
	status = tdx_page_get(c, pa, TDX_OP_RCX, LOCK_EXCL, PT_NDA, &p);
	if (status != TDX_SUCCESS)
		return status;
	if (!tdx_call_lock(c, &m->kot_lock, LOCK_EXCL))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_KOT);
	if (m->kot[hkid - tdx_first_hkid(m)].state != KOT_FREE)
		return TDX_STATUS(HKID_NOT_FREE, 0);
	if (!m->ops->random(m->opaque, seed, sizeof(seed)))
		return TDX_STATUS(RND_NO_ENTROPY, 0);
	td = td_alloc(m);
	if (!td)	/* limit of the model: too many TDs whose TDR was never reclaimed */
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_TDR);

	__builtin_memset(td, 0, sizeof(*td));
	td->used = true;
	td->tdr_pa = pa;
	td->hkid = hkid;
	td->lifecycle = TD_HKID_ASSIGNED;
	c->tdr_pa = pa;
	m->kot[hkid - tdx_first_hkid(m)].state = KOT_ASSIGNED;
	tdx_page_assign(m, pa, p, PT_TDR, td, td - m->tds);
	__builtin_memset(tdx_ram(m, pa), 0, TDX_PAGE_SIZE);
	m->tds_created++;
	return TDX_SUCCESS;
}

uint64_t tdh_mng_key_config(struct tdx_call *c)
{
	uint8_t key[32];
	struct tdx_td *td;
	uint64_t status = tdx_td_get(c, c->r[TDX_RCX], TDX_OP_RCX, LOCK_EXCL, &td);

	if (status != TDX_SUCCESS)
		return status;
	if (td->lifecycle != TD_HKID_ASSIGNED)
		return TDX_STATUS(LIFECYCLE_STATE_INCORRECT, 0);
	if (!tdx_call_lock(c, &c->m->ket_lock, LOCK_EXCL))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_KET);
	if (!c->m->ops->random(c->m->opaque, key, sizeof(key)))
		return TDX_STATUS(KEY_GENERATION_FAILED, 0);
	td->pkg_configured = true;	/* the platform has one package */
	td->lifecycle = TD_KEYS_CONFIGURED;
	return TDX_SUCCESS;
}

uint64_t tdh_mng_addcx(struct tdx_call *c)
{
	uint64_t pa = c->r[TDX_RCX];
	struct tdx_pamt *p;
	struct tdx_td *td;
	uint64_t status = tdx_td_get(c, c->r[TDX_RDX], TDX_OP_RDX, LOCK_EXCL, &td);
	void *page;

	if (status != TDX_SUCCESS)
		return status;
	status = tdx_td_usable(c, td, LOCK_EXCL, OP_IN(OP_UNINITIALIZED));
	if (status == TDX_SUCCESS)
		return TDX_STATUS(TDCX_NUM_INCORRECT, 0);	/* the minimum is the maximum */
	if (status != TDX_STATUS(TDCS_NOT_ALLOCATED, 0))
		return status;
	status = tdx_page_get(c, pa, TDX_OP_RCX, LOCK_EXCL, PT_NDA, &p);
	if (status != TDX_SUCCESS)
		return status;

	tdx_page_assign(c->m, pa, p, PT_TDCX, td, 0);
	page = tdx_ram(c->m, pa);
	/* Fact sheet 2.2, TDCS: page 2 is the MSR bitmaps, page 3 the root of the S-EPT. */
	if (td->num_tdcx == TDX_TDCS_SEPT_ROOT)
		tdx_sept_init_table(page);
	else
		__builtin_memset(page, td->num_tdcx == TDX_TDCS_MSR_BITMAPS ? 0xff : 0,
				 TDX_PAGE_SIZE);
	td->tdcx[td->num_tdcx++] = pa;
	return TDX_SUCCESS;
}

/* ---- TDH.MNG.INIT ----------------------------------------------------------- */

static bool xfam_legal(const struct tdx_module *m, uint64_t xfam)
{
	uint64_t avx512 = xfam >> 5 & 7;

	if ((xfam & ~tdx_xfam_fixed0(m)) || (xfam & TDX_XFAM_FIXED1) != TDX_XFAM_FIXED1)
		return false;
	if (avx512 && (avx512 != 7 || !(xfam >> 2 & 1)))
		return false;
	return (xfam >> 11 & 1) == (xfam >> 12 & 1) && (xfam >> 17 & 1) == (xfam >> 18 & 1);
}

static bool eptp_legal(const struct tdx_module *m, const struct td_params *p)
{
	bool five = p->eptp_controls == (TD_EPTP_WB | TD_EPTP_5_LEVEL);

	if (!five && p->eptp_controls != (TD_EPTP_WB | TD_EPTP_4_LEVEL))
		return false;
	return five ? m->platform.la57 : !(p->config_flags & TDX_CONFIG_GPAW);
}

static bool all_zero(const void *buf, size_t len)
{
	for (const uint8_t *p = buf; len; len--)
		if (*p++)
			return false;
	return true;
}

static bool reserved_zero(const struct td_params *p)
{
	return !p->msr_config_ctls && !p->reserved_14 &&
	       all_zero(p->reserved_2a, sizeof(p->reserved_2a)) &&
	       all_zero(p->reserved_e0, sizeof(p->reserved_e0)) &&
	       all_zero(&p->cpuid_values[TDX_NR_CPUID_CONFIG],
			sizeof(p->cpuid_values) - TDX_NR_CPUID_CONFIG * sizeof(p->cpuid_values[0]));
}

/* Fact sheet 3.5, in its order. */
static uint64_t check_params(const struct tdx_module *m, const struct td_params *p)
{
	if ((p->attributes & ~tdx_attributes_fixed0(m)) ||
	    (p->attributes & TDX_ATTRIBUTES_FIXED1) != TDX_ATTRIBUTES_FIXED1)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_ATTRIBUTES);
	if (!xfam_legal(m, p->xfam))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_XFAM);
	if (!p->max_vcpus || p->max_vcpus > TDX_MAX_VCPUS)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_MAX_VCPUS);
	if (p->num_l2_vms > 3)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_NUM_L2_VMS);
	if (p->num_l2_vms)	/* each would need a TDCS page more than the maximum */
		return TDX_STATUS(TDCS_NOT_ALLOCATED, 0);
	if (p->config_flags & ~(TDX_CONFIG_GPAW | TDX_CONFIG_FLEXIBLE_PENDING_VE |
				TDX_CONFIG_NO_RBP_MOD | TDX_CONFIG_FLAG_CONNECT))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_CONFIG_FLAGS);
	if ((p->config_flags & TDX_CONFIG_FLAG_CONNECT) && !m->connect.enabled)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX);
	if (!eptp_legal(m, p))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_EPTP_CONTROLS);
	if (p->tsc_frequency < 4 || p->tsc_frequency > 400)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_TSC_FREQUENCY);
	if (!reserved_zero(p))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX);
	return TDX_SUCCESS;
}

/* Virtual TSC: 0 now, at @td's frequency. The multiplier has 48 fractional bits. */
static void tsc_setup(struct tdx_call *c, struct tdx_td *td)
{
	uint64_t virt_khz = td->tsc_frequency * 25000ULL, native_khz = c->m->platform.tsc_khz;
	uint64_t now = c->m->ops->tsc(c->m->opaque, c->lp), rest = virt_khz % native_khz;
	uint64_t mult = virt_khz / native_khz << 48;

	mult |= (rest << 24) / native_khz << 24;
	rest = (rest << 24) % native_khz;
	mult |= (rest << 24) / native_khz;
	td->tsc_multiplier = mult;
	td->tsc_offset = -(uint64_t)((unsigned __int128)now * mult >> 48);
}

/*
 * The MMIO reporting offset (C 5.4): signed, page aligned. Bit 56 is clear and above any HPA, so
 * that the sum of the two wraps neither as a signed nor as an unsigned number.
 */
static bool mmio_offset_draw(const struct tdx_module *m, struct tdx_td *td)
{
	if (!m->ops->random(m->opaque, &td->mmio_offset, sizeof(td->mmio_offset)))
		return false;
	td->mmio_offset &= ~(1ULL << 56 | TDX_PAGE_MASK);
	return true;
}

static void td_take_params(struct tdx_call *c, struct tdx_td *td, const struct td_params *p)
{
	td->attributes = p->attributes;
	td->xfam = p->xfam;
	td->max_vcpus = p->max_vcpus;
	td->config_flags = p->config_flags;
	td->eptp_controls = p->eptp_controls;
	td->tsc_frequency = p->tsc_frequency;
	td->gpaw = p->config_flags & TDX_CONFIG_GPAW ? 52 : 48;
	td->ept_levels = (p->eptp_controls >> 3 & 7) + 1;
	td->sept_root = td->tdcx[TDX_TDCS_SEPT_ROOT];
	td->td_ctls = p->attributes & TDX_ATTR_SEPT_VE_DISABLE ? TDX_CTLS_PENDING_VE_DISABLE : 0;
	td->epoch = 1;
	td->topology_enum_configured = true;
	__builtin_memcpy(td->mrconfigid, p->mrconfigid, sizeof(td->mrconfigid));
	__builtin_memcpy(td->mrowner, p->mrowner, sizeof(td->mrowner));
	__builtin_memcpy(td->mrownerconfig, p->mrownerconfig, sizeof(td->mrownerconfig));
	sha384_init(&td->mrtd_ctx);
	tsc_setup(c, td);
}

uint64_t tdh_mng_init(struct tdx_call *c)
{
	uint64_t params_pa = c->r[TDX_RDX];
	struct td_params params;
	struct tdx_td *td;
	const void *src;
	uint64_t status;

	status = td_get_usable_excl(c, c->r[TDX_RCX], TDX_OP_RCX, OP_IN(OP_UNINITIALIZED), &td);
	c->r[TDX_RCX] = 0;
	if (status != TDX_SUCCESS)
		return status;
	if (!tdx_call_lock(c, &td->op_state_lock, LOCK_EXCL))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_OP_STATE);
	src = tdx_shared_operand(c->m, params_pa, sizeof(params));
	if (!src)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX);
	__builtin_memcpy(&params, src, sizeof(params));
	status = check_params(c->m, &params);
	if (status != TDX_SUCCESS)
		return status;
	if ((params.config_flags & TDX_CONFIG_FLAG_CONNECT) && !mmio_offset_draw(c->m, td))
		return TDX_STATUS(RND_NO_ENTROPY, 0);
	td_take_params(c, td, &params);
	status = tdx_cpuid_init(c->m, td, params.cpuid_values, &c->r[TDX_RCX]);
	if (status == TDX_SUCCESS)
		td->op_state = OP_INITIALIZED;
	return status;
}

uint64_t tdh_mng_rd(struct tdx_call *c)
{
	uint64_t field = c->r[TDX_RDX], value = 0;
	struct tdx_td *td;
	uint64_t status;

	c->r[TDX_R8] = 0;
	status = tdx_td_get(c, c->r[TDX_RCX], TDX_OP_RCX, LOCK_SHARED, &td);
	if (status == TDX_SUCCESS)
		status = tdx_td_usable(c, td, LOCK_SHARED,
				       OP_IN(OP_INITIALIZED) | OP_IN(OP_RUNNABLE));
	if (status == TDX_SUCCESS)
		status = tdx_md_td_rd(c->m, td, field, &value);
	if (status == TDX_SUCCESS)
		c->r[TDX_R8] = value;
	return status;
}

/* ---- measurement ------------------------------------------------------------ */

uint64_t tdh_mr_finalize(struct tdx_call *c)
{
	struct tdx_td *td;
	uint64_t status =
		td_get_usable_excl(c, c->r[TDX_RCX], TDX_OP_RCX, OP_IN(OP_INITIALIZED), &td);

	if (status != TDX_SUCCESS)
		return status;
	if (!tdx_call_lock(c, &td->op_state_lock, LOCK_EXCL))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_OP_STATE);
	if (!td->num_vcpus)
		return TDX_STATUS(NO_VCPUS, 0);
	sha384_final(&td->mrtd_ctx, td->mrtd);
	td->op_state = OP_RUNNABLE;
	return TDX_SUCCESS;
}

/* ---- end -------------------------------------------------------------------- */

uint64_t tdh_mng_vpflushdone(struct tdx_call *c)
{
	struct tdx_module *m = c->m;
	struct tdx_td *td;
	uint64_t status = tdx_td_get(c, c->r[TDX_RCX], TDX_OP_RCX, LOCK_EXCL, &td);
	unsigned int slot;

	if (status != TDX_SUCCESS)
		return status;
	if (!tdx_call_lock(c, &m->kot_lock, LOCK_EXCL))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_KOT);
	if (td->lifecycle != TD_KEYS_CONFIGURED && td->lifecycle != TD_HKID_ASSIGNED)
		return TDX_STATUS(LIFECYCLE_STATE_INCORRECT, 0);
	if (td->num_assoc_vcpus)	/* only possible from INITIALIZED on */
		return TDX_STATUS(FLUSHVP_NOT_DONE, 0);
	if (td->nr_tdis)		/* they would keep using the key's memory (C 3.3) */
		return TDX_STATUS(TD_HAS_ATTACHED_DEVICES, 0);
	slot = td->hkid - tdx_first_hkid(m);
	td->lifecycle = TD_BLOCKED;
	m->kot[slot].state = KOT_FLUSHED;
	m->kot[slot].wb_pending = true;
	return TDX_SUCCESS;
}

uint64_t tdh_mng_key_freeid(struct tdx_call *c)
{
	struct tdx_module *m = c->m;
	struct tdx_td *td;
	uint64_t status = tdx_td_get(c, c->r[TDX_RCX], TDX_OP_RCX, LOCK_EXCL, &td);
	unsigned int slot;

	if (status != TDX_SUCCESS)
		return status;
	if (!tdx_call_lock(c, &m->kot_lock, LOCK_EXCL))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_KOT);
	if (td->lifecycle != TD_BLOCKED)
		return TDX_STATUS(LIFECYCLE_STATE_INCORRECT, 0);
	slot = td->hkid - tdx_first_hkid(m);
	if (m->kot[slot].wb_pending)
		return TDX_STATUS(WBCACHE_NOT_COMPLETE, 0);
	m->kot[slot].state = KOT_FREE;
	td->lifecycle = TD_TEARDOWN;
	return TDX_SUCCESS;
}
