/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers to names, for people. All return malloc'ed text. */
#ifndef TDI_DECODE_H
#define TDI_DECODE_H

#include <stdint.h>

#include "core/channel.h"

/* A value as the record kind says it is. */
char *decode_value(enum rec_kind kind, uint64_t value);
/* TDX completion status: "OPERAND_INVALID|R8 (0xc000010000000008)". */
char *decode_tdx_status(uint64_t status);
/* One failed check: "file:line: expr: expected X, got Y (vCPU n)". */
char *decode_check(const struct rec_check *check, const char *expr, const char *file);
/* A check of the VMM: @what says when and what it tried. */
char *decode_host_check(const struct rec_check *check, const char *what);

#endif
