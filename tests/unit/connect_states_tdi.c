// SPDX-License-Identifier: GPL-2.0
/*
 * Every leaf of TDX Connect that looks at a TDI, in every state of the module's record of it
 * (2.3-2.7, 3.4, 4).
 */
#include "connect_states.h"

enum tdi_column {
	NO_TDI_YET, NEW, BINDING, HALF_BOUND, LOCKED, CONSENT, RUN, ERROR, UNBOUND_ERROR, STOPPED,
	REMOVED,
};

static const char *const tdi_columns[] = {
	"no TDI", "UNLOCKED", "BIND under way", "LOCKED, unbound", "LOCKED", "LOCKED, consent",
	"RUN", "ERROR", "ERROR, unbound", "stopped", "removed",
};

/* A BIND that fails after the LOCK answer, because of what the report says. */
static void half_bind(struct tdis *t)
{
	t->msix = 1;
	expect_status(tdi_bind(t), ST(INVALID_TDI_CONFIGURATION, RCX));
	t->msix = 0;
}

/* The device falls to ERROR, and the module hears of it. */
static void fall(struct tdis *t)
{
	t->live = TDISP_ERROR_STATE;
	expect_ok(tdi_state(t));
}

static void tdi_bring(struct tdis *t, unsigned int column)
{
	if (column == NEW)
		return;
	if (column == BINDING) {
		tdis_ask(t, TDH_TDI_BIND, 0);
		return;
	}
	if (column == HALF_BOUND || column == UNBOUND_ERROR) {
		half_bind(t);
		if (column == UNBOUND_ERROR)
			fall(t);
		return;
	}
	expect_ok(tdi_bind(t));
	if (column == LOCKED)
		return;
	tdis_consent(t);
	if (column == CONSENT)
		return;
	expect_ok(tdi_start(t));
	if (column == ERROR)
		fall(t);
	if (column == STOPPED || column == REMOVED)
		expect_ok(tdi_stop(t));
	if (column == REMOVED)
		expect_ok(tdi_remove(t));
}

/* Where there is no TDI no page of it is mapped; the removed one's entry keeps its owner. */
static struct tdis *tdi_to(unsigned int column, enum with with)
{
	struct tdis *t = tdis_linked(TDX_TDIMT_LEVELS, TDX_MMIOMT_LEVELS);

	if (column == NO_TDI_YET)
		return t;
	tdis_create(t);
	if (column != REMOVED)
		tdis_page(t, with);
	tdi_bring(t, column);
	return t;
}

#define GONE		C(NO_TDI)
#define GONE_I		I(NO_TDI)
#define WRONG		C(TDI_STATE)
#define WRONG_I		I(TDI_STATE)
#define ASK		C(REQUEST)
/* The same wherever there is a TDI, and where there is none. */
#define EXISTS(none, ...) { none, NINE(__VA_ARGS__), none }

/*
 * Columns: no TDI, UNLOCKED, BIND under way, LOCKED but unbound, LOCKED, LOCKED with consent, RUN,
 * ERROR, ERROR and unbound, stopped, removed.
 */
