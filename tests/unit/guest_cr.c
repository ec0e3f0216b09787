// SPDX-License-Identifier: GPL-2.0
/*
 * Control-register writes and XSETBV of a TD (fact sheet 7, 5.1).
 *
 * Turns red: #VE and #GP swapped for any bit; an ignored CR0 bit that reaches the register; VMXE
 * loaded; an XCR0 bit outside XFAM accepted.
 */
#include "guest_td.h"

enum outcome { LOAD, VE, GP };

static enum outcome cr_write(struct guest *g, uint8_t cr, uint64_t value)
{
	g->ev.cr = cr;
	g->ev.value = value;
	g->ev.qual = cr | 0x300;		/* from RBX */
	switch (guest_event(g, TDX_EV_CR_WRITE)) {
	case TDX_TD_NATIVE:
		return LOAD;
	default:
		if (g->res.vector == TDX_VEC_VE) {
			expect_ve(g, 28, cr | 0x300);
			return VE;
		}
		expect_exception(g, TDX_VEC_GP);
		return GP;
	}
}

#define CR0_NOW (CR0_PE | CR0_NE | CR0_WP | CR0_PG)

static void cr0(void **state)
{
	static const struct {
		uint64_t value;
		enum outcome outcome;
	} writes[] = {
		{ CR0_NOW, LOAD },
		{ CR0_NOW | BIT64(3), LOAD },
		{ CR0_NOW & ~CR0_WP, LOAD },
		{ CR0_NOW & ~CR0_NE, GP },
		{ CR0_NOW & ~CR0_PE, GP },
		{ CR0_NOW | BIT64(32), GP },
		{ CR0_NOW | CR0_CD, VE },
		{ CR0_NOW | CR0_NW, VE },
		{ CR0_NOW | CR0_CD | CR0_NW, VE },
		{ CR0_NOW & ~CR0_PG, GP }, /* paging off in 64-bit code */
	};
	struct guest *g = *state;

	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
		assert_int_equal(cr_write(g, 0, writes[i].value), writes[i].outcome);
	/* Bits 6-15, 17 and 19-28 never arrive. */
	assert_int_equal(cr_write(g, 0, CR0_NOW | 0x1ffaffc0), LOAD);
	assert_int_equal(g->res.value, CR0_NOW | BIT64(4));
	g->ev.cr4 |= CR4_CET;
	assert_int_equal(cr_write(g, 0, CR0_NOW & ~CR0_WP), GP);
}

static void cr0_from_reset(void **state)
{
	struct guest *g = *state;

	g->ev.long_mode = false;
	g->ev.cr0 = CR0_PE | CR0_NE;
	g->ev.cr4 = CR4_MCE;
	g->ev.efer = EFER_SCE | EFER_LME | BIT64(11);
	assert_int_equal(cr_write(g, 0, CR0_NOW), GP); /* LME is set: no paging without PAE */
	assert_int_equal(cr_write(g, 0, CR0_NE), VE);		/* real mode */
	g->ev.cr4 |= CR4_PAE;
	assert_int_equal(cr_write(g, 0, CR0_NOW), LOAD);
	g->ev.long_mode = true;					/* CS.L set already */
	assert_int_equal(cr_write(g, 0, CR0_NOW), GP);
}

/* Process-context ids exist in long mode only. */
static void pcid(void **state)
{
	struct guest *g = *state;

	assert_int_equal(cr_write(g, 4, CR4_PAE | CR4_MCE | CR4_PCIDE), LOAD);
	g->ev.efer &= ~EFER_LMA;
	assert_int_equal(cr_write(g, 4, CR4_PAE | CR4_MCE | CR4_PCIDE), GP);
	g->ev.long_mode = false; /* compatibility mode: paging may go ... */
	assert_int_equal(cr_write(g, 0, CR0_NOW & ~CR0_PG), LOAD);
	g->ev.cr4 |= CR4_PCIDE;					/* ... but not with PCIDE */
	assert_int_equal(cr_write(g, 0, CR0_NOW & ~CR0_PG), GP);
}

#define CR4_NOW (CR4_PAE | CR4_MCE | CR4_OSXSAVE)

static void cr4(void **state)
{
	static const struct {
		uint64_t value;
		enum outcome outcome;
	} writes[] = {
		{ CR4_NOW, LOAD },
		{ CR4_NOW | 0x1f, LOAD },
		{ CR4_NOW | BIT64(20) | BIT64(21), LOAD },
		{ CR4_NOW & ~CR4_MCE, VE },
		{ CR4_NOW | CR4_VMXE, VE },
		{ CR4_NOW | CR4_SMXE, VE },
		{ CR4_NOW & ~CR4_PAE, GP },
		{ CR4_NOW ^ CR4_LA57, GP },
		{ CR4_NOW | CR4_PKE, GP },
		{ CR4_NOW | CR4_CET, GP },
		{ CR4_NOW | BIT64(24), GP },
		{ CR4_NOW | BIT64(25), GP },
		{ CR4_NOW | BIT64(19), GP },
		{ CR4_NOW | BIT64(15), GP },
		{ CR4_NOW | BIT64(63), GP },
		{ CR4_NOW | CR4_VMXE | BIT64(19), GP },
	};
	struct guest *g = *state;

	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
		assert_int_equal(cr_write(g, 4, writes[i].value), writes[i].outcome);
	g->t->xfam |= XFAM_PKRU | XFAM_CET | XFAM_UINTR;
	g->t->attributes |= TDX_ATTR_PKS;
	assert_int_equal(cr_write(g, 4, CR4_NOW | CR4_PKE | CR4_CET | BIT64(24) | BIT64(25)), LOAD);
	g->ev.cr0 &= ~CR0_WP;
	assert_int_equal(cr_write(g, 4, CR4_NOW | CR4_CET), GP);
	assert_int_equal(cr_write(g, 4, CR4_NOW | CR4_PKE), LOAD);
	assert_int_equal(g->res.value, CR4_NOW | CR4_PKE);
}

