// SPDX-License-Identifier: GPL-2.0
/* A private device from bind to unbind, and what the module refuses on the way. */
#include "tdi.h"
#include "tdisp/tdisp.h"
#include "tdx/ghci.h"
#include "tdx/tdcall.h"
#include "x86/insn.h"
#include "x86/smp.h"

#define READS		10000
#define STREAM_WORDS	(PAGE_SIZE / 8)
#define PATIENCE	(1u << 24)	/* reads in which an UNBIND is long over */

/* ---- private use ---- */

static void walk_bits(uint64_t at)
{
	for (unsigned int bit = 0; bit < 64; bit++) {
		testdev_write64(at, 1ULL << bit);
		if (!CHECK_HEX(testdev_read64(at), 1ULL << bit))
			return;
	}
}

static void stream(uint64_t bar)
{
	uint64_t wrong = 0;

	for (unsigned int n = 0; n < STREAM_WORDS; n++)
		testdev_write64(bar + TESTDEV_MEMORY + 8 * n, n * 0x9e3779b97f4a7c15);
	for (unsigned int n = 0; n < STREAM_WORDS; n++)
		wrong += testdev_read64(bar + TESTDEV_MEMORY + 8 * n) != n * 0x9e3779b97f4a7c15;
	CHECK_DEC(wrong, 0);
}

/* READS reads between two marks: the runner counts the exits there, the device the transactions. */
static void count_reads(uint64_t bar)
{
	uint64_t before = testdev_read64(bar + TESTDEV_READS_T);

	tdi_mark(TEST_MARK_BEGIN);
	for (unsigned int n = 0; n < READS; n++)
		testdev_read32(bar + TESTDEV_MEMORY);
	tdi_mark(TEST_MARK_END);
	CHECK_DEC(testdev_read64(bar + TESTDEV_READS_T) - before, READS + 1);
	test_value("private_reads", READS);
}

static void use_private(const struct tdi *tdi)
{
	CHECK_HEX(testdev_read32(tdi->dev.bar0 + TESTDEV_ID), TESTDEV_MAGIC);
	CHECK_STATE(testdev_read32(tdi->dev.bar0 + TESTDEV_STATE), TDISP_RUN);
	walk_bits(tdi->dev.bar0 + TESTDEV_SCRATCH);
	testdev_check_widths(tdi->dev.bar0 + TESTDEV_SCRATCH);
	testdev_check_widths(tdi->dev.bar2);
	stream(tdi->dev.bar0);
	count_reads(tdi->dev.bar0);
}

static void use_shared(const struct tdi *tdi)
{
	uint64_t before = testdev_read64(tdi->dev.bar0 + TESTDEV_READS_T);

	CHECK_HEX(testdev_read32(tdi->dev.bar0 + TESTDEV_ID), TESTDEV_MAGIC);
	CHECK_STATE(testdev_read32(tdi->dev.bar0 + TESTDEV_STATE), TDISP_CONFIG_UNLOCKED);
	CHECK_DEC(testdev_read64(tdi->dev.bar0 + TESTDEV_READS_T), before);
	test_log("shared use of the same BAR: no private transaction");
}

static void connect_flow(void)
{
	struct tdi tdi;
	uint64_t session;

	if (!tdi_run(&tdi))
		return;
	session = tdi.attested.session;
	CHECK_TDX(tdg_dmar_accept(tdi.dev.bdf, 0), TDX_STATUS(DMAR_ENTRY_NOT_PRESENT, TDX_OP_DMAR));
	use_private(&tdi);
	if (!tdi_unbind(&tdi))
		return;
	use_shared(&tdi);
	if (!tdi_bind(&tdi) || !tdi_attest(&tdi))
		return;
	CHECK(tdi.attested.session > session);
	if (!tdi_accept(&tdi) || !tdi_start(&tdi))
		return;
	use_private(&tdi);
	if (tdi_unbind(&tdi))
		use_shared(&tdi);
}
TEST(connect_flow,
     "bind, attest, accept, start, private use, unbind, shared use, and all of it again",
     "fact sheet C 9", "QEMU device: count one private read in a thousand twice", NEEDS_CONNECT,
     connect_flow);

