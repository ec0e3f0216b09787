// SPDX-License-Identifier: GPL-2.0
/*
 * What the TD sees of each VM exit (fact sheet 5.1, 5.2): nothing, an exception, #VE, or the host.
 */
#include "guest.h"

void tdx_inject_ve(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
		   const struct tdx_ve_info *ve, struct tdx_result *res)
{
	struct tdx_trace_event trace = {
		.kind = TDX_TRACE_VE, .lp = (uint16_t)lp, .leaf = (uint16_t)ve->reason,
		.tdr = v->td->tdr_pa, .in = { ve->qual, ve->gla, ve->gpa, v->index },
	};

	/* The area holds one #VE: a second one before TDG.VP.VEINFO.GET is a double fault. */
	if (v->ve.valid) {
		tdx_inject(res, TDX_VEC_DF);
		return;
	}
	v->ve = *ve;
	v->ve.valid = true;
	tdx_inject(res, TDX_VEC_VE);
	if (m->ops->trace)
		m->ops->trace(m->opaque, &trace);
}

void tdx_insn_ve(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
		 const struct tdx_event *ev, uint32_t reason, uint64_t qual, struct tdx_result *res)
{
	struct tdx_ve_info ve = { .reason = reason, .qual = qual, .insn_len = ev->insn_len };

	tdx_inject_ve(m, lp, v, &ve, res);
}

void tdx_td_kill(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v, uint32_t status_hi,
		 struct tdx_exit_info info, struct tdx_gprs *gprs, struct tdx_gprs *host,
		 struct tdx_result *res)
{
	info.status_hi = status_hi;
	info.kind = EXIT_ASYNC_FAULT;
	tdx_td_exit(m, lp, v, gprs, &info, host, res);
}

static uint64_t ept_qual(const struct tdx_event *ev)
{
	return ev->access | (uint64_t)ev->ept_rwx << TDX_QUAL_RWX_SHIFT;
}

static void inject_ept_ve(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
			  const struct tdx_event *ev, struct tdx_result *res)
{
	struct tdx_ve_info ve = {
		.reason = TDX_EXIT_EPT_VIOLATION, .qual = ept_qual(ev), .gpa = ev->gpa,
	};

	if (ev->gla_valid) {
		ve.gla = ev->gla;
		ve.qual |= TDX_QUAL_GLA_VALID;
		if (!ev->page_walk)
			ve.qual |= TDX_QUAL_GLA_ACCESS;
	}
	tdx_inject_ve(m, lp, v, &ve, res);
}

static void inject_reserved_pf(const struct tdx_event *ev, struct tdx_result *res)
{
	tdx_inject(res, TDX_VEC_PF);
	res->has_error = true;
	res->error = TDX_PF_PRESENT | TDX_PF_RSVD;
	if (ev->access & TDX_ACCESS_WRITE)
		res->error |= TDX_PF_WRITE;
	if (ev->access & TDX_ACCESS_FETCH)
		res->error |= TDX_PF_FETCH;
	if (ev->cpl == 3)
		res->error |= TDX_PF_USER;
	res->cr2 = ev->gla;
}

/* The CPU turns a violation into #VE by itself only under these conditions (5.1). */
static bool ept_convertible(const struct tdx_vcpu *v, const struct tdx_event *ev)
{
	return ev->shared && !ev->suppress_ve && (ev->cr0 & CR0_PE) && !ev->event_delivery &&
	       !v->ve.valid;
}

void tdx_ept_event(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
		   const struct tdx_event *ev, struct tdx_gprs *gprs, struct tdx_gprs *host,
		   struct tdx_result *res)
{
	struct tdx_exit_info info = {
		.status_hi = TDX_HI_SUCCESS, .reason = TDX_EXIT_EPT_VIOLATION, .qual = ept_qual(ev),
		.gpa = ev->gpa & ~0xfffULL, .kind = EXIT_ASYNC_FAULT,
	};

