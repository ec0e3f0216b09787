// SPDX-License-Identifier: GPL-2.0
/*
 * TDCALL leaves (fact sheet 5.1, 4.5): each with what it returns and what it refuses. Metadata
 * leaves: guest_metadata.c.
 *
 * Turns red: a register shown to the host that the mask does not select; RBP accepted in the mask;
 * VEINFO.GET that leaves the information valid; a report whose hashes, MAC or layout are off by a
 * byte; an RTMR that does not chain.
 */
#include "guest_td.h"

#define BEEF(reg) (0xbeef000000000000 | (reg))

static void bad_rax(void **state)
{
	static const uint64_t bad[] = {
		13, 14, 17, 24, 0xffff,			/* not modelled, unknown */
		TDG_VP_INFO | 1 << 16,			/* version */
		TDG_VM_RD | 2 << 16,
		TDG_VP_INFO | 1 << 24, TDG_VP_INFO | BIT64(32), TDG_VP_INFO | BIT64(63),
	};
	struct guest *g = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_tdcall(g, tdcall(g, bad[i], 0, 0, 0), INVALID_OPERAND(RAX));
	/* Registers that the leaf does not define keep the guest's values. */
	for (unsigned int i = TDX_RBX; i < TDX_NR_GPRS; i++)
		if (i != TDX_R8)
			assert_int_equal(g->g.r[i], BEEF(i));
}

static void only_kernel_64(void **state)
{
	struct guest *g = *state;

	g->ev.long_mode = false;
	tdcall(g, TDG_VP_INFO, 0, 0, 0);
	expect_exception(g, TDX_VEC_GP);
	g->ev.long_mode = true;
	g->ev.cpl = 3;
	tdcall(g, TDG_VP_INFO, 0, 0, 0);
	expect_exception(g, TDX_VEC_GP);
	assert_int_equal(g->g.r[TDX_RAX], TDG_VP_INFO);
}

static void vmcall_shows_what_the_mask_selects(void **state)
{
	const uint64_t mask = TD_VMCALL_MASK_ALL & ~(BIT64(TDX_R9) | BIT64(TDX_RSI));
	struct guest *g = *state;

	g->p->g.r[TDX_RBP] = 0x1111;
	g->p->g.r[TDX_RSP] = 0x2222;
	tdcall(g, TDG_VP_VMCALL, mask | 0x5ULL << 16, BEEF(TDX_RDX), BEEF(TDX_R8));
	expect_exit(g, 0, 77);
	assert_true(g->res.advance);
	assert_true(g->res.scrub);
	assert_int_equal(g->res.xmm_mask, 5);
	assert_int_equal(g->p->g.r[TDX_RCX], mask | 0x5ULL << 16);
	for (unsigned int i = TDX_RDX; i < TDX_NR_GPRS; i++) {
		if (i == TDX_RSP || i == TDX_RBP)
			continue;
		assert_int_equal(g->p->g.r[i], mask >> i & 1 ? BEEF(i) : 0);
	}
	assert_int_equal(g->p->g.r[TDX_RBP], 0x1111);
	assert_int_equal(g->p->g.r[TDX_RSP], 0x2222);
}

/* The host's answer: selected registers from the host, RAX 0, the rest the guest's own. */
static void vmcall_answer(void **state)
{
	const uint64_t mask = BIT64(TDX_R10) | BIT64(TDX_R11) | BIT64(20);
	struct guest *g = *state;
	const struct tdx_gprs *in = &g->p->enter.gprs;

	tdcall(g, TDG_VP_VMCALL, mask, 0, 0);
	expect_exit(g, 0, 77);
	guest_enter(g);
	assert_int_equal(in->r[TDX_RAX], 0);
	assert_int_equal(in->r[TDX_RCX], mask);
	assert_int_equal(in->r[TDX_R10], 0xdead000000000000 | TDX_R10);
	assert_int_equal(in->r[TDX_R11], 0xdead000000000000 | TDX_R11);
	assert_int_equal(in->r[TDX_R12], BEEF(TDX_R12));
	assert_int_equal(in->r[TDX_RBX], BEEF(TDX_RBX));
	assert_int_equal(g->p->enter.xmm_mask, BIT64(4));
}

