/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A TD runs: everything that the module decides on is described to it as an event, and
 * its answer is carried out here (fact sheet 5 and 7).
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "cpu.h"
#include "svm.h"
#include "exec/address-spaces.h"
#include "exec/cpu_ldst.h"
#include "exec/exec-all.h"
#include "exec/helper-proto.h"
#include "exec/memop.h"
#include "hw/i386/apic.h"
#include "tcg/helper-tcg.h"
#include "tcg/insn-start-words.h"
#include "tdx.h"

#define TDX_NMI_VECTOR      2
#define X2APIC_EOI          0x0b        /* register index, MSR 80Bh */
#define CR_ACCESS_LMSW      (3 << 4)    /* exit qualification of a CR access */

/*
 * Linear address of the instruction that called the helper, whose RIP may not be in env
 * yet.
 */
static target_ulong insn_pc(CPUX86State *env, uintptr_t ra)
{
    target_ulong pc = env->eip + env->segs[R_CS].base;
    uint64_t data[TARGET_INSN_START_WORDS];

    if (ra && cpu_unwind_state_data(env_cpu(env), ra, data)) {
        pc = (pc & TARGET_PAGE_MASK) | data[0];
    }
    return env->hflags & HF_CS64_MASK ? pc : (uint32_t)pc;
}

static uint8_t insn_byte(CPUX86State *env, target_ulong pc, uintptr_t ra)
{
    MemOpIdx oi = make_memop_idx(MO_UB, cpu_mmu_index(env_cpu(env), true));

    return cpu_ldb_code_mmu(env, pc, oi, ra);
}

/*
 * Length of the instruction at @pc, and its last byte. It is one of those that cause an
 * event: no immediate except the port of IN and OUT, no memory operand except LMSW's,
 * whose length is not needed.
 */
static unsigned int insn_length(CPUX86State *env, target_ulong pc, uint8_t *last, uintptr_t ra)
{
    unsigned int n = 0;
    uint8_t b;

    for (;;) {
        b = insn_byte(env, pc + n++, ra);
        switch (b) {
        case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64 ... 0x67:
        case 0xf0: case 0xf2: case 0xf3:
            continue;
        case 0x40 ... 0x4f:
            if (env->hflags & HF_CS64_MASK) {
                continue;
            }
            break;
        case 0xe4 ... 0xe7:
            *last = insn_byte(env, pc + n++, ra);
            return n;
        case 0x0f:
            b = insn_byte(env, pc + n++, ra);
            if (b == 0x01 || (b >= 0x20 && b <= 0x23)) {
                b = insn_byte(env, pc + n++, ra);
            }
            break;
        }
        *last = b;
        return n;
    }
}

static bool may_be_native(enum tdx_event_kind kind)
{
    switch (kind) {
    case TDX_EV_RDMSR:
    case TDX_EV_WRMSR:
    case TDX_EV_XSETBV:
    case TDX_EV_CR_WRITE:
    case TDX_EV_CR8_READ:
    case TDX_EV_CR8_WRITE:
        return true;
    default:
        return false;
    }
}

static G_NORETURN void carry_out(CPUX86State *env, const struct tdx_event *ev,
                                 const struct tdx_gprs *gprs, const struct tdx_gprs *host,
                                 const struct tdx_result *res)
{
    CPUState *cs = env_cpu(env);

    cs->neg.can_do_io = true;
    cs->exception_index = -1;
    switch (res->action) {
    case TDX_TD_NEXT:
        memcpy(env->regs, gprs->r, sizeof(gprs->r));
        env->eip += ev->insn_len;
        do_end_instruction(env);
        tdx_update_virq(env);
        break;
    case TDX_TD_RETRY:
        tdx_update_virq(env);
        tdx_redeliver(env);
        break;
    case TDX_TD_INJECT:
        env_tdx(env)->td->vectoring.valid = false;
        if (res->vector == EXCP0E_PAGE) {
            env->cr[2] = res->cr2;
        }
        /* QEMU saves RF=1 for faults only; the module's #DF has it too. */
        env->eflags |= RF_MASK;
        raise_exception_err(env, res->vector, res->has_error ? res->error : 0);
    case TDX_TD_EXIT:
        if (res->advance) {
            memcpy(env->regs, gprs->r, sizeof(gprs->r));
            env->eip += ev->insn_len;
            do_end_instruction(env);
        }
        tdx_world_exit(env, host, res);
        break;
    case TDX_TD_NATIVE:
        g_assert_not_reached();
    }
    cpu_loop_exit(cs);
}

