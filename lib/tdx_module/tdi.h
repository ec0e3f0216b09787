/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TDIs, for the files that work on them: tdimt.c finds them; tdi.c, tdisp.c and tdg_tdi.c are their
 * leaves.
 */
#ifndef TDX_MODULE_TDI_H
#define TDX_MODULE_TDI_H

#include "seamcall.h"

/* ---- tdimt.c ---------------------------------------------------------------- */

/*
 * The TDI of host FUNCTION_ID @func, locked for the rest of the leaf: shared by those that only
 * rely on it. F40|operand, BUSY|operand.
 */
uint64_t tdi_lock(struct tdx_call *c, uint64_t func, unsigned int operand,
		  enum tdx_lock_mode mode, struct tdx_tdi **out);
/* The empty entry for @func, with the table locked against removal. F40, F42, BUSY|RCX. */
uint64_t tdimt_slot(struct tdx_call *c, uint32_t func, uint64_t **slot);
void tdimt_link(uint64_t *slot, uint64_t control_page);
void tdimt_unlink(struct tdx_module *m, uint32_t func);

/* ---- tdi.c ------------------------------------------------------------------ */

/* Is field @code of a bound @tdi one that can be read now? In ERROR only 1 and 2 are (C 2.4). */
static inline bool tdi_field_readable(const struct tdx_tdi *tdi, uint64_t code)
{
	return tdi->bound && (tdi->state != TDISP_ERROR_STATE || code <= TDX_TDI_STATE);
}

static inline bool tdi_field_is_hash(uint64_t code)
{
	return code == TDX_TDI_REPORT_HASH || code == TDX_TDI_DEV_INFO_HASH;
}

/* Fields 1, 2 and 5. */
static inline uint64_t tdi_field_value(const struct tdx_tdi *tdi, uint64_t code)
{
	return code == TDX_TDI_VERSION ? TDISP_VERSION :
	       code == TDX_TDI_STATE ? tdi->state : tdi->session;
}

/* Without a VT-d unit in TDX mode nothing is bound or mapped (C 3.3, 3.4). */
static inline bool tdi_iommu_ready(const struct tdx_module *m)
{
	for (unsigned int i = 0; i < TDX_MAX_IOMMUS; i++)
		if (m->connect.iommu[i].used)
			return true;
	return false;
}

/* Fields 3 and 4. False: the SPDM object, which keeps the latter, is in use. */
bool tdi_field_hash(struct tdx_tdi *tdi, uint64_t code, uint8_t hash[TDX_TDI_HASH_BYTES]);

#endif
