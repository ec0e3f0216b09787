// SPDX-License-Identifier: GPL-2.0
/*
 * The fence round a bound device. The VMM reaches for the device after each TDCM operation, by every
 * way that user space has, and records what it found; the guest only leads it through the states,
 * and asks the device itself who came by. In the scan it hides a secret, for L1 to look for.
 */
#include "tdi.h"
#include "tdx/ghci.h"

static void fence_host(void)
{
	struct tdi tdi;
	uint64_t refused;
	uint8_t state;

	if (!tdi_open(&tdi))
		return;
	refused = testdev_read64(tdi.dev.bar0 + TESTDEV_REFUSED);
	if (!tdi_to_run(&tdi))
		return;
	testdev_write64(tdi.dev.bar0 + TESTDEV_SCRATCH, 0x5ec2e7);
	CHECK_TDCM(tdcm_call(tdi.dev.bdf, TDCM_OP_GET_TDI_STATE, &state, 1, 1), 0);
	/* The host's accesses of LOCKED and of RUN: none came as far as the device. */
	CHECK_DEC(testdev_read64(tdi.dev.bar0 + TESTDEV_REFUSED), refused);
	CHECK_HEX(testdev_read64(tdi.dev.bar0 + TESTDEV_SCRATCH), 0x5ec2e7);
	if (!tdi_unbind(&tdi))
		return;
	CHECK_HEX(testdev_read32(tdi.dev.bar0 + TESTDEV_ID), TESTDEV_MAGIC);
}
TEST(fence_host,
     "while bound, the host's mappings fault and its BAR, COMMAND, DOE and memslot writes are refused; then all works",
     "host-patches.md P14, P15", "KVM: let a bound BAR be made shared memory",
     NEEDS_CONNECT | NEEDS_PROBE, fence_host);

static uint64_t secret[PAGE_SIZE / 8] __attribute__((aligned(PAGE_SIZE)));

static void fence_scan(void)
{
	struct tdi tdi;
	uint8_t state;

	if (!tdi_run(&tdi))
		return;
	for (unsigned int n = 0; n < CHANNEL_SECRET_BYTES / 8; n++) {
		((volatile uint64_t *)secret)[n] = channel_secret(test_seed(), n);
		testdev_write64(tdi.dev.bar0 + TESTDEV_MEMORY + 8 * n, secret[n]);
	}
	/* For the runner: the pages that are private now must all refuse the scan. */
	tdi_mark(TEST_MARK_BEGIN);
	CHECK_TDCM(tdcm_call(tdi.dev.bdf, TDCM_OP_GET_TDI_STATE, &state, 1, 1), 0);
	tdi_mark(TEST_MARK_END);
	for (unsigned int n = 0; n < CHANNEL_SECRET_BYTES / 8; n++) {
		CHECK_HEX(((volatile uint64_t *)secret)[n], channel_secret(test_seed(), n));
		CHECK_HEX(testdev_read64(tdi.dev.bar0 + TESTDEV_MEMORY + 8 * n),
			  channel_secret(test_seed(), n));
	}
	tdi_unbind(&tdi);
}
/*
 * Turned red by each of: QEMU: tdx_host_blocked() returns false (ring 0 finds the secret in RAM);
 * dma_allowed() returns true (DMA does); device: testdev_allowed() lets T = 0 pass in RUN (both find
 * it in the BAR); VMM: scan.c leaves the last range out (bytes, and no decoy).
 */
TEST(fence_scan,
     "L1's ring 0 and a device's DMA scan all RAM and the private BARs: each finds a decoy, none the secret in both",
     "fact sheet 3.4; C 8 row 12",
     "QEMU: tdx_host_blocked() lets L1 read private pages; testdev: answer T=0 in RUN",
     NEEDS_CONNECT | NEEDS_SCAN, fence_scan);
