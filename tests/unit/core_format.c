// SPDX-License-Identifier: GPL-2.0
/* lib/core/format.c against libc's printf. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/format.h"

#define SAME(...)								\
	do {									\
		char expected[128], got[128];					\
		int length = snprintf(expected, sizeof(expected), __VA_ARGS__);	\
										\
		assert_int_equal(format_text(got, sizeof(got), __VA_ARGS__), length); \
		assert_string_equal(got, expected);				\
	} while (0)

/* Turns red if put_number() forgets the sign, or reads an int where a long was passed. */
static void numbers(void **state)
{
	SAME("%d %d %d", 0, 42, -42);
	SAME("%u %x", 4294967295u, 0xdeadbeefu);
	SAME("%ld %lu %lx", (long)INT64_MIN, (unsigned long)UINT64_MAX, (unsigned long)UINT64_MAX);
	SAME("%lld %llu %llx %zu", -1LL, 1ULL << 63, 0x123456789abcdefULL, sizeof(int));
}

/* Turns red if the sign is put behind the zeros. */
static void widths(void **state)
{
	SAME("[%5d] [%05d] [%5d] [%05d]", 42, 42, -42, -42);
	SAME("[%1d] [%01x] [%16llx] [%016llx]", 1234, 0xabcd, 0x12ULL, 0x12ULL);
	SAME("[%8s] [%2s] [%3c]", "abc", "abc", 'x');
}

/* Turns red if a % at the end reads on behind the NUL. */
static void text(void **state)
{
	static const char *volatile in_the_middle = "cut %";
	const char *volatile nothing = NULL;
	char got[64];

	SAME("plain");
	SAME("100%% of %s", "it");
	SAME("%s%c%s", "", 'x', "");
	format_text(got, sizeof(got), "%s", nothing);
	assert_string_equal(got, "(null)");
	format_text(got, sizeof(got), "%p", (void *)0xabcdef);
	assert_string_equal(got, "abcdef");
	/* A format that ends too early. */
	assert_int_equal(format_text(got, sizeof(got), in_the_middle), 4);
	assert_string_equal(got, "cut ");
}

/* Turns red if the terminating NUL is not counted in the size. */
static void bounds(void **state)
{
	char got[8];

	memset(got, '#', sizeof(got));
	assert_int_equal(format_text(got, 4, "%s", "abcdef"), 6);
	assert_memory_equal(got, "abc\0####", 8);
	assert_int_equal(format_text(got, 1, "%d", 12345), 5);
	assert_int_equal(got[0], 0);
	assert_int_equal(format_text(NULL, 0, "%d", 12345), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(widths),
		cmocka_unit_test(text),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests_name("core_format", tests, NULL, NULL);
}
