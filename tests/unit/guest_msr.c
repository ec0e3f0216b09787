// SPDX-License-Identifier: GPL-2.0
/*
 * RDMSR and WRMSR by a TD (fact sheet 5.3), row by row, with and without REDUCE_VE.
 *
 * Turns red: a row moved to another policy; REDUCE_VE's table consulted without REDUCE_VE; #VE
 * instead of #GP for an unlisted MSR under REDUCE_VE; the x2APIC id shown without ENUM_TOPOLOGY.
 */
#include "guest_td.h"

enum seen { VE, GP, NATIVE, DONE };

static enum seen seen(struct guest *g, uint32_t reason)
{
	switch (g->res.action) {
	case TDX_TD_NATIVE:
		return NATIVE;
	case TDX_TD_NEXT:
		return DONE;
	default:
		if (g->res.vector == TDX_VEC_VE) {
			expect_ve(g, reason, 0);
			return VE;
		}
		expect_exception(g, TDX_VEC_GP);
		return GP;
	}
}

static enum seen rdmsr(struct guest *g, uint32_t msr, uint64_t *value)
{
	memset(&g->g, 0xff, sizeof(g->g));
	g->g.r[TDX_RCX] = msr | 0xffffffff00000000;	/* ECX counts, RCX does not */
	guest_event(g, TDX_EV_RDMSR);
	*value = g->g.r[TDX_RDX] << 32 | (uint32_t)g->g.r[TDX_RAX];
	if (g->res.action == TDX_TD_NEXT)
		assert_int_equal(g->g.r[TDX_RAX] >> 32 | g->g.r[TDX_RDX] >> 32, 0);
	else
		assert_int_equal(g->g.r[TDX_RAX] & g->g.r[TDX_RDX], ~0ULL);
	return seen(g, TDX_EXIT_RDMSR);
}

static enum seen wrmsr(struct guest *g, uint32_t msr, uint64_t value)
{
	g->g.r[TDX_RCX] = msr;
	g->g.r[TDX_RAX] = (uint32_t)value | 0xffffffff00000000;
	g->g.r[TDX_RDX] = value >> 32 | 0xffffffff00000000;
	guest_event(g, TDX_EV_WRMSR);
	return seen(g, TDX_EXIT_WRMSR);
}

struct row {
	uint32_t msr;
	enum seen rd, wr;		/* write of 0 */
	enum seen rd_reduced, wr_reduced;
};

