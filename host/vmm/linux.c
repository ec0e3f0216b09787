// SPDX-License-Identifier: GPL-2.0
/*
 * A bzImage by the x86 boot protocol (the kernel's Documentation/arch/x86/boot.rst), 64-bit entry.
 *
 *   1000h	hand-off page, mailbox, ACPI tables (guest/linux/handoff.h): not Linux's RAM
 *   10000h	struct boot_params
 *   11000h	command line
 *   pref_address	kernel
 *   end of RAM	initrd, below it
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <asm/bootparam.h>

#include "acpi.h"
#include "linux/handoff.h"
#include "load.h"

#define PARAMS_GPA		0x10000
#define CMDLINE_GPA		0x11000
#define LOW_RAM_END		0x9f000
#define HIGH_RAM_START		0x100000
#define SETUP_HEADER_OFFSET	0x1f1
#define ENTRY_64_OFFSET		0x200
#define LOADER_UNDEFINED	0xff
#define CMDLINE_DEFAULT		"console=ttyS0"

enum { E820_RAM = 1, E820_RESERVED = 2, E820_ACPI = 3 };

static int linux_read_header(const struct load_file *kernel, struct setup_header *header)
{
	size_t end;

	if (kernel->size < SETUP_HEADER_OFFSET + sizeof(*header))
		return ENOEXEC;
	memset(header, 0, sizeof(*header));
	/* The byte at 201h, a jump's distance, says where the header ends. */
	end = 0x202 + kernel->data[0x201] - SETUP_HEADER_OFFSET;
	if (end > sizeof(*header))
		end = sizeof(*header);
	memcpy(header, kernel->data + SETUP_HEADER_OFFSET, end);
	if (memcmp(&header->header, "HdrS", 4) || header->version < 0x20c ||
	    !(header->xloadflags & XLF_KERNEL_64))
		return ENOEXEC;
	return 0;
}

static void e820_add(struct boot_params *params, uint64_t start, uint64_t end, uint32_t type)
{
	params->e820_table[params->e820_entries++] = (struct boot_e820_entry){
		.addr = start, .size = end - start, .type = type,
	};
}

static int linux_place_kernel(struct memory *memory, const struct load_file *kernel,
			      const struct setup_header *header)
{
	size_t setup = (header->setup_sects ? header->setup_sects : 4) * 512 + 512;
	void *to = memory_at(memory, header->pref_address, header->init_size);

	if (setup > kernel->size || kernel->size - setup > header->init_size)
		return ENOEXEC;
	if (!to)
		return ENOMEM;
	memcpy(to, kernel->data + setup, kernel->size - setup);
	return 0;
}

static int linux_place_initrd(struct memory *memory, uint64_t ram_end,
			      const struct load_file *initrd, struct setup_header *header)
{
	uint64_t gpa;

	if (!initrd->size)
		return 0;
	if (initrd->size > ram_end)
		return ENOMEM;
	gpa = (ram_end - initrd->size) & ~(uint64_t)(MEMORY_PAGE - 1);
	if (gpa < header->pref_address + header->init_size)
		return ENOMEM;
	memcpy(memory_at(memory, gpa, initrd->size), initrd->data, initrd->size);
	header->ramdisk_image = gpa;
	header->ramdisk_size = initrd->size;
	return 0;
}

static void linux_place_params(struct memory *memory, uint64_t ram_end,
			       const struct setup_header *header, const char *cmdline)
{
	struct boot_params *params = memory_at(memory, PARAMS_GPA, sizeof(*params));

	params->hdr = *header;
	params->hdr.type_of_loader = LOADER_UNDEFINED;
	params->hdr.cmd_line_ptr = CMDLINE_GPA;
	params->acpi_rsdp_addr = LINUX_ACPI_GPA;
	e820_add(params, 0, LINUX_ACPI_GPA, E820_RESERVED);
	e820_add(params, LINUX_ACPI_GPA, LINUX_RESERVED_END, E820_ACPI);
	e820_add(params, LINUX_RESERVED_END, LOW_RAM_END, E820_RAM);
	e820_add(params, HIGH_RAM_START, ram_end, E820_RAM);
	strcpy(memory_at(memory, CMDLINE_GPA, PLAN_CMDLINE_MAX),
	       *cmdline ? cmdline : CMDLINE_DEFAULT);
}

int linux_place(struct memory *memory, const struct plan_td *plan, const struct load_file *kernel,
		const struct load_file *initrd)
{
	size_t acpi_size = LINUX_RESERVED_END - LINUX_ACPI_GPA;
	uint64_t ram_end = plan->mem_mib << 20;
	struct linux_handoff *handoff = memory_at(memory, LINUX_HANDOFF_GPA, sizeof(*handoff));
	struct setup_header header;
	int error = linux_read_header(kernel, &header);

	if (!error)
		error = linux_place_kernel(memory, kernel, &header);
	if (!error)
		error = linux_place_initrd(memory, ram_end, initrd, &header);
	if (error)
		return error;

	linux_place_params(memory, ram_end, &header, plan->cmdline);
	if (!acpi_build(memory_at(memory, LINUX_ACPI_GPA, acpi_size), acpi_size, LINUX_ACPI_GPA,
			plan->vcpus, LINUX_MAILBOX_GPA))
		return ENOSPC;
	*handoff = (struct linux_handoff){
		.entry = header.pref_address + ENTRY_64_OFFSET,
		.params = PARAMS_GPA,
		.mailbox = LINUX_MAILBOX_GPA,
	};
	return 0;
}
