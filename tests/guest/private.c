// SPDX-License-Identifier: GPL-2.0
/* Private MMIO, page by page: in which order and size it is accepted, what may be done with it. */
#include "tdi.h"
#include "core/string.h"
#include "tdx/memory.h"
#include "tdx_abi/exit.h"
#include "x86/cpu.h"

#define HOLE_RANGE	2	/* of the report: the page of the MSI-X table, which is not TEE */

/* ---- ACCEPT ---- */

static uint64_t accept(const struct tdi *tdi, uint64_t index, struct mmio_accept *at)
{
	return tdg_mmio_accept(tdi->dev.bdf, index, at);
}

static bool accept_page(const struct tdi *tdi, const struct attest_range *range, uint64_t page)
{
	struct mmio_accept at = {
		.gpa = range->gpa + page * PAGE_SIZE, .offset = page, .pages = 1,
	};

	return CHECK_TDX(accept(tdi, range->index, &at), TDX_SUCCESS) &&
	       CHECK_HEX(at.gpa, range->gpa + (page + 1) * PAGE_SIZE) &&
	       CHECK_DEC(at.offset, page + 1) && CHECK_DEC(at.pages, 0);
}

/* A word of the page, or the register that keeps what it is given. */
static uint64_t word_of(const struct tdi *tdi, uint64_t page)
{
	return page == tdi->dev.bar0 ? page + TESTDEV_SCRATCH : page;
}

static void connect_pages(void)
{
	uint64_t pages = 0;
	struct tdi tdi;

	if (!tdi_lock(&tdi))
		return;
	for (unsigned int n = tdi.attested.nr; n--;)
		for (uint64_t page = tdi.attested.range[n].pages; page--; pages++)
			if (!accept_page(&tdi, &tdi.attested.range[n], page))
				return;
	test_value("pages_accepted", pages);
	if (!tdi_start(&tdi))
		return;
	for (unsigned int pass = 0; pass < 2; pass++)
		for (unsigned int n = 0; n < tdi.attested.nr; n++)
			for (uint64_t page = 0; page < tdi.attested.range[n].pages; page++) {
				uint64_t at = tdi.attested.range[n].gpa + page * PAGE_SIZE;

				if (!pass)
					testdev_write64(word_of(&tdi, at), at);
				else
					CHECK_HEX(testdev_read64(word_of(&tdi, at)), at);
			}
	tdi_unbind(&tdi);
}
TEST(connect_pages,
     "pages of both BARs can be accepted one by one from the last to the first, and each is itself",
     "fact sheet C 2.6", "model: accept the rest of the range where one page is asked for",
     NEEDS_CONNECT, connect_pages);

static void connect_accept_resume(void)
{
	const struct attest_range *range;
	struct mmio_accept at;
	struct tdi tdi;

	if (!tdi_lock(&tdi))
		return;
	range = &tdi.attested.range[0];
	if (!accept_page(&tdi, range, 5))
		return;
	at = (struct mmio_accept){ .gpa = range->gpa, .pages = range->pages };
	CHECK_TDX(accept(&tdi, range->index, &at), TDX_STATUS(PAGE_ALREADY_ACCEPTED, 0));
	CHECK_HEX(at.gpa, range->gpa + 5 * PAGE_SIZE);
	CHECK_DEC(at.offset, 5);
	CHECK_DEC(at.pages, range->pages - 5);
	at.gpa += PAGE_SIZE;
	at.offset++;
	at.pages--;
	CHECK_TDX(accept(&tdi, range->index, &at), TDX_SUCCESS);
	CHECK_HEX(at.gpa, range->gpa + range->pages * PAGE_SIZE);
	CHECK_DEC(at.pages, 0);
	test_value("pages_accepted", range->pages);
	tdi_unbind(&tdi);
}
TEST(connect_accept_resume,
     "MMIO.ACCEPT of a range stops at a page that is accepted, says where, and can go on behind it",
     "fact sheet C 2.6 (progress)", "model: count the page that was accepted before as done, too",
     NEEDS_CONNECT, connect_accept_resume);

/* BAR 0 begins at a multiple of 1 GiB: nothing but its size is in the way. */
static void accept_large(const struct tdi *tdi)
{
	const uint64_t outside = TDX_STATUS(MMIO_PAGE_NOT_IN_ASSOC_RANGE, TDX_OP_R9);
	const struct { struct mmio_accept at; uint64_t status; } tries[] = {
		{ { tdi->dev.bar0 | 1, 0, 512 }, outside },
		{ { tdi->dev.bar0 | 2, 0, 1 << 18 }, outside },
		{ { tdi->dev.bar0 | 1, 0, 16 }, TDX_STATUS(OPERAND_INVALID, TDX_OP_R9) },
		{ { tdi->dev.bar0 | 1, 16, 512 }, TDX_STATUS(OPERAND_INVALID, TDX_OP_R9) },
		{ { tdi->dev.bar2 | 1, 0, 512 }, TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX) },
		{ { tdi->dev.bar0 | 3, 0, 512 }, TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX) },
	};

	for (unsigned int n = 0; n < sizeof(tries) / sizeof(tries[0]); n++) {
		struct mmio_accept at = tries[n].at;

		CHECK_TDX(accept(tdi, 0, &at), tries[n].status);
	}
}

