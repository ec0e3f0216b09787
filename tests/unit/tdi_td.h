/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A TD with Connect, a TEE-IO function on a keyed stream, and the function's TDISP half: where the
 * tests of TDIs, private MMIO and the guest's leaves start. The helpers assert; a test checks only
 * what it is about.
 *
 * The function has BAR 0 (16 TEE pages) and BAR 2 (TEE, TEE, non-TEE, TEE). A sibling function on
 * the same stream has BAR 4 (one TEE page).
 */
#ifndef UNIT_TDI_TD_H
#define UNIT_TDI_TD_H

#include "connect.h"
#include "guest_td.h"
#include "../../lib/tdisp/report.h"
#include "../../lib/tdx_module/mmiomt.h"
#include "../../lib/tdx_module/tdi.h"

#define SIBLING_FUNC	0x0019U
#define GUEST_ID	0x0008ULL
#define SIBLING_ID	0x0010ULL
#define BAR0		0xe0000000ULL
#define BAR2		0xe0010000ULL
#define BAR4		0xe0020000ULL
#define NR_BAR_PAGES	33U		/* addresses with an MMIOMT entry, from BAR 0 on */
#define BAR_GPA		(TD_GPA + 0x100000)	/* of BAR 0; the others at the same distance */
#define GPA_OF(hpa)	(BAR_GPA + (hpa) - BAR0)
#define MAX_REPORT	70000U

struct tdis {
	struct guest g;
	struct plat *p;			/* g.p */
	struct peer link;		/* SPDM and IDE_KM */
	uint64_t page[3];		/* of the TDI: R8, R9, R10 */
	uint64_t table[TDX_TDIMT_LEVELS];	/* TDIMT pages, root first */
	uint64_t mmiomt[TDX_MMIOMT_LEVELS];	/* MMIOMT pages, root first */
	uint64_t rsp, req, out, out_page[TDX_TDI_REPORT_PAGES];
	struct tdx_tdi *tdi;
	uint64_t iommu_list;		/* of IOMMU.SETUP */
	uint64_t gpa;			/* of BAR 0 */
	/* the device */
	struct tdisp_range range[4];
	uint8_t nonce[TDISP_NONCE_BYTES];
	enum tdisp_state live;
	struct tdisp_lock lock;		/* last LOCK request */
	uint8_t report[MAX_REPORT];
	uint32_t report_bytes, portion;
	uint16_t info, msix;
	uint32_t func;
	uint8_t order[64];		/* TDISP requests, in order */
	unsigned int nr_order;
	uint8_t spoil_type;		/* spoil the answer to this request */
	void (*spoil)(struct tdis *t, uint8_t *message, unsigned int *len);
};

#define INVALID(op)	TDX_STATUS(OPERAND_INVALID, TDX_OP_##op)
#define BUSY(op)	TDX_STATUS(OPERAND_BUSY, TDX_OP_##op)
#define REQUEST		TDX_STATUS(SPDM_REQUEST, 0)

/* ---- device ----------------------------------------------------------------- */

static inline void tdis_report(struct tdis *t)
{
	struct tdisp_report head = { .info = t->info, .msix_control = t->msix };
	uint32_t specific = 0;

	t->report_bytes = sizeof(head);
	for (unsigned int i = 0; i < 4 && t->range[i].nr_pages; i++) {
		struct tdisp_range r = t->range[i];

		r.first_page += t->lock.mmio_offset;
		memcpy(t->report + t->report_bytes, &r, sizeof(r));
		t->report_bytes += sizeof(r);
		head.nr_ranges++;
	}
	memcpy(t->report, &head, sizeof(head));
	memcpy(t->report + t->report_bytes, &specific, sizeof(specific));
	t->report_bytes += sizeof(specific);
}

