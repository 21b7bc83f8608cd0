/* SPDX-License-Identifier: MIT */
/*
 * What flight.c (the work) and flight-readers.c (those who wait for it) share.
 * Private to these two.  Net thread only.
 */
#ifndef ENGINE_FLIGHT_STATE_H
#define ENGINE_FLIGHT_STATE_H

#include "engine/flight.h"
#include "engine/poller.h"
#include "engine/recent.h"

struct flight {
	struct flight_env *env;
	struct bucket *bucket;
	enum mode mode;
	struct waiter *next, *current, *probe; /* readers */
	struct waiter stand_in; /* for those who have left for max_wait */
	struct poller poller;
	struct job *job; /* of current; NULL once it has ended */
	struct job *probe_job;
	unsigned generation; /* bucket->marked when job began */
	int64_t listed_at_ms; /* when the LIST of job began; of the probe */
	int64_t probed_at_ms;
	bool is_uncached; /* nocache was on when job began */
	bool is_outdated; /* a probe saw another listing: no more of them */
	/* what job gave: kept until it is stored and no probe may need it */
	struct snapshot *result;
	bool is_result_storable;
	bool is_storing; /* current waits for the PUT of result */
	struct timer store_wait, linger;
	struct snapshot *last; /* the mount's own last document */
	struct recent recent; /* likewise, for readers, not for validation */
	int64_t said_at_ms; /* when a line told of readers who had to go */
	/*
	 * `last` is of a refresh or later: until it lies in the bucket, what
	 * lies there may be of a sweep from before the mark, and is passed over.
	 */
	bool is_refreshed;
	struct store store;
};

/* flight.c: begin what can begin, after a reader came or something ended. */
void flight_pump(struct flight *f);

/* Somebody came or went: a job that nobody has a use for may only linger. */
void flight_look_after(struct flight *f);

/*
 * The place that gives up: log it, once, and take a bucket away that has gone.
 */
void flight_report(struct flight *f, const struct err *err);

/* flight-readers.c: a result that is good enough for max_age, or NULL. */
struct snapshot *flight_recent(const struct flight *f);

#endif
