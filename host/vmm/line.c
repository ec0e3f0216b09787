// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "kmsg.h"
#include "line.h"
#include "record.h"
#include "td.h"

#define DRAIN_INTERVAL_MS	2

struct line {
	const struct plan_td *plan;
	struct channel_meeting *meeting;	/* NULL: one TD */
	struct td td[CHANNEL_TDS];
	bool gone[CHANNEL_TDS];
	unsigned int tds;			/* that began */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void record_begin(const struct plan_td *plan, enum channel_td which)
{
	struct rec_td begin = {
		.nr_vcpus = plan->vcpus,
		.gpaw = plan->gpaw,
		.sept_ve_disable = plan->ve_disable,
		.td = which,
		.seed = plan->seed,
	};

	record_write(REC_TD_BEGIN, &begin, sizeof(begin), *plan->test ? plan->test : plan->name);
}

static bool open_meeting(struct line *line)
{
	void *page;

	if (!line->plan->neighbour)
		return true;
	page = mmap(NULL, MEMORY_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (page != MAP_FAILED)
		line->meeting = page;
	else
		record_error("page to meet in: %s", strerror(errno));
	return line->meeting;
}

/* All TDs exist before one of them runs. Without the first there is no second. */
static void create(struct line *line, int kvm, const struct assign *assign)
{
	bool ok = true;

	while (ok && line->tds < 1 + line->plan->neighbour) {
		enum channel_td which = line->tds++;
		struct td *td = &line->td[which];

		td_init(td, line->plan, which, kvm, assign, line->meeting);
		record_begin(line->plan, which);
		ok = !td_ended(td) && td_create(td);
	}
	for (unsigned int n = 0; n < line->tds; n++)
		if (!td_ended(&line->td[n]))
			td_start(&line->td[n]);
}

/* A TD has ended. What it had is given back while the other one runs on, and that may know. */
static void finish(struct line *line, unsigned int n)
{
	struct td *td = &line->td[n];

	td_stop(td);
	td_drain(td);
	td_destroy(td);
	line->gone[n] = true;
	if (line->meeting)
		__atomic_store_n(&line->meeting->td[n].gone, 1, __ATOMIC_RELEASE);
}

static void watch(struct line *line)
{
	uint64_t timeout = line->plan->timeout_ms;
	int64_t deadline = now_ms() + timeout;

	for (unsigned int left = line->tds; left;) {
		struct pollfd done[CHANNEL_TDS];

		for (unsigned int n = 0; n < line->tds; n++)
			done[n] = (struct pollfd){ .fd = line->td[n].done, .events = POLLIN };
		poll(done, line->tds, DRAIN_INTERVAL_MS);
		for (unsigned int n = 0; n < line->tds; n++) {
			struct td *td = &line->td[n];

			if (line->gone[n])
				continue;
			td_drain(td);
			if (now_ms() >= deadline)
				td_end(td, 0, TD_END_TIMEOUT, timeout, "no end within %llu ms",
				       (unsigned long long)timeout);
			if (!td_ended(td))
				continue;
			finish(line, n);
			left--;
		}
		kmsg_forward();
	}
}

unsigned int line_run(const struct plan_td *plan, int kvm, const struct assign *assign)
{
	struct line line = { .plan = plan };

	kmsg_forward();
	kmsg_rearm_warnings();
	if (open_meeting(&line))
		create(&line, kvm, assign);
	/* What the kernel says while a TD is torn down belongs to the TD too. */
	watch(&line);
	for (unsigned int n = line.tds; n--;)
		record_write(REC_TD_END, &line.td[n].end, sizeof(line.td[n].end),
			     line.td[n].reason);
	if (line.meeting)
		munmap(line.meeting, MEMORY_PAGE);
	return line.tds;
}