static void connect_accept_sizes(void)
{
	struct tdi tdi;

	if (!tdi_lock(&tdi))
		return;
	accept_large(&tdi);
	accept_page(&tdi, &tdi.attested.range[0], 0);
	tdi_unbind(&tdi);
}
TEST(connect_accept_sizes,
     "MMIO.ACCEPT by 2 MiB or 1 GiB of a BAR that is smaller is refused, and 4 KiB then work",
     "fact sheet C 2.6 (rows 1, 4, 7)", "model: accept a count that is no whole number of 2 MiB",
     NEEDS_CONNECT, connect_accept_sizes);

static void connect_hole(void)
{
	volatile uint32_t *exits = &cpu_this()->ve[TDX_EXIT_EPT_VIOLATION];
	uint32_t before;
	struct mmio_accept at;
	struct tdi tdi;
	uint64_t hole;

	if (!tdi_run(&tdi))
		return;
	hole = tdi.dev.bar2 + TESTDEV_MSIX_TABLE;
	at = (struct mmio_accept){ .gpa = tdi.dev.bar0, .pages = 1 };
	CHECK_TDX(accept(&tdi, HOLE_RANGE, &at), TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX));
	at = (struct mmio_accept){ .gpa = hole, .pages = 1 };
	CHECK_TDX(accept(&tdi, HOLE_RANGE, &at), TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX));

	/* The VMM emulates it, and has nothing to say; its neighbours are the device's. */
	if (!CHECK(mmu_set_shared(hole, PAGE_SIZE, true)))
		return;
	before = *exits;
	CHECK_HEX(testdev_read32(hole), 0xffffffff);
	CHECK_DEC(*exits - before, 1);
	testdev_write32(hole - 4, 0x1111);
	testdev_write32(hole + PAGE_SIZE, 0x2222);
	CHECK_HEX(testdev_read32(hole - 4), 0x1111);
	CHECK_HEX(testdev_read32(hole + PAGE_SIZE), 0x2222);
	CHECK_DEC(*exits - before, 1);
	tdi_unbind(&tdi);
}
TEST(connect_hole,
     "the page of the MSI-X table is never private: ACCEPT refuses it, in RUN the VMM emulates it",
     "fact sheet C 2.6 (row 7), 5.4, 8 row 13",
     "model: let MMIO.ACCEPT take a range that is not TEE", NEEDS_CONNECT, connect_hole);

static void connect_shared_alias(void)
{
	struct tdi tdi;

	if (!tdi_run(&tdi))
		return;
	CHECK_HEX(testdev_read32(tdi.dev.bar0), TESTDEV_MAGIC);
	if (CHECK(mmu_set_shared(tdi.dev.bar0, PAGE_SIZE, true)))
		test_end_refused(testdev_touch, tdi.dev.bar0);
}
TEST(connect_shared_alias, "the shared alias of a page of private MMIO is refused",
     "fact sheet C 8 row 13", "model: translate the shared alias of private MMIO as that",
     NEEDS_CONNECT | EXPECT_REFUSED, connect_shared_alias);

/* ---- use ---- */

static void access_as(unsigned int size, uint64_t at, uint64_t *value, bool write)
{
	switch (size) {
	case 2:
		if (write)
			testdev_write16(at, (uint16_t)*value);
		else
			*value = testdev_read16(at);
		break;
	case 4:
		if (write)
			testdev_write32(at, (uint32_t)*value);
		else
			*value = testdev_read32(at);
		break;
	case 8:
		if (write)
			testdev_write64(at, *value);
		else
			*value = testdev_read64(at);
		break;
	}
}

/* @size bytes at @at, of 16 from @begin on: they change, the others keep what they were. */
static bool straddle(uint64_t begin, uint64_t at, unsigned int size)
{
	uint64_t value = 0x8877665544332211, mask = size == 8 ? ~0ULL : (1ULL << 8 * size) - 1;
	uint8_t want[16];
	unsigned int wrong = 0;

	for (unsigned int n = 0; n < sizeof(want); n++) {
		want[n] = (uint8_t)(0xe0 + n);
		testdev_write8(begin + n, want[n]);
	}
	memcpy(want + (at - begin), &value, size);
	access_as(size, at, &value, true);
	for (unsigned int n = 0; n < sizeof(want); n++)
		wrong += testdev_read8(begin + n) != want[n];
	access_as(size, at, &value, false);
	return CHECK_DEC(wrong, 0) && CHECK_HEX(value, 0x8877665544332211 & mask);
}

