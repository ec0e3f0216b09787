// SPDX-License-Identifier: GPL-2.0
/*
 * CPUID of a TD (fact sheet 3.1, 3.4, 5.4): how TDH.MNG.INIT builds it, and what the instruction
 * does.
 *
 * Turns red: a fixed bit taken from the native CPU; an allow bit set against the native CPU; a
 * feature shown without its XFAM bits; a topology without CORE accepted; a dynamic bit frozen; a
 * leaf on the wrong side of the #VE line, with or without REDUCE_VE.
 */
#include "guest_td.h"

#define NA	TDX_CPUID_NO_SUBLEAF
#define ALL	0xffffffffu

/* ---- a native CPU that the test can shape ---------------------------------------------------- */

struct native_leaf { uint32_t leaf, subleaf, reg[4]; };
static struct native_leaf overrides[9];
static size_t nr_overrides;
static const struct tdx_ops *plain_ops;

static void shaped_cpuid(void *opaque, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	plain_ops->cpuid(opaque, leaf, subleaf, out);
	for (size_t i = 0; i < nr_overrides; i++)
		if (overrides[i].leaf == leaf && overrides[i].subleaf == subleaf)
			memcpy(out, overrides[i].reg, sizeof(overrides[i].reg));
}

static void shape(struct guest *g, const struct native_leaf *leaves, size_t n)
{
	static struct tdx_ops ops;

	nr_overrides = n;
	memcpy(overrides, leaves, n * sizeof(*leaves));
	if (g->p->m->ops != &ops) {
		plain_ops = g->p->m->ops;
		ops = *plain_ops;
	}
	ops.cpuid = shaped_cpuid;
	g->p->m->ops = &ops;
}

/* ---- TDH.MNG.INIT ---------------------------------------------------------------------------- */

static unsigned int config_index(uint32_t leaf, uint32_t subleaf)
{
	for (unsigned int i = 0; i < TDX_NR_CPUID_CONFIG; i++) {
		uint32_t l, s, mask[4];

		tdx_cpuid_config(i, &l, &s, mask);
		if (l == leaf && s == subleaf)
			return i;
	}
	fail_msg("no CPUID_CONFIG entry for %#x.%#x", leaf, subleaf);
	return 0;
}

static uint64_t init(struct guest *g, const struct td_cpuid_value *values, uint64_t *ext)
{
	return tdx_cpuid_init(g->p->m, g->t, values, ext);
}

static uint32_t reg(struct guest *g, uint32_t leaf, uint32_t subleaf, enum tdx_cpuid_reg r)
{
	return guest_cpuid_entry(g, leaf, subleaf)->reg[r];
}

static void fixed_bits(void **state)
{
	struct guest *g = *state;
	uint32_t ecx = reg(g, 1, NA, CPUID_ECX), ebx7 = reg(g, 7, 0, CPUID_EBX);

	/* 1.ECX: bits 0,1,2,4,9,13,15,17,19-22,23,25,26,30,31 one, 5,6,16 zero. */
	assert_int_equal(ecx & 0xc6faa217, 0xc6faa217);
	assert_int_equal(ecx & 0x00010060, 0);
	assert_int_equal(reg(g, 1, NA, CPUID_EDX) & 0x200, 0x200);
	/* 7.0.EBX: 0,6,7,10,13,18,20,23,24,29. */
	assert_int_equal(ebx7 & 0x219424c1, 0x219424c1);
	assert_int_equal(reg(g, 7, 0, CPUID_EDX) >> 26, 0x3f);
	assert_int_equal(reg(g, 7, 0, CPUID_ECX) & 0x19000000, 0x19000000);
	assert_int_equal(reg(g, 0, NA, CPUID_EAX), 0x23);
	assert_int_equal(reg(g, 0x15, NA, CPUID_EAX), 1);
	assert_int_equal(reg(g, 0x15, NA, CPUID_EBX), 40);
	assert_int_equal(reg(g, 0x15, NA, CPUID_ECX), 25000000);
	assert_int_equal(reg(g, 0x80000006, NA, CPUID_ECX), 0x7040);
	assert_int_equal(reg(g, 0x80000008, NA, CPUID_EAX), 52 | 57 << 8);
	assert_int_equal(reg(g, 1, NA, CPUID_EAX), 0x000806f8);
	/* Nothing configured: every configurable bit is off. */
	assert_int_equal(ecx & 0x31044d88, 0);
	assert_int_equal(ebx7 & 0xdc2b9b18, 0);
}

