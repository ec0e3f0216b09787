// SPDX-License-Identifier: GPL-2.0
/* The I/O ports of a TD (host/vmm): what Linux's 8250 driver probes, and the ways to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/channel.h"
#include "device.h"
#include "record.h"

static char console[1024];
static unsigned int records;

/* Instead of host/vmm/record.c, which writes files. */
void record_bytes(uint16_t type, const void *bytes, size_t size)
{
	assert_int_equal(type, REC_CONSOLE);
	assert_in_range(size, 1, CHANNEL_PAYLOAD_MAX);
	strncat(console, bytes, size);
	records++;
}

static struct device fresh(void)
{
	struct device device;

	device_init(&device);
	console[0] = '\0';
	records = 0;
	return device;
}

static void say(struct device *device, const char *text)
{
	while (*text)
		device_write(device, TD_SERIAL_PORT, 1, *text++);
}

/* Turned red by: a line that is split, lost, or kept for ever. */
static void lines(void **state)
{
	struct device device = fresh();
	char longer[600];

	say(&device, "one\ntw");
	assert_string_equal(console, "one\n");
	device_flush(&device);
	device_flush(&device);
	assert_string_equal(console, "one\ntw");
	assert_int_equal(records, 2);

	device = fresh();
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	say(&device, longer);
	device_flush(&device);
	assert_string_equal(console, longer);
	assert_int_equal(records, 3);
}

/*
 * The probes of Linux's autoconfig(). Turned red by: divisor bytes on the console, a dead loop-
 * back.
 */
static void uart(void **state)
{
	struct device device = fresh();
	uint16_t port = TD_SERIAL_PORT;

	assert_int_equal(device_read(&device, port + 5, 1), 0x60);
	device_write(&device, port + 1, 1, 0xff);
	assert_int_equal(device_read(&device, port + 1, 1), 0x0f);
	device_write(&device, port + 2, 1, 0x01);
	assert_int_equal(device_read(&device, port + 2, 1), 0xc1);
	device_write(&device, port + 4, 1, 0x1a);
	assert_int_equal(device_read(&device, port + 6, 1) & 0xf0, 0x90);
	say(&device, "looped");
	device_write(&device, port + 4, 1, 0x03);
	device_write(&device, port + 7, 1, 0xa5);
	assert_int_equal(device_read(&device, port + 7, 1), 0xa5);

	device_write(&device, port + 3, 1, 0x83);
	device_write(&device, port, 1, 0x12);
	device_write(&device, port + 1, 1, 0x34);
	assert_int_equal(device_read(&device, port, 1), 0x12);
	assert_int_equal(device_read(&device, port + 1, 1), 0x34);
	device_write(&device, port + 3, 1, 0x03);
	assert_int_equal(device_read(&device, port + 1, 1), 0x0f);
	device_flush(&device);
	assert_string_equal(console, "");
}

/* Turned red by: an end without cause, or none with one; a wrong size of all-ones. */
static void ports(void **state)
{
	struct device device = fresh();
	struct device_exit end = device_write(&device, TD_EXIT_PORT, 4, 0xdeadbeef);

	assert_true(end.ended);
	assert_int_equal(end.code, 0xdeadbeef);
	/* S5 by Linux: SLP_TYP 5, SLP_EN. */
	end = device_write(&device, DEVICE_SLEEP_PORT, 1, 0x34);
	assert_true(end.ended);
	assert_int_equal(end.code, 0);
	assert_false(device_write(&device, DEVICE_SLEEP_PORT, 1, 0x14).ended);
	assert_false(device_write(&device, 0x80, 1, 0xff).ended);

	assert_int_equal(device_read(&device, 0x1234, 1), 0xff);
	assert_int_equal(device_read(&device, 0x1234, 2), 0xffff);
	assert_int_equal(device_read(&device, 0x1234, 4), 0xffffffff);
	/* The UART has byte registers only. */
	assert_int_equal(device_read(&device, TD_SERIAL_PORT, 2), 0xffff);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(uart),
		cmocka_unit_test(ports),
	};

	return cmocka_run_group_tests_name("vmm_device", tests, NULL, NULL);
}
