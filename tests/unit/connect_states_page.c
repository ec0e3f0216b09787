// SPDX-License-Identifier: GPL-2.0
/*
 * Every leaf of TDX Connect that looks at the TDIMT, the MMIOMT or the S-EPT entry of a page of
 * private MMIO, in every state of these (2.4, 2.6, 3.3).
 */
#include "connect_states.h"

/* ---- TDIMT ------------------------------------------------------------------ */

enum tdimt_column { NO_TDIMT, TDIMT_ROOT, TDIMT_PARTIAL, TDIMT_COMPLETE, TDIMT_WITH_TDI };

static const char *const tdimt_columns[] = {
	"no TDIMT", "only its root", "all but its last level", "a complete TDIMT",
	"a TDIMT with the TDI",
};

static struct tdis *tdimt_to(unsigned int column, enum with with)
{
	static const unsigned int tables[] = { 0, 1, 3, 4, 4 };
	struct tdis *t = tdis_linked(tables[column], TDX_MMIOMT_LEVELS);

	(void)with;
	if (column == TDIMT_WITH_TDI)
		tdis_create(t);
	return t;
}

#define TDI_CELL(mark, cell) { FOUR(mark(NO_TDI)), cell }

/* Columns: none, only the root, levels 4 to 2, complete, with the TDI (UNLOCKED) in it. */
static const struct row tdimt_rows[] = {
	{ TDH_TDIMT_ADD, 4, 0, { S(OK), FOUR(S(FUNC_TAKEN)) } },
	{ TDH_TDIMT_ADD, 3, 0, { S(NO_TDI), S(OK), THREE(S(FUNC_TAKEN)) } },
	{ TDH_TDIMT_ADD, 1, 0, { S(NO_TDI), S(NO_TDI), S(OK), S(FUNC_TAKEN), S(FUNC_TAKEN) } },
	{ TDH_TDIMT_REMOVE, 4, 0,
	  { S(NO_TDI), S(OK), THREE(S(ST(TDI_INVALID_METADATA, RCX))) } },
	{ TDH_TDIMT_REMOVE, 1, 0,
	  { THREE(S(NO_TDI)), S(OK), S(ST(TDI_INVALID_METADATA, RCX)) } },
	/* An empty entry reads 0. */
	{ TDH_TDIMT_RD, 4, 0, { C(OK), FOUR(S(OK)) } },
	{ TDH_TDIMT_RD, 0, 0, { THREE(I(NO_TDI)), C(OK), S(OK) } },
	{ TDH_TDI_CREATE, 0, 0, { THREE(I(NO_TDI)), S(OK), I(ID_TAKEN) } },
	{ TDH_TDI_REMOVE, 0, 0, TDI_CELL(I, S(OK)) },
	{ TDH_TDI_BIND, 0, 0, TDI_CELL(C, C(REQUEST)) },
	{ TDH_TDI_START, 0, 0, TDI_CELL(C, C(TDI_STATE)) },
	{ TDH_TDI_STOP, 0, 0, TDI_CELL(C, C(REQUEST)) },
	{ TDH_TDI_RD, TDX_TDI_RECORD, 0, TDI_CELL(C, C(OK)) },
	{ TDH_TDI_STATE, 0, 0, TDI_CELL(C, C(REQUEST)) },
	{ TDH_MMIOMT_SET, TDX_MMIOMT_DATA | OTHER, 0,
	  { FOUR(S(ST(TDI_NOT_PRESENT, RDX))), S(OK) } },
	/* Without a TDI no entry of the MMIOMT is DATA. */
	{ TDH_MMIO_MAP, 0, 0, { FOUR(S(MMIO_META)), S(OK) } },
};

/* Turned red by: a table added over another, or taken away under a TDI; a walk past its end. */
static void tdimt_states(void **state)
{
	const struct table table = TABLE("TDIMT", TDIMT, tdimt_rows, tdimt_columns, tdimt_to);

	(void)state;
	visit(&table, 16 * 5);
}

/* ---- MMIOMT ----------------------------------------------------------------- */

enum mmiomt_column {
	NO_TREE, TREE_ROOT, TREE_PARTIAL, TREE_COMPLETE, OWNED, MAPPED, SIBLINGS,
};

static const char *const mmiomt_columns[] = {
	"no MMIOMT", "only its root", "all but its last level", "a free entry", "an owned entry",
	"a mapped entry", "a sibling's mapped entry",
};

