// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "guest/attest.h"
#include "tdx/names.h"
#include "util.h"

char *decode_tdx_status(uint64_t status)
{
	char text[64];

	return xasprintf("%s (%#llx)", tdx_status_text(status, text, sizeof(text)),
			 (unsigned long long)status);
}

static char *named(const char *name, uint64_t value)
{
	return xasprintf("%s (%#llx)", name ? name : "unknown", (unsigned long long)value);
}

static const char *attest_name(uint64_t verdict)
{
#define NAME(name, text) #name,
	static const char *const names[] = { ATTEST_REFUSALS(NAME) };
#undef NAME

	return verdict < ATTEST_NR ? names[verdict] : NULL;
}

char *decode_value(enum rec_kind kind, uint64_t value)
{
	switch (kind) {
	case KIND_BOOL:
		return xstrdup(value ? "true" : "false");
	case KIND_DEC:
		return xasprintf("%llu", (unsigned long long)value);
	case KIND_TDX_STATUS:
		return decode_tdx_status(value);
	case KIND_GHCI_STATUS:
		return named(ghci_status_name(value), value);
	case KIND_VE_REASON:
		return named(vmx_reason_name((uint32_t)value), value);
	case KIND_TRAP:
		return named(trap_name(value), value);
	case KIND_TDCM_STATUS:
		return named(tdcm_status_name(value), value);
	case KIND_TDCM_ERROR:
		return named(tdcm_error_name(value), value);
	case KIND_TDISP_STATE:
		return named(tdisp_state_name(value), value);
	case KIND_ATTEST:
		return named(attest_name(value), value);
	case KIND_ERRNO:
		return value ? named(strerrorname_np((int)value), value) : xstrdup("success");
	default:
		return xasprintf("%#llx", (unsigned long long)value);
	}
}

static char *compared(const struct rec_check *check, const char *what)
{
	char *expected = decode_value(check->kind, check->expected);
	char *got = decode_value(check->kind, check->got);
	char *text = xasprintf("%s: expected %s, got %s", what, expected, got);

	free(expected);
	free(got);
	return text;
}

char *decode_check(const struct rec_check *check, const char *expr, const char *file)
{
	char *where = xasprintf("%s:%u: %s", file, check->line, expr);
	char *values = compared(check, where);
	char *text = xasprintf("%s (vCPU %u)", values, check->vcpu);

	free(where);
	free(values);
	return text;
}

char *decode_host_check(const struct rec_check *check, const char *what)
{
	char *where = xasprintf("host %s", what);
	char *text = compared(check, where);

	free(where);
	return text;
}
