/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From what was seen of one test to its verdict. The verdict says whose fault it is: fail is the
 * host kernel's (or the module's), error is the harness's or the environment's.
 */
#ifndef TDI_VERDICT_H
#define TDI_VERDICT_H

#include "core/channel.h"
#include "test.h"
#include "timeline.h"

enum verdict {
	VERDICT_PASS,
	VERDICT_SKIP,
	VERDICT_XFAIL,
	VERDICT_FAIL,
	VERDICT_ERROR,
	VERDICT_TIMEOUT,
	VERDICT_CRASH,
	VERDICT_NR
};

const char *verdict_name(enum verdict v);
/* Errors, timeouts and crashes count as failed, an expected failure as passed. */
bool verdict_failed(enum verdict v);
bool verdict_passed(enum verdict v);

/* What the VMM did for the device, in words, and when. */
struct step {
	uint64_t tsc;
	bool refused;
	char *text;
};

/* Everything that one L1 boot said between a test's markers. */
struct observation {
	/*
	 * If the test has two TDs: what the guest of the other one said, and how that TD ended. What
	 * the host said, and the story, is of both, and here.
	 */
	struct observation *neighbour;
	size_t nth_td;			/* of the boot, from 0 */
	bool td_begin, test_begin, test_end, td_end;
	struct rec_td td;
	struct rec_end end;
	struct rec_td_end td_end_rec;
	char *reason;			/* of TEST_END, "" if none */
	char *td_reason;		/* of TD_END, decoded by the VMM */
	unsigned int checks, failed;
	unsigned int host_checks, host_failed;	/* the VMM's own */
	struct strv failures;		/* failed checks, decoded; at most OBSERVE_FAILURES_MAX */
	struct strv host_failures;	/* of the VMM's checks, likewise */
	struct strv values;		/* "name = value" */
	struct strv story;		/* what guest and host did, in order, one sentence each */
	struct step *steps;		/* the host's part of it */
	size_t nr_steps;
	struct strv host_log;		/* kernel lines that a healthy host does not print */
	struct strv vmm_errors;
	struct strv faults;		/* of the stream or the order of records */
	char *console;			/* the TD's serial output, NUL-terminated */
	size_t console_len;
	/* Set by the runner, not by a record. */
	char *timeout;			/* a wall-clock limit was hit: what */
	char *crash;			/* L1 or QEMU died: how */
};

#define OBSERVE_FAILURES_MAX	8
#define RESULT_OF_BOOT		UINT32_MAX

struct result {
	char *id;
	char *sentence;
	char *clause;
	enum verdict verdict;
	struct strv detail;		/* first line: why; then the evidence */
	struct strv values;
	struct strv story;
	struct strv replay;		/* ids of the tests to run again */
	struct timeline timeline;	/* of a private device, if a view wants it */
	struct timeline neighbour;	/* of that of the test's second TD */
	unsigned int checks;
	bool not_run;			/* its TD never began */
	unsigned int rank;		/* place in the list of tests, or RESULT_OF_BOOT */
	unsigned int boot;		/* number of the L1 boot, from 1 */
	uint64_t seed;
	struct test_config config;
	uint64_t exits[8];
};

/* One observation of @test to a result. The result owns copies. */
void verdict_decide(const struct test *test, const struct observation *obs, struct result *res);
/* The sum of what the guest recorded under @name; false: it recorded nothing. */
bool observation_value(const struct observation *obs, const char *name, uint64_t *sum);
void observation_free(struct observation *obs);
void result_free(struct result *res);

#endif
