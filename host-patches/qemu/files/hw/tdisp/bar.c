/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The BARs of the test device. Each transaction is first held against the TDISP state
 * and its T bit (fact sheet tdx-connect.md 8, row 12): a refused one reads all ones,
 * writes nothing, and changes no state.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qapi/error.h"
#include "hw/pci/msix.h"
#include "device.h"

#define PAGE_BYTES          0x1000
#define DMA_BUFFER_BYTES    (TESTDEV_BAR0_BYTES - TESTDEV_MEMORY)

/* Count a transaction, and decide about it. */
static bool admit(TdispTestdev *d, bool tee_range, MemTxAttrs attrs, bool is_write)
{
    TestdevCounters *c = &d->counters;
    bool tee = attrs.tee;

    if (!testdev_allowed(d, tee_range, tee)) {
        ++*(tee ? &c->refused_t : &c->refused);
        /* A CPU has no requester ID; the host bridge, which has 0, does no DMA. */
        c->refused_dma += !tee && attrs.requester_id;
        return false;
    }
    ++*(is_write ? (tee ? &c->writes_t : &c->writes) : (tee ? &c->reads_t : &c->reads));
    return true;
}

/* ---- registers ----------------------------------------------------------- */

static MemTxResult transfer(TdispTestdev *d, uint64_t addr, void *buf, uint32_t bytes,
                            DMADirection dir)
{
    PCIDevice *pci = PCI_DEVICE(d);
    MemTxAttrs attrs = { .requester_id = pci_requester_id(pci) };

    return pci_dma_rw(pci, addr, buf, bytes, dir, attrs);
}

/* Refused pages are holes in what was looked at, not an end of it. */
static MemTxResult search(TdispTestdev *d)
{
    const uint8_t *pattern = d->memory0 + TESTDEV_MEMORY;
    g_autofree uint8_t *memory = NULL;
    uint32_t at, n;

    d->dma_hits = d->dma_missed = d->dma_found = 0;
    if (d->dma_bytes > TESTDEV_SEARCH_MAX) {
        return MEMTX_ERROR;
    }
    memory = g_malloc(d->dma_bytes);
    for (at = 0; at < d->dma_bytes; at += n) {
        n = MIN(d->dma_bytes - at, PAGE_BYTES - (d->dma_addr + at) % PAGE_BYTES);
        if (transfer(d, d->dma_addr + at, memory + at, n, DMA_DIRECTION_TO_DEVICE)) {
            memset(memory + at, 0, n);
            d->dma_missed += n;
        }
    }
    for (at = 0; at + TESTDEV_PATTERN_BYTES <= d->dma_bytes; at += 8) {
        if (ldq_he_p(memory + at) == ldq_he_p(pattern) &&
            !memcmp(memory + at, pattern, TESTDEV_PATTERN_BYTES)) {
            d->dma_hits++;
            d->dma_found = d->dma_addr + at;
        }
    }
    return MEMTX_OK;
}

/* Between memory and the buffer. */
static MemTxResult copy(TdispTestdev *d, DMADirection dir)
{
    if (d->dma_bytes > DMA_BUFFER_BYTES) {
        return MEMTX_ERROR;
    }
    return transfer(d, d->dma_addr, d->memory0 + TESTDEV_MEMORY, d->dma_bytes, dir);
}

static void dma(TdispTestdev *d, uint32_t command)
{
    MemTxResult result = MEMTX_ERROR;

    /* In RUN a request would carry T = 1, which no IOMMU of this platform translates. */
    if (dsm_dma_allowed(&d->dsm, false)) {
        switch (command) {
        case TESTDEV_DMA_READ:
            result = copy(d, DMA_DIRECTION_TO_DEVICE);
            break;
        case TESTDEV_DMA_WRITE:
            result = copy(d, DMA_DIRECTION_FROM_DEVICE);
            break;
        case TESTDEV_DMA_SEARCH:
            result = search(d);
            break;
        }
    }
    d->dma_result = result != MEMTX_OK;
    ++*(d->dma_result ? &d->counters.dma_refused : &d->counters.dma);
}

