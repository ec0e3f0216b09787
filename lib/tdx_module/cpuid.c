// SPDX-License-Identifier: GPL-2.0
/*
 * CPUID of a TD. TDH.MNG.INIT fixes a table of values from the native CPU, TD_PARAMS, XFAM and
 * ATTRIBUTES (fact sheet 3.1, 3.4); at run time each CPUID instruction is answered from it, with
 * the bits that follow the vCPU's state, or becomes #VE (5.4).
 */
#include "guest.h"

#define NA		TDX_CPUID_NO_SUBLEAF
#define MAX_BASIC	0x23u
#define MAX_EXTENDED	0x80000008u
#define MAX_LEVELS	6	/* subleaves of leaf 1F */
#define LEVEL_SMT	1u
#define LEVEL_CORE	2u
#define LEVEL_MAX	5u

#define ALL		0xffffffffu
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/*
 * What TD_PARAMS may configure. A direct bit takes the input; an allow bit can only be switched
 * off. The masks are 1.5.01's, but for leaf 1F and for EDX of leaf 4: those are the newer list's.
 */
static const struct cpuid_config {
	uint32_t leaf, subleaf;
	uint32_t direct[4], allow[4];
} configs[TDX_NR_CPUID_CONFIG] = {
	{ 0x1, NA, { 0x0fff3fff, 0x00ff0000 }, { 0, 0, 0x31044d88, 0xb8440000 } },
	{ 0x4, 0, { 0xffffc3ff, 0xfffff000, ALL, 0x7 }, { 0 } },
	{ 0x4, 1, { 0xffffc3ff, 0xfffff000, ALL, 0x7 }, { 0 } },
	{ 0x4, 2, { 0xffffc3ff, 0xfffff000, ALL, 0x7 }, { 0 } },
	{ 0x4, 3, { 0xffffc3ff, 0xfffff000, ALL, 0x7 }, { 0 } },
	{ 0x7, 0, { 0 }, { 0, 0xdc2b9b18, 0x02417f65, 0x0005411c } },
	{ 0x7, 1, { 0 }, { 0x1d30 } },
	{ 0x7, 2, { 0 }, { 0, 0, 0, 0x28 } },
	{ 0x1f, 0, { 0x1f, 0xffff, 0xffff }, { 0 } },
	{ 0x1f, 1, { 0x1f, 0xffff, 0xffff }, { 0 } },
	{ 0x1f, 2, { 0x1f, 0xffff, 0xffff }, { 0 } },
	{ 0x80000008, NA, { 0 }, { 0, 0x200 } },
};

/*
 * Every value the table holds: native & keep | set. Leaves without a row are not virtualised (#VE).
 */