static inline unsigned int tdis_portion(struct tdis *t, const uint8_t *req, uint8_t *rsp)
{
	struct tdisp_report_req q;
	struct tdisp_report_rsp r = { 0 };

	memcpy(&q, req, sizeof(q));
	memcpy(&r.head, rsp, sizeof(r.head));
	assert_true(q.offset < t->report_bytes);
	r.portion = q.length < t->portion ? q.length : t->portion;
	if (r.portion > t->report_bytes - q.offset)
		r.portion = t->report_bytes - q.offset;
	r.remainder = t->report_bytes - q.offset - r.portion;
	memcpy(rsp, &r, sizeof(r));
	memcpy(rsp + sizeof(r), t->report + q.offset, r.portion);
	return sizeof(r) + r.portion;
}

/* One TDISP message; the device is always willing, tests spoil it. */
static inline unsigned int tdis_serve(struct tdis *t, const uint8_t *req, unsigned int len,
				      uint8_t *rsp)
{
	struct tdisp_header head;

	memcpy(&head, req, sizeof(head));
	assert_int_equal(head.version, TDISP_VERSION);
	assert_int_equal(head.func, t->func);
	t->order[t->nr_order++] = head.type;
	head.type &= 0x7f;
	memcpy(rsp, &head, sizeof(head));
	switch (req[1]) {
	case TDISP_REQ_VERSION:
		assert_int_equal(len, TDISP_REQ_VERSION_BYTES);
		rsp[16] = 1;
		rsp[17] = TDISP_VERSION;
		return TDISP_RSP_VERSION_BYTES + 1;
	case TDISP_REQ_CAPABILITIES:
		assert_int_equal(len, TDISP_REQ_CAPABILITIES_BYTES);
		return TDISP_RSP_CAPABILITIES_BYTES;
	case TDISP_REQ_LOCK:
		assert_int_equal(len, TDISP_REQ_LOCK_BYTES);
		memcpy(&t->lock, req, sizeof(t->lock));
		t->live = TDISP_CONFIG_LOCKED;
		memset(t->nonce, ++t->nonce[0], sizeof(t->nonce));
		memcpy(rsp + 16, t->nonce, sizeof(t->nonce));
		if (!t->report_bytes)
			tdis_report(t);
		return TDISP_RSP_LOCK_BYTES;
	case TDISP_REQ_REPORT:
		assert_int_equal(len, TDISP_REQ_REPORT_BYTES);
		return tdis_portion(t, req, rsp);
	case TDISP_REQ_STATE:
		assert_int_equal(len, TDISP_REQ_STATE_BYTES);
		rsp[16] = t->live;
		return TDISP_RSP_STATE_BYTES;
	case TDISP_REQ_START:
		assert_int_equal(len, TDISP_REQ_START_BYTES);
		assert_memory_equal(req + 16, t->nonce, sizeof(t->nonce));
		t->live = TDISP_RUN;
		return TDISP_RSP_START_BYTES;
	case TDISP_REQ_STOP:
		assert_int_equal(len, TDISP_REQ_STOP_BYTES);
		t->live = TDISP_CONFIG_UNLOCKED;
		t->report_bytes = 0;
		return TDISP_RSP_STOP_BYTES;
	}
	fail_msg("TDISP request %#x", req[1]);
	return 0;
}

/* DOE object (8), secured record (8), vendor-defined message (12), TDISP (C 5.1). */
static inline void tdis_answer(struct tdis *t)
{
	const uint8_t *req = page_ptr(t->p, t->req);
	uint8_t *rsp = page_ptr(t->p, t->rsp), type = req[28 + 1];
	unsigned int len = (req[14] | req[15] << 8) - 12;
	uint16_t app, length, payload;
	uint32_t dw;

	assert_int_equal(req[2], 2);
	assert_int_equal(req[16 + 11], 1);
	memset(rsp, 0, PAGE);
	memcpy(rsp, req, 28);
	rsp[16 + 1] = 0x7e;
	len = tdis_serve(t, req + 28, len, rsp + 28);
	if (t->spoil && type == t->spoil_type)
		t->spoil(t, rsp + 28, &len);
	payload = len + 1;
	app = len + 12;
	length = app + 18;
	dw = (16 + app + 16 + 3) / 4;
	memcpy(rsp + 4, &dw, 4);
	memcpy(rsp + 12, &length, 2);
	memcpy(rsp + 14, &app, 2);
	memcpy(rsp + 16 + 9, &payload, 2);
}

