// SPDX-License-Identifier: GPL-2.0
/* A TD exit and entry later, everything that is the TD's is what it was (fact sheet 4.1, 4.2). */
#include "core/string.h"
#include "guest.h"
#include "probe.h"
#include "tdx/ghci.h"
#include "x86/mmu.h"

#define CR4_OSFXSR	(1ULL << 9)
#define XMM_BYTES	(16 * 16)

/* Out to the VMM's user space: the host's kernel and a host process run on this CPU. */
static void leave_and_return(void)
{
	uint32_t value;

	for (unsigned int n = 0; n < 4; n++)
		CHECK_GHCI(ghci_io_read(0x80, 1, &value), GHCI_STATUS_SUCCESS);
}

static void exit_keeps_msrs(void)
{
	static const struct { uint32_t msr; uint64_t value; } own[] = {
		{ 0xc0000081, 0x0023001000000000 }, { MSR_LSTAR, 0xffff800000001000 },
		{ 0xc0000084, 0x47700 }, { MSR_KERNEL_GS_BASE, 0x7fff00001000 },
		{ MSR_TSC_AUX, 0x77 }, { 0xc0000100, 0x7fff00002000 },
		{ 0x174, 0x10 }, { 0x175, 0x12345678 }, { 0x176, 0x87654000 },
		{ MSR_PAT, 0x0606060606060606 },
	};

	for (unsigned int n = 0; n < sizeof(own) / sizeof(own[0]); n++)
		wrmsr(own[n].msr, own[n].value);
	leave_and_return();
	for (unsigned int n = 0; n < sizeof(own) / sizeof(own[0]); n++)
		if (!CHECK_HEX(rdmsr(own[n].msr), own[n].value))
			test_log("MSR %x", own[n].msr);
}
TEST(exit_keeps_msrs, "the TD's MSRs survive an exit to the VMM", "fact sheet 4.2",
     "QEMU glue: leave SYSENTER_ESP out of the world switch", NEEDS_NOTHING, exit_keeps_msrs);

static void exit_keeps_control(void)
{
	uint64_t cr0 = read_cr0(), cr3 = read_cr3(), cr4 = read_cr4(), dr = 0x123456789abc;
	uint64_t got;

	asm volatile("mov %0, %%cr2" : : "r"(dr));
	asm volatile("mov %0, %%dr0; mov %0, %%dr3" : : "r"(dr));
	leave_and_return();
	CHECK_HEX(read_cr0(), cr0);
	CHECK_HEX(read_cr2(), dr);
	CHECK_HEX(read_cr3(), cr3);
	CHECK_HEX(read_cr4(), cr4);
	asm volatile("mov %%dr0, %0" : "=r"(got));
	CHECK_HEX(got, dr);
	asm volatile("mov %%dr3, %0" : "=r"(got));
	CHECK_HEX(got, dr);
	CHECK_HEX(read_dr7(), 0x400);
}
TEST(exit_keeps_control, "control and debug registers survive an exit to the VMM", "fact sheet 4.2",
     "QEMU glue: clear CR2 before the guest's is saved, not after", NEEDS_NOTHING,
     exit_keeps_control);

/* Every register is named: the compiler must not use any of them meanwhile, and does not. */
#define XMM_EACH(op)							\
	op("0") op("1") op("2") op("3") op("4") op("5") op("6") op("7")	\
	op("8") op("9") op("10") op("11") op("12") op("13") op("14") op("15")
#define XMM_LOAD(n)	"movdqu 16*" n "(%0), %%xmm" n "\n\t"
#define XMM_STORE(n)	"movdqu %%xmm" n ", 16*" n "(%0)\n\t"

static void exit_keeps_xmm(void)
{
	static uint8_t before[XMM_BYTES], after[XMM_BYTES];

	for (unsigned int n = 0; n < XMM_BYTES; n++)
		before[n] = (uint8_t)(n + 1);
	write_cr4(read_cr4() | CR4_OSFXSR);
	asm volatile(XMM_EACH(XMM_LOAD) : : "r"(before) : "memory");
	leave_and_return();
	asm volatile(XMM_EACH(XMM_STORE) : : "r"(after) : "memory");
	CHECK(!memcmp(before, after, sizeof(before)));
}
TEST(exit_keeps_xmm, "XMM registers outside the mask survive a TDVMCALL", "fact sheet 4.1, 4.2",
     "QEMU glue: take XMM15 from the host on entry, whatever the mask", NEEDS_NOTHING,
     exit_keeps_xmm);

static void exit_keeps_flags(void)
{
	struct tdcall c = {
		.rax = TDG_VP_VMCALL, .rcx = GHCI_MASK, .r11 = GHCI_GET_TD_VMCALL_INFO,
	};
	uint64_t flags;

	irq_enable();
	tdvmcall(&c);
	asm volatile("pushf; pop %0" : "=r"(flags));
	irq_disable();
	CHECK_HEX(flags & RFLAGS_IF, RFLAGS_IF);
	tdvmcall(&c);
	asm volatile("pushf; pop %0" : "=r"(flags));
	CHECK_HEX(flags & RFLAGS_IF, 0);
}
TEST(exit_keeps_flags, "IF is the same before and after a TDVMCALL", "fact sheet 4.1",
     "QEMU glue: clear IF at a TDVMCALL, as it is in the host", NEEDS_NOTHING, exit_keeps_flags);
