/* SPDX-License-Identifier: MIT */
/*
 * Deltas without an original size, whose deltaspaces are not at hand when that is known:
 * they count the size of the reference that is in the same deltaspace, and their own
 * where there is none.
 *
 * So all references are remembered, as 16 bytes of the SHA-256 of the deltaspace's
 * prefix and a size, as long as they are at most REFERENCES_MAX; and these deltas by
 * deltaspace.  A bucket with more references is fine until the first such delta comes:
 * then the sums are lost.
 *
 * Memory: 24 bytes a reference, 6 MiB at most, and 32 a deltaspace with such deltas.
 * Pure; one thread at a time.
 */
#ifndef STATS_MISSING_H
#define STATS_MISSING_H

#include "util/hash.h"
#include "util/object.h"

#define REFERENCES_MAX                                                         \
	262144 /* and deltaspaces with deltas that count as them */

struct missing;

struct missing *missing_new(void);
void missing_free(struct missing *m); /* NULL is fine */

/* A reference, and a delta without original size; `h` is scratch space. */
void missing_add_reference(struct missing *m, const struct object *o,
			   struct sha256 *h);
void missing_add_delta(struct missing *m, const struct object *o,
		       struct sha256 *h);

/* They are too many to be remembered: the sums will be wrong. */
bool missing_is_lost(const struct missing *m);

/* All references are known: how many deltas, and what they count together. */
int64_t missing_count(const struct missing *m);
int64_t missing_sum(struct missing *m);

#endif
