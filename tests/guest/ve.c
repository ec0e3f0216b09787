// SPDX-License-Identifier: GPL-2.0
/* What raises #VE, what VEINFO.GET says about it, and what a second one does. */
#include "core/string.h"
#include "guest.h"
#include "probe.h"
#include "tdx/ghci.h"
#include "tdx/memory.h"
#include "x86/cpu.h"
#include "x86/ve.h"

#define LEAF_HYPERVISOR	0x40000000u

PROBE(hlt, "hlt")
PROBE(invd, "invd")
PROBE(wbinvd, "wbinvd")
PROBE(vmcall, "vmcall")
PROBE(out8_imm, "outb %%al, $0x80")
PROBE(out8, "outb %%al, %%dx")
PROBE(out16, "outw %%ax, %%dx")
PROBE(in32, "inl %%dx, %%eax")
PROBE(in16, "inw %%dx, %%ax")
PROBE(rep_outs8, "rep outsb")

static void ve_cpuid(void)
{
	static const uint32_t leaves[] = { LEAF_HYPERVISOR, 0x4fffffff };
	struct trap trap;

	for (unsigned int n = 0; n < sizeof(leaves) / sizeof(leaves[0]); n++) {
		struct probe p = { .a = leaves[n] };

		if (CHECK(trap_catch(&trap, probe_cpuid, &p)))
			CHECK_VE(&trap, TDX_EXIT_CPUID, 0, 2);
	}
}
TEST(ve_cpuid, "CPUID of a hypervisor leaf raises #VE with reason, length and nothing else",
     "fact sheet 5.4, 5.1", "model: answer 48000000 to 4FFFFFFF from the CPUID table",
     NEEDS_NOTHING, ve_cpuid);

static const struct { void (*fn)(void *); uint32_t reason, length; } ve_plain[] = {
	{ probe_hlt,	TDX_EXIT_HLT,		1 },
	{ probe_invd,	TDX_EXIT_INVD,		2 },
	{ probe_wbinvd,	TDX_EXIT_WBINVD,	2 },
	{ probe_vmcall,	TDX_EXIT_VMCALL,	3 },
};

static void ve_instructions(void)
{
	struct trap trap;

	for (unsigned int n = 0; n < sizeof(ve_plain) / sizeof(ve_plain[0]); n++) {
		struct probe p = { 0 };

		if (CHECK(trap_catch(&trap, ve_plain[n].fn, &p)))
			CHECK_VE(&trap, ve_plain[n].reason, 0, ve_plain[n].length);
	}
}
TEST(ve_instructions, "HLT, INVD, WBINVD and VMCALL raise #VE with their own reason and length",
     "fact sheet 5.1", "model: let INVD pass", NEEDS_NOTHING, ve_instructions);

#define PORT		0x4d0u
#define IO_QUAL(port, size, bits) ((uint64_t)(port) << VE_IO_PORT_SHIFT | (bits) | ((size) - 1))

static const struct { void (*fn)(void *); uint64_t qual; uint32_t length; } ve_ports[] = {
	{ probe_out8_imm,	IO_QUAL(0x80, 1, VE_IO_IMM),			2 },
	{ probe_out8,		IO_QUAL(PORT, 1, 0),				1 },
	{ probe_out16,		IO_QUAL(PORT, 2, 0),				2 },
	{ probe_in32,		IO_QUAL(PORT, 4, VE_IO_IN),			1 },
	{ probe_in16,		IO_QUAL(PORT, 2, VE_IO_IN),			2 },
	{ probe_rep_outs8,	IO_QUAL(PORT, 1, VE_IO_STRING | VE_IO_REP),	2 },
};

static void ve_io(void)
{
	static const uint8_t text[1];
	struct trap trap;

	for (unsigned int n = 0; n < sizeof(ve_ports) / sizeof(ve_ports[0]); n++) {
		struct probe p = { .c = sizeof(text), .d = PORT, .si = (uintptr_t)text };

		if (CHECK(trap_catch(&trap, ve_ports[n].fn, &p)))
			CHECK_VE(&trap, TDX_EXIT_IO, ve_ports[n].qual, ve_ports[n].length);
	}
}
TEST(ve_io,
     "port I/O raises #VE whose qualification has size, direction, string, REP, immediate and port",
     "fact sheet 5.1 (IO qual)", "model: drop the immediate bit of the I/O qualification",
     NEEDS_NOTHING, ve_io);

static void ve_msr(void)
{
	struct trap trap;
	uint64_t value;

	if (CHECK(probe_rdmsr_traps(&trap, MSR_APIC_BASE, &value)))
		CHECK_VE(&trap, TDX_EXIT_RDMSR, 0, 2);
	if (CHECK(probe_wrmsr_traps(&trap, MSR_APIC_BASE, 0)))
		CHECK_VE(&trap, TDX_EXIT_WRMSR, 0, 2);
}
TEST(ve_msr, "RDMSR and WRMSR of an MSR that is the VMM's raise #VE 31 and 32",
     "fact sheet 5.3, 5.1", "model: give a write of APIC_BASE the reason of RDMSR", NEEDS_NOTHING,
     ve_msr);

