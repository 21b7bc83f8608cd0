/* SPDX-License-Identifier: MIT */
/*
 * Readers who do not wait for ever: deadline, max_wait and the last good result,
 * max_age, and opens that do not wait at all.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "flight-fixture.h"

#define MAX_WAIT_MS 2000
#define MAX_AGE_MS 60000
#define DEADLINE_MS 20000

static void
mark(struct world *w, enum mode mode)
{
	atomic_fetch_add(&w->fx.bucket->marked[mode], 1);
}

static void
expect_document(struct reader *r, long object_count)
{
	reader_expect(r, 0);
	assert_int_equal(reader_member(r, "object_count"), object_count);
	reader_clear(r);
}

/* Opens and gets that at once, without a request. */
static void
expect_at_once(struct world *w, enum mode mode, long object_count)
{
	unsigned n = fixture_seen(&w->fx, ANY_GET);
	struct reader r;

	reader_open(w, &r, mode);
	expect_document(&r, object_count);
	assert_int_equal(fixture_seen(&w->fx, ANY_GET), n);
}

/* Opens, and nobody answers. */
static void
expect_after_max_wait(struct world *w, enum mode mode, long object_count)
{
	struct reader r;

	reader_open(w, &r, mode);
	fixture_advance(&w->fx, MAX_WAIT_MS - 1);
	reader_expect_waiting(&r);
	fixture_advance(&w->fx, 1);
	if (object_count < 0)
		reader_expect(&r, ETIMEDOUT);
	else
		expect_document(&r, object_count);
}

/* --- deadline --- */

/* Each counts from its own open, whatever the age of the job that it shares. */
static void
test_deadline(void **state)
{
	struct world w;
	struct reader first, late, next;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	w.fx.store.get_status = 404;
	reader_open(&w, &first, MODE_DETAILED);
	fixture_answer(&w.fx, GET_DOC);
	fixture_answer(&w.fx, LIST);
	w.fx.limits.deadline_ms = DEADLINE_MS; /* that job has none */
	reader_open(&w, &late, MODE_DETAILED);
	fixture_answer(&w.fx, LIST); /* of a probe: it joins */
	fixture_advance(&w.fx, 5000);
	reader_open(&w, &next, MODE_DETAILED);
	fixture_advance(&w.fx, DEADLINE_MS - 5000 - 1);
	reader_expect_waiting(&late);
	fixture_advance(&w.fx, 1);
	reader_expect(&late, ETIMEDOUT);
	fixture_advance(&w.fx, 4999);
	reader_expect_waiting(&next);
	fixture_advance(&w.fx, 1);
	reader_expect(&next, ETIMEDOUT);
	reader_expect_waiting(&first);
	fixture_run(&w.fx);
	expect_document(&first, 3);
	world_clear(&w);
}

/* Who has its result, and waits for the PUT only, gets it. */
static void
test_deadline_while_storing(void **state)
{
	struct world w;
	struct reader r;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	w.fx.limits.deadline_ms = 1000;
	reader_open(&w, &r, MODE_QUICK);
	fixture_answer(&w.fx, GET_DOC);
	fixture_advance(&w.fx, 500);
	fixture_answer(&w.fx, LIST);
	reader_expect_waiting(&r);
	fixture_advance(&w.fx, 500);
	expect_document(&r, 3);
	fixture_run(&w.fx);
	world_clear(&w);
}

/* --- max_wait --- */

/* Nothing there: ETIMEDOUT; the work goes on, and is there for the next. */
static void
test_max_wait(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	w.fx.limits.max_wait_ms = MAX_WAIT_MS;
	expect_after_max_wait(&w, MODE_DETAILED, -1);
	fixture_answer(&w.fx, GET_DOC);
	fixture_answer(&w.fx, LIST);
	fixture_advance(&w.fx, 2 * LINGER_MS);
	fixture_run(&w.fx); /* 2 HEADs, PUT */
	assert_int_equal(fixture_seen(&w.fx, PUT_DOC), 1);
	expect_after_max_wait(&w, MODE_DETAILED, 3);
	read_through(&w, MODE_DETAILED); /* who is answered in time */
	assert_int_equal(fixture_seen(&w.fx, HEAD_ANY), 2);
	world_clear(&w);
}

