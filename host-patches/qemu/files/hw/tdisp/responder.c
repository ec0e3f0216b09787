// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "dsm.h"

#define DW	4
#define PAGE	4096ULL

static size_t whole_dws(size_t len)
{
	return (len + DW - 1) / DW * DW;
}

/* ---- life cycle ------------------------------------------------------------------------------ */

static bool range_valid(const struct dsm_config *c, const struct dsm_range *r)
{
	uint64_t bytes = r->nr_pages * PAGE;

	return r->bar < DSM_BARS && bytes && !(r->offset % PAGE) &&
	       bytes <= c->bar_bytes[r->bar] && r->offset <= c->bar_bytes[r->bar] - bytes;
}

static bool config_valid(const struct dsm_config *c)
{
	size_t record = SPDM_MAX_MESSAGE - SPDM_MEASUREMENTS_HEADER - SPDM_MEASUREMENTS_TAIL;
	size_t specific = DSM_MAX_REPORT - TDISP_REPORT_MIN -
			  DSM_MAX_RANGES * sizeof(struct tdisp_range);

	for (unsigned int i = 0; i < c->nr_ranges && i < DSM_MAX_RANGES; i++)
		if (!range_valid(c, &c->range[i]))
			return false;
	return c->nr_ranges <= DSM_MAX_RANGES && c->chain_bytes &&
	       c->measurement_bytes <= record && c->specific_bytes <= specific &&
	       c->portion && c->portion <= DSM_MAX_PAYLOAD - TDISP_RSP_REPORT_BYTES;
}

bool dsm_init(struct tdisp_dsm *dsm, const struct dsm_config *config)
{
	if (!config_valid(config))
		return false;
	memset(dsm, 0, sizeof(*dsm));
	dsm->config = config;
	return true;
}

void dsm_function_reset(struct tdisp_dsm *dsm)
{
	dsm_tdisp_fail(dsm);
}

void dsm_config_violation(struct tdisp_dsm *dsm)
{
	dsm_tdisp_fail(dsm);
}

void dsm_ide_disable(struct tdisp_dsm *dsm)
{
	memset(&dsm->stream, 0, sizeof(dsm->stream));
	dsm_tdisp_fail(dsm);
}

/*
 * The counter of sessions goes on: a record from before the reset must not fit a session after it.
 */
void dsm_conventional_reset(struct tdisp_dsm *dsm)
{
	memset(&dsm->stream, 0, sizeof(dsm->stream));
	dsm_tdisp_unlock(dsm);
	dsm_session_end(dsm, DSM_NO_VERSION);
}

enum tdisp_state dsm_state(const struct tdisp_dsm *dsm)
{
	return dsm->state;
}

bool dsm_access_allowed(const struct tdisp_dsm *dsm, bool tee_range, bool t)
{
	if (!tee_range)
		return !t;
	return dsm_dma_allowed(dsm, t);
}

bool dsm_dma_allowed(const struct tdisp_dsm *dsm, bool t)
{
	return dsm->state == (t ? TDISP_RUN : TDISP_CONFIG_UNLOCKED);
}

void dsm_set_faults(struct tdisp_dsm *dsm, const struct dsm_faults *faults)
{
	static const struct dsm_faults none;

	dsm->faults = faults ? *faults : none;
	dsm->messages = 0;
}

/* ---- DOE objects ----------------------------------------------------------------------------- */

/* Wrap the @len bytes of dsm->answer. A record carries @session, which may be over by now. */
static size_t put_object(const struct tdisp_dsm *dsm, enum doe_type type, uint32_t session,
			 size_t len, uint8_t *rsp, size_t cap)
{
	struct doe_header doe = { .vendor = DOE_VENDOR_PCISIG, .type = type };
	struct spdm_record record = {
		.session = session,
		.length = SPDM_RECORD_LENGTH(len),
		.app_length = len,
	};
	size_t head = sizeof(doe), total;

	if (type == DOE_SECURED_CMA)
		head += SPDM_RECORD_HEADER;
	total = whole_dws(head + len + (type == DOE_SECURED_CMA ? SPDM_TAG_BYTES : 0));
	if (!len || total > cap)
		return 0;
	doe.length_dw = total / DW;
	memset(rsp, 0, total);
	memcpy(rsp, &doe, sizeof(doe));
	if (type == DOE_SECURED_CMA)
		memcpy(rsp + sizeof(doe), &record, SPDM_RECORD_HEADER);
	memcpy(rsp + head, dsm->answer, len);
	return total;
}

/* A refusal in the clear, for records of a session that is not there. */
static size_t put_no_session(struct tdisp_dsm *dsm, uint8_t *rsp, size_t cap)
{
	struct spdm_header error = {
		SPDM_VERSION, SPDM_RSP_ERROR, SPDM_ERROR_UNEXPECTED_REQUEST, 0,
	};

	memcpy(dsm->answer, &error, sizeof(error));
	return put_object(dsm, DOE_CMA, 0, sizeof(error), rsp, cap);
}

static size_t serve_record(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp,
			   size_t cap)
{
	struct spdm_record record;
	uint32_t session;

	if (len < SPDM_RECORD_HEADER)
		return 0;
	memcpy(&record, req, SPDM_RECORD_HEADER);
	if (record.length != SPDM_RECORD_LENGTH(record.app_length) ||
	    whole_dws(SPDM_RECORD_HEADER + record.app_length + SPDM_TAG_BYTES) != len)
		return 0;
	session = record.session;
	if (dsm->stage < DSM_HANDSHAKE || session != dsm->session)
		return put_no_session(dsm, rsp, cap);
	len = dsm_spdm_message(dsm, true, req + SPDM_RECORD_HEADER, record.app_length, dsm->answer);
	return put_object(dsm, DOE_SECURED_CMA, session, len, rsp, cap);
}

static size_t serve(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp, size_t cap)
{
	struct doe_header doe;

	if (len < sizeof(doe) || len > DSM_MAX_OBJECT)
		return 0;
	memcpy(&doe, req, sizeof(doe));
	if (doe.vendor != DOE_VENDOR_PCISIG || len % DW || doe.length_dw != len / DW)
		return 0;
	req += sizeof(doe);
	len -= sizeof(doe);
	switch (doe.type) {
	case DOE_CMA:
		len = dsm_spdm_message(dsm, false, req, len, dsm->answer);
		return put_object(dsm, DOE_CMA, 0, len, rsp, cap);
	case DOE_SECURED_CMA:
		return serve_record(dsm, req, len, rsp, cap);
	default:
		return 0;
	}
}

size_t dsm_message(struct tdisp_dsm *dsm, const void *req, size_t len, void *rsp, size_t cap)
{
	const struct dsm_faults *f = &dsm->faults;
	uint32_t n = ++dsm->messages;
	uint8_t *bytes = rsp;
	uint32_t bit;

	if (n == f->error_at)
		dsm_tdisp_fail(dsm);
	len = serve(dsm, req, len, bytes, cap);
	if (n == f->drop_at)
		return 0;
	if (n == f->corrupt_at && len) {
		bit = f->corrupt_bit % (len * 8);
		bytes[bit / 8] ^= 1 << bit % 8;
	}
	return len;
}
