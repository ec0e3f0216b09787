/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TDISP device interface report (fact sheet tdx-connect.md 5.4). Untrusted input on every side: the
 * one reader is tdisp_report_parse().
 */
#ifndef TDISP_REPORT_H
#define TDISP_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tdisp_report {
	uint16_t info;		/* TDISP_INFO_* */
	uint16_t reserved;
	uint16_t msix_control;
	uint16_t lnr_control;
	uint32_t tph_control;
	uint32_t nr_ranges;
	/* struct tdisp_range[nr_ranges], u32 length, that many device-specific bytes */
} __attribute__((packed));
#define TDISP_REPORT_MIN	20

#define TDISP_INFO_NO_FW_UPDATE		(1 << 0)
#define TDISP_INFO_DMA_NO_PASID		(1 << 1)
#define TDISP_INFO_DMA_PASID		(1 << 2)
#define TDISP_INFO_ATS			(1 << 3)
#define TDISP_INFO_PRS			(1 << 4)

struct tdisp_range {
	uint64_t first_page;	/* byte address + MMIO reporting offset; 4K aligned */
	uint32_t nr_pages;
	uint16_t attributes;	/* TDISP_RANGE_* */
	uint16_t range_id;	/* BAR number */
} __attribute__((packed));
#define TDISP_RANGE_MSIX_TABLE		(1 << 0)
#define TDISP_RANGE_MSIX_PBA		(1 << 1)
#define TDISP_RANGE_NON_TEE		(1 << 2)
#define TDISP_RANGE_ATTR_UPDATABLE	(1 << 3)
#define TDISP_RANGE_RESERVED		0xfff0

/* What is wrong with a report. */
enum tdisp_report_error {
	TDISP_REPORT_OK,
	TDISP_REPORT_SHORT,		/* ends inside a field */
	TDISP_REPORT_LONG,		/* bytes after the device-specific ones */
	TDISP_REPORT_RESERVED,		/* a reserved bit is set */
	TDISP_REPORT_UNALIGNED,		/* a TEE range does not start on a page */
	TDISP_REPORT_EMPTY,		/* a range of no pages, or one that wraps */
	TDISP_REPORT_OVERLAP,		/* two TEE ranges share a page */
	TDISP_REPORT_NR_ERRORS
};

/* A view into @bytes; nothing is copied. */
struct tdisp_report_view {
	struct tdisp_report head;
	const uint8_t *ranges;
	const uint8_t *specific;
	uint32_t specific_bytes;
};

/* Check and open @length untrusted @bytes, which must not change while @view is used. */
enum tdisp_report_error tdisp_report_parse(const uint8_t *bytes, size_t length,
					   struct tdisp_report_view *view);
/* Range @i < view->head.nr_ranges. */
struct tdisp_range tdisp_report_range(const struct tdisp_report_view *view, uint32_t i);

#endif
