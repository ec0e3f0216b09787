// SPDX-License-Identifier: GPL-2.0
/* TDH.MNG.* and TDH.MR.*: creation, TD_PARAMS, measurement, keys (fact sheet 2.3, 3.5). */
#include "platform.h"
#include "../../lib/core/sha384.h"
#include "../../lib/tdx_abi/field.h"

#include <string.h>

#define INVALID(op)	TDX_STATUS(OPERAND_INVALID, TDX_OP_##op)

static struct tdx_td *td_of(struct td *td)
{
	return &td->p->m->tds[tdx_pamt(td->p->m, td->tdr)->slot];
}

/* Turned red by: a KeyID or KOT check that is lost, state that a refused CREATE leaves behind. */
static void create(void **state)
{
	struct plat *p = plat_ready();
	uint64_t a = page_new(p), b = page_new(p);

	(void)state;
	expect_status(sc2(p, MNG_CREATE, a, 0), INVALID(RDX));
	expect_status(sc2(p, MNG_CREATE, a, PLAT_KEYIDS + 1), INVALID(RDX));
	expect_status(sc2(p, MNG_CREATE, a, 0x10002), INVALID(RDX));
	/* RDX is looked at before the page. */
	expect_status(sc2(p, MNG_CREATE, PLAT_HOST + 1, 0), INVALID(RDX));
	expect_status(sc2(p, MNG_CREATE, a, GLOBAL_HKID), TDX_STATUS(HKID_NOT_FREE, 0));
	p->no_entropy = true;
	expect_status(sc2(p, MNG_CREATE, a, 2), TDX_STATUS(RND_NO_ENTROPY, 0));
	p->no_entropy = false;
	assert_false(tdx_pa_private(p->m, a));
	memset(page_ptr(p, a), 0x77, PAGE);
	expect_ok(sc2(p, MNG_CREATE, a, 2));
	assert_int_equal(*(uint64_t *)page_ptr(p, a), 0);
	assert_true(p->owned[a / PAGE]);
	expect_status(sc2(p, MNG_CREATE, b, 2), TDX_STATUS(HKID_NOT_FREE, 0));
	expect_ok(sc2(p, MNG_CREATE, b, 3));
	p->no_entropy = true;
	expect_status(sc1(p, MNG_KEY_CONFIG, a), TDX_STATUS(KEY_GENERATION_FAILED, 0));
	p->no_entropy = false;
	expect_ok(sc1(p, MNG_KEY_CONFIG, a));
	plat_free(p);
}

/* Turned red by: a wrong fill of the TDCS pages (2.2), CHLDCNT that misses one. */
static void tdcs_pages(void **state)
{
	struct plat *p = plat_ready();
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_KEYS_CONFIGURED);
	expect_status(sc2(p, MNG_ADDCX, PLAT_HOST, td.tdr),
		      TDX_STATUS(OPERAND_ADDR_RANGE_ERROR, TDX_OP_RCX));
	expect_status(sc2(p, MNG_ADDCX, td.tdr, td.tdr), TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX));
	td_addcx(&td);
	for (unsigned int i = 0; i < TDX_TDCS_PAGES; i++) {
		const uint64_t *words = page_ptr(p, td.tdcs[i]);
		uint64_t want = i == 2 ? ~0ULL : i == 3 ? 0x80e0000000000000 : 0;

		assert_int_equal(words[0], want);
		assert_int_equal(words[511], want);
	}
	assert_int_equal(td_of(&td)->chldcnt, TDX_TDCS_PAGES);
	expect_status(sc2(p, MNG_ADDCX, page_new(p), td.tdr), TDX_STATUS(TDCX_NUM_INCORRECT, 0));
	plat_free(p);
}

/* Offsets in TD_PARAMS. */
enum { A = 0, X = 8, V = 0x10, L2 = 0x12, MSR = 0x13, R14 = 0x14, EPTP = 0x18, FLAGS = 0x20,
       TSC = 0x28, R2A = 0x2a, RE0 = 0xe0, CPUID1 = 0x100,
       BEYOND = 0x100 + 16 * TDX_NR_CPUID_CONFIG };

