/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every leaf of TDX Connect with the locks it takes, and a world in which it goes through once all
 * of them are free: for connect_locks.c only.
 */
#ifndef UNIT_CONNECT_LOCKS_H
#define UNIT_CONNECT_LOCKS_H

#include "tdi_td.h"

#define ST(name, op)	TDX_STATUS(name, TDX_OP_##op)
#define HOST_LP		2
#define TDIMT(level, func) ((level) | (uint64_t)(func) << 32)
#define BAR4_2M		0xe0400000ULL	/* a free 2M entry of the MMIOMT */
#define NOBODY		0x1fU		/* a function without a TDI, in the TDIMT's range */

/* OBJECT: the tables of IOMMUs, SPDM objects, streams, TDIs; SESSION: the slot of CONNECT & co. */
#define LOCKS(X) \
	X(OBJECT) X(SESSION) X(SPDM) X(TDIMT) X(TDI) X(MMIOMT) X(MMIOMT_ENTRY) X(TDR) X(OP_STATE) \
	X(SEPT_TREE) X(SEPT_ENTRY) X(EPOCH)
#define LOCK_ENUM(name) L_##name,
#define LOCK_NAME(name) #name,
enum lock { LOCKS(LOCK_ENUM) NR_LOCKS };
static const char *const lock_names[] = { LOCKS(LOCK_NAME) };
#undef LOCK_ENUM
#undef LOCK_NAME

enum mode { NOT, S, X };

/* Pages that leaves lock: L1's own (they lie in a TDMR here), to be donated, to come back. */
enum page {
	P_SPARE, P_RSP, P_REQ, P_OUT, P_CONFIG, P_HASH, P_LIST, P_GIVEN, P_OWN, P_NEW_R8, P_NEW_R9,
	P_NEW_R10, P_TDI_R8, P_TDI_R9, P_TDI_R10, NR_PAGES
};

struct world {
	struct tdis *t;
	struct plat *p;
	struct peer b;			/* a second SPDM object: CREATED, no streams */
	struct td other;
	/* What the leaf under test names. */
	struct tdx_spdm *spdm;
	struct tdx_mmiomt_entry *entry;
	uint64_t index;			/* of entry */
	uint64_t *sept;
	uint64_t array;			/* pages to donate */
	uint64_t page[NR_PAGES];
	bool guest;
};

struct leaf {
	const char *name;
	unsigned int nr;
	bool guest;
	void (*prepare)(struct world *w);
	uint64_t (*call)(struct world *w);
	uint64_t after;			/* with all locks free */
	struct use {
		enum lock lock;
		enum mode mode;
		unsigned int operand;
	} use[9];
};

/* ---- the world -------------------------------------------------------------- */

static uint64_t *sept_of(struct world *w, uint64_t gpa)
{
	struct sept_pos pos;

	assert_true(sept_walk(w->p->m, w->t->g.t, gpa, 0, SEPT_HOST, &pos));
	return pos.entry;
}

static void names_entry(struct world *w, uint64_t hpa, unsigned int level)
{
	w->index = hpa | level;
	w->entry = tdx_mmiomt(w->p->m, hpa, level);
	assert_non_null(w->entry);
}

/* The four pages of @array, the last one in a TDMR. */
static void array_tail(struct world *w, uint64_t array)
{
	uint64_t *list = page_ptr(w->p, array & TDX_HPA_ARRAY_PAGE);

	list[array >> 55] = w->page[P_OUT];
}

static void buffers(struct world *w)
{
	struct peer *link = &w->t->link;

	memcpy(page_ptr(w->p, w->page[P_CONFIG]), page_ptr(w->p, link->config), PAGE);
	link->config = w->b.config = w->page[P_CONFIG];
	w->t->rsp = link->rsp = w->b.rsp = w->page[P_RSP];
	w->t->req = link->req = w->b.req = w->page[P_REQ];
	array_tail(w, w->t->out);
	array_tail(w, link->out);
	array_tail(w, w->b.out);
}

