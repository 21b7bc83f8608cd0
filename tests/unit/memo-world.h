/* SPDX-License-Identifier: MIT */
/*
 * A bucket that changes, and mounts that sweep it with the memo of stats/memo.h: whatever
 * it knows is what a HEAD would say, and no more is held than may be.
 */
#ifndef TEST_MEMO_WORLD_H
#define TEST_MEMO_WORLD_H

#include "stats/memo.h"

#define BUCKET "releases"
#define KEYS_MAX 10000

struct version {
	bool is_there;
	int64_t size, original;
	unsigned etag, date;
};

/* A file of the memo that lies there; NULL: none does. */
struct stored {
	char *data;
	size_t len;
};

struct world {
	uint32_t seed;
	unsigned clock, n_etags;
	struct version keys[KEYS_MAX];
	struct stored base, recent;
	int64_t now;
	uint64_t epoch;
	size_t n_heads, n_written;
};

unsigned world_dice(struct world *w, unsigned n);

/* Of so many deltas. */
struct world *world_new(unsigned n);
void world_clear(struct world *w);

/* Another version of that delta. */
void world_put(struct world *w, unsigned key, int64_t size);

/* A mount begins; a sweep of it asks for one delta of `step`, and is complete. */
void world_load(const struct world *w, struct memo *m);
void world_sweep(struct world *w, struct memo *m, unsigned n_keys,
		 unsigned step, bool is_anew);
void world_end(struct world *w, struct memo *m, unsigned step, bool is_anew,
	       bool is_lost);

/* All that, by a mount that knows nothing: its HEADs. */
size_t world_fresh_heads(struct world *w, unsigned n, unsigned step,
			 bool is_anew);

/* A test: many random histories. */
void world_histories(void **state);

#endif
