// SPDX-License-Identifier: GPL-2.0
/* TDREPORT and the run-time measurement registers. */
#include "core/sha384.h"
#include "core/string.h"
#include "guest.h"
#include "probe.h"
#include "tdx_abi/td.h"

static struct td_report report __attribute__((aligned(1024)));
static uint8_t data[TD_REPORT_DATA_SIZE] __attribute__((aligned(64)));

static void fill(uint8_t seed)
{
	for (unsigned int n = 0; n < sizeof(data); n++)
		data[n] = (uint8_t)(seed + n * 7);
}

static bool hash_is(const uint8_t digest[SHA384_SIZE], const void *from, size_t size)
{
	uint8_t expected[SHA384_SIZE];
	struct sha384 hash;

	sha384_init(&hash);
	sha384_update(&hash, from, size);
	sha384_final(&hash, expected);
	return !memcmp(digest, expected, sizeof(expected));
}

static bool is_zero(const void *bytes, size_t size)
{
	for (const uint8_t *p = bytes; size--; p++)
		if (*p)
			return false;
	return true;
}

static void report_layout(void)
{
	fill(1);
	memset(&report, 0xee, sizeof(report));
	if (!CHECK_TDX(tdg_mr_report(&report, data, 0), TDX_SUCCESS))
		return;
	CHECK_HEX(report.mac.type, TD_REPORT_TYPE_TDX);
	CHECK_HEX(report.mac.subtype, 0);
	CHECK_HEX(report.mac.version, 0);
	CHECK(!memcmp(report.mac.report_data, data, sizeof(data)));
	CHECK_HEX(report.info.attributes, guest_vp_info()->attributes);
	CHECK_HEX(report.info.xfam & 3, 3);
	CHECK(is_zero(report.mac.reserved_c0, sizeof(report.mac.reserved_c0)));
	CHECK(is_zero(report.info.reserved, sizeof(report.info.reserved)));
	CHECK(!is_zero(report.info.mrtd, sizeof(report.info.mrtd)));
	CHECK(!is_zero(report.mac.mac, sizeof(report.mac.mac)));
}
TEST(report_layout, "TDREPORT carries type, report data, attributes and MRTD where they belong",
     "fact sheet 5.1 (TDREPORT)", "model: swap the attributes and XFAM in TDINFO", NEEDS_NOTHING,
     report_layout);

static void report_hashes(void)
{
	/* Something in every part that is hashed. */
	fill(3);
	CHECK_TDX(tdg_mr_rtmr_extend(data, 3), TDX_SUCCESS);
	if (!CHECK_TDX(tdg_mr_report(&report, data, 0), TDX_SUCCESS))
		return;
	CHECK(hash_is(report.mac.tee_info_hash, &report.info, sizeof(report.info)));
	CHECK(hash_is(report.mac.tee_tcb_info_hash, &report.tcb, sizeof(report.tcb)));
}
TEST(report_hashes,
     "TEE_INFO_HASH and TEE_TCB_INFO_HASH are SHA-384 of the structures in the report",
     "fact sheet 5.1 (TDREPORT)", "model: hash TDINFO before the RTMRs are filled in",
     NEEDS_NOTHING, report_hashes);

static void report_mac_moves(void)
{
	uint8_t first[TD_REPORT_MAC_SIZE];

	fill(1);
	CHECK_TDX(tdg_mr_report(&report, data, 0), TDX_SUCCESS);
	memcpy(first, report.mac.mac, sizeof(first));
	CHECK_TDX(tdg_mr_report(&report, data, 0), TDX_SUCCESS);
	CHECK(!memcmp(first, report.mac.mac, sizeof(first)));
	fill(2);
	CHECK_TDX(tdg_mr_report(&report, data, 0), TDX_SUCCESS);
	CHECK(memcmp(first, report.mac.mac, sizeof(first)));
}
TEST(report_mac_moves, "the report's MAC depends on the report data and on nothing random",
     "fact sheet 5.1 (TDREPORT)", "model: compute the MAC before the report data is copied",
     NEEDS_NOTHING, report_mac_moves);

static void report_operands(void)
{
	uint8_t *to = (uint8_t *)&report;

	CHECK_TDX(tdg_mr_report(&report, data, 1), TDX_STATUS(OPERAND_INVALID, TDX_OP_R8));
	CHECK_TDX(tdg_mr_report(to + 512, data, 0), TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX));
	CHECK_TDX(tdg_mr_report(to, data + 8, 0), TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX));
}
TEST(report_operands, "MR.REPORT refuses a subtype, a report off 1024 and data off 64 bytes",
     "fact sheet 5.1 (MR.REPORT)", "model: align the report to 512", NEEDS_NOTHING,
     report_operands);

static void report_rtmr_starts_zero(void)
{
	CHECK_TDX(tdg_mr_report(&report, data, 0), TDX_SUCCESS);
	CHECK(is_zero(report.info.rtmr, sizeof(report.info.rtmr)));
}
TEST(report_rtmr_starts_zero, "all four RTMRs of a new TD are zero", "fact sheet 5.1",
     "model: start RTMR 0 as a copy of MRTD", NEEDS_NOTHING, report_rtmr_starts_zero);

static void report_rtmr_extend(void)
{
	uint8_t concatenation[2 * SHA384_SIZE];

	for (unsigned int index = 0; index < 4; index++) {
		fill((uint8_t)(0x10 + index));
		CHECK_TDX(tdg_mr_report(&report, data, 0), TDX_SUCCESS);
		memcpy(concatenation, report.info.rtmr[index], SHA384_SIZE);
		memcpy(concatenation + SHA384_SIZE, data, SHA384_SIZE);

		CHECK_TDX(tdg_mr_rtmr_extend(data, index), TDX_SUCCESS);
		CHECK_TDX(tdg_mr_report(&report, data, 0), TDX_SUCCESS);
		CHECK(hash_is(report.info.rtmr[index], concatenation, sizeof(concatenation)));
		CHECK(is_zero(report.info.rtmr[index + 1], (3 - index) * SHA384_SIZE));
	}
}
TEST(report_rtmr_extend, "RTMR.EXTEND makes RTMR = SHA-384(RTMR || data), of one register",
     "fact sheet 5.1 (MR.RTMR.EXTEND)", "model: hash data before RTMR", NEEDS_NOTHING,
     report_rtmr_extend);

static void report_rtmr_operands(void)
{
	CHECK_TDX(tdg_mr_rtmr_extend(data, 4), TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX));
	CHECK_TDX(tdg_mr_rtmr_extend(data + 16, 0), TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX));
}
TEST(report_rtmr_operands, "RTMR.EXTEND refuses a fifth register and data off 64 bytes",
     "fact sheet 5.1 (MR.RTMR.EXTEND)", "model: use two bits of the index", NEEDS_NOTHING,
     report_rtmr_operands);
