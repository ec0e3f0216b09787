// SPDX-License-Identifier: GPL-2.0
/*
 * The timeline of a private device from a trace and steps by hand: like events are one mark, in
 * order of time, and nothing is drawn that was not recorded. Each test names the break that turns it red.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "observe.h"
#include "tdx_abi/connect.h"
#include "tdx_abi/exit.h"
#include "tdx_abi/leaf.h"
#include "tdx_abi/status.h"
#include "tdx_module/tdx_module.h"
#include "timeline.h"

#define TDR	0x70000000ULL
#define GPA	TD_BARS_BEGIN
#define MESSAGE	TDX_STATUS(SPDM_REQUEST, 0)

static uint64_t now;

static void put(FILE *f, struct tdx_trace_event ev)
{
	ev.tsc = now += 1000000;
	assert_int_equal(fwrite(&ev, sizeof(ev), 1, f), 1);
}

static void call(FILE *f, enum tdh_leaf leaf, uint64_t status)
{
	put(f, (struct tdx_trace_event){ .kind = TDX_TRACE_SEAMCALL, .leaf = leaf, .tdr = TDR,
					 .in = { 0, TDX_MMIOMT_DATA }, .status = status });
}

static void guest(FILE *f, enum tdg_leaf leaf, uint64_t rcx)
{
	put(f, (struct tdx_trace_event){ .kind = TDX_TRACE_TDCALL, .leaf = leaf, .tdr = TDR,
					 .in = { rcx } });
}

static void leave(FILE *f, uint32_t reason, uint64_t eeq)
{
	put(f, (struct tdx_trace_event){ .kind = TDX_TRACE_TD_EXIT, .tdr = TDR,
					 .out = { 0, eeq, GPA }, .status = reason });
}

/* From bind to unbind, with two pages and a message for each of three calls. */
static void use_device(FILE *f)
{
	call(f, TDH_TDI_CREATE, 0);
	call(f, TDH_TDI_BIND, MESSAGE);
	call(f, TDH_TDI_BIND, MESSAGE);
	call(f, TDH_TDI_BIND, 0);
	for (int page = 0; page < 2; page++) {
		leave(f, TDX_EXIT_EPT_VIOLATION, TDX_EEQ_ACCEPT);
		call(f, TDH_MMIO_MAP, 0);
		guest(f, TDG_MMIO_ACCEPT, GPA);
	}
	guest(f, TDG_TDI_START, 0);
	call(f, TDH_TDI_START, MESSAGE);
	call(f, TDH_TDI_START, 0);
	guest(f, TDG_VP_INFO, TEST_MARK_BEGIN);
	leave(f, TDX_EXIT_EXTERNAL_INTERRUPT, 0);
	guest(f, TDG_VP_INFO, TEST_MARK_END);
	call(f, TDH_TDI_STOP, MESSAGE);
	call(f, TDH_TDI_STOP, 0);
	call(f, TDH_MEM_TRACK, 0);
	for (int page = 0; page < 2; page++) {
		call(f, TDH_MMIO_BLOCK, 0);
		call(f, TDH_MEM_TRACK, 0);
		call(f, TDH_MMIO_UNMAP, 0);
	}
	call(f, TDH_MEM_TRACK, 0);
	call(f, TDH_TDI_REMOVE, 0);
}

/* One TD, its device used @uses times, and what the VMM recorded of it. */
static struct timeline *read_back(void (*use)(FILE *f), int uses, struct step *steps,
				  size_t nr_steps)
{
	char path[] = "timeline-XXXXXX", *value = "private_reads = 10000";
	struct observation obs = {
		.steps = steps, .nr_steps = nr_steps, .values = { &value, 1 },
	};
	struct observation *td = &obs;
	struct observer observer = { .td = &td, .tds = 1 };
	FILE *f = fdopen(mkstemp(path), "w");
	struct timeline *t;

	assert_non_null(f);
	now = 0;
	call(f, TDH_MNG_CREATE, 0);
	while (uses--)
		use(f);
	fclose(f);
	t = timelines_read(path, &observer);
	/* Another number of TDs: whose is whose is unknown then. */
	observer.tds = 2;
	assert_null(timelines_read(path, &observer));
	unlink(path);
	return t;
}

static char *draw(const struct timeline *t, size_t first, size_t *next)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	*next = timeline_draw(f, t, first, true);
	fclose(f);
	return text;
}

static void free_one(struct timeline *t)
{
	timeline_free(t);
	free(t);
}

