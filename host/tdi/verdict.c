// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostlog.h"
#include "verdict.h"

static const char *const verdict_names[VERDICT_NR] = {
	"pass", "skip", "xfail", "fail", "error", "timeout", "crash",
};

const char *verdict_name(enum verdict v)
{
	return verdict_names[v];
}

bool verdict_failed(enum verdict v)
{
	return v >= VERDICT_FAIL;
}

bool verdict_passed(enum verdict v)
{
	return v == VERDICT_PASS || v == VERDICT_XFAIL;
}

static const char *const td_end_names[] = {
	[TD_END_SHUTDOWN] = "SHUTDOWN", [TD_END_FATAL] = "FATAL",
	[TD_END_TRIPLE_FAULT] = "TRIPLE_FAULT", [TD_END_KVM_ERROR] = "KVM_ERROR",
	[TD_END_TIMEOUT] = "TIMEOUT", [TD_END_VMM_ERROR] = "VMM_ERROR",
	[TD_END_REFUSED] = "REFUSED", [TD_END_UNSUPPORTED] = "UNSUPPORTED",
};

static const char *td_end_name(uint32_t reason)
{
	size_t n = sizeof(td_end_names) / sizeof(td_end_names[0]);

	return reason < n ? td_end_names[reason] : "unknown end";
}

/* Evidence adds up, the first verdict above pass stays: rules are called most trustworthy first. */
static void decide(struct result *res, enum verdict v)
{
	if (res->verdict == VERDICT_PASS)
		res->verdict = v;
}

static void evidence(struct result *res, enum verdict v, const char *label,
		     const struct strv *lines)
{
	if (!lines->n)
		return;
	decide(res, v);
	for (size_t i = 0; i < lines->n; i++)
		strv_addf(&res->detail, "%s%s", label, lines->v[i]);
}

static void one(struct result *res, enum verdict v, char *text)
{
	decide(res, v);
	strv_add(&res->detail, text);
}

bool observation_value(const struct observation *obs, const char *name, uint64_t *sum)
{
	size_t len = strlen(name);
	bool found = false;

	*sum = 0;
	for (size_t i = 0; i < obs->values.n; i++) {
		unsigned long long value;

		if (strncmp(obs->values.v[i], name, len) ||
		    sscanf(obs->values.v[i] + len, " = %llu", &value) != 1)
			continue;
		*sum += value;
		found = true;
	}
	return found;
}

/* The host refused just the page that the guest had announced. */
static bool refused_as_announced(const struct observation *obs)
{
	uint64_t gpa;

	return observation_value(obs, TEST_REFUSED_GPA, &gpa) && gpa &&
	       obs->td_end_rec.reason == TD_END_REFUSED &&
	       obs->td_end_rec.detail / 4096 == gpa / 4096;
}

/* Who skips a test announces nothing, asks the host for nothing, and leaves as usual. */
static bool skipped(const struct observation *obs)
{
	return obs->test_end && obs->end.outcome == OUTCOME_SKIP;
}

/* The VMM got just what ReportFatalError was given. */
static bool fatal_as_announced(const struct observation *obs)
{
	return obs->td_end_rec.reason == TD_END_FATAL &&
	       obs->td_end_rec.detail == TEST_FATAL_CODE && obs->td_reason &&
	       strstr(obs->td_reason, TEST_FATAL_TEXT);
}

/* Did the TD end as its test asks for? *@expected: how that is. */
static bool ended_as_expected(const struct test *test, const struct observation *obs,
			      const char **expected)
{
	if (test->refused && !skipped(obs)) {
		*expected = "REFUSED at the announced address";
		return refused_as_announced(obs);
	}
	if (test->fatal && !skipped(obs)) {
		*expected = "FATAL with the announced code and text";
		return fatal_as_announced(obs);
	}
	*expected = "SHUTDOWN code 0";
	return obs->td_end_rec.reason == TD_END_SHUTDOWN && !obs->td_end_rec.detail;
}

