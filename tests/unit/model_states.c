// SPDX-License-Identifier: GPL-2.0
/*
 * Every host leaf in every state of a TD, and every host leaf in every state of the module: the
 * status that the fact sheet demands, written by hand from it (2.2, 2.3), never from the model.
 */
#include "connect.h"
#include "states.h"
#include "../../lib/tdx_abi/field.h"

#include <string.h>

/* ---- statuses, as short as the table needs them ----------------------------- */

#define PT_RCX		TDX_STATUS(PAGE_METADATA_INCORRECT, TDX_OP_RCX)
#define PT_RDX		TDX_STATUS(PAGE_METADATA_INCORRECT, TDX_OP_RDX)
#define NO_KEYS		TDX_STATUS(TD_KEYS_NOT_CONFIGURED, 0)
#define NO_TDCS		TDX_STATUS(TDCS_NOT_ALLOCATED, 0)
#define OP_STATE	TDX_STATUS(OP_STATE_INCORRECT, 0)
#define LIFECYCLE	TDX_STATUS(LIFECYCLE_STATE_INCORRECT, 0)
#define FATAL		TDX_STATUS(TD_FATAL, 0)
#define TDCX_NUM	TDX_STATUS(TDCX_NUM_INCORRECT, 0)
#define NOT_FLUSHED	TDX_STATUS(FLUSHVP_NOT_DONE, 0)
#define NO_WB		TDX_STATUS(WBCACHE_NOT_COMPLETE, 0)
#define NO_HKID		TDX_STATUS(NO_HKID_READY_TO_WBCACHE, 0)
#define RESUME		TDX_STATUS(INTERRUPTED_RESUMABLE, 0)
#define CHILDREN	TDX_STATUS(TD_ASSOCIATED_PAGES_EXIST, 0)
#define NOT_BLOCKED	TDX_STATUS(GPA_RANGE_NOT_BLOCKED, 0)
#define NO_INIT		TDX_STATUS(SYS_INIT_NOT_PENDING, 0)
#define NO_LP_INIT	TDX_STATUS(SYS_LP_INIT_NOT_PENDING, 0)
#define LP_DONE		TDX_STATUS(SYS_LP_INIT_DONE, 0)
#define LP_NOT_DONE	TDX_STATUS(SYS_LP_INIT_NOT_DONE, 0)
#define NO_CONFIG	TDX_STATUS(SYS_CONFIG_NOT_PENDING, 0)
#define NO_KEY		TDX_STATUS(SYS_KEY_CONFIG_NOT_PENDING, 0)
#define TDMR_DONE	TDX_STATUS(TDMR_ALREADY_INITIALIZED, 0)
#define NOT_READY	TDX_STATUS(SYS_NOT_READY, 0)
#define SHUTDOWN	TDX_STATUS(SYS_SHUTDOWN, 0)

/*
 * The operands of each leaf: well-formed, on objects that exist once the TD has come far enough;
 * before, a free page stands for the TDVPR. So a cell's status tells of the state only.
 */
