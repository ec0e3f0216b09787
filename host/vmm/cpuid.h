/* SPDX-License-Identifier: GPL-2.0 */
/* The TD's CPUID: what KVM supports, where the TDX module lets the VMM choose. */
#ifndef VMM_CPUID_H
#define VMM_CPUID_H

#include <linux/kvm.h>

#define CPUID_MAX_ENTRIES	256	/* KVM_MAX_CPUID_ENTRIES */

/*
 * For KVM_TDX_INIT_VM: @cpuid holds the module's configurable bits on entry, the TD's choice on
 * return. @supported is KVM_GET_SUPPORTED_CPUID's.
 */
void cpuid_configure(struct kvm_cpuid2 *cpuid, const struct kvm_cpuid2 *supported,
		     unsigned int gpaw, unsigned int vcpus);
/*
 * For KVM_SET_CPUID2: @cpuid is KVM_TDX_GET_CPUID's, with room for CPUID_MAX_ENTRIES; fill in what
 * differs from vCPU to vCPU, and what the VMM itself shows.
 */
void cpuid_set_vcpu(struct kvm_cpuid2 *cpuid, unsigned int index);

#endif
