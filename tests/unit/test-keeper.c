/* SPDX-License-Identifier: MIT */
/*
 * Buckets that are read by themselves: how often, what for, and when not.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include <utlist.h>

#include "engine/keeper.h"
#include "flight-fixture.h"
#include "util/date.h"

#define INTERVAL_MS 60000
#define STEP_MS 100
#define FIVE "x-rgw-object-count: 5\r\nx-rgw-bytes-used: 700\r\n"
#define SIX "x-rgw-object-count: 6\r\nx-rgw-bytes-used: 700\r\n"

struct house {
	struct world w;
	struct keeper *keeper;
	struct waiter *asked; /* for names of buckets, or for one */
};

static void
post(void *arg, struct waiter *w)
{
	struct house *h = arg;

	w->all = &h->w.all;
	DL_APPEND2(h->w.all, w, all_prev, all_next);
	if (w->kind == WAIT_FOR_STATS)
		flight_add(
			flight_get(&h->w.env, w->stats.bucket, w->stats.mode),
			w);
	else
		waiter_move(w, &h->asked);
}

static void
house_init_as(struct house *h, unsigned modes, bool is_prompt)
{
	*h = (struct house){ .keeper = NULL };
	world_init(&h->w, CACHE_POLICY_RW);
	h->w.fx.limits.interval_ms = INTERVAL_MS;
	h->w.fx.limits.connect_timeout_ms = 100 * INTERVAL_MS;
	h->keeper = keeper_new(&(struct keeper_options){
		.s3 = h->w.fx.s3,
		.timers = &h->w.fx.timers,
		.buckets = h->w.fx.buckets,
		.limits = &h->w.fx.limits,
		.modes = modes,
		.is_prompt = is_prompt,
		.post = post,
		.arg = h,
	});
}

static void
house_init(struct house *h, unsigned modes)
{
	house_init_as(h, modes, false);
}

/* The mount ends, whatever is under way. */
static void
house_clear(struct house *h)
{
	keeper_stop(h->keeper);
	while (h->w.all)
		waiter_complete(h->w.all, NULL, &(struct err){ .code = EINTR });
	fixture_settle(&h->w.fx);
	assert_false(keeper_is_busy(h->keeper));
	keeper_free(h->keeper);
	assert_null(h->w.fx.bucket->kept);
	world_clear(&h->w);
}

/* Time passes, and all is answered at once. */
static void
live(struct house *h, int64_t ms)
{
	for (; ms > 0; ms -= STEP_MS) {
		fixture_advance(&h->w.fx, STEP_MS);
		fixture_run(&h->w.fx);
	}
}

static unsigned
n_lists(struct house *h)
{
	return fixture_seen(&h->w.fx, LIST);
}

static unsigned
n_object_heads(struct house *h)
{
	return fixture_seen(&h->w.fx, "HEAD", FIXTURE_BUCKET "/");
}

static unsigned
n_bucket_heads(struct house *h)
{
	return fixture_seen(&h->w.fx, HEAD_ANY) - n_object_heads(h);
}

static bool
has_result(struct house *h, enum mode mode)
{
	struct result *r CLEANUP(result_release) =
		published_result(&h->w.fx.bucket->published, mode);

	return r != NULL;
}

static int64_t
validated_at_ms(struct house *h)
{
	struct result *r CLEANUP(result_release) =
		published_result(&h->w.fx.bucket->published, MODE_QUICK);

	return r->listed.began_at_ms;
}

/* One LIST a round for all modes, and no mode but these. */
static void
test_rounds(void **state)
{
	struct house h;

	(void)state;
	house_init(&h, 1u << MODE_QUICK | 1u << MODE_DETAILED);
	assert_int_equal(fixture_pending(&h.w.fx, ANY_GET), 0);
	live(&h, INTERVAL_MS / 5); /* soon */
	assert_int_equal(n_lists(&h), 1);
	assert_true(has_result(&h, MODE_QUICK));
	assert_true(has_result(&h, MODE_DETAILED));
	assert_false(has_result(&h, MODE_SAMPLED));
	live(&h, 10 * INTERVAL_MS);
	assert_in_range(n_lists(&h), 9, 12);
	assert_int_equal(n_object_heads(&h), 2); /* then it is a hit */
	assert_int_equal(n_bucket_heads(&h), 1); /* nothing is told */
	house_clear(&h);
}