static void connect_accept_in_run(void)
{
	struct tdi tdi;

	if (tdi_lock(&tdi) && tdi_start(&tdi) && tdi_accept(&tdi)) {
		CHECK_HEX(testdev_read32(tdi.dev.bar0 + TESTDEV_ID), TESTDEV_MAGIC);
		tdi_unbind(&tdi);
	}
}
TEST(connect_accept_in_run, "private MMIO can also be accepted after START, in RUN",
     "fact sheet C 1.5", "module: MMIO.ACCEPT wants LOCKED", NEEDS_CONNECT, connect_accept_in_run);

static void connect_smp(void)
{
	struct tdi tdi;

	if (!tdi_run(&tdi))
		return;
	testdev_check_smp(tdi.dev.bar0);
	tdi_unbind(&tdi);
}
TEST(connect_smp, "two vCPUs write one private page without losing a write", "fact sheet C 9",
     "model: leave the T bit out of a translation that vCPU 1 makes for a write",
     NEEDS_CONNECT | NEEDS_SMP, connect_smp);

/* ---- what is refused: statuses ---- */

static uint64_t accept_status(const struct tdi *tdi, uint64_t range, uint64_t gpa, uint32_t offset,
			      uint32_t pages)
{
	struct mmio_accept accept = { .gpa = gpa, .offset = offset, .pages = pages };

	return tdg_mmio_accept(tdi->dev.bdf, range, &accept);
}

static void connect_unbound(void)
{
	struct tdi tdi;
	uint64_t value;

	if (!tdi_open(&tdi))
		return;
	CHECK_TDX(accept_status(&tdi, 0, tdi.dev.bar0, 0, 1),
		  TDX_STATUS(TDI_NOT_PRESENT, TDX_OP_R8));
	CHECK_TDX(tdg_tdi_rd(tdi.dev.bdf, TDX_TDI_STATE, 0, &value),
		  TDX_STATUS(TDI_NOT_PRESENT, TDX_OP_RCX));
	CHECK_TDX(tdg_tdi_start(tdi.dev.bdf, 1), TDX_STATUS(TDI_NOT_PRESENT, TDX_OP_RCX));
	CHECK_TDCM(tdcm_call(tdi.dev.bdf, TDCM_OP_START_TDI, 0, 0, 0), TDCM_ERR_INVALID_STATE);
	CHECK_TDCM(tdcm_call(tdi.dev.bdf, TDCM_OP_UNBIND, 0, 0, 0), 0);
	if (tdi_bind(&tdi) && tdi_unbind(&tdi))
		CHECK_TDX(tdg_tdi_rd(tdi.dev.bdf, TDX_TDI_STATE, 0, &value),
			  TDX_STATUS(TDI_NOT_PRESENT, TDX_OP_RCX));
}
TEST(connect_unbound, "without a bind, and after an unbind, the module knows no TDI",
     "fact sheet C 2.3, 8.1",
     "module: answer for a TDI that is not there as for one in a wrong state", NEEDS_CONNECT,
     connect_unbound);

static void connect_bind_twice(void)
{
	struct tdi tdi;

	if (!tdi_open(&tdi) || !tdi_bind(&tdi))
		return;
	CHECK_TDCM(tdcm_call(tdi.dev.bdf, TDCM_OP_BIND, 0, 0, 0), TDCM_ERR_INVALID_STATE);
	tdi_unbind(&tdi);
}
TEST(connect_bind_twice, "a second BIND is an error and leaves the first alone",
     "fact sheet C 1.4", "VMM: pass a second BIND on to the host", NEEDS_CONNECT,
     connect_bind_twice);

