/* SPDX-License-Identifier: MIT */
/*
 * Somebody who waits for the engine: an open of a stats file, a lookup of an
 * unknown name, a listing of the root.  Made by the caller, the engine's from
 * engine_post() until its completion, which comes exactly once.
 */
#ifndef ENGINE_WAITER_H
#define ENGINE_WAITER_H

#include <stdatomic.h>

#include "engine/buckets.h"
#include "util/err.h"
#include "util/timer.h"

enum waiter_kind {
	WAIT_FOR_STATS, /* a document of a bucket in a mode */
	WAIT_FOR_BUCKET, /* whether one exists; the answer is in the registry */
	WAIT_FOR_LIST, /* ListBuckets; likewise */
	WAIT_FOR_LOOK, /* at an object of ours: see shelf.h */
	WAIT_FOR_REMOVAL, /* of one */
};

struct waiter;
struct shelf_look;

/*
 * The completion, on the net thread.  WAIT_FOR_STATS: `r` is borrowed, or NULL
 * with err; the others: err says whether the store could be asked.
 */
typedef void waiter_done_fn(struct waiter *w, struct result *r,
			    const struct err *err);

struct waiter {
	/* set by the caller, then immutable */
	enum waiter_kind kind;
	waiter_done_fn *on_done;
	/*
	 * Complete with EAGAIN rather than wait: WAIT_FOR_STATS if nothing is
	 * ready, the others if it takes longer than a moment.
	 */
	bool is_impatient;
	/*
	 * Nobody's open: it keeps what others are shown fresh, so what is older
	 * than it does not do, and it has time.
	 */
	bool is_background;
	union { /* by kind; WAIT_FOR_LIST has none */
		struct {
			struct bucket *bucket;
			enum mode mode;
		} stats;
		struct {
			struct bucket *bucket;
			unsigned row; /* of shelf_rows[] */
			struct shelf_look *look; /* filled before on_done() */
		} shelf;
		char name[BUCKET_NAME_MAX + 1]; /* WAIT_FOR_BUCKET */
	};

	atomic_bool is_interrupted; /* any thread, then engine_interrupt() */

	/* net thread only */
	struct waiter *prev, *next; /* among those who wait for the same */
	struct waiter *all_prev, *all_next; /* among all */
	struct waiter **list; /* the head of the first, NULL: in none */
	struct waiter **all; /* the head of the second, NULL: none */
	struct timers *timers; /* of limit, NULL: none */
	struct timer limit;
};

/* Put it at the end of `list` (NULL: none), out of the one it is in. */
void waiter_move(struct waiter *w, struct waiter **list);
void waiters_move(struct waiter **from, struct waiter **to); /* all */

/* Call `on_due`, with it, in `ms`, unless it was completed before; 0: never. */
void waiter_limit(struct waiter *w, struct timers *timers, int64_t ms,
		  timer_fn *on_due);

/* Its completion: out of all lists, then on_done, which may free it. */
void waiter_complete(struct waiter *w, struct result *r, const struct err *err);
void waiters_complete(struct waiter **list, struct result *r,
		      const struct err *err);

#endif