/* However long one takes: no deadline of a reader ends it, nor max_wait. */
static void
test_one_at_a_time(void **state)
{
	struct house h;

	(void)state;
	house_init(&h, 1u << MODE_QUICK | 1u << MODE_DETAILED);
	h.w.fx.limits.timeout_ms = 100 * INTERVAL_MS;
	h.w.fx.limits.max_wait_ms = 1000;
	fixture_advance(&h.w.fx, INTERVAL_MS / 5);
	fixture_answer(&h.w.fx, HEAD_ANY);
	assert_int_equal(fixture_pending(&h.w.fx, LIST), 1);
	fixture_advance(&h.w.fx, 10 * INTERVAL_MS);
	assert_int_equal(n_lists(&h), 1);
	fixture_run(&h.w.fx);
	assert_true(has_result(&h, MODE_DETAILED));
	fixture_advance(&h.w.fx, INTERVAL_MS * 8 / 10);
	assert_int_equal(n_lists(&h), 1);
	fixture_advance(&h.w.fx, INTERVAL_MS * 4 / 10);
	assert_int_equal(n_lists(&h), 2);
	house_clear(&h);
}

static void
test_jitter(void **state)
{
	int64_t first = 0, began = 0;
	bool is_random = false;
	struct house h;

	(void)state;
	house_init(&h, 1u << MODE_QUICK);
	live(&h, INTERVAL_MS / 5);
	for (int i = 0; i < 20; i++) {
		int64_t before = validated_at_ms(&h), took;

		while (validated_at_ms(&h) == before)
			live(&h, STEP_MS);
		took = validated_at_ms(&h) - before;
		assert_in_range(took, INTERVAL_MS * 9 / 10,
				INTERVAL_MS * 11 / 10 + STEP_MS);
		is_random = is_random || (first && took != first);
		first = took;
		assert_true(validated_at_ms(&h) > began);
	}
	assert_true(is_random);
	house_clear(&h);
}

/* The first round at once, and no other. */
static void
test_prompt(void **state)
{
	struct house h;

	(void)state;
	house_init_as(&h, 1u << MODE_QUICK, true);
	fixture_run(&h.w.fx);
	live(&h, STEP_MS);
	assert_true(has_result(&h, MODE_QUICK));
	assert_int_equal(n_lists(&h), 1);
	live(&h, INTERVAL_MS * 8 / 10);
	assert_int_equal(n_lists(&h), 1);
	house_clear(&h);
}

/* What has failed is asked again before long. */
static void
test_prompt_failure(void **state)
{
	struct house h;

	(void)state;
	house_init_as(&h, 1u << MODE_QUICK, true);
	h.w.fx.store.list_status = 500;
	fixture_run(&h.w.fx);
	live(&h, STEP_MS);
	assert_false(has_result(&h, MODE_QUICK));
	h.w.fx.store.list_status = 0;
	live(&h, INTERVAL_MS * 6 / 10);
	assert_true(has_result(&h, MODE_QUICK));
	house_clear(&h);
}

/* It asks with HeadBucket, and lists every twelfth time. */
static void
test_trigger(void **state)
{
	struct house h;
	int64_t validated;

	(void)state;
	house_init(&h, 1u << MODE_QUICK);
	h.w.fx.store.usage = FIVE;
	live(&h, INTERVAL_MS / 5);
	validated = validated_at_ms(&h);
	while (n_bucket_heads(&h) < 12)
		live(&h, STEP_MS);
	assert_int_equal(n_lists(&h), 1);
	assert_int_equal(validated_at_ms(&h), validated);
	while (n_bucket_heads(&h) < 13)
		live(&h, STEP_MS);
	assert_int_equal(n_lists(&h), 2);
	assert_true(validated_at_ms(&h) > validated);
	while (n_bucket_heads(&h) < 24)
		live(&h, STEP_MS);
	assert_int_equal(n_lists(&h), 2);
	h.w.fx.store.usage = SIX;
	while (n_bucket_heads(&h) < 25)
		live(&h, STEP_MS);
	assert_int_equal(n_lists(&h), 3);
	house_clear(&h);
}

