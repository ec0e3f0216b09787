// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "dma.h"

static volatile uint32_t *reg32(const struct dma *dma, unsigned int at)
{
	return (volatile uint32_t *)(dma->bar + at);
}

static volatile uint64_t *reg64(const struct dma *dma, unsigned int at)
{
	return (volatile uint64_t *)(dma->bar + at);
}

static int open_file(const struct dma *dma, const char *name)
{
	char path[ASSIGN_PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/%s", dma->device.sysfs, name);
	return open(path, O_RDWR | O_SYNC | O_CLOEXEC);
}

/* Memory decoding and bus mastering. */
static bool enable(struct dma *dma)
{
	uint16_t command;

	dma->config = open_file(dma, "config");
	if (dma->config < 0 ||
	    pread(dma->config, &dma->command, sizeof(dma->command), PCI_COMMAND) < 0)
		return false;
	command = dma->command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	return pwrite(dma->config, &command, sizeof(command), PCI_COMMAND) == sizeof(command);
}

static bool map(struct dma *dma)
{
	int resource = open_file(dma, "resource0");
	void *bar = MAP_FAILED;

	if (resource >= 0) {
		bar = mmap(NULL, TESTDEV_BAR0_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, resource, 0);
		close(resource);
	}
	dma->bar = bar == MAP_FAILED ? NULL : bar;
	return dma->bar;
}

bool dma_open(struct dma *dma, const struct assign *taken, const char **failed)
{
	unsigned int nth = 0;

	*dma = (struct dma){ .config = -1 };
	errno = ENODEV;
	*failed = "a second test device";
	do {
		if (!assign_find(&dma->device, nth++))
			return false;
	} while (!strcmp(dma->device.sysfs, taken->sysfs));
	*failed = "an identity domain for the second test device";
	if (!assign_set_domain(&dma->device, "identity"))
		return false;
	*failed = "command register of the second test device";
	if (!enable(dma))
		return false;
	*failed = "BAR 0 of the second test device";
	return map(dma) && *reg32(dma, TESTDEV_ID) == TESTDEV_MAGIC;
}

void dma_pattern(const struct dma *dma, const uint64_t inverted[DMA_PATTERN_WORDS])
{
	for (unsigned int n = 0; n < DMA_PATTERN_WORDS; n++)
		*reg64(dma, TESTDEV_MEMORY + 8 * n) = ~inverted[n];
}

bool dma_search(const struct dma *dma, uint64_t addr, uint32_t bytes, struct dma_result *result)
{
	*reg64(dma, TESTDEV_DMA_ADDR) = addr;
	*reg32(dma, TESTDEV_DMA_BYTES) = bytes;
	*reg32(dma, TESTDEV_DMA_COMMAND) = TESTDEV_DMA_SEARCH;
	result->hits = *reg32(dma, TESTDEV_DMA_HITS);
	result->missed = *reg32(dma, TESTDEV_DMA_MISSED);
	result->found = *reg64(dma, TESTDEV_DMA_FOUND);
	return !*reg32(dma, TESTDEV_DMA_RESULT);
}

void dma_close(struct dma *dma)
{
	if (dma->bar)
		munmap((void *)dma->bar, TESTDEV_BAR0_BYTES);
	if (dma->config < 0)
		return;
	if (pwrite(dma->config, &dma->command, sizeof(dma->command), PCI_COMMAND) < 0)
		perror("vmm: command register");
	close(dma->config);
	assign_set_domain(&dma->device, "auto");
}