/* Leaf 21h is the module's own: nothing of the processor's shows in it. */
static void tdx_leaf(void **state)
{
	const struct native_leaf ones = { 0x21, 0, { ALL, ALL, ALL, ALL } };
	const struct td_cpuid_value values[TD_PARAMS_NR_CPUID] = { 0 };
	struct guest *g = *state;
	uint64_t ext;

	shape(g, &ones, 1);
	expect_ok(init(g, values, &ext));
	assert_int_equal(reg(g, 0x21, 0, CPUID_EAX), 0);
	assert_int_equal(reg(g, 0x21, 0, CPUID_EBX), 0x65746e49);
	assert_int_equal(reg(g, 0x21, 0, CPUID_ECX), 0x20202020);
	assert_int_equal(reg(g, 0x21, 0, CPUID_EDX), 0x5844546c);
}

static void address_width_follows_la57(void **state)
{
	struct td_cpuid_value values[TD_PARAMS_NR_CPUID] = { 0 };
	struct guest *g = *state;
	uint64_t ext;

	g->p->m->platform.la57 = false;
	expect_ok(init(g, values, &ext));
	assert_int_equal(reg(g, 0x80000008, NA, CPUID_EAX), 52 | 48 << 8);
}

/* A CPU answers leaves beyond its maximum with something else's data. */
static void leaves_beyond_the_cpu(void **state)
{
	const struct native_leaf cpu[] = {
		{ 0, 0, { 0x1f, 0, 0, 0 } },
		{ 0x1a, 0, { 7, 7, 7, 7 } },
		{ 0x23, 0, { 7, 7, 7, 7 } },
	};
	struct td_cpuid_value values[TD_PARAMS_NR_CPUID] = { 0 };
	struct guest *g = *state;
	uint64_t ext;

	g->t->attributes |= TDX_ATTR_PERFMON;
	shape(g, cpu, 3);
	expect_ok(init(g, values, &ext));
	assert_int_equal(reg(g, 0x1a, NA, CPUID_EBX), 7);
	assert_int_equal(reg(g, 0x23, 0, CPUID_EBX), 0);
}

static void configured_bits(void **state)
{
	struct td_cpuid_value values[TD_PARAMS_NR_CPUID] = { 0 };
	struct guest *g = *state;
	uint64_t ext;

	values[config_index(1, NA)] =
		(struct td_cpuid_value){ 0x000806f8, 0x00550000, 0x31044d88, 0xb8440000 };
	values[config_index(4, 2)] = (struct td_cpuid_value){ 0x04004143, 0x03c0f000, 0x7ff, 0x4 };
	values[config_index(7, 0)].ebx = 0x00080108;
	values[config_index(0x80000008, NA)].ebx = 0x200;
	expect_ok(init(g, values, &ext));
	assert_int_equal(reg(g, 1, NA, CPUID_EBX), 0x00550800);
	/* Allow bits: native AND input. */
	assert_int_equal(reg(g, 1, NA, CPUID_ECX) & 0x31044d88, 0x7ffefbff & 0x31044d88);
	assert_int_equal(reg(g, 1, NA, CPUID_EDX) & 0xb8440000, 0xbfebfbff & 0xb8440000);
	assert_int_equal(reg(g, 7, 0, CPUID_EBX) & 0xdc2b9b18, 0xf3bfb7ef & 0x00080108);
	assert_int_equal(reg(g, 4, 2, CPUID_EAX), 0x04004143);
	assert_int_equal(reg(g, 4, 2, CPUID_EBX), 0x03c0f000);
	assert_int_equal(reg(g, 4, 2, CPUID_ECX), 0x7ff);
	assert_int_equal(reg(g, 4, 2, CPUID_EDX), 4);
	assert_int_equal(reg(g, 0x80000008, NA, CPUID_EBX), 0x200);
}

