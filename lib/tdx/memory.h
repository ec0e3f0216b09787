/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private RAM: handed out upwards, accepted when first needed, never taken back (one TD runs one
 * test).
 */
#ifndef TDX_MEMORY_H
#define TDX_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* RAM is [0, @bytes). The first 2 MiB are left alone: a NULL pointer faults there. */
void memory_init(uint64_t bytes);
bool memory_owns(uint64_t gpa);
/*
 * GPA of @size bytes, aligned to @align, that nobody has touched or accepted; 0 if RAM is
 * exhausted.
 */
uint64_t memory_reserve(uint64_t size, uint64_t align);
/* Accept 4 KiB pages; one that is accepted already is a failure (contents could be the host's). */
bool memory_accept(uint64_t gpa, uint64_t size);
/* One accepted, zeroed 4 KiB page, or NULL. */
void *memory_page(void);

#endif
