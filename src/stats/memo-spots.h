/* SPDX-License-Identifier: MIT */
/*
 * Single deltas, looked up in the memo by blocks (memo-index.h): of who does not want
 * all of a bucket, or can't list blocks of it again.
 *
 * A key lies in one block of the index, whatever has become of the bucket since, and if
 * this version of the object was there then, its record is among those of that block.
 * So nothing of the listing has to agree with the index: no sum, no order, no range.  A
 * record that is found is right, since its id is that of the version; one that is not
 * costs a HEAD.
 *
 * What a lookup costs is all records of the block, 16 KB.  So deltas are looked up many
 * at a time, say those of a page: those whose records lie in the index at once; and a
 * block is read for the others if it is wanted by two for each GET of it, and its bytes
 * are at most SPOT_BYTES_PER_HEAD for each.  Of a million
 * deltas, with pages of a thousand:
 *
 *     deltaspaces of           1          10         100       1,000
 *     sampled asks for   1,000,000    100,000      10,000       1,000
 *     GETs                     958        954         791           0
 *     bytes                  16 MB      16 MB       11 MB           0
 *     HEADs                     21        147       3,688       1,000
 *
 * In the last case reading it all would be 16 MB, too, and so 16 KB for each HEAD.
 *
 * What these HEADs say, and what was found in packs, is remembered in memo.h, 16 bytes
 * each, in files that are read and written as a whole; it is asked first, since a refresh
 * mends that one.  So packs are read once, not each time the bucket changes.  Why not in
 * the blocks?  There it could only be written by who knows of each block of the listing
 * what has become of its records, and that only who lists it again can tell: else the
 * dead ones add up, and what is known of a changed block is lost.
 *
 * A block may be wanted again by the next page, so those read last are kept, up to
 * SPOT_RECORDS_MAX; and at most SPOT_READS_MAX are under way.  Memory: 2 MiB, these, the
 * index, and 48 bytes for each of its blocks: 7 MiB with 10,000,000 deltas, and besides the
 * blocks that are being read.
 *
 *     memo_spots_begin_round (&s)
 *     for each delta: memo_spots_want (&s, ...)
 *     for each that it does not know: memo_spots_find (&s, ...)
 *             SPOT_READ: read each extent, memo_spots_take (); memo_spots_end_read ();
 *                        then another round for those that wait
 *
 * Pure; one thread at a time.
 */
#ifndef STATS_MEMO_SPOTS_H
#define STATS_MEMO_SPOTS_H

#include "stats/memo-index.h"

#define SPOT_BYTES_PER_HEAD 4096
#define SPOT_BLOCK_BYTES_MAX (512 * 1024) /* a block with more is not read */
#define SPOT_RECORDS_MAX 131072
#define SPOT_READS_MAX 32

struct spot_block;

struct memo_spots {
	const struct memo_index *index; /* borrowed */
	struct spot_block *blocks; /* as many */
	struct spot_block *kept; /* whose packs were read, the oldest first */
	size_t n_records; /* that are kept */
	unsigned n_reads; /* under way */
	unsigned round;
	bool is_closed; /* none is read any more */
	struct sha256 *hash;
};

void memo_spots_init(struct memo_spots *s, const struct memo_index *index);
void memo_spots_clear(struct memo_spots *s); /* all zero is fine */

/* Deltas are looked up again. */
void memo_spots_begin_round(struct memo_spots *s);

/* Whether this one is known without reading; else it is counted. */
bool memo_spots_want(struct memo_spots *s, const struct object *o,
		     int64_t *original);

/* Of one that is known: it has cost the reading of its block. */
bool memo_spots_was_read(const struct memo_spots *s, const struct object *o);

enum spot_answer {
	SPOT_UNKNOWN, /* to be HEADed */
	SPOT_KNOWN,
	SPOT_WAITS, /* for what is under way */
	SPOT_READ, /* likewise, and block *number of the index is to be read */
};

/* Of one that was counted. */
enum spot_answer memo_spots_find(struct memo_spots *s, const struct object *o,
				 int64_t *original, size_t *number);

/* What lies where that extent of the block says.  False: it does not fit. */
bool memo_spots_take(struct memo_spots *s, size_t number,
		     const struct extent *e, const char *bucket,
		     const char *data, size_t len);

/* All have been taken, or could not be read. */
void memo_spots_end_read(struct memo_spots *s, size_t number);

#endif
