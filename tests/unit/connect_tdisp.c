// SPDX-License-Identifier: GPL-2.0
/*
 * The module's half of TDISP against the test device's security manager: two halves of one fact
 * sheet (tdx-connect.md 4, 5.2 - 5.4) that were written apart from each other. All links, keys and
 * messages are real here; nothing is spoilt but by the device's own fault knobs.
 */
#include "tdi_td.h"
#include "responder.h"

static uint32_t func(void *opaque)
{
	return DEV_FUNC;
}

static bool fresh(void *opaque, uint8_t *bytes, size_t length)
{
	static uint8_t n;

	memset(bytes, ++n, length);
	return true;
}

static bool enabled(void *opaque)
{
	return true;
}

static uint64_t bar_base(void *opaque, unsigned int bar)
{
	return bar == 0 ? BAR0 : bar == 2 ? BAR2 : DSM_BAR_UNSET;
}

static size_t ide_registers(void *opaque, uint8_t *bytes, size_t cap)
{
	memset(bytes, 0x30, 64);
	return 64;
}

static const struct dsm_ops ops = {
	.func = func, .random = fresh, .enabled = enabled, .bar_base = bar_base,
	.ide_registers = ide_registers,
};

static uint8_t chain[3001], record[77], specific[5000];
static const struct dsm_config config = {
	.ops = &ops, .chain = chain, .chain_bytes = sizeof(chain), .measurements = record,
	.measurement_bytes = sizeof(record), .nr_measurements = 1,
	.bar_bytes = { [0] = 16 * PAGE, [2] = 4 * PAGE },
	.range = {
		{ 0, 0, 16, 0 }, { 2, 0, 2, 0 }, { 2, 2 * PAGE, 1, TDISP_RANGE_NON_TEE },
		{ 2, 3 * PAGE, 1, 0 },
	},
	.nr_ranges = 4, .info = TDISP_INFO_DMA_NO_PASID, .specific = specific,
	.specific_bytes = sizeof(specific), DSM_PROFILE,
};

struct setup {
	struct tdis *t;
	struct tdisp_dsm dsm;
};

static uint64_t loop(struct setup *s, unsigned int leaf, uint64_t rcx, uint64_t rdx, uint64_t r8,
		     uint64_t r9, uint64_t r10)
{
	struct tdis *t = s->t;

	for (unsigned int n = 0; n < 100; n++) {
		uint64_t status = sc6(t->p, leaf, rcx, rdx, r8, r9, r10, 0);

		if (status != REQUEST ||
		    !dsm_message(&s->dsm, page_ptr(t->p, t->req), t->p->g.r[TDX_RCX],
				 page_ptr(t->p, t->rsp), PAGE))
			return status;
	}
	fail();
	return 0;
}

static uint64_t tdi(struct setup *s, unsigned int leaf)
{
	return loop(s, leaf, DEV_FUNC, 0, s->t->rsp, s->t->req,
		    leaf == TDH_TDI_BIND ? s->t->out : 0);
}

/* tdis_new()'s scripted peer is replaced: session and keys once more, with the real one. */
static struct setup *setup_new(void)
{
	struct setup *s = calloc(1, sizeof(*s));
	struct tdis *t = tdis_new();
	uint64_t link = t->link.spdm, stream = t->link.stream;

	s->t = t;
	assert_true(dsm_init(&s->dsm, &config));
	expect_ok(stream_km(&t->link, TDX_IDE_KM_STOP));
	expect_ok(sc2(t->p, IDE_STREAM_BLOCK, link, stream));
	expect_ok(sc3(t->p, IDE_STREAM_DELETE, link, stream, 0));
	expect_ok(spdm_disconnect(&t->link));
	expect_ok(loop(s, TDH_SPDM_CONNECT, link, t->link.config, t->rsp, t->req, t->link.out));
	expect_ok(sc6(t->p, TDH_IDE_STREAM_CREATE, 0x110, link, page_array(t->p, 1, true), 0,
		      SIBLING_FUNC << 8, DEV_FUNC << 8 | 1));
	t->link.stream = t->p->g.r[TDX_RCX];
	expect_ok(loop(s, TDH_IDE_STREAM_KM, link, t->link.stream, 0, t->rsp, t->req));
	expect_ok(tdi_create(t));
	t->tdi = tdx_tdi_of_guest(t->p->m, t->g.t, GUEST_ID);
	for (unsigned int i = 0; i < 20; i++)
		expect_ok(mmio_set(t, BAR0 + i * PAGE, DEV_FUNC));
	return s;
}

static void setup_free(struct setup *s)
{
	tdis_free(s->t);
	free(s);
}

static uint64_t tdcall_on(struct setup *s, uint64_t rax, uint64_t rcx, uint64_t rdx, uint64_t r8,
			  uint64_t r9)
{
	struct guest *g = &s->t->g;

	memset(&g->g, 0, sizeof(g->g));
	g->g.r[TDX_RAX] = rax;
	g->g.r[TDX_RCX] = rcx;
	g->g.r[TDX_RDX] = rdx;
	g->g.r[TDX_R8] = r8;
	g->g.r[TDX_R9] = r9;
	guest_enter(g);
	guest_event(g, TDX_EV_TDCALL);
	assert_int_equal(g->res.action, TDX_TD_NEXT);
	td_interrupt(&s->t->g.td);
	return g->g.r[TDX_RAX];
}