static void refused_configs(void **state)
{
	static const struct {
		uint32_t leaf, subleaf;
		struct td_cpuid_value value;
	} bad[] = {
		{ 1, NA, { 0, 1, 0, 0 } },	    /* brand id */
		{ 1, NA, { 0, 0, 1, 0 } },	    /* SSE3 is fixed */
		{ 1, NA, { 0x000906f8, 0, 0, 0 } }, /* another CPU */
		{ 7, 0, { 1, 0, 0, 0 } },
		{ 7, 0, { 0, 1 << 4, 0, 0 } }, /* HLE without RTM */
		{ 7, 0, { 0, 1 << 11, 0, 0 } },
		{ 4, 3, { 0, 0, 0, 8 } },
		{ 0x1f, 0, { 0x20, 0, 0, 0 } },
		{ 0x80000008, NA, { 0x300000, 0, 0, 0 } }, /* guest address bits: KVM zeroes them */
	};
	struct guest *g = *state;
	uint64_t ext;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct td_cpuid_value values[TD_PARAMS_NR_CPUID] = { 0 };

		values[config_index(bad[i].leaf, bad[i].subleaf)] = bad[i].value;
		expect_status(init(g, values, &ext), TDX_STATUS(OPERAND_INVALID, 0x45));
		assert_int_equal(ext, bad[i].leaf | (uint64_t)bad[i].subleaf << 32);
	}
}

static void features_follow_xfam(void **state)
{
	static const struct {
		uint64_t xfam;		/* bits that open the feature */
		uint32_t leaf, subleaf, mask;
		enum tdx_cpuid_reg reg;
	} features[] = {
		{ XFAM_AVX, 1, NA, 0x1000, CPUID_ECX },			/* FMA */
		{ XFAM_AVX, 7, 0, 1 << 5, CPUID_EBX },			/* AVX2 */
		{ XFAM_PT, 7, 0, 1 << 25, CPUID_EBX },
		{ XFAM_PKRU, 7, 0, 1 << 3, CPUID_ECX },
		{ XFAM_CET, 7, 0, 1 << 7, CPUID_ECX },
		{ XFAM_CET, 7, 0, 1 << 20, CPUID_EDX },
		{ XFAM_UINTR, 7, 0, 1 << 5, CPUID_EDX },
		{ XFAM_LBR, 7, 0, 1 << 19, CPUID_EDX },
		{ XFAM_AMX, 7, 0, 7 << 22 & ~(1 << 23), CPUID_EDX },
		{ XFAM_AVX512, 7, 0, 1 << 23, CPUID_EDX },
		{ XFAM_AVX512, 7, 0, 1 << 1, CPUID_ECX },		/* AVX512_VBMI */
		{ XFAM_AVX, 7, 1, 1 << 4, CPUID_EAX },			/* AVX-VNNI */
		{ XFAM_AVX512, 7, 1, 1 << 5, CPUID_EAX },		/* AVX512_BF16 */
	};
	const struct native_leaf all[] = {
		{ 1, 0, { 0x806f8, ALL, ALL, ALL } }, { 7, 0, { 2, ALL, ALL, ALL } },
		{ 7, 1, { ALL, ALL, ALL, ALL } },
	};
	struct td_cpuid_value values[TD_PARAMS_NR_CPUID] = { 0 };
	struct guest *g = *state;
	uint64_t ext;

	shape(g, all, 3);
	values[config_index(7, 1)].eax = 3 << 4;	/* on if asked for */
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		uint64_t bits = features[i].xfam;
		uint32_t mask = features[i].mask;

		g->t->xfam = 3 | bits;
		expect_ok(init(g, values, &ext));
		assert_int_equal(reg(g, features[i].leaf, features[i].subleaf, features[i].reg) &
					 mask,
				 mask);
		g->t->xfam = 3 | (bits & (bits - 1));	/* one bit missing */
		expect_ok(init(g, values, &ext));
		assert_int_equal(
			reg(g, features[i].leaf, features[i].subleaf, features[i].reg) & mask, 0);
	}
	assert_int_equal(reg(g, 7, 0, CPUID_ECX) & 0x80000000, 0);
	g->t->attributes |= TDX_ATTR_PKS;
	expect_ok(init(g, values, &ext));
	assert_int_equal(reg(g, 7, 0, CPUID_ECX) & 0x80000000, 0x80000000);
}

