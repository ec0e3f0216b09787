// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory.h"
#include "record.h"
#include "scan.h"

#define CHUNK		(256u << 10)
#define SECRET_WORDS	(CHANNEL_SECRET_BYTES / 8)
_Static_assert(SECRET_WORDS == 4, "scan_words() compares four");

/* A piece at a time is reported: the runner takes long silence for a hang. */
#define PIECE		(256ULL << 20)

struct scan {
	uint64_t inverted[SECRET_WORDS];	/* the secret: the scan passes over this, too */
	uint64_t bytes, hits;
};

static void scan_words(struct scan *scan, const volatile uint64_t *at, size_t bytes)
{
	const uint64_t *want = scan->inverted;

	scan->bytes += bytes;
	/* Wherever the secret begins, one of its words is at a multiple of its size. */
	for (size_t n = 0; n < bytes / 8; n += SECRET_WORDS) {
		uint64_t word = ~at[n];

		if (word == want[0] || word == want[1] || word == want[2] || word == want[3])
			scan->hits++;
	}
}

static void report(const struct scan *scan, const char *where, uint64_t begin, uint64_t end)
{
	struct rec_check none = {
		.ok = !scan->hits, .kind = KIND_DEC, .expected = 0, .got = scan->hits,
	};
	struct rec_check all = {
		.ok = scan->bytes == end - begin, .kind = KIND_HEX, .expected = end - begin,
		.got = scan->bytes,
	};
	char text[128];

	snprintf(text, sizeof(text), "scan of %s %#llx: words of the secret", where,
		 (unsigned long long)begin);
	record_write(REC_HOST_CHECK, &none, sizeof(none), text);
	snprintf(text, sizeof(text), "scan of %s %#llx: bytes read", where,
		 (unsigned long long)begin);
	record_write(REC_HOST_CHECK, &all, sizeof(all), text);
}

static void scan_ram(struct scan scan, int mem, uint64_t begin, uint64_t end)
{
	static uint64_t buffer[CHUNK / 8];
	ssize_t n;

	for (uint64_t at = begin; at < end; at += n) {
		n = pread(mem, buffer, end - at < CHUNK ? end - at : CHUNK, at);
		if (n <= 0)
			break;
		scan_words(&scan, buffer, n);
	}
	report(&scan, "RAM at", begin, end);
}

static bool scan_all_ram(const struct scan *scan, int mem)
{
	unsigned long long begin, end;
	unsigned int found = 0;
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
		for (; begin < end; begin += PIECE)
			scan_ram(*scan, mem, begin, end - begin < PIECE ? end : begin + PIECE);
		found++;
	}
	if (iomem)
		fclose(iomem);
	errno = ENODEV;
	return found;
}

static bool scan_bars(const struct scan *scan, int mem, const struct assign *assign)
{
	unsigned long long begin, end, flags;
	char path[ASSIGN_PATH_MAX + 16];
	unsigned int found = 0;
	FILE *resources;

	snprintf(path, sizeof(path), "%s/resource", assign->sysfs);
	resources = fopen(path, "re");
	while (resources && fscanf(resources, "%llx %llx %llx", &begin, &end, &flags) == 3) {
		struct scan bar = *scan;
		size_t size = end - begin + 1;
		void *at = begin ? mmap(NULL, size, PROT_READ, MAP_SHARED, mem, begin) : MAP_FAILED;

		if (at == MAP_FAILED)
			continue;
		scan_words(&bar, at, size);
		munmap(at, size);
		report(&bar, "BAR at", begin, end + 1);
		found++;
	}
	if (resources)
		fclose(resources);
	errno = ENODEV;
	return found;
}

bool scan_run(const struct assign *assign, uint64_t seed, const char **failed)
{
	struct scan scan = { 0 };
	int mem = open("/dev/mem", O_RDONLY | O_SYNC | O_CLOEXEC);
	bool ok = false;

	for (unsigned int n = 0; n < SECRET_WORDS; n++)
		scan.inverted[n] = ~channel_secret(seed, n);
	if (mem < 0)
		*failed = "/dev/mem";
	else if (!scan_all_ram(&scan, mem))
		*failed = "System RAM in /proc/iomem";
	else if (!scan_bars(&scan, mem, assign))
		*failed = "BARs of the device";
	else
		ok = true;
	if (mem >= 0)
		close(mem);
	return ok;
}
