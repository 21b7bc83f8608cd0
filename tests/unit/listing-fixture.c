/* SPDX-License-Identifier: MIT */
/*
 * Listings of a bucket in memory: see listing-fixture.h.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "list/start-after.h"
#include "listing-fixture.h"

#define RETRIES 20

/* --- what comes --- */

static void *
on_range(void *arg, const char *after, size_t after_len, bool is_ordered)
{
	struct run *run = arg;
	struct seen_range *r = &run->ranges[run->n_ranges];

	assert_in_range(run->n_ranges, 0, RANGES_MAX - 1);
	run->n_ranges++;
	*r = (struct seen_range){ .is_ordered = is_ordered };
	if (after) {
		r->after = xstrndup(after, after_len);
		assert_true(start_after_is_plain(after, after_len));
	}
	return r;
}

static void
on_page(void *arg, void *range, const struct list_page *page)
{
	struct run *run = arg;
	struct seen_range *r = range;

	assert_false(r->is_ended);
	for (size_t i = 0; i < page->n_objects; i++) {
		char *key = xstrndup(page->objects[i].key,
				     page->objects[i].key_len);
		size_t k = key_store_find(&run->store, key, strlen(key));

		if (r->after && r->is_ordered)
			assert_true(strcmp(r->after, key) < 0);
		if (r->last && r->is_ordered)
			assert_true(strcmp(r->last, key) < 0);
		if (k < run->store.n_keys &&
		    strcmp(run->store.keys[k], key) == 0)
			run->n_seen[k]++;
		free(r->last);
		r->last = key;
	}
}

static void
on_range_end(void *arg, void *range)
{
	struct seen_range *r = range;

	(void)arg;
	assert_false(r->is_ended);
	r->is_ended = true;
}

static void
on_request_end(void *arg)
{
	(void)arg;
}

static void
on_end(void *arg, const struct listing_end *end)
{
	struct run *run = arg;

	assert_false(run->has_ended);
	run->has_ended = true;
	run->is_again = end->must_restart;
	run->plan = end->plan;
	run->code = end->err->code;
	snprintf(run->msg, sizeof(run->msg), "%s", end->err->msg);
}

/* --- running --- */

static void
forget(struct run *run)
{
	for (size_t i = 0; i < run->n_ranges; i++) {
		free(run->ranges[i].after);
		free(run->ranges[i].last);
	}
	run->n_ranges = 0;
	memset(run->n_seen, 0, sizeof(run->n_seen));
	run->n_requests = 0;
	run->has_ended = run->is_again = false;
	run->code = 0;
}

void
run_init(struct run *run, uint64_t seed)
{
	*run = (struct run){ .store.random = seed * 0x9e3779b97f4a7c15u };
	key_store_random(&run->store, 2);
	run->store.page_keys = 2 + key_store_random(&run->store, 6);
	fixture_init(&run->fx);
	s3_free(run->fx.s3);
	run->fx.s3 = s3_new(run->fx.http, &run->fx.timers, run->fx.endpoint,
			    run->fx.creds, run->fx.pace, RETRIES);
}

void
run_clear(struct run *run)
{
	forget(run);
	key_store_clear(&run->store);
	list_memory_clear(&run->memory);
	list_memory_clear(&run->given);
	fixture_clear(&run->fx);
}

/* Any one of those under way. */
static struct http_transfer *
pick(struct run *run)
{
	unsigned n = fixture_pending(&run->fx, LIST);
	unsigned nth = n ? key_store_random(&run->store, n) : 0;
	struct http_transfer *t;

	for (size_t i = 0; n && (t = fake_http_get(run->fx.http, i)); i++)
		if (t->state == TRANSFER_PENDING && nth-- == 0)
			return t;
	return NULL;
}

/* Now and then a key comes or goes, at the end: the others keep their index. */
static void
change_one(struct run *run)
{
	struct key_store *s = &run->store;
	char key[32];

	if (s->n_keys == 0 || key_store_random(s, 8))
		return;
	if (key_store_random(s, 2)) {
		key_store_delete(s, s->n_keys - 1);
	} else {
		snprintf(key, sizeof(key), "\xff\xff\xff%u",
			 key_store_random(s, 1000));
		key_store_put(s, key);
	}
	if (run->n_stay > s->n_keys)
		run->n_stay = s->n_keys;
}

static void
answer_one(struct run *run)
{
	struct http_transfer *t = pick(run);

	if (!t) { /* all wait for their next try */
		fixture_advance(&run->fx, 30000);
		return;
	}
	if (run->has_writers)
		change_one(run);
	if (key_store_random(&run->store, 100) >= run->failures)
		key_store_answer(&run->store, t, false);
	else if (key_store_random(&run->store, 2))
		key_store_answer(&run->store, t, true);
	else
		fake_http_answer(t, &(struct fake_answer){ .status = 503 });
	fixture_settle(&run->fx);
}

