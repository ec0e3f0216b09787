// SPDX-License-Identifier: GPL-2.0
/*
 * SHA-384 against the examples of FIPS 180-4, and against itself when the message arrives in
 * pieces.
 *
 * Turns red: any changed round constant or rotation; padding that forgets the extra block for a
 * message of 112 to 127 bytes (mod 128); a length counted in bytes instead of bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "../../lib/core/sha384.h"

#define MESSAGE_896 \
	"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn" \
	"hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"

static void expect_digest(const uint8_t digest[SHA384_SIZE], const char *hex)
{
	char got[2 * SHA384_SIZE + 1];

	for (unsigned int i = 0; i < SHA384_SIZE; i++) {
		got[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		got[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	got[2 * SHA384_SIZE] = '\0';
	assert_string_equal(got, hex);
}

static void digest_of(const void *data, size_t len, uint8_t digest[SHA384_SIZE])
{
	struct sha384 s;

	sha384_init(&s);
	sha384_update(&s, data, len);
	sha384_final(&s, digest);
}

static void fips_examples(void **state)
{
	static const struct { const char *message, *digest; } examples[] = {
		{ "", "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da"
		      "274edebfe76f65fbd51ad2f14898b95b" },
		{ "abc", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
			 "8086072ba1e7cc2358baeca134c825a7" },
		{ MESSAGE_896, "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712"
			       "fcc7c71a557e2db966c3e9fa91746039" },
	};
	uint8_t digest[SHA384_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		digest_of(examples[i].message, strlen(examples[i].message), digest);
		expect_digest(digest, examples[i].digest);
	}
}

static void one_million_a(void **state)
{
	uint8_t digest[SHA384_SIZE];
	struct sha384 s;
	char chunk[1000];

	(void)state;
	memset(chunk, 'a', sizeof(chunk));
	sha384_init(&s);
	for (unsigned int i = 0; i < 1000; i++)
		sha384_update(&s, chunk, sizeof(chunk));
	sha384_final(&s, digest);
	expect_digest(digest, "9d0e1809716474cb086e834e310a4a1ced149e9c00f248527972cec5704c2a5b"
			      "07b8b3dc38ecc4ebae97ddd87f3d8985");
}

/* Every length around two blocks, cut at every place, gives what the whole message gives. */
static void pieces(void **state)
{
	uint8_t data[260], whole[SHA384_SIZE], cut[SHA384_SIZE];
	struct sha384 s;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + 3);
	for (size_t len = 0; len <= sizeof(data); len += 13) {
		digest_of(data, len, whole);
		for (size_t at = 0; at <= len; at++) {
			sha384_init(&s);
			sha384_update(&s, data, at);
			sha384_update(&s, data + at, len - at);
			sha384_final(&s, cut);
			assert_memory_equal(whole, cut, SHA384_SIZE);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(fips_examples),
		cmocka_unit_test(one_million_a),
		cmocka_unit_test(pieces),
	};

	return cmocka_run_group_tests_name("sha384", tests, NULL, NULL);
}
