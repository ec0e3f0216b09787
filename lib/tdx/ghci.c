// SPDX-License-Identifier: GPL-2.0
#include "core/string.h"
#include "tdx/ghci.h"
#include "tdx/tdcall.h"
#include "tdx_abi/td.h"

#define GHCI_MAP_RETRIES	10000

uint64_t ghci_call(struct ghci *g)
{
	struct tdcall c = {
		.rax = TDG_VP_VMCALL, .rcx = GHCI_MASK,
		.r11 = g->r11, .r12 = g->r12, .r13 = g->r13, .r14 = g->r14, .r15 = g->r15,
	};

	tdvmcall(&c);
	*g = (struct ghci){ c.r11, c.r12, c.r13, c.r14, c.r15 };
	return c.r10;
}

/* TDG.VP.VMCALL<Instruction.CPUID> */
uint64_t ghci_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	struct ghci g = { .r11 = GHCI_CPUID, .r12 = leaf, .r13 = subleaf };
	uint64_t status = ghci_call(&g);

	out[0] = (uint32_t)g.r12;
	out[1] = (uint32_t)g.r13;
	out[2] = (uint32_t)g.r14;
	out[3] = (uint32_t)g.r15;
	return status;
}

/* TDG.VP.VMCALL<Instruction.HLT>; R12 = 0: an interrupt that is pending now ends the wait. */
uint64_t ghci_hlt(void)
{
	struct tdcall c = { .rax = TDG_VP_VMCALL, .rcx = GHCI_MASK, .r11 = GHCI_HLT };

	tdvmcall_sti(&c);
	return c.r10;
}

/* TDG.VP.VMCALL<Instruction.IO> */
uint64_t ghci_io_read(uint16_t port, unsigned int size, uint32_t *value)
{
	struct ghci g = { .r11 = GHCI_IO, .r12 = size, .r13 = 0, .r14 = port };
	uint64_t status = ghci_call(&g);

	*value = (uint32_t)g.r11;
	return status;
}

uint64_t ghci_io_write(uint16_t port, unsigned int size, uint32_t value)
{
	struct ghci g = { .r11 = GHCI_IO, .r12 = size, .r13 = 1, .r14 = port, .r15 = value };

	return ghci_call(&g);
}

/* TDG.VP.VMCALL<Instruction.RDMSR> */
uint64_t ghci_rdmsr(uint32_t msr, uint64_t *value)
{
	struct ghci g = { .r11 = GHCI_RDMSR, .r12 = msr };
	uint64_t status = ghci_call(&g);

	*value = g.r11;
	return status;
}

/* TDG.VP.VMCALL<Instruction.WRMSR> */
uint64_t ghci_wrmsr(uint32_t msr, uint64_t value)
{
	struct ghci g = { .r11 = GHCI_WRMSR, .r12 = msr, .r13 = value };

	return ghci_call(&g);
}

/* TDG.VP.VMCALL<#VE.RequestMMIO> */
uint64_t ghci_mmio_read(uint64_t gpa, unsigned int size, uint64_t *value)
{
	struct ghci g = { .r11 = GHCI_MMIO, .r12 = size, .r13 = 0, .r14 = gpa };
	uint64_t status = ghci_call(&g);

	*value = g.r11;
	return status;
}

uint64_t ghci_mmio_write(uint64_t gpa, unsigned int size, uint64_t value)
{
	struct ghci g = { .r11 = GHCI_MMIO, .r12 = size, .r13 = 1, .r14 = gpa, .r15 = value };

	return ghci_call(&g);
}

/* TDG.VP.VMCALL<GetTdVmCallInfo> */
uint64_t ghci_get_td_vmcall_info(uint64_t leaf, struct ghci *out)
{
	*out = (struct ghci){ .r11 = GHCI_GET_TD_VMCALL_INFO, .r12 = leaf };
	return ghci_call(out);
}

/*
 * TDG.VP.VMCALL<MapGPA>. The VMM may stop part-way and name the next GPA, which has to make
 * progress.
 */
uint64_t ghci_map_gpa(uint64_t gpa, uint64_t size, uint64_t *failed)
{
	uint64_t end = gpa + size;
	struct ghci g;
	uint64_t status;

	for (unsigned int n = 0; n < GHCI_MAP_RETRIES; n++) {
		g = (struct ghci){ .r11 = GHCI_MAP_GPA, .r12 = gpa, .r13 = end - gpa };
		status = ghci_call(&g);
		*failed = g.r11;
		if (status != GHCI_STATUS_RETRY)
			return status;
		if (g.r11 < gpa || g.r11 >= end)
			return GHCI_STATUS_INVALID_OPERAND;
		gpa = g.r11;
	}
	return GHCI_STATUS_RETRY;
}

/*
 * TDG.VP.VMCALL<ReportFatalError>: the text goes in R14, R15, RBX, RDI, RSI, R8, R9, RDX, in this
 * order.
 */
void ghci_report_fatal_error(uint64_t code, const char *text)
{
	uint64_t word[8] = { 0 };

	memcpy(word, text, strnlen(text, sizeof(word)));
	for (;;) {
		struct tdcall c = {
			.rax = TDG_VP_VMCALL, .rcx = TD_VMCALL_MASK_ALL,
			.r11 = GHCI_REPORT_FATAL_ERROR, .r12 = code,
			.r14 = word[0], .r15 = word[1], .rbx = word[2], .rdi = word[3],
			.rsi = word[4], .r8 = word[5], .r9 = word[6], .rdx = word[7],
		};

		tdvmcall(&c);
	}
}