static void ve_nested(void)
{
	struct probe p = { .a = LEAF_HYPERVISOR };
	struct ve_info ve;
	struct trap trap;

	if (!CHECK(trap_catch_keep_ve(&trap, probe_cpuid, &p)) || !CHECK_TRAP(trap.vector, TRAP_VE))
		return;
	CHECK(trap_catch_keep_ve(&trap, probe_hlt, &p));
	CHECK_FAULT(&trap, TRAP_DF);
	CHECK(trap.rflags & RFLAGS_RF);

	/* The first one is still there, and only the first. */
	CHECK_TDX(tdg_vp_veinfo_get(&ve), TDX_SUCCESS);
	CHECK_REASON(ve.reason, TDX_EXIT_CPUID);
	CHECK_TDX(tdg_vp_veinfo_get(&ve), TDX_STATUS(NO_VALID_VE_INFO, 0));
}
TEST(ve_nested, "a #VE while the last one's information was not fetched is a #DF", "fact sheet 5.1",
     "model: overwrite valid VE information instead of injecting #DF", NEEDS_NOTHING, ve_nested);

static void ve_info_empty(void)
{
	struct tdcall c = {
		.rax = TDG_VP_VEINFO_GET, .rcx = 1, .rdx = 2, .r8 = 3, .r9 = 4, .r10 = 5,
	};

	CHECK_TDX(tdcall(&c), TDX_STATUS(NO_VALID_VE_INFO, 0));
	CHECK_HEX(c.rcx, 0);
	CHECK_HEX(c.rdx, 0);
	CHECK_HEX(c.r8, 0);
	CHECK_HEX(c.r9, 0);
	CHECK_HEX(c.r10, 0);
}
TEST(ve_info_empty, "VEINFO.GET without a #VE says NO_VALID_VE_INFO and clears its outputs",
     "fact sheet 5.1", "model: leave the outputs alone if there is no #VE", NEEDS_NOTHING,
     ve_info_empty);

/* VMCALL, as no handler emulates that. Leaves the instruction's address at RSI first. */
PROBE(vmcall_here, "lea 1f(%%rip), %%rbx\n\tmov %%rbx, (%%rsi)\n1:\tvmcall")

static void ve_is_a_fault(void)
{
	uint64_t here = 0;
	struct probe p = { .si = (uintptr_t)&here };
	struct trap trap;

	CHECK(trap_catch(&trap, probe_vmcall_here, &p));
	CHECK_TRAP(trap.vector, TRAP_VE);
	CHECK_HEX(trap.rip, here);
	CHECK(trap.rflags & RFLAGS_RF);
}
TEST(ve_is_a_fault, "#VE is a fault: RIP at the instruction, RF set in the saved flags",
     "fact sheet 5.1", "QEMU glue: advance RIP before the #VE of VMCALL", NEEDS_NOTHING,
     ve_is_a_fault);

static void ve_emulated(void)
{
	static const uint32_t words[4] = { TD_CPUID_LEAF, TD_CPUID_EBX, TD_CPUID_ECX, TD_CPUID_EDX };
	uint32_t by_insn[4], by_call[4];
	uint32_t before = cpu_this()->ve[TDX_EXIT_CPUID];

	CHECK_GHCI(ghci_cpuid(TD_CPUID_LEAF, 0, by_call), GHCI_STATUS_SUCCESS);
	cpuid(TD_CPUID_LEAF, 0, by_insn);
	CHECK_DEC(cpu_this()->ve[TDX_EXIT_CPUID], before + 1);
	for (unsigned int n = 0; n < 4; n++) {
		CHECK_HEX(by_call[n], words[n]);
		CHECK_HEX(by_insn[n], words[n]);
	}
}
TEST(ve_emulated, "CPUID by #VE and TDVMCALL gives what TDVMCALL alone gives",
     "fact sheet 4.5, 9.5", "guest: give CPUID's EDX in RCX, too", NEEDS_NOTHING, ve_emulated);

PROBE(vmlaunch, ".byte 0x0f, 0x01, 0xc2")
PROBE(vmfunc, ".byte 0x0f, 0x01, 0xd4")
PROBE(seamcall, ".byte 0x66, 0x0f, 0x01, 0xcf")
PROBE(encls, ".byte 0x0f, 0x01, 0xcf")
PROBE(getsec, ".byte 0x0f, 0x37")
PROBE(rsm, ".byte 0x0f, 0xaa")

static void ve_not_offered(void)
{
	static void (*const fn[])(void *) = {
		probe_vmlaunch, probe_vmfunc, probe_seamcall, probe_encls, probe_getsec, probe_rsm,
	};
	struct trap trap;

	for (unsigned int n = 0; n < sizeof(fn) / sizeof(fn[0]); n++) {
		struct probe p = { 0 };

		CHECK(trap_catch(&trap, fn[n], &p));
		CHECK_TRAP(trap.vector, TRAP_UD);
	}
}
TEST(ve_not_offered, "VMX, SMX, SGX, SEAM and SMM instructions are #UD in a TD", "fact sheet 5.1",
     "QEMU glue: let SEAMCALL of a TD reach the module", NEEDS_NOTHING, ve_not_offered);

