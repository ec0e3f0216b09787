// SPDX-License-Identifier: GPL-2.0
#include "testdev.h"
#include "x86/cpu.h"
#include "x86/smp.h"

#define WRITES	200	/* of each vCPU */

void testdev_check_widths(uint64_t at)
{
	testdev_write64(at, 0x8877665544332211);
	CHECK_HEX(testdev_read64(at), 0x8877665544332211);
	CHECK_HEX(testdev_read32(at + 4), 0x88776655);
	CHECK_HEX(testdev_read16(at + 2), 0x4433);
	CHECK_HEX(testdev_read8(at + 7), 0x88);
	testdev_write8(at, 0xaa);
	testdev_write16(at + 2, 0xbbcc);
	testdev_write32(at + 4, 0xddeeff00);
	CHECK_HEX(testdev_read64(at), 0xddeeff00bbcc22aa);
}

static void writer(void *opaque)
{
	uint64_t page = *(uint64_t *)opaque + TESTDEV_MEMORY;

	for (unsigned int n = 0; n < WRITES; n++)
		testdev_write64(page + 8 * (2 * n + cpu_index()), n << 8 | cpu_index());
}

void testdev_check_smp(uint64_t bar0)
{
	smp_start(1, writer, &bar0);
	writer(&bar0);
	if (!CHECK(smp_wait(1)))
		return;
	for (unsigned int n = 0; n < 2 * WRITES; n++)
		if (!CHECK_HEX(testdev_read64(bar0 + TESTDEV_MEMORY + 8 * n), (n / 2) << 8 | n % 2))
			return;
}
