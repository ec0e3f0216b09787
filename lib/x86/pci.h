/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PCI bus 0 as the VMM shows it: configuration mechanism #1 through TDVMCALL. Nothing read here is
 * trusted.
 */
#ifndef X86_PCI_H
#define X86_PCI_H

#include <stdbool.h>
#include <stdint.h>

#define PCI_ID			0x00
#define PCI_COMMAND		0x04
#define PCI_COMMAND_MEMORY	(1u << 1)
#define PCI_COMMAND_MASTER	(1u << 2)
#define PCI_BAR(n)		(0x10 + 4 * (n))

/* @size 1, 2 or 4 bytes; @reg naturally aligned. */
uint32_t pci_read(uint16_t bdf, unsigned int reg, unsigned int size);
void pci_write(uint16_t bdf, unsigned int reg, unsigned int size, uint32_t value);
/* The @nth function with these ids, from 0. False: there is none. */
bool pci_find(uint16_t vendor, uint16_t device, unsigned int nth, uint16_t *bdf);
/* GPA of a 32-bit memory BAR, 0 if it is none. */
uint64_t pci_bar(uint16_t bdf, unsigned int bar);

#endif
