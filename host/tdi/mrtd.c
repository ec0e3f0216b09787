// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "mrtd.h"

#define PAGE	4096u
#define CHUNK	256u

/* Each operation starts with a block that names it and its GPA. */
static void operation(struct sha384 *hash, const char *name, uint64_t gpa)
{
	uint8_t block[128] = { 0 };

	memcpy(block, name, strlen(name));
	memcpy(block + 16, &gpa, sizeof(gpa));
	sha384_update(hash, block, sizeof(block));
}

void mrtd_of_image(const void *image, size_t len, uint8_t mrtd[SHA384_SIZE])
{
	uint64_t gpa = (1ULL << 32) - len;
	const uint8_t *bytes = image;
	struct sha384 hash;

	sha384_init(&hash);
	for (size_t page = 0; page < len; page += PAGE) {
		operation(&hash, "MEM.PAGE.ADD", gpa + page);
		for (size_t at = page; at < page + PAGE; at += CHUNK) {
			operation(&hash, "MR.EXTEND", gpa + at);
			sha384_update(&hash, bytes + at, CHUNK);
		}
	}
	sha384_final(&hash, mrtd);
}