/* ---- topology (3.4) -------------------------------------------------------------------------- */

static uint64_t init_topology(struct guest *g, struct td_cpuid_value a, struct td_cpuid_value b,
			      struct td_cpuid_value c)
{
	struct td_cpuid_value values[TD_PARAMS_NR_CPUID] = { 0 };
	uint64_t ext;

	values[config_index(0x1f, 0)] = a;
	values[config_index(0x1f, 1)] = b;
	values[config_index(0x1f, 2)] = c;
	return init(g, values, &ext);
}

#define LEVEL(shift, count, type, n) ((struct td_cpuid_value){ shift, count, (type) << 8 | (n), 0 })
#define NONE ((struct td_cpuid_value){ 0 })

static void topology_given(void **state)
{
	struct guest *g = *state;

	expect_ok(init_topology(g, LEVEL(1, 2, 1, 0), LEVEL(4, 16, 2, 1), LEVEL(6, 64, 5, 2)));
	assert_int_equal(reg(g, 0x1f, 1, CPUID_ECX), 0x201);
	assert_int_equal(reg(g, 0x1f, 3, CPUID_ECX), 3);
	/* 0B: SMT, then the last level under the name CORE. */
	assert_int_equal(reg(g, 0xb, 0, CPUID_EAX), 1);
	assert_int_equal(reg(g, 0xb, 0, CPUID_EBX), 2);
	assert_int_equal(reg(g, 0xb, 0, CPUID_ECX), 0x100);
	assert_int_equal(reg(g, 0xb, 1, CPUID_EAX), 6);
	assert_int_equal(reg(g, 0xb, 1, CPUID_EBX), 64);
	assert_int_equal(reg(g, 0xb, 1, CPUID_ECX), 0x201);
	assert_int_equal(reg(g, 0xb, 2, CPUID_ECX), 2);
	assert_int_equal(reg(g, 0xb, 2, CPUID_EAX), 0);
	/* A gap is legal once CORE was there. */
	expect_ok(init_topology(g, LEVEL(3, 8, 2, 0), NONE, LEVEL(4, 16, 3, 2)));
	assert_int_equal(reg(g, 0x1f, 1, CPUID_ECX), 1);
	assert_int_equal(reg(g, 0xb, 0, CPUID_EAX), 4);
	/* No SMT: CORE comes first. */
	expect_ok(init_topology(g, LEVEL(3, 8, 2, 0), NONE, NONE));
	assert_int_equal(reg(g, 0xb, 0, CPUID_ECX), 0x200);
	assert_int_equal(reg(g, 0xb, 0, CPUID_EAX), 3);
	assert_int_equal(reg(g, 0xb, 1, CPUID_ECX), 1);
}

static void topology_of_the_host(void **state)
{
	const struct native_leaf only_b[] = {
		{ 0x1f, 1, { 0 } },
		{ 0x1f, 0, { 0 } },
		{ 0xb, 0, { 0, 1, 0x100, 7 } },
		{ 0xb, 1, { 2, 4, 0x201, 7 } },
		{ 0xb, 2, { 9, 9, 2, 7 } },
	};
	struct guest *g = *state;

	expect_ok(init_topology(g, NONE, NONE, NONE));
	assert_int_equal(reg(g, 0x1f, 0, CPUID_ECX), 0x100);
	assert_int_equal(reg(g, 0x1f, 1, CPUID_EAX), 6);
	assert_int_equal(reg(g, 0x1f, 1, CPUID_ECX), 0x201);
	/* A platform without leaf 1F; subleaf 2 is invalid there, whatever its EAX says. */
	shape(g, only_b, 5);
	expect_ok(init_topology(g, NONE, NONE, NONE));
	assert_int_equal(reg(g, 0x1f, 1, CPUID_EAX), 2);
	assert_int_equal(reg(g, 0x1f, 1, CPUID_EDX), 0);
	assert_int_equal(reg(g, 0x1f, 2, CPUID_EAX), 0);
}

