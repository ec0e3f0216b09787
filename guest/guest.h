/* SPDX-License-Identifier: GPL-2.0 */
/* What the image tells its tests about the TD they run in. */
#ifndef GUEST_GUEST_H
#define GUEST_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/channel.h"
#include "tdx/tdcall.h"

/* The window's head as read at start: seed, arguments, RAM. */
const struct channel_window *guest_config(void);
const struct vp_info *guest_vp_info(void);
/*
 * Where this TD and the other one of its test meet, in memory that the host can write, or NULL; and
 * is this the other one?
 */
struct channel_meeting *guest_meeting(void);
bool guest_is_neighbour(void);

/* Where no memory and no device is: a hole between RAM and the image. */
#define GUEST_DEVICE_GPA	0xd0000000ULL

/* start.S */
void guest_main(uint64_t window, unsigned int gpaw) __attribute__((noreturn));

#endif
