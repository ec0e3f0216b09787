// SPDX-License-Identifier: GPL-2.0
#include "core/crc32.h"
#include "core/records.h"

#define RECORDS_PATIENCE	100000	/* calls of relax() before a full ring loses a record */

void records_init(struct records *records, void *window, void (*relax)(void))
{
	*records = (struct records){
		.window = window,
		.ring = (uint8_t *)window + CHANNEL_RING_OFFSET,
		.relax = relax,
	};
}

static void records_put(struct records *records, const void *data, size_t size)
{
	const uint8_t *byte = data;

	while (size--)
		records->ring[records->head++ % CHANNEL_RING_SIZE] = *byte++;
}

/* A tail outside the ring is a lie of the reader's; it counts as no room. */
static bool records_wait(struct records *records, uint32_t need)
{
	for (unsigned int n = 0; n < RECORDS_PATIENCE; n++) {
		uint32_t tail = __atomic_load_n(&records->window->tail, __ATOMIC_ACQUIRE);
		uint32_t used = records->head - tail;

		if (used <= CHANNEL_RING_SIZE && need <= CHANNEL_RING_SIZE - used)
			return true;
		records->relax();
	}
	return false;
}

bool records_write(struct records *records, enum record_type type, const struct record_part *part,
		   unsigned int nr)
{
	static const uint8_t padding[8];
	struct record header = { .type = type, .source = REC_FROM_GUEST };
	size_t size = 0;
	bool written;

	for (unsigned int n = 0; n < nr; n++)
		size += part[n].size;
	header.size = size;

	lock_take(&records->lock);
	header.seq = records->seq++;
	header.crc = crc32(0, &header, offsetof(struct record, crc));
	for (unsigned int n = 0; n < nr; n++)
		header.crc = crc32(header.crc, part[n].data, part[n].size);

	written = size <= CHANNEL_PAYLOAD_MAX && records_wait(records, sizeof(header) + size + 7);
	if (written) {
		records_put(records, &header, sizeof(header));
		for (unsigned int n = 0; n < nr; n++)
			records_put(records, part[n].data, part[n].size);
		records_put(records, padding, -size % 8);
		__atomic_store_n(&records->window->head, records->head, __ATOMIC_RELEASE);
	} else {
		records->lost++;
	}
	lock_drop(&records->lock);
	return written;
}