static void vmcall_mask(void **state)
{
	static const uint64_t bad[] = {
		BIT64(0),
		BIT64(1),
		BIT64(4),
		BIT64(5),
		BIT64(32),
		BIT64(63),
		TD_VMCALL_MASK_ALL | 2,
	};
	struct guest *g = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_tdcall(g, tdcall(g, TDG_VP_VMCALL, bad[i], 0, 0), INVALID_OPERAND(RCX));
	/* Without NO_RBP_MOD, RBP is a register like any other. */
	g->t->config_flags &= ~TDX_CONFIG_NO_RBP_MOD;
	tdcall(g, TDG_VP_VMCALL, BIT64(5), 0, 0);
	expect_exit(g, 0, 77);
	assert_int_equal(g->p->g.r[TDX_RBP], BEEF(TDX_RBP));
}

static void info(void **state)
{
	struct guest *g = *state;

	expect_tdcall(g, tdcall(g, TDG_VP_INFO, 0, 0, 0), TDX_SUCCESS);
	assert_int_equal(g->g.r[TDX_RCX], 48);
	assert_int_equal(g->g.r[TDX_RDX], TDX_ATTR_SEPT_VE_DISABLE);
	assert_int_equal(g->g.r[TDX_R8], 1 | (uint64_t)TD_VCPUS << 32);
	assert_int_equal(g->g.r[TDX_R9], 0);
	assert_int_equal(g->g.r[TDX_R10] & 1, 1);
	assert_int_equal(g->g.r[TDX_RBX], BEEF(TDX_RBX));
}

static void veinfo(void **state)
{
	static const unsigned int outputs[] = { TDX_RCX, TDX_RDX, TDX_R8, TDX_R9, TDX_R10 };
	struct guest *g = *state;

	g->v->ve = (struct tdx_ve_info){ true, 48, 0x182, 0x1111, 0x2222, 3, 7 };
	expect_tdcall(g, tdcall(g, TDG_VP_VEINFO_GET, 0, 0, 0), TDX_SUCCESS);
	assert_int_equal(g->g.r[TDX_RCX], 48);
	assert_int_equal(g->g.r[TDX_RDX], 0x182);
	assert_int_equal(g->g.r[TDX_R8], 0x1111);
	assert_int_equal(g->g.r[TDX_R9], 0x2222);
	assert_int_equal(g->g.r[TDX_R10], 3 | 7ULL << 32);
	assert_false(g->v->ve.valid);
	expect_tdcall(g, tdcall(g, TDG_VP_VEINFO_GET, 1, 1, 1), TDX_STATUS(NO_VALID_VE_INFO, 0));
	for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++)
		assert_int_equal(g->g.r[outputs[i]], 0);
}

static void cpuidve_set(void **state)
{
	struct guest *g = *state;

	expect_tdcall(g, tdcall(g, TDG_VP_CPUIDVE_SET, 4, 0, 0), INVALID_OPERAND(RCX));
	expect_tdcall(g, tdcall(g, TDG_VP_CPUIDVE_SET, 1, 0, 0), TDX_SUCCESS);
	assert_true(g->v->cpuidve_super);
	assert_false(g->v->cpuidve_user);
	expect_tdcall(g, tdcall(g, TDG_VP_CPUIDVE_SET, 2, 0, 0), TDX_SUCCESS);
	assert_false(g->v->cpuidve_super);
	assert_true(g->v->cpuidve_user);
}

static void accept(void **state)
{
	struct guest *g = *state;

	expect_tdcall(g, tdcall(g, TDG_MEM_PAGE_ACCEPT, GPA_PENDING, 0, 0), TDX_SUCCESS);
	expect_tdcall(g, tdcall(g, TDG_MEM_PAGE_ACCEPT, GPA_PENDING, 0, 0),
		      TDX_STATUS(PAGE_ALREADY_ACCEPTED, 0));
	expect_tdcall(g, tdcall(g, TDG_MEM_PAGE_ACCEPT, GPA_PENDING | 8, 0, 0),
		      INVALID_OPERAND(RCX));
}

/* ---- measurement ----------------------------------------------------------------------------- */

static void hash2(const void *a, size_t a_len, const void *b, size_t b_len, uint8_t digest[48])
{
	struct sha384 s;

	sha384_init(&s);
	sha384_update(&s, a, a_len);
	sha384_update(&s, b, b_len);
	sha384_final(&s, digest);
}

