/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SEAMCALL, and the switch between the host's CPU state and a TD's (fact sheet 4 and
 * 7).
 *
 * A world switch copies the CPU state up to end_init_save, which holds every register
 * that either side can see, and the debug registers, whose breakpoints QEMU keeps
 * elsewhere. The TLB keeps both sides' translations apart, so those of a TD grow stale
 * until the module's epoch rule flushes them.
 */

#include "qemu/osdep.h"
#include "cpu.h"
#include "exec/helper-proto.h"
#include "exec/cputlb.h"
#include "system/cpu-timers.h"
#include "tcg/helper-tcg.h"
#include "lib/tdx_abi/leaf.h"
#include "tdx.h"

#define TDX_INIT_CR0        (CR0_PE_MASK | CR0_NE_MASK)
#define TDX_INIT_CR4        CR4_MCE_MASK
#define TDX_INIT_EFER       (MSR_EFER_SCE | MSR_EFER_LME | MSR_EFER_NXE)
#define TDX_INIT_PAT        0x0007040600070406ull
#define TDX_INIT_FMASK      0x20200     /* also what the host finds after an exit, fact sheet 4.2 */
#define TDX_INIT_RIP        0xfffffff0

static void context_save(CPUX86State *env, TdxContext *ctx)
{
    memcpy(ctx->state, env, sizeof(ctx->state));
    memcpy(ctx->dr, env->dr, sizeof(ctx->dr));
}

static void load_debug_registers(CPUX86State *env, const target_ulong *dr)
{
    cpu_x86_update_dr7(env, DR7_FIXED_1);
    memcpy(env->dr, dr, 7 * sizeof(*dr));
    cpu_x86_update_dr7(env, dr[7]);
}

static void context_load(CPUX86State *env, const TdxContext *ctx)
{
    memcpy(env, ctx->state, sizeof(ctx->state));
    load_debug_registers(env, ctx->dr);
    env->old_exception = -1;
}

static void load_gprs(CPUX86State *env, const struct tdx_gprs *gprs)
{
    QEMU_BUILD_BUG_ON(TDX_NR_GPRS != CPU_NB_REGS);
    memcpy(env->regs, gprs->r, sizeof(gprs->r));
}

static void load_segment(CPUX86State *env, int reg, uint32_t ar)
{
    cpu_x86_load_seg_cache(env, reg, 0, 0, 0xffffffff, (ar & 0xff) << 8 | (ar & 0xf000) << 8);
}

/* State at the first entry, fact sheet 7. The GPRs come from the module. */
static void load_initial_state(CPUX86State *env)
{
    static const target_ulong dr[8] = { [6] = DR6_FIXED_1, [7] = DR7_FIXED_1 };
    int i;

    memset(env, 0, offsetof(CPUX86State, end_init_save));
    cpu_init_fp_statuses(env);
    cpu_set_fpuc(env, 0x37f);
    cpu_set_mxcsr(env, 0x1f80);
    memset(env->fptags, 1, sizeof(env->fptags));
    env->a20_mask = ~0;
    env->df = 1;
    env->cc_op = CC_OP_EFLAGS;
    env->eflags = 0x2;
    env->eip = TDX_INIT_RIP;

    cpu_x86_update_cr0(env, TDX_INIT_CR0);
    cpu_x86_update_cr4(env, TDX_INIT_CR4);
    cpu_load_efer(env, TDX_INIT_EFER);
    load_segment(env, R_CS, 0xc09b);
    for (i = 0; i < 6; i++) {
        if (i != R_CS) {
            load_segment(env, i, 0xc093);
        }
    }
    env->ldt.limit = 0xffff;
    env->ldt.flags = 0x82 << 8;
    env->tr.limit = 0xffff;
    env->tr.flags = 0x8b << 8;
    env->gdt.limit = 0xffff;
    env->pat = TDX_INIT_PAT;
    env->fmask = TDX_INIT_FMASK;
    env->xcr0 = XSTATE_FP_MASK;
    cpu_sync_avx_hflag(env);
    load_debug_registers(env, dr);

    env->hflags |= HF_GUEST_MASK;
    env->hflags2 |= HF2_GIF_MASK | HF2_VGIF_MASK | HF2_HIF_MASK | HF2_VINTR_MASK | HF2_NPT_MASK;
    env->old_exception = -1;
}

/*
 * XMM registers that TDG.VP.VMCALL passes from one world to the other: the low 128
 * bits.
 */
static void copy_xmm(CPUX86State *env, const TdxContext *from, uint32_t mask)
{
    const CPUX86State *src = (const void *)from->state;
    int i;

    for (i = 0; i < 16; i++) {
        if (mask & (1u << i)) {
            env->xmm_regs[i].ZMM_Q(0) = src->xmm_regs[i].ZMM_Q(0);
            env->xmm_regs[i].ZMM_Q(1) = src->xmm_regs[i].ZMM_Q(1);
        }
    }
}

