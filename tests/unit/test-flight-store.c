/* SPDX-License-Identifier: MIT */
/*
 * What is put into the bucket, and when: how long readers wait for it, what
 * the mount remembers itself, and how often it tries in vain.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "flight-fixture.h"
#include "util/date.h"

#define STORE_WAIT_MS 2000

static unsigned
n_puts(const struct world *w)
{
	return fake_http_seen(w->fx.http, PUT_DOC);
}

static unsigned
n_heads(const struct world *w)
{
	return fake_http_seen(w->fx.http, HEAD_ANY);
}

/* Readers are answered after the PUT, or 2 s after the result. */
static void
test_store_wait(void **state)
{
	struct world w;
	struct reader a, b;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	reader_open(&w, &a, MODE_QUICK);
	fixture_answer(&w.fx, LIST);
	fixture_answer(&w.fx, GET_DOC);
	reader_expect_waiting(&a);
	fixture_advance(&w.fx, STORE_WAIT_MS - 1);
	reader_expect_waiting(&a);
	fixture_advance(&w.fx, 1);
	reader_expect(&a, 0);
	assert_int_equal(fixture_pending(&w.fx, PUT_DOC), 1);
	/* the next one does not wait for it either */
	reader_open(&w, &b, MODE_QUICK);
	fixture_answer(&w.fx, PUT_DOC);
	fixture_run(&w.fx);
	reader_expect(&b, 0);
	assert_string_equal(a.doc, b.doc);
	reader_clear(&a);
	reader_clear(&b);
	world_clear(&w);
}

/*
 * One PUT at a time: a slow one must not come after that of a newer document,
 * which would put back what a refresh has replaced.
 */
static void
test_one_put(void **state)
{
	struct world w;
	struct reader old, new;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	reader_open(&w, &old, MODE_QUICK);
	fixture_answer(&w.fx, LIST);
	fixture_answer(&w.fx, GET_DOC);
	fixture_advance(&w.fx, STORE_WAIT_MS);
	reader_expect(&old, 0);
	atomic_fetch_add(&w.fx.bucket->marked[MODE_QUICK], 1);
	reader_open(&w, &new, MODE_QUICK);
	fixture_answer(&w.fx, LIST);
	assert_int_equal(fixture_pending(&w.fx, PUT_DOC), 1);
	fixture_answer(&w.fx, PUT_DOC);
	reader_expect_waiting(&new);
	assert_int_equal(fixture_pending(&w.fx, PUT_DOC), 1);
	fixture_answer(&w.fx, PUT_DOC);
	reader_expect(&new, 0);
	assert_string_not_equal(old.doc, new.doc);
	assert_string_equal(w.fx.store.documents[MODE_QUICK], new.doc);
	reader_clear(&old);
	reader_clear(&new);
	world_clear(&w);
}

/* Readers that come during the PUT of a document do not cause another of it. */
static void
test_same_put(void **state)
{
	struct world w;
	struct reader r[3];

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	atomic_fetch_add(&w.fx.bucket->marked[MODE_QUICK], 1);
	for (int i = 0; i < 3; i++) {
		reader_open(&w, &r[i], MODE_QUICK);
		fixture_answer(&w.fx, LIST);
		if (i > 0)
			fixture_answer(&w.fx, GET_DOC);
		fixture_advance(&w.fx, STORE_WAIT_MS);
		reader_expect(&r[i], 0);
		assert_string_equal(r[i].doc, r[0].doc);
	}
	fixture_run(&w.fx);
	assert_int_equal(n_puts(&w), 1);
	for (int i = 0; i < 3; i++)
		reader_clear(&r[i]);
	world_clear(&w);
}

/* A PUT that succeeds ends the hour of waiting after a refusal. */
static void
test_refusal_ends(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	w.fx.store.put_status = 403;
	read_through(&w, MODE_QUICK);
	w.fx.store.put_status = 0;
	atomic_fetch_add(&w.fx.bucket->marked[MODE_QUICK], 1);
	read_through(&w, MODE_QUICK); /* a refresh does not wait */
	assert_int_equal(n_puts(&w), 2);
	w.fx.store.pages[0] = "a/1.delta=10";
	read_through(&w, MODE_QUICK);
	assert_int_equal(n_puts(&w), 3);
	world_clear(&w);
}

