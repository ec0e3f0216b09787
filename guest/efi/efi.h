/* SPDX-License-Identifier: GPL-2.0 */
/* What the image needs of UEFI (UEFI specification 2.10, 4.3, 12.4 and appendix D). */
#ifndef GUEST_EFI_H
#define GUEST_EFI_H

#include <stdint.h>

#define EFI_API		__attribute__((ms_abi))
#define EFI_UNSUPPORTED	(1ULL << 63 | 3)

struct efi_text_output {
	void *reset;
	uint64_t (EFI_API *output_string)(struct efi_text_output *self, const uint16_t *text);
};

struct efi_system_table {
	uint8_t header[24];
	void *vendor;
	uint32_t revision;
	void *in_handle, *in, *out_handle;
	struct efi_text_output *out;
};
_Static_assert(__builtin_offsetof(struct efi_system_table, out) == 64, "layout of the standard");

/* Says on the console why no test can run here. */
uint64_t EFI_API efi_main(void *image, struct efi_system_table *table);
/* The reason, from the last basic leaf of CPUID, and leaf 21h if there is one. */
const char *efi_reason(uint32_t last, const uint32_t leaf21[4]);

#endif
