// SPDX-License-Identifier: GPL-2.0
#include "tdx/ghci.h"
#include "tdx/memory.h"
#include "tdx_abi/exit.h"
#include "x86/cpu.h"
#include "x86/mmio.h"
#include "x86/mmu.h"
#include "x86/ve.h"

/* A register written with 1 or 2 bytes keeps the others, one written with 4 is zero-extended. */
static void ve_merge(uint64_t *reg, unsigned int size, uint64_t value)
{
	uint64_t mask = size == 8 ? ~0ULL : (1ULL << 8 * size) - 1;

	*reg = (size >= 4 ? 0 : *reg & ~mask) | (value & mask);
}

static bool ve_cpuid(struct trap_frame *frame)
{
	uint32_t out[4];

	if (ghci_cpuid((uint32_t)frame->rax, (uint32_t)frame->rcx, out))
		return false;
	frame->rax = out[0];
	frame->rbx = out[1];
	frame->rcx = out[2];
	frame->rdx = out[3];
	return true;
}

static bool ve_io(struct trap_frame *frame, uint64_t qual)
{
	uint16_t port = (uint16_t)(qual >> VE_IO_PORT_SHIFT);
	unsigned int size = VE_IO_SIZE(qual);
	uint32_t value;

	if (qual & VE_IO_STRING)
		return false;
	if (!(qual & VE_IO_IN))
		return !ghci_io_write(port, size, (uint32_t)frame->rax);
	if (ghci_io_read(port, size, &value))
		return false;
	ve_merge(&frame->rax, size, value);
	return true;
}

static bool ve_rdmsr(struct trap_frame *frame)
{
	uint64_t value;

	if (ghci_rdmsr((uint32_t)frame->rcx, &value))
		return false;
	frame->rax = (uint32_t)value;
	frame->rdx = value >> 32;
	return true;
}

static bool ve_wrmsr(struct trap_frame *frame)
{
	return !ghci_wrmsr((uint32_t)frame->rcx, frame->rdx << 32 | (uint32_t)frame->rax);
}

static bool ve_mmio(struct trap_frame *frame, uint64_t gpa)
{
	struct mmio_insn insn;
	uint64_t value;

	if (!mmio_decode(frame, &insn))
		return false;
	if (insn.write) {
		if (ghci_mmio_write(gpa, insn.size, *insn.reg))
			return false;
	} else {
		if (ghci_mmio_read(gpa, insn.size, &value))
			return false;
		ve_merge(insn.reg, insn.size, value);
	}
	frame->rip += insn.length;
	return true;
}

/*
 * Shared: a device's register. Private: the first touch of RAM that is there but not accepted,
 * which becomes a #VE only with SEPT_VE_DISABLE = 0; the access is repeated.
 */
static bool ve_ept(struct trap_frame *frame, const struct ve_info *ve)
{
	if (ve->gpa & mmu_shared_bit())
		return ve_mmio(frame, ve->gpa);
	return memory_owns(ve->gpa) && memory_accept(ve->gpa & ~4095ULL, 4096);
}

bool ve_handle(struct trap_frame *frame)
{
	struct ve_info ve;
	struct cpu *cpu = cpu_this();
	bool done;

	if (tdg_vp_veinfo_get(&ve))
		return false;
	cpu->ve[ve.reason < CPU_VE_REASONS ? ve.reason : CPU_VE_REASONS - 1]++;

	switch (ve.reason) {
	case TDX_EXIT_CPUID:
		done = ve_cpuid(frame);
		break;
	case TDX_EXIT_IO:
		done = ve_io(frame, ve.qual);
		break;
	case TDX_EXIT_RDMSR:
		done = ve_rdmsr(frame);
		break;
	case TDX_EXIT_WRMSR:
		done = ve_wrmsr(frame);
		break;
	case TDX_EXIT_EPT_VIOLATION:
		return ve_ept(frame, &ve);	/* the length is not defined (fact sheet 9.5) */
	default:
		done = false;
	}
	if (done)
		frame->rip += ve.insn_len;
	return done;
}
