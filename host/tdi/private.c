// SPDX-License-Identifier: GPL-2.0
#include "private.h"
#include "tdx_abi/connect.h"
#include "tdx_abi/exit.h"
#include "tdx_abi/leaf.h"
#include "tdx_abi/status.h"
#include "trace.h"

#define EEQ_TYPE	0xfULL

struct counter {
	struct private_cost *v;
	size_t n;
};

static struct private_cost *cost_of(struct counter *c, uint64_t tdr)
{
	/* The newest first: a later TD may have got the same page for its TDR. */
	for (size_t i = c->n; i--;)
		if (c->v[i].tdr == tdr)
			return &c->v[i];
	return NULL;
}

/* VP.ENTER's outputs: RDX is the extended exit qualification, R8 the GPA (C 2.2). */
static void on_exit(struct private_cost *cost, const struct tdx_trace_event *ev)
{
	uint32_t reason = (uint32_t)ev->status;

	cost->accept_exits += reason == TDX_EXIT_EPT_VIOLATION && ev->out[2] >= TD_BARS_BEGIN &&
			      ev->out[2] < TD_BARS_END && (ev->out[1] & EEQ_TYPE) == TDX_EEQ_ACCEPT;
	cost->marked_exits += cost->marked && reason != TDX_EXIT_EXTERNAL_INTERRUPT;
}

static void on_tdcall(struct private_cost *cost, const struct tdx_trace_event *ev)
{
	if (ev->leaf != TDG_VP_INFO || (ev->in[0] != TEST_MARK_BEGIN && ev->in[0] != TEST_MARK_END))
		return;
	cost->marked = ev->in[0] == TEST_MARK_BEGIN;
	cost->marks++;
}

static void on_seamcall(struct counter *c, const struct tdx_trace_event *ev)
{
	struct private_cost *cost = NULL;

	if (ev->leaf == TDH_MMIO_MAP || ev->leaf == TDH_MMIO_UNMAP)
		cost = cost_of(c, ev->in[1]);
	if (cost && !ev->status) {
		cost->mmio_maps += ev->leaf == TDH_MMIO_MAP;
		cost->mmio_unmaps += ev->leaf == TDH_MMIO_UNMAP;
	}
}

static void on_event(void *opaque, const struct tdx_trace_event *ev)
{
	struct counter *c = opaque;
	struct private_cost *cost;

	if (trace_creates_td(ev)) {
		c->v = xrealloc(c->v, (c->n + 1) * sizeof(*c->v));
		c->v[c->n++] = (struct private_cost){ .tdr = ev->tdr };
	} else if (ev->kind == TDX_TRACE_SEAMCALL) {
		on_seamcall(c, ev);
	} else if ((cost = cost_of(c, ev->tdr)) && ev->kind == TDX_TRACE_TDCALL) {
		on_tdcall(cost, ev);
	} else if (cost && ev->kind == TDX_TRACE_TD_EXIT) {
		on_exit(cost, ev);
	} else if (cost && ev->kind == TDX_TRACE_STALE) {
		cost->stale_gpa = ev->in[0];
	}
}

struct private_cost *private_costs(const char *trace, size_t *n)
{
	struct counter c = { 0 };

	trace_each(trace, on_event, &c);
	*n = c.n;
	return c.v;
}

static void expect(struct strv *lines, const char *what, uint64_t got, uint64_t expected)
{
	if (got != expected)
		strv_addf(lines, "%s: got %llu, expected %llu", what, (unsigned long long)got,
			  (unsigned long long)expected);
}

void private_judge(const struct observation *obs, const struct private_cost *cost,
		   struct strv *lines)
{
	uint64_t pages, reads, gpa;

	if (observation_value(obs, "pages_accepted", &pages)) {
		expect(lines, "TD exits of MMIO.ACCEPT", cost->accept_exits, pages);
		expect(lines, "TDH.MMIO.MAP calls", cost->mmio_maps, pages);
		expect(lines, "TDH.MMIO.UNMAP calls", cost->mmio_unmaps, pages);
	}
	if (observation_value(obs, "private_reads", &reads)) {
		expect(lines, "TD exits during private reads, interrupts left out",
		       cost->marked_exits, 0);
		expect(lines, "marks around private reads are in pairs", cost->marks % 2, 0);
		expect(lines, "marks around private reads are in the trace", cost->marks > 0, 1);
	}
	/* Turned red by: a flush of the TD's TLBs at BLOCK; no turn for the other CPU after it. */
	if (observation_value(obs, "stale_page", &gpa))
		expect(lines, "page used between its BLOCK and its UNMAP", cost->stale_gpa, gpa);
}
