// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "observe.h"
#include "tdx_abi/connect.h"
#include "tdx_abi/exit.h"
#include "tdx_abi/leaf.h"
#include "tdx_abi/status.h"
#include "timeline.h"
#include "trace.h"

#define STATUS_ERROR	(1ULL << 63)

enum { GROUP_NONE, GROUP_ACCEPT, GROUP_UNMAP };

#define KIND(what, caller, callee, ...) { .text = what, .from = caller, .to = callee, __VA_ARGS__ }
#define HOST(name, what, ...) [TDH_##name] = KIND(what, PARTY_KERNEL, PARTY_MODULE, __VA_ARGS__)
static const struct mark_kind seamcalls[TDH_CONNECT_LAST + 1] = {
	HOST(MEM_TRACK, "TDH.MEM.TRACK", .group = GROUP_UNMAP),
	HOST(IOMMU_SETUP, "TDH.IOMMU.SETUP"),
	HOST(IOMMU_CLEAR, "TDH.IOMMU.CLEAR"),
	HOST(SPDM_CREATE, "TDH.SPDM.CREATE"),
	HOST(SPDM_DELETE, "TDH.SPDM.DELETE"),
	HOST(SPDM_CONNECT, "TDH.SPDM.CONNECT"),
	HOST(SPDM_DISCONNECT, "TDH.SPDM.DISCONNECT"),
	HOST(SPDM_MNG, "TDH.SPDM.MNG"),
	HOST(IDE_STREAM_CREATE, "TDH.IDE.STREAM.CREATE"),
	HOST(IDE_STREAM_KM, "TDH.IDE.STREAM.KM"),
	HOST(IDE_STREAM_BLOCK, "TDH.IDE.STREAM.BLOCK"),
	HOST(IDE_STREAM_DELETE, "TDH.IDE.STREAM.DELETE"),
	HOST(TDI_CREATE, "TDH.TDI.CREATE", .effect = EFFECT_CREATED),
	HOST(TDI_BIND, "TDH.TDI.BIND", .effect = EFFECT_LOCKED),
	HOST(TDI_START, "TDH.TDI.START", .effect = EFFECT_RUN),
	HOST(TDI_STOP, "TDH.TDI.STOP", .effect = EFFECT_UNLOCKED),
	HOST(TDI_REMOVE, "TDH.TDI.REMOVE", .effect = EFFECT_FREED),
	HOST(TDI_RD, "TDH.TDI.RD"),
	HOST(TDI_STATE, "TDH.TDI.STATE"),
	HOST(TDIMT_ADD, "TDH.TDIMT.ADD"),
	HOST(TDIMT_REMOVE, "TDH.TDIMT.REMOVE"),
	HOST(MMIOMT_ADD, "TDH.MMIOMT.ADD"),
	HOST(MMIOMT_REMOVE, "TDH.MMIOMT.REMOVE"),
	HOST(MMIOMT_SET, "TDH.MMIOMT.SET DATA"),
	HOST(MMIO_MAP, "TDH.MMIO.MAP", .group = GROUP_ACCEPT),
	HOST(MMIO_BLOCK, "TDH.MMIO.BLOCK", .group = GROUP_UNMAP),
	HOST(MMIO_UNMAP, "TDH.MMIO.UNMAP", .group = GROUP_UNMAP),
};
#undef HOST

#define GUEST(name, what, ...) [TDG_##name] = KIND(what, PARTY_GUEST, PARTY_MODULE, __VA_ARGS__)
static const struct mark_kind tdcalls[TDG_MMIO_ACCEPT + 1] = {
	GUEST(MR_REPORT, "TDG.MR.REPORT"),
	GUEST(TDI_RD, "TDG.TDI.RD"),
	GUEST(TDI_START, "TDG.TDI.START"),
	GUEST(DMAR_ACCEPT, "TDG.DMAR.ACCEPT"),
	GUEST(MMIO_ACCEPT, "TDG.MMIO.ACCEPT", .group = GROUP_ACCEPT),
};
#undef GUEST

static const struct mark_kind
	returns = KIND("TDH.MMIOMT.SET QNODE", PARTY_KERNEL, PARTY_MODULE),
	accept_exit = KIND("TD exit: ACCEPT", PARTY_MODULE, PARTY_KERNEL, .group = GROUP_ACCEPT),
	bar_exit = KIND("TD exit: EPT violation on a BAR", PARTY_MODULE, PARTY_KERNEL),
	stale = KIND("use of a blocked page", PARTY_GUEST, PARTY_DEVICE),
	reads = KIND("", PARTY_GUEST, PARTY_DEVICE);