/* ---- host ------------------------------------------------------------------- */

static inline uint64_t tdis_call(struct tdis *t, unsigned int leaf, uint64_t rdx, uint64_t r10)
{
	return sc6(t->p, leaf, t->func, rdx, t->rsp, t->req, r10, 0);
}

static inline uint64_t tdis_loop(struct tdis *t, unsigned int leaf, uint64_t rdx, uint64_t r10)
{
	uint64_t status;

	t->nr_order = 0;
	memset(page_ptr(t->p, t->rsp), 0xff, PAGE);
	while ((status = tdis_call(t, leaf, rdx, r10)) == REQUEST) {
		assert_true(t->nr_order < sizeof(t->order));
		tdis_answer(t);
	}
	return status;
}

static inline uint64_t tdi_bind(struct tdis *t) { return tdis_loop(t, TDH_TDI_BIND, 0, t->out); }
static inline uint64_t tdi_start(struct tdis *t) { return tdis_loop(t, TDH_TDI_START, 0, 0); }
static inline uint64_t tdi_stop(struct tdis *t) { return tdis_loop(t, TDH_TDI_STOP, 0, 0); }
static inline uint64_t tdi_state(struct tdis *t) { return tdis_loop(t, TDH_TDI_STATE, 0, 0); }

static inline uint64_t tdi_create_as(struct tdis *t, uint64_t func, uint64_t guest_id,
				     const uint64_t page[3])
{
	return sc6(t->p, TDH_TDI_CREATE,
		   t->link.spdm | t->link.stream << 16 | func << 32, t->g.td.tdr,
		   page[0], page[1], page[2], guest_id);
}

static inline uint64_t tdi_create(struct tdis *t)
{
	return tdi_create_as(t, DEV_FUNC, GUEST_ID, t->page);
}

static inline uint64_t tdi_remove(struct tdis *t)
{
	return sc1(t->p, TDI_REMOVE, t->func);
}

static inline uint64_t stream_block(struct tdis *t)
{
	return sc2(t->p, IDE_STREAM_BLOCK, t->link.spdm, t->link.stream);
}

static inline uint64_t mmio_set(struct tdis *t, uint64_t hpa, uint64_t func)
{
	return sc2(t->p, MMIOMT_SET, hpa, func ? TDX_MMIOMT_DATA | func << 12 : TDX_MMIOMT_QNODE);
}

static inline uint64_t mmio_map(struct tdis *t, uint64_t hpa)
{
	return sc3(t->p, MMIO_MAP, GPA_OF(hpa), t->g.td.tdr, hpa);
}

static inline uint64_t mmio_block(struct tdis *t, uint64_t hpa)
{
	return sc2(t->p, MMIO_BLOCK, GPA_OF(hpa), t->g.td.tdr);
}

static inline uint64_t mmio_unmap(struct tdis *t, uint64_t hpa)
{
	return sc2(t->p, MMIO_UNMAP, GPA_OF(hpa), t->g.td.tdr);
}

static inline enum sept_state mmio_state(struct tdis *t, uint64_t hpa)
{
	return td_sept_state(&t->g.td, GPA_OF(hpa), 0);
}

/* ---- stages ----------------------------------------------------------------- */

/* A TD at @stage (INITIALIZED or RUNNABLE) with one vCPU, made with @config_flags. */
static inline void tdis_td(struct tdis *t, struct td *td, uint64_t hkid, uint64_t config_flags,
			   enum td_stage stage)
{
	td_to(t->p, td, hkid, STAGE_UNINITIALIZED);
	td->params->config_flags |= config_flags;
	td_init(td);
	td_vcpu_add(td);
	td_sept(td);
	td_page_add(td);
	if (stage == STAGE_RUNNABLE)
		expect_ok(sc1(t->p, MR_FINALIZE, td->tdr));
}

