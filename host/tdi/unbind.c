// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "tdx_abi/connect.h"
#include "tdx_abi/leaf.h"
#include "tdx_abi/status.h"
#include "unbind.h"

#define LEVEL_MASK		0xfffULL
#define SEPT_MMIO_BLOCKED	33	/* as leaves report it, fact sheet C 3.3 */
#define GONE(v, n, i)	((v)[i] = (v)[--(n)])

/* One more element of an array, zeroed. */
static void *grow(void *array, size_t n, size_t size)
{
	char *grown = xrealloc(array, (n + 1) * size);

	memset(grown + n * size, 0, size);
	return grown;
}

static struct unbind_tdi *find_tdi(struct unbind *u, uint32_t func)
{
	for (size_t i = 0; i < u->nr_tdis; i++)
		if (u->tdi[i].func == func)
			return &u->tdi[i];
	return NULL;
}

static struct unbind_page *find_page(struct unbind *u, uint64_t tdr, uint64_t gpa)
{
	for (size_t i = 0; i < u->nr_pages; i++)
		if (u->page[i].tdr == tdr && u->page[i].gpa == gpa)
			return &u->page[i];
	return NULL;
}

/* NULL: it never entered. */
static struct unbind_vcpu *find_vcpu(struct unbind *u, uint64_t tdr, unsigned int index)
{
	for (size_t i = 0; i < u->nr_vcpus; i++)
		if (u->vcpu[i].tdr == tdr && u->vcpu[i].index == index)
			return &u->vcpu[i];
	return NULL;
}

static uint32_t owner_of(const struct unbind *u, uint64_t hpa)
{
	for (size_t i = 0; i < u->nr_owners; i++)
		if (u->owner[i].hpa == hpa)
			return u->owner[i].func;
	return 0;
}

/* The same of many pages, or of one again and again, is said once. */
static void violation(struct unbind *u, uint32_t func, const char *what, uint64_t gpa)
{
	const struct unbind_tdi *tdi = find_tdi(u, func);
	char *text = xasprintf("TD %zu, TDI %04x: %s", tdi ? tdi->td : 0, func, what);
	struct strv *lines = &u->violations;
	size_t i = 0;

	while (i < lines->n && strncmp(lines->v[i], text, strlen(text)))
		i++;
	if (i == lines->n) {
		u->said = grow(u->said, i, sizeof(*u->said));
		u->said[i].gpa = gpa;
		strv_add(lines, NULL);
	}
	free(lines->v[i]);
	lines->v[i] = !gpa ? xstrdup(text) :
		      !u->said[i].n++ ? xasprintf("%s (GPA %#llx)", text, (unsigned long long)gpa) :
		      xasprintf("%s (GPA %#llx, and %u times more)", text,
				(unsigned long long)u->said[i].gpa, u->said[i].n - 1);
	free(text);
}

static void refused(struct unbind *u, uint32_t func, const struct tdx_trace_event *ev,
		    const char *call)
{
	char *status = decode_tdx_status(ev->status), *text = xasprintf("%s failed: %s", call, status);

	violation(u, func, text, 0);
	free(text);
	free(status);
}

/* Statuses that mean "again": not the host's mistake. */
static bool again(uint64_t status)
{
	switch (TDX_STATUS_HI(status)) {
	case TDX_HI_OPERAND_BUSY:
	case TDX_HI_OPERAND_BUSY_HOST_PRIORITY:
	case TDX_HI_SYS_BUSY:
	case TDX_HI_SPDM_REQUEST:
	case TDX_HI_SPDM_SESSION_KEY_REQUIRE_REFRESH:
	case TDX_HI_INTERRUPTED_RESUMABLE:
		return true;
	}
	return false;
}

/* A later TD may have got the same page for its TDR. */
static size_t td_of(const struct unbind *u, uint64_t tdr)
{
	size_t td = u->tds;

	while (td && u->tdr[td - 1] != tdr)
		td--;
	return td;
}

static void on_create(struct unbind *u, const struct tdx_trace_event *ev)
{
	if (ev->status)
		return;
	u->tdi = grow(u->tdi, u->nr_tdis, sizeof(*u->tdi));
	u->tdi[u->nr_tdis++] = (struct unbind_tdi){
		.func = ev->in[0] >> TDX_TDI_FUNC_SHIFT,
		.spdm = ev->in[0] & 0xffff,
		.stream = ev->in[0] >> TDX_TDI_STREAM_SHIFT & 0xff,
		.tdr = ev->in[1], .td = td_of(u, ev->in[1]),
	};
}

