/* SPDX-License-Identifier: MIT */
/*
 * The original sizes of all deltas of a bucket that has been listed, by the memo by
 * blocks (stats/memo-index.h).  The index is read as soon as HEADs are needed.  Then
 * there are two ways, and what was learned is written (block-memo.h).  Net thread only.
 *
 * There is an index: the LIST goes on without HEADs, as quick as one that only compares.
 * Then blocks that are not in the index are listed again (relist.h), and what is in no
 * record is asked for by HEADs (originals.h): block_sweep_begin().
 *
 * There is none that is of use, or it is not to be believed: HEADs go on with the LIST,
 * as they do without a memo, and the blocks learn what they say: block_sweep_learn().
 */
#ifndef ENGINE_BLOCK_SWEEP_H
#define ENGINE_BLOCK_SWEEP_H

#include "engine/block-memo.h"
#include "engine/index-read.h"
#include "engine/memo-use.h"
#include "engine/originals.h"
#include "engine/relist.h"

/*
 * Records that are kept at most: while a pack of them is put, those of the next one.  Where
 * a PUT takes longer than HEADs for two, nothing is written; while the index is still
 * read, they are dropped, and only the sums of their blocks are known.
 */
#define BLOCK_SWEEP_KEPT_MAX (2 * PACK_RECORDS)

struct block_sweep {
	/* set by the owner */
	struct s3 *s3;
	struct slots *slots;
	struct list_shared *lists;
	const struct limits *limits;
	struct timers *timers;
	const struct bucket *bucket;
	struct block_memo *memo;
	struct originals *originals; /* that are asked */
	bool is_anew; /* the memo is not believed */
	struct block_doubt doubt; /* of the memo, when it began */
	/* What the listing has shown of its packs so far; NULL: nothing. */
	const struct slots_old *old;
	/* The index is read, or can't be; not from inside block_sweep_read(). */
	void (*on_read)(void *arg);
	/* A request has ended. */
	void (*on_step)(void *arg);
	/*
	 * All deltas were asked for; `err` is set if RELIST_FAILED.  But for
	 * RELIST_COMPLETE nothing of it counts, and of RELIST_OUTDATED only what
	 * HEADs have told: block_sweep_take_over().
	 */
	void (*on_end)(void *arg, enum relist_how how, const struct err *err);
	void *arg;

	struct tally *tally;
	struct space *space; /* of it, for any delta */
	struct memo_index index;
	struct memo_known known;
	struct index_read *read; /* of the index; NULL: none yet */
	struct index_reader reader;
	struct timer due;
	bool is_read; /* it is known what lies there, or that it is not known */
	bool is_used; /* the index, by a listing before */
	bool has_taken_over; /* it, what is not written yet */
	bool is_learning; /* HEADs are asked for by the owner */
	bool may_write; /* it is known what lies there */
	bool knows_slots; /* all that it names are in slots_used */
	bool has_epoch; /* that of the memo is known (stats/memo.h) */
	uint64_t epoch;
	bool is_repacked; /* all is written anew */
	bool has_set; /* this sweep may write, and has begun to */
	struct slots_used slots_used;
	unsigned n_looked; /* records so far, when it was looked for a pack */
	unsigned n_steps; /* and requests */
	struct relist *relist; /* NULL: none yet, or not any more */
	struct traffic pages, records, written;
	int64_t n_records; /* that were read */
	int64_t written_at; /* the index; 0: there was none of use */
	int64_t n_remembered, n_asked;
};

/* HEADs are needed: read the index, if that is not done or under way. */
void block_sweep_read(struct block_sweep *b, struct index_read *read);

/* The index, which is read, knows something, and is believed. */
bool block_sweep_must_compare(const struct block_sweep *b);

/* The tally's LIST is complete, the index read.  Not from inside: on_step or on_end. */
void block_sweep_begin(struct block_sweep *b, struct tally *tally);

/*
 * Or the tally's LIST begins, and its deltas are asked for by the owner: blocks learn.
 * Written is only what the index, once it is read, allows.
 */
void block_sweep_learn(struct block_sweep *b, struct tally *tally);

/*
 * The bucket has changed while it was listed again, and the HEADs are answered: what is
 * known of it is the index for its next LIST, which then asks for what has changed since.
 */
void block_sweep_take_over(struct block_sweep *b);

/* Another LIST begins: what there was of a tally is void. */
void block_sweep_forget(struct block_sweep *b);

/* Originals have been told, or can be told again. */
void block_sweep_go_on(struct block_sweep *b);

/*
 * It is complete, or outdated, and the HEADs are answered: write what is worth it.  False:
 * no index.
 */
bool block_sweep_write(struct block_sweep *b);

/* What it has learned is of that one. */
uint64_t block_sweep_epoch(const struct block_sweep *b);

/* What it was good for. */
struct memo_use block_sweep_use(const struct block_sweep *b);

/* Give up; on_step still comes for what is under way. */
void block_sweep_stop(struct block_sweep *b);
bool block_sweep_is_idle(const struct block_sweep *b);
void block_sweep_clear(
	struct block_sweep *b); /* it must be idle; can be begun again */

#endif
