// SPDX-License-Identifier: GPL-2.0
/*
 * Every leaf of TDX Connect in every state of the module, and those that look at an SPDM object or
 * an IDE stream in every state of that (3, 3.1, 3.4).
 */
#include "connect_states.h"

/* ---- the module ------------------------------------------------------------- */

enum module_column { CONNECT_OFF, NO_IOMMU, IOMMU_SET_UP };

static const char *const module_columns[] = {
	"Connect off", "no IOMMU set up", "IOMMU set up",
};

/* With Connect on: a keyed stream, a TD, both trees, no TDI. */
static struct tdis *module_to(unsigned int column, enum with with)
{
	struct tdis *t;

	(void)with;
	if (column == CONNECT_OFF) {
		t = tdis_begin(false);
		tdis_runnable(t, 0);
		return t;
	}
	if (column == IOMMU_SET_UP)
		return tdis_linked(TDX_TDIMT_LEVELS, TDX_MMIOMT_LEVELS);
	t = tdis_begin(true);
	tdis_link(t);
	tdis_trees(t, TDX_TDIMT_LEVELS, TDX_MMIOMT_LEVELS);
	return t;
}

#define OFF		C(NOT_OFFERED)
#define ON(cell)	{ OFF, cell, cell }
#define GUEST_ON(reg)	ON(C(ST(TDI_NOT_PRESENT, reg)))

static const struct row module_rows[] = {
	{ TDH_IOMMU_SETUP, 0, 0, { OFF, S(OK), C(ST(IOMMU_INVALID_STATE, RCX)) } },
	{ TDH_IOMMU_SETUP, OTHER, 0, ON(I(INVALID(RCX))) },
	{ TDH_IOMMU_CLEAR, 0, 0, { OFF, C(INVALID(RCX)), C(ST(IOMMU_INVALID_STATE, RCX)) } },
	{ TDH_SPDM_CREATE, 0, 0, ON(C(ST(SPDM_ENTRY_ALREADY_PRESENT, RCX))) },
	{ TDH_SPDM_DELETE, 0, 0, ON(C(HAS_STREAMS)) },
	{ TDH_SPDM_CONNECT, 0, 0, ON(C(SPDM_STATE)) },
	{ TDH_SPDM_DISCONNECT, 0, 0, ON(C(HAS_STREAMS)) },
	{ TDH_SPDM_MNG, TDX_SPDM_HEARTBEAT, 0, ON(S(REQUEST)) },
	{ TDH_IDE_STREAM_CREATE, 0, 0, ON(C(OK)) },
	{ TDH_IDE_STREAM_BLOCK, 0, 0, ON(C(OK)) },
	{ TDH_IDE_STREAM_DELETE, 0, 0, ON(C(NOT_BLOCKED)) },
	{ TDH_IDE_STREAM_KM, TDX_IDE_KM_REFRESH, 0, ON(S(REQUEST)) },
	{ TDH_TDI_CREATE, 0, 0, { OFF, I(ST(IOMMU_INVALID_STATE, RCX)), S(OK) } },
	{ TDH_TDI_REMOVE, 0, 0, ON(I(NO_TDI)) },
	{ TDH_TDI_BIND, 0, 0, ON(C(NO_TDI)) },
	{ TDH_TDI_START, 0, 0, ON(C(NO_TDI)) },
	{ TDH_TDI_STOP, 0, 0, ON(C(NO_TDI)) },
	{ TDH_TDI_RD, TDX_TDI_RECORD, 0, ON(C(NO_TDI)) },
	{ TDH_TDI_STATE, 0, 0, ON(C(NO_TDI)) },
	{ TDH_MMIOMT_ADD, 5, 0, ON(S(MMIO_META)) },
	{ TDH_MMIOMT_SET, TDX_MMIOMT_DATA, 0, ON(S(ST(TDI_NOT_PRESENT, RDX))) },
	{ TDH_MMIOMT_RD, 4, 0, ON(S(OK)) },
	{ TDH_MMIOMT_REMOVE, 1, 0, ON(S(OK)) },
	{ TDH_MMIO_MAP, 0, 0, ON(S(MMIO_META)) },
	{ TDH_MMIO_BLOCK, 0, 0, ON(S(EPT_STATE)) },
	{ TDH_MMIO_UNMAP, 0, 0, ON(S(EPT_STATE)) },
	{ TDH_TDIMT_ADD, 4, 0, ON(S(FUNC_TAKEN)) },
	{ TDH_TDIMT_REMOVE, 1, 0, ON(S(OK)) },
	{ TDH_TDIMT_RD, 4, 0, ON(S(OK)) },
	{ TDG_TDI_RD, TDX_TDI_STATE, 0, GUEST_ON(RCX) },
	{ TDG_TDI_START, 0, 0, GUEST_ON(RCX) },
	{ TDG_DMAR_ACCEPT, 0, 0, ON(S(NO_TDI)) },
	{ TDG_MMIO_ACCEPT, 0, 0, GUEST_ON(R8) },
};

