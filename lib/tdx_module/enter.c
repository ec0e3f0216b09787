// SPDX-License-Identifier: GPL-2.0
/* TDH.VP.ENTER, TD exit, TLB epochs (fact sheet 4.1, 4.2, 6.3). */
#include "sept.h"
#include "../tdx_abi/exit.h"

#define RCX_HINT	(1ULL << 52)	/* host recoverability hint */
#define RCX_RESUME_L1	(1ULL << 53)
#define RCX_RESERVED	(~0ULL << 54 | TDX_PAGE_MASK)
#define STATUS_FATAL	(1u << 29)	/* bit 61 of the status */
#define XCR0_BITS	0x602ffu	/* of XFAM; the rest is in IA32_XSS */

bool tdx_lp_in_td(const struct tdx_module *m, unsigned int lp)
{
	return __atomic_load_n(&m->lp[lp].running, __ATOMIC_ACQUIRE);
}

/* Count the vCPU into the current TLB epoch (6.3). */
static uint64_t epoch_enter(struct tdx_call *c, struct tdx_vcpu *v)
{
	struct tdx_td *td = v->td;

	if (!tdx_call_lock(c, &td->epoch_lock, LOCK_SHARED))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_TD_EPOCH);
	td->refcount[td->epoch & 1]++;
	v->epoch = td->epoch;
	return TDX_SUCCESS;
}

static void epoch_leave(struct tdx_vcpu *v)
{
	v->td->refcount[v->epoch & 1]--;
}

static uint64_t enter_checks(struct tdx_call *c, uint64_t rcx, struct tdx_vcpu **out)
{
	struct tdx_vcpu *v;
	uint64_t status;

	if (rcx & RCX_RESERVED)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	status = tdx_vcpu_get(c, rcx & ~(RCX_HINT | RCX_RESUME_L1), TDX_OP_RCX, LOCK_SHARED,
			      LOCK_SHARED, &v);
	if (status == TDX_SUCCESS)
		status = tdx_td_usable(c, v->td, LOCK_SHARED, OP_IN(OP_RUNNABLE));
	if (status != TDX_SUCCESS)
		return status;
	if (v->num_tdcx < TDX_TDVPS_PAGES - 1)
		return TDX_STATUS(TDCX_NUM_INCORRECT, 0);
	if (__atomic_load_n(&v->state, __ATOMIC_ACQUIRE) != VCPU_READY)
		return TDX_STATUS(VCPU_STATE_INCORRECT, 0);
	status = tdx_vcpu_associate(c, v);
	if (status != TDX_SUCCESS)
		return status;
	/* There is no L2 to resume from. */
	if ((rcx & RCX_RESUME_L1) || ((rcx & RCX_HINT) && v->last_exit != EXIT_ASYNC_TRAP))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	if (c->m->ops->tsc(c->m->opaque, c->lp) < v->last_exit_tsc)
		return TDX_STATUS(TSC_ROLLBACK, 0);
	*out = v;
	return TDX_SUCCESS;
}

/* After TDG.VP.VMCALL the host's answer is in the registers that the TD exposed (4.1). */
static uint32_t take_answer(struct tdx_vcpu *v, const uint64_t *host)
{
	uint64_t mask = v->gprs.r[TDX_RCX];

	for (unsigned int i = TDX_RDX; i < TDX_NR_GPRS; i++)
		if (mask >> i & 1)
			v->gprs.r[i] = host[i];
	v->gprs.r[TDX_RAX] = TDX_SUCCESS;
	return mask >> 16 & 0xffff;
}

/* L1's registers after an asynchronous exit (4.2). RSP is the host's own. */
static void host_async(const struct tdx_vcpu *v, const struct tdx_exit_info *info, uint64_t *host)
{
	for (unsigned int i = 0; i < TDX_NR_GPRS; i++)
		if (i != TDX_RSP &&
		    !(i == TDX_RBP && (v->td->config_flags & TDX_CONFIG_NO_RBP_MOD)))
			host[i] = 0;
	host[TDX_RCX] = info->qual & 0xffffffff;
	host[TDX_RDX] = info->ext_qual;
	host[TDX_R8] = info->gpa & ~TDX_PAGE_MASK;
	host[TDX_R9] = info->intr_info;
}

/*
 * Up to the point of no return: epoch, then the zero-step filter. A refusal leaves the epoch as it
 * was; a faked EPT violation (4.4) fills the host's registers as a real one would.
 */
static uint64_t enter_filter(struct tdx_call *c, struct tdx_vcpu *v, bool *flush)
{
	struct tdx_exit_info fake = { .qual = TDX_QUAL_WRITE };
	uint64_t before = v->epoch, status = epoch_enter(c, v);

	if (status != TDX_SUCCESS)
		return status;
	*flush = v->epoch != before && !v->newly_associated;
	status = tdx_step_enter(c, v, &fake.gpa);
	if (status == TDX_SUCCESS)
		return status;
	epoch_leave(v);
	v->epoch = before;
	if (TDX_STATUS_HI(status) == TDX_HI_SUCCESS)
		host_async(v, &fake, c->r);
	return status;
}

