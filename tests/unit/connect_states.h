/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tables of (leaf of TDX Connect, state of an object) share: which kinds of objects each
 * leaf looks at, a well-formed call of each leaf, and the visit of a table. The tables are in
 * connect_states_link.c, connect_states_tdi.c and connect_states_page.c; sections in brackets are
 * those of tdx-connect.md.
 */
#ifndef UNIT_CONNECT_STATES_H
#define UNIT_CONNECT_STATES_H

#include "tdi_td.h"
#include "states.h"

#include <stdio.h>

/* ---- leaves ----------------------------------------------------------------- */

enum kind {
	MODULE = 1 << 0, SPDM = 1 << 1, STREAM = 1 << 2, TDI = 1 << 3, TDIMT = 1 << 4,
	MMIOMT = 1 << 5, SEPT = 1 << 6,
};

/* Guest leaves have numbers below the host's, so that a number names a leaf. */
static const struct { unsigned int nr; const char *name; } leaves[] = {
#define HOST_LEAF(name, nr) { nr, "TDH." #name },
#define GUEST_LEAF(name, nr) { nr, "TDG." #name },
	TDH_CONNECT_LEAVES(HOST_LEAF) TDG_CONNECT_LEAVES(GUEST_LEAF)
};
#define NR_LEAVES (sizeof(leaves) / sizeof(leaves[0]))

/*
 * The objects that a leaf names as operands or that a rule of 2.3-2.7, 3.1, 3.3, 3.4 makes it look
 * at. Each leaf has a row in the tables of just these; one that is not here is unlisted.
 */
static inline unsigned int kinds_of(unsigned int leaf)
{
	switch (leaf) {
	case TDH_IOMMU_SETUP:		return MODULE;
	case TDH_IOMMU_CLEAR:		return MODULE | SPDM;
	case TDH_SPDM_CREATE:
	case TDH_SPDM_CONNECT:
	case TDH_SPDM_MNG:		return MODULE | SPDM;
	case TDH_SPDM_DELETE:
	case TDH_SPDM_DISCONNECT:
	case TDH_IDE_STREAM_CREATE:
	case TDH_IDE_STREAM_BLOCK:
	case TDH_IDE_STREAM_DELETE:
	case TDH_IDE_STREAM_KM:		return MODULE | SPDM | STREAM;
	case TDH_TDI_REMOVE:		return MODULE | SPDM | STREAM | TDI | TDIMT | SEPT;
	case TDH_TDI_CREATE:
	case TDH_TDI_BIND:
	case TDH_TDI_START:
	case TDH_TDI_STOP:
	case TDH_TDI_RD:
	case TDH_TDI_STATE:		return MODULE | SPDM | STREAM | TDI | TDIMT;
	case TDH_TDIMT_ADD:
	case TDH_TDIMT_REMOVE:
	case TDH_TDIMT_RD:		return MODULE | TDI | TDIMT;
	case TDH_MMIOMT_ADD:
	case TDH_MMIOMT_RD:
	case TDH_MMIOMT_REMOVE:		return MODULE | MMIOMT;
	case TDH_MMIOMT_SET:		return MODULE | TDI | TDIMT | MMIOMT | SEPT;
	case TDH_MMIO_MAP:		return MODULE | STREAM | TDI | TDIMT | MMIOMT | SEPT;
	case TDH_MMIO_BLOCK:		return MODULE | MMIOMT | SEPT;
	case TDH_MMIO_UNMAP:		return MODULE | STREAM | TDI | MMIOMT | SEPT;
	case TDG_TDI_START:
	case TDG_DMAR_ACCEPT:		return MODULE | TDI;
	case TDG_TDI_RD:		return MODULE | TDI | SEPT;
	case TDG_MMIO_ACCEPT:		return MODULE | TDI | MMIOMT | SEPT;
	}
	return 0;
}

/* ---- tables ----------------------------------------------------------------- */

#define MAX_COLUMNS 12

/* What a row wants besides the state of its column. */
enum with { NOTHING, PENDING_PAGE, TRACKED_PAGE, STOPPED_TDI };

struct row {
	unsigned int leaf;
	unsigned int op;		/* see the calls below */
	enum with with;
	struct cell cell[MAX_COLUMNS];
};

struct table {
	const char *name;
	enum kind kind;
	const char *const *columns;
	unsigned int nr_columns;
	const struct row *rows;
	unsigned int nr_rows;
	struct tdis *(*to)(unsigned int column, enum with with);
};

