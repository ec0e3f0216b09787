/* SPDX-License-Identifier: GPL-2.0 */
/* What L1's sysfs is asked: which function to assign, vfio-pci as its driver, the TSM connection. */
#ifndef VMM_ASSIGN_H
#define VMM_ASSIGN_H

#include <stdbool.h>

#define ASSIGN_PATH_MAX	320

struct assign {
	char sysfs[ASSIGN_PATH_MAX];	/* directory of the PCI function */
	char cdev[ASSIGN_PATH_MAX];	/* its node in /dev/vfio/devices */
	bool connected;			/* SPDM session and IDE stream are up */
};

/* Find the @nth test device, in the order of bus addresses. False: there is none. */
bool assign_find(struct assign *assign, unsigned int nth);
/* Find it, and give it to vfio-pci. False: *@why says what is missing. */
bool assign_device(struct assign *assign, unsigned int nth, const char **why);
/* What the kernel's own DMA of a device without a driver sees: "identity", "auto". False: errno. */
bool assign_set_domain(const struct assign *assign, const char *type);
/* Ask the host's TSM for a session with the device. False: *@why. */
bool assign_connect(struct assign *assign, const char **why);
bool assign_disconnect(struct assign *assign, const char **why);

#endif