/* TD_PARAMS with one field wrong; then with all later ones wrong too: the first is reported. */
static const struct { unsigned int offset, size; uint64_t value, status; } param_rows[] = {
	{ A, 8, 1ULL << 1, INVALID(ATTRIBUTES) },
	{ A, 8, 1ULL << 62, INVALID(ATTRIBUTES) },
	{ X, 8, 0xe5, INVALID(XFAM) },			/* SSE off */
	{ X, 8, 1ULL << 40 | 3, INVALID(XFAM) },
	{ X, 8, 0x67, INVALID(XFAM) },			/* part of AVX512 */
	{ X, 8, 0xe3, INVALID(XFAM) },			/* AVX512 without AVX */
	{ X, 8, 0x20003, INVALID(XFAM) },		/* half of AMX */
	{ V, 2, 0, INVALID(MAX_VCPUS) },
	{ V, 2, TDX_MAX_VCPUS + 1, INVALID(MAX_VCPUS) },
	{ L2, 1, 4, INVALID(NUM_L2_VMS) },
	{ L2, 1, 1, TDX_STATUS(TDCS_NOT_ALLOCATED, 0) },
	{ L2, 1, 3, TDX_STATUS(TDCS_NOT_ALLOCATED, 0) },
	{ FLAGS, 8, 1ULL << 7, INVALID(CONFIG_FLAGS) },
	{ FLAGS, 8, 1ULL << 5, INVALID(RDX) },		/* Connect is off */
	{ FLAGS, 8, 1, INVALID(EPTP_CONTROLS) },	/* GPAW 52 needs 5 levels */
	{ EPTP, 8, 0x18, INVALID(EPTP_CONTROLS) },	/* UC */
	{ EPTP, 8, 0x16, INVALID(EPTP_CONTROLS) },	/* 3 levels */
	{ EPTP, 8, 0x5e, INVALID(EPTP_CONTROLS) },	/* A/D */
	{ TSC, 2, 3, INVALID(TSC_FREQUENCY) },
	{ TSC, 2, 401, INVALID(TSC_FREQUENCY) },
	{ MSR, 1, 1, INVALID(RDX) },
	{ R14, 4, 1, INVALID(RDX) },
	{ R2A, 1, 1, INVALID(RDX) },
	{ RE0, 1, 1, INVALID(RDX) },
	{ BEYOND, 1, 1, INVALID(RDX) },
	{ CPUID1, 4, ~0u, INVALID(CPUID_CONFIG) },
};

#define NR_PARAM_ROWS (sizeof(param_rows) / sizeof(param_rows[0]))

static void spoil(struct td *td, size_t row)
{
	memcpy((uint8_t *)td->params + param_rows[row].offset, &param_rows[row].value,
	       param_rows[row].size);
}

static void params_checks(void **state)
{
	struct plat *p = plat_ready();
	struct td_params good;
	struct td td;
	uint64_t got;

	(void)state;
	td_to(p, &td, 2, STAGE_UNINITIALIZED);
	good = *td.params;
	for (size_t i = 0; i < 2 * NR_PARAM_ROWS; i++) {
		size_t row = i / 2;

		*td.params = good;
		for (size_t j = NR_PARAM_ROWS - 1; i % 2 && j > row; j--)
			spoil(&td, j);
		spoil(&td, row);
		got = sc2(p, MNG_INIT, td.tdr, td.params_pa);
		if (got != param_rows[row].status)
			print_error("row %zu, later ones wrong: %zu\n", row, i % 2);
		expect_status(got, param_rows[row].status);
		/* RCX names the CPUID leaf. */
		assert_int_equal((uint32_t)p->g.r[TDX_RCX], param_rows[row].offset == CPUID1);
	}
	*td.params = good;
	expect_status(sc2(p, MNG_INIT, td.tdr, td.params_pa + 512), INVALID(RDX));
	expect_status(sc2(p, MNG_INIT, td.tdr, td.params_pa | 1ULL << PLAT_PA_BITS), INVALID(RDX));
	expect_status(sc2(p, MNG_INIT, td.tdr, td.tdcs[0]), INVALID(RDX));
	/* A failed call may be repeated. 400 is the most of TSC_FREQUENCY. */
	td.params->tsc_frequency = 400;
	expect_ok(sc2(p, MNG_INIT, td.tdr, td.params_pa));
	assert_int_equal(p->g.r[TDX_RCX], 0);
	plat_free(p);
}

/* Turned red by: an EPT depth or GPA width that does not follow TD_PARAMS. */
static void widths(void **state)
{
	static const struct { uint64_t eptp, flags; unsigned int levels, gpaw; } rows[] = {
		{ 0x1e, 4, 4, 48 }, { 0x26, 4, 5, 48 }, { 0x26, 5, 5, 52 },
	};

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		struct plat *p = plat_ready();
		struct td td;

		td_to(p, &td, 2, STAGE_UNINITIALIZED);
		td.params->eptp_controls = rows[i].eptp;
		td.params->config_flags = rows[i].flags;
		if (rows[i].levels == 5) {
			p->m->platform.la57 = false;
			expect_status(sc2(p, MNG_INIT, td.tdr, td.params_pa),
				      INVALID(EPTP_CONTROLS));
			p->m->platform.la57 = true;
		}
		td_init(&td);
		assert_int_equal(td_of(&td)->ept_levels, rows[i].levels);
		assert_int_equal(td_of(&td)->gpaw, rows[i].gpaw);
		plat_free(p);
	}
}