static void rtmr_chains(void **state)
{
	struct guest *g = *state;
	uint8_t *data = page_ptr(g->p, g->td.page + 64), expected[48] = { 0 }, zero[48] = { 0 };

	for (unsigned int round = 0; round < 3; round++) {
		memset(data, (int)(0x30 + round), 48);
		expect_tdcall(g, tdcall(g, TDG_MR_RTMR_EXTEND, TD_GPA + 64, 2, 0), TDX_SUCCESS);
		hash2(expected, 48, data, 48, expected);
		assert_memory_equal(g->t->rtmr[2], expected, 48);
	}
	assert_memory_equal(g->t->rtmr[1], zero, 48);
	assert_memory_equal(g->t->rtmr[3], zero, 48);
}

static void rtmr_refusals(void **state)
{
	struct guest *g = *state;

	expect_tdcall(g, tdcall(g, TDG_MR_RTMR_EXTEND, TD_GPA + 32, 0, 0), INVALID_OPERAND(RCX));
	expect_tdcall(g, tdcall(g, TDG_MR_RTMR_EXTEND, GPA_SHARED, 0, 0), INVALID_OPERAND(RCX));
	expect_tdcall(g, tdcall(g, TDG_MR_RTMR_EXTEND, BIT64(48), 0, 0), INVALID_OPERAND(RCX));
	expect_tdcall(g, tdcall(g, TDG_MR_RTMR_EXTEND, TD_GPA, 4, 0), INVALID_OPERAND(RDX));
	assert_true(tdx_trylock_shared(&g->t->rtmr_lock));
	expect_tdcall(g, tdcall(g, TDG_MR_RTMR_EXTEND, TD_GPA, 0, 0),
		      TDX_STATUS(OPERAND_BUSY, 0xa8));
	tdx_unlock_shared(&g->t->rtmr_lock);
	/*
	 * An operand that is not there: TD exit, registers as they were, and the lock is free
	 * again.
	 */
	tdcall(g, TDG_MR_RTMR_EXTEND, GPA_FREE, 0, 0);
	expect_exit(g, TDX_HI_SUCCESS, 48);
	assert_false(g->res.advance);
	assert_int_equal(g->p->g.r[TDX_R8], GPA_FREE);
	assert_int_equal(g->g.r[TDX_RAX], TDG_MR_RTMR_EXTEND);
	assert_true(tdx_trylock_excl(&g->t->rtmr_lock));
}

/* TEE_TCB_INFO has 239 bytes (fact sheet 11), TDINFO is at 200h. Break: a field elsewhere. */
static void report(void **state)
{
	struct guest *g = *state;
	uint8_t *page = page_ptr(g->p, g->td.page), *r = page + 1024, digest[48];
	const uint64_t attributes = TDX_ATTR_SEPT_VE_DISABLE, xfam = 0xe7;

	for (unsigned int i = 0; i < 64; i++)
		page[i] = (uint8_t)i;
	memset(g->t->mrtd, 1, 48);
	memset(g->t->mrconfigid, 2, 48);
	memset(g->t->mrowner, 3, 48);
	memset(g->t->mrownerconfig, 4, 48);
	for (unsigned int i = 0; i < 4; i++)
		memset(g->t->rtmr[i], (int)(5 + i), 48);
	expect_tdcall(g, tdcall(g, TDG_MR_REPORT, TD_GPA + 1024, TD_GPA, 0), TDX_SUCCESS);

	assert_int_equal(r[0], 0x81);
	assert_int_equal(r[1] | r[2] | r[3], 0);
	assert_memory_equal(r + 0x80, page, 64);
	assert_memory_equal(r + 0x200, &attributes, 8);
	assert_memory_equal(r + 0x208, &xfam, 8);
	for (unsigned int i = 0; i < 8; i++) /* MRTD, three configuration MRs, four RTMRs */
		for (unsigned int b = 0; b < 48; b++)
			assert_int_equal(r[0x210 + 48 * i + b], 1 + i);
	for (unsigned int b = 0x210 + 48 * 8; b < 0x400; b++)
		assert_int_equal(r[b], 0);		/* SERVTD_HASH, reserved */
	hash2(r + 0x200, 512, NULL, 0, digest);
	assert_memory_equal(r + 0x50, digest, 48);
	hash2(r + 0x100, 239, NULL, 0, digest);
	assert_memory_equal(r + 0x20, digest, 48);
}

