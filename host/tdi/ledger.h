/* SPDX-License-Identifier: GPL-2.0 */
/* The module's end-of-run ledger (lib/tdx_module/tdx_module.h), as QEMU wrote it. */
#ifndef TDI_LEDGER_H
#define TDI_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "tdx_module/tdx_module.h"
#include "util.h"

struct ledger {
	struct tdx_ledger module;
	/* Accesses of L1 or a device to private memory, which the platform refused. */
	uint64_t l1_read, l1_write, l1_fetch, dma_read, dma_write;
	/* Accesses without the T bit that the test devices refused, and those of them by DMA. */
	uint64_t refused, refused_dma;
};

/* False: @error says what is wrong with the file; NULL there if it does not exist. */
bool ledger_read(struct ledger *ledger, const char *path, char **error);
/* One line per entry that does not balance. */
void ledger_imbalance(const struct ledger *ledger, struct strv *lines);
/* One line per kind of isolation violation. */
void ledger_violations(const struct ledger *ledger, struct strv *lines);
/*
 * L1 scanned all memory of a TD that had @pages of RAM, by CPU and by DMA: each way must have been
 * refused each page of RAM, and each word of the pages of private MMIO, at least once. Says so, and
 * takes the counts out of what follows.
 */
void ledger_scanned(struct ledger *ledger, uint64_t pages, struct strv *lines);
/* One line if host or user reached for a device that belongs to a TD. */
void ledger_refused(const struct ledger *ledger, struct strv *lines);

#endif
