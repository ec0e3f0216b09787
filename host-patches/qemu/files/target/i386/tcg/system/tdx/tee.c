/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Translations of private MMIO that outlive their S-EPT entry. A blocked page stays in
 * reach of those who have it in the TLB until the epoch rule flushes it (fact sheet
 * 6.3), and only the CPU can tell: the module is told of each use, so that its trace
 * shows when the last one was.
 */

#include "qemu/osdep.h"
#include "cpu.h"
#include "tdx.h"

/* The last translation to a device page. QEMU's TLB has no room for the GPA. */
typedef struct TdxTee {
    uint64_t hpa;
    hwaddr gpa;
    uint64_t entry;     /* the TD entry in which it was used last ... */
    int stale;          /* ... and what the module said of it then */
} TdxTee;

void tdx_tee_init(TdxCpu *tc)
{
    tc->tee = g_hash_table_new(g_int64_hash, g_int64_equal);
}

void tdx_tee_filled(TdxCpu *tc, uint64_t hpa, hwaddr gpa)
{
    TdxTee *t = g_hash_table_lookup(tc->tee, &hpa);

    if (!t) {
        t = g_new0(TdxTee, 1);
        t->hpa = hpa;
        g_hash_table_add(tc->tee, t);
    }
    t->gpa = gpa;
    t->entry = 0;
}

/* Once for each entry and state of the page: a loop of accesses leaves one record. */
void tdx_tee_access(CPUState *cs, hwaddr addr)
{
    TdxCpu *tc = X86_CPU(cs)->tdx;
    uint64_t hpa = addr & TARGET_PAGE_MASK;
    TdxTee *t = g_hash_table_lookup(tc->tee, &hpa);

    t->stale = tdx_mmio_stale(tc->m, tc->lp, t->gpa, hpa,
                              t->entry == tc->entries ? t->stale : -1);
    t->entry = tc->entries;
}
