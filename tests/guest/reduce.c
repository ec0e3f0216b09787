// SPDX-License-Identifier: GPL-2.0
/* What changes once a TD sets TD_CTLS.REDUCE_VE, as Linux does (fact sheet 3.4, 5.3, 5.4). */
#include "guest.h"
#include "probe.h"
#include "tdx_abi/field.h"
#include "x86/apic.h"
#include "x86/cpu.h"
#include "x86/smp.h"

#define COUNT(table)	(sizeof(table) / sizeof(table[0]))
#define BIT(n)		(1u << (n))

enum { EAX, EBX, ECX, EDX };

static bool reduce_ve(void)
{
	uint64_t value = TDX_CTLS_REDUCE_VE;

	return CHECK_TDX(tdg_vm_wr(TDX_FIELD_TD_CTLS, &value, TDX_CTLS_REDUCE_VE), TDX_SUCCESS);
}

static void reduce_cpuid_zero(void)
{
	static const uint32_t leaves[] = {
		3, 8, 9, 0xc, 0xe, 0xf, 0x10, 0x11, 0x12, 0x13, 0x16, 0x17, 0x1b, 0x20, 0x22,
		0x80000003, 0x80000004, 0x80000005,
	};
	struct trap trap;

	if (!reduce_ve())
		return;
	for (unsigned int n = 0; n < COUNT(leaves); n++) {
		struct probe p = { .a = leaves[n] };

		if (!CHECK(!trap_catch(&trap, probe_cpuid, &p)) ||
		    !CHECK_HEX(p.a | p.b | p.c | p.d, 0))
			test_log("leaf %x", leaves[n]);
	}
}
TEST(reduce_cpuid_zero, "under REDUCE_VE the leaves that were the VMM's are zero", "fact sheet 5.4",
     "model: keep leaf 9 a #VE", NEEDS_NOTHING, reduce_cpuid_zero);

static void reduce_cpuid_fixed(void)
{
	struct probe p = { .a = 0x40000000 };
	struct trap trap;
	uint32_t r[4];

	if (!reduce_ve())
		return;
	cpuid(2, 0, r);
	CHECK_HEX(r[EAX], 0x00feff01);
	CHECK_HEX(r[EBX] | r[ECX] | r[EDX], 0);
	cpuid(6, 0, r);
	CHECK_HEX(r[EAX], 4);
	cpuid(1, 0, r);
	CHECK_HEX(r[EDX] & (BIT(7) | BIT(12) | BIT(14) | BIT(22)), 0);	/* MCE, MTRR, MCA, ACPI */
	CHECK_HEX(r[ECX] & BIT(24), 0);					/* TSC_DEADLINE */
	CHECK(trap_catch(&trap, probe_cpuid, &p));
	CHECK_VE(&trap, TDX_EXIT_CPUID, 0, 2);
}
TEST(reduce_cpuid_fixed,
     "under REDUCE_VE leaves 1, 2 and 6 are the module's; 40000000 stays the VMM's",
     "fact sheet 5.4", "model: leave CPUID.1.EDX MCE set", NEEDS_NOTHING, reduce_cpuid_fixed);

static void reduce_msr(void)
{
	static const struct { uint32_t msr; uint64_t value; } fixed[] = {
		{ 0x3a, 1 }, { 0x4e, 1 }, { 0x8b, 0xffffffff }, { 0xce, 0 }, { 0x140, 0 },
	};
	static const uint32_t gone[] = {
		0x179, 0x200, 0x2ff, 0x400, 0x6e0, 0x198, 0x19a, 0x1f8, 0x87,
	};
	static const uint32_t vmm[] = {
		0x1b, 0x803, 0x80d, 0x80f, 0x830, 0x832, 0x83e, 0xc0002000,
	};
	struct trap trap;
	uint64_t value;

	if (!reduce_ve())
		return;
	for (unsigned int n = 0; n < COUNT(fixed); n++)
		if (!CHECK(!probe_rdmsr_traps(&trap, fixed[n].msr, &value)) ||
		    !CHECK_HEX(value, fixed[n].value))
			test_log("MSR %x", fixed[n].msr);
	for (unsigned int n = 0; n < COUNT(gone); n++)
		if (!CHECK(probe_rdmsr_traps(&trap, gone[n], &value)) ||
		    !CHECK_FAULT(&trap, TRAP_GP))
			test_log("MSR %x", gone[n]);
	for (unsigned int n = 0; n < COUNT(vmm); n++)
		if (!CHECK(probe_rdmsr_traps(&trap, vmm[n], &value)) ||
		    !CHECK_VE(&trap, TDX_EXIT_RDMSR, 0, 2))
			test_log("MSR %x", vmm[n]);
}
TEST(reduce_msr,
     "under REDUCE_VE MSRs have fixed values or are #GP(0); only the APIC's stay the VMM's",
     "fact sheet 5.3", "model: make MTRRs #VE under REDUCE_VE", NEEDS_NOTHING, reduce_msr);

static void reduce_topology(void)
{
	uint32_t smt[4], core[4], end[4];

	if (!reduce_ve())
		return;
	cpuid(0x1f, 0, smt);
	cpuid(0x1f, 1, core);
	cpuid(0x1f, 2, end);
	CHECK_HEX(smt[ECX], 0x100);
	CHECK_HEX(core[ECX], 0x201);
	CHECK_DEC(core[EBX], guest_config()->nr_vcpus);
	CHECK_HEX(end[ECX] & 0xff00, 0);
	CHECK_DEC(smt[EDX], cpu_index());
	CHECK_DEC(rdmsr(APIC_ID), cpu_index());
}
TEST(reduce_topology, "with ENUM_TOPOLOGY leaf 1Fh and the x2APIC id come from the module",
     "fact sheet 3.4 (topology rule), 5.3", "VMM: configure leaf 1Fh of another vCPU count",
     NEEDS_NOTHING, reduce_topology);

static void topology_of(void *opaque)
{
	cpuid(0xb, 1, opaque);
}

static void reduce_topology_smp(void)
{
	uint32_t r[4];

	if (!reduce_ve())
		return;
	for (unsigned int index = 1; index < guest_config()->nr_vcpus; index++) {
		smp_start(index, topology_of, r);
		CHECK(smp_wait(index));
		CHECK_DEC(r[EDX], index);
	}
}
TEST(reduce_topology_smp, "leaf 0Bh shows each vCPU its own x2APIC id",
     "fact sheet 3.4 (topology rule)", "model: return vCPU 0's id to all", NEEDS_SMP,
     reduce_topology_smp);
