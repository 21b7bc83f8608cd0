/* SPDX-License-Identifier: MIT */
/*
 * Changed blocks of a listing (stats/memo-run.h), listed again run by run: records
 * are read, pages follow, and of each delta the owner is told the original size, or
 * that nobody knows it.  Several runs at a time.  Net thread only.
 *
 * What comes must be what the listing was: if not, the bucket has changed meanwhile, and
 * what was told counts no more; but all is listed to the end, since the records of it
 * are of use for the next listing (stats/memo-run.h).
 */
#ifndef ENGINE_RELIST_H
#define ENGINE_RELIST_H

#include "engine/pack-read.h"
#include "engine/slots.h"
#include "list/lister.h"
#include "s3/traffic.h"
#include "stats/memo-run.h"

#ifndef RELIST_RUNS_MAX /* as a test may want it */
#define RELIST_RUNS_MAX 48 /* at a time */
#endif
/*
 * And no other one is begun with so many records, 5.6 MiB: half as many more than as many
 * runs need, if all that is read is of use.
 */
#ifndef RELIST_RECORDS_MAX
#define RELIST_RECORDS_MAX (48 * 6 * BLOCK_DELTAS)
#endif

enum relist_how {
	RELIST_COMPLETE,
	RELIST_OUTDATED, /* the bucket is not the listed one any more */
	RELIST_IMPOSSIBLE, /* the store can't list a range */
	RELIST_FAILED, /* `err` says why */
};

struct relist_options {
	struct s3 *s3;
	struct slots *slots;
	struct list_shared *lists;
	const struct bucket *bucket; /* these outlive it */
	const struct memo_index *index;
	struct block_list *listed;
	bool is_anew; /* as memo_run_init() has it */
	struct traffic *pages, *records; /* as in s3/request.h */
	int64_t *n_records; /* counts those that are read from packs */
	struct timers *timers;
	const struct limits *limits; /* what is not read in time is asked for */
	/* `original` as memo_run_add() tells it; NULL: it is to be asked for. */
	void (*on_delta)(void *arg, const struct object *o,
			 const int64_t *original);
	/* For the deltas of one more page, with so many under way and so many come. */
	bool (*has_room)(void *arg, unsigned n_under_way, unsigned n_pages);
	/* A request has ended, and others go on. */
	void (*on_step)(void *arg);
	/* All have; once, unless it is stopped.  It may be freed then. */
	void (*on_end)(void *arg, enum relist_how how, const struct err *err);
	void *arg;
};

struct relist;

/* Copies `o`. */
struct relist *relist_new(const struct relist_options *o);
void relist_free(struct relist *r); /* it must be idle; NULL is fine */

/* The first requests; on_end may come from inside, if there is nothing to do. */
void relist_begin(struct relist *r);

/* There may be room again. */
void relist_go_on(struct relist *r);

/* Give up: what is under way ends soon, each with on_step. */
void relist_stop(struct relist *r);
bool relist_is_idle(const struct relist *r);

#endif
