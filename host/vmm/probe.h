/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host reaching for its device in every way that user space has, while the TD's test runs. What
 * a bound device has to refuse, an unbound one has to serve, through the same file descriptors, the
 * same dma-bufs and the same mappings. Each access is a REC_HOST_CHECK. The device has no expansion
 * ROM, so that vfio's fence of that is not tried.
 */
#ifndef VMM_PROBE_H
#define VMM_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "vfio.h"

struct probe {
	struct vfio_device *device;
	struct probe_bar {
		volatile uint32_t *map;	/* all of it, mapped once; NULL: no such BAR */
		uint64_t offset;	/* in the device's file */
		int late;		/* a dma-buf exported while bound, or -1 */
	} bar[VFIO_BARS];
	int config;			/* sysfs: configuration space without vfio's filter */
	unsigned int doe;		/* its DOE capability */
	const char *failed;		/* the step that failed */
};

/* False, with errno: probe->failed names the step. */
bool probe_open(struct probe *probe, struct vfio_device *device);
/* Try everything, right after the TDCM operation @operation. */
void probe_run(struct probe *probe, unsigned int operation);
void probe_close(struct probe *probe);

#endif