static const struct cpuid_row {
	uint32_t leaf, subleaf;
	uint32_t keep[4], set[4];
} rows[] = {
	{ 0x0, NA, { 0 }, { MAX_BASIC, 0x756e6547, 0x6c65746e, 0x49656e69 } },
	{ 0x1, NA, { ALL, 0, ~0x08010060u, ALL }, { 0, 0x800, 0xc6faa217, 0x200 } },
	{ 0x3, NA, { 0 }, { 0 } },
	{ 0x4, 0, { 0x3c00, 0xfff }, { 0 } },
	{ 0x4, 1, { 0x3c00, 0xfff }, { 0 } },
	{ 0x4, 2, { 0x3c00, 0xfff }, { 0 } },
	{ 0x4, 3, { 0x3c00, 0xfff }, { 0 } },
	{ 0x5, NA, { 0 }, { 0 } },
	{ 0x7, 0, { 0, ~0x00404006u, ~0x60be0010u, ~0x2u },
	  { 2, 0x219424c1, 0x19000000, 0xfc000000 } },
	{ 0x7, 1, { ~0x00460000u, ALL, ALL, ALL }, { 0 } },
	{ 0x7, 2, { 0, 0, 0, 0x3f }, { 0 } },
	{ 0x8, NA, { 0 }, { 0 } },
	{ 0xa, NA, { ALL, ALL, ALL, ALL }, { 0 } },
	{ 0xb, 0, { 0 }, { 0 } },
	{ 0xb, 1, { 0 }, { 0 } },
	{ 0xb, 2, { 0 }, { 0 } },
	{ 0xe, NA, { 0 }, { 0 } },
	{ 0x11, NA, { 0 }, { 0 } },
	{ 0x12, NA, { 0 }, { 0 } },
	{ 0x13, NA, { 0 }, { 0 } },
	{ 0x14, 0, { ALL, ALL, ALL, ALL }, { 0 } },
	{ 0x14, 1, { ALL, ALL, ALL, ALL }, { 0 } },
	{ 0x15, NA, { 0 }, { 1, 0, 25000000, 0 } },
	{ 0x18, 0, { ALL, ALL, ALL, ALL }, { 0 } },
	{ 0x19, NA, { 0 }, { 0 } },
	{ 0x1a, NA, { ALL, ALL, ALL, ALL }, { 0 } },
	{ 0x1c, NA, { ALL, ALL, ALL, ALL }, { 0 } },
	{ 0x1d, 0, { ALL, ALL, ALL, ALL }, { 0 } },
	{ 0x1d, 1, { ALL, ALL, ALL, ALL }, { 0 } },
	{ 0x1e, 0, { ALL, ALL, ALL, ALL }, { 0 } },
	{ 0x1f, 0, { 0 }, { 0 } },
	{ 0x1f, 1, { 0 }, { 0 } },
	{ 0x1f, 2, { 0 }, { 0 } },
	{ 0x1f, 3, { 0 }, { 0 } },
	{ 0x1f, 4, { 0 }, { 0 } },
	{ 0x1f, 5, { 0 }, { 0 } },
	{ 0x20, NA, { 0 }, { 0 } },
	{ 0x21, 0, { 0 }, { 0, 0x65746e49, 0x20202020, 0x5844546c } },
	{ 0x23, 0, { ALL, ALL, ALL, ALL }, { 0 } },
	{ 0x80000000, NA, { 0 }, { MAX_EXTENDED } },
	{ 0x80000001, NA, { 0, 0, 0x121, 0x2c100000 }, { 0 } },
	{ 0x80000006, NA, { 0 }, { 0, 0, 0x7040, 0 } },
	{ 0x80000007, NA, { 0 }, { 0, 0, 0, 0x100 } },
	{ 0x80000008, NA, { 0, 0x200, 0, 0 }, { 52, 0, 0, 0 } },
};

/* Features that vanish unless every XFAM bit of @need (or ATTRIBUTES bit of @attr) is set. */
static const struct cpuid_gate {
	uint32_t leaf, subleaf;
	uint8_t reg;
	uint32_t mask;
	uint64_t need, attr;
} gates[] = {
	{ 0x1, NA, CPUID_ECX, 0x30001000, XFAM_AVX, 0 },
	{ 0x7, 0, CPUID_EBX, 0x00000020, XFAM_AVX, 0 },
	{ 0x7, 0, CPUID_ECX, 0x00000600, XFAM_AVX, 0 },
	{ 0x7, 1, CPUID_EAX, 0x00800010, XFAM_AVX, 0 },
	{ 0x7, 0, CPUID_EBX, 0xdc230000, XFAM_AVX512, 0 },
	{ 0x7, 0, CPUID_ECX, 0x00005842, XFAM_AVX512, 0 },
	{ 0x7, 0, CPUID_EDX, 0x0080010c, XFAM_AVX512, 0 },
	{ 0x7, 1, CPUID_EAX, 0x00000020, XFAM_AVX512, 0 },
	{ 0x7, 0, CPUID_EBX, 0x02000000, XFAM_PT, 0 },
	{ 0x14, 0, CPUID_EAX, ALL, XFAM_PT, 0 },
	{ 0x14, 0, CPUID_EBX, ALL, XFAM_PT, 0 },
	{ 0x14, 0, CPUID_ECX, ALL, XFAM_PT, 0 },
	{ 0x14, 0, CPUID_EDX, ALL, XFAM_PT, 0 },
	{ 0x14, 1, CPUID_EAX, ALL, XFAM_PT, 0 },
	{ 0x14, 1, CPUID_EBX, ALL, XFAM_PT, 0 },
	{ 0x7, 0, CPUID_ECX, 0x00000008, XFAM_PKRU, 0 },
	{ 0x7, 0, CPUID_ECX, 0x00000080, XFAM_CET, 0 },
	{ 0x7, 0, CPUID_EDX, 0x00100000, XFAM_CET, 0 },
	{ 0x7, 0, CPUID_EDX, 0x00000020, XFAM_UINTR, 0 },
	{ 0x7, 0, CPUID_EDX, 0x00080000, XFAM_LBR, 0 },
	{ 0x1c, NA, CPUID_EAX, ALL, XFAM_LBR, 0 },
	{ 0x1c, NA, CPUID_EBX, ALL, XFAM_LBR, 0 },
	{ 0x1c, NA, CPUID_ECX, ALL, XFAM_LBR, 0 },
	{ 0x7, 0, CPUID_EDX, 0x03400000, XFAM_AMX, 0 },
	{ 0x7, 1, CPUID_EAX, 0x00200000, XFAM_AMX, 0 },
	{ 0x1d, 0, CPUID_EAX, ALL, XFAM_AMX, 0 },
	{ 0x1d, 1, CPUID_EAX, ALL, XFAM_AMX, 0 },
	{ 0x1d, 1, CPUID_EBX, ALL, XFAM_AMX, 0 },
	{ 0x1d, 1, CPUID_ECX, ALL, XFAM_AMX, 0 },
	{ 0x1e, 0, CPUID_EBX, ALL, XFAM_AMX, 0 },
	{ 0x7, 0, CPUID_ECX, 0x80000000, 0, TDX_ATTR_PKS },
	{ 0xa, NA, CPUID_EAX, ALL, 0, TDX_ATTR_PERFMON },
	{ 0xa, NA, CPUID_EBX, ALL, 0, TDX_ATTR_PERFMON },
	{ 0xa, NA, CPUID_ECX, ALL, 0, TDX_ATTR_PERFMON },
	{ 0xa, NA, CPUID_EDX, ALL, 0, TDX_ATTR_PERFMON },
	{ 0x23, 0, CPUID_EAX, ALL, 0, TDX_ATTR_PERFMON },
	{ 0x23, 0, CPUID_EBX, ALL, 0, TDX_ATTR_PERFMON },
	{ 0x23, 0, CPUID_ECX, ALL, 0, TDX_ATTR_PERFMON },
	{ 0x23, 0, CPUID_EDX, ALL, 0, TDX_ATTR_PERFMON },
};

