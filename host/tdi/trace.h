/* SPDX-License-Identifier: GPL-2.0 */
/* The module's trace: a file of struct tdx_trace_event (lib/tdx_module/tdx_module.h), in order. */
#ifndef TDI_TRACE_H
#define TDI_TRACE_H

#include <stdio.h>

#include "tdx_module/tdx_module.h"
#include "util.h"

/* Call @fn with every event, in order. False: there is no trace. */
bool trace_each(const char *path, void (*fn)(void *opaque, const struct tdx_trace_event *ev),
		void *opaque);

/*
 * All of it as text, an event a line. False: @error says why it ends too early; what came before is
 * there.
 */
bool trace_print(FILE *out, const char *path, char **error);
/* The last @n events, one decoded line each. A missing or empty trace gives none. */
void trace_tail(const char *path, unsigned int n, struct strv *lines);
/* A TD was created: from here on ev->tdr names it, until the next with the same TDR. */
bool trace_creates_td(const struct tdx_trace_event *ev);
/* How many TDs the host created. */
unsigned int trace_tds(const char *path);
/*
 * Everything that concerns the @nth TD, from 0: its own calls, and those for no TD while it was the
 * newest. Decoded to the file @to.
 */
void trace_save_td(const char *path, unsigned int nth, const char *to);

#endif
