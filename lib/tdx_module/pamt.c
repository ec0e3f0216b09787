// SPDX-License-Identifier: GPL-2.0
/*
 * TDMRs and the physical address metadata table: who owns each 4 KiB page.
 *
 * The entries live in the PAMT_4K areas that L1 donated. The 2M and 1G areas are checked and taken
 * away from L1 like the real ones, but hold nothing: the model maps 4 KiB pages only.
 */
#include "seamcall.h"

#define PAMT_PER_PAGE	(TDX_PAGE_SIZE / sizeof(struct tdx_pamt))
#define TDMR_INIT_PAGES	1024	/* per TDH.SYS.TDMR.INIT (2.3) */
#define NR_PAMT_LEVELS	3	/* 0 = 4K, 1 = 2M, 2 = 1G */

/* TDMR_INFO as L1 writes it (2.4). */
struct tdmr_info {
	uint64_t base, size;
	struct tdx_range pamt_1g, pamt_2m, pamt_4k;
	struct tdx_range reserved[TDX_MAX_RESERVED];	/* offsets from base */
};
_Static_assert(sizeof(struct tdmr_info) == 320 && offsetof(struct tdmr_info, reserved) == 64,
	       "ABI layout");

static bool aligned(uint64_t v, uint64_t to)
{
	return !(v & (to - 1));
}

static bool below_maxpa(const struct tdx_module *m, uint64_t pa)
{
	return !(pa >> m->platform.pa_bits);
}

/* ---- look-up ---------------------------------------------------------------- */

static struct tdx_range pamt_area(const struct tdx_tdmr *t, unsigned int level)
{
	switch (level) {
	case 0:
		return (struct tdx_range) { t->pamt_4k, t->pamt_4k_size };
	case 1:
		return (struct tdx_range) { t->pamt_2m, t->pamt_2m_size };
	default:
		return (struct tdx_range) { t->pamt_1g, t->pamt_1g_size };
	}
}

static unsigned int nr_tdmrs(const struct tdx_module *m)
{
	return __atomic_load_n(&m->nr_tdmrs, __ATOMIC_ACQUIRE);
}

static const struct tdx_tdmr *tdmr_find(const struct tdx_module *m, uint64_t pa)
{
	for (unsigned int i = 0; i < nr_tdmrs(m); i++)
		if (pa - m->tdmr[i].base < m->tdmr[i].size)
			return &m->tdmr[i];
	return NULL;
}

/* End of the part whose 1 GiB blocks are complete. */
static uint64_t tdmr_usable_end(const struct tdx_tdmr *t)
{
	return __atomic_load_n(&t->next, __ATOMIC_ACQUIRE) & ~(TDX_1G - 1);
}

static struct tdx_pamt *pamt_at(const struct tdx_module *m, const struct tdx_tdmr *t, uint64_t pa)
{
	uint64_t n = (pa - t->base) / TDX_PAGE_SIZE;
	struct tdx_pamt *page = tdx_ram(m, t->pamt_4k + n * sizeof(struct tdx_pamt));

	return page ? &page[n % PAMT_PER_PAGE] : NULL;
}

struct tdx_pamt *tdx_pamt(const struct tdx_module *m, uint64_t pa)
{
	const struct tdx_tdmr *t = tdmr_find(m, pa);

	return t && pa < tdmr_usable_end(t) ? pamt_at(m, t, pa) : NULL;
}

struct tdx_pamt tdx_pamt_peek(const struct tdx_pamt *p)
{
	return (struct tdx_pamt) { .word = __atomic_load_n(&p->word, __ATOMIC_ACQUIRE) };
}

static bool pt_owned(unsigned int pt)
{
	return pt != PT_NDA && pt != PT_RSVD;
}

bool tdx_pa_private(const struct tdx_module *m, uint64_t pa)
{
	const struct tdx_pamt *p;

	for (unsigned int i = 0; i < nr_tdmrs(m); i++)
		for (unsigned int level = 0; level < NR_PAMT_LEVELS; level++) {
			struct tdx_range area = pamt_area(&m->tdmr[i], level);

			if (pa - area.base < area.size)
				return true;
		}
	p = tdx_pamt(m, pa);
	return p && pt_owned(tdx_pamt_peek(p).pt);
}

/* ---- page operands ---------------------------------------------------------- */