static struct tdx_cpuid_value *find(const struct tdx_td *td, uint32_t leaf, uint32_t subleaf)
{
	for (unsigned int i = 0; i < td->nr_cpuid; i++) {
		const struct tdx_cpuid_value *e = &td->cpuid[i];

		if (e->leaf == leaf && (e->subleaf == subleaf || e->subleaf == NA))
			return (struct tdx_cpuid_value *)e;
	}
	return NULL;
}

/* Leaves without subleaves answer to any; a subleaf that the table lacks reads 0. */
uint32_t tdx_td_cpuid(const struct tdx_td *td, uint32_t leaf, uint32_t subleaf,
		      enum tdx_cpuid_reg reg)
{
	const struct tdx_cpuid_value *e = find(td, leaf, subleaf);

	return e ? e->reg[reg] : 0;
}

void tdx_cpuid_config(unsigned int i, uint32_t *leaf, uint32_t *subleaf, uint32_t mask[4])
{
	*leaf = configs[i].leaf;
	*subleaf = configs[i].subleaf;
	for (unsigned int r = 0; r < 4; r++)
		mask[r] = configs[i].direct[r] | configs[i].allow[r];
}

/* The CPU answers leaves beyond its maximum with unrelated data: those are "not there" to us. */
static void native(struct tdx_module *m, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	uint32_t max[4];

	m->ops->cpuid(m->opaque, leaf & 0x80000000, 0, max);
	for (unsigned int r = 0; r < 4; r++)
		out[r] = 0;
	if (leaf <= max[CPUID_EAX])
		m->ops->cpuid(m->opaque, leaf, subleaf == NA ? 0 : subleaf, out);
}

/* ---- building the table ---------------------------------------------------------------------- */

static uint64_t config_error(const struct cpuid_config *c, uint64_t *ext)
{
	*ext = c->leaf | (uint64_t)c->subleaf << 32;
	return TDX_STATUS(OPERAND_INVALID, TDX_OP_CPUID_CONFIG);
}