	if (ev->reserved && ev->gla_valid) {
		inject_reserved_pf(ev, res);
		return;
	}
	if (ev->misconfig) {
		/*
		 * A malformed shared entry is the host's fault; a malformed S-EPT entry can't
		 * happen.
		 */
		info.reason = TDX_EXIT_EPT_MISCONFIG;
		info.qual = 0;
	} else if (ept_convertible(v, ev)) {
		inject_ept_ve(m, lp, v, ev, res);
		return;
	} else if (ev->pending && !ev->shared) {
		if (!tdx_td_is(v->td, TDX_CTLS_PENDING_VE_DISABLE)) {
			inject_ept_ve(m, lp, v, ev, res);
			return;
		}
		info.ext_qual = TDX_EEQ_PENDING_EPT_VIOLATION;
	}
	tdx_td_exit(m, lp, v, gprs, &info, host, res);
}

/* Events that end the run of the vCPU whatever the TD does. True: @ev was one. */
static bool host_event(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
		       const struct tdx_event *ev, struct tdx_gprs *gprs, struct tdx_gprs *host,
		       struct tdx_result *res)
{
	struct tdx_exit_info info = { .status_hi = TDX_HI_SUCCESS, .kind = EXIT_ASYNC_TRAP };

	switch (ev->kind) {
	case TDX_EV_EXTINT:
		info.reason = TDX_EXIT_EXTERNAL_INTERRUPT;
		info.intr_info = TDX_INTR_VALID | TDX_INTR_TYPE_EXTERNAL | ev->vector;
		break;
	case TDX_EV_NMI:
		info.reason = TDX_EXIT_EXCEPTION_NMI;
		info.intr_info = TDX_INTR_VALID | TDX_INTR_TYPE_NMI | TDX_VEC_NMI;
		break;
	case TDX_EV_SMI:
		info.reason = TDX_EXIT_OTHER_SMI;
		break;
	case TDX_EV_INIT:
		info.reason = TDX_EXIT_INIT;
		break;
	case TDX_EV_MCE:
		info.reason = TDX_EXIT_EXCEPTION_NMI;
		info.intr_info = TDX_INTR_VALID | TDX_INTR_TYPE_HW_EXC | TDX_VEC_MC;
		tdx_td_kill(m, lp, v, TDX_HI_NON_RECOVERABLE_TD_NON_ACCESSIBLE, info, gprs, host,
			    res);
		return true;
	case TDX_EV_TRIPLE_FAULT:
		info.reason = TDX_EXIT_TRIPLE_FAULT;
		info.status_hi = TDX_HI_NON_RECOVERABLE_VCPU;
		info.kind = EXIT_ASYNC_FAULT;
		break;
	case TDX_EV_TASK_SWITCH:
		info.reason = TDX_EXIT_TASK_SWITCH;
		info.qual = ev->qual;
		info.kind = EXIT_ASYNC_FAULT;
		break;
	default:
		return false;
	}
	tdx_td_exit(m, lp, v, gprs, &info, host, res);
	return true;
}

/* #VE where the TD's CPUID enumerates the instruction, #UD where it does not. */
static void enumerated_insn(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
			    const struct tdx_event *ev, struct tdx_result *res)
{
	bool monitor = tdx_td_cpuid(v->td, 1, TDX_CPUID_NO_SUBLEAF, CPUID_ECX) >> 3 & 1;
	bool pconfig = tdx_td_cpuid(v->td, 7, 0, CPUID_EDX) >> 18 & 1;

	if (ev->kind == TDX_EV_PCONFIG ? !pconfig : !monitor)
		tdx_inject(res, TDX_VEC_UD);
	else
		tdx_insn_ve(m, lp, v, ev, ev->kind == TDX_EV_MONITOR ? TDX_EXIT_MONITOR :
			    ev->kind == TDX_EV_MWAIT ? TDX_EXIT_MWAIT : TDX_EXIT_PCONFIG, 0, res);
}

