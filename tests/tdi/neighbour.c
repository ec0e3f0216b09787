// SPDX-License-Identifier: GPL-2.0
/*
 * A test with two TDs, from the record stream to its verdict: whose a record is, what each TD owes,
 * and that the TDs of other tests keep their places. Each test names the break that turns it red.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/record.h"
#include "observe.h"

#define REFUSED_GPA	0xc0000000ULL

static const struct test alone = {
	.kind = TEST_GUEST, .id = (char *)"alone", .sentence = (char *)"", .clause = (char *)"",
};
static const struct test two = {
	.kind = TEST_GUEST, .id = (char *)"two", .sentence = (char *)"", .clause = (char *)"",
	.config.neighbour = 1,
};
static const struct test *const plan[] = { &two, &alone, &two };
#define NR_PLAN (sizeof(plan) / sizeof(plan[0]))

/* Records as the VMM writes them: numbered by source, a guest's from 0 in each TD. */
struct boot {
	struct observer o;
	uint32_t seq[REC_SOURCES];
};

static void put(struct boot *b, uint16_t type, uint32_t source, const void *fixed, size_t size,
		const char *text)
{
	uint8_t bytes[sizeof(struct record) + CHANNEL_PAYLOAD_MAX] = { 0 };
	struct record header = { .type = type, .source = source, .size = size + strlen(text) + 1 };

	header.seq = b->seq[source]++;
	if (size)
		memcpy(bytes + sizeof(header), fixed, size);
	memcpy(bytes + sizeof(header) + size, text, strlen(text) + 1);
	header.crc = record_crc(&header, bytes + sizeof(header));
	memcpy(bytes, &header, sizeof(header));
	observer_feed(&b->o, bytes, record_size(&header));
}

static void td_begin(struct boot *b, enum channel_td which, const char *id)
{
	struct rec_td td = { .nr_vcpus = 1, .td = which };

	b->seq[which == TD_NEIGHBOUR ? REC_FROM_NEIGHBOUR : REC_FROM_GUEST] = 0;
	put(b, REC_TD_BEGIN, REC_FROM_VMM, &td, sizeof(td), id);
}

static void td_end(struct boot *b, enum channel_td which, enum td_end reason)
{
	struct rec_td_end end = { .reason = reason, .td = which, .detail = REFUSED_GPA };

	if (reason != TD_END_REFUSED)
		end.detail = 0;

	put(b, REC_TD_END, REC_FROM_VMM, &end, sizeof(end), "the reason in words");
}

static void guest(struct boot *b, uint32_t source, const char *id, bool ok,
		  enum record_outcome outcome)
{
	struct rec_test begin = { .nr_vcpus = 1 };
	struct rec_check check = { .ok = ok, .got = ok, .expected = 1 };
	struct rec_value value = { source + 1 };
	struct rec_end end = { .outcome = outcome, .checks = 1, .failed = !ok };

	put(b, REC_TEST_BEGIN, source, &begin, sizeof(begin), id);
	put(b, REC_CHECK, source, &check, sizeof(check), "expr");
	put(b, REC_VALUE, source, &value, sizeof(value), "word");
	put(b, REC_TEST_END, source, &end, sizeof(end), "");
}

static void begin(struct boot *b)
{
	*b = (struct boot){ 0 };
	observer_init(&b->o, plan, NR_PLAN);
	td_begin(b, TD_OF_TEST, "two");
	td_begin(b, TD_NEIGHBOUR, "two");
}

static void both_end(struct boot *b)
{
	td_end(b, TD_NEIGHBOUR, TD_END_SHUTDOWN);
	td_end(b, TD_OF_TEST, TD_END_SHUTDOWN);
}

/* The verdict on the first test, of which a line of detail has @says in it. */
static void expect(struct boot *b, enum verdict verdict, const char *says)
{
	bool said = !says;
	struct result res;

	verdict_decide(&two, &b->o.obs[0], &res);
	for (size_t i = 0; i < res.detail.n; i++)
		said |= says && strstr(res.detail.v[i], says);
	if (res.verdict != verdict || !said)
		fail_msg("expected %s and \"%s\", got %s and \"%s\"", verdict_name(verdict),
			 says ? says : "", verdict_name(res.verdict),
			 res.detail.n ? res.detail.v[0] : "");
	result_free(&res);
	observer_free(&b->o);
}

/* Red if both guests share one sequence, or the values of one go to the other. */
static void both_are_heard(void **state)
{
	struct result res;
	struct boot b;
	uint64_t word;

	(void)state;
	begin(&b);
	guest(&b, REC_FROM_GUEST, "two", true, OUTCOME_PASS);
	guest(&b, REC_FROM_NEIGHBOUR, "two", true, OUTCOME_PASS);
	both_end(&b);
	assert_true(observation_value(&b.o.obs[0], "word", &word) && word == REC_FROM_GUEST + 1);
	assert_true(observation_value(b.o.obs[0].neighbour, "word", &word) &&
		    word == REC_FROM_NEIGHBOUR + 1);
	verdict_decide(&two, &b.o.obs[0], &res);
	assert_int_equal(res.checks, 2);
	assert_int_equal(res.values.n, 2);
	result_free(&res);
	expect(&b, VERDICT_PASS, NULL);
}

