/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TDX host platform: what its own files share.
 *
 *   platform.c  the tdx-platform device: module context, operations table, trace, ledger, reset
 *   isolation.c host and device accesses to TDX-owned pages
 *   insn.c      CPUID bits, INVPCID, MOVDIR64B
 *   vmx.c       VMX operation, VMX MSRs
 *   world.c     SEAMCALL, the world switch both ways, initial TD state
 *   event.c     what a TD does: instructions, stage 2, interrupts
 *   tee.c       its use of private MMIO through translations that the S-EPT has no more
 *   debug.c     memory as gdb sees it
 */
#ifndef I386_TCG_TDX_H
#define I386_TCG_TDX_H

#include "cpu.h"
#include "target/i386/tdx-host.h"
#include "hw/qdev-core.h"
#include "qemu/thread.h"
#include "lib/tdx_module/tdx_module.h"

#define TYPE_TDX_PLATFORM "tdx-platform"
OBJECT_DECLARE_SIMPLE_TYPE(TdxPlatform, TDX_PLATFORM)

/* First bit of the KeyID partition: no MKTME KeyIDs, so TDX KeyIDs start at 1. */
#define TDX_MKTME_KEYIDS    0
#define TDX_MAX_SLOTS       (TDX_MAX_TDS * 16)

/* An event whose delivery a TD exit interrupted. */
typedef struct TdxVectoring {
    bool valid;
    bool is_hw;
    bool is_int;
    int intno;
    int error_code;
    target_ulong next_eip;
} TdxVectoring;

/* CPU state of one world: everything up to end_init_save, and the debug registers. */
typedef struct TdxContext {
    uint8_t state[offsetof(CPUX86State, end_init_save)] QEMU_ALIGNED(16);
    target_ulong dr[8];
    TdxVectoring vectoring;
    uint8_t gpaw;
} TdxContext;

typedef struct TdxCpu {
    TdxPlatform *platform;
    struct tdx_module *m;
    unsigned int lp;
    TdxContext host;
    TdxContext *td;             /* of the TD vCPU that runs, or NULL */
    struct tdx_enter enter;     /* how it was entered */
    struct tdx_event ept;       /* the last stage 2 failure */
    uint64_t entries;           /* TD entries, from 1 */
    int64_t blocked_at;         /* the last TDH.MMIO.BLOCK, in virtual time */
    unsigned int turns;         /* that the others may still have before a TDH.MEM.TRACK */
    GHashTable *tee;            /* of tee.c */
} TdxCpu;

enum { TDX_VIOLATION_L1_READ, TDX_VIOLATION_L1_WRITE, TDX_VIOLATION_L1_FETCH,
       TDX_VIOLATION_DMA_READ, TDX_VIOLATION_DMA_WRITE, TDX_NR_VIOLATIONS };

struct TdxPlatform {
    DeviceState parent;

    /* properties */
    char *trace_path;
    char *ledger_path;
    uint64_t seed;
    uint8_t keyids;

    struct tdx_module *m;
    TdxContext *slot[TDX_MAX_SLOTS];
    uint64_t prng;
    QemuMutex lock;             /* prng, trace */
    FILE *trace;
    unsigned int boot;          /* system resets seen */
    Notifier exit;

    /* RAM of the machine: one block, mapped below and above 4 GiB */
    uint8_t *ram;
    ram_addr_t ram_addr;
    uint64_t below_4g, above_4g_start, above_4g;
    MemoryRegion *ram_mr;

    MemoryRegion blackhole;     /* where blocked accesses of the host end */
    hwaddr blackhole_pa;
    bool blackhole_used;
    uint64_t violations[TDX_NR_VIOLATIONS];
};

/* platform.c */
uint8_t *tdx_ram_at(TdxPlatform *p, uint64_t pa, ram_addr_t *offset);

/* isolation.c */
void tdx_isolation_init(TdxPlatform *p);
void tdx_page_owned(TdxPlatform *p, uint64_t pa, uint64_t len, bool owned);
hwaddr tdx_blackhole(TdxPlatform *p, MMUAccessType access);

/* world.c */
void tdx_world_exit(CPUX86State *env, const struct tdx_gprs *host, const struct tdx_result *res);
void tdx_host_gprs(TdxCpu *tc, struct tdx_gprs *host);

/* event.c */
/*
 * An instruction that only the module can decide on. Returns if it is to be done
 * natively.
 */
void tdx_insn_event(CPUX86State *env, enum tdx_event_kind kind, uintptr_t ra);
void tdx_update_virq(CPUX86State *env);
/* Deliver the event that an exit interrupted. May leave the CPU loop. */
void tdx_redeliver(CPUX86State *env);

/* tee.c */
void tdx_tee_init(TdxCpu *tc);
/* The TLB gets a translation to private MMIO. Both addresses are those of pages. */
void tdx_tee_filled(TdxCpu *tc, uint64_t hpa, hwaddr gpa);

/* debug.c */
int tdx_memory_rw_debug(CPUState *cs, vaddr addr, uint8_t *buf, size_t len, bool is_write);

static inline TdxCpu *env_tdx(CPUX86State *env)
{
    return env_archcpu(env)->tdx;
}

#endif
