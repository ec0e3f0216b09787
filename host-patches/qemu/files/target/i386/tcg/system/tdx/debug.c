/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory as gdb sees it. Registers and breakpoints need nothing from us: the live state
 * of a CPU in a TD is the TD's. Its addresses do: both stages are walked here, without a
 * trace of it in the module, in the TLB, or at a device.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "cpu.h"
#include "exec/exec-all.h"
#include "tdx.h"

/* Where it lies in RAM, or NULL: nowhere now, or at a device, which would notice. */
static uint8_t *ram_at_gpa(TdxCpu *tc, uint64_t gpa, ram_addr_t *offset)
{
    struct tdx_event unused = { };
    struct tdx_xlate x;

    if (!tdx_translate(tc->m, tc->lp, gpa, TDX_ACCESS_READ, &x, &unused) || x.mmio) {
        return NULL;
    }
    return tdx_ram_at(tc->platform, x.hpa + (gpa & ~TARGET_PAGE_MASK), offset);
}

/* A TD has either no paging, or that of 64-bit mode. */
static bool gpa_of(CPUX86State *env, vaddr addr, uint64_t *gpa)
{
    int shift = env->cr[4] & CR4_LA57_MASK ? 48 : 39;
    uint64_t entry = env->cr[3], at, in_page;
    ram_addr_t unused;
    uint8_t *p;

    if (!(env->cr[0] & CR0_PG_MASK)) {
        *gpa = addr;
        return true;
    }
    if (sextract64(addr, 0, shift + 9) != addr) {
        return false;
    }
    for (;; shift -= 9) {
        at = (entry & PG_ADDRESS_MASK) + (addr >> shift) % 512 * 8;
        p = ram_at_gpa(env_tdx(env), at, &unused);
        entry = p ? ldq_le_p(p) : 0;
        if (!(entry & PG_PRESENT_MASK)) {
            return false;
        }
        if (shift == TARGET_PAGE_BITS || (shift <= 30 && (entry & PG_PSE_MASK))) {
            break;
        }
    }
    in_page = (1ull << shift) - 1;
    *gpa = (entry & PG_ADDRESS_MASK & ~in_page) | (addr & in_page);
    return true;
}

/* All of it is in one page. */
static int td_rw(CPUX86State *env, vaddr addr, uint8_t *buf, size_t len, bool is_write)
{
    TdxCpu *tc = env_tdx(env);
    ram_addr_t offset;
    uint64_t gpa;
    uint8_t *p = gpa_of(env, addr, &gpa) ? ram_at_gpa(tc, gpa, &offset) : NULL;

    if (!p) {
        return -1;
    }
    if (!is_write) {
        memcpy(buf, p, len);
        return 0;
    }
    memcpy(p, buf, len);
    offset += tc->platform->ram_addr;
    tb_invalidate_phys_range(offset, offset + len - 1);
    return 0;
}

/* The host's developer sees no more than the host, but is not accused of trying. */
static int host_rw(CPUState *cs, vaddr addr, uint8_t *buf, size_t len, bool is_write)
{
    MemTxAttrs attrs;
    hwaddr pa = cpu_get_phys_page_attrs_debug(cs, addr & TARGET_PAGE_MASK, &attrs);

    if (pa == -1 || tdx_pa_private(X86_CPU(cs)->tdx->m, pa)) {
        return -1;
    }
    return cpu_memory_rw_debug(cs, addr, buf, len, is_write);
}

int tdx_memory_rw_debug(CPUState *cs, vaddr addr, uint8_t *buf, size_t len, bool is_write)
{
    CPUX86State *env = cpu_env(cs);

    while (len) {
        size_t part = MIN(len, TARGET_PAGE_SIZE - (addr & ~TARGET_PAGE_MASK));

        if (env->in_td ? td_rw(env, addr, buf, part, is_write) :
                         host_rw(cs, addr, buf, part, is_write)) {
            return -1;
        }
        addr += part;
        buf += part;
        len -= part;
    }
    return 0;
}
