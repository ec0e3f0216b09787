// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "core/channel.h"
#include "device.h"
#include "record.h"

/* 16550: register offsets and the bits that a polling driver looks at. */
enum { UART_DATA, UART_IER, UART_IIR_FCR, UART_LCR, UART_MCR, UART_LSR, UART_MSR, UART_SCR };
#define UART_FCR_FIFO		0x01
#define UART_IIR_NONE		0x01
#define UART_IIR_FIFO		0xc0
#define UART_LCR_DLAB		0x80
#define UART_MCR_LOOP		0x10
#define UART_LSR_EMPTY		0x60	/* transmitter and its holding register */
#define UART_MSR_CONNECTED	0xb0	/* DCD, DSR, CTS */

/*
 * Devices that this machine lacks and Linux looks for. All-ones would look like a timer about to
 * start, or a clock in the middle of an update, and Linux would wait for it for seconds.
 */
#define PIT_COUNTER		0x42
#define CMOS_DATA		0x71

/* ACPI 6.5, 4.8.3.7 sleep control register. */
#define SLEEP_ENABLE		0x20

void device_init(struct device *device)
{
	*device = (struct device){ .lock = PTHREAD_MUTEX_INITIALIZER };
}

static void console_flush(struct device *device)
{
	if (device->used)
		record_bytes(REC_CONSOLE, device->line, device->used);
	device->used = 0;
}

static void console_put(struct device *device, char byte)
{
	device->line[device->used++] = byte;
	if (byte == '\n' || device->used == sizeof(device->line))
		console_flush(device);
}

void device_flush(struct device *device)
{
	pthread_mutex_lock(&device->lock);
	console_flush(device);
	pthread_mutex_unlock(&device->lock);
}

static void uart_write(struct device *device, unsigned int reg, uint8_t value)
{
	bool dlab = device->uart[UART_LCR] & UART_LCR_DLAB;

	if (dlab && reg <= UART_IER)
		device->divisor[reg] = value;
	else if (reg != UART_DATA)
		device->uart[reg] = value;
	else if (!(device->uart[UART_MCR] & UART_MCR_LOOP))
		console_put(device, value);
}

/* In loop-back mode the modem outputs show up as inputs: a driver's probe looks at that. */
static uint8_t uart_modem_status(uint8_t mcr)
{
	if (!(mcr & UART_MCR_LOOP))
		return UART_MSR_CONNECTED;
	return (mcr & 0x01) << 5 | (mcr & 0x02) << 3 | (mcr & 0x0c) << 4;
}

static uint8_t uart_read(const struct device *device, unsigned int reg)
{
	bool dlab = device->uart[UART_LCR] & UART_LCR_DLAB;

	if (dlab && reg <= UART_IER)
		return device->divisor[reg];
	switch (reg) {
	case UART_DATA:
		return 0;
	case UART_IER:
		return device->uart[UART_IER] & 0x0f;
	case UART_IIR_FCR:
		return UART_IIR_NONE |
		       (device->uart[UART_IIR_FCR] & UART_FCR_FIFO ? UART_IIR_FIFO : 0);
	case UART_LSR:
		return UART_LSR_EMPTY;
	case UART_MSR:
		return uart_modem_status(device->uart[UART_MCR]);
	default:
		return device->uart[reg];
	}
}

static bool is_uart(uint16_t port, unsigned int size)
{
	return size == 1 && port >= TD_SERIAL_PORT && port < TD_SERIAL_PORT + 8;
}

struct device_exit device_write(struct device *device, uint16_t port, unsigned int size,
				uint32_t value)
{
	if (is_uart(port, size)) {
		pthread_mutex_lock(&device->lock);
		uart_write(device, port - TD_SERIAL_PORT, value);
		pthread_mutex_unlock(&device->lock);
	}
	if (port == TD_EXIT_PORT)
		return (struct device_exit){ .ended = true, .code = value };
	return (struct device_exit){ .ended = port == DEVICE_SLEEP_PORT && (value & SLEEP_ENABLE) };
}

uint32_t device_read(struct device *device, uint16_t port, unsigned int size)
{
	uint32_t value;

	if (is_uart(port, size)) {
		pthread_mutex_lock(&device->lock);
		value = uart_read(device, port - TD_SERIAL_PORT);
		pthread_mutex_unlock(&device->lock);
		return value;
	}
	switch (port) {
	case DEVICE_SLEEP_PORT:
	case DEVICE_SLEEP_PORT + 1:
	case PIT_COUNTER:
	case CMOS_DATA:
		return 0;
	default:
		return size == 4 ? ~0u : (1u << 8 * size) - 1;
	}
}
