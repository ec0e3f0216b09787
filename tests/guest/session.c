// SPDX-License-Identifier: GPL-2.0
/* A TDI over time: session after session, a device that fails, an answer that is announced. */
#include "tdi.h"
#include "tdisp/tdisp.h"
#include "tdx/ghci.h"
#include "tdx/tdcall.h"
#include "x86/apic.h"
#include "x86/cpu.h"
#include "x86/insn.h"
#include "x86/smp.h"

#define SESSIONS	6
#define VECTOR		0x63
#define PATIENCE	(1u << 26)	/* turns, before a check fails */

static void connect_sessions(void)
{
	uint64_t session, last = 0;
	struct tdi tdi;

	if (!tdi_open(&tdi))
		return;
	for (unsigned int n = 0; n < SESSIONS; n++) {
		if (!tdi_bind(&tdi) ||
		    !CHECK_TDX(tdg_tdi_rd(tdi.dev.bdf, TDX_TDI_BIND_SESSION, NULL, &session),
			       TDX_SUCCESS))
			return;
		if (n) {
			CHECK_DEC(session, last + 1);
			CHECK_TDX(tdg_tdi_start(tdi.dev.bdf, last),
				  TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX));
		}
		CHECK_TDX(tdg_tdi_start(tdi.dev.bdf, session), TDX_SUCCESS);
		last = session;
		if (!tdi_unbind(&tdi))
			return;
	}
}
TEST(connect_sessions,
     "each of six binds has the next session number, and refuses the consent to the last one",
     "fact sheet C 3.4 (BIND), 2.5", "model: leave out every third session number", NEEDS_CONNECT,
     connect_sessions);

static void expect_state(const struct tdi *tdi, uint8_t device, uint64_t record)
{
	uint8_t state = 0xff;
	uint64_t value;

	CHECK_TDCM(tdcm_call(tdi->dev.bdf, TDCM_OP_GET_TDI_STATE, &state, 1, 1), 0);
	CHECK_STATE(state, device);
	CHECK_TDX(tdg_tdi_rd(tdi->dev.bdf, TDX_TDI_STATE, NULL, &value), TDX_SUCCESS);
	CHECK_STATE(value, record);
}

static void connect_error(void)
{
	struct tdi tdi;
	uint64_t value;

	if (!tdi_run(&tdi))
		return;
	expect_state(&tdi, TDISP_RUN, TDISP_RUN);
	testdev_write32(tdi.dev.bar0 + TESTDEV_INJECT, TESTDEV_INJECT_ERROR);
	CHECK_HEX(testdev_read32(tdi.dev.bar0 + TESTDEV_ID), 0xffffffff);
	/* The module has not heard of it yet. */
	CHECK_TDX(tdg_tdi_rd(tdi.dev.bdf, TDX_TDI_STATE, NULL, &value), TDX_SUCCESS);
	CHECK_DEC(value, TDISP_RUN);
	expect_state(&tdi, TDISP_ERROR_STATE, TDISP_ERROR_STATE);
	CHECK_TDX(tdg_tdi_rd(tdi.dev.bdf, TDX_TDI_VERSION, NULL, &value), TDX_SUCCESS);
	CHECK_TDX(tdg_tdi_rd(tdi.dev.bdf, TDX_TDI_BIND_SESSION, NULL, &value),
		  TDX_STATUS(TDI_INVALID_STATE, TDX_OP_RCX));
	CHECK_TDX(tdg_tdi_start(tdi.dev.bdf, tdi.attested.session),
		  TDX_STATUS(TDI_INVALID_STATE, TDX_OP_RCX));
	tdi_unbind(&tdi);
}
TEST(connect_error,
     "a device that falls to ERROR reads as ones, and TDI.RD says so once the device was asked",
     "fact sheet C 2.4, 4, 8.1", "model: keep RUN in the record when the device says ERROR",
     NEEDS_CONNECT, connect_error);

static void connect_error_unbind(void)
{
	struct tdi tdi;

	if (!tdi_run(&tdi))
		return;
	testdev_write64(tdi.dev.bar0 + TESTDEV_SCRATCH, 0x5ec2e7);
	testdev_write32(tdi.dev.bar0 + TESTDEV_INJECT, TESTDEV_INJECT_ERROR);
	if (!tdi_unbind(&tdi))
		return;
	CHECK_STATE(testdev_read32(tdi.dev.bar0 + TESTDEV_STATE), TDISP_CONFIG_UNLOCKED);
	CHECK_HEX(testdev_read64(tdi.dev.bar0 + TESTDEV_SCRATCH), 0);
	if (!tdi_to_run(&tdi))
		return;
	CHECK_HEX(testdev_read32(tdi.dev.bar0 + TESTDEV_ID), TESTDEV_MAGIC);
	tdi_unbind(&tdi);
}
TEST(connect_error_unbind,
     "a device that fell to ERROR is unbound and emptied as any other, and can be used again",
     "fact sheet C 4 (STOP), 8.1", "QEMU device: keep what a TD left if it is unlocked from ERROR",
     NEEDS_CONNECT, connect_error_unbind);

static uint64_t event_status = ~0ULL;
static uint8_t event_seen;

/* CHECK_TEEIO_SUPP with a vector. The answer is complete when that comes. */
static void ask(void *opaque)
{
	volatile struct tdcm_buffer *buffer = tdcm_buffer();
	uint16_t bdf = *(uint16_t *)opaque;

	apic_enable();
	tdcm_prepare(buffer, TDCM_OP_CHECK_TEEIO_SUPP);
	irq_enable();
	event_status = ghci_tdcm(bdf, tdcm_gpa(), PAGE_SIZE, VECTOR);
	for (unsigned int n = 0; n < PATIENCE; n++) {
		if (__atomic_load_n(&cpu_this()->irq[VECTOR], __ATOMIC_ACQUIRE))
			break;
		cpu_relax();
	}
	event_seen = buffer->status;
	irq_disable();
}

static void connect_event(void)
{
	struct tdi tdi;

	if (!tdi_open(&tdi))
		return;
	CHECK_GHCI(apic_enable(), GHCI_STATUS_SUCCESS);
	irq_enable();
	smp_start(1, ask, &tdi.dev.bdf);
	CHECK(smp_wait(1));
	irq_disable();
	CHECK_GHCI(event_status, GHCI_STATUS_SUCCESS);
	CHECK_DEC(cpus[1].irqs, 1);
	CHECK_DEC(cpus[1].irq[VECTOR], 1);
	CHECK_DEC(cpus[0].irqs, 0);
	CHECK_DEC(event_seen, TDCM_COMPLETED);
	CHECK_DEC(tdcm_buffer()->data_length, 1);
	CHECK_DEC(tdcm_buffer()->data[0], 1);
}
TEST(connect_event,
     "a TDCM request with a vector interrupts the vCPU that made it, with the answer in place",
     "fact sheet C 1.4 (R15)", "VMM: raise the event of a TDCM request on vCPU 0",
     NEEDS_CONNECT | NEEDS_SMP, connect_event);
