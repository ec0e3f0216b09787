// SPDX-License-Identifier: GPL-2.0
/* The guest's writes to the COMMAND register of a bound device. */
#include "tdi.h"
#include "tdisp/tdisp.h"

/* vfio-pci asks at every such write whether it may give the BARs back, which takes them from the TD. */
static void connect_command_write(void)
{
	struct tdi tdi;

	if (!tdi_run(&tdi))
		return;
	pci_write(tdi.dev.bdf, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	CHECK_HEX(testdev_read32(tdi.dev.bar0 + TESTDEV_ID), TESTDEV_MAGIC);
	CHECK_STATE(testdev_read32(tdi.dev.bar0 + TESTDEV_STATE), TDISP_RUN);
	tdi_unbind(&tdi);
}
TEST(connect_command_write,
     "a COMMAND write that changes nothing leaves a bound device's BARs private",
     "host-patches.md B12", "vfio-pci: give the BARs back at a COMMAND write with MSE set",
     NEEDS_CONNECT, connect_command_write);