/* Ask the module. Returns only if the instruction is to be done natively. */
static void td_event(CPUX86State *env, struct tdx_event *ev, struct tdx_result *res, uintptr_t ra)
{
    TdxCpu *tc = env_tdx(env);
    struct tdx_gprs gprs, host;
    bool native = may_be_native(ev->kind);

    if (!native) {
        cpu_restore_state(env_cpu(env), ra);
        env_cpu(env)->neg.can_do_io = true;
        ra = 0;
    }
    ev->cpl = env->hflags & HF_CPL_MASK;
    ev->long_mode = env->hflags & HF_CS64_MASK;
    ev->rip = insn_pc(env, ra) - env->segs[R_CS].base;
    ev->event_delivery = tc->td->vectoring.valid;
    ev->cr0 = env->cr[0];
    ev->cr4 = env->cr[4];
    ev->efer = env->efer;
    ev->xcr0 = env->xcr0;
    memcpy(gprs.r, env->regs, sizeof(gprs.r));
    tdx_host_gprs(tc, &host);
    *res = (struct tdx_result) { };

    tdx_td_event(tc->m, tc->lp, ev, &gprs, &host, res);
    if (native && res->action == TDX_TD_NATIVE) {
        return;
    }
    if (native) {
        cpu_restore_state(env_cpu(env), ra);
    }
    carry_out(env, ev, &gprs, &host, res);
}

void tdx_insn_event(CPUX86State *env, enum tdx_event_kind kind, uintptr_t ra)
{
    struct tdx_event ev = { .kind = kind };
    struct tdx_result res;
    uint8_t last;

    ev.insn_len = insn_length(env, insn_pc(env, ra), &last, ra);
    td_event(env, &ev, &res, ra);
}

void helper_tdcall(CPUX86State *env, uint32_t insn_len)
{
    struct tdx_event ev = { .kind = TDX_EV_TDCALL, .insn_len = insn_len };
    struct tdx_result res;

    if (!env->in_td) {
        raise_exception_ra(env, EXCP06_ILLOP, GETPC());
    }
    td_event(env, &ev, &res, GETPC());
}

/* ---- instructions, at the places where SVM has its intercepts ------------ */

/* Privilege checks that QEMU's decoder leaves to the intercepted instruction itself. */
static void require_cpl0(CPUX86State *env, uintptr_t ra)
{
    if (env->hflags & HF_CPL_MASK) {
        raise_exception_err_ra(env, EXCP0D_GPF, 0, ra);
    }
}

void tdx_intercept(CPUX86State *env, uint32_t svm_exit, uint64_t param, uintptr_t ra)
{
    switch (svm_exit) {
    case SVM_EXIT_CPUID:
        tdx_insn_event(env, TDX_EV_CPUID, ra);
        break;
    case SVM_EXIT_MSR:
        tdx_insn_event(env, param ? TDX_EV_WRMSR : TDX_EV_RDMSR, ra);
        break;
    case SVM_EXIT_HLT:
        tdx_insn_event(env, TDX_EV_HLT, ra);
        break;
    case SVM_EXIT_INVD:
        require_cpl0(env, ra);
        tdx_insn_event(env, TDX_EV_INVD, ra);
        break;
    case SVM_EXIT_WBINVD:
        require_cpl0(env, ra);
        tdx_insn_event(env, TDX_EV_WBINVD, ra);
        break;
    case SVM_EXIT_MONITOR:
        tdx_insn_event(env, TDX_EV_MONITOR, ra);
        break;
    case SVM_EXIT_MWAIT:
        tdx_insn_event(env, TDX_EV_MWAIT, ra);
        break;
    case SVM_EXIT_XSETBV:
        require_cpl0(env, ra);
        tdx_insn_event(env, TDX_EV_XSETBV, ra);
        break;
    case SVM_EXIT_RDPMC:
        tdx_insn_event(env, TDX_EV_RDPMC, ra);
        break;
    case SVM_EXIT_INIT: {
        struct tdx_event ev = { .kind = TDX_EV_INIT };
        struct tdx_result res;

        td_event(env, &ev, &res, ra);
        break;
    }
    default:
        break;
    }
}

