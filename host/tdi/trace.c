// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "tdx/names.h"
#include "tdx_abi/leaf.h"
#include "tdx_module/tdx_module.h"
#include "trace.h"

static void trace_call(FILE *f, const struct tdx_trace_event *ev, const char *status)
{
	bool host = ev->kind == TDX_TRACE_SEAMCALL;
	const char *name = host ? tdh_leaf_name(ev->leaf) : tdg_leaf_name(ev->leaf);
	unsigned long long in[4], out[3];

	for (int i = 0; i < 4; i++)
		in[i] = ev->in[i];
	for (int i = 0; i < 3; i++)
		out[i] = ev->out[i];
	fprintf(f, "%s%s (%u) rcx %llx rdx %llx r8 %llx r9 %llx -> %s rcx %llx rdx %llx r8 %llx",
		host ? "TDH_" : "TDG_", name ? name : "unknown", ev->leaf, in[0], in[1], in[2],
		in[3], status, out[0], out[1], out[2]);
}

static void trace_event(FILE *f, const struct tdx_trace_event *ev)
{
	char *status = decode_tdx_status(ev->status);
	const char *reason;

	fprintf(f, "%llu.%09llu lp %u tdr %llx ", (unsigned long long)ev->tsc / 1000000000,
		(unsigned long long)ev->tsc % 1000000000, ev->lp, (unsigned long long)ev->tdr);
	switch (ev->kind) {
	case TDX_TRACE_SEAMCALL:
	case TDX_TRACE_TDCALL:
		trace_call(f, ev, status);
		break;
	case TDX_TRACE_TD_ENTER:
		fprintf(f, "enter vCPU %u", ev->leaf);
		break;
	case TDX_TRACE_TD_EXIT:
		/* The detail of VP.ENTER's status is the exit reason (fact sheet 4.1). */
		reason = vmx_reason_name((uint32_t)ev->status);
		fprintf(f, "exit vCPU %u: %s, %s", ev->leaf, status, reason ? reason : "");
		break;
	case TDX_TRACE_STALE:
		fprintf(f, "vCPU %u uses stale GPA %llx, HPA %llx, S-EPT state %llu", ev->leaf,
			(unsigned long long)ev->in[0], (unsigned long long)ev->in[1],
			(unsigned long long)ev->status);
		break;
	default:
		reason = vmx_reason_name(ev->leaf);
		fprintf(f, "#VE: %s", reason ? reason : "unknown");
	}
	free(status);
}

static bool trace_next(FILE *f, struct tdx_trace_event *ev)
{
	return fread(ev, sizeof(*ev), 1, f) == 1;
}

bool trace_creates_td(const struct tdx_trace_event *ev)
{
	return ev->kind == TDX_TRACE_SEAMCALL && ev->leaf == TDH_MNG_CREATE && !ev->status;
}

bool trace_each(const char *path, void (*fn)(void *opaque, const struct tdx_trace_event *ev),
		void *opaque)
{
	struct tdx_trace_event ev;
	FILE *f = fopen(path, "rbe");

	if (!f)
		return false;
	while (trace_next(f, &ev))
		fn(opaque, &ev);
	fclose(f);
	return true;
}

void trace_tail(const char *path, unsigned int n, struct strv *lines)
{
	struct tdx_trace_event ev;
	FILE *f = fopen(path, "rbe");
	long nr;

	if (!f)
		return;
	fseek(f, 0, SEEK_END);
	nr = ftell(f) / (long)sizeof(ev);
	fseek(f, (nr > (long)n ? nr - (long)n : 0) * (long)sizeof(ev), SEEK_SET);
	while (trace_next(f, &ev)) {
		char *line = NULL;
		size_t len;
		FILE *text = open_memstream(&line, &len);

		if (!text)
			break;
		trace_event(text, &ev);
		fclose(text);
		strv_add(lines, line);
	}
	fclose(f);
}

bool trace_print(FILE *out, const char *path, char **error)
{
	struct tdx_trace_event ev;
	size_t n = 0, bytes = 0;
	FILE *f = fopen(path, "rbe");

	*error = f ? NULL : xasprintf("%s", strerror(errno));
	while (f && !*error && (bytes = fread(&ev, 1, sizeof(ev), f)) == sizeof(ev)) {
		if (ev.kind > TDX_TRACE_STALE || ev.lp >= TDX_MAX_LPS) {
			*error = xasprintf("byte %zu begins no event; it is no trace of this version",
					   n * sizeof(ev));
			break;
		}
		trace_event(out, &ev);
		fputc('\n', out);
		n++;
	}
	if (f && ferror(f))
		*error = xasprintf("%s", strerror(errno));
	else if (!*error && bytes)
		*error = xasprintf("ends inside event %zu: QEMU was killed, or the file was cut", n + 1);
	else if (!*error && !n)
		*error = xstrdup("no event in it: QEMU was killed, or L1 never asked for TDX");
	if (f)
		fclose(f);
	return !*error;
}

static void count_td(void *opaque, const struct tdx_trace_event *ev)
{
	*(unsigned int *)opaque += trace_creates_td(ev);
}

unsigned int trace_tds(const char *path)
{
	unsigned int n = 0;

	trace_each(path, count_td, &n);
	return n;
}

void trace_save_td(const char *path, unsigned int nth, const char *to)
{
	struct tdx_trace_event ev;
	FILE *f = fopen(path, "rbe");
	FILE *out = f ? fopen(to, "we") : NULL;
	unsigned int created = 0;
	uint64_t tdr = 0;

	while (out && trace_next(f, &ev)) {
		if (trace_creates_td(&ev) && ++created == nth + 1)
			tdr = ev.tdr;
		/* A later TD may get the same page for its TDR. */
		if (created > nth + 1 && trace_creates_td(&ev) && ev.tdr == tdr)
			break;
		if (created <= nth || (ev.tdr != tdr && (ev.tdr || created != nth + 1)))
			continue;
		trace_event(out, &ev);
		fputc('\n', out);
	}
	if (out)
		fclose(out);
	if (f)
		fclose(f);
}
