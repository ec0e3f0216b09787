// SPDX-License-Identifier: GPL-2.0
/*
 * The ACPI tables that host/vmm gives a Linux TD: reachable, whole, and saying what the VMM does.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "acpi.h"
#include "device.h"

#define GPA	0x4000
#define MAILBOX	0x2000

static uint8_t memory[0x1000];

static uint64_t field(const uint8_t *at, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, at, size);
	return value;
}

static uint8_t sum(const uint8_t *byte, size_t size)
{
	uint8_t total = 0;

	while (size--)
		total += *byte++;
	return total;
}

/* The table at @gpa, which must have this signature and a right checksum. */
static const uint8_t *table(uint64_t gpa, const char *signature)
{
	const uint8_t *at = memory + gpa - GPA;

	assert_in_range(gpa, GPA, GPA + sizeof(memory) - 36);
	assert_memory_equal(at, signature, 4);
	assert_int_equal(sum(at, field(at + 4, 4)), 0);
	return at;
}

/* Turned red by: a wrong offset, checksum or pointer in acpi_build(). */
static void tables(void **state)
{
	const uint8_t *xsdt, *fadt, *madt, *dsdt;
	size_t used = acpi_build(memory, sizeof(memory), GPA, 3, MAILBOX);

	assert_in_range(used, 36, sizeof(memory));
	assert_memory_equal(memory, "RSD PTR ", 8);
	assert_int_equal(sum(memory, 20), 0);
	assert_int_equal(sum(memory, 36), 0);

	xsdt = table(field(memory + 24, 8), "XSDT");
	fadt = table(field(xsdt + 36, 8), "FACP");
	madt = table(field(xsdt + 44, 8), "APIC");
	dsdt = table(field(fadt + 140, 8), "DSDT");
	assert_non_null(memmem(dsdt + 36, 12, "_S5_", 4));

	/* Hardware-reduced; sleep control register in I/O space. */
	assert_true(field(fadt + 112, 4) & 1 << 20);
	assert_int_equal(fadt[244], 1);
	assert_int_equal(field(fadt + 248, 8), DEVICE_SLEEP_PORT);

	/* One x2APIC a vCPU, enabled, its ID the index; then the mailbox, and nothing else. */
	madt += 44;
	for (uint32_t i = 0; i < 3; i++, madt += 16) {
		assert_int_equal(field(madt, 2), 0x1009);
		assert_int_equal(field(madt + 4, 4), i);
		assert_int_equal(field(madt + 8, 4), 1);
	}
	assert_int_equal(field(madt, 2), 0x1010);
	assert_int_equal(field(madt + 8, 8), MAILBOX);
	madt = table(field(xsdt + 44, 8), "APIC");
	assert_int_equal(field(madt + 4, 4), 44 + 4 * 16);
}

/* Turned red by: a size check that is dropped (under ASan). */
static void no_room(void **state)
{
	size_t used = acpi_build(memory, sizeof(memory), GPA, 8, MAILBOX);

	for (size_t size = 0; size < used - 16; size++) {
		uint8_t small[sizeof(memory)];

		memset(small, 0x5a, sizeof(small));
		assert_int_equal(acpi_build(small, size, GPA, 8, MAILBOX), 0);
		for (size_t i = size; i < sizeof(small); i++)
			assert_int_equal(small[i], 0x5a);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables),
		cmocka_unit_test(no_room),
	};

	return cmocka_run_group_tests_name("vmm_acpi", tests, NULL, NULL);
}
