/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The identity map: virtual address = GPA without the SHARED bit; a page-table entry says whether
 * an access is private or shared. start.S maps the image, everything else is mapped here. One map
 * for all vCPUs; a vCPU that sleeps in smp.c drops its translations when it wakes.
 */
#ifndef X86_MMU_H
#define X86_MMU_H

#include <stdbool.h>
#include <stdint.h>

#define PAGE_SIZE	4096ULL
#define PAGE_SIZE_2M	(2ULL << 20)

void mmu_init(unsigned int gpaw);
uint64_t mmu_shared_bit(void);
unsigned int mmu_gpaw(void);
/* Map [@gpa, @gpa + @size), private by 2 MiB pages. */
bool mmu_map_private(uint64_t gpa, uint64_t size);
/* Make the 4 KiB entries of a range shared or private and drop the calling vCPU's translations. */
bool mmu_set_shared(uint64_t gpa, uint64_t size, bool shared);

#endif