static void topology_refused(void **state)
{
	const uint64_t bad = TDX_STATUS(CPUID_LEAF_1F_FORMAT_UNRECOGNIZED, 0);
	struct guest *g = *state;

	/* Host's topology, but a level of the TD's own. */
	expect_status(init_topology(g, NONE, LEVEL(4, 16, 2, 1), NONE), bad);
	/* Subleaf number wrong. */
	expect_status(init_topology(g, LEVEL(1, 2, 1, 1), LEVEL(4, 16, 2, 1), NONE), bad);
	/* Types not rising; SMT above subleaf 0. */
	expect_status(init_topology(g, LEVEL(4, 16, 2, 0), LEVEL(4, 16, 2, 1), NONE), bad);
	expect_status(init_topology(g, LEVEL(4, 16, 2, 0), LEVEL(1, 2, 1, 1), NONE), bad);
	/* Type beyond 5. */
	expect_status(init_topology(g, LEVEL(1, 2, 1, 0), LEVEL(4, 16, 2, 1), LEVEL(5, 32, 6, 2)),
		      bad);
	/* No CORE; CORE after a gap; subleaf 0 invalid though not zero. */
	expect_status(init_topology(g, LEVEL(1, 2, 1, 0), NONE, NONE), bad);
	expect_status(init_topology(g, LEVEL(1, 2, 1, 0), NONE, LEVEL(4, 16, 2, 2)), bad);
	expect_status(init_topology(g, LEVEL(1, 2, 0, 0), LEVEL(4, 16, 2, 1), NONE), bad);
}

/* ---- the instruction ------------------------------------------------------------------------- */

static const uint32_t *cpuid(struct guest *g, uint32_t leaf, uint32_t subleaf)
{
	static uint32_t out[4];

	memset(&g->g, 0xff, sizeof(g->g));
	g->g.r[TDX_RAX] = leaf | 0xffffffff00000000;
	g->g.r[TDX_RCX] = subleaf | 0xffffffff00000000;
	if (guest_event(g, TDX_EV_CPUID) != TDX_TD_NEXT)
		return NULL;
	out[CPUID_EAX] = (uint32_t)g->g.r[TDX_RAX];
	out[CPUID_EBX] = (uint32_t)g->g.r[TDX_RBX];
	out[CPUID_ECX] = (uint32_t)g->g.r[TDX_RCX];
	out[CPUID_EDX] = (uint32_t)g->g.r[TDX_RDX];
	assert_int_equal(g->g.r[TDX_RAX] >> 32, 0);
	assert_int_equal(g->g.r[TDX_RDX] >> 32, 0);
	return out;
}

