// SPDX-License-Identifier: GPL-2.0
/* MapGPA: memory that changes between private and shared. */
#include "convert.h"
#include "guest.h"
#include "probe.h"
#include "tdx/ghci.h"
#include "tdx/memory.h"
#include "x86/apic.h"
#include "x86/cpu.h"
#include "x86/mmu.h"
#include "x86/smp.h"

static void map_round_trip(void)
{
	volatile uint64_t *word = memory_page();
	uint64_t gpa = (uintptr_t)word;

	TEST_REQUIRE(word, "no RAM left");
	*word = 0x1111;
	if (!convert(gpa, PAGE_SIZE, true))
		return;
	CHECK(*word != 0x1111);
	*word = 0x2222;
	CHECK_HEX(*word, 0x2222);

	if (!convert(gpa, PAGE_SIZE, false))
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
	if (!convert(gpa, size, true))
		return;
	*first = 1;
	*last = 2;
	CHECK_HEX(*first, 1);
	CHECK_HEX(*last, 2);
	if (!convert(gpa, size, false))
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
		if (!convert(gpa, PAGE_SIZE, true))
			return;
		*word = n;
		if (!convert(gpa, PAGE_SIZE, false) ||
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

/* KVM asks the VMM for 2 MiB at a time: the first are RAM's last, behind them is nothing. */
static void map_partial(void)
{
	uint64_t end = guest_config()->ram_bytes, gpa = end - PAGE_SIZE_2M, failed;
	volatile uint64_t *last = (volatile uint64_t *)(end - sizeof(*last));

	TEST_REQUIRE(memory_owns(gpa), "no RAM left");
	CHECK_GHCI(ghci_map_gpa(gpa | mmu_shared_bit(), 2 * PAGE_SIZE_2M, &failed),
		   GHCI_STATUS_INVALID_OPERAND);
	CHECK_HEX(failed, end | mmu_shared_bit());
	if (!CHECK(mmu_set_shared(gpa, PAGE_SIZE_2M, true)))
		return;
	*last = 1;
	CHECK_HEX(*last, 1);
}
TEST(map_partial,
     "MapGPA that leaves RAM names the GPA where it stopped; before that all is converted",
     "fact sheet 4.5 (MapGPA)", "VMM: convert what is no memory", NEEDS_NOTHING, map_partial);

#define VECTOR		0x62
#define MAP_TURNS	256

enum { CALM, STORM, OVER };
static uint32_t weather;

/* IPIs to vCPU 0, which takes none: one of them always waits. */
static void map_storm(void *opaque)
{
	uint64_t *status = opaque;

	*status = apic_send(0, VECTOR);
	__atomic_store_n(&weather, STORM, __ATOMIC_RELEASE);
	while (!*status && __atomic_load_n(&weather, __ATOMIC_ACQUIRE) == STORM)
		*status = apic_send(0, VECTOR);
}

/* From all private to shared, until an interrupt comes in the midst of it. */
static uint64_t map_until_cut(uint64_t gpa, uint64_t size, struct ghci *g)
{
	uint64_t failed, status = GHCI_STATUS_SUCCESS;

	for (unsigned int n = 0; !status && n < MAP_TURNS; n++) {
		/* Out of step with the other vCPU. */
		for (unsigned int wait = 0; wait < n; wait++)
			cpu_relax();
		*g = (struct ghci){
			.r11 = GHCI_MAP_GPA, .r12 = gpa | mmu_shared_bit(), .r13 = size,
		};
		if (CHECK_GHCI(ghci_map_gpa(gpa, size, &failed), GHCI_STATUS_SUCCESS))
			status = ghci_call(g);
	}
	return status;
}

static void map_retry(void)
{
	static const uint64_t size = 4 * PAGE_SIZE_2M;
	uint64_t gpa = memory_reserve(size, PAGE_SIZE_2M), status, at, failed;
	struct ghci g;

	TEST_REQUIRE(gpa, "no RAM left");
	CHECK_GHCI(apic_enable(), GHCI_STATUS_SUCCESS);
	smp_start(1, map_storm, &status);
	while (__atomic_load_n(&weather, __ATOMIC_ACQUIRE) == CALM)
		cpu_relax();
	CHECK_GHCI(map_until_cut(gpa, size, &g), GHCI_STATUS_RETRY);
	/* KVM looks for an interrupt after each 2 MiB but the last. */
	at = g.r11 ^ mmu_shared_bit();
	CHECK(at > gpa && at < gpa + size);
	CHECK_HEX(at % PAGE_SIZE_2M, 0);
	CHECK_GHCI(ghci_map_gpa(g.r11, gpa + size - at, &failed), GHCI_STATUS_SUCCESS);
	__atomic_store_n(&weather, OVER, __ATOMIC_RELEASE);
	CHECK(smp_wait(1));
	CHECK_GHCI(status, GHCI_STATUS_SUCCESS);
	if (!CHECK(mmu_set_shared(gpa, size, true)))
		return;
	for (at = gpa; at < gpa + size; at += PAGE_SIZE_2M)
		*(volatile uint64_t *)at = at;
	for (at = gpa; at < gpa + size; at += PAGE_SIZE_2M)
		CHECK_HEX(*(volatile uint64_t *)at, at);
}
TEST(map_retry,
     "an interrupt that waits cuts a long MapGPA by RETRY; it goes on from the GPA that is named",
     "fact sheet 4.5 (MapGPA), C 1.2",
     "KVM: name the page behind the GPA where it stopped for an interrupt", NEEDS_SMP, map_retry);

static void touch(uint64_t gpa)
{
	*(volatile uint64_t *)gpa;
}

static void map_private_touch(void)
{
	uint64_t gpa = (uintptr_t)memory_page(), failed;

	TEST_REQUIRE(gpa, "no RAM left");
	if (CHECK_GHCI(ghci_map_gpa(gpa | mmu_shared_bit(), PAGE_SIZE, &failed),
		       GHCI_STATUS_SUCCESS))
		test_end_refused(touch, gpa);
}
TEST(map_private_touch,
     "a private access to a page that was made shared goes to the VMM, and is refused",
     "fact sheet 9.7, 8 (KVM_EXIT_MEMORY_FAULT)", "VMM: make a page private that is accessed so",
     EXPECT_REFUSED, map_private_touch);

static void map_shared_touch(void)
{
	uint64_t gpa = (uintptr_t)memory_page();

	TEST_REQUIRE(gpa, "no RAM left");
	if (CHECK(mmu_set_shared(gpa, PAGE_SIZE, true)))
		test_end_refused(touch, gpa);
}
TEST(map_shared_touch, "a shared access to a page that is private goes to the VMM, and is refused",
     "fact sheet 8 (KVM_EXIT_MEMORY_FAULT)", "VMM: make a page shared that is accessed so",
     EXPECT_REFUSED, map_shared_touch);

#define PATIENCE	(1u << 24)	/* reads in which a MapGPA is long over */

static uint32_t reading;

static void read_on(uint64_t gpa)
{
	__atomic_store_n(&reading, 1, __ATOMIC_RELEASE);
	for (unsigned int n = 0; n < PATIENCE; n++)
		touch(gpa);
}

static void map_reader(void *opaque)
{
	test_end_refused(read_on, (uintptr_t)opaque);
}

static void map_stale(void)
{
	uint64_t *page = memory_page(), failed;

	TEST_REQUIRE(page, "no RAM left");
	*page = 1;
	CHECK_HEX(*page, 1);
	smp_start(1, map_reader, page);
	while (!__atomic_load_n(&reading, __ATOMIC_ACQUIRE))
		cpu_relax();
	/* Nothing is checked from here on: the other vCPU ends the test. */
	ghci_map_gpa((uintptr_t)page | mmu_shared_bit(), PAGE_SIZE, &failed);
	smp_wait(1);
}
TEST(map_stale,
     "a vCPU that reads on while another makes its page shared loses it, also from its TLB",
     "fact sheet 6.3, 9.7", "VMM: leave the first page private that a TD of two vCPUs shares",
     NEEDS_SMP | EXPECT_REFUSED, map_stale);
