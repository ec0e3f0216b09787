// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "tdx/memory.h"
#include "tdx/tdcall.h"

#define MEMORY_PAGE	4096ULL
#define MEMORY_START	(2ULL << 20)
#define ACCEPT_RETRIES	100000	/* while the host holds the entry (fact sheet 6.4) */

static uint64_t memory_next = MEMORY_START, memory_end;

void memory_init(uint64_t bytes)
{
	memory_end = bytes;
}

bool memory_owns(uint64_t gpa)
{
	return gpa >= MEMORY_START && gpa < memory_end;
}

uint64_t memory_reserve(uint64_t size, uint64_t align)
{
	uint64_t gpa = (memory_next + align - 1) & -align;

	if (gpa > memory_end || size > memory_end - gpa)
		return 0;
	memory_next = gpa + size;
	return gpa;
}

bool memory_accept(uint64_t gpa, uint64_t size)
{
	uint64_t status;

	for (uint64_t end = gpa + size; gpa < end; gpa += MEMORY_PAGE) {
		unsigned int retry = 0;

		do
			status = tdg_mem_page_accept(gpa, 0);
		while (TDX_STATUS_HI(status) == TDX_HI_OPERAND_BUSY && retry++ < ACCEPT_RETRIES);
		if (status)
			return false;
	}
	return true;
}

void *memory_page(void)
{
	uint64_t gpa = memory_reserve(MEMORY_PAGE, MEMORY_PAGE);

	return gpa && memory_accept(gpa, MEMORY_PAGE) ? (void *)gpa : NULL;
}
