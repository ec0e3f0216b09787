// SPDX-License-Identifier: GPL-2.0
/* How a boot of L1 that is over turns into results: of its tests, and of the boot itself. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "boot.h"
#include "hostlog.h"
#include "ledger.h"
#include "private.h"
#include "qemu.h"
#include "scan.h"
#include "trace.h"
#include "unbind.h"

#define TRACE_TAIL	4	/* events shown with a crash or a timeout */

static char *boot_file(const struct boot *b, const char *name)
{
	return xasprintf("%s/%s", b->dir, name);
}

/* The last line of a text file that is not empty, malloc'ed; "" if there is none. */
static char *last_line(const struct boot *b, const char *name)
{
	char *path = boot_file(b, name);
	size_t len;
	char *text = file_read(path, &len), *line;

	free(path);
	while (text && len && strchr("\r\n \t", text[len - 1]))
		text[--len] = 0;
	line = text ? strrchr(text, '\n') : NULL;
	line = xstrdup(line ? line + 1 : text ? text : "");
	free(text);
	return line;
}

static char *panic_line(const struct boot *b)
{
	char *path = boot_file(b, QEMU_CONSOLE);
	size_t len;
	char *text = file_read(path, &len);
	char *line = text ? hostlog_last_words(text) : NULL;

	free(path);
	free(text);
	return line;
}

/* A result of the boot as a whole, replayed with all of its plan; none if there are no @lines. */
static void boot_finding(struct report *report, const struct boot *b, const char *id,
			 const char *sentence, enum verdict v, struct strv *lines)
{
	struct result res;

	if (!lines->n)
		return;
	res = (struct result){
		.id = xstrdup(id),
		.sentence = xstrdup(sentence),
		.clause = xstrdup(""),
		.verdict = v,
		.detail = *lines,
		.boot = b->nr,
		.seed = b->opts->seed,
		.rank = RESULT_OF_BOOT,
	};

	for (size_t i = 0; i < b->nr_plan; i++)
		strv_add(&res.replay, xstrdup(b->plan[i]->id));
	*lines = (struct strv){ 0 };
	report_add(report, res);
}

/* ---- who is to blame for an early end ---- */

/* L1 went away without a word. The kernel, or QEMU? */
static enum verdict blame_exit(struct boot *b, char **text)
{
	int st = b->wait_status;
	char *panic = panic_line(b);
	char *err = last_line(b, QEMU_STDERR);
	enum verdict v = VERDICT_CRASH;

	if (WIFSIGNALED(st)) {
		*text = xasprintf("QEMU died of signal %d (%s) %s", WTERMSIG(st),
				  strsignal(WTERMSIG(st)), err);
	} else if (panic) {
		*text = xasprintf("L1's kernel panicked: %s", panic);
	} else {
		/* A QEMU that refuses to start is no crash of the kernel's. */
		if (!b->observer.run_begin && WEXITSTATUS(st))
			v = VERDICT_ERROR;
		*text = xasprintf("L1 went away%s; QEMU exited with %d %s",
				  b->observer.run_end ? "" : " before the run's end",
				  WEXITSTATUS(st), err);
	}
	free(panic);
	free(err);
	return v;
}

static void blame(struct observation *obs, enum verdict v, const char *text)
{
	if (v == VERDICT_TIMEOUT)
		obs->timeout = xstrdup(text);
	else if (v == VERDICT_CRASH)
		obs->crash = xstrdup(text);
	else
		strv_add(&obs->faults, xstrdup(text));
}

/* Something that no single test is to blame for. */
struct finding {
	const char *id, *sentence;
	enum verdict verdict;
	struct strv lines;
};

/*
 * The boot ended early. Returns the number of tests that are settled: up to the TD that ran, or was
 * torn down, last. The rest deserves a fresh L1, unless none ever began: that would happen again.
 */
