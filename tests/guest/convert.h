/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TESTS_CONVERT_H
#define TESTS_CONVERT_H

#include "core/test.h"
#include "tdx/ghci.h"
#include "x86/mmu.h"

/* Make RAM shared or private, for the host by MapGPA and for our page tables. Records what it checks. */
static inline bool convert(uint64_t gpa, uint64_t size, bool shared)
{
	uint64_t failed;

	return CHECK_GHCI(ghci_map_gpa(gpa | (shared ? mmu_shared_bit() : 0), size, &failed),
			  GHCI_STATUS_SUCCESS) &&
	       CHECK(mmu_set_shared(gpa, size, shared));
}

#endif
