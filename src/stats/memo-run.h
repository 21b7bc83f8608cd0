/* SPDX-License-Identifier: MIT */
/*
 * Changed blocks that follow each other, which are listed again: what the memo knows of
 * their deltas (memo-index.h).
 *
 *     for (from = 0; memo_run_init (&r, index, listed, from, false); from = r.to):
 *             for each of r.extents: read it, memo_run_take ()
 *             memo_run_ready ()
 *             list what lies behind r.after, up to and with r.last:
 *                     for each object: memo_run_add (); RUN_UNKNOWN: HEAD it
 *             if (!memo_run_end ()): the bucket has changed since it was listed
 *             memo_run_clear ()
 *
 * Several runs may be under way at once.  Each has at most RUN_BLOCKS blocks: 4 pages of
 * a bucket of deltas, one after the other, and 20 bytes for each record, 0.1 MiB.  Where
 * few blocks have changed, a run has fewer, so that all can be listed at the same time.
 *
 * What has served a block stays with it: an extent, if a quarter of its records are of
 * deltas of that block; else the records, in the index.  So what is dead is left behind,
 * and extents that have become many are made one.
 *
 * Pure; one thread at a time.
 */
#ifndef STATS_MEMO_RUN_H
#define STATS_MEMO_RUN_H

#include "stats/memo-index.h"

#define RUN_BLOCKS 4
/* Read at most: of what we write a quarter is of use, and blocks differ in size. */
#define RUN_RECORDS_MAX (16 * RUN_BLOCKS * BLOCK_DELTAS)
#ifndef RUNS_WANTED /* as a test may want it */
#define RUNS_WANTED 64 /* of fewer blocks each, to be so many */
#endif

/* What is found of a delta. */
enum run_answer {
	RUN_KNOWN,
	RUN_UNKNOWN, /* to be HEADed; then memo_learn_block() */
	RUN_OTHER, /* it is no delta */
	RUN_OVER, /* it lies behind the run: memo_run_end() */
};

struct run_record;

struct memo_run {
	struct block_list *listed;
	size_t from, to; /* blocks of it: to - from of them, at least one */
	/* Keys of the run: behind `after`, up to and with `last`; borrowed. */
	const char *after; /* NULL: from the first one */
	size_t after_len;
	const char *last;
	size_t last_len;
	/* What is to be read, by slot and place; each is there once. */
	struct extent *extents;
	size_t n_extents;

	/* its own */
	bool is_anew;
	struct run_record *records; /* what is known, by id when it is ready */
	size_t n_records, records_size;
	bool has_room; /* for those of all extents */
	struct blocks *again; /* what is listed now */
	struct blocks_part *part;
	struct sha256 *hash;
};

/*
 * The next run at or behind block `from`, of at most RUN_BLOCKS; false: there is none.
 * `is_anew` as above.
 */
bool memo_run_init(struct memo_run *r, const struct memo_index *x,
		   struct block_list *listed, size_t from, bool is_anew);
void memo_run_clear(struct memo_run *r);

/* Records that it will have, if all extents are read. */
size_t memo_run_records(const struct memo_run *r);

/* What lies where extent i says.  False: it does not fit, and is ignored. */
bool memo_run_take(struct memo_run *r, size_t i, const char *bucket,
		   const char *data, size_t len);

/* Each has been taken, or could not be read. */
void memo_run_ready(struct memo_run *r);

/*
 * An object of the run, in order; what is known of it is learned, and is *original, maybe
 * ORIGINAL_UNKNOWN.
 */
enum run_answer memo_run_add(struct memo_run *r, const struct object *o,
			     int64_t *original);

/*
 * No more deltas are to come: they are those of the listing; else it has changed, and what
 * is known of its blocks is void, but for the records: those are true whatever is listed.
 */
bool memo_run_end(struct memo_run *r);

/* A HEAD of a delta of the listing, which was as it was listed, says so. */
void memo_learn_block(struct block *b, const struct object *o, struct sha256 *h,
		      int64_t original);

#endif
