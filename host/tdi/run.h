/* SPDX-License-Identifier: GPL-2.0 */
/* Runs tests on as many boots of L1 as they need, some side by side. */
#ifndef TDI_RUN_H
#define TDI_RUN_H

#include "preflight.h"
#include "report.h"

/* Failures go to stderr as they happen, with opts->verbose everything else to @out. */
void run_tests(const struct options *opts, const struct images *images, const struct tests *tests,
	       FILE *out, struct report *report);

/* A shell in L1 on our terminal, with the plan of these tests at hand. Returns an exit code. */
int run_shell(const struct options *opts, const struct images *images, const struct tests *tests,
	      const char *logs);

#endif