/* A TDI, UNLOCKED, with a mapped page, so that TDI.REMOVE can't succeed (F13). */
static void world_new(struct world *w, const struct leaf *leaf)
{
	struct tdis *t = tdis_created();

	*w = (struct world) { .t = t, .p = t->p, .guest = leaf->guest };
	for (unsigned int i = 0; i < NR_PAGES; i++)
		w->page[i] = page_new(w->p);
	memcpy(w->page + P_TDI_R8, t->tdi->page, sizeof(t->tdi->page));
	peer_init(&w->b, w->p);
	w->b.func = 0x20;
	expect_ok(spdm_create(&w->b));
	buffers(w);
	expect_ok(mmio_map(t, BAR0 + 5 * PAGE));
	w->spdm = spdm_of(&t->link);
	w->sept = sept_of(w, GPA_OF(BAR0));
	names_entry(w, BAR0, 0);
	if (leaf->prepare)
		leaf->prepare(w);
	if (w->guest)
		enter(t);
	w->p->lp = HOST_LP;
}

static tdx_lock_t *lock_of(struct world *w, enum lock lock)
{
	struct tdx_connect *k = &w->p->m->connect;

	switch (lock) {
	case L_OBJECT:	return &k->object_lock;
	case L_SESSION:	return &k->session_lock;
	case L_SPDM:	return &w->spdm->lock;
	case L_TDIMT:	return &k->tdimt_lock;
	case L_TDI:	return &w->t->tdi->lock;
	case L_MMIOMT:	return &k->mmiomt_lock;
	case L_TDR:	return &tdx_pamt(w->p->m, w->t->g.td.tdr)->lock;
	case L_OP_STATE: return &w->t->g.t->op_state_lock;
	case L_SEPT_TREE: return &w->t->g.t->sept_lock;
	case L_EPOCH:	return &w->t->g.t->epoch_lock;
	default:	return NULL;	/* a bit in the entry */
	}
}

/* Nobody holds anything any more. */
static void world_end(struct world *w)
{
	if (w->guest && tdx_lp_in_td(w->p->m, 0)) {
		w->p->lp = 0;
		td_interrupt(&w->t->g.td);
	}
	for (enum lock l = 0; l < NR_LOCKS; l++)
		if (lock_of(w, l))
			assert_int_equal(*lock_of(w, l), 0);
	for (unsigned int i = 0; i < NR_PAGES; i++)
		assert_int_equal(tdx_pamt(w->p->m, w->page[i])->lock, 0);
	assert_false(*w->sept & SEPT_LOCK);
	assert_false(w->entry->word & MMIOMT_LOCK);
	tdis_free(w->t);
}

/* ---- leaves ----------------------------------------------------------------- */

static void prepare_setup(struct world *w)
{
	uint64_t page[6];

	w->p->m->connect.iommu[0].used = false;
	w->array = iommu_list(w->p, page);
	w->page[P_GIVEN] = page[5];
}

/* The list of the unit that is set up; CLEAR wants no SPDM objects. */
static void prepare_clear(struct world *w)
{
	struct tdx_connect *k = &w->p->m->connect;
	const uint64_t *page = k->iommu[0].pages.page;
	uint64_t *list;

	w->array = host_page(w->p) | 3ULL << 55;
	list = page_ptr(w->p, w->array & TDX_HPA_LIST_PAGE);
	list[0] = page[0] | 2;
	list[1] = page[2] | 2;
	list[2] = page[4];
	list[3] = w->page[P_OWN] = page[5];
	for (unsigned int i = 0; i < TDX_MAX_SPDMS; i++)
		k->spdm[i].state = SPDM_FREE;
}

static void prepare_spdm_create(struct world *w)
{
	w->spdm = &w->p->m->connect.spdm[2];	/* the lowest free one: the world has two */
	w->array = page_array(w->p, 3, true);
	w->page[P_GIVEN] = ((uint64_t *)page_ptr(w->p, w->array & TDX_HPA_ARRAY_PAGE))[2];
}

static void names_b(struct world *w)
{
	w->spdm = spdm_of(&w->b);
	w->page[P_OWN] = w->spdm->pages.page[2];
}

static void prepare_connected(struct world *w)
{
	names_b(w);
	expect_ok(spdm_connect(&w->b));
}

static void prepare_array(struct world *w)
{
	w->array = w->page[P_GIVEN];
}

/* A second stream of the link, without keys. */
static void prepare_stream(struct world *w)
{
	struct peer *link = &w->t->link;

	expect_ok(stream_create(link));
	w->page[P_OWN] = w->p->m->connect.stream[link->stream].pages.page[0];
}

static void prepare_stream_blocked(struct world *w)
{
	prepare_stream(w);
	expect_ok(sc2(w->p, IDE_STREAM_BLOCK, w->t->link.spdm, w->t->link.stream));
}