static uint64_t call(struct plat *p, struct td *td, unsigned int leaf)
{
	uint64_t tdvpr = td->nr_vcpus ? td->tdvpr[0] : page_new(p);
	uint64_t uninit = td->uninit_vcpu ? td->uninit_vcpu : tdvpr;
	uint64_t bare = td->bare_vcpu ? td->bare_vcpu : tdvpr;
	uint64_t page = page_new(p), next = TD_GPA + PAGE, src = PLAT_HOST + 2 * MiB;

	switch (leaf) {
	case TDH_VP_ENTER:	return sc1(p, VP_ENTER, tdvpr);
	case TDH_MNG_ADDCX:	return sc2(p, MNG_ADDCX, page, td->tdr);
	case TDH_MEM_PAGE_ADD:	return sc4(p, MEM_PAGE_ADD, next, td->tdr, page, src);
	case TDH_MEM_SEPT_ADD:	return sc3(p, MEM_SEPT_ADD, 2 * TD_GPA | 1, td->tdr, page);
	case TDH_VP_ADDCX:	return sc2(p, VP_ADDCX, page, bare);
	case TDH_MEM_PAGE_AUG:	return sc3(p, MEM_PAGE_AUG, next, td->tdr, page);
	case TDH_MEM_RANGE_BLOCK: return sc2(p, MEM_RANGE_BLOCK, TD_GPA, td->tdr);
	case TDH_MNG_KEY_CONFIG: return sc1(p, MNG_KEY_CONFIG, td->tdr);
	case TDH_MNG_CREATE:	return sc2(p, MNG_CREATE, td->tdr, td->hkid + 1);
	case TDH_VP_CREATE:	return sc2(p, VP_CREATE, page, td->tdr);
	case TDH_MNG_RD:	return sc2(p, MNG_RD, td->tdr, TDX_FIELD_TSC_OFFSET);
	case TDH_MR_EXTEND:	return sc2(p, MR_EXTEND, TD_GPA, td->tdr);
	case TDH_MR_FINALIZE:	return sc1(p, MR_FINALIZE, td->tdr);
	case TDH_VP_FLUSH:	return sc1(p, VP_FLUSH, tdvpr);
	case TDH_MNG_VPFLUSHDONE: return sc1(p, MNG_VPFLUSHDONE, td->tdr);
	case TDH_MNG_KEY_FREEID: return sc1(p, MNG_KEY_FREEID, td->tdr);
	case TDH_MNG_INIT:	return sc2(p, MNG_INIT, td->tdr, td->params_pa);
	case TDH_VP_INIT:	return sc_raw(p, VP_INIT_V1, uninit, 0, 1, 0);
	case TDH_PHYMEM_PAGE_RDMD: return sc1(p, PHYMEM_PAGE_RDMD, td->tdr);
	case TDH_VP_RD:		return sc2(p, VP_RD, tdvpr, TDX_FIELD_VCPU_STATE_DETAILS);
	case TDH_PHYMEM_PAGE_RECLAIM: return sc1(p, PHYMEM_PAGE_RECLAIM, td->tdr);
	case TDH_MEM_PAGE_REMOVE: return sc2(p, MEM_PAGE_REMOVE, TD_GPA, td->tdr);
	case TDH_SYS_KEY_CONFIG: return sc1(p, SYS_KEY_CONFIG, 0);
	case TDH_SYS_INIT:	return sc1(p, SYS_INIT, 0);
	case TDH_SYS_RD:	return sc2(p, SYS_RD, 0, TDX_FIELD_MAJOR_VERSION);
	case TDH_SYS_LP_INIT:	return sc1(p, SYS_LP_INIT, 0);
	case TDH_SYS_TDMR_INIT:	return sc1(p, SYS_TDMR_INIT, PLAT_TDMR);
	case TDH_MEM_TRACK:	return sc1(p, MEM_TRACK, td->tdr);
	case TDH_PHYMEM_CACHE_WB: return sc1(p, PHYMEM_CACHE_WB, 0);
	case TDH_PHYMEM_PAGE_WBINVD: return sc1(p, PHYMEM_PAGE_WBINVD, td->tdr);
	case TDH_VP_WR:		return sc4(p, VP_WR, tdvpr, TDX_FIELD_PEND_NMI, 1, 1);
	case TDH_SYS_CONFIG:	return plat_sys_config(p);
	case TDH_SYS_DISABLE:	return sc1(p, SYS_DISABLE, 0);
	}
	fail_msg("leaf %u has no call", leaf);
	return 0;
}

/* ---- TD states -------------------------------------------------------------- */

static const char *const stage_names[NR_STAGES] = {
	"no TD", "HKID_ASSIGNED", "KEYS_CONFIGURED", "UNINITIALIZED", "INITIALIZED", "RUNNABLE",
	"BLOCKED", "TEARDOWN", "fatal",
};

#define EVERY(cell) { cell, cell, cell, cell, cell, cell, cell, cell, cell }

/*
 * Columns: no TD, HKID_ASSIGNED, KEYS_CONFIGURED (no TDCX), UNINIT, INITIALIZED, RUNNABLE,
 * BLOCKED, TEARDOWN, fatal
 */