uint64_t tdx_page_lock(struct tdx_call *c, uint64_t pa, unsigned int operand,
		       enum tdx_lock_mode mode, struct tdx_pamt **out)
{
	if (!aligned(pa, TDX_PAGE_SIZE) || !below_maxpa(c->m, pa))
		return TDX_STATUS(OPERAND_INVALID, operand);
	*out = tdx_pamt(c->m, pa);
	if (!*out || !tdx_ram(c->m, pa))
		return TDX_STATUS(OPERAND_ADDR_RANGE_ERROR, operand);
	if (!tdx_call_lock(c, &(*out)->lock, mode))
		return TDX_STATUS(OPERAND_BUSY, operand);
	return TDX_SUCCESS;
}

uint64_t tdx_page_get(struct tdx_call *c, uint64_t pa, unsigned int operand,
		      enum tdx_lock_mode mode, enum tdx_pt pt, struct tdx_pamt **out)
{
	uint64_t status = tdx_page_lock(c, pa, operand, mode, out);

	if (status == TDX_SUCCESS && (*out)->pt != pt)
		status = TDX_STATUS(PAGE_METADATA_INCORRECT, operand);
	return status;
}

static void pamt_write(struct tdx_pamt *p, enum tdx_pt pt, uint64_t owner_pa, unsigned int slot)
{
	struct tdx_pamt new = { .pt = pt, .owner_pfn = owner_pa / TDX_PAGE_SIZE, .slot = slot };

	p->bepoch = 0;
	__atomic_store_n(&p->word, new.word, __ATOMIC_RELEASE);
}

void tdx_page_assign(struct tdx_module *m, uint64_t pa, struct tdx_pamt *p, enum tdx_pt pt,
		     struct tdx_td *td, unsigned int slot)
{
	bool child = td && pt != PT_TDR;

	pamt_write(p, pt, child ? td->tdr_pa : 0, slot);
	m->ops->page_owned(m->opaque, pa, TDX_PAGE_SIZE, true);
	if (child)
		td->chldcnt++;
	m->pages_donated++;
}

/*
 * L1 reads a returned page with another key than it was written with: it must see neither the TD's
 * data nor convenient zeroes.
 */
void tdx_page_release(struct tdx_module *m, uint64_t pa, struct tdx_pamt *p)
{
	__builtin_memset(tdx_ram(m, pa), 0xa5, TDX_PAGE_SIZE);
	pamt_write(p, PT_NDA, 0, 0);
	m->ops->page_owned(m->opaque, pa, TDX_PAGE_SIZE, false);
	m->pages_returned++;
}

void *tdx_shared_operand(const struct tdx_module *m, uint64_t pa, uint64_t align)
{
	char *page;

	if (!aligned(pa, align) || !below_maxpa(m, pa) || tdx_pa_private(m, pa))
		return NULL;
	page = tdx_ram(m, pa);
	return page ? page + (pa & TDX_PAGE_MASK) : NULL;
}

/* ---- TDH.SYS.CONFIG: TDMR_INFO checks (2.4) --------------------------------- */

static bool overlap(struct tdx_range a, struct tdx_range b)
{
	return a.base < b.base + b.size && b.base < a.base + a.size;
}

static bool in_cmrs(const struct tdx_platform *pf, uint64_t base, uint64_t end)
{
	for (unsigned int i = 0; i < pf->nr_cmrs && base < end; i++)
		if (base - pf->cmr[i].base < pf->cmr[i].size)
			base = pf->cmr[i].base + pf->cmr[i].size;
	return base >= end;
}

/* Some of @r is a part of the TDMR that is not reserved. */
static bool overlaps_usable(const struct tdx_tdmr *t, struct tdx_range r)
{
	uint64_t pos = r.base > t->base ? r.base : t->base;
	uint64_t end = r.base + r.size < t->base + t->size ? r.base + r.size : t->base + t->size;

	for (unsigned int i = 0; i < t->nr_reserved && pos < end; i++) {
		uint64_t start = t->base + t->reserved[i].base;

		if (start > pos)
			break;
		if (start + t->reserved[i].size > pos)
			pos = start + t->reserved[i].size;
	}
	return pos < end;
}

