/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's TDX Connect calls: TDG leaves about a TDI (fact sheet C 2.4-2.7), and TDVMCALL<TDCM>
 * (C 1.4). A TDI is named by its BDF in the TD's PCI view.
 */
#ifndef TDX_TDI_H
#define TDX_TDI_H

#include <stdbool.h>
#include <stdint.h>

#include "tdx_abi/connect.h"
#include "tdx_abi/tdcm.h"

/* @page: identity-mapped private page for the hash fields, NULL for the others. */
uint64_t tdg_tdi_rd(uint64_t func, uint64_t field, void *page, uint64_t *value);
uint64_t tdg_tdi_start(uint64_t func, uint64_t session);
uint64_t tdg_dmar_accept(uint64_t func, uint64_t target);

/* TDG.MMIO.ACCEPT: both operands that move, as they go in and come out. */
struct mmio_accept {
	uint64_t gpa;		/* | level */
	uint32_t offset, pages;	/* from the start of the range, in 4 KiB pages */
};
uint64_t tdg_mmio_accept(uint64_t func, uint64_t range, struct mmio_accept *accept);

/* What a TDCM request came to. */
struct tdcm_result {
	uint64_t ghci;		/* R10; the rest is meaningless unless it is 0 */
	uint8_t status;		/* enum tdcm_status; TDCM_WAIT: the VMM never answered */
	uint8_t error;		/* enum tdcm_error */
	uint32_t length;	/* as the VMM wrote it; not more than fitted was copied */
	bool ok;		/* completed, and the length is one that the caller allows */
};

/*
 * Make the shared buffer, once: @bytes of RAM are converted. False: RAM is exhausted or the VMM
 * refuses.
 */
bool tdcm_init(uint64_t bytes);
/*
 * One request, polled. The response is copied to private @data, @min to @max bytes of it; every word
 * of the VMM's is read once.
 */
struct tdcm_result tdcm_call(uint16_t devid, enum tdcm_op op, void *data, uint32_t min, uint32_t max);
/* The header of a request without data, for ghci_tdcm(). */
void tdcm_prepare(volatile struct tdcm_buffer *at, enum tdcm_op op);
/* The same with the registers as given: for requests that a sane guest does not make. */
uint64_t ghci_tdcm(uint64_t devid, uint64_t buffer, uint64_t bytes, uint64_t vector);
/* GPA of the buffer with the SHARED bit, and the buffer itself. */
uint64_t tdcm_gpa(void);
volatile struct tdcm_buffer *tdcm_buffer(void);

#endif
