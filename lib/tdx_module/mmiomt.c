// SPDX-License-Identifier: GPL-2.0
/*
 * TDH.MMIOMT.*: the table that knows which TDI owns an MMIO page, kept in pages that L1 donated (C
 * 3.3). An entry is a QNODE with up to four child tables, or DATA; a QNODE without children is
 * free.
 *
 * Tables come and go under the tree's lock (gone: exclusive). Bit 0 of an entry's first word is its
 * own lock, for those that change what the entry is. A mapped DATA entry can't change under its
 * S-EPT entry, so that MMIO.BLOCK, MMIO.UNMAP and the TD need neither.
 */
#include "mmiomt.h"
#include "tdi.h"

#define CHILD_PRESENT	(1ULL << 11)
#define CHILD_PAGE	0x000ffffffffff000ULL
#define NR_CHILDREN	4
#define INDEX_LEVEL	7ULL
#define INDEX_RESERVED	0xfff0000000000ff8ULL
#define MAX_DATA_LEVEL	2	/* 1G */

_Static_assert(sizeof(struct tdx_mmiomt_entry) * TDX_MMIOMT_ENTRIES == TDX_PAGE_SIZE,
	       "MMIOMT page");

struct index {
	unsigned int level;
	uint64_t hpa;
};

static bool index_parse(uint64_t raw, unsigned int min, unsigned int max, struct index *i)
{
	i->level = raw & INDEX_LEVEL;
	i->hpa = raw & CHILD_PAGE;
	return !(raw & INDEX_RESERVED) && i->level >= min && i->level <= max;
}

static uint64_t word_of(const struct tdx_mmiomt_entry *e)
{
	return __atomic_load_n(&e->word, __ATOMIC_ACQUIRE) & ~MMIOMT_LOCK;
}

/* The pointer to the table that an ADD at @level with @hpa makes. */
static uint64_t *child_of(struct tdx_mmiomt_entry *e, uint64_t hpa, unsigned int level)
{
	uint64_t *child[NR_CHILDREN] = { &e->word, &e->bepoch, &e->reserved[0], &e->reserved[1] };

	return child[hpa >> TDX_MMIOMT_SPAN_SHIFT(level) & (NR_CHILDREN - 1)];
}

static struct tdx_mmiomt_entry *entry_in(const struct tdx_module *m, uint64_t table, uint64_t hpa,
					 unsigned int level)
{
	return (struct tdx_mmiomt_entry *)tdx_ram(m, table & CHILD_PAGE) +
	       (hpa >> (12 + 9 * level)) % TDX_MMIOMT_ENTRIES;
}

struct tdx_mmiomt_entry *tdx_mmiomt(const struct tdx_module *m, uint64_t hpa, unsigned int level)
{
	uint64_t table = __atomic_load_n(&m->connect.mmiomt_root, __ATOMIC_ACQUIRE);

	for (unsigned int l = TDX_MMIOMT_LEVELS - 1;; l--) {
		struct tdx_mmiomt_entry *e;

		if (!(table & CHILD_PRESENT))
			return NULL;
		e = entry_in(m, table, hpa, l);
		if (l == level)
			return e;
		if (mmiomt_is_data(word_of(e)))
			return NULL;
		table = __atomic_load_n(child_of(e, hpa, l), __ATOMIC_ACQUIRE);
	}
}

bool mmiomt_trylock(struct tdx_mmiomt_entry *e)
{
	return !(__atomic_fetch_or(&e->word, MMIOMT_LOCK, __ATOMIC_ACQUIRE) & MMIOMT_LOCK);
}

void mmiomt_unlock(struct tdx_mmiomt_entry *e)
{
	__atomic_fetch_and(&e->word, ~MMIOMT_LOCK, __ATOMIC_RELEASE);
}

/* A QNODE without children; the caller holds the entry, or the tree exclusively. */
static bool is_free(const struct tdx_mmiomt_entry *e)
{
	return !word_of(e) && !e->bepoch && !e->reserved[0] && !e->reserved[1];
}

/* ---- what dies with a fatal TD ---------------------------------------------- */