/* Turned red by: a leaf that works, or answers otherwise, with Connect off; a new leaf. */
static void module_states(void **state)
{
	const struct table table = TABLE("module", MODULE, module_rows, module_columns, module_to);

	(void)state;
	visit(&table, 33 * 3);
}

/* ---- SYS states ------------------------------------------------------------- */

enum sys_column { INIT_PENDING, INIT_DONE, CONFIG_DONE, DISABLING };

static const char *const sys_columns[] = {
	"INIT_PENDING", "INIT_DONE", "CONFIG_DONE", "DISABLING",
};

static struct plat *sys_to(unsigned int column)
{
	struct plat *p = column == DISABLING ? plat_connect() : plat_new();

	if (column == DISABLING) {
		p->m->in_flight++;	/* a leaf on another LP holds the wipe off */
		expect_status(sc1(p, SYS_DISABLE, 0), TDX_STATUS(INTERRUPTED_RESUMABLE, 0));
		return p;
	}
	plat_write_tdmrs(p);
	if (column >= INIT_DONE)
		plat_sys_init(p);
	if (column == CONFIG_DONE)
		expect_ok(plat_sys_config_features(p, 1, TDX_FEATURES0_CONNECT));
	return p;
}

/*
 * The state is tested before the leaf's number; there is no TD to call a guest leaf.
 * Turned red by: a leaf of Connect that runs before SYS_READY, or after SYS.DISABLE has begun.
 */
static void sys_states(void **state)
{
	static const struct cell cells[] = {
		THREE(S(TDX_STATUS(SYS_NOT_READY, 0))), C(TDX_STATUS(SYS_SHUTDOWN, 0)),
	};
	unsigned int visited = 0;

	(void)state;
	wrong = 0;
	for (unsigned int column = 0; column < COUNT(sys_columns); column++) {
		struct plat *p = sys_to(column);

		for (unsigned int i = 0; i < NR_LEAVES; i++) {
			if (leaves[i].nr < TDH_CONNECT_FIRST)
				continue;
			check(leaves[i].name, sys_columns[column], &cells[column],
			      sc_raw(p, leaves[i].nr, 0, 0, 0, 0));
			visited++;
		}
		plat_free(p);
	}
	print_message("SYS: %u (leaf, state) pairs\n", visited);
	assert_int_equal(visited, 28 * 4);
	assert_int_equal(wrong, 0);
}

/* ---- SPDM objects ----------------------------------------------------------- */

enum spdm_column {
	FREE, CREATED, CONNECTED, CREATED_OTHER, CONNECTED_OTHER, CONNECTING, MANAGING,
	DISCONNECTING, KEYING, TALKING,
};

static const char *const spdm_columns[] = {
	"SPDM free", "CREATED", "CONNECTED", "CREATED, another object in the slot",
	"CONNECTED, another object in the slot", "CREATED, CONNECT under way",
	"CONNECTED, MNG under way", "CONNECTED, DISCONNECT under way",
	"CONNECTED, KM under way", "CONNECTED, TDI.STATE under way",
};

/* Another device's object takes the slot of CONNECT, DISCONNECT and MNG. */
static void take_slot(struct tdis *t)
{
	struct peer *other = calloc(1, sizeof(*other));

	peer_init(other, t->p);
	other->func = 0x20;
	expect_ok(spdm_create(other));
	expect_status(connect_once(other), REQUEST);
	free(other);
}

/* An IOMMU, a TD and trees; a stream only in KEYING, a TDI (LOCKED, with consent) in TALKING. */
static struct tdis *spdm_to(unsigned int column, enum with with)
{
	struct tdis *t = tdis_begin(true);
	const bool connected = column != FREE && column != CREATED && column != CREATED_OTHER &&
			       column != CONNECTING;