/* Red if on_check() or judge_neighbour() lose what only the neighbour saw. */
static void what_the_neighbour_saw(void **state)
{
	struct boot b;

	(void)state;
	begin(&b);
	guest(&b, REC_FROM_NEIGHBOUR, "two", false, OUTCOME_FAIL);
	guest(&b, REC_FROM_GUEST, "two", true, OUTCOME_PASS);
	both_end(&b);
	expect(&b, VERDICT_FAIL, "neighbour: ");

	begin(&b);
	guest(&b, REC_FROM_GUEST, "two", false, OUTCOME_FAIL);
	guest(&b, REC_FROM_NEIGHBOUR, "two", true, OUTCOME_PASS);
	both_end(&b);
	expect(&b, VERDICT_FAIL, "expected");
}

/* Red if a neighbour may be silent, stop half-way, be missing, or do without checks. */
static void what_the_neighbour_owes(void **state)
{
	struct rec_end end = { .outcome = OUTCOME_PASS };
	struct rec_test test = { .nr_vcpus = 1 };
	struct boot b;

	(void)state;
	begin(&b);
	guest(&b, REC_FROM_GUEST, "two", true, OUTCOME_PASS);
	both_end(&b);
	expect(&b, VERDICT_ERROR, "neighbour: the guest never began the test");

	begin(&b);
	guest(&b, REC_FROM_GUEST, "two", true, OUTCOME_PASS);
	put(&b, REC_TEST_BEGIN, REC_FROM_NEIGHBOUR, &test, sizeof(test), "two");
	both_end(&b);
	expect(&b, VERDICT_ERROR, "neighbour: the record of the test's end is missing");

	begin(&b);
	guest(&b, REC_FROM_GUEST, "two", true, OUTCOME_PASS);
	put(&b, REC_TEST_BEGIN, REC_FROM_NEIGHBOUR, &test, sizeof(test), "two");
	put(&b, REC_TEST_END, REC_FROM_NEIGHBOUR, &end, sizeof(end), "");
	both_end(&b);
	expect(&b, VERDICT_ERROR, "neighbour: no checks");

	begin(&b);
	guest(&b, REC_FROM_GUEST, "two", true, OUTCOME_PASS);
	guest(&b, REC_FROM_NEIGHBOUR, "two", true, OUTCOME_PASS);
	td_end(&b, TD_OF_TEST, TD_END_SHUTDOWN);
	expect(&b, VERDICT_ERROR, "neighbour: the record of the TD's end is missing");

	b = (struct boot){ 0 };
	observer_init(&b.o, plan, NR_PLAN);
	td_begin(&b, TD_OF_TEST, "two");
	guest(&b, REC_FROM_GUEST, "two", true, OUTCOME_PASS);
	td_end(&b, TD_OF_TEST, TD_END_SHUTDOWN);
	expect(&b, VERDICT_ERROR, "the test's second TD never began");
}

/* Red if judge_neighbour() takes the end that the test has for its own TD, or none for a bad one. */
static void how_the_neighbour_ends(void **state)
{
	static const struct { enum td_end reason; enum verdict verdict; } rows[] = {
		{ TD_END_TIMEOUT, VERDICT_TIMEOUT }, { TD_END_KVM_ERROR, VERDICT_CRASH },
		{ TD_END_REFUSED, VERDICT_FAIL }, { TD_END_VMM_ERROR, VERDICT_ERROR },
	};
	struct rec_value gpa = { REFUSED_GPA };
	struct test refused = two;
	struct result res;
	struct boot b;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(&b);
		guest(&b, REC_FROM_GUEST, "two", true, OUTCOME_PASS);
		guest(&b, REC_FROM_NEIGHBOUR, "two", true, OUTCOME_PASS);
		td_end(&b, TD_NEIGHBOUR, rows[i].reason);
		td_end(&b, TD_OF_TEST, TD_END_SHUTDOWN);
		expect(&b, rows[i].verdict, "neighbour: TD ended by");
	}

	begin(&b);
	put(&b, REC_VALUE, REC_FROM_GUEST, &gpa, sizeof(gpa), TEST_REFUSED_GPA);
	guest(&b, REC_FROM_GUEST, "two", true, OUTCOME_PASS);
	guest(&b, REC_FROM_NEIGHBOUR, "two", true, OUTCOME_PASS);
	td_end(&b, TD_NEIGHBOUR, TD_END_SHUTDOWN);
	td_end(&b, TD_OF_TEST, TD_END_REFUSED);
	refused.refused = true;
	verdict_decide(&refused, &b.o.obs[0], &res);
	assert_int_equal(res.verdict, VERDICT_PASS);
	result_free(&res);
	observer_free(&b.o);
}