static uint64_t check_config(struct tdx_module *m, const struct cpuid_config *c,
			     const uint32_t in[4], uint64_t *ext)
{
	uint32_t fms = m->platform.cpuid_1_eax & c->direct[CPUID_EAX];

	for (unsigned int r = 0; r < 4; r++)
		if (in[r] & ~(c->direct[r] | c->allow[r]))
			return config_error(c, ext);
	if (c->leaf == 1 && in[CPUID_EAX] && in[CPUID_EAX] != fms)
		return config_error(c, ext);
	/* HLE (4) and RTM (11) come and go together. */
	if (c->leaf == 7 && c->subleaf == 0 &&
	    (in[CPUID_EBX] >> 4 & 1) != (in[CPUID_EBX] >> 11 & 1))
		return config_error(c, ext);
	return TDX_SUCCESS;
}

static void add_rows(struct tdx_module *m, struct tdx_td *td)
{
	uint32_t hw[4];

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct cpuid_row *row = &rows[i];
		struct tdx_cpuid_value *e = &td->cpuid[td->nr_cpuid++];

		e->leaf = row->leaf;
		e->subleaf = row->subleaf;
		native(m, row->leaf, row->subleaf, hw);
		for (unsigned int r = 0; r < 4; r++)
			e->reg[r] = (hw[r] & row->keep[r]) | row->set[r];
	}
}

static uint64_t apply_configs(struct tdx_module *m, struct tdx_td *td, const uint8_t *values,
			      uint64_t *ext)
{
	for (unsigned int i = 0; i < TDX_NR_CPUID_CONFIG; i++) {
		const struct cpuid_config *c = &configs[i];
		struct tdx_cpuid_value *e = find(td, c->leaf, c->subleaf);
		uint32_t in[4], hw[4];
		uint64_t status;

		__builtin_memcpy(in, values + i * sizeof(in), sizeof(in));
		status = check_config(m, c, in, ext);
		if (status)
			return status;
		native(m, c->leaf, c->subleaf, hw);
		for (unsigned int r = 0; r < 4; r++) {
			e->reg[r] &= ~(c->direct[r] | c->allow[r]);
			e->reg[r] |= (in[r] & c->direct[r]) | (in[r] & hw[r] & c->allow[r]);
		}
		if (c->leaf == 1)
			e->reg[CPUID_EAX] = m->platform.cpuid_1_eax;
	}
	return TDX_SUCCESS;
}

static void apply_gates(struct tdx_td *td)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(gates); i++) {
		const struct cpuid_gate *g = &gates[i];

		if (!tdx_has_xfam(td, g->need) || (td->attributes & g->attr) != g->attr)
			find(td, g->leaf, g->subleaf)->reg[g->reg] &= ~g->mask;
	}
}

/* Leaf D: XFAM decides which components exist; sizes and offsets are the CPU's. */
static void add_xsave(struct tdx_module *m, struct tdx_td *td)
{
	uint64_t user = td->xfam & ~XFAM_XSS, super = td->xfam & XFAM_XSS;
	uint32_t size = 576;

	for (uint32_t i = 0; i < 19; i++) {
		struct tdx_cpuid_value *e = &td->cpuid[td->nr_cpuid++];

		*e = (struct tdx_cpuid_value){ .leaf = 0xd, .subleaf = i };
		if (i > 1 && !(td->xfam & BIT64(i)))
			continue;
		native(m, 0xd, i, e->reg);
		if (i > 1 && !(super & BIT64(i)) && e->reg[CPUID_EAX] + e->reg[CPUID_EBX] > size)
			size = e->reg[CPUID_EAX] + e->reg[CPUID_EBX];
	}
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t *reg = find(td, 0xd, i)->reg;

		reg[CPUID_EBX] = 0;	/* follows XCR0 at run time */
		reg[CPUID_ECX] = i ? (uint32_t)super : size;
		reg[CPUID_EDX] = i ? (uint32_t)(super >> 32) : (uint32_t)(user >> 32);
		if (!i)
			reg[CPUID_EAX] = (uint32_t)user;
		else if (!tdx_has_xfam(td, XFAM_AMX))
			reg[CPUID_EAX] &= ~0x10u;	/* XFD */
	}
}

/* 0: not a valid level. */
static uint32_t level_type(const uint32_t reg[4])
{
	return reg[CPUID_ECX] >> 8 & 0xff;
}

/*
 * 1F.0 all zero: the host's own topology. A CPU without leaf 1F describes it in leaf 0B, same
 * format.
 */
