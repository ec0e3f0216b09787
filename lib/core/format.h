/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small printf family for freestanding code.
 *
 * Conversions: %s %c %d %u %x %p %%, with width, '0' flag, and the lengths l, ll and z. Anything
 * else is copied as it stands.
 */
#ifndef CORE_FORMAT_H
#define CORE_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Write at most @size bytes with the NUL. Returns the length that was needed, without the NUL. */
size_t format_vtext(char *to, size_t size, const char *format, va_list args);
size_t format_text(char *to, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
