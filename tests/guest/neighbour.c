// SPDX-License-Identifier: GPL-2.0
/*
 * Two TDs at the same time, each with a device of its own: what the one does, and what becomes of it,
 * must not show in the other. Both run the same function, in step.
 */
#include "guest.h"
#include "tdi.h"
#include "tdisp/tdisp.h"
#include "tdx/ghci.h"
#include "tdx/memory.h"
#include "x86/apic.h"
#include "x86/insn.h"

/* ---- where they meet ---- */

static uint32_t step;

static unsigned int other(void)
{
	return guest_is_neighbour() ? TD_OF_TEST : TD_NEIGHBOUR;
}

/* One word for the other TD, before the first time they meet: it may read it at any time after. */
static void say(uint64_t word)
{
	guest_meeting()->td[!other()].said = word;
}

static uint64_t heard(void)
{
	return guest_meeting()->td[other()].said;
}

static bool other_is_gone(void)
{
	return __atomic_load_n(&guest_meeting()->td[other()].gone, __ATOMIC_ACQUIRE);
}

/* A device in use, and what it was given to keep. */
struct use {
	const struct tdi *tdi;
	uint64_t value;
	uint64_t turns, wrong;	/* of use_once() */
};

static void mark(struct use *use, uint64_t value)
{
	use->value = value;
	testdev_write64(use->tdi->dev.bar0 + TESTDEV_MEMORY, value);
	testdev_write64(use->tdi->dev.bar0 + TESTDEV_BAR0_BYTES - 8, value + 1);
	testdev_write64(use->tdi->dev.bar2, value + 2);
}

static void use_once(struct use *use)
{
	uint64_t at = use->tdi->dev.bar0 + TESTDEV_MEMORY + PAGE_SIZE;

	testdev_write64(at, use->value + use->turns);
	use->wrong += testdev_read64(at) != use->value + use->turns ||
		      testdev_read64(use->tdi->dev.bar2) != use->value + 2;
	use->turns++;
}

/* Is the device in RUN, as the module and itself say, with what its own TD wrote? */
static bool goes_on(const struct use *use)
{
	const struct testdev *dev = &use->tdi->dev;
	uint64_t state;

	return CHECK_DEC(use->wrong, 0) &&
	       CHECK_TDX(tdg_tdi_rd(dev->bdf, TDX_TDI_STATE, 0, &state), TDX_SUCCESS) &&
	       CHECK_STATE(state, TDISP_RUN) &&
	       CHECK_STATE(testdev_read32(dev->bar0 + TESTDEV_STATE), TDISP_RUN) &&
	       CHECK_HEX(testdev_read64(dev->bar0 + TESTDEV_MEMORY), use->value) &&
	       CHECK_HEX(testdev_read64(dev->bar0 + TESTDEV_BAR0_BYTES - 8), use->value + 1) &&
	       CHECK_HEX(testdev_read64(dev->bar2), use->value + 2);
}

/* Wait until the other TD has come as far, with @use in use. The VMM's timeout is the bound. */
static bool meet(struct use *use)
{
	struct channel_meeting *meeting = guest_meeting();
	bool gone, met;

	__atomic_store_n(&meeting->td[!other()].step, ++step, __ATOMIC_RELEASE);
	do {
		gone = other_is_gone();
		met = __atomic_load_n(&meeting->td[other()].step, __ATOMIC_ACQUIRE) >= step;
		if (use)
			use_once(use);
		cpu_relax();
	} while (!gone && !met);
	return met || CHECK(!"the other TD has ended");
}

/* ---- the tests ---- */

static void neighbour_flow(void)
{
	struct tdi tdi;
	struct use use = { .tdi = &tdi };

	if (!tdi_open(&tdi) || !meet(NULL) || !tdi_bind(&tdi) || !tdi_attest(&tdi))
		return;
	say(tdi.attested.session);
	if (!meet(NULL) || !CHECK(heard() != tdi.attested.session) || !tdi_accept(&tdi) ||
	    !tdi_start(&tdi))
		return;
	/* The same GPAs in both TDs, so that only the TD tells whose page it is. */
	mark(&use, guest_is_neighbour() ? 0xb000 : 0xa000);
	if (!meet(&use) || !goes_on(&use) || !meet(&use))
		return;
	/* Now two lives of the one, in one of the other; then the other way round. */
	for (unsigned int turn = 0; turn < 2; turn++) {
		if (turn == guest_is_neighbour()) {
			if (!tdi_unbind(&tdi) || !meet(NULL) || !tdi_to_run(&tdi))
				return;
			mark(&use, use.value + 0x100);
		} else if (!meet(&use) || !goes_on(&use)) {
			return;
		}
		if (!meet(&use) || !goes_on(&use) || !meet(&use))
			return;
	}
	if (tdi_unbind(&tdi))
		meet(NULL);
}
TEST(neighbour_flow,
     "two TDs at once, each with a device: a bind or an unbind of one leaves the other's in RUN",
     "fact sheet C 2.3, 3.3, 9", "module: a BIND breaks the running TDIs of other TDs",
     NEEDS_CONNECT | NEEDS_NEIGHBOUR, neighbour_flow);