static const struct row table[] = {
	/* direct */
	{ 0x48, NATIVE, NATIVE, NATIVE, NATIVE },
	{ 0x49, NATIVE, NATIVE, NATIVE, NATIVE },
	{ 0x10b, GP, NATIVE, GP, NATIVE },
	{ 0x174, NATIVE, NATIVE, NATIVE, NATIVE },
	{ 0x176, NATIVE, NATIVE, NATIVE, NATIVE },
	{ 0x277, NATIVE, NATIVE, NATIVE, NATIVE },
	{ 0x600, NATIVE, NATIVE, NATIVE, NATIVE },
	{ 0x1b01, NATIVE, NATIVE, NATIVE, NATIVE },
	{ 0x1b02, VE, VE, GP, GP },
	{ 0xc0000081, NATIVE, NATIVE, NATIVE, NATIVE },
	{ 0xc0000082, NATIVE, NATIVE, NATIVE, NATIVE },
	{ 0xc0000083, VE, VE, GP, GP },
	{ 0xc0000084, NATIVE, NATIVE, NATIVE, NATIVE },
	{ 0xc0000100, NATIVE, NATIVE, NATIVE, NATIVE },
	{ 0xc0000103, NATIVE, NATIVE, NATIVE, NATIVE },
	/* direct read */
	{ 0x10, NATIVE, VE, NATIVE, VE },
	{ 0xbc, NATIVE, VE, NATIVE, VE },
	{ 0xc80, NATIVE, VE, NATIVE, VE },
	/* emulated */
	{ 0x10a, DONE, VE, DONE, VE },
	{ 0xbd, DONE, VE, DONE, VE },
	{ 0x345, DONE, VE, DONE, VE },
	{ 0x1d9, DONE, DONE, DONE, DONE },
	{ 0xda0, DONE, DONE, DONE, DONE },
	{ 0x480, DONE, GP, DONE, GP },
	{ 0x481, VE, GP, VE, GP },
	{ 0x484, VE, GP, VE, GP },
	{ 0x485, DONE, GP, DONE, GP },
	{ 0x48a, VE, GP, VE, GP },
	{ 0x492, DONE, GP, DONE, GP },
	/* not in this TD's XFAM or ATTRIBUTES */
	{ 0x6a0, GP, GP, GP, GP },
	{ 0x6e1, GP, GP, GP, GP },
	{ 0x1c4, GP, GP, GP, GP },
	{ 0x560, GP, GP, GP, GP },
	{ 0x14ce, GP, GP, GP, GP },
	{ 0x985, GP, GP, GP, GP },
	{ 0x122, GP, GP, GP, GP },
	{ 0xe1, GP, GP, GP, GP },
	{ 0xc1, GP, GP, GP, GP },
	{ 0x38f, GP, GP, GP, GP },
	/* always #GP */
	{ 0x8c, GP, GP, GP, GP },
	{ 0x9b, GP, GP, GP, GP },
	{ 0x9e, GP, GP, GP, GP },
	{ 0x195, GP, GP, GP, GP },
	{ 0x276, GP, GP, GP, GP },
	{ 0x500, GP, GP, GP, GP },
	{ 0xd90, GP, GP, GP, GP },
	{ 0xd93, GP, GP, GP, GP },
	/* by CPUID feature, off here */
	{ 0x87, GP, GP, GP, GP },
	{ 0x981, GP, GP, GP, GP },
	{ 0x1f8, GP, GP, GP, GP },
	{ 0x6e0, GP, GP, GP, GP },
	/* x2APIC */
	{ 0x800, GP, GP, GP, GP },
	{ 0x802, VE, GP, DONE, GP },
	{ 0x803, VE, GP, VE, GP },
	{ 0x804, GP, GP, GP, GP },
	{ 0x808, DONE, DONE, DONE, DONE },
	{ 0x809, DONE, GP, DONE, GP },
	{ 0x80a, DONE, GP, DONE, GP },
	{ 0x80b, DONE, DONE, DONE, DONE },
	{ 0x80c, DONE, GP, DONE, GP },
	{ 0x80d, VE, GP, VE, GP },
	{ 0x80e, DONE, GP, DONE, GP },
	{ 0x80f, VE, VE, VE, VE },
	{ 0x810, DONE, GP, DONE, GP },
	{ 0x818, DONE, GP, DONE, GP },
	{ 0x827, DONE, GP, DONE, GP },
	{ 0x828, VE, VE, VE, VE },
	{ 0x829, GP, GP, GP, GP },
	{ 0x82f, VE, VE, VE, VE },
	{ 0x830, VE, VE, VE, VE },
	{ 0x831, GP, GP, GP, GP },
	{ 0x832, VE, VE, VE, VE },
	{ 0x838, VE, VE, VE, VE },
	{ 0x839, VE, GP, VE, GP },
	{ 0x83a, VE, VE, VE, VE },
	{ 0x83b, GP, GP, GP, GP },
	{ 0x83e, VE, VE, VE, VE },
	{ 0x840, GP, GP, GP, GP },
	{ 0x8ff, GP, GP, GP, GP },
	/* changed by REDUCE_VE */
	{ 0x1b, VE, VE, VE, VE },
	{ 0x34, VE, VE, DONE, DONE },
	{ 0x3a, VE, VE, DONE, GP },
	{ 0x4e, VE, VE, DONE, GP },
	{ 0x79, VE, VE, GP, DONE },
	{ 0x8b, VE, VE, DONE, DONE },
	{ 0xce, VE, VE, DONE, GP },
	{ 0x140, VE, VE, DONE, DONE },
	{ 0x1a0, DONE, VE, DONE, GP },
	{ 0x179, VE, VE, GP, GP },
	{ 0x200, VE, VE, GP, GP },
	{ 0x2ff, VE, VE, GP, GP },
	{ 0x401, VE, VE, GP, GP },
	{ 0x198, VE, VE, GP, GP },
	{ 0x19c, VE, VE, GP, GP },
	{ 0xc8f, VE, VE, GP, GP },
	/* unlisted, and outside the architectural ranges */
	{ 0x0, VE, VE, GP, GP },
	{ 0x1fb, VE, VE, GP, GP },
	{ 0x308, VE, VE, GP, GP },
	{ 0x501, VE, VE, GP, GP },
	{ 0x606, VE, VE, GP, GP },
	{ 0x1fff, VE, VE, GP, GP },
	{ 0x2000, VE, VE, VE, VE },
	{ 0x40000000, VE, VE, VE, VE },
	{ 0x4b564d00, VE, VE, VE, VE },
	{ 0xc0001fff, VE, VE, GP, GP },
	{ 0xc0002000, VE, VE, VE, VE },
	{ 0x80000010, VE, VE, VE, VE },
};

static void policy(void **state)
{
	struct guest *g = *state;
	uint64_t value;

	for (unsigned int reduced = 0; reduced < 2; reduced++) {
		g->t->td_ctls = reduced ? TDX_CTLS_REDUCE_VE | TDX_CTLS_ENUM_TOPOLOGY : 0;
		for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
			const struct row *r = &table[i];
			enum seen rd = rdmsr(g, r->msr, &value), wr = wrmsr(g, r->msr, 0);

			if (rd != (reduced ? r->rd_reduced : r->rd) ||
			    wr != (reduced ? r->wr_reduced : r->wr))
				fail_msg("MSR %#x, REDUCE_VE %u: read %d, write %d", r->msr,
					 reduced, rd, wr);
		}
	}
}

