// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/record.h"
#include "record.h"

static struct {
	pthread_mutex_t lock;
	int fd;
	uint32_t seq;
	unsigned int errors;
	size_t used;
	uint8_t buffer[64 << 10];
} stream = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1 };

static void stream_flush(void)
{
	size_t done = 0;

	while (done < stream.used) {
		ssize_t n = write(stream.fd, stream.buffer + done, stream.used - done);

		/* The runner is the only reader of errors: without it there is nobody to tell. */
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			break;
		if (n > 0)
			done += n;
	}
	stream.used = 0;
}

static void stream_put(const struct record *header, const void *payload)
{
	static const uint8_t padding[8];
	size_t whole = record_size(header), pad = whole - sizeof(*header) - header->size;

	if (stream.used + whole > sizeof(stream.buffer))
		stream_flush();
	memcpy(stream.buffer + stream.used, header, sizeof(*header));
	stream.used += sizeof(*header);
	memcpy(stream.buffer + stream.used, payload, header->size);
	stream.used += header->size;
	memcpy(stream.buffer + stream.used, padding, pad);
	stream.used += pad;
}

void record_open(int fd)
{
	stream.fd = fd;
}

void record_bytes(uint16_t type, const void *bytes, size_t size)
{
	struct record header = { .type = type, .size = size, .source = REC_FROM_VMM };

	pthread_mutex_lock(&stream.lock);
	header.seq = stream.seq++;
	header.crc = record_crc(&header, bytes);
	stream_put(&header, bytes);
	stream_flush();
	pthread_mutex_unlock(&stream.lock);
}

void record_write(uint16_t type, const void *fixed, size_t fixed_size, const char *text)
{
	char payload[CHANNEL_PAYLOAD_MAX];
	size_t size = text ? strnlen(text, sizeof(payload) - fixed_size - 1) : 0;

	if (fixed_size)
		memcpy(payload, fixed, fixed_size);
	if (text) {
		memcpy(payload + fixed_size, text, size);
		payload[fixed_size + size++] = '\0';
	}
	record_bytes(type, payload, fixed_size + size);
}

void record_step(enum channel_td td, enum vmm_step step, int error, uint64_t status, uint64_t value,
		 const char *text)
{
	struct rec_step record = {
		.step = step, .error = error, .status = status, .value = value,
		.tsc = __builtin_ia32_rdtsc(), .td = td,
	};

	record_write(REC_STEP, &record, sizeof(record), text);
}

void record_forward(const struct record *header, const void *payload)
{
	pthread_mutex_lock(&stream.lock);
	stream_put(header, payload);
	pthread_mutex_unlock(&stream.lock);
}

void record_flush(void)
{
	pthread_mutex_lock(&stream.lock);
	stream_flush();
	pthread_mutex_unlock(&stream.lock);
}

void record_error(const char *format, ...)
{
	char text[CHANNEL_PAYLOAD_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	__atomic_fetch_add(&stream.errors, 1, __ATOMIC_RELAXED);
	record_write(REC_VMM_ERROR, NULL, 0, text);
}

unsigned int record_errors(void)
{
	return __atomic_load_n(&stream.errors, __ATOMIC_RELAXED);
}