/* Break: same_mark() looks at the last mark only; every TRACK is taken for one of the device's. */
static void like_events_are_one_mark(void **state)
{
	static const struct {
		const char *text;
		unsigned int n, messages;
	} expected[] = {
		{ "TDH.TDI.CREATE", 1, 0 }, { "TDH.TDI.BIND", 3, 2 }, { "TD exit: ACCEPT", 2, 0 },
		{ "TDH.MMIO.MAP", 2, 0 }, { "TDG.MMIO.ACCEPT", 2, 0 }, { "TDG.TDI.START", 1, 0 },
		{ "TDH.TDI.START", 2, 1 }, { "private_reads = 10000", 1, 0 },
		{ "TDH.TDI.STOP", 2, 1 }, { "TDH.MMIO.BLOCK", 2, 0 }, { "TDH.MEM.TRACK", 2, 0 },
		{ "TDH.MMIO.UNMAP", 2, 0 }, { "TDH.TDI.REMOVE", 1, 0 },
	};
	struct timeline *t = read_back(use_device, 1, NULL, 0);

	(void)state;
	assert_int_equal(t->n, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < t->n; i++) {
		assert_string_equal(t->v[i].text, expected[i].text);
		assert_int_equal(t->v[i].n, expected[i].n);
		assert_int_equal(t->v[i].messages, expected[i].messages);
		assert_int_equal(t->v[i].exits, 0);
		assert_false(t->v[i].failed);
	}
	free_one(t);
}

/* Break: add_all_steps() at the end only. */
static void steps_are_where_they_happened(void **state)
{
	struct step steps[] = {
		{ 5500000, false, "TDCM BIND: done" }, { 7500000, true, "TDCM STATE: refused" },
	};
	struct timeline *t = read_back(use_device, 1, steps, 2);

	(void)state;
	assert_string_equal(t->v[2].text, "TDCM BIND: done");
	assert_null(t->v[2].kind);
	/* It parts the two pages: a mark never covers a step of another party. */
	assert_string_equal(t->v[4].text, "TDH.MMIO.MAP");
	assert_int_equal(t->v[4].n, 1);
	assert_string_equal(t->v[5].text, "TDCM STATE: refused");
	assert_true(t->v[5].failed);
	free_one(t);
}

static void refused_calls(FILE *f)
{
	call(f, TDH_TDI_CREATE, 0);
	call(f, TDH_TDI_BIND, TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX));
	call(f, TDH_TDI_BIND, TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX));
	call(f, TDH_TDI_BIND, MESSAGE);
	leave(f, TDX_EXIT_EPT_VIOLATION, TDX_EEQ_NONE);
	put(f, (struct tdx_trace_event){ .kind = TDX_TRACE_STALE, .tdr = TDR, .in = { GPA } });
}

/* Break: count a refused call with those that went through; draw a state without its SUCCESS. */
static void what_failed_is_no_state(void **state)
{
	struct timeline *t = read_back(refused_calls, 1, NULL, 0);
	size_t next;
	char *svg;

	(void)state;
	assert_int_equal(t->n, 5);
	assert_true(t->v[1].failed);
	assert_int_equal(t->v[1].n, 2);
	assert_int_equal(t->v[2].n, 1);
	assert_false(t->v[2].done);
	svg = draw(t, 0, &next);
	assert_int_equal(next, t->n);
	assert_non_null(strstr(svg, "2 &#215; TDH.TDI.BIND: OPERAND_BUSY|RCX"));
	assert_non_null(strstr(svg, "TD exit: EPT violation on a BAR"));
	assert_non_null(strstr(svg, "use of a blocked page"));
	assert_null(strstr(svg, "LOCKED"));
	assert_null(strstr(svg, "class=\"run\""));
	free(svg);
	free_one(t);
}

/*
 * Break: use_end() cuts at TDI.REMOVE, or never; write a step's text with fputs(); count the rows of
 * the states from the first mark of all.
 */
static void a_drawing_for_each_use(void **state)
{
	struct step steps[] = {
		{ 28500000, false, "TDCM UNBIND: done" }, { 90000000, false, "<b>&\"\x1b\xff" },
	};
	struct timeline *t = read_back(use_device, 2, steps, 2);
	size_t next, last;
	char *first = draw(t, 0, &next), *second = draw(t, next, &last);

	(void)state;
	assert_string_equal(t->v[next - 1].text, "TDCM UNBIND: done");
	assert_int_equal(last, t->n);
	assert_non_null(strstr(first, ">LOCKED<"));
	assert_non_null(strstr(first, ">RUN<"));
	assert_non_null(strstr(first, ">UNLOCKED<"));
	assert_non_null(strstr(first, "private_reads = 10000, 0 TD exits"));
	/* Both begin with TDI.CREATE and BIND, so the bars are in the same place. */
	assert_memory_equal(strstr(first, "<rect class=\"locked\""),
			    strstr(second, "<rect class=\"locked\""),
			    strlen("<rect class=\"locked\" x=\"886\" y=\"999\" width=\"8\""));
	/* The guest recorded one such value, not two. */
	assert_null(strstr(second, "private_reads"));
	assert_non_null(strstr(second, "marked accesses, 0 TD exits"));
	assert_non_null(strstr(second, "&lt;b&gt;&amp;&quot;??"));
	assert_null(strstr(second, "<b>"));
	free(first);
	free(second);
	free_one(t);
}