/* The first @nr tables from the root on, for DEV_FUNC and for the BARs. */
static inline void tdis_tdimt(struct tdis *t, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		t->table[i] = page_new(t->p);
		expect_ok(sc2(t->p, TDIMT_ADD, (TDX_TDIMT_LEVELS - i) | (uint64_t)DEV_FUNC << 32,
			      t->table[i]));
	}
}

static inline void tdis_mmiomt(struct tdis *t, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		t->mmiomt[i] = page_new(t->p);
		expect_ok(sc2(t->p, MMIOMT_ADD, (TDX_MMIOMT_LEVELS - i) | BAR0, t->mmiomt[i]));
	}
}

/* Only the pages and the device; @p may be a platform without Connect. */
static inline struct tdis *tdis_on(struct plat *p)
{
	struct tdis *t = calloc(1, sizeof(*t));
	uint64_t *list;

	t->p = t->g.p = p;
	peer_init(&t->link, p);
	for (unsigned int i = 0; i < 3; i++)
		t->page[i] = page_new(t->p);
	t->rsp = host_page(t->p);
	t->req = host_page(t->p);
	t->out = page_array(t->p, TDX_TDI_REPORT_PAGES, false);
	list = page_ptr(t->p, t->out & TDX_HPA_ARRAY_PAGE);
	memcpy(t->out_page, list, sizeof(t->out_page));
	t->func = DEV_FUNC;
	t->gpa = GPA_OF(BAR0);
	t->info = TDISP_INFO_DMA_NO_PASID;
	t->portion = 0x400;
	t->range[0] = (struct tdisp_range) { BAR0, 16, 0, 0 };
	t->range[1] = (struct tdisp_range) { BAR2, 2, 0, 2 };
	t->range[2] = (struct tdisp_range) { BAR2 + 2 * PAGE, 1, TDISP_RANGE_NON_TEE, 2 };
	t->range[3] = (struct tdisp_range) { BAR2 + 3 * PAGE, 1, 0, 2 };
	t->g.ev = (struct tdx_event) {
		.insn_len = 4, .long_mode = true, .rip = 0x1000,
		.cr0 = CR0_PE | CR0_NE | CR0_WP | CR0_PG, .cr4 = CR4_PAE | CR4_MCE | CR4_OSXSAVE,
		.efer = EFER_SCE | EFER_LME | EFER_LMA | BIT64(11), .xcr0 = 1,
	};
	return t;
}

/* A stream for the function and its sibling, without keys. */
static inline uint64_t tdis_stream_create(struct tdis *t)
{
	return sc6(t->p, TDH_IDE_STREAM_CREATE, 0x110, t->link.spdm, page_array(t->p, 1, true), 0,
		   SIBLING_FUNC << 8, DEV_FUNC << 8 | 1);
}

/* SPDM object, stream and keys. */
static inline void tdis_link(struct tdis *t)
{
	expect_ok(spdm_create(&t->link));
	expect_ok(spdm_connect(&t->link));
	expect_ok(tdis_stream_create(t));
	t->link.stream = t->p->g.r[TDX_RCX];
	expect_ok(stream_km(&t->link, TDX_IDE_KM_SETUP));
}

/* The TD, as those want it who use one. */
static inline void tdis_runnable(struct tdis *t, uint64_t config_flags)
{
	tdis_td(t, &t->g.td, 2, config_flags, STAGE_RUNNABLE);
	t->g.t = &t->p->m->tds[tdx_pamt(t->p->m, t->g.td.tdr)->slot];
}

