/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What private MMIO cost each TD, from the module's trace: the faults of its ACCEPTs, the pages mapped
 * for it, the exits between the marks that a test sets around its accesses.
 */
#ifndef TDI_PRIVATE_H
#define TDI_PRIVATE_H

#include "verdict.h"

struct private_cost {
	uint64_t tdr;
	uint64_t accept_exits;		/* EPT violations with EEQ type ACCEPT, on a BAR */
	uint64_t mmio_maps, mmio_unmaps;
	uint64_t marked_exits;		/* TD exits between two marks, interrupts left out */
	uint64_t stale_gpa;		/* last page used after its BLOCK, or 0 */
	unsigned int marks;
	bool marked;
};

/* One element for each TD of the trace, in order; freed by free(). */
struct private_cost *private_costs(const char *trace, size_t *n);
/*
 * Compare with what the guest of one test predicted: "pages_accepted" pages, each one exit, one
 * TDH.MMIO.MAP and one UNMAP; "private_reads" reads between the marks without an exit; "stale_page"
 * used after its BLOCK. One line for each difference.
 */
void private_judge(const struct observation *obs, const struct private_cost *cost,
		   struct strv *lines);

#endif
