/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The TDISP test device as software sees it: ours entirely, no hardware has it. A PCIe endpoint with
 * two memory BARs; which accesses it answers follows from its TDISP state and the T bit of the
 * transaction (fact sheet tdx-connect.md 8, row 12). Registers are little-endian; any width from 8 to
 * 64 bits, naturally aligned.
 */
#ifndef TDISP_TESTDEV_H
#define TDISP_TESTDEV_H

#define TESTDEV_VENDOR		0x1234
#define TESTDEV_DEVICE		0x7d15

/* BAR 0: 16 pages, all TEE. Page 0 holds registers, pages 1-15 are plain memory. */
#define TESTDEV_BAR0_BYTES	0x10000
#define TESTDEV_MEMORY		0x1000

/* BAR 2: 4 pages; 0, 1 and 3 are memory (TEE), page 2 holds MSI-X table and PBA (non-TEE). */
#define TESTDEV_BAR2_BYTES	0x4000
#define TESTDEV_MSIX_TABLE	0x2000
#define TESTDEV_MSIX_PBA	0x2800
#define TESTDEV_VECTORS		4

enum testdev_reg {
	TESTDEV_ID		= 0x00,	/* u32, ro: TESTDEV_MAGIC */
	TESTDEV_VERSION		= 0x04,	/* u32, ro: 1 */
	TESTDEV_SCRATCH		= 0x08,	/* u64, rw */
	TESTDEV_STATE		= 0x10,	/* u32, ro: enum tdisp_state, live */
	/* Transactions that reached a BAR, u64, ro. T: private (TEE) ones. */
	TESTDEV_READS_T		= 0x18,
	TESTDEV_WRITES_T	= 0x20,
	TESTDEV_READS		= 0x28,
	TESTDEV_WRITES		= 0x30,
	TESTDEV_REFUSED_T	= 0x38,	/* T = 1 where it must not be: read as ones, write dropped */
	TESTDEV_REFUSED		= 0x40,	/* T = 0 on a TEE range while LOCKED, RUN or ERROR */
	/* DMA engine: between memory and the device's buffer, BAR 0 from TESTDEV_MEMORY on. */
	TESTDEV_DMA_ADDR	= 0x48,	/* u64, rw */
	TESTDEV_DMA_BYTES	= 0x50,	/* u32, rw: up to the end of the buffer; a search: SEARCH_MAX */
	TESTDEV_DMA_COMMAND	= 0x54,	/* u32, wo: enum testdev_dma; done when the write returns */
	TESTDEV_DMA_RESULT	= 0x58,	/* u32, ro: 0 done, 1 refused by bus or state */
	TESTDEV_INTERRUPT	= 0x5c,	/* u32, wo: raise MSI-X vector n */
	TESTDEV_INJECT		= 0x60,	/* u32, wo: enum testdev_inject */
	/* What the last search found. */
	TESTDEV_DMA_HITS	= 0x64,	/* u32, ro: matches */
	TESTDEV_DMA_FOUND	= 0x68,	/* u64, ro: address of the last match, 0 without one */
	TESTDEV_DMA_MISSED	= 0x70,	/* u32, ro: bytes that the bus did not give, read as zero */
};
#define TESTDEV_MAGIC		0x44584454	/* "TDXD" */

enum testdev_dma {
	TESTDEV_DMA_READ = 1,	/* memory to device */
	TESTDEV_DMA_WRITE,
	/*
	 * Compare memory, at every 8th byte from DMA_ADDR on, with the pattern at the start of the
	 * buffer. Read in pieces that end with a page, so that each page is one request on the bus.
	 */
	TESTDEV_DMA_SEARCH,
};
#define TESTDEV_PATTERN_BYTES	32
#define TESTDEV_SEARCH_MAX	0x100000
enum testdev_inject { TESTDEV_INJECT_ERROR = 1 /* fall to TDISP ERROR */ };

#endif
