// SPDX-License-Identifier: GPL-2.0
/* The plan parser of host/vmm: what it takes, what it refuses and how it says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "plan.h"

/* Turned red by: a default that changes, a key that lands in the wrong field. */
static void every_key(void **state)
{
	char error[PLAN_ERROR_MAX];
	struct plan plan;

	(void)state;
	assert_int_equal(plan_parse(&plan,
		"# a comment\n\n"
		"td name=a kind=flat image=/i test=t.x neighbour=1\n"
		"\ttd  name=b image=/b  kind=linux initrd=/r vcpus=2 gpaw=52 ve_disable=0 "
		"mem_mib=256 device=2 devices=2 neighbour=0 convert=1 probe=1 scan=1 seed=0x1234 timeout_ms=7 flags=3 "
		"arg0=1 arg7=18446744073709551615 cmdline=quiet a=b  c", error), 0);
	assert_int_equal(plan.nr, 2);

	assert_string_equal(plan.td[0].name, "a");
	assert_string_equal(plan.td[0].test, "t.x");
	assert_string_equal(plan.td[0].image, "/i");
	assert_int_equal(plan.td[0].kind, PLAN_FLAT);
	assert_int_equal(plan.td[0].vcpus, 1);
	assert_int_equal(plan.td[0].gpaw, 48);
	assert_int_equal(plan.td[0].ve_disable, 1);
	assert_int_equal(plan.td[0].devices, 1);
	assert_int_equal(plan.td[0].neighbour, 1);

	assert_int_equal(plan.td[1].kind, PLAN_LINUX);
	assert_string_equal(plan.td[1].initrd, "/r");
	assert_int_equal(plan.td[1].vcpus, 2);
	assert_int_equal(plan.td[1].gpaw, 52);
	assert_int_equal(plan.td[1].ve_disable, 0);
	assert_int_equal(plan.td[1].mem_mib, 256);
	assert_int_equal(plan.td[1].device, PLAN_CONNECT_DEVICE);
	assert_int_equal(plan.td[1].devices, 2);
	assert_int_equal(plan.td[1].neighbour, 0);
	assert_int_equal(plan.td[1].convert, 1);
	assert_int_equal(plan.td[1].probe, 1);
	assert_int_equal(plan.td[1].scan, 1);
	assert_int_equal(plan.td[1].seed, 0x1234);
	assert_int_equal(plan.td[1].timeout_ms, 7);
	assert_int_equal(plan.td[1].flags, 3);
	assert_int_equal(plan.td[1].arg[0], 1);
	assert_true(plan.td[1].arg[7] == UINT64_MAX);
	/* The rest of the line, spaces and equal signs included. */
	assert_string_equal(plan.td[1].cmdline, "quiet a=b  c");
	plan_free(&plan);
}

/* Turned red by: a range or a check that is dropped, a message that loses its line or key. */
static void refusals(void **state)
{
	static const struct { const char *text, *error; } refused[] = {
		{ "td name=a image=/i test=t colour=1", "plan line 1: unknown key 'colour'" },
		{ "\n\ntd name=a image=/i test=t vcpus=0", "plan line 3: bad value '0' of vcpus" },
		{ "td name=a image=/i test=t vcpus=9", "plan line 1: bad value '9' of vcpus" },
		{ "td name=a image=/i test=t gpaw=50", "plan line 1: bad value '50' of gpaw" },
		{ "td name=a image=/i test=t devices=3", "plan line 1: bad value '3' of devices" },
		{ "td name=a image=/i test=t function=1 devices=2",
		  "plan line 1: bad value '2' of devices" },
		{ "td name=a image=/i test=t devices=2 neighbour=1",
		  "plan line 1: bad value '1' of neighbour" },
		{ "td name=a image=/i test=t function=1 neighbour=1",
		  "plan line 1: bad value '1' of neighbour" },
		{ "td name=a image=/i test=t scan=1 neighbour=1",
		  "plan line 1: bad value '1' of neighbour" },
		{ "td name=a image=/i kind=linux neighbour=1",
		  "plan line 1: bad value '1' of neighbour" },
		{ "td name=a image=/i test=t seed=-1", "plan line 1: bad value '-1' of seed" },
		{ "td name=a image=/i test=t seed=1x", "plan line 1: bad value '1x' of seed" },
		{ "td name=a image=/i test=t seed=18446744073709551616",
		  "plan line 1: bad value '18446744073709551616' of seed" },
		{ "td name=a image=/i test=t seed=", "plan line 1: bad value '' of seed" },
		{ "td name=a image=/i test=t kind=efi", "plan line 1: bad value 'efi' of kind" },
		{ "td name=a image=/i test=t ve_disable",
		  "plan line 1: 've_disable' is not key=value" },
		{ "td name=a image=/i", "plan line 1: test is missing" },
		{ "td name=a test=t", "plan line 1: image is missing" },
		{ "td image=/i test=t", "plan line 1: name is missing" },
		{ "tdx name=a image=/i test=t",
		  "plan line 1: unknown action in 'tdx name=a image=/i test=t'" },
		{ "td name= image=/i test=t",
		  "plan line 1: name is empty or longer than 63 characters" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		char error[PLAN_ERROR_MAX] = "";
		struct plan plan;

		assert_int_equal(plan_parse(&plan, refused[i].text, error), -1);
		assert_string_equal(error, refused[i].error);
		assert_int_equal(plan.nr, 0);
		assert_null(plan.td);
	}
}

/* Turned red by: a bound that is off by one (also under ASan). */
static void long_input(void **state)
{
	char text[8192] = "td image=/i name=a test=", error[PLAN_ERROR_MAX];
	size_t used = strlen(text);
	struct plan plan;

	(void)state;
	memset(text + used, 'x', CHANNEL_TEST_ID_MAX - 1);
	assert_int_equal(plan_parse(&plan, text, error), 0);
	assert_int_equal(strlen(plan.td[0].test), CHANNEL_TEST_ID_MAX - 1);
	plan_free(&plan);

	text[used + CHANNEL_TEST_ID_MAX - 1] = 'x';
	assert_int_equal(plan_parse(&plan, text, error), -1);
	assert_string_equal(error, "plan line 1: test is empty or longer than 63 characters");

	memset(text + used, 'x', sizeof(text) - used - 1);
	assert_int_equal(plan_parse(&plan, text, error), -1);
	assert_string_equal(error, "plan line 1: longer than 4095 characters");

	/* A message is cut, never overrun. */
	memset(text, '\x80', 4000);
	text[4000] = '\0';
	assert_int_equal(plan_parse(&plan, text, error), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key),
		cmocka_unit_test(refusals),
		cmocka_unit_test(long_input),
	};

	return cmocka_run_group_tests_name("vmm_plan", tests, NULL, NULL);
}