/* Statuses, as short as the tables need them. */
#define ST(name, op)	TDX_STATUS(name, TDX_OP_##op)
#define NOT_OFFERED	TDX_STATUS(CONNECT_INVALID_STATE, 0)
#define NO_TDI		ST(TDI_NOT_PRESENT, RCX)
#define TDI_STATE	ST(TDI_INVALID_STATE, RCX)
#define TDI_ERROR	ST(TDISP_ERROR_STATE, RCX)
#define FUNC_TAKEN	ST(TDI_ALREADY_PRESENT, RCX)
#define ID_TAKEN	ST(TDI_ALREADY_PRESENT, R11)
#define SPDM_STATE	ST(SPDM_INVALID_STATE, RCX)
#define HAS_STREAMS	ST(SPDM_HAS_ACTIVE_IDE_STREAMS, RCX)
#define STREAM_STATE	ST(IDE_STREAM_INVALID_STATE, RDX)
#define NO_STREAM	ST(IDE_STREAM_INVALID_STATE, RCX)
#define BLOCKED		ST(IDE_STREAM_BLOCKED, RDX)
#define NOT_BLOCKED	ST(IDE_STREAM_NOT_BLOCKED, RDX)
#define HAS_TDIS	ST(IDE_HAS_TDIS, RDX)
#define NO_MMIOMT	ST(MMIOMT_NOT_PRESENT, RCX)
#define MMIO_META	ST(MMIO_INVALID_PAGE_METADATA, RCX)
#define ENTRY_META	ST(MMIO_INVALID_PAGE_METADATA, MMIOMT)
#define EPT_STATE	ST(EPT_ENTRY_STATE_INCORRECT, RCX)
#define EPT_WALK	ST(EPT_WALK_FAILED, RCX)

/* An EPT-violation TD exit and the type of its extended qualification: no status of the guest's. */
#define EXIT_REASON_EPT	48
#define EXIT(eeq)	((eeq) << 16 | EXIT_REASON_EPT)
#define ACCEPT_EXIT	EXIT(1)

/* ---- calls ------------------------------------------------------------------ */

/*
 * Each is well-formed, on objects that exist once the state of the table has come so far. op, bits
 * 7:0: the operation of IDE.STREAM.KM, SPDM.MNG and MMIOMT.SET, the level of the other leaves of
 * tables, the field of TDI.RD. OTHER: another guest id, page, unit, GPA or session than the plain
 * call has; for TDG.TDI.RD the page of the table as output.
 */
#define OTHER		0x100
#define OTHER_HPA	(BAR0 + 20 * PAGE)
#define OTHER_GPA	(GPA_OF(BAR0) + 64 * PAGE)

static inline uint64_t link_call(struct tdis *t, unsigned int leaf, unsigned int op)
{
	struct peer *d = &t->link;
	struct plat *p = t->p;
	uint64_t page[6];

	switch (leaf) {
	case TDH_IOMMU_SETUP:
		return sc2(p, IOMMU_SETUP, PLAT_IOMMU + (op & OTHER ? PAGE : 0),
			   iommu_list(p, page));
	case TDH_IOMMU_CLEAR:
		return sc2(p, IOMMU_CLEAR, 0, t->iommu_list);
	case TDH_SPDM_CREATE:
		return sc2(p, SPDM_CREATE, DEV_FUNC, page_array(p, 3, true));
	case TDH_SPDM_DELETE:
		return spdm_delete(d);
	case TDH_SPDM_CONNECT:
		return connect_once(d);
	case TDH_SPDM_DISCONNECT:
		return sc3(p, SPDM_DISCONNECT, d->spdm, d->rsp, d->req);
	case TDH_SPDM_MNG:
		return sc6(p, leaf, d->spdm, op, NONE, d->rsp, d->req, NONE);
	case TDH_IDE_STREAM_CREATE:
		return tdis_stream_create(t);
	case TDH_IDE_STREAM_BLOCK:
		return stream_block(t);
	case TDH_IDE_STREAM_DELETE:
		return stream_delete(d);
	case TDH_IDE_STREAM_KM:
		return sc6(p, leaf, d->spdm, d->stream, op, d->rsp, d->req, 0);
	}
	fail_msg("leaf %u has no call", leaf);
	return 0;
}

