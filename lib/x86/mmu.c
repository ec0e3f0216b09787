// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "x86/insn.h"
#include "x86/mmu.h"

#define PTE_TABLE	3ULL		/* present, writable */
#define PTE_LEAF	0x63ULL		/* and accessed, dirty */
#define PTE_LARGE	0x80ULL
#define PTE_ADDRESS	0x000ffffffffff000ULL
#define MMU_TABLES	13	/* RAM 2, window 2, device 1, split pages the rest */
#define MMU_LIMIT	(1ULL << 47)	/* of the lower half of 4-level linear addresses */

static uint64_t tables[MMU_TABLES][512] __attribute__((aligned(4096)));
static unsigned int nr_tables;
static unsigned int gpa_width;

void mmu_init(unsigned int gpaw)
{
	gpa_width = gpaw;
}

unsigned int mmu_gpaw(void)
{
	return gpa_width;
}

uint64_t mmu_shared_bit(void)
{
	return 1ULL << (gpa_width - 1);
}

/* The table below *@entry, made if there is none; a large page becomes one of 512 equal pages. */
static uint64_t *mmu_table(uint64_t *entry)
{
	uint64_t old = *entry;
	uint64_t *table;

	if ((old & PTE_TABLE) && !(old & PTE_LARGE))
		return (uint64_t *)(old & PTE_ADDRESS);
	if (nr_tables == MMU_TABLES)
		return NULL;
	table = tables[nr_tables++];
	if (old & PTE_LARGE)
		for (unsigned int n = 0; n < 512; n++)
			table[n] = (old & ~PTE_LARGE) + n * PAGE_SIZE;
	*entry = (uintptr_t)table | PTE_TABLE;
	return table;
}

/* The entry that maps @gpa at @level: 0 = 4 KiB, 1 = 2 MiB. */
static uint64_t *mmu_entry(uint64_t gpa, unsigned int level)
{
	uint64_t *table = (uint64_t *)(read_cr3() & PTE_ADDRESS);

	if (gpa >= MMU_LIMIT)
		return NULL;
	for (unsigned int l = 3; table && l > level; l--)
		table = mmu_table(&table[gpa >> (12 + 9 * l) & 511]);
	return table ? &table[gpa >> (12 + 9 * level) & 511] : NULL;
}

bool mmu_map_private(uint64_t gpa, uint64_t size)
{
	for (uint64_t end = gpa + size; gpa < end; gpa += PAGE_SIZE_2M) {
		uint64_t *entry = mmu_entry(gpa, 1);

		if (!entry)
			return false;
		*entry = gpa | PTE_LEAF | PTE_LARGE;
	}
	return true;
}

bool mmu_set_shared(uint64_t gpa, uint64_t size, bool shared)
{
	for (uint64_t end = gpa + size; gpa < end; gpa += PAGE_SIZE) {
		uint64_t *entry = mmu_entry(gpa, 0);

		if (!entry)
			return false;
		*entry = gpa | PTE_LEAF | (shared ? mmu_shared_bit() : 0);
		invlpg(gpa);
	}
	return true;
}
