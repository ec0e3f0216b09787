// SPDX-License-Identifier: GPL-2.0
/* Which MSRs a TD has, which are #GP and which are the VMM's (fact sheet 5.3; REDUCE_VE off). */
#include "guest.h"
#include "probe.h"
#include "x86/apic.h"

#define COUNT(table)	(sizeof(table) / sizeof(table[0]))

static void msr_direct(void)
{
	static const struct { uint32_t msr; uint64_t value; } direct[] = {
		{ 0x174, 0x10 }, { 0x175, 0x12345678 }, { 0x176, 0x87654000 },
		{ MSR_PAT, 0x0606060606060606 },
		{ 0xc0000081, 0x0023001000000000 }, { MSR_LSTAR, 0xffff800000001000 },
		{ 0xc0000084, 0x200 }, { MSR_KERNEL_GS_BASE, 0x7fff00000000 },
		{ MSR_TSC_AUX, 0x77 },
	};
	uint64_t old, value = 0;
	struct trap trap;

	for (unsigned int n = 0; n < COUNT(direct); n++) {
		bool trapped = probe_rdmsr_traps(&trap, direct[n].msr, &old) ||
			       probe_wrmsr_traps(&trap, direct[n].msr, direct[n].value) ||
			       probe_rdmsr_traps(&trap, direct[n].msr, &value) ||
			       probe_wrmsr_traps(&trap, direct[n].msr, old);

		if (!CHECK(!trapped) || !CHECK_HEX(value, direct[n].value))
			test_log("MSR %x, vector %u", direct[n].msr, (unsigned int)trap.vector);
	}
}
TEST(msr_direct, "the TD's own MSRs are written and read back without a trap", "fact sheet 5.3",
     "model: send a read of SYSENTER_ESP through #VE", NEEDS_NOTHING, msr_direct);

static void msr_direct_read(void)
{
	static const uint32_t emulated[] = {
		0x10a, 0xbd, 0x345, 0x1a0, 0x1d9, 0xda0, 0x10, MSR_EFER,
	};
	uint64_t value;
	struct trap trap;

	for (unsigned int n = 0; n < COUNT(emulated); n++)
		if (!CHECK(!probe_rdmsr_traps(&trap, emulated[n], &value)))
			test_log("MSR %x, vector %u", emulated[n], (unsigned int)trap.vector);
	CHECK(!probe_rdmsr_traps(&trap, 0x345, &value));
	CHECK_HEX(value, 0);
}
TEST(msr_direct_read,
     "ARCH_CAPABILITIES, MISC_ENABLE, XSS, TSC and EFER can be read without a #VE handler",
     "fact sheet 5.3", "model: make ARCH_CAPABILITIES a #VE", NEEDS_NOTHING, msr_direct_read);

static void msr_gp(void)
{
	static const uint32_t refused[] = {
		0x8c, 0x8f, 0x98, 0x9b, 0x9e, 0x195, 0x276, 0x500, 0xd90, 0xd93,
		0x800, 0x801, 0x804, 0x807, 0x829, 0x82e, 0x831, 0x840, 0x8ff,
	};
	uint64_t value;
	struct trap trap;

	for (unsigned int n = 0; n < COUNT(refused); n++)
		if (!CHECK(probe_rdmsr_traps(&trap, refused[n], &value)) ||
		    !CHECK_FAULT(&trap, TRAP_GP))
			test_log("MSR %x", refused[n]);
}
TEST(msr_gp, "SGX MSRs and the holes of the x2APIC range are #GP(0)", "fact sheet 5.3",
     "model: let 831 fall through to #VE", NEEDS_NOTHING, msr_gp);

static void msr_ve(void)
{
	static const uint32_t vmm[] = {
		0x1b, 0x8b, 0xfe, 0x179, 0x200, 0x2ff,	/* APIC base, microcode, MTRR, MCG */
		0x802, 0x803, 0x80d, 0x80f, 0x828, 0x82f, 0x830, 0x832, 0x839, 0x83e,
		0x2000, 0xc0002000, 0xc0010015, 0x4b564d00,	/* outside the bitmaps */
	};
	uint64_t value;
	struct trap trap;

	for (unsigned int n = 0; n < COUNT(vmm); n++)
		if (!CHECK(probe_rdmsr_traps(&trap, vmm[n], &value)) ||
		    !CHECK_VE(&trap, TDX_EXIT_RDMSR, 0, 2))
			test_log("MSR %x, vector %u", vmm[n], (unsigned int)trap.vector);
}
TEST(msr_ve, "MSRs of the VMM and MSRs outside both bitmaps raise #VE", "fact sheet 5.3",
     "model: answer 8B with the value of REDUCE_VE", NEEDS_NOTHING, msr_ve);