void tdx_intercept_io(CPUX86State *env, uint32_t port, uint32_t svm_info, uintptr_t ra)
{
    struct tdx_event ev = { .kind = TDX_EV_IO };
    struct tdx_result res;
    uint8_t last;

    ev.insn_len = insn_length(env, insn_pc(env, ra), &last, ra);
    /*
     * Exit qualification, fact sheet 5.1: size - 1, direction, string, REP, immediate
     * operand, port.
     */
    ev.qual = ((svm_info >> SVM_IOIO_SIZE_SHIFT) & 7) - 1;
    ev.qual |= svm_info & SVM_IOIO_TYPE_MASK ? 1 << 3 : 0;
    ev.qual |= svm_info & SVM_IOIO_STR_MASK ? 1 << 4 : 0;
    ev.qual |= svm_info & SVM_IOIO_REP_MASK ? 1 << 5 : 0;
    /*
     * IN and OUT with DX end in EC..EF, INS and OUTS in 6C..6F; else the last byte is
     * the port.
     */
    ev.qual |= (last & 0xfc) != 0xec && (last & 0xfc) != 0x6c ? 1 << 6 : 0;
    ev.qual |= (uint64_t)(port & 0xffff) << 16;
    td_event(env, &ev, &res, ra);
}

void tdx_vmexit(CPUX86State *env, uint32_t svm_exit, uintptr_t ra)
{
    struct tdx_event ev = { .kind = TDX_EV_TRIPLE_FAULT };
    struct tdx_result res;

    /*
     * Reserved bits of a control register, the only other place that comes here in a
     * TD.
     */
    if (svm_exit != SVM_EXIT_SHUTDOWN) {
        raise_exception_err_ra(env, EXCP0D_GPF, 0, ra);
    }
    env_tdx(env)->td->vectoring.valid = false;
    td_event(env, &ev, &res, ra);
    g_assert_not_reached();
}

bool tdx_write_cr(CPUX86State *env, int reg, target_ulong *val, uintptr_t ra)
{
    struct tdx_event ev = { .kind = reg == 8 ? TDX_EV_CR8_WRITE : TDX_EV_CR_WRITE,
                            .cr = reg, .value = *val };
    struct tdx_result res;
    uint8_t modrm;

    ev.insn_len = insn_length(env, insn_pc(env, ra), &modrm, ra);
    ev.qual = reg | (uint64_t)(modrm & 7) << 8;
    if (reg == 0 && (modrm & 0x38) == 0x30) {
        ev.qual = CR_ACCESS_LMSW | (*val & 0xffff) << 16;
    }
    td_event(env, &ev, &res, ra);
    if (reg == 8) {
        tdx_update_virq(env);
        return true;
    }
    *val = res.value;
    return false;
}

target_ulong tdx_read_cr8(CPUX86State *env)
{
    TdxCpu *tc = env_tdx(env);
    struct tdx_event ev = { .kind = TDX_EV_CR8_READ };
    struct tdx_result res = { };
    struct tdx_gprs gprs = { }, host;

    tdx_td_event(tc->m, tc->lp, &ev, &gprs, &host, &res);
    return res.value;
}

uint64_t tdx_read_tsc(CPUX86State *env)
{
    const struct tdx_enter *e = &env_tdx(env)->enter;
    uint64_t lo, hi;

    mulu64(&lo, &hi, cpu_get_tsc(env), e->tsc_multiplier);
    return (hi << 16 | lo >> 48) + e->tsc_offset;
}

/* ---- stage 2 ------------------------------------------------------------- */

