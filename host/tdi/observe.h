/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Joins the records of one L1 boot with its plan: which test a record speaks about, and when a test
 * is over. It judges nothing (verdict.h does) and knows neither files nor processes.
 */
#ifndef TDI_OBSERVE_H
#define TDI_OBSERVE_H

#include "stream.h"
#include "verdict.h"

struct observer {
	struct stream stream;
	const struct test *const *plan;	/* tests of this boot, in the order of the plan */
	size_t nr_plan;
	struct observation *obs;	/* one per planned test */
	size_t current;			/* test whose TD began last; valid if begun > 0 */
	size_t begun, ended;		/* tests: their own TDs */
	struct observation **td;	/* what was seen of each TD, in the order in which they began */
	size_t tds;
	bool run_begin, run_end;
	bool spoiled;			/* a TD began on a host not fit for it; deaf since */
	struct rec_run run;
	struct rec_run_end run_end_rec;
	char *release;			/* host kernel, from RUN_BEGIN */
	struct observation loose;	/* faults before the first TD or after the last one */
};

void observer_init(struct observer *o, const struct test *const *plan, size_t nr_plan);
void observer_feed(struct observer *o, const void *data, size_t len);
/* No more data will come. */
void observer_end(struct observer *o);
/* True when the host is no longer fit to run the next test, which needs a fresh L1. */
bool observer_spoiled(const struct observer *o);
void observer_free(struct observer *o);

#endif