/* The next time that it asks, and whether it lists then. */
static void
expect_next(struct house *h, bool is_listed)
{
	unsigned heads = n_bucket_heads(h), lists = n_lists(h);

	while (n_bucket_heads(h) == heads)
		live(h, STEP_MS);
	if ((n_lists(h) > lists) != is_listed)
		fail_msg("%u lists more", n_lists(h) - lists);
}

static void
test_what_is_owed(void **state)
{
	struct house h;

	(void)state;
	house_init(&h, 1u << MODE_QUICK | 1u << MODE_DETAILED);
	h.w.fx.store.usage = FIVE;
	expect_next(&h, true);
	expect_next(&h, false);
	atomic_fetch_add(&h.w.fx.bucket->marked[MODE_SAMPLED], 1);
	expect_next(&h, false); /* not its business */
	atomic_fetch_add(&h.w.fx.bucket->marked[MODE_DETAILED], 1);
	expect_next(&h, true);
	expect_next(&h, false);
	h.w.fx.limits.ttl_ms = INTERVAL_MS;
	expect_next(&h, true);
	h.w.fx.limits.ttl_ms = 0;
	expect_next(&h, false);
	house_clear(&h);
}

/* After a round that failed nothing is known. */
static void
test_failures(void **state)
{
	struct house h;

	(void)state;
	house_init(&h, 1u << MODE_QUICK);
	h.w.fx.store.usage = FIVE;
	h.w.fx.store.list_status = 500;
	expect_next(&h, true);
	expect_next(&h, true);
	h.w.fx.store.list_status = 0;
	expect_next(&h, true);
	expect_next(&h, false);
	h.w.fx.store.head_status = 500;
	expect_next(&h, true);
	h.w.fx.store.head_status = 0;
	expect_next(&h, true);
	expect_next(&h, false);
	house_clear(&h);
}

static void
test_silent_head(void **state)
{
	struct house h;

	(void)state;
	house_init(&h, 1u << MODE_QUICK);
	h.w.fx.limits.connect_timeout_ms = INTERVAL_MS;
	fixture_advance(&h.w.fx, INTERVAL_MS / 5);
	assert_int_equal(n_bucket_heads(&h), 1);
	assert_int_equal(n_lists(&h), 0);
	fixture_advance(&h.w.fx, INTERVAL_MS);
	assert_int_equal(n_lists(&h), 1);
	house_clear(&h);
}