/* Red if a skip of one TD hides what the other one did. */
static void one_skips(void **state)
{
	static const struct { enum record_outcome own, beside; enum verdict verdict; } rows[] = {
		{ OUTCOME_SKIP, OUTCOME_SKIP, VERDICT_SKIP },
		{ OUTCOME_SKIP, OUTCOME_PASS, VERDICT_ERROR },
		{ OUTCOME_PASS, OUTCOME_SKIP, VERDICT_ERROR },
		{ OUTCOME_SKIP, OUTCOME_FAIL, VERDICT_FAIL },
		{ OUTCOME_SKIP, OUTCOME_ERROR, VERDICT_ERROR },
	};
	struct boot b;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(&b);
		guest(&b, REC_FROM_GUEST, "two", rows[i].own != OUTCOME_FAIL, rows[i].own);
		guest(&b, REC_FROM_NEIGHBOUR, "two", rows[i].beside != OUTCOME_FAIL, rows[i].beside);
		both_end(&b);
		expect(&b, rows[i].verdict, NULL);
	}
}

/* Red if check_seq() forgets the neighbour's numbers, or a neighbour may speak as the VMM. */
static void damage_of_the_neighbour(void **state)
{
	struct boot b;

	(void)state;
	begin(&b);
	guest(&b, REC_FROM_GUEST, "two", true, OUTCOME_PASS);
	b.seq[REC_FROM_NEIGHBOUR]++;
	guest(&b, REC_FROM_NEIGHBOUR, "two", true, OUTCOME_PASS);
	both_end(&b);
	expect(&b, VERDICT_ERROR, "neighbour record 1 follows");

	begin(&b);
	put(&b, REC_KMSG, REC_FROM_NEIGHBOUR, NULL, 0, "<6>fine");
	assert_true(b.o.stream.lost);
	observer_free(&b.o);
}

/* Red if on_neighbour_begin() takes any, or guest_record() and on_step() one that is not there. */
static void neighbours_out_of_place(void **state)
{
	struct rec_step step = { .td = TD_NEIGHBOUR };
	struct boot b;

	(void)state;
	begin(&b);
	td_begin(&b, TD_NEIGHBOUR, "two");
	expect(&b, VERDICT_ERROR, "a second TD began that is not in the plan: two");

	begin(&b);
	both_end(&b);
	td_begin(&b, TD_OF_TEST, "alone");
	td_begin(&b, TD_NEIGHBOUR, "alone");
	guest(&b, REC_FROM_NEIGHBOUR, "alone", true, OUTCOME_PASS);
	put(&b, REC_STEP, REC_FROM_VMM, &step, sizeof(step), "");
	td_end(&b, TD_NEIGHBOUR, TD_END_SHUTDOWN);
	/* Its begin, four records of its guest, a step, its end. */
	assert_int_equal(b.o.obs[1].faults.n, 7);
	assert_null(b.o.obs[1].neighbour);
	observer_free(&b.o);
}

/* Red if the second TD of a test counts as that of the next one, or its end as that of the test. */
static void places_of_the_tds(void **state)
{
	struct rec_step step = { .td = TD_NEIGHBOUR };
	struct boot b;

	(void)state;
	begin(&b);
	put(&b, REC_STEP, REC_FROM_VMM, &step, sizeof(step), "");
	guest(&b, REC_FROM_NEIGHBOUR, "two", true, OUTCOME_PASS);
	td_end(&b, TD_NEIGHBOUR, TD_END_SHUTDOWN);
	assert_int_equal(b.o.ended, 0);
	td_end(&b, TD_OF_TEST, TD_END_SHUTDOWN);
	assert_int_equal(b.o.ended, 1);
	td_begin(&b, TD_OF_TEST, "alone");
	assert_int_equal(b.o.begun, 2);
	assert_int_equal(b.o.tds, 3);
	assert_ptr_equal(b.o.td[0], &b.o.obs[0]);
	assert_ptr_equal(b.o.td[1], b.o.obs[0].neighbour);
	assert_ptr_equal(b.o.td[2], &b.o.obs[1]);
	assert_int_equal(b.o.obs[0].nth_td, 0);
	assert_int_equal(b.o.obs[0].neighbour->nth_td, 1);
	assert_int_equal(b.o.obs[1].nth_td, 2);
	assert_int_equal(b.o.obs[0].nr_steps, 0);
	assert_int_equal(b.o.obs[0].neighbour->nr_steps, 1);
	td_end(&b, TD_OF_TEST, TD_END_SHUTDOWN);
	/* Its neighbour counts from 0 again. */
	td_begin(&b, TD_OF_TEST, "two");
	td_begin(&b, TD_NEIGHBOUR, "two");
	guest(&b, REC_FROM_NEIGHBOUR, "two", true, OUTCOME_PASS);
	assert_int_equal(b.o.obs[2].faults.n, 0);
	assert_int_equal(b.o.obs[2].neighbour->nth_td, 4);
	observer_free(&b.o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_are_heard), cmocka_unit_test(what_the_neighbour_saw),
		cmocka_unit_test(what_the_neighbour_owes), cmocka_unit_test(how_the_neighbour_ends),
		cmocka_unit_test(one_skips), cmocka_unit_test(damage_of_the_neighbour),
		cmocka_unit_test(neighbours_out_of_place), cmocka_unit_test(places_of_the_tds),
	};

	return cmocka_run_group_tests_name("neighbour", tests, NULL, NULL);
}