/* Is the leaf #VE: plain, with ENUM_TOPOLOGY | VIRT_CPUID2, with REDUCE_VE. */
static void who_answers(void **state)
{
	static const struct {
		uint32_t leaf, subleaf;
		bool plain, enumerated, reduced;
	} leaves[] = {
		{ 0x0, 0, 0, 0, 0 },	    { 0x1, 0, 0, 0, 0 },	{ 0x2, 0, 1, 0, 0 },
		{ 0x3, 0, 0, 0, 0 },	    { 0x4, 0, 0, 0, 0 },	{ 0x4, 9, 0, 0, 0 },
		{ 0x6, 0, 1, 1, 0 },	    { 0x7, 0, 0, 0, 0 },	{ 0x8, 0, 0, 0, 0 },
		{ 0x9, 0, 1, 1, 0 },	    { 0xb, 0, 1, 0, 0 },	{ 0xb, 2, 1, 0, 0 },
		{ 0xb, 3, 1, 1, 0 },	    { 0xc, 0, 1, 1, 0 },	{ 0xd, 0, 0, 0, 0 },
		{ 0xe, 0, 0, 0, 0 },	    { 0xf, 0, 1, 1, 0 },	{ 0x10, 0, 1, 1, 0 },
		{ 0x11, 0, 0, 0, 0 },	    { 0x12, 0, 0, 0, 0 },	{ 0x13, 0, 0, 0, 0 },
		{ 0x15, 0, 0, 0, 0 },	    { 0x16, 0, 1, 1, 0 },	{ 0x17, 0, 1, 1, 0 },
		{ 0x1b, 0, 1, 1, 0 },	    { 0x1f, 0, 1, 0, 0 },	{ 0x1f, 5, 1, 0, 0 },
		{ 0x1f, 6, 1, 1, 0 },	    { 0x20, 0, 0, 0, 0 },	{ 0x21, 0, 0, 0, 0 },
		{ 0x22, 0, 1, 1, 0 },	    { 0x23, 0, 0, 0, 0 },	{ 0x24, 0, 0, 0, 0 },
		{ 0x40000000, 0, 1, 1, 1 }, { 0x4fffffff, 0, 1, 1, 1 }, { 0x50000000, 0, 0, 0, 0 },
		{ 0x80000000, 0, 0, 0, 0 }, { 0x80000001, 0, 0, 0, 0 }, { 0x80000002, 0, 1, 1, 0 },
		{ 0x80000005, 0, 1, 1, 0 }, { 0x80000006, 0, 0, 0, 0 }, { 0x80000008, 0, 0, 0, 0 },
		{ 0x80000009, 0, 0, 0, 0 },
	};
	static const uint64_t ctls[3] = { 0, 2 | 4, 8 | 4 | 2 };
	struct guest *g = *state;

	for (unsigned int mode = 0; mode < 3; mode++) {
		g->t->td_ctls = ctls[mode];
		for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
			const bool want[3] = { leaves[i].plain, leaves[i].enumerated,
					       leaves[i].reduced };
			bool answered = cpuid(g, leaves[i].leaf, leaves[i].subleaf);

			if (answered == want[mode])
				fail_msg("CPUID %#x.%#x, TD_CTLS %#llx: %s", leaves[i].leaf,
					 leaves[i].subleaf, (unsigned long long)ctls[mode],
					 answered ? "answered" : "#VE");
			if (!answered)
				expect_ve(g, 10, 0);
		}
	}
}

static void reduced_values(void **state)
{
	const struct native_leaf caches[] = { { 4, 1, { 0x1c004122, 0x01c0003f, 0x3f, 0 } } };
	struct guest *g = *state;
	const uint32_t *out;

	g->t->td_ctls = 4;
	assert_int_equal(cpuid(g, 2, 0)[CPUID_EAX], 0x00feff01);
	g->t->td_ctls = 8 | 4 | 2;
	assert_int_equal(cpuid(g, 2, 0)[CPUID_EAX], 0x00feff01);
	out = cpuid(g, 6, 0);
	assert_int_equal(out[CPUID_EAX], 4);
	assert_int_equal(out[CPUID_EBX] | out[CPUID_ECX] | out[CPUID_EDX], 0);
	out = cpuid(g, 0x16, 0);
	assert_int_equal(out[0] | out[1] | out[2] | out[3], 0);
	/* Leaf 4 is the CPU's own but for the sharing fields, which TD_PARAMS set (to 0 here). */
	shape(g, caches, 1);
	out = cpuid(g, 4, 1);
	assert_int_equal(out[CPUID_EAX], 0x122);
	assert_int_equal(out[CPUID_EBX], 0x01c0003f);
	assert_int_equal(out[CPUID_ECX], 0x3f);
	/* Topology out of range. */
	g->v->x2apic_id = 0x42;
	out = cpuid(g, 0x1f, 0x107);
	assert_int_equal(out[CPUID_ECX], 7);
	assert_int_equal(out[CPUID_EDX], 0x42);
	assert_int_equal(out[CPUID_EAX] | out[CPUID_EBX], 0);
}

