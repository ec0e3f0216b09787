// SPDX-License-Identifier: GPL-2.0
#include "tdx/ghci.h"
#include "x86/pci.h"

#define PORT_ADDRESS	0xcf8
#define PORT_DATA	0xcfc
#define ENABLE		(1u << 31)
#define BUS0_FUNCTIONS	256
#define BAR_IS_IO	1u
#define BAR_FLAGS	0xfu

static void select(uint16_t bdf, unsigned int reg)
{
	ghci_io_write(PORT_ADDRESS, 4, ENABLE | (uint32_t)bdf << 8 | (reg & 0xfc));
}

uint32_t pci_read(uint16_t bdf, unsigned int reg, unsigned int size)
{
	uint32_t value = ~0u;

	select(bdf, reg);
	ghci_io_read(PORT_DATA + (reg & 3), size, &value);
	return value;
}

void pci_write(uint16_t bdf, unsigned int reg, unsigned int size, uint32_t value)
{
	select(bdf, reg);
	ghci_io_write(PORT_DATA + (reg & 3), size, value);
}

bool pci_find(uint16_t vendor, uint16_t device, unsigned int nth, uint16_t *bdf)
{
	for (unsigned int n = 0; n < BUS0_FUNCTIONS; n++) {
		if (pci_read(n, PCI_ID, 4) != ((uint32_t)device << 16 | vendor) || nth--)
			continue;
		*bdf = n;
		return true;
	}
	return false;
}

uint64_t pci_bar(uint16_t bdf, unsigned int bar)
{
	uint32_t value = pci_read(bdf, PCI_BAR(bar), 4);

	return value & BAR_IS_IO ? 0 : value & ~BAR_FLAGS;
}
