// SPDX-License-Identifier: GPL-2.0
/*
 * What a TD or its host sees of each VM exit (fact sheet 5.1, 5.2, 4.3).
 *
 * Turns red: a second #VE delivered before TDG.VP.VEINFO.GET; a PENDING page that exits without
 * type 6, or that ignores PENDING_VE_DISABLE; the SHARED bit dropped from an exit's GPA;
 * qualification bits above 6 shown to the host.
 */
#include "guest_td.h"

static void instructions_trap(void **state)
{
	static const struct {
		enum tdx_event_kind kind;
		uint32_t reason;
		uint64_t qual;
	} traps[] = {
		{ TDX_EV_HLT, 12, 0 },	  { TDX_EV_INVD, 13, 0 },	 { TDX_EV_WBINVD, 54, 0 },
		{ TDX_EV_VMCALL, 18, 0 }, { TDX_EV_IO, 30, 0x03f80008 },
	};
	struct guest *g = *state;

	for (size_t i = 0; i < sizeof(traps) / sizeof(traps[0]); i++) {
		g->ev.qual = traps[i].qual;
		g->ev.insn_len = 1 + (unsigned int)i;
		guest_event(g, traps[i].kind);
		assert_int_equal(g->v->ve.insn_len, 1 + i);
		assert_int_equal(g->v->ve.gla, 0);
		assert_int_equal(g->v->ve.gpa, 0);
		expect_ve(g, traps[i].reason, traps[i].qual);
	}
	assert_int_equal(g->p->last_trace.kind, TDX_TRACE_VE);
	assert_int_equal(g->p->last_trace.leaf, 30);
}

static void instructions_fault(void **state)
{
	struct guest *g = *state;

	guest_event(g, TDX_EV_VMX_INSN);
	expect_exception(g, TDX_VEC_UD);
	guest_event(g, TDX_EV_RDPMC);
	expect_exception(g, TDX_VEC_GP);
	g->t->attributes |= TDX_ATTR_PERFMON;
	assert_int_equal(guest_event(g, TDX_EV_RDPMC), TDX_TD_NATIVE);
}

static void enumeration_decides(void **state)
{
	struct guest *g = *state;

	guest_event(g, TDX_EV_MONITOR);
	expect_exception(g, TDX_VEC_UD);
	guest_event(g, TDX_EV_MWAIT);
	expect_exception(g, TDX_VEC_UD);
	guest_event(g, TDX_EV_PCONFIG);
	expect_exception(g, TDX_VEC_UD);
	guest_cpuid_entry(g, 1, TDX_CPUID_NO_SUBLEAF)->reg[CPUID_ECX] |= 1u << 3;
	guest_cpuid_entry(g, 7, 0)->reg[CPUID_EDX] |= 1u << 18;
	guest_event(g, TDX_EV_MONITOR);
	expect_ve(g, 39, 0);
	guest_event(g, TDX_EV_MWAIT);
	expect_ve(g, 36, 0);
	guest_event(g, TDX_EV_PCONFIG);
	expect_ve(g, 65, 0);
}

static void nested_ve_is_double_fault(void **state)
{
	struct guest *g = *state;

	guest_event(g, TDX_EV_HLT);
	assert_int_equal(g->res.vector, TDX_VEC_VE);
	guest_event(g, TDX_EV_WBINVD);
	expect_exception(g, TDX_VEC_DF);
	/* The first one's information survives and can still be read. */
	assert_int_equal(g->v->ve.reason, 12);
	expect_tdcall(g, tdcall(g, TDG_VP_VEINFO_GET, 0, 0, 0), TDX_SUCCESS);
	assert_int_equal(g->g.r[TDX_RCX], 12);
	guest_event(g, TDX_EV_WBINVD);
	expect_ve(g, 54, 0);
}