static inline uint64_t page_call(struct tdis *t, unsigned int leaf, unsigned int op)
{
	const uint64_t level = op & 0xff, hpa = op & OTHER ? OTHER_HPA : BAR0;
	const uint64_t tdimt = level | (uint64_t)DEV_FUNC << TDX_TDIMT_FUNC_SHIFT;
	struct plat *p = t->p;

	switch (leaf) {
	case TDH_TDIMT_ADD:	return sc2(p, TDIMT_ADD, tdimt, page_new(p));
	case TDH_TDIMT_REMOVE:	return sc1(p, TDIMT_REMOVE, tdimt);
	case TDH_TDIMT_RD:	return sc1(p, TDIMT_RD, tdimt);
	case TDH_MMIOMT_ADD:	return sc2(p, MMIOMT_ADD, hpa | level, page_new(p));
	case TDH_MMIOMT_RD:	return sc1(p, MMIOMT_RD, hpa | level);
	case TDH_MMIOMT_REMOVE:	return sc1(p, MMIOMT_REMOVE, hpa | level);
	case TDH_MMIOMT_SET:	return mmio_set(t, hpa, level == TDX_MMIOMT_DATA ? DEV_FUNC : 0);
	case TDH_MMIO_MAP:
		return sc3(p, MMIO_MAP, op & OTHER ? OTHER_GPA : t->gpa, t->g.td.tdr, BAR0);
	case TDH_MMIO_BLOCK:	return sc2(p, MMIO_BLOCK, t->gpa, t->g.td.tdr);
	case TDH_MMIO_UNMAP:	return sc2(p, MMIO_UNMAP, t->gpa, t->g.td.tdr);
	}
	return link_call(t, leaf, op);
}

static inline uint64_t tdi_call(struct tdis *t, unsigned int leaf, unsigned int op)
{
	const bool hash = tdi_field_is_hash(op);

	switch (leaf) {
	case TDH_TDI_CREATE:
		return tdi_create_as(t, DEV_FUNC, op & OTHER ? SIBLING_ID : GUEST_ID,
				     (const uint64_t[3]) { page_new(t->p), page_new(t->p),
							   page_new(t->p) });
	case TDH_TDI_REMOVE:
		return tdi_remove(t);
	case TDH_TDI_BIND:
		return tdis_call(t, leaf, 0, t->out);
	case TDH_TDI_START:
	case TDH_TDI_STOP:
	case TDH_TDI_STATE:
		return tdis_call(t, leaf, 0, 0);
	case TDH_TDI_RD:
		return sc6(t->p, leaf, DEV_FUNC, op, hash ? host_page(t->p) : 0, 0, 0, 0);
	}
	return page_call(t, leaf, op);
}

/* The leaf's status, or the reason of the TD exit that it led to. */
static inline uint64_t guest_leaf(struct tdis *t, unsigned int leaf, uint64_t rcx, uint64_t rdx,
				  uint64_t r8, uint64_t r9)
{
	struct guest *g = &t->g;

	g->g = (struct tdx_gprs) { .r = { [TDX_RAX] = leaf, [TDX_RCX] = rcx, [TDX_RDX] = rdx,
					  [TDX_R8] = r8, [TDX_R9] = r9 } };
	if (guest_event(g, TDX_EV_TDCALL) == TDX_TD_NEXT)
		return g->g.r[TDX_RAX];
	assert_int_equal(g->res.action, TDX_TD_EXIT);
	return t->p->g.r[TDX_RAX] | EXIT(t->p->g.r[TDX_RDX] & 0xf);
}

static inline uint64_t guest_call(struct tdis *t, unsigned int leaf, unsigned int op)
{
	const uint64_t field = op & 0xff;

	enter(t);
	switch (leaf) {
	case TDG_TDI_RD:
		return guest_leaf(t, leaf, GUEST_ID, field,
				  !tdi_field_is_hash(field) ? 0 : op & OTHER ? t->gpa : TD_GPA, 0);
	case TDG_TDI_START:
		return guest_leaf(t, leaf, GUEST_ID, op & OTHER ? 7 : 1, 0, 0);
	case TDG_DMAR_ACCEPT:
		return guest_leaf(t, leaf, GUEST_ID, 0, 0, 0);
	case TDG_MMIO_ACCEPT:
		return guest_leaf(t, leaf, t->gpa, 0, GUEST_ID, R9(0, 1));
	}
	fail_msg("leaf %u has no call", leaf);
	return 0;
}

static inline uint64_t connect_call(struct tdis *t, const struct row *row)
{
	return row->leaf < TDH_CONNECT_FIRST ? guest_call(t, row->leaf, row->op) :
					       tdi_call(t, row->leaf, row->op);
}

/* ---- visits ----------------------------------------------------------------- */

/* Leaves that lack a row, or have one that they should not have. */
static inline unsigned int unlisted_leaves(const struct table *table)
{
	unsigned int unlisted = 0;

	for (unsigned int i = 0; i < NR_LEAVES; i++) {
		const unsigned int kinds = kinds_of(leaves[i].nr);
		bool listed = false;

		for (unsigned int n = 0; n < table->nr_rows; n++)
			listed |= table->rows[n].leaf == leaves[i].nr;
		if (!kinds || listed != !!(kinds & table->kind)) {
			print_error("%s: %s is unlisted\n", table->name, leaves[i].name);
			unlisted++;
		}
	}
	return unlisted;
}

static inline void row_name(const struct row *row, char *name, size_t size)
{
	for (unsigned int i = 0; i < NR_LEAVES; i++)
		if (leaves[i].nr == row->leaf)
			snprintf(name, size, "%s(%#x, with %u)", leaves[i].name, row->op,
				 row->with);
}

