/* SPDX-License-Identifier: GPL-2.0 */
/* What a TD starts from: a flat image, or the boot stub with a Linux kernel. */
#ifndef VMM_LOAD_H
#define VMM_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "memory.h"
#include "plan.h"

struct load_file {
	uint8_t *data;
	size_t size;
};

struct load {
	const struct plan_td *plan;
	struct memory *memory;
	/* load_open() finds out: */
	const uint8_t *image;	/* ends at 4 GiB, with the reset vector */
	uint64_t image_size;
	uint64_t first_rcx;
	/* On failure: an errno, and the file or step it is about. */
	int error;
	char what[PLAN_PATH_MAX + 32];

	struct load_file file, initrd;
};

/* Read and check the files. -1 on failure. */
int load_open(struct load *load);
/*
 * Copy everything to the shared half of memory, from where td_populate() takes it. -1 on failure.
 */
int load_place(struct load *load);
void load_close(struct load *load);

/* linux.c: place a bzImage and all that it needs. 0, or an errno. */
int linux_place(struct memory *memory, const struct plan_td *plan, const struct load_file *kernel,
		const struct load_file *initrd);

#endif