static void features_open_their_msrs(void **state)
{
	static const struct {
		uint32_t msr;
		uint64_t xfam, attributes;
	} gated[] = {
		{ 0x6a0, XFAM_CET, 0 },		{ 0x6a8, XFAM_CET, 0 },
		{ 0x1c4, XFAM_AMX, 0 },		{ 0x560, XFAM_PT, 0 },
		{ 0x14ce, XFAM_LBR, 0 },	{ 0x985, XFAM_UINTR, 0 },
		{ 0x6e1, 0, TDX_ATTR_PKS },	{ 0xc1, 0, TDX_ATTR_PERFMON },
		{ 0x38f, 0, TDX_ATTR_PERFMON },
	};
	struct guest *g = *state;
	uint64_t value;

	for (size_t i = 0; i < sizeof(gated) / sizeof(gated[0]); i++) {
		g->t->xfam = 3 | gated[i].xfam;
		g->t->attributes = gated[i].attributes;
		assert_int_equal(rdmsr(g, gated[i].msr, &value), NATIVE);
		assert_int_equal(wrmsr(g, gated[i].msr, 0), NATIVE);
		/* Half of a feature's components is not the feature. */
		g->t->xfam = 3 | (gated[i].xfam & (gated[i].xfam - 1));
		g->t->attributes = 0;
		assert_int_equal(rdmsr(g, gated[i].msr, &value), GP);
	}
}

/* MSRs of features that exist without direct access: #VE once CPUID enumerates them (#GP above). */
static void enumerated_features_trap(void **state)
{
	static const struct { uint32_t msr, leaf, subleaf, bit; } enumerated[] = {
		{ 0x87, 7, 0, 13 }, { 0x984, 7, 0, 13 }, { 0x1fa, 1, TDX_CPUID_NO_SUBLEAF, 18 },
		{ 0x6e0, 1, TDX_CPUID_NO_SUBLEAF, 24 },
	};
	struct guest *g = *state;
	uint64_t value;

	for (size_t i = 0; i < sizeof(enumerated) / sizeof(enumerated[0]); i++) {
		guest_cpuid_entry(g, enumerated[i].leaf, enumerated[i].subleaf)->reg[CPUID_ECX] |=
			1u << enumerated[i].bit;
		assert_int_equal(rdmsr(g, enumerated[i].msr, &value), VE);
		assert_int_equal(wrmsr(g, enumerated[i].msr, 0), VE);
	}
}

static void opted_in_msrs_trap(void **state)
{
	static const struct { uint32_t msr; unsigned int bit; } optin[] = {
		{ 0x179, PARAVIRT_MCA }, { 0x17b, PARAVIRT_MCA }, { 0x400, PARAVIRT_MCA },
		{ 0xfe, PARAVIRT_MTRR }, { 0x200, PARAVIRT_MTRR }, { 0x2ff, PARAVIRT_MTRR },
		{ 0x6e0, PARAVIRT_TSC_DEADLINE }, { 0x198, PARAVIRT_EST }, { 0x19a, PARAVIRT_ACPI },
		{ 0x1f8, PARAVIRT_DCA }, { 0xc8d, PARAVIRT_RDT_M }, { 0xc90, PARAVIRT_RDT_A },
		{ 0x981, PARAVIRT_TME },
	};
	struct guest *g = *state;
	uint64_t value;

	g->t->td_ctls = TDX_CTLS_REDUCE_VE;
	for (size_t i = 0; i < sizeof(optin) / sizeof(optin[0]); i++) {
		g->t->feature_paravirt = BIT64(optin[i].bit);
		assert_int_equal(rdmsr(g, optin[i].msr, &value), VE);
		assert_int_equal(wrmsr(g, optin[i].msr, 0), VE);
		g->t->feature_paravirt = ~BIT64(optin[i].bit);
		assert_int_equal(rdmsr(g, optin[i].msr, &value), GP);
		assert_int_equal(wrmsr(g, optin[i].msr, 0), GP);
	}
}

static void emulated_values(void **state)
{
	static const struct {
		uint32_t msr;
		uint64_t value;
	} values[] = {
		{ 0x3a, 1 },  { 0x4e, 1 },  { 0x8b, 0xffffffff }, { 0xce, 0 },
		{ 0x140, 0 }, { 0xbd, 1 },  { 0x345, 0 },	  { 0x1a0, 0x1801 },
		{ 0x1d9, 0 }, { 0xda0, 0 }, { 0x34, 0 },
	};
	struct guest *g = *state;
	uint64_t value;

	g->t->td_ctls = TDX_CTLS_REDUCE_VE;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		assert_int_equal(rdmsr(g, values[i].msr, &value), DONE);
		assert_int_equal(value, values[i].value);
	}
}

