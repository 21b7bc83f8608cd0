/* SPDX-License-Identifier: MIT */
/*
 * The statistics of one bucket in one mode: objects in, figures out.  Knows
 * no network: it says which objects need a HEAD, and is told the answers.
 * Pure; one thread at a time.
 *
 *     t = tally_new (mode);
 *     for each range of keys, all at once or one after the other:
 *             part = tally_part_new (t, ...);
 *             for each object of LIST:
 *                     space = tally_add (part, object);
 *                     if (space) ... HEAD object, later:
 *                             tally_answer (t, space, object, original);
 *             tally_part_end (part);
 *     while ((space = tally_next_candidate (t, &object))) ... HEAD object
 *     tally_figures (t, &f);        when every HEAD was answered, in any order
 */
#ifndef STATS_STATS_H
#define STATS_STATS_H

#include "stats/blocks.h"
#include "stats/fingerprint.h"
#include "stats/integrity.h"
#include "stats/mode.h"
#include "stats/newest.h"
#include "stats/original.h"
#include "stats/prefixes.h"

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

/* What follows from the others: saved space and ratio, which are 0 before. */
void figures_add_saved(struct figures *f);

struct tally;
struct tally_part;
struct space;

struct tally *tally_new(enum mode mode);

/* Before the first object: tell of so many deltaspaces with a flaw, and all their keys. */
void tally_list_flaws(struct tally *t, size_t spaces_max);

/*
 * Count for the tree of prefixes, too; before the first range, and once.  At no cost
 * for a tally that nobody wants it of.
 */
void tally_want_prefixes(struct tally *t, unsigned depth, size_t max);

/*
 * Detailed, before the first range, and once: its deltas are cut into blocks (blocks.h),
 * and what they count does not wait for their deltaspaces.  So tally_add() returns for
 * each delta the same space, tally_any_space(), which waits for nothing: the owner may
 * tell of each delta at any time by tally_answer(), or of many by tally_know(), and of
 * each of them once.
 *
 * For a delta without an original size the size of its reference counts.  So those are
 * remembered, in 24 bytes each, up to REFERENCES_MAX; where there are more, or deltas
 * without original size in as many deltaspaces, tally_blocks() turns to NULL when the
 * first such delta comes.
 */
void tally_want_blocks(struct tally *t);
struct space *tally_any_space(struct tally *t);

/* So many deltas have these original sizes together, each larger than the delta. */
void tally_know(struct tally *t, int64_t n, int64_t original);

/* NULL: not wanted, or not to be had: see blocks.h. */
struct blocks *tally_blocks(const struct tally *t);

/* Nor are the figures, since there were too many of those references. */
bool tally_is_lost(const struct tally *t);

/* Every space that tally_add() returned must have been answered. */
void tally_free(struct tally *t); /* NULL is fine */

/*
 * A range of keys of the bucket: those behind `after` (copied; NULL: from the
 * first one), up to where the next range begins.  Without `is_ordered` its keys
 * come in no order, and it must be the only range.
 */
struct tally_part *tally_part_new(struct tally *t, const char *after,
				  size_t after_len, bool is_ordered);

/* A delta that counts: one that tally_add() may want the original size of. */
bool object_is_delta(const struct object *o);

/* No more objects in this range; frees it. */
void tally_part_end(struct tally_part *p);

/*
 * Count one object; in an ordered range, keys must come in strictly ascending
 * order.  Returns the space that waits for a HEAD of this object, or NULL if
 * none is needed, or if that can be known only when all ranges have ended.
 */
struct space *tally_add(struct tally_part *p, const struct object *o);

/*
 * All ranges have ended: the next object that needs a HEAD although tally_add()
 * did not say so, and its space; NULL: no more.  Its texts are the tally's.
 */
struct space *tally_next_candidate(struct tally *t, struct object *o);

/* Keys in no order are in more deltaspaces than memory is meant for. */
bool tally_is_full(const struct tally *t);

/*
 * The answer to that HEAD of `o` (key and size are looked at): the original size, or
 * ORIGINAL_UNKNOWN (no such metadata, or the object is gone).
 */
void tally_answer(struct tally *t, struct space *s, const struct object *o,
		  int64_t original);
/*
 * Likewise, of another object than the listed one, which it has replaced: counts for
 * the figures, but tells nothing of the listed one.
 */
void tally_answer_other(struct tally *t, struct space *s,
			const struct object *o, int64_t original);

/*
 * There will be no answer to that HEAD.  A space that waits counts it as unknown; one
 * that does not, tally_any_space(), may be told of this delta later.
 */
void tally_give_up(struct tally *t, struct space *s, const struct object *o);

/* What LIST gave: good when all ranges have ended. */
const struct validation *tally_validation(const struct tally *t);
struct newest tally_newest(const struct tally *t); /* likewise */

/*
 * What is wrong with the deltas: when all ranges have ended, and once.
 * `has_originals`: every delta's HEAD was asked for and answered; else it is not
 * known which ones are not smaller.  One reference, the caller's.
 */
struct integrity *tally_integrity(struct tally *t, bool has_originals);

/* The figures: when all ranges have ended, after the last tally_answer(); once. */
void tally_figures(struct tally *t, struct figures *out);

/* And their tree, if it was wanted, else NULL; after that. */
const struct prefixes *tally_prefixes(const struct tally *t);

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
