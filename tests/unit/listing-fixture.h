/* SPDX-License-Identifier: MIT */
/*
 * Listings in ranges of a bucket in memory (key-store.h): answers come in any
 * order, some only after failures, and everything that is delivered is checked.
 */
#ifndef LISTING_FIXTURE_H
#define LISTING_FIXTURE_H

#include "brief.h"
#include "engine-fixture.h"
#include "key-store.h"
#include "list/listing.h"

#define RUNS brief(150) /* of each test with random buckets */
#define RANGES_MAX 512
#define MANY_KEYS 1000000 /* so that ranges are cut as often as possible */

struct seen_range {
	char *after, *last; /* NULL: none */
	bool is_ordered, is_ended;
};

struct run {
	struct fixture fx;
	struct key_store store;
	struct list_memory memory;
	struct list_memory
		given; /* cuts that somebody else knows, at any time */
	struct listing *listing;
	struct seen_range ranges[RANGES_MAX];
	size_t n_ranges;
	unsigned n_seen[KEY_STORE_MAX]; /* how often each key came */
	unsigned n_requests;
	unsigned failures; /* of a hundred answers */
	bool has_ended, is_again;
	enum list_plan plan;
	int code;
	char msg[sizeof(((struct err *)0)->msg)];
	bool has_writers; /* keys come and go behind the first n_stay */
	size_t n_stay;
};

/* An empty bucket, pages of a random size. */
void run_init(struct run *run, uint64_t seed);
void run_clear(struct run *run);

/* The i-th run: fills the bucket; returns how many requests may be under way. */
unsigned run_begin(struct run *run, unsigned i);

/* List as walk.c does it, again if need be; returns how many listings it took. */
unsigned run_list(struct run *run, unsigned parallel);

/*
 * The last listing was right: each key once, but those that it may lose (NULL:
 * none).
 */
void run_check(struct run *run,
	       bool (*may_lose)(const struct run *, size_t key));

/*
 * Cuts of a listing before this one: at that key, behind those that are there;
 * at some keys of a bucket.
 */
void remember_cut(struct list_memory *m, const char *key);
void remember_cuts(struct list_memory *m, struct key_store *store);

#endif