static void prepare_bound(struct world *w)
{
	expect_ok(tdi_bind(w->t));
	expect_ok(mmio_map(w->t, BAR0));
}

static void prepare_consent(struct world *w)
{
	prepare_bound(w);
	w->t->tdi->consent = true;
}

static void prepare_unmap(struct world *w)
{
	expect_ok(mmio_map(w->t, BAR0));
	expect_ok(mmio_block(w->t, BAR0));
	tdis_track(w->t);
}

static void prepare_child(struct world *w)
{
	names_entry(w, BAR4_2M, 1);
}

static void prepare_set(struct world *w)
{
	names_entry(w, BAR4, 0);
}

static void prepare_mmiomt_remove(struct world *w)
{
	w->page[P_OWN] = w->page[P_GIVEN];
	expect_ok(sc2(w->p, MMIOMT_ADD, BAR4_2M | 1, w->page[P_OWN]));
}

static void prepare_tdimt_remove(struct world *w)
{
	w->page[P_OWN] = w->page[P_GIVEN];
	expect_ok(sc2(w->p, TDIMT_ADD, TDIMT(1, 0x200), w->page[P_OWN]));
}

static uint64_t tdi_call(struct world *w, unsigned int leaf)
{
	return tdis_call(w->t, leaf, 0, 0);
}

static uint64_t dmar_accept(struct world *w)
{
	struct guest *g = &w->t->g;

	memset(&g->g, 0, sizeof(g->g));
	g->g.r[TDX_RAX] = TDG_DMAR_ACCEPT;
	g->g.r[TDX_RCX] = GUEST_ID;
	guest_event(g, TDX_EV_TDCALL);
	return g->g.r[TDX_RAX];
}

#define LINK	(&w->t->link)
#define CALL(name, ...) \
	static uint64_t call_##name(struct world *w) { return __VA_ARGS__; }
CALL(iommu_setup, sc2(w->p, IOMMU_SETUP, PLAT_IOMMU, w->array))
CALL(iommu_clear, sc2(w->p, IOMMU_CLEAR, 0, w->array))
CALL(spdm_create, sc2(w->p, SPDM_CREATE, 0x28, w->array))
CALL(spdm_delete, sc2(w->p, SPDM_DELETE, w->b.spdm, w->page[P_LIST]))
CALL(stream_create, sc6(w->p, TDH_IDE_STREAM_CREATE, 0x110, LINK->spdm, w->array, 0,
			SIBLING_FUNC << 8, DEV_FUNC << 8 | 1))
CALL(stream_block, sc2(w->p, IDE_STREAM_BLOCK, LINK->spdm, LINK->stream))
CALL(stream_delete, sc3(w->p, IDE_STREAM_DELETE, LINK->spdm, LINK->stream, 0))
CALL(stream_km, sc6(w->p, TDH_IDE_STREAM_KM, LINK->spdm, LINK->stream, TDX_IDE_KM_SETUP, LINK->rsp,
		    LINK->req, 0))
CALL(tdi_create, tdi_create_as(w->t, SIBLING_FUNC, SIBLING_ID, w->page + P_NEW_R8))
CALL(tdi_remove, tdi_remove(w->t))
CALL(tdi_bind, tdis_call(w->t, TDH_TDI_BIND, 0, w->t->out))
CALL(tdi_start, tdi_call(w, TDH_TDI_START))
CALL(tdi_stop, tdi_call(w, TDH_TDI_STOP))
CALL(tdi_state, tdi_call(w, TDH_TDI_STATE))
CALL(tdi_rd, sc3(w->p, TDI_RD, DEV_FUNC, TDX_TDI_DEV_INFO_HASH, w->page[P_HASH]))
CALL(spdm_connect, connect_once(&w->b))
CALL(spdm_disconnect, sc3(w->p, SPDM_DISCONNECT, w->b.spdm, w->b.rsp, w->b.req))
CALL(spdm_mng, sc6(w->p, TDH_SPDM_MNG, LINK->spdm, TDX_SPDM_RECOLLECT, TDX_SPDM_MNG_NONE, LINK->rsp,
		   LINK->req, LINK->out))