/* The MAC covers everything before it: report data in, TDINFO through its hash. */
static void report_mac_depends(void **state)
{
	struct guest *g = *state;
	uint8_t *page = page_ptr(g->p, g->td.page), *r = page + 1024, first[32], again[32];

	expect_tdcall(g, tdcall(g, TDG_MR_REPORT, TD_GPA + 1024, TD_GPA, 0), TDX_SUCCESS);
	memcpy(first, r + 0xe0, 32);
	expect_tdcall(g, tdcall(g, TDG_MR_REPORT, TD_GPA + 1024, TD_GPA, 0), TDX_SUCCESS);
	assert_memory_equal(first, r + 0xe0, 32);
	page[63] ^= 1;
	expect_tdcall(g, tdcall(g, TDG_MR_REPORT, TD_GPA + 1024, TD_GPA, 0), TDX_SUCCESS);
	memcpy(again, r + 0xe0, 32);
	assert_memory_not_equal(first, again, 32);
	page[63] ^= 1;
	g->t->rtmr[3][47] ^= 1;
	expect_tdcall(g, tdcall(g, TDG_MR_REPORT, TD_GPA + 1024, TD_GPA, 0), TDX_SUCCESS);
	assert_memory_not_equal(first, r + 0xe0, 32);
}

static void report_refusals(void **state)
{
	struct guest *g = *state;

	expect_tdcall(g, tdcall(g, TDG_MR_REPORT, TD_GPA + 512, TD_GPA, 0), INVALID_OPERAND(RCX));
	expect_tdcall(g, tdcall(g, TDG_MR_REPORT, BIT64(48), TD_GPA, 0), INVALID_OPERAND(RCX));
	expect_tdcall(g, tdcall(g, TDG_MR_REPORT, TD_GPA + 1024, TD_GPA + 32, 0),
		      INVALID_OPERAND(RDX));
	expect_tdcall(g, tdcall(g, TDG_MR_REPORT, TD_GPA + 1024, TD_GPA, 1), INVALID_OPERAND(R8));
	/*
	 * A PENDING operand: #VE here, since this TD asked for it. The leaf runs again afterwards.
	 */
	g->t->td_ctls = 0;
	tdcall(g, TDG_MR_REPORT, GPA_PENDING, TD_GPA, 0);
	assert_int_equal(g->v->ve.gpa, GPA_PENDING);
	assert_int_equal(g->v->ve.gla, 0);
	expect_ve(g, 48, TDX_QUAL_WRITE);
	assert_int_equal(g->g.r[TDX_RAX], TDG_MR_REPORT);
	tdcall(g, TDG_MR_REPORT, TD_GPA, GPA_FREE, 0);
	expect_exit(g, TDX_HI_SUCCESS, 48);
	assert_int_equal(g->p->g.r[TDX_R8], GPA_FREE);
}

static void traced(void **state)
{
	struct guest *g = *state;

	tdcall(g, TDG_VP_VEINFO_GET, 0x1234, 0x5678, 0x9abc);
	assert_int_equal(g->p->last_trace.kind, TDX_TRACE_TDCALL);
	assert_int_equal(g->p->last_trace.leaf, TDG_VP_VEINFO_GET);
	assert_int_equal(g->p->last_trace.tdr, g->td.tdr);
	assert_int_equal(g->p->last_trace.in[0], 0x1234);
	assert_int_equal(g->p->last_trace.out[0], 0);
	assert_int_equal(g->p->last_trace.status, TDX_STATUS(NO_VALID_VE_INFO, 0));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		guest_test(bad_rax),
		guest_test(only_kernel_64),
		guest_test(vmcall_shows_what_the_mask_selects),
		guest_test(vmcall_answer),
		guest_test(vmcall_mask),
		guest_test(info),
		guest_test(veinfo),
		guest_test(cpuidve_set),
		guest_test(accept),
		guest_test(rtmr_chains),
		guest_test(rtmr_refusals),
		guest_test(report),
		guest_test(report_mac_depends),
		guest_test(report_refusals),
		guest_test(traced),
	};

	return cmocka_run_group_tests_name("guest_tdcall", tests, NULL, NULL);
}
