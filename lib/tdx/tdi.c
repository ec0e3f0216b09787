// SPDX-License-Identifier: GPL-2.0
#include "core/string.h"
#include "tdx/ghci.h"
#include "tdx/memory.h"
#include "tdx/tdcall.h"
#include "tdx/tdi.h"
#include "x86/insn.h"
#include "x86/mmu.h"

#define POLLS	1000000		/* of the status byte, before the VMM counts as silent */

uint64_t tdg_tdi_rd(uint64_t func, uint64_t field, void *page, uint64_t *value)
{
	struct tdcall c = {
		.rax = TDG_TDI_RD, .rcx = func, .rdx = field, .r8 = (uintptr_t)page,
	};

	tdcall(&c);
	*value = c.rcx;
	return c.rax;
}

uint64_t tdg_tdi_start(uint64_t func, uint64_t session)
{
	struct tdcall c = { .rax = TDG_TDI_START, .rcx = func, .rdx = session };

	return tdcall(&c);
}

uint64_t tdg_dmar_accept(uint64_t func, uint64_t target)
{
	struct tdcall c = { .rax = TDG_DMAR_ACCEPT, .rcx = func, .rdx = target };

	return tdcall(&c);
}

uint64_t tdg_mmio_accept(uint64_t func, uint64_t range, struct mmio_accept *accept)
{
	struct tdcall c = {
		.rax = TDG_MMIO_ACCEPT, .rcx = accept->gpa, .rdx = range, .r8 = func,
		.r9 = (uint64_t)accept->offset << TDX_ACCEPT_OFFSET_SHIFT | accept->pages,
	};

	tdcall(&c);
	accept->gpa = c.rcx;
	accept->offset = c.r9 >> TDX_ACCEPT_OFFSET_SHIFT;
	accept->pages = (uint32_t)c.r9;
	return c.rax;
}

static struct {
	volatile struct tdcm_buffer *at;
	uint64_t bytes;
} buffer;

bool tdcm_init(uint64_t bytes)
{
	uint64_t gpa = memory_reserve(bytes, PAGE_SIZE), failed;

	if (!gpa || ghci_map_gpa(gpa | mmu_shared_bit(), bytes, &failed) ||
	    !mmu_set_shared(gpa, bytes, true))
		return false;
	buffer.at = (volatile struct tdcm_buffer *)gpa;
	buffer.bytes = bytes;
	return true;
}

uint64_t tdcm_gpa(void)
{
	return (uintptr_t)buffer.at | mmu_shared_bit();
}

volatile struct tdcm_buffer *tdcm_buffer(void)
{
	return buffer.at;
}

uint64_t ghci_tdcm(uint64_t devid, uint64_t gpa, uint64_t bytes, uint64_t vector)
{
	struct ghci g = { .r11 = GHCI_TDCM, .r12 = devid, .r13 = gpa, .r14 = bytes, .r15 = vector };

	return ghci_call(&g);
}

void tdcm_prepare(volatile struct tdcm_buffer *at, enum tdcm_op op)
{
	volatile uint8_t *byte = (volatile uint8_t *)at;

	for (unsigned int n = 0; n < TDCM_HEADER_BYTES; n++)
		byte[n] = 0;
	at->operation = op;
}

struct tdcm_result tdcm_call(uint16_t devid, enum tdcm_op op, void *data, uint32_t min, uint32_t max)
{
	struct tdcm_result result = { 0 };
	uint32_t room = buffer.bytes - TDCM_HEADER_BYTES;
	uint8_t *to = data;

	tdcm_prepare(buffer.at, op);
	result.ghci = ghci_tdcm(devid, tdcm_gpa(), buffer.bytes, 0);
	if (result.ghci)
		return result;
	for (unsigned int n = 0; n < POLLS && !result.status; n++)
		result.status = buffer.at->status;
	asm volatile("lfence" : : : "memory");
	result.error = buffer.at->error;
	result.length = buffer.at->data_length;
	result.ok = result.status == TDCM_COMPLETED && result.length >= min &&
		    result.length <= max && result.length <= room;
	for (uint32_t n = 0; result.ok && n < result.length; n++)
		to[n] = buffer.at->data[n];
	return result;
}
