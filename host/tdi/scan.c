// SPDX-License-Identifier: GPL-2.0
#include <stdbool.h>

#include "core/channel.h"
#include "scan.h"
#include "tdx_abi/leaf.h"
#include "trace.h"

struct count {
	uint64_t pages;
	bool marked;
};

static void on_event(void *opaque, const struct tdx_trace_event *ev)
{
	struct count *count = opaque;
	/* RCX: GPA, and the level in bits 2:0 (2.2). */
	uint64_t pages = 1ULL << 9 * (ev->in[0] & 3);

	if (count->marked)
		return;
	if (ev->kind == TDX_TRACE_TDCALL)
		count->marked = ev->leaf == TDG_VP_INFO && ev->in[0] == TEST_MARK_BEGIN;
	if (ev->kind != TDX_TRACE_SEAMCALL || ev->status)
		return;
	if (ev->leaf == TDH_MEM_PAGE_ADD || ev->leaf == TDH_MEM_PAGE_AUG)
		count->pages += pages;
	else if (ev->leaf == TDH_MEM_PAGE_REMOVE)
		count->pages -= pages;
}

uint64_t scan_td_pages(const char *trace)
{
	struct count count = { 0 };

	trace_each(trace, on_event, &count);
	return count.marked ? count.pages : 0;
}
