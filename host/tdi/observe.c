// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "hostlog.h"
#include "observe.h"

#define CONSOLE_MAX	(1u << 20)

/* What comes now belongs to the TD that began last, even after its end: that is its teardown. */
static struct observation *here(struct observer *o)
{
	return o->begun ? &o->obs[o->current] : &o->loose;
}

/* The same for one of its TDs. NULL: there is none. */
static struct observation *of_td(struct observer *o, uint32_t td)
{
	return td == TD_OF_TEST ? here(o) : td == TD_NEIGHBOUR ? here(o)->neighbour : NULL;
}

static void fault(void *opaque, const char *text)
{
	strv_add(&here(opaque)->faults, xstrdup(text));
}

/* The text after a record's fixed part. The stream put a NUL behind every payload. */
static const char *text_after(const void *payload, size_t fixed)
{
	return (const char *)payload + fixed;
}

static void td_begins(struct observer *o, struct observation *obs, const struct rec_td *td)
{
	obs->td_begin = true;
	obs->td = *td;
	obs->nth_td = o->tds;
	o->td = xrealloc(o->td, (o->tds + 1) * sizeof(*o->td));
	o->td[o->tds++] = obs;
}

/* One more TD of the test whose TD began last. */
static void on_neighbour_begin(struct observer *o, const struct rec_td *td, const char *id)
{
	struct observation *obs = here(o);

	if (o->begun == o->ended || obs->neighbour || !o->plan[o->current]->config.neighbour ||
	    strcmp(id, o->plan[o->current]->id)) {
		strv_addf(&obs->faults, "a second TD began that is not in the plan: %s", id);
		return;
	}
	obs->neighbour = xcalloc(1, sizeof(*obs));
	td_begins(o, obs->neighbour, td);
}

static void on_td_begin(struct observer *o, const struct rec_td *td, const char *id)
{
	if (td->td == TD_NEIGHBOUR) {
		on_neighbour_begin(o, td, id);
		return;
	}
	/* It ran on a host that had complained already: it has to run again, elsewhere. */
	if (o->begun && here(o)->host_log.n) {
		o->spoiled = true;
		return;
	}
	if (o->begun > o->ended)
		fault(o, "the next TD began before the end of this one");
	if (o->begun == o->nr_plan) {
		strv_addf(&here(o)->faults, "an unplanned TD began: %s", id);
		return;
	}
	if (strcmp(id, o->plan[o->begun]->id))
		strv_addf(&o->obs[o->begun].faults, "the plan says %s, the VMM ran %s",
			  o->plan[o->begun]->id, id);
	o->current = o->begun++;
	o->ended = o->begun - 1;
	td_begins(o, here(o), td);
}

static void on_td_end(struct observer *o, const struct rec_td_end *end, const char *reason)
{
	struct observation *obs = of_td(o, end->td);

	if (!o->begun || !obs || obs->td_end) {
		fault(o, "a TD ended that had not begun");
		return;
	}
	obs->td_end = true;
	obs->td_end_rec = *end;
	obs->td_reason = xstrdup(reason);
	if (end->td == TD_OF_TEST)
		o->ended = o->begun;
}

static void on_check(struct observation *obs, const struct rec_check *check, const char *expr,
		     size_t len)
{
	size_t expr_len = strnlen(expr, len);
	const char *file = expr_len + 1 < len ? expr + expr_len + 1 : "";

	obs->checks++;
	if (check->ok)
		return;
	if (obs->failed++ < OBSERVE_FAILURES_MAX)
		strv_add(&obs->failures, decode_check(check, expr, file));
}

static void on_host_check(struct observation *obs, const struct rec_check *check, const char *what)
{
	obs->host_checks++;
	if (check->ok)
		return;
	if (obs->host_failed++ < OBSERVE_FAILURES_MAX)
		strv_add(&obs->host_failures, decode_host_check(check, what));
}