static void on_stop(struct unbind *u, const struct tdx_trace_event *ev)
{
	struct unbind_tdi *tdi = find_tdi(u, (uint32_t)ev->in[0]);

	if (tdi && !ev->status)
		tdi->stopped = true;
}

static void on_bind(struct unbind *u, const struct tdx_trace_event *ev)
{
	struct unbind_tdi *tdi = find_tdi(u, (uint32_t)ev->in[0]);

	if (!tdi || TDX_STATUS_HI(ev->status) == TDX_HI_OPERAND_BUSY)
		return;
	tdi->locked = true;
	tdi->stopped = false;
}

static void on_stream_block(struct unbind *u, const struct tdx_trace_event *ev)
{
	for (size_t i = 0; i < u->nr_tdis && !ev->status; i++)
		if (u->tdi[i].spdm == (ev->in[0] & 0xffff) &&
		    u->tdi[i].stream == (ev->in[1] & 0xff))
			u->tdi[i].stopped = true;
}

/* Every TDI of the function is done: nothing mapped, stopped if it ever was locked. */
static void on_remove(struct unbind *u, const struct tdx_trace_event *ev)
{
	uint32_t func = (uint32_t)ev->in[0];
	struct unbind_tdi *tdi = find_tdi(u, func);

	if (!tdi || again(ev->status))
		return;
	if (tdi->locked && !tdi->stopped)
		violation(u, func, "the TDI is freed without STOP", 0);
	for (size_t i = 0; i < u->nr_pages; i++)
		if (u->page[i].func == func)
			violation(u, func, "the TDI is freed while a page is mapped", u->page[i].gpa);
	if (ev->status) {
		refused(u, func, ev, "TDH.TDI.REMOVE");
		return;
	}
	u->checked += tdi->locked;
	GONE(u->tdi, u->nr_tdis, tdi - u->tdi);
}

static void on_mmiomt_set(struct unbind *u, const struct tdx_trace_event *ev)
{
	uint64_t hpa = ev->in[0] & ~LEVEL_MASK;

	if (ev->status)
		return;
	for (size_t i = 0; i < u->nr_owners; i++)
		if (u->owner[i].hpa == hpa) {
			GONE(u->owner, u->nr_owners, i);
			break;
		}
	if ((ev->in[1] & 3) != TDX_MMIOMT_DATA)
		return;
	u->owner = grow(u->owner, u->nr_owners, sizeof(*u->owner));
	u->owner[u->nr_owners++] = (struct unbind_owner){ hpa, (uint32_t)(ev->in[1] >> TDX_MMIOMT_FUNC_SHIFT) };
}

static void on_map(struct unbind *u, const struct tdx_trace_event *ev)
{
	if (ev->status)
		return;
	u->page = grow(u->page, u->nr_pages, sizeof(*u->page));
	u->page[u->nr_pages++] = (struct unbind_page){
		.tdr = ev->in[1], .gpa = ev->in[0] & ~LEVEL_MASK, .hpa = ev->in[2],
		.func = owner_of(u, ev->in[2]),
	};
}

static void on_block(struct unbind *u, const struct tdx_trace_event *ev)
{
	struct unbind_page *page = find_page(u, ev->in[1], ev->in[0] & ~LEVEL_MASK);
	struct unbind_tdi *tdi = page ? find_tdi(u, page->func) : NULL;

	if (!page || again(ev->status))
		return;
	if (ev->status)
		refused(u, page->func, ev, "TDH.MMIO.BLOCK");
	else if (tdi && tdi->locked && !tdi->stopped)
		violation(u, page->func, "a page is blocked before STOP", page->gpa);
	page->blocked = !ev->status;
	page->tracked = false;
}

static void on_track(struct unbind *u, const struct tdx_trace_event *ev)
{
	for (size_t i = 0; i < u->nr_pages && !ev->status; i++) {
		struct unbind_page *page = &u->page[i];

		if (page->tdr != ev->in[0] || !page->blocked || page->tracked)
			continue;
		page->tracked = true;
		page->tracked_at = u->now;
	}
}

