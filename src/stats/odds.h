/* SPDX-License-Identifier: MIT */
/*
 * Deltas that can't be counted in a sum of many, since each one matters: without an
 * original size, for which the size of a reference counts, or not smaller than that, which
 * is a flaw (integrity.h).  There are few, or none, and they are remembered one by one.
 *
 * As bytes, one behind the other, varints (util/varint.h) and keys:
 *
 *     varint  bytes of its key that are those of the one before; 0 in the first one
 *     varint  how many follow; they
 *     varint  its size
 *     varint  0: it has no original size; else that, and 1
 *
 * Pure; one thread at a time.
 */
#ifndef STATS_ODDS_H
#define STATS_ODDS_H

#include "util/object.h"

#define ODDS_BYTES_MAX 512 /* of one set */

struct odds {
	int64_t *
		room; /* bytes that are left for all sets of somebody; NULL: any */
	unsigned char *bytes;
	size_t len;
	int64_t n;
	bool are_more; /* than are remembered: then none is */
	char *last; /* the key of the last one */
	size_t last_len;
};

void odds_clear(struct odds *x); /* what it had goes back to the room */

static inline bool
odds_are_there(const struct odds *x)
{
	return x->n > 0 || x->are_more;
}

/* Key and size of `o`; `original` may be ORIGINAL_UNKNOWN. */
void odds_add(struct odds *x, const struct object *o, int64_t original);

/* All of `rest`, too. */
void odds_join(struct odds *x, const struct odds *rest);

/* `x`, which is empty, has what `from` had. */
void odds_move(struct odds *x, struct odds *from);

/* Take these bytes of somebody's.  False: they are not as above. */
bool odds_take(struct odds *x, const unsigned char *bytes, size_t len);

/* One after the other.  Zeroed, but for `of`; odds_end() when it is over. */
struct odds_reader {
	const struct odds *of;
	const unsigned char *at; /* NULL: before the first one */
	char *key;
	size_t key_len;
	bool is_bad;
};

/* Of `o` the key, which is the reader's until the next call, and the size.  False: no more. */
bool odds_next(struct odds_reader *r, struct object *o, int64_t *original);
void odds_end(struct odds_reader *r);

#endif