static void connect_accept_errors(void)
{
	const struct attest_range *first, *second;
	struct tdi tdi;

	if (!tdi_lock(&tdi) || !CHECK(tdi.attested.nr >= 2))
		return;
	first = &tdi.attested.range[0];
	second = &tdi.attested.range[1];
	CHECK_TDX(accept_status(&tdi, first->index, first->gpa, first->pages, 1),
		  TDX_STATUS(MMIO_PAGE_NOT_IN_ASSOC_RANGE, TDX_OP_R9));
	CHECK_TDX(accept_status(&tdi, first->index, first->gpa, 0, first->pages + 1),
		  TDX_STATUS(MMIO_PAGE_NOT_IN_ASSOC_RANGE, TDX_OP_R9));
	CHECK_TDX(accept_status(&tdi, first->index, first->gpa, 0, 0),
		  TDX_STATUS(OPERAND_INVALID, TDX_OP_R9));
	CHECK_TDX(accept_status(&tdi, 0xffff, first->gpa, 0, 1),
		  TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX));
	CHECK_TDX(accept_status(&tdi, first->index, first->gpa | 1ULL << 11, 0, 1),
		  TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX));
	/* Range i at the GPA of range j: the main attack of a VMM that swaps BARs. */
	CHECK_TDX(accept_status(&tdi, second->index, first->gpa, 0, 1),
		  TDX_STATUS(MMIO_INVALID_HPA_OFFSET, TDX_OP_RCX));
	CHECK_TDX(accept_status(&tdi, first->index, first->gpa, 1, 1),
		  TDX_STATUS(MMIO_INVALID_HPA_OFFSET, TDX_OP_RCX));
	CHECK_TDX(accept_status(&tdi, first->index, first->gpa, 0, 1), TDX_SUCCESS);
	CHECK_TDX(accept_status(&tdi, first->index, first->gpa, 0, 1),
		  TDX_STATUS(PAGE_ALREADY_ACCEPTED, 0));
	tdi_unbind(&tdi);
}
TEST(connect_accept_errors, "MMIO.ACCEPT refuses each wrong operand with its own status",
     "fact sheet C 2.6, 8.1", "module: skip the HPA half of row 14", NEEDS_CONNECT,
     connect_accept_errors);

static void connect_start_session(void)
{
	struct tdi tdi;
	uint64_t state;

	if (!tdi_lock(&tdi))
		return;
	CHECK_TDX(tdg_tdi_start(tdi.dev.bdf, tdi.attested.session + 1),
		  TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX));
	CHECK_TDCM(tdcm_call(tdi.dev.bdf, TDCM_OP_START_TDI, 0, 0, 0), TDCM_ERR_INVALID_STATE);
	CHECK_TDX(tdg_tdi_rd(tdi.dev.bdf, TDX_TDI_STATE, 0, &state), TDX_SUCCESS);
	CHECK_STATE(state, TDISP_CONFIG_LOCKED);
	tdi_unbind(&tdi);
}
TEST(connect_start_session, "without the guest's consent for this session the host can't START",
     "fact sheet C 2.5", "module: TDH.TDI.START ignores consent", NEEDS_CONNECT,
     connect_start_session);

static void connect_map_gpa(void)
{
	struct tdi tdi;
	uint64_t failed;

	if (!tdi_open(&tdi))
		return;
	CHECK_GHCI(ghci_map_gpa(tdi.dev.bar0, PAGE_SIZE, &failed), GHCI_STATUS_INVALID_OPERAND);
	if (!tdi_bind(&tdi))
		return;
	CHECK_GHCI(ghci_map_gpa(tdi.dev.bar0 | mmu_shared_bit(), PAGE_SIZE, &failed),
		   GHCI_STATUS_INVALID_OPERAND);
	tdi_unbind(&tdi);
}
TEST(connect_map_gpa, "MapGPA on a BAR is refused, bound or not", "fact sheet C 1.2",
     "VMM: say that a BAR was converted", NEEDS_CONNECT, connect_map_gpa);

