/* SPDX-License-Identifier: GPL-2.0 */
/* The host kernel's log: which lines say that the host is not well. There is no allow-list. */
#ifndef TDI_HOSTLOG_H
#define TDI_HOSTLOG_H

#include <stdbool.h>

/* @line may have a "<prio>" prefix or a /dev/kmsg header. */
bool hostlog_bad(const char *line);
/* The last words of a dying kernel on its console @text, malloc'ed, or NULL. */
char *hostlog_last_words(const char *text);

#endif
