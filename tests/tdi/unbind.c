// SPDX-License-Identifier: GPL-2.0
/*
 * The oracle of the unbind order against a trace by hand: the right order is silent, and each of the
 * host's possible mistakes is named, also those that only a TD with old translations can show.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tdx_abi/connect.h"
#include "tdx_abi/leaf.h"
#include "tdx_abi/status.h"
#include "unbind.h"

#define FUNC	0x0108ULL
#define TDR	0x70000000ULL
#define HPA	0xfe000000ULL
#define GPA	0xc0000000ULL
#define PAGES	2
#define B_FUNC	0x0208ULL
#define B_SPDM	1ULL
#define B_HPA	0xfd000000ULL
#define MMIO_BLOCKED	33	/* the S-EPT entry's state, as the module reports it */

enum step {
	CREATE, SET0, SET1, BIND, MAP0, MAP1, STOP, BLOCK0, BLOCK1, TRACK, UNMAP0, UNMAP1, REMOVE,
	STREAM_BLOCK, ENTER, STALE, STALE_FREE, OTHER_ENTER, OTHER_STALE,
	NEXT_TD, B_CREATE, B_SET, B_BIND, B_MAP, B_STOP, B_BLOCK, B_UNMAP, B_REMOVE, B_STREAM_BLOCK, NR_STEPS
};

