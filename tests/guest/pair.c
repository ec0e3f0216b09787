// SPDX-License-Identifier: GPL-2.0
/* Two private devices in one TD: what is done to the one must not show in the other. */
#include "convert.h"
#include "tdi.h"
#include "tdisp/tdisp.h"
#include "tdx/ghci.h"
#include "tdx/memory.h"
#include "tdx/tdcall.h"
#include "x86/insn.h"
#include "x86/smp.h"

static bool pair_open(struct tdi *a, struct tdi *b)
{
	return tdi_open(a) && tdi_open_second(b);
}

static void mark(const struct tdi *tdi, uint64_t value)
{
	testdev_write64(tdi->dev.bar0 + TESTDEV_SCRATCH, value);
	testdev_write64(tdi->dev.bar0 + TESTDEV_BAR0_BYTES - 8, value + 1);
	testdev_write64(tdi->dev.bar2, value + 2);
}

/* Is the device in @state, and does it hold what mark() left there? */
static bool holds(const struct tdi *tdi, enum tdisp_state state, uint64_t value)
{
	return CHECK_STATE(testdev_read32(tdi->dev.bar0 + TESTDEV_STATE), state) &&
	       CHECK_HEX(testdev_read64(tdi->dev.bar0 + TESTDEV_SCRATCH), value) &&
	       CHECK_HEX(testdev_read64(tdi->dev.bar0 + TESTDEV_BAR0_BYTES - 8), value + 1) &&
	       CHECK_HEX(testdev_read64(tdi->dev.bar2), value + 2);
}

static void pair_flow(void)
{
	struct tdi a, b;

	if (!pair_open(&a, &b) || !tdi_to_run(&a) || !tdi_to_run(&b))
		return;
	CHECK(a.attested.session != b.attested.session);
	mark(&a, 0xa000);
	mark(&b, 0xb000);
	if (!holds(&a, TDISP_RUN, 0xa000) || !tdi_unbind(&a))
		return;
	mark(&a, 0xa100);
	if (!holds(&b, TDISP_RUN, 0xb000) || !holds(&a, TDISP_CONFIG_UNLOCKED, 0xa100))
		return;
	/* A second life of the one, in the first of the other. */
	if (!tdi_to_run(&a))
		return;
	mark(&a, 0xa200);
	if (!holds(&b, TDISP_RUN, 0xb000) || !tdi_unbind(&b))
		return;
	holds(&a, TDISP_RUN, 0xa200);
	tdi_unbind(&a);
}
TEST(pair_flow,
     "two devices in one TD are private, each by itself: an unbind of one leaves the other in RUN",
     "fact sheet C 2.3, 9; KVM_MEM_DMABUF_MMIO, KVM api.rst",
     "QEMU device: one SCRATCH register for all devices", NEEDS_CONNECT | NEEDS_PAIR, pair_flow);

/* 00:05.0, where nothing is. */
#define NOBODY	0x0028

static uint64_t accept_status(uint16_t func, const struct attest_range *range)
{
	struct mmio_accept accept = { .gpa = range->gpa, .pages = range->pages };

	return tdg_mmio_accept(func, range->index, &accept);
}

/* The same device twice, so that each index, offset and length is right in both. */
static void pair_swap(void)
{
	struct tdi a, b;
	uint64_t state;

	if (!pair_open(&a, &b) || !tdi_bind(&a) || !tdi_bind(&b) || !tdi_attest(&a) ||
	    !tdi_attest(&b))
		return;
	CHECK_TDX(accept_status(b.dev.bdf, &a.attested.range[0]),
		  TDX_STATUS(MMIO_TDI_OWNER_MISMATCH, TDX_OP_R8));
	CHECK_TDX(accept_status(a.dev.bdf, &b.attested.range[1]),
		  TDX_STATUS(MMIO_TDI_OWNER_MISMATCH, TDX_OP_R8));
	CHECK_TDX(accept_status(NOBODY, &a.attested.range[0]),
		  TDX_STATUS(TDI_NOT_PRESENT, TDX_OP_R8));
	CHECK_GHCI(ghci_tdcm(NOBODY, tdcm_gpa(), PAGE_SIZE, 0), GHCI_STATUS_INVALID_OPERAND);
	CHECK_TDX(tdg_tdi_start(a.dev.bdf, b.attested.session),
		  TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX));
	CHECK_TDX(tdg_tdi_start(b.dev.bdf, a.attested.session),
		  TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX));
	/* What was refused has left no page behind, and the consent to the one is none to the other. */
	if (!tdi_accept(&a) || !tdi_accept(&b) || !tdi_start(&a))
		return;
	CHECK_TDCM(tdcm_call(b.dev.bdf, TDCM_OP_START_TDI, 0, 0, 0), TDCM_ERR_INVALID_STATE);
	CHECK_TDX(tdg_tdi_rd(b.dev.bdf, TDX_TDI_STATE, 0, &state), TDX_SUCCESS);
	CHECK_STATE(state, TDISP_CONFIG_LOCKED);
	if (!tdi_start(&b) || !tdi_unbind(&b))
		return;
	CHECK_TDX(tdg_tdi_rd(b.dev.bdf, TDX_TDI_STATE, 0, &state),
		  TDX_STATUS(TDI_NOT_PRESENT, TDX_OP_RCX));
	CHECK_TDX(tdg_tdi_rd(a.dev.bdf, TDX_TDI_STATE, 0, &state), TDX_SUCCESS);
	CHECK_STATE(state, TDISP_RUN);
	tdi_unbind(&a);
}
TEST(pair_swap, "pages, sessions and consent of one device are refused with the ID of the other",
     "fact sheet C 2.3, 2.5, 2.6, 8.1", "module: skip the owner's half of row 14",
     NEEDS_CONNECT | NEEDS_PAIR, pair_swap);

