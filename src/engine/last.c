/* SPDX-License-Identifier: MIT */
/*
 * The last good result: see last.h.  Net thread only.
 */
#include "config.h"

#include "engine/last.h"

#include "engine/choice.h"
#include "util/date.h"

static void
replace(struct result **slot, struct result *r)
{
	result_ref(r);
	result_unref(*slot);
	*slot = r;
}

void
last_clear(struct last *l)
{
	replace(&l->result, NULL);
	replace(&l->young, NULL);
}

void
last_set(struct last *l, struct result *r, unsigned generation,
	 bool was_uncached)
{
	replace(&l->result, r);
	if (!was_uncached)
		last_show(l, r, generation);
}

void
last_show(struct last *l, struct result *r, unsigned generation)
{
	replace(&l->young, r);
	l->generation = generation;
}

void
last_renew(struct last *l, const struct result *r, struct result *now)
{
	if (l->result == r)
		replace(&l->result, now);
	if (l->young == r)
		replace(&l->young, now);
}

struct result *
last_young(const struct last *l, const struct bucket *bucket, enum mode mode,
	   int64_t max_age_ms)
{
	bool is_marked = l->generation != atomic_load(&bucket->marked[mode]);
	struct candidates c = { .is_forced = is_marked ||
					     atomic_load(&bucket->nocache) };

	if (!l->young)
		return NULL;
	c.is_last_young =
		max_age_ms < 0 ||
		date_mono_ms() - l->young->listed.began_at_ms <= max_age_ms;
	return choose_document(&c) == CHOOSE_LAST ? l->young : NULL;
}
