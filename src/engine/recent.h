/* SPDX-License-Identifier: MIT */
/*
 * The last good result of a bucket and mode, for readers who may have one that
 * is older than their open: max_age, max_wait.  Never one that was not to be
 * cached.  Net thread only.
 */
#ifndef ENGINE_RECENT_H
#define ENGINE_RECENT_H

#include "engine/buckets.h"

struct recent {
	struct snapshot *doc; /* NULL: none */
	int64_t listed_at_ms; /* when the LIST behind it began */
	unsigned generation; /* bucket->marked then */
};

void recent_set(struct recent *r, struct snapshot *doc, int64_t listed_at_ms,
		unsigned generation);
void recent_clear(struct recent *r);

/*
 * The document if its LIST began at most `max_age_ms` ago (-1: whenever), there
 * was no refresh since and nocache is off; else NULL.  Borrowed.
 */
struct snapshot *recent_get(const struct recent *r, const struct bucket *bucket,
			    enum mode mode, int64_t max_age_ms);

#endif
