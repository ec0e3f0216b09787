// SPDX-License-Identifier: GPL-2.0
#include "tdx/tdcall.h"

uint64_t tdg_vp_info(struct vp_info *info)
{
	struct tdcall c = { .rax = TDG_VP_INFO };

	tdcall(&c);
	*info = (struct vp_info){
		.gpaw = c.rcx & 0x3f,
		.attributes = c.rdx,
		.nr_vcpus = (uint32_t)c.r8,
		.max_vcpus = c.r8 >> 32,
		.index = (uint32_t)c.r9,
		.sys_rd = c.r10 & 1,
	};
	return c.rax;
}

uint64_t tdg_vp_veinfo_get(struct ve_info *ve)
{
	struct tdcall c = { .rax = TDG_VP_VEINFO_GET };

	tdcall(&c);
	*ve = (struct ve_info){
		.reason = (uint32_t)c.rcx,
		.qual = c.rdx,
		.gla = c.r8,
		.gpa = c.r9,
		.insn_len = (uint32_t)c.r10,
		.insn_info = c.r10 >> 32,
	};
	return c.rax;
}

uint64_t tdg_mem_page_accept(uint64_t gpa, unsigned int level)
{
	struct tdcall c = { .rax = TDG_MEM_PAGE_ACCEPT, .rcx = gpa | level };

	return tdcall(&c);
}

uint64_t tdg_mr_report(void *report, const void *data, uint64_t subtype)
{
	struct tdcall c = {
		.rax = TDG_MR_REPORT,
		.rcx = (uintptr_t)report, .rdx = (uintptr_t)data, .r8 = subtype,
	};

	return tdcall(&c);
}

uint64_t tdg_mr_rtmr_extend(const void *data, uint64_t index)
{
	struct tdcall c = { .rax = TDG_MR_RTMR_EXTEND, .rcx = (uintptr_t)data, .rdx = index };

	return tdcall(&c);
}

uint64_t tdg_vm_rd(uint64_t field, uint64_t *value)
{
	struct tdcall c = { .rax = TDG_VM_RD, .rdx = field };

	tdcall(&c);
	*value = c.r8;
	return c.rax;
}

uint64_t tdg_vm_wr(uint64_t field, uint64_t *value, uint64_t mask)
{
	struct tdcall c = { .rax = TDG_VM_WR, .rdx = field, .r8 = *value, .r9 = mask };

	tdcall(&c);
	*value = c.r8;
	return c.rax;
}

uint64_t tdg_vp_cpuidve_set(uint64_t which)
{
	struct tdcall c = { .rax = TDG_VP_CPUIDVE_SET, .rcx = which };

	return tdcall(&c);
}
