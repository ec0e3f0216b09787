// SPDX-License-Identifier: GPL-2.0
/* Attestation has teeth: each lie of host, VMM or device makes the guest refuse, by its own name. */
#include "tdi.h"
#include "tdisp/tdisp.h"
#include "core/string.h"

static void refuses(enum attest why)
{
	struct tdi tdi;

	if (!tdi_open(&tdi) || !tdi_bind(&tdi))
		return;
	CHECK_ATTEST(tdi_judge(&tdi), why);
	tdi_unbind(&tdi);
}

static void attest_impostor(void)
{
	refuses(ATTEST_IDENTITY);
}
TEST(attest_impostor, "a device of the same kind with another identity is refused",
     "fact sheet C 1.4 (GET_DEV_INFO), 2.4 field 4", "guest: skip the reference digest",
     NEEDS_CONNECT | NEEDS_IMPOSTOR, attest_impostor);

static void attest_report_bit(void)
{
	refuses(ATTEST_REPORT_HASH);
}
TEST(attest_report_bit, "a report with one bit changed by the VMM is refused",
     "fact sheet C 2.4 field 3, 8 row 20", "guest: judge the form of the report before its hash",
     NEEDS_CONNECT | NEEDS_LIE(TEST_LIE_FLIP_REPORT), attest_report_bit);

static void attest_permuted(void)
{
	refuses(ATTEST_REPORT_HASH);
}
TEST(attest_permuted, "a report whose ranges changed places is refused",
     "fact sheet C 2.4 field 3, 8 row 17",
     "guest: believe the ranges before the hash of the report is compared",
     NEEDS_CONNECT | NEEDS_LIE(TEST_LIE_PERMUTE_RANGES), attest_permuted);

static void attest_old_session(void)
{
	refuses(ATTEST_SESSION);
}
TEST(attest_old_session, "a report of an older bind session is refused",
     "fact sheet C 1.5, 2.4 field 5", "guest: do not read the session again after the report",
     NEEDS_CONNECT | NEEDS_LIE(TEST_LIE_REBIND), attest_old_session);

static void attest_patched_image(void)
{
	refuses(ATTEST_MRTD);
}
TEST(attest_patched_image, "an image that was changed before its measurement has another MRTD",
     "fact sheet 2.3 (MRTD)", "guest: do not compare the MRTD",
     NEEDS_CONNECT | NEEDS_LIE(TEST_LIE_PATCH_IMAGE), attest_patched_image);

/* ---- the report alone: what the host may send instead of one ---- */

#define BAR0	0xc0000000ULL

static const struct attest_bar bars[ATTEST_BARS] = {
	[0] = { BAR0, 0x10000 }, [2] = { BAR0 + 0x10000, 0x4000 },
};

static struct {
	struct tdisp_report head;
	struct tdisp_range range[3];
	uint32_t specific;
	uint8_t beyond;		/* the report ends before it */
} __attribute__((packed)) sample;

#define SAMPLE_BYTES	(sizeof(sample) - sizeof(sample.beyond))

static void make_sample(void)
{
	static const struct tdisp_range ranges[3] = {
		{ 0x7000000000, 16, 0, 0 }, { 0x7000010000, 2, 0, 2 }, { 0x7000013000, 1, 0, 2 },
	};

	memset(&sample, 0, sizeof(sample));
	sample.head.info = TDISP_INFO_DMA_NO_PASID;
	sample.head.nr_ranges = 3;
	memcpy(sample.range, ranges, sizeof(ranges));
}

static enum attest judge_sample(uint32_t length)
{
	struct attested result;

	return attest_report((const uint8_t *)&sample, length, bars, &result);
}

static void attest_hostile_lengths(void)
{
	make_sample();
	CHECK_ATTEST(judge_sample(SAMPLE_BYTES), ATTEST_OK);
	for (uint32_t length = 0; length < SAMPLE_BYTES; length++)
		if (!CHECK_ATTEST(judge_sample(length), ATTEST_REPORT))
			return;
	CHECK_ATTEST(judge_sample(SAMPLE_BYTES + 1), ATTEST_REPORT);
	sample.head.nr_ranges = 0xffffffff;
	CHECK_ATTEST(judge_sample(SAMPLE_BYTES), ATTEST_REPORT);
	make_sample();
	sample.specific = 0xffffffff;
	CHECK_ATTEST(judge_sample(SAMPLE_BYTES), ATTEST_REPORT);
}
TEST(attest_hostile_lengths,
     "a report of any wrong length or count is refused, and read no further", "fact sheet C 5.4",
     "lib/tdisp: believe the length of the device's own part", NEEDS_NOTHING,
     attest_hostile_lengths);

static void attest_hostile_ranges(void)
{
	make_sample();
	sample.range[0].range_id = 6;
	CHECK_ATTEST(judge_sample(SAMPLE_BYTES), ATTEST_RANGES);
	make_sample();
	sample.range[0].range_id = 1;
	CHECK_ATTEST(judge_sample(SAMPLE_BYTES), ATTEST_RANGES);
	make_sample();
	sample.range[2].nr_pages = 2;
	CHECK_ATTEST(judge_sample(SAMPLE_BYTES), ATTEST_RANGES);
	make_sample();
	sample.range[2].first_page = sample.range[1].first_page - 0x1000;
	CHECK_ATTEST(judge_sample(SAMPLE_BYTES), ATTEST_REPORT);
	make_sample();
	sample.range[2].first_page = sample.range[1].first_page + 0x1000;
	CHECK_ATTEST(judge_sample(SAMPLE_BYTES), ATTEST_REPORT);
	make_sample();
	sample.range[0].first_page |= 8;
	CHECK_ATTEST(judge_sample(SAMPLE_BYTES), ATTEST_REPORT);
	make_sample();
	sample.range[0].nr_pages = 0;
	CHECK_ATTEST(judge_sample(SAMPLE_BYTES), ATTEST_REPORT);
	make_sample();
	sample.head.info |= TDISP_INFO_ATS;
	CHECK_ATTEST(judge_sample(SAMPLE_BYTES), ATTEST_CONFIG);
}
TEST(attest_hostile_ranges, "ranges that overlap, wrap, leave their BAR or name none are refused",
     "fact sheet C 1.5, 5.4", "guest: accept a range longer than its BAR", NEEDS_NOTHING,
     attest_hostile_ranges);
