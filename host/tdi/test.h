/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What can be run: the guest image's own tests, read from its ELF file without booting it, and the
 * tests whose TD is something else (a Linux guest, a foreign image).
 */
#ifndef TDI_TEST_H
#define TDI_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util.h"

enum test_kind {
	TEST_GUEST,	/* a test of our guest image: verdict from the guest's records */
	TEST_LINUX,	/* a Linux TD: verdict from its console record and how it ended */
	TEST_IMAGE,	/* a foreign flat image: verdict from how it ended */
};

/* What a test is run for: its own verdict, or to see that it notices a planted CHANNEL_F_*. */
enum test_plant { PLANT_NOTHING, PLANT_NO_CHECKS, PLANT_FLIP };

/* How the TD is configured; the plan's keys. */
struct test_config {
	unsigned int vcpus, gpaw, ve_disable, mem_mib, timeout_ms, flags, convert, device,
		     function, devices, neighbour, lie, probe, scan;
	uint64_t arg[8];
};

struct test {
	enum test_kind kind;
	char *id;
	char *sentence;
	char *clause;
	char *sabotage;		/* the break that turns it red */
	struct test_config config;
	enum test_plant plant;
	bool refused;		/* its TD is to end by a refused access */
	bool fatal;		/* its TD is to end by ReportFatalError */
	unsigned int rank;	/* place in the list */
};

struct tests {
	struct test *v;
	size_t n;
};

/* Append the tests of the guest's ELF file. False: @error says why it has none. */
bool tests_from_elf(struct tests *tests, const char *path, char **error);
void tests_add_linux(struct tests *tests);
void tests_add_image(struct tests *tests);
/*
 * Keep the tests whose id matches one of @globs (all if there are none), in table order. Returns
 * the first glob that matches nothing, or NULL.
 */
const char *tests_select(struct tests *tests, const struct strv *globs);
/* For each test of our guest two: one without checks, one whose expected values are wrong. */
void tests_plant(struct tests *tests);
/* Set "key=value[,key=value...]" in a configuration. False: @error names the bad word. */
bool test_config_set(struct test_config *config, const char *text, char **error);
void tests_free(struct tests *tests);

#endif
