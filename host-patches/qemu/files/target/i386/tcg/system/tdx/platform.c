/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The platform around the TDX-module model: one tdx-platform device per machine with
 * tdx-host=on CPUs. It holds the module's context and everything that the context
 * reaches, so that a system reset leaves nothing of a previous boot.
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/memalign.h"
#include "qemu/timer.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "cpu.h"
#include "exec/cputlb.h"
#include "hw/boards.h"
#include "hw/i386/intel_iommu.h"
#include "hw/i386/x86.h"
#include "hw/qdev-properties.h"
#include "hw/tdisp/tdisp.h"
#include "migration/vmstate.h"
#include "system/cpu-timers.h"
#include "system/reset.h"
#include "system/system.h"
#include "tdx.h"

#define TDX_DEFAULT_KEYIDS  32
#define TDX_CMR_BASE        (1 * MiB)

/* ---- what the module asks for -------------------------------------------- */

static void *op_ram(void *opaque, uint64_t pa)
{
    ram_addr_t offset;

    return tdx_ram_at(opaque, pa, &offset);
}

/* splitmix64: the module's entropy is part of a replayable run. */
static bool op_random(void *opaque, void *buf, size_t len)
{
    TdxPlatform *p = opaque;
    uint8_t *out = buf;
    size_t i;

    QEMU_LOCK_GUARD(&p->lock);
    for (i = 0; i < len; i++) {
        uint64_t z = p->prng += 0x9e3779b97f4a7c15ull;

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
        z = (z ^ z >> 27) * 0x94d049bb133111ebull;
        out[i] = z ^ z >> 31;
    }
    return true;
}

static uint64_t op_tsc(void *opaque, unsigned int lp)
{
    CPUState *cs = qemu_get_cpu(lp);
    bool can_do_io = cs->neg.can_do_io;
    uint64_t tsc;

    /*
     * With -icount, an access that left its translation block in the middle is not an I/O
     * instruction.
     */
    cs->neg.can_do_io = true;
    tsc = cpu_get_tsc(cpu_env(cs));
    cs->neg.can_do_io = can_do_io;
    return tsc;
}

static void op_cpuid(void *opaque, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    cpu_x86_cpuid(cpu_env(current_cpu ?: first_cpu), leaf, subleaf,
                  &out[0], &out[1], &out[2], &out[3]);
}

static void op_flush_td(void *opaque, unsigned int lp)
{
    tlb_flush_by_mmuidx(qemu_get_cpu(lp), MMU_TD_MASK);
}

static void op_page_owned(void *opaque, uint64_t pa, uint64_t len, bool owned)
{
    tdx_page_owned(opaque, pa, len, owned);
}

/* VTD_ECAP_TDXC is set in the one unit that a machine can have. */
static bool op_iommu_tdx(void *opaque, uint64_t base)
{
    X86IOMMUState *iommu = x86_iommu_get_default();

    return iommu && object_dynamic_cast(OBJECT(iommu), TYPE_INTEL_IOMMU_DEVICE) &&
           base == Q35_HOST_BRIDGE_IOMMU_ADDR;
}

static void op_stream(void *opaque, unsigned int stream, bool open)
{
    tdisp_stream_set(stream, open);
}

static void op_trace(void *opaque, const struct tdx_trace_event *ev)
{
    TdxPlatform *p = opaque;
    struct tdx_trace_event stamped = *ev;

    if (p->trace) {
        stamped.tsc = op_tsc(opaque, ev->lp);
        QEMU_LOCK_GUARD(&p->lock);
        fwrite(&stamped, sizeof(stamped), 1, p->trace);
    }
}

static const struct tdx_ops tdx_ops = {
    .ram = op_ram,
    .random = op_random,
    .tsc = op_tsc,
    .cpuid = op_cpuid,
    .flush_td = op_flush_td,
    .page_owned = op_page_owned,
    .iommu_tdx = op_iommu_tdx,
    .stream = op_stream,
    .trace = op_trace,
};

/* ---- ledger -------------------------------------------------------------- */

/*
 * One line, a JSON object, per boot: what TDX use left behind, and who tried to cross
 * the border.
 */