static size_t settle_early(struct boot *b, enum verdict v, char *text, struct finding *finding)
{
	struct observer *o = &b->observer;
	size_t victim = o->current;

	if (!o->begun || o->run_end) {
		finding->id = o->begun ? "l1.end" : "l1.boot";
		finding->sentence = o->begun ? "after the last record L1 powers off and QEMU ends" :
					       "L1 boots and reaches its first TD";
		finding->verdict = v;
		strv_add(&finding->lines, text);
		return b->nr_plan;
	}
	if (v == VERDICT_TIMEOUT && o->begun == o->ended && o->begun < o->nr_plan)
		victim = o->begun;
	blame(&o->obs[victim], v, text);
	free(text);
	return victim + 1;
}

static char *timeout_text(const struct boot *b)
{
	const struct observer *o = &b->observer;

	return xasprintf("nothing happened for %u s (waiting for a processor not counted): %s",
			 b->opts->timeout_s,
			 o->run_end ? "L1 does not power off" :
			 o->begun > o->ended ? "the TD neither ends nor is ended" :
			 o->begun ? "the next TD does not begin" :
			 "L1 does not reach its first TD");
}

static size_t settle(struct boot *b, struct finding *finding)
{
	struct observer *o = &b->observer;
	enum verdict v;
	char *text;

	switch (b->end) {
	case BOOT_EXITED:
		if (!o->run_end || !WIFEXITED(b->wait_status) || WEXITSTATUS(b->wait_status)) {
			v = blame_exit(b, &text);
			return settle_early(b, v, text, finding);
		}
		if (o->run_end_rec.tds != o->tds)
			strv_addf(&o->loose.faults, "the VMM counted %u TDs, %zu began",
				  o->run_end_rec.tds, o->tds);
		return b->nr_plan;
	case BOOT_SPOILED:
		if (o->begun)
			return o->begun;
		return settle_early(b, VERDICT_ERROR, xstrdup("L1 was given up"), finding);
	case BOOT_TIMEOUT:
		return settle_early(b, VERDICT_TIMEOUT, timeout_text(b), finding);
	default:
		for (size_t i = o->ended; i < b->nr_plan; i++)
			strv_addf(&o->obs[i].faults, "interrupted");
		return b->nr_plan;
	}
}

/* ---- results ---- */

/* Did L1 scan a TD's memory? Then the TD was alone in this boot. */
static bool scanned(const struct boot *b)
{
	return b->observer.begun && b->plan[0]->config.scan && b->observer.obs[0].host_checks;
}

static void judge_scan(const struct boot *b, struct report *report, struct ledger *ledger,
		       struct strv *lines)
{
	char *trace = boot_file(b, QEMU_TRACE);
	uint64_t pages = scan_td_pages(trace);

	strv_addf(&report->story, "boot %u: L1 scanned its memory, %llu pages of RAM and %llu of MMIO "
		  "were a TD's; refused: %llu pages of RAM to the CPU and %llu to DMA, %llu words of "
		  "MMIO to the CPU and %llu to DMA", b->nr, (unsigned long long)pages,
		  (unsigned long long)ledger->module.mmio_maps,
		  (unsigned long long)ledger->l1_read, (unsigned long long)ledger->dma_read,
		  (unsigned long long)(ledger->refused - ledger->refused_dma),
		  (unsigned long long)ledger->refused_dma);
	if (!pages)
		strv_addf(lines, "the trace shows no page of the TD at its first mark");
	ledger_scanned(ledger, pages, lines);
	free(trace);
}