/* The 32 bits at @addr. */
static uint32_t word_read(TdispTestdev *d, hwaddr addr)
{
    const TestdevCounters *c = &d->counters;
    uint64_t quad;

    switch (addr) {
    case TESTDEV_ID:
        return TESTDEV_MAGIC;
    case TESTDEV_VERSION:
        return 1;
    case TESTDEV_STATE:
        return dsm_state(&d->dsm);
    case TESTDEV_DMA_BYTES:
        return d->dma_bytes;
    case TESTDEV_DMA_RESULT:
        return d->dma_result;
    case TESTDEV_DMA_HITS:
        return d->dma_hits;
    case TESTDEV_DMA_MISSED:
        return d->dma_missed;
    }
    switch (addr & ~4) {
    case TESTDEV_SCRATCH:
        quad = d->scratch;
        break;
    case TESTDEV_READS_T:
        quad = c->reads_t;
        break;
    case TESTDEV_WRITES_T:
        quad = c->writes_t;
        break;
    case TESTDEV_READS:
        quad = c->reads;
        break;
    case TESTDEV_WRITES:
        quad = c->writes;
        break;
    case TESTDEV_REFUSED_T:
        quad = c->refused_t;
        break;
    case TESTDEV_REFUSED:
        quad = c->refused;
        break;
    case TESTDEV_DMA_ADDR:
        quad = d->dma_addr;
        break;
    case TESTDEV_DMA_FOUND:
        quad = d->dma_found;
        break;
    default:
        quad = 0;
        break;
    }
    return quad >> (addr & 4 ? 32 : 0);
}

static void word_write(TdispTestdev *d, hwaddr addr, uint32_t val)
{
    unsigned int shift = addr & 4 ? 32 : 0;

    switch (addr) {
    case TESTDEV_SCRATCH:
    case TESTDEV_SCRATCH + 4:
        d->scratch = deposit64(d->scratch, shift, 32, val);
        break;
    case TESTDEV_DMA_ADDR:
    case TESTDEV_DMA_ADDR + 4:
        d->dma_addr = deposit64(d->dma_addr, shift, 32, val);
        break;
    case TESTDEV_DMA_BYTES:
        d->dma_bytes = val;
        break;
    case TESTDEV_DMA_COMMAND:
        dma(d, val);
        break;
    case TESTDEV_INTERRUPT:
        if (d->has_bar2 && val < TESTDEV_VECTORS) {
            msix_notify(PCI_DEVICE(d), val);
        }
        break;
    case TESTDEV_INJECT:
        if (val == TESTDEV_INJECT_ERROR) {
            dsm_config_violation(&d->dsm);
        }
        break;
    }
}

static uint64_t registers_read(TdispTestdev *d, hwaddr addr, unsigned int size)
{
    uint64_t val = word_read(d, addr & ~3);

    if (size == 8) {
        return val | (uint64_t)word_read(d, addr + 4) << 32;
    }
    return extract64(val, (addr & 3) * 8, size * 8);
}

static void registers_write(TdispTestdev *d, hwaddr addr, uint64_t val, unsigned int size)
{
    if (size < 4) {
        val = deposit64(word_read(d, addr & ~3), (addr & 3) * 8, size * 8, val);
    }
    word_write(d, addr & ~3, val);
    if (size == 8) {
        word_write(d, addr + 4, val >> 32);
    }
}

/* ---- BAR 0 --------------------------------------------------------------- */

static MemTxResult bar0_read(void *opaque, hwaddr addr, uint64_t *val, unsigned int size,
                             MemTxAttrs attrs)
{
    TdispTestdev *d = opaque;

    if (!admit(d, true, attrs, false)) {
        *val = ~0ull;
    } else if (addr < TESTDEV_MEMORY) {
        *val = registers_read(d, addr, size);
    } else {
        *val = ldn_le_p(d->memory0 + addr, size);
    }
    return MEMTX_OK;
}

static MemTxResult bar0_write(void *opaque, hwaddr addr, uint64_t val, unsigned int size,
                              MemTxAttrs attrs)
{
    TdispTestdev *d = opaque;

    if (!admit(d, true, attrs, true)) {
        return MEMTX_OK;
    }
    if (addr < TESTDEV_MEMORY) {
        registers_write(d, addr, val, size);
    } else {
        stn_le_p(d->memory0 + addr, size, val);
    }
    return MEMTX_OK;
}

/* ---- BAR 2 --------------------------------------------------------------- */

static MemoryRegion *msix_region(TdispTestdev *d, hwaddr *addr, unsigned int size)
{
    PCIDevice *pci = PCI_DEVICE(d);
    MemoryRegion *mr = &pci->msix_table_mmio;

    *addr -= TESTDEV_MSIX_TABLE;
    if (*addr >= TESTDEV_MSIX_PBA - TESTDEV_MSIX_TABLE) {
        *addr -= TESTDEV_MSIX_PBA - TESTDEV_MSIX_TABLE;
        mr = &pci->msix_pba_mmio;
    }
    return *addr + size <= memory_region_size(mr) ? mr : NULL;
}

