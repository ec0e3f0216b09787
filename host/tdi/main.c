// SPDX-License-Identifier: GPL-2.0
/*
 * tdi: runs tests of Linux's KVM TDX code on an emulated TDX platform.
 *
 * It checks what it needs, boots L1 in QEMU with a plan of TDs to run, joins what the guests, the
 * VMM, the host kernel and the TDX module said, and gives verdicts.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "qemu.h"
#include "run.h"
#include "trace.h"

/* The model: base TDX as published, TDX Connect with numbers of our choice (docs/abi.md). */
#define MODULE_ABI	"TDX 1.5, TDX Connect (abi: provisional)"

static void find_tests(const struct options *o, struct tests *tests)
{
	char *elf = options_guest_elf(o);
	const char *missed;
	char *error;

	if (o->image) {
		tests_add_image(tests);
	} else {
		if (!tests_from_elf(tests, elf, &error))
			die("guest %s; build it with make, or give --guest", error);
		tests_add_linux(tests);
	}
	free(elf);
	missed = tests_select(tests, &o->globs);
	if (missed)
		die("no test matches '%s'; tdi list shows them all", missed);
	if (o->command == COMMAND_SELFCHECK)
		tests_plant(tests);
	for (size_t i = 0; i < tests->n; i++) {
		tests->v[i].rank = (unsigned int)i;
		if (o->td && !test_config_set(&tests->v[i].config, o->td, &error))
			die("--td: %s; see tdi --help", error);
	}
	if (!tests->n)
		die("no test is left to run; give another pattern");
}

static void list_tests(const struct tests *tests, bool all)
{
	for (size_t i = 0; i < tests->n; i++) {
		const struct test *t = &tests->v[i];

		printf("%-24s %s\n", t->id, t->sentence);
		if (all)
			printf("%-24s   clause: %s\n%-24s   red if: %s\n", "", t->clause, "",
			       t->sabotage);
	}
}

/* A trace, or the directory of a boot, which has one. */
static void print_trace(const char *path)
{
	struct stat st;
	bool dir = !stat(path, &st) && S_ISDIR(st.st_mode);
	char *file = xasprintf(dir ? "%s/" QEMU_TRACE : "%s", path);
	char *error;

	if (dir && access(file, F_OK))
		die("%s has no " QEMU_TRACE "; give the directory of a boot, such as %s/boot-1", path,
		    path);
	if (!trace_print(stdout, file, &error)) {
		fflush(stdout);
		die("%s: %s", file, error);
	}
	free(file);
}

static void print_traces(const struct strv *paths)
{
	if (!paths->n)
		die("trace of what? Give the directory of a boot, below what 'logs:' names");
	for (size_t i = 0; i < paths->n; i++)
		print_trace(paths->v[i]);
	if (fflush(stdout) || ferror(stdout))
		die("can't write the trace: %s", strerror(errno));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static bool is_stdout(const char *path)
{
	return path && !strcmp(path, "-");
}

static bool write_report(const char *path, const struct report *report,
			 void (*view)(FILE *f, const struct report *report))
{
	char *text = NULL;
	size_t len = 0;
	FILE *f;
	bool ok;

	if (!path)
		return true;
	f = open_memstream(&text, &len);
	if (!f)
		die("out of memory; close other programs or lower --jobs");
	view(f, report);
	fclose(f);
	if (is_stdout(path))
		ok = fwrite(text, 1, len, stdout) == len && !fflush(stdout);
	else
		ok = file_write(path, text, len);
	if (!ok)
		fprintf(stderr, "tdi: can't write %s: %s\n", path, strerror(errno));
	free(text);
	return ok;
}

static void report_counts(FILE *f, const struct report *report)
{
	struct totals t;

	report_totals(report, &t);
	fprintf(f, "%u %u %u\n", t.passed, t.failed, t.skipped);
}

/* False: a report could not be written, so the run did not do what it was asked to. */
static bool write_reports(const struct options *o, const struct report *report)
{
	return write_report(o->ktap, report, report_ktap) &
	       write_report(o->junit, report, report_junit) &
	       write_report(o->json, report, report_json) &
	       write_report(o->html, report, report_html) &
	       write_report(o->counts, report, report_counts);
}

/* Logs stay where they were asked for, and after anything that one may want to look into. */
static void finish_logs(const struct options *o, const char *logs, bool success, FILE *out)
{
	if (success && !o->logs)
		nftw(logs, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	else
		fprintf(out, "logs: %s\n", logs);
}

static int run(const struct options *o, const struct tests *tests)
{
	bool taken = is_stdout(o->ktap) || is_stdout(o->junit) || is_stdout(o->json) ||
		     is_stdout(o->html);
	FILE *out = taken ? stderr : stdout;
	struct report report = { .seed = o->seed, .replay = &o->replay,
				 .virtual_time = o->icount };
	struct images images;
	bool written;
	int code;

	preflight(o, tests, &images);
	report.platform = xasprintf("accelerator: tcg %s, kernel: %s, firmware: %s, module ABI: %s, "
				    "platform: emulated", o->icount ? "icount" : "multi-threaded",
				    images.release, o->firmware ? o->firmware : "SeaBIOS",
				    MODULE_ABI);
	report.logs = preflight_logs(o);
	fprintf(out, "%s\n", report.platform);
	fflush(out);
	if (o->shell) {
		code = run_shell(o, &images, tests, report.logs);
		finish_logs(o, report.logs, !code, out);
		report_free(&report);
		images_free(&images);
		return code;
	}
	run_tests(o, &images, tests, out, &report);
	for (size_t i = 0; o->verbose && i < report.story.n; i++)
		fprintf(out, "%s\n", report.story.v[i]);
	written = write_reports(o, &report);
	code = report_exit_code(&report);
	if (code && logs_ran_full(report.logs)) {
		fprintf(stderr, "tdi: no space is left for %s, so no failure above is the host's; "
			"free some or give --logs\n", report.logs);
		code = EXIT_USAGE;
	}
	if (o->html && !is_stdout(o->html) && written)
		fprintf(out, "page: %s\n", o->html);
	finish_logs(o, report.logs, !code && written, out);
	report_summary(out, &report);
	if (fflush(out) || ferror(out))
		written = false;
	report_free(&report);
	images_free(&images);
	return code ? code : written ? EXIT_PASS : EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct tests tests = { 0 };
	struct options options;
	int code = EXIT_PASS;

	options_parse(&options, argc, argv);
	if (options.command == COMMAND_TRACE) {
		print_traces(&options.globs);
		options_free(&options);
		return EXIT_PASS;
	}
	find_tests(&options, &tests);
	if (options.command == COMMAND_LIST) {
		list_tests(&tests, options.verbose);
		if (fflush(stdout))
			die("can't write the list: %s", strerror(errno));
	} else {
		code = run(&options, &tests);
	}
	tests_free(&tests);
	options_free(&options);
	return code;
}
