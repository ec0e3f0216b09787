/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What was recorded of a private device in one TD, in order of time: the module's trace and the
 * steps that the VMM recorded. Like events that follow each other become one mark with a count.
 * There is no mark for what was not recorded.
 */
#ifndef TDI_TIMELINE_H
#define TDI_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "util.h"

struct observer;

enum party { PARTY_GUEST, PARTY_VMM, PARTY_KERNEL, PARTY_MODULE, PARTY_DEVICE, PARTY_NR };

/* What success of a call means for the device. */
enum mark_effect {
	EFFECT_NONE, EFFECT_LOCKED, EFFECT_RUN, EFFECT_UNLOCKED, EFFECT_CREATED, EFFECT_FREED
};

struct mark_kind {
	const char *text;
	enum party from, to;		/* who called whom */
	unsigned int group;		/* not 0: kinds that take turns, page by page */
	enum mark_effect effect;
};

struct mark {
	uint64_t begin, end;		/* TSC of the first and the last event */
	const struct mark_kind *kind;	/* NULL: a step that the VMM recorded */
	char *text;
	uint64_t status;		/* if the call failed; failures of a kind are marks of their own */
	uint32_t func;			/* the TDI's, if the kind has an effect on one */
	unsigned int n;			/* events */
	unsigned int messages;		/* of them, those that gave the host a message for the device */
	unsigned int exits;		/* TD exits from begin to end, interrupts left out */
	bool done;			/* the last of them said SUCCESS */
	bool failed;
};

struct timeline {
	struct mark *v;
	size_t n;
	uint64_t zero;			/* TSC of 0 ms in a drawing: the first mark's */
};

/*
 * One element for each TD of the trace, in order. What concerns no TD goes to the newest, or to the
 * first. NULL: trace and records don't have the same TDs, so there is no telling whose is whose.
 */
struct timeline *timelines_read(const char *trace, const struct observer *observer);
void timeline_free(struct timeline *t);

/* Two TDs at the same time: one zero, to see which was first. */
void timeline_align(struct timeline *a, struct timeline *b);

/*
 * Draw the marks from @first on, up to the end of one use of the device, or of several at once, as
 * one SVG element. Returns where the next drawing begins. Times are in millions of ticks:
 * milliseconds, if @virtual_time.
 */
size_t timeline_draw(FILE *f, const struct timeline *t, size_t first, bool virtual_time);

#endif