static void on_test_end(struct observer *o, struct observation *obs, const struct rec_end *end,
			const char *reason)
{
	if (!obs->test_begin || obs->test_end) {
		fault(o, "the guest ended a test that it had not begun");
		return;
	}
	obs->test_end = true;
	obs->end = *end;
	obs->reason = xstrdup(reason);
}

static void on_console(struct observation *obs, const char *data, size_t len)
{
	if (obs->console_len + len > CONSOLE_MAX)
		return;
	obs->console = xrealloc(obs->console, obs->console_len + len + 1);
	for (size_t i = 0; i < len; i++)
		if (data[i])
			obs->console[obs->console_len++] = data[i];
	obs->console[obs->console_len] = 0;
}

static void on_test_begin(struct observer *o, struct observation *obs, const char *id)
{
	if (obs->test_begin)
		strv_addf(&here(o)->faults, "the guest began a second test: %s", id);
	else if (o->begun && strcmp(id, o->plan[o->current]->id))
		strv_addf(&here(o)->faults, "the guest ran another test: %s", id);
	obs->test_begin = true;
}

/* Guest records speak about a TD that runs; anything else is a harness fault. */
static void guest_record(struct observer *o, const struct record *rec, const void *payload)
{
	bool neighbour = rec->source == REC_FROM_NEIGHBOUR;
	struct observation *obs = of_td(o, neighbour ? TD_NEIGHBOUR : TD_OF_TEST);
	const char *who = neighbour ? "neighbour" : "guest";
	struct strv *story = &here(o)->story;
	struct rec_check check;
	struct rec_value value;
	struct rec_end end;

	if (!o->begun || !obs || obs->td_end) {
		fault(o, "a guest record arrived outside its TD");
		return;
	}
	switch (rec->type) {
	case REC_TEST_BEGIN:
		on_test_begin(o, obs, text_after(payload, sizeof(struct rec_test)));
		break;
	case REC_CHECK:
		memcpy(&check, payload, sizeof(check));
		on_check(obs, &check, text_after(payload, sizeof(check)),
			 rec->size - sizeof(check));
		break;
	case REC_VALUE:
		memcpy(&value, payload, sizeof(value));
		strv_addf(&obs->values, "%s = %llu", text_after(payload, sizeof(value)),
			  (unsigned long long)value.value);
		strv_addf(story, "%s: %s", who, obs->values.v[obs->values.n - 1]);
		break;
	case REC_LOG:
		strv_addf(story, "%s: %s", who, (const char *)payload);
		break;
	case REC_TEST_END:
		memcpy(&end, payload, sizeof(end));
		on_test_end(o, obs, &end, text_after(payload, sizeof(end)));
		break;
	}
}

static void on_step(struct observer *o, const struct rec_step *step, const char *text)
{
#define STEP_TEXT(name, what) [STEP_##name] = what,
	static const char *const what[] = { VMM_STEPS(STEP_TEXT) };
#undef STEP_TEXT
	struct observation *obs = of_td(o, step->td);
	char *status = step->status ? decode_tdx_status(step->status) : NULL;
	bool refused = step->error || status;
	char *line = xasprintf("%s: %s%s%s%s%s",
			       step->step < STEP_NR ? what[step->step] : "unknown step",
			       refused ? "refused" : "done", status ? ", " : "",
			       status ? status : "", *text ? ", " : "", text);

	free(status);
	strv_addf(&here(o)->story, "host: %s", line);
	if (!obs) {
		fault(o, "the VMM did something for a TD that had not begun");
		free(line);
		return;
	}
	obs->steps = xrealloc(obs->steps, (obs->nr_steps + 1) * sizeof(*obs->steps));
	obs->steps[obs->nr_steps++] = (struct step){ step->tsc, refused, line };
}

