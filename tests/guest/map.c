// SPDX-License-Identifier: GPL-2.0
/* MapGPA: memory that changes between private and shared. */
#include "guest.h"
#include "probe.h"
#include "tdx/ghci.h"
#include "tdx/memory.h"
#include "x86/mmu.h"

static bool map(uint64_t gpa, uint64_t size, bool shared)
{
	uint64_t failed;

	return CHECK_GHCI(ghci_map_gpa(gpa | (shared ? mmu_shared_bit() : 0), size, &failed),
			  GHCI_STATUS_SUCCESS) &&
	       mmu_set_shared(gpa, size, shared);
}

static void map_round_trip(void)
{
	volatile uint64_t *word = memory_page();
	uint64_t gpa = (uintptr_t)word;

	TEST_REQUIRE(word, "no RAM left");
	*word = 0x1111;
	if (!map(gpa, PAGE_SIZE, true))
		return;
	CHECK(*word != 0x1111);
	*word = 0x2222;
	CHECK_HEX(*word, 0x2222);

	if (!map(gpa, PAGE_SIZE, false))
		return;
	CHECK_TDX(tdg_mem_page_accept(gpa, 0), TDX_SUCCESS);
	CHECK_HEX(*word, 0);
}
TEST(map_round_trip,
     "a page goes to shared without its contents, and back to a zeroed private page",
     "fact sheet 9.7, 6.2", "VMM: leave a single page shared that is to become private",
     NEEDS_NOTHING, map_round_trip);

static void map_many(void)
{
	static const uint64_t size = 2 * PAGE_SIZE_2M;
	uint64_t gpa = memory_reserve(size, PAGE_SIZE_2M);
	volatile uint64_t *first = (volatile uint64_t *)gpa;
	volatile uint64_t *last = (volatile uint64_t *)(gpa + size - sizeof(*last));

	TEST_REQUIRE(gpa, "no RAM left");
	if (!map(gpa, size, true))
		return;
	*first = 1;
	*last = 2;
	CHECK_HEX(*first, 1);
	CHECK_HEX(*last, 2);
	if (!map(gpa, size, false))
		return;
	CHECK(memory_accept(gpa, PAGE_SIZE));
	CHECK(memory_accept(gpa + size - PAGE_SIZE, PAGE_SIZE));
	CHECK_HEX(*first, 0);
	CHECK_HEX(*last, 0);
}
TEST(map_many, "4 MiB are converted by one MapGPA, all of them, there and back",
     "fact sheet 4.5 (MapGPA)", "KVM: leave the last 2 MiB out", NEEDS_NOTHING, map_many);

static void map_many_times(void)
{
	volatile uint64_t *word = memory_page();
	uint64_t gpa = (uintptr_t)word;

	TEST_REQUIRE(word, "no RAM left");
	for (uint64_t n = 1; n <= 16; n++) {
		if (!map(gpa, PAGE_SIZE, true))
			return;
		*word = n;
		if (!map(gpa, PAGE_SIZE, false) ||
		    !CHECK_TDX(tdg_mem_page_accept(gpa, 0), TDX_SUCCESS) || !CHECK_HEX(*word, 0))
			return;
		*word = ~n;
	}
}
TEST(map_many_times, "a page can change sides 16 times and is zero after each ACCEPT",
     "fact sheet 9.7, 6.3", "model: from TLB epoch 10 on, leave a byte of the page at ACCEPT",
     NEEDS_NOTHING, map_many_times);

static void map_refused(void)
{
	uint64_t shared = mmu_shared_bit();
	uint64_t gpa = memory_reserve(2 * PAGE_SIZE, PAGE_SIZE);
	const struct { uint64_t gpa, size, status; } bad[] = {
		{ gpa + 1,		PAGE_SIZE,	GHCI_STATUS_ALIGN_ERROR },
		{ gpa | shared | 0x800,	PAGE_SIZE,	GHCI_STATUS_ALIGN_ERROR },
		{ gpa,			PAGE_SIZE - 1,	GHCI_STATUS_ALIGN_ERROR },
		{ gpa,			0,		GHCI_STATUS_INVALID_OPERAND },
		{ shared - PAGE_SIZE,	2 * PAGE_SIZE,	GHCI_STATUS_INVALID_OPERAND },
		{ gpa,			-PAGE_SIZE,	GHCI_STATUS_INVALID_OPERAND },
	};

	TEST_REQUIRE(gpa, "no RAM left");
	for (unsigned int n = 0; n < sizeof(bad) / sizeof(bad[0]); n++) {
		struct ghci g = { .r11 = GHCI_MAP_GPA, .r12 = bad[n].gpa, .r13 = bad[n].size };

		CHECK_GHCI(ghci_call(&g), bad[n].status);
		CHECK_HEX(g.r11, bad[n].gpa);
	}
	/* Nothing has changed: the page is private still. */
	CHECK(memory_accept(gpa, PAGE_SIZE));
}
TEST(map_refused,
     "MapGPA refuses what is misaligned, empty or across the SHARED boundary, and names the GPA",
     "fact sheet 4.5 (MapGPA)", "KVM: leave R11 alone on error", NEEDS_NOTHING, map_refused);