static void msr_efer(void)
{
	uint64_t efer = rdmsr(MSR_EFER);
	struct trap trap;

	CHECK_HEX(efer, EFER_NXE | EFER_LMA | EFER_LME | EFER_SCE);
	CHECK(!probe_wrmsr_traps(&trap, MSR_EFER, efer));
	if (CHECK(probe_wrmsr_traps(&trap, MSR_EFER, efer & ~EFER_NXE)))
		CHECK_VE(&trap, TDX_EXIT_WRMSR, 0, 2);
	CHECK(!probe_wrmsr_traps(&trap, MSR_EFER, efer & ~EFER_SCE));
	CHECK_HEX(rdmsr(MSR_EFER), efer & ~EFER_SCE);
	CHECK(!probe_wrmsr_traps(&trap, MSR_EFER, efer));
}
TEST(msr_efer, "EFER starts as 901 with LMA; a write may change SCE, any other change is #VE",
     "fact sheet 5.3, 7", "model: let a change of NXE through", NEEDS_NOTHING, msr_efer);

static void msr_xss(void)
{
	uint32_t leaf_d[4];
	uint64_t value, mine;
	struct trap trap;

	cpuid(0xd, 1, leaf_d);
	mine = (uint64_t)leaf_d[3] << 32 | leaf_d[2];
	CHECK(!probe_rdmsr_traps(&trap, 0xda0, &value));
	CHECK_HEX(value, 0);
	for (unsigned int bit = 0; bit < 64; bit++) {
		bool taken = mine >> bit & 1;

		if (!CHECK_DEC(!probe_wrmsr_traps(&trap, 0xda0, 1ULL << bit), taken) ||
		    (!taken && !CHECK_FAULT(&trap, TRAP_GP)))
			test_log("bit %u", bit);
	}
	CHECK(!probe_wrmsr_traps(&trap, 0xda0, 0));
	CHECK(!probe_rdmsr_traps(&trap, 0xda0, &value));
	CHECK_HEX(value, 0);
}
TEST(msr_xss, "XSS takes what XFAM has and is #GP(0) on any other bit", "fact sheet 5.3",
     "model: check XSS against the bits it can have instead of XFAM", NEEDS_NOTHING, msr_xss);

static void msr_reset(void)
{
	static const struct { uint32_t msr; uint64_t value; } reset[] = {
		{ MSR_PAT, 0x0007040600070406 }, { 0xc0000081, 0 }, { MSR_LSTAR, 0 },
		{ 0xc0000084, 0x20200 }, { MSR_KERNEL_GS_BASE, 0 }, { MSR_TSC_AUX, 0 },
		{ 0x174, 0 }, { APIC_TPR, 0 },
	};

	for (unsigned int n = 0; n < COUNT(reset); n++)
		if (!CHECK_HEX(rdmsr(reset[n].msr), reset[n].value))
			test_log("MSR %x", reset[n].msr);
}
TEST(msr_reset, "MSRs of a new vCPU have their reset values, not the host's or the last TD's",
     "fact sheet 7", "QEMU glue: start a vCPU with FMASK 0", NEEDS_NOTHING, msr_reset);

static void msr_tsc(void)
{
	uint64_t first = rdtsc(), second = rdmsr(0x10), third = rdtsc();
	struct trap trap;

	CHECK(first <= second && second <= third);
	if (CHECK(probe_wrmsr_traps(&trap, 0x10, 0)))
		CHECK_VE(&trap, TDX_EXIT_WRMSR, 0, 2);
	CHECK(rdtsc() >= third);
}
TEST(msr_tsc, "MSR 10 is the TSC that RDTSC reads, and can't be written", "fact sheet 5.3, 7",
     "QEMU glue: apply the TSC offset to RDTSC only", NEEDS_NOTHING, msr_tsc);

static void msr_x2apic_read_only(void)
{
	static const uint32_t refused[] = { 0x802, 0x803, 0x80d, 0x839, 0x83b, 0x83d };
	struct trap trap;

	for (unsigned int n = 0; n < COUNT(refused); n++)
		if (!CHECK(probe_wrmsr_traps(&trap, refused[n], 0)) || !CHECK_FAULT(&trap, TRAP_GP))
			test_log("MSR %x", refused[n]);
}
TEST(msr_x2apic_read_only,
     "a write to a read-only x2APIC register is #GP(0), not the VMM's business", "fact sheet 5.3",
     "model: raise #VE for a write of the APIC id", NEEDS_NOTHING, msr_x2apic_read_only);