static unsigned int orphan_table(struct tdx_module *m, uint64_t table, unsigned int level,
				 uint32_t func)
{
	struct tdx_mmiomt_entry *e = tdx_ram(m, table & CHILD_PAGE);
	unsigned int count = 0;

	if (!(table & CHILD_PRESENT))
		return 0;
	for (unsigned int i = 0; i < TDX_MMIOMT_ENTRIES; i++) {
		uint64_t word = word_of(&e[i]);

		if (!mmiomt_is_data(word)) {
			for (uint64_t child = 0; level && child < NR_CHILDREN; child++)
				count += orphan_table(m, *child_of(&e[i],
					child << TDX_MMIOMT_SPAN_SHIFT(level), level), level - 1,
					func);
		} else if ((word & MMIOMT_MAPPED) && mmiomt_func(word) == func) {
			__atomic_fetch_and(&e[i].word, ~MMIOMT_MAPPED, __ATOMIC_RELEASE);
			count++;
		}
	}
	return count;
}

unsigned int mmiomt_orphan(struct tdx_module *m, uint32_t func)
{
	return orphan_table(m, m->connect.mmiomt_root, TDX_MMIOMT_LEVELS - 1, func);
}

/* ---- leaves ----------------------------------------------------------------- */

static uint64_t tree_lock(struct tdx_call *c, enum tdx_lock_mode mode)
{
	return tdx_call_lock(c, &c->m->connect.mmiomt_lock, mode) ? TDX_SUCCESS :
								     MMIOMT_BUSY;
}

/* The entry that @i names, in the tree locked shared. */
static uint64_t tree_entry(struct tdx_call *c, const struct index *i, struct tdx_mmiomt_entry **e)
{
	uint64_t status = tree_lock(c, LOCK_SHARED);

	if (status != TDX_SUCCESS)
		return status;
	*e = tdx_mmiomt(c->m, i->hpa, i->level);
	return *e ? TDX_SUCCESS : TDX_STATUS(MMIOMT_NOT_PRESENT, TDX_OP_RCX);
}

static void table_make(struct tdx_call *c, struct tdx_pamt *p, uint64_t *pointer)
{
	uint64_t pa = c->r[TDX_RDX], lock = *pointer & MMIOMT_LOCK;

	tdx_page_assign(c->m, pa, p, PT_MMIOMT, NULL, 0);
	__builtin_memset(tdx_ram(c->m, pa), 0, TDX_PAGE_SIZE);
	__atomic_store_n(pointer, pa | CHILD_PRESENT | lock, __ATOMIC_RELEASE);
}

static uint64_t add_root(struct tdx_call *c, struct tdx_pamt *p)
{
	uint64_t status = tree_lock(c, LOCK_EXCL);

	if (status != TDX_SUCCESS)
		return status;
	if (c->m->connect.mmiomt_root)
		return TDX_STATUS(MMIO_INVALID_PAGE_METADATA, TDX_OP_RCX);
	table_make(c, p, &c->m->connect.mmiomt_root);
	return TDX_SUCCESS;
}

static uint64_t add_child(struct tdx_call *c, const struct index *i, struct tdx_pamt *p)
{
	struct tdx_mmiomt_entry *e;
	uint64_t *child, status = tree_entry(c, i, &e);

	if (status != TDX_SUCCESS)
		return status;
	if (!mmiomt_trylock(e))
		return MMIOMT_BUSY;
	child = child_of(e, i->hpa, i->level);
	if (mmiomt_is_data(e->word) || (*child & CHILD_PRESENT))
		status = TDX_STATUS(MMIO_INVALID_PAGE_METADATA, TDX_OP_RCX);
	else
		table_make(c, p, child);
	mmiomt_unlock(e);
	return status;
}

uint64_t tdh_mmiomt_add(struct tdx_call *c)
{
	struct tdx_pamt *p;
	struct index i;
	uint64_t status;

	if (!index_parse(c->r[TDX_RCX], 1, TDX_MMIOMT_LEVELS, &i))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	status = tdx_page_get(c, c->r[TDX_RDX], TDX_OP_RDX, LOCK_EXCL, PT_NDA, &p);
	if (status != TDX_SUCCESS)
		return status;
	return i.level == TDX_MMIOMT_LEVELS ? add_root(c, p) : add_child(c, &i, p);
}

/* RDX of SET: {1:0 type, 43:12 func}. */
static bool set_parse(uint64_t rdx, uint64_t *type, uint64_t *func)
{
	*type = rdx & 3;
	*func = rdx >> TDX_MMIOMT_FUNC_SHIFT;
	return !(rdx & 0xffc) && !(*func >> 32) && *type <= TDX_MMIOMT_DATA &&
	       (*type == TDX_MMIOMT_DATA) == !!*func;
}