static void host_events(void **state)
{
	static const struct {
		enum tdx_event_kind kind;
		uint32_t reason;
		uint64_t r9;
	} exits[] = {
		{ TDX_EV_EXTINT, 1, 0x800000e1 },
		{ TDX_EV_NMI, 0, 0x80000202 },
		{ TDX_EV_SMI, 6, 0 },
		{ TDX_EV_INIT, 3, 0 },
		{ TDX_EV_TASK_SWITCH, 9, 0 },
	};
	struct guest *g = *state;

	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		g->ev.vector = 0xe1;
		guest_event(g, exits[i].kind);
		expect_exit(g, TDX_HI_SUCCESS, exits[i].reason);
		assert_int_equal(g->p->g.r[TDX_R9], exits[i].r9);
		assert_false(g->res.advance);
		assert_true(g->res.scrub);
		guest_enter(g);
	}
}

static void triple_fault(void **state)
{
	struct guest *g = *state;

	guest_event(g, TDX_EV_TRIPLE_FAULT);
	expect_exit(g, 0x40000001, 2);
	expect_status(sc1(g->p, VP_ENTER, g->td.tdvpr[0]), TDX_STATUS(VCPU_STATE_INCORRECT, 0));
}

static void machine_check(void **state)
{
	struct guest *g = *state;

	guest_event(g, TDX_EV_MCE);
	expect_exit(g, TDX_HI_NON_RECOVERABLE_TD_NON_ACCESSIBLE, 0);
	assert_int_equal(g->p->g.r[TDX_R9], 0x80000312);
	expect_status(sc1(g->p, VP_ENTER, g->td.tdvpr[0]), TDX_STATUS(TD_FATAL, 0));
}

/*
 * An instruction can't intercept while an event is being delivered; neither can an unknown exit
 * happen.
 */
static void impossible_exits_kill(void **state)
{
	struct guest *g = *state;

	g->ev.event_delivery = true;
	guest_event(g, TDX_EV_CPUID);
	expect_exit(g, TDX_HI_NON_RECOVERABLE_TD, 0);
	expect_status(sc1(g->p, VP_ENTER, g->td.tdvpr[0]), TDX_STATUS(TD_FATAL, 0));
}

static void unknown_exit_kills(void **state)
{
	struct guest *g = *state;

	guest_event(g, TDX_NR_EVENTS);
	expect_exit(g, TDX_HI_NON_RECOVERABLE_TD, 0);
}

static void cr8(void **state)
{
	struct guest *g = *state;

	g->ev.value = 0xa;
	assert_int_equal(guest_event(g, TDX_EV_CR8_WRITE), TDX_TD_NEXT);
	assert_int_equal(g->v->vapic.tpr, 0xa0);
	assert_int_equal(guest_event(g, TDX_EV_CR8_READ), TDX_TD_NEXT);
	assert_int_equal(g->res.value, 0xa);
	g->ev.value = 16;
	guest_event(g, TDX_EV_CR8_WRITE);
	expect_exception(g, TDX_VEC_GP);
	assert_int_equal(g->v->vapic.tpr, 0xa0);
}

/* ---- EPT violations (5.2) -------------------------------------------------------------------- */

/* The TD touches @gpa; the translation must fail. */
static void touch(struct guest *g, uint64_t gpa, unsigned int access)
{
	struct tdx_xlate x;

	g->ev.gla = 0x7fff00001234;
	g->ev.gla_valid = true;
	assert_false(tdx_translate(g->p->m, 0, gpa, access, &x, &g->ev));
	guest_event(g, TDX_EV_EPT);
}

static void expect_violation(struct guest *g, uint64_t gpa, uint64_t qual, uint64_t ext_qual)
{
	expect_exit(g, TDX_HI_SUCCESS, 48);
	assert_int_equal(g->p->g.r[TDX_RCX], qual);
	assert_int_equal(g->p->g.r[TDX_RDX], ext_qual);
	assert_int_equal(g->p->g.r[TDX_R8], gpa);
	assert_int_equal(g->p->g.r[TDX_R9], 0);
	guest_enter(g);
}