/* What is being read of one TD. */
struct td_lines {
	struct timeline timeline;
	uint64_t tdr;
	unsigned int blocked;	/* pages blocked since the last TRACK */
	size_t reading;		/* 1 + index of the mark of private reads that are under way */
	size_t reads;		/* such marks so far */
	size_t steps;		/* of the VMM, taken over so far */
};

struct reader {
	const struct observer *observer;
	struct td_lines *td;
	size_t n, loose_steps;
	bool created;
};

static struct mark *add_mark(struct timeline *t, struct mark mark)
{
	t->v = xrealloc(t->v, (t->n + 1) * sizeof(*t->v));
	t->v[t->n] = mark;
	return &t->v[t->n++];
}

static uint32_t func_of(const struct mark_kind *kind, const struct tdx_trace_event *ev)
{
	if (!kind->effect)
		return 0;
	return kind->effect == EFFECT_CREATED ? ev->in[0] >> TDX_TDI_FUNC_SHIFT : ev->in[0];
}

/*
 * The mark that counts one event more: the last of its kind and TDI, if only marks of its group came
 * after it. So a page after the other accepted is one mark of ACCEPTs, one of exits and one of MAPs.
 */
static struct mark *same_mark(struct timeline *t, const struct mark_kind *kind, uint32_t func,
			      uint64_t error)
{
	for (size_t i = t->n; i--;) {
		struct mark *mark = &t->v[i];

		if (mark->kind == kind && mark->func == func && mark->status == error)
			return mark;
		if (!mark->kind || !kind->group || mark->kind->group != kind->group)
			break;
	}
	return NULL;
}

static void add_event(struct td_lines *td, const struct mark_kind *kind,
		      const struct tdx_trace_event *ev)
{
	bool message = ev->kind == TDX_TRACE_SEAMCALL &&
		       TDX_STATUS_HI(ev->status) == TDX_HI_SPDM_REQUEST;
	bool call = ev->kind == TDX_TRACE_SEAMCALL || ev->kind == TDX_TRACE_TDCALL;
	uint64_t error = call && !message && (ev->status & STATUS_ERROR) ? ev->status : 0;
	uint32_t func = func_of(kind, ev);
	struct mark *mark = same_mark(&td->timeline, kind, func, error);

	if (!mark)
		mark = add_mark(&td->timeline, (struct mark){
			.begin = ev->tsc, .kind = kind, .func = func,
			.text = xstrdup(kind->text), .status = error, .failed = error,
		});
	mark->end = ev->tsc;
	mark->n++;
	mark->messages += message;
	mark->done = call && !ev->status;
}

/* The VMM's steps up to @tsc; they part what came before from what comes after. */
static size_t add_steps(struct timeline *t, const struct observation *obs, size_t done,
			uint64_t tsc)
{
	for (; done < obs->nr_steps && obs->steps[done].tsc <= tsc; done++) {
		const struct step *step = &obs->steps[done];

		add_mark(t, (struct mark){
			.begin = step->tsc, .end = step->tsc, .text = xstrdup(step->text),
			.n = 1, .failed = step->refused,
		});
	}
	return done;
}

static void add_all_steps(struct reader *r, uint64_t tsc)
{
	const struct observer *o = r->observer;

	r->loose_steps = add_steps(&r->td[0].timeline, &o->loose, r->loose_steps, tsc);
	for (size_t i = 0; i < r->n && i < o->tds; i++)
		r->td[i].steps = add_steps(&r->td[i].timeline, o->td[i], r->td[i].steps, tsc);
}

/* A guest marks its private reads on both sides, and has recorded how many they are to be. */
static void on_read_mark(struct reader *r, struct td_lines *td, const struct tdx_trace_event *ev)
{
	static const char name[] = "private_reads = ";
	size_t nth_td = td - r->td;
	const struct observation *obs = nth_td < r->observer->tds ? r->observer->td[nth_td] : NULL;
	const char *count = "marked accesses";
	size_t nth = 0;

	if (td->reading) {
		struct mark *mark = &td->timeline.v[td->reading - 1];

		mark->end = ev->tsc;
		td->reading = 0;
		return;
	}
	for (size_t i = 0; obs && i < obs->values.n; i++)
		if (!strncmp(obs->values.v[i], name, strlen(name)) && nth++ == td->reads)
			count = obs->values.v[i];
	td->reads++;
	add_mark(&td->timeline, (struct mark){
		.begin = ev->tsc, .end = ev->tsc, .kind = &reads, .text = xstrdup(count), .n = 1,
	});
	td->reading = td->timeline.n;
}