static bool take_host_topology(struct tdx_module *m, uint32_t *reg[MAX_LEVELS])
{
	uint32_t leaf = 0x1f;

	for (unsigned int i = 1; i < MAX_LEVELS; i++)
		if (reg[i][CPUID_EAX] | reg[i][CPUID_EBX] | reg[i][CPUID_ECX])
			return false;
	native(m, 0x1f, 0, reg[0]);
	if (!level_type(reg[0]))
		leaf = 0xb;
	for (unsigned int i = 0; i < MAX_LEVELS; i++) {
		native(m, leaf, i, reg[i]);
		reg[i][CPUID_EAX] &= 0x1f;
		reg[i][CPUID_EBX] &= 0xffff;
		reg[i][CPUID_EDX] = 0;
		if (!level_type(reg[i]))
			reg[i][CPUID_EAX] = reg[i][CPUID_EBX] = 0;
	}
	return true;
}

/* @last becomes the highest valid subleaf. SMT can only be at subleaf 0, because types rise. */
static bool topology_legal(uint32_t *reg[MAX_LEVELS], unsigned int *last)
{
	uint32_t previous = 0;
	bool core = false;

	for (unsigned int i = 0; i < MAX_LEVELS; i++) {
		uint32_t type = level_type(reg[i]);

		if (!type && !core)
			return false;
		if (!type)
			continue;
		if ((reg[i][CPUID_ECX] & 0xff) != i || type <= previous || type > LEVEL_MAX)
			return false;
		core |= type == LEVEL_CORE;
		previous = type;
		*last = i;
	}
	return true;
}

/* 3.4: validate 1F and derive 0B from it. */
static uint64_t build_topology(struct tdx_module *m, struct tdx_td *td)
{
	uint32_t *reg[MAX_LEVELS], *old;
	unsigned int last = 0, next = 0;

	for (unsigned int i = 0; i < MAX_LEVELS; i++)
		reg[i] = find(td, 0x1f, i)->reg;
	if (!(reg[0][CPUID_EAX] | reg[0][CPUID_EBX] | reg[0][CPUID_ECX]) &&
	    !take_host_topology(m, reg))
		return TDX_STATUS(CPUID_LEAF_1F_FORMAT_UNRECOGNIZED, 0);
	if (!topology_legal(reg, &last))
		return TDX_STATUS(CPUID_LEAF_1F_FORMAT_UNRECOGNIZED, 0);
	for (unsigned int i = 0; i < MAX_LEVELS; i++)
		if (!level_type(reg[i]))
			reg[i][CPUID_ECX] = i;
	for (unsigned int i = 0; i < 3; i++)
		find(td, 0xb, i)->reg[CPUID_ECX] = i;
	if (level_type(reg[0]) == LEVEL_SMT)
		__builtin_memcpy(find(td, 0xb, next++)->reg, reg[0], sizeof(uint32_t) * 4);
	old = find(td, 0xb, next)->reg;
	old[CPUID_EAX] = reg[last][CPUID_EAX];
	old[CPUID_EBX] = reg[last][CPUID_EBX];
	old[CPUID_ECX] = next | LEVEL_CORE << 8;
	return TDX_SUCCESS;
}

uint64_t tdx_cpuid_init(struct tdx_module *m, struct tdx_td *td, const void *cpuid_values,
			uint64_t *ext)
{
	uint64_t status;

	*ext = 0;
	td->nr_cpuid = 0;
	add_rows(m, td);
	add_xsave(m, td);
	status = apply_configs(m, td, cpuid_values, ext);
	if (status)
		return status;
	apply_gates(td);
	find(td, 0x15, NA)->reg[CPUID_EBX] = td->tsc_frequency;
	find(td, 0x80000008, NA)->reg[CPUID_EAX] |= m->platform.la57 ? 57 << 8 : 48 << 8;
	return build_topology(m, td);
}

/* ---- reading it ------------------------------------------------------------------------------ */

static bool fixed_zero(uint32_t leaf)
{
	return leaf == 0x3 || leaf == 0x8 || leaf == 0xe || (leaf >= 0x11 && leaf <= 0x13) ||
	       leaf == 0x20;
}

