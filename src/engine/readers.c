/* SPDX-License-Identifier: MIT */
/*
 * Who waits for what: see readers.h.  Net thread only.
 */
#include "config.h"

#include "engine/readers.h"

#include <utlist.h>

/* Nobody stands behind it. */
static void
on_stand_in_done(struct waiter *w, struct result *r, const struct err *err)
{
	(void)w;
	(void)r;
	(void)err;
}

void
readers_init(struct readers *r, struct bucket *bucket, enum mode mode)
{
	*r = (struct readers){ .stand_in.on_done = on_stand_in_done };
	poller_init(&r->poller, bucket, mode);
}

void
readers_clear(struct readers *r)
{
	poller_clear(&r->poller);
}

bool
readers_add(struct readers *r, struct waiter *w)
{
	if (!w->is_impatient) {
		waiter_move(w, &r->next);
		return true;
	}
	if (poller_answer(&r->poller, w))
		waiter_move(&r->poller.w, &r->next);
	return false;
}

void
readers_begin(struct readers *r)
{
	waiters_move(&r->next, &r->current);
}

void
readers_begin_recall(struct readers *r)
{
	struct waiter *w, *next;

	DL_FOREACH_SAFE (r->next, w, next) {
		if (!w->is_background)
			waiter_move(w, &r->current);
	}
}

void
readers_begin_probe(struct readers *r)
{
	waiters_move(&r->next, &r->probe);
}

void
readers_join(struct readers *r)
{
	waiters_move(&r->probe, &r->current);
}

void
readers_return(struct readers *r)
{
	waiters_move(&r->next, &r->probe);
	waiters_move(&r->probe, &r->next);
}

bool
readers_have_background(const struct readers *r)
{
	const struct waiter *w;

	DL_FOREACH (r->next, w) {
		if (w->is_background)
			return true;
	}
	return false;
}

void
readers_serve_next(struct readers *r, struct result *recent)
{
	struct waiter *w, *next;

	DL_FOREACH_SAFE (r->next, w, next) {
		if (!w->is_background)
			waiter_complete(w, recent, &(struct err)ERR_INIT);
	}
}

void
readers_replace(struct readers *r, struct waiter *w)
{
	if (!r->stand_in.list)
		waiter_move(&r->stand_in, w->list);
}
