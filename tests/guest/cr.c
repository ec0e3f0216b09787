// SPDX-License-Identifier: GPL-2.0
/* The state a vCPU starts in, and which control-register bits it may change (fact sheet 7). */
#include "guest.h"
#include "probe.h"
#include "x86/cpu.h"
#include "x86/mmu.h"

static void cr_reset(void)
{
	uint32_t cpuid_1[4];

	cpuid(1, 0, cpuid_1);
	for (unsigned int index = 0; index < guest_config()->nr_vcpus; index++) {
		const struct cpu_boot *boot = &cpu_boot[index];

		/* CPUs hold ET at 1, whatever the VMCS says. */
		CHECK_HEX(boot->cr0 & ~CR0_ET, 0x21);
		CHECK_HEX(boot->cr4, 0x40);
		CHECK_DEC(boot->rsi, index);
		CHECK_DEC(boot->rbx, mmu_gpaw());
		CHECK_HEX(boot->rcx, boot->r8);
		CHECK_HEX(boot->rcx, cpu_boot[0].rcx);
		CHECK_HEX(boot->rdx, cpuid_1[0]);
		CHECK_HEX(boot->r9 | boot->r10 | boot->r11 | boot->r12, 0);
		CHECK_HEX(boot->r13 | boot->r14 | boot->r15, 0);
	}
	CHECK_HEX(read_dr6(), 0xffff0ff0);
	CHECK_HEX(read_dr7(), 0x400);
}
TEST(cr_reset, "every vCPU starts with the registers of the initial state", "fact sheet 7",
     "model: leave R8 zero at TDH.VP.INIT", NEEDS_NOTHING, cr_reset);

/* qualification: CR number, MOV to CR, source RAX */
static const struct { void (*write)(void *); uint64_t set, clear, qual; } cr_ve[] = {
	{ probe_write_cr0, CR0_CD, 0, 0 },
	{ probe_write_cr4, 0, CR4_MCE, 4 },
	{ probe_write_cr4, CR4_VMXE, 0, 4 },
	{ probe_write_cr4, CR4_SMXE, 0, 4 },
};

static void cr_illegal_for_tdx(void)
{
	uint64_t cr0 = read_cr0(), cr4 = read_cr4();
	struct trap trap;

	for (unsigned int n = 0; n < sizeof(cr_ve) / sizeof(cr_ve[0]); n++) {
		struct probe p = { .a = cr_ve[n].qual ? cr4 : cr0 };

		p.a = (p.a | cr_ve[n].set) & ~cr_ve[n].clear;
		if (!CHECK(trap_catch(&trap, cr_ve[n].write, &p)) ||
		    !CHECK_VE(&trap, TDX_EXIT_CR_ACCESS, cr_ve[n].qual, 3))
			test_log("entry %u, vector %u", n, (unsigned int)trap.vector);
	}
	CHECK_HEX(read_cr0(), cr0);
	CHECK_HEX(read_cr4(), cr4);
}
TEST(cr_illegal_for_tdx,
     "CR0.CD, CR4.VMXE, CR4.SMXE set or CR4.MCE clear is #VE 28, and changes nothing",
     "fact sheet 7, 5.1", "model: let CR4.MCE be cleared", NEEDS_NOTHING, cr_illegal_for_tdx);

static const struct { void (*write)(void *); uint64_t set, clear; } cr_gp[] = {
	{ probe_write_cr0, 0, CR0_NE },
	{ probe_write_cr0, 0, CR0_PE },
	{ probe_write_cr0, 1ULL << 32, 0 },
	{ probe_write_cr4, 0, CR4_PAE },
	{ probe_write_cr4, 1ULL << 15, 0 },
	{ probe_write_cr4, 1ULL << 63, 0 },
};

static void cr_illegal(void)
{
	uint64_t cr0 = read_cr0(), cr4 = read_cr4();
	struct trap trap;

	for (unsigned int n = 0; n < sizeof(cr_gp) / sizeof(cr_gp[0]); n++) {
		struct probe p = { .a = cr_gp[n].write == probe_write_cr4 ? cr4 : cr0 };

		p.a = (p.a | cr_gp[n].set) & ~cr_gp[n].clear;
		if (!CHECK(trap_catch(&trap, cr_gp[n].write, &p)) || !CHECK_FAULT(&trap, TRAP_GP))
			test_log("entry %u", n);
	}
	CHECK_HEX(read_cr0(), cr0);
	CHECK_HEX(read_cr4(), cr4);
}
TEST(cr_illegal, "control-register values that are illegal on any CPU, and CR0.NE = 0, are #GP(0)",
     "fact sheet 7", "model: make CR0.NE = 0 a #VE", NEEDS_NOTHING, cr_illegal);

static void cr_vmxe_hidden(void)
{
	CHECK_HEX(read_cr4() & CR4_VMXE, 0);
	CHECK_HEX(read_cr4() & CR4_MCE, CR4_MCE);
	CHECK_HEX(read_cr0() & CR0_NE, CR0_NE);
}
TEST(cr_vmxe_hidden, "CR4 reads without the VMXE that is set underneath, with MCE", "fact sheet 7",
     "model: load CR4 with the VMXE that the CPU wants, and let the TD see it", NEEDS_NOTHING,
     cr_vmxe_hidden);

static void cr_xcr0(void)
{
	static const struct { uint32_t index; uint64_t value; bool legal; } writes[] = {
		{ 0, 1, true }, { 0, 3, true },
		{ 0, 0, false }, { 0, 2, false }, { 1, 1, false },
		/* MPX: CPUs may have it, no TD's XFAM does. */
		{ 0, 0x1b, false }, { 0, 1ULL << 62 | 1, false },
	};
	struct trap trap;

	write_cr4(read_cr4() | CR4_OSXSAVE);
	for (unsigned int n = 0; n < sizeof(writes) / sizeof(writes[0]); n++) {
		struct probe p = { .a = (uint32_t)writes[n].value, .c = writes[n].index,
				   .d = writes[n].value >> 32 };
		bool trapped = trap_catch(&trap, probe_xsetbv, &p);

		if (!CHECK_DEC(trapped, !writes[n].legal) ||
		    (trapped && !CHECK_FAULT(&trap, TRAP_GP)))
			test_log("XCR%u = %llx", writes[n].index,
				 (unsigned long long)writes[n].value);
	}
}
TEST(cr_xcr0, "XSETBV takes legal values inside XFAM; everything else is #GP(0)", "fact sheet 5.1",
     "model: skip the XFAM check of XSETBV", NEEDS_NOTHING, cr_xcr0);