static const struct td_row {
	unsigned int leaf;
	struct cell cell[NR_STAGES];
} td_rows[] = {
	{ TDH_VP_ENTER,
	  { S(PT_RCX), S(PT_RCX), S(PT_RCX), S(PT_RCX), S(OP_STATE), S(OK), S(NO_KEYS), S(NO_KEYS),
	    S(FATAL) } },
	/* ADDCX checks OP_STATE only once all pages exist; our maximum is the minimum. */
	{ TDH_MNG_ADDCX,
	  { S(PT_RDX), I(NO_KEYS), S(OK), C(TDCX_NUM), S(OP_STATE), S(OP_STATE), I(NO_KEYS),
	    I(NO_KEYS), I(FATAL) } },
	{ TDH_MEM_PAGE_ADD,
	  { S(PT_RDX), S(NO_KEYS), S(NO_TDCS), S(OP_STATE), S(OK), S(OP_STATE), S(NO_KEYS),
	    S(NO_KEYS), S(FATAL) } },
	{ TDH_MEM_SEPT_ADD,
	  { S(PT_RDX), S(NO_KEYS), S(NO_TDCS), S(OP_STATE), S(OK), S(OK), S(NO_KEYS), S(NO_KEYS),
	    S(FATAL) } },
	{ TDH_VP_ADDCX,
	  { S(PT_RDX), S(PT_RDX), S(PT_RDX), S(PT_RDX), S(OK), S(OP_STATE), S(NO_KEYS), S(NO_KEYS),
	    S(FATAL) } },
	{ TDH_MEM_PAGE_AUG,
	  { S(PT_RDX), S(NO_KEYS), S(NO_TDCS), S(OP_STATE), S(OK), S(OK), S(NO_KEYS), S(NO_KEYS),
	    S(FATAL) } },
	{ TDH_MEM_RANGE_BLOCK,
	  { S(PT_RDX), S(NO_KEYS), S(NO_TDCS), S(OP_STATE), S(OK), S(OK), S(NO_KEYS), S(NO_KEYS),
	    S(FATAL) } },
	/* Only the life cycle is tested: a fatal TD has left HKID_ASSIGNED. */
	{ TDH_MNG_KEY_CONFIG,
	  { S(PT_RCX), S(OK), I(LIFECYCLE), I(LIFECYCLE), I(LIFECYCLE), I(LIFECYCLE), S(LIFECYCLE),
	    S(LIFECYCLE), I(LIFECYCLE) } },
	{ TDH_MNG_CREATE,
	  { S(OK), S(PT_RCX), S(PT_RCX), S(PT_RCX), S(PT_RCX), S(PT_RCX), S(PT_RCX), S(PT_RCX),
	    S(PT_RCX) } },
	{ TDH_VP_CREATE,
	  { S(PT_RDX), S(NO_KEYS), S(NO_TDCS), S(OP_STATE), S(OK), S(OP_STATE), S(NO_KEYS),
	    S(NO_KEYS), S(FATAL) } },
	{ TDH_MNG_RD,
	  { S(PT_RCX), S(NO_KEYS), S(NO_TDCS), S(OP_STATE), S(OK), S(OK), S(NO_KEYS), S(NO_KEYS),
	    S(FATAL) } },
	{ TDH_MR_EXTEND,
	  { S(PT_RDX), S(NO_KEYS), S(NO_TDCS), S(OP_STATE), S(OK), S(OP_STATE), S(NO_KEYS),
	    S(NO_KEYS), S(FATAL) } },
	{ TDH_MR_FINALIZE,
	  { S(PT_RCX), S(NO_KEYS), S(NO_TDCS), S(OP_STATE), S(OK), S(OP_STATE), S(NO_KEYS),
	    S(NO_KEYS), S(FATAL) } },
	{ TDH_VP_FLUSH,
	  { S(PT_RCX), S(PT_RCX), S(PT_RCX), S(PT_RCX), S(OK), S(OK), S(NO_KEYS), S(NO_KEYS),
	    S(OK) } },
	{ TDH_MNG_VPFLUSHDONE,
	  { S(PT_RCX), S(OK), S(OK), S(OK), S(NOT_FLUSHED), S(NOT_FLUSHED), C(LIFECYCLE),
	    C(LIFECYCLE), I(NOT_FLUSHED) } },
	{ TDH_MNG_KEY_FREEID,
	  { S(PT_RCX), S(LIFECYCLE), S(LIFECYCLE), S(LIFECYCLE), S(LIFECYCLE), S(LIFECYCLE),
	    S(NO_WB), S(LIFECYCLE), I(LIFECYCLE) } },
	{ TDH_MNG_INIT,
	  { S(PT_RCX), S(NO_KEYS), S(NO_TDCS), S(OK), S(OP_STATE), S(OP_STATE), S(NO_KEYS),
	    S(NO_KEYS), S(FATAL) } },
	{ TDH_VP_INIT,
	  { S(PT_RCX), S(PT_RCX), S(PT_RCX), S(PT_RCX), S(OK), S(OP_STATE), S(NO_KEYS), S(NO_KEYS),
	    S(FATAL) } },
	{ TDH_PHYMEM_PAGE_RDMD, EVERY(S(OK)) },
	{ TDH_VP_RD,
	  { S(PT_RCX), S(PT_RCX), S(PT_RCX), S(PT_RCX), S(OK), S(OK), S(NO_KEYS), S(NO_KEYS),
	    S(FATAL) } },
	/* Of a TDR: the sheet names one status for TEARDOWN and CHLDCNT together. */
	{ TDH_PHYMEM_PAGE_RECLAIM,
	  { S(PT_RCX), I(LIFECYCLE), I(LIFECYCLE), I(LIFECYCLE), I(LIFECYCLE), I(LIFECYCLE),
	    I(LIFECYCLE), S(CHILDREN), I(LIFECYCLE) } },
	{ TDH_MEM_PAGE_REMOVE,
	  { S(PT_RDX), S(NO_KEYS), S(NO_TDCS), S(OP_STATE), S(OK), I(NOT_BLOCKED), S(NO_KEYS),
	    S(NO_KEYS), S(FATAL) } },
	{ TDH_SYS_KEY_CONFIG, EVERY(S(NO_KEY)) },
	{ TDH_SYS_INIT, EVERY(I(NO_INIT)) },
	{ TDH_SYS_RD, EVERY(S(OK)) },
	{ TDH_SYS_LP_INIT, EVERY(S(NO_LP_INIT)) },
	{ TDH_SYS_TDMR_INIT, EVERY(S(TDMR_DONE)) },
	{ TDH_MEM_TRACK,
	  { S(PT_RCX), S(NO_KEYS), S(NO_TDCS), S(OP_STATE), S(OK), S(OK), S(NO_KEYS), S(NO_KEYS),
	    S(FATAL) } },
	/* The first call of a write-back reports an interruption. */
	{ TDH_PHYMEM_CACHE_WB,
	  { S(NO_HKID), S(NO_HKID), S(NO_HKID), S(NO_HKID), S(NO_HKID), S(NO_HKID), C(RESUME),
	    S(NO_HKID), S(NO_HKID) } },
	{ TDH_PHYMEM_PAGE_WBINVD,
	  { S(OK), S(PT_RCX), S(PT_RCX), S(PT_RCX), S(PT_RCX), S(PT_RCX), S(PT_RCX), S(PT_RCX),
	    S(PT_RCX) } },
	{ TDH_VP_WR,
	  { S(PT_RCX), S(PT_RCX), S(PT_RCX), S(PT_RCX), S(OK), S(OK), S(NO_KEYS), S(NO_KEYS),
	    S(FATAL) } },
	{ TDH_SYS_CONFIG, EVERY(S(NO_CONFIG)) },
	{ TDH_SYS_DISABLE, EVERY(I(OK)) },
};

