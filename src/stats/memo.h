/* SPDX-License-Identifier: MIT */
/*
 * What is known of the original sizes of deltas from earlier HEADs, one by one, so that a
 * bucket that has changed costs HEADs for what has changed: for sampled, which asks for few
 * of them and lists nothing again, for detailed where a bucket can't be listed by ranges of
 * keys, and of what a mount remembers for itself.  Else detailed goes by blocks
 * (memo-index.h), whose records may be asked for here, too (memo-spots.h); and blocks learn
 * what is known here.
 *
 * A version of an object is a key, a size, an ETag and a time, as LIST shows them:
 * what a HEAD says of one never changes.  So a record (memo-file.h) is a hash of
 * these four and the original size, and is right or never looked up.  There is
 * nothing to invalidate, and no state of the bucket that a memo would belong to.
 *
 * Unlike with blocks, no two things have to agree, neither what was written nor what is
 * listed.  What that costs: 16 bytes to be read for each delta when HEADs turn out to be
 * needed, beside the 250 to 400 that LIST says of it; and as many of memory.
 *
 * Two files.  The *base* has nearly all; the *recent* ones are what has come since, a
 * file that is small enough to be written for a single HEAD.  It says which base it
 * belongs to, so that a new base makes it void in the moment in which it is written:
 * nothing is ever deleted, and whatever of two PUTs is lost loses HEADs and nothing else
 * (and so that a refresh is not lost, bucket-memo.h looks before it puts).
 *
 * What is written, by a sweep that was complete and has learned something:
 *
 *     recent   if that is at most MEMO_BYTES_PER_HEAD for each HEAD that was learned:
 *              up to 120 changes are written one by one, 90 KB for 100 of them
 *     base     likewise, for each HEAD that was learned since the base was written;
 *              and not within a day, unless it has doubled.  What a complete sweep of
 *              all deltas did not look up is left out: those are gone.
 *
 * A refresh writes all that it has learned, whether it is new or not: what it is compared
 * with may not lie there any more.
 *
 * In all 4 KiB for each HEAD that is saved, however often a bucket changes.  What is
 * not written yet is remembered by this mount, up to MEMO_IDLE_MAX.  A fresh one asks
 * again for at most as many as would be worth it, one in 128 of the recent ones.
 *
 * An *epoch* begins with each refresh of all deltas, and is a number that means nothing but
 * that it is another one.  The index (memo-index.h) says which one it is; where there is
 * none, it is 0.  What was asked for in another one is not believed, wherever it lies: a
 * refresh need write over nothing but the index, and whoever still remembers older
 * answers, or comes late with a file of them, does no harm.  A refresh of sampled asks for
 * its own deltas only, and begins none.
 *
 * Memory: while sweeps run, what is learned and the two files, MEMO_HELD_MAX records in
 * all, and a bit for each: less than 16 MiB.  They are what was read, and what is put, and
 * where two become one, one of them becomes shorter as the other grows.  Of a bucket with
 * more deltas no more is learned; and what this sweep has not looked up is left out of the
 * next base, so that there is room for others.  What a refresh learns is worth more than
 * what it does not believe: that goes first.  Between sweeps MEMO_IDLE_MAX.
 *
 * Pure; one thread at a time.
 */
#ifndef STATS_MEMO_H
#define STATS_MEMO_H

#include "stats/memo-file.h"
#include "util/object.h"

#define MEMO_BYTES_PER_HEAD 2048 /* twice: in recent, and in the base */
#ifndef MEMO_HELD_MAX /* as a test may want it */
#define MEMO_HELD_MAX 1024000 /* records while a sweep runs, 15.6 MiB */
#endif
#define MEMO_IDLE_MAX (2 * 1024 * 1024) /* bytes of records between sweeps */
#define MEMO_IDLE_RECORDS                                                      \
	((MEMO_IDLE_MAX - MEMO_HEAD_LEN) / sizeof(struct memo_record))

struct memo_part {
	struct memo_file file;
	unsigned char *
		marks; /* a bit for each record that was looked up; NULL: unknown */
};

