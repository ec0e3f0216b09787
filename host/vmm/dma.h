/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The DMA engine of a test device that L1 keeps for itself: no driver, a bus address is a physical
 * one, registers mapped through sysfs.
 */
#ifndef VMM_DMA_H
#define VMM_DMA_H

#include <stdbool.h>
#include <stdint.h>

#include "assign.h"
#include "tdisp/testdev.h"

#define DMA_PATTERN_WORDS	(TESTDEV_PATTERN_BYTES / 8)

struct dma {
	struct assign device;
	int config;
	uint16_t command;		/* as it was found */
	volatile uint8_t *bar;		/* BAR 0 */
};

struct dma_result {
	uint32_t hits, missed;		/* matches; bytes that the device did not get */
	uint64_t found;			/* address of the last match */
};

/*
 * Take the first test device that is not @taken: its address space becomes the machine's, decoding
 * and bus mastering go on. False, with errno: *@failed names the step.
 */
bool dma_open(struct dma *dma, const struct assign *taken, const char **failed);
/* What to look for: the inverse of @inverted, which is in the device and nowhere else. */
void dma_pattern(const struct dma *dma, const uint64_t inverted[DMA_PATTERN_WORDS]);
/* Look for it in [@addr, @addr + @bytes), TESTDEV_SEARCH_MAX at most. False: the device refused. */
bool dma_search(const struct dma *dma, uint64_t addr, uint32_t bytes, struct dma_result *result);
void dma_close(struct dma *dma);

#endif
