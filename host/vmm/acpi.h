/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ACPI tables of a Linux TD: hardware-reduced, local x2APICs only, APs woken through a mailbox,
 * S5 by the sleep control register. RSDP, XSDT, FADT, MADT, DSDT.
 */
#ifndef VMM_ACPI_H
#define VMM_ACPI_H

#include <stddef.h>
#include <stdint.h>

/*
 * Write the tables to @memory, which the guest sees at @gpa (16-byte aligned); the RSDP comes
 * first. Returns the bytes used, or 0 if @size is too small.
 */
size_t acpi_build(void *memory, size_t size, uint64_t gpa, unsigned int vcpus, uint64_t mailbox);

#endif
