/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TDX host platform for TCG: the hooks that the rest of target/i386 calls.
 *
 * A CPU with tdx-host=on offers VMX operation (VMXON, VMXOFF, INVEPT, INVVPID and
 * nothing else) and SEAMCALL. Behind SEAMCALL sits the TDX-module model in lib/. While
 * env->in_td is set, the CPU runs a TD: HF_GUEST_MASK makes the SVM intercept points
 * ours, and stage 2 is tdx_stage2().
 */
#ifndef I386_TDX_HOST_H
#define I386_TDX_HOST_H

#include "cpu.h"

typedef enum X86VmxOp {
    X86_VMXON,
    X86_VMXOFF,
    X86_VMCALL,
    X86_INVEPT,     /* and INVVPID */
    X86_VMCS,       /* anything that needs a VMCS: fails with VMfailInvalid */
} X86VmxOp;

/* With fewer than 52 bits of physical address, KVM can't reach all of a TD's page tables. */
#define TDX_HOST_PHYS_BITS  52

#if defined(CONFIG_TCG) && !defined(CONFIG_USER_ONLY)

/* Feature bits that a CPU gains with tdx-host=on. */
uint64_t tdx_host_features(X86CPU *cpu, FeatureWord w);
/*
 * RDMSR of the MSRs that tdx-host=on adds: VMX, FEATURE_CONTROL, KEYID_PARTITIONING,
 * ARCH_CAPABILITIES, TSC.
 */
bool tdx_host_rdmsr(CPUX86State *env, uint64_t *val);
/*
 * The host is about to use a translation to *@paddr. True if the page belongs to a TD
 * or to the module: the access is counted, and *@paddr now names a page that reads as
 * zero and drops writes.
 */
bool tdx_host_blocked(CPUX86State *env, hwaddr *paddr, MMUAccessType access);

/* In a TD. Those that take @ra may leave the CPU loop. */
void tdx_intercept(CPUX86State *env, uint32_t svm_exit, uint64_t param, uintptr_t ra);
void tdx_intercept_io(CPUX86State *env, uint32_t port, uint32_t svm_info, uintptr_t ra);
G_NORETURN void tdx_vmexit(CPUX86State *env, uint32_t svm_exit, uintptr_t ra);
/* MOV to CR0, CR3, CR4, CR8. True: done; false: write *@val natively. */
bool tdx_write_cr(CPUX86State *env, int reg, target_ulong *val, uintptr_t ra);
target_ulong tdx_read_cr8(CPUX86State *env);
uint64_t tdx_read_tsc(CPUX86State *env);
bool tdx_stage2(CPUX86State *env, hwaddr gpa, MMUAccessType access, hwaddr *paddr, int *prot,
                int *page_size, bool *tee);
/* A transaction with T = 1 goes out to @addr. */
void tdx_tee_access(CPUState *cs, hwaddr addr);
G_NORETURN void tdx_ept_violation(CPUX86State *env, vaddr gla, MMUAccessType access,
                                  bool page_walk, uintptr_t ra);
int tdx_pending_interrupt(CPUX86State *env, int interrupt_request);
void tdx_exec_interrupt(CPUX86State *env, int interrupt_request);
/* Bracket the delivery of an exception or interrupt: an exit in between re-injects it. */
void tdx_event_delivery(CPUX86State *env, int intno, int is_int, int error_code, int is_hw);
void tdx_event_delivered(CPUX86State *env);

#else

static inline uint64_t tdx_host_features(X86CPU *cpu, FeatureWord w)
{
    return 0;
}

static inline int tdx_pending_interrupt(CPUX86State *env, int interrupt_request)
{
    return 0;
}

static inline uint64_t tdx_read_tsc(CPUX86State *env)
{
    return 0;
}

#endif
#endif
