/* SPDX-License-Identifier: GPL-2.0 */
/* What every reader and writer of whole records (channel.h) computes alike. */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include <stddef.h>

#include "core/channel.h"
#include "core/crc32.h"

static inline uint32_t record_crc(const struct record *header, const void *payload)
{
	return crc32(crc32(0, header, offsetof(struct record, crc)), payload, header->size);
}

/* Bytes that the record takes, header and padding included. */
static inline uint32_t record_size(const struct record *header)
{
	return sizeof(*header) + ((header->size + 7u) & ~7u);
}

#endif