/* The TD ended, perhaps in a way that its test did not ask for. */
static void judge_end(const struct test *test, const struct observation *obs, struct result *res)
{
	const struct rec_td_end *e = &obs->td_end_rec;
	const char *expected;
	char *text;

	if (!obs->td_end) {
		one(res, VERDICT_ERROR, xstrdup("the record of the TD's end is missing"));
		return;
	}
	if (ended_as_expected(test, obs, &expected))
		return;
	text = xasprintf("TD ended by %s, expected %s: %s (vCPU %u, detail %#llx)",
			 td_end_name(e->reason), expected, obs->td_reason, e->vcpu,
			 (unsigned long long)e->detail);
	switch (e->reason) {
	case TD_END_TIMEOUT:
		one(res, VERDICT_TIMEOUT, text);
		break;
	case TD_END_FATAL:
		one(res, test->fatal ? VERDICT_FAIL : VERDICT_CRASH, text);
		break;
	case TD_END_TRIPLE_FAULT:
	case TD_END_KVM_ERROR:
		one(res, VERDICT_CRASH, text);
		break;
	case TD_END_SHUTDOWN:
		one(res, test->refused || test->fatal ? VERDICT_FAIL : VERDICT_ERROR, text);
		break;
	case TD_END_REFUSED:
		one(res, VERDICT_FAIL, text);
		break;
	default:
		one(res, VERDICT_ERROR, text);
	}
}

/* Our guest speaks in records: begin, checks, end. */
static void judge_guest(const struct observation *obs, struct result *res)
{
	static const enum verdict outcome[] = {
		[OUTCOME_PASS] = VERDICT_PASS, [OUTCOME_SKIP] = VERDICT_SKIP,
		[OUTCOME_XFAIL] = VERDICT_XFAIL, [OUTCOME_FAIL] = VERDICT_FAIL,
		[OUTCOME_ERROR] = VERDICT_ERROR,
	};
	const char *reason = obs->reason ? obs->reason : "";

	if (!obs->test_begin)
		one(res, VERDICT_ERROR, xstrdup("the guest never began the test"));
	else if (!obs->test_end)
		one(res, VERDICT_ERROR, xstrdup("the record of the test's end is missing"));
	if (obs->test_end && (obs->end.checks != obs->checks || obs->end.failed != obs->failed))
		one(res, VERDICT_ERROR,
		    xasprintf("the guest counted %u checks, %u failed; %u and %u arrived",
			      obs->end.checks, obs->end.failed, obs->checks, obs->failed));
	if (obs->test_end && obs->end.outcome > OUTCOME_ERROR)
		one(res, VERDICT_ERROR, xasprintf("unknown outcome %u", obs->end.outcome));
	else if (obs->test_end && obs->end.outcome != OUTCOME_PASS)
		one(res, outcome[obs->end.outcome],
		    xstrdup(*reason ? reason : obs->failed ? "checks failed" : "no reason given"));
	if (res->verdict == VERDICT_XFAIL)
		return;
	evidence(res, VERDICT_FAIL, "", &obs->failures);
	if (obs->failed > obs->failures.n)
		one(res, VERDICT_FAIL, xasprintf("... %zu more failed checks",
						 obs->failed - obs->failures.n));
	if (res->verdict == VERDICT_PASS && !obs->checks)
		one(res, VERDICT_ERROR, xstrdup("no checks: the test recorded nothing to judge"));
}

/* What the VMM found when it reached for the device. */
static void judge_host(const struct test *test, const struct observation *obs, struct result *res)
{
	evidence(res, VERDICT_FAIL, "", &obs->host_failures);
	if (obs->host_failed > obs->host_failures.n)
		one(res, VERDICT_FAIL, xasprintf("... %zu more failed checks of the host",
						 obs->host_failed - obs->host_failures.n));
	if ((test->config.probe || test->config.scan) && !obs->host_checks && !skipped(obs))
		one(res, VERDICT_ERROR, xstrdup("the VMM never tried what the test is about"));
}

