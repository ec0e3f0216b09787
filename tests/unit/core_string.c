// SPDX-License-Identifier: GPL-2.0
/* lib/core/string.c, which unit.mk compiles under other names, against libc. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

void *core_memcpy(void *to, const void *from, size_t size);
void *core_memmove(void *to, const void *from, size_t size);
void *core_memset(void *to, int byte, size_t size);
int core_memcmp(const void *a, const void *b, size_t size);
size_t core_strlen(const char *text);
size_t core_strnlen(const char *text, size_t max);
int core_strcmp(const char *a, const char *b);

#define N 24

static void fill(uint8_t buf[N])
{
	for (unsigned int i = 0; i < N; i++)
		buf[i] = (uint8_t)(i * 7 + 1);
}

/* Every distance and length that fit. Break: memmove() that always copies upwards. */
static void moves(void **state)
{
	uint8_t got[N], want[N];

	(void)state;
	for (unsigned int from = 0; from < N; from++)
		for (unsigned int to = 0; to < N; to++)
			for (unsigned int len = 0; len <= N - (from > to ? from : to); len++) {
				fill(got);
				fill(want);
				assert_ptr_equal(core_memmove(got + to, got + from, len), got + to);
				memmove(want + to, want + from, len);
				assert_memory_equal(got, want, N);
			}
	fill(want);
	memset(got, 0, N);
	assert_ptr_equal(core_memcpy(got, want, N), got);
	assert_memory_equal(got, want, N);
	memset(want + 3, 0xa5, 5);
	assert_ptr_equal(core_memset(got + 3, 0x1a5, 5), got + 3);
	assert_memory_equal(got, want, N);
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

/* Break: bytes compared as signed, or a string that is the other's beginning taken as equal. */
static void compares(void **state)
{
	static const char *const text[] = { "", "a", "ab", "abc", "b", "\x80", "\xff", "a\x80" };

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		assert_int_equal(core_strlen(text[i]), strlen(text[i]));
		assert_int_equal(core_strnlen(text[i], 2), strnlen(text[i], 2));
		for (size_t j = 0; j < sizeof(text) / sizeof(text[0]); j++) {
			const char *a = text[i], *b = text[j];
			size_t len = strlen(a) < strlen(b) ? strlen(a) : strlen(b);

			assert_int_equal(sign(core_strcmp(a, b)), sign(strcmp(a, b)));
			assert_int_equal(sign(core_memcmp(a, b, len)), sign(memcmp(a, b, len)));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moves),
		cmocka_unit_test(compares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
