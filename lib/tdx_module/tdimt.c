// SPDX-License-Identifier: GPL-2.0
/*
 * TDH.TDIMT.*: the table that finds a TDI by its function, kept in pages that L1 donated (C 3.3).
 *
 * An entry is a page's address with a present bit: the next table, or at level 0 the control page
 * of a TDI, whose PAMT entry knows the slot. Tables come and go under the exclusive lock; entries
 * of TDIs are written under the shared one, by whoever holds the TDI.
 */
#include "tdi.h"

#define PRESENT		(1ULL << 11)
#define ENTRY_PAGE	0x000ffffffffff000ULL
#define NR_ENTRIES	512
#define INDEX_LEVEL	7ULL
#define INDEX_RESERVED	(0xffffffffULL & ~INDEX_LEVEL)

struct index {
	unsigned int level;
	uint32_t func;
};

/* False: a reserved bit is set, or the level is not one of [@min, @max]. */
static bool index_parse(uint64_t raw, unsigned int min, unsigned int max, struct index *i)
{
	i->level = raw & INDEX_LEVEL;
	i->func = (uint32_t)(raw >> TDX_TDIMT_FUNC_SHIFT);
	return !(raw & INDEX_RESERVED) && i->level >= min && i->level <= max;
}

/* The entry of @level that @func selects; NULL where the table ends above it. */
static uint64_t *tdimt_walk(struct tdx_module *m, uint32_t func, unsigned int level)
{
	uint64_t *entry = &m->connect.tdimt_root;

	for (unsigned int l = TDX_TDIMT_LEVELS; l > level; l--) {
		uint64_t e = __atomic_load_n(entry, __ATOMIC_ACQUIRE);

		if (!(e & PRESENT))
			return NULL;
		entry = (uint64_t *)tdx_ram(m, e & ENTRY_PAGE) + (func >> 9 * (l - 1)) % NR_ENTRIES;
	}
	return entry;
}

/* ---- look-up of TDIs -------------------------------------------------------- */

static struct tdx_tdi *tdi_at(const struct tdx_module *m, uint64_t entry)
{
	const struct tdx_pamt *p = tdx_pamt(m, entry & ENTRY_PAGE);

	return (struct tdx_tdi *)&m->connect.tdi[tdx_pamt_peek(p).slot % TDX_MAX_TDIS];
}

uint64_t tdi_lock(struct tdx_call *c, uint64_t func, unsigned int operand,
		      enum tdx_lock_mode mode, struct tdx_tdi **out)
{
	struct tdx_connect *k = &c->m->connect;
	uint64_t *entry, e;
	struct tdx_tdi *tdi;

	if (!tdx_call_lock(c, &k->tdimt_lock, LOCK_SHARED))
		return TDX_STATUS(OPERAND_BUSY, operand);
	entry = tdimt_walk(c->m, (uint32_t)func, 0);
	e = entry ? __atomic_load_n(entry, __ATOMIC_ACQUIRE) : 0;
	if (!(e & PRESENT))
		return TDX_STATUS(TDI_NOT_PRESENT, operand);
	tdi = tdi_at(c->m, e);
	if (!tdx_call_lock(c, &tdi->lock, mode))
		return TDX_STATUS(OPERAND_BUSY, operand);
	/* Removed before it was locked, perhaps made anew for another function; or not 32 bits. */
	if (!tdi->used || tdi->func != func)
		return TDX_STATUS(TDI_NOT_PRESENT, operand);
	c->tdr_pa = tdi->td->tdr_pa;
	*out = tdi;
	return TDX_SUCCESS;
}

struct tdx_tdi *tdx_tdi_of_guest(struct tdx_module *m, const struct tdx_td *td, uint64_t guest_id)
{
	for (unsigned int i = 0; i < TDX_MAX_TDIS; i++) {
		struct tdx_tdi *tdi = &m->connect.tdi[i];

		if (__atomic_load_n(&tdi->used, __ATOMIC_ACQUIRE) && tdi->td == td &&
		    tdi->guest_id == guest_id)
			return tdi;
	}
	return NULL;
}

