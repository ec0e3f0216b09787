// SPDX-License-Identifier: GPL-2.0
/* DMA of an assigned device: to what the TD shares, at its GPA, and only while it is not bound. */
#include "convert.h"
#include "tdi.h"
#include "tdx/memory.h"
#include "tdx/tdcall.h"

#define WORDS	(PAGE_SIZE / 8)

/* The device's result: 0 done, 1 refused. */
static uint32_t dma(const struct testdev *dev, uint64_t gpa, uint32_t bytes,
		    enum testdev_dma command)
{
	testdev_write64(dev->bar0 + TESTDEV_DMA_ADDR, gpa);
	testdev_write32(dev->bar0 + TESTDEV_DMA_BYTES, bytes);
	testdev_write32(dev->bar0 + TESTDEV_DMA_COMMAND, command);
	return testdev_read32(dev->bar0 + TESTDEV_DMA_RESULT);
}

static uint64_t pattern(unsigned int word)
{
	return (word + 1) * 0x9e3779b97f4a7c15;
}

static void device_dma(void)
{
	uint64_t gpa = memory_reserve(2 * PAGE_SIZE, PAGE_SIZE), at;
	volatile uint64_t *word = (volatile uint64_t *)gpa;
	unsigned int wrong = 0;
	struct testdev dev;

	TEST_REQUIRE(gpa, "no RAM left");
	if (!testdev_open(&dev, true) || !convert(gpa, 2 * PAGE_SIZE, true))
		return;
	for (unsigned int n = 0; n < 2 * WORDS; n++)
		word[n] = pattern(n);
	CHECK_DEC(dma(&dev, gpa, 2 * PAGE_SIZE, TESTDEV_DMA_READ), 0);
	at = dev.bar0 + TESTDEV_MEMORY;
	for (unsigned int n = 0; n < 2 * WORDS; n++)
		wrong += testdev_read64(at + 8 * n) != pattern(n);
	CHECK_DEC(wrong, 0);
	/* Back, across the two pages, and only as much as was asked for. */
	for (unsigned int n = 0; n < 2; n++)
		testdev_write64(at + 8 * n, n);
	CHECK_DEC(dma(&dev, gpa + PAGE_SIZE - 8, 16, TESTDEV_DMA_WRITE), 0);
	CHECK_HEX(word[WORDS - 2], pattern(WORDS - 2));
	CHECK_HEX(word[WORDS - 1], 0);
	CHECK_HEX(word[WORDS], 1);
	CHECK_HEX(word[WORDS + 1], pattern(WORDS + 1));
}
TEST(device_dma, "an assigned device reads and writes what the TD shares, by DMA to its GPA",
     "lib/tdisp/testdev.h", "VMM: map each page for DMA to the memory of the one before",
     NEEDS_DEVICE, device_dma);

static void device_dma_private(void)
{
	volatile uint64_t *word = memory_page();
	uint64_t gpa = (uintptr_t)word;
	struct testdev dev;

	TEST_REQUIRE(word, "no RAM left");
	if (!testdev_open(&dev, true))
		return;
	*word = 0x5ec2e7;
	CHECK_DEC(dma(&dev, gpa, 8, TESTDEV_DMA_WRITE), 1);
	CHECK_DEC(dma(&dev, gpa, 8, TESTDEV_DMA_READ), 1);
	CHECK_HEX(*word, 0x5ec2e7);
	/* Shared for a while. */
	if (!convert(gpa, PAGE_SIZE, true))
		return;
	CHECK_DEC(dma(&dev, gpa, 8, TESTDEV_DMA_READ), 0);
	if (!convert(gpa, PAGE_SIZE, false) ||
	    !CHECK_TDX(tdg_mem_page_accept(gpa, 0), TDX_SUCCESS))
		return;
	CHECK_DEC(dma(&dev, gpa, 8, TESTDEV_DMA_WRITE), 1);
	CHECK_DEC(dma(&dev, gpa, 8, TESTDEV_DMA_READ), 1);
	CHECK_HEX(*word, 0);
}
TEST(device_dma_private, "DMA to a private page is refused, also if it was shared before",
     "fact sheet C 2.7 (no trusted DMA)", "VMM: leave a page mapped for DMA that becomes private",
     NEEDS_DEVICE, device_dma_private);

/* In RUN a request carries T = 1, and there is no DMAR entry for such a one. */
static void connect_dma(void)
{
	volatile uint64_t *word = memory_page();
	uint64_t gpa = (uintptr_t)word;
	struct tdi tdi;

	TEST_REQUIRE(word, "no RAM left");
	if (!convert(gpa, PAGE_SIZE, true) || !tdi_run(&tdi))
		return;
	*word = 0x1234;
	testdev_write64(tdi.dev.bar0 + TESTDEV_MEMORY, 0x5ec2e7);
	CHECK_DEC(dma(&tdi.dev, gpa, 8, TESTDEV_DMA_WRITE), 1);
	CHECK_HEX(*word, 0x1234);
	CHECK_DEC(dma(&tdi.dev, gpa, 8, TESTDEV_DMA_READ), 1);
	CHECK_HEX(testdev_read64(tdi.dev.bar0 + TESTDEV_MEMORY), 0x5ec2e7);
	if (!tdi_unbind(&tdi))
		return;
	CHECK_DEC(dma(&tdi.dev, gpa, 8, TESTDEV_DMA_READ), 0);
	CHECK_HEX(testdev_read64(tdi.dev.bar0 + TESTDEV_MEMORY), 0x1234);
}
TEST(connect_dma,
     "without trusted DMA a device in RUN does none, not to shared memory either; unbound it does",
     "fact sheet C 2.7", "QEMU device: do DMA without T in RUN", NEEDS_CONNECT, connect_dma);
