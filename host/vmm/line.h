/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One line of the plan, from its first record to its last: a TD, or two that are alive at the same
 * time and meet in a page of the VMM's (struct channel_meeting).
 */
#ifndef VMM_LINE_H
#define VMM_LINE_H

#include "assign.h"
#include "plan.h"

/*
 * Create the TDs of @plan, run each to its end, destroy it then, and record all that. @kvm is
 * /dev/kvm, @assign the devices for them that were given to vfio-pci. Returns how many TDs began.
 */
unsigned int line_run(const struct plan_td *plan, int kvm, const struct assign *assign);

#endif
