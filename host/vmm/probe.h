/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host reaching for its device in every way that user space has, while the TD's test runs. What a
 * bound device has to refuse, an unbound one has to serve, through the same file descriptor and the
 * same mapping. Each access is a REC_HOST_CHECK.
 */
#ifndef VMM_PROBE_H
#define VMM_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "assign.h"
#include "vfio.h"

struct probe {
	struct vfio *vfio;
	volatile uint32_t *bar;		/* BAR 0, mapped once */
	uint64_t offset, size;		/* of BAR 0 in the device's file */
	int config;			/* sysfs: configuration space without vfio's filter */
	unsigned int doe;		/* its DOE capability */
	const char *failed;		/* the step that failed */
};

/* False, with errno: probe->failed names the step. */
bool probe_open(struct probe *probe, struct vfio *vfio, const struct assign *assign);
/* Try everything, right after the TDCM operation @operation. */
void probe_run(const struct probe *probe, unsigned int operation);
void probe_close(struct probe *probe);

#endif