static const struct row tdi_rows[] = {
	{ TDH_TDI_CREATE, 0, 0, EXISTS(S(OK), I(ID_TAKEN)) },
	{ TDH_TDI_CREATE, OTHER, 0, EXISTS(S(OK), I(FUNC_TAKEN)) },
	{ TDH_TDI_REMOVE, 0, 0,
	  { GONE_I, S(OK), I(ST(TDISP_OUTSTANDING_REQ, RCX)), WRONG_I, WRONG_I, WRONG_I, WRONG_I,
	    WRONG_I, WRONG_I, S(OK), GONE_I } },
	{ TDH_TDI_REMOVE, 0, PENDING_PAGE,
	  { GONE_I, I(ST(TDI_HAS_MAPPED_MMIO, RCX)), I(ST(TDISP_OUTSTANDING_REQ, RCX)), WRONG_I,
	    WRONG_I, WRONG_I, WRONG_I, WRONG_I, WRONG_I, I(ST(TDI_HAS_MAPPED_MMIO, RCX)),
	    GONE_I } },
	{ TDH_TDI_BIND, 0, 0,
	  { GONE, ASK, ASK, WRONG, WRONG, WRONG, WRONG, C(TDI_ERROR), C(TDI_ERROR), ASK, GONE } },
	{ TDH_TDI_START, 0, 0,
	  { GONE, WRONG, WRONG, WRONG, WRONG, ASK, WRONG, C(TDI_ERROR), C(TDI_ERROR), WRONG,
	    GONE } },
	/* STOP is always sent, and ends the BIND under way. */
	{ TDH_TDI_STOP, 0, 0, EXISTS(GONE, ASK) },
	{ TDH_TDI_STATE, 0, 0, { GONE, ASK, C(BUSY(RCX)), THREE(ASK), THREE(ASK), ASK, GONE } },
	{ TDH_TDI_RD, TDX_TDI_RECORD, 0, EXISTS(GONE, C(OK)) },
	{ TDH_TDI_RD, TDX_TDI_STATE, 0,
	  { GONE, WRONG, WRONG, WRONG, THREE(C(OK)), C(OK), WRONG, WRONG, GONE } },
	{ TDH_TDI_RD, TDX_TDI_REPORT_HASH, 0,
	  { GONE, WRONG, WRONG, WRONG, THREE(C(OK)), WRONG, WRONG, WRONG, GONE } },
	/* The owner is looked up for DATA only. */
	{ TDH_MMIOMT_SET, TDX_MMIOMT_DATA | OTHER, 0, EXISTS(S(ST(TDI_NOT_PRESENT, RDX)), S(OK)) },
	{ TDH_MMIOMT_SET, TDX_MMIOMT_QNODE, 0, { S(ENTRY_META), NINE(S(OK)), S(OK) } },
	/* MAP knows no TDISP state, UNMAP does. */
	{ TDH_MMIO_MAP, 0, 0, { S(MMIO_META), NINE(S(OK)), S(ST(TDI_NOT_PRESENT, R8)) } },
	{ TDH_MMIO_UNMAP, 0, TRACKED_PAGE,
	  { S(EPT_STATE), S(OK), S(OK), THREE(S(ST(TDISP_INVALID_STATE, RCX))),
	    THREE(S(ST(TDISP_INVALID_STATE, RCX))), S(OK), S(EPT_STATE) } },
	{ TDH_TDIMT_ADD, 1, 0, EXISTS(S(FUNC_TAKEN), S(FUNC_TAKEN)) },
	{ TDH_TDIMT_REMOVE, 1, 0, EXISTS(S(OK), S(ST(TDI_INVALID_METADATA, RCX))) },
	{ TDH_TDIMT_RD, 0, 0, EXISTS(C(OK), S(OK)) },
	{ TDG_TDI_RD, TDX_TDI_STATE, 0,
	  { GONE, WRONG, WRONG, WRONG, THREE(S(OK)), C(OK), WRONG, WRONG, GONE } },
	{ TDG_TDI_RD, TDX_TDI_REPORT_HASH, 0,
	  { GONE, WRONG, WRONG, WRONG, THREE(S(OK)), WRONG, WRONG, WRONG, GONE } },
	{ TDG_TDI_RD, TDX_TDI_BIND_SESSION, 0,
	  { GONE, WRONG, WRONG, WRONG, THREE(S(OK)), WRONG, WRONG, WRONG, GONE } },
	{ TDG_TDI_START, 0, 0,
	  { GONE, WRONG, WRONG, WRONG, S(OK), C(OK), WRONG, WRONG, WRONG, WRONG, GONE } },
	/* A session that is not this bind's is looked at last. */
	{ TDG_TDI_START, OTHER, 0,
	  { GONE, WRONG, WRONG, WRONG, C(INVALID(RDX)), C(INVALID(RDX)), WRONG, WRONG, WRONG, WRONG,
	    GONE } },
	{ TDG_DMAR_ACCEPT, 0, 0,
	  { S(NO_TDI), THREE(S(TDI_STATE)), THREE(S(ST(DMAR_ENTRY_NOT_PRESENT, DMAR))),
	    S(ST(TDISP_INVALID_STATE, RCX)), S(TDI_STATE), S(TDI_STATE), S(NO_TDI) } },
	{ TDG_MMIO_ACCEPT, 0, PENDING_PAGE,
	  { C(ST(TDI_NOT_PRESENT, R8)), THREE(C(ST(TDI_INVALID_STATE, R8))), THREE(S(OK)),
	    THREE(C(ST(TDI_INVALID_STATE, R8))), C(ST(TDI_NOT_PRESENT, R8)) } },
};

/*
 * Turned red by: a check of the record that is lost, moved or added (a START without consent, a
 * BIND or START in ERROR, an ACCEPT outside LOCKED and RUN, an UNMAP or REMOVE before STOP).
 */
static void tdi_states(void **state)
{
	const struct table table = TABLE("TDI", TDI, tdi_rows, tdi_columns, tdi_to);

	(void)state;
	visit(&table, 25 * 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tdi_states),
	};

	return cmocka_run_group_tests_name("connect_states_tdi", tests, NULL, NULL);
}
