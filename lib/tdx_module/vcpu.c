// SPDX-License-Identifier: GPL-2.0
/* TDH.VP.* except ENTER: life cycle of a vCPU, its association with an LP, its metadata. */
#include "seamcall.h"

#define OP_I	OP_IN(OP_INITIALIZED)
#define OP_IR	(OP_IN(OP_INITIALIZED) | OP_IN(OP_RUNNABLE))
#define NR_VCPUS(m)	(sizeof((m)->vcpus) / sizeof((m)->vcpus[0]))

uint64_t tdx_vcpu_get(struct tdx_call *c, uint64_t pa, unsigned int operand,
		      enum tdx_lock_mode mode, enum tdx_lock_mode tdr_mode, struct tdx_vcpu **out)
{
	struct tdx_pamt *p;
	uint64_t status = tdx_page_get(c, pa, operand, mode, PT_TDVPR, &p);

	if (status != TDX_SUCCESS)
		return status;
	*out = &c->m->vcpus[p->slot];
	c->tdr_pa = p->owner_pfn * TDX_PAGE_SIZE;
	if (!tdx_call_lock(c, &tdx_pamt(c->m, c->tdr_pa)->lock, tdr_mode))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_TDR);
	return TDX_SUCCESS;
}

uint64_t tdx_vcpu_associate(struct tdx_call *c, struct tdx_vcpu *v)
{
	int owner = -1;

	/* Only TDVPR shared is held: of two LPs, one wins. */
	if (__atomic_compare_exchange_n(&v->assoc_lp, &owner, (int)c->lp, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE)) {
		v->newly_associated = true;
		v->td->num_assoc_vcpus++;
		return TDX_SUCCESS;
	}
	return owner == (int)c->lp ? TDX_SUCCESS : TDX_STATUS(VCPU_ASSOCIATED, 0);
}

static struct tdx_vcpu *vcpu_alloc(struct tdx_module *m)
{
	for (unsigned int i = 0; i < NR_VCPUS(m); i++)
		if (!__atomic_exchange_n(&m->vcpus[i].used, true, __ATOMIC_ACQUIRE))
			return &m->vcpus[i];
	return NULL;
}

uint64_t tdh_vp_create(struct tdx_call *c)
{
	uint64_t pa = c->r[TDX_RCX];
	struct tdx_vcpu *v;
	struct tdx_pamt *p;
	struct tdx_td *td;
	uint64_t status;

	status = tdx_td_get(c, c->r[TDX_RDX], TDX_OP_RDX, LOCK_SHARED, &td);
	if (status == TDX_SUCCESS)
		status = tdx_td_usable(c, td, LOCK_SHARED, OP_I);
	if (status == TDX_SUCCESS)
		status = tdx_page_get(c, pa, TDX_OP_RCX, LOCK_EXCL, PT_NDA, &p);
	if (status != TDX_SUCCESS)
		return status;
	v = vcpu_alloc(c->m);
	if (!v)		/* limit of the model */
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_TDVPR);
	*v = (struct tdx_vcpu) { .used = true, .tdvpr_pa = pa, .td = td, .assoc_lp = -1 };
	tdx_page_assign(c->m, pa, p, PT_TDVPR, td, v - c->m->vcpus);
	__builtin_memset(tdx_ram(c->m, pa), 0, TDX_PAGE_SIZE);
	return TDX_SUCCESS;
}

uint64_t tdh_vp_addcx(struct tdx_call *c)
{
	uint64_t pa = c->r[TDX_RCX];
	struct tdx_vcpu *v;
	struct tdx_pamt *p;
	uint64_t status;

	status = tdx_vcpu_get(c, c->r[TDX_RDX], TDX_OP_RDX, LOCK_EXCL, LOCK_SHARED, &v);
	if (status == TDX_SUCCESS)
		status = tdx_td_usable(c, v->td, LOCK_SHARED, OP_I);
	if (status != TDX_SUCCESS)
		return status;
	if (v->state != VCPU_UNINIT)
		return TDX_STATUS(VCPU_STATE_INCORRECT, 0);
	if (v->num_tdcx == TDX_TDVPS_PAGES - 1)
		return TDX_STATUS(TDCX_NUM_INCORRECT, 0);
	status = tdx_page_get(c, pa, TDX_OP_RCX, LOCK_EXCL, PT_NDA, &p);
	if (status != TDX_SUCCESS)
		return status;
	tdx_page_assign(c->m, pa, p, PT_TDCX, v->td, 0);
	__builtin_memset(tdx_ram(c->m, pa), 0, TDX_PAGE_SIZE);
	v->tdcx[v->num_tdcx++] = pa;
	return TDX_SUCCESS;
}

/* ---- TDH.VP.INIT ------------------------------------------------------------ */

/* The GPRs of fact sheet 7; the platform sets up the rest on the first entry. */
void tdx_vcpu_reset_regs(struct tdx_module *m, struct tdx_vcpu *v, uint64_t rcx)
{
	v->gprs = (struct tdx_gprs) { .r = {
		[TDX_RBX] = v->td->gpaw,
		[TDX_RCX] = rcx,
		[TDX_R8] = rcx,
		[TDX_RDX] = m->platform.cpuid_1_eax,
		[TDX_RSI] = v->index,
	} };
	v->notify_nv = 0xffff;
	v->pid_pa = ~0ULL;
}

