// SPDX-License-Identifier: GPL-2.0
/* TDVMCALLs: what KVM and the VMM answer, to good and to bad requests. MapGPA is in map.c. */
#include "convert.h"
#include "core/string.h"
#include "guest.h"
#include "probe.h"
#include "tdx/ghci.h"
#include "tdx/memory.h"
#include "x86/apic.h"
#include "x86/mmu.h"

#define PORT_EMPTY	0x4d0	/* nothing answers */
#define MSR_NONE	0x12345	/* in no architecture, and nobody emulates it */
#define KVM_ENOSYS	1000

static void ghci_info(void)
{
	struct ghci g;

	CHECK_GHCI(ghci_get_td_vmcall_info(0, &g), GHCI_STATUS_SUCCESS);
	CHECK_HEX(g.r11, 0);
	CHECK_HEX(g.r12, 0);
	CHECK_HEX(g.r13, 0);
	CHECK_HEX(g.r14, 0);
	CHECK_GHCI(ghci_get_td_vmcall_info(2, &g), GHCI_STATUS_INVALID_OPERAND);
}
TEST(ghci_info, "GetTdVmCallInfo leaf 0 says that the base set is there", "GHCI GetTdVmCallInfo",
     "KVM: leave R11 as it came in", NEEDS_NOTHING, ghci_info);

static void ghci_unsupported(void)
{
	static const uint64_t functions[] = { 0, 1, 11, 0x10005, 0x1ffff, 1ULL << 32 };

	for (unsigned int n = 0; n < sizeof(functions) / sizeof(functions[0]); n++) {
		struct ghci g = { .r11 = functions[n] };

		if (!CHECK_GHCI(ghci_call(&g), GHCI_STATUS_SUBFUNC_UNSUPPORTED))
			test_log("function %llx", (unsigned long long)functions[n]);
	}
}
TEST(ghci_unsupported, "a function that nobody offers is SUBFUNC_UNSUPPORTED", "fact sheet 4.5",
     "KVM: answer unknown functions below 10000h with INVALID_OPERAND", NEEDS_NOTHING,
     ghci_unsupported);

static void ghci_io_empty(void)
{
	static const struct { unsigned int size; uint32_t ones; } reads[] = {
		{ 1, 0xff }, { 2, 0xffff }, { 4, 0xffffffff },
	};
	uint32_t value;

	for (unsigned int n = 0; n < sizeof(reads) / sizeof(reads[0]); n++) {
		CHECK_GHCI(ghci_io_read(PORT_EMPTY, reads[n].size, &value), GHCI_STATUS_SUCCESS);
		CHECK_HEX(value, reads[n].ones);
		CHECK_GHCI(ghci_io_write(PORT_EMPTY, reads[n].size, 0), GHCI_STATUS_SUCCESS);
	}
}
TEST(ghci_io_empty, "a port that nothing answers reads all-ones of its size and ignores writes",
     "GHCI Instruction.IO", "VMM: answer one bit less than all-ones", NEEDS_NOTHING, ghci_io_empty);

static void ghci_io_device(void)
{
	enum { UART_SCRATCH = TD_SERIAL_PORT + 7 };
	uint32_t value;

	for (unsigned int byte = 0; byte < 256; byte += 51) {
		CHECK_GHCI(ghci_io_write(UART_SCRATCH, 1, byte), GHCI_STATUS_SUCCESS);
		CHECK_GHCI(ghci_io_read(UART_SCRATCH, 1, &value), GHCI_STATUS_SUCCESS);
		CHECK_HEX(value, byte);
	}
}
TEST(ghci_io_device, "what is written to the UART's scratch register is read back",
     "GHCI Instruction.IO", "VMM: drop the highest bit of what a UART register reads",
     NEEDS_NOTHING, ghci_io_device);

static void ghci_io_bad(void)
{
	static const struct ghci bad[] = {
		{ .r11 = GHCI_IO, .r12 = 0, .r13 = 0, .r14 = PORT_EMPTY },
		{ .r11 = GHCI_IO, .r12 = 3, .r13 = 0, .r14 = PORT_EMPTY },
		{ .r11 = GHCI_IO, .r12 = 8, .r13 = 0, .r14 = PORT_EMPTY },
		{ .r11 = GHCI_IO, .r12 = 1, .r13 = 2, .r14 = PORT_EMPTY },
	};

	for (unsigned int n = 0; n < sizeof(bad) / sizeof(bad[0]); n++) {
		struct ghci g = bad[n];

		CHECK_GHCI(ghci_call(&g), GHCI_STATUS_INVALID_OPERAND);
	}
}
TEST(ghci_io_bad, "port I/O of a bad size or direction is INVALID_OPERAND", "GHCI Instruction.IO",
     "KVM: take every direction but 0 for a write", NEEDS_NOTHING, ghci_io_bad);

