// SPDX-License-Identifier: GPL-2.0
/*
 * Which TDCM error a failure of the host becomes: the whole class of statuses, one by one, against
 * fact sheet tdx-connect.md 1.4, "Host failure".
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "blame.h"

/* The sheet's numbers: 10 TDX module, 11 device, 12 SPDM, 13 IDE, 14 TDISP, 15 wrong state. */
static unsigned int by_sheet(unsigned int number)
{
	switch (number) {
	case 0x06: case 0x3c: case 0x44: case 0x45: case 0x4e:
		return 12;
	case 0x18: case 0x19: case 0x1a: case 0x1b: case 0x1c: case 0x1d: case 0x1e: case 0x1f:
	case 0x20: case 0x21: case 0x22: case 0x23: case 0x24:
		return 13;
	case 0x0f: case 0x49: case 0x4b:
		return 14;
	case 0x10: case 0x11: case 0x14: case 0x4a:
		return 15;
	default:
		return 10;
	}
}

/* Turned red by: only the IDE statuses that have a name: F18 blames the module. Any row moved. */
static void statuses(void **state)
{
	(void)state;
	for (uint64_t number = 0; number < 0x100; number++) {
		uint64_t status = (0xc0000f00ULL | number) << 32;

		assert_int_equal(blame_status(status), by_sheet(number));
		/* The operand in the lower half does not count. */
		assert_int_equal(blame_status(status | 2), by_sheet(number));
	}
	/* Of other classes: OPERAND_INVALID, and the same number without the Connect class. */
	assert_int_equal(blame_status(0xc000010000000001ULL), 10);
	assert_int_equal(blame_status(0xc000001800000000ULL), 10);
}

/* Turned red by: a row of blame_errno() left out. The errnos are tdx-host's, see its tdxc_errno(). */
static void errnos(void **state)
{
	(void)state;
	assert_int_equal(blame_errno(EREMOTEIO), 11);
	assert_int_equal(blame_errno(EPROTO), 12);
	assert_int_equal(blame_errno(ENOLINK), 13);
	assert_int_equal(blame_errno(EBADMSG), 14);
	assert_int_equal(blame_errno(EBADFD), 15);
	assert_int_equal(blame_errno(EIO), 10);
	assert_int_equal(blame_errno(EBUSY), 10);
	/* A function that is gone, or that no TSM serves. */
	assert_int_equal(blame_errno(ENXIO), 11);
	assert_int_equal(blame_errno(ENODEV), 11);
	assert_int_equal(blame_errno(EOPNOTSUPP), 11);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses),
		cmocka_unit_test(errnos),
	};

	return cmocka_run_group_tests_name("vmm_blame", tests, NULL, NULL);
}
