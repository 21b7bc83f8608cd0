/* SPDX-License-Identifier: MIT */
/*
 * The object that was modified last, of those that a listing shows.  Of several that
 * were at the same time it is the largest one, so that the order in which they come
 * does not matter.  Pure; one thread at a time.
 */
#ifndef STATS_NEWEST_H
#define STATS_NEWEST_H

#include "util/object.h"

/* What is known of it; {0}: nothing, as of a bucket without objects. */
struct newest {
	bool is_known;
	int64_t modified_at; /* seconds since 1970 */
	int64_t size;
};

/*
 * While objects come: a store tells all times in one form, in which the later text is
 * the later time.  {0} before the first.
 */
struct newest_text {
	char date[40];
	int64_t size;
};

/* It runs once per object listed. */
void newest_add(struct newest_text *t, const struct object *o);

struct newest newest_of(const struct newest_text *t);

#endif
