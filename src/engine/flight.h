/* SPDX-License-Identifier: MIT */
/*
 * Single-flight: all readers of one bucket in one mode, and the work that
 * serves them.  The essay is in flight.c.  Net thread only.
 */
#ifndef ENGINE_FLIGHT_H
#define ENGINE_FLIGHT_H

#include "engine/job.h"
#include "engine/writeback.h"
#include "engine/waiter.h"

/* What all flights share; it outlives them. */
struct flight_env {
	struct job_env jobs;
	struct buckets *buckets;
	struct writeback_env writebacks;
	const struct limits *limits;
	bool is_detailed_on_refresh; /* and by interval, not by an open */
	bool is_stopping; /* start nothing new */
};

/* The flight of that bucket and mode, made when first asked for. */
struct flight *flight_get(struct flight_env *env, struct bucket *bucket,
			  enum mode mode);

/* A reader has come: WAIT_FOR_STATS of this flight. */
void flight_add(struct flight *f, struct waiter *w);

/* A reader has gone: it was taken out of the list it was in. */
void flight_left(struct flight *f);

/* The mount ends: stop all work.  No reader is in it any more. */
void flight_stop(struct flight *f);
void flight_free(struct flight *f); /* after its jobs and PUTs have ended */

#endif