/* One listing, with up to `parallel` requests under way. */
static void
list_once(struct run *run, enum list_plan plan, unsigned parallel)
{
	static const struct listing_events events = {
		on_range, on_page, on_range_end, on_request_end, on_end,
	};

	forget(run);
	run->listing =
		listing_new(&(struct listing_options){ .s3 = run->fx.s3,
						       .shared = &run->fx.lists,
						       .bucket = FIXTURE_BUCKET,
						       .memory = &run->memory,
						       .events = &events,
						       .arg = run,
						       .plan = plan });
	while (!run->has_ended || !listing_is_idle(run->listing)) {
		while (listing_in_flight(run->listing) < parallel &&
		       listing_can_send(run->listing)) {
			listing_send(run->listing);
			run->n_requests++;
			assert_in_range(run->n_requests, 1, 5000);
		}
		assert_true(listing_in_flight(run->listing) > 0);
		answer_one(run);
		if (key_store_random(&run->store, 4) == 0)
			listing_cut_at(run->listing, run->given.cuts,
				       run->given.n_cuts);
	}
	assert_false(listing_can_send(run->listing));
	listing_free(run->listing);
}

/* As walk.c does it; returns how many listings it took. */
unsigned
run_list(struct run *run, unsigned parallel)
{
	enum list_plan plan = LIST_PARALLEL;
	unsigned n = 0;

	do {
		list_once(run, plan, parallel);
		plan = run->plan;
		assert_in_range(++n, 1, 4);
	} while (run->is_again);
	return n;
}

/* --- what must be --- */

static int
compare_ranges(const void *a, const void *b)
{
	const struct seen_range *r = a, *s = b;

	if (!r->after || !s->after)
		return (r->after != NULL) - (s->after != NULL);
	return strcmp(r->after, s->after);
}

/* A key at a boundary belongs to the left. */
static void
check_ranges(struct run *run)
{
	qsort(run->ranges, run->n_ranges, sizeof(run->ranges[0]),
	      compare_ranges);
	assert_null(run->ranges[0].after);
	for (size_t i = 0; i < run->n_ranges; i++) {
		assert_true(run->ranges[i].is_ended);
		if (i + 1 == run->n_ranges || !run->ranges[i].last)
			continue;
		assert_true(strcmp(run->ranges[i].last,
				   run->ranges[i + 1].after) <= 0);
	}
}

/* The last listing was right: each key once, but those that it may lose. */
void
run_check(struct run *run, bool (*may_lose)(const struct run *, size_t key))
{
	assert_true(run->has_ended);
	if (run->code)
		fail_msg("%s", run->msg);
	check_ranges(run);
	for (size_t i = 0; i < run->store.n_keys; i++) {
		if (run->n_seen[i] == 1 ||
		    (run->n_seen[i] == 0 && may_lose && may_lose(run, i)))
			continue;
		fail_msg("key %zu, %s, came %u times", i, run->store.keys[i],
			 run->n_seen[i]);
	}
}

/* --- cuts of a listing before this one --- */

void
remember_cut(struct list_memory *m, const char *key)
{

	if (!start_after_is_plain(key, strlen(key)) ||
	    (m->n_cuts > 0 && strcmp(m->cuts[m->n_cuts - 1].key, key) >= 0))
		return;
	m->cuts = xrealloc(m->cuts, (m->n_cuts + 1) * sizeof(m->cuts[0]));
	m->cuts[m->n_cuts++] =
		(struct list_cut){ xstrdup(key), strlen(key), 1 };
}

/* Some keys of the bucket. */
void
remember_cuts(struct list_memory *m, struct key_store *store)
{
	m->n_keys = MANY_KEYS;
	for (size_t i = 0; i < store->n_keys; i++)
		if (key_store_random(store, 10) == 0)
			remember_cut(m, store->keys[i]);
}

/* Fills the bucket; returns how many requests may be under way. */
unsigned
run_begin(struct run *run, unsigned i)
{
	unsigned n_keys;

	run_init(run, i + 1);
	n_keys = key_store_random(&run->store, i % 3 ? 150 : 12);
	run->failures = i % 2 ? 15 : 0;
	key_store_fill(&run->store, i % KEY_STORE_SHAPES, n_keys);
	if (key_store_random(&run->store, 2))
		run->memory.n_keys = MANY_KEYS;
	return 1 + key_store_random(&run->store, 8);
}
