/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Small things that every part of the runner uses. Memory exhaustion ends the program.
 */
#ifndef TDI_UTIL_H
#define TDI_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes, part of the command-line contract (docs: README). */
enum tdi_exit {
	EXIT_PASS = 0,
	EXIT_FAIL = 1,
	EXIT_USAGE = 2,		/* usage, harness or environment error */
	EXIT_CRASH = 3,
	EXIT_ALL_SKIPPED = 77,
	EXIT_TIMEOUT = 124,
	EXIT_CANNOT_TEST = 125,
	EXIT_INTERRUPTED = 130,
};

/* One line on stderr, "tdi: ...", then exit 2. The line says what to do about it. */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A growing array of strings that it owns. */
struct strv {
	char **v;
	size_t n;
};
void strv_add(struct strv *s, char *str);
void strv_addf(struct strv *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Append copies of all of @from. */
void strv_copy(struct strv *s, const struct strv *from);
void strv_free(struct strv *s);
/* The elements, quoted for a POSIX shell, separated by blanks. */
char *strv_shell(const struct strv *s);

/* Whole file in memory with a NUL after it; NULL with errno on failure. */
void *file_read(const char *path, size_t *len);
/* Write through a temporary name and rename: a reader sees the old file or the new one. */
bool file_write(const char *path, const void *data, size_t len);

/* CLOCK_MONOTONIC in milliseconds. */
int64_t now_ms(void);

#endif