static void on_unmap(struct unbind *u, const struct tdx_trace_event *ev)
{
	struct unbind_page *page = find_page(u, ev->in[1], ev->in[0] & ~LEVEL_MASK);
	struct unbind_tdi *tdi;

	if (!page || again(ev->status))
		return;
	tdi = find_tdi(u, page->func);
	if (!tdi || (tdi->locked && !tdi->stopped))
		violation(u, page->func, "a page is unmapped before STOP", page->gpa);
	if (!page->blocked)
		violation(u, page->func, "a page is unmapped that was not blocked", page->gpa);
	else if (!page->tracked)
		violation(u, page->func, "a page is unmapped without a TRACK after its BLOCK",
			  page->gpa);
	if (ev->status)
		refused(u, page->func, ev, "TDH.MMIO.UNMAP");
	else
		GONE(u->page, u->nr_pages, page - u->page);
}

static void on_enter(struct unbind *u, const struct tdx_trace_event *ev)
{
	struct unbind_vcpu *vcpu = find_vcpu(u, ev->tdr, ev->leaf);

	if (!vcpu) {
		u->vcpu = grow(u->vcpu, u->nr_vcpus, sizeof(*u->vcpu));
		vcpu = &u->vcpu[u->nr_vcpus++];
		*vcpu = (struct unbind_vcpu){ .tdr = ev->tdr, .index = ev->leaf };
	}
	vcpu->entered_at = u->now;
}

/*
 * The record of the BLOCK itself may still be on its way, if another CPU writes it. Turned red, by
 * connect_stale: no flush in world_enter(); the plant unbind-no-track, if sept_tracked() says yes to
 * everything.
 */
static void on_stale(struct unbind *u, const struct tdx_trace_event *ev)
{
	const struct unbind_vcpu *vcpu = find_vcpu(u, ev->tdr, ev->leaf);
	const struct unbind_page *page = find_page(u, ev->tdr, ev->in[0]);

	if (!page || ev->status != SEPT_MMIO_BLOCKED)
		violation(u, page ? page->func : owner_of(u, ev->in[1]),
			  "a page is used after its UNMAP, through a TLB", ev->in[0]);
	else if (page->tracked && vcpu && vcpu->entered_at > page->tracked_at)
		violation(u, page->func,
			  "a blocked page is used by a vCPU that entered after the TRACK", page->gpa);
}

void unbind_event(struct unbind *u, const struct tdx_trace_event *ev)
{
	static void (*const on[TDH_CONNECT_LAST + 1])(struct unbind *, const struct tdx_trace_event *) = {
		[TDH_TDI_CREATE] = on_create, [TDH_TDI_REMOVE] = on_remove,
		[TDH_TDI_BIND] = on_bind, [TDH_TDI_STOP] = on_stop,
		[TDH_IDE_STREAM_BLOCK] = on_stream_block, [TDH_MMIOMT_SET] = on_mmiomt_set,
		[TDH_MMIO_MAP] = on_map, [TDH_MMIO_BLOCK] = on_block, [TDH_MMIO_UNMAP] = on_unmap,
		[TDH_MEM_TRACK] = on_track,
	};

	u->now++;
	if (ev->kind == TDX_TRACE_TD_ENTER)
		on_enter(u, ev);
	else if (ev->kind == TDX_TRACE_STALE)
		on_stale(u, ev);
	if (ev->kind != TDX_TRACE_SEAMCALL)
		return;
	if (ev->leaf == TDH_MNG_CREATE && !ev->status) {
		u->tdr = grow(u->tdr, u->tds, sizeof(*u->tdr));
		u->tdr[u->tds++] = ev->tdr;
	}
	if (ev->leaf < sizeof(on) / sizeof(on[0]) && on[ev->leaf])
		on[ev->leaf](u, ev);
}

void unbind_end(struct unbind *u)
{
	for (size_t i = 0; i < u->nr_tdis; i++)
		violation(u, u->tdi[i].func, "the TDI was never freed", 0);
	for (size_t i = 0; i < u->nr_pages; i++)
		violation(u, u->page[i].func, "a page was never unmapped", u->page[i].gpa);
}

void unbind_free(struct unbind *u)
{
	free(u->tdr);
	free(u->tdi);
	free(u->page);
	free(u->owner);
	free(u->vcpu);
	strv_free(&u->violations);
	free(u->said);
	*u = (struct unbind){ 0 };
}