static bool x2apic_id_used(const struct tdx_td *td, unsigned int count, uint64_t id)
{
	for (unsigned int i = 0; i < count; i++)
		if (td->x2apic_ids[i] == id)
			return true;
	return false;
}

/* Give the vCPU its index. Version 0 may run concurrently with itself, hence the atomic counter. */
static uint64_t vcpu_number(struct tdx_call *c, struct tdx_vcpu *v)
{
	struct tdx_td *td = v->td;
	uint32_t index = td->num_vcpus++;
	uint64_t id = c->version ? c->r[TDX_R8] : index;
	uint64_t status = TDX_SUCCESS;

	if (index >= td->max_vcpus)
		status = TDX_STATUS(MAX_VCPUS_EXCEEDED, 0);
	else if (id >> 32)
		status = TDX_STATUS(OPERAND_INVALID, TDX_OP_R8);
	else if (c->version && x2apic_id_used(td, index, id))
		status = TDX_STATUS(X2APIC_ID_NOT_UNIQUE, id);
	if (status != TDX_SUCCESS) {
		td->num_vcpus--;
		return status;
	}
	if (!c->version)
		td->topology_enum_configured = false;
	td->x2apic_ids[index] = id;
	v->index = index;
	v->x2apic_id = id;
	return TDX_SUCCESS;
}

uint64_t tdh_vp_init(struct tdx_call *c)
{
	enum tdx_lock_mode tdr_mode = c->version ? LOCK_EXCL : LOCK_SHARED;
	struct tdx_vcpu *v;
	uint64_t status;

	status = tdx_vcpu_get(c, c->r[TDX_RCX], TDX_OP_RCX, LOCK_EXCL, tdr_mode, &v);
	if (status == TDX_SUCCESS)
		status = tdx_td_usable(c, v->td, tdr_mode, OP_I);
	if (status != TDX_SUCCESS)
		return status;
	if (v->num_tdcx < TDX_TDVPS_PAGES - 1)
		return TDX_STATUS(TDCX_NUM_INCORRECT, 0);
	if (v->state != VCPU_UNINIT)
		return TDX_STATUS(VCPU_STATE_INCORRECT, 0);
	status = vcpu_number(c, v);
	if (status != TDX_SUCCESS)
		return status;
	tdx_vcpu_reset_regs(c->m, v, c->r[TDX_RDX]);
	v->state = VCPU_READY;
	return tdx_vcpu_associate(c, v);
}

/* ---- metadata --------------------------------------------------------------- */

static uint64_t vcpu_get_md(struct tdx_call *c, bool allow_disabled, struct tdx_vcpu **out)
{
	uint64_t status = tdx_vcpu_get(c, c->r[TDX_RCX], TDX_OP_RCX, LOCK_SHARED, LOCK_SHARED, out);
	enum tdx_vcpu_state state;

	if (status == TDX_SUCCESS)
		status = tdx_td_usable(c, (*out)->td, LOCK_SHARED, OP_IR);
	if (status != TDX_SUCCESS)
		return status;
	if ((*out)->num_tdcx < TDX_TDVPS_PAGES - 1)
		return TDX_STATUS(TDCX_NUM_INCORRECT, 0);
	state = __atomic_load_n(&(*out)->state, __ATOMIC_ACQUIRE);
	if (state != VCPU_READY && !(allow_disabled && state == VCPU_DISABLED))
		return TDX_STATUS(VCPU_STATE_INCORRECT, 0);
	return tdx_vcpu_associate(c, *out);
}

uint64_t tdh_vp_rd(struct tdx_call *c)
{
	uint64_t value = 0;
	struct tdx_vcpu *v;
	uint64_t status;

	c->r[TDX_R8] = 0;
	status = vcpu_get_md(c, true, &v);
	if (status == TDX_SUCCESS)
		status = tdx_md_vcpu_rd(c->m, v, c->r[TDX_RDX], &value);
	if (status == TDX_SUCCESS)
		c->r[TDX_R8] = value;
	return status;
}

uint64_t tdh_vp_wr(struct tdx_call *c)
{
	uint64_t value = c->r[TDX_R8], old = 0;
	struct tdx_vcpu *v;
	uint64_t status;

	c->r[TDX_R8] = 0;
	status = vcpu_get_md(c, false, &v);
	if (status == TDX_SUCCESS)
		status = tdx_md_vcpu_wr(c->m, v, c->r[TDX_RDX], value, c->r[TDX_R9], &old);
	if (status == TDX_SUCCESS)
		c->r[TDX_R8] = old;
	return status;
}

/* ---- TDH.VP.FLUSH ----------------------------------------------------------- */

uint64_t tdh_vp_flush(struct tdx_call *c)
{
	struct tdx_module *m = c->m;
	struct tdx_vcpu *v;
	uint64_t status = tdx_vcpu_get(c, c->r[TDX_RCX], TDX_OP_RCX, LOCK_EXCL, LOCK_SHARED, &v);

	if (status != TDX_SUCCESS)
		return status;
	if (v->td->lifecycle != TD_KEYS_CONFIGURED)
		return TDX_STATUS(TD_KEYS_NOT_CONFIGURED, 0);
	if (v->assoc_lp != (int)c->lp)
		return TDX_STATUS(VCPU_NOT_ASSOCIATED, 0);
	m->ops->flush_td(m->opaque, c->lp);
	m->lp[c->lp].last_tdvpr = 0;
	v->assoc_lp = -1;
	v->td->num_assoc_vcpus--;
	return TDX_SUCCESS;
}
