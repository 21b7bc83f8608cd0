/* SPDX-License-Identifier: MIT */
/*
 * What lies of ours in a bucket, by hand: a look at one object, or its removal; or at
 * all packs of the memo, whose names a listing tells.  What is not in the table of our
 * names is never touched.  Net thread only, but for the table.
 */
#ifndef ENGINE_SHELF_H
#define ENGINE_SHELF_H

#include "engine/cache.h"
#include "engine/waiter.h"
#include "list/lister.h"

/* Our names; a new kind of object is a new row. */
struct shelf_row {
	const char *name; /* as users call it; of two files maybe */
	const char *key;
	bool is_document; /* of `mode`: there is a result in it */
	enum mode mode;
	bool is_packs; /* each that there is, with its slot for the NNN of `key` */
};

#define SHELF_ROWS 8
extern const struct shelf_row shelf_rows[SHELF_ROWS];

/* Those of that name, as bits; 0: none. */
unsigned shelf_find(const char *name, size_t len);

/* What was found; nothing of it is set if that failed, but `n_packs`. */
struct shelf_look {
	bool is_there; /* or was there, if it is gone now */
	int64_t size; /* bytes in the bucket */
	unsigned n_packs; /* that are there, or were deleted before it failed */
	/* Of a document: what it is worth; `result` if it is CACHE_GOOD, a reference
	 * of whoever gets this; `flaw` otherwise. */
	enum cache_verdict verdict;
	struct result *result;
	struct err flaw;
};

struct shelf; /* one request under way */

struct shelf_env {
	struct s3 *s3;
	struct list_shared *lists;
	struct timers *timers;
	const struct limits *limits;
	struct shelf *running;
};

/* Somebody waits: WAIT_FOR_LOOK or WAIT_FOR_REMOVAL, which looks first. */
void shelf_add(struct shelf_env *env, struct waiter *w);

/* Cancel all.  Nobody waits any more; they end by themselves. */
void shelf_stop(struct shelf_env *env);

#endif