/* An open some time after the last PUT puts the document again. */
static bool
puts_after(struct world *w, int64_t ms)
{
	unsigned before;

	fixture_advance(&w->fx, ms);
	before = n_puts(w);
	read_through(w, MODE_QUICK);
	return n_puts(w) > before;
}

/* A refusal is for an hour, a 400 once it comes again; weather for a minute. */
static void
test_kinds_of_failure(void **state)
{
	static const int refusals[] = { 401, 403, 404, 405, 409, 411,
					412, 413, 415, 422, 501, 505 };
	static const int weather[] = { 408, 429, 500, 502, 503, 504 };
	struct world w;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		world_init(&w, CACHE_POLICY_RW);
		w.fx.store.put_status = refusals[i];
		assert_true(puts_after(&w, 0));
		assert_false(puts_after(&w, HOUR_MS - 1000));
		assert_true(puts_after(&w, 1000));
		world_clear(&w);
	}
	for (size_t i = 0; i < ARRAY_SIZE(weather); i++) {
		world_init(&w, CACHE_POLICY_RW);
		w.fx.store.put_status = weather[i];
		assert_true(puts_after(&w, 0));
		assert_false(puts_after(&w, 0));
		assert_true(puts_after(&w, MINUTE_MS));
		assert_true(puts_after(&w, MINUTE_MS));
		world_clear(&w);
	}
}

static void
test_bad_request(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	w.fx.store.put_status = 400;
	assert_true(puts_after(&w, 0));
	assert_false(puts_after(&w, 0));
	assert_true(puts_after(&w, MINUTE_MS));
	assert_false(puts_after(&w, HOUR_MS - 1000));
	assert_true(puts_after(&w, 1000));
	assert_false(puts_after(&w, HOUR_MS - 1000));
	/* another one after something else is a first one */
	w.fx.store.put_status = 503;
	assert_true(puts_after(&w, 1000));
	w.fx.store.put_status = 400;
	assert_true(puts_after(&w, MINUTE_MS));
	assert_true(puts_after(&w, MINUTE_MS));
	world_clear(&w);
}

/* A PUT that never ends is given up. */
static void
test_put_limit(void **state)
{
	struct world w;
	struct reader r;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	reader_open(&w, &r, MODE_QUICK);
	fixture_answer(&w.fx, LIST);
	fixture_answer(&w.fx, GET_DOC);
	fixture_advance(&w.fx, w.fx.limits.timeout_ms - 1);
	reader_expect(&r, 0);
	assert_int_equal(w.env.writebacks.n_running, 1);
	fixture_advance(&w.fx, 1);
	assert_int_equal(w.env.writebacks.n_running, 0);
	reader_clear(&r);
	world_clear(&w);
}

/* What is put is the document that readers get, marked for DeltaGlider. */
static void
test_put(void **state)
{
	struct world w;
	struct reader r;
	struct http_transfer *put;
	char *type, *cache, *plain, *checksum;
	char expected[MD5_BASE64_LEN];

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	reader_open(&w, &r, MODE_SAMPLED);
	fixture_answer(&w.fx, GET_DOC);
	fixture_answer(&w.fx, LIST);
	fixture_answer(&w.fx, HEAD_ANY);
	put = fixture_find(&w.fx, PUT_DOC);
	assert_string_equal(put->url, "http://s3.test:9000/" FIXTURE_BUCKET
				      "/.deltaglider/stats_sampled.json");
	type = fake_http_dup_header(put, "content-type");
	cache = fake_http_dup_header(put, "x-amz-meta-x-deltaglider-cache");
	plain = fake_http_dup_header(put, "x-amz-meta-dg-no-delta");
	assert_string_equal(type, "application/json");
	assert_string_equal(cache, "true");
	assert_string_equal(plain, "true");
	checksum = fake_http_dup_header(put, "content-md5");
	assert_true(md5_base64(put->body, DOC_LEN, expected));
	assert_string_equal(checksum, expected);
	free(checksum);
	free(type);
	free(cache);
	free(plain);
	fixture_run(&w.fx);
	reader_expect(&r, 0);
	assert_string_equal(put->body, r.doc);
	reader_clear(&r);
	world_clear(&w);
}

