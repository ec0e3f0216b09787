// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot.h"
#include "run.h"

#define TICK_MS		20	/* QEMU appends records to a file: nothing wakes us */

/* A queue of tests and the L1 that works on them; a lane is over when its queue is empty. */
struct lane {
	const struct test **queue;
	size_t n;
	struct boot boot;	/* the first boot.nr_plan tests of the queue */
	size_t shown;		/* tests of this boot whose results were shown */
	bool running;
};

struct run {
	const struct options *opts;
	const struct images *images;
	FILE *out;
	struct report *report;
	struct lane *lanes;
	unsigned int nr_lanes;
	size_t nr_tests;
	bool interrupted, progress;
};

/* Cost of a test, measured in bare-metal TDs: a scan has to boot an L1 of its own. */
static unsigned int weight(const struct test *test)
{
	return test->config.scan ? 125 : test->kind == TEST_LINUX ? 80 : 1;
}

/* In table order; a scan, which has an L1 of its own, does not part the others. */
static int by_turn(const void *a, const void *b)
{
	const struct test *const *x = a, *const *y = b;

	if (!(*x)->config.scan != !(*y)->config.scan)
		return (*y)->config.scan ? -1 : 1;
	return (*x)->rank < (*y)->rank ? -1 : 1;
}

/* Each test to the lane with least to do, the heavy ones first. */
static void fill_lanes(struct run *run, const struct tests *tests)
{
	unsigned int *load = xcalloc(run->nr_lanes, sizeof(*load));

	for (unsigned int l = 0; l < run->nr_lanes; l++)
		run->lanes[l].queue = xcalloc(tests->n, sizeof(*run->lanes[l].queue));
	for (int heavy = 1; heavy >= 0; heavy--) {
		for (size_t i = 0; i < tests->n; i++) {
			const struct test *test = &tests->v[i];
			unsigned int best = 0;

			if ((weight(test) > 1) != heavy)
				continue;
			for (unsigned int l = 1; l < run->nr_lanes; l++)
				if (load[l] < load[best])
					best = l;
			load[best] += weight(test);
			run->lanes[best].queue[run->lanes[best].n++] = test;
		}
	}
	for (unsigned int l = 0; l < run->nr_lanes; l++)
		qsort(run->lanes[l].queue, run->lanes[l].n, sizeof(*run->lanes[l].queue), by_turn);
	free(load);
}

static void clear_progress(const struct run *run)
{
	if (run->progress)
		fputs("\r\033[K", stderr);
}

static void show(const struct run *run, const struct result *res)
{
	clear_progress(run);
	/* Said once for all of them. */
	if (run->interrupted || res->not_run)
		return;
	if (verdict_failed(res->verdict)) {
		report_failure(stderr, run->report, res);
	} else if (run->opts->verbose) {
		report_line(run->out, res);
		fflush(run->out);
	}
}

static void show_not_run(const struct run *run, size_t first)
{
	unsigned int n = 0;

	for (size_t i = first; i < run->report->n; i++)
		n += run->report->v[i].not_run;
	if (n && !run->interrupted)
		fprintf(stderr, "error: %u test%s not run\n", n, n == 1 ? " was" : "s were");
}

/* A test can change no more once the next one began or the run ended. */
static void show_settled(const struct run *run, struct lane *lane)
{
	const struct observer *o = &lane->boot.observer;
	size_t settled = o->run_end ? o->ended : o->begun ? o->begun - 1 : 0;
	struct result res;

	for (; lane->shown < settled; lane->shown++) {
		boot_test_result(&lane->boot, lane->shown, &res);
		show(run, &res);
		result_free(&res);
	}
}

/* What is left of the queue won't run. It must not look as if it had never been asked for. */
static void lane_abandon(struct run *run, struct lane *lane, const char *why)
{
	struct observation obs = { 0 };
	size_t first = run->report->n;
	struct result res;

	strv_add(&obs.faults, xstrdup(why));
	for (size_t i = 0; i < lane->n; i++) {
		verdict_decide(lane->queue[i], &obs, &res);
		report_add(run->report, res);
	}
	if (lane->n && !run->interrupted)
		fprintf(stderr, "error: %s\n", why);
	show_not_run(run, first);
	lane->n = 0;
	observation_free(&obs);
}

/*
 * How many tests of the queue share the next L1. A scan has its own: what QEMU counts in a boot is
 * nobody else's then.
 */
static size_t lane_share(const struct lane *lane)
{
	size_t n = 0;

	while (n < lane->n && !lane->queue[n]->config.scan)
		n++;
	return n ? n : 1;
}

static void lane_start(struct run *run, struct lane *lane)
{
	char *error = NULL;

	lane->shown = 0;
	lane->running = boot_start(&lane->boot, ++run->report->boots, run->report->logs, run->opts,
				   run->images, lane->queue, lane_share(lane), &error);
	if (lane->running)
		return;
	boot_free(&lane->boot);
	lane_abandon(run, lane, error);
	free(error);
}