/* The kernel in the TD is held to what the host's is. */
static void judge_console(const char *console, struct result *res)
{
	char *copy = xstrdup(console), *save = NULL;
	unsigned int bad = 0;

	for (char *line = strtok_r(copy, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save))
		if (hostlog_bad(line) && bad++ < OBSERVE_FAILURES_MAX)
			one(res, VERDICT_FAIL, xasprintf("the TD's kernel: %s", line));
	free(copy);
}

/* A Linux TD says on its console, which arrives as records, that user space runs on every CPU. */
static void judge_linux(const struct test *test, const struct observation *obs, struct result *res)
{
	char *want = xasprintf("witness: userspace reached, %u cpus", test->config.vcpus);
	const char *tail = obs->console ? obs->console : "";
	size_t len = strlen(tail);

	judge_console(tail, res);
	if (strstr(tail, want)) {
		res->checks++;
	} else {
		if (len > 300)
			tail += len - 300;
		one(res, VERDICT_FAIL, xasprintf("the TD's console never said \"%s\"", want));
		one(res, VERDICT_FAIL, xasprintf("its last words: %s", *tail ? tail : "(none)"));
	}
	free(want);
}

/* Why this test can't be run in such a TD, or NULL. */
static const char *unsupported(const struct test *test, const struct observation *obs)
{
	const struct rec_td_end *e = &obs->td_end_rec;

	if (!obs->td_end)
		return NULL;
	if (e->reason == TD_END_UNSUPPORTED)
		return obs->td_reason;
	/* Linux wants no #VE of its own memory, and says so first of all. */
	if (test->kind == TEST_LINUX && !test->config.ve_disable && e->reason == TD_END_FATAL &&
	    strstr(obs->td_reason, "SEPT #VE has to be disabled"))
		return obs->td_reason;
	return NULL;
}

/* The TD beside the test's own runs the same test, but ends as a TD does of which nothing is asked. */
static void judge_neighbour(const struct test *test, const struct observation *obs,
			    struct result *res)
{
	struct test beside = *test;
	struct result of = { 0 };

	if (!obs->neighbour) {
		if (test->config.neighbour)
			one(res, VERDICT_ERROR, xstrdup("the test's second TD never began"));
		return;
	}
	beside.refused = beside.fatal = false;
	judge_end(&beside, obs->neighbour, &of);
	judge_guest(obs->neighbour, &of);
	/* One that skips beside one that does not: they would not have met. */
	if (!verdict_failed(of.verdict) && !verdict_failed(res->verdict) &&
	    of.verdict != res->verdict) {
		of.verdict = VERDICT_ERROR;
		strv_add(&of.detail, xstrdup("one TD ran the test, the other did not"));
	}
	if (verdict_failed(of.verdict) && !verdict_failed(res->verdict))
		res->verdict = of.verdict;
	for (size_t i = 0; i < of.detail.n; i++)
		strv_addf(&res->detail, "neighbour: %s", of.detail.v[i]);
	result_free(&of);
}

static void judge(const struct test *test, const struct observation *obs, struct result *res)
{
	const char *why_not = unsupported(test, obs);

	if (obs->crash)
		one(res, VERDICT_CRASH, xstrdup(obs->crash));
	if (obs->timeout)
		one(res, VERDICT_TIMEOUT, xstrdup(obs->timeout));
	evidence(res, VERDICT_ERROR, "", &obs->faults);
	evidence(res, VERDICT_FAIL, "host kernel: ", &obs->host_log);
	evidence(res, VERDICT_ERROR, "VMM: ", &obs->vmm_errors);
	if (obs->crash || obs->timeout) {
		evidence(res, VERDICT_FAIL, "", &obs->failures);
		if (obs->neighbour)
			evidence(res, VERDICT_FAIL, "neighbour: ", &obs->neighbour->failures);
		return;
	}
	if (!obs->td_begin) {
		res->not_run = true;
		one(res, VERDICT_ERROR, xstrdup("not run: its TD never began"));
		return;
	}
	if (why_not) {
		one(res, VERDICT_SKIP, xstrdup(why_not));
		return;
	}
	judge_end(test, obs, res);
	judge_host(test, obs, res);
	if (test->kind == TEST_LINUX)
		judge_linux(test, obs, res);
	else if (test->kind == TEST_GUEST)
		judge_guest(obs, res);
	else
		res->checks++;	/* how the TD ended */
	judge_neighbour(test, obs, res);
}

