// SPDX-License-Identifier: GPL-2.0
/* What host/vmm asks of the TDX module as CPUID, and what it tells KVM about each vCPU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/channel.h"
#include "cpuid.h"

#define ALL	0xffffffffu

static struct kvm_cpuid2 *table(unsigned int nent, const struct kvm_cpuid_entry2 *entries)
{
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) + CPUID_MAX_ENTRIES * sizeof(*entries));

	assert_non_null(cpuid);
	cpuid->nent = nent;
	memcpy(cpuid->entries, entries, nent * sizeof(*entries));
	return cpuid;
}

static const struct kvm_cpuid_entry2 supported_entries[] = {
	{ .function = 4, .index = 0, .flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX, .eax = 0x100 },
	{ .function = 4, .index = 1, .flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX, .eax = 0x200 },
	{ .function = 7, .index = 0, .flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX, .ebx = 0x3 },
	{ .function = 0x80000008, .eax = 0x3034 },
};

/*
 * Turned red by: a bit outside the module's mask, a subleaf that gets another's value, an entry
 * without the flag by which KVM tells subleaves apart, a GPAW that is not there.
 */
static void configure(void **state)
{
	static const struct kvm_cpuid_entry2 masks[] = {
		{ .function = 4, .index = 1, .eax = ALL },
		{ .function = 7, .index = 0, .ebx = 0x6 },
		{ .function = 0x1f, .index = 1, .eax = 0x1f, .ebx = 0xffff, .ecx = 0xffff },
		{ .function = 0x23, .index = 0, .eax = ALL },
		{ .function = 0x80000008, .eax = 0xff0000 },
	};
	struct kvm_cpuid2 *supported = table(4, supported_entries), *cpuid = table(5, masks);

	cpuid_configure(cpuid, supported, 52, 3);
	for (int i = 0; i < 5; i++)
		assert_int_equal(cpuid->entries[i].flags, KVM_CPUID_FLAG_SIGNIFCANT_INDEX);
	assert_int_equal(cpuid->entries[0].eax, 0x200);
	assert_int_equal(cpuid->entries[1].ebx, 0x2);
	/* Three cores need two bits of APIC ID. */
	assert_int_equal(cpuid->entries[2].eax, 2);
	assert_int_equal(cpuid->entries[2].ebx, 3);
	assert_int_equal(cpuid->entries[2].ecx, 0x201);
	assert_int_equal(cpuid->entries[3].eax, 0);
	assert_int_equal(cpuid->entries[4].eax, 52 << 16);
	free(supported);
	free(cpuid);
}

/* Turned red by: an APIC ID that KVM and the module would disagree about. */
static void per_vcpu(void **state)
{
	static const struct kvm_cpuid_entry2 entries[] = {
		{ .function = 1, .ebx = 0x01020304 },
		{ .function = 0x1f, .index = 0, .edx = 9 },
		{ .function = 4, .edx = 9 },
	};
	struct kvm_cpuid2 *cpuid = table(3, entries);

	cpuid_set_vcpu(cpuid, 5);
	assert_int_equal(cpuid->entries[0].ebx, 0x05020304);
	assert_true(cpuid->entries[0].ecx & 1 << 21);
	assert_int_equal(cpuid->entries[1].edx, 5);
	assert_int_equal(cpuid->entries[2].edx, 9);
	/* Break: an own leaf where there is no room, or none. */
	assert_int_equal(cpuid->nent, 4);
	assert_int_equal(cpuid->entries[3].function, TD_CPUID_LEAF);
	cpuid->nent = CPUID_MAX_ENTRIES;
	cpuid_set_vcpu(cpuid, 5);
	assert_int_equal(cpuid->nent, CPUID_MAX_ENTRIES);
	free(cpuid);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(configure),
		cmocka_unit_test(per_vcpu),
	};

	return cmocka_run_group_tests_name("vmm_cpuid", tests, NULL, NULL);
}
