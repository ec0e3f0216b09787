// SPDX-License-Identifier: GPL-2.0
/* Accesses to shared GPAs that nothing backs: #VE, then TDVMCALL MMIO. */
#include "guest.h"
#include "probe.h"
#include "tdx/ghci.h"
#include "x86/cpu.h"
#include "x86/mmio.h"
#include "x86/mmu.h"

static void read_word(void *address)
{
	*(volatile uint32_t *)address;
}

static void mmio_ve(void)
{
	uint64_t gpa = GUEST_DEVICE_GPA + 0x124;
	struct trap trap;

	CHECK(mmu_set_shared(GUEST_DEVICE_GPA, PAGE_SIZE, true));
	if (!CHECK(trap_catch(&trap, read_word, (void *)gpa)))
		return;
	CHECK_TRAP(trap.vector, TRAP_VE);
	CHECK_REASON(trap.ve.reason, TDX_EXIT_EPT_VIOLATION);
	CHECK_HEX(trap.ve.gpa, gpa | mmu_shared_bit());
	CHECK_HEX(trap.ve.gla, gpa);
	CHECK_HEX(trap.ve.qual & 7, TDX_QUAL_READ);
}
TEST(mmio_ve, "a read of an unbacked shared GPA is an EPT #VE with the full GPA and GLA",
     "fact sheet 5.2", "model: leave the offset out of the GLA of a shared access", NEEDS_NOTHING,
     mmio_ve);

static void mmio_hole(void)
{
	uint32_t before = cpu_this()->ve[TDX_EXIT_EPT_VIOLATION];

	CHECK(mmu_set_shared(GUEST_DEVICE_GPA, PAGE_SIZE, true));
	CHECK_HEX(mmio_read32(GUEST_DEVICE_GPA), 0xffffffff);
	mmio_write32(GUEST_DEVICE_GPA, 0);
	CHECK_HEX(mmio_read32(GUEST_DEVICE_GPA), 0xffffffff);
	CHECK_DEC(cpu_this()->ve[TDX_EXIT_EPT_VIOLATION], before + 3);
}
TEST(mmio_hole, "an unbacked register reads all-ones and ignores writes, through #VE",
     "fact sheet 4.5 (MMIO)", "VMM: let what a write of 4 bytes wrote be read back", NEEDS_NOTHING,
     mmio_hole);

static void mmio_sizes(void)
{
	uint64_t gpa = GUEST_DEVICE_GPA | mmu_shared_bit();
	uint64_t value;

	for (unsigned int size = 1; size <= 8; size *= 2) {
		CHECK_GHCI(ghci_mmio_read(gpa, size, &value), GHCI_STATUS_SUCCESS);
		CHECK_HEX(value, size == 8 ? ~0ULL : (1ULL << 8 * size) - 1);
		CHECK_GHCI(ghci_mmio_write(gpa, size, 0), GHCI_STATUS_SUCCESS);
	}
}
TEST(mmio_sizes, "TDVMCALL MMIO takes 1, 2, 4 and 8 bytes and returns no more than that",
     "fact sheet 4.5 (MMIO)", "KVM: extend the sign of what the VMM answers", NEEDS_NOTHING,
     mmio_sizes);

static void mmio_registers(void)
{
	uint64_t word = 0x1122334455667788, dword = word, byte = word;
	uint64_t at = GUEST_DEVICE_GPA;

	CHECK(mmu_set_shared(at, PAGE_SIZE, true));
	asm volatile("movw 2(%1), %w0" : "+r"(word) : "r"(at) : "memory");
	asm volatile("movl 4(%1,%2,8), %k0" : "+r"(dword) : "r"(at), "r"(1ULL) : "memory");
	asm volatile("movb 0x100(%1), %b0" : "+r"(byte) : "r"(at) : "memory");
	CHECK_HEX(word, 0x112233445566ffff);
	CHECK_HEX(dword, 0xffffffff);
	CHECK_HEX(byte, 0x11223344556677ff);
}
TEST(mmio_registers, "an emulated MOV writes as much of its register as the instruction would",
     "fact sheet 9.5", "guest: zero-extend 16-bit reads", NEEDS_NOTHING, mmio_registers);