/* Virtual TSC 0 at TDH.MNG.INIT; multiplier = virtual / native in 48 fractional bits. */
static void tsc(void **state)
{
	struct plat *p = plat_ready();
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_UNINITIALIZED);
	td.params->tsc_frequency = 60;		/* 1.5 GHz on 2 GHz */
	p->tsc = 4000000;
	td_init(&td);
	expect_ok(sc2(p, MNG_RD, td.tdr, TDX_FIELD_TSC_MULTIPLIER));
	assert_int_equal(p->g.r[TDX_R8], 3ULL << 46);
	expect_ok(sc2(p, MNG_RD, td.tdr, TDX_FIELD_TSC_OFFSET));
	assert_int_equal(-p->g.r[TDX_R8], (4000000 + 1000) * 3 / 4);
	expect_status(sc3(p, MNG_RD, td.tdr, 0x7f00000000000000, 9),
		      TDX_STATUS(METADATA_FIELD_ID_INCORRECT, 0));
	assert_int_equal(p->g.r[TDX_R8], 0);
	plat_free(p);
}

static void stream(struct sha384 *s, const char *name, uint64_t gpa)
{
	uint8_t block[128] = { 0 };

	memcpy(block, name, strlen(name));
	memcpy(block + 16, &gpa, 8);
	sha384_update(s, block, sizeof(block));
}

/* Turned red by: any byte or order of MRTD's stream that differs from 2.3. */
static void measurement(void **state)
{
	struct plat *p = plat_ready();
	uint64_t second = TD_GPA + PAGE, src = PLAT_HOST + 3 * MiB;
	uint8_t want[SHA384_SIZE];
	struct sha384 s;
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_INITIALIZED);	/* adds TD_GPA */
	sha384_init(&s);
	stream(&s, "MEM.PAGE.ADD", TD_GPA);
	for (unsigned int i = 0; i < PAGE / 8; i++)
		((uint64_t *)page_ptr(p, src))[i] = i * 0x9e3779b97f4a7c15;
	expect_ok(sc4(p, MEM_PAGE_ADD, second, td.tdr, page_new(p), src));
	stream(&s, "MEM.PAGE.ADD", second);
	for (uint64_t off = 0; off < PAGE; off += 256) {
		expect_ok(sc2(p, MR_EXTEND, second + off, td.tdr));
		assert_int_equal(p->g.r[TDX_RCX] | p->g.r[TDX_RDX], 0);
		stream(&s, "MR.EXTEND", second + off);
		sha384_update(&s, (uint8_t *)page_ptr(p, src) + off, 256);
	}
	expect_status(sc2(p, MR_EXTEND, second + 128, td.tdr), INVALID(RCX));
	expect_status(sc2(p, MR_EXTEND, second | 1ULL << 47, td.tdr), INVALID(RCX));
	expect_status(sc2(p, MR_EXTEND, second + PAGE, td.tdr),
		      TDX_STATUS(EPT_ENTRY_NOT_PRESENT, 0));
	expect_status(sc2(p, MR_EXTEND, 8 * GiB, td.tdr),
		      TDX_STATUS(EPT_ENTRY_NOT_PRESENT, TDX_OP_RCX));
	assert_int_equal(p->g.r[TDX_RCX], 1ULL << 63);
	assert_int_equal(p->g.r[TDX_RDX], 2);
	for (unsigned int i = 0; i < 48; i++)
		assert_int_equal(td_of(&td)->mrtd[i], 0);
	expect_ok(sc1(p, MR_FINALIZE, td.tdr));
	sha384_final(&s, want);
	assert_memory_equal(td_of(&td)->mrtd, want, sizeof(want));
	plat_free(p);
}

static void finalize_needs_vcpu(void **state)
{
	struct plat *p = plat_ready();
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_UNINITIALIZED);
	td_init(&td);
	expect_status(sc1(p, MR_FINALIZE, td.tdr), TDX_STATUS(NO_VCPUS, 0));
	td_vcpu_add(&td);
	expect_ok(sc1(p, MR_FINALIZE, td.tdr));
	plat_free(p);
}

/* KVM's failure paths tear down from any stage (2.5): each must come back to an empty ledger. */
static void teardown_from_anywhere(void **state)
{
	struct plat *p = plat_ready();
	struct td td;

	(void)state;
	for (unsigned int stage = STAGE_HKID_ASSIGNED; stage <= STAGE_FATAL; stage++) {
		td_to(p, &td, 2, stage);
		if (stage == STAGE_TEARDOWN) {
			td_reclaim(&td);
		} else if (stage == STAGE_BLOCKED) {
			td_key_free(&td);
			td_reclaim(&td);
		} else {
			td_destroy(&td);
		}
		expect_ledger_empty(p);
	}
	plat_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(create),
		cmocka_unit_test(tdcs_pages),
		cmocka_unit_test(params_checks),
		cmocka_unit_test(widths),
		cmocka_unit_test(tsc),
		cmocka_unit_test(measurement),
		cmocka_unit_test(finalize_needs_vcpu),
		cmocka_unit_test(teardown_from_anywhere),
	};

	return cmocka_run_group_tests_name("model_td", tests, NULL, NULL);
}