/* The TDI is LOCKED. */
static struct tdis *mmiomt_to(unsigned int column, enum with with)
{
	static const unsigned int tables[] = { 0, 1, 4, 5, 5, 5, 5 };
	struct tdis *t = tdis_linked(TDX_TDIMT_LEVELS, tables[column]);

	(void)with;
	expect_ok(tdi_create(t));
	t->tdi = tdx_tdi_of_guest(t->p->m, t->g.t, GUEST_ID);
	expect_ok(tdi_bind(t));
	if (column == OWNED || column == MAPPED)
		expect_ok(mmio_set(t, BAR0, DEV_FUNC));
	if (column == SIBLINGS) {
		tdis_sibling(t);
		expect_ok(mmio_set(t, BAR0, SIBLING_FUNC));
	}
	if (column == MAPPED || column == SIBLINGS)
		expect_ok(mmio_map(t, BAR0));
	return t;
}

/*
 * Columns: none, only the root, levels 5 to 2, the page's entry free, owned by the TDI, mapped too,
 * owned by a sibling and mapped.
 */
static const struct row mmiomt_rows[] = {
	{ TDH_MMIOMT_ADD, 5, 0, { S(OK), THREE(S(MMIO_META)), THREE(S(MMIO_META)) } },
	{ TDH_MMIOMT_ADD, 4, 0,
	  { S(NO_MMIOMT), S(OK), S(MMIO_META), FOUR(S(MMIO_META)) } },
	{ TDH_MMIOMT_ADD, 1, 0, { S(NO_MMIOMT), S(NO_MMIOMT), S(OK), FOUR(S(MMIO_META)) } },
	{ TDH_MMIOMT_SET, TDX_MMIOMT_DATA, 0,
	  { THREE(S(NO_MMIOMT)), S(OK), THREE(S(ENTRY_META)) } },
	{ TDH_MMIOMT_SET, TDX_MMIOMT_QNODE, 0,
	  { THREE(S(NO_MMIOMT)), S(ENTRY_META), S(OK), S(ENTRY_META), S(ENTRY_META) } },
	/* An empty entry reads 0. */
	{ TDH_MMIOMT_RD, 0, 0, { THREE(I(NO_MMIOMT)), C(OK), THREE(S(OK)) } },
	{ TDH_MMIOMT_RD, 4, 0, { I(NO_MMIOMT), C(OK), S(OK), FOUR(S(OK)) } },
	{ TDH_MMIOMT_REMOVE, 5, 0,
	  { S(MMIO_META), S(OK), S(MMIO_META), FOUR(S(MMIO_META)) } },
	{ TDH_MMIOMT_REMOVE, 1, 0,
	  { S(NO_MMIOMT), S(NO_MMIOMT), S(MMIO_META), S(OK), THREE(S(MMIO_META)) } },
	{ TDH_MMIO_MAP, 0, 0,
	  { THREE(S(NO_MMIOMT)), S(MMIO_META), S(OK), S(EPT_STATE), S(EPT_STATE) } },
	/* One HPA has one GPA. */
	{ TDH_MMIO_MAP, OTHER, 0,
	  { THREE(S(NO_MMIOMT)), S(MMIO_META), S(OK), S(MMIO_META), S(MMIO_META) } },
	{ TDH_MMIO_BLOCK, 0, 0, { THREE(S(EPT_STATE)), S(EPT_STATE), S(EPT_STATE), S(OK), S(OK) } },
	{ TDH_MMIO_UNMAP, 0, 0, { THREE(S(EPT_STATE)), FOUR(S(EPT_STATE)) } },
	{ TDG_MMIO_ACCEPT, 0, 0,
	  { THREE(S(ACCEPT_EXIT)), S(ACCEPT_EXIT), S(ACCEPT_EXIT), S(OK),
	    S(ST(MMIO_TDI_OWNER_MISMATCH, R8)) } },
};

/* Turned red by: a page mapped without its owner or twice; an entry or table lost under a page. */
static void mmiomt_states(void **state)
{
	const struct table table = TABLE("MMIOMT", MMIOMT, mmiomt_rows, mmiomt_columns, mmiomt_to);

	(void)state;
	visit(&table, 14 * 7);
}

/* ---- S-EPT entry ------------------------------------------------------------ */

enum sept_column {
	NO_TABLE, ENTRY_FREE, RAM_PENDING, RAM_MAPPED, MMIO_PENDING, MMIO_MAPPED, MMIO_BLOCKED,
	MMIO_TRACKED,
};

static const char *const sept_columns[] = {
	"no S-EPT table", "FREE", "PENDING (RAM)", "MAPPED (RAM)", "MMIO_PENDING", "MMIO_MAPPED",
	"MMIO_BLOCKED", "MMIO_BLOCKED and tracked",
};