/* Two words of a page; the last and the first of two pages; of each BAR. */
static void straddle_all(const struct tdi *tdi)
{
	const uint64_t memory = tdi->dev.bar0 + TESTDEV_MEMORY, begins[] = {
		memory + 0x100, memory + PAGE_SIZE - 8,
		tdi->dev.bar2 + 0x100, tdi->dev.bar2 + PAGE_SIZE - 8,
	};

	for (unsigned int n = 0; n < sizeof(begins) / sizeof(begins[0]); n++)
		for (unsigned int size = 2; size <= 8; size *= 2)
			for (unsigned int at = 1; at < 8; at++)
				if (!straddle(begins[n], begins[n] + at, size))
					return;
}

static void connect_unaligned(void)
{
	struct tdi tdi;

	if (!tdi_run(&tdi))
		return;
	straddle_all(&tdi);
	tdi_unbind(&tdi);
}
TEST(connect_unaligned,
     "an access across two words, or two pages, of private MMIO moves its own bytes and no other",
     "fact sheet C 9 row 11", "QEMU device: drop private writes of two bytes to the end of a word",
     NEEDS_CONNECT, connect_unaligned);

static void copy(uint64_t to, uint64_t from, uint64_t bytes)
{
	asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

static void fill(uint64_t to, uint64_t value, uint64_t words)
{
	asm volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(value) : "memory");
}

/* In emulated MMIO these would be a #VE that the guest does not decode. */
static void connect_string(void)
{
	uint64_t ram = (uintptr_t)memory_page(), there, last;
	volatile uint32_t *exits = &cpu_this()->ve[TDX_EXIT_EPT_VIOLATION];
	uint32_t before = *exits;
	struct tdi tdi;

	TEST_REQUIRE(ram, "no RAM left");
	if (!tdi_run(&tdi))
		return;
	there = tdi.dev.bar0 + TESTDEV_MEMORY;
	last = tdi.dev.bar2 + TESTDEV_BAR2_BYTES - PAGE_SIZE;
	for (unsigned int n = 0; n < PAGE_SIZE / 8; n++)
		((volatile uint64_t *)ram)[n] = (n + 1) * 0x9e3779b97f4a7c15;
	copy(there, ram, PAGE_SIZE);		/* RAM to device */
	copy(last, there, PAGE_SIZE);		/* BAR to BAR */
	fill(ram, 0, PAGE_SIZE / 8);
	copy(ram + 1, last + 1, PAGE_SIZE - 2);	/* and back, but for the first and the last byte */
	CHECK_HEX(*(volatile uint64_t *)ram, 0x9e3779b97f4a7c00);
	CHECK_HEX(((volatile uint64_t *)ram)[1], 2 * 0x9e3779b97f4a7c15);
	CHECK_HEX(((volatile uint64_t *)ram)[PAGE_SIZE / 8 - 1],
		  512 * 0x9e3779b97f4a7c15 & 0x00ffffffffffffff);
	fill(last, ~0ULL, PAGE_SIZE / 8);
	CHECK_HEX(testdev_read64(last + PAGE_SIZE - 8), ~0ULL);
	asm volatile("addl $2, (%0)" : : "r"(last) : "memory");
	CHECK_HEX(testdev_read64(last), 0xffffffff00000001);
	CHECK_DEC(*exits, before);
	tdi_unbind(&tdi);
}
TEST(connect_string,
     "string and read-modify-write instructions work on private MMIO, without a #VE",
     "fact sheet C 9 row 11",
     "QEMU device: drop private writes of one byte to the last page of BAR 2", NEEDS_CONNECT,
     connect_string);

static void check_places(const struct tdi *tdi, uint64_t want)
{
	CHECK_HEX(testdev_read64(tdi->dev.bar0 + TESTDEV_SCRATCH), want);
	CHECK_HEX(testdev_read64(tdi->dev.bar0 + TESTDEV_MEMORY), want);
	CHECK_HEX(testdev_read64(tdi->dev.bar0 + TESTDEV_BAR0_BYTES - 8), want);
	CHECK_HEX(testdev_read64(tdi->dev.bar2), want);
	CHECK_HEX(testdev_read64(tdi->dev.bar2 + TESTDEV_BAR2_BYTES - 8), want);
}

static void connect_secrets(void)
{
	const uint64_t secret = 0x5ec2e7;
	struct tdi tdi;

	if (!tdi_run(&tdi))
		return;
	testdev_write64(tdi.dev.bar0 + TESTDEV_SCRATCH, secret);
	fill(tdi.dev.bar0 + TESTDEV_MEMORY, secret, (TESTDEV_BAR0_BYTES - TESTDEV_MEMORY) / 8);
	testdev_write64(tdi.dev.bar2, secret);
	testdev_write64(tdi.dev.bar2 + TESTDEV_BAR2_BYTES - 8, secret);
	check_places(&tdi, secret);
	if (tdi_unbind(&tdi))
		check_places(&tdi, 0);
}
TEST(connect_secrets,
     "what a TD left in its device is gone when the unbind makes it the host's again",
     "fact sheet C 4 (STOP)", "QEMU device: keep BAR 2 when it is unlocked", NEEDS_CONNECT,
     connect_secrets);
