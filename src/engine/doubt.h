/* SPDX-License-Identifier: MIT */
/*
 * Whether a mount believes what lies in a bucket of a memo.  A refresh asks for all
 * anew, and it may be a long time until that lies there: its PUT may be refused, or come
 * after another mount's.  Until then the mount believes only what it has learned itself.
 * Net thread only.
 */
#ifndef ENGINE_DOUBT_H
#define ENGINE_DOUBT_H

#include <stdbool.h>

struct doubt {
	unsigned n; /* refreshes so far */
	unsigned n_settled; /* up to that one it is put */
};

/* `n` of now is what a sweep that begins now is of. */
static inline bool
doubt_is(const struct doubt *d)
{
	return d->n != d->n_settled;
}

/*
 * A refresh begins.  In several modes at once it is one, but what is being put, if
 * something `is_put`, is of an earlier one.
 */
static inline void
doubt_begin(struct doubt *d, bool is_put)
{
	if (!doubt_is(d) || is_put)
		d->n++;
}

/* What began with that `n`, and believed nothing if it was in doubt, is put. */
static inline void
doubt_settle(struct doubt *d, unsigned n)
{
	if ((int)(n - d->n_settled) > 0)
		d->n_settled = n;
}

#endif
