// SPDX-License-Identifier: GPL-2.0
/* The machine-readable views of a report: KTAP, JUnit, JSON. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* ---- KTAP version 1, Documentation/dev-tools/ktap.rst ---- */

/*
 * '#' starts a directive, a newline ends the line. With one of @ends, anywhere in a line, the log
 * is over for the kernel's kunit_parser.py, and what follows is missing: they get one more blank.
 */
static void ktap_text(FILE *f, const char *s)
{
	static const char *const ends[] = {
		"Kernel panic - not syncing: VFS:", "reboot: System halted", "List of all partitions:",
	};
	const char *blank = NULL;

	for (; *s; s++) {
		for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
			if (!strncmp(s, ends[i], strlen(ends[i])))
				blank = strchr(s, ' ');
		fputc(*s == '#' || (unsigned char)*s < ' ' ? ' ' : *s, f);
		if (s == blank)
			fputc(' ', f);
	}
}

static void ktap_result(FILE *f, const struct result *res, size_t number)
{
	static const char *const directive[VERDICT_NR] = {
		[VERDICT_SKIP] = " # SKIP ", [VERDICT_XFAIL] = " # XFAIL ",
		[VERDICT_ERROR] = " # ERROR ", [VERDICT_TIMEOUT] = " # TIMEOUT ",
	};
	const char *d = directive[res->verdict];

	for (size_t i = 0; i < res->detail.n; i++) {
		/* Not "# ": a line "# Subtest: ..." would begin one. */
		fputs("#   ", f);
		ktap_text(f, res->detail.v[i]);
		fputc('\n', f);
	}
	fprintf(f, "%s %zu ", verdict_failed(res->verdict) ? "not ok" : "ok", number);
	ktap_text(f, res->id);
	if (d) {
		fputs(d, f);
		ktap_text(f, res->detail.n ? res->detail.v[0] : "");
	}
	fputc('\n', f);
}

void report_ktap(FILE *f, const struct report *report)
{
	struct totals t;

	report_totals(report, &t);
	fprintf(f, "KTAP version 1\n1..%zu\n# %s\n", report->n, report->platform);
	for (size_t i = 0; i < report->n; i++)
		ktap_result(f, &report->v[i], i + 1);
	/* The totals line of the kernel's selftests. */
	fprintf(f, "# Totals: pass:%u fail:%u xfail:%u xpass:0 skip:%u error:%u\n",
		t.by_verdict[VERDICT_PASS],
		t.failed - t.by_verdict[VERDICT_ERROR], t.by_verdict[VERDICT_XFAIL], t.skipped,
		t.by_verdict[VERDICT_ERROR]);
}

/* ---- JUnit ---- */

void report_escape(FILE *f, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '<': fputs("&lt;", f); break;
		case '>': fputs("&gt;", f); break;
		case '&': fputs("&amp;", f); break;
		case '"': fputs("&quot;", f); break;
		case '\n': case '\t': fputc(*s, f); break;
		default:
			/* XML 1.0 has no other controls; what is above 7Fh may not be UTF-8. */
			fputc((unsigned char)*s < ' ' || (unsigned char)*s > '~' ? '?' : *s, f);
		}
	}
}

static void junit_detail(FILE *f, const char *element, const struct result *res)
{
	fprintf(f, "    <%s message=\"", element);
	report_escape(f, res->detail.n ? res->detail.v[0] : verdict_name(res->verdict));
	fprintf(f, "\" type=\"%s\">", verdict_name(res->verdict));
	for (size_t i = 0; i < res->detail.n; i++) {
		report_escape(f, res->detail.v[i]);
		fputc('\n', f);
	}
	fprintf(f, "</%s>\n", element);
}

