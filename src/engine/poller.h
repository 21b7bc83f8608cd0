/* SPDX-License-Identifier: MIT */
/*
 * Opens that do not wait (O_NONBLOCK and nonblock=eagain): the first is told
 * EAGAIN and begins the work, the one that comes after the work has ended gets
 * the result, or the error.  Net thread only.
 *
 * Nobody knows which opens belong to one program, so all of a file count as one
 * that polls: the LIST behind its result began after the first of the opens
 * that were told EAGAIN.  A result is given to one open; the next one begins
 * anew.  It waits for however long that open takes to come: a limit would keep
 * it from those who come more seldom, for ever.
 */
#ifndef ENGINE_POLLER_H
#define ENGINE_POLLER_H

#include "engine/waiter.h"

struct poller {
	struct waiter w; /* waits like a reader, while it is in a list */
	/* what came of it; neither: nothing is ready */
	struct result *result;
	struct err err;
	/* of the bucket at the first EAGAIN: if that changes, it is void */
	unsigned generation;
	unsigned nocache_writes;
};

void poller_init(struct poller *p, struct bucket *bucket, enum mode mode);
void poller_clear(struct poller *p);

/*
 * Complete `w`, with what is ready or with EAGAIN.  True if p->w is to wait from
 * now on: the caller puts it where new readers wait.
 */
bool poller_answer(struct poller *p, struct waiter *w);

#endif
