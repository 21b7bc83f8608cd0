/* SPDX-License-Identifier: MIT */
/*
 * Opens that do not wait: see poller.h.  Net thread only.
 */
#include "config.h"

#include "engine/poller.h"

#include <errno.h>

static void
on_done(struct waiter *w, struct result *r, const struct err *err)
{
	struct poller *p = CONTAINER_OF(w, struct poller, w);

	p->result = result_ref(r);
	p->err = *err;
}

void
poller_init(struct poller *p, struct bucket *bucket, enum mode mode)
{
	*p = (struct poller){ .w = { .kind = WAIT_FOR_STATS,
				     .on_done = on_done,
				     .stats = { bucket, mode } } };
}

void
poller_clear(struct poller *p)
{
	result_unref(steal(&p->result));
	p->err.code = 0;
}

bool
poller_answer(struct poller *p, struct waiter *w)
{
	struct bucket *b = p->w.stats.bucket;
	unsigned generation = atomic_load(&b->marked[p->w.stats.mode]);
	unsigned nocache_writes = atomic_load(&b->nocache_writes);
	struct err err;

	if (p->generation != generation || p->nocache_writes != nocache_writes)
		poller_clear(p);
	if (p->result || p->err.code) {
		waiter_complete(w, p->result, &p->err);
		poller_clear(p);
		return false;
	}
	err_set(&err, EAGAIN, "nothing is ready");
	waiter_complete(w, NULL, &err);
	if (p->w.list && p->generation == generation)
		return false;
	p->generation = generation;
	p->nocache_writes = nocache_writes;
	return true;
}