/* A sweep of twenty minutes, a bucket that changes, a reader each minute. */
static void
test_max_wait_poll(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	w.fx.limits.max_wait_ms = MAX_WAIT_MS;
	w.fx.limits.timeout_ms = 3600000;
	expect_after_max_wait(&w, MODE_DETAILED, -1);
	fixture_answer(&w.fx, GET_DOC);
	fixture_answer(&w.fx, LIST);
	w.fx.store.pages[0] = "a/1.delta=10 a/2.delta=20";
	for (int minute = 1; minute < 20; minute++) {
		struct reader r;

		fixture_advance(&w.fx, 58000);
		reader_open(&w, &r, MODE_DETAILED);
		if (fixture_pending(&w.fx, LIST))
			fixture_answer(&w.fx, LIST); /* a probe */
		fixture_advance(&w.fx, MAX_WAIT_MS);
		reader_expect(&r, ETIMEDOUT);
	}
	fixture_answer(&w.fx, HEAD_ANY);
	fixture_answer(&w.fx, HEAD_ANY);
	fixture_answer(&w.fx, PUT_DOC);
	expect_after_max_wait(&w, MODE_DETAILED, 3);
	fixture_run(&w.fx);
	expect_after_max_wait(&w, MODE_DETAILED, 2);
	world_clear(&w);
}

/* Who was next leaves, and the next begins all the same. */
static void
test_max_wait_next(void **state)
{
	struct world w;
	struct reader first, next;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	reader_open(&w, &first, MODE_QUICK);
	w.fx.limits.max_wait_ms = MAX_WAIT_MS;
	reader_open(&w, &next, MODE_QUICK);
	fixture_advance(&w.fx, MAX_WAIT_MS);
	reader_expect(&next, ETIMEDOUT);
	reader_expect_waiting(&first);
	fixture_answer(&w.fx, GET_DOC);
	fixture_answer(&w.fx, LIST);
	fixture_answer(&w.fx, PUT_DOC);
	expect_document(&first, 3);
	assert_int_equal(fixture_pending(&w.fx, LIST), 1);
	fixture_advance(&w.fx, 2 * LINGER_MS);
	w.fx.store.pages[0] = "x.bin=5";
	fixture_run(&w.fx);
	expect_after_max_wait(&w, MODE_QUICK, 1);
	world_clear(&w);
}

/* Never one from before a refresh, of a time with nocache, or not storable. */
static void
test_max_wait_refusals(void **state)
{
	struct world w;
	struct reader r;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	w.fx.limits.max_wait_ms = MAX_WAIT_MS;
	atomic_store(&w.fx.bucket->nocache, true);
	w.fx.store.pages[0] = "a/1.delta=10";
	read_through(&w, MODE_DETAILED);
	atomic_store(&w.fx.bucket->nocache, false);
	w.fx.store.pages[0] = "a/1.delta=10 a/2.delta=20 x.bin=5";
	expect_after_max_wait(&w, MODE_DETAILED, -1);
	fixture_answer(&w.fx, GET_DOC);
	fixture_answer(&w.fx, LIST);
	fixture_answer(&w.fx, LIST); /* what was in memory is stale */
	fixture_refuse(&w.fx, "HEAD", "a/1", 404); /* deleted meanwhile */
	fixture_refuse(&w.fx, "HEAD", "a/1", 404);
	fixture_run(&w.fx);
	expect_after_max_wait(&w, MODE_DETAILED, -1);
	fixture_run(&w.fx);
	expect_after_max_wait(&w, MODE_DETAILED, 3);
	fixture_run(&w.fx);
	mark(&w, MODE_DETAILED);
	expect_after_max_wait(&w, MODE_DETAILED, -1);
	fixture_run(&w.fx);
	expect_after_max_wait(&w, MODE_DETAILED, 3);
	fixture_run(&w.fx);
	atomic_store(&w.fx.bucket->nocache, true);
	expect_after_max_wait(&w, MODE_DETAILED, -1);
	fixture_run(&w.fx);
	atomic_store(&w.fx.bucket->nocache, false);
	reader_open(&w, &r, MODE_DETAILED);
	fake_http_answer(fixture_find(&w.fx, LIST),
			 &(struct fake_answer){
				 .status = 404,
				 .body = "<Error><Code>NoSuchBucket</Code>"
					 "</Error>" });
	fixture_settle(&w.fx);
	reader_expect(&r, ENOENT);
	expect_after_max_wait(&w, MODE_DETAILED, -1);
	world_clear(&w);
}

