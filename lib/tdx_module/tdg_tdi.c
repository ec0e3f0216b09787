// SPDX-License-Identifier: GPL-2.0
/*
 * TDG.TDI.RD, TDI.START, DMAR.ACCEPT, MMIO.ACCEPT (C 2.3 - 2.7).
 *
 * The TD knows a TDI by the 16-bit id that the host gave it at TDI.CREATE. A leaf holds the TDI's
 * lock while it works, shared if it only relies on the record, and never across a TD exit.
 */
#include "guest.h"
#include "mmiomt.h"
#include "sept.h"
#include "tdi.h"
#include "../tdisp/report.h"

#define INVALID(operand)	TDX_STATUS(OPERAND_INVALID, TDX_OP_##operand)
#define GUEST_ID_MASK		0xffffULL
#define MAX_ACCEPT_LEVEL	2	/* 1G */

/* ---- look-up (C 2.3) -------------------------------------------------------- */

static bool guest_id_valid(const struct tdcall *c, enum tdx_gpr reg)
{
	return !(c->gprs->r[reg] & ~GUEST_ID_MASK);
}

static void release(struct tdx_tdi *tdi, enum tdx_lock_mode mode)
{
	if (mode == LOCK_EXCL)
		tdx_unlock_excl(&tdi->lock);
	else
		tdx_unlock_shared(&tdi->lock);
}

/* The bound TDI that register @reg names, locked; a register's number is its operand id too. */
static uint64_t lookup(const struct tdcall *c, enum tdx_gpr reg, enum tdx_lock_mode mode,
		       struct tdx_tdi **out)
{
	const struct tdx_td *td = c->v->td;
	uint64_t id = c->gprs->r[reg], status = TDX_SUCCESS;
	struct tdx_tdi *tdi = tdx_tdi_of_guest(c->m, td, id);

	if (!tdi)
		return TDX_STATUS(TDI_NOT_PRESENT, reg);
	if (mode == LOCK_EXCL ? !tdx_trylock_excl(&tdi->lock) : !tdx_trylock_shared(&tdi->lock))
		return TDX_STATUS(OPERAND_BUSY, reg);
	if (!tdi->used || tdi->td != td || tdi->guest_id != id)	/* removed before it was locked */
		status = TDX_STATUS(TDI_NOT_PRESENT, reg);
	else if (!tdi->bound)
		status = TDX_STATUS(TDI_INVALID_STATE, reg);
	if (status == TDX_SUCCESS)
		*out = tdi;
	else
		release(tdi, mode);
	return status;
}

static bool locked_or_running(const struct tdx_tdi *tdi)
{
	return tdi->state == TDISP_CONFIG_LOCKED || tdi->state == TDISP_RUN;
}

/* ---- TDG.TDI.RD (C 2.4) ----------------------------------------------------- */

/* R8 of the hash fields: a page of the TD's own RAM. */
static uint64_t rd_page(const struct tdcall *c, uint8_t **page)
{
	uint64_t gpa = c->gprs->r[TDX_R8];
	struct sept_pos pos;

	if (gpa & TDX_PAGE_MASK)
		return INVALID(R8);
	if (!sept_gpa_valid(c->v->td, gpa, TDX_PAGE_SIZE))
		return TDX_STATUS(OPERAND_ADDR_RANGE_ERROR, TDX_OP_R8);
	if (!sept_walk(c->m, c->v->td, gpa, 0, SEPT_GUEST, &pos) ||
	    sept_state(pos.value) != SEPT_MAPPED)
		return TDX_STATUS(PAGE_METADATA_INCORRECT, TDX_OP_R8);
	*page = tdx_ram(c->m, pos.value & SEPT_HPA);
	return TDX_SUCCESS;
}

static uint64_t rd_operands(const struct tdcall *c, uint8_t **page)
{
	uint64_t code = c->gprs->r[TDX_RDX];

	if (!guest_id_valid(c, TDX_RCX))
		return INVALID(RCX);
	if (code < TDX_TDI_VERSION || code > TDX_TDI_BIND_SESSION)
		return INVALID(RDX);
	if (!tdi_field_is_hash(code) && c->gprs->r[TDX_R8])
		return INVALID(R8);
	if (c->gprs->r[TDX_R9])
		return INVALID(R9);
	return tdi_field_is_hash(code) ? rd_page(c, page) : TDX_SUCCESS;
}

static uint64_t rd_field(const struct tdcall *c, struct tdx_tdi *tdi, uint8_t *page)
{
	uint64_t code = c->gprs->r[TDX_RDX];

	if (!tdi_field_readable(tdi, code))
		return TDX_STATUS(TDI_INVALID_STATE, TDX_OP_RCX);
	if (!page) {
		c->gprs->r[TDX_RCX] = tdi_field_value(tdi, code);
		return TDX_SUCCESS;
	}
	if (!tdi_field_hash(tdi, code, page))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX);
	c->gprs->r[TDX_RCX] = TDX_TDI_HASH_BYTES;
	return TDX_SUCCESS;
}

