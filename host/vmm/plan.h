/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The plan: what the runner asks of the VMM, a TD a line, or two at once, run in order.
 *
 *   td name=smoke kind=flat image=/guest.bin test=boot_smoke vcpus=2 gpaw=48 ve_disable=1
 *      mem_mib=64 seed=1 timeout_ms=5000 flags=0 arg0=7
 *   td name=witness kind=linux image=/bzImage initrd=/witness.cpio vcpus=2 mem_mib=128
 *      cmdline=console=ttyS0
 *
 * (Each shown on two lines, written on one.) Empty lines and lines that start with '#' are skipped.
 * Numbers are decimal or 0x-hexadecimal. name and image are required, and test for kind=flat; the
 * rest has the defaults in plan.c. cmdline takes the rest of its line.
 */
#ifndef VMM_PLAN_H
#define VMM_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "core/channel.h"
#include "core/needs.h"

#define PLAN_MAX_FUNCTIONS 2
#define PLAN_MAX_VCPUS	8
#define PLAN_PATH_MAX	128
#define PLAN_NAME_MAX	64
#define PLAN_CMDLINE_MAX 1024
#define PLAN_ERROR_MAX	192

enum plan_kind { PLAN_FLAT, PLAN_LINUX };
/* The test device: absent, assigned and always shared, or assigned to a TD that may bind it. */
enum plan_device { PLAN_NO_DEVICE, PLAN_SHARED_DEVICE, PLAN_CONNECT_DEVICE };

struct plan_td {
	char name[PLAN_NAME_MAX];
	char test[CHANNEL_TEST_ID_MAX];
	char image[PLAN_PATH_MAX];
	char initrd[PLAN_PATH_MAX];
	char cmdline[PLAN_CMDLINE_MAX];
	uint64_t kind;		/* enum plan_kind */
	uint64_t vcpus;
	uint64_t gpaw;		/* 48 or 52 */
	uint64_t ve_disable;	/* SEPT_VE_DISABLE attribute */
	uint64_t mem_mib;	/* private RAM from GPA 0 */
	uint64_t device;	/* enum plan_device */
	uint64_t function;	/* which of L1's test devices, from 0 */
	uint64_t devices;	/* how many of them, from that one on */
	uint64_t neighbour;	/* beside it a second TD of this line, with one device, the next one */
	uint64_t lie;		/* enum test_lie */
	uint64_t probe;		/* after each TDCM, reach for the device as a host can */
	uint64_t scan;		/* at GET_TDI_STATE, look for the TD's secret */
	uint64_t convert;	/* an access of the other kind converts the page (Linux: always) */
	uint64_t seed;
	uint64_t timeout_ms;
	uint64_t flags;		/* CHANNEL_F_* */
	uint64_t arg[8];
};

struct plan {
	struct plan_td *td;
	size_t nr;
};

/*
 * Parse @text. On failure returns -1 with one sentence in @error that names the line and the key.
 */
int plan_parse(struct plan *plan, const char *text, char error[PLAN_ERROR_MAX]);
void plan_free(struct plan *plan);

#endif