/* VP.ENTER's outputs: RDX is the extended exit qualification, R8 the GPA (C 2.2). */
static const struct mark_kind *exit_kind(const struct tdx_trace_event *ev)
{
	if ((uint32_t)ev->status != TDX_EXIT_EPT_VIOLATION || ev->out[2] < TD_BARS_BEGIN ||
	    ev->out[2] >= TD_BARS_END)
		return NULL;
	return (ev->out[1] & TDX_EEQ_TYPE) == TDX_EEQ_ACCEPT ? &accept_exit : &bar_exit;
}

static const struct mark_kind *seamcall_kind(struct td_lines *td, const struct tdx_trace_event *ev)
{
	if (ev->leaf > TDH_CONNECT_LAST || !seamcalls[ev->leaf].text)
		return NULL;
	if (ev->leaf == TDH_MMIOMT_SET && (ev->in[1] & 3) != TDX_MMIOMT_DATA)
		return &returns;
	if (ev->leaf == TDH_MMIO_BLOCK && !ev->status)
		td->blocked++;
	if (ev->leaf == TDH_MEM_TRACK) {
		/* Those for ordinary memory are not the device's. */
		if (!td->blocked)
			return NULL;
		td->blocked = ev->status ? td->blocked : 0;
	}
	return &seamcalls[ev->leaf];
}

static const struct mark_kind *kind_of(struct td_lines *td, const struct tdx_trace_event *ev)
{
	switch (ev->kind) {
	case TDX_TRACE_SEAMCALL:
		return seamcall_kind(td, ev);
	case TDX_TRACE_TDCALL:
		return ev->leaf <= TDG_MMIO_ACCEPT && tdcalls[ev->leaf].text ?
		       &tdcalls[ev->leaf] : NULL;
	case TDX_TRACE_TD_EXIT:
		return exit_kind(ev);
	case TDX_TRACE_STALE:
		return &stale;
	}
	return NULL;
}

static void on_event(void *opaque, const struct tdx_trace_event *ev)
{
	struct reader *r = opaque;
	const struct mark_kind *kind;
	struct td_lines *td;

	if (trace_creates_td(ev)) {
		if (r->created) {
			r->td = xrealloc(r->td, (r->n + 1) * sizeof(*r->td));
			r->td[r->n++] = (struct td_lines){ 0 };
		}
		r->created = true;
		r->td[r->n - 1].tdr = ev->tdr;
	}
	add_all_steps(r, ev->tsc);
	/* The newest first: a later TD may have got the same page for its TDR. */
	td = &r->td[r->n - 1];
	for (size_t i = r->n; ev->tdr && i--;)
		if (r->td[i].tdr == ev->tdr) {
			td = &r->td[i];
			break;
		}
	if (ev->kind == TDX_TRACE_TDCALL && ev->leaf == TDG_VP_INFO &&
	    (ev->in[0] == TEST_MARK_BEGIN || ev->in[0] == TEST_MARK_END))
		on_read_mark(r, td, ev);
	if (td->reading && ev->kind == TDX_TRACE_TD_EXIT && ev->tdr == td->tdr)
		td->timeline.v[td->reading - 1].exits +=
			(uint32_t)ev->status != TDX_EXIT_EXTERNAL_INTERRUPT;
	kind = kind_of(td, ev);
	if (kind)
		add_event(td, kind, ev);
}

struct timeline *timelines_read(const char *trace, const struct observer *observer)
{
	struct reader r = { .observer = observer, .n = 1 };
	struct timeline *v = NULL;

	r.td = xcalloc(1, sizeof(*r.td));
	if (trace_each(trace, on_event, &r) && r.created && r.n == observer->tds) {
		add_all_steps(&r, UINT64_MAX);
		v = xcalloc(r.n, sizeof(*v));
	}
	for (size_t i = 0; i < r.n; i++) {
		struct timeline *t = &r.td[i].timeline;

		if (!v) {
			timeline_free(t);
			continue;
		}
		t->zero = t->n ? t->v[0].begin : 0;
		v[i] = *t;
	}
	free(r.td);
	return v;
}

void timeline_free(struct timeline *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i].text);
	free(t->v);
	*t = (struct timeline){ 0 };
}

void timeline_align(struct timeline *a, struct timeline *b)
{
	if (a->n && b->n)
		a->zero = b->zero = a->zero < b->zero ? a->zero : b->zero;
}
