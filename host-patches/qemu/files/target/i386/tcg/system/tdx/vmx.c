/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of VMX as a TDX host needs: VMX operation as a flag, the capability MSRs, and
 * no VMCS. Linux runs TD vCPUs without one; an ordinary VM fails cleanly at VMCLEAR.
 */

#include "qemu/osdep.h"
#include "cpu.h"
#include "exec/helper-proto.h"
#include "exec/cputlb.h"
#include "tcg/helper-tcg.h"
#include "tdx.h"

/*
 * Capability MSRs from IA32_VMX_BASIC on: the smallest set of controls with which KVM
 * offers EPT with A/D bits, APIC virtualisation and posted interrupts, which its TDX
 * support demands.
 */
static const uint64_t vmx_msr[] = {
    /*
     * BASIC: VMCS of 4096 bytes, write-back, INS/OUTS information, TRUE controls, no
     * P-SEAMLDR quirk
     */
    [0x00] = 0x11 | 0x1000ull << 32 | 6ull << 50 | 1ull << 54 | 1ull << 55 | 1ull << 60,
    [0x01] = 0x000000ff00000016,    /* PINBASED_CTLS */
    [0x02] = 0xfff9fffe0401e172,    /* PROCBASED_CTLS */
    [0x03] = 0x007fffff00036dff,    /* EXIT_CTLS */
    [0x04] = 0x0000ffff000011ff,    /* ENTRY_CTLS */
    [0x05] = 0x00000000300481e5,    /* MISC */
    [0x06] = 0x0000000080000021,    /* CR0_FIXED0 */
    [0x07] = 0x00000000ffffffff,    /* CR0_FIXED1 */
    [0x08] = 0x0000000000002000,    /* CR4_FIXED0 */
    [0x09] = 0x0000000001ff3fff,    /* CR4_FIXED1 */
    [0x0a] = 0x000000000000002e,    /* VMCS_ENUM */
    [0x0b] = 0x000017ff00000000,    /* PROCBASED_CTLS2 */
    [0x0c] = 0x00000f01063341c1,    /* EPT_VPID_CAP: 4- and 5-level EPT */
    [0x0d] = 0x000000ff00000016,    /* TRUE_PINBASED_CTLS */
    [0x0e] = 0xfff9fffe0401e172,    /* TRUE_PROCBASED_CTLS */
    [0x0f] = 0x007fffff00036dff,    /* TRUE_EXIT_CTLS */
    [0x10] = 0x0000ffff000011ff,    /* TRUE_ENTRY_CTLS */
};

#define MSR_KEYID_PARTITIONING  0x87
/* What no TDX host has: Meltdown, L1TF, MDS, page size change MC, TAA. An emulated CPU has none. */
#define NOT_VULNERABLE          (MSR_ARCH_CAP_RDCL_NO | MSR_ARCH_CAP_SKIP_L1DFL_VMENTRY | \
                                 MSR_ARCH_CAP_MDS_NO | MSR_ARCH_CAP_PSCHANGE_MC_NO | MSR_ARCH_CAP_TAA_NO)
#define FEATURE_CONTROL_VMX     (FEATURE_CONTROL_LOCKED | FEATURE_CONTROL_VMXON_ENABLED_OUTSIDE_SMX)

bool tdx_host_rdmsr(CPUX86State *env, uint64_t *val)
{
    X86CPU *cpu = env_archcpu(env);
    uint32_t msr = env->regs[R_ECX];

    if (!cpu->tdx_host) {
        return false;
    }
    switch (msr) {
    case MSR_IA32_TSC:
        *val = env->in_td ? tdx_read_tsc(env) : cpu_get_tsc(env);
        return true;
    case MSR_IA32_FEATURE_CONTROL:
        *val = FEATURE_CONTROL_VMX;
        return true;
    case MSR_IA32_ARCH_CAPABILITIES:
        *val = NOT_VULNERABLE;
        return true;
    case MSR_KEYID_PARTITIONING:
        *val = cpu->tdx ? (uint64_t)cpu->tdx->platform->keyids << 32 | TDX_MKTME_KEYIDS : 0;
        return true;
    case MSR_IA32_VMX_BASIC ... MSR_IA32_VMX_BASIC + ARRAY_SIZE(vmx_msr) - 1:
        *val = vmx_msr[msr - MSR_IA32_VMX_BASIC];
        return true;
    }
    return false;
}

void helper_vmx(CPUX86State *env, uint32_t op, uint32_t insn_len)
{
    bool fail = false;

    if (env->in_td) {
        tdx_insn_event(env, op == X86_VMCALL ? TDX_EV_VMCALL : TDX_EV_VMX_INSN, GETPC());
    }
    if (op == X86_VMXON ? !(env->cr[4] & CR4_VMXE_MASK) : !env->vmx_on) {
        raise_exception_ra(env, EXCP06_ILLOP, GETPC());
    }
    if (env->hflags & HF_CPL_MASK) {
        raise_exception_err_ra(env, EXCP0D_GPF, 0, GETPC());
    }
    switch (op) {
    case X86_VMXON:
        fail = env->vmx_on;
        env->vmx_on = true;
        break;
    case X86_VMXOFF:
        env->vmx_on = false;
        break;
    case X86_INVEPT:
        tlb_flush_by_mmuidx(env_cpu(env), MMU_TD_MASK);
        break;
    default:
        fail = true;
        break;
    }
    CC_SRC = fail ? CC_C : 0;
    CC_OP = CC_OP_EFLAGS;
}
