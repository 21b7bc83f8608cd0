/* SPDX-License-Identifier: MIT */
/*
 * What is read of the memo by blocks to look up single deltas (stats/memo-spots.h), for
 * one computation: the index, and the records of blocks that are worth it.  Nothing of
 * it fails: what can't be read is not known (pack-read.h).  Net thread only.
 */
#ifndef ENGINE_SPOT_READ_H
#define ENGINE_SPOT_READ_H

#include "engine/block-memo.h"
#include "engine/index-read.h"
#include "engine/pack-read.h"
#include "engine/slots.h"
#include "stats/memo-spots.h"

struct spot_get;

struct spot_read {
	/* set by the owner */
	struct slots *slots;
	const struct bucket *bucket;
	struct block_memo *memo; /* NULL: there is none, nothing is read */
	struct pack_reader packs; /* but for its events */
	/* The index, or some records, are there; not from inside of a call. */
	void (*on_step)(void *arg);
	void *arg;

	struct index_read *index_read; /* NULL: it was not asked for */
	struct index_reader reader;
	bool is_ready; /* it is there, or will not be */
	bool is_bad; /* and may be written over */
	bool has_epoch; /* that of the memo is known (stats/memo.h) */
	uint64_t epoch;
	struct memo_index index;
	struct memo_spots spots; /* what is known */
	struct spot_get *waiting;
	struct slots_client client;
	struct traffic traffic; /* of records */
	int64_t n_records;
};

/* `r` has its first fields set. */
void spot_read_init(struct spot_read *r);

/* Read the index, once: on_step follows, and until then it is not ready. */
void spot_read_begin(struct spot_read *r, struct index_read *index);

/* Read that block of it, as memo_spots_find() says: on_step follows. */
void spot_read_block(struct spot_read *r, size_t number);

/* Give up; on_step still comes for what is under way. */
void spot_read_stop(struct spot_read *r);
bool spot_read_is_idle(const struct spot_read *r);
void spot_read_clear(struct spot_read *r); /* it must be idle */

#endif
