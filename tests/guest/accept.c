// SPDX-License-Identifier: GPL-2.0
/* TDG.MEM.PAGE.ACCEPT: what it does to a page, and what it refuses. */
#include "guest.h"
#include "probe.h"
#include "tdx/memory.h"
#include "x86/mmu.h"
#include "x86/smp.h"

static bool page_is_zero(uint64_t gpa)
{
	const volatile uint64_t *word = (const volatile uint64_t *)gpa;

	for (unsigned int n = 0; n < PAGE_SIZE / sizeof(*word); n++)
		if (word[n])
			return false;
	return true;
}

static void accept_zero(void)
{
	uint64_t gpa = memory_reserve(PAGE_SIZE, PAGE_SIZE);

	TEST_REQUIRE(gpa, "no RAM left");
	if (!CHECK_TDX(tdg_mem_page_accept(gpa, 0), TDX_SUCCESS))
		return;
	CHECK(page_is_zero(gpa));
	*(volatile uint64_t *)gpa = 0x1234;
	CHECK_HEX(*(volatile uint64_t *)gpa, 0x1234);
}
TEST(accept_zero, "an accepted page reads as zero and can be written", "fact sheet 6.2",
     "model: leave the last word of the page as it was at ACCEPT", NEEDS_NOTHING, accept_zero);

static void accept_twice(void)
{
	uint64_t gpa = memory_reserve(PAGE_SIZE, PAGE_SIZE);
	volatile uint64_t *word = (volatile uint64_t *)gpa;

	TEST_REQUIRE(gpa, "no RAM left");
	CHECK_TDX(tdg_mem_page_accept(gpa, 0), TDX_SUCCESS);
	*word = 0x5678;
	CHECK_TDX(tdg_mem_page_accept(gpa, 0), TDX_STATUS(PAGE_ALREADY_ACCEPTED, 0));
	CHECK_HEX(*word, 0x5678);
}
TEST(accept_twice, "a second ACCEPT says so and leaves the contents alone", "fact sheet 6.2",
     "model: zero the page also where it was accepted already", NEEDS_NOTHING, accept_twice);

static void accept_image(void)
{
	static uint8_t page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

	CHECK_TDX(tdg_mem_page_accept((uintptr_t)page, 0), TDX_STATUS(PAGE_ALREADY_ACCEPTED, 0));
}
TEST(accept_image, "a page that the VMM added before the TD ran is accepted already",
     "fact sheet 6.2, 8", "model: let ACCEPT take a page of the image again", NEEDS_NOTHING,
     accept_image);

static void accept_2m_falls_back(void)
{
	uint64_t gpa = memory_reserve(PAGE_SIZE_2M, PAGE_SIZE_2M);

	TEST_REQUIRE(gpa, "no RAM left");
	CHECK_TDX(tdg_mem_page_accept(gpa, 1), TDX_STATUS(PAGE_SIZE_MISMATCH, 1));
	CHECK(memory_accept(gpa, PAGE_SIZE_2M));
	CHECK(page_is_zero(gpa));
	CHECK(page_is_zero(gpa + PAGE_SIZE_2M - PAGE_SIZE));
}
TEST(accept_2m_falls_back, "a 2 MiB ACCEPT of memory that KVM maps by 4 KiB is PAGE_SIZE_MISMATCH",
     "fact sheet 6.2", "model: call it a success where smaller pages are", NEEDS_NOTHING,
     accept_2m_falls_back);

static void accept_operand(void)
{
	uint64_t gpa = memory_reserve(PAGE_SIZE_2M, PAGE_SIZE_2M);
	const struct { uint64_t gpa; unsigned int level; } bad[] = {
		{ gpa, 2 }, { gpa, 3 }, { gpa, 7 },	/* 1 GiB and above */
		{ gpa + PAGE_SIZE, 1 },			/* off 2 MiB */
		{ gpa | 8, 0 }, { gpa | 0x800, 0 },	/* bits 11:3 */
		{ gpa | mmu_shared_bit(), 0 },
		{ gpa | 1ULL << 52, 0 }, { gpa | 1ULL << 63, 0 },
	};

	TEST_REQUIRE(gpa, "no RAM left");
	for (unsigned int n = 0; n < sizeof(bad) / sizeof(bad[0]); n++)
		if (!CHECK_TDX(tdg_mem_page_accept(bad[n].gpa, bad[n].level),
			       TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX)))
			test_log("RCX %llx", (unsigned long long)(bad[n].gpa | bad[n].level));
}
TEST(accept_operand, "ACCEPT refuses 1 GiB, misaligned, shared and malformed operands",
     "fact sheet 6.2, 2.2", "model: mask the SHARED bit off instead of refusing it", NEEDS_NOTHING,
     accept_operand);

static void accept_range(void)
{
	const unsigned int nr = 64;
	uint64_t gpa = memory_reserve(nr * PAGE_SIZE, PAGE_SIZE);
	unsigned int wrong = 0;

	TEST_REQUIRE(gpa, "no RAM left");
	CHECK(memory_accept(gpa, nr * PAGE_SIZE));
	for (unsigned int n = 0; n < nr; n++)
		*(volatile uint64_t *)(gpa + n * PAGE_SIZE) = n + 1;
	for (unsigned int n = 0; n < nr; n++)
		wrong += *(volatile uint64_t *)(gpa + n * PAGE_SIZE) != n + 1;
	CHECK_DEC(wrong, 0);
}
TEST(accept_range, "64 accepted pages are 64 different pages", "fact sheet 6.2",
     "model: translate pages that are 32 pages apart to the same one", NEEDS_NOTHING, accept_range);

#define RACE_PAGES	32

static struct accept_race {
	uint64_t gpa;
	uint32_t ready;
	uint32_t won[RACE_PAGES], already[RACE_PAGES], other;
} race;

static void accept_racer(void *opaque)
{
	struct accept_race *r = opaque;

	__atomic_fetch_add(&r->ready, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&r->ready, __ATOMIC_ACQUIRE) < 2)
		cpu_relax();
	for (unsigned int n = 0; n < RACE_PAGES; n++) {
		uint64_t status;

		do
			status = tdg_mem_page_accept(r->gpa + n * PAGE_SIZE, 0);
		while (TDX_STATUS_HI(status) == TDX_HI_OPERAND_BUSY);
		if (!status)
			__atomic_fetch_add(&r->won[n], 1, __ATOMIC_RELAXED);
		else if (status == TDX_STATUS(PAGE_ALREADY_ACCEPTED, 0))
			__atomic_fetch_add(&r->already[n], 1, __ATOMIC_RELAXED);
		else
			__atomic_fetch_add(&r->other, 1, __ATOMIC_RELAXED);
	}
}

static void accept_race(void)
{
	unsigned int wrong = 0;

	race.gpa = memory_reserve(RACE_PAGES * PAGE_SIZE, PAGE_SIZE);
	TEST_REQUIRE(race.gpa, "no RAM left");
	smp_start(1, accept_racer, &race);
	accept_racer(&race);
	CHECK(smp_wait(1));
	for (unsigned int n = 0; n < RACE_PAGES; n++)
		wrong += race.won[n] != 1 || race.already[n] != 1;
	CHECK_DEC(wrong, 0);
	CHECK_DEC(race.other, 0);
}
TEST(accept_race, "of two vCPUs that accept the same page one succeeds and one is told",
     "fact sheet 6.2, 6.4",
     "model: in a TD with two vCPUs, call the second ACCEPT of a page a success too", NEEDS_SMP,
     accept_race);