uint64_t tdg_tdi_rd(struct tdcall *c)
{
	struct tdx_tdi *tdi;
	uint8_t *page = NULL;
	uint64_t status = rd_operands(c, &page);

	if (status == TDX_SUCCESS)
		status = lookup(c, TDX_RCX, LOCK_SHARED, &tdi);
	if (status != TDX_SUCCESS)
		return status;
	status = rd_field(c, tdi, page);
	release(tdi, LOCK_SHARED);
	return status;
}

/* ---- TDG.TDI.START, TDG.DMAR.ACCEPT (C 2.5, 2.7) ---------------------------- */

/* The TD's consent: only now may the host start the TDI that the TD has looked at. */
uint64_t tdg_tdi_start(struct tdcall *c)
{
	struct tdx_tdi *tdi;
	uint64_t status;

	if (!guest_id_valid(c, TDX_RCX))
		return INVALID(RCX);
	status = lookup(c, TDX_RCX, LOCK_EXCL, &tdi);
	if (status != TDX_SUCCESS)
		return status;
	if (tdi->state != TDISP_CONFIG_LOCKED)
		status = TDX_STATUS(TDI_INVALID_STATE, TDX_OP_RCX);
	else if (c->gprs->r[TDX_RDX] != tdi->session)
		status = INVALID(RDX);
	else
		tdi->consent = true;
	release(tdi, LOCK_EXCL);
	return status;
}

/* There are no L2 VMs to target and no DMAR chain to accept: trusted DMA is not modelled. */
uint64_t tdg_dmar_accept(struct tdcall *c)
{
	struct tdx_tdi *tdi;
	uint64_t status;

	if (c->gprs->r[TDX_RDX])
		return INVALID(RDX);
	for (unsigned int reg = TDX_R8; reg <= TDX_R15; reg++)
		if (c->gprs->r[reg])
			return TDX_STATUS(OPERAND_INVALID, reg);
	if (!guest_id_valid(c, TDX_RCX))
		return INVALID(RCX);
	status = lookup(c, TDX_RCX, LOCK_SHARED, &tdi);
	if (status != TDX_SUCCESS)
		return status;
	status = locked_or_running(tdi) ? TDX_STATUS(DMAR_ENTRY_NOT_PRESENT, TDX_OP_DMAR) :
					  TDX_STATUS(TDISP_INVALID_STATE, TDX_OP_RCX);
	release(tdi, LOCK_SHARED);
	return status;
}

/* ---- TDG.MMIO.ACCEPT (C 2.6) ------------------------------------------------ */

struct accept {
	struct tdcall *c;
	unsigned int level;
	uint64_t gpa, offset, count;	/* offset and count in 4K pages of the range */
	struct tdx_tdi *tdi;
	struct tdisp_range range;
	struct sept_pos pos;
};

/* Not a status: the page is missing, the host is to be asked for it. */
#define MISSING	0xfffffffffffffffeULL

/* Rows 1 to 4. The end of the range is checked with its start, lest it reach into shared space. */
static uint64_t accept_operands(struct accept *a)
{
	const uint64_t *r = a->c->gprs->r;
	const struct tdx_td *td = a->c->v->td;
	uint64_t pages;

	a->level = r[TDX_RCX] & TDX_GPA_LEVEL_MASK;
	a->gpa = r[TDX_RCX] & ~TDX_GPA_LEVEL_MASK;
	a->offset = r[TDX_R9] >> TDX_ACCEPT_OFFSET_SHIFT;
	a->count = (uint32_t)r[TDX_R9];
	pages = 1ULL << (sept_shift(a->level) - 12);
	if (a->level > MAX_ACCEPT_LEVEL || !sept_gpa_valid(td, a->gpa, pages * TDX_PAGE_SIZE) ||
	    a->gpa + a->count * TDX_PAGE_SIZE > 1ULL << (td->gpaw - 1))
		return INVALID(RCX);
	if (!guest_id_valid(a->c, TDX_R8))
		return INVALID(R8);
	if (r[TDX_RDX] >> 16)
		return INVALID(RDX);
	if (!a->count || a->offset + a->count > 1ULL << 32 || (a->offset | a->count) & (pages - 1))
		return INVALID(R9);
	return TDX_SUCCESS;
}

