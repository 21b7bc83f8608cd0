/* SPDX-License-Identifier: MIT */
/*
 * The statistics of one bucket in one mode: objects in, figures out.  Knows
 * no network: it says which objects need a HEAD, and is told the answers.
 * Pure; one thread at a time.
 *
 *     t = tally_new (mode);
 *     for each object of LIST, in key order:
 *             space = tally_add (t, object);
 *             if (space) ... HEAD object, later:
 *                     tally_answer (t, space, object->size, original);
 *     tally_end (t);         when LIST has ended and every HEAD was answered,
 *     tally_figures (t, &f);                           in whatever order
 */
#ifndef STATS_STATS_H
#define STATS_STATS_H

#include "stats/fingerprint.h"
#include "stats/mode.h"

/* The members of "stats" and "accuracy" in a document. */
struct figures {
	int64_t object_count; /* delta_objects + direct_objects */
	int64_t total_size; /* bytes, saturating at INT64_MAX, as all sums */
	int64_t compressed_size;
	int64_t space_saved; /* max (0, total - compressed) */
	double average_compression_ratio; /* space_saved / total_size, or 0 */
	int64_t delta_objects;
	int64_t direct_objects;
	int64_t exact_deltas; /* original size from its own metadata */
	int64_t sampled_deltas; /* from a sibling's */
	int64_t estimated_deltas; /* from the reference, or its own size */
};

struct tally;
struct space;

#define ORIGINAL_UNKNOWN ((int64_t)-1)

struct tally *tally_new(enum mode mode);

/* Every space that tally_add() returned must have been answered. */
void tally_free(struct tally *t); /* NULL is fine */

/*
 * Count one object; keys must come in strictly ascending order.  Returns the
 * space that waits for a HEAD of this object, or NULL if none is needed.
 */
struct space *tally_add(struct tally *t, const struct object *o);

/*
 * The answer to that HEAD: the original size, or ORIGINAL_UNKNOWN (no such
 * metadata, or the object is gone).  `own_size` is the listed one.
 */
void tally_answer(struct tally *t, struct space *s, int64_t own_size,
		  int64_t original);

/* LIST has ended. */
void tally_end(struct tally *t);

/* What LIST gave: good after tally_end(). */
const struct validation *tally_validation(const struct tally *t);

/* The figures: good after tally_end() and the last tally_answer(). */
void tally_figures(const struct tally *t, struct figures *out);

/* --- the metadata of a delta that tells its original size --- */

/* Names of user metadata (without "x-amz-meta-"), in order of precedence. */
extern const char *const original_size_names[];
extern const size_t n_original_size_names;

/*
 * The value of the first of these that is not empty: an original size if it is
 * all ASCII digits and at most 2^63-1, else ORIGINAL_UNKNOWN.
 */
int64_t original_size_parse(const char *value);

#endif
