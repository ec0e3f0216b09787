// SPDX-License-Identifier: GPL-2.0
/* What CPUID shows to a TD that left REDUCE_VE off (fact sheet 5.4). */
#include "core/string.h"
#include "guest.h"
#include "probe.h"
#include "x86/cpu.h"
#include "x86/smp.h"

enum { EAX, EBX, ECX, EDX };

#define BIT(n)	(1u << (n))

static void cpuid_tdx(void)
{
	uint32_t r[4];

	cpuid(0x21, 0, r);
	CHECK_HEX(r[EAX], 0);
	CHECK_HEX(r[EBX], 0x65746e49);
	CHECK_HEX(r[ECX], 0x20202020);
	CHECK_HEX(r[EDX], 0x5844546c);
}
TEST(cpuid_tdx, "leaf 21h says \"IntelTDX    \"", "fact sheet 5.4",
     "model: swap ECX and EDX of leaf 21h", NEEDS_NOTHING, cpuid_tdx);

static void cpuid_vendor(void)
{
	uint32_t r[4];

	cpuid(0, 0, r);
	CHECK_HEX(r[EAX], 0x23);
	CHECK_HEX(r[EBX], 0x756e6547);
	CHECK_HEX(r[EDX], 0x49656e69);
	CHECK_HEX(r[ECX], 0x6c65746e);
}
TEST(cpuid_vendor, "leaf 0 says GenuineIntel and 23h as the last basic leaf", "fact sheet 5.4",
     "model: report a last basic leaf that is not there", NEEDS_NOTHING, cpuid_vendor);

static void cpuid_features(void)
{
	uint32_t r[4];

	cpuid(1, 0, r);
	CHECK_HEX(r[ECX] & BIT(31), BIT(31));	/* hypervisor */
	CHECK_HEX(r[ECX] & BIT(21), BIT(21));	/* x2APIC */
	CHECK_HEX(r[ECX] & (BIT(5) | BIT(6) | BIT(16)), 0);	/* VMX, SMX */
	CHECK_HEX(r[EDX] & BIT(9), BIT(9));	/* APIC */
	cpuid(7, 0, r);
	CHECK_HEX(r[EDX] & 0xfc000000, 0xfc000000);
	CHECK_HEX(r[ECX] & (BIT(24) | BIT(27) | BIT(28)), BIT(24) | BIT(27) | BIT(28));
}
TEST(cpuid_features,
     "hypervisor, x2APIC, APIC and the bits of leaf 7 are fixed to 1, VMX and SMX to 0",
     "fact sheet 5.4", "model: show the host's VMX bit", NEEDS_NOTHING, cpuid_features);

static void cpuid_zero(void)
{
	static const uint32_t leaves[] = { 3, 8, 0xe, 0x11, 0x12, 0x13, 0x20 };

	for (unsigned int n = 0; n < sizeof(leaves) / sizeof(leaves[0]); n++) {
		struct probe p = { .a = leaves[n] };
		struct trap trap;

		if (!CHECK(!trap_catch(&trap, probe_cpuid, &p)) ||
		    !CHECK_HEX(p.a | p.b | p.c | p.d, 0))
			test_log("leaf %x", leaves[n]);
	}
}
TEST(cpuid_zero, "leaves that TDs don't have are zero without a #VE", "fact sheet 5.4",
     "model: leave leaf 12h out of the table, so that it is #VE", NEEDS_NOTHING, cpuid_zero);

static void cpuid_ve(void)
{
	static const uint32_t leaves[] = {
		2, 6, 9, 0xb, 0xc, 0xf, 0x10, 0x16, 0x17, 0x1b, 0x1f,
		0x80000002, 0x80000005, 0x4fffffff,
	};

	for (unsigned int n = 0; n < sizeof(leaves) / sizeof(leaves[0]); n++) {
		struct probe p = { .a = leaves[n] };
		struct trap trap;

		if (!CHECK(trap_catch(&trap, probe_cpuid, &p)) ||
		    !CHECK_VE(&trap, TDX_EXIT_CPUID, 0, 2))
			test_log("leaf %x", leaves[n]);
	}
}
TEST(cpuid_ve, "leaves that are the VMM's raise #VE while REDUCE_VE is off", "fact sheet 5.4",
     "model: answer leaf 2 as if VIRT_CPUID2 were set", NEEDS_NOTHING, cpuid_ve);

