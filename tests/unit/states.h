/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tables of (leaf, state): the status that a fact sheet demands of a leaf in each state of an
 * object, written by hand from the sheet, never from the model.
 *
 * Each cell says where its status comes from: S(ource) the fact sheet states it from a published
 * source, I(nferred) it follows from several of its rules, C(hosen) it is ours, because the fact
 * sheet says so or leaves it open (docs/abi.md lists the latter).
 */
#ifndef UNIT_STATES_H
#define UNIT_STATES_H

#include "platform.h"

struct cell {
	char mark;		/* 0: unlisted */
	uint64_t status;
};

#define S(status)	{ 's', status }
#define I(status)	{ 'i', status }
#define C(status)	{ 'c', status }

#define OK		TDX_SUCCESS

/* Of the test that runs: cells that do not agree. */
static unsigned int wrong;

static inline void check(const char *leaf, const char *state, const struct cell *cell, uint64_t got)
{
	if (got == cell->status)
		return;
	wrong++;
	print_error("%s in %s: got %s|%#x, expected %s|%#x (%c)\n", leaf, state, status_name(got),
		    (uint32_t)got, status_name(cell->status), (uint32_t)cell->status, cell->mark);
}

#endif