PROBE(rdtsc, "rdtsc")
PROBE(rdtscp, "rdtscp")
PROBE(pause, "pause")
PROBE(invlpg, "invlpg (%%rsi)")
PROBE(clflush, "clflush (%%rsi)")
PROBE(read_dr7, "mov %%dr7, %%rax")

static void ve_no_exit(void)
{
	static void (*const fn[])(void *) = {
		probe_rdtsc, probe_rdtscp, probe_pause, probe_invlpg, probe_clflush, probe_read_dr7,
	};
	struct trap trap;

	for (unsigned int n = 0; n < sizeof(fn) / sizeof(fn[0]); n++) {
		struct probe p = { .si = (uintptr_t)&trap };

		if (!CHECK(!trap_catch(&trap, fn[n], &p)))
			test_log("entry %u: vector %u", n, (unsigned int)trap.vector);
	}
}
TEST(ve_no_exit, "RDTSC, RDTSCP, PAUSE, INVLPG, CLFLUSH and MOV DR run without a trap",
     "fact sheet 5.1", "QEMU glue: intercept a TD's read of DR7", NEEDS_NOTHING, ve_no_exit);

PROBE(rdpmc, "rdpmc")

static void ve_rdpmc(void)
{
	struct probe p = { 0 };
	struct trap trap;

	CHECK(trap_catch(&trap, probe_rdpmc, &p));
	CHECK_FAULT(&trap, TRAP_GP);
}
TEST(ve_rdpmc, "RDPMC is #GP(0) without the PERFMON attribute", "fact sheet 5.1",
     "model: let RDPMC pass", NEEDS_NOTHING, ve_rdpmc);

static void write_byte(void *address)
{
	*(volatile uint8_t *)address = 0x5a;
}

static void ve_pending(void)
{
	uint64_t gpa = memory_reserve(4096, 4096);
	uint64_t touched = gpa + 0x123;
	struct trap trap;

	TEST_REQUIRE(gpa, "no RAM left");
	if (!CHECK(trap_catch(&trap, write_byte, (void *)touched)))
		return;
	CHECK_TRAP(trap.vector, TRAP_VE);
	CHECK_REASON(trap.ve.reason, TDX_EXIT_EPT_VIOLATION);
	CHECK_HEX(trap.ve.gpa, touched);
	CHECK_HEX(trap.ve.gla, touched);
	CHECK_HEX(trap.ve.qual & 7, TDX_QUAL_WRITE);
}
TEST(ve_pending, "the first touch of unaccepted memory is an EPT #VE with GPA, GLA and access",
     "fact sheet 5.2", "model: report the GPA of pending memory without its offset", NEEDS_VE,
     ve_pending);

static void ve_lazy_accept(void)
{
	volatile uint8_t *page = (volatile uint8_t *)memory_reserve(4096, 4096);
	uint32_t before = cpu_this()->ve[TDX_EXIT_EPT_VIOLATION];

	TEST_REQUIRE(page, "no RAM left");
	page[0x800] = 0xa5;
	CHECK_DEC(cpu_this()->ve[TDX_EXIT_EPT_VIOLATION], before + 1);
	CHECK_HEX(page[0x800], 0xa5);
	CHECK_HEX(page[0x7ff], 0);
	CHECK_TDX(tdg_mem_page_accept((uintptr_t)page, 0), TDX_STATUS(PAGE_ALREADY_ACCEPTED, 0));
}
TEST(ve_lazy_accept, "a page accepted in the #VE handler is usable when the access is repeated",
     "fact sheet 5.2, 6.2", "model: leave the entry PENDING after the first ACCEPT", NEEDS_VE,
     ve_lazy_accept);

PROBE(monitor, "monitor")
PROBE(mwait, "mwait")
PROBE(pconfig, ".byte 0x0f, 0x01, 0xc5")

static void ve_mwait(void)
{
	static void (*const fn[])(void *) = { probe_monitor, probe_mwait, probe_pconfig };
	uint64_t line[8] __attribute__((aligned(64)));
	uint32_t leaf[4];
	struct trap trap;

	cpuid(1, 0, leaf);
	CHECK_HEX(leaf[2] & 1 << 3, 0);
	for (unsigned int n = 0; n < sizeof(fn) / sizeof(fn[0]); n++) {
		struct probe p = { .a = (uintptr_t)line };

		CHECK(trap_catch(&trap, fn[n], &p));
		CHECK_TRAP(trap.vector, TRAP_UD);
	}
}
TEST(ve_mwait, "MONITOR, MWAIT and PCONFIG, which CPUID does not show, are #UD", "fact sheet 5.1",
     "model: raise #VE for MONITOR and MWAIT, as module 1.5.01 did", NEEDS_NOTHING, ve_mwait);