/* Refused: the mount's own document serves, and an hour passes. */
static void
test_refused(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	w.fx.store.put_status = 403;
	read_through(&w, MODE_DETAILED);
	read_through(&w, MODE_DETAILED);
	assert_int_equal(n_heads(&w), 2);
	assert_int_equal(n_puts(&w), 1);
	w.fx.store.pages[0] = "a/1.delta=10";
	read_through(&w, MODE_DETAILED); /* stale: computed */
	assert_int_equal(n_heads(&w), 3);
	assert_int_equal(n_puts(&w), 1);
	fixture_advance(&w.fx, HOUR_MS);
	w.fx.store.put_status = 0;
	read_through(&w,
		     MODE_DETAILED); /* from memory, and it can be put now */
	assert_int_equal(n_heads(&w), 3);
	assert_int_equal(n_puts(&w), 2);
	read_through(&w, MODE_DETAILED);
	assert_int_equal(n_puts(&w), 2);
	world_clear(&w);
}

/* The same where a stale document lies in the bucket. */
static void
test_refused_over_stale(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	read_through(&w, MODE_DETAILED);
	w.fx.store.put_status = 500;
	w.fx.store.pages[0] = "a/1.delta=10";
	read_through(&w, MODE_DETAILED);
	assert_int_equal(n_heads(&w), 3);
	assert_int_equal(n_puts(&w), 2);
	read_through(&w, MODE_DETAILED); /* from memory */
	fixture_advance(&w.fx, MINUTE_MS);
	w.fx.store.put_status = 0;
	read_through(&w, MODE_DETAILED); /* from memory, and put at last */
	assert_int_equal(n_heads(&w), 3);
	assert_int_equal(n_puts(&w), 3);
	read_through(&w, MODE_DETAILED);
	assert_int_equal(n_puts(&w), 3);
	world_clear(&w);
}

/* A refresh counts though its PUT failed: what was valid before is older. */
static void
test_refresh_not_stored(void **state)
{
	struct world w;
	struct reader r;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	read_through(&w, MODE_DETAILED);
	fixture_advance(&w.fx, MINUTE_MS);
	atomic_fetch_add(&w.fx.bucket->marked[MODE_DETAILED], 1);
	w.fx.store.put_status = 500;
	read_through(&w, MODE_DETAILED);
	w.fx.store.put_status = 0;
	for (int i = 0; i < 3; i++) {
		reader_open(&w, &r, MODE_DETAILED);
		fixture_run(&w.fx);
		reader_expect(&r, 0);
		assert_non_null(strstr(r.doc, "2025-10-14T10:31:00Z"));
		reader_clear(&r);
		fixture_advance(&w.fx, MINUTE_MS);
	}
	assert_int_equal(n_heads(&w), 4);
	assert_int_equal(n_puts(&w), 3); /* at last */
	world_clear(&w);
}

/* Somebody removed it: what we put once is computed and put again. */
static void
test_removed(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	read_through(&w, MODE_QUICK);
	free(w.fx.store.documents[MODE_QUICK]);
	w.fx.store.documents[MODE_QUICK] = NULL;
	read_through(&w, MODE_QUICK);
	assert_int_equal(n_puts(&w), 2);
	world_clear(&w);
}

/* Another program's version is overwritten at most once an hour. */
static void
test_foreign(void **state)
{
	static const char foreign[] = "{\"version\": \"2.0\"}";
	struct world w;
	char **document;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	document = &w.fx.store.documents[MODE_DETAILED];
	for (unsigned i = 1; i <= 4; i++) {
		free(*document);
		*document = xstrdup(foreign);
		read_through(&w, MODE_DETAILED);
		assert_int_equal(n_puts(&w), i <= 3 ? 1 : 2);
		assert_int_equal(n_heads(&w), i <= 3 ? 2 : 4);
		if (i == 3)
			fixture_advance(&w.fx, HOUR_MS);
	}
	world_clear(&w);
}

