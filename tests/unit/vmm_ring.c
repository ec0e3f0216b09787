// SPDX-License-Identifier: GPL-2.0
/*
 * The reader of the guest's ring (host/vmm): records come out whole, and nothing a guest writes
 * hurts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/records.h"
#include "ring.h"

static _Alignas(64) uint8_t window[CHANNEL_WINDOW_SIZE];

static void no_relax(void)
{
}

static bool put(struct records *records, const void *data, size_t size)
{
	struct record_part part = { data, size };

	return records_write(records, REC_LOG, &part, 1);
}

/* Turned red by: a wrong wrap-around, a lost tail, padding that is not skipped. */
static void round_trip(void **state)
{
	uint8_t payload[CHANNEL_PAYLOAD_MAX], data[CHANNEL_PAYLOAD_MAX];
	struct records records;
	struct record header;
	struct ring ring;

	(void)state;
	memset(window, 0, sizeof(window));
	records_init(&records, window, no_relax);
	ring_init(&ring, window);
	for (uint32_t i = 0; i < 5000; i++) {
		size_t size = i * 37 % (sizeof(data) + 1);

		memset(data, i, sizeof(data));
		assert_true(put(&records, data, size));
		assert_true(ring_next(&ring, &header, payload));
		assert_int_equal(header.seq, i);
		assert_int_equal(header.size, size);
		assert_memory_equal(payload, data, size);
		assert_false(ring_next(&ring, &header, payload));
	}
	assert_null(ring.broken);
	assert_true(ring.tail > CHANNEL_RING_SIZE);
}

static void forge(struct record header, uint32_t head, const char *why)
{
	struct channel_window *shared = (void *)window;
	uint8_t payload[CHANNEL_PAYLOAD_MAX];
	struct ring ring;

	memset(window, 0, sizeof(window));
	ring_init(&ring, window);
	memcpy(window + CHANNEL_RING_OFFSET, &header, sizeof(header));
	shared->head = head;
	assert_false(ring_next(&ring, &header, payload));
	assert_string_equal(ring.broken, why);
	/* Broken for good. */
	assert_false(ring_next(&ring, &header, payload));
}

/* Turned red by: any check in ring_next() that is dropped. */
static void forgeries(void **state)
{
	(void)state;
	forge((struct record){ .type = REC_LOG }, CHANNEL_RING_SIZE + 8,
	      "head is more than the ring ahead of tail");
	forge((struct record){ .type = REC_LOG }, 8, "head is inside a record header");
	forge((struct record){ .type = REC_LOG, .size = 0xffff }, 0x20000,
	      "a payload is longer than the limit");
	forge((struct record){ .type = REC_LOG, .size = 9 }, 24, "head is inside a payload");
	forge((struct record){ .type = REC_TD_END }, 16, "a record is not of a guest's type");
	forge((struct record){ .type = 0 }, 16, "a record is not of a guest's type");
	forge((struct record){ .type = REC_LOG, .source = REC_FROM_VMM }, 16,
	      "a record is not of a guest's type");
	forge((struct record){ .type = REC_LOG, .crc = 1 }, 16, "a record has a wrong checksum");
}

/* Turned red by: an access outside the ring (under ASan), a loop without end. */
static void noise(void **state)
{
	struct channel_window *shared = (void *)window;
	uint8_t payload[CHANNEL_PAYLOAD_MAX];
	struct record header;

	(void)state;
	srand(1);
	for (int round = 0; round < 200; round++) {
		struct ring ring;

		for (size_t i = 0; i < 4096; i++)
			window[CHANNEL_RING_OFFSET + i] = rand();
		ring_init(&ring, window);
		shared->head = rand() % (2 * CHANNEL_RING_SIZE);
		for (int n = 0; n < 1000 && ring_next(&ring, &header, payload); n++)
			assert_true(header.size <= CHANNEL_PAYLOAD_MAX);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(forgeries),
		cmocka_unit_test(noise),
	};

	return cmocka_run_group_tests_name("vmm_ring", tests, NULL, NULL);
}
