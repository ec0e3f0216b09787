/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages that belong to a TD or to the module are out of reach for the host and for
 * devices. Hardware lets such an access destroy or garble data; here it reads zero,
 * writes nothing, and is counted.
 */

#include "qemu/osdep.h"
#include "cpu.h"
#include "exec/address-spaces.h"
#include "exec/cputlb.h"
#include "exec/exec-all.h"
#include "hw/i386/x86.h"
#include "tdx.h"

/* One platform per machine; dma_filter() has no other way to find it. */
static TdxPlatform *dma_platform;

/*
 * Host address and RAM block offset of the page frame at @pa, or NULL if there is no
 * RAM.
 */
uint8_t *tdx_ram_at(TdxPlatform *p, uint64_t pa, ram_addr_t *offset)
{
    if (pa < p->below_4g) {
        *offset = pa;
    } else if (pa - p->above_4g_start < p->above_4g) {
        *offset = pa - p->above_4g_start + p->below_4g;
    } else {
        return NULL;
    }
    return p->ram + *offset;
}

static uint64_t pa_of(TdxPlatform *p, ram_addr_t offset)
{
    return offset < p->below_4g ? offset : offset - p->below_4g + p->above_4g_start;
}

static void count(TdxPlatform *p, int violation)
{
    qatomic_inc(&p->violations[violation]);
}

static bool dma_allowed(MemoryRegion *mr, hwaddr offset, hwaddr len, bool is_write)
{
    TdxPlatform *p = dma_platform;
    hwaddr page;

    if (mr != p->ram_mr) {
        return true;
    }
    for (page = offset & TARGET_PAGE_MASK; page < offset + len; page += TARGET_PAGE_SIZE) {
        if (tdx_pa_private(p->m, pa_of(p, page))) {
            count(p, is_write ? TDX_VIOLATION_DMA_WRITE : TDX_VIOLATION_DMA_READ);
            return false;
        }
    }
    return true;
}

static uint64_t blackhole_read(void *opaque, hwaddr addr, unsigned int size)
{
    return 0;
}

static void blackhole_write(void *opaque, hwaddr addr, uint64_t val, unsigned int size)
{
}

static const MemoryRegionOps blackhole_ops = {
    .read = blackhole_read,
    .write = blackhole_write,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

void tdx_isolation_init(TdxPlatform *p)
{
    memory_region_init_io(&p->blackhole, OBJECT(p), &blackhole_ops, p, "tdx-blackhole",
                          TARGET_PAGE_SIZE);
    p->blackhole_pa = (1ull << X86_CPU(first_cpu)->phys_bits) - TARGET_PAGE_SIZE;
    memory_region_add_subregion(get_system_memory(), p->blackhole_pa, &p->blackhole);
    dma_platform = p;
    dma_filter = dma_allowed;
}

/* The host may not reach its target: count, and send it where nothing is. */
hwaddr tdx_blackhole(TdxPlatform *p, MMUAccessType access)
{
    count(p, access == MMU_INST_FETCH ? TDX_VIOLATION_L1_FETCH :
             access == MMU_DATA_STORE ? TDX_VIOLATION_L1_WRITE : TDX_VIOLATION_L1_READ);
    qatomic_set(&p->blackhole_used, true);
    return p->blackhole_pa;
}

bool tdx_host_blocked(CPUX86State *env, hwaddr *paddr, MMUAccessType access)
{
    TdxCpu *tc = env_tdx(env);

    if (!tc || env->in_td || !tdx_pa_private(tc->m, *paddr & TARGET_PAGE_MASK)) {
        return false;
    }
    *paddr = tdx_blackhole(tc->platform, access);
    return true;
}

/*
 * The pages changed hands: no CPU may keep a translation, or code translated from them.
 */
void tdx_page_owned(TdxPlatform *p, uint64_t pa, uint64_t len, bool owned)
{
    ram_addr_t offset;
    uint8_t *host = tdx_ram_at(p, pa, &offset);

    if (!host) {
        return;
    }
    if (owned) {
        tlb_drop_host_range_all(host, len);
    } else if (qatomic_read(&p->blackhole_used)) {
        tlb_flush_all_cpus_synced(current_cpu);
    }
    tb_invalidate_phys_range(p->ram_addr + offset, p->ram_addr + offset + len - 1);
}