static void cr8_event(struct tdx_vcpu *v, const struct tdx_event *ev, struct tdx_result *res)
{
	res->action = TDX_TD_NEXT;
	if (ev->kind == TDX_EV_CR8_READ) {
		res->value = v->vapic.tpr >> 4;
	} else if (ev->value > 15) {
		tdx_inject(res, TDX_VEC_GP);
	} else {
		v->vapic.tpr = (uint8_t)(ev->value << 4);
	}
}

/* Exit reasons of the instructions that are #VE in every TD. */
static const uint8_t plain_reason[TDX_NR_EVENTS] = {
	[TDX_EV_IO] = TDX_EXIT_IO, [TDX_EV_HLT] = TDX_EXIT_HLT, [TDX_EV_INVD] = TDX_EXIT_INVD,
	[TDX_EV_WBINVD] = TDX_EXIT_WBINVD, [TDX_EV_VMCALL] = TDX_EXIT_VMCALL,
};

static void insn_event(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
		       const struct tdx_event *ev, struct tdx_gprs *gprs, struct tdx_gprs *host,
		       struct tdx_result *res)
{
	struct tdx_exit_info fatal = { 0 };

	switch (ev->kind) {
	case TDX_EV_TDCALL:
		tdx_tdcall(m, lp, v, ev, gprs, host, res);
		return;
	case TDX_EV_CPUID:
		tdx_guest_cpuid(m, lp, v, ev, gprs, res);
		return;
	case TDX_EV_RDMSR:
		tdx_rdmsr(m, lp, v, ev, gprs, res);
		return;
	case TDX_EV_WRMSR:
		tdx_wrmsr(m, lp, v, ev, gprs, res);
		return;
	case TDX_EV_IO:
	case TDX_EV_HLT:
	case TDX_EV_INVD:
	case TDX_EV_WBINVD:
	case TDX_EV_VMCALL:
		tdx_insn_ve(m, lp, v, ev, plain_reason[ev->kind],
			    ev->kind == TDX_EV_IO ? ev->qual : 0, res);
		return;
	case TDX_EV_MONITOR:
	case TDX_EV_MWAIT:
	case TDX_EV_PCONFIG:
		enumerated_insn(m, lp, v, ev, res);
		return;
	case TDX_EV_VMX_INSN:
		tdx_inject(res, TDX_VEC_UD);
		return;
	case TDX_EV_XSETBV:
		tdx_xsetbv(m, lp, v, ev, gprs, res);
		return;
	case TDX_EV_CR_WRITE:
		tdx_cr_write(m, lp, v, ev, res);
		return;
	case TDX_EV_CR8_READ:
	case TDX_EV_CR8_WRITE:
		cr8_event(v, ev, res);
		return;
	case TDX_EV_RDPMC:
		if (v->td->attributes & TDX_ATTR_PERFMON)
			res->action = TDX_TD_NATIVE;
		else
			tdx_inject(res, TDX_VEC_GP);
		return;
	default:
		/*
		 * An exit that the module's controls can't cause: the platform is broken, the TD
		 * dies.
		 */
		tdx_td_kill(m, lp, v, TDX_HI_NON_RECOVERABLE_TD, fatal, gprs, host, res);
		return;
	}
}

void tdx_td_event(struct tdx_module *m, unsigned int lp, const struct tdx_event *ev,
		  struct tdx_gprs *gprs, struct tdx_gprs *host, struct tdx_result *res)
{
	struct tdx_vcpu *v = m->lp[lp].running;
	struct tdx_exit_info info = { .reason = TDX_EXIT_EXCEPTION_NMI };

	v->rip = ev->rip;
	*res = (struct tdx_result){ .action = TDX_TD_RETRY };
	if (host_event(m, lp, v, ev, gprs, host, res))
		return;
	if (ev->kind == TDX_EV_EPT) {
		tdx_ept_event(m, lp, v, ev, gprs, host, res);
	} else if (ev->event_delivery) {
		/* No instruction can intercept while an event is being delivered (5.1). */
		tdx_td_kill(m, lp, v, TDX_HI_NON_RECOVERABLE_TD, info, gprs, host, res);
	} else {
		insn_event(m, lp, v, ev, gprs, host, res);
	}
}