/* Flow 5 to 13 of C 9, twice. Break: any message or state on which the two halves disagree. */
static void whole_life(void **state)
{
	struct setup *s = setup_new();
	struct tdis *t = s->t;

	(void)state;
	for (unsigned int round = 1; round <= 2; round++) {
		expect_ok(tdi(s, TDH_TDI_BIND));
		assert_int_equal(t->p->g.r[TDX_RDX], round);
		assert_int_equal(t->p->g.r[TDX_RCX], 20 + 4 * 16 + sizeof(specific));
		assert_int_equal(dsm_state(&s->dsm), TDISP_CONFIG_LOCKED);
		for (unsigned int i = 0; i < 16; i++)
			expect_ok(mmio_map(t, BAR0 + i * PAGE));
		expect_ok(mmio_map(t, BAR2 + 3 * PAGE));
		/*
		 * The device's addresses are those that the host mapped: the module compares them.
		 */
		expect_ok(tdcall_on(s, TDG_MMIO_ACCEPT, GPA_OF(BAR0), 0, GUEST_ID, 16));
		expect_ok(tdcall_on(s, TDG_MMIO_ACCEPT, GPA_OF(BAR2) + 3 * PAGE, 3, GUEST_ID, 1));
		expect_status(tdi(s, TDH_TDI_START), TDX_STATUS(TDI_INVALID_STATE, TDX_OP_RCX));
		expect_ok(tdcall_on(s, TDG_TDI_START, GUEST_ID, round, 0, 0));
		expect_ok(tdi(s, TDH_TDI_START));
		assert_int_equal(dsm_state(&s->dsm), TDISP_RUN);
		expect_ok(tdi(s, TDH_TDI_STATE));
		assert_int_equal(t->p->g.r[TDX_RDX], TDISP_RUN);
		expect_ok(tdi(s, TDH_TDI_STOP));
		assert_int_equal(dsm_state(&s->dsm), TDISP_CONFIG_UNLOCKED);
		for (unsigned int i = 0; i < 16; i++)
			tdis_revoke(t, BAR0 + i * PAGE);
		tdis_revoke(t, BAR2 + 3 * PAGE);
	}
	expect_ok(tdi_remove(t));
	setup_free(s);
}

/* FLR in RUN: the record learns of it by STATE only; STOP makes the TDI usable again (C 4). */
static void reset_behind(void **state)
{
	struct setup *s = setup_new();
	struct tdis *t = s->t;

	(void)state;
	expect_ok(tdi(s, TDH_TDI_BIND));
	expect_ok(tdcall_on(s, TDG_TDI_START, GUEST_ID, 1, 0, 0));
	expect_ok(tdi(s, TDH_TDI_START));
	dsm_function_reset(&s->dsm);
	expect_ok(tdcall_on(s, TDG_TDI_RD, GUEST_ID, 2, 0, 0));
	assert_int_equal(t->g.g.r[TDX_RCX], TDISP_RUN);
	expect_ok(tdi(s, TDH_TDI_STATE));
	expect_ok(tdcall_on(s, TDG_TDI_RD, GUEST_ID, 2, 0, 0));
	assert_int_equal(t->g.g.r[TDX_RCX], TDISP_ERROR_STATE);
	expect_status(tdi(s, TDH_TDI_BIND), TDX_STATUS(TDISP_ERROR_STATE, TDX_OP_RCX));
	expect_ok(tdi(s, TDH_TDI_STOP));
	expect_ok(tdi(s, TDH_TDI_BIND));
	setup_free(s);
}

/* The device's own refusal reaches the host as TDISP error code. Break: RDX or the record. */
static void refused(void **state)
{
	struct setup *s = setup_new();
	struct tdis *t = s->t;

	(void)state;
	expect_ok(tdi(s, TDH_TDI_BIND));
	expect_ok(tdcall_on(s, TDG_TDI_START, GUEST_ID, 1, 0, 0));
	t->tdi->nonce[0] ^= 1;
	expect_status(tdi(s, TDH_TDI_START), TDX_STATUS(TDISP_INVALID_MESSAGE, TDX_OP_R8));
	assert_int_equal(t->p->g.r[TDX_RDX], TDISP_ERR_INVALID_NONCE);
	assert_int_equal(t->tdi->state, TDISP_CONFIG_LOCKED);
	t->tdi->nonce[0] ^= 1;
	expect_ok(tdi(s, TDH_TDI_START));
	setup_free(s);
}

/*
 * The answer to message n of 9 (five REPORTs) is lost, or damaged: STOP and BIND always work.
 * Break: a half that can't start over.
 */
static void lost_answers(void **state)
{
	struct setup *s = setup_new();

	(void)state;
	for (unsigned int n = 1; n <= 9; n++) {
		struct dsm_faults drop = { .drop_at = n };
		struct dsm_faults damage = { .corrupt_at = n, .corrupt_bit = (28 + 1) * 8 };

		dsm_set_faults(&s->dsm, &drop);
		expect_status(tdi(s, TDH_TDI_BIND), REQUEST);
		dsm_set_faults(&s->dsm, NULL);
		expect_ok(tdi(s, TDH_TDI_STOP));
		dsm_set_faults(&s->dsm, &damage);
		expect_status(tdi(s, TDH_TDI_BIND),
			      TDX_STATUS(TDISP_INVALID_MESSAGE, TDX_OP_R8));
		dsm_set_faults(&s->dsm, NULL);
		expect_ok(tdi(s, TDH_TDI_STOP));
		assert_int_equal(dsm_state(&s->dsm), TDISP_CONFIG_UNLOCKED);
	}
	expect_ok(tdi(s, TDH_TDI_BIND));
	setup_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_life), cmocka_unit_test(reset_behind),
		cmocka_unit_test(refused),    cmocka_unit_test(lost_answers),
	};

	return cmocka_run_group_tests_name("connect_tdisp", tests, NULL, NULL);
}
