// SPDX-License-Identifier: GPL-2.0
/* What the running TD gets for a GPA: both second stages, copies, ACCEPT (fact sheet 5.2, 6.2). */
#include "platform.h"
#include "../../lib/tdx_abi/exit.h"

#include <string.h>

#define READ	TDX_ACCESS_READ
#define WRITE	TDX_ACCESS_WRITE
#define FETCH	TDX_ACCESS_FETCH
#define SHARED	(1ULL << 47)
#define TABLES	(PLAT_HOST + 8 * MiB)	/* shared EPT: one page per level, the root last */
#define SPTE	(7ULL | 6 << 3 | 1ULL << 63)
#define NEXT_GPA (TD_GPA + PAGE)

static struct tdx_vcpu *running(struct plat *p)
{
	return p->m->lp[0].running;
}

static bool translate(struct plat *p, uint64_t gpa, unsigned int access, struct tdx_xlate *x,
		      struct tdx_event *ev)
{
	memset(x, 0xff, sizeof(*x));
	memset(ev, 0xff, sizeof(*ev));
	return tdx_translate(p->m, 0, gpa, access, x, ev);
}

/* Turned red by: a private state that becomes reachable, or is reported as another. */
static void private_states(void **state)
{
	struct plat *p = plat_ready();
	struct tdx_xlate x;
	struct tdx_event ev;
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);
	td_aug(&td, NEXT_GPA, page_new(p));
	td_aug(&td, NEXT_GPA + PAGE, page_new(p));
	expect_ok(sc2(p, MEM_RANGE_BLOCK, NEXT_GPA + PAGE, td.tdr));
	td_enter(&td, 0);

	assert_true(translate(p, TD_GPA + 0x123, READ | WRITE | FETCH, &x, &ev));
	assert_int_equal(x.hpa, td.page);
	assert_int_equal(x.page_shift, 12);
	assert_int_equal(x.rwx, 7);
	assert_false(x.mmio);

	assert_false(translate(p, NEXT_GPA + 8, WRITE, &x, &ev));
	assert_true(ev.pending && ev.suppress_ve);
	assert_false(ev.shared || ev.reserved || ev.misconfig);
	assert_int_equal(ev.gpa, NEXT_GPA + 8);
	assert_int_equal(ev.access, WRITE);
	assert_int_equal(ev.ept_rwx, 0);

	assert_false(translate(p, NEXT_GPA + PAGE, READ, &x, &ev));	/* PENDING_BLOCKED */
	assert_false(ev.pending);
	assert_true(ev.suppress_ve);
	assert_false(translate(p, NEXT_GPA + 2 * PAGE, READ, &x, &ev));	/* FREE */
	assert_false(ev.pending);
	assert_false(translate(p, 8 * GiB, READ, &x, &ev));		/* no table */
	assert_false(ev.pending);

	p->lp = 1;
	expect_ok(sc2(p, MEM_RANGE_BLOCK, TD_GPA, td.tdr));
	p->lp = 0;
	assert_false(translate(p, TD_GPA, READ, &x, &ev));
	assert_true(ev.suppress_ve);
	td_interrupt(&td);
	plat_free(p);
}

/* Shared tables for @gpa: all levels down to 1 present, entry of level 0 = @leaf. */
static void shared_map(struct plat *p, uint64_t gpa, unsigned int levels, uint64_t leaf)
{
	for (unsigned int level = 0; level < levels; level++) {
		uint64_t *table = page_ptr(p, TABLES + level * PAGE);

		for (unsigned int i = 0; i < 512; i++)
			table[i] = 1ULL << 63;
		if (level)
			leaf = (TABLES + (level - 1) * PAGE) | 7;
		table[gpa >> sept_shift(level) & 511] = leaf;
	}
	running(p)->shared_eptp = TABLES + (levels - 1) * PAGE;
}

static uint64_t *shared_entry(struct plat *p, uint64_t gpa, unsigned int level)
{
	return (uint64_t *)page_ptr(p, TABLES + level * PAGE) + (gpa >> sept_shift(level) & 511);
}

