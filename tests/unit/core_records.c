// SPDX-License-Identifier: GPL-2.0
/*
 * The ring's writer (lib/core/records.c) against the VMM's reader (host/vmm/ring.c), and CRC-32.
 * Whole trips round the ring are in ring.c.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/crc32.h"
#include "core/records.h"
#include "ring.h"

/* Instead of host/vmm/record.c, which writes files. */
uint32_t record_crc(const struct record *rec, const void *data)
{
	return crc32(crc32(0, rec, offsetof(struct record, crc)), data, rec->size);
}

static struct channel_window *window;
static struct records records;
static struct ring ring;
static struct record header;
static uint8_t payload[CHANNEL_PAYLOAD_MAX];
static unsigned int relaxed;

static void relax(void)
{
	relaxed++;
}

static int setup(void **state)
{
	window = calloc(1, CHANNEL_WINDOW_SIZE);
	relaxed = 0;
	records_init(&records, window, relax);
	ring_init(&ring, window);
	return window ? 0 : -1;
}

static int teardown(void **state)
{
	free(window);
	return 0;
}

static bool write_log(const void *data, size_t size)
{
	return records_write(&records, REC_LOG, &(struct record_part){ data, size }, 1);
}

/*
 * Turns red on a wrong polynomial, initial value or bit order: the check value of CRC-32/ISO-HDLC.
 */
static void crc_check_value(void **state)
{
	assert_int_equal(crc32(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(crc32(crc32(0, "1234", 4), "56789", 5), 0xcbf43926);
	assert_int_equal(crc32(0, "", 0), 0);
}

static void parts_become_one_payload(void **state)
{
	const struct record_part parts[] = { { "abc", 3 }, { "", 0 }, { "defgh", 6 } };

	assert_true(records_write(&records, REC_LOG, parts, 3));
	assert_true(ring_next(&ring, &header, payload));
	assert_int_equal(header.type, REC_LOG);
	assert_int_equal(header.size, 9);
	assert_int_equal(header.seq, 0);
	assert_int_equal(header.source, REC_FROM_GUEST);
	assert_string_equal((char *)payload, "abcdefgh");
	assert_false(ring_next(&ring, &header, payload));
	assert_null(ring.broken);
	assert_int_equal(window->head % 8, 0);
}

/* Turns red if the writer overwrites what has not been read. */
static void a_full_ring_loses_the_newest(void **state)
{
	uint8_t data[CHANNEL_PAYLOAD_MAX] = { 0 };
	uint32_t written = 0, read = 0;

	while (write_log(data, sizeof(data)))
		written++;
	assert_true(relaxed > 0);
	assert_int_equal(records.lost, 1);
	assert_int_equal(written, CHANNEL_RING_SIZE / (sizeof(struct record) + sizeof(data)));
	while (ring_next(&ring, &header, payload))
		assert_int_equal(header.seq, read++);
	assert_int_equal(read, written);

	/* The lost record used up its number: the gap is visible. */
	assert_true(write_log("", 1));
	assert_true(ring_next(&ring, &header, payload));
	assert_int_equal(header.seq, written + 1);
}

static void a_long_payload_is_lost(void **state)
{
	static const uint8_t data[CHANNEL_PAYLOAD_MAX + 1];

	assert_false(write_log(data, sizeof(data)));
	assert_int_equal(records.lost, 1);
	assert_int_equal(window->head, 0);
}

/*
 * Turns red if the writer believes a tail that is ahead of its head, or reads head back from the
 * window.
 */
static void a_lying_reader_gains_nothing(void **state)
{
	window->tail = 8;
	assert_false(write_log("x", 1));
	window->tail = 0;
	window->head = 0x1000;
	assert_true(write_log("x", 1));
	assert_int_equal(window->head, sizeof(struct record) + 8);
}

static void *write_many(void *opaque)
{
	for (unsigned int n = 0; n < 500; n++)
		write_log(opaque, 16);
	return NULL;
}

/* Turns red if records_write() does not take its lock. */
static void writers_do_not_mix(void **state)
{
	static const char *const text[] = { "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb" };
	pthread_t thread[2];
	uint32_t read = 0;

	for (unsigned int n = 0; n < 2; n++)
		assert_int_equal(pthread_create(&thread[n], NULL, write_many, (void *)text[n]), 0);
	for (unsigned int n = 0; n < 2; n++)
		pthread_join(thread[n], NULL);
	while (ring_next(&ring, &header, payload)) {
		assert_int_equal(header.seq, read++);
		assert_memory_equal(payload, text[payload[0] - 'a'], 16);
	}
	assert_null(ring.broken);
	assert_int_equal(read, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc_check_value),
		cmocka_unit_test_setup_teardown(parts_become_one_payload, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_ring_loses_the_newest, setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_payload_is_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lying_reader_gains_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(writers_do_not_mix, setup, teardown),
	};

	return cmocka_run_group_tests_name("core_records", tests, NULL, NULL);
}
