/* SPDX-License-Identifier: MIT */
/*
 * Records of original sizes (memo-file.h), by blocks of deltas, as they lie in the
 * bucket: packs.  All numbers are big-endian.
 *
 *      0   8   "DGPACK\r\n"
 *      8   4   version of the format, 1
 *     12   4   zero
 *     16  16   each record, as in memo-file.h
 *
 * A pack has no order and no list of what is in it.  The index (memo-index.h) says
 * of each block where its records lie: *extents*, each some records that follow each
 * other in one pack, and a checksum of them.  What an extent finds is right if it has
 * that checksum, whoever has written the pack, and when; else it is as if it were not
 * there.  So packs lie in slots with names of their own that are used again and again:
 * nothing is deleted, and an index whose packs another one has written over loses
 * HEADs and nothing else.
 *
 * A slot is drawn, so that two mounts that write at the same time rarely take the same.
 * But first those are used whose packs lie there, as the listing shows, the index does
 * not name, and nobody can mean who is writing: they are older than PACK_OLD_S.  Of n such
 * ones the root of n are taken at a time, so that two mounts hardly ever take the same.  So
 * what lies there is what is in use, what a day leaves, and as many to draw from as a sweep
 * needs, squared; at least SLOTS_OLD_MIN.
 *
 * A pack is written once, when PACK_RECORDS are together or a sweep is over: 1 MiB for
 * 65,536 deltas; 16 packs for 1,000,000, 153 for 10,000,000.
 *
 * Pure; one thread at a time.
 */
#ifndef STATS_MEMO_PACK_H
#define STATS_MEMO_PACK_H

#include "stats/memo-file.h"

#define PACK_HEAD_LEN 16
#ifndef PACK_RECORDS /* as a test may want it */
#define PACK_RECORDS                                                           \
	65536 /* so many are written; more than one block may need */
#endif
#define PACK_RECORDS_MAX (8 * PACK_RECORDS) /* more are not believed */
#define PACK_BYTES_MAX                                                         \
	(PACK_HEAD_LEN + PACK_RECORDS_MAX * sizeof(struct memo_record))
#define PACK_SLOTS 1000 /* "000" to "999" */
#define PACK_OLD_S ((int64_t)24 * 60 * 60)
#define SLOTS_OLD_MIN 16 /* of fewer two mounts would often draw the same */
#define EXTENT_SUM_LEN 8

/* Where some records of a block lie. */
struct extent {
	unsigned slot;
	uint32_t first; /* record of the pack, from 0 */
	uint32_t n; /* records; never 0 */
	unsigned char sum[EXTENT_SUM_LEN];
};

/* Bytes of the pack, the first and how many. */
size_t extent_offset(const struct extent *e);
size_t extent_length(const struct extent *e);

/* Whether the bytes that lie there are its records. */
bool extent_fits(const struct extent *e, const char *bucket, const char *data,
		 size_t len);

/* Slots that are in use. */
struct slots_used {
	bool is_used[PACK_SLOTS];
	unsigned n;
	unsigned n_old; /* of these: old ones that were taken */
};

/* Slots whose packs are old. */
struct slots_old {
	bool is_old[PACK_SLOTS];
};

/*
 * Take a free one: if enough are old, of these that with the number `start`, counted
 * round and round; else, or if `old` is NULL, from the slot `start` on.  -1: there is none.
 */
int slots_used_take(struct slots_used *s, const struct slots_old *old,
		    unsigned start);
void slots_used_add(struct slots_used *s, unsigned slot);
void slots_used_add_all(struct slots_used *s, const struct slots_used *others);

/* A pack that is being made. */
struct pack {
	struct buf bytes;
	unsigned slot;
	uint32_t n; /* records */
};

void pack_init(struct pack *p, unsigned slot);
void pack_clear(struct pack *p);

/* Append the records of a block; *e is where they will lie.  -EFBIG, -ENOMEM. */
int pack_add(struct pack *p, const char *bucket, const struct memo_record *r,
	     uint32_t n, struct extent *e);

#endif
