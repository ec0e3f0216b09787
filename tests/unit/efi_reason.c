// SPDX-License-Identifier: GPL-2.0
/* Why the guest can't run its tests as an EFI program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "guest/efi/efi.h"

/* "IntelTDX    " in EBX, EDX, ECX (fact sheet 5.4). */
static const uint32_t td[4] = { 0, 0x65746e49, 0x20202020, 0x5844546c };

/* Break: leave out a comparison. */
static void test_reasons(void **state)
{
	uint32_t other[4] = { 0, td[1], td[2], td[3] ^ 1 };

	assert_string_equal(efi_reason(0x20, td), "this is no trust domain, CPUID has no leaf 21h");
	assert_string_equal(efi_reason(0x21, other),
			    "this is no trust domain, CPUID leaf 21h does not say IntelTDX");
	assert_string_equal(efi_reason(0x21, td),
			    "this trust domain has a VMM that is not the harness's");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_reasons) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