static const struct tdx_trace_event events[NR_STEPS] = {
#define CALL(leaf_, ...) { .kind = TDX_TRACE_SEAMCALL, .leaf = TDH_##leaf_, .in = { __VA_ARGS__ } }
	[CREATE] = CALL(TDI_CREATE, FUNC << TDX_TDI_FUNC_SHIFT, TDR),
	[SET0] = CALL(MMIOMT_SET, HPA, TDX_MMIOMT_DATA | FUNC << TDX_MMIOMT_FUNC_SHIFT),
	[SET1] = CALL(MMIOMT_SET, HPA + 4096, TDX_MMIOMT_DATA | FUNC << TDX_MMIOMT_FUNC_SHIFT),
	[BIND] = CALL(TDI_BIND, FUNC),
	[MAP0] = CALL(MMIO_MAP, GPA, TDR, HPA),
	[MAP1] = CALL(MMIO_MAP, GPA + 4096, TDR, HPA + 4096),
	[STOP] = CALL(TDI_STOP, FUNC),
	[BLOCK0] = CALL(MMIO_BLOCK, GPA, TDR),
	[BLOCK1] = CALL(MMIO_BLOCK, GPA + 4096, TDR),
	[TRACK] = CALL(MEM_TRACK, TDR),
	[UNMAP0] = CALL(MMIO_UNMAP, GPA, TDR),
	[UNMAP1] = CALL(MMIO_UNMAP, GPA + 4096, TDR),
	[REMOVE] = CALL(TDI_REMOVE, FUNC),
	[STREAM_BLOCK] = CALL(IDE_STREAM_BLOCK, 0, 0),
	/* A second TD, beside the first. */
	[NEXT_TD] = { .kind = TDX_TRACE_SEAMCALL, .leaf = TDH_MNG_CREATE, .tdr = TDR + 4096 },
	/* Another device in the same TD, behind the stream of the same number in another session. */
	[B_CREATE] = CALL(TDI_CREATE, B_FUNC << TDX_TDI_FUNC_SHIFT | B_SPDM, TDR),
	[B_SET] = CALL(MMIOMT_SET, B_HPA, TDX_MMIOMT_DATA | B_FUNC << TDX_MMIOMT_FUNC_SHIFT),
	[B_BIND] = CALL(TDI_BIND, B_FUNC),
	[B_MAP] = CALL(MMIO_MAP, GPA + 8192, TDR, B_HPA),
	[B_STOP] = CALL(TDI_STOP, B_FUNC),
	[B_BLOCK] = CALL(MMIO_BLOCK, GPA + 8192, TDR),
	[B_UNMAP] = CALL(MMIO_UNMAP, GPA + 8192, TDR),
	[B_REMOVE] = CALL(TDI_REMOVE, B_FUNC),
	[B_STREAM_BLOCK] = CALL(IDE_STREAM_BLOCK, B_SPDM, 0),
#define OF_VCPU(kind_, index, ...)							\
	{ .kind = TDX_TRACE_##kind_, .leaf = index, .tdr = TDR, .in = { GPA, HPA }, __VA_ARGS__ }
	[ENTER] = OF_VCPU(TD_ENTER, 0),
	[STALE] = OF_VCPU(STALE, 0, .status = MMIO_BLOCKED),
	[STALE_FREE] = OF_VCPU(STALE, 0, .status = 0),
	[OTHER_ENTER] = OF_VCPU(TD_ENTER, 1),
	[OTHER_STALE] = OF_VCPU(STALE, 1, .status = MMIO_BLOCKED),
};

static void feed(struct unbind *u, const enum step *steps, size_t n)
{
	struct tdx_trace_event create = {
		.kind = TDX_TRACE_SEAMCALL, .leaf = TDH_MNG_CREATE, .tdr = TDR,
	};

	*u = (struct unbind){ 0 };
	unbind_event(u, &create);
	for (size_t i = 0; i < n; i++)
		unbind_event(u, &events[steps[i]]);
	unbind_end(u);
}

#define SET_UP	CREATE, SET0, SET1, BIND, MAP0, MAP1

static void expect(const enum step *steps, size_t n, const char *violation)
{
	struct unbind u;
	bool found = !violation;

	feed(&u, steps, n);
	for (size_t i = 0; i < u.violations.n; i++)
		found |= violation && strstr(u.violations.v[i], violation);
	if (!found || (!violation && u.violations.n))
		fail_msg("expected \"%s\", got \"%s\"", violation ? violation : "silence",
			 u.violations.n ? u.violations.v[0] : "silence");
	assert_int_equal(u.checked, violation && strstr(violation, "never freed") ? 0 : 1);
	unbind_free(&u);
}

#define EXPECT(violation, ...)								\
	expect((const enum step[]){ __VA_ARGS__ },					\
	       sizeof((const enum step[]){ __VA_ARGS__ }) / sizeof(enum step), violation)

/* Red if a rule is wrong for a host that does it right, with STOP or with a blocked stream. */
static void right_order_is_silent(void **state)
{
	(void)state;
	EXPECT(NULL, SET_UP, STOP, BLOCK0, BLOCK1, TRACK, UNMAP0, UNMAP1, REMOVE);
	EXPECT(NULL, SET_UP, STOP, BLOCK0, TRACK, UNMAP0, BLOCK1, TRACK, UNMAP1, REMOVE);
	EXPECT(NULL, SET_UP, STREAM_BLOCK, BLOCK0, BLOCK1, TRACK, UNMAP0, UNMAP1, REMOVE);
}

/* Red if on_unmap() ignores the TDI's state. */
static void stop_after_unmap(void **state)
{
	(void)state;
	EXPECT("unmapped before STOP", SET_UP, BLOCK0, BLOCK1, TRACK, UNMAP0, UNMAP1, STOP, REMOVE);
}

/* Red if on_remove() ignores mapped pages. */
static void free_before_unmap(void **state)
{
	(void)state;
	EXPECT("freed while a page is mapped", SET_UP, STOP, REMOVE, BLOCK0, BLOCK1, TRACK, UNMAP0,
	       UNMAP1);
}

/* Red if on_remove() ignores a missing STOP. */
static void no_stop(void **state)
{
	(void)state;
	EXPECT("without STOP", SET_UP, BLOCK0, BLOCK1, TRACK, UNMAP0, UNMAP1, REMOVE);
}

/* Red if a BLOCK of another page counts. */
static void no_block(void **state)
{
	(void)state;
	EXPECT("not blocked", SET_UP, STOP, BLOCK0, TRACK, UNMAP0, UNMAP1, REMOVE);
}

/* Red if a TRACK before the BLOCK counts. */
static void no_track(void **state)
{
	(void)state;
	EXPECT("without a TRACK", SET_UP, STOP, BLOCK0, TRACK, BLOCK1, UNMAP0, UNMAP1, REMOVE);
}

/* Red if pages are not counted one by one. */
static void no_unmap_of_one(void **state)
{
	(void)state;
	EXPECT("freed while a page is mapped", SET_UP, STOP, BLOCK0, BLOCK1, TRACK, UNMAP0, REMOVE);
}

/* Red if the end of the trace forgives. */
static void no_free(void **state)
{
	(void)state;
	EXPECT("never freed", SET_UP, STOP, BLOCK0, BLOCK1, TRACK, UNMAP0, UNMAP1);
}

/*
 * Between BLOCK and TRACK, also after another entry, and up to the exit of a vCPU that entered
 * before the TRACK, an old translation is no mistake. Red if on_stale() forgets the entries, or takes
 * those of another vCPU. The record of the use may be written before that of the BLOCK.
 */
static void stale_use_in_its_epoch(void **state)
{
	(void)state;
	EXPECT(NULL, SET_UP, ENTER, STOP, BLOCK0, STALE, ENTER, STALE, TRACK, STALE, OTHER_ENTER,
	       STALE, UNMAP0, BLOCK1, TRACK, UNMAP1, REMOVE);
	EXPECT(NULL, SET_UP, ENTER, STOP, STALE, BLOCK0, BLOCK1, TRACK, UNMAP0, UNMAP1, REMOVE);
	EXPECT(NULL, SET_UP, ENTER, STOP, BLOCK0, TRACK, TRACK, ENTER, UNMAP0, BLOCK1, TRACK, UNMAP1,
	       REMOVE);
}

/* Red if on_enter() keeps a vCPU's first entry, or on_track() the last TRACK. */
static void stale_use_after_track(void **state)
{
	static const char said[] = "entered after the TRACK";

	(void)state;
	EXPECT(said, SET_UP, ENTER, STOP, BLOCK0, STALE, TRACK, ENTER, STALE, UNMAP0, BLOCK1, TRACK,
	       UNMAP1, REMOVE);
	EXPECT(said, SET_UP, ENTER, STOP, BLOCK0, BLOCK1, TRACK, OTHER_ENTER, TRACK, OTHER_STALE,
	       UNMAP0, UNMAP1, REMOVE);
}

/* Red if a page that is gone, or one that was mapped anew at its GPA, is no longer looked at. */
static void stale_use_after_unmap(void **state)
{
	static const char said[] = "used after its UNMAP";

	(void)state;
	EXPECT(said, SET_UP, ENTER, STOP, BLOCK0, BLOCK1, TRACK, UNMAP0, STALE_FREE, UNMAP1, REMOVE);
	EXPECT(said, SET_UP, ENTER, STOP, BLOCK0, BLOCK1, TRACK, UNMAP0, UNMAP1, REMOVE, STALE_FREE);
	EXPECT(said, SET_UP, ENTER, STALE_FREE, STOP, BLOCK0, BLOCK1, TRACK, UNMAP0, UNMAP1, REMOVE);
}

/* A call that the module refused is named with its status. Red if on_remove() drops the status. */
static void refusal_is_named(void **state)
{
	struct tdx_trace_event remove = events[REMOVE];
	struct unbind u = { 0 };

	(void)state;
	remove.status = TDX_STATUS(TDI_INVALID_STATE, TDX_OP_RCX);
	unbind_event(&u, &events[CREATE]);
	unbind_event(&u, &remove);
	assert_int_equal(u.violations.n, 1);
	assert_non_null(strstr(u.violations.v[0], "TDI_INVALID_STATE"));
	unbind_free(&u);
}

/* A planted bug does the same to each page. Red if violation() looks at no more than the last line. */
static void same_of_many_pages(void **state)
{
	static const enum step steps[] = {
		SET_UP, BLOCK0, TRACK, UNMAP0, BLOCK1, TRACK, UNMAP1, REMOVE,
	};
	struct unbind u;

	(void)state;
	feed(&u, steps, sizeof(steps) / sizeof(steps[0]));
	assert_int_equal(u.violations.n, 3);
	assert_non_null(strstr(u.violations.v[0], "blocked before STOP (GPA 0x"));
	assert_non_null(strstr(u.violations.v[0], ", and 1 times more)"));
	unbind_free(&u);
}

#define SET_UP_BOTH	SET_UP, B_CREATE, B_SET, B_BIND, B_MAP
#define END_A		BLOCK0, BLOCK1, TRACK, UNMAP0, UNMAP1, REMOVE
#define END_B		B_STOP, B_BLOCK, TRACK, B_UNMAP, B_REMOVE

/* What is said of two TDIs in one TD, both unbound; NULL: nothing. */
static void expect_of_two(const enum step *steps, size_t n, const char *violation)
{
	struct unbind u;

	feed(&u, steps, n);
	assert_int_equal(u.checked, 2);
	assert_int_equal(!u.violations.n, !violation);
	for (size_t i = 0; i < u.violations.n; i++)
		assert_non_null(strstr(u.violations.v[i], violation));
	unbind_free(&u);
}

#define EXPECT_OF_TWO(violation, ...)							\
	expect_of_two((const enum step[]){ __VA_ARGS__ },				\
		      sizeof((const enum step[]){ __VA_ARGS__ }) / sizeof(enum step), violation)

/* Red if find_tdi() takes the first, a STOP stops all, or a blocked stream those of other sessions. */
static void two_tdis_in_one_td(void **state)
{
	(void)state;
	EXPECT_OF_TWO(NULL, SET_UP_BOTH, STOP, END_A, END_B);
	EXPECT_OF_TWO(NULL, SET_UP_BOTH, STOP, BLOCK0, BLOCK1, B_STOP, B_BLOCK, TRACK, UNMAP0, UNMAP1,
		      B_UNMAP, B_REMOVE, REMOVE);
	EXPECT_OF_TWO("TDI 0108: ", SET_UP_BOTH, END_B, END_A);
	EXPECT_OF_TWO("TDI 0108: ", SET_UP_BOTH, B_STREAM_BLOCK, END_B, END_A);
	EXPECT_OF_TWO("TDI 0208: a page is unmapped without a TRACK", SET_UP_BOTH, STOP, END_A, B_STOP,
		      B_BLOCK, B_UNMAP, B_REMOVE);
}

/* Red if the TDI is said to be of the newest TD. */
static void td_that_has_the_tdi(void **state)
{
	(void)state;
	EXPECT("TD 1, TDI 0108: ", NEXT_TD, SET_UP, STOP, REMOVE, BLOCK0, BLOCK1, TRACK, UNMAP0,
	       UNMAP1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_order_is_silent), cmocka_unit_test(stop_after_unmap),
		cmocka_unit_test(free_before_unmap), cmocka_unit_test(no_stop),
		cmocka_unit_test(no_block), cmocka_unit_test(no_track),
		cmocka_unit_test(no_unmap_of_one), cmocka_unit_test(no_free),
		cmocka_unit_test(refusal_is_named), cmocka_unit_test(stale_use_in_its_epoch),
		cmocka_unit_test(stale_use_after_track), cmocka_unit_test(stale_use_after_unmap),
		cmocka_unit_test(same_of_many_pages), cmocka_unit_test(two_tdis_in_one_td),
		cmocka_unit_test(td_that_has_the_tdi),
	};

	return cmocka_run_group_tests_name("unbind", tests, NULL, NULL);
}
