/* SPDX-License-Identifier: MIT */
/*
 * Who waits for one bucket in one mode, and for what: the lists that the essay in
 * flight.c tells of, and those who stand in for readers that do not wait.  It calls
 * nobody but the readers that it completes.  Net thread only.
 */
#ifndef ENGINE_READERS_H
#define ENGINE_READERS_H

#include "engine/poller.h"

struct readers {
	struct waiter *next; /* for a LIST that has not begun */
	struct waiter
		*current; /* for the job whose LIST began after they came */
	struct waiter *probe; /* for a LIST that began while current computes */
	struct waiter stand_in; /* for those who have left for max_wait */
	struct poller poller; /* for those who do not wait at all */
};

void readers_init(struct readers *r, struct bucket *bucket, enum mode mode);
void readers_clear(struct readers *r);

/*
 * One has come.  False: it does not wait, was answered, and may be gone; somebody
 * who stands in for it is in `next`, if there is work to begin.
 */
bool readers_add(struct readers *r, struct waiter *w);

/* Those of `next` have a LIST now: that of the job, or of a probe. */
void readers_begin(struct readers *r);
void readers_begin_probe(struct readers *r);
/* Those of `next` for whom what lies in the bucket will do have a GET now. */
void readers_begin_recall(struct readers *r);

/* The probe has found the job's result true for them; or something else. */
void readers_join(struct readers *r);
void readers_return(struct readers *r); /* they are the first of `next` */

/* Among those of `next`. */
bool readers_have_background(const struct readers *r);

/* Those of `next` for whom an older result will do get that one. */
void readers_serve_next(struct readers *r, struct result *recent);

/* One has to go, but wants the work to go on: somebody stands in its place. */
void readers_replace(struct readers *r, struct waiter *w);

#endif
