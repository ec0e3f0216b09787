/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The IDE extended capability (PCIe 6.0, 7.9.26) as both ports of a link have it. There
 * is no link encryption to emulate: a stream whose enable bit is set is secure, in the
 * same configuration write. Which streams have keys at the root port is the TDX
 * module's knowledge; it arrives through tdisp_stream_set().
 */

#include "qemu/osdep.h"
#include "qemu/bitmap.h"
#include "hw/pci/pci.h"
#include "hw/pci/pcie.h"
#include "tdisp.h"

#define PCI_EXT_CAP_ID_IDE      0x30

#define IDE_CAP                 0x04
#define IDE_CAP_SELECTIVE       (1u << 1)
#define IDE_CAP_KM              (1u << 6)
#define IDE_CAP_TEE_LIMITED     (1u << 24)
/* Selective stream block 0, behind no link stream block at all. */
#define IDE_SEL                 0x0c
#define IDE_SEL_CAP             (IDE_SEL + 0x00)
#define IDE_SEL_CTL             (IDE_SEL + 0x04)
#define IDE_SEL_CTL_ENABLE      (1u << 0)
#define IDE_SEL_CTL_DEFAULT     (1u << 22)
#define IDE_SEL_CTL_TEE_LIMITED (1u << 23)
#define IDE_SEL_CTL_ID_SHIFT    24
#define IDE_SEL_STS             (IDE_SEL + 0x08)
#define IDE_SEL_STS_SECURE      2
#define IDE_SEL_RID_1           (IDE_SEL + 0x0c)
#define IDE_SEL_RID_1_MASK      0x00ffff00
#define IDE_SEL_RID_2           (IDE_SEL + 0x10)
#define IDE_SEL_RID_2_MASK      0xffffff01
#define IDE_SEL_ADDR            (IDE_SEL + 0x14)
#define IDE_SEL_ADDR_SIZEOF     12
#define IDE_SEL_ADDR_1_MASK     0xffffff01
#define IDE_SEL_ADDRS           2

#define IDE_STREAMS             256

QEMU_BUILD_BUG_ON(IDE_SEL_ADDR + IDE_SEL_ADDRS * IDE_SEL_ADDR_SIZEOF != TDISP_IDE_SIZEOF);

/* One link partner of all streams, the host bridge, per machine. */
static DECLARE_BITMAP(open_streams, IDE_STREAMS);

void tdisp_ide_init(PCIDevice *d, uint16_t offset)
{
    uint8_t *config = d->config + offset, *wmask = d->wmask + offset;
    int i;

    pcie_add_capability(d, PCI_EXT_CAP_ID_IDE, 1, offset, TDISP_IDE_SIZEOF);
    pci_set_long(config + IDE_CAP, IDE_CAP_SELECTIVE | IDE_CAP_KM | IDE_CAP_TEE_LIMITED);
    pci_set_long(config + IDE_SEL_CAP, IDE_SEL_ADDRS);
    pci_set_long(wmask + IDE_SEL_CTL, IDE_SEL_CTL_ENABLE | IDE_SEL_CTL_DEFAULT |
                 IDE_SEL_CTL_TEE_LIMITED | 0xffu << IDE_SEL_CTL_ID_SHIFT);
    pci_set_long(wmask + IDE_SEL_RID_1, IDE_SEL_RID_1_MASK);
    pci_set_long(wmask + IDE_SEL_RID_2, IDE_SEL_RID_2_MASK);
    for (i = 0; i < IDE_SEL_ADDRS; i++) {
        uint8_t *addr = wmask + IDE_SEL_ADDR + i * IDE_SEL_ADDR_SIZEOF;

        pci_set_long(addr, IDE_SEL_ADDR_1_MASK);
        pci_set_quad(addr + 4, ~0ull);
    }
}

void tdisp_ide_reset(PCIDevice *d, uint16_t offset)
{
    memset(d->config + offset + IDE_SEL_CTL, 0, TDISP_IDE_SIZEOF - IDE_SEL_CTL);
}

bool tdisp_ide_enabled(PCIDevice *d, uint16_t offset, uint8_t *stream)
{
    uint32_t ctl = pci_get_long(d->config + offset + IDE_SEL_CTL);

    *stream = ctl >> IDE_SEL_CTL_ID_SHIFT;
    return ctl & IDE_SEL_CTL_ENABLE;
}

void tdisp_ide_update(PCIDevice *d, uint16_t offset)
{
    uint8_t stream;

    pci_set_long(d->config + offset + IDE_SEL_STS,
                 tdisp_ide_enabled(d, offset, &stream) ? IDE_SEL_STS_SECURE : 0);
}

void tdisp_stream_set(unsigned int stream, bool open)
{
    assert(stream < IDE_STREAMS);
    if (open) {
        set_bit_atomic(stream, open_streams);
    } else {
        clear_bit_atomic(stream, open_streams);
    }
}

bool tdisp_stream_open(unsigned int stream)
{
    return qatomic_read(&open_streams[BIT_WORD(stream)]) & BIT_MASK(stream);
}

void tdisp_streams_reset(void)
{
    bitmap_zero(open_streams, IDE_STREAMS);
}