static uint64_t set_data(struct tdx_call *c, struct tdx_mmiomt_entry *e, uint64_t func)
{
	struct tdx_tdi *tdi;
	uint64_t status;

	if (!is_free(e))
		return TDX_STATUS(MMIO_INVALID_PAGE_METADATA, TDX_OP_MMIOMT);
	status = tdi_lock(c, func, TDX_OP_RDX, LOCK_SHARED, &tdi);
	if (status == TDX_SUCCESS)
		__atomic_store_n(&e->word, MMIOMT_LOCK | mmiomt_data(func), __ATOMIC_RELEASE);
	return status;
}

static uint64_t set_qnode(struct tdx_mmiomt_entry *e)
{
	uint64_t word = word_of(e);

	if (!mmiomt_is_data(word) || (word & MMIOMT_MAPPED))
		return TDX_STATUS(MMIO_INVALID_PAGE_METADATA, TDX_OP_MMIOMT);
	e->bepoch = 0;
	__atomic_store_n(&e->word, MMIOMT_LOCK, __ATOMIC_RELEASE);
	return TDX_SUCCESS;
}

uint64_t tdh_mmiomt_set(struct tdx_call *c)
{
	uint64_t type, func, status;
	struct tdx_mmiomt_entry *e;
	struct index i;

	if (!index_parse(c->r[TDX_RCX], 0, MAX_DATA_LEVEL, &i))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	status = tree_entry(c, &i, &e);
	if (status != TDX_SUCCESS)
		return status;
	if (!set_parse(c->r[TDX_RDX], &type, &func))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX);
	if (!mmiomt_trylock(e))
		return MMIOMT_BUSY;
	status = type == TDX_MMIOMT_DATA ? set_data(c, e, func) : set_qnode(e);
	mmiomt_unlock(e);
	return status;
}

uint64_t tdh_mmiomt_rd(struct tdx_call *c)
{
	struct tdx_mmiomt_entry *e;
	struct index i;
	uint64_t status;

	if (!index_parse(c->r[TDX_RCX], 0, TDX_MMIOMT_LEVELS - 1, &i))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	status = tree_entry(c, &i, &e);
	if (status != TDX_SUCCESS)
		return status;
	c->r[TDX_RCX] = word_of(e);
	c->r[TDX_RDX] = __atomic_load_n(&e->bepoch, __ATOMIC_ACQUIRE);
	c->r[TDX_R8] = __atomic_load_n(&e->reserved[0], __ATOMIC_ACQUIRE);
	c->r[TDX_R9] = __atomic_load_n(&e->reserved[1], __ATOMIC_ACQUIRE);
	return TDX_SUCCESS;
}

/* The pointer to the table that REMOVE at @i gives back. The tree is locked exclusively. */
static uint64_t remove_pointer(struct tdx_call *c, const struct index *i, uint64_t **pointer)
{
	struct tdx_mmiomt_entry *e;

	*pointer = &c->m->connect.mmiomt_root;
	if (i->level < TDX_MMIOMT_LEVELS) {
		e = tdx_mmiomt(c->m, i->hpa, i->level);
		if (!e)
			return TDX_STATUS(MMIOMT_NOT_PRESENT, TDX_OP_RCX);
		*pointer = child_of(e, i->hpa, i->level);
		if (mmiomt_is_data(e->word))
			*pointer = NULL;
	}
	return *pointer && (**pointer & CHILD_PRESENT) ?
	       TDX_SUCCESS : TDX_STATUS(MMIO_INVALID_PAGE_METADATA, TDX_OP_RCX);
}

uint64_t tdh_mmiomt_remove(struct tdx_call *c)
{
	uint64_t *pointer, pa, status;
	const struct tdx_mmiomt_entry *table;
	struct tdx_pamt *p;
	struct index i;

	if (!index_parse(c->r[TDX_RCX], 1, TDX_MMIOMT_LEVELS, &i))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	status = tree_lock(c, LOCK_EXCL);
	if (status == TDX_SUCCESS)
		status = remove_pointer(c, &i, &pointer);
	if (status != TDX_SUCCESS)
		return status;
	pa = *pointer & CHILD_PAGE;
	table = tdx_ram(c->m, pa);
	for (unsigned int n = 0; n < TDX_MMIOMT_ENTRIES; n++)
		if (!is_free(&table[n]))
			return TDX_STATUS(MMIO_INVALID_PAGE_METADATA, TDX_OP_RCX);
	status = tdx_page_get(c, pa, TDX_OP_RCX, LOCK_EXCL, PT_MMIOMT, &p);
	if (status != TDX_SUCCESS)
		return status;
	__atomic_store_n(pointer, 0, __ATOMIC_RELEASE);
	tdx_page_release(c->m, pa, p);
	c->r[TDX_RCX] = pa;
	return TDX_SUCCESS;
}
