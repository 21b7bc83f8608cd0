/* SPDX-License-Identifier: MIT */
/*
 * The one place that answers "what is the original size of this delta", for one
 * computation: what the listing told, else what the memo knows (bucket-memo.h, and
 * spot-read.h what a sweep of all deltas has left in its blocks; who goes by blocks,
 * block-sweep.h, asks here for what these do not know), else a HEAD (sweep.h).
 * Modes differ in what they ask, not in how they are answered.  Net thread only.
 *
 * The memo is read when HEADs are to be sent, and so many of them that it is worth it:
 * where the cached document is valid it is not wanted.  What is asked meanwhile waits
 * for it.  Of a block that is read, too; that takes as long as a HEAD.
 */
#ifndef ENGINE_ORIGINALS_H
#define ENGINE_ORIGINALS_H

#include "engine/memo-aside.h"
#include "engine/memo-use.h"
#include "engine/spot-read.h"
#include "engine/sweep.h"

/* HEADs that wait, with those that pages under way may bring, at a guess, at most. */
#define HEADS_HELD_MAX 4000

struct originals {
	/* set by the owner */
	struct bucket_memo *memo; /* NULL: none */
	bool is_anew; /* it is not believed, but told what the HEADs say */
	/* As that of struct sweep; and when the memo has answered. */
	void (*on_answer)(void *arg, const struct err *err);
	void *arg;

	struct sweep sweep;
	struct memo_user user;
	bool has_joined, is_memo_ready;
	struct traffic before; /* of the memo, when it was joined */
	int64_t n_records; /* of it, when it was ready */
	struct spot_read spots;

	/* of this listing */
	bool is_listed; /* it is complete: no more will be asked for */
	unsigned n_heads; /* that were found to be needed */
	unsigned n_remembered; /* deltas that the memo has spared them */
	bool is_shown; /* something lies there: a refresh mends it, of however few */
	bool has_epoch; /* of the memo; else the index tells it */
	uint64_t epoch;
	bool is_by_blocks; /* of that memo is asked only what … */
	unsigned n_worth; /* … so many HEADs are worth; 0: nothing */
	struct index_read *index; /* borrowed, of the scan; NULL: not read */
	bool may_ask_spots; /* its blocks may know more */
	bool has_news; /* some are held that were not looked up */
	struct blocks *blocks; /* that learn instead of it; NULL: none do */
	unsigned n_told; /* answers, to the memo */
	unsigned n_learned; /* of blocks */
	struct memo_aside aside; /* what HEADs have told them */
	struct memo_use
		use; /* when it has ended: what that memo was good for */
};

/* Where HEADs are sent, and for whom. */
struct originals_place {
	struct s3 *s3;
	struct slots *slots;
	struct timers *timers;
	const struct limits *limits;
	const struct bucket *bucket;
	struct block_memo *blocks; /* NULL: none */
};

/* `o` has its first fields set. */
void originals_init(struct originals *o, const struct originals_place *place);

/* A listing begins; nothing of an earlier one waits or is wanted. */
void originals_begin(struct originals *o);

/* That of `object` is wanted by `space` of `tally`, which is told now or later. */
void originals_ask(struct originals *o, struct tally *tally,
		   struct space *space, const struct object *object);

/* It says which epoch it is, and in its blocks may be what is not known otherwise. */
void originals_use_index(struct originals *o, struct index_read *index);

/* That is the epoch, which the memo has to be of. */
void originals_set_epoch(struct originals *o, uint64_t epoch);

/*
 * Likewise: they know nothing of what will be asked for, but that memo may, which so many
 * HEADs are worth; 0: it is not asked.  What it knows the blocks learn.  `are_more`: until
 * originals_end_listing(), though the LIST is complete.
 */
void originals_use_memo(struct originals *o, unsigned n_worth, bool are_more);

/* So many wait for HEADs that the LIST had better pause. */
bool originals_are_behind(const struct originals *o);

/* The listing is complete: it has no more candidates than it will be asked for. */
void originals_end_listing(struct originals *o);

/*
 * HEADs may be sent, for what was asked and for what will be.  True: some of those that
 * waited were told, which no on_answer says: there is room for others.
 */
bool originals_send(struct originals *o);

/* All were answered: every delta of the bucket was asked for, or not. */
void originals_end(struct originals *o, bool is_of_all);

/* What reading the memo has cost. */
struct traffic originals_traffic(const struct originals *o);

/* Forget what waits; on_answer still comes, as sweep_stop() says. */
void originals_stop(struct originals *o);

/* The computation is over: the memo is not needed any more. */
void originals_leave(struct originals *o);

/* Nothing is under way; then it can be cleared. */
bool originals_are_idle(const struct originals *o);
void originals_clear(struct originals *o);

#endif
