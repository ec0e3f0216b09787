// SPDX-License-Identifier: GPL-2.0
#include "attest.h"
#include "core/sha384.h"
#include "core/string.h"
#include "guest.h"
#include "reference.h"
#include "tdisp/tdisp.h"
#include "tdx/memory.h"
#include "tdx/tdcall.h"
#include "tdx/tdi.h"

#define PAGE	4096ULL

/* Private memory for what the VMM sends, made when first needed. */
static uint8_t *response;

static bool response_ready(void)
{
	uint64_t gpa = response ? 0 : memory_reserve(TDX_TDI_REPORT_MAX, PAGE);

	if (gpa && memory_accept(gpa, TDX_TDI_REPORT_MAX))
		response = (uint8_t *)gpa;
	return response;
}

const char *attest_text(enum attest refusal)
{
#define ATTEST_TEXT(name, text) [ATTEST_##name] = text,
	static const char *const texts[] = { ATTEST_REFUSALS(ATTEST_TEXT) };
#undef ATTEST_TEXT

	return texts[refusal];
}

static bool hash_is(const uint8_t *bytes, uint32_t length, const uint8_t want[SHA384_SIZE])
{
	uint8_t digest[SHA384_SIZE];
	struct sha384 hash;

	sha384_init(&hash);
	sha384_update(&hash, bytes, length);
	sha384_final(&hash, digest);
	return !memcmp(digest, want, SHA384_SIZE);
}

/* Does @field of the TDI hold the hash of these bytes? */
static enum attest compare_hash(uint16_t bdf, enum tdx_tdi_field field, const uint8_t *bytes,
				uint32_t length, enum attest refusal)
{
	static void *page;
	uint64_t size;

	if (!page)
		page = memory_page();
	if (!page || tdg_tdi_rd(bdf, field, page, &size) || size != SHA384_SIZE)
		return ATTEST_MODULE;
	return hash_is(bytes, length, page) ? ATTEST_OK : refusal;
}

/* The first range of a BAR is its start, the others keep their distance to it. */
static enum attest place(const struct tdisp_report_view *view,
			 const struct attest_bar bars[ATTEST_BARS], struct attested *result)
{
	struct tdisp_range first = { 0 };

	for (uint32_t i = 0; i < view->head.nr_ranges; i++) {
		struct tdisp_range range = tdisp_report_range(view, i);
		uint64_t offset, bytes = range.nr_pages * PAGE;

		if (range.range_id >= ATTEST_BARS || !bars[range.range_id].bytes)
			return ATTEST_RANGES;
		if (!i || range.range_id > first.range_id)
			first = range;
		offset = range.first_page - first.first_page;
		if (range.range_id < first.range_id || range.first_page < first.first_page ||
		    offset > bars[range.range_id].bytes ||
		    bytes > bars[range.range_id].bytes - offset)
			return ATTEST_RANGES;
		if (range.attributes & TDISP_RANGE_NON_TEE)
			continue;
		if (result->nr == ATTEST_MAX_RANGES)
			return ATTEST_RANGES;
		result->range[result->nr++] = (struct attest_range){
			.index = i, .pages = range.nr_pages,
			.gpa = bars[range.range_id].gpa + offset,
		};
	}
	return result->nr ? ATTEST_OK : ATTEST_RANGES;
}

enum attest attest_report(const uint8_t *bytes, uint32_t length,
			  const struct attest_bar bars[ATTEST_BARS], struct attested *result)
{
	struct tdisp_report_view view;

	result->nr = 0;
	if (tdisp_report_parse(bytes, length, &view))
		return ATTEST_REPORT;
	if (!(view.head.info & TDISP_INFO_DMA_NO_PASID) ||
	    (view.head.info & (TDISP_INFO_DMA_PASID | TDISP_INFO_ATS | TDISP_INFO_PRS)))
		return ATTEST_CONFIG;
	return place(&view, bars, result);
}

static enum attest attest_state(uint16_t bdf, struct attested *result)
{
	uint64_t state, session;

	if (tdg_tdi_rd(bdf, TDX_TDI_STATE, 0, &state) ||
	    tdg_tdi_rd(bdf, TDX_TDI_BIND_SESSION, 0, &session))
		return ATTEST_MODULE;
	if (state != TDISP_CONFIG_LOCKED)
		return ATTEST_STATE;
	if (result->session && result->session != session)
		return ATTEST_SESSION;
	result->session = session;
	return ATTEST_OK;
}

enum attest attest_image(void)
{
	static struct td_report report __attribute__((aligned(1024)));
	static const uint8_t data[TD_REPORT_DATA_SIZE] __attribute__((aligned(64)));

	if (tdg_mr_report(&report, data, 0))
		return ATTEST_MODULE;
	return memcmp(report.info.mrtd, guest_config()->arg, sizeof(report.info.mrtd)) ?
	       ATTEST_MRTD : ATTEST_OK;
}

static enum attest attest_identity(uint16_t bdf, unsigned int nth)
{
	static const uint8_t reference[][SHA384_SIZE] = REFERENCE_DEVICE_DIGESTS;
	struct tdcm_result r = tdcm_call(bdf, TDCM_OP_GET_DEV_INFO, response, 1,
					 TDX_TDI_REPORT_MAX);
	enum attest refusal;

	if (!r.ok)
		return ATTEST_TDCM;
	refusal = compare_hash(bdf, TDX_TDI_DEV_INFO_HASH, response, r.length, ATTEST_INFO_HASH);
	if (refusal)
		return refusal;
	return hash_is(response, r.length, reference[nth]) ? ATTEST_OK : ATTEST_IDENTITY;
}

enum attest attest_device(uint16_t bdf, unsigned int nth, const struct attest_bar bars[ATTEST_BARS],
			  struct attested *result)
{
	struct tdcm_result r;
	enum attest refusal;

	*result = (struct attested){ 0 };
	if (!response_ready())
		return ATTEST_TDCM;
	refusal = attest_image();
	if (!refusal)
		refusal = attest_state(bdf, result);
	if (!refusal)
		refusal = attest_identity(bdf, nth);
	if (refusal)
		return refusal;
	r = tdcm_call(bdf, TDCM_OP_GET_TDI_REPORT, response, TDISP_REPORT_MIN,
		      TDX_TDI_REPORT_MAX);
	if (!r.ok)
		return ATTEST_TDCM;
	refusal = compare_hash(bdf, TDX_TDI_REPORT_HASH, response, r.length, ATTEST_REPORT_HASH);
	if (!refusal)
		refusal = attest_report(response, r.length, bars, result);
	/* A VMM that unbound and bound again meanwhile has shown another session's report. */
	return refusal ? refusal : attest_state(bdf, result);
}
