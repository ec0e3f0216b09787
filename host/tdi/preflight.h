/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Looks at everything that a run needs before it starts. What is missing ends the program with exit
 * code 2 and one line that says what to do; what was there before is untouched.
 */
#ifndef TDI_PREFLIGHT_H
#define TDI_PREFLIGHT_H

#include "options.h"
#include "test.h"

struct blob {
	uint8_t *data;
	size_t len;
};

/* The files that travel into L1. */
struct images {
	struct blob initramfs, guest, kernel, witness, busybox;
	char *release;		/* of the kernel, from its boot header */
};

void preflight(const struct options *opts, const struct tests *tests, struct images *images);
void images_free(struct images *images);
/* Create the directory for this run's logs. */
char *preflight_logs(const struct options *opts);
/* After a run: is there less than 1 MiB left for them? Then nothing that failed is a verdict. */
bool logs_ran_full(const char *logs);

/* The kernel release in a bzImage, or NULL with what is wrong with it in @why. */
char *bzimage_release(const void *data, size_t len, const char **why);

#endif