uint64_t tdx_cpuid_host_rd(const struct tdx_td *td, uint32_t code, uint64_t *value)
{
	uint32_t subleaf = code >> TDX_CPUID_CODE_SUBLEAF_SHIFT & 0xff;
	uint32_t leaf = code >> TDX_CPUID_CODE_LEAF_SHIFT & 0x7f;
	const struct tdx_cpuid_value *e;
	unsigned int r = code & TDX_CPUID_CODE_ELEMENT ? CPUID_ECX : CPUID_EAX;

	if (code & TDX_CPUID_CODE_MBZ)
		return TDX_STATUS(METADATA_FIELD_ID_INCORRECT, 0);
	if (code & TDX_CPUID_CODE_LEAF31)
		leaf |= 0x80000000;
	if (subleaf == 0xff)
		subleaf = NA;
	e = find(td, leaf, subleaf);
	if (!e || (e->subleaf != subleaf && !fixed_zero(leaf)))
		return TDX_STATUS(METADATA_FIELD_NOT_READABLE, 0);
	*value = e->reg[r] | (uint64_t)e->reg[r + 1] << 32;
	return TDX_SUCCESS;
}

/* Bytes that XSAVE (or XSAVEC, @compact) needs for the components in @mask. */
static uint32_t xsave_size(const struct tdx_td *td, uint64_t mask, bool compact)
{
	uint32_t size = 576;

	for (uint32_t i = 2; i < 19; i++) {
		const uint32_t *reg = find(td, 0xd, i)->reg;
		uint32_t end;

		if (!(mask & BIT64(i)))
			continue;
		if (compact)
			end = (reg[CPUID_ECX] & 2 ? (size + 63) & ~63u : size) + reg[CPUID_EAX];
		else
			end = reg[CPUID_EBX] + reg[CPUID_EAX];
		if (end > size)
			size = end;
	}
	return size;
}

static void set_bit(uint32_t *reg, unsigned int bit, bool on)
{
	*reg = (*reg & ~(1u << bit)) | (uint32_t)on << bit;
}

/*
 * CPUID bits that read 0 under REDUCE_VE unless the TD opted in. Fact sheet 5.4 names five; the
 * other features of FEATURE_PARAVIRT_CTRL are treated alike, because their MSRs have become #GP.
 */
static void hide_paravirt(const struct tdx_td *td, uint32_t leaf, uint32_t out[4])
{
	static const struct { uint8_t leaf, reg, bit, optin; } hidden[] = {
		{ 1, CPUID_EDX, 7, PARAVIRT_MCA }, { 1, CPUID_EDX, 14, PARAVIRT_MCA },
		{ 1, CPUID_EDX, 12, PARAVIRT_MTRR }, { 1, CPUID_EDX, 22, PARAVIRT_ACPI },
		{ 1, CPUID_ECX, 24, PARAVIRT_TSC_DEADLINE }, { 1, CPUID_ECX, 7, PARAVIRT_EST },
		{ 1, CPUID_ECX, 8, PARAVIRT_TM2 }, { 1, CPUID_ECX, 18, PARAVIRT_DCA },
		{ 7, CPUID_EBX, 12, PARAVIRT_RDT_M }, { 7, CPUID_EBX, 15, PARAVIRT_RDT_A },
		{ 7, CPUID_ECX, 13, PARAVIRT_TME }, { 7, CPUID_EDX, 18, PARAVIRT_PCONFIG },
	};

	if (!tdx_td_is(td, TDX_CTLS_REDUCE_VE))
		return;
	for (unsigned int i = 0; i < ARRAY_SIZE(hidden); i++)
		if (hidden[i].leaf == leaf && !(td->feature_paravirt & BIT64(hidden[i].optin)))
			set_bit(&out[hidden[i].reg], hidden[i].bit, false);
}

static void dynamic_bits(struct tdx_module *m, struct tdx_vcpu *v, const struct tdx_event *ev,
			 uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	const struct tdx_td *td = v->td;
	uint32_t hw[4];

	if (leaf == 1) {
		uint32_t id = tdx_td_is(td, TDX_CTLS_ENUM_TOPOLOGY) ? v->x2apic_id : v->index;

		out[CPUID_EBX] = (out[CPUID_EBX] & 0xffffff) | id << 24;
		set_bit(&out[CPUID_ECX], 27, ev->cr4 & CR4_OSXSAVE);
		hide_paravirt(td, leaf, out);
	} else if (leaf == 4 && tdx_td_is(td, TDX_CTLS_REDUCE_VE)) {
		native(m, 4, subleaf, hw);
		out[CPUID_EAX] = (out[CPUID_EAX] & 0xffffc000u) | (hw[CPUID_EAX] & ~0xffffc000u);
		__builtin_memcpy(&out[CPUID_EBX], &hw[CPUID_EBX], 3 * sizeof(out[0]));
	} else if (leaf == 7 && subleaf == 0) {
		set_bit(&out[CPUID_ECX], 4, ev->cr4 & CR4_PKE);
		hide_paravirt(td, leaf, out);
	} else if (leaf == 0xd && subleaf == 0) {
		out[CPUID_EBX] = xsave_size(td, ev->xcr0, false);
	} else if (leaf == 0xd && subleaf == 1 && (out[CPUID_EAX] & 0xa)) {
		out[CPUID_EBX] = xsave_size(td, ev->xcr0 | v->msr_xss, true);
	} else if (leaf == 0x80000001) {
		set_bit(&out[CPUID_EDX], 11, ev->long_mode);
	}
}