static void connect_tdcm_operands(void)
{
	struct tdi tdi;
	uint64_t gpa;

	if (!tdi_open(&tdi))
		return;
	gpa = tdcm_gpa();
	CHECK_GHCI(ghci_tdcm(0x10000, gpa, PAGE_SIZE, 0), GHCI_STATUS_INVALID_OPERAND);
	CHECK_GHCI(ghci_tdcm(tdi.dev.bdf, gpa & ~mmu_shared_bit(), PAGE_SIZE, 0),
		   GHCI_STATUS_INVALID_OPERAND);
	CHECK_GHCI(ghci_tdcm(tdi.dev.bdf, gpa, 0, 0), GHCI_STATUS_INVALID_OPERAND);
	CHECK_GHCI(ghci_tdcm(tdi.dev.bdf, gpa, TDCM_BUFFER_MAX + PAGE_SIZE, 0),
		   GHCI_STATUS_INVALID_OPERAND);
	CHECK_GHCI(ghci_tdcm(tdi.dev.bdf, gpa, PAGE_SIZE, 31), GHCI_STATUS_INVALID_OPERAND);
	CHECK_GHCI(ghci_tdcm(tdi.dev.bdf, gpa, PAGE_SIZE, 256), GHCI_STATUS_INVALID_OPERAND);
	CHECK_GHCI(ghci_tdcm(tdi.dev.bdf, gpa + 8, PAGE_SIZE, 0), GHCI_STATUS_ALIGN_ERROR);
	CHECK_GHCI(ghci_tdcm(tdi.dev.bdf, gpa, 100, 0), GHCI_STATUS_ALIGN_ERROR);
	CHECK_GHCI(ghci_tdcm(tdi.dev.bdf + 8, gpa, PAGE_SIZE, 0), GHCI_STATUS_INVALID_OPERAND);
}
TEST(connect_tdcm_operands, "TDCM refuses each bad register, and leaves the buffer alone",
     "fact sheet C 1.4", "KVM: do not check the alignment of R13", NEEDS_CONNECT,
     connect_tdcm_operands);

static void connect_tdcm_requests(void)
{
	struct tdi tdi;

	if (!tdi_open(&tdi))
		return;
	CHECK_TDCM(tdcm_call(tdi.dev.bdf, 0, 0, 0, 0), TDCM_ERR_INVALID_STATE);
	CHECK_TDCM(tdcm_call(tdi.dev.bdf, 8, 0, 0, 0), TDCM_ERR_INVALID_STATE);
	CHECK_TDCM(tdcm_call(tdi.dev.bdf, TDCM_OP_GET_TDI_REPORT, 0, 0, 0), TDCM_ERR_INVALID_STATE);
	CHECK_TDCM(tdcm_call(tdi.dev.bdf, TDCM_OP_GET_DEV_INFO, 0, 0, 0), TDCM_ERR_INVALID_STATE);
	CHECK_TDCM(tdcm_call(tdi.dev.bdf, TDCM_OP_GET_TDI_STATE, 0, 0, 0), TDCM_ERR_INVALID_STATE);
}
TEST(connect_tdcm_requests,
     "TDCM answers an unknown request, and one out of order, by its error byte", "fact sheet C 1.4",
     "VMM: serve an unknown request by doing nothing", NEEDS_CONNECT, connect_tdcm_requests);

static void connect_state(void)
{
	struct tdi tdi;
	uint8_t state = 0xff;

	if (!tdi_lock(&tdi))
		return;
	CHECK_TDCM(tdcm_call(tdi.dev.bdf, TDCM_OP_GET_TDI_STATE, &state, 1, 1), 0);
	CHECK_STATE(state, TDISP_CONFIG_LOCKED);
	if (tdi_accept(&tdi) && tdi_start(&tdi)) {
		CHECK_TDCM(tdcm_call(tdi.dev.bdf, TDCM_OP_GET_TDI_STATE, &state, 1, 1), 0);
		CHECK_STATE(state, TDISP_RUN);
	}
	tdi_unbind(&tdi);
}
TEST(connect_state, "GET_TDI_STATE asks the device: LOCKED, then RUN", "fact sheet C 1.4, 3.4",
     "tdx-host: answer CONFIG_LOCKED to GET_STATE in RUN", NEEDS_CONNECT, connect_state);

/* ---- what is refused: accesses. Each ends the TD, with a silent host. ---- */

static void fetch(uint64_t gpa)
{
	((void (*)(void))gpa)();
}

