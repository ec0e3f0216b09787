/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The record stream of one L1 boot (lib/core/channel.h), decoded as it arrives, in pieces of any
 * size.
 *
 * Sequence numbers count per source; a guest's start at 0 with each TD. The TDs of a line of the plan begin
 * before the guest of one speaks. A damaged record whose
 * header still makes sense is dropped and decoding goes on; after a header that makes none, nothing
 * that follows can be trusted and the stream is lost.
 */
#ifndef TDI_STREAM_H
#define TDI_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/channel.h"

struct stream_ops {
	/* A sound record. The payload has a NUL after it. */
	void (*record)(void *opaque, const struct record *rec, const void *payload);
	/* The stream is damaged; @text says how and where. */
	void (*fault)(void *opaque, const char *text);
};

struct stream {
	const struct stream_ops *ops;
	void *opaque;
	uint8_t *buf;
	size_t used;
	uint64_t offset;		/* of buf[0] in the stream */
	uint32_t next_seq[REC_SOURCES];
	bool lost;
};

void stream_init(struct stream *s, const struct stream_ops *ops, void *opaque);
void stream_feed(struct stream *s, const void *data, size_t len);
/* No more data will come: a started record is a fault. */
void stream_end(struct stream *s);
void stream_free(struct stream *s);

#endif
