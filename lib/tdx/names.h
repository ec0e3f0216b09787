/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names for the numbers of lib/tdx_abi. Plain C: the guest and the runner decode with the same
 * tables.
 */
#ifndef TDX_NAMES_H
#define TDX_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* The name without the detail, or NULL if the number has none. */
const char *tdx_status_name(uint64_t status);
const char *tdx_operand_name(uint32_t operand);
const char *tdh_leaf_name(uint32_t leaf);
const char *tdg_leaf_name(uint32_t leaf);
const char *ghci_status_name(uint64_t status);
const char *ghci_subfunction_name(uint64_t subfunction);
const char *vmx_reason_name(uint32_t reason);
const char *tdcm_status_name(uint64_t status);
const char *tdcm_error_name(uint64_t error);
const char *tdisp_state_name(uint64_t state);
/* Of an exception, as the SDM abbreviates it: "#GP". */
const char *trap_name(uint64_t vector);

/*
 * The whole status as text: "SUCCESS", "OPERAND_BUSY|TDR", "PAGE_SIZE_MISMATCH|1" or, without a
 * name, "0x...". Returns @to.
 */
char *tdx_status_text(uint64_t status, char *to, size_t size);

#endif
