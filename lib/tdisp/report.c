// SPDX-License-Identifier: GPL-2.0
#include "report.h"

#define PAGE_SHIFT	12
#define PAGE_MASK	((1ULL << PAGE_SHIFT) - 1)

static void copy(void *to, const uint8_t *from, size_t n)
{
	uint8_t *bytes = to;

	while (n--)
		*bytes++ = *from++;
}

struct tdisp_range tdisp_report_range(const struct tdisp_report_view *view, uint32_t i)
{
	struct tdisp_range range;

	copy(&range, view->ranges + (size_t)i * sizeof(range), sizeof(range));
	return range;
}

static bool is_tee(const struct tdisp_range *r)
{
	return !(r->attributes & TDISP_RANGE_NON_TEE);
}

static uint64_t bytes_of(const struct tdisp_range *r)
{
	return (uint64_t)r->nr_pages << PAGE_SHIFT;
}

static bool overlap(const struct tdisp_range *a, const struct tdisp_range *b)
{
	return a->first_page < b->first_page + bytes_of(b) &&
	       b->first_page < a->first_page + bytes_of(a);
}

static enum tdisp_report_error check_range(const struct tdisp_report_view *view, uint32_t i)
{
	struct tdisp_range range = tdisp_report_range(view, i);

	if (range.attributes & TDISP_RANGE_RESERVED)
		return TDISP_REPORT_RESERVED;
	if (!range.nr_pages || range.first_page + bytes_of(&range) - 1 < range.first_page)
		return TDISP_REPORT_EMPTY;
	if (!is_tee(&range))
		return TDISP_REPORT_OK;
	if (range.first_page & PAGE_MASK)
		return TDISP_REPORT_UNALIGNED;
	for (uint32_t j = 0; j < i; j++) {
		struct tdisp_range other = tdisp_report_range(view, j);

		if (is_tee(&other) && overlap(&range, &other))
			return TDISP_REPORT_OVERLAP;
	}
	return TDISP_REPORT_OK;
}

enum tdisp_report_error tdisp_report_parse(const uint8_t *bytes, size_t length,
					   struct tdisp_report_view *view)
{
	enum tdisp_report_error error = TDISP_REPORT_OK;
	size_t rest;

	if (length < TDISP_REPORT_MIN)
		return TDISP_REPORT_SHORT;
	copy(&view->head, bytes, sizeof(view->head));
	view->ranges = bytes + sizeof(view->head);
	rest = length - TDISP_REPORT_MIN;
	if (view->head.nr_ranges > rest / sizeof(struct tdisp_range))
		return TDISP_REPORT_SHORT;
	rest -= view->head.nr_ranges * sizeof(struct tdisp_range);
	view->specific = view->ranges + view->head.nr_ranges * sizeof(struct tdisp_range) +
			 sizeof(view->specific_bytes);
	copy(&view->specific_bytes, view->specific - sizeof(view->specific_bytes),
	     sizeof(view->specific_bytes));
	if (view->specific_bytes != rest)
		return view->specific_bytes > rest ? TDISP_REPORT_SHORT : TDISP_REPORT_LONG;
	for (uint32_t i = 0; i < view->head.nr_ranges && !error; i++)
		error = check_range(view, i);
	return error;
}