/* A failure that comes in time is a failure, whatever was good before. */
static void
test_max_wait_failure(void **state)
{
	struct world w;
	struct reader r;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	w.fx.limits.max_wait_ms = MAX_WAIT_MS;
	read_through(&w, MODE_QUICK);
	reader_open(&w, &r, MODE_QUICK);
	fixture_refuse(&w.fx, LIST, 403);
	reader_expect(&r, EACCES);
	world_clear(&w);
}

/* The sooner of the two counts. */
static void
test_both_limits(void **state)
{
	struct world w;
	struct reader r;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	read_through(&w, MODE_QUICK);
	w.fx.limits.max_wait_ms = MAX_WAIT_MS;
	w.fx.limits.deadline_ms = 1000;
	reader_open(&w, &r, MODE_QUICK);
	fixture_advance(&w.fx, 1000);
	reader_expect(&r, ETIMEDOUT);
	w.fx.limits.deadline_ms = DEADLINE_MS;
	expect_after_max_wait(&w, MODE_QUICK, 3);
	world_clear(&w);
}

/* --- max_age --- */

/* What counts is when its LIST began. */
static void
test_max_age(void **state)
{
	struct world w;
	struct reader r;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	w.fx.limits.max_age_ms = MAX_AGE_MS;
	reader_open(&w, &r, MODE_QUICK);
	fixture_answer(&w.fx, GET_DOC);
	fixture_advance(&w.fx, 20000);
	fixture_answer(&w.fx, LIST);
	fixture_run(&w.fx);
	expect_document(&r, 3);
	w.fx.store.pages[0] = "x.bin=5";
	expect_at_once(&w, MODE_QUICK, 3);
	fixture_advance(&w.fx, 40000);
	expect_at_once(&w, MODE_QUICK, 3);
	fixture_advance(&w.fx, 1);
	reader_open(&w, &r, MODE_QUICK);
	fixture_run(&w.fx);
	expect_document(&r, 1);
	expect_at_once(&w, MODE_QUICK, 1);
	world_clear(&w);
}

/* A second LIST, since the cached document was stale, is the one that counts. */
static void
test_max_age_second_list(void **state)
{
	struct world w;
	struct reader r;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	read_through(&w, MODE_DETAILED);
	w.fx.limits.max_age_ms = MAX_AGE_MS;
	fixture_advance(&w.fx, MAX_AGE_MS + 1);
	w.fx.store.pages[0] = "x.bin=5";
	reader_open(&w, &r, MODE_DETAILED);
	fixture_answer(&w.fx, GET_DOC);
	fixture_advance(&w.fx, 30000);
	fixture_answer(&w.fx, LIST);
	fixture_run(&w.fx);
	expect_document(&r, 1);
	fixture_advance(&w.fx, MAX_AGE_MS);
	expect_at_once(&w, MODE_DETAILED, 1);
	world_clear(&w);
}

/* After refresh or under nocache, never. */
static void
test_max_age_refusals(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	w.fx.limits.max_age_ms = MAX_AGE_MS;
	read_through(&w, MODE_DETAILED);
	w.fx.store.pages[0] = "x.bin=5";
	mark(&w, MODE_DETAILED);
	read_through(&w, MODE_DETAILED);
	expect_at_once(&w, MODE_DETAILED, 1);
	w.fx.store.pages[0] = "x.bin=5 y.bin=6";
	atomic_store(&w.fx.bucket->nocache, true);
	read_through(&w, MODE_DETAILED);
	assert_int_equal(fixture_seen(&w.fx, LIST), 3);
	read_through(&w, MODE_DETAILED);
	assert_int_equal(fixture_seen(&w.fx, LIST), 4);
	atomic_store(&w.fx.bucket->nocache, false);
	expect_at_once(&w, MODE_DETAILED, 1); /* that of before */
	world_clear(&w);
}

