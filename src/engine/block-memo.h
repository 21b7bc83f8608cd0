/* SPDX-License-Identifier: MIT */
/*
 * What the memo by blocks (stats/memo-index.h) of a bucket is in the bucket: names, and
 * who may write, and one thing after the other: packs, and the index last, so that
 * nothing is named that is not there.  Net thread only.
 *
 * As with documents, nobody waits for a PUT; the end of the mount does, for a moment.
 * One that fails ends the set, and is not tried again for an hour.
 *
 * The index replaces the one that was read, where the store knows If-Match and
 * If-None-Match, and no other: what another mount has learned meanwhile is as good, and
 * its packs may lie in the same slots.  Such a race costs the HEADs of who has lost it.
 * A store that refuses the question is not asked it for an hour.
 *
 * After a refresh what lies there is in doubt (doubt.h) until an index is put that was
 * made by asking for all, and is of another epoch (stats/memo.h).  And where that can't be
 * put, blocks are of no use: this mount remembers what it can (bucket-memo.h).
 */
#ifndef ENGINE_BLOCK_MEMO_H
#define ENGINE_BLOCK_MEMO_H

#include "engine/bucket-memo.h"
#include "engine/doubt.h"
#include "engine/memo-aside.h"
#include "stats/memo-pack.h"

#define BLOCK_MEMO_KEY_MAX 64

/* More packs wait for no PUT: a sweep is slower than that, or the store hangs. */
#define BLOCK_MEMO_WAITING_MAX 4

struct block_memo;

/* The one of that bucket; NULL: it has none, by configuration. */
struct block_memo *block_memo_get(struct memo_env *env, struct bucket *bucket);

/* The key of a pack. */
void block_memo_print_pack_key(char *out, size_t size, unsigned slot);

/* Another way is better for this bucket, for an hour. */
void block_memo_give_up(struct block_memo *m, const char *why);
bool block_memo_is_given_up(const struct block_memo *m);

/* What an index settles, and of which epoch that makes it. */
struct block_doubt {
	unsigned n;
	uint64_t epoch;
};

/* Nothing is known that speaks against a PUT. */
bool block_memo_may_write(const struct block_memo *m);

/* A refresh begins: what lies there is not believed until it was put anew. */
void block_memo_doubt(struct block_memo *m);
bool block_memo_is_doubted(const struct block_memo *m);

/* What is to be put by a sweep that begins now; epoch 0: there was no refresh. */
struct block_doubt block_memo_doubts(const struct block_memo *m);

/* One that is not that of anything that was put before. */
uint64_t block_memo_new_epoch(void);

/* What lies there is wrong: one warning an hour. */
void block_memo_warn(struct block_memo *m, const struct err *err);

/* A newer version has written it: once an hour it is written over. */
bool block_memo_may_take_over(struct block_memo *m);

/*
 * One sweep at a time may write, or two would take the same slots: `owner` may from now
 * on, or goes on.  False: not now.
 */
bool block_memo_begin_set(struct block_memo *m, const void *owner);
void block_memo_end_set(struct block_memo *m, const void *owner);

/*
 * The next of the set; takes the bytes.  What that costs; nothing: in vain, since one
 * before it has failed.
 */
struct traffic block_memo_put_pack(struct block_memo *m, struct pack *pack);

/* And last. */
struct block_index {
	struct buf *bytes;
	const char *over; /* as in struct cache_put */
	struct block_doubt doubt; /* when the sweep began; and what it is of */
	struct memo_aside *aside; /* what the set has that is new */
};

/* Takes the bytes, and what is aside: if it is not put, this mount remembers that. */
struct traffic block_memo_put_index(struct block_memo *m,
				    const struct block_index *x);

/*
 * An index of no blocks: of what lies there nothing is believed any more.  Not if somebody
 * else makes a set.  What the PUT costs, as it is begun.
 */
struct traffic block_memo_void(struct block_memo *m, const void *owner,
			       const struct block_doubt *doubt,
			       const char *over);

/* Of a set: what waits. */
unsigned block_memo_n_waiting(const struct block_memo *m);

/* The mount ends: it goes on for a moment. */
void block_memo_stop(struct block_memo *m);
void block_memo_free(struct block_memo *m); /* NULL is fine */

#endif
