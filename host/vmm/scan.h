/* SPDX-License-Identifier: GPL-2.0 */
/*
 * L1 looks for a TD's secret: all of its RAM, read by the kernel (/dev/mem), and the BARs of the
 * device that the TD owns, mapped from /dev/mem.
 */
#ifndef VMM_SCAN_H
#define VMM_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "assign.h"

/*
 * Search for channel_secret(@seed), 8-byte aligned; each range is a REC_HOST_CHECK. False, with
 * errno: *@failed names the step.
 */
bool scan_run(const struct assign *assign, uint64_t seed, const char **failed);

#endif
