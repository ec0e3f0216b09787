/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TDCALL: the guest's way into the TDX module (fact sheet 1, 5.1).
 *
 * tdcall() moves the whole register file, so that tests see every output and every register that
 * must not change. The wrappers below fill it for one leaf each and return the completion status.
 */
#ifndef TDX_TDCALL_H
#define TDX_TDCALL_H

#include <stdbool.h>
#include <stdint.h>

#include "tdx_abi/leaf.h"
#include "tdx_abi/status.h"
#include "tdx_abi/td.h"

struct tdcall {
	uint64_t rax, rcx, rdx, rbx, rsi, rdi;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
};

/* Execute TDCALL with @c's registers and store what comes back. Returns RAX. */
uint64_t tdcall(struct tdcall *c);
/*
 * The same at another address, for TDG.VP.VMCALL. The zero-step filter (fact sheet 4.4) takes faults
 * at one RIP for one faulting instruction: a MapGPA from where many pages were just accepted would
 * look like no progress, and be answered with an EPT violation of the page it has given away.
 */
uint64_t tdvmcall(struct tdcall *c);
/* tdvmcall() behind STI: no interrupt is taken between the two instructions. */
uint64_t tdvmcall_sti(struct tdcall *c);

/* TDG.VP.INFO, fact sheet 9.4 */
struct vp_info {
	unsigned int gpaw;
	uint64_t attributes;
	uint32_t nr_vcpus, max_vcpus;
	uint32_t index;
	bool sys_rd;
};
uint64_t tdg_vp_info(struct vp_info *info);

/* TDG.VP.VEINFO.GET, fact sheet 5.1 */
struct ve_info {
	uint32_t reason;
	uint64_t qual, gla, gpa;
	uint32_t insn_len, insn_info;
};
uint64_t tdg_vp_veinfo_get(struct ve_info *ve);

/* TDG.MEM.PAGE.ACCEPT, fact sheet 6.2. @level: 0 = 4 KiB, 1 = 2 MiB. One call, no retry. */
uint64_t tdg_mem_page_accept(uint64_t gpa, unsigned int level);

/*
 * TDG.MR.REPORT and TDG.MR.RTMR.EXTEND, fact sheet 5.1. Operands are identity-mapped private
 * memory.
 */
uint64_t tdg_mr_report(void *report, const void *data, uint64_t subtype);
uint64_t tdg_mr_rtmr_extend(const void *data, uint64_t index);

/*
 * TDG.VM.RD and TDG.VM.WR, fact sheet 3.4. *@value is the old value after a write, and 0 on error.
 */
uint64_t tdg_vm_rd(uint64_t field, uint64_t *value);
uint64_t tdg_vm_wr(uint64_t field, uint64_t *value, uint64_t mask);

/* TDG.VP.CPUIDVE.SET, fact sheet 5.1 and 5.4. @which: TD_CPUIDVE_* */
uint64_t tdg_vp_cpuidve_set(uint64_t which);

#endif
