// SPDX-License-Identifier: GPL-2.0
/*
 * Every access to an S-EPT entry in every state that it can meet (fact sheet 6.1, 6.2; C 2.6, 3.3):
 * what the sheets demand, written by hand from them. The entry is put into its state as the module
 * would write it; what succeeds and changes it is tested with the leaf: model_sept.c, connect_mmio.c.
 */
#include "tdi_td.h"
#include "states.h"

#include <stdio.h>

enum column {
	NO_TABLE, FREE, NL_MAPPED, NL_BLOCKED, MAPPED, BLOCKED, PENDING, PENDING_BLOCKED,
	MMIO_MAPPED, MMIO_BLOCKED, MMIO_PENDING, NR_COLUMNS
};

static const struct {
	const char *name;
	enum sept_state state;
} columns[NR_COLUMNS] = {
	[NO_TABLE] = { "no table", 0 },
#define COLUMN(name, code, pub) [name] = { #name, code },
	SEPT_STATES(COLUMN)
#undef COLUMN
};

#define NO_TABLE_GPA	(8 * GiB)
#define RAM_GPA		(TD_GPA + 7 * PAGE)
#define ANY_HPA		(2ULL << 40)

struct poke {
	struct tdis *t;
	uint64_t gpa, page;
	unsigned int level;		/* of the entry */
	uint64_t *entry, saved, value;
};

/* Entries that point to a table are at level 1, above the page at TD_GPA, which is MAPPED. */
static void poke(struct poke *k, enum column column, unsigned int leaf_level)
{
	bool table = column == NL_MAPPED || column == NL_BLOCKED;
	bool mmio = column >= MMIO_MAPPED;
	struct sept_pos pos;

	k->gpa = column == NO_TABLE ? NO_TABLE_GPA : leaf_level || table ? TD_GPA : RAM_GPA;
	k->level = table ? 1 : leaf_level;
	k->entry = NULL;
	if (column == NO_TABLE)
		return;
	assert_true(sept_walk(k->t->p->m, k->t->g.t, k->gpa, k->level, SEPT_HOST, &pos));
	k->entry = pos.entry;
	k->saved = *pos.entry;
	k->value = sept_make(columns[column].state,
			     table ? k->saved & SEPT_HPA : column == FREE ? 0 : mmio ? BAR0 : k->page);
	*k->entry = k->value;
}

/* Nothing of it may have changed. */
static void unpoke(struct poke *k, const char *access, enum column column)
{
	if (!k->entry)
		return;
	if (*k->entry != k->value) {
		wrong++;
		print_error("%s in %s: the entry became %#lx\n", access, columns[column].name,
			    (unsigned long)*k->entry);
	}
	*k->entry = k->saved;
}

/* ---- host leaves ------------------------------------------------------------ */

#define NO_WALK	S(TDX_STATUS(EPT_WALK_FAILED, TDX_OP_RCX))
#define WRONG	S(TDX_STATUS(EPT_ENTRY_STATE_INCORRECT, TDX_OP_RCX))
#define ABSENT	S(TDX_STATUS(EPT_ENTRY_NOT_PRESENT, 0))
#define UNBLOCKED S(TDX_STATUS(GPA_RANGE_NOT_BLOCKED, 0))
#define ALREADY	S(TDX_STATUS(GPA_RANGE_ALREADY_BLOCKED, TDX_OP_RCX))
#define ELSE	{ 0, 0 }	/* succeeds: tested elsewhere; or can't be */

static const struct host_row {
	unsigned int leaf;
	bool initialized;	/* before TDH.MR.FINALIZE */
	struct cell cell[NR_COLUMNS];
} host_rows[] = {
	/* none, FREE, NL_MAPPED, NL_BLOCKED, MAPPED, BLOCKED, PENDING, PENDING_BLOCKED, MMIO_* */
	{ TDH_MEM_SEPT_ADD, false,
	  { NO_WALK, ELSE, WRONG, WRONG, ELSE, ELSE, ELSE, ELSE, WRONG, WRONG, WRONG } },
	{ TDH_MEM_PAGE_ADD, true,
	  { NO_WALK, ELSE, ELSE, ELSE, WRONG, WRONG, WRONG, WRONG, WRONG, WRONG, WRONG } },
	{ TDH_MR_EXTEND, true,
	  { S(TDX_STATUS(EPT_ENTRY_NOT_PRESENT, TDX_OP_RCX)), ABSENT, ELSE, ELSE, ELSE, ABSENT,
	    ABSENT, ABSENT, ABSENT, ABSENT, ABSENT } },
	{ TDH_MEM_PAGE_AUG, false,
	  { NO_WALK, ELSE, ELSE, ELSE, WRONG, WRONG, WRONG, WRONG, WRONG, WRONG, WRONG } },
	{ TDH_MEM_RANGE_BLOCK, false,
	  { NO_WALK, WRONG, ELSE, ALREADY, ELSE, ALREADY, ELSE, ALREADY, WRONG, WRONG, WRONG } },
	{ TDH_MEM_PAGE_REMOVE, false,
	  { NO_WALK, WRONG, WRONG, WRONG, UNBLOCKED, ELSE, UNBLOCKED, ELSE, WRONG, WRONG, WRONG } },
	{ TDH_MMIO_MAP, false,
	  { NO_WALK, ELSE, WRONG, WRONG, WRONG, WRONG, WRONG, WRONG, WRONG, WRONG, WRONG } },
	{ TDH_MMIO_BLOCK, false,
	  { NO_WALK, WRONG, WRONG, WRONG, WRONG, WRONG, WRONG, WRONG, ELSE, WRONG, ELSE } },
	{ TDH_MMIO_UNMAP, false,
	  { NO_WALK, WRONG, WRONG, WRONG, WRONG, WRONG, WRONG, WRONG, WRONG, ELSE, WRONG } },
};

