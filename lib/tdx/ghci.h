/* SPDX-License-Identifier: GPL-2.0 */
/*
 * GHCI: what a TD asks of its VMM, through TDG.VP.VMCALL (fact sheet 4.5).
 *
 * Every function returns the GHCI status (R10). Only the registers in GHCI_MASK are shown to the
 * VMM.
 */
#ifndef TDX_GHCI_H
#define TDX_GHCI_H

#include <stdbool.h>
#include <stdint.h>

#include "tdx_abi/ghci.h"

#define GHCI_MASK	0xfc00u	/* R10-R15 */

struct ghci {
	uint64_t r11, r12, r13, r14, r15;
};

/* R11 = function with the arguments in @g, which receives the answer. */
uint64_t ghci_call(struct ghci *g);

uint64_t ghci_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4]);
/*
 * Wait for an interrupt. Call with interrupts off: they are on when the vCPU sleeps and on return.
 */
uint64_t ghci_hlt(void);
uint64_t ghci_io_read(uint16_t port, unsigned int size, uint32_t *value);
uint64_t ghci_io_write(uint16_t port, unsigned int size, uint32_t value);
uint64_t ghci_rdmsr(uint32_t msr, uint64_t *value);
uint64_t ghci_wrmsr(uint32_t msr, uint64_t value);
/* @gpa carries the SHARED bit. */
uint64_t ghci_mmio_read(uint64_t gpa, unsigned int size, uint64_t *value);
uint64_t ghci_mmio_write(uint64_t gpa, unsigned int size, uint64_t value);
uint64_t ghci_get_td_vmcall_info(uint64_t leaf, struct ghci *out);
/* Follows RETRY to the end. On error *@failed is the GPA that the VMM names. */
uint64_t ghci_map_gpa(uint64_t gpa, uint64_t size, uint64_t *failed);
void ghci_report_fatal_error(uint64_t code, const char *text) __attribute__((noreturn));

#endif