static void of_tdi(FILE *f, enum tdh_leaf leaf, uint64_t func)
{
	put(f, (struct tdx_trace_event){
		.kind = TDX_TRACE_SEAMCALL, .leaf = leaf, .tdr = TDR,
		.in = { leaf == TDH_TDI_CREATE ? func << TDX_TDI_FUNC_SHIFT : func },
	});
}

static void use_two(FILE *f)
{
	of_tdi(f, TDH_TDI_CREATE, 0x100);
	of_tdi(f, TDH_TDI_CREATE, 0x208);
	of_tdi(f, TDH_TDI_BIND, 0x100);
	of_tdi(f, TDH_TDI_BIND, 0x208);
	of_tdi(f, TDH_TDI_STOP, 0x100);
	of_tdi(f, TDH_TDI_REMOVE, 0x100);
	of_tdi(f, TDH_TDI_START, 0x208);
	of_tdi(f, TDH_TDI_STOP, 0x208);
	of_tdi(f, TDH_TDI_REMOVE, 0x208);
	of_tdi(f, TDH_TDI_CREATE, 0x100);
}

/* How many rows the bar goes down, 0 without such a bar. */
static int bar_rows(const char *svg, const char *bar)
{
	int height = 0;

	svg = strstr(svg, bar);
	if (svg)
		sscanf(strstr(svg, "height="), "height=\"%d\"", &height);
	return height / 30;
}

/*
 * Break: same_mark() or draw_states() forgets the TDI; func_of() takes CREATE's low half; use_end()
 * stops at the first TDI that is freed.
 */
static void two_tdis_are_two_bars(void **state)
{
	struct step steps[] = { { 7500000, false, "TDCM UNBIND: done" } };
	struct timeline *t = read_back(use_two, 1, steps, 1);
	size_t next;
	char *svg = draw(t, 0, &next);

	(void)state;
	assert_int_equal(t->n, 11);
	assert_int_equal(next, 10);
	assert_non_null(strstr(svg, "TDH.TDI.CREATE 01:00.0"));
	assert_non_null(strstr(svg, "TDH.TDI.CREATE 02:01.0"));
	/* LOCKED of the one ends with its STOP, two rows on, of the other with START, four on. */
	assert_int_equal(bar_rows(svg, "<rect class=\"locked\" x=\"886\""), 2);
	assert_int_equal(bar_rows(svg, "<rect class=\"locked\" x=\"897\""), 4);
	assert_int_equal(bar_rows(svg, "<rect class=\"run\" x=\"886\""), 0);
	assert_int_equal(bar_rows(svg, "<rect class=\"run\" x=\"897\""), 1);
	free(svg);
	free_one(t);
}

/* Break: timeline_align() leaves each its own zero, or takes the later one. */
static void two_tds_have_one_zero(void **state)
{
	struct timeline *early = read_back(use_device, 1, NULL, 0);
	struct timeline *late = read_back(use_device, 1, NULL, 0);
	char *before, *beside;
	size_t next;

	(void)state;
	for (size_t i = 0; i < late->n; i++) {
		late->v[i].begin += 3000000;
		late->v[i].end += 3000000;
	}
	late->zero += 3000000;
	timeline_align(late, early);
	before = draw(early, 0, &next);
	beside = draw(late, 0, &next);
	assert_non_null(strstr(before, ">0.000<"));
	assert_null(strstr(beside, ">0.000<"));
	assert_non_null(strstr(beside, ">3.000<"));
	free(before);
	free(beside);
	free_one(early);
	free_one(late);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(like_events_are_one_mark),
		cmocka_unit_test(steps_are_where_they_happened),
		cmocka_unit_test(what_failed_is_no_state), cmocka_unit_test(a_drawing_for_each_use),
		cmocka_unit_test(two_tdis_are_two_bars), cmocka_unit_test(two_tds_have_one_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