CALL(mmiomt_root, sc2(w->p, MMIOMT_ADD, TDX_MMIOMT_LEVELS, w->page[P_GIVEN]))
CALL(mmiomt_child, sc2(w->p, MMIOMT_ADD, BAR4_2M | 1, w->page[P_GIVEN]))
CALL(mmiomt_set, mmio_set(w->t, BAR4, DEV_FUNC))
CALL(mmiomt_rd, sc1(w->p, MMIOMT_RD, BAR0))
CALL(mmiomt_remove, sc1(w->p, MMIOMT_REMOVE, BAR4_2M | 1))
CALL(mmio_map, mmio_map(w->t, BAR0))
CALL(mmio_block, mmio_block(w->t, BAR0))
CALL(mmio_unmap, mmio_unmap(w->t, BAR0))
CALL(tdimt_add, sc2(w->p, TDIMT_ADD, TDIMT(1, 0x200), w->page[P_GIVEN]))
CALL(tdimt_remove, sc1(w->p, TDIMT_REMOVE, TDIMT(1, 0x200)))
CALL(tdimt_rd, sc1(w->p, TDIMT_RD, TDIMT(0, DEV_FUNC)))
CALL(guest_rd, tdcall4(w->t, TDG_TDI_RD, GUEST_ID, TDX_TDI_DEV_INFO_HASH, TD_GPA, 0))
CALL(guest_start, tdcall4(w->t, TDG_TDI_START, GUEST_ID, w->t->tdi->session, 0, 0))
CALL(guest_dmar, dmar_accept(w))
CALL(guest_accept, accept(w->t, BAR0, 0, 0, 1))

/*
 * Rows. C 3.3 names those of MMIO.* and MMIOMT.ADD, C 3.1 the slot, C 3.4 that of TDR in REMOVE,
 * C 2.4 and 2.6 the guest's; the others are chosen: docs/abi.md, "lock of TDIMT, MMIOMT, ...".
 */
#define TDI_ROWS(mode)	{ L_TDIMT, S, TDX_OP_RCX }, { L_TDI, mode, TDX_OP_RCX }, \
			{ L_SPDM, mode, TDX_OP_RCX }
#define TD_ROWS		{ L_TDR, S, TDX_OP_RDX }, { L_OP_STATE, S, TDX_OP_OP_STATE }
#define SPDM_ROW	{ L_SPDM, X, TDX_OP_RCX }
#define OBJECT_ROW	{ L_OBJECT, X, TDX_OP_RCX }
#define SESSION_ROW	{ L_SESSION, X, TDX_OP_RCX }
#define ENTRY_ROWS	{ L_MMIOMT, S, TDX_OP_RCX }, { L_MMIOMT_ENTRY, X, TDX_OP_RCX }
#define SEPT_ROWS(mode)	{ L_SEPT_TREE, mode, TDX_OP_SEPT_TREE }, { L_SEPT_ENTRY, X, TDX_OP_RCX }
#define H(name)		"TDH_" #name, TDH_##name, false
#define G(name)		"TDG_" #name, TDG_##name, true

