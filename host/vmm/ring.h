/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The reader's end of the ring in the channel window (core/channel.h). The guest may write anything
 * there.
 */
#ifndef VMM_RING_H
#define VMM_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/channel.h"

struct ring {
	struct channel_window *window;
	const uint8_t *data;
	uint32_t tail;		/* ours: the copy in the window is for the guest only */
	const char *broken;	/* why the ring is no longer read, or NULL */
};

void ring_init(struct ring *ring, void *window);
/*
 * Take the next record. False: none is there, or the ring is broken. Header and payload are private
 * copies, checked: the type is a guest's, the payload is in bounds, the CRC is right.
 */
bool ring_next(struct ring *ring, struct record *header, uint8_t payload[CHANNEL_PAYLOAD_MAX]);

#endif