static void vmm_record(struct observer *o, const struct record *rec, const void *payload)
{
	struct rec_td_end td_end;
	struct rec_check check;
	struct rec_step step;
	struct rec_td td;

	switch (rec->type) {
	case REC_RUN_BEGIN:
		o->run_begin = true;
		memcpy(&o->run, payload, sizeof(o->run));
		free(o->release);
		o->release = xstrdup(text_after(payload, sizeof(o->run)));
		break;
	case REC_TD_BEGIN:
		memcpy(&td, payload, sizeof(td));
		on_td_begin(o, &td, text_after(payload, sizeof(td)));
		break;
	case REC_TD_END:
		memcpy(&td_end, payload, sizeof(td_end));
		on_td_end(o, &td_end, text_after(payload, sizeof(td_end)));
		break;
	case REC_KMSG:
		if (hostlog_bad(payload))
			strv_add(&here(o)->host_log, xstrdup(payload));
		break;
	case REC_CONSOLE:
		on_console(here(o), payload, rec->size);
		break;
	case REC_STEP:
		memcpy(&step, payload, sizeof(step));
		on_step(o, &step, text_after(payload, sizeof(step)));
		break;
	case REC_HOST_CHECK:
		memcpy(&check, payload, sizeof(check));
		on_host_check(here(o), &check, text_after(payload, sizeof(check)));
		break;
	case REC_VMM_ERROR:
		strv_add(&here(o)->vmm_errors, xstrdup(payload));
		break;
	case REC_RUN_END:
		o->run_end = true;
		memcpy(&o->run_end_rec, payload, sizeof(o->run_end_rec));
		break;
	}
}

static void on_record(void *opaque, const struct record *rec, const void *payload)
{
	/* The fixed part of each type: a shorter payload is damage that a checksum can't see. */
	static const uint16_t fixed[] = {
		[REC_TEST_BEGIN] = sizeof(struct rec_test),
		[REC_CHECK] = sizeof(struct rec_check),
		[REC_VALUE] = sizeof(struct rec_value),
		[REC_TEST_END] = sizeof(struct rec_end),
		[REC_RUN_BEGIN] = sizeof(struct rec_run),
		[REC_TD_BEGIN] = sizeof(struct rec_td),
		[REC_TD_END] = sizeof(struct rec_td_end),
		[REC_RUN_END] = sizeof(struct rec_run_end),
		[REC_VMM_ERROR] = 0,
		[REC_STEP] = sizeof(struct rec_step),
		[REC_HOST_CHECK] = sizeof(struct rec_check),
	};
	struct observer *o = opaque;

	if (o->spoiled)
		return;
	if (o->run_end)
		fault(o, "a record follows the end of the run");
	else if (rec->size < fixed[rec->type])
		fault(o, "a record is shorter than its type");
	else if (rec->source == REC_FROM_VMM)
		vmm_record(o, rec, payload);
	else
		guest_record(o, rec, payload);
}

static const struct stream_ops stream_ops = { .record = on_record, .fault = fault };

void observer_init(struct observer *o, const struct test *const *plan, size_t nr_plan)
{
	*o = (struct observer){ .plan = plan, .nr_plan = nr_plan };
	o->obs = xcalloc(nr_plan, sizeof(*o->obs));
	stream_init(&o->stream, &stream_ops, o);
}

void observer_feed(struct observer *o, const void *data, size_t len)
{
	stream_feed(&o->stream, data, len);
}

void observer_end(struct observer *o)
{
	stream_end(&o->stream);
}

bool observer_spoiled(const struct observer *o)
{
	/* A line from L1's own boot would come again with every boot: it fails the run, once. */
	return o->stream.lost || o->spoiled ||
	       (o->begun && o->begun == o->ended && o->obs[o->current].host_log.n);
}

void observer_free(struct observer *o)
{
	for (size_t i = 0; i < o->nr_plan; i++)
		observation_free(&o->obs[i]);
	free(o->obs);
	free(o->td);
	observation_free(&o->loose);
	free(o->release);
	stream_free(&o->stream);
}