/* A processor that has one feature, and beside it all others or none. */
static struct { uint32_t leaf, subleaf, others; unsigned int reg, bit; } feature;

static void cpuid_of_feature(void *opaque, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	(void)opaque;
	for (unsigned int i = 0; i < 4; i++)
		out[i] = feature.others;
	if (leaf == feature.leaf && subleaf == feature.subleaf)
		out[feature.reg] ^= 1u << feature.bit;
}

/* Turned red by: a feature taken from the bit beside. */
static void cr4_features(void **state)
{
	static const struct {
		unsigned int cr4_bit;
		uint32_t leaf, subleaf;
		unsigned int reg, bit;
	} features[] = {
		{ 11, 7, 0, CPUID_ECX, 2 },	/* UMIP */
		{ 16, 7, 0, CPUID_EBX, 0 },	/* FSGSBASE */
		{ 17, 1, 0, CPUID_ECX, 17 },	/* PCID */
		{ 20, 7, 0, CPUID_EBX, 7 },	/* SMEP */
		{ 21, 7, 0, CPUID_EBX, 20 },	/* SMAP */
		{ 28, 7, 1, CPUID_EAX, 26 },	/* LAM_SUP */
	};
	struct guest *g = *state;
	const struct tdx_ops *plain = g->p->m->ops;
	struct tdx_ops ops = *plain;

	ops.cpuid = cpuid_of_feature;
	g->p->m->ops = &ops;
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		uint64_t value = CR4_PAE | CR4_MCE | BIT64(features[i].cr4_bit);

		feature.leaf = features[i].leaf;
		feature.subleaf = features[i].subleaf;
		feature.reg = features[i].reg;
		feature.bit = features[i].bit;
		feature.others = 0;
		assert_int_equal(cr_write(g, 4, value), LOAD);
		feature.others = ~0u;
		assert_int_equal(cr_write(g, 4, value), GP);
	}
	g->p->m->ops = plain;
}

static enum tdx_td_action xsetbv(struct guest *g, uint32_t index, uint64_t value)
{
	g->g.r[TDX_RCX] = index | 0xffffffff00000000;
	g->g.r[TDX_RAX] = (uint32_t)value | 0xffffffff00000000;
	g->g.r[TDX_RDX] = value >> 32;
	return guest_event(g, TDX_EV_XSETBV);
}

static void xcr0(void **state)
{
	static const uint64_t bad[] = {
		0, 2, 5, 0x21, 0x67, 0x207, 0xe3, 0x60007, 1 | BIT64(11), 7 | BIT64(63),
	};
	struct guest *g = *state;

	assert_int_equal(g->t->xfam, 0xe7);
	assert_int_equal(xsetbv(g, 0, 1), TDX_TD_NATIVE);
	assert_int_equal(xsetbv(g, 0, 7), TDX_TD_NATIVE);
	assert_int_equal(xsetbv(g, 0, 0xe7), TDX_TD_NATIVE);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		xsetbv(g, 0, bad[i]);
		expect_exception(g, TDX_VEC_GP);
	}
	xsetbv(g, 1, 1);
	expect_exception(g, TDX_VEC_GP);
	/* AMX: both components or none. */
	g->t->xfam |= XFAM_AMX;
	assert_int_equal(xsetbv(g, 0, 7 | XFAM_AMX), TDX_TD_NATIVE);
	xsetbv(g, 0, 7 | BIT64(17));
	expect_exception(g, TDX_VEC_GP);
	/* Supervisor components are not for XCR0, though XFAM has them. */
	g->t->xfam |= XFAM_CET;
	xsetbv(g, 0, 7 | XFAM_CET);
	expect_exception(g, TDX_VEC_GP);
	g->ev.cpl = 3;
	xsetbv(g, 0, 1);
	expect_exception(g, TDX_VEC_GP);
	g->ev.cr4 &= ~CR4_OSXSAVE;
	xsetbv(g, 0, 1);
	expect_exception(g, TDX_VEC_UD);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		guest_test(cr0),
		guest_test(cr0_from_reset),
		guest_test(pcid),
		guest_test(cr4),
		guest_test(cr4_features),
		guest_test(xcr0),
	};

	return cmocka_run_group_tests_name("guest_cr", tests, NULL, NULL);
}
