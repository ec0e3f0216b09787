/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel log of the machine that the VMM runs on. */
#ifndef VMM_KMSG_H
#define VMM_KMSG_H

#include <stdbool.h>

/* Forward from the first line on (@all) or only what comes from now on. */
void kmsg_open(bool all);
/* Record every line that the kernel has logged since the last call. */
void kmsg_forward(void);
/* Let each WARN_ONCE() speak again. */
void kmsg_rearm_warnings(void);

#endif
