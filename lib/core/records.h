/* SPDX-License-Identifier: GPL-2.0 */
/* The writer's end of the ring in the channel window (channel.h). The reader is not trusted. */
#ifndef CORE_RECORDS_H
#define CORE_RECORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/channel.h"
#include "core/lock.h"

struct records {
	struct channel_window *window;
	uint8_t *ring;
	uint32_t head, seq;	/* ours: what the window says about head is for the reader only */
	uint32_t lost;		/* records that could not be written */
	struct lock lock;
	void (*relax)(void);	/* give the reader a chance to run */
};

/* One piece of a payload. */
struct record_part {
	const void *data;
	size_t size;
};

void records_init(struct records *records, void *window, void (*relax)(void));
/*
 * Append one record made of @nr parts. False: it is lost, because the payload is too long or the
 * reader did not make room in time. Its sequence number is used up all the same, so that the reader
 * sees a gap.
 */
bool records_write(struct records *records, enum record_type type, const struct record_part *part,
		   unsigned int nr);

#endif