uint64_t tdimt_slot(struct tdx_call *c, uint32_t func, uint64_t **slot)
{
	if (!tdx_call_lock(c, &c->m->connect.tdimt_lock, LOCK_SHARED))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX);
	*slot = tdimt_walk(c->m, func, 0);
	if (!*slot)
		return TDX_STATUS(TDI_NOT_PRESENT, TDX_OP_RCX);
	if (__atomic_load_n(*slot, __ATOMIC_ACQUIRE) & PRESENT)
		return TDX_STATUS(TDI_ALREADY_PRESENT, TDX_OP_RCX);
	return TDX_SUCCESS;
}

void tdimt_link(uint64_t *slot, uint64_t control_page)
{
	__atomic_store_n(slot, control_page | PRESENT, __ATOMIC_RELEASE);
}

void tdimt_unlink(struct tdx_module *m, uint32_t func)
{
	__atomic_store_n(tdimt_walk(m, func, 0), 0, __ATOMIC_RELEASE);
}

/* ---- leaves ----------------------------------------------------------------- */

/* The entry that @i names, with the table locked for the rest of the leaf. */
static uint64_t table_entry(struct tdx_call *c, const struct index *i, enum tdx_lock_mode mode,
			    uint64_t **entry)
{
	if (!tdx_call_lock(c, &c->m->connect.tdimt_lock, mode))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX);
	*entry = tdimt_walk(c->m, i->func, i->level);
	return *entry ? TDX_SUCCESS : TDX_STATUS(TDI_NOT_PRESENT, TDX_OP_RCX);
}

uint64_t tdh_tdimt_add(struct tdx_call *c)
{
	uint64_t pa = c->r[TDX_RDX], *entry, status;
	struct tdx_pamt *p;
	struct index i;

	if (!index_parse(c->r[TDX_RCX], 1, TDX_TDIMT_LEVELS, &i))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	status = tdx_page_get(c, pa, TDX_OP_RDX, LOCK_EXCL, PT_NDA, &p);
	if (status == TDX_SUCCESS)
		status = table_entry(c, &i, LOCK_EXCL, &entry);
	if (status != TDX_SUCCESS)
		return status;
	if (*entry & PRESENT)
		return TDX_STATUS(TDI_ALREADY_PRESENT, TDX_OP_RCX);
	tdx_page_assign(c->m, pa, p, PT_TDIMT, NULL, 0);
	__builtin_memset(tdx_ram(c->m, pa), 0, TDX_PAGE_SIZE);
	__atomic_store_n(entry, pa | PRESENT, __ATOMIC_RELEASE);
	return TDX_SUCCESS;
}

uint64_t tdh_tdimt_remove(struct tdx_call *c)
{
	uint64_t *entry, pa, status;
	const uint64_t *table;
	struct tdx_pamt *p;
	struct index i;

	if (!index_parse(c->r[TDX_RCX], 1, TDX_TDIMT_LEVELS, &i))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	status = table_entry(c, &i, LOCK_EXCL, &entry);
	if (status != TDX_SUCCESS)
		return status;
	if (!(*entry & PRESENT))
		return TDX_STATUS(TDI_NOT_PRESENT, TDX_OP_RCX);
	pa = *entry & ENTRY_PAGE;
	table = tdx_ram(c->m, pa);
	for (unsigned int n = 0; n < NR_ENTRIES; n++)
		if (table[n])
			return TDX_STATUS(TDI_INVALID_METADATA, TDX_OP_RCX);
	status = tdx_page_get(c, pa, TDX_OP_RCX, LOCK_EXCL, PT_TDIMT, &p);
	if (status != TDX_SUCCESS)
		return status;
	__atomic_store_n(entry, 0, __ATOMIC_RELEASE);
	tdx_page_release(c->m, pa, p);
	c->r[TDX_RCX] = pa;
	return TDX_SUCCESS;
}

/* Levels 0 to 4: a TDI's entry can be read too. An empty entry reads 0 (chosen). */
uint64_t tdh_tdimt_rd(struct tdx_call *c)
{
	uint64_t *entry, status;
	struct index i;

	if (!index_parse(c->r[TDX_RCX], 0, TDX_TDIMT_LEVELS, &i))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	status = table_entry(c, &i, LOCK_SHARED, &entry);
	if (status == TDX_SUCCESS)
		c->r[TDX_RCX] = __atomic_load_n(entry, __ATOMIC_ACQUIRE);
	return status;
}
