// SPDX-License-Identifier: GPL-2.0
#include <stdint.h>

#include "core/string.h"

void *memcpy(void *to, const void *from, size_t size)
{
	return memmove(to, from, size);
}

void *memmove(void *to, const void *from, size_t size)
{
	uint8_t *d = to;
	const uint8_t *s = from;

	if ((uintptr_t)d <= (uintptr_t)s) {
		while (size--)
			*d++ = *s++;
		return to;
	}
	while (size--)
		d[size] = s[size];
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	uint8_t *d = to;

	while (size--)
		*d++ = (uint8_t)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *x = a, *y = b;

	for (; size; size--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strnlen(const char *text, size_t max)
{
	size_t n = 0;

	while (n < max && text[n])
		n++;
	return n;
}

size_t strlen(const char *text)
{
	return strnlen(text, SIZE_MAX);
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}