	(void)with;
	t->iommu_list = iommu_up(t->p);
	tdis_trees(t, TDX_TDIMT_LEVELS, TDX_MMIOMT_LEVELS);
	if (column == TALKING) {
		tdis_link(t);
		tdis_create(t);
		expect_ok(tdi_bind(t));
		tdis_consent(t);
		tdis_ask(t, TDH_TDI_STATE, 0);
		return t;
	}
	if (column != FREE)
		expect_ok(spdm_create(&t->link));
	if (connected)
		expect_ok(spdm_connect(&t->link));
	if (column == CREATED_OTHER || column == CONNECTED_OTHER)
		take_slot(t);
	if (column == CONNECTING)
		tdis_ask(t, TDH_SPDM_CONNECT, 0);
	if (column == MANAGING)
		tdis_ask(t, TDH_SPDM_MNG, TDX_SPDM_HEARTBEAT);
	if (column == DISCONNECTING)
		expect_status(link_call(t, TDH_SPDM_DISCONNECT, 0), REQUEST);
	if (column == KEYING) {
		expect_ok(tdis_stream_create(t));
		tdis_ask(t, TDH_IDE_STREAM_KM, TDX_IDE_KM_SETUP);
	}
	return t;
}

#define UNKNOWN		C(ST(SPDM_ENTRY_NOT_PRESENT, RCX))
#define WRONG_STATE	C(SPDM_STATE)
#define SLOT_BUSY	I(BUSY(RCX))
#define SEQ_BUSY	C(BUSY(RCX))
#define NONE_SUCH	C(INVALID(RDX))
/* No stream is there before KEYING. */
#define STREAM_OF(keying, talking) \
	{ UNKNOWN, NONE_SUCH, NONE_SUCH, NONE_SUCH, NONE_SUCH, NONE_SUCH, NONE_SUCH, NONE_SUCH, \
	  keying, talking }
#define TDI_OF(mark, cell) { NINE(mark(NO_TDI)), cell }

/*
 * Columns: free, CREATED, CONNECTED, both with another object in the slot, then what is under way:
 * CONNECT, MNG, DISCONNECT, KM, TDI.STATE.
 */
static const struct row spdm_rows[] = {
	{ TDH_IOMMU_CLEAR, 0, 0, { S(OK), NINE(C(ST(IOMMU_INVALID_STATE, RCX))) } },
	{ TDH_SPDM_CREATE, 0, 0, { S(OK), NINE(C(ST(SPDM_ENTRY_ALREADY_PRESENT, RCX))) } },
	/* DELETE aborts; with streams, and connected, it is F05 that is answered. */
	{ TDH_SPDM_DELETE, 0, 0,
	  { UNKNOWN, S(OK), WRONG_STATE, S(OK), WRONG_STATE, C(OK), WRONG_STATE, WRONG_STATE,
	    C(HAS_STREAMS), C(HAS_STREAMS) } },
	{ TDH_SPDM_CONNECT, 0, 0,
	  { UNKNOWN, S(REQUEST), WRONG_STATE, SLOT_BUSY, WRONG_STATE, S(REQUEST), WRONG_STATE,
	    WRONG_STATE, WRONG_STATE, WRONG_STATE } },
	/* DISCONNECT ends a sequence of its own object only. */
	{ TDH_SPDM_DISCONNECT, 0, 0,
	  { UNKNOWN, WRONG_STATE, S(REQUEST), WRONG_STATE, SLOT_BUSY, WRONG_STATE, C(REQUEST),
	    C(OK), C(HAS_STREAMS), C(HAS_STREAMS) } },
	{ TDH_SPDM_MNG, TDX_SPDM_HEARTBEAT, 0,
	  { UNKNOWN, WRONG_STATE, S(REQUEST), WRONG_STATE, SLOT_BUSY, WRONG_STATE, S(OK), SEQ_BUSY,
	    SEQ_BUSY, SEQ_BUSY } },
	{ TDH_SPDM_MNG, TDX_SPDM_KEY_UPDATE, 0,
	  { UNKNOWN, WRONG_STATE, S(REQUEST), WRONG_STATE, SLOT_BUSY, WRONG_STATE,
	    C(INVALID(RDX)), SEQ_BUSY, SEQ_BUSY, SEQ_BUSY } },
	{ TDH_IDE_STREAM_CREATE, 0, 0,
	  { C(ST(SPDM_ENTRY_NOT_PRESENT, RDX)), C(ST(SPDM_INVALID_STATE, RDX)), S(OK),
	    C(ST(SPDM_INVALID_STATE, RDX)), S(OK), C(ST(SPDM_INVALID_STATE, RDX)), I(OK),
	    C(ST(SPDM_INVALID_STATE, RDX)), C(OK), C(OK) } },
	{ TDH_IDE_STREAM_BLOCK, 0, 0, STREAM_OF(C(OK), C(OK)) },
	{ TDH_IDE_STREAM_DELETE, 0, 0, STREAM_OF(C(NOT_BLOCKED), C(NOT_BLOCKED)) },
	{ TDH_IDE_STREAM_KM, TDX_IDE_KM_SETUP, 0, STREAM_OF(S(REQUEST), C(STREAM_STATE)) },
	{ TDH_IDE_STREAM_KM, TDX_IDE_KM_REFRESH, 0, STREAM_OF(C(INVALID(R8)), SEQ_BUSY) },
	{ TDH_IDE_STREAM_KM, TDX_IDE_KM_STOP, 0, STREAM_OF(C(REQUEST), C(HAS_TDIS)) },
	{ TDH_TDI_CREATE, 0, 0,
	  { I(ST(SPDM_ENTRY_NOT_PRESENT, RCX)), I(SPDM_STATE), I(NO_STREAM), I(SPDM_STATE),
	    I(NO_STREAM), I(SPDM_STATE), I(NO_STREAM), I(NO_STREAM), I(NO_STREAM), I(ID_TAKEN) } },
	{ TDH_TDI_REMOVE, 0, 0, TDI_OF(I, I(ST(TDISP_OUTSTANDING_REQ, RCX))) },
	{ TDH_TDI_BIND, 0, 0, TDI_OF(C, C(TDI_STATE)) },
	{ TDH_TDI_START, 0, 0, TDI_OF(C, SEQ_BUSY) },
	{ TDH_TDI_STOP, 0, 0, TDI_OF(C, C(REQUEST)) },
	{ TDH_TDI_RD, TDX_TDI_RECORD, 0, TDI_OF(C, C(OK)) },
	{ TDH_TDI_STATE, 0, 0, TDI_OF(C, C(OK)) },
};

