/* SPDX-License-Identifier: GPL-2.0 */
/* Entries of the MMIOMT (C 3.3), for mmiomt.c and those that map what they describe. */
#ifndef TDX_MODULE_MMIOMT_H
#define TDX_MODULE_MMIOMT_H

#include "seamcall.h"

#define MMIOMT_LOCK	(1ULL << 0)
#define MMIOMT_TYPE	(3ULL << 1)
#define MMIOMT_MAPPED	(1ULL << 3)
#define MMIOMT_BUSY	TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX)

static inline bool mmiomt_is_data(uint64_t word)
{
	return (word & MMIOMT_TYPE) >> 1 == TDX_MMIOMT_DATA;
}

static inline uint64_t mmiomt_data(uint64_t func)
{
	return TDX_MMIOMT_DATA << 1 | func << TDX_MMIOMT_FUNC_SHIFT;
}

static inline uint32_t mmiomt_func(uint64_t word)
{
	return (uint32_t)(word >> TDX_MMIOMT_FUNC_SHIFT);
}

bool mmiomt_trylock(struct tdx_mmiomt_entry *e);
void mmiomt_unlock(struct tdx_mmiomt_entry *e);
/* Nothing is mapped any more that belongs to @func; returns how many pages were. */
unsigned int mmiomt_orphan(struct tdx_module *m, uint32_t func);

#endif