/* Rows 6 and 7, from the module's own copy of the report. */
static uint64_t accept_range(struct accept *a)
{
	uint64_t index = a->c->gprs->r[TDX_RDX];
	struct tdisp_report_view view;

	if (!locked_or_running(a->tdi))
		return TDX_STATUS(TDI_INVALID_STATE, TDX_OP_R8);
	if (tdisp_report_parse(a->tdi->report, a->tdi->report_bytes, &view) != TDISP_REPORT_OK ||
	    index >= view.head.nr_ranges)
		return INVALID(RDX);
	a->range = tdisp_report_range(&view, (uint32_t)index);
	if (a->range.attributes & TDISP_RANGE_NON_TEE)
		return INVALID(RDX);
	if (a->offset + a->count > a->range.nr_pages)
		return TDX_STATUS(MMIO_PAGE_NOT_IN_ASSOC_RANGE, TDX_OP_R9);
	return TDX_SUCCESS;
}

/* Row 14: the page is this TDI's, and the one that the report has at this place of the range. */
static uint64_t accept_owner(const struct accept *a, uint64_t entry)
{
	uint64_t hpa = entry & SEPT_HPA;
	const struct tdx_mmiomt_entry *e = tdx_mmiomt(a->c->m, hpa, a->level);

	if (mmiomt_func(e->word) != a->tdi->func)
		return TDX_STATUS(MMIO_TDI_OWNER_MISMATCH, TDX_OP_R8);
	if (hpa != a->range.first_page - a->tdi->td->mmio_offset + a->offset * TDX_PAGE_SIZE)
		return TDX_STATUS(MMIO_INVALID_HPA_OFFSET, TDX_OP_RCX);
	return TDX_SUCCESS;
}

/* Rows 11 to 14 on the locked entry, whose value goes to @entry. */
static uint64_t accept_locked(struct accept *a, uint64_t *entry)
{
	enum sept_state state = sept_state(*entry);
	uint64_t status;

	if (state == SEPT_NL_MAPPED)
		return TDX_STATUS(MMIO_ACCEPT_SIZE_MISMATCH, a->pos.level);
	if (sept_is_accessible_leaf(state))
		return TDX_STATUS(PAGE_ALREADY_ACCEPTED, a->pos.level);
	if (state != SEPT_MMIO_PENDING)
		return MISSING;
	status = accept_owner(a, *entry);
	if (status == TDX_SUCCESS)
		*entry = sept_make(SEPT_MMIO_MAPPED, *entry & SEPT_HPA);
	return status;
}

/* Rows 8 to 14. A host leaf that met the lock meanwhile keeps its priority. */
static uint64_t accept_page(struct accept *a)
{
	struct sept_pos *pos = &a->pos;
	uint64_t raw, entry, status;

	if (!sept_walk(a->c->m, a->c->v->td, a->gpa, a->level, SEPT_GUEST, pos))
		return sept_is_accessible_leaf(sept_state(pos->value)) ?
		       TDX_STATUS(PAGE_ALREADY_ACCEPTED, pos->level) : MISSING;
	raw = __atomic_load_n(pos->entry, __ATOMIC_ACQUIRE);
	do {
		if (raw & SEPT_HOST_PRIORITY)
			return TDX_STATUS(OPERAND_BUSY_HOST_PRIORITY, TDX_OP_RCX);
		if (raw & SEPT_LOCK)
			return TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX);
	} while (!__atomic_compare_exchange_n(pos->entry, &raw, raw | SEPT_LOCK, true,
					      __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
	pos->value = entry = raw;
	status = accept_locked(a, &entry);
	raw |= SEPT_LOCK;
	while (!__atomic_compare_exchange_n(pos->entry, &raw, entry | (raw & SEPT_HOST_PRIORITY),
					    true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
	return status;
}

/*
 * The progress is in RCX and R9 after every page, so that it survives an error and a TD exit alike
 * and the leaf, when it runs again, starts at the page that was missing.
 */
static void accept_advance(struct accept *a)
{
	uint64_t pages = 1ULL << (sept_shift(a->level) - 12), *r = a->c->gprs->r;

	a->gpa += pages * TDX_PAGE_SIZE;
	a->offset += pages;
	a->count -= pages;
	r[TDX_RCX] = a->gpa | a->level;
	r[TDX_R9] = a->offset << TDX_ACCEPT_OFFSET_SHIFT | a->count;
	a->c->m->connect.mmio_accepts++;
}

uint64_t tdg_mmio_accept(struct tdcall *c)
{
	struct accept a = { .c = c };
	uint64_t status = accept_operands(&a);

	if (status == TDX_SUCCESS)
		status = lookup(c, TDX_R8, LOCK_SHARED, &a.tdi);
	if (status != TDX_SUCCESS)
		return status;
	status = accept_range(&a);
	while (status == TDX_SUCCESS && a.count) {
		status = accept_page(&a);
		if (status == TDX_SUCCESS)
			accept_advance(&a);
	}
	release(a.tdi, LOCK_SHARED);
	if (status != MISSING)
		return status;
	tdx_accept_exit(c->m, c->lp, c->v, c->gprs, a.gpa, a.level, 0, &a.pos, c->host, c->res);
	return TDCALL_AGAIN;
}