static void add_ledger(struct boot *b, struct report *report)
{
	static const char balanced[] = "all that the host took from the module was returned";
	static const char isolated[] = "neither L1 nor a device touched private memory";
	static const char fenced[] = "nobody but its TD touched a bound device";
	bool complete = b->end == BOOT_EXITED && b->observer.run_end && WIFEXITED(b->wait_status);
	char *path = boot_file(b, QEMU_LEDGER);
	struct strv lines = { 0 };
	struct ledger ledger;
	char *error;

	if (ledger_read(&ledger, path, &error)) {
		report->seamcalls += ledger.module.seamcalls;
		strv_addf(&report->story, "ledger of boot %u: %llu TDs and %llu TDIs created, %llu and "
			  "%llu left; %llu private pages mapped, %llu unmapped; %llu KeyIDs, %llu "
			  "pages left", b->nr, (unsigned long long)ledger.module.tds_created,
			  (unsigned long long)ledger.module.tdis_created,
			  (unsigned long long)ledger.module.tds_live,
			  (unsigned long long)ledger.module.tdis_live,
			  (unsigned long long)ledger.module.mmio_maps,
			  (unsigned long long)ledger.module.mmio_unmaps,
			  (unsigned long long)ledger.module.hkids_live,
			  (unsigned long long)ledger.module.pages_live);
		if (complete)
			ledger_imbalance(&ledger, &lines);
		boot_finding(report, b, "l1.ledger", balanced, VERDICT_FAIL, &lines);
		if (scanned(b))
			judge_scan(b, report, &ledger, &lines);
		ledger_violations(&ledger, &lines);
		boot_finding(report, b, "l1.isolation", isolated, VERDICT_FAIL, &lines);
		ledger_refused(&ledger, &lines);
		boot_finding(report, b, "l1.device", fenced, VERDICT_FAIL, &lines);
	} else if (complete) {
		strv_addf(&lines, "the module's ledger is missing%s%s", error ? ": " : "",
			  error ? error : "");
		boot_finding(report, b, "l1.ledger", balanced, VERDICT_ERROR, &lines);
	}
	free(error);
	free(path);
}

static void unbind_feed(void *opaque, const struct tdx_trace_event *ev)
{
	unbind_event(opaque, ev);
}

/* On every unbind of the run, whatever a test was about. */
static void add_unbinds(struct boot *b, struct report *report)
{
	char *path = boot_file(b, QEMU_TRACE);
	struct unbind u = { 0 };

	if (trace_each(path, unbind_feed, &u) && b->end == BOOT_EXITED)
		unbind_end(&u);
	report->unbinds += u.checked;
	boot_finding(report, b, "l1.unbind",
		     "every unbind: STOP, BLOCK, TRACK, UNMAP of each page, then the TDI freed",
		     VERDICT_FAIL, &u.violations);
	unbind_free(&u);
	free(path);
}

static void add_private_of(const struct observation *obs, const struct private_cost *costs,
			   const char *id, const char *which, struct strv *lines)
{
	struct strv of_td = { 0 };

	private_judge(obs, &costs[obs->nth_td], &of_td);
	for (size_t l = 0; l < of_td.n; l++)
		strv_addf(lines, "%s: %s%s", id, which, of_td.v[l]);
	strv_free(&of_td);
}

/* What private pages and accesses cost, against what each guest predicted before it made them. */
static void add_private(struct boot *b, struct report *report)
{
	char *path = boot_file(b, QEMU_TRACE);
	const struct observer *o = &b->observer;
	size_t n;
	struct private_cost *costs = private_costs(path, &n);
	struct strv lines = { 0 };

	/* The TDs that began are those of the trace, or there is no telling whose is whose. */
	for (size_t i = 0; i < o->begun && n == o->tds; i++) {
		const struct observation *obs = &o->obs[i];

		add_private_of(obs, costs, b->plan[i]->id, "", &lines);
		if (obs->neighbour)
			add_private_of(obs->neighbour, costs, b->plan[i]->id, "neighbour: ", &lines);
	}
	boot_finding(report, b, "l1.private",
		     "each private page costs one exit and one MAP, each access none", VERDICT_FAIL,
		     &lines);
	free(costs);
	free(path);
}

static void add_loose(struct boot *b, struct report *report)
{
	struct observation *loose = &b->observer.loose;

	boot_finding(report, b, "l1.log", "L1 boots without a complaint of its kernel",
		     VERDICT_FAIL, &loose->host_log);
	boot_finding(report, b, "l1.records", "the records of the run arrive whole", VERDICT_ERROR,
		     &loose->faults);
	boot_finding(report, b, "l1.vmm", "the VMM can do what the plan says", VERDICT_ERROR,
		     &loose->vmm_errors);
}