/* What vCPU 1 does with its device, and with a TDCM buffer of its own, until it is told to stop. */
static struct {
	struct tdi tdi;
	volatile struct tdcm_buffer *buffer;
	uint32_t stop;
	uint64_t requests, refused, wrong;
} user;

static bool user_buffer(void)
{
	uint64_t gpa = memory_reserve(PAGE_SIZE, PAGE_SIZE);

	user.buffer = (volatile struct tdcm_buffer *)gpa;
	return CHECK(gpa) && convert(gpa, PAGE_SIZE, true);
}

static bool user_request(void)
{
	uint64_t gpa = (uintptr_t)user.buffer | mmu_shared_bit();

	tdcm_prepare(user.buffer, TDCM_OP_GET_TDI_STATE);
	return !ghci_tdcm(user.tdi.dev.bdf, gpa, PAGE_SIZE, 0) &&
	       user.buffer->status == TDCM_COMPLETED;
}

static void use_on(void *opaque)
{
	uint64_t at = user.tdi.dev.bar0 + TESTDEV_MEMORY;

	(void)opaque;
	while (!__atomic_load_n(&user.stop, __ATOMIC_ACQUIRE)) {
		for (unsigned int n = 0; n < PAGE_SIZE / 8; n++) {
			testdev_write64(at + 8 * n, user.requests + n);
			user.wrong += testdev_read64(at + 8 * n) != user.requests + n;
		}
		user.refused += !user_request();
		__atomic_store_n(&user.requests, user.requests + 1, __ATOMIC_RELEASE);
	}
}

/* One more request is answered. */
static void user_goes_on(void)
{
	uint64_t before = __atomic_load_n(&user.requests, __ATOMIC_ACQUIRE);

	while (__atomic_load_n(&user.requests, __ATOMIC_ACQUIRE) == before)
		cpu_relax();
}

/* The pages of both devices are in one page of the S-EPT, and all requests under the TSM's locks. */
static void pair_smp(void)
{
	struct tdi a;

	if (!pair_open(&a, &user.tdi) || !user_buffer() || !tdi_to_run(&user.tdi))
		return;
	smp_start(1, use_on, 0);
	user_goes_on();
	for (unsigned int life = 0; life < 2 && tdi_to_run(&a); life++) {
		user_goes_on();
		if (!tdi_unbind(&a))
			break;
	}
	__atomic_store_n(&user.stop, 1, __ATOMIC_RELEASE);
	if (!CHECK(smp_wait(1)))
		return;
	test_log("%llu requests beside two lives of the other device",
		 (unsigned long long)user.requests);
	CHECK_DEC(user.wrong, 0);
	CHECK_DEC(user.refused, 0);
	tdi_unbind(&user.tdi);
}
TEST(pair_smp,
     "one vCPU uses a device and asks for its state while the other binds and unbinds another",
     "fact sheet C 1.4, 4, 9", "VMM: one lock for the requests of all devices",
     NEEDS_CONNECT | NEEDS_PAIR | NEEDS_SMP, pair_smp);

static void pair_fence(void)
{
	struct tdi a, b;

	if (!pair_open(&a, &b) || !tdi_bind(&a) || !tdi_bind(&b))
		return;
	if (tdi_unbind(&a))
		tdi_unbind(&b);
}
TEST(pair_fence, "of two devices the host is kept off the bound one, and has all of the other",
     "host-patches.md P14, P15", "VMM: expect both devices fenced while the first one is bound",
     NEEDS_CONNECT | NEEDS_PAIR | NEEDS_PROBE, pair_fence);
