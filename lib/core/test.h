/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A test is a function and one line:
 *
 *	TEST(id, "sentence", "clause", "sabotage", needs, function)
 *
 * The sentence says what must hold, the clause where that is written, the sabotage names the
 * one-line break of module, VMM or kernel that turns the test red. The linker sorts the lines by
 * id; an id used twice does not link.
 *
 * Whose fault a result is: a failed check is the subject's, test_error() and a test without checks
 * are the test's own. TEST_REQUIRE() skips, aloud, where the TD can't run the test.
 */
#ifndef CORE_TEST_H
#define CORE_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/channel.h"
#include "core/needs.h"
#include "core/records.h"

struct test {
	const char *id, *sentence, *clause, *sabotage;
	void (*run)(void);
	uint32_t needs;
};
_Static_assert(sizeof(struct test) == 48, "the runner reads the table from the ELF file");

#define TEST(id_, sentence_, clause_, sabotage_, needs_, run_)					\
	_Static_assert(sizeof(#id_) <= CHANNEL_TEST_ID_MAX, "the id has to fit the window");	\
	_Static_assert(sizeof(#id_ sentence_ clause_ sabotage_) < CHANNEL_PAYLOAD_MAX - 64,	\
		       "the line has to fit a record");						\
	const struct test test_##id_								\
	__attribute__((section(".tests." #id_), used, aligned(8))) = {				\
		.id = #id_, .sentence = sentence_, .clause = clause_, .sabotage = sabotage_,	\
		.run = run_, .needs = needs_,							\
	}

/* What the test layer needs from below; set once before the first call. */
struct test_session {
	struct records *records;
	unsigned int (*vcpu)(void);	/* index of the calling vCPU */
	uint32_t flags;			/* CHANNEL_F_* */
	uint32_t has;			/* NEEDS_* that this TD meets */
	uint32_t nr_vcpus;
	uint64_t seed;
};

/* Fatal inconsistencies of the linked-in test table; returns what is wrong, or NULL. */
const char *tests_check(void);
const struct test *tests_find(const char *id);
void tests_list(struct records *records);

void test_run(const struct test_session *session, const struct test *test);
/* Write the end record now; for a test that can't return. */
void test_finish(void);

/*
 * For EXPECT_REFUSED: write the end record, then @touch(@gpa). The runner passes the test if the host
 * ended the TD over just this page, with no complaint of its kernel.
 */
void test_end_refused(void (*touch)(uint64_t gpa), uint64_t gpa);

/* Of this run; 0 outside a test. */
uint64_t test_seed(void);
void test_skip(const char *reason);
void test_error(const char *reason);
void test_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
void test_value(const char *name, uint64_t value);

/* Record one comparison. Returns whether it holds, whatever selfcheck makes of the record. */
bool test_check(enum rec_kind kind, uint64_t got, uint64_t expected, const char *where,
		unsigned int where_size, unsigned int line);

#define TEST_WHERE(text)	text "\0" __FILE__, sizeof(text "\0" __FILE__), __LINE__
#define CHECK(expr)		test_check(KIND_BOOL, !!(expr), 1, TEST_WHERE(#expr))
#define CHECK_HEX(got, want)	test_check(KIND_HEX, got, want, TEST_WHERE(#got))
#define CHECK_DEC(got, want)	test_check(KIND_DEC, got, want, TEST_WHERE(#got))
#define CHECK_TDX(got, want)	test_check(KIND_TDX_STATUS, got, want, TEST_WHERE(#got))
#define CHECK_GHCI(got, want)	test_check(KIND_GHCI_STATUS, got, want, TEST_WHERE(#got))
#define CHECK_REASON(got, want)	test_check(KIND_VE_REASON, got, want, TEST_WHERE(#got))
#define CHECK_TRAP(got, want)	test_check(KIND_TRAP, got, want, TEST_WHERE(#got))
#define CHECK_STATE(got, want)	test_check(KIND_TDISP_STATE, got, want, TEST_WHERE(#got))
#define CHECK_ATTEST(got, want)	test_check(KIND_ATTEST, got, want, TEST_WHERE(#got))

/* Leave the test, as skipped, where the TD does not offer what it is about. */
#define TEST_REQUIRE(cond, reason)	\
	do {				\
		if (!(cond)) {		\
			test_skip(reason); \
			return;		\
		}			\
	} while (0)

#endif
