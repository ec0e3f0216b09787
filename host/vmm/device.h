/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The few I/O ports a TD has: a 16550 that transmits, ACPI's sleep register, the port that ends the
 * TD.
 */
#ifndef VMM_DEVICE_H
#define VMM_DEVICE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Hardware-reduced ACPI: sleep control and sleep status, one byte each. */
#define DEVICE_SLEEP_PORT	0x600

struct device {
	pthread_mutex_t lock;
	uint8_t uart[8];	/* registers as last written, THR and IIR excepted */
	uint8_t divisor[2];
	size_t used;
	char line[240];		/* transmitted, not yet in a REC_CONSOLE */
};

struct device_exit {
	bool ended;		/* the guest asked for the end */
	uint32_t code;
};

void device_init(struct device *device);
/* One access of @size bytes (1, 2, 4) at @port. Ports that nothing answers read all-ones. */
struct device_exit device_write(struct device *device, uint16_t port, unsigned int size,
				uint32_t value);
uint32_t device_read(struct device *device, uint16_t port, unsigned int size);
/* Record what the console holds. */
void device_flush(struct device *device);

#endif