/* Take the results; what the boot left over goes to a fresh L1. */
static void lane_finish(struct run *run, struct lane *lane)
{
	size_t first = run->report->n, done = lane->boot.nr_plan, left;

	left = boot_results(&lane->boot, run->report, lane->queue);
	lane->n -= done;
	memmove(lane->queue + left, lane->queue + done, lane->n * sizeof(*lane->queue));
	lane->n += left;
	for (size_t i = first; i < run->report->n; i++) {
		const struct result *res = &run->report->v[i];

		if (res->rank != RESULT_OF_BOOT && lane->shown)
			lane->shown--;
		else
			show(run, res);
	}
	show_not_run(run, first);
	boot_free(&lane->boot);
	lane->running = false;
	if (run->interrupted)
		lane_abandon(run, lane, "interrupted");
	else if (lane->n)
		lane_start(run, lane);
}

static void show_progress(const struct run *run)
{
	size_t done = run->report->n;
	const char *now = "";

	if (!run->progress)
		return;
	for (unsigned int l = 0; l < run->nr_lanes; l++) {
		const struct lane *lane = &run->lanes[l];
		const struct observer *o = &lane->boot.observer;

		if (!lane->running)
			continue;
		done += o->ended;
		now = o->begun > o->ended ? lane->boot.plan[o->current]->id :
		      o->begun ? now : "booting L1";
	}
	fprintf(stderr, "\r\033[K[%zu/%zu] %s", done, run->nr_tests, now);
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void interrupt(struct run *run, int signals)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == sizeof(info))
		run->interrupted = true;
	if (!run->interrupted || run->report->interrupted)
		return;
	run->report->interrupted = true;
	clear_progress(run);
	fputs("tdi: interrupted\n", stderr);
	for (unsigned int l = 0; l < run->nr_lanes; l++)
		if (run->lanes[l].running)
			boot_interrupt(&run->lanes[l].boot);
}

/* One round: true while any lane runs. */
static bool turn(struct run *run, int signals)
{
	struct pollfd *fds = xcalloc(run->nr_lanes + 1, sizeof(*fds));
	nfds_t n = 0;
	bool alive = false;

	fds[n++] = (struct pollfd){ .fd = signals, .events = POLLIN };
	for (unsigned int l = 0; l < run->nr_lanes; l++)
		if (run->lanes[l].running)
			fds[n++] = (struct pollfd){ run->lanes[l].boot.pidfd, POLLIN, 0 };
	poll(fds, n, TICK_MS);
	free(fds);
	interrupt(run, signals);
	for (unsigned int l = 0; l < run->nr_lanes; l++) {
		struct lane *lane = &run->lanes[l];

		if (lane->running && boot_pump(&lane->boot))
			lane_finish(run, lane);
		else if (lane->running)
			show_settled(run, lane);
		alive |= lane->running;
	}
	show_progress(run);
	return alive;
}

void run_tests(const struct options *opts, const struct images *images, const struct tests *tests,
	       FILE *out, struct report *report)
{
	struct run run = {
		.opts = opts, .images = images, .out = out,
		.report = report,
		.nr_tests = tests->n, .progress = isatty(STDERR_FILENO) && !opts->shell,
	};
	int signals = open_signals();

	run.nr_lanes = opts->jobs < tests->n ? opts->jobs : (unsigned int)tests->n;
	run.lanes = xcalloc(run.nr_lanes, sizeof(*run.lanes));
	fill_lanes(&run, tests);
	for (unsigned int l = 0; l < run.nr_lanes; l++)
		if (run.lanes[l].n)
			lane_start(&run, &run.lanes[l]);
	while (turn(&run, signals))
		;
	clear_progress(&run);
	report_sort(report);
	for (unsigned int l = 0; l < run.nr_lanes; l++)
		free(run.lanes[l].queue);
	free(run.lanes);
	close(signals);
}

int run_shell(const struct options *opts, const struct images *images, const struct tests *tests,
	      const char *logs)
{
	const struct test **plan = xcalloc(tests->n, sizeof(*plan));
	struct boot boot;
	char *error = NULL;
	int status = 0;

	for (size_t i = 0; i < tests->n; i++)
		plan[i] = &tests->v[i];
	/* ^C is for the shell, not for us. */
	close(open_signals());
	if (!boot_start(&boot, 1, logs, opts, images, plan, tests->n, &error))
		die("%s", error);
	waitpid(boot.pid, &status, 0);
	boot_free(&boot);
	free(plan);
	return WIFEXITED(status) && !WEXITSTATUS(status) ? EXIT_PASS : EXIT_USAGE;
}
