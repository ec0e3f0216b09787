// SPDX-License-Identifier: GPL-2.0
/*
 * The TDISP state machine and its messages (C 4, 5.2 - 5.4). A request is checked in the order of
 * C 5.2: size of a header, type, exact length, version, function, state, parameters.
 */
#include <string.h>

#include "dsm.h"

#define PAGE_SHIFT	12

/* ---- state machine --------------------------------------------------------------------------- */

static void move(struct tdisp_dsm *dsm, enum tdisp_state to)
{
	const struct dsm_config *c = dsm->config;
	enum tdisp_state from = dsm->state;

	if (to != TDISP_CONFIG_LOCKED)
		memset(dsm->nonce, 0, sizeof(dsm->nonce));
	if (to != TDISP_CONFIG_LOCKED && to != TDISP_RUN)
		dsm->report_bytes = 0;
	dsm->state = to;
	if (from != to && c->ops->state_changed)
		c->ops->state_changed(c->opaque, from, to);
}

void dsm_tdisp_fail(struct tdisp_dsm *dsm)
{
	if (dsm->state == TDISP_CONFIG_LOCKED || dsm->state == TDISP_RUN)
		move(dsm, TDISP_ERROR_STATE);
}

void dsm_tdisp_unlock(struct tdisp_dsm *dsm)
{
	move(dsm, TDISP_CONFIG_UNLOCKED);
}

/* ---- answers --------------------------------------------------------------------------------- */

/* Answers echo version and function of the request. */
static void put_header(uint8_t *rsp, const struct tdisp_header *req, uint8_t type)
{
	struct tdisp_header head = { .version = req->version, .type = type, .func = req->func };

	memcpy(rsp, &head, sizeof(head));
}

static size_t put_error(uint8_t *rsp, const struct tdisp_header *req, enum tdisp_error code)
{
	struct tdisp_error_rsp error = {
		.code = code,
		.data = code == TDISP_ERR_UNSUPPORTED_REQUEST ? req->type : 0,
	};

	memcpy(rsp, &error, sizeof(error));
	put_header(rsp, req, TDISP_RSP_ERROR);
	return sizeof(error);
}

/* ---- requests without a parameter that can be wrong ------------------------------------------ */

static size_t get_version(struct tdisp_dsm *dsm, const uint8_t *req, uint8_t *rsp)
{
	const uint8_t versions[] = { 1, TDISP_VERSION };	/* count, entry */

	put_header(rsp, (const void *)req, TDISP_RSP_VERSION);
	memcpy(rsp + TDISP_HEADER, versions, sizeof(versions));
	return TDISP_HEADER + sizeof(versions);
}

static size_t get_capabilities(struct tdisp_dsm *dsm, const uint8_t *req, uint8_t *rsp)
{
	struct tdisp_capabilities caps = {
		.requests = { 0xfe },	/* 81h to 87h */
		.lock_flags = dsm->config->lock_flags,
		.address_width = dsm->config->address_width,
		.outstanding_this = 1,
		.outstanding_all = 1,
	};

	memcpy(rsp, &caps, sizeof(caps));
	put_header(rsp, (const void *)req, TDISP_RSP_CAPABILITIES);
	return sizeof(caps);
}

static size_t get_state(struct tdisp_dsm *dsm, const uint8_t *req, uint8_t *rsp)
{
	put_header(rsp, (const void *)req, TDISP_RSP_STATE);
	rsp[TDISP_HEADER] = dsm->state;
	return TDISP_RSP_STATE_BYTES;
}

static size_t stop(struct tdisp_dsm *dsm, const uint8_t *req, uint8_t *rsp)
{
	dsm_tdisp_unlock(dsm);
	put_header(rsp, (const void *)req, TDISP_RSP_STOP);
	return TDISP_RSP_STOP_BYTES;
}

/* ---- LOCK, REPORT, START --------------------------------------------------------------------- */

static void read_bars(const struct dsm_config *c, uint64_t base[DSM_BARS])
{
	for (unsigned int i = 0; i < DSM_BARS; i++)
		base[i] = c->bar_bytes[i] ? c->ops->bar_base(c->opaque, i) : DSM_BAR_UNSET;
}

/* Every BAR decodes addresses of its own; DSM_BAR_UNSET is one that wraps. */
static bool bars_valid(const struct dsm_config *c, const uint64_t base[DSM_BARS])
{
	for (unsigned int i = 0; i < DSM_BARS; i++) {
		if (!c->bar_bytes[i])
			continue;
		if (base[i] + (c->bar_bytes[i] - 1) < base[i])
			return false;
		for (unsigned int j = 0; j < i; j++)
			if (c->bar_bytes[j] && base[i] <= base[j] + (c->bar_bytes[j] - 1) &&
			    base[j] <= base[i] + (c->bar_bytes[i] - 1))
				return false;
	}
	return true;
}

/* The report is made once, at LOCK: what it says cannot change afterwards without ERROR. */
static void make_report(struct tdisp_dsm *dsm, const uint64_t base[DSM_BARS], uint64_t mmio_offset)
{
	const struct dsm_config *c = dsm->config;
	struct tdisp_report head = { .info = c->info, .nr_ranges = c->nr_ranges };
	uint32_t bit = dsm->faults.report_bit;
	uint8_t *to = dsm->report;

	memcpy(to, &head, sizeof(head));
	to += sizeof(head);
	for (unsigned int i = 0; i < c->nr_ranges; i++, to += sizeof(struct tdisp_range)) {
		struct tdisp_range range = {
			.first_page = base[c->range[i].bar] + c->range[i].offset + mmio_offset,
			.nr_pages = c->range[i].nr_pages,
			.attributes = c->range[i].attributes,
			.range_id = c->range[i].bar,
		};

		memcpy(to, &range, sizeof(range));
	}
	memcpy(to, &c->specific_bytes, sizeof(c->specific_bytes));
	to += sizeof(c->specific_bytes);
	if (c->specific_bytes)
		memcpy(to, c->specific, c->specific_bytes);
	dsm->report_bytes = to - dsm->report + c->specific_bytes;
	if (bit) {
		bit = (bit - 1) % (dsm->report_bytes * 8);
		dsm->report[bit / 8] ^= 1 << bit % 8;
	}
}