/*
 * Turned red by: a state check of an SPDM object that is lost or moved; a sequence that does not
 * hold off another; a STOP or DISCONNECT that does not end one.
 */
static void spdm_states(void **state)
{
	const struct table table = TABLE("SPDM object", SPDM, spdm_rows, spdm_columns, spdm_to);

	(void)state;
	visit(&table, 20 * 10);
}

/* ---- IDE streams ------------------------------------------------------------ */

enum stream_column {
	NO_SUCH, CONFIGURED, KEYED, IN_USE, BLOCKED_BARE, BLOCKED_KEYED, BLOCKED_NEW,
	BLOCKED_IN_USE, SETTING_UP, REFRESHING, STOPPING,
};

static const char *const stream_columns[] = {
	"stream free", "CONFIGURED", "KEYED", "KEYED, bound TDI", "blocked from CONFIGURED",
	"blocked from KEYED", "blocked, unbound TDI", "blocked, bound TDI", "setup under way",
	"refresh under way", "stop under way",
};

static void stream_up(struct tdis *t, unsigned int column)
{
	if (column == NO_SUCH)
		return;
	expect_ok(tdis_stream_create(t));
	if (column == SETTING_UP)
		tdis_ask(t, TDH_IDE_STREAM_KM, TDX_IDE_KM_SETUP);
	if (column == CONFIGURED || column == BLOCKED_BARE || column == SETTING_UP)
		return;
	expect_ok(stream_km(&t->link, TDX_IDE_KM_SETUP));
	if (column == REFRESHING)
		tdis_ask(t, TDH_IDE_STREAM_KM, TDX_IDE_KM_REFRESH);
	if (column == STOPPING)
		tdis_ask(t, TDH_IDE_STREAM_KM, TDX_IDE_KM_STOP);
}

/* The bound TDI is LOCKED and has the TD's consent. */
static struct tdis *stream_to(unsigned int column, enum with with)
{
	struct tdis *t = tdis_begin(true);

	t->iommu_list = iommu_up(t->p);
	tdis_trees(t, TDX_TDIMT_LEVELS, TDX_MMIOMT_LEVELS);
	expect_ok(spdm_create(&t->link));
	expect_ok(spdm_connect(&t->link));
	stream_up(t, column);
	if (column == IN_USE || column == BLOCKED_NEW || column == BLOCKED_IN_USE) {
		tdis_create(t);
		tdis_page(t, with);
	}
	if (column == IN_USE || column == BLOCKED_IN_USE) {
		expect_ok(tdi_bind(t));
		tdis_consent(t);
	}
	if (column >= BLOCKED_BARE && column <= BLOCKED_IN_USE)
		expect_ok(stream_block(t));
	return t;
}

#define TEN(...)	NINE(__VA_ARGS__), __VA_ARGS__
/* @none: without a TDI. */
#define BY_TDI(none, in_use, blocked_new, blocked_in_use) \
	{ THREE(none), in_use, none, none, blocked_new, blocked_in_use, THREE(none) }

/*
 * Columns: free, CONFIGURED, KEYED, KEYED with a bound TDI; blocked from CONFIGURED, from KEYED,
 * with an unbound TDI, with a bound TDI; setup, refresh, stop under way.
 */
