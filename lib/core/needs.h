/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a test needs of its TD, beyond a default one, and how the TD is to end. The guest's table of
 * tests carries the bits, the runner makes a plan of them, the VMM acts on the plan.
 */
#ifndef CORE_NEEDS_H
#define CORE_NEEDS_H

/* test_run() skips the test in a TD that lacks one of these, the runner picks a TD that has it. */
#define NEEDS_NOTHING	0u
#define NEEDS_SMP	1u	/* two vCPUs */
#define NEEDS_VE	2u	/* SEPT_VE_DISABLE = 0 */
#define NEEDS_NO_VE	4u	/* SEPT_VE_DISABLE = 1 */
#define NEEDS_DEVICE	8u	/* the test device, shared */
#define NEEDS_CONNECT	16u	/* the test device, and a TD that may bind it */
#define NEEDS_PAIR	32u	/* with NEEDS_CONNECT: both of L1's test devices */
#define NEEDS_NEIGHBOUR	64u	/* with NEEDS_CONNECT: at the same time a TD with the other device */
/* Beside them: the test ends by an access that the host refuses; see test_end_refused(). */
#define EXPECT_REFUSED	256u
#define NEEDS_IMPOSTOR	512u	/* with NEEDS_CONNECT: another device of the same kind */
#define NEEDS_PROBE	1024u	/* with NEEDS_CONNECT: the VMM reaches for the device at every TDCM */
#define NEEDS_SCAN	2048u	/* with NEEDS_CONNECT: GET_TDI_STATE makes L1 scan its memory */
#define NEEDS_LIE(n)	((n) << 12)	/* the VMM tells this lie: enum test_lie */
#define NEEDS_LIE_OF(needs) ((needs) >> 12 & 0xf)
#define EXPECT_FATAL	65536u	/* the test ends by ReportFatalError: TEST_FATAL_CODE and _TEXT */

/* What the VMM does behind the guest's back. */
enum test_lie {
	TEST_LIE_NONE,
	TEST_LIE_FLIP_REPORT,	/* one bit of the TDI report */
	TEST_LIE_PERMUTE_RANGES, /* the report's first two ranges change places */
	TEST_LIE_REBIND,	/* the report is sent, then the device is unbound and bound again */
	TEST_LIE_PATCH_IMAGE,	/* one bit of the image, before it is measured */
	TEST_LIE_NR
};

#endif
