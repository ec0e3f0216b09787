// SPDX-License-Identifier: GPL-2.0
#include <stdbool.h>
#include <stdint.h>

#include "core/format.h"
#include "core/string.h"

struct output {
	char *to;
	size_t size, used;
};

struct conversion {
	unsigned int width;
	unsigned int longs;	/* 0: int, else 64 bits */
	bool zero;
};

static void put(struct output *out, char c)
{
	if (out->used + 1 < out->size)
		out->to[out->used] = c;
	out->used++;
}

static void put_padded(struct output *out, const char *text, size_t length,
		       const struct conversion *conv)
{
	for (size_t n = length; n < conv->width; n++)
		put(out, conv->zero ? '0' : ' ');
	while (length--)
		put(out, *text++);
}

static void put_number(struct output *out, uint64_t value, unsigned int base, bool negative,
		       struct conversion *conv)
{
	char digits[24];
	char *p = digits + sizeof(digits);

	do {
		*--p = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (negative && conv->zero) {
		put(out, '-');
		conv->width -= conv->width > 0;
	} else if (negative) {
		*--p = '-';
	}
	put_padded(out, p, digits + sizeof(digits) - p, conv);
}

static const char *parse(const char *f, struct conversion *conv)
{
	*conv = (struct conversion){ 0 };
	if (*f == '0') {
		conv->zero = true;
		f++;
	}
	while (*f >= '0' && *f <= '9')
		conv->width = conv->width * 10 + (*f++ - '0');
	while (*f == 'l' || *f == 'z') {
		conv->longs++;
		f++;
	}
	return f;
}

size_t format_vtext(char *to, size_t size, const char *format, va_list args)
{
	struct output out = { .to = to, .size = size };
	struct conversion conv;
	const char *text;
	int64_t number;
	char c;

	for (; *format; format++) {
		if (*format != '%') {
			put(&out, *format);
			continue;
		}
		format = parse(format + 1, &conv);
		switch (*format) {
		case 's':
			text = va_arg(args, const char *);
			text = text ? text : "(null)";
			conv.zero = false;
			put_padded(&out, text, strlen(text), &conv);
			break;
		case 'c':
			c = (char)va_arg(args, int);
			conv.zero = false;
			put_padded(&out, &c, 1, &conv);
			break;
		case 'd':
			number = conv.longs ? va_arg(args, int64_t) : va_arg(args, int);
			put_number(&out, number < 0 ? -(uint64_t)number : (uint64_t)number, 10,
				   number < 0, &conv);
			break;
		case 'u':
		case 'x':
			put_number(&out,
				   conv.longs ? va_arg(args, uint64_t) : va_arg(args, unsigned int),
				   *format == 'u' ? 10 : 16, false, &conv);
			break;
		case 'p':
			put_number(&out, (uintptr_t)va_arg(args, void *), 16, false, &conv);
			break;
		case '\0':
			format--;
			break;
		default:
			put(&out, *format);
		}
	}
	if (size)
		to[out.used < size ? out.used : size - 1] = '\0';
	return out.used;
}

size_t format_text(char *to, size_t size, const char *format, ...)
{
	va_list args;
	size_t used;

	va_start(args, format);
	used = format_vtext(to, size, format, args);
	va_end(args);
	return used;
}
