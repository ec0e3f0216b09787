// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "core/record.h"
#include "ring.h"

void ring_init(struct ring *ring, void *window)
{
	*ring = (struct ring){
		.window = window,
		.data = (const uint8_t *)window + CHANNEL_RING_OFFSET,
	};
}

static void ring_copy(const struct ring *ring, uint32_t from, void *to, uint32_t size)
{
	uint32_t offset = from % CHANNEL_RING_SIZE;
	uint32_t first = CHANNEL_RING_SIZE - offset;

	if (first > size)
		first = size;
	memcpy(to, ring->data + offset, first);
	memcpy((uint8_t *)to + first, ring->data, size - first);
}

static bool ring_break(struct ring *ring, const char *why)
{
	ring->broken = why;
	return false;
}

bool ring_next(struct ring *ring, struct record *header, uint8_t payload[CHANNEL_PAYLOAD_MAX])
{
	uint32_t available = __atomic_load_n(&ring->window->head, __ATOMIC_ACQUIRE) - ring->tail;
	uint32_t whole;

	if (ring->broken || !available)
		return false;
	if (available > CHANNEL_RING_SIZE)
		return ring_break(ring, "head is more than the ring ahead of tail");
	if (available < sizeof(*header))
		return ring_break(ring, "head is inside a record header");

	ring_copy(ring, ring->tail, header, sizeof(*header));
	if (header->size > CHANNEL_PAYLOAD_MAX)
		return ring_break(ring, "a payload is longer than the limit");
	whole = record_size(header);
	if (whole > available)
		return ring_break(ring, "head is inside a payload");
	if (header->type < REC_TEST_BEGIN || header->type > REC_LIST ||
	    header->source != REC_FROM_GUEST)
		return ring_break(ring, "a record is not of a guest's type");

	ring_copy(ring, ring->tail + sizeof(*header), payload, header->size);
	if (record_crc(header, payload) != header->crc)
		return ring_break(ring, "a record has a wrong checksum");

	ring->tail += whole;
	__atomic_store_n(&ring->window->tail, ring->tail, __ATOMIC_RELEASE);
	return true;
}