static void sept_bring(struct tdis *t, unsigned int column)
{
	struct tdx_result res;

	if (column == NO_TABLE)
		t->gpa += GiB;		/* the same, under another table of level 2 */
	if (column == RAM_PENDING || column == RAM_MAPPED)
		td_aug(&t->g.td, t->gpa, page_new(t->p));
	if (column >= MMIO_PENDING)
		expect_ok(mmio_map(t, BAR0));
	if (column == RAM_MAPPED || column == MMIO_MAPPED) {
		enter(t);
		if (column == RAM_MAPPED)
			expect_ok(td_accept(&t->g.td, t->gpa, &res));
		else
			expect_ok(guest_leaf(t, TDG_MMIO_ACCEPT, t->gpa, 0, GUEST_ID, R9(0, 1)));
		td_interrupt(&t->g.td);
	}
	if (column >= MMIO_BLOCKED)
		expect_ok(mmio_block(t, BAR0));
	if (column == MMIO_TRACKED)
		tdis_track(t);
}

/* The TDI is in RUN, with STOPPED_TDI it has been stopped; it owns the page. */
static struct tdis *sept_to(unsigned int column, enum with with)
{
	struct tdis *t = tdis_linked(TDX_TDIMT_LEVELS, TDX_MMIOMT_LEVELS);

	tdis_create(t);
	expect_ok(tdi_bind(t));
	tdis_consent(t);
	expect_ok(tdi_start(t));
	sept_bring(t, column);
	if (with == STOPPED_TDI)
		expect_ok(tdi_stop(t));
	return t;
}

#define HAS_MMIO	I(ST(TDI_HAS_MAPPED_MMIO, RCX))
#define NOT_RAM		I(ST(PAGE_METADATA_INCORRECT, R8))

/*
 * Columns: no table, FREE, RAM PENDING and MAPPED; MMIO PENDING, MAPPED, BLOCKED, BLOCKED and
 * tracked.
 */
static const struct row sept_rows[] = {
	{ TDH_MMIO_MAP, 0, 0,
	  { S(EPT_WALK), S(OK), THREE(S(EPT_STATE)), THREE(S(EPT_STATE)) } },
	{ TDH_MMIO_BLOCK, 0, 0,
	  { S(EPT_WALK), THREE(S(EPT_STATE)), S(OK), S(OK), S(EPT_STATE), S(EPT_STATE) } },
	/* Tracking is tested before the TDISP state. */
	{ TDH_MMIO_UNMAP, 0, 0,
	  { S(EPT_WALK), THREE(S(EPT_STATE)), S(EPT_STATE), S(EPT_STATE),
	    S(ST(TLB_TRACKING_NOT_DONE, RCX)), S(ST(TDISP_INVALID_STATE, RCX)) } },
	{ TDH_MMIO_UNMAP, 0, STOPPED_TDI,
	  { S(EPT_WALK), THREE(S(EPT_STATE)), S(EPT_STATE), S(EPT_STATE),
	    S(ST(TLB_TRACKING_NOT_DONE, RCX)), S(OK) } },
	{ TDH_MMIOMT_SET, TDX_MMIOMT_QNODE, 0, { FOUR(S(OK)), FOUR(S(ENTRY_META)) } },
	{ TDH_TDI_REMOVE, 0, STOPPED_TDI, { FOUR(S(OK)), FOUR(HAS_MMIO) } },
	{ TDG_MMIO_ACCEPT, 0, 0,
	  { THREE(S(ACCEPT_EXIT)), S(TDX_STATUS(PAGE_ALREADY_ACCEPTED, 0)), S(OK),
	    S(TDX_STATUS(PAGE_ALREADY_ACCEPTED, 0)), S(ACCEPT_EXIT), S(ACCEPT_EXIT) } },
	{ TDG_TDI_RD, TDX_TDI_REPORT_HASH | OTHER, 0,
	  { THREE(NOT_RAM), S(OK), FOUR(NOT_RAM) } },
};

/* Turned red by: a transition of C 3.3's table allowed or refused wrongly; UNMAP without TRACK. */
static void sept_states(void **state)
{
	const struct table table = TABLE("S-EPT entry", SEPT, sept_rows, sept_columns, sept_to);

	(void)state;
	visit(&table, 8 * 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tdimt_states),
		cmocka_unit_test(mmiomt_states),
		cmocka_unit_test(sept_states),
	};

	return cmocka_run_group_tests_name("connect_states_page", tests, NULL, NULL);
}
