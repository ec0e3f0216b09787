// SPDX-License-Identifier: GPL-2.0
/*
 * The image as an EFI program: whoever starts it from a firmware's shell learns what is missing.
 *
 * A test needs a TD whose VMM speaks its side of the channel (core/channel.h). Firmware offers
 * neither, so this ends in a reason and EFI_UNSUPPORTED, in a TD too.
 */
#include "core/format.h"
#include "core/test.h"
#include "efi.h"
#include "x86/insn.h"

extern const struct test tests_begin[], tests_end[];	/* the linker script's */

static void print(struct efi_text_output *out, const char *text)
{
	uint16_t wide[256];
	unsigned int n = 0;

	while (*text && n < sizeof(wide) / sizeof(*wide) - 1)
		wide[n++] = (uint8_t)*text++;
	wide[n] = 0;
	out->output_string(out, wide);
}

uint64_t EFI_API efi_main(void *image, struct efi_system_table *table)
{
	const char *wrong = tests_check();
	uint32_t leaf0[4], leaf21[4];
	char line[256];

	(void)image;
	cpuid(0, 0, leaf0);
	cpuid(0x21, 0, leaf21);
	format_text(line, sizeof(line), "tdi guest: can't run its %u tests here: %s.\r\n"
		    "tdi guest: to run them, say make run where it was built.\r\n",
		    (unsigned int)(tests_end - tests_begin),
		    wrong ? wrong : efi_reason(leaf0[0], leaf21));
	print(table->out, line);
	return EFI_UNSUPPORTED;
}
