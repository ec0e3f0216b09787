/* SPDX-License-Identifier: GPL-2.0 */
/* The plan of one L1 boot (host/vmm/plan.h has the grammar) and the initramfs that carries it. */
#ifndef TDI_PLAN_H
#define TDI_PLAN_H

#include "cpio.h"
#include "preflight.h"

/* The plan's text, malloc'ed. */
char *plan_text(const struct test *const *tests, size_t n, const struct images *images,
		uint64_t seed);
/* L1's initramfs: @images->initramfs, then /plan and the images that the plan names. */
void plan_initramfs(struct cpio *cpio, const char *plan, const struct images *images);

#endif