static bool says(const struct strv *lines, const char *what)
{
	for (size_t i = 0; i < lines->n; i++)
		if (strstr(lines->v[i], what))
			return true;
	return false;
}

/* A test with a planted fault passes if it noticed, and only then. */
static void judge_plant(const struct test *test, struct result *res)
{
	bool flip = test->plant == PLANT_FLIP;
	bool noticed = flip ? res->verdict == VERDICT_FAIL :
			      res->verdict == VERDICT_ERROR && says(&res->detail, "no checks");
	const char *got = verdict_name(res->verdict);
	char *id = xasprintf("%s/%s", res->id, flip ? "flip" : "no-checks");

	free(res->id);
	res->id = id;
	if (res->verdict == VERDICT_SKIP)
		return;
	res->verdict = noticed ? VERDICT_PASS : VERDICT_FAIL;
	if (noticed)
		strv_free(&res->detail);
	else
		strv_addf(&res->detail, "with %s the verdict is %s, expected %s",
			  flip ? "every expected value wrong" : "all checks off", got,
			  flip ? "fail" : "error: no checks");
}

/* What the second TD of a test adds to the numbers of its result. */
static void add_neighbour(const struct observation *obs, struct result *res)
{
	res->checks += obs->checks;
	for (size_t i = 0; i < sizeof(res->exits) / sizeof(res->exits[0]); i++)
		res->exits[i] += obs->td_end_rec.exits[i];
	for (size_t i = 0; i < obs->values.n; i++)
		strv_addf(&res->values, "neighbour: %s", obs->values.v[i]);
}

void verdict_decide(const struct test *test, const struct observation *obs, struct result *res)
{
	*res = (struct result){
		.id = xstrdup(test->id), .sentence = xstrdup(test->sentence),
		.clause = xstrdup(test->clause), .config = test->config, .checks = obs->checks + obs->host_checks,
		.rank = test->rank,
	};
	memcpy(res->exits, obs->td_end_rec.exits, sizeof(res->exits));
	strv_copy(&res->values, &obs->values);
	if (obs->neighbour)
		add_neighbour(obs->neighbour, res);
	strv_add(&res->replay, xstrdup(test->id));
	judge(test, obs, res);
	if (test->plant != PLANT_NOTHING)
		judge_plant(test, res);
}

void observation_free(struct observation *obs)
{
	if (obs->neighbour)
		observation_free(obs->neighbour);
	free(obs->neighbour);
	free(obs->reason);
	free(obs->td_reason);
	free(obs->console);
	free(obs->timeout);
	free(obs->crash);
	strv_free(&obs->failures);
	strv_free(&obs->host_failures);
	strv_free(&obs->values);
	strv_free(&obs->story);
	for (size_t i = 0; i < obs->nr_steps; i++)
		free(obs->steps[i].text);
	free(obs->steps);
	strv_free(&obs->host_log);
	strv_free(&obs->vmm_errors);
	strv_free(&obs->faults);
	memset(obs, 0, sizeof(*obs));
}

void result_free(struct result *res)
{
	free(res->id);
	free(res->sentence);
	free(res->clause);
	strv_free(&res->detail);
	strv_free(&res->values);
	strv_free(&res->story);
	strv_free(&res->replay);
	timeline_free(&res->timeline);
	timeline_free(&res->neighbour);
	memset(res, 0, sizeof(*res));
}
