// SPDX-License-Identifier: GPL-2.0
/* lib/tdx/names.c: the numbers of fact sheet 2.1, 2.3, 4.2, 4.5 and C 1.4, 2.1, 3.2, 4, 6.2 as text. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tdx/names.h"

/* The numbers are the sheets', not the headers'. Break: a number with its neighbour's name. */
static void numbers(void **state)
{
	(void)state;
	assert_string_equal(tdx_status_name(0xc0000b0d00000001), "EPT_ENTRY_STATE_INCORRECT");
	assert_string_equal(tdx_status_name(0xc0000f4700000001), "MMIOMT_NOT_PRESENT");
	assert_string_equal(tdx_status_name(0), "SUCCESS");
	assert_null(tdx_status_name(0xc0000f7f00000000));
	assert_string_equal(tdx_operand_name(0xac), "OP_STATE");
	assert_null(tdx_operand_name(0x1ff));
	assert_string_equal(tdh_leaf_name(6), "MEM_PAGE_AUG");
	assert_string_equal(tdh_leaf_name(158), "MMIO_MAP");
	assert_null(tdh_leaf_name(5));
	assert_string_equal(tdg_leaf_name(6), "MEM_PAGE_ACCEPT");
	assert_string_equal(tdg_leaf_name(71), "MMIO_ACCEPT");
	assert_null(tdg_leaf_name(72));
	assert_string_equal(ghci_status_name(0x8000000000000002), "ALIGN_ERROR");
	assert_null(ghci_status_name(2));
	assert_string_equal(ghci_subfunction_name(0x10001), "MAP_GPA");
	assert_null(ghci_subfunction_name(0));
	assert_string_equal(vmx_reason_name(48), "EPT_VIOLATION");
	assert_string_equal(vmx_reason_name(0x80000000 | 49), "EPT_MISCONFIG");
	assert_null(vmx_reason_name(8));
	assert_string_equal(tdcm_status_name(1), "COMPLETED");
	assert_null(tdcm_status_name(3));
	assert_string_equal(tdcm_error_name(11), "TDXIO_DEVICE");
	assert_null(tdcm_error_name(9));
	assert_string_equal(tdisp_state_name(3), "ERROR");
	assert_null(tdisp_state_name(4));
	assert_string_equal(trap_name(20), "#VE");
	assert_null(trap_name(1));
}

static void expect_text(uint64_t status, const char *want)
{
	char text[64];

	assert_string_equal(tdx_status_text(status, text, sizeof(text)), want);
}

/* Break: a level or a count shown as an operand. */
static void texts(void **state)
{
	(void)state;
	expect_text(0, "SUCCESS");
	expect_text(0x8000020000000080, "OPERAND_BUSY|TDR");
	expect_text(0xc000010000000007, "OPERAND_INVALID|7");
	expect_text(0xc0000b0b00000001, "PAGE_SIZE_MISMATCH|1");
	expect_text(0xc0000f7f00000001, "0xc0000f7f00000001");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
