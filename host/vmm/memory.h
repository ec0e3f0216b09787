/* SPDX-License-Identifier: GPL-2.0 */
/* A TD's guest-physical memory: memslots, their private and shared halves, and conversion. */
#ifndef VMM_MEMORY_H
#define VMM_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#define MEMORY_PAGE		4096u
#define FOUR_GIB		(1ULL << 32)	/* where the image ends */
#define MEMORY_MAX_SLOTS	4
#define MEMORY_WINDOW_GPA	0x80000000ULL	/* the channel window */

struct memory_slot {
	uint64_t gpa, size;
	uint8_t *shared;	/* the shared half; until td_populate(), what the private gets */
	int private;		/* guest_memfd of the private half, or -1: shared only */
};

struct memory {
	int vm;
	unsigned int nr;
	struct memory_slot slot[MEMORY_MAX_SLOTS];
};

void memory_init(struct memory *memory, int vm);
/*
 * Add [@gpa, @gpa + @size). With @private it has both halves and starts private. -1 and errno on
 * failure.
 */
int memory_add(struct memory *memory, uint64_t gpa, uint64_t size, bool private);
/* The shared half of [@gpa, @gpa + @size), or NULL if that is not inside one slot. */
void *memory_at(const struct memory *memory, uint64_t gpa, uint64_t size);
/* Give the pages behind the shared half back: they read as zero from now on. */
void memory_discard_shared(struct memory *memory);
/*
 * Make a range private or shared, as MapGPA asks. The half that is left is emptied, as the guest
 * can't expect it to keep its contents. -1 and errno on failure: EINVAL where a range has no
 * private half.
 */
int memory_convert(struct memory *memory, uint64_t gpa, uint64_t size, bool private);
void memory_free(struct memory *memory);

#endif
