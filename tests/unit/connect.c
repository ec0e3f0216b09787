// SPDX-License-Identifier: GPL-2.0
/* Host and device of the TDX Connect tests (fact sheet tdx-connect.md 3.1, 5.1, 5.5, 5.6). */
#include "connect.h"
#include "../../lib/core/sha384.h"

#include <string.h>

#define CONNECT_HOST	(PLAT_HOST + 16 * MiB)

/* ---- platform and host ------------------------------------------------------ */

uint64_t plat_sys_config_features(struct plat *p, unsigned int version, uint64_t r9)
{
	return sc_raw(p, TDH_SYS_CONFIG | version << TDX_LEAF_VERSION_SHIFT, PLAT_HOST,
		      PLAT_NR_TDMRS, GLOBAL_HKID, r9);
}

struct plat *plat_connect(void)
{
	struct plat *p = plat_new();

	plat_sys_init(p);
	plat_write_tdmrs(p);
	expect_ok(plat_sys_config_features(p, 1, TDX_FEATURES0_CONNECT));
	expect_ok(sc1(p, SYS_KEY_CONFIG, 0));
	plat_tdmrs_init(p);
	return p;
}

uint64_t sc6(struct plat *p, unsigned int leaf, uint64_t rcx, uint64_t rdx, uint64_t r8,
	     uint64_t r9, uint64_t r10, uint64_t r11)
{
	const uint64_t in[] = { leaf, rcx, rdx, [TDX_R8] = r8, r9, r10, r11 };

	for (unsigned int i = 0; i < TDX_NR_GPRS; i++)
		p->g.r[i] = 0xdead000000000000 | i;
	for (unsigned int i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		if (i <= TDX_RDX || i >= TDX_R8)
			p->g.r[i] = in[i];
	assert_int_equal(tdx_seamcall(p->m, p->lp, &p->g, &p->enter), TDX_SEAM_RETURN);
	/* C 3: nothing but RAX, RCX, RDX and R8-R11 changes. */
	for (unsigned int i = 0; i < TDX_NR_GPRS; i++)
		if ((i > TDX_RDX && i < TDX_R8) || i > TDX_R11)
			assert_int_equal(p->g.r[i], 0xdead000000000000 | i);
	return p->g.r[TDX_RAX];
}

uint64_t host_page(struct plat *p)
{
	uint64_t *next = page_ptr(p, CONNECT_HOST), pa;

	*next += PAGE;		/* the first page keeps the count */
	pa = CONNECT_HOST + *next;
	memset(page_ptr(p, pa), 0, PAGE);
	return pa;
}

uint64_t page_array(struct plat *p, unsigned int count, bool donate)
{
	uint64_t list_pa, *list;

	if (count == 1)
		return donate ? page_new(p) : host_page(p);
	list_pa = host_page(p);
	list = page_ptr(p, list_pa);
	for (unsigned int i = 0; i < count; i++)
		list[i] = donate ? page_new(p) : host_page(p);
	return list_pa | (uint64_t)(count - 1) << 55;
}

uint64_t iommu_list(struct plat *p, uint64_t page[6])
{
	uint64_t list_pa = host_page(p), *list = page_ptr(p, list_pa);

	for (unsigned int i = 0; i < 6; i++)
		page[i] = page_new(p);
	list[0] = page[0] | 2;
	list[1] = page[2] | 2;
	list[2] = page[4];
	list[3] = page[5];
	return list_pa | 3ULL << 55;
}

uint64_t iommu_up(struct plat *p)
{
	uint64_t page[6], list = iommu_list(p, page);

	expect_ok(sc2(p, IOMMU_SETUP, PLAT_IOMMU, list));
	return list;
}

/* ---- device ----------------------------------------------------------------- */

void peer_init(struct peer *d, struct plat *p)
{
	struct tdx_spdm_config config = { TDX_SPDM_CAP_KEY_UPD, 0, 0xff, 0 };

	memset(d, 0, sizeof(*d));
	d->p = p;
	d->func = DEV_FUNC;
	d->config = host_page(p);
	memcpy(page_ptr(p, d->config), &config, sizeof(config));
	d->rsp = host_page(p);
	d->req = host_page(p);
	d->out = page_array(p, TDX_SPDM_DEV_INFO_PAGES, false);
	d->chain_bytes = sizeof(d->chain);
	d->record_bytes = sizeof(d->record);
	for (unsigned int i = 0; i < sizeof(d->chain); i++)
		d->chain[i] = (uint8_t)(i * 7);
	memset(d->record, 0x4d, sizeof(d->record));
	d->session_half = 0xbeef;
	d->spoil_at = -1;
}

static uint32_t le(const uint8_t *p, unsigned int bytes)
{
	uint32_t v = 0;

	while (bytes--)
		v = v << 8 | p[bytes];
	return v;
}

static void put(uint8_t *p, unsigned int bytes, uint32_t v)
{
	for (unsigned int i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* Wrap @msg; offsets are those of C 5.1. */
static void reply(struct peer *d, bool secured, const uint8_t *msg, unsigned int len)
{
	uint8_t *doe = page_ptr(d->p, d->rsp);
	unsigned int at = secured ? 16 : 8, total = (at + len + (secured ? 16 : 0) + 3) & ~3U;

	memset(doe, 0, PAGE);
	put(doe, 2, 1);
	doe[2] = secured ? 2 : 1;
	put(doe + 4, 4, total / 4);
	if (secured) {
		put(doe + 8, 4, d->session);
		put(doe + 12, 2, 2 + len + 16);
		put(doe + 14, 2, len);
	}
	memcpy(doe + at, msg, len);
}

/* IDE_KM @req of @len bytes; the answer goes to @rsp, its length is returned. */
static unsigned int ide_km(struct peer *d, const uint8_t *req, unsigned int len, uint8_t *rsp)
{
	d->order[d->nr_order] = 0x100 | req[0];
	d->sub_stream[d->nr_order++] = req[0] ? req[5] : 0;
	rsp[0] = req[0] == 0 ? 1 : req[0] == 2 ? 3 : 6;
	if (!req[0]) {
		assert_int_equal(len, 3);
		rsp[3] = (uint8_t)d->func;
		rsp[4] = (uint8_t)(d->func >> 8);
		return 7 + 64;
	}
	assert_int_equal(len, req[0] == 2 ? 47 : 7);
	assert_int_equal(req[3], d->stream);
	assert_int_equal(req[6], 0);
	rsp[3] = req[3];
	rsp[5] = req[5];
	return 7;
}

static void vendor_defined(struct peer *d, const uint8_t *req, unsigned int len)
{
	uint8_t rsp[256] = { 0x12, 0x7e, 0, 0, 3, 0, 2, 1, 0 };
	unsigned int n;

	assert_memory_equal(req, "\x12\xfe\0\0\x03\0\x02\x01\0", 9);
	assert_int_equal(le(req + 9, 2), len - 11);
	assert_int_equal(req[11], 0);
	n = ide_km(d, req + 12, len - 12, rsp + 12);
	put(rsp + 9, 2, n + 1);
	reply(d, true, rsp, 12 + n);
}

static unsigned int certificate(struct peer *d, const uint8_t *req, uint8_t *rsp)
{
	uint32_t offset = le(req + 4, 2), n = le(req + 6, 2);

	assert_true(offset < d->chain_bytes);
	if (n > d->chain_bytes - offset)
		n = d->chain_bytes - offset;
	put(rsp + 4, 2, n);
	put(rsp + 6, 2, d->chain_bytes - offset - n);
	memcpy(rsp + 8, d->chain + offset, n);
	return 8 + n;
}

static unsigned int measurements(const struct peer *d, uint8_t *rsp)
{
	rsp[4] = 1;
	put(rsp + 5, 3, d->record_bytes);
	memcpy(rsp + 8, d->record, d->record_bytes);
	return 8 + d->record_bytes + 34;
}

static void digest(const struct peer *d, uint8_t *rsp)
{
	struct sha384 s;

	rsp[3] = 1;
	sha384_init(&s);
	sha384_update(&s, d->chain, d->chain_bytes);
	sha384_final(&s, rsp + 4);
}

/* Bytes of each request, by C 5.5; the answer's fixed length. */
static const struct { uint8_t code; unsigned int req, rsp; } sizes[] = {
	{ 0x84, 4, 8 }, { 0xe1, 20, 20 }, { 0xe3, 48, 52 }, { 0x81, 4, 52 }, { 0x82, 8, 0 },
	{ 0xe4, 138, 282 }, { 0xe5, 52, 4 }, { 0xe0, 4, 0 }, { 0xe8, 4, 4 }, { 0xe9, 4, 4 },
	{ 0xec, 4, 4 },
};

static unsigned int spdm_message(struct peer *d, const uint8_t *req, unsigned int len,
				 uint8_t *rsp)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (sizes[i].code == req[1]) {
			assert_int_equal(len, sizes[i].req);
			n = sizes[i].rsp;
		}
	assert_int_equal(req[0], req[1] == 0x84 ? 0x10 : 0x12);
	rsp[0] = req[0];
	rsp[1] = req[1] & 0x7f;
	switch (req[1]) {
	case 0x84:
		memcpy(rsp + 4, "\0\1\0\x12", 4);
		break;
	case 0xe1:
		put(rsp + 8, 4, 0x42d6);
		put(rsp + 12, 4, 0xf00);
		put(rsp + 16, 4, 0xf00);
		assert_memory_equal(req + 8, rsp + 8, 12);
		break;
	case 0xe3:
		assert_int_equal(req[2], 4);
		assert_int_equal(le(req + 4, 2), 48);
		assert_int_equal(req[6], 1);			/* DMTF measurements */
		assert_int_equal(le(req + 8, 4), 0x80);		/* ECDSA P-384 */
		assert_int_equal(le(req + 12, 4), 0x02);	/* SHA-384 */
		/* secp384r1, AES-256-GCM, ECDSA P-384, SPDM's key schedule */
		assert_memory_equal(req + 32, "\2\x20\x10\0\3\x20\2\0\4\x20\x80\0\5\x20\1\0", 16);
		rsp[2] = 4;
		put(rsp + 4, 2, 52);
		break;
	case 0x81:
		digest(d, rsp);
		break;
	case 0x82:
		n = certificate(d, req, rsp);
		break;
	case 0xe4:
		assert_int_equal(req[2], 0);
		d->session = (uint32_t)d->session_half << 16 | le(req + 4, 2);
		put(rsp + 4, 2, d->session_half);
		break;
	case 0xe0:
		assert_int_equal(req[3], 0xff);
		n = measurements(d, rsp);
		break;
	}
	assert_int_not_equal(n, 0);
	return n;
}

void peer_answer(struct peer *d)
{
	uint8_t *doe = page_ptr(d->p, d->req), *msg = doe + 8, rsp[PAGE] = { 0 };
	uint32_t total = le(doe + 4, 4) * 4, len = total - 8;
	bool secured = doe[2] == 2;

	assert_true(total <= PAGE);
	assert_int_equal(le(doe, 2), 1);
	assert_int_equal(doe[3], 0);
	if (secured) {
		msg += 8;
		len = le(doe + 14, 2);
		assert_int_equal(le(doe + 8, 4), d->session);
		assert_int_equal(le(doe + 12, 2), len + 18);
		assert_int_equal(total, (16 + len + 16 + 3) & ~3U);
		for (unsigned int i = 16 + len; i < total; i++)
			assert_int_equal(doe[i], 0);
	} else if (msg[1] == 0xe4) {
		len = 138;
	}
	if (msg[1] == 0xfe) {
		assert_true(secured);
		vendor_defined(d, msg, len);
	} else {
		d->order[d->nr_order++] = msg[1] | (secured ? 0x200 : 0);
		len = spdm_message(d, msg, len, rsp);
		reply(d, secured, rsp, len);
	}
	if (d->spoil_at == (int)d->answers)
		d->spoil(d, page_ptr(d->p, d->rsp));
	d->answers++;
}

uint64_t peer_loop(struct peer *d, unsigned int leaf, const uint64_t op[6])
{
	uint64_t status;

	d->answers = d->nr_order = 0;
	memset(page_ptr(d->p, d->rsp), 0xff, PAGE);	/* ignored on the first call */
	for (;;) {
		status = sc6(d->p, leaf, op[0], op[1], op[2], op[3], op[4], op[5]);
		if (status != TDX_STATUS(SPDM_REQUEST, 0))
			return status;
		assert_true(d->answers < DEV_ORDER - 1);
		assert_int_equal(d->p->g.r[TDX_RCX], 4 * le(page_ptr(d->p, d->req + 4), 4));
		if (d->silent)
			d->answers++;
		else
			peer_answer(d);
	}
}

/* ---- steps ------------------------------------------------------------------ */

uint64_t spdm_create(struct peer *d)
{
	uint64_t status = sc2(d->p, SPDM_CREATE, d->func, page_array(d->p, 3, true));

	d->spdm = d->p->g.r[TDX_RCX];
	return status;
}

uint64_t spdm_connect(struct peer *d)
{
	return peer_loop(d, TDH_SPDM_CONNECT, (const uint64_t[6]) { d->spdm, d->config, d->rsp,
								      d->req, d->out, 0 });
}

uint64_t spdm_disconnect(struct peer *d)
{
	return peer_loop(d, TDH_SPDM_DISCONNECT, (const uint64_t[6]) { d->spdm, d->rsp, d->req });
}

uint64_t spdm_mng(struct peer *d, enum tdx_spdm_mng_op op)
{
	return peer_loop(d, TDH_SPDM_MNG, (const uint64_t[6]) {
		d->spdm, op, TDX_SPDM_MNG_NONE, d->rsp, d->req,
		op == TDX_SPDM_RECOLLECT ? d->out : TDX_SPDM_MNG_NONE });
}

uint64_t spdm_delete(struct peer *d)
{
	return sc2(d->p, SPDM_DELETE, d->spdm, host_page(d->p));
}

uint64_t stream_create(struct peer *d)
{
	uint64_t status = sc6(d->p, TDH_IDE_STREAM_CREATE, 0x110, d->spdm,
			      page_array(d->p, 1, true), 0, (uint64_t)d->func << 8,
			      (uint64_t)d->func << 8 | 1);

	d->stream = d->p->g.r[TDX_RCX];
	return status;
}

uint64_t stream_km(struct peer *d, enum tdx_ide_km_op op)
{
	return peer_loop(d, TDH_IDE_STREAM_KM, (const uint64_t[6]) { d->spdm, d->stream, op,
								       d->rsp, d->req });
}

uint64_t stream_delete(struct peer *d)
{
	return sc3(d->p, IDE_STREAM_DELETE, d->spdm, d->stream, 0);
}

void peer_connected(struct peer *d, struct plat *p)
{
	peer_init(d, p);
	expect_ok(spdm_create(d));
	expect_ok(spdm_connect(d));
}
