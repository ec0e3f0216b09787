// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "core/record.h"
#include "stream.h"
#include "util.h"

void stream_init(struct stream *s, const struct stream_ops *ops, void *opaque)
{
	*s = (struct stream){ .ops = ops, .opaque = opaque };
}

static void stream_fault(struct stream *s, const char *what)
{
	unsigned long long offset = s->offset;
	char *text = xasprintf("record stream, offset %llu: %s", offset, what);

	s->ops->fault(s->opaque, text);
	free(text);
}

static void stream_lose(struct stream *s, const char *what)
{
	s->lost = true;
	stream_fault(s, what);
}

static bool header_sane(const struct record *rec)
{
	bool guest = rec->type >= REC_TEST_BEGIN && rec->type <= REC_LIST;
	bool vmm = rec->type >= REC_RUN_BEGIN && rec->type <= REC_HOST_CHECK;

	if (rec->source == REC_FROM_GUEST || rec->source == REC_FROM_NEIGHBOUR)
		return guest && rec->size <= CHANNEL_PAYLOAD_MAX;
	return vmm && rec->source == REC_FROM_VMM && rec->size <= CHANNEL_PAYLOAD_MAX;
}

static const char *const sources[REC_SOURCES] = {
	[REC_FROM_GUEST] = "guest", [REC_FROM_VMM] = "VMM", [REC_FROM_NEIGHBOUR] = "neighbour",
};

static void check_seq(struct stream *s, const struct record *rec)
{
	uint32_t want = s->next_seq[rec->source];

	s->next_seq[rec->source] = rec->seq + 1;
	if (rec->seq == want)
		return;

	char *text = xasprintf("%s record %u follows %u: records are missing",
			       sources[rec->source], rec->seq, want - 1);
	stream_fault(s, text);
	free(text);
}

/* Consume one record at @p; returns its length in the stream, 0 if there is not yet a whole one. */
static size_t stream_step(struct stream *s, const uint8_t *p, size_t len)
{
	uint8_t payload[CHANNEL_PAYLOAD_MAX + 1];
	struct record rec;
	size_t whole;

	if (len < sizeof(rec))
		return 0;
	memcpy(&rec, p, sizeof(rec));
	if (!header_sane(&rec)) {
		stream_lose(s, "bad record header, the rest is unreadable");
		return 0;
	}
	whole = record_size(&rec);
	if (len < whole)
		return 0;
	memcpy(payload, p + sizeof(rec), rec.size);
	payload[rec.size] = 0;

	if (rec.type == REC_TD_BEGIN)
		s->next_seq[REC_FROM_GUEST] = s->next_seq[REC_FROM_NEIGHBOUR] = 0;
	check_seq(s, &rec);
	if (record_crc(&rec, payload) != rec.crc)
		stream_fault(s, "bad record checksum");
	else
		s->ops->record(s->opaque, &rec, payload);
	return whole;
}

void stream_feed(struct stream *s, const void *data, size_t len)
{
	size_t pos = 0, step;

	if (s->lost || !len)
		return;
	s->buf = xrealloc(s->buf, s->used + len);
	memcpy(s->buf + s->used, data, len);
	s->used += len;
	while (!s->lost && (step = stream_step(s, s->buf + pos, s->used - pos))) {
		pos += step;
		s->offset += step;
	}
	s->used -= pos;
	memmove(s->buf, s->buf + pos, s->used);
}

void stream_end(struct stream *s)
{
	if (!s->lost && s->used)
		stream_lose(s, "ends inside a record");
}

void stream_free(struct stream *s)
{
	free(s->buf);
}
