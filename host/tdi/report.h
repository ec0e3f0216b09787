/* SPDX-License-Identifier: GPL-2.0 */
/* The results of a run, and the ways to say them. Every view counts with the same totals. */
#ifndef TDI_REPORT_H
#define TDI_REPORT_H

#include <stdio.h>

#include "verdict.h"

struct report {
	struct result *v;
	size_t n;
	unsigned int boots, tds, unbinds;
	uint64_t seamcalls;
	uint64_t seed;
	char *platform;			/* first line of every run */
	char *logs;			/* directory */
	struct strv story;		/* of the boots as a whole, with --verbose */
	const struct strv *replay;
	bool cannot_test, interrupted;
	bool virtual_time;		/* a tick is a nanosecond of virtual time */
};

struct totals {
	unsigned int passed, failed, skipped;
	unsigned int by_verdict[VERDICT_NR];
};

/* Append a result and own it. */
struct result *report_add(struct report *report, struct result res);
/* The order of the list of tests, whatever order they ran in; results of boots last. */
void report_sort(struct report *report);
void report_totals(const struct report *report, struct totals *totals);
int report_exit_code(const struct report *report);
/* The command that runs this test again, malloc'ed. */
char *report_replay(const struct report *report, const struct result *res);

/* For people: one result, briefly or with its evidence, and the two closing lines. */
void report_line(FILE *f, const struct result *res);
void report_failure(FILE *f, const struct report *report, const struct result *res);
void report_summary(FILE *f, const struct report *report);

/* For a browser: one file, nothing of it comes from elsewhere. */
void report_html(FILE *f, const struct report *report);
/* Text of a TD, a kernel or a file name between tags or in quotes, for XML and HTML. */
void report_escape(FILE *f, const char *s);

/* For machines. */
void report_ktap(FILE *f, const struct report *report);
void report_junit(FILE *f, const struct report *report);
void report_json(FILE *f, const struct report *report);

void report_free(struct report *report);

#endif
