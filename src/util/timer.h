/* SPDX-License-Identifier: MIT */
/*
 * Timers of the net thread: a callback after some milliseconds.  A list sorted
 * by time; most timers have the few durations of the configuration, or none, so a
 * new one goes in near one of its ends.  Net thread only.
 */
#ifndef UTIL_TIMER_H
#define UTIL_TIMER_H

#include "util/base.h"

typedef void timer_fn(void *arg);

struct timer {
	timer_fn *on_due;
	void *arg;
	int64_t due_ms;
	bool is_armed;
	struct timer *prev, *next;
};

struct timers {
	struct timer *first, *last;
};

/* `t` belongs to the caller; it is not armed. */
void timer_init(struct timer *t, timer_fn *on_due, void *arg);

/* on_due is called in `delay_ms`, and not when it was due before. */
void timer_arm(struct timers *ts, struct timer *t, int64_t delay_ms);
void timer_disarm(struct timers *ts, struct timer *t);

/* Milliseconds until the first is due, -1 if there is none. */
int timers_wait_ms(const struct timers *ts);

/* Call what is due. */
void timers_run(struct timers *ts);

#endif