bool tdx_stage2(CPUX86State *env, hwaddr gpa, MMUAccessType access, hwaddr *paddr, int *prot,
                int *page_size, bool *tee)
{
    static const unsigned int access_bit[] = {
        [MMU_DATA_LOAD] = TDX_ACCESS_READ,
        [MMU_DATA_STORE] = TDX_ACCESS_WRITE,
        [MMU_INST_FETCH] = TDX_ACCESS_FETCH,
    };
    TdxCpu *tc = env_tdx(env);
    bool shared = gpa >> (tc->td->gpaw - 1) & 1;
    struct tdx_xlate x = { };
    hwaddr in_page;

    tc->ept = (struct tdx_event) { .gpa = gpa, .access = access_bit[access], .shared = shared };
    if (shared && access == MMU_INST_FETCH) {
        return false;
    }
    if (!tdx_translate(tc->m, tc->lp, gpa, access_bit[access], &x, &tc->ept)) {
        return false;
    }
    *page_size = 1 << x.page_shift;
    in_page = *page_size - 1;
    *paddr = (x.hpa & ~in_page) | (gpa & in_page);
    *prot = (x.rwx & TDX_ACCESS_READ ? PAGE_READ : 0) |
            (x.rwx & TDX_ACCESS_WRITE ? PAGE_WRITE : 0) |
            (x.rwx & TDX_ACCESS_FETCH && !shared ? PAGE_EXEC : 0);
    *tee = x.tee;
    if (x.tee) {
        tdx_tee_filled(tc, *paddr & TARGET_PAGE_MASK, gpa & TARGET_PAGE_MASK);
    }
    if (shared && tdx_pa_private(tc->m, *paddr & TARGET_PAGE_MASK)) {
        *paddr = tdx_blackhole(tc->platform, access);
        *page_size = TARGET_PAGE_SIZE;
    }
    return true;
}

void tdx_ept_violation(CPUX86State *env, vaddr gla, MMUAccessType access, bool page_walk,
                       uintptr_t ra)
{
    TdxCpu *tc = env_tdx(env);
    struct tdx_event ev = tc->ept;
    struct tdx_result res;

    /*
     * Code and page tables can't be shared (fact sheet 5.2): the CPU refuses as for a
     * reserved bit.
     */
    if (ev.shared && (page_walk || access == MMU_INST_FETCH)) {
        env->cr[2] = gla;
        raise_exception_err_ra(env, EXCP0E_PAGE, PG_ERROR_P_MASK | PG_ERROR_RSVD_MASK |
                               (access == MMU_DATA_STORE ? PG_ERROR_W_MASK : 0) |
                               (access == MMU_INST_FETCH ? PG_ERROR_I_D_MASK : 0) |
                               ((env->hflags & HF_CPL_MASK) == 3 ? PG_ERROR_U_MASK : 0), ra);
    }
    ev.kind = TDX_EV_EPT;
    ev.gla = gla;
    ev.gla_valid = true;
    ev.page_walk = page_walk;
    if (page_walk) {
        ev.access = TDX_ACCESS_READ;
    }
    td_event(env, &ev, &res, ra);
    g_assert_not_reached();
}

/* ---- interrupts ---------------------------------------------------------- */

void tdx_update_virq(CPUX86State *env)
{
    TdxCpu *tc = env_tdx(env);
    CPUState *cs = env_cpu(env);
    bool want = tdx_virq_pending(tc->m, tc->lp) >= 0;
    bool have = cs->interrupt_request & CPU_INTERRUPT_VIRQ;
    bool locked = bql_locked();

    if (want == have) {
        return;
    }
    if (!want) {
        cpu_reset_interrupt(cs, CPU_INTERRUPT_VIRQ);
        return;
    }
    if (!locked) {
        bql_lock();
    }
    cpu_interrupt(cs, CPU_INTERRUPT_VIRQ);
    if (!locked) {
        bql_unlock();
    }
}

static bool virq_deliverable(CPUX86State *env)
{
    TdxCpu *tc = env_tdx(env);
    int vector = tdx_virq_pending(tc->m, tc->lp);

    if (vector < 0 || env->hflags & HF_INHIBIT_IRQ_MASK) {
        return false;
    }
    return vector == TDX_NMI_VECTOR ? !(env->hflags2 & HF2_NMI_MASK) : env->eflags & IF_MASK;
}

/*
 * Whatever is for the host leaves the TD, masked or not; INIT is looked at elsewhere,
 * SIPI waits.
 */
