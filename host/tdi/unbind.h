/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The order of every unbind, from the module's trace (fact sheet C 4): STOP (or the stream blocked),
 * then BLOCK, TRACK and UNMAP for every page, then the TDI freed with nothing left mapped. A page
 * that a vCPU has in its TLB may be used after the BLOCK, but not by a vCPU that entered after the
 * TRACK, and by none after the UNMAP (base sheet 6.3). Fed one event after the other; knows neither
 * the host nor the model's own checks.
 */
#ifndef TDI_UNBIND_H
#define TDI_UNBIND_H

#include "tdx_module/tdx_module.h"
#include "util.h"

struct unbind_page {
	uint64_t tdr, gpa, hpa;
	uint32_t func;
	bool blocked, tracked;
	uint64_t tracked_at;	/* if tracked: the first TRACK after the BLOCK, counted in events */
};

struct unbind_vcpu {
	uint64_t tdr;
	unsigned int index;
	uint64_t entered_at;	/* the last TD entry */
};

struct unbind_tdi {
	uint32_t func;
	unsigned int spdm, stream;	/* a stream ID is unique in its session only */
	uint64_t tdr;
	size_t td;		/* of the TDs created, from 1; 0: none of them */
	bool locked;		/* a BIND was begun, so a LOCK may have reached the device */
	bool stopped;
};

struct unbind_owner {
	uint64_t hpa;
	uint32_t func;
};

struct unbind {
	struct unbind_tdi *tdi;
	size_t nr_tdis;
	struct unbind_page *page;
	size_t nr_pages;
	struct unbind_owner *owner;	/* MMIOMT: whose a device page is */
	size_t nr_owners;
	struct unbind_vcpu *vcpu;
	size_t nr_vcpus;
	uint64_t now;			/* events so far */
	uint64_t *tdr;			/* of each TD created */
	size_t tds;
	unsigned int checked;		/* unbinds that came to their end */
	struct strv violations;		/* one sentence each, with the number of the TD */
	struct unbind_said {
		uint64_t gpa;		/* of the first page of whom it was said */
		unsigned int n;
	} *said;
};

void unbind_event(struct unbind *u, const struct tdx_trace_event *ev);
/* The trace is over: what is still there was never taken down. */
void unbind_end(struct unbind *u);
void unbind_free(struct unbind *u);

#endif