static void private_free(void **state)
{
	struct guest *g = *state;

	touch(g, GPA_FREE | 0x123, TDX_ACCESS_READ);
	expect_violation(g, GPA_FREE, 1, 0);
	touch(g, GPA_FREE, TDX_ACCESS_WRITE);
	expect_violation(g, GPA_FREE, 2, 0);
	touch(g, GPA_FREE, TDX_ACCESS_FETCH);
	expect_violation(g, GPA_FREE, 4, 0);
	/* No tables at all, with and without #VE on PENDING. */
	g->t->td_ctls = 0;
	touch(g, 0x4000000000, TDX_ACCESS_READ);
	expect_violation(g, 0x4000000000, 1, 0);
}

static void private_pending(void **state)
{
	struct guest *g = *state;

	assert_true(tdx_td_is(g->t, TDX_CTLS_PENDING_VE_DISABLE));
	touch(g, GPA_PENDING | 0x10, TDX_ACCESS_WRITE);
	expect_violation(g, GPA_PENDING, 2, TDX_EEQ_PENDING_EPT_VIOLATION);

	g->t->td_ctls = 0;
	touch(g, GPA_PENDING | 0x10, TDX_ACCESS_WRITE);
	assert_int_equal(g->v->ve.gla, 0x7fff00001234);
	assert_int_equal(g->v->ve.gpa, GPA_PENDING | 0x10);
	assert_int_equal(g->v->ve.insn_len, 0);
	expect_ve(g, 48, TDX_QUAL_WRITE | TDX_QUAL_GLA_VALID | TDX_QUAL_GLA_ACCESS);
}

/* The module raises this #VE, so that the rule for two of them holds: #DF, not a TD exit. */
static void pending_ve_nests(void **state)
{
	struct guest *g = *state;

	g->t->td_ctls = 0;
	guest_event(g, TDX_EV_HLT);
	touch(g, GPA_PENDING, TDX_ACCESS_READ);
	expect_exception(g, TDX_VEC_DF);
	assert_int_equal(g->v->ve.reason, 12);
}

static void private_blocked(void **state)
{
	struct guest *g = *state;
	struct tdx_xlate x;

	expect_ok(sc2(g->p, MEM_RANGE_BLOCK, GPA_PENDING, g->td.tdr));
	touch(g, GPA_PENDING, TDX_ACCESS_READ);
	expect_violation(g, GPA_PENDING, 1, 0);
	expect_ok(sc2(g->p, MEM_RANGE_BLOCK, TD_GPA, g->td.tdr));
	g->t->td_ctls = 0;
	touch(g, TD_GPA, TDX_ACCESS_READ);
	expect_violation(g, TD_GPA, 1, 0);
	assert_false(tdx_translate(g->p->m, 0, TD_GPA, TDX_ACCESS_READ, &x, &g->ev));
}

/*
 * A shared EPT with one table per level and the leaf entry @leaf for GPA_SHARED; L1 owns the
 * tables.
 */
static void shared_ept(struct guest *g, uint64_t leaf)
{
	uint64_t table = PLAT_HOST + 8 * MiB;

	for (unsigned int level = 4; level; level--, table += PAGE) {
		uint64_t *entries = page_ptr(g->p, table);
		unsigned int index = GPA_SHARED >> (12 + 9 * (level - 1)) & 0x1ff;

		for (unsigned int i = 0; i < 512; i++)
			entries[i] = BIT64(63);
		entries[index] = level == 1 ? leaf : (table + PAGE) | 7;
	}
	g->v->shared_eptp = PLAT_HOST + 8 * MiB;
}

static void shared_not_present(void **state)
{
	struct guest *g = *state;

	shared_ept(g, BIT64(63));
	touch(g, GPA_SHARED | 0x44, TDX_ACCESS_WRITE);
	expect_violation(g, GPA_SHARED, 2, 0);
}

static void shared_mmio(void **state)
{
	struct guest *g = *state;

	shared_ept(g, 0);
	touch(g, GPA_SHARED | 0x44, TDX_ACCESS_WRITE);
	assert_int_equal(g->v->ve.gpa, GPA_SHARED | 0x44);
	assert_int_equal(g->v->ve.gla, 0x7fff00001234);
	expect_ve(g, 48, TDX_QUAL_WRITE | TDX_QUAL_GLA_VALID | TDX_QUAL_GLA_ACCESS);
}

