/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A PCIe link with TEE-IO: a root port and a test device, both with an IDE extended
 * capability, and what the platform does to the link's streams.
 *
 *   rootport.c  tdisp-root-port
 *   device.c    tdisp-testdev: configuration space, reset, ledger
 *   security.c  what its security manager sees of it: DOE mailbox, identity
 *   bar.c       its BARs: who may access them, registers, DMA engine
 *   ide.c       the IDE extended capability of both, streams of the platform
 *   responder.c, dsm_*.c  the device's security manager, in plain C
 */
#ifndef HW_TDISP_TDISP_H
#define HW_TDISP_TDISP_H

#include "hw/pci/pci_device.h"

#define TYPE_TDISP_TESTDEV      "tdisp-testdev"
#define TYPE_TDISP_ROOT_PORT    "tdisp-root-port"

/* ---- ide.c --------------------------------------------------------------- */

/* One selective stream with two address association blocks. */
#define TDISP_IDE_SIZEOF    0x38

void tdisp_ide_init(PCIDevice *d, uint16_t offset);
void tdisp_ide_reset(PCIDevice *d, uint16_t offset);
/* After the default write to configuration space: the stream's status follows. */
void tdisp_ide_update(PCIDevice *d, uint16_t offset);
/* The stream that the port's registers name, and whether it is enabled. */
bool tdisp_ide_enabled(PCIDevice *d, uint16_t offset, uint8_t *stream);

/* The TDX module keyed @stream at the root port, or blocked or deleted it. Any thread. */
void tdisp_stream_set(unsigned int stream, bool open);
bool tdisp_stream_open(unsigned int stream);
void tdisp_streams_reset(void);

/* ---- device.c ------------------------------------------------------------ */

/* ,"devices":[...] of the platform's ledger. */
void tdisp_write_ledger(FILE *f);
/* The machine was reset: streams are gone, counters start again. */
void tdisp_new_boot(void);

#endif
