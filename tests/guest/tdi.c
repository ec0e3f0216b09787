// SPDX-License-Identifier: GPL-2.0
#include "guest.h"
#include "tdi.h"
#include "tdisp/tdisp.h"
#include "tdx/ghci.h"
#include "tdx/tdcall.h"

#define BUFFER_BYTES	(17 * PAGE_SIZE)	/* header and the longest report (C 1.6) */

bool tdi_open(struct tdi *tdi)
{
	*tdi = (struct tdi){ .nth = guest_is_neighbour() };
	if (!testdev_open(&tdi->dev, true))
		return false;
	if (!tdcm_init(BUFFER_BYTES)) {
		test_error("the TDCM buffer can't be made");
		return false;
	}
	return true;
}

bool tdi_open_second(struct tdi *tdi)
{
	*tdi = (struct tdi){ .nth = 1 };
	return testdev_open_nth(&tdi->dev, tdi->nth, true);
}

static bool map_bars(const struct tdi *tdi, bool shared)
{
	return CHECK(mmu_set_shared(tdi->dev.bar0, TESTDEV_BAR0_BYTES, shared)) &&
	       CHECK(mmu_set_shared(tdi->dev.bar2, TESTDEV_BAR2_BYTES, shared));
}

bool tdi_bind(struct tdi *tdi)
{
	uint8_t supported = 0;

	return CHECK_TDCM(tdcm_call(tdi->dev.bdf, TDCM_OP_CHECK_TEEIO_SUPP, &supported, 1, 1), 0) &&
	       CHECK_DEC(supported, 1) &&
	       CHECK_TDCM(tdcm_call(tdi->dev.bdf, TDCM_OP_BIND, 0, 0, 0), 0) &&
	       map_bars(tdi, false);
}

enum attest tdi_judge(struct tdi *tdi)
{
	const struct attest_bar bars[ATTEST_BARS] = {
		[0] = { tdi->dev.bar0, TESTDEV_BAR0_BYTES },
		[2] = { tdi->dev.bar2, TESTDEV_BAR2_BYTES },
	};
	enum attest refusal = attest_device(tdi->dev.bdf, tdi->nth, bars, &tdi->attested);

	if (refusal)
		test_log("refused: %s", attest_text(refusal));
	else
		test_log("attested: session %llu, %u TEE ranges, identity and report match",
			 (unsigned long long)tdi->attested.session, tdi->attested.nr);
	return refusal;
}

bool tdi_attest(struct tdi *tdi)
{
	return CHECK_ATTEST(tdi_judge(tdi), ATTEST_OK);
}

bool tdi_accept(struct tdi *tdi)
{
	uint64_t pages = 0;

	for (unsigned int n = 0; n < tdi->attested.nr; n++) {
		const struct attest_range *range = &tdi->attested.range[n];
		struct mmio_accept accept = { .gpa = range->gpa, .pages = range->pages };

		if (!CHECK_TDX(tdg_mmio_accept(tdi->dev.bdf, range->index, &accept), TDX_SUCCESS) ||
		    !CHECK_HEX(accept.gpa, range->gpa + range->pages * PAGE_SIZE) ||
		    !CHECK_DEC(accept.pages, 0) || !CHECK_DEC(accept.offset, range->pages))
			return false;
		pages += range->pages;
	}
	test_value("pages_accepted", pages);
	return true;
}

bool tdi_start(struct tdi *tdi)
{
	uint64_t state;

	return CHECK_TDX(tdg_tdi_start(tdi->dev.bdf, tdi->attested.session), TDX_SUCCESS) &&
	       CHECK_TDCM(tdcm_call(tdi->dev.bdf, TDCM_OP_START_TDI, 0, 0, 0), 0) &&
	       CHECK_TDX(tdg_tdi_rd(tdi->dev.bdf, TDX_TDI_STATE, 0, &state), TDX_SUCCESS) &&
	       CHECK_STATE(state, TDISP_RUN);
}

bool tdi_unbind(struct tdi *tdi)
{
	return CHECK_TDCM(tdcm_call(tdi->dev.bdf, TDCM_OP_UNBIND, 0, 0, 0), 0) &&
	       map_bars(tdi, true);
}

bool tdi_lock(struct tdi *tdi)
{
	return tdi_open(tdi) && tdi_bind(tdi) && tdi_attest(tdi);
}

bool tdi_to_run(struct tdi *tdi)
{
	return tdi_bind(tdi) && tdi_attest(tdi) && tdi_accept(tdi) && tdi_start(tdi);
}

bool tdi_run(struct tdi *tdi)
{
	return tdi_open(tdi) && tdi_to_run(tdi);
}

void tdi_mark(uint64_t mark)
{
	struct tdcall c = { .rax = TDG_VP_INFO, .rcx = mark };

	tdcall(&c);
}