/* Every cell of @table; @pairs is how many there are. */
static inline void visit(const struct table *table, unsigned int pairs)
{
	unsigned int unlisted = unlisted_leaves(table), visited = 0, marks[128] = { 0 };
	char name[64];

	wrong = 0;
	for (unsigned int i = 0; i < table->nr_rows; i++)
		for (unsigned int column = 0; column < table->nr_columns; column++) {
			const struct row *row = &table->rows[i];
			const struct cell *cell = &row->cell[column];
			struct tdis *t;

			row_name(row, name, sizeof(name));
			if (!cell->mark) {
				print_error("%s in %s is unlisted\n", name,
					    table->columns[column]);
				unlisted++;
				continue;
			}
			t = table->to(column, row->with);
			check(name, table->columns[column], cell, connect_call(t, row));
			tdis_free(t);
			marks[(unsigned int)cell->mark]++;
			visited++;
		}
	print_message("%s: %u (leaf, state) pairs: %u source, %u inferred, %u chosen\n",
		      table->name, visited, marks['s'], marks['i'], marks['c']);
	assert_int_equal(unlisted, 0);
	assert_int_equal(visited, pairs);
	assert_int_equal(wrong, 0);
}

/* The same status in several columns. */
#define THREE(...)	__VA_ARGS__, __VA_ARGS__, __VA_ARGS__
#define FOUR(...)	THREE(__VA_ARGS__), __VA_ARGS__
#define NINE(...)	THREE(__VA_ARGS__), THREE(__VA_ARGS__), THREE(__VA_ARGS__)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TABLE(name, kind, rows, columns, to) \
	{ name, kind, columns, COUNT(columns), rows, COUNT(rows), to }

/* ---- states ----------------------------------------------------------------- */

/* As plat_connect() makes it, or with Connect off; but of the TDMRs only one, which is enough. */
static inline struct tdis *tdis_begin(bool connect)
{
	struct plat *p = plat_new();

	plat_sys_init(p);
	plat_write_tdmrs(p);
	expect_ok(connect ? plat_sys_config_features(p, 1, TDX_FEATURES0_CONNECT) :
			    plat_sys_config(p));
	expect_ok(sc1(p, SYS_KEY_CONFIG, 0));
	do
		expect_ok(sc1(p, SYS_TDMR_INIT, PLAT_TDMR));
	while (p->g.r[TDX_RDX] < PLAT_TDMR + GiB);
	return tdis_on(p);
}

/* The first call of a leaf's sequence, and the device's answer to it. */
static inline void tdis_ask(struct tdis *t, unsigned int leaf, unsigned int op)
{
	expect_status(tdi_call(t, leaf, op), REQUEST);
	if (leaf == TDH_TDI_BIND || leaf == TDH_TDI_STATE)
		tdis_answer(t);
	else
		peer_answer(&t->link);
}

/* A TD, and the first tables of both trees. */
static inline void tdis_trees(struct tdis *t, unsigned int tdimt, unsigned int mmiomt)
{
	tdis_runnable(t, TDX_CONFIG_FLAG_CONNECT);
	tdis_tdimt(t, tdimt);
	tdis_mmiomt(t, mmiomt);
}

/* What a TDI takes: an IOMMU, a keyed stream, a TD, the trees as far as they go. */
static inline struct tdis *tdis_linked(unsigned int tdimt, unsigned int mmiomt)
{
	struct tdis *t = tdis_begin(true);

	t->iommu_list = iommu_up(t->p);
	tdis_link(t);
	tdis_trees(t, tdimt, mmiomt);
	return t;
}

/* The TD agrees to what is bound; its vCPU has left it again. */
static inline void tdis_consent(struct tdis *t)
{
	enter(t);
	expect_status(guest_leaf(t, TDG_TDI_START, GUEST_ID, t->tdi->session, 0, 0), OK);
	td_interrupt(&t->g.td);
}

/* A page of BAR 0 under its GPA, and with TRACKED_PAGE blocked and tracked. */
static inline void tdis_page(struct tdis *t, enum with with)
{
	if (with != PENDING_PAGE && with != TRACKED_PAGE)
		return;
	expect_ok(mmio_map(t, BAR0));
	if (with == PENDING_PAGE)
		return;
	expect_ok(mmio_block(t, BAR0));
	tdis_track(t);
}

/* A TDI that owns the page at BAR0. */
static inline void tdis_create(struct tdis *t)
{
	expect_ok(tdi_create(t));
	t->tdi = tdx_tdi_of_guest(t->p->m, t->g.t, GUEST_ID);
	assert_non_null(t->tdi);
	expect_ok(mmio_set(t, BAR0, DEV_FUNC));
}

#endif