static bool is_msix(hwaddr addr)
{
    return addr / PAGE_BYTES == TESTDEV_MSIX_TABLE / PAGE_BYTES;
}

static MemTxResult bar2_read(void *opaque, hwaddr addr, uint64_t *val, unsigned int size,
                             MemTxAttrs attrs)
{
    TdispTestdev *d = opaque;
    MemoryRegion *mr;

    if (!admit(d, !is_msix(addr), attrs, false)) {
        *val = ~0ull;
    } else if (!is_msix(addr)) {
        *val = ldn_le_p(d->memory2 + addr, size);
    } else {
        mr = msix_region(d, &addr, size);
        *val = 0;
        return mr ? memory_region_dispatch_read(mr, addr, val, size_memop(size) | MO_LE, attrs) :
                    MEMTX_OK;
    }
    return MEMTX_OK;
}

static MemTxResult bar2_write(void *opaque, hwaddr addr, uint64_t val, unsigned int size,
                              MemTxAttrs attrs)
{
    TdispTestdev *d = opaque;
    MemoryRegion *mr;

    if (!admit(d, !is_msix(addr), attrs, true)) {
        return MEMTX_OK;
    }
    if (!is_msix(addr)) {
        stn_le_p(d->memory2 + addr, size, val);
        return MEMTX_OK;
    }
    mr = msix_region(d, &addr, size);
    return mr ? memory_region_dispatch_write(mr, addr, val, size_memop(size) | MO_LE, attrs) :
                MEMTX_OK;
}

/* ---- life ---------------------------------------------------------------- */

static const MemoryRegionOps bar0_ops = {
    .read_with_attrs = bar0_read,
    .write_with_attrs = bar0_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8 },
    .impl = { .min_access_size = 1, .max_access_size = 8 },
};

static const MemoryRegionOps bar2_ops = {
    .read_with_attrs = bar2_read,
    .write_with_attrs = bar2_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8 },
    .impl = { .min_access_size = 1, .max_access_size = 8 },
};

static bool msix_attach(TdispTestdev *d, Error **errp)
{
    PCIDevice *pci = PCI_DEVICE(d);
    int i;

    memory_region_init(&d->msix, OBJECT(d), "tdisp-testdev-msix", TESTDEV_BAR2_BYTES);
    if (msix_init(pci, TESTDEV_VECTORS, &d->msix, 2, TESTDEV_MSIX_TABLE,
                  &d->msix, 2, TESTDEV_MSIX_PBA, 0, errp) < 0) {
        return false;
    }
    /* They are entered from bar2_ops, which is access to the same device already. */
    pci->msix_table_mmio.disable_reentrancy_guard = true;
    pci->msix_pba_mmio.disable_reentrancy_guard = true;
    for (i = 0; i < TESTDEV_VECTORS; i++) {
        msix_vector_use(pci, i);
    }
    return true;
}

bool testdev_bars_init(TdispTestdev *d, Error **errp)
{
    PCIDevice *pci = PCI_DEVICE(d);
    uint8_t type = PCI_BASE_ADDRESS_SPACE_MEMORY | PCI_BASE_ADDRESS_MEM_TYPE_64;

    memory_region_init_io(&d->bar0, OBJECT(d), &bar0_ops, d, "tdisp-testdev-bar0",
                          TESTDEV_BAR0_BYTES);
    pci_register_bar(pci, 0, type, &d->bar0);
    if (!d->has_bar2) {
        return true;
    }
    memory_region_init_io(&d->bar2, OBJECT(d), &bar2_ops, d, "tdisp-testdev-bar2",
                          TESTDEV_BAR2_BYTES);
    pci_register_bar(pci, 2, type, &d->bar2);
    return msix_attach(d, errp);
}

void testdev_bars_exit(TdispTestdev *d)
{
    if (d->has_bar2) {
        msix_uninit(PCI_DEVICE(d), &d->msix, &d->msix);
    }
}

void testdev_bars_reset(TdispTestdev *d)
{
    d->scratch = 0;
    d->dma_addr = 0;
    d->dma_bytes = 0;
    d->dma_result = 0;
    d->dma_hits = d->dma_missed = d->dma_found = 0;
    memset(d->memory0, 0, sizeof(d->memory0));
    memset(d->memory2, 0, sizeof(d->memory2));
}