static void ghci_cpuid_leaves(void)
{
	uint32_t by_call[4], native[4];

	CHECK_GHCI(ghci_cpuid(0, 0, by_call), GHCI_STATUS_SUCCESS);
	cpuid(0, 0, native);
	CHECK(!memcmp(by_call + 1, native + 1, 3 * sizeof(by_call[0])));
	CHECK_GHCI(ghci_cpuid(1, 0, by_call), GHCI_STATUS_SUCCESS);
	cpuid(1, 0, native);
	CHECK_HEX(by_call[0], native[0]);
}
TEST(ghci_cpuid_leaves, "vendor and family by TDVMCALL are those that the module shows",
     "GHCI Instruction.CPUID", "VMM: give KVM another model in SET_CPUID2", NEEDS_NOTHING,
     ghci_cpuid_leaves);

static void ghci_msr(void)
{
	uint64_t value;

	CHECK_GHCI(ghci_rdmsr(MSR_APIC_BASE, &value), GHCI_STATUS_SUCCESS);
	CHECK_HEX(value & (APIC_BASE_EXTD | APIC_BASE_EN), APIC_BASE_EXTD | APIC_BASE_EN);
	CHECK_GHCI(ghci_wrmsr(APIC_SVR, APIC_SVR_ENABLE | 0xf0), GHCI_STATUS_SUCCESS);
	CHECK_GHCI(ghci_rdmsr(APIC_SVR, &value), GHCI_STATUS_SUCCESS);
	CHECK_HEX(value, APIC_SVR_ENABLE | 0xf0);
}
TEST(ghci_msr, "the VMM's MSRs are read and written by TDVMCALL; the APIC is in x2APIC mode",
     "GHCI Instruction.RDMSR, Instruction.WRMSR", "KVM: write another spurious vector to SVR",
     NEEDS_NOTHING, ghci_msr);

static void ghci_msr_bad(void)
{
	uint64_t value;

	CHECK_GHCI(ghci_rdmsr(MSR_NONE, &value), GHCI_STATUS_INVALID_OPERAND);
	CHECK_GHCI(ghci_wrmsr(MSR_NONE, 0), GHCI_STATUS_INVALID_OPERAND);
	/* The TD's own: KVM has no access to it (fact sheet 7). */
	CHECK_GHCI(ghci_rdmsr(APIC_TPR, &value), GHCI_STATUS_INVALID_OPERAND);
	CHECK_GHCI(ghci_wrmsr(MSR_APIC_BASE, 0), GHCI_STATUS_INVALID_OPERAND);
}
TEST(ghci_msr_bad, "an MSR that KVM does not emulate is INVALID_OPERAND", "fact sheet 4.5",
     "KVM: emulate TPR, which is the TD's own", NEEDS_NOTHING, ghci_msr_bad);

static void ghci_mmio_bad(void)
{
	void *page = memory_page();
	uint64_t shared = GUEST_DEVICE_GPA | mmu_shared_bit();
	uint64_t value;

	TEST_REQUIRE(page, "no RAM left");
	CHECK_GHCI(ghci_mmio_read((uintptr_t)page, 4, &value), GHCI_STATUS_INVALID_OPERAND);
	CHECK_GHCI(ghci_mmio_write((uintptr_t)page, 4, 1), GHCI_STATUS_INVALID_OPERAND);
	CHECK_HEX(*(volatile uint32_t *)page, 0);
	CHECK_GHCI(ghci_mmio_read(shared, 3, &value), GHCI_STATUS_INVALID_OPERAND);
	CHECK_GHCI(ghci_mmio_read(shared, 16, &value), GHCI_STATUS_INVALID_OPERAND);
}
TEST(ghci_mmio_bad, "MMIO of a private GPA or a bad size is INVALID_OPERAND", "fact sheet 4.5",
     "KVM: emulate MMIO at a private GPA", NEEDS_NOTHING, ghci_mmio_bad);

static void ghci_hypercall(void)
{
	struct tdcall c = { .rax = TDG_VP_VMCALL, .rcx = GHCI_MASK, .r10 = 0xffff };

	CHECK_TDX(tdvmcall(&c), TDX_SUCCESS);
	CHECK_HEX(c.r10, (uint64_t)-KVM_ENOSYS);
}
TEST(ghci_hypercall, "R10 other than 0 is a KVM hypercall; an unknown one is ENOSYS",
     "fact sheet 4.5", "KVM: leave R10 alone after a hypercall", NEEDS_NOTHING, ghci_hypercall);

static void ghci_echo(void)
{
	struct tdcall c = {
		.rax = TDG_VP_VMCALL, .rcx = 0xffcc, .rdx = 1, .rbx = 2, .rsi = 3, .rdi = 4,
		.r8 = 5, .r9 = 6, .r11 = 0x1ffff, .r12 = 7, .r13 = 8, .r14 = 9, .r15 = 10,
	};

	CHECK_TDX(tdvmcall(&c), TDX_SUCCESS);
	CHECK_GHCI(c.r10, GHCI_STATUS_SUBFUNC_UNSUPPORTED);
	CHECK_DEC(c.rdx, 1);
	CHECK_DEC(c.rbx, 2);
	CHECK_DEC(c.rsi, 3);
	CHECK_DEC(c.rdi, 4);
	CHECK_DEC(c.r8, 5);
	CHECK_DEC(c.r9, 6);
	CHECK_DEC(c.r12, 7);
	CHECK_DEC(c.r13, 8);
	CHECK_DEC(c.r14, 9);
	CHECK_DEC(c.r15, 10);
}
TEST(ghci_echo, "exposed registers that KVM does not answer in come back as they went out",
     "fact sheet 4.5", "model: hand RSI to the host as zero", NEEDS_NOTHING, ghci_echo);