/* Turned red by: an index without the SHARED bit, a page size that is not honoured. */
static void shared_mapped(void **state)
{
	const uint64_t gpa = SHARED | 5 * GiB | 0x345678, page = PLAT_HOST + 16 * MiB;
	struct plat *p = plat_ready();
	struct tdx_xlate x;
	struct tdx_event ev;
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);
	td_enter(&td, 0);
	assert_false(translate(p, gpa, READ, &x, &ev));		/* no root yet */
	assert_true(ev.shared && ev.suppress_ve);
	shared_map(p, gpa, 4, page | SPTE);
	assert_true(*shared_entry(p, SHARED, 3) & 7);		/* PML4 index 256 */
	assert_true(translate(p, gpa, READ | WRITE, &x, &ev));
	assert_int_equal(x.hpa, page);
	assert_int_equal(x.page_shift, 12);
	assert_int_equal(x.rwx, READ | WRITE);
	assert_false(translate(p, gpa & ~SHARED, READ, &x, &ev));
	assert_false(ev.shared);

	*shared_entry(p, gpa, 1) = 64 * MiB | SPTE | 1 << 7;	/* 2M */
	assert_true(translate(p, gpa, READ, &x, &ev));
	assert_int_equal(x.page_shift, 21);
	assert_int_equal(x.hpa, 64 * MiB + 0x145000);
	*shared_entry(p, gpa, 2) = 0 | SPTE | 1 << 7;		/* 1G */
	assert_true(translate(p, gpa, READ, &x, &ev));
	assert_int_equal(x.page_shift, 30);
	assert_int_equal(x.hpa, 0x345000);

	shared_map(p, gpa, 4, PLAT_RAM | SPTE);
	assert_true(translate(p, gpa, READ, &x, &ev));
	assert_true(x.mmio);
	td_interrupt(&td);
	plat_free(p);
}

/* A page-table entry at some level and what a write to its GPA makes of it. */
static void shared_faults(void **state)
{
	enum { SVE = 1, MISCONFIG = 2 };
	const uint64_t gpa = SHARED | 0x7654321000, page = PLAT_HOST + 16 * MiB;
	const struct { unsigned int level; uint64_t entry; unsigned int flags, rwx; } rows[] = {
		{ 0, 1ULL << 63, SVE, 0 },
		{ 0, 0, 0, 0 },					/* KVM's MMIO entry: #VE */
		{ 0, 0x1234000 | 1 << 11, 0, 0 },
		{ 1, 1ULL << 63, SVE, 0 },
		{ 3, 0, 0, 0 },
		{ 0, page | 1 | 6 << 3 | 1ULL << 63, SVE, 1 },	/* read-only */
		{ 0, page | 1 | 6 << 3, 0, 1 },
		{ 2, (TABLES + PAGE) | 1, SVE, 1 },		/* ... by a table */
		{ 0, page | 2 | 6 << 3, MISCONFIG, 0 },		/* write without read */
		{ 0, page | 6 | 6 << 3, MISCONFIG, 0 },
		{ 0, page | 7 | 2 << 3, MISCONFIG, 0 },		/* memory types 2, 3, 7 */
		{ 0, page | 7 | 3 << 3, MISCONFIG, 0 },
		{ 0, page | 7 | 7 << 3, MISCONFIG, 0 },
		{ 0, page | 7 | 6 << 3 | 1ULL << PLAT_PA_BITS, MISCONFIG, 0 },
		{ 1, (64 * MiB + PAGE) | 7 | 6 << 3 | 1 << 7, MISCONFIG, 0 },
		{ 2, TABLES | 7 | 1 << 3, MISCONFIG, 0 },
		{ 3, TABLES | 7 | 1 << 7, MISCONFIG, 0 },
		{ 1, TABLES | 7 | 1ULL << 51, MISCONFIG, 0 },
		{ 0, PLAT_TDMR | SPTE, MISCONFIG, 0 },		/* the TDR */
		{ 0, PLAT_PAMT | SPTE, MISCONFIG, 0 },
	};
	struct plat *p = plat_ready();
	struct tdx_xlate x;
	struct tdx_event ev;
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);
	td_enter(&td, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		shared_map(p, gpa, 4, page | SPTE);
		*shared_entry(p, gpa, rows[i].level) = rows[i].entry;
		if (translate(p, gpa, WRITE, &x, &ev))
			fail_msg("row %zu translates", i);
		assert_true(ev.shared && !ev.reserved && !ev.pending);
		if (ev.misconfig != !!(rows[i].flags & MISCONFIG))
			fail_msg("row %zu: misconfig %d", i, ev.misconfig);
		if (ev.misconfig)
			continue;
		if (ev.suppress_ve != !!(rows[i].flags & SVE) || ev.ept_rwx != rows[i].rwx)
			fail_msg("row %zu: suppress_ve %d, rwx %#x", i, ev.suppress_ve, ev.ept_rwx);
	}
	shared_map(p, gpa, 4, page | SPTE);
	assert_true(translate(p, gpa, WRITE, &x, &ev));

	/* Code is never fetched from shared memory, and no GPA reaches beyond the width: #PF. */
	assert_false(translate(p, gpa, FETCH, &x, &ev));
	assert_true(ev.reserved);
	assert_false(translate(p, 1ULL << 48, READ, &x, &ev));
	assert_true(ev.reserved);
	td_interrupt(&td);
	plat_free(p);
}