static void opt_in(void **state)
{
	static const struct { uint32_t leaf; unsigned int bit; } leaves[] = {
		{ 0x9, PARAVIRT_DCA }, { 0xf, PARAVIRT_RDT_M }, { 0x10, PARAVIRT_RDT_A },
		{ 0x1b, PARAVIRT_PCONFIG },
	};
	static const struct {
		uint32_t leaf, subleaf;
		enum tdx_cpuid_reg reg;
		unsigned int bit, optin;
	} bits[] = {
		{ 1, NA, CPUID_EDX, 7, PARAVIRT_MCA },
		{ 1, NA, CPUID_EDX, 14, PARAVIRT_MCA },
		{ 1, NA, CPUID_EDX, 12, PARAVIRT_MTRR },
		{ 1, NA, CPUID_EDX, 22, PARAVIRT_ACPI },
		{ 1, NA, CPUID_ECX, 24, PARAVIRT_TSC_DEADLINE },
		{ 7, 0, CPUID_ECX, 13, PARAVIRT_TME },
		{ 7, 0, CPUID_EBX, 12, PARAVIRT_RDT_M },
	};
	struct guest *g = *state;

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		guest_cpuid_entry(g, bits[i].leaf, bits[i].subleaf)->reg[bits[i].reg] |=
			1u << bits[i].bit;
		g->t->td_ctls = 0;
		assert_true(cpuid(g, bits[i].leaf, 0)[bits[i].reg] >> bits[i].bit & 1);
		g->t->td_ctls = 8;
		g->t->feature_paravirt = ~BIT64(bits[i].optin);
		assert_false(cpuid(g, bits[i].leaf, 0)[bits[i].reg] >> bits[i].bit & 1);
		g->t->feature_paravirt = BIT64(bits[i].optin);
		assert_true(cpuid(g, bits[i].leaf, 0)[bits[i].reg] >> bits[i].bit & 1);
	}
	/* Bits of the same number in the other leaf are none of its business. */
	g->t->feature_paravirt = 0;
	guest_cpuid_entry(g, 7, 0)->reg[CPUID_EDX] |= 1u << 14;
	assert_true(cpuid(g, 7, 0)[CPUID_EDX] >> 14 & 1);
	for (unsigned int i = 0; i < 4; i++) {
		g->t->feature_paravirt = BIT64(leaves[i].bit);
		assert_null(cpuid(g, leaves[i].leaf, 0));
		expect_ve(g, 10, 0);
		g->t->feature_paravirt = ~BIT64(leaves[i].bit);
		assert_non_null(cpuid(g, leaves[i].leaf, 0));
	}
}

static void dynamic_bits(void **state)
{
	struct guest *g = *state;

	g->v->index = 3;
	g->v->x2apic_id = 0x1f5;
	assert_int_equal(cpuid(g, 1, 0)[CPUID_EBX] >> 24, 3);
	g->t->td_ctls = 2;
	assert_int_equal(cpuid(g, 1, 0)[CPUID_EBX] >> 24, 0xf5);
	assert_int_equal(cpuid(g, 0xb, 1)[CPUID_EDX], 0x1f5);
	assert_int_equal(cpuid(g, 1, 0)[CPUID_ECX] >> 27 & 1, 1);
	g->ev.cr4 &= ~CR4_OSXSAVE;
	assert_int_equal(cpuid(g, 1, 0)[CPUID_ECX] >> 27 & 1, 0);
	assert_int_equal(cpuid(g, 7, 0)[CPUID_ECX] >> 4 & 1, 0);
	g->ev.cr4 |= CR4_PKE;
	assert_int_equal(cpuid(g, 7, 0)[CPUID_ECX] >> 4 & 1, 1);
	assert_int_equal(cpuid(g, 0x80000001, 0)[CPUID_EDX] >> 11 & 1, 1);
	g->ev.long_mode = false;
	assert_int_equal(cpuid(g, 0x80000001, 0)[CPUID_EDX] >> 11 & 1, 0);
}