/* B and 1F. False: #VE. */
static bool topology_leaf(const struct tdx_vcpu *v, uint32_t leaf, uint32_t subleaf,
			  uint32_t out[4])
{
	const struct tdx_cpuid_value *e = find(v->td, leaf, subleaf);

	if (!tdx_td_is(v->td, TDX_CTLS_ENUM_TOPOLOGY))
		return false;
	if (e)
		__builtin_memcpy(out, e->reg, sizeof(e->reg));
	else if (tdx_td_is(v->td, TDX_CTLS_REDUCE_VE))
		out[CPUID_ECX] = subleaf & 0xff;
	else
		return false;
	out[CPUID_EDX] = v->x2apic_id;
	return true;
}

/* Leaves that the table lacks. False: #VE. */
static bool unlisted_leaf(const struct tdx_td *td, uint32_t leaf, uint32_t out[4])
{
	static const struct { uint8_t leaf, optin; } paravirt[] = {
		{ 0x9, PARAVIRT_DCA }, { 0xf, PARAVIRT_RDT_M }, { 0x10, PARAVIRT_RDT_A },
		{ 0x1b, PARAVIRT_PCONFIG },
	};

	if (leaf == 2 && tdx_td_is(td, TDX_CTLS_VIRT_CPUID2)) {
		out[CPUID_EAX] = 0x00feff01;
		return true;
	}
	if (!tdx_td_is(td, TDX_CTLS_REDUCE_VE))
		return false;
	for (unsigned int i = 0; i < ARRAY_SIZE(paravirt); i++)
		if (leaf == paravirt[i].leaf && (td->feature_paravirt & BIT64(paravirt[i].optin)))
			return false;
	if (leaf == 6)
		out[CPUID_EAX] = 4;
	else if (leaf == 0x80000002)
		__builtin_memcpy(out, "TDX module model", 16);
	return true;
}

static bool leaf_known(const struct tdx_td *td, uint32_t leaf)
{
	for (unsigned int i = 0; i < td->nr_cpuid; i++)
		if (td->cpuid[i].leaf == leaf)
			return true;
	return false;
}

void tdx_guest_cpuid(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
		     const struct tdx_event *ev, struct tdx_gprs *gprs, struct tdx_result *res)
{
	uint32_t leaf = (uint32_t)gprs->r[TDX_RAX], subleaf = (uint32_t)gprs->r[TDX_RCX];
	uint32_t out[4] = { 0 };
	bool answered = false;

	if (leaf >> 28 != 4 && !(ev->cpl ? v->cpuidve_user : v->cpuidve_super)) {
		const struct tdx_cpuid_value *e;

		if (leaf & 0x80000000 ? leaf > MAX_EXTENDED : leaf > MAX_BASIC)
			leaf = MAX_BASIC;
		e = find(v->td, leaf, subleaf);
		if (leaf == 0xb || leaf == 0x1f) {
			answered = topology_leaf(v, leaf, subleaf, out);
		} else if (leaf_known(v->td, leaf)) {
			if (e)
				__builtin_memcpy(out, e->reg, sizeof(out));
			dynamic_bits(m, v, ev, leaf, subleaf, out);
			answered = true;
		} else {
			answered = unlisted_leaf(v->td, leaf, out);
		}
	}
	if (!answered) {
		tdx_insn_ve(m, lp, v, ev, TDX_EXIT_CPUID, 0, res);
		return;
	}
	gprs->r[TDX_RAX] = out[CPUID_EAX];
	gprs->r[TDX_RBX] = out[CPUID_EBX];
	gprs->r[TDX_RCX] = out[CPUID_ECX];
	gprs->r[TDX_RDX] = out[CPUID_EDX];
	res->action = TDX_TD_NEXT;
}