void boot_test_result(const struct boot *b, size_t i, struct result *res)
{
	const struct observation *obs = &b->observer.obs[i];
	char *trace = boot_file(b, QEMU_TRACE);

	verdict_decide(b->plan[i], obs, res);
	/* What was done for all of them before the first comes first: the device's session. */
	if (b->plan[i]->config.device)
		strv_copy(&res->story, &b->observer.loose.story);
	strv_copy(&res->story, &obs->story);
	res->boot = b->nr;
	res->seed = b->opts->seed;
	if (obs->crash || obs->timeout)
		trace_tail(trace, TRACE_TAIL, &res->detail);
	free(trace);
}

static char *test_file(const struct boot *b, size_t i, const char *suffix)
{
	return xasprintf("%s/td-%s.%s", b->dir, b->plan[i]->id, suffix);
}

/* What TDs wrote to their serial ports, one file each beside the other logs. */
static void save_consoles(const struct boot *b)
{
	for (size_t i = 0; i < b->nr_plan; i++) {
		const struct observation *obs = &b->observer.obs[i];
		char *path = test_file(b, i, "log");

		if (obs->console_len)
			file_write(path, obs->console, obs->console_len);
		free(path);
	}
}

/* The module's calls for a test that failed, if the trace can tell the TDs apart. */
static void save_trace(const struct boot *b, size_t i)
{
	const struct observation *obs = &b->observer.obs[i];
	char *trace = boot_file(b, QEMU_TRACE), *path = test_file(b, i, "trace");
	char *beside = test_file(b, i, "neighbour.trace");

	if (obs->td_begin && trace_tds(trace) == b->observer.tds) {
		trace_save_td(trace, (unsigned int)obs->nth_td, path);
		if (obs->neighbour)
			trace_save_td(trace, (unsigned int)obs->neighbour->nth_td, beside);
	}
	free(beside);
	free(path);
	free(trace);
}

static struct timeline *read_timelines(const struct boot *b)
{
	char *trace = boot_file(b, QEMU_TRACE);
	struct timeline *lines = timelines_read(trace, &b->observer);

	free(trace);
	return lines;
}

/* A result of a test with private devices owns the timelines of its TDs. */
static void take_timelines(const struct boot *b, size_t i, struct timeline *lines,
			   struct result *res)
{
	const struct observation *obs = &b->observer.obs[i];

	if (b->plan[i]->config.device != 2)
		return;
	res->timeline = lines[obs->nth_td];
	lines[obs->nth_td] = (struct timeline){ 0 };
	if (!obs->neighbour)
		return;
	res->neighbour = lines[obs->neighbour->nth_td];
	lines[obs->neighbour->nth_td] = (struct timeline){ 0 };
	timeline_align(&res->timeline, &res->neighbour);
}

static void free_timelines(const struct boot *b, struct timeline *lines)
{
	for (size_t i = 0; lines && i < b->observer.tds; i++)
		timeline_free(&lines[i]);
	free(lines);
}

size_t boot_results(struct boot *b, struct report *report, const struct test **rest)
{
	struct observer *o = &b->observer;
	struct finding finding = { 0 };
	size_t settled = settle(b, &finding);
	struct timeline *lines = NULL;
	struct result res;

	if (o->run_begin && !o->run.tdx) {
		report->cannot_test = true;
		strv_addf(&o->loose.vmm_errors, "KVM of Linux %s offers no TDs in L1", o->release);
	}
	save_consoles(b);
	add_loose(b, report);
	if (b->opts->html)
		lines = read_timelines(b);
	for (size_t i = 0; i < settled; i++) {
		boot_test_result(b, i, &res);
		if (lines && i < o->begun)
			take_timelines(b, i, lines, &res);
		report_add(report, res);
		if (verdict_failed(res.verdict))
			save_trace(b, i);
	}
	free_timelines(b, lines);
	boot_finding(report, b, finding.id, finding.sentence, finding.verdict, &finding.lines);
	add_unbinds(b, report);
	add_private(b, report);
	add_ledger(b, report);
	report->tds += (unsigned int)o->tds;
	memcpy(rest, b->plan + settled, (b->nr_plan - settled) * sizeof(*rest));
	return b->nr_plan - settled;
}
