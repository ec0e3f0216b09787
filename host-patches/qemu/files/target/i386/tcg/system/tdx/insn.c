/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every TDX host has and TCG has not: the CPUID bits of tdx-host=on, and the
 * instructions behind them. Some are there because a TD's fixed CPUID bits promise them
 * (fact sheet 5.4).
 */

#include "qemu/osdep.h"
#include "cpu.h"
#include "exec/cpu_ldst.h"
#include "exec/cputlb.h"
#include "exec/helper-proto.h"
#include "tcg/helper-tcg.h"
#include "target/i386/tdx-host.h"

#define INVPCID_MAX_TYPE    3

uint64_t tdx_host_features(X86CPU *cpu, FeatureWord w)
{
    if (!cpu->tdx_host) {
        return 0;
    }
    switch (w) {
    case FEAT_1_ECX:
        return CPUID_EXT_VMX | CPUID_EXT_PCID;
    case FEAT_7_0_EBX:
        return CPUID_7_0_EBX_INVPCID;
    case FEAT_7_0_ECX:
        return CPUID_7_0_ECX_MOVDIRI | CPUID_7_0_ECX_MOVDIR64B;
    case FEAT_7_0_EDX:
        return CPUID_7_0_EDX_ARCH_CAPABILITIES;
    case FEAT_8000_0007_EDX:
        return CPUID_APM_INVTSC;
    default:
        return 0;
    }
}

/* TLB entries have no PCID: every type drops them all. */
void helper_invpcid(CPUX86State *env, target_ulong type, target_ulong desc)
{
    uintptr_t ra = GETPC();
    uint64_t pcid = cpu_ldq_data_ra(env, desc, ra);

    if (type > INVPCID_MAX_TYPE || pcid >> 12) {
        raise_exception_err_ra(env, EXCP0D_GPF, 0, ra);
    }
    tlb_flush_by_mmuidx(env_cpu(env), env->in_td ? MMU_TD_LINEAR_MASK : MMU_HOST_MASK);
}

void helper_movdir64b(CPUX86State *env, target_ulong dst, target_ulong src)
{
    uintptr_t ra = GETPC();
    uint64_t line[8];
    int i;

    if (dst & 63) {
        raise_exception_err_ra(env, EXCP0D_GPF, 0, ra);
    }
    for (i = 0; i < 8; i++) {
        line[i] = cpu_ldq_data_ra(env, src + i * 8, ra);
    }
    for (i = 0; i < 8; i++) {
        cpu_stq_data_ra(env, dst + i * 8, line[i], ra);
    }
}