static size_t lock(struct tdisp_dsm *dsm, const uint8_t *req, uint8_t *rsp)
{
	const struct dsm_config *c = dsm->config;
	const struct tdisp_lock *request = (const void *)req;
	uint8_t *nonce = rsp + TDISP_HEADER;
	uint64_t base[DSM_BARS];

	if (request->flags & ~c->lock_flags || !dsm_keyed(dsm, request->stream))
		return put_error(rsp, &request->head, TDISP_ERR_INVALID_REQUEST);
	read_bars(c, base);
	if (!c->ops->enabled(c->opaque) || !bars_valid(c, base))
		return put_error(rsp, &request->head, TDISP_ERR_INVALID_DEVICE_CONFIGURATION);
	if (!c->ops->random(c->opaque, nonce, TDISP_NONCE_BYTES))
		return put_error(rsp, &request->head, TDISP_ERR_INSUFFICIENT_ENTROPY);
	put_header(rsp, &request->head, TDISP_RSP_LOCK);
	memcpy(dsm->nonce, nonce, sizeof(dsm->nonce));
	make_report(dsm, base, request->mmio_offset);
	move(dsm, TDISP_CONFIG_LOCKED);
	return TDISP_RSP_LOCK_BYTES;
}

static size_t get_report(struct tdisp_dsm *dsm, const uint8_t *req, uint8_t *rsp)
{
	const struct tdisp_report_req *request = (const void *)req;
	struct tdisp_report_rsp head = { .portion = request->length };
	uint32_t left;

	if (!request->length || request->offset >= dsm->report_bytes)
		return put_error(rsp, &request->head, TDISP_ERR_INVALID_REQUEST);
	left = dsm->report_bytes - request->offset;
	if (head.portion > dsm->config->portion)
		head.portion = dsm->config->portion;
	if (head.portion > left)
		head.portion = left;
	head.remainder = left - head.portion;
	memcpy(rsp, &head, sizeof(head));
	put_header(rsp, &request->head, TDISP_RSP_REPORT);
	memcpy(rsp + sizeof(head), dsm->report + request->offset, head.portion);
	return sizeof(head) + head.portion;
}

/* A wrong nonce leaves LOCKED, so that nobody but who locked the interface can end that. */
static size_t start(struct tdisp_dsm *dsm, const uint8_t *req, uint8_t *rsp)
{
	const struct tdisp_nonce *request = (const void *)req;

	if (memcmp(request->nonce, dsm->nonce, sizeof(dsm->nonce)))
		return put_error(rsp, &request->head, TDISP_ERR_INVALID_NONCE);
	put_header(rsp, &request->head, TDISP_RSP_START);
	move(dsm, TDISP_RUN);
	return TDISP_RSP_START_BYTES;
}

/* ---- dispatch -------------------------------------------------------------------------------- */

#define UNLOCKED	(1 << TDISP_CONFIG_UNLOCKED)
#define LOCKED		(1 << TDISP_CONFIG_LOCKED)
#define RUN		(1 << TDISP_RUN)
#define ANY		(UNLOCKED | LOCKED | RUN | 1 << TDISP_ERROR_STATE)

/* Legal requests by state: C 5.3. */
static const struct rule {
	uint8_t type, bytes, states;
	size_t (*handle)(struct tdisp_dsm *dsm, const uint8_t *req, uint8_t *rsp);
} rules[] = {
#define RULE(name, states, handle) \
	{ TDISP_REQ_##name, TDISP_REQ_##name##_BYTES, states, handle }
	RULE(VERSION, ANY, get_version),
	RULE(CAPABILITIES, ANY, get_capabilities),
	RULE(LOCK, UNLOCKED, lock),
	RULE(REPORT, LOCKED | RUN, get_report),
	RULE(STATE, ANY, get_state),
	RULE(START, LOCKED, start),
	RULE(STOP, ANY, stop),
};

static const struct rule *rule_of(uint8_t type)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].type == type)
			return &rules[i];
	return NULL;
}

size_t dsm_tdisp_message(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp,
			 struct dsm_refusal *refusal)
{
	const struct dsm_config *c = dsm->config;
	const struct tdisp_header *head = (const void *)req;
	const struct rule *rule;

	if (len < sizeof(*head)) {
		refusal->code = SPDM_ERROR_INVALID_REQUEST;
		refusal->data = 0;
		return 0;
	}
	rule = rule_of(head->type);
	if (!rule)
		return put_error(rsp, head, TDISP_ERR_UNSUPPORTED_REQUEST);
	if (len != rule->bytes)
		return put_error(rsp, head, TDISP_ERR_INVALID_REQUEST);
	if (head->version != TDISP_VERSION)
		return put_error(rsp, head, TDISP_ERR_VERSION_MISMATCH);
	if (head->func != c->ops->func(c->opaque))
		return put_error(rsp, head, TDISP_ERR_INVALID_INTERFACE);
	if (!(rule->states & 1 << dsm->state))
		return put_error(rsp, head, TDISP_ERR_INVALID_INTERFACE_STATE);
	return rule->handle(dsm, req, rsp);
}