/* All that names a device, with that of the other TD, and otherwise right. */
static bool reach(const struct tdi *tdi, uint16_t bdf, uint64_t session)
{
	struct mmio_accept accept = {
		.gpa = tdi->attested.range[0].gpa, .pages = tdi->attested.range[0].pages,
	};
	uint64_t state;

	for (enum tdcm_op op = TDCM_OP_BIND; op <= TDCM_OP_UNBIND; op++) {
		tdcm_prepare(tdcm_buffer(), op);
		if (!CHECK_GHCI(ghci_tdcm(bdf, tdcm_gpa(), PAGE_SIZE, 0),
				GHCI_STATUS_INVALID_OPERAND))
			return false;
	}
	return CHECK_TDX(tdg_tdi_rd(bdf, TDX_TDI_STATE, 0, &state),
			 TDX_STATUS(TDI_NOT_PRESENT, TDX_OP_RCX)) &&
	       CHECK_TDX(tdg_mmio_accept(bdf, tdi->attested.range[0].index, &accept),
			 TDX_STATUS(TDI_NOT_PRESENT, TDX_OP_R8)) &&
	       CHECK_TDX(tdg_tdi_start(bdf, session), TDX_STATUS(TDI_NOT_PRESENT, TDX_OP_RCX));
}

static void neighbour_foreign(void)
{
	struct tdi tdi;
	struct use use = { .tdi = &tdi };
	uint64_t word, session;
	uint16_t bdf;

	if (!tdi_lock(&tdi))
		return;
	say(tdi.attested.session << 16 | tdi.dev.bdf);
	if (!meet(NULL))
		return;
	word = heard();
	bdf = word;
	session = word >> 16;
	if (!CHECK(bdf != tdi.dev.bdf) || !reach(&tdi, bdf, session) || !meet(NULL))
		return;
	/* The other TD's consent was none: the host can't start the device yet. */
	CHECK_TDCM(tdcm_call(tdi.dev.bdf, TDCM_OP_START_TDI, 0, 0, 0), TDCM_ERR_INVALID_STATE);
	if (!tdi_accept(&tdi) || !tdi_start(&tdi))
		return;
	mark(&use, guest_is_neighbour() ? 0xb000 : 0xa000);
	if (meet(&use) && reach(&tdi, bdf, session) && meet(&use) && goes_on(&use) &&
	    meet(&use) && tdi_unbind(&tdi))
		meet(NULL);
}
TEST(neighbour_foreign,
     "the device of another TD is none to this one, whatever it asks, of the host or of the module",
     "fact sheet C 1.4, 2.3", "module: find a TDI by the guest's ID for it, in whatever TD",
     NEEDS_CONNECT | NEEDS_NEIGHBOUR, neighbour_foreign);

static uint64_t *fill_page(uint64_t value)
{
	uint64_t *page = memory_page();

	for (unsigned int n = 0; page && n < PAGE_SIZE / sizeof(*page); n++)
		page[n] = value + n;
	return CHECK(page) ? page : NULL;
}

static bool holds(const volatile uint64_t *page, uint64_t value)
{
	unsigned int n = 0;

	while (n < PAGE_SIZE / sizeof(*page) && page[n] == value + n)
		n++;
	return CHECK_DEC(n, PAGE_SIZE / sizeof(*page));
}

#define NAP_VECTOR	0x60
#define NAP_TICKS	25000
#define NAP_USES	256

/*
 * Between some uses, so that a long wait doesn't emulate millions of them: the other one's device is
 * being reset for 100 ms.
 */
static bool nap(const struct use *use)
{
	if (use->turns % NAP_USES)
		return true;
	if (!CHECK_GHCI(apic_timer_once(NAP_VECTOR, NAP_TICKS), GHCI_STATUS_SUCCESS) ||
	    !CHECK_GHCI(ghci_hlt(), GHCI_STATUS_SUCCESS))
		return false;
	irq_enable();
	cpu_relax();
	irq_disable();
	return true;
}

static void neighbour_end(void)
{
	struct tdi tdi;
	struct use use = { .tdi = &tdi };
	uint64_t *page, *late;

	if (!tdi_lock(&tdi) || !meet(NULL) || !tdi_accept(&tdi) || !tdi_start(&tdi))
		return;
	mark(&use, guest_is_neighbour() ? 0xb000 : 0xa000);
	page = fill_page(use.value);
	/* The test's own TD ends here, with its device in RUN. */
	if (!page || !meet(&use) || !goes_on(&use) || !guest_is_neighbour())
		return;
	CHECK_GHCI(apic_enable(), GHCI_STATUS_SUCCESS);
	while (!other_is_gone() && nap(&use))
		use_once(&use);
	test_log("%llu times used until the other TD was destroyed", (unsigned long long)use.turns);
	if (!goes_on(&use) || !holds(page, use.value))
		return;
	/* What the other one had goes to whoever asks next. */
	late = fill_page(0xc000);
	if (!late || !tdi_unbind(&tdi) || !tdi_to_run(&tdi))
		return;
	mark(&use, 0xb100);
	if (goes_on(&use) && holds(page, 0xb000) && holds(late, 0xc000))
		tdi_unbind(&tdi);
}
TEST(neighbour_end,
     "a TD that ends with its device in RUN leaves the device and the pages of another TD as they are",
     "fact sheet 8, C 4", "module: the end of a TD breaks the TDIs of the others",
     NEEDS_CONNECT | NEEDS_NEIGHBOUR, neighbour_end);
