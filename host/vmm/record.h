/* SPDX-License-Identifier: GPL-2.0 */
/* The record stream to the runner: thread-safe, in order, each record whole. */
#ifndef VMM_RECORD_H
#define VMM_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "core/channel.h"

/* Where records go from now on. */
void record_open(int fd);
/*
 * Write one record of the VMM: a fixed part, then text with its NUL. Text that does not fit is cut.
 */
void record_write(uint16_t type, const void *fixed, size_t fixed_size, const char *text);
/* Write REC_CONSOLE bytes. */
void record_bytes(uint16_t type, const void *bytes, size_t size);
/* A step for a device of @td, or of no TD yet, is over: REC_STEP, stamped with the time. */
void record_step(enum channel_td td, enum vmm_step step, int error, uint64_t status, uint64_t value,
		 const char *text);
/* Pass on a record of a guest, as it is. Sent with the next record_flush(). */
void record_forward(const struct record *header, const void *payload);
void record_flush(void);
/* REC_VMM_ERROR: the VMM could not do what the plan says. */
void record_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* How often record_error() was called. */
unsigned int record_errors(void);

#endif