/* The CPU raises this one, and only where it may: else it is an ordinary violation. */
static void shared_not_convertible(void **state)
{
	struct guest *g = *state;

	shared_ept(g, 0);
	g->ev.event_delivery = true;
	touch(g, GPA_SHARED, TDX_ACCESS_READ);
	expect_violation(g, GPA_SHARED, 1, 0);
	g->ev.event_delivery = false;
	g->ev.cr0 &= ~CR0_PE;
	touch(g, GPA_SHARED, TDX_ACCESS_READ);
	expect_violation(g, GPA_SHARED, 1, 0);
	g->ev.cr0 |= CR0_PE;
	guest_event(g, TDX_EV_HLT);
	touch(g, GPA_SHARED, TDX_ACCESS_READ);
	expect_violation(g, GPA_SHARED, 1, 0);
	assert_int_equal(g->v->ve.reason, 12);
}

static void shared_permissions(void **state)
{
	struct guest *g = *state;

	/*
	 * Present, read-only, suppress-#VE set: a write exits with the entry's permissions in bits
	 * 5:3.
	 */
	shared_ept(g, BIT64(63) | (PLAT_HOST + 16 * MiB) | 6 << 3 | 1);
	touch(g, GPA_SHARED, TDX_ACCESS_WRITE);
	expect_violation(g, GPA_SHARED, 2 | 1 << 3, 0);
}

static void shared_misconfig(void **state)
{
	struct guest *g = *state;

	/* Writable but not readable. */
	shared_ept(g, (PLAT_HOST + 16 * MiB) | 6 << 3 | 2);
	touch(g, GPA_SHARED | 8, TDX_ACCESS_WRITE);
	expect_exit(g, TDX_HI_SUCCESS, 49);
	assert_int_equal(g->p->g.r[TDX_RCX], 0);
	assert_int_equal(g->p->g.r[TDX_RDX], 0);
	assert_int_equal(g->p->g.r[TDX_R8], GPA_SHARED);
}

static void beyond_gpaw(void **state)
{
	static const struct {
		unsigned int access, error;
		uint8_t cpl;
	} faults[] = {
		{ TDX_ACCESS_READ, 0x9, 0 },   { TDX_ACCESS_WRITE, 0xb, 0 },
		{ TDX_ACCESS_FETCH, 0x19, 0 }, { TDX_ACCESS_READ, 0xd, 3 },
		{ TDX_ACCESS_WRITE, 0xf, 3 },  { TDX_ACCESS_FETCH, 0x1d, 3 },
	};
	struct guest *g = *state;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		g->ev.cpl = faults[i].cpl;
		touch(g, BIT64(48) | 0x1000, faults[i].access);
		assert_int_equal(g->res.action, TDX_TD_INJECT);
		assert_int_equal(g->res.vector, TDX_VEC_PF);
		assert_true(g->res.has_error);
		assert_int_equal(g->res.error, faults[i].error);
		assert_int_equal(g->res.cr2, 0x7fff00001234);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		guest_test(instructions_trap),
		guest_test(instructions_fault),
		guest_test(enumeration_decides),
		guest_test(nested_ve_is_double_fault),
		guest_test(host_events),
		guest_test(triple_fault),
		guest_test(machine_check),
		guest_test(impossible_exits_kill),
		guest_test(unknown_exit_kills),
		guest_test(cr8),
		guest_test(private_free),
		guest_test(private_pending),
		guest_test(pending_ve_nests),
		guest_test(private_blocked),
		guest_test(shared_not_present),
		guest_test(shared_mmio),
		guest_test(shared_not_convertible),
		guest_test(shared_permissions),
		guest_test(shared_misconfig),
		guest_test(beyond_gpaw),
	};

	return cmocka_run_group_tests_name("guest_event", tests, NULL, NULL);
}
