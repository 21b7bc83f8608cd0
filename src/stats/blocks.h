/* SPDX-License-Identifier: MIT */
/*
 * The deltas of a listing in blocks, in order of keys; other objects are in none.
 *
 * A block ends behind a delta whose object_digest() says so: one of 1024.  So where
 * blocks end depends on the objects alone.  Two mounts find the same blocks, wherever
 * their ranges of keys are cut, and need to have read nothing for that.  A delta that
 * comes or goes changes one block, or splits one or joins two: those between are what
 * they were.  A block is known again by its number of deltas and the sum of their
 * fingerprints (fingerprint.h).
 *
 * Ranges of keys that are listed at the same time each have a piece of a block at
 * their beginning and at their end.  Those are joined when all have ended.
 *
 * Memory: some 150 bytes and a key for each block: 2 MiB for 10,000,000 deltas.  Who
 * makes keys whose digests end a block each time, or never, gets no blocks.  Nor does
 * a bucket whose index would be too large (BLOCKS_BYTES_MAX), a listing without order,
 * or one that lacks ETag or time of a delta: another version might look the same.
 *
 * Pure; one thread at a time.
 */
#ifndef STATS_BLOCKS_H
#define STATS_BLOCKS_H

#include "stats/fingerprint.h"
#include "stats/memo-pack.h"
#include "stats/odds.h"

#ifndef BLOCK_DELTAS /* as a test may want it */
#define BLOCK_DELTAS 1024 /* on average */
#endif
#define BLOCK_DELTAS_MAX 65536 /* of one: that no digest ends it is made so */
#define BLOCKS_MAX 65536
#define BLOCK_KEYS_MAX (8 * 1024 * 1024) /* bytes of their last keys together */
#define BLOCK_EXTENTS_MAX 16
#define BLOCKS_ODDS_MAX (1024 * 1024) /* bytes of all, as odds.h has them */

/*
 * In the index (memo-index.h) a block takes what its key does not share with the one
 * before, and at most that, with one extent and no records; and all of them that.
 */
#define BLOCK_BYTES 54
#define BLOCKS_BYTES_MAX (8 * 1024 * 1024 - 68 * 1024)

struct block {
	char *key; /* of its last delta; NULL while that is not known */
	size_t key_len;
	int64_t n; /* deltas */
	struct fingerprint sum;
	/* What is known of their original sizes. */
	int64_t n_known; /* how many, or that they have none */
	struct odds odds; /* those that each count for themselves */
	int64_t original; /* of the others, together, saturating */
	struct extent *extents; /* where records of them lie in the bucket */
	size_t n_extents;
	struct memo_record *records; /* that lie nowhere else */
	size_t n_records, records_size;
	bool is_same; /* as in the index: nothing was to be asked */
	bool is_outdated; /* what is known is of other deltas, too */
	bool is_whole; /* no more deltas can come */
};

void block_clear(struct block *b);

/* They are of the same deltas. */
bool block_equals(const struct block *a, const struct block *b);

/* All of them were asked for; and so it is known what they count. */
bool block_is_known(const struct block *b);
bool block_can_be_told(const struct block *b);

/* Its original size counts; the record is kept with the block, or lies elsewhere. */
void block_learn(struct block *b, const struct object *o, int64_t original);
void block_keep(struct block *b, const struct memo_record *r);
void block_add_extent(struct block *b, const struct extent *e);

/* Blocks in order of keys. */
struct block_list {
	struct block *blocks;
	size_t n, size;
};

struct block *block_list_add(struct block_list *l); /* one that is empty */
void block_list_clear(struct block_list *l);

/* The first one whose last key is `key` or a later one, or that has no end; else n. */
size_t block_list_find(const struct block_list *l, const char *key,
		       size_t key_len);

struct blocks; /* of one listing */
struct blocks_part; /* of a range of it */

struct blocks *blocks_new(void);
void blocks_free(struct blocks *b); /* NULL is fine; with all its parts */

/* As tally_part_new() has it. */
struct blocks_part *blocks_part_new(struct blocks *b, const char *after,
				    size_t after_len, bool is_ordered);

/* A delta, in ascending order, and its object_digest(). */
void blocks_add(struct blocks_part *p, const struct object *o,
		const unsigned char digest[SHA256_LEN]);
void blocks_part_end(struct blocks_part *p);

/*
 * All ranges have ended: all blocks, the last one with the last delta of the bucket;
 * they stay `b`'s.  NULL: there are none, see above.
 */
struct block_list *blocks_list(struct blocks *b);

/* There are none, and will be none. */
bool blocks_are_void(const struct blocks *b);

/* --- at any time --- */

/* The block, or as much of it as its range has, that a delta which was added is in. */
struct block *blocks_of(struct blocks *b, const char *key, size_t key_len);

/*
 * Records that are kept with blocks, and lie nowhere else: it counts them, all or those of
 * blocks of which all is known: of the others more will come.
 */
size_t blocks_n_kept(const struct blocks *b, bool has_all);

/* Forget them. */
void blocks_drop_kept(struct blocks *b);

/* Move them into the pack, as many as have room.  The blocks stay.  -EFBIG, -ENOMEM. */
int blocks_pack(struct blocks *b, const char *bucket, struct pack *p,
		bool has_all);

#endif