/* ---- TD states, TDX Connect ------------------------------------------------- */

#define NO_ENTRY	TDX_STATUS(MMIOMT_NOT_PRESENT, TDX_OP_RCX)
#define NO_TABLE	TDX_STATUS(TDI_NOT_PRESENT, TDX_OP_RCX)
#define ENTRY_STATE	TDX_STATUS(EPT_ENTRY_STATE_INCORRECT, TDX_OP_RCX)
#define USABLE(cell) \
	{ S(PT_RDX), S(NO_KEYS), S(NO_TDCS), C(OP_STATE), cell, cell, S(NO_KEYS), S(NO_KEYS), \
	  S(FATAL) }

/* A usable TD gets as far as the first thing that is missing: the tables, the mapping. */
static const struct {
	const char *name;
	unsigned int leaf;
	uint64_t rcx;
	struct cell cell[NR_STAGES];
} connect_rows[] = {
	{ "TDH.TDI.CREATE", TDH_TDI_CREATE, 0x18ULL << TDX_TDI_FUNC_SHIFT, USABLE(C(NO_TABLE)) },
	{ "TDH.MMIO.MAP", TDH_MMIO_MAP, TD_GPA + PAGE, USABLE(S(NO_ENTRY)) },
	{ "TDH.MMIO.BLOCK", TDH_MMIO_BLOCK, TD_GPA, USABLE(S(ENTRY_STATE)) },
	{ "TDH.MMIO.UNMAP", TDH_MMIO_UNMAP, TD_GPA, USABLE(S(ENTRY_STATE)) },
};