static void five_levels(void **state)
{
	const uint64_t gpa = 1ULL << 51 | 1ULL << 40, page = PLAT_HOST + 16 * MiB;
	struct plat *p = plat_ready();
	struct tdx_xlate x;
	struct tdx_event ev;
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_UNINITIALIZED);
	td.params->eptp_controls = TD_EPTP_WB | TD_EPTP_5_LEVEL;
	td.params->config_flags = TDX_CONFIG_GPAW;
	td_init(&td);
	td_vcpu_add(&td);
	expect_ok(sc1(p, MR_FINALIZE, td.tdr));
	td_enter(&td, 0);
	shared_map(p, gpa, 5, page | SPTE);
	assert_true(translate(p, gpa, READ, &x, &ev));
	assert_int_equal(x.hpa, page);
	assert_false(translate(p, 1ULL << 47, READ, &x, &ev));	/* private here */
	assert_false(ev.shared || ev.reserved);
	assert_false(translate(p, 1ULL << 52, READ, &x, &ev));
	assert_true(ev.reserved);
	td_interrupt(&td);
	plat_free(p);
}

/* Turned red by: a copy that ignores page boundaries or the second page's fault. */
static void guest_copy(void **state)
{
	struct plat *p = plat_ready();
	uint64_t second = page_new(p);
	struct tdx_event ev;
	uint8_t buf[64];
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_INITIALIZED);
	expect_ok(sc4(p, MEM_PAGE_ADD, NEXT_GPA, td.tdr, second, PLAT_HOST));
	expect_ok(sc1(p, MR_FINALIZE, td.tdr));
	td_enter(&td, 0);
	for (unsigned int i = 0; i < sizeof(buf); i++)
		buf[i] = i;
	assert_true(tdx_guest_copy(p->m, 0, NEXT_GPA - 32, buf, sizeof(buf), true, &ev));
	assert_memory_equal((uint8_t *)page_ptr(p, td.page) + PAGE - 32, buf, 32);
	assert_memory_equal(page_ptr(p, second), buf + 32, 32);
	memset(buf, 0, sizeof(buf));
	assert_true(tdx_guest_copy(p->m, 0, NEXT_GPA - 32, buf, sizeof(buf), false, &ev));
	for (unsigned int i = 0; i < sizeof(buf); i++)
		assert_int_equal(buf[i], i);
	assert_false(tdx_guest_copy(p->m, 0, NEXT_GPA + PAGE - 32, buf, sizeof(buf), true, &ev));
	assert_int_equal(ev.gpa, NEXT_GPA + PAGE);
	assert_int_equal(ev.access, WRITE);
	shared_map(p, SHARED, 4, PLAT_RAM | SPTE);
	assert_false(tdx_guest_copy(p->m, 0, SHARED, buf, sizeof(buf), false, &ev));
	td_interrupt(&td);
	plat_free(p);
}

/* Operands of ACCEPT, and what the exit tells the host (4.3). */
static void accept(void **state)
{
	const uint64_t invalid = TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	struct plat *p = plat_ready();
	struct tdx_result res;
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);
	td_aug(&td, NEXT_GPA, page_new(p));
	td_enter(&td, 0);
	expect_status(td_accept(&td, GiB | 2, &res), invalid);
	expect_status(td_accept(&td, NEXT_GPA | 1, &res), invalid);
	expect_status(td_accept(&td, NEXT_GPA | 8, &res), invalid);
	expect_status(td_accept(&td, NEXT_GPA | SHARED, &res), invalid);
	expect_status(td_accept(&td, NEXT_GPA | 1ULL << 52, &res), invalid);
	expect_ok(td_accept(&td, NEXT_GPA, &res));
	expect_status(td_accept(&td, NEXT_GPA, &res), TDX_STATUS(PAGE_ALREADY_ACCEPTED, 0));
	expect_status(td_accept(&td, TD_GPA | 1, &res), TDX_STATUS(PAGE_SIZE_MISMATCH, 1));

	td_accept(&td, 4 * TD_GPA | 1, &res); /* no table at level 0, the request is for level 1 */
	assert_int_equal(res.action, TDX_TD_EXIT);
	assert_false(res.advance);
	assert_int_equal(p->g.r[TDX_RAX], 48);
	assert_int_equal(p->g.r[TDX_RCX], WRITE);
	assert_int_equal(p->g.r[TDX_RDX], 1 | 1ULL << 32 | 1ULL << 35);
	assert_int_equal(p->g.r[TDX_R8], 4 * TD_GPA);
	td_enter(&td, 0);
	td_accept(&td, 8 * GiB, &res);			/* stops at level 2 */
	assert_int_equal(p->g.r[TDX_RDX], 1 | 2ULL << 35);
	expect_ok(sc2(p, MEM_RANGE_BLOCK, NEXT_GPA, td.tdr));
	td_enter(&td, 0);
	td_accept(&td, NEXT_GPA, &res);			/* BLOCKED: public code 1, a leaf */
	assert_int_equal(p->g.r[TDX_RDX], 1 | 1ULL << 38 | 1ULL << 46);
	plat_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(private_states), cmocka_unit_test(shared_mapped),
		cmocka_unit_test(shared_faults),  cmocka_unit_test(five_levels),
		cmocka_unit_test(guest_copy),	  cmocka_unit_test(accept),
	};

	return cmocka_run_group_tests_name("model_translate", tests, NULL, NULL);
}