static uint64_t check_pamts(const struct tdx_module *m, const struct tdx_tdmr *t,
			    unsigned int index)
{
	for (unsigned int level = 0; level < NR_PAMT_LEVELS; level++) {
		struct tdx_range a = pamt_area(t, level);
		uint64_t needed = (t->size >> (12 + 9 * level)) * sizeof(struct tdx_pamt);

		if (!aligned(a.base, TDX_PAGE_SIZE) || !aligned(a.size, TDX_PAGE_SIZE) ||
		    a.size < needed || !below_maxpa(m, a.base) || !below_maxpa(m, a.size) ||
		    !below_maxpa(m, a.base + a.size - 1))
			return TDX_STATUS(INVALID_PAMT, index | level << 8);
		if (!in_cmrs(&m->platform, a.base, a.base + a.size))
			return TDX_STATUS(PAMT_OUTSIDE_CMRS, index | level << 8);
	}
	return TDX_SUCCESS;
}

static uint64_t check_reserved(struct tdx_tdmr *t, unsigned int index)
{
	uint64_t end = 0;
	bool ended = false;

	for (unsigned int i = 0; i < TDX_MAX_RESERVED; i++) {
		struct tdx_range r = t->reserved[i];

		if (!r.size) {
			ended = true;
			continue;
		}
		if (ended || !aligned(r.base, TDX_PAGE_SIZE) || !aligned(r.size, TDX_PAGE_SIZE) ||
		    r.base >= t->size || r.size > t->size - r.base)
			return TDX_STATUS(INVALID_RESERVED_IN_TDMR, index | i << 8);
		if (r.base < end)
			return TDX_STATUS(NON_ORDERED_RESERVED_IN_TDMR, index | i << 8);
		end = r.base + r.size;
		t->nr_reserved = i + 1;
	}
	return TDX_SUCCESS;
}

static bool usable_in_cmrs(const struct tdx_module *m, const struct tdx_tdmr *t)
{
	uint64_t pos = t->base;

	for (unsigned int i = 0; i < t->nr_reserved; i++) {
		if (!in_cmrs(&m->platform, pos, t->base + t->reserved[i].base))
			return false;
		pos = t->base + t->reserved[i].base + t->reserved[i].size;
	}
	return in_cmrs(&m->platform, pos, t->base + t->size);
}

static uint64_t check_tdmr(struct tdx_module *m, unsigned int i)
{
	struct tdx_tdmr *t = &m->tdmr[i];
	uint64_t status;

	if (!t->size || !aligned(t->base | t->size, TDX_1G) || !below_maxpa(m, t->base) ||
	    !below_maxpa(m, t->size - 1) || !below_maxpa(m, t->base + t->size - 1))
		return TDX_STATUS(INVALID_TDMR, i);
	if (i && t->base < t[-1].base + t[-1].size)
		return TDX_STATUS(NON_ORDERED_TDMR, i);
	status = check_pamts(m, t, i);
	if (status == TDX_SUCCESS)
		status = check_reserved(t, i);
	if (status == TDX_SUCCESS && !usable_in_cmrs(m, t))
		status = TDX_STATUS(TDMR_OUTSIDE_CMRS, i);
	return status;
}

/* PAMTs against each other and against what the TDMRs will hand to TDs. */
static uint64_t check_overlaps(const struct tdx_module *m, unsigned int count)
{
	for (unsigned int i = 0; i < count * NR_PAMT_LEVELS; i++) {
		unsigned int index = i / NR_PAMT_LEVELS, level = i % NR_PAMT_LEVELS;
		struct tdx_range a = pamt_area(&m->tdmr[index], level);

		for (unsigned int j = 0; j < i; j++)
			if (overlap(a, pamt_area(&m->tdmr[j / NR_PAMT_LEVELS], j % NR_PAMT_LEVELS)))
				return TDX_STATUS(PAMT_OVERLAP, index | level << 8);
		for (unsigned int j = 0; j < count; j++)
			if (overlaps_usable(&m->tdmr[j], a))
				return TDX_STATUS(PAMT_OVERLAP, index | level << 8);
	}
	return TDX_SUCCESS;
}

