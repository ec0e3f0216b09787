// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dma.h"
#include "memory.h"
#include "record.h"
#include "scan.h"

#define CHUNK		(1u << 20)
#define SECRET_WORDS	(CHANNEL_SECRET_BYTES / 8)
#define MAX_RANGES	16
_Static_assert(SECRET_WORDS == 4, "suspicious() compares four");
_Static_assert(CHANNEL_SECRET_BYTES == TESTDEV_PATTERN_BYTES, "the device looks for all of it");

/* A decoy's word is the secret's with one bit inverted: in RAM and in BARs another one. */
#define RAM_DECOY	1
#define BAR_DECOY	2
/* The one range of the BARs that is not the TD's alone; the table is not in use (C 8, row 12). */
#define DECOY_BAR	2
#define DECOY_OFFSET	TESTDEV_MSIX_TABLE

/* What there is to look through, by physical address. */
struct space {
	const char *name;
	unsigned int nr;
	struct range { uint64_t begin, end; } range[MAX_RANGES];
	uint64_t bytes;
	uint64_t flip;		/* which bit is wrong in the decoy */
	uint64_t decoy;		/* where it is */
	int mem;		/* /dev/mem, cached or not as Linux maps this space */
};

struct scan {
	const struct assign *assign;
	int file;			/* in memory, CHUNK bytes, mapped here: */
	uint64_t *copy;
	struct dma dma;
	uint64_t inverted[SECRET_WORDS]; /* the secret: the scan passes over this, too */
	struct space ram, bars;
	uint64_t *page;			/* with the decoy in RAM */
};

/* What one way of looking found in one space. */
struct finding {
	uint64_t expected, bytes;	/* to look at, looked at */
	uint64_t refused;		/* of these; the CPU can't tell */
	uint64_t secrets, decoy;	/* how many; where, 0: nowhere */
};

/* ---- what there is -------------------------------------------------------------------------- */

static void add_range(struct space *space, uint64_t begin, uint64_t end)
{
	if (space->nr == MAX_RANGES)
		return;		/* then fewer bytes are looked at than there are */
	space->range[space->nr++] = (struct range){ begin, end };
}

static bool find_ram(struct space *ram)
{
	unsigned long long begin, end;
	char line[256];
	FILE *iomem = fopen("/proc/iomem", "re");

	while (iomem && fgets(line, sizeof(line), iomem)) {
		/* Nested resources are indented. */
		if (*line == ' ' || !strstr(line, " : System RAM") ||
		    sscanf(line, "%llx-%llx", &begin, &end) != 2)
			continue;
		/* Whole pages: the kernel refuses one that is not RAM to its end. */
		begin = (begin + MEMORY_PAGE - 1) & -(unsigned long long)MEMORY_PAGE;
		end = (end + 1) & -(unsigned long long)MEMORY_PAGE;
		ram->bytes += end - begin;
		add_range(ram, begin, end);
	}
	if (iomem)
		fclose(iomem);
	errno = ENODEV;
	return ram->nr;
}

static bool find_bars(struct space *bars, const struct assign *assign)
{
	unsigned long long begin, end, flags;
	char path[ASSIGN_PATH_MAX + 16];
	FILE *resources;

	snprintf(path, sizeof(path), "%s/resource", assign->sysfs);
	resources = fopen(path, "re");
	for (unsigned int bar = 0; resources && bar < 6; bar++) {
		if (fscanf(resources, "%llx %llx %llx", &begin, &end, &flags) != 3)
			break;
		if (!begin)
			continue;
		if (bar == DECOY_BAR)
			bars->decoy = begin + DECOY_OFFSET;
		bars->bytes += end + 1 - begin;
		add_range(bars, begin, end + 1);
	}
	if (resources)
		fclose(resources);
	errno = ENODEV;
	return bars->decoy;
}

/* ---- decoys --------------------------------------------------------------------------------- */

static void put_decoy(const struct scan *scan, uint64_t flip, volatile uint64_t *at)
{
	for (unsigned int n = 0; n < SECRET_WORDS; n++)
		at[n] = ~scan->inverted[n] ^ flip;
}

static uint64_t physical(const void *at)
{
	uint64_t entry = 0;
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (pread(pagemap, &entry, sizeof(entry), (uintptr_t)at / MEMORY_PAGE * sizeof(entry)) !=
	    sizeof(entry))
		entry = 0;
	close(pagemap);
	return (entry & ((1ULL << 55) - 1)) * MEMORY_PAGE;
}