/* Nothing is known of what would be overwritten: nothing is put. */
static void
test_unknown(void **state)
{
	static const int statuses[] = { 403, 500, 400 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		struct world w;

		world_init(&w, CACHE_POLICY_RW);
		w.fx.store.get_status = statuses[i];
		read_through(&w, MODE_DETAILED);
		read_through(&w, MODE_DETAILED);
		assert_int_equal(n_puts(&w), 0);
		assert_int_equal(n_heads(&w), 2); /* then from memory */
		world_clear(&w);
	}
}

/* After a refresh it is put without a look, whatever lies there. */
static void
test_refresh_overwrites(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	w.fx.store.get_status = 403;
	w.fx.store.put_status = 403;
	read_through(&w, MODE_QUICK);
	assert_int_equal(n_puts(&w), 0);
	for (unsigned i = 1; i <= 2; i++) { /* the hour does not count */
		atomic_fetch_add(&w.fx.bucket->marked[MODE_QUICK], 1);
		read_through(&w, MODE_QUICK);
		assert_int_equal(n_puts(&w), i);
	}
	world_clear(&w);
}

static const struct {
	enum cache_policy policy;
	unsigned gets;
} policies[] = {
	{ CACHE_POLICY_RO, 2 },
	{ CACHE_POLICY_OFF, 0 },
};

static void
test_policies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		struct world w;

		world_init(&w, policies[i].policy);
		read_through(&w, MODE_DETAILED);
		read_through(&w, MODE_DETAILED); /* from memory */
		assert_int_equal(n_heads(&w), 2);
		assert_int_equal(fixture_seen(&w.fx, GET_DOC),
				 policies[i].gets);
		atomic_fetch_add(&w.fx.bucket->marked[MODE_DETAILED], 1);
		read_through(&w, MODE_DETAILED);
		assert_int_equal(n_heads(&w), 4);
		assert_int_equal(n_puts(&w), 0);
		world_clear(&w);
	}
}

/* Of which requests a reader has waited for, and what came after it. */
static void
test_cost_of_put(void **state)
{
	(void)state;
	for (int is_late = 0; is_late < 2; is_late++) {
		struct result *r CLEANUP(result_release) = NULL;
		struct world w;
		struct reader a;

		world_init(&w, CACHE_POLICY_RW);
		reader_open(&w, &a, MODE_QUICK);
		fixture_answer(&w.fx, LIST);
		fixture_answer(&w.fx, GET_DOC);
		if (is_late)
			fixture_advance(&w.fx, STORE_WAIT_MS);
		fixture_run(&w.fx);
		reader_expect(&a, 0);
		r = published_result(&w.fx.bucket->published, MODE_QUICK);
		assert_string_equal(r->text->data, a.doc);
		assert_int_equal(r->cost.put.n_requests, n_puts(&w));
		assert_int_equal(r->cost.put.n_requests, 1);
		assert_true(r->cost.put.n_bytes > DOC_LEN);
		reader_clear(&a);
		world_clear(&w);
	}
}

/* What is published, but for the result. */
static struct mode_state
state_of(const struct world *w, enum mode mode)
{
	struct mode_state s;

	published_get(&w->fx.bucket->published, mode, &s);
	result_unref(steal(&s.result));
	return s;
}

static void
expect_progress(struct world *w, enum activity activity, uint64_t objects,
		uint64_t heads, uint64_t wanted)
{
	struct progress p = state_of(w, MODE_DETAILED).progress;
	const struct counts *c = progress_counts(&p);

	assert_int_equal(p.activity, activity);
	assert_int_equal(c->n_pages, objects ? 1 : 0);
	assert_int_equal(c->n_objects, objects);
	assert_int_equal(c->n_heads, heads);
	assert_int_equal(c->n_heads_wanted, wanted);
}

