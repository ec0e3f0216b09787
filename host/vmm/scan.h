/* SPDX-License-Identifier: GPL-2.0 */
/*
 * L1 looks for a TD's secret: its kernel at CPL 0, and a device by DMA, each in all of RAM and in
 * every BAR of the device that the TD owns. Beside the secret each has to find a decoy, which
 * differs in one bit of each word and lies where L1 may read.
 */
#ifndef VMM_SCAN_H
#define VMM_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "assign.h"

/*
 * Search for channel_secret(@seed), 8-byte aligned. Each of the four is a REC_STEP and three
 * REC_HOST_CHECKs. False, with errno: *@failed names the step.
 */
bool scan_run(const struct assign *assign, uint64_t seed, const char **failed);

#endif