static bool put_ram_decoy(struct scan *scan)
{
	scan->page = mmap(NULL, MEMORY_PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
	if (scan->page == MAP_FAILED)
		return false;
	put_decoy(scan, RAM_DECOY, scan->page);
	scan->ram.decoy = physical(scan->page);
	return scan->ram.decoy;
}

static bool put_bar_decoy(struct scan *scan)
{
	void *at = mmap(NULL, MEMORY_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			scan->bars.mem, scan->bars.decoy);

	if (at == MAP_FAILED)
		return false;
	put_decoy(scan, BAR_DECOY, at);
	munmap(at, MEMORY_PAGE);
	return true;
}

/* ---- ring 0 --------------------------------------------------------------------------------- */

/* A word of the secret or of a decoy, or one that differs in the last two bits only? */
static bool suspicious(const struct scan *scan, uint64_t word)
{
	const uint64_t *want = scan->inverted;

	word = ~word;
	return !((word ^ want[0]) >> 2) | !((word ^ want[1]) >> 2) | !((word ^ want[2]) >> 2) |
	       !((word ^ want[3]) >> 2);
}

/* The word at @pa. */
static void compare(const struct scan *scan, const struct space *space, uint64_t pa, uint64_t word,
		    struct finding *finding)
{
	for (unsigned int n = 0; n < SECRET_WORDS; n++) {
		uint64_t differs = ~word ^ scan->inverted[n];

		if (!differs)
			finding->secrets++;
		else if (differs == space->flip && pa - 8 * n == space->decoy)
			finding->decoy = space->decoy;
	}
}

/* Look through what the kernel read at @pa. Few branches: under emulation they are what costs. */
static void look(const struct scan *scan, const struct space *space, uint64_t pa, size_t bytes,
		 struct finding *finding)
{
	bool any = false;

	finding->bytes += bytes;
	/* Wherever the secret begins, one of its words is at a multiple of its size. */
#pragma GCC unroll 16
	for (size_t n = 0; n < bytes / 8; n += SECRET_WORDS)
		any |= suspicious(scan, scan->copy[n]);
	for (size_t n = 0; any && n < bytes / 8; n += SECRET_WORDS)
		compare(scan, space, pa + 8 * n, scan->copy[n], finding);
}

/*
 * Writing from a mapping of /dev/mem into a file is what makes the kernel itself load, RAM and MMIO
 * alike: copy_from_user() runs at CPL 0. What it got is then looked through at CPL 3.
 */
static void read_all(const struct scan *scan, const struct space *space, struct finding *finding)
{
	finding->expected = space->bytes;
	for (unsigned int i = 0; i < space->nr; i++) {
		const struct range *range = &space->range[i];
		size_t size = range->end - range->begin, n;
		uint8_t *at = mmap(NULL, size, PROT_READ, MAP_SHARED, space->mem, range->begin);

		for (size_t done = 0; at != MAP_FAILED && done < size; done += n) {
			n = size - done < CHUNK ? size - done : CHUNK;
			if (pwrite(scan->file, at + done, n, 0) != (ssize_t)n)
				break;
			look(scan, space, range->begin + done, n, finding);
		}
		if (at != MAP_FAILED)
			munmap(at, size);
	}
	/* The device is to find the decoy itself, not a copy of it. */
	memset(scan->copy, 0, CHUNK);
}

/* ---- DMA ------------------------------------------------------------------------------------ */

/* What begins in one command's piece and ends in the next is in the overlap of both. */
#define OVERLAP	(TESTDEV_PATTERN_BYTES - 8)

static void search(const struct scan *scan, const struct space *space, const struct range *range,
		   struct finding *finding, bool decoy)
{
	uint64_t at = range->begin, overlap = 0;
	struct dma_result result;
	uint32_t n;

	for (; at + overlap < range->end; at += n - OVERLAP, overlap = OVERLAP) {
		n = range->end - at < TESTDEV_SEARCH_MAX ? range->end - at : TESTDEV_SEARCH_MAX;
		if (!dma_search(&scan->dma, at, n, &result))
			return;
		finding->bytes += n - overlap;
		finding->refused += result.missed;
		if (!decoy)
			finding->secrets += result.hits;
		else if (result.found == space->decoy)
			finding->decoy = result.found;
	}
}

static void search_all(const struct scan *scan, const struct space *space, struct finding *finding)
{
	uint64_t inverted[SECRET_WORDS];

	finding->expected = 2 * space->bytes;	/* one pass for each pattern */
	for (unsigned int n = 0; n < SECRET_WORDS; n++)
		inverted[n] = scan->inverted[n] ^ space->flip;
	dma_pattern(&scan->dma, scan->inverted);
	for (unsigned int n = 0; n < space->nr; n++)
		search(scan, space, &space->range[n], finding, false);
	dma_pattern(&scan->dma, inverted);
	for (unsigned int n = 0; n < space->nr; n++)
		search(scan, space, &space->range[n], finding, true);
}

/* ---- the four ------------------------------------------------------------------------------- */

static void check(bool hex, uint64_t expected, uint64_t got, const char *way,
		  const struct space *space, const char *what)
{
	struct rec_check check = {
		.ok = expected == got, .kind = hex ? KIND_HEX : KIND_DEC, .expected = expected,
		.got = got,
	};
	char text[128];

	snprintf(text, sizeof(text), "%s scans %s: %s", way, space->name, what);
	record_write(REC_HOST_CHECK, &check, sizeof(check), text);
}

static void report(const char *way, const struct space *space, const struct finding *finding)
{
	char text[160];
	int used;

	used = snprintf(text, sizeof(text), "%s, %s: %llu bytes read", way, space->name,
			(unsigned long long)finding->bytes);
	if (finding->refused)
		used += snprintf(text + used, sizeof(text) - used, ", %llu of them refused",
				 (unsigned long long)finding->refused);
	snprintf(text + used, sizeof(text) - used, "; secret found %llu times, decoy at %#llx",
		 (unsigned long long)finding->secrets, (unsigned long long)finding->decoy);
	record_step(TD_OF_TEST, STEP_SCAN, 0, 0, finding->bytes, text);
	check(false, finding->expected, finding->bytes, way, space, "bytes");
	check(true, space->decoy, finding->decoy, way, space, "where the decoy is");
	check(false, 0, finding->secrets, way, space, "matches of the secret");
}

static void scan_all(const struct scan *scan)
{
	const struct space *spaces[] = { &scan->ram, &scan->bars };

	/* The CPU first: it would find words of what the device is told to look for. */
	for (unsigned int n = 0; n < 2; n++) {
		struct finding finding = { 0 };

		read_all(scan, spaces[n], &finding);
		report("ring 0", spaces[n], &finding);
	}
	for (unsigned int n = 0; n < 2; n++) {
		struct finding finding = { 0 };

		search_all(scan, spaces[n], &finding);
		report("DMA", spaces[n], &finding);
	}
}

static const char *prepare(struct scan *scan)
{
	const char *failed;

	scan->ram.mem = open("/dev/mem", O_RDONLY | O_CLOEXEC);
	scan->bars.mem = open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC);
	if (scan->ram.mem < 0 || scan->bars.mem < 0)
		return "/dev/mem";
	scan->file = memfd_create("copy", MFD_CLOEXEC);
	if (scan->file < 0 || ftruncate(scan->file, CHUNK))
		return "memfd";
	scan->copy = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_SHARED, scan->file, 0);
	if (scan->copy == MAP_FAILED)
		return "mapping of the memfd";
	if (!find_ram(&scan->ram))
		return "System RAM in /proc/iomem";
	if (!find_bars(&scan->bars, scan->assign))
		return "BARs of the device";
	if (!put_ram_decoy(scan) || !put_bar_decoy(scan))
		return "decoys";
	return dma_open(&scan->dma, scan->assign, &failed) ? NULL : failed;
}

bool scan_run(const struct assign *assign, uint64_t seed, const char **failed)
{
	struct scan scan = {
		.assign = assign, .file = -1, .dma.config = -1,
		.copy = MAP_FAILED, .page = MAP_FAILED,
		.ram = { .name = "RAM", .flip = RAM_DECOY, .mem = -1 },
		.bars = { .name = "BARs", .flip = BAR_DECOY, .mem = -1 },
	};
	int error;

	for (unsigned int n = 0; n < SECRET_WORDS; n++)
		scan.inverted[n] = ~channel_secret(seed, n);
	*failed = prepare(&scan);
	error = errno;
	if (!*failed)
		scan_all(&scan);
	dma_close(&scan.dma);
	munmap(scan.page, MEMORY_PAGE);
	munmap(scan.copy, CHUNK);
	close(scan.file);
	close(scan.ram.mem);
	close(scan.bars.mem);
	errno = error;
	return !*failed;
}