static void write_ledger(TdxPlatform *p)
{
    static const char *const name[TDX_NR_VIOLATIONS] = {
        "l1_read", "l1_write", "l1_fetch", "dma_read", "dma_write",
    };
    struct tdx_ledger l;
    FILE *f;
    int i;

    if (p->trace) {
        fflush(p->trace);
    }
    if (!p->ledger_path) {
        return;
    }
    f = fopen(p->ledger_path, p->boot ? "a" : "w");
    if (!f) {
        warn_report("tdx-platform: %s: %s", p->ledger_path, strerror(errno));
        return;
    }
    tdx_ledger(p->m, &l);
    fprintf(f, "{\"boot\":%u", p->boot);
#define PUT(x) fprintf(f, ",\"" #x "\":%" PRIu64, l.x)
    PUT(seamcalls);
    PUT(tdcalls);
    PUT(td_exits);
    PUT(tds_created);
    PUT(tds_live);
    PUT(hkids_live);
    PUT(pages_live);
    PUT(vcpus_live);
    PUT(pages_donated);
    PUT(pages_returned);
    PUT(sept_leaves_live);
    PUT(tdis_created);
    PUT(tdis_live);
    PUT(spdms_live);
    PUT(streams_live);
    PUT(iommus_live);
    PUT(mmio_maps);
    PUT(mmio_unmaps);
    PUT(mmio_accepts);
#undef PUT
    for (i = 0; i < TDX_NR_VIOLATIONS; i++) {
        fprintf(f, ",\"%s\":%" PRIu64, name[i], p->violations[i]);
    }
    tdisp_write_ledger(f);
    fprintf(f, "}\n");
    fclose(f);
}

/* ---- life ---------------------------------------------------------------- */

static void tdx_platform_reset(void *opaque)
{
    TdxPlatform *p = opaque;
    struct tdx_ledger l;
    CPUState *cs;

    /* The first reset of a machine precedes its first instruction. */
    tdx_ledger(p->m, &l);
    if (l.seamcalls) {
        write_ledger(p);
        p->boot++;
    }
    tdx_module_reset(p->m);
    memset(p->violations, 0, sizeof(p->violations));
    tdisp_new_boot();
    p->blackhole_used = false;
    p->prng = p->seed;
    CPU_FOREACH(cs) {
        X86_CPU(cs)->tdx->td = NULL;
    }
}

static void tdx_platform_exit(Notifier *n, void *data)
{
    TdxPlatform *p = container_of(n, TdxPlatform, exit);

    write_ledger(p);
    if (p->trace) {
        fclose(p->trace);
        p->trace = NULL;
    }
}

/*
 * The TSC counts virtual nanoseconds with -icount, and the machine's own TSC ticks
 * without.
 */
static uint32_t native_tsc_khz(void)
{
    int64_t ns, ticks;

    if (icount_enabled()) {
        return 1000000;
    }
    ns = get_clock();
    ticks = cpu_get_host_ticks();
    g_usleep(10000);
    ticks = cpu_get_host_ticks() - ticks;
    ns = get_clock() - ns;
    return ticks * 1000000 / ns;
}

static bool find_ram(TdxPlatform *p, struct tdx_platform *desc)
{
    MachineState *ms = MACHINE(qdev_get_machine());
    X86MachineState *x86ms = X86_MACHINE(ms);

    if (!ms->ram || !memory_region_is_ram(ms->ram)) {
        return false;
    }
    p->ram_mr = ms->ram;
    p->ram = memory_region_get_ram_ptr(ms->ram);
    p->ram_addr = memory_region_get_ram_addr(ms->ram);
    p->below_4g = x86ms->below_4g_mem_size;
    p->above_4g = x86ms->above_4g_mem_size;
    p->above_4g_start = x86ms->above_4g_mem_start;

    desc->cmr[desc->nr_cmrs++] = (struct tdx_range) { TDX_CMR_BASE, p->below_4g - TDX_CMR_BASE };
    if (p->above_4g) {
        desc->cmr[desc->nr_cmrs++] = (struct tdx_range) { p->above_4g_start, p->above_4g };
    }
    return true;
}

/*
 * What the module gets to know about the machine. False with @errp set if it can't host
 * TDX.
 */
