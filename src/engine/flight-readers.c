/* SPDX-License-Identifier: MIT */
/*
 * Readers come and go, and those who have waited long enough: see flight.h, and
 * the essay in flight.c.  Net thread only.
 */
#include "config.h"

#include "engine/flight-state.h"

#include <errno.h>

#include "util/date.h"

/* Readers who have to go at the same time are told of in one line. */
#define SAY_AGAIN_MS 1000

struct snapshot *
flight_recent(const struct flight *f)
{
	int64_t max_age_ms = f->env->limits->max_age_ms;

	return max_age_ms
		       ? recent_get(&f->recent, f->bucket, f->mode, max_age_ms)
		       : NULL;
}

/* A reader has waited long enough. */
static void
on_limit(void *arg)
{
	struct waiter *w = arg;
	struct flight *f = w->bucket->flights[w->mode];
	int64_t limit_ms = limits_wait_ms(f->env->limits), now = date_mono_ms();
	bool is_max_wait = limit_ms == f->env->limits->max_wait_ms;
	struct snapshot *doc = NULL;
	struct err err = ERR_INIT;

	if (w->list == &f->current && f->is_storing) {
		doc = f->result; /* its own, that waits for the PUT */
	} else if (is_max_wait) {
		doc = recent_get(&f->recent, f->bucket, f->mode, -1);
		if (!f->stand_in.list)
			waiter_move(&f->stand_in, w->list);
	}
	if (!doc) {
		err_set(&err, ETIMEDOUT, "no result within the %s of %lld ms",
			is_max_wait ? "max_wait" : "deadline",
			(long long)limit_ms);
		if (!f->said_at_ms || now - f->said_at_ms >= SAY_AGAIN_MS) {
			flight_report(f, &err); /* one line for a crowd */
			f->said_at_ms = now;
		}
	}
	waiter_complete(w, doc, &err);
	flight_left(f);
}

void
flight_add(struct flight *f, struct waiter *w)
{
	struct snapshot *recent = flight_recent(f);
	bool is_blocking = !w->is_nonblocking;

	if (recent) {
		waiter_complete(w, recent, &(struct err)ERR_INIT);
		return;
	}
	if (is_blocking)
		waiter_move(w, &f->next);
	else if (poller_answer(&f->poller, w))
		waiter_move(&f->poller.w, &f->next);
	flight_pump(f);
	flight_look_after(f);
	if (is_blocking) /* behind the job's own deadline, which tells more */
		waiter_limit(w, f->env->jobs.timers,
			     limits_wait_ms(f->env->limits), on_limit);
}

void
flight_left(struct flight *f)
{
	if (f->probe_job && !f->probe) {
		job_stop(steal(&f->probe_job));
		if (!f->job && !f->is_storing)
			snapshot_unref(steal(&f->result));
		flight_pump(f);
	}
	flight_look_after(f);
}