static void cpuid_tsc(void)
{
	uint32_t r[4];

	cpuid(0x15, 0, r);
	CHECK_DEC(r[EAX], 1);
	CHECK_DEC(r[ECX], 25000000);
	CHECK(r[EBX] >= 4 && r[EBX] <= 400);
	test_value("tsc_khz", r[EBX] * 25000ULL);
}
TEST(cpuid_tsc, "leaf 15h gives the TSC frequency as a multiple of 25 MHz", "fact sheet 5.4, 3.5",
     "model: report a crystal of 24 MHz", NEEDS_NOTHING, cpuid_tsc);

static void cpuid_width(void)
{
	uint32_t r[4];
	bool la57;

	cpuid(7, 0, r);
	la57 = r[ECX] & BIT(16);
	cpuid(0x80000008, 0, r);
	CHECK_DEC(r[EAX] >> 8 & 0xff, la57 ? 57 : 48);
	CHECK((r[EAX] & 0xff) >= 36 && (r[EAX] & 0xff) <= 52);
}
TEST(cpuid_width, "80000008 shows 57 linear address bits if LA57 is there, else 48",
     "fact sheet 5.4", "model: show 48 linear address bits whatever the CPU has", NEEDS_NOTHING,
     cpuid_width);

static void cpuid_osxsave(void)
{
	uint32_t off[4], on[4];
	uint64_t cr4 = read_cr4();

	write_cr4(cr4 & ~CR4_OSXSAVE);
	cpuid(1, 0, off);
	write_cr4(cr4 | CR4_OSXSAVE);
	cpuid(1, 0, on);
	write_cr4(cr4);
	CHECK_HEX(off[ECX] & BIT(27), 0);
	CHECK_HEX(on[ECX] & BIT(27), BIT(27));
}
TEST(cpuid_osxsave, "CPUID.1.ECX[27] follows CR4.OSXSAVE", "fact sheet 5.4 (dynamic)",
     "model: freeze OSXSAVE at TDH.MNG.INIT", NEEDS_NOTHING, cpuid_osxsave);

static void cpuid_leaf_1(void *opaque)
{
	cpuid(1, 0, opaque);
}

static void cpuid_apic_id(void)
{
	uint32_t r[4];

	cpuid_leaf_1(r);
	CHECK_DEC(r[EBX] >> 24, cpu_index());
	for (unsigned int index = 1; index < guest_config()->nr_vcpus; index++) {
		smp_start(index, cpuid_leaf_1, r);
		CHECK(smp_wait(index));
		CHECK_DEC(r[EBX] >> 24, index);
	}
}
TEST(cpuid_apic_id, "CPUID.1.EBX[31:24] is the vCPU's index", "fact sheet 5.4 (dynamic)",
     "model: show every vCPU the APIC id of the first", NEEDS_SMP, cpuid_apic_id);

static void cpuid_xstate(void)
{
	uint32_t r[4];

	cpuid(0xd, 0, r);
	CHECK_HEX(r[EAX] & 3, 3);
	CHECK_DEC(r[EBX], 576);		/* XCR0 = 1: legacy area and header */
	CHECK(r[ECX] >= r[EBX]);
}
TEST(cpuid_xstate, "leaf 0Dh shows XFAM and the size that XCR0 needs now",
     "fact sheet 5.4 (dynamic), 7", "model: compute the size from XFAM instead of XCR0",
     NEEDS_NOTHING, cpuid_xstate);