static void world_enter(CPUX86State *env, TdxCpu *tc)
{
    const struct tdx_enter *e = &tc->enter;
    TdxContext **slot = &tc->platform->slot[e->slot];

    assert(e->slot < TDX_MAX_SLOTS);
    if (!*slot) {
        *slot = g_new0(TdxContext, 1);
    }
    tc->td = *slot;
    context_save(env, &tc->host);
    if (e->first) {
        tc->td->vectoring.valid = false;
        tc->td->gpaw = e->init_rbx;
        load_initial_state(env);
    } else {
        context_load(env, tc->td);
    }
    if (e->flush || e->first) {
        tlb_flush_by_mmuidx(env_cpu(env), MMU_TD_MASK);
    }
    load_gprs(env, &e->gprs);
    copy_xmm(env, &tc->host, e->xmm_mask);
    tc->entries++;
    env->in_td = true;
    tdx_pir_sync(tc->m, tc->lp);
    tdx_update_virq(env);
    if (e->inject_vector >= 0) {
        tc->td->vectoring = (TdxVectoring) { .valid = true, .intno = e->inject_vector };
    }
    tdx_redeliver(env);
}

/*
 * Real CPUs run at the same time: between TDH.MMIO.BLOCK and TDH.MEM.TRACK another one
 * can still use what it has in its TLB. Where CPUs take turns, or the threads that
 * emulate them, that would hardly ever be seen: so a TRACK is late, by enough for a TD
 * to come back from an interrupt. With -icount it begins again and again meanwhile, in
 * each run as often; not without end, as no time passes while the others are halted.
 */
#define TRACK_DELAY_NS      1000000
#define TRACK_MAX_TURNS     64

static void let_others_run(CPUX86State *env, TdxCpu *tc, uintptr_t ra)
{
    CPUState *cs = env_cpu(env);

    if (!tc->turns) {
        return;
    }
    if (!icount_enabled()) {
        tc->turns = 0;
        g_usleep(TRACK_DELAY_NS / 1000);
        return;
    }
    if (qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) - tc->blocked_at >= TRACK_DELAY_NS) {
        tc->turns = 0;
        return;
    }
    tc->turns--;
    cs->exception_index = EXCP_INTERRUPT;
    cpu_loop_exit_restore(cs, ra);
}

void helper_seamcall(CPUX86State *env, uint32_t insn_len)
{
    TdxCpu *tc = env_tdx(env);
    uint64_t leaf = env->regs[R_EAX];
    enum tdx_seam_action action;
    struct tdx_gprs gprs;

    if (env->in_td) {
        tdx_insn_event(env, TDX_EV_VMX_INSN, GETPC());
    }
    if (!env->vmx_on || !(env->hflags & HF_CS64_MASK)) {
        raise_exception_ra(env, EXCP06_ILLOP, GETPC());
    }
    if (!tc || (env->hflags & HF_CPL_MASK)) {
        raise_exception_err_ra(env, EXCP0D_GPF, 0, GETPC());
    }

    if (leaf == TDH_MEM_TRACK) {
        let_others_run(env, tc, GETPC());
    }
    memcpy(gprs.r, env->regs, sizeof(gprs.r));
    action = tdx_seamcall(tc->m, tc->lp, &gprs, &tc->enter);
    CC_SRC = action == TDX_SEAM_INVALID ? CC_C : 0;
    CC_OP = CC_OP_EFLAGS;
    env->eip += insn_len;
    do_end_instruction(env);
    if (action == TDX_SEAM_ENTER) {
        world_enter(env, tc);
    } else if (action == TDX_SEAM_RETURN) {
        load_gprs(env, &gprs);
        if (leaf == TDH_MMIO_BLOCK) {
            tc->turns = TRACK_MAX_TURNS;
            tc->blocked_at = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
        }
    }
}

/* L1's registers as it left them, for the module to replace. */
void tdx_host_gprs(TdxCpu *tc, struct tdx_gprs *host)
{
    memcpy(host->r, ((CPUX86State *)tc->host.state)->regs, sizeof(host->r));
}

/*
 * What a TD leaves behind in registers that the module does not restore, fact sheet
 * 4.2.
 */
static void scrub_host(CPUX86State *env, TdxCpu *tc)
{
    static const target_ulong dr[8] = { [6] = DR6_FIXED_1, [7] = DR7_FIXED_1 };

    load_debug_registers(env, dr);
    env->cr[2] = 0;
    env->star = 0;
    env->lstar = 0;
    env->fmask = TDX_INIT_FMASK;
    env->kernelgsbase = 0;
    env->tsc_aux = 0;
    env->msr_xfd = 0;
    env->xcr0 = tc->enter.xfam_lo | XSTATE_FP_MASK;
    cpu_sync_avx_hflag(env);
}

void tdx_world_exit(CPUX86State *env, const struct tdx_gprs *host, const struct tdx_result *res)
{
    TdxCpu *tc = env_tdx(env);
    TdxContext *td = tc->td;

    context_save(env, td);
    env->in_td = false;
    tc->td = NULL;
    context_load(env, &tc->host);
    load_gprs(env, host);
    if (res->scrub) {
        scrub_host(env, tc);
    }
    /* Fact sheet 4.2: the TD's vector registers are gone, but for what it passes on. */
    memset(env->xmm_regs, 0, sizeof(env->xmm_regs));
    copy_xmm(env, td, res->xmm_mask);
    cpu_reset_interrupt(env_cpu(env), CPU_INTERRUPT_VIRQ);
}
