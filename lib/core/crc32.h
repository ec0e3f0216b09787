/* SPDX-License-Identifier: GPL-2.0 */
/* CRC-32 (IEEE 802.3, reflected), as records carry it. Start with 0; feed pieces in order. */
#ifndef CORE_CRC32_H
#define CORE_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32(uint32_t crc, const void *data, size_t size);

#endif