/* ---- module states ---------------------------------------------------------- */

/* SYS_READY is what the table above is about. LPs are initialised in INIT_DONE. */
enum sys_column { COL_INIT_PENDING, COL_INIT_DONE, COL_CONFIG_DONE, COL_DISABLING, NR_SYS_COLUMNS };

static const char *const sys_names[NR_SYS_COLUMNS] = {
	"INIT_PENDING", "INIT_DONE", "CONFIG_DONE", "DISABLING",
};

#define BEFORE_READY { S(NOT_READY), S(NOT_READY), S(NOT_READY), C(SHUTDOWN) }

static const struct sys_row {
	unsigned int leaf;
	struct cell cell[NR_SYS_COLUMNS];
} sys_rows[] = {
	{ TDH_SYS_INIT, { S(OK), I(NO_INIT), I(NO_INIT), C(SHUTDOWN) } },
	{ TDH_SYS_LP_INIT, { S(NO_LP_INIT), S(LP_DONE), S(NO_LP_INIT), C(SHUTDOWN) } },
	{ TDH_SYS_RD, { S(LP_NOT_DONE), S(OK), S(OK), C(SHUTDOWN) } },
	{ TDH_SYS_CONFIG, { S(NO_CONFIG), S(OK), S(NO_CONFIG), C(SHUTDOWN) } },
	{ TDH_SYS_KEY_CONFIG, { S(NO_KEY), S(NO_KEY), S(OK), C(SHUTDOWN) } },
	{ TDH_SYS_TDMR_INIT, BEFORE_READY },
	{ TDH_SYS_DISABLE, { I(NOT_READY), I(NOT_READY), I(NOT_READY), I(OK) } },
	{ TDH_VP_ENTER, BEFORE_READY },
	{ TDH_MNG_ADDCX, BEFORE_READY },
	{ TDH_MEM_PAGE_ADD, BEFORE_READY },
	{ TDH_MEM_SEPT_ADD, BEFORE_READY },
	{ TDH_VP_ADDCX, BEFORE_READY },
	{ TDH_MEM_PAGE_AUG, BEFORE_READY },
	{ TDH_MEM_RANGE_BLOCK, BEFORE_READY },
	{ TDH_MNG_KEY_CONFIG, BEFORE_READY },
	{ TDH_MNG_CREATE, BEFORE_READY },
	{ TDH_VP_CREATE, BEFORE_READY },
	{ TDH_MNG_RD, BEFORE_READY },
	{ TDH_MR_EXTEND, BEFORE_READY },
	{ TDH_MR_FINALIZE, BEFORE_READY },
	{ TDH_VP_FLUSH, BEFORE_READY },
	{ TDH_MNG_VPFLUSHDONE, BEFORE_READY },
	{ TDH_MNG_KEY_FREEID, BEFORE_READY },
	{ TDH_MNG_INIT, BEFORE_READY },
	{ TDH_VP_INIT, BEFORE_READY },
	{ TDH_PHYMEM_PAGE_RDMD, BEFORE_READY },
	{ TDH_VP_RD, BEFORE_READY },
	{ TDH_PHYMEM_PAGE_RECLAIM, BEFORE_READY },
	{ TDH_MEM_PAGE_REMOVE, BEFORE_READY },
	{ TDH_MEM_TRACK, BEFORE_READY },
	{ TDH_PHYMEM_CACHE_WB, BEFORE_READY },
	{ TDH_PHYMEM_PAGE_WBINVD, BEFORE_READY },
	{ TDH_VP_WR, BEFORE_READY },
};