/* The link is up, TD and tables are there, no TDI yet. */
static inline struct tdis *tdis_new(void)
{
	struct tdis *t = tdis_on(plat_connect());

	t->iommu_list = iommu_up(t->p);
	tdis_link(t);
	tdis_runnable(t, TDX_CONFIG_FLAG_CONNECT);
	tdis_tdimt(t, TDX_TDIMT_LEVELS);
	tdis_mmiomt(t, TDX_MMIOMT_LEVELS);
	return t;
}

static inline struct tdis *tdis_created(void)
{
	struct tdis *t = tdis_new();

	expect_ok(tdi_create(t));
	t->tdi = tdx_tdi_of_guest(t->p->m, t->g.t, GUEST_ID);
	assert_non_null(t->tdi);
	for (unsigned int i = 0; i < 20; i++)
		expect_ok(mmio_set(t, BAR0 + i * PAGE, DEV_FUNC));
	return t;
}

static inline struct tdis *tdis_bound(void)
{
	struct tdis *t = tdis_created();

	expect_ok(tdi_bind(t));
	return t;
}

/* TDI of the sibling function with BAR 4, put into LOCKED without messages. */
static inline struct tdx_tdi *tdis_sibling(struct tdis *t)
{
	const uint64_t page[3] = { page_new(t->p), page_new(t->p), page_new(t->p) };
	struct tdx_tdi *sibling;

	expect_ok(tdi_create_as(t, SIBLING_FUNC, SIBLING_ID, page));
	sibling = tdx_tdi_of_guest(t->p->m, t->g.t, SIBLING_ID);
	sibling->state = TDISP_CONFIG_LOCKED;
	sibling->bound = true;
	sibling->session = 99;
	memcpy(sibling->report, t->tdi->report, t->tdi->report_bytes);
	sibling->report_bytes = t->tdi->report_bytes;
	expect_ok(mmio_set(t, BAR4, SIBLING_FUNC));
	return sibling;
}

/* TRACK; no vCPU is in the TD. */
static inline void tdis_track(struct tdis *t)
{
	expect_ok(sc1(t->p, MEM_TRACK, t->g.td.tdr));
}

static inline void tdis_revoke(struct tdis *t, uint64_t hpa)
{
	expect_ok(mmio_block(t, hpa));
	tdis_track(t);
	expect_ok(mmio_unmap(t, hpa));
}

/* ---- guest ------------------------------------------------------------------ */

#define R9(offset, count) ((uint64_t)(offset) << 32 | (count))

static inline void enter(struct tdis *t)
{
	guest_enter(&t->g);
}

static inline uint64_t tdcall4(struct tdis *t, uint64_t rax, uint64_t rcx, uint64_t rdx,
			       uint64_t r8, uint64_t r9)
{
	struct guest *g = &t->g;

	for (unsigned int i = 0; i < TDX_NR_GPRS; i++)
		g->g.r[i] = 0xbeef000000000000 | i;
	g->g.r[TDX_RAX] = rax;
	g->g.r[TDX_RCX] = rcx;
	g->g.r[TDX_RDX] = rdx;
	g->g.r[TDX_R8] = r8;
	g->g.r[TDX_R9] = r9;
	guest_event(g, TDX_EV_TDCALL);
	return g->g.r[TDX_RAX];
}

/* A leaf that stays in the TD. */
#define expect_leaf(t, want, ...) \
	do { \
		uint64_t rax_ = tdcall4(t, __VA_ARGS__); \
		expect_tdcall(&(t)->g, rax_, want); \
	} while (0)

static inline uint64_t accept(struct tdis *t, uint64_t hpa, uint64_t index, uint64_t offset,
			      uint64_t count)
{
	return tdcall4(t, TDG_MMIO_ACCEPT, GPA_OF(hpa), index, GUEST_ID, R9(offset, count));
}

/* Maps pages [@from, @to) of BAR 0. */
static inline void map(struct tdis *t, unsigned int from, unsigned int to)
{
	for (; from < to; from++)
		expect_ok(mmio_map(t, BAR0 + from * PAGE));
}

static inline void tdis_free(struct tdis *t)
{
	plat_free(t->p);
	free(t);
}

#endif
