/* SPDX-License-Identifier: MIT */
/*
 * The last good result: see recent.h.  Net thread only.
 */
#include "config.h"

#include "engine/recent.h"

#include "util/date.h"

void
recent_set(struct recent *r, struct snapshot *doc, int64_t listed_at_ms,
	   unsigned generation)
{
	snapshot_ref(doc);
	snapshot_unref(r->doc);
	r->doc = doc;
	r->listed_at_ms = listed_at_ms;
	r->generation = generation;
}

void
recent_clear(struct recent *r)
{
	snapshot_unref(steal(&r->doc));
}

struct snapshot *
recent_get(const struct recent *r, const struct bucket *bucket, enum mode mode,
	   int64_t max_age_ms)
{
	if (atomic_load(&bucket->nocache) ||
	    r->generation != atomic_load(&bucket->marked[mode]))
		return NULL;
	if (max_age_ms >= 0 && date_mono_ms() - r->listed_at_ms > max_age_ms)
		return NULL;
	return r->doc;
}
