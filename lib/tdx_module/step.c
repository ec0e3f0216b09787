// SPDX-License-Identifier: GPL-2.0
/*
 * The zero-step filter (fact sheet 4.4): a host that keeps a TD faulting at one instruction may be
 * observing it, so after a few such exits the TD is only resumed once the faulting pages are there.
 * Left out, which is a legal subset: the filter for single-stepping by interrupts, and the #VE that
 * NOTIFY_ENABLES asks for.
 */
#include "sept.h"
#include "../tdx_abi/exit.h"

#define STEP_THRESHOLD	6
#define TDCALL_INSN_LEN	4

void tdx_step_exit(struct tdx_vcpu *v, const struct tdx_exit_info *info)
{
	/* Progress: this exit's RIP is not the one that the vCPU was last entered at. */
	if (v->rip != v->step_rip)
		v->step_count = v->nr_step_gpas = 0;
	v->step_rip = info->kind == EXIT_TDVMCALL ? v->rip + TDCALL_INSN_LEN : v->rip;
	if (info->reason != TDX_EXIT_EPT_VIOLATION || info->gpa >> (v->td->gpaw - 1))
		return;
	/* An ACCEPT asks for one page after the other at one RIP: that is progress (C 2.6). */
	if ((info->ext_qual & TDX_EEQ_TYPE) == TDX_EEQ_ACCEPT)
		return;
	if (++v->step_count > STEP_THRESHOLD && v->nr_step_gpas < TDX_GPA_LIST)
		v->step_gpa[v->nr_step_gpas++] = info->gpa & ~TDX_PAGE_MASK;
}

/* A page that is PENDING is the TD's own affair: the host has done its part. */
static bool would_fault(const struct tdx_module *m, const struct tdx_vcpu *v, uint64_t gpa)
{
	struct sept_pos pos;
	enum sept_state state;

	sept_walk(m, v->td, gpa, 0, SEPT_GUEST, &pos);
	state = sept_state(pos.value);
	return !sept_is_accessible_leaf(state) && state != SEPT_PENDING &&
	       state != SEPT_MMIO_PENDING;
}

uint64_t tdx_step_enter(struct tdx_call *c, struct tdx_vcpu *v, uint64_t *gpa)
{
	if (!v->nr_step_gpas)
		return TDX_SUCCESS;
	if (!tdx_call_lock(c, &v->td->sept_lock, LOCK_EXCL))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_SEPT_TREE);
	for (unsigned int i = 0; i < v->nr_step_gpas; i++)
		if (would_fault(c->m, v, v->step_gpa[i])) {
			*gpa = v->step_gpa[i];
			return TDX_STATUS(SUCCESS, TDX_EXIT_EPT_VIOLATION);
		}
	return TDX_SUCCESS;
}
