/* SPDX-License-Identifier: GPL-2.0 */
/* The test device as a guest test finds it, and its registers at every width. */
#ifndef TESTS_TESTDEV_H
#define TESTS_TESTDEV_H

#include "core/test.h"
#include "tdisp/testdev.h"
#include "x86/mmu.h"
#include "x86/pci.h"

struct testdev {
	uint16_t bdf;
	uint64_t bar0, bar2;	/* GPAs */
};

/* Find the @nth device, and map its BARs @shared or private. False, with an error: it is not there. */
static inline bool testdev_open_nth(struct testdev *dev, unsigned int nth, bool shared)
{
	if (!pci_find(TESTDEV_VENDOR, TESTDEV_DEVICE, nth, &dev->bdf)) {
		test_error("the VMM shows no test device");
		return false;
	}
	dev->bar0 = pci_bar(dev->bdf, 0);
	dev->bar2 = pci_bar(dev->bdf, 2);
	if (!dev->bar0 || dev->bar0 % PAGE_SIZE || !dev->bar2 || dev->bar2 % PAGE_SIZE ||
	    !mmu_set_shared(dev->bar0, TESTDEV_BAR0_BYTES, shared) ||
	    !mmu_set_shared(dev->bar2, TESTDEV_BAR2_BYTES, shared)) {
		test_error("a BAR of the test device can't be mapped");
		return false;
	}
	return true;
}

static inline bool testdev_open(struct testdev *dev, bool shared)
{
	return testdev_open_nth(dev, 0, shared);
}

/* Checks that hold for the device's memory, whether it is shared or private. */
void testdev_check_widths(uint64_t at);		/* 8 bytes at @at take and give every width */
void testdev_check_smp(uint64_t bar0);		/* vCPUs 0 and 1 write one page */

#define TESTDEV_ACCESS(bits)								\
	static inline uint##bits##_t testdev_read##bits(uint64_t at)			\
	{										\
		return *(volatile uint##bits##_t *)at;					\
	}										\
	static inline void testdev_write##bits(uint64_t at, uint##bits##_t value)	\
	{										\
		*(volatile uint##bits##_t *)at = value;					\
	}
TESTDEV_ACCESS(8)
TESTDEV_ACCESS(16)
TESTDEV_ACCESS(32)
TESTDEV_ACCESS(64)

/* For test_end_refused(). */
static inline void testdev_touch(uint64_t gpa)
{
	testdev_read32(gpa);
}

#endif
