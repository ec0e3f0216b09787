// SPDX-License-Identifier: GPL-2.0
/* The rules of the message loop, whatever is talked about (fact sheet tdx-connect.md 3.1). */
#include "connect.h"

#include <string.h>

/* Break: operands compared with nothing; a refused call that ends or advances the sequence. */
static void changed_operands(void **state)
{
	struct plat *p = plat_connect();
	struct peer d;
	uint64_t op[6];

	(void)state;
	peer_init(&d, p);
	expect_ok(spdm_create(&d));
	expect_status(connect_once(&d), REQUEST);
	for (unsigned int i = 1; i < 5; i++) {
		static const unsigned int operand[] = { 1, 2, 8, 9, 10 };

		memcpy(op, (uint64_t[6]) { d.spdm, d.config, d.rsp, d.req, d.out }, sizeof(op));
		op[i] = i == 4 ? page_array(p, 4, false) : host_page(p);
		expect_status(sc6(p, TDH_SPDM_CONNECT, op[0], op[1], op[2], op[3], op[4], 0),
			      TDX_STATUS(OPERAND_INVALID, operand[i]));
		assert_int_equal(p->g.r[TDX_RCX], d.spdm);
	}
	/* The same message's answer still counts; the configuration was read when it all began. */
	memset(page_ptr(p, d.config), 0xff, PAGE);
	peer_answer(&d);
	expect_status(connect_once(&d), REQUEST);
	assert_int_equal(p->g.r[TDX_RCX], 8 + 20);
	plat_free(p);
}

/* Break: a second holder of the module's one slot; a slot that an abort or an end doesn't free. */
static void one_slot(void **state)
{
	struct plat *p = plat_connect();
	struct peer a, b;

	(void)state;
	peer_connected(&a, p);
	peer_init(&b, p);
	b.func = 0x20;
	expect_ok(spdm_create(&b));
	expect_status(connect_once(&b), REQUEST);
	expect_status(spdm_mng(&a, TDX_SPDM_KEY_UPDATE), BUSY(RCX));
	expect_status(spdm_disconnect(&a), BUSY(RCX));
	/* KM does not take the slot. */
	expect_ok(stream_create(&a));
	expect_ok(stream_km(&a, TDX_IDE_KM_SETUP));
	/* A malformed answer frees it ... */
	expect_status(connect_once(&b), BAD_MESSAGE);
	expect_ok(spdm_mng(&a, TDX_SPDM_KEY_UPDATE));
	/* ... and so does DELETE. */
	expect_status(connect_once(&b), REQUEST);
	expect_status(spdm_mng(&a, TDX_SPDM_KEY_UPDATE), BUSY(RCX));
	expect_ok(spdm_delete(&b));
	expect_ok(spdm_mng(&a, TDX_SPDM_KEY_UPDATE));
	expect_ok(spdm_create(&b));
	expect_ok(spdm_connect(&b));
	/* The slot of a heartbeat that is never answered is freed by DISCONNECT of its object. */
	expect_status(sc6(p, TDH_SPDM_MNG, b.spdm, 0, NONE, b.rsp, b.req, NONE), REQUEST);
	expect_status(spdm_mng(&a, TDX_SPDM_KEY_UPDATE), BUSY(RCX));
	expect_ok(spdm_disconnect(&b));
	expect_ok(spdm_mng(&a, TDX_SPDM_KEY_UPDATE));
	plat_free(p);
}

/* Break: two sequences on one object. */
static void one_sequence(void **state)
{
	struct plat *p = plat_connect();
	struct peer d;

	(void)state;
	peer_connected(&d, p);
	expect_ok(stream_create(&d));
	expect_status(sc6(p, TDH_SPDM_MNG, d.spdm, 1, NONE, d.rsp, d.req, NONE), REQUEST);
	expect_status(stream_km(&d, TDX_IDE_KM_SETUP), BUSY(RCX));
	/* Another operation of the same leaf is a changed operand. */
	expect_status(sc6(p, TDH_SPDM_MNG, d.spdm, 0, NONE, d.rsp, d.req, NONE), INVALID(RDX));
	peer_answer(&d);
	expect_status(sc6(p, TDH_SPDM_MNG, d.spdm, 1, NONE, d.rsp, d.req, NONE), REQUEST);
	peer_answer(&d);
	expect_ok(sc6(p, TDH_SPDM_MNG, d.spdm, 1, NONE, d.rsp, d.req, NONE));
	expect_ok(stream_km(&d, TDX_IDE_KM_SETUP));
	plat_free(p);
}

/* Break: keys used for ever; a key update that doesn't help; an end that waits for new keys. */
static void key_refresh(void **state)
{
	const uint64_t refresh = TDX_STATUS(SPDM_SESSION_KEY_REQUIRE_REFRESH, 0);
	struct plat *p = plat_connect();
	struct peer d;

	(void)state;
	peer_connected(&d, p);
	expect_ok(stream_create(&d));
	spdm_of(&d)->records = TDX_SPDM_MAX_RECORDS - 1;
	/* A sequence that has begun goes on. */
	expect_ok(stream_km(&d, TDX_IDE_KM_SETUP));
	expect_status(stream_km(&d, TDX_IDE_KM_REFRESH), refresh);
	expect_ok(spdm_mng(&d, TDX_SPDM_KEY_UPDATE));
	assert_int_equal(spdm_of(&d)->records, 0);
	expect_ok(stream_km(&d, TDX_IDE_KM_REFRESH));
	spdm_of(&d)->records = TDX_SPDM_MAX_RECORDS;
	expect_ok(stream_km(&d, TDX_IDE_KM_STOP));
	expect_ok(sc2(p, IDE_STREAM_BLOCK, d.spdm, d.stream));
	expect_ok(stream_delete(&d));
	expect_ok(spdm_disconnect(&d));
	expect_ok(spdm_connect(&d));
	plat_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changed_operands),
		cmocka_unit_test(one_slot),
		cmocka_unit_test(one_sequence),
		cmocka_unit_test(key_refresh),
	};

	return cmocka_run_group_tests_name("connect_loop", tests, NULL, NULL);
}