static void
test_what_is_no_number(void **state)
{
	static const char *const usages[] = {
		"x-rgw-object-count: 5\r\n",
		"x-rgw-bytes-used: 5\r\n",
		"x-rgw-object-count: 5\r\nx-rgw-bytes-used: -1\r\n",
		"x-rgw-object-count: \r\nx-rgw-bytes-used: 1\r\n",
		"x-rgw-object-count: 5\r\nx-rgw-bytes-used: 1e3\r\n",
		("x-rgw-object-count: 5\r\nx-rgw-bytes-used: "
		 "99999999999999999999\r\n"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(usages); i++) {
		struct house h;

		house_init(&h, 1u << MODE_QUICK);
		h.w.fx.store.usage = usages[i];
		live(&h, 5 * INTERVAL_MS);
		assert_int_equal(n_bucket_heads(&h), 1);
		assert_in_range(n_lists(&h), 4, 6);
		house_clear(&h);
	}
}

/* What max_age shows to others is what this is to renew. */
static void
test_max_age(void **state)
{
	struct house h;
	struct reader r;
	unsigned lists;

	(void)state;
	house_init(&h, 1u << MODE_QUICK);
	h.w.fx.limits.max_age_ms = 100 * INTERVAL_MS;
	live(&h, 5 * INTERVAL_MS);
	lists = n_lists(&h);
	assert_in_range(lists, 4, 6);
	reader_open(&h.w, &r, MODE_QUICK);
	reader_expect(&r, 0);
	reader_clear(&r);
	assert_int_equal(n_lists(&h), lists);
	house_clear(&h);
}

/* Nor is it content with a LIST that began before it did, as others are then. */
static void
test_max_age_of_current(void **state)
{
	struct house h;
	struct reader a, b;

	(void)state;
	house_init(&h, 1u << MODE_QUICK);
	h.w.fx.limits.max_age_ms = 100 * INTERVAL_MS;
	reader_open(&h.w, &a, MODE_QUICK);
	fixture_advance(&h.w.fx, INTERVAL_MS / 5);
	fixture_answer(&h.w.fx, "HEAD", FIXTURE_BUCKET);
	reader_open(&h.w, &b, MODE_QUICK);
	assert_int_equal(n_lists(&h), 1);
	fixture_answer(&h.w.fx, GET_DOC);
	fixture_answer(&h.w.fx, LIST);
	fixture_answer(&h.w.fx, PUT_DOC);
	reader_expect(&a, 0);
	reader_expect(&b, 0);
	assert_int_equal(n_lists(&h), 2);
	reader_clear(&a);
	reader_clear(&b);
	house_clear(&h);
}

/* One that has gone is not listed, but asked for, until it is there again. */
static void
test_gone(void **state)
{
	struct house h;
	struct buckets *buckets;
	unsigned lists;

	(void)state;
	house_init(&h, 1u << MODE_QUICK);
	buckets = h.w.fx.buckets;
	live(&h, INTERVAL_MS / 5);
	buckets_set_not_there(buckets, FIXTURE_BUCKET, BUCKET_IS_NOT);
	lists = n_lists(&h);
	for (int i = 0; i < 3; i++) { /* it asks again and again, once a time */
		live(&h, 5 * INTERVAL_MS);
		assert_non_null(h.asked);
		assert_null(h.asked->next);
		assert_int_equal(h.asked->kind, WAIT_FOR_BUCKET);
		assert_string_equal(h.asked->name, FIXTURE_BUCKET);
		waiters_complete(&h.asked, NULL,
				 &(struct err){ .code = ENOENT });
		live(&h, INTERVAL_MS / 5);
		assert_null(h.asked);
	}
	assert_int_equal(n_lists(&h), lists);
	live(&h, 2 * INTERVAL_MS);
	buckets_set_there(buckets, FIXTURE_BUCKET);
	waiters_complete(&h.asked, NULL, &(struct err)ERR_INIT);
	live(&h, INTERVAL_MS / 5);
	assert_int_equal(n_lists(&h), lists + 1);
	live(&h, 5 * INTERVAL_MS);
	assert_null(h.asked);
	assert_in_range(n_lists(&h), lists + 5, lists + 7);
	house_clear(&h);
}

/* Where nothing confines the mount, it asks which there are. */
static void
test_census(void **state)
{
	char *names[] = { (char *)"one", (char *)"two" };
	struct buckets *confined;
	struct house h;

	(void)state;
	house_init(&h, 1u << MODE_QUICK);
	keeper_stop(h.keeper);
	keeper_free(h.keeper);
	confined = h.w.fx.buckets;
	h.w.fx.buckets = h.w.env.buckets = buckets_new(1000, NULL, 0);
	h.keeper = keeper_new(&(struct keeper_options){
		.s3 = h.w.fx.s3,
		.timers = &h.w.fx.timers,
		.buckets = h.w.fx.buckets,
		.limits = &h.w.fx.limits,
		.modes = 1u << MODE_QUICK,
		.post = post,
		.arg = &h,
	});
	fixture_advance(&h.w.fx, INTERVAL_MS / 10);
	assert_non_null(h.asked);
	fixture_advance(&h.w.fx, 10 * INTERVAL_MS);
	assert_null(h.asked->next); /* once, until it is answered */
	buckets_set_list(h.w.fx.buckets, names, ARRAY_SIZE(names));
	waiters_complete(&h.asked, NULL, &(struct err)ERR_INIT);
	fixture_advance(&h.w.fx, INTERVAL_MS / 10);
	assert_int_equal(fixture_pending(&h.w.fx, "HEAD", "/one"), 1);
	assert_int_equal(fixture_pending(&h.w.fx, "HEAD", "/two"), 1);
	fixture_advance(&h.w.fx, INTERVAL_MS * 12 / 10);
	assert_non_null(h.asked); /* again */
	h.w.fx.bucket = buckets_get(h.w.fx.buckets, 0);
	house_clear(&h);
	buckets_free(confined);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_prompt),
		cmocka_unit_test(test_prompt_failure),
		cmocka_unit_test(test_trigger),
		cmocka_unit_test(test_what_is_owed),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_silent_head),
		cmocka_unit_test(test_what_is_no_number),
		cmocka_unit_test(test_max_age),
		cmocka_unit_test(test_max_age_of_current),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_census),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