static const struct row stream_rows[] = {
	{ TDH_SPDM_DELETE, 0, 0, { WRONG_STATE, TEN(C(HAS_STREAMS)) } },
	{ TDH_SPDM_DISCONNECT, 0, 0, { S(REQUEST), TEN(C(HAS_STREAMS)) } },
	/* Nothing keeps streams from overlapping. */
	{ TDH_IDE_STREAM_CREATE, 0, 0, { S(OK), TEN(C(OK)) } },
	{ TDH_IDE_STREAM_BLOCK, 0, 0,
	  { NONE_SUCH, THREE(S(OK)), C(BLOCKED), THREE(C(BLOCKED)), THREE(C(OK)) } },
	{ TDH_IDE_STREAM_DELETE, 0, 0,
	  { NONE_SUCH, THREE(C(NOT_BLOCKED)), S(OK), S(OK), C(HAS_TDIS), C(HAS_TDIS),
	    THREE(C(NOT_BLOCKED)) } },
	{ TDH_IDE_STREAM_KM, TDX_IDE_KM_SETUP, 0,
	  { NONE_SUCH, S(REQUEST), C(STREAM_STATE), C(STREAM_STATE), C(BLOCKED), THREE(C(BLOCKED)),
	    S(REQUEST), C(INVALID(R8)), C(INVALID(R8)) } },
	{ TDH_IDE_STREAM_KM, TDX_IDE_KM_REFRESH, 0,
	  { NONE_SUCH, C(STREAM_STATE), S(REQUEST), S(REQUEST), C(BLOCKED), THREE(C(BLOCKED)),
	    C(INVALID(R8)), S(REQUEST), C(INVALID(R8)) } },
	{ TDH_IDE_STREAM_KM, TDX_IDE_KM_STOP, 0,
	  { NONE_SUCH, C(REQUEST), S(REQUEST), C(HAS_TDIS), C(REQUEST), C(REQUEST), C(HAS_TDIS),
	    C(HAS_TDIS), C(REQUEST), C(REQUEST), S(REQUEST) } },
	{ TDH_TDI_CREATE, 0, 0,
	  { I(NO_STREAM), I(NO_STREAM), S(OK), I(ID_TAKEN), I(NO_STREAM), I(NO_STREAM),
	    I(ID_TAKEN), I(ID_TAKEN), I(NO_STREAM), I(OK), I(NO_STREAM) } },
	{ TDH_TDI_REMOVE, 0, 0, BY_TDI(I(NO_TDI), I(TDI_STATE), I(OK), I(OK)) },
	{ TDH_TDI_BIND, 0, 0,
	  BY_TDI(C(NO_TDI), C(TDI_STATE), C(ST(IDE_STREAM_BLOCKED, RCX)), C(TDI_STATE)) },
	{ TDH_TDI_START, 0, 0,
	  BY_TDI(C(NO_TDI), C(REQUEST), C(TDI_STATE), C(ST(IDE_STREAM_BLOCKED, RCX))) },
	{ TDH_TDI_STOP, 0, 0, BY_TDI(C(NO_TDI), C(REQUEST), C(REQUEST), C(REQUEST)) },
	{ TDH_TDI_RD, TDX_TDI_RECORD, 0, BY_TDI(C(NO_TDI), C(OK), C(OK), C(OK)) },
	{ TDH_TDI_STATE, 0, 0, BY_TDI(C(NO_TDI), C(REQUEST), C(REQUEST), C(REQUEST)) },
	/* Without a TDI nothing owns the page, or is mapped. */
	{ TDH_MMIO_MAP, 0, 0,
	  BY_TDI(S(MMIO_META), S(OK), S(ST(IDE_STREAM_BLOCKED, R8)),
		 S(ST(IDE_STREAM_BLOCKED, R8))) },
	{ TDH_MMIO_UNMAP, 0, TRACKED_PAGE,
	  BY_TDI(S(EPT_STATE), S(ST(TDISP_INVALID_STATE, RCX)), S(OK), S(OK)) },
};

/* Turned red by: a leaf that uses a blocked or unkeyed stream, or takes one away from its TDIs. */
static void stream_states(void **state)
{
	const struct table table = TABLE("IDE stream", STREAM, stream_rows, stream_columns,
					 stream_to);

	(void)state;
	visit(&table, 17 * 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(module_states), cmocka_unit_test(sys_states),
		cmocka_unit_test(spdm_states),	 cmocka_unit_test(stream_states),
	};

	return cmocka_run_group_tests_name("connect_states_link", tests, NULL, NULL);
}
