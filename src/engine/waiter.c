/* SPDX-License-Identifier: MIT */
/*
 * The lists that waiters are in: see waiter.h.  Net thread only.
 */
#include "config.h"

#include "engine/waiter.h"

#include <utlist.h>

void
waiter_move(struct waiter *w, struct waiter **list)
{
	if (w->list)
		DL_DELETE(*w->list, w);
	w->list = list;
	if (list)
		DL_APPEND(*list, w);
}

void
waiters_move(struct waiter **from, struct waiter **to)
{
	while (*from)
		waiter_move(*from, to);
}

void
waiter_limit(struct waiter *w, struct timers *timers, int64_t ms,
	     timer_fn *on_due)
{
	if (ms == 0)
		return;
	w->timers = timers;
	timer_init(&w->limit, on_due, w);
	timer_arm(timers, &w->limit, ms);
}

void
waiter_complete(struct waiter *w, struct result *r, const struct err *err)
{
	waiter_move(w, NULL);
	if (w->all)
		DL_DELETE2(*w->all, w, all_prev, all_next);
	if (w->timers)
		timer_disarm(w->timers, &w->limit);
	w->on_done(w, r, err);
}

void
waiters_complete(struct waiter **list, struct result *r, const struct err *err)
{
	while (*list)
		waiter_complete(*list, r, err);
}