/* Whoever looks sees how far it is. */
static void
test_progress(void **state)
{
	struct world w;
	struct reader r;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	expect_progress(&w, ACTIVITY_IDLE, 0, 0, 0);
	fixture_advance(&w.fx, 7000);
	reader_open(&w, &r, MODE_DETAILED);
	expect_progress(&w, ACTIVITY_LISTING, 0, 0, 0);
	assert_int_equal(state_of(&w, MODE_DETAILED).progress.began_at_ms,
			 date_mono_ms());
	fixture_answer(&w.fx, GET_DOC);
	fixture_answer(&w.fx, LIST);
	expect_progress(&w, ACTIVITY_HEADING, 3, 0, 2);
	assert_int_equal(
		state_of(&w, MODE_DETAILED).progress.counts.began_at_ms,
		date_mono_ms());
	fixture_answer(&w.fx, HEAD_ANY);
	expect_progress(&w, ACTIVITY_HEADING, 3, 1, 2);
	fixture_answer(&w.fx, HEAD_ANY);
	expect_progress(&w, ACTIVITY_STORING, 3, 2, 2);
	fixture_run(&w.fx);
	expect_progress(&w, ACTIVITY_IDLE, 3, 2, 2);
	reader_expect(&r, 0);
	reader_clear(&r);
	world_clear(&w);
}

/* And what went wrong last, in the store's words, even after a success. */
static void
test_failure(void **state)
{
	struct failure last;
	struct world w;
	struct reader r;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	last = state_of(&w, MODE_QUICK).failure;
	assert_int_equal(last.at, 0);
	fixture_advance(&w.fx, 7000);
	reader_open(&w, &r, MODE_QUICK);
	fake_http_answer(fixture_find(&w.fx, LIST),
			 &(struct fake_answer){
				 .status = 403,
				 .body = "<Error><Code>AccessDenied</Code>"
					 "<RequestId>tx1\n</RequestId>"
					 "</Error>" });
	fixture_run(&w.fx);
	reader_expect(&r, EACCES);
	read_through(&w, MODE_QUICK);
	last = state_of(&w, MODE_QUICK).failure;
	assert_int_equal(last.at, FAKE_CLOCK_EPOCH + 7);
	assert_int_equal(last.err.code, EACCES);
	assert_int_equal(last.err.status, 403);
	assert_string_equal(last.err.word, "AccessDenied");
	assert_string_equal(last.err.request_id, "tx1\\x0a");
	assert_non_null(strstr(last.err.msg, "LIST"));
	world_clear(&w);
}

/* The registry has the last document; a bucket that is gone goes away. */
static void
test_registry(void **state)
{
	struct result *newest;
	struct world w;
	struct reader r;
	struct bucket *bucket;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	fixture_advance(&w.fx, 5000);
	reader_open(&w, &r, MODE_QUICK);
	fixture_run(&w.fx);
	reader_expect(&r, 0);
	newest = published_result(&w.fx.bucket->published, MODE_QUICK);
	assert_string_equal(newest->text->data, r.doc);
	assert_int_equal(newest->computed_at, FAKE_CLOCK_EPOCH + 5);
	result_unref(newest);
	reader_clear(&r);
	reader_open(&w, &r, MODE_QUICK);
	fake_http_answer(fixture_find(&w.fx, LIST),
			 &(struct fake_answer){
				 .status = 404,
				 .body = "<Error><Code>NoSuchBucket</Code>"
					 "</Error>" });
	fixture_settle(&w.fx);
	reader_expect(&r, ENOENT);
	assert_int_equal(buckets_find(w.fx.buckets, FIXTURE_BUCKET, &bucket),
			 BUCKET_IS_NOT);
	world_clear(&w);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_store_wait),
		cmocka_unit_test(test_one_put),
		cmocka_unit_test(test_put_limit),
		cmocka_unit_test(test_same_put),
		cmocka_unit_test(test_refusal_ends),
		cmocka_unit_test(test_kinds_of_failure),
		cmocka_unit_test(test_bad_request),
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refused_over_stale),
		cmocka_unit_test(test_refresh_not_stored),
		cmocka_unit_test(test_removed),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_refresh_overwrites),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_cost_of_put),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_registry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