struct memo {
	const char *bucket; /* borrowed */
	struct sha256 *hash;
	struct memo_part base, recent;
	bool has_base;
	unsigned char base_sum[SHA256_LEN];
	int64_t base_written_at;
	uint64_t base_epoch;
	uint64_t epoch; /* of what was learned */
	struct memo_seen { /* checksums of both, beside which that was */
		unsigned char base[SHA256_LEN], recent[SHA256_LEN];
	} seen;
	struct memo_file learned; /* here, and not written yet */
	/* Before a refresh that is not over: it is not believed. */
	struct memo_file before;
	bool is_borrowed; /* others have asked for some of what was learned */
	struct memo_file
		unsaved; /* of it what the last memo_pack() has taken */
	size_t n_sorted; /* the first ones of it, which can be looked up */
	bool is_full; /* too many to be learned; those before are */
	bool is_packed; /* what memo_pack() has made is put */
};

void memo_init(struct memo *m, const char *bucket);
void memo_clear(struct memo *m); /* the end */

/* What lies in the bucket: the base, then what is recent.  As memo_file_parse(). */
enum memo_verdict memo_take_base(struct memo *m, struct buf *bytes,
				 struct err *err);
enum memo_verdict memo_take_recent(struct memo *m, struct buf *bytes,
				   struct err *err);

/*
 * Both are there, or known not to be.  If they are not those of the last time, somebody
 * else has put them, maybe by a refresh: what was learned before is forgotten.
 */
void memo_note_read(struct memo *m);

/* Forget both. */
void memo_forget_written(struct memo *m);

/* Likewise, and what was learned if that is more than MEMO_IDLE_MAX. */
void memo_rest(struct memo *m);

/* Forget what was learned: it is to be learned anew. */
void memo_distrust(struct memo *m);

/*
 * It is to be learned anew, but maybe not all of it: memo_restore() when what there was to
 * ask for is learned, all of it, brings back the rest, unless that is too much, or some of
 * it is borrowed; memo_end_renewal() forgets it.
 */
void memo_renew(struct memo *m);
void memo_restore(struct memo *m);
void memo_end_renewal(struct memo *m);

/* This is the epoch: forget what is of another one.  Or whether there is nothing such. */
void memo_expect(struct memo *m, uint64_t epoch);
bool memo_is_of(const struct memo *m, uint64_t epoch);

/*
 * Whether the original size of this version is known: *original is it, or
 * ORIGINAL_UNKNOWN (of stats.h) if it is known to have none.
 */
bool memo_find(struct memo *m, const struct object *o, int64_t *original);

/* A HEAD, whose answer was of the object as it was listed, says so. */
void memo_learn(struct memo *m, const struct object *o, int64_t original);

/* That of a refresh does; if that is too much, nothing is learned. */
void memo_learn_anew(struct memo *m, const struct object *o, int64_t original);

/* Others have learned that, in whatever order: as many as are kept between sweeps. */
void memo_keep(struct memo *m, struct memo_file *records);

/* How many records there are in files that were read or written; and in all. */
size_t memo_count_written(const struct memo *m);
size_t memo_count(const struct memo *m);

struct memo_sweep {
	bool is_of_all; /* every delta was looked up, or learned if that is all anew */
	bool is_anew; /* nothing was looked up: what was known counts no more */
};

enum memo_write { MEMO_WRITE_NOTHING, MEMO_WRITE_RECENT, MEMO_WRITE_BASE };

/*
 * A sweep is complete: what is to be written now, if it may be.  Then memo_pack()
 * makes it, from all that is known: the bytes are the memo's and stay as they are
 * until memo_rest() or the next memo_pack(); NULL: it is too much.
 */
enum memo_write memo_end_sweep(struct memo *m, const struct memo_sweep *s,
			       int64_t now);
const struct buf *memo_pack(struct memo *m, enum memo_write what,
			    const struct memo_sweep *s, int64_t now);

/* How the writing of that ended: what is not there is still to be written. */
void memo_note_written(struct memo *m, bool is_there);

#endif
