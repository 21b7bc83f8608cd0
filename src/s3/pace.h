/* SPDX-License-Identifier: MIT */
/*
 * How many requests may be under way at a time at one endpoint.  It is told when
 * each try is sent and how it ends, and asked for the limit before a new request
 * begins.  Net thread only; pure, but for the clock of util/date.h.
 *
 * A call that waits for its next try counts as under way: where the store
 * answers at once, these waits are what slows the requests down.
 */
#ifndef S3_PACE_H
#define S3_PACE_H

#include "util/base.h"

struct pace;

enum pace_answer {
	PACE_CLEAN, /* the store did what it was asked, or said why not */
	PACE_PUSHED_BACK, /* too much for it: 503, 429, 500, a connection cut */
	PACE_NONE, /* says nothing of its load: cancelled, not connected */
};

/* The limit will be from 1 to `most`. */
struct pace *pace_new(unsigned most);
void pace_free(struct pace *p); /* NULL is fine */

/*
 * Requests that may be under way now.  It grows with a clean answer, in
 * pace_ended(): who asks again whenever a request has completed misses nothing.
 */
unsigned pace_limit(const struct pace *p);

/* A try is sent; what is returned belongs to pace_ended(). */
unsigned pace_began(struct pace *p);

/* It has ended.  `tries`: of that call so far, this one included. */
void pace_ended(struct pace *p, unsigned began, enum pace_answer answer,
		int tries);

#endif
