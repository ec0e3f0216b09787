// SPDX-License-Identifier: GPL-2.0
/* Table and field names are those of the ACPI specification, version 6.5, chapter 5. */
#include <stdbool.h>
#include <string.h>

#include "acpi.h"
#include "device.h"

struct acpi_rsdp {
	char signature[8];
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;
	uint8_t reserved[3];
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_rsdp) == 36, "5.2.5.3");

struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem_id[6], oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_header) == 36, "5.2.6");

struct acpi_address {
	uint8_t space, bits, offset, access;
	uint64_t address;
} __attribute__((packed));

struct acpi_xsdt {
	struct acpi_header header;
	uint64_t fadt, madt;
} __attribute__((packed));

struct acpi_fadt {
	struct acpi_header header;
	uint8_t pad1[109 - 36];
	uint16_t iapc_boot_arch;
	uint8_t pad2;
	uint32_t flags;
	uint8_t pad3[140 - 116];
	uint64_t x_dsdt;
	uint8_t pad4[244 - 148];
	struct acpi_address sleep_control, sleep_status;
	uint64_t hypervisor;
} __attribute__((packed));
_Static_assert(sizeof(struct acpi_fadt) == 276, "5.2.9");
_Static_assert(offsetof(struct acpi_fadt, flags) == 112, "5.2.9");

#define FADT_BOOT_NO_VGA	(1 << 2)
#define FADT_BOOT_NO_RTC	(1 << 5)
#define FADT_WBINVD		(1 << 0)
#define FADT_HW_REDUCED		(1 << 20)

struct acpi_madt {
	struct acpi_header header;
	uint32_t local_apic, flags;
} __attribute__((packed));

struct acpi_x2apic {
	uint8_t type, length;
	uint16_t reserved;
	uint32_t id, flags, uid;
} __attribute__((packed));

struct acpi_wakeup {
	uint8_t type, length;
	uint16_t version;
	uint32_t reserved;
	uint64_t mailbox;
} __attribute__((packed));

#define MADT_X2APIC		0x09
#define MADT_WAKEUP		0x10
#define MADT_ENABLED		1

/* Name (\_S5, Package () { 5, 0 }) */
static const uint8_t dsdt_code[] = {
	0x08, '\\', '_', 'S', '5', '_', 0x12, 0x05, 0x02, 0x0a, 0x05, 0x00,
};

struct acpi_builder {
	uint8_t *memory;
	size_t size, used;
	uint64_t gpa;
	bool full;
};

static uint8_t acpi_checksum(const void *table, size_t size)
{
	const uint8_t *byte = table;
	uint8_t sum = 0;

	while (size--)
		sum -= *byte++;
	return sum;
}

/* Append @size bytes, 16-byte aligned, and return their GPA. */
static uint64_t acpi_append(struct acpi_builder *builder, const void *table, size_t size)
{
	uint64_t gpa = builder->gpa + builder->used;

	if (size > builder->size - builder->used) {
		builder->full = true;
		return 0;
	}
	memcpy(builder->memory + builder->used, table, size);
	builder->used = (builder->used + size + 15) & ~15ul;
	if (builder->used > builder->size)
		builder->used = builder->size;
	return gpa;
}

/* Fill in the header of a whole table and append it. */
static uint64_t acpi_append_table(struct acpi_builder *builder, void *table, size_t size,
				  const char *signature, uint8_t revision)
{
	struct acpi_header *header = table;

	memcpy(header->signature, signature, sizeof(header->signature));
	header->length = size;
	header->revision = revision;
	memcpy(header->oem_id, "TDI   ", sizeof(header->oem_id));
	memcpy(header->oem_table_id, "TDI-VMM ", sizeof(header->oem_table_id));
	header->oem_revision = 1;
	memcpy(header->creator_id, "TDI ", sizeof(header->creator_id));
	header->creator_revision = 1;
	header->checksum = 0;
	header->checksum = acpi_checksum(table, size);
	return acpi_append(builder, table, size);
}

static uint64_t acpi_append_dsdt(struct acpi_builder *builder)
{
	uint8_t table[sizeof(struct acpi_header) + sizeof(dsdt_code)] = { 0 };

	memcpy(table + sizeof(struct acpi_header), dsdt_code, sizeof(dsdt_code));
	return acpi_append_table(builder, table, sizeof(table), "DSDT", 2);
}

/* A byte in I/O space. */
static struct acpi_address acpi_port(uint16_t port)
{
	return (struct acpi_address){ .space = 1, .bits = 8, .access = 1, .address = port };
}

static uint64_t acpi_append_fadt(struct acpi_builder *builder, uint64_t dsdt)
{
	struct acpi_fadt fadt = {
		.iapc_boot_arch = FADT_BOOT_NO_VGA | FADT_BOOT_NO_RTC,
		.flags = FADT_WBINVD | FADT_HW_REDUCED,
		.x_dsdt = dsdt,
		.sleep_control = acpi_port(DEVICE_SLEEP_PORT),
		.sleep_status = acpi_port(DEVICE_SLEEP_PORT + 1),
	};

	return acpi_append_table(builder, &fadt, sizeof(fadt), "FACP", 6);
}

static uint64_t acpi_append_madt(struct acpi_builder *builder, unsigned int vcpus, uint64_t mailbox)
{
	enum { MAX_VCPUS = 64 };
	uint8_t table[sizeof(struct acpi_madt) + MAX_VCPUS * sizeof(struct acpi_x2apic) +
		      sizeof(struct acpi_wakeup)] = { 0 };
	struct acpi_madt madt = { .local_apic = 0xfee00000 };
	size_t size = sizeof(madt);
	struct acpi_wakeup wakeup = {
		.type = MADT_WAKEUP, .length = sizeof(wakeup), .mailbox = mailbox,
	};

	memcpy(table, &madt, sizeof(madt));
	for (unsigned int i = 0; i < vcpus && i < MAX_VCPUS; i++) {
		struct acpi_x2apic apic = {
			.type = MADT_X2APIC, .length = sizeof(apic),
			.id = i, .flags = MADT_ENABLED, .uid = i,
		};

		memcpy(table + size, &apic, sizeof(apic));
		size += sizeof(apic);
	}
	memcpy(table + size, &wakeup, sizeof(wakeup));
	size += sizeof(wakeup);
	/* Revision 5 knows the wakeup structure. */
	return acpi_append_table(builder, table, size, "APIC", 5);
}

size_t acpi_build(void *memory, size_t size, uint64_t gpa, unsigned int vcpus, uint64_t mailbox)
{
	struct acpi_builder builder = { .memory = memory, .size = size, .gpa = gpa };
	struct acpi_rsdp rsdp = { .signature = "RSD PTR ", .revision = 2, .length = sizeof(rsdp) };
	struct acpi_xsdt xsdt = { 0 };

	acpi_append(&builder, &rsdp, sizeof(rsdp));
	xsdt.fadt = acpi_append_fadt(&builder, acpi_append_dsdt(&builder));
	xsdt.madt = acpi_append_madt(&builder, vcpus, mailbox);
	rsdp.xsdt = acpi_append_table(&builder, &xsdt, sizeof(xsdt), "XSDT", 1);
	if (builder.full)
		return 0;

	memcpy(rsdp.oem_id, "TDI   ", sizeof(rsdp.oem_id));
	rsdp.checksum = acpi_checksum(&rsdp, 20);
	rsdp.extended_checksum = acpi_checksum(&rsdp, sizeof(rsdp));
	memcpy(memory, &rsdp, sizeof(rsdp));
	return builder.used;
}