uint64_t tdx_tdmrs_load(struct tdx_call *c, const uint64_t *info_pa, unsigned int count)
{
	struct tdx_module *m = c->m;
	uint64_t status;

	__builtin_memset(m->tdmr, 0, sizeof(m->tdmr));
	for (unsigned int i = 0; i < count; i++) {
		const void *info = tdx_shared_operand(m, info_pa[i], 512);
		struct tdmr_info copy;

		if (!info)
			return TDX_STATUS(OPERAND_INVALID, TDX_OP_TDMR_INFO_PA);
		__builtin_memcpy(&copy, info, sizeof(copy));
		m->tdmr[i] = (struct tdx_tdmr) {
			.base = copy.base, .size = copy.size, .next = copy.base,
			.pamt_4k = copy.pamt_4k.base, .pamt_4k_size = copy.pamt_4k.size,
			.pamt_2m = copy.pamt_2m.base, .pamt_2m_size = copy.pamt_2m.size,
			.pamt_1g = copy.pamt_1g.base, .pamt_1g_size = copy.pamt_1g.size,
		};
		__builtin_memcpy(m->tdmr[i].reserved, copy.reserved, sizeof(copy.reserved));
		status = check_tdmr(m, i);
		if (status != TDX_SUCCESS)
			return status;
	}
	status = check_overlaps(m, count);
	if (status != TDX_SUCCESS)
		return status;
	__atomic_store_n(&m->nr_tdmrs, count, __ATOMIC_RELEASE);
	for (unsigned int i = 0; i < count * NR_PAMT_LEVELS; i++) {
		struct tdx_range a = pamt_area(&m->tdmr[i / NR_PAMT_LEVELS], i % NR_PAMT_LEVELS);

		m->ops->page_owned(m->opaque, a.base, a.size, true);
	}
	return TDX_SUCCESS;
}

/* ---- TDH.SYS.TDMR.INIT ------------------------------------------------------ */

static bool in_reserved(const struct tdx_tdmr *t, uint64_t pa)
{
	for (unsigned int i = 0; i < t->nr_reserved; i++)
		if (pa - t->base - t->reserved[i].base < t->reserved[i].size)
			return true;
	return false;
}

uint64_t tdx_tdmr_init_step(struct tdx_call *c, uint64_t base, uint64_t *next)
{
	struct tdx_tdmr *t = NULL;
	uint64_t pa, end;

	for (unsigned int i = 0; i < nr_tdmrs(c->m); i++)
		if (c->m->tdmr[i].base == base)
			t = &c->m->tdmr[i];
	if (!t)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	if (!tdx_call_lock(c, &t->lock, LOCK_EXCL))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX);
	pa = t->next;
	if (pa == t->base + t->size)
		return TDX_STATUS(TDMR_ALREADY_INITIALIZED, 0);
	for (end = pa + TDMR_INIT_PAGES * TDX_PAGE_SIZE; pa < end;
	     pa += PAMT_PER_PAGE * TDX_PAGE_SIZE) {
		struct tdx_pamt *p = pamt_at(c->m, t, pa);

		__builtin_memset(p, 0, TDX_PAGE_SIZE);
		for (unsigned int i = 0; i < PAMT_PER_PAGE; i++)
			if (in_reserved(t, pa + i * TDX_PAGE_SIZE))
				p[i].pt = PT_RSVD;
	}
	__atomic_store_n(&t->next, end, __ATOMIC_RELEASE);
	*next = tdmr_usable_end(t);
	return TDX_SUCCESS;
}

/* ---- ledger and TDH.SYS.DISABLE --------------------------------------------- */

/* Call @fn (may be NULL) for each page that the module owns; returns their number. */
static uint64_t for_each_owned(const struct tdx_module *m,
			       void (*fn)(struct tdx_module *m, uint64_t pa, struct tdx_pamt *p))
{
	uint64_t count = 0;

	for (unsigned int i = 0; i < nr_tdmrs(m); i++) {
		const struct tdx_tdmr *t = &m->tdmr[i];

		for (uint64_t pa = t->base; pa < tdmr_usable_end(t);
		     pa += PAMT_PER_PAGE * TDX_PAGE_SIZE) {
			struct tdx_pamt *p = pamt_at(m, t, pa);

			for (unsigned int n = 0; n < PAMT_PER_PAGE; n++) {
				if (!pt_owned(tdx_pamt_peek(&p[n]).pt))
					continue;
				count++;
				if (fn)
					fn((struct tdx_module *)m, pa + n * TDX_PAGE_SIZE, &p[n]);
			}
		}
	}
	return count;
}

uint64_t tdx_pamt_count_live(const struct tdx_module *m)
{
	return for_each_owned(m, NULL);
}

void tdx_pamt_release_all(struct tdx_module *m)
{
	for_each_owned(m, tdx_page_release);
	for (unsigned int i = 0; i < m->nr_tdmrs * NR_PAMT_LEVELS; i++) {
		struct tdx_range a = pamt_area(&m->tdmr[i / NR_PAMT_LEVELS], i % NR_PAMT_LEVELS);

		m->ops->page_owned(m->opaque, a.base, a.size, false);
	}
}
