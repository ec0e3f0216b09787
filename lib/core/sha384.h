/* SPDX-License-Identifier: GPL-2.0 */
/* SHA-384 (FIPS 180-4): MRTD, RTMRs, report hashes. Freestanding. */
#ifndef CORE_SHA384_H
#define CORE_SHA384_H

#include <stddef.h>
#include <stdint.h>

#define SHA384_SIZE 48

struct sha384 {
	uint64_t h[8];
	uint64_t len;		/* bytes hashed so far */
	uint8_t block[128];
};

void sha384_init(struct sha384 *s);
void sha384_update(struct sha384 *s, const void *data, size_t len);
void sha384_final(struct sha384 *s, uint8_t digest[SHA384_SIZE]);

#endif