/* Who waits for the next LIST when one ends can do with its result. */
static void
test_max_age_next(void **state)
{
	struct world w;
	struct reader first, next;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	w.fx.limits.max_age_ms = MAX_AGE_MS;
	reader_open(&w, &first, MODE_QUICK);
	reader_open(&w, &next, MODE_QUICK);
	fixture_run(&w.fx);
	expect_document(&first, 3);
	expect_document(&next, 3);
	assert_int_equal(fixture_seen(&w.fx, LIST), 1);
	world_clear(&w);
}

/* A probe that finds the same makes the result as young as itself. */
static void
test_max_age_probe(void **state)
{
	(void)state;
	for (int outlasts = 0; outlasts < 2; outlasts++) {
		struct world w;
		struct reader first, later;

		world_init(&w, CACHE_POLICY_RW);
		w.fx.limits.max_age_ms = MAX_AGE_MS;
		reader_open(&w, &first, MODE_DETAILED);
		fixture_answer(&w.fx, GET_DOC);
		fixture_answer(&w.fx, LIST);
		fixture_advance(&w.fx, 30000);
		reader_open(&w, &later, MODE_DETAILED);
		if (!outlasts)
			fixture_answer(&w.fx, LIST);
		fixture_answer(&w.fx, HEAD_ANY);
		fixture_answer(&w.fx, HEAD_ANY);
		fixture_answer(&w.fx, PUT_DOC);
		fixture_run(&w.fx);
		expect_document(&first, 3);
		expect_document(&later, 3);
		fixture_advance(&w.fx, 60000);
		expect_at_once(&w, MODE_DETAILED, 3);
		fixture_advance(&w.fx, 1);
		reader_open(&w, &first, MODE_DETAILED);
		reader_expect_waiting(&first);
		fixture_run(&w.fx);
		expect_document(&first, 3);
		world_clear(&w);
	}
}

/* --- opens that do not wait --- */

/* Its errno, or 0 and the document is in `r`. */
static int
poll(struct world *w, struct reader *r)
{
	reader_init(w, r, MODE_DETAILED);
	r->w.is_impatient = true;
	flight_add(flight_get(&w->env, w->fx.bucket, MODE_DETAILED), &r->w);
	assert_int_equal(r->n_done, 1); /* at once */
	fixture_settle(&w->fx);
	return r->code;
}

static void
test_poll(void **state)
{
	struct world w;
	struct reader r;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	assert_int_equal(poll(&w, &r), EAGAIN);
	fixture_answer(&w.fx, GET_DOC);
	fixture_answer(&w.fx, LIST);
	fixture_answer(&w.fx, HEAD_ANY);
	w.fx.store.pages[0] = "x.bin=5";
	for (int i = 0; i < 3; i++) {
		fixture_advance(&w.fx, 2 * LINGER_MS - 1);
		assert_int_equal(poll(&w, &r), EAGAIN);
	}
	assert_int_equal(fixture_seen(&w.fx, LIST), 1);
	fixture_run(&w.fx);
	fixture_advance(&w.fx, 1000000);
	assert_int_equal(poll(&w, &r), 0);
	expect_document(&r, 3);
	assert_int_equal(poll(&w, &r), EAGAIN); /* the next begins anew */
	fixture_run(&w.fx);
	assert_int_equal(poll(&w, &r), 0);
	expect_document(&r, 1);
	world_clear(&w);
}

