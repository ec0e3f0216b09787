// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>

#include "core/format.h"
#include "core/string.h"
#include "core/test.h"

extern const struct test tests_begin[], tests_end[];	/* the linker script's */

static struct test_run {
	const struct test_session *session;
	uint32_t outcome;
	uint32_t checks, failed;	/* counted by all vCPUs */
	const char *reason;
	bool ended;			/* the end record is written */
} run;

static const struct { uint32_t bit; const char *word, *missing; } needs_words[] = {
	{ NEEDS_SMP, "smp", "the TD has one vCPU" },
	{ NEEDS_VE, "ve", "the TD has SEPT_VE_DISABLE set" },
	{ NEEDS_NO_VE, "no-ve", "the TD has SEPT_VE_DISABLE clear" },
	{ NEEDS_DEVICE, "device", "the TD has no device" },
	{ NEEDS_CONNECT, "connect", "the TD has no TDX Connect" },
	{ NEEDS_PAIR, "pair", "the TD has no second device" },
	{ NEEDS_NEIGHBOUR, "neighbour", "the TD has no neighbour" },
};
#define NR_NEEDS	(sizeof(needs_words) / sizeof(needs_words[0]))

const char *tests_check(void)
{
	if (&tests_begin[0] == &tests_end[0])
		return "the image holds no test";
	for (const struct test *test = tests_begin; test < tests_end; test++) {
		if (!*test->sentence || !*test->clause || !*test->sabotage || !test->run)
			return "a test line is not filled in";
		if (test + 1 < tests_end && strcmp(test->id, test[1].id) >= 0)
			return "the tests are not sorted by unique id";
	}
	return NULL;
}

const struct test *tests_find(const char *id)
{
	for (const struct test *test = tests_begin; test < tests_end; test++)
		if (!strcmp(test->id, id))
			return test;
	return NULL;
}

static struct record_part part_text(const char *text)
{
	return (struct record_part){ text, strlen(text) + 1 };
}

void tests_list(struct records *records)
{
	for (const struct test *test = tests_begin; test < tests_end; test++) {
		char needs[48] = "";
		size_t used = 0;

		for (unsigned int n = 0; n < NR_NEEDS; n++)
			if (test->needs & needs_words[n].bit)
				used += format_text(needs + used, sizeof(needs) - used, "%s%s",
						    used ? " " : "", needs_words[n].word);
		records_write(records, REC_LIST, (struct record_part[]){
			part_text(test->id), part_text(test->sentence), part_text(test->clause),
			part_text(test->sabotage), part_text(needs),
		}, 5);
	}
}

void test_run(const struct test_session *session, const struct test *test)
{
	struct rec_test begin = { .nr_vcpus = session->nr_vcpus, .seed = session->seed };

	run = (struct test_run){ .session = session, .outcome = OUTCOME_PASS, .reason = "" };
	records_write(session->records, REC_TEST_BEGIN, (struct record_part[]){
		{ &begin, sizeof(begin) }, part_text(test->id),
	}, 2);

	for (unsigned int n = 0; n < NR_NEEDS; n++)
		if (test->needs & ~session->has & needs_words[n].bit)
			test_skip(needs_words[n].missing);
	if (run.outcome == OUTCOME_PASS)
		test->run();
	test_finish();
}

void test_finish(void)
{
	struct rec_end end = { .checks = run.checks, .failed = run.failed };

	if (run.ended)
		return;
	run.ended = true;
	if (run.outcome != OUTCOME_ERROR && run.failed)
		run.outcome = OUTCOME_FAIL;
	if (run.outcome == OUTCOME_PASS && !run.checks)
		test_error("no checks");
	if (run.session->records->lost)
		test_error("records were lost");
	end.outcome = run.outcome;
	records_write(run.session->records, REC_TEST_END, (struct record_part[]){
		{ &end, sizeof(end) }, part_text(run.reason),
	}, 2);
}

void test_end_refused(void (*touch)(uint64_t gpa), uint64_t gpa)
{
	test_value(TEST_REFUSED_GPA, gpa);
	test_finish();
	touch(gpa);
	run.ended = false;
	test_error("the host did not refuse the access");
}

uint64_t test_seed(void)
{
	return run.session ? run.session->seed : 0;
}

void test_skip(const char *reason)
{
	run.outcome = OUTCOME_SKIP;
	run.reason = reason;
}

void test_error(const char *reason)
{
	run.outcome = OUTCOME_ERROR;
	run.reason = reason;
}

void test_log(const char *format, ...)
{
	char text[200];
	va_list args;

	va_start(args, format);
	format_vtext(text, sizeof(text), format, args);
	va_end(args);
	records_write(run.session->records, REC_LOG, (struct record_part[]){ part_text(text) }, 1);
}

void test_value(const char *name, uint64_t value)
{
	struct rec_value record = { value };

	records_write(run.session->records, REC_VALUE, (struct record_part[]){
		{ &record, sizeof(record) }, part_text(name),
	}, 2);
}

bool test_check(enum rec_kind kind, uint64_t got, uint64_t expected, const char *where,
		unsigned int where_size, unsigned int line)
{
	uint64_t judged = expected;
	struct rec_check check = {
		.kind = kind, .line = line, .vcpu = run.session->vcpu(), .got = got,
	};

	if (run.session->flags & CHANNEL_F_NO_CHECKS)
		return got == expected;
	if (run.session->flags & CHANNEL_F_FLIP)
		judged = kind == KIND_BOOL ? !expected : ~expected;

	check.expected = judged;
	check.ok = got == judged;
	__atomic_fetch_add(&run.checks, 1, __ATOMIC_RELAXED);
	if (!check.ok)
		__atomic_fetch_add(&run.failed, 1, __ATOMIC_RELAXED);
	records_write(run.session->records, REC_CHECK, (struct record_part[]){
		{ &check, sizeof(check) }, { where, where_size },
	}, 2);
	return got == expected;
}
