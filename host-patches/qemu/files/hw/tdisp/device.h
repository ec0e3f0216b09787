/* SPDX-License-Identifier: GPL-2.0 */
/* The test device: what device.c, security.c and bar.c share. */
#ifndef HW_TDISP_DEVICE_H
#define HW_TDISP_DEVICE_H

#include "hw/pci/pcie_doe.h"
#include "qemu/queue.h"
#include "tdisp.h"
#include "responder.h"
#include "lib/tdisp/testdev.h"

OBJECT_DECLARE_SIMPLE_TYPE(TdispTestdev, TDISP_TESTDEV)

#define TESTDEV_IDE_OFFSET  0x100
#define TESTDEV_DOE_OFFSET  (TESTDEV_IDE_OFFSET + TDISP_IDE_SIZEOF)

/* Kept over every reset but the machine's. */
typedef struct TestdevCounters {
    uint64_t reads_t, writes_t, reads, writes;  /* served; _t: with T = 1 */
    uint64_t refused_t, refused;
    uint64_t refused_dma;                       /* those of refused that are a device's */
    uint64_t dma, dma_refused;
    uint64_t doe_messages;
} TestdevCounters;

struct TdispTestdev {
    PCIDevice parent;

    /* properties */
    bool has_bar2;
    char *identity;
    struct dsm_faults faults;

    MemoryRegion bar0, bar2;
    /* MSI-X is reached through BAR 2, where its accesses are checked as all others. */
    MemoryRegion msix;

    uint64_t scratch, dma_addr, dma_found;
    uint32_t dma_bytes, dma_result, dma_hits, dma_missed;
    uint8_t memory0[TESTDEV_BAR0_BYTES];    /* page 0 unused: registers */
    uint8_t memory2[TESTDEV_BAR2_BYTES];    /* page 2 unused: MSI-X */

    DOECap *doe;
    struct dsm_config config;
    struct tdisp_dsm dsm;
    uint8_t answer[DSM_MAX_OBJECT];

    TestdevCounters counters;
    QLIST_ENTRY(TdispTestdev) next;
};

/* bar.c */
bool testdev_bars_init(TdispTestdev *d, Error **errp);
void testdev_bars_exit(TdispTestdev *d);
void testdev_bars_reset(TdispTestdev *d);

/* security.c */
bool testdev_security_init(TdispTestdev *d, Error **errp);
void testdev_security_exit(TdispTestdev *d);
/* May a transaction with T = @tee touch a range that is TEE memory, or not? */
bool testdev_allowed(TdispTestdev *d, bool tee_range, bool tee);

#endif
