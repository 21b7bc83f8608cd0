/* SPDX-License-Identifier: MIT */
/*
 * Whether and when the documents of one bucket and mode are PUT into the
 * bucket.  The PUT is unconditional: the last writer wins, safely, since every
 * reader validates.  Net thread only.
 *
 * Never: with cache=ro or off, or where the GET said neither "absent" nor
 * "rejected" (then we do not know what we would overwrite).  At most once an
 * hour: while PUT is refused, and over another program's document.
 */
#ifndef ENGINE_STORE_H
#define ENGINE_STORE_H

#include "engine/cache.h"

struct store_op;

struct store {
	struct s3 *s3;
	const char *bucket;
	enum mode mode;
	enum cache_policy policy;
	unsigned *n_running; /* PUTs under way, counted for all stores */
	/* Called once for each PUT that was begun, however it ended. */
	void (*on_done)(void *arg, const struct store_op *op);
	void *arg;

	/* The mount's own last document is known to be there; the owner's too. */
	bool is_stored;
	int64_t refused_until_ms, foreign_until_ms;
	int64_t warned_until_ms[CACHE_FAILED + 1];
	struct store_op *ops; /* under way */
};

/* What a GET found: one warning an hour for each thing that is wrong. */
void store_saw(struct store *s, enum cache_verdict verdict,
	       const struct err *err);

/* Whether a document may be put now, where `verdict` is what lies there. */
bool store_may(const struct store *s, enum cache_verdict verdict);

/*
 * Put it.  `over`: what is overwritten (CACHE_NOT_ASKED after a refresh, which
 * does not wait for the hour to pass).
 */
struct store_op *store_put(struct store *s, struct snapshot *doc,
			   enum cache_verdict over);

/* Cancel what is under way; on_done still comes. */
void store_stop(struct store *s);

#endif
