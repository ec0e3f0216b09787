/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One boot of L1: its directory, its QEMU, its records as they come in. It ends in one of the ways
 * below, and says then what was seen of every test of its plan.
 */
#ifndef TDI_BOOT_H
#define TDI_BOOT_H

#include <sys/types.h>

#include "observe.h"
#include "preflight.h"
#include "report.h"

enum boot_end {
	BOOT_RUNS,
	BOOT_EXITED,		/* QEMU ended by itself */
	BOOT_SPOILED,		/* we ended it: the host is not fit for the next test */
	BOOT_TIMEOUT,		/* we ended it: no progress within the limit */
	BOOT_INTERRUPTED,	/* we ended it: the user asked */
};

struct boot {
	unsigned int nr;		/* from 1 */
	char *dir;
	const struct options *opts;
	const struct test **plan;	/* owned array */
	size_t nr_plan;
	struct observer observer;
	pid_t pid;
	int pidfd, records_fd;
	int wait_status;
	enum boot_end end;
	int64_t clock;			/* of the limits below, in ms: tell_time() */
	int64_t seen_wall, seen_cpu;	/* when the clock was told last */
	int64_t deadline;		/* of the next sign of progress */
	int64_t kill_at;		/* after a polite request; 0 = none was made */
	size_t progress;		/* what was seen when the deadline was set */
};

/* False: @error says why L1 could not be started. */
bool boot_start(struct boot *b, unsigned int nr, const char *logs, const struct options *opts,
		const struct images *images, const struct test *const *plan, size_t nr_plan,
		char **error);
/* Read what is new, enforce the limits. True once QEMU is gone and everything is read. */
bool boot_pump(struct boot *b);
void boot_interrupt(struct boot *b);
/* The result of one test of the plan, as things stand. */
void boot_test_result(const struct boot *b, size_t i, struct result *res);
/*
 * Add the results of a boot that is over. Tests that it did not get to and that deserve a fresh L1
 * are left in @rest, in order; returns their number.
 */
size_t boot_results(struct boot *b, struct report *report, const struct test **rest);
void boot_free(struct boot *b);

#endif
