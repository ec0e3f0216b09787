// SPDX-License-Identifier: GPL-2.0
/* The assigned device through the shared EPT: BARs as dma-buf memslots (host-patches.md P12-P14). */
#include "testdev.h"

static void device_identity(void)
{
	struct testdev dev;

	if (!testdev_open(&dev, true))
		return;
	CHECK_HEX(testdev_read32(dev.bar0 + TESTDEV_ID), TESTDEV_MAGIC);
	CHECK_DEC(testdev_read32(dev.bar0 + TESTDEV_VERSION), 1);
	CHECK_STATE(testdev_read32(dev.bar0 + TESTDEV_STATE), 0);
}
TEST(device_identity, "an assigned device's registers answer through the shared EPT",
     "KVM_MEM_DMABUF_MMIO, KVM api.rst", "QEMU device: say version 2", NEEDS_DEVICE,
     device_identity);

static void device_widths(void)
{
	struct testdev dev;

	if (testdev_open(&dev, true))
		testdev_check_widths(dev.bar0 + TESTDEV_SCRATCH);
}
TEST(device_widths, "a register takes and gives 8, 16, 32 and 64 bits", "lib/tdisp/testdev.h",
     "QEMU device: drop shared writes of one byte", NEEDS_DEVICE, device_widths);

static void device_no_exits(void)
{
	struct testdev dev;
	uint64_t before, before_t;

	if (!testdev_open(&dev, true))
		return;
	/* The counters tell of the whole boot. */
	before_t = testdev_read64(dev.bar0 + TESTDEV_READS_T);
	before = testdev_read64(dev.bar0 + TESTDEV_READS);
	for (unsigned int n = 0; n < 1000; n++)
		testdev_read32(dev.bar0 + TESTDEV_MEMORY + 4 * (n % 1024));
	CHECK_DEC(testdev_read64(dev.bar0 + TESTDEV_READS) - before, 1001);
	CHECK_DEC(testdev_read64(dev.bar0 + TESTDEV_READS_T), before_t);
}
TEST(device_no_exits, "every shared read reaches the device once, as a transaction without T",
     "lib/tdisp/testdev.h", "QEMU device: count a shared read twice", NEEDS_DEVICE,
     device_no_exits);

/* Each page of both BARs holds its own number: a slice with a wrong offset shows another's. */
static void device_slices(void)
{
	struct testdev dev;

	if (!testdev_open(&dev, true))
		return;
	for (uint64_t at = TESTDEV_MEMORY; at < TESTDEV_BAR0_BYTES; at += PAGE_SIZE)
		testdev_write64(dev.bar0 + at, at);
	for (uint64_t at = 0; at < TESTDEV_BAR2_BYTES; at += PAGE_SIZE)
		if (at != TESTDEV_MSIX_TABLE)
			testdev_write64(dev.bar2 + at, 1ULL << 32 | at);
	for (uint64_t at = TESTDEV_MEMORY; at < TESTDEV_BAR0_BYTES; at += PAGE_SIZE)
		CHECK_HEX(testdev_read64(dev.bar0 + at), at);
	for (uint64_t at = 0; at < TESTDEV_BAR2_BYTES; at += PAGE_SIZE)
		if (at != TESTDEV_MSIX_TABLE)
			CHECK_HEX(testdev_read64(dev.bar2 + at), 1ULL << 32 | at);
}
TEST(device_slices, "every page of both BARs is itself, also behind the hole of the MSI-X table",
     "host-patches.md R20", "KVM: ignore guest_memfd_offset for the shared alias (B19)",
     NEEDS_DEVICE, device_slices);

static void device_smp(void)
{
	struct testdev dev;

	if (testdev_open(&dev, true))
		testdev_check_smp(dev.bar0);
}
TEST(device_smp, "two vCPUs fault in and write one page of a BAR without losing a write",
     "host-patches.md P14", "QEMU device: lose a shared write that follows another vCPU's",
     NEEDS_DEVICE | NEEDS_SMP, device_smp);

static void device_memory_off(void)
{
	struct testdev dev;

	if (!testdev_open(&dev, true))
		return;
	CHECK_HEX(testdev_read32(dev.bar0), TESTDEV_MAGIC);
	pci_write(dev.bdf, PCI_COMMAND, 2, 0);
	pci_write(dev.bdf, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	CHECK_HEX(testdev_read32(dev.bar0), TESTDEV_MAGIC);
}
TEST(device_memory_off, "a BAR that was revoked by MSE = 0 works again after MSE = 1",
     "host-patches.md B11", "vfio-pci: do not give the dma-bufs back when MSE is set", NEEDS_DEVICE,
     device_memory_off);

static void device_revoked(void)
{
	struct testdev dev;

	if (!testdev_open(&dev, true))
		return;
	CHECK_HEX(testdev_read32(dev.bar0), TESTDEV_MAGIC);
	pci_write(dev.bdf, PCI_COMMAND, 2, 0);
	test_end_refused(testdev_touch, dev.bar0);
}
TEST(device_revoked, "a BAR with MSE = 0 is refused: the TD leaves with a memory fault",
     "host-patches.md decision 13", "vfio-pci: leave the dma-buf alone when MSE is cleared",
     NEEDS_DEVICE | EXPECT_REFUSED, device_revoked);

/* A private access to a BAR that is not bound: KVM refuses it and stays silent (B14). */
static void device_private_alias(void)
{
	struct testdev dev;

	if (!testdev_open(&dev, true))
		return;
	CHECK_HEX(testdev_read32(dev.bar0), TESTDEV_MAGIC);
	mmu_set_shared(dev.bar0, PAGE_SIZE, false);
	test_end_refused(testdev_touch, dev.bar0);
}
TEST(device_private_alias, "the private alias of a BAR that is not bound is refused",
     "host-patches.md B14", "model: look a private GPA that is not mapped up in the shared EPT",
     NEEDS_DEVICE | EXPECT_REFUSED, device_private_alias);