int tdx_pending_interrupt(CPUX86State *env, int interrupt_request)
{
    static const int host[] = {
        CPU_INTERRUPT_SMI, CPU_INTERRUPT_NMI, CPU_INTERRUPT_MCE, CPU_INTERRUPT_HARD,
    };
    int i;

    for (i = 0; i < ARRAY_SIZE(host); i++) {
        if (interrupt_request & host[i]) {
            return host[i];
        }
    }
    if (interrupt_request & CPU_INTERRUPT_VIRQ && virq_deliverable(env)) {
        return CPU_INTERRUPT_VIRQ;
    }
    return 0;
}

/*
 * Posted-interrupt processing: the CPU acknowledges the notification and moves PIR to
 * the virtual APIC.
 */
static void notification(CPUX86State *env)
{
    TdxCpu *tc = env_tdx(env);

    if (apic_msr_write(X2APIC_EOI, 0) < 0) {
        address_space_stl(env_cpu(env)->as, APIC_DEFAULT_ADDRESS + (X2APIC_EOI << 4), 0,
                          cpu_get_mem_attrs(env), NULL);
    }
    tdx_pir_sync(tc->m, tc->lp);
    tdx_update_virq(env);
}

static void deliver_virq(CPUX86State *env)
{
    TdxCpu *tc = env_tdx(env);
    int vector = tdx_virq_pending(tc->m, tc->lp);

    tdx_virq_ack(tc->m, tc->lp, vector);
    tdx_update_virq(env);
    if (vector == TDX_NMI_VECTOR) {
        env->hflags2 |= HF2_NMI_MASK;
    }
    do_interrupt_x86_hardirq(env, vector, 1);
}

void tdx_exec_interrupt(CPUX86State *env, int interrupt_request)
{
    TdxCpu *tc = env_tdx(env);
    CPUState *cs = env_cpu(env);
    struct tdx_event ev = { };
    struct tdx_result res;
    int vector;

    switch (interrupt_request) {
    case CPU_INTERRUPT_VIRQ:
        deliver_virq(env);
        return;
    case CPU_INTERRUPT_HARD:
        cs->interrupt_request &= ~CPU_INTERRUPT_HARD;
        vector = cpu_get_pic_interrupt(env);
        if (vector < 0) {
            return;
        }
        if (vector == tdx_notification_vector(tc->m, tc->lp)) {
            notification(env);
            return;
        }
        ev.kind = TDX_EV_EXTINT;
        ev.vector = vector;
        break;
    case CPU_INTERRUPT_NMI:
        /*
         * The host gets it through its exit information, and is in the NMI handler's
         * shadow.
         */
        cs->interrupt_request &= ~CPU_INTERRUPT_NMI;
        ((CPUX86State *)tc->host.state)->hflags2 |= HF2_NMI_MASK;
        ev.kind = TDX_EV_NMI;
        break;
    case CPU_INTERRUPT_MCE:
        cs->interrupt_request &= ~CPU_INTERRUPT_MCE;
        ev.kind = TDX_EV_MCE;
        break;
    case CPU_INTERRUPT_SMI:
        /* Stays pending, and is taken in the host. */
        ev.kind = TDX_EV_SMI;
        break;
    default:
        g_assert_not_reached();
    }
    td_event(env, &ev, &res, 0);
}

/* ---- events whose delivery may be interrupted ---------------------------- */

void tdx_event_delivery(CPUX86State *env, int intno, int is_int, int error_code, int is_hw)
{
    env_tdx(env)->td->vectoring = (TdxVectoring) {
        .valid = true,
        .is_hw = is_hw,
        .is_int = is_int,
        .intno = intno,
        .error_code = error_code,
        .next_eip = env->exception_next_eip,
    };
}

void tdx_event_delivered(CPUX86State *env)
{
    env_tdx(env)->td->vectoring.valid = false;
}

void tdx_redeliver(CPUX86State *env)
{
    TdxVectoring v = env_tdx(env)->td->vectoring;
    CPUState *cs = env_cpu(env);

    if (!v.valid) {
        return;
    }
    env_tdx(env)->td->vectoring.valid = false;
    if (v.is_hw) {
        do_interrupt_x86_hardirq(env, v.intno, 1);
        return;
    }
    cs->exception_index = v.intno;
    env->error_code = v.error_code;
    env->exception_is_int = v.is_int;
    env->exception_next_eip = v.next_eip;
    cpu_loop_exit(cs);
}