static const struct leaf leaves[] = {
	{ H(IOMMU_SETUP), prepare_setup, call_iommu_setup, 0, { OBJECT_ROW } },
	{ H(IOMMU_CLEAR), prepare_clear, call_iommu_clear, 0, { OBJECT_ROW } },
	{ H(SPDM_CREATE), prepare_spdm_create, call_spdm_create, 0, { OBJECT_ROW, SPDM_ROW } },
	{ H(SPDM_DELETE), names_b, call_spdm_delete, 0, { SPDM_ROW, OBJECT_ROW } },
	{ H(SPDM_CONNECT), names_b, call_spdm_connect, REQUEST, { SPDM_ROW, SESSION_ROW } },
	{ H(SPDM_DISCONNECT), prepare_connected, call_spdm_disconnect, REQUEST,
	  { SPDM_ROW, SESSION_ROW } },
	{ H(SPDM_MNG), NULL, call_spdm_mng, REQUEST, { SPDM_ROW, SESSION_ROW } },
	{ H(IDE_STREAM_CREATE), prepare_array, call_stream_create, 0,
	  { { L_SPDM, X, TDX_OP_RDX }, OBJECT_ROW } },
	{ H(IDE_STREAM_BLOCK), prepare_stream, call_stream_block, 0, { SPDM_ROW } },
	{ H(IDE_STREAM_DELETE), prepare_stream_blocked, call_stream_delete, 0,
	  { SPDM_ROW, OBJECT_ROW } },
	{ H(IDE_STREAM_KM), prepare_stream, call_stream_km, REQUEST, { SPDM_ROW } },
	{ H(TDI_CREATE), NULL, call_tdi_create, 0,
	  { TD_ROWS, OBJECT_ROW, { L_TDIMT, S, TDX_OP_RCX }, SPDM_ROW } },
	{ H(TDI_REMOVE), NULL, call_tdi_remove, ST(TDI_HAS_MAPPED_MMIO, RCX),
	  { TDI_ROWS(X), { L_TDR, S, TDX_OP_TDR } } },
	{ H(TDI_BIND), NULL, call_tdi_bind, REQUEST, { TDI_ROWS(X) } },
	{ H(TDI_START), prepare_consent, call_tdi_start, REQUEST, { TDI_ROWS(X) } },
	{ H(TDI_STOP), prepare_bound, call_tdi_stop, REQUEST, { TDI_ROWS(X) } },
	{ H(TDI_STATE), prepare_bound, call_tdi_state, REQUEST, { TDI_ROWS(X) } },
	{ H(TDI_RD), prepare_bound, call_tdi_rd, 0, { TDI_ROWS(S) } },
	{ H(MMIOMT_ADD), NULL, call_mmiomt_root, ST(MMIO_INVALID_PAGE_METADATA, RCX),
	  { { L_MMIOMT, X, TDX_OP_RCX } } },
	{ H(MMIOMT_ADD), prepare_child, call_mmiomt_child, 0, { ENTRY_ROWS } },
	{ H(MMIOMT_SET), prepare_set, call_mmiomt_set, 0,
	  { ENTRY_ROWS, { L_TDIMT, S, TDX_OP_RDX }, { L_TDI, S, TDX_OP_RDX } } },
	{ H(MMIOMT_RD), NULL, call_mmiomt_rd, 0, { { L_MMIOMT, S, TDX_OP_RCX } } },
	{ H(MMIOMT_REMOVE), prepare_mmiomt_remove, call_mmiomt_remove, 0,
	  { { L_MMIOMT, X, TDX_OP_RCX } } },
	{ H(MMIO_MAP), NULL, call_mmio_map, 0,
	  { TD_ROWS, SEPT_ROWS(S), ENTRY_ROWS, { L_TDIMT, S, TDX_OP_R8 },
	    { L_TDI, S, TDX_OP_R8 } } },
	{ H(MMIO_BLOCK), prepare_bound, call_mmio_block, 0, { TD_ROWS, SEPT_ROWS(X) } },
	{ H(MMIO_UNMAP), prepare_unmap, call_mmio_unmap, 0,
	  { TD_ROWS, SEPT_ROWS(S), { L_TDIMT, S, TDX_OP_RCX }, { L_TDI, S, TDX_OP_RCX } } },
	{ H(TDIMT_ADD), NULL, call_tdimt_add, 0, { { L_TDIMT, X, TDX_OP_RCX } } },
	{ H(TDIMT_REMOVE), prepare_tdimt_remove, call_tdimt_remove, 0,
	  { { L_TDIMT, X, TDX_OP_RCX } } },
	{ H(TDIMT_RD), NULL, call_tdimt_rd, 0, { { L_TDIMT, S, TDX_OP_RCX } } },
	{ G(TDI_RD), prepare_bound, call_guest_rd, 0,
	  { { L_TDI, S, TDX_OP_RCX }, { L_SPDM, S, TDX_OP_RCX } } },
	{ G(TDI_START), prepare_bound, call_guest_start, 0, { { L_TDI, X, TDX_OP_RCX } } },
	/* C 2.7, row 7, the TD epoch's lock, is behind row 5, and there is no DMAR chain yet. */
	{ G(DMAR_ACCEPT), prepare_bound, call_guest_dmar, ST(DMAR_ENTRY_NOT_PRESENT, DMAR),
	  { { L_TDI, S, TDX_OP_RCX } } },
	{ G(MMIO_ACCEPT), prepare_bound, call_guest_accept, 0,
	  { { L_TDI, S, TDX_OP_R8 }, { L_SEPT_ENTRY, X, TDX_OP_RCX } } },
};

#define NR_LEAVES (sizeof(leaves) / sizeof(leaves[0]))

static const struct use *row_of(const struct leaf *leaf, enum lock lock)
{
	for (unsigned int i = 0; leaf->use[i].mode != NOT; i++)
		if (leaf->use[i].lock == lock)
			return &leaf->use[i];
	return NULL;
}

#endif