uint64_t tdh_vp_enter(struct tdx_call *c)
{
	struct tdx_module *m = c->m;
	struct tdx_lp *lp = &m->lp[c->lp];
	struct tdx_enter *e = c->enter;
	struct tdx_vcpu *v;
	bool flush;
	uint64_t status = enter_checks(c, c->r[TDX_RCX], &v);

	if (status == TDX_SUCCESS)
		status = enter_filter(c, v, &flush);
	if (status != TDX_SUCCESS)
		return status;

	*e = (struct tdx_enter) {
		.slot = v - m->vcpus,
		.first = !v->entered_once,
		.flush = flush || lp->last_tdvpr != v->tdvpr_pa,
		.init_rbx = v->td->gpaw,
		.xfam_lo = v->td->xfam & XCR0_BITS,
		.tsc_offset = v->td->tsc_offset,
		.tsc_multiplier = v->td->tsc_multiplier,
		.inject_vector = -1,	/* an interrupted event stays with the TD's context */
	};
	if (v->entered_once && v->last_exit == EXIT_TDVMCALL)
		e->xmm_mask = take_answer(v, c->r);
	e->gprs = v->gprs;
	v->entered_once = true;
	v->newly_associated = false;
	lp->last_tdvpr = v->tdvpr_pa;
	__atomic_store_n(&v->state, VCPU_ACTIVE, __ATOMIC_RELEASE);
	__atomic_store_n(&lp->running, v, __ATOMIC_RELEASE);
	/* TDVPR and TDR stay locked while the TD runs; the op_state lock does not. */
	tdx_call_keep(c, &tdx_pamt(m, v->tdvpr_pa)->lock);
	tdx_call_keep(c, &tdx_pamt(m, v->td->tdr_pa)->lock);
	c->entered = true;
	return TDX_SUCCESS;
}

/* ---- TD exit ---------------------------------------------------------------- */

/* L1's registers after TDG.VP.VMCALL: those that the TD selected in RCX. */
static void host_vmcall(const struct tdx_gprs *guest, struct tdx_gprs *host)
{
	uint64_t mask = guest->r[TDX_RCX];

	for (unsigned int i = TDX_RDX; i < TDX_NR_GPRS; i++)
		if (i != TDX_RSP && (i != TDX_RBP || (mask >> i & 1)))
			host->r[i] = mask >> i & 1 ? guest->r[i] : 0;
	host->r[TDX_RCX] = mask;
}

void tdx_td_exit(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v, struct tdx_gprs *gprs,
		 const struct tdx_exit_info *info, struct tdx_gprs *host, struct tdx_result *res)
{
	struct tdx_trace_event ev = { .kind = TDX_TRACE_TD_EXIT, .lp = lp, .leaf = v->index,
				      .tdr = v->td->tdr_pa };
	uint32_t hi = info->status_hi;
	bool vmcall = info->kind == EXIT_TDVMCALL;
	tdx_lock_t *tdvpr = &tdx_pamt(m, v->tdvpr_pa)->lock;
	tdx_lock_t *tdr = &tdx_pamt(m, v->td->tdr_pa)->lock;

	if (hi & STATUS_FATAL)
		v->td->fatal = true;
	else if (v->td->fatal)		/* by another vCPU */
		hi = TDX_HI_NON_RECOVERABLE_TD_NON_ACCESSIBLE;
	res->action = TDX_TD_EXIT;
	res->advance = vmcall;
	res->scrub = true;
	res->xmm_mask = vmcall ? gprs->r[TDX_RCX] >> 16 & 0xffff : 0;
	if (vmcall)
		host_vmcall(gprs, host);
	else
		host_async(v, info, host->r);
	host->r[TDX_RAX] = (uint64_t)hi << 32 | info->reason;

	tdx_step_exit(v, info);
	v->gprs = *gprs;
	v->last_exit = info->kind;
	v->last_exit_tsc = m->ops->tsc(m->opaque, lp);
	if (hi != TDX_HI_NON_RECOVERABLE_TD_NON_ACCESSIBLE)
		epoch_leave(v);
	m->td_exits++;
	ev.status = host->r[TDX_RAX];
	ev.out[0] = host->r[TDX_RCX];
	ev.out[1] = host->r[TDX_RDX];
	ev.out[2] = host->r[TDX_R8];
	tdx_trace(m, &ev);
	__atomic_store_n(&v->state, hi == TDX_HI_NON_RECOVERABLE_VCPU ? VCPU_DISABLED : VCPU_READY,
			 __ATOMIC_RELEASE);
	tdx_unlock_shared(tdvpr);
	tdx_unlock_shared(tdr);
	/* Last: TDH.SYS.DISABLE wipes everything once no LP is in a TD. */
	__atomic_store_n(&m->lp[lp].running, NULL, __ATOMIC_RELEASE);
}
