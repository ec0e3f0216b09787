// SPDX-License-Identifier: GPL-2.0
#include "core/format.h"
#include "tdisp/tdisp.h"
#include "tdx/names.h"
#include "tdx_abi/exit.h"
#include "tdx_abi/ghci.h"
#include "tdx_abi/leaf.h"
#include "tdx_abi/status.h"
#include "tdx_abi/tdcm.h"
#include "x86/trap.h"

struct name {
	uint64_t value;
	const char *text;
};

#define NAME(name, value) { value, #name },
static const struct name statuses[] = { TDX_STATUSES(NAME) TDX_CONNECT_STATUSES(NAME) };
static const struct name operands[] = { TDX_OPERANDS(NAME) };
static const struct name tdh_leaves[] = { TDH_LEAVES(NAME) TDH_CONNECT_LEAVES(NAME) };
static const struct name tdg_leaves[] = { TDG_LEAVES(NAME) TDG_CONNECT_LEAVES(NAME) };
static const struct name subfunctions[] = { GHCI_SUBFUNCTIONS(NAME) };
static const struct name reasons[] = { TDX_EXIT_REASONS(NAME) };
static const struct name tdcm_statuses[] = { TDCM_STATUSES(NAME) };
static const struct name tdcm_errors[] = { { 0, "NONE" }, TDCM_ERRORS(NAME) };
#undef NAME

static const struct name ghci_statuses[] = {
	{ GHCI_STATUS_SUCCESS,			"SUCCESS" },
	{ GHCI_STATUS_RETRY,			"RETRY" },
	{ GHCI_STATUS_INVALID_OPERAND,		"INVALID_OPERAND" },
	{ GHCI_STATUS_ALIGN_ERROR,		"ALIGN_ERROR" },
	{ GHCI_STATUS_SUBFUNC_UNSUPPORTED,	"SUBFUNC_UNSUPPORTED" },
};

static const struct name tdisp_states[] = {
	{ TDISP_CONFIG_UNLOCKED,	"CONFIG_UNLOCKED" },
	{ TDISP_CONFIG_LOCKED,		"CONFIG_LOCKED" },
	{ TDISP_RUN,			"RUN" },
	{ TDISP_ERROR_STATE,		"ERROR" },
};

static const struct name traps[] = {
	{ TRAP_DE, "#DE" }, { TRAP_UD, "#UD" }, { TRAP_DF, "#DF" }, { TRAP_GP, "#GP" },
	{ TRAP_PF, "#PF" }, { TRAP_VE, "#VE" },
};

static const char *name_find(const struct name *name, size_t nr, uint64_t value)
{
	for (; nr; name++, nr--)
		if (name->value == value)
			return name->text;
	return NULL;
}

#define NAME_FIND(table, value) name_find(table, sizeof(table) / sizeof(table[0]), value)

const char *tdx_status_name(uint64_t status)
{
	return NAME_FIND(statuses, TDX_STATUS_HI(status));
}

const char *tdx_operand_name(uint32_t operand)
{
	return NAME_FIND(operands, operand);
}

const char *tdh_leaf_name(uint32_t leaf)
{
	return NAME_FIND(tdh_leaves, leaf);
}

const char *tdg_leaf_name(uint32_t leaf)
{
	return NAME_FIND(tdg_leaves, leaf);
}

const char *ghci_status_name(uint64_t status)
{
	return NAME_FIND(ghci_statuses, status);
}

const char *ghci_subfunction_name(uint64_t subfunction)
{
	return NAME_FIND(subfunctions, subfunction);
}

const char *vmx_reason_name(uint32_t reason)
{
	return NAME_FIND(reasons, reason & 0xffff);
}

const char *tdcm_status_name(uint64_t status)
{
	return NAME_FIND(tdcm_statuses, status);
}

const char *tdcm_error_name(uint64_t error)
{
	return NAME_FIND(tdcm_errors, error);
}

const char *tdisp_state_name(uint64_t state)
{
	return NAME_FIND(tdisp_states, state);
}

const char *trap_name(uint64_t vector)
{
	return NAME_FIND(traps, vector);
}

/*
 * The detail of these is an operand id; of the others a level, an exit reason or a field (fact
 * sheet 2.1).
 */
static int detail_is_operand(uint64_t status)
{
	switch (TDX_STATUS_HI(status)) {
	case TDX_HI_OPERAND_INVALID:
	case TDX_HI_OPERAND_ADDR_RANGE_ERROR:
	case TDX_HI_OPERAND_BUSY:
	case TDX_HI_OPERAND_BUSY_HOST_PRIORITY:
	case TDX_HI_PAGE_METADATA_INCORRECT:
	case TDX_HI_EPT_WALK_FAILED:
	case TDX_HI_EPT_ENTRY_STATE_INCORRECT:
		return 1;
	default:
		return 0;
	}
}

char *tdx_status_text(uint64_t status, char *to, size_t size)
{
	const char *name = tdx_status_name(status);
	const char *operand = detail_is_operand(status) ? tdx_operand_name((uint32_t)status) : NULL;

	if (!name)
		format_text(to, size, "0x%llx", (unsigned long long)status);
	else if (operand)
		format_text(to, size, "%s|%s", name, operand);
	else if ((uint32_t)status)
		format_text(to, size, "%s|%x", name, (unsigned int)(uint32_t)status);
	else
		format_text(to, size, "%s", name);
	return to;
}