static void sys_to(struct plat *p, enum sys_column column)
{
	if (column == COL_DISABLING) {
		plat_sys_up(p);
		p->m->in_flight++;	/* a leaf on another LP holds the wipe off */
		expect_status(sc1(p, SYS_DISABLE, 0), RESUME);
		p->m->in_flight--;
		return;
	}
	plat_write_tdmrs(p);
	if (column >= COL_INIT_DONE)
		plat_sys_init(p);
	if (column == COL_CONFIG_DONE)
		expect_ok(plat_sys_config(p));
}

/* ---- the visits ------------------------------------------------------------- */

#define COUNT_LEAF(name, nr) + 1
#define NR_LEAVES (0 TDH_LEAVES(COUNT_LEAF))

static const struct { unsigned int nr; const char *name; } leaves[NR_LEAVES] = {
#define NAME_LEAF(name, nr) { nr, "TDH." #name },
	TDH_LEAVES(NAME_LEAF)
};

static const struct cell *td_cells(unsigned int leaf)
{
	for (unsigned int i = 0; i < sizeof(td_rows) / sizeof(td_rows[0]); i++)
		if (td_rows[i].leaf == leaf)
			return td_rows[i].cell;
	return NULL;
}

static const struct cell *sys_cells(unsigned int leaf)
{
	for (unsigned int i = 0; i < sizeof(sys_rows) / sizeof(sys_rows[0]); i++)
		if (sys_rows[i].leaf == leaf)
			return sys_rows[i].cell;
	return NULL;
}

/* Turned red by: any state check that a leaf loses or moves; a leaf or state without a cell. */
static void td_states(void **state)
{
	unsigned int visited = 0, unlisted = 0;

	(void)state;
	wrong = 0;
	for (unsigned int i = 0; i < NR_LEAVES; i++)
		for (unsigned int stage = 0; stage < NR_STAGES; stage++) {
			const struct cell *cells = td_cells(leaves[i].nr);
			struct plat *p;
			struct td td;

			if (!cells || !cells[stage].mark) {
				unlisted++;
				continue;
			}
			p = plat_ready();
			td_to(p, &td, 2, stage);
			check(leaves[i].name, stage_names[stage], &cells[stage],
			      call(p, &td, leaves[i].nr));
			plat_free(p);
			visited++;
		}
	assert_int_equal(unlisted, 0);
	assert_int_equal(visited, 33 * 9);
	assert_int_equal(wrong, 0);
}

/* Turned red by: a leaf that touches a TD which the host may not have touched by Connect. */
static void connect_states(void **state)
{
	(void)state;
	wrong = 0;
	for (unsigned int i = 0; i < sizeof(connect_rows) / sizeof(connect_rows[0]); i++)
		for (unsigned int stage = 0; stage < NR_STAGES; stage++) {
			bool create = connect_rows[i].leaf == TDH_TDI_CREATE;
			struct plat *p = plat_connect();
			struct td td;

			td_to(p, &td, 2, stage);
			for (unsigned int n = 0; n < TDX_MAX_TDS; n++)
				p->m->tds[n].config_flags |= TDX_CONFIG_FLAG_CONNECT;
			check(connect_rows[i].name, stage_names[stage],
			      &connect_rows[i].cell[stage],
			      sc6(p, connect_rows[i].leaf, connect_rows[i].rcx, td.tdr,
				  create ? page_new(p) : 4 * GiB, page_new(p), page_new(p), 8));
			plat_free(p);
		}
	assert_int_equal(wrong, 0);
}

