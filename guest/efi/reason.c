// SPDX-License-Identifier: GPL-2.0
#include "core/string.h"

#include "efi.h"

const char *efi_reason(uint32_t last, const uint32_t leaf21[4])
{
	const uint32_t name[3] = { leaf21[1], leaf21[3], leaf21[2] };

	if (last < 0x21)
		return "this is no trust domain, CPUID has no leaf 21h";
	if (memcmp(name, "IntelTDX    ", sizeof(name)))
		return "this is no trust domain, CPUID leaf 21h does not say IntelTDX";
	return "this trust domain has a VMM that is not the harness's";
}
