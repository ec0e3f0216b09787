/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TDX Connect: operands and fields of the leaves of leaf.h. Little-endian; bit ranges are hi:lo.
 * Source: fact sheet tdx-connect.md, section in brackets. "chosen" = no public number: ours, and
 * printed as "abi: provisional" by every report (docs/abi.md).
 */
#ifndef TDX_ABI_CONNECT_H
#define TDX_ABI_CONNECT_H

#include <stdint.h>

/* FUNCTION_ID [2.3]: what host leaves and TDISP headers carry; guest leaves take bits 15:0 only. */
#define TDX_FUNC_RID_MASK	0xffffU
#define TDX_FUNC_SEGMENT_SHIFT	16
#define TDX_FUNC_SEGMENT_VALID	(1U << 24)
#define TDX_FUNC_RESERVED	0xfe000000U

/* Switches [7]. */
#define TDX_FEATURES0_CONNECT		(1ULL << 6)
#define TDX_FEATURES0_EXT		(1ULL << 39)
#define TDX_CONFIG_FLAG_CONNECT		(1ULL << 5)	/* TD_PARAMS and TDCS.CONFIG_FLAGS */

/* TDH.SYS.RD fields [7]; the values are chosen. */
#define TDX_FIELD_IDE_MT_PAGES		0x3000000100000001ULL
#define TDX_FIELD_SPDM_MT_PAGES		0x3000000100000002ULL
#define TDX_FIELD_IOMMU_MT_PAGES	0x3000000100000003ULL
#define TDX_FIELD_SPDM_DEV_INFO_PAGES	0x3000000100000007ULL
#define TDX_FIELD_EXT_POOL_PAGES	0x3100000100000000ULL
#define TDX_FIELD_EXT_REQUIRED		0x3100000100000001ULL
#define TDX_IDE_MT_PAGES		1
#define TDX_SPDM_MT_PAGES		3
#define TDX_IOMMU_MT_PAGES		2
#define TDX_SPDM_DEV_INFO_PAGES		4

/* HPA_ARRAY_T [3.1]: one page, or a list page of up to 512 HPAs. */
#define TDX_HPA_ARRAY_PAGE		0x000ffffffffff000ULL
#define TDX_HPA_ARRAY_COUNT_SHIFT	55	/* count - 1 */
/* HPA_LIST_INFO [3.1]: IOMMU.SETUP, IOMMU.CLEAR. */
#define TDX_HPA_LIST_FIRST_SHIFT	3	/* 11:3 */
#define TDX_HPA_LIST_PAGE		0x000ffffffffff000ULL
#define TDX_HPA_LIST_LAST_SHIFT		55	/* 63:55 */
/* The first two entries of an IOMMU list: queues of 2 contiguous pages, count in the low bits. */
#define TDX_IOMMU_QUEUES		2
#define TDX_IOMMU_QUEUE_PAGES		2

/* IDE.STREAM.CREATE RCX, IDE.STREAM.KM R8, SPDM.MNG RDX [3.1]. */
#define TDX_IDE_RP_DEVFN_MASK		0xffULL
#define TDX_IDE_TYPE_SELECTIVE		(1ULL << 8)
enum tdx_ide_km_op { TDX_IDE_KM_SETUP, TDX_IDE_KM_REFRESH, TDX_IDE_KM_STOP };
enum tdx_spdm_mng_op { TDX_SPDM_HEARTBEAT, TDX_SPDM_KEY_UPDATE, TDX_SPDM_RECOLLECT };
#define TDX_SPDM_MNG_NONE		(~0ULL)

/* SPDM.CONNECT's configuration page [3.1]; 7 bytes, packed. */
struct tdx_spdm_config {
	uint32_t vmm_caps;
	uint8_t session_policy;
	uint8_t slot_mask;
	uint8_t raw_measurements;
} __attribute__((packed));
#define TDX_SPDM_CAP_HBEAT		(1U << 13)
#define TDX_SPDM_CAP_KEY_UPD		(1U << 14)

/* Messages of a request/response loop are DOE objects in one page each [3.1]. */
#define TDX_MSG_BYTES			4096

/* TDI.CREATE RCX: {15:0 spdm, 23:16 stream, 31:24 zero, 63:32 func}; three pages [3.4, chosen]. */
#define TDX_TDI_STREAM_SHIFT		16
#define TDX_TDI_FUNC_SHIFT		32
#define TDX_TDI_PAGES			3
/* TDI.BIND RDX */
#define TDX_BIND_NO_FW_UPDATE		(1ULL << 0)
#define TDX_TDI_REPORT_MAX		65536
#define TDX_TDI_REPORT_PORTION		0xf00
#define TDX_TDI_REPORT_PAGES		16

/* Field codes of TDG.TDI.RD [2.4] and TDH.TDI.RD [3.4]. */
enum tdx_tdi_field {
	TDX_TDI_VERSION			= 1,
	TDX_TDI_STATE			= 2,	/* the module's record, enum tdisp_state */
	TDX_TDI_REPORT_HASH		= 3,
	TDX_TDI_DEV_INFO_HASH		= 4,
	TDX_TDI_BIND_SESSION		= 5,
	TDX_TDI_RECORD			= 0x80,	/* host only, chosen */
};
#define TDX_TDI_HASH_BYTES		48
#define TDX_TDI_RECORD_BOUND		(1ULL << 0)
#define TDX_TDI_RECORD_CONSENT		(1ULL << 1)
#define TDX_TDI_RECORD_DMAR		(1ULL << 2)
#define TDX_TDI_RECORD_BLOCKED		(1ULL << 3)
#define TDX_TDI_RECORD_STATE_SHIFT	8
#define TDX_TDI_RECORD_PAGES_SHIFT	32

/* GPA mapping operand of MMIO.* and TDG.MMIO.ACCEPT: {2:0 level, 51:12 GPA} [2.6, 3.2]. */
#define TDX_GPA_LEVEL_MASK		7ULL
/* TDG.MMIO.ACCEPT R9: {63:32 first page in the range, 31:0 pages} */
#define TDX_ACCEPT_OFFSET_SHIFT		32

/* MMIOMT index and entry [3.3]: 32-byte entries, 128 in a page. */
#define TDX_MMIOMT_LEVELS		5	/* ADD at 5 (root) ... 1 */
#define TDX_MMIOMT_ENTRIES		128
#define TDX_MMIOMT_QNODE		0ULL
#define TDX_MMIOMT_DATA			1ULL
#define TDX_MMIOMT_FUNC_SHIFT		12
/* A level-1 ADD makes 128 pages addressable; see 3.3 for the others. */
#define TDX_MMIOMT_SPAN_SHIFT(level)	((level) == 1 ? 19 : (level) == 2 ? 28 : (level) == 3 ? 37 : 46)

/* TDIMT index {2:0 level, 63:32 func}; 512 8-byte entries a page; ADD at 4 (root) ... 1 [3.3]. */
#define TDX_TDIMT_LEVELS		4
#define TDX_TDIMT_FUNC_SHIFT		32

#endif