static void accept_as_ram(uint64_t gpa)
{
	tdg_mem_page_accept(gpa, 0);
}

static void connect_touch_before_accept(void)
{
	struct tdi tdi;

	if (tdi_lock(&tdi))
		test_end_refused(testdev_touch, tdi.dev.bar0);
}
TEST(connect_touch_before_accept, "a private page that was not accepted is refused, not retried",
     "fact sheet C 2.6 (host rule), B33", "KVM: resume on EEQ 0 with the entry present",
     NEEDS_CONNECT | EXPECT_REFUSED, connect_touch_before_accept);

static void connect_touch_after_unbind(void)
{
	struct tdi tdi;

	if (!tdi_run(&tdi))
		return;
	CHECK_HEX(testdev_read32(tdi.dev.bar0), TESTDEV_MAGIC);
	if (!CHECK_TDCM(tdcm_call(tdi.dev.bdf, TDCM_OP_UNBIND, 0, 0, 0), 0))
		return;
	test_end_refused(testdev_touch, tdi.dev.bar0);
}
TEST(connect_touch_after_unbind, "after the unbind the private page is gone, also from the TLB",
     "fact sheet C 8 row 18", "VMM: answer UNBIND without doing it", NEEDS_CONNECT | EXPECT_REFUSED,
     connect_touch_after_unbind);

static uint32_t reading;

static void read_on(uint64_t gpa)
{
	for (unsigned int n = 0; n < PATIENCE; n++)
		testdev_read32(gpa);
}

/*
 * The device's own value until STOP, then all ones, and those through a translation that the S-EPT
 * has blocked, until TRACK and its kick make this vCPU leave: it comes back to find no page.
 */
static void read_until_refused(void *opaque)
{
	uint64_t gpa = *(uint64_t *)opaque;
	uint32_t value = testdev_read32(gpa);

	CHECK_HEX(value, TESTDEV_MAGIC);
	__atomic_store_n(&reading, 1, __ATOMIC_RELEASE);
	for (unsigned int n = 0; n < PATIENCE && value == TESTDEV_MAGIC; n++)
		value = testdev_read32(gpa);
	if (!CHECK_HEX(value, 0xffffffff))
		return;
	test_end_refused(read_on, gpa);
}

static void connect_stale(void)
{
	struct tdi tdi;

	if (!tdi_run(&tdi))
		return;
	test_value("stale_page", tdi.dev.bar0);
	smp_start(1, read_until_refused, &tdi.dev.bar0);
	while (!__atomic_load_n(&reading, __ATOMIC_ACQUIRE))
		cpu_relax();
	/* Nothing is checked from here on: the other vCPU ends the test. */
	tdcm_call(tdi.dev.bdf, TDCM_OP_UNBIND, 0, 0, 0);
	smp_wait(1);
}
TEST(connect_stale,
     "a vCPU that reads on through the unbind uses its translation after BLOCK, never after UNMAP",
     "fact sheet 6.3, C 3.3, C 8 row 18", "QEMU: flush a TD's TLBs at TDH.MMIO.BLOCK",
     NEEDS_CONNECT | NEEDS_SMP | EXPECT_REFUSED, connect_stale);

static void connect_ram_accept(void)
{
	struct tdi tdi;

	if (tdi_lock(&tdi))
		test_end_refused(accept_as_ram, tdi.dev.bar0);
}
TEST(connect_ram_accept, "MEM.PAGE.ACCEPT on a BAR ends in a refusal", "fact sheet C 8.1",
     "KVM: resume on EEQ 1 whatever the state", NEEDS_CONNECT | EXPECT_REFUSED, connect_ram_accept);

static void connect_fetch(void)
{
	struct tdi tdi;

	if (tdi_run(&tdi))
		test_end_refused(fetch, tdi.dev.bar0);
}
TEST(connect_fetch, "code is never fetched from private MMIO", "fact sheet C 8.1",
     "module: give MMIO_MAPPED the X right", NEEDS_CONNECT | EXPECT_REFUSED, connect_fetch);