static void emulated_writes(void **state)
{
	struct guest *g = *state;
	uint64_t value;

	g->t->td_ctls = TDX_CTLS_REDUCE_VE;
	assert_int_equal(wrmsr(g, 0x140, 1), GP);
	assert_int_equal(wrmsr(g, 0x34, 0x123456789a), DONE);
	assert_int_equal(rdmsr(g, 0x34, &value), DONE);
	assert_int_equal(value, 0x123456789a);
	/* MISC_ENABLE: fast strings may go, nothing else may change. */
	assert_int_equal(wrmsr(g, 0x1a0, 0x1800), DONE);
	assert_int_equal(rdmsr(g, 0x1a0, &value), DONE);
	assert_int_equal(value, 0x1800);
	assert_int_equal(wrmsr(g, 0x1a0, 0x1801 | BIT64(34)), GP);
	/* DEBUGCTL: bits 0 to 2, 11 and 12. */
	assert_int_equal(wrmsr(g, 0x1d9, 0x1807), DONE);
	assert_int_equal(wrmsr(g, 0x1d9, BIT64(3)), GP);
	assert_int_equal(rdmsr(g, 0x1d9, &value), DONE);
	assert_int_equal(value, 0x1807);
	/* Ignored writes leave the value. */
	assert_int_equal(wrmsr(g, 0x8b, 0), DONE);
	assert_int_equal(rdmsr(g, 0x8b, &value), DONE);
	assert_int_equal(value, 0xffffffff);
	/* XSS holds XFAM's supervisor bits and no others. */
	g->t->xfam = 3 | XFAM_CET;
	assert_int_equal(wrmsr(g, 0xda0, XFAM_CET), DONE);
	assert_int_equal(wrmsr(g, 0xda0, XFAM_PT), GP);
	assert_int_equal(wrmsr(g, 0xda0, 1), GP);
	assert_int_equal(rdmsr(g, 0xda0, &value), DONE);
	assert_int_equal(value, XFAM_CET);
}

static void efer(void **state)
{
	struct guest *g = *state;
	uint64_t now = g->ev.efer;

	assert_int_equal(wrmsr(g, 0xc0000080, now), NATIVE);
	assert_int_equal(wrmsr(g, 0xc0000080, now & ~EFER_LMA), NATIVE);
	assert_int_equal(wrmsr(g, 0xc0000080, now ^ EFER_SCE), NATIVE);
	assert_int_equal(wrmsr(g, 0xc0000080, now ^ EFER_LME), VE);
	assert_int_equal(wrmsr(g, 0xc0000080, now ^ BIT64(11)), VE);
	assert_int_equal(wrmsr(g, 0xc0000080, now | BIT64(12)), VE);
}

static void x2apic_id(void **state)
{
	struct guest *g = *state;
	uint64_t value;

	g->v->x2apic_id = 0x77;
	assert_int_equal(rdmsr(g, 0x802, &value), VE);
	g->t->td_ctls = TDX_CTLS_ENUM_TOPOLOGY;
	assert_int_equal(rdmsr(g, 0x802, &value), DONE);
	assert_int_equal(value, 0x77);
}

/* Vectors below 16 exit after the write: APIC_WRITE (56), qualification = page offset. */
static void low_self_ipi(void **state)
{
	struct guest *g = *state;

	for (uint64_t vector = 0; vector < 16; vector++) {
		g->g.r[TDX_RCX] = 0x83f;
		g->g.r[TDX_RAX] = vector;
		g->g.r[TDX_RDX] = 0;
		guest_event(g, TDX_EV_WRMSR);
		expect_ve(g, TDX_EXIT_APIC_WRITE, 0x3f0);
	}
	assert_int_equal(tdx_virq_pending(g->p->m, 0), -1);
}

static void user_mode(void **state)
{
	struct guest *g = *state;
	uint64_t value;

	g->ev.cpl = 3;
	assert_int_equal(rdmsr(g, 0x10, &value), GP);
	assert_int_equal(rdmsr(g, 0x1b, &value), GP);
	assert_int_equal(wrmsr(g, 0x808, 0), GP);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		guest_test(policy),
		guest_test(features_open_their_msrs),
		guest_test(enumerated_features_trap),
		guest_test(opted_in_msrs_trap),
		guest_test(emulated_values),
		guest_test(emulated_writes),
		guest_test(efer),
		guest_test(x2apic_id),
		guest_test(low_self_ipi),
		guest_test(user_mode),
	};

	return cmocka_run_group_tests_name("guest_msr", tests, NULL, NULL);
}
