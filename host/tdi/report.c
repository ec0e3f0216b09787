// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "report.h"

struct result *report_add(struct report *report, struct result res)
{
	report->v = xrealloc(report->v, (report->n + 1) * sizeof(*report->v));
	report->v[report->n] = res;
	return &report->v[report->n++];
}

static int by_rank(const void *a, const void *b)
{
	const struct result *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->boot != y->boot)
		return x->boot < y->boot ? -1 : 1;
	return strcmp(x->id, y->id);
}

void report_sort(struct report *report)
{
	if (report->n)
		qsort(report->v, report->n, sizeof(*report->v), by_rank);
}

void report_totals(const struct report *report, struct totals *t)
{
	*t = (struct totals){ 0 };
	for (size_t i = 0; i < report->n; i++) {
		enum verdict v = report->v[i].verdict;

		t->by_verdict[v]++;
		if (verdict_failed(v))
			t->failed++;
		else if (verdict_passed(v))
			t->passed++;
		else
			t->skipped++;
	}
}

int report_exit_code(const struct report *report)
{
	struct totals t;

	report_totals(report, &t);
	if (report->interrupted)
		return EXIT_INTERRUPTED;
	if (report->cannot_test)
		return EXIT_CANNOT_TEST;
	if (t.by_verdict[VERDICT_CRASH])
		return EXIT_CRASH;
	if (t.by_verdict[VERDICT_TIMEOUT])
		return EXIT_TIMEOUT;
	if (t.by_verdict[VERDICT_FAIL])
		return EXIT_FAIL;
	if (t.by_verdict[VERDICT_ERROR] || !report->n)
		return EXIT_USAGE;
	return t.passed ? EXIT_PASS : EXIT_ALL_SKIPPED;
}

char *report_replay(const struct report *report, const struct result *res)
{
	char *words = report->replay ? strv_shell(report->replay) : xstrdup("");
	char *ids = strv_shell(&res->replay);
	char *command = xasprintf("%s %s", words, ids);

	free(ids);
	free(words);
	return command;
}

void report_line(FILE *f, const struct result *res)
{
	fprintf(f, "%-5s %s: %s", verdict_name(res->verdict), res->id, res->sentence);
	if (res->verdict == VERDICT_PASS)
		fprintf(f, " (%u check%s)", res->checks, res->checks == 1 ? "" : "s");
	else if (res->detail.n)
		fprintf(f, " (%s)", res->detail.v[0]);
	fputc('\n', f);
	for (size_t i = 0; i < res->story.n; i++)
		fprintf(f, "      %s\n", res->story.v[i]);
}

void report_failure(FILE *f, const struct report *report, const struct result *res)
{
	char *replay = report_replay(report, res);

	fprintf(f, "%s: %s: %s\n", verdict_name(res->verdict), res->id, res->sentence);
	for (size_t i = 0; i < res->detail.n; i++)
		fprintf(f, "    %s\n", res->detail.v[i]);
	if (res->rank == RESULT_OF_BOOT)
		fprintf(f, "    logs: %s/boot-%u\n", report->logs, res->boot);
	else
		fprintf(f, "    logs: %s/boot-%u/td-%s.*\n", report->logs, res->boot,
			res->replay.v[0]);
	fprintf(f, "    seed %llu; replay: %s\n", (unsigned long long)report->seed, replay);
	free(replay);
}

void report_summary(FILE *f, const struct report *report)
{
	struct totals t;

	report_totals(report, &t);
	fprintf(f, "L1 boots: %u, TDs: %u, SEAMCALLs: %llu, unbinds checked: %u\n", report->boots,
		report->tds, (unsigned long long)report->seamcalls, report->unbinds);
	fprintf(f, "%u passed, %u failed, %u skipped\n", t.passed, t.failed, t.skipped);
}

void report_free(struct report *report)
{
	for (size_t i = 0; i < report->n; i++)
		result_free(&report->v[i]);
	free(report->v);
	free(report->platform);
	free(report->logs);
	strv_free(&report->story);
}
