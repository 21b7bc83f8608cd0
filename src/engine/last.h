/* SPDX-License-Identifier: MIT */
/*
 * The last good result of a bucket and mode, in memory: to be found true again by
 * a LIST, and for readers who may have one that is older than their open (max_age,
 * max_wait).  One that was not to be cached is only shown.  Net thread only.
 */
#ifndef ENGINE_LAST_H
#define ENGINE_LAST_H

#include "engine/buckets.h"

struct last {
	struct result *result; /* NULL: none */
	/*
	 * Served without a LIST: it, or the one before a time with nocache, or
	 * a later one that was not to be cached.
	 */
	struct result *young;
	unsigned generation; /* bucket->marked when the job of `young` began */
	/*
	 * Of a refresh or later: until it lies in the bucket, what lies there
	 * may be of a sweep from before the mark, and is passed over.
	 */
	bool is_refreshed;
};

void last_clear(struct last *l);

/* That of a job that began at that `generation`, maybe under nocache. */
void last_set(struct last *l, struct result *r, unsigned generation,
	      bool was_uncached);

/* That of one that is not to be cached: to be served, not to be found true again. */
void last_show(struct last *l, struct result *r, unsigned generation);

/* `now` takes the place of `r`, where that is in it. */
void last_renew(struct last *l, const struct result *r, struct result *now);

/*
 * What may be served without a LIST: its own began at most `max_age_ms` ago (-1:
 * whenever), there was no refresh since and nocache is off; else NULL.  Borrowed.
 */
struct result *last_young(const struct last *l, const struct bucket *bucket,
			  enum mode mode, int64_t max_age_ms);

#endif