static uint64_t host_call(struct poke *k, unsigned int leaf)
{
	uint64_t rcx = k->gpa | k->level, r8 = page_new(k->t->p);

	if (leaf == TDH_MMIO_MAP)
		r8 = ANY_HPA;
	if (leaf == TDH_MEM_SEPT_ADD && k->gpa == NO_TABLE_GPA)
		rcx |= 1;
	return sc_raw(k->t->p, leaf, rcx, k->t->g.td.tdr, r8, PLAT_HOST + 2 * MiB);
}

/* Break: TDH.MMIO.MAP over BLOCKED, TDH.MMIO.UNMAP of PENDING_BLOCKED. */
static void host_leaves(void **state)
{
	struct poke k = { .t = tdis_bound() };

	(void)state;
	wrong = 0;
	k.page = page_new(k.t->p);
	for (size_t i = 0; i < sizeof(host_rows) / sizeof(host_rows[0]); i++) {
		const struct host_row *row = &host_rows[i];
		char name[16];

		snprintf(name, sizeof(name), "leaf %u", row->leaf);
		k.t->g.t->op_state = row->initialized ? OP_INITIALIZED : OP_RUNNABLE;
		for (enum column c = 0; c < NR_COLUMNS; c++) {
			if (!row->cell[c].mark)
				continue;
			poke(&k, c, row->leaf == TDH_MEM_SEPT_ADD);
			check(name, columns[c].name, &row->cell[c], host_call(&k, row->leaf));
			unpoke(&k, name, c);
		}
	}
	assert_int_equal(wrong, 0);
	tdis_free(k.t);
}

/* ---- the TD ----------------------------------------------------------------- */

enum access { LOAD, STORE, EXECUTE, OPERAND_IN, OPERAND_OUT };

/* 'o' goes through, 'f' EPT violation, 'p' the same on a PENDING page, '-' can't be; as columns. */
static const struct {
	const char *name, *cell;
} td_rows[] = {
	[LOAD]		= { "load",		"ff-fofpfoff" },
	[STORE]		= { "store",		"ff-fofpfoff" },
	[EXECUTE]	= { "fetch",		"ff-fofpffff" },
	[OPERAND_IN]	= { "operand in",	"ff-fofpffff" },
	[OPERAND_OUT]	= { "operand out",	"ff-fofpffff" },
};

static bool td_access(struct poke *k, enum access access, struct tdx_event *ev)
{
	static const unsigned int kinds[] = { TDX_ACCESS_READ, TDX_ACCESS_WRITE, TDX_ACCESS_FETCH };
	struct tdx_module *m = k->t->p->m;
	uint64_t buf = 0;
	struct tdx_xlate x;

	memset(ev, 0xff, sizeof(*ev));
	if (access <= EXECUTE)
		return tdx_translate(m, 0, k->gpa + 8, kinds[access], &x, ev);
	return tdx_guest_copy(m, 0, k->gpa + 8, &buf, sizeof(buf), access == OPERAND_OUT, ev);
}

/* Break: a fetch from MMIO_MAPPED, a TDCALL operand there, a walk through NL_BLOCKED. */
static void td_accesses(void **state)
{
	struct poke k = { .t = tdis_bound() };
	struct tdx_event ev;

	(void)state;
	wrong = 0;
	k.page = page_new(k.t->p);
	enter(k.t);
	for (enum access a = LOAD; a <= OPERAND_OUT; a++)
		for (enum column c = 0; c < NR_COLUMNS; c++) {
			char want = td_rows[a].cell[c], got;

			if (want == '-')
				continue;
			poke(&k, c, 0);
			got = td_access(&k, a, &ev) ? 'o' : ev.pending ? 'p' : 'f';
			if (got != want) {
				wrong++;
				print_error("%s in %s: got %c, expected %c\n", td_rows[a].name,
					    columns[c].name, got, want);
			}
			unpoke(&k, td_rows[a].name, c);
		}
	assert_int_equal(wrong, 0);
	tdis_free(k.t);
}

/* C 2.6, rows 8 to 13. Break: a BLOCKED page that ACCEPT does not ask the host for. */
static void mmio_accept(void **state)
{
	static const enum column blocked[] = {
		NL_BLOCKED, BLOCKED, PENDING_BLOCKED, MMIO_BLOCKED, PENDING, FREE,
	};
	struct poke k = { .t = tdis_bound() };

	(void)state;
	wrong = 0;
	k.page = page_new(k.t->p);
	for (unsigned int i = 0; i < sizeof(blocked) / sizeof(blocked[0]); i++) {
		enter(k.t);
		poke(&k, blocked[i], 0);
		tdcall4(k.t, TDG_MMIO_ACCEPT, k.gpa, 0, GUEST_ID, R9(0, 1));
		expect_exit(&k.t->g, TDX_HI_SUCCESS, TDX_EXIT_EPT_VIOLATION);
		unpoke(&k, "MMIO.ACCEPT", blocked[i]);
	}
	assert_int_equal(wrong, 0);
	tdis_free(k.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_leaves),
		cmocka_unit_test(td_accesses),
		cmocka_unit_test(mmio_accept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
