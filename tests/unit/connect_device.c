// SPDX-License-Identifier: GPL-2.0
/*
 * The module's half of SPDM and IDE_KM against the test device's security manager: two halves of
 * one fact sheet (tdx-connect.md 5.1, 5.5, 5.6) that were written apart from each other.
 */
#include "connect.h"
#include "responder.h"

#include <stdlib.h>
#include <string.h>

#define CHAIN_BYTES	3001
#define RECORD_BYTES	77

static uint32_t func(void *opaque)
{
	return DEV_FUNC;
}

static bool fresh(void *opaque, uint8_t *bytes, size_t length)
{
	memset(bytes, 0xc3, length);
	return true;
}

static bool enabled(void *opaque)
{
	return true;
}

static uint64_t bar_base(void *opaque, unsigned int bar)
{
	return DSM_BAR_UNSET;
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

static uint8_t chain[CHAIN_BYTES], record[RECORD_BYTES];
static const struct dsm_config config = {
	.ops = &ops, .chain = chain, .chain_bytes = CHAIN_BYTES, .measurements = record,
	.measurement_bytes = RECORD_BYTES, .nr_measurements = 1, DSM_PROFILE,
};

/* Host, module and device; @host is the host's half of what connect.h calls a device. */
struct setup {
	struct plat *p;
	struct peer host;
	struct tdisp_dsm dsm;
};

static struct setup *setup_new(void)
{
	struct setup *s = calloc(1, sizeof(*s));

	for (unsigned int i = 0; i < CHAIN_BYTES; i++)
		chain[i] = (uint8_t)(i * 11);
	memset(record, 0x3c, sizeof(record));
	assert_true(dsm_init(&s->dsm, &config));
	s->p = plat_connect();
	peer_init(&s->host, s->p);
	expect_ok(spdm_create(&s->host));
	return s;
}

static void setup_free(struct setup *s)
{
	plat_free(s->p);
	free(s);
}

/* The message loop of a host whose device may keep silent: it gives up then. */
static uint64_t loop(struct setup *s, unsigned int leaf, uint64_t rdx, uint64_t r8, uint64_t r9,
		     uint64_t r10, uint64_t r11)
{
	for (unsigned int n = 0; n < 100; n++) {
		uint64_t status = sc6(s->p, leaf, s->host.spdm, rdx, r8, r9, r10, r11);

		if (status != TDX_STATUS(SPDM_REQUEST, 0))
			return status;
		if (!dsm_message(&s->dsm, page_ptr(s->p, s->host.req), s->p->g.r[TDX_RCX],
				 page_ptr(s->p, s->host.rsp), PAGE))
			return status;
	}
	fail();
	return 0;
}

static uint64_t connect(struct setup *s)
{
	const struct peer *h = &s->host;

	return loop(s, TDH_SPDM_CONNECT, h->config, h->rsp, h->req, h->out, 0);
}

static uint64_t disconnect(struct setup *s)
{
	return loop(s, TDH_SPDM_DISCONNECT, s->host.rsp, s->host.req, 0, 0, 0);
}

static uint64_t manage(struct setup *s, enum tdx_spdm_mng_op op)
{
	const struct peer *h = &s->host;

	return loop(s, TDH_SPDM_MNG, op, TDX_SPDM_MNG_NONE, h->rsp, h->req,
		    op == TDX_SPDM_RECOLLECT ? h->out : TDX_SPDM_MNG_NONE);
}

static uint64_t km(struct setup *s, enum tdx_ide_km_op op)
{
	return loop(s, TDH_IDE_STREAM_KM, s->host.stream, op, s->host.rsp, s->host.req, 0);
}

/* The blob of C 1.4 as the host got it. */
static void expect_info(struct setup *s)
{
	const uint64_t *list = page_ptr(s->p, s->host.out & TDX_HPA_ARRAY_PAGE);
	const uint8_t *blob = page_ptr(s->p, list[0]);
	uint32_t bytes;

	assert_int_equal(s->p->g.r[TDX_RCX], 8 + CHAIN_BYTES + RECORD_BYTES);
	memcpy(&bytes, blob, 4);
	assert_int_equal(bytes, CHAIN_BYTES);
	assert_memory_equal(blob + 4, chain, CHAIN_BYTES);
	memcpy(&bytes, blob + 4 + CHAIN_BYTES, 4);
	assert_int_equal(bytes, RECORD_BYTES);
	assert_memory_equal(blob + 8 + CHAIN_BYTES, record, RECORD_BYTES);
}

/* Break: any message, size, order or field on which the two halves disagree. */
static void whole_life(void **state)
{
	struct setup *s = setup_new();

	(void)state;
	for (unsigned int round = 0; round < 2; round++) {
		expect_ok(connect(s));
		expect_info(s);
		expect_ok(stream_create(&s->host));
		assert_false(dsm_keyed(&s->dsm, (uint8_t)s->host.stream));
		expect_ok(km(s, TDX_IDE_KM_SETUP));
		assert_true(dsm_keyed(&s->dsm, (uint8_t)s->host.stream));
		assert_int_equal(s->p->streams, 1);
		for (unsigned int i = 0; i < 3; i++)
			expect_ok(km(s, TDX_IDE_KM_REFRESH));
		assert_true(dsm_keyed(&s->dsm, (uint8_t)s->host.stream));
		expect_ok(manage(s, TDX_SPDM_HEARTBEAT));
		expect_ok(manage(s, TDX_SPDM_KEY_UPDATE));
		expect_ok(manage(s, TDX_SPDM_KEY_UPDATE));
		record[3] ^= 0xff;
		expect_ok(manage(s, TDX_SPDM_RECOLLECT));
		expect_info(s);
		expect_ok(km(s, TDX_IDE_KM_STOP));
		assert_false(dsm_keyed(&s->dsm, (uint8_t)s->host.stream));
		assert_int_equal(s->p->streams, 0);
		expect_ok(km(s, TDX_IDE_KM_SETUP));
		expect_ok(sc2(s->p, IDE_STREAM_BLOCK, s->host.spdm, s->host.stream));
		expect_ok(km(s, TDX_IDE_KM_STOP));
		assert_false(dsm_keyed(&s->dsm, (uint8_t)s->host.stream));
		expect_ok(stream_delete(&s->host));
		expect_ok(disconnect(s));
	}
	expect_ok(spdm_delete(&s->host));
	expect_ledger_empty(s->p);
	setup_free(s);
}

/*
 * Break: a step after which one half can't start over while the other can. The device's answer to
 * message n never comes; the host gives up and takes everything back, then it all works.
 */
static void lost_answers(void **state)
{
	struct setup *s = setup_new();
	struct dsm_faults faults = { 0 };

	(void)state;
	for (faults.drop_at = 1; faults.drop_at <= 10; faults.drop_at++) {
		dsm_set_faults(&s->dsm, &faults);
		expect_status(connect(s), TDX_STATUS(SPDM_REQUEST, 0));
		expect_ok(spdm_delete(&s->host));
		expect_ok(spdm_create(&s->host));
	}
	dsm_set_faults(&s->dsm, NULL);
	expect_ok(connect(s));
	for (faults.drop_at = 1; faults.drop_at <= 13; faults.drop_at++) {
		expect_ok(stream_create(&s->host));
		dsm_set_faults(&s->dsm, &faults);
		expect_status(km(s, TDX_IDE_KM_SETUP), TDX_STATUS(SPDM_REQUEST, 0));
		assert_int_equal(s->p->streams, 0);
		expect_ok(km(s, TDX_IDE_KM_STOP));
		expect_ok(km(s, TDX_IDE_KM_SETUP));
		expect_ok(km(s, TDX_IDE_KM_STOP));
		expect_ok(sc2(s->p, IDE_STREAM_BLOCK, s->host.spdm, s->host.stream));
		expect_ok(stream_delete(&s->host));
	}
	/* END_SESSION has no answer to wait for. */
	dsm_set_faults(&s->dsm, &(struct dsm_faults) { .drop_at = 1 });
	expect_status(disconnect(s), TDX_STATUS(SPDM_REQUEST, 0));
	expect_ok(disconnect(s));
	expect_ok(connect(s));
	setup_free(s);
}

/*
 * Break: a field of an answer that is used unchecked. Whatever bit of an answer flips, the module
 * accepts it as one it need not look at or names the response page, and the next attempt works.
 */
static void flipped_bits(void **state)
{
	struct setup *s = setup_new();
	struct dsm_faults faults = { 0 };
	unsigned int refused = 0;

	(void)state;
	for (faults.corrupt_at = 1; faults.corrupt_at <= 10; faults.corrupt_at++)
		for (faults.corrupt_bit = 0; faults.corrupt_bit < 320; faults.corrupt_bit++) {
			uint64_t status;

			dsm_set_faults(&s->dsm, &faults);
			status = connect(s);
			if (status == TDX_SUCCESS) {
				expect_ok(disconnect(s));
				continue;
			}
			if (status != TDX_STATUS(SPDM_AUTH_FAILED, TDX_OP_R8))
				expect_status(status,
					      TDX_STATUS(SPDM_INVALID_MESSAGE, TDX_OP_R8));
			refused++;
		}
	assert_true(refused > 1000);
	dsm_set_faults(&s->dsm, NULL);
	expect_ok(connect(s));
	setup_free(s);
}

/* Break: a device that was reset under a session, and a module that talks to it as before. */
static void reset_device(void **state)
{
	struct setup *s = setup_new();

	(void)state;
	expect_ok(connect(s));
	expect_ok(stream_create(&s->host));
	expect_ok(km(s, TDX_IDE_KM_SETUP));
	dsm_conventional_reset(&s->dsm);
	expect_status(manage(s, TDX_SPDM_HEARTBEAT), TDX_STATUS(SPDM_INVALID_MESSAGE, TDX_OP_R9));
	expect_status(km(s, TDX_IDE_KM_REFRESH), TDX_STATUS(IDE_INVALID_RESPONSE, TDX_OP_R9));
	/* The way out: BLOCK, DELETE, DISCONNECT, and from the start again. */
	expect_ok(sc2(s->p, IDE_STREAM_BLOCK, s->host.spdm, s->host.stream));
	expect_ok(stream_delete(&s->host));
	expect_ok(disconnect(s));
	expect_ok(connect(s));
	setup_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_life),
		cmocka_unit_test(lost_answers),
		cmocka_unit_test(flipped_bits),
		cmocka_unit_test(reset_device),
	};

	return cmocka_run_group_tests_name("connect_device", tests, NULL, NULL);
}