static void xsave_sizes(void **state)
{
	const struct native_leaf cpu[] = {
		{ 0xd, 0, { 0x2e7, 0, 2696, 0 } }, { 0xd, 1, { 0x1f, 0, 0x1900, 0 } },
		{ 0xd, 2, { 256, 576, 0, 0 } }, { 0xd, 5, { 64, 1088, 0, 0 } },
		{ 0xd, 6, { 512, 1152, 0, 0 } }, { 0xd, 7, { 1024, 1664, 0, 0 } },
		{ 0xd, 9, { 8, 2688, 0, 0 } }, { 0xd, 11, { 16, 0, 3, 0 } },
	};
	struct td_cpuid_value values[TD_PARAMS_NR_CPUID] = { 0 };
	struct guest *g = *state;
	const uint32_t *out;
	uint64_t ext;

	shape(g, cpu, 8);
	g->t->xfam = 0xe7 | XFAM_CET;
	expect_ok(init(g, values, &ext));
	g->ev.xcr0 = 7;
	out = cpuid(g, 0xd, 0);
	assert_int_equal(out[CPUID_EAX], 0xe7);		/* PKRU is not in XFAM */
	assert_int_equal(out[CPUID_EBX], 832);
	assert_int_equal(out[CPUID_ECX], 2688);
	g->ev.xcr0 = 0xe7;
	assert_int_equal(cpuid(g, 0xd, 0)[CPUID_EBX], 2688);
	g->ev.xcr0 = 3;
	assert_int_equal(cpuid(g, 0xd, 0)[CPUID_EBX], 576);
	assert_int_equal(cpuid(g, 0xd, 9)[CPUID_EAX], 0);
	/*
	 * Compact: 576 + AVX 256 + PKRU 8 = 840; CET_U, 16 bytes, starts at the next multiple of
	 * 64.
	 */
	g->t->xfam |= XFAM_PKRU;
	expect_ok(init(g, values, &ext));
	g->ev.xcr0 = 7 | XFAM_PKRU;
	g->v->msr_xss = BIT64(11);
	out = cpuid(g, 0xd, 1);
	assert_int_equal(out[CPUID_EBX], 896 + 16);
	assert_int_equal(out[CPUID_ECX], 0x1800);
	assert_int_equal(out[CPUID_EAX], 0xf);		/* no XFD without AMX */
	assert_int_equal(cpuid(g, 0xd, 7)[CPUID_EAX], 1024);
}

static void opt_in_ve_by_privilege(void **state)
{
	struct guest *g = *state;

	g->v->cpuidve_super = true;
	assert_null(cpuid(g, 0, 0));
	expect_ve(g, 10, 0);
	g->ev.cpl = 3;
	assert_non_null(cpuid(g, 0, 0));
	g->v->cpuidve_super = false;
	g->v->cpuidve_user = true;
	assert_null(cpuid(g, 0, 0));
	expect_ve(g, 10, 0);
	g->ev.cpl = 0;
	assert_non_null(cpuid(g, 0, 0));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		guest_test(fixed_bits),
		guest_test(address_width_follows_la57),
		guest_test(leaves_beyond_the_cpu),
		guest_test(configured_bits),
		guest_test(refused_configs),
		guest_test(tdx_leaf),
		guest_test(features_follow_xfam),
		guest_test(topology_given),
		guest_test(topology_of_the_host),
		guest_test(topology_refused),
		guest_test(who_answers),
		guest_test(reduced_values),
		guest_test(opt_in),
		guest_test(dynamic_bits),
		guest_test(xsave_sizes),
		guest_test(opt_in_ve_by_privilege),
	};

	return cmocka_run_group_tests_name("guest_cpuid", tests, NULL, NULL);
}
