/* SPDX-License-Identifier: MIT */
/*
 * Timers of the net thread: see timer.h.
 */
#include "config.h"

#include "util/timer.h"

#include <limits.h>

#include "util/date.h"

void
timer_init(struct timer *t, timer_fn *on_due, void *arg)
{
	*t = (struct timer){ .on_due = on_due, .arg = arg };
}

void
timer_disarm(struct timers *ts, struct timer *t)
{
	if (!t->is_armed)
		return;
	*(t->prev ? &t->prev->next : &ts->first) = t->next;
	*(t->next ? &t->next->prev : &ts->last) = t->prev;
	t->is_armed = false;
}

/* The last one that is due no later; looked for from both ends. */
static struct timer *
find_before(const struct timers *ts, int64_t due_ms)
{
	struct timer *low = ts->first, *high = ts->last;

	while (high && high->due_ms > due_ms) {
		if (low->due_ms > due_ms)
			return low->prev;
		low = low->next;
		high = high->prev;
	}
	return high;
}

void
timer_arm(struct timers *ts, struct timer *t, int64_t delay_ms)
{
	struct timer *before;

	timer_disarm(ts, t);
	t->due_ms = date_mono_ms() + delay_ms;
	before = find_before(ts, t->due_ms);
	t->prev = before;
	t->next = before ? before->next : ts->first;
	*(t->prev ? &t->prev->next : &ts->first) = t;
	*(t->next ? &t->next->prev : &ts->last) = t;
	t->is_armed = true;
}

int
timers_wait_ms(const struct timers *ts)
{
	int64_t wait;

	if (!ts->first)
		return -1;
	wait = ts->first->due_ms - date_mono_ms();
	return wait < 0 ? 0 : wait > INT_MAX ? INT_MAX : (int)wait;
}

void
timers_run(struct timers *ts)
{
	int64_t now = date_mono_ms();
	struct timer *t;

	while ((t = ts->first) && t->due_ms <= now) {
		timer_disarm(ts, t);
		t->on_due(t->arg);
	}
}