static bool describe(TdxPlatform *p, struct tdx_platform *desc, Error **errp)
{
    X86CPU *cpu = X86_CPU(first_cpu);
    CPUState *cs;

    CPU_FOREACH(cs) {
        if (!X86_CPU(cs)->tdx_host || X86_CPU(cs)->tdx) {
            error_setg(errp, "tdx-platform needs CPUs with tdx-host=on, and is alone");
            return false;
        }
        desc->nr_lps = MAX(desc->nr_lps, cs->cpu_index + 1);
    }
    if (desc->nr_lps > TDX_MAX_LPS) {
        error_setg(errp, "tdx-platform supports up to %d CPUs", TDX_MAX_LPS);
        return false;
    }
    if (p->keyids < 2 || p->keyids > TDX_MAX_TDS) {
        error_setg(errp, "keyids must be between 2 and %d", TDX_MAX_TDS);
        return false;
    }
    if (!find_ram(p, desc)) {
        error_setg(errp, "tdx-platform needs the machine's RAM in one block");
        return false;
    }
    desc->mktme_keyids = TDX_MKTME_KEYIDS;
    desc->tdx_keyids = p->keyids;
    desc->pa_bits = cpu->phys_bits;
    desc->tsc_khz = native_tsc_khz();
    desc->cpuid_1_eax = cpu->env.cpuid_version;
    desc->la57 = cpu->env.features[FEAT_7_0_ECX] & CPUID_7_0_ECX_LA57;
    desc->native_xfam = cpu->env.features[FEAT_XSAVE_XCR0_LO] |
                        cpu->env.features[FEAT_XSAVE_XSS_LO];
    return true;
}

static void tdx_platform_realize(DeviceState *dev, Error **errp)
{
    TdxPlatform *p = TDX_PLATFORM(dev);
    struct tdx_platform desc = { };
    CPUState *cs;

    if (!describe(p, &desc, errp)) {
        return;
    }
    if (p->trace_path) {
        p->trace = fopen(p->trace_path, "wb");
        if (!p->trace) {
            error_setg_errno(errp, errno, "%s", p->trace_path);
            return;
        }
        setvbuf(p->trace, NULL, _IOFBF, 1 * MiB);
    }
    qemu_mutex_init(&p->lock);
    p->prng = p->seed;
    p->m = tdx_module_init(qemu_memalign(64, tdx_module_size()), &desc, &tdx_ops, p);
    tdx_isolation_init(p);
    CPU_FOREACH(cs) {
        TdxCpu *tc = qemu_memalign(64, sizeof(*tc));

        memset(tc, 0, sizeof(*tc));
        tc->platform = p;
        tc->m = p->m;
        tc->lp = cs->cpu_index;
        tdx_tee_init(tc);
        X86_CPU(cs)->tdx = tc;
        cs->cc->memory_rw_debug = tdx_memory_rw_debug;
    }
    qemu_register_reset(tdx_platform_reset, p);
    p->exit.notify = tdx_platform_exit;
    qemu_add_exit_notifier(&p->exit);
}

static const Property tdx_platform_properties[] = {
    DEFINE_PROP_STRING("trace", TdxPlatform, trace_path),
    DEFINE_PROP_STRING("ledger", TdxPlatform, ledger_path),
    DEFINE_PROP_UINT64("seed", TdxPlatform, seed, 0),
    DEFINE_PROP_UINT8("keyids", TdxPlatform, keyids, TDX_DEFAULT_KEYIDS),
};

static const VMStateDescription tdx_platform_vmstate = {
    .name = TYPE_TDX_PLATFORM,
    .unmigratable = 1,
};

static void tdx_platform_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);

    dc->desc = "TDX module and its memory protection";
    dc->realize = tdx_platform_realize;
    dc->hotpluggable = false;
    dc->vmsd = &tdx_platform_vmstate;
    device_class_set_props(dc, tdx_platform_properties);
    set_bit(DEVICE_CATEGORY_CPU, dc->categories);
}

static const TypeInfo tdx_platform_info = {
    .name = TYPE_TDX_PLATFORM,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(TdxPlatform),
    .class_init = tdx_platform_class_init,
};

static void tdx_platform_register(void)
{
    type_register_static(&tdx_platform_info);
}

type_init(tdx_platform_register)
