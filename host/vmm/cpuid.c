// SPDX-License-Identifier: GPL-2.0
#include <stdint.h>
#include <string.h>

#include "core/channel.h"
#include "cpuid.h"

#define CPUID_1_ECX_X2APIC	(1u << 21)

static const struct kvm_cpuid_entry2 *cpuid_find(const struct kvm_cpuid2 *cpuid, uint32_t function,
						 uint32_t index)
{
	for (unsigned int i = 0; i < cpuid->nent; i++) {
		const struct kvm_cpuid_entry2 *e = &cpuid->entries[i];

		if (e->function == function &&
		    (!(e->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) || e->index == index))
			return e;
	}
	return NULL;
}

/* Leaf 1FH for one package of @vcpus single-threaded cores (SDM vol. 2A, CPUID). */
static struct kvm_cpuid_entry2 cpuid_topology(uint32_t subleaf, unsigned int vcpus)
{
	struct kvm_cpuid_entry2 e = { .ecx = subleaf };
	uint32_t shift = 0;

	while (1u << shift < vcpus)
		shift++;
	if (subleaf == 0) {	/* threads of a core */
		e.ebx = 1;
		e.ecx |= 1 << 8;
	} else if (subleaf == 1) {	/* cores of the package */
		e.eax = shift;
		e.ebx = vcpus;
		e.ecx |= 2 << 8;
	}
	return e;
}

void cpuid_configure(struct kvm_cpuid2 *cpuid, const struct kvm_cpuid2 *supported,
		     unsigned int gpaw, unsigned int vcpus)
{
	for (struct kvm_cpuid_entry2 *e = cpuid->entries; e < cpuid->entries + cpuid->nent; e++) {
		const struct kvm_cpuid_entry2 *found = cpuid_find(supported, e->function, e->index);
		struct kvm_cpuid_entry2 wish = { 0 };

		if (e->function == 0x1f)
			wish = cpuid_topology(e->index, vcpus);
		else if (found)
			wish = *found;
		e->eax &= wish.eax;
		e->ebx &= wish.ebx;
		e->ecx &= wish.ecx;
		e->edx &= wish.edx;
		/* KVM looks entries up by subleaf only where the flag is set, and reports none. */
		e->flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
		/* Fact sheet 8: KVM takes the GPAW from the guest-physical width. */
		if (e->function == 0x80000008)
			e->eax = (e->eax & ~0xff0000u) | gpaw << 16;
	}
}

/* Linux looks for hypervisors here too, and finds none that it knows. */
static void cpuid_add_own(struct kvm_cpuid2 *cpuid)
{
	if (cpuid->nent < CPUID_MAX_ENTRIES)
		cpuid->entries[cpuid->nent++] = (struct kvm_cpuid_entry2){
			.function = TD_CPUID_LEAF, .eax = TD_CPUID_LEAF,
			.ebx = TD_CPUID_EBX, .ecx = TD_CPUID_ECX, .edx = TD_CPUID_EDX,
		};
}

void cpuid_set_vcpu(struct kvm_cpuid2 *cpuid, unsigned int index)
{
	for (struct kvm_cpuid_entry2 *e = cpuid->entries; e < cpuid->entries + cpuid->nent; e++) {
		if (e->function == 1) {
			e->ebx = (e->ebx & 0x00ffffff) | index << 24;
			/* KVM_TDX_INIT_VCPU puts the APIC in x2APIC mode, which needs the bit. */
			e->ecx |= CPUID_1_ECX_X2APIC;
		}
		if (e->function == 0xb || e->function == 0x1f)
			e->edx = index;
	}
	cpuid_add_own(cpuid);
}