static void junit_case(FILE *f, const struct result *res)
{
	const char *dot = strchr(res->id, '.');
	char *group = xasprintf("tdi.%.*s", dot ? (int)(dot - res->id) : 0, res->id);

	fputs("  <testcase classname=\"", f);
	report_escape(f, group);
	fputs("\" name=\"", f);
	report_escape(f, dot ? dot + 1 : res->id);
	fprintf(f, "\" assertions=\"%u\">\n", res->checks);
	if (res->verdict == VERDICT_SKIP)
		junit_detail(f, "skipped", res);
	else if (res->verdict == VERDICT_ERROR)
		junit_detail(f, "error", res);
	else if (verdict_failed(res->verdict))
		junit_detail(f, "failure", res);
	fputs("  </testcase>\n", f);
	free(group);
}

void report_junit(FILE *f, const struct report *report)
{
	struct totals t;

	report_totals(report, &t);
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"tdi\"", f);
	fprintf(f, " tests=\"%zu\" failures=\"%u\" errors=\"%u\" skipped=\"%u\">\n", report->n,
		t.failed - t.by_verdict[VERDICT_ERROR], t.by_verdict[VERDICT_ERROR], t.skipped);
	fputs("  <properties>\n    <property name=\"platform\" value=\"", f);
	report_escape(f, report->platform);
	fprintf(f, "\"/>\n    <property name=\"seed\" value=\"%llu\"/>\n  </properties>\n",
		(unsigned long long)report->seed);
	for (size_t i = 0; i < report->n; i++)
		junit_case(f, &report->v[i]);
	fputs("</testsuite>\n", f);
}

/* ---- JSON ---- */

/* The host's bytes need not be UTF-8, JSON must be. */
static json_t *json_text(const char *s)
{
	json_t *text = json_string(s);
	char *copy;

	if (text)
		return text;
	copy = xstrdup(s);
	for (char *p = copy; *p; p++)
		if ((unsigned char)*p > '~')
			*p = '?';
	text = json_string(copy);
	free(copy);
	return text;
}

static json_t *json_lines(const struct strv *lines)
{
	json_t *array = json_array();

	for (size_t i = 0; i < lines->n; i++)
		json_array_append_new(array, json_text(lines->v[i]));
	return array;
}

static json_t *json_result(const struct report *report, const struct result *res)
{
	char *replay = report_replay(report, res);
	json_t *exits = json_array();
	json_t *o;

	for (size_t i = 0; i < 8; i++)
		json_array_append_new(exits, json_integer((json_int_t)res->exits[i]));
	o = json_pack("{s:o, s:o, s:o, s:s, s:i, s:i, s:i, s:i, s:i, s:o, s:o, s:o, s:o}",
		      "id", json_text(res->id), "sentence", json_text(res->sentence),
		      "clause", json_text(res->clause), "verdict", verdict_name(res->verdict),
		      "checks", (int)res->checks, "boot", (int)res->boot,
		      "vcpus", (int)res->config.vcpus, "gpaw", (int)res->config.gpaw,
		      "ve_disable", (int)res->config.ve_disable, "exits", exits,
		      "detail", json_lines(&res->detail), "values", json_lines(&res->values),
		      "replay", json_text(replay));
	free(replay);
	return o;
}

void report_json(FILE *f, const struct report *report)
{
	json_t *tests = json_array();
	struct totals t;
	json_t *root;

	report_totals(report, &t);
	for (size_t i = 0; i < report->n; i++)
		json_array_append_new(tests, json_result(report, &report->v[i]));
	root = json_pack("{s:o, s:I, s:i, s:i, s:I, s:i, s:i, s:i, s:i, s:o}",
			 "platform", json_text(report->platform),
			 "seed", (json_int_t)report->seed,
			 "boots", (int)report->boots, "tds", (int)report->tds,
			 "seamcalls", (json_int_t)report->seamcalls, "passed", (int)t.passed,
			 "failed", (int)t.failed, "skipped", (int)t.skipped,
			 "exit", report_exit_code(report), "tests", tests);
	json_dumpf(root, f, JSON_INDENT(1));
	fputc('\n', f);
	json_decref(root);
}