static void ghci_quote_private(void)
{
	void *page = memory_page();
	struct ghci g = { .r11 = GHCI_GET_QUOTE, .r12 = (uintptr_t)page, .r13 = PAGE_SIZE };

	TEST_REQUIRE(page, "no RAM left");
	CHECK_GHCI(ghci_call(&g), GHCI_STATUS_INVALID_OPERAND);
}
TEST(ghci_quote_private, "GetQuote into a private buffer is INVALID_OPERAND",
     "fact sheet 4.5 (GetQuote)", "KVM: pass a private GPA on to the VMM", NEEDS_NOTHING,
     ghci_quote_private);

static void ghci_notify_vector(void)
{
	static const uint64_t bad[] = { 0, 31, 256, 1ULL << 32 | 32 };

	for (unsigned int n = 0; n < sizeof(bad) / sizeof(bad[0]); n++) {
		struct ghci g = { .r11 = GHCI_SETUP_EVENT_NOTIFY_INTERRUPT, .r12 = bad[n] };

		CHECK_GHCI(ghci_call(&g), GHCI_STATUS_INVALID_OPERAND);
	}
}
TEST(ghci_notify_vector, "SetupEventNotifyInterrupt refuses vectors below 32 and above 255",
     "fact sheet 4.5 (SetupEventNotify)", "KVM: truncate the vector to 8 bits before the check",
     NEEDS_NOTHING, ghci_notify_vector);

static void ghci_notify_good(void)
{
	static const uint64_t good[] = { 32, 255 };

	for (unsigned int n = 0; n < sizeof(good) / sizeof(good[0]); n++) {
		struct ghci g = { .r11 = GHCI_SETUP_EVENT_NOTIFY_INTERRUPT, .r12 = good[n] };

		CHECK_GHCI(ghci_call(&g), GHCI_STATUS_SUBFUNC_UNSUPPORTED);
	}
}
TEST(ghci_notify_good, "SetupEventNotifyInterrupt takes 32 and 255 to the VMM, which has no events",
     "fact sheet 4.5 (SetupEventNotify), 8 (KVM_EXIT_TDX)",
     "VMM: say that SetupEventNotifyInterrupt is set up", NEEDS_NOTHING, ghci_notify_good);

static void ghci_quote_shared(void)
{
	volatile uint64_t *page = memory_page();
	uint64_t gpa = (uintptr_t)page;
	struct ghci g = {
		.r11 = GHCI_GET_QUOTE, .r12 = gpa | mmu_shared_bit(), .r13 = PAGE_SIZE,
	};

	TEST_REQUIRE(page, "no RAM left");
	if (!convert(gpa, PAGE_SIZE, true))
		return;
	*page = 0x1234;
	CHECK_GHCI(ghci_call(&g), GHCI_STATUS_SUBFUNC_UNSUPPORTED);
	CHECK_HEX(*page, 0x1234);
}
TEST(ghci_quote_shared, "GetQuote into a shared buffer goes to the VMM, which has no quotes",
     "fact sheet 4.5 (GetQuote), 8 (KVM_EXIT_TDX)", "VMM: say that GetQuote has succeeded",
     NEEDS_NOTHING, ghci_quote_shared);

/* What is not listed here is what the two above are refused. */
static void ghci_info_optional(void)
{
	struct ghci g;

	CHECK_GHCI(ghci_get_td_vmcall_info(1, &g), GHCI_STATUS_SUCCESS);
	CHECK_HEX(g.r11, 0);
	CHECK_HEX(g.r12, 0);
	CHECK_HEX(g.r13, 0);
	CHECK_HEX(g.r14, 0);
}
TEST(ghci_info_optional,
     "GetTdVmCallInfo leaf 1 lists what the VMM offers beside the base set: nothing",
     "fact sheet 4.5, C 1.2", "VMM: list GetQuote, which it does not have", NEEDS_NOTHING,
     ghci_info_optional);

static void ghci_fatal(void)
{
	static const char text[] = TEST_FATAL_TEXT;

	_Static_assert(sizeof(text) == 64 + 1, "ReportFatalError takes eight registers of text");
	/* Only the VMM sees the rest. */
	CHECK(memory_page());
	test_finish();
	ghci_report_fatal_error(TEST_FATAL_CODE, text);
}
TEST(ghci_fatal, "ReportFatalError ends the TD, with its code and its 64 bytes of text in order",
     "fact sheet 4.5 (ReportFatalError), C 1.2",
     "VMM: swap RSI and RDI in the text of ReportFatalError", EXPECT_FATAL, ghci_fatal);