/* Turned red by: a leaf that runs too early or after TDH.SYS.DISABLE has begun. */
static void sys_states(void **state)
{
	unsigned int visited = 0, unlisted = 0;

	(void)state;
	wrong = 0;
	for (unsigned int i = 0; i < NR_LEAVES; i++)
		for (unsigned int column = 0; column < NR_SYS_COLUMNS; column++) {
			const struct cell *cells = sys_cells(leaves[i].nr);
			struct plat *p;
			struct td td;

			if (!cells || !cells[column].mark) {
				unlisted++;
				continue;
			}
			p = plat_new();
			sys_to(p, column);
			td_begin(p, &td, 2);
			check(leaves[i].name, sys_names[column], &cells[column],
			      call(p, &td, leaves[i].nr));
			plat_free(p);
			visited++;
		}
	assert_int_equal(unlisted, 0);
	assert_int_equal(visited, 33 * 4);
	assert_int_equal(wrong, 0);
}

/* Fact sheet 1, SYS: the leaves that have a version 1, in one module or another. */
static bool has_version_1(unsigned int leaf)
{
	switch (leaf) {
	case TDH_MEM_SEPT_ADD:
	case TDH_MNG_RD:
	case TDH_VP_RD:
	case TDH_VP_INIT:
	case TDH_SYS_INIT:
	case TDH_SYS_CONFIG:
		return true;
	}
	return false;
}

/* Numbers that are no leaf, versions, reserved bits: checked before anything else (2.2). */
static void not_a_leaf(void **state)
{
	const uint64_t bad_rax = TDX_STATUS(OPERAND_INVALID, TDX_OP_RAX);
	struct plat *p = plat_new();

	(void)state;
	expect_status(sc_raw(p, 5, 0, 0, 0, 0), NOT_READY);
	expect_status(sc_raw(p, 0xffff, 0, 0, 0, 0), NOT_READY);
	expect_status(sc_raw(p, TDH_VP_ENTER | 1 << 16, 0, 0, 0, 0), bad_rax);
	expect_status(sc_raw(p, 5 | 1 << 16, 0, 0, 0, 0), bad_rax);
	expect_status(sc_raw(p, 5 | 1 << 24, 0, 0, 0, 0), bad_rax);
	expect_status(sc_raw(p, TDH_SYS_INIT | 1ULL << 62, 0, 0, 0, 0), bad_rax);
	plat_sys_up(p);
	expect_status(sc_raw(p, 5, 0, 0, 0, 0), bad_rax);
	expect_status(sc_raw(p, TDH_VP_INIT | 2 << 16, 0, 0, 0, 0), bad_rax);
	for (unsigned int i = 0; i < NR_LEAVES; i++)
		if (!has_version_1(leaves[i].nr))
			expect_status(sc_raw(p, leaves[i].nr | 1 << 16, 0, 0, 0, 0), bad_rax);
	for (unsigned int nr = 0; nr < 256; nr++) {
		bool known = false;

		for (unsigned int i = 0; i < NR_LEAVES; i++)
			known |= leaves[i].nr == nr;
		if (!known && (nr < TDH_CONNECT_FIRST || nr > TDH_CONNECT_LAST))
			expect_status(sc_raw(p, nr, 0, 0, 0, 0), bad_rax);
	}

	/* P-SEAMLDR: VMfailInvalid, nothing changes. */
	p->g.r[TDX_RAX] = TDX_LEAF_P_SEAMLDR;
	assert_int_equal(tdx_seamcall(p->m, 0, &p->g, &p->enter), TDX_SEAM_INVALID);
	assert_int_equal(p->g.r[TDX_RAX], TDX_LEAF_P_SEAMLDR);
	plat_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(td_states),
		cmocka_unit_test(connect_states),
		cmocka_unit_test(sys_states),
		cmocka_unit_test(not_a_leaf),
	};

	return cmocka_run_group_tests_name("model_states", tests, NULL, NULL);
}