/* Its LIST began after the first of the opens, however many others read. */
static void
test_poll_beside_readers(void **state)
{
	struct world w;
	struct reader reader, r;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	reader_open(&w, &reader, MODE_DETAILED);
	assert_int_equal(poll(&w, &r), EAGAIN);
	fixture_answer(&w.fx, GET_DOC);
	fixture_answer(&w.fx, LIST);
	w.fx.store.pages[0] = "x.bin=5";
	fixture_answer(&w.fx, LIST); /* a probe finds another one */
	w.fx.store.pages[0] = "a/1.delta=10 a/2.delta=20 x.bin=5";
	fixture_answer(&w.fx, HEAD_ANY);
	fixture_answer(&w.fx, HEAD_ANY);
	fixture_answer(&w.fx, PUT_DOC);
	expect_document(&reader, 3);
	w.fx.store.pages[0] = "x.bin=5";
	assert_int_equal(poll(&w, &r), EAGAIN);
	fixture_run(&w.fx);
	assert_int_equal(poll(&w, &r), 0);
	expect_document(&r, 1);
	world_clear(&w);
}

/* An error is ready, too; once. */
static void
test_poll_error(void **state)
{
	struct world w;
	struct reader r;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	assert_int_equal(poll(&w, &r), EAGAIN);
	fixture_refuse(&w.fx, LIST, 403);
	fixture_refuse(&w.fx, LIST, 403); /* without metadata, too */
	assert_int_equal(poll(&w, &r), EACCES);
	assert_int_equal(poll(&w, &r), EAGAIN);
	fixture_run(&w.fx);
	assert_int_equal(poll(&w, &r), 0);
	expect_document(&r, 3);
	world_clear(&w);
}

/* What was ready before a refresh, or a change of nocache, is void. */
static void
test_poll_refresh(void **state)
{
	struct world w;
	struct reader r;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	assert_int_equal(poll(&w, &r), EAGAIN);
	fixture_run(&w.fx);
	mark(&w, MODE_DETAILED);
	w.fx.store.pages[0] = "x.bin=5";
	assert_int_equal(poll(&w, &r), EAGAIN);
	fixture_run(&w.fx);
	w.fx.store.pages[0] = "x.bin=5 y.bin=6";
	atomic_store(&w.fx.bucket->nocache, true);
	assert_int_equal(poll(&w, &r), EAGAIN);
	mark(&w, MODE_DETAILED); /* while it is under way */
	w.fx.store.pages[0] = "x.bin=5 y.bin=6 z.bin=7 z2.bin=8";
	assert_int_equal(poll(&w, &r), EAGAIN);
	fixture_run(&w.fx);
	assert_int_equal(poll(&w, &r), 0);
	expect_document(&r, 4);
	assert_int_equal(fixture_seen(&w.fx, PUT_DOC), 2);
	world_clear(&w);
}

/* With max_age, what is young enough is ready. */
static void
test_poll_max_age(void **state)
{
	struct world w;
	struct reader r;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	w.fx.limits.max_age_ms = MAX_AGE_MS;
	read_through(&w, MODE_DETAILED);
	assert_int_equal(poll(&w, &r), 0);
	expect_document(&r, 3);
	fixture_advance(&w.fx, MAX_AGE_MS + 1);
	assert_int_equal(poll(&w, &r), EAGAIN);
	world_clear(&w); /* the mount ends while it is under way */
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_deadline_while_storing),
		cmocka_unit_test(test_max_wait),
		cmocka_unit_test(test_max_wait_poll),
		cmocka_unit_test(test_max_wait_next),
		cmocka_unit_test(test_max_wait_refusals),
		cmocka_unit_test(test_max_wait_failure),
		cmocka_unit_test(test_both_limits),
		cmocka_unit_test(test_max_age),
		cmocka_unit_test(test_max_age_second_list),
		cmocka_unit_test(test_max_age_refusals),
		cmocka_unit_test(test_max_age_next),
		cmocka_unit_test(test_max_age_probe),
		cmocka_unit_test(test_poll),
		cmocka_unit_test(test_poll_beside_readers),
		cmocka_unit_test(test_poll_error),
		cmocka_unit_test(test_poll_refresh),
		cmocka_unit_test(test_poll_max_age),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
