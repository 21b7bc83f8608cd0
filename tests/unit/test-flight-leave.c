/* SPDX-License-Identifier: MIT */
/*
 * Readers that leave: the work goes on for a while and stops when nobody waits
 * any more; readers of one node get one document; the mount may end at any time.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "flight-fixture.h"

static void
test_linger(void **state)
{
	struct world w;
	struct reader r;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	reader_open(&w, &r, MODE_DETAILED);
	reader_interrupt(&w, &r);
	reader_expect(&r, EINTR);
	fixture_advance(&w.fx, LINGER_MS - 1);
	assert_int_equal(w.env.jobs.n_jobs, 1);
	fixture_advance(&w.fx, 1);
	assert_int_equal(w.env.jobs.n_jobs, 0);
	assert_int_equal(fixture_pending(&w.fx, ANY_GET), 0);
	world_clear(&w);
}

/* Who comes back in time finds the HEADs done. */
static void
test_come_back(void **state)
{
	struct world w;
	struct reader r;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	reader_open(&w, &r, MODE_DETAILED);
	fixture_answer(&w.fx, GET_DOC);
	fixture_answer(&w.fx, LIST);
	fixture_answer(&w.fx, HEAD_ANY);
	reader_interrupt(&w, &r);
	fixture_advance(&w.fx, LINGER_MS - 1);
	reader_open(&w, &r, MODE_DETAILED);
	fixture_advance(&w.fx, LINGER_MS);
	fixture_run(&w.fx);
	reader_expect(&r, 0);
	assert_int_equal(fixture_seen(&w.fx, HEAD_ANY), 2);
	reader_clear(&r);
	world_clear(&w);
}

/* A sweep of no use to who comes next does not keep them waiting for its end. */
static void
test_useless_sweep(void **state)
{
	struct world w;
	struct reader a, b;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	reader_open(&w, &a, MODE_DETAILED);
	fixture_answer(&w.fx, GET_DOC);
	fixture_answer(&w.fx, LIST);
	reader_interrupt(&w, &a);
	atomic_fetch_add(&w.fx.bucket->marked[MODE_DETAILED], 1);
	reader_open(&w, &b, MODE_DETAILED);
	fixture_advance(&w.fx, LINGER_MS - 1);
	assert_int_equal(fixture_pending(&w.fx, LIST), 0);
	fixture_advance(&w.fx, 1); /* the old sweep stops, the new one begins */
	assert_int_equal(fixture_pending(&w.fx, LIST), 1);
	fixture_run(&w.fx);
	reader_expect(&b, 0);
	reader_clear(&a);
	reader_clear(&b);
	world_clear(&w);
}

/* What has ended while nobody waited is stored for the next one. */
static void
test_ends_while_lingering(void **state)
{
	struct world w;
	struct reader r;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	reader_open(&w, &r, MODE_DETAILED);
	reader_interrupt(&w, &r);
	fixture_run(&w.fx);
	assert_int_equal(fixture_seen(&w.fx, PUT_DOC), 1);
	assert_int_equal(w.env.jobs.n_jobs, 0);
	world_clear(&w);
}

static void
test_others_go_on(void **state)
{
	struct world w;
	struct reader a, b, c;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	reader_open(&w, &a, MODE_DETAILED);
	reader_open(&w, &b, MODE_DETAILED);
	reader_open(&w, &c, MODE_DETAILED);
	reader_interrupt(&w, &a); /* of current */
	reader_interrupt(&w, &c); /* of next */
	fixture_advance(&w.fx, LINGER_MS + 1); /* b still waits */
	fixture_run(&w.fx);
	reader_expect(&b, 0);
	reader_clear(&b);
	world_clear(&w);
}

/* A probe whose readers have gone ends, and the sweep only lingers. */
static void
test_probe_is_left(void **state)
{
	struct world w;
	struct reader first, later;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	reader_open(&w, &first, MODE_DETAILED);
	fixture_answer(&w.fx, GET_DOC);
	fixture_answer(&w.fx, LIST);
	reader_open(&w, &later, MODE_DETAILED);
	assert_int_equal(fixture_pending(&w.fx, LIST), 1);
	reader_interrupt(&w, &first);
	fixture_advance(&w.fx, LINGER_MS + 1); /* later still waits */
	assert_int_equal(w.env.jobs.n_jobs, 2);
	reader_interrupt(&w, &later);
	assert_int_equal(fixture_pending(&w.fx, LIST), 0);
	assert_int_equal(w.env.jobs.n_jobs, 1);
	fixture_advance(&w.fx, LINGER_MS);
	assert_int_equal(w.env.jobs.n_jobs, 0);
	world_clear(&w);
}

/* The last who wait are those of a probe, and it fails: likewise. */
static void
test_probe_fails_last(void **state)
{
	struct world w;
	struct reader first, later;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	reader_open(&w, &first, MODE_DETAILED);
	fixture_answer(&w.fx, GET_DOC);
	fixture_answer(&w.fx, LIST);
	reader_open(&w, &later, MODE_DETAILED);
	reader_interrupt(&w, &first);
	fixture_refuse(&w.fx, LIST, 403);
	reader_expect(&later, EACCES);
	fixture_advance(&w.fx, LINGER_MS);
	assert_int_equal(w.env.jobs.n_jobs, 0);
	world_clear(&w);
}

/* The result is there, the probe that it is kept for ends. */
static void
test_left_after_result(void **state)
{
	struct world w;
	struct reader first, later, last;

	(void)state;
	world_init(&w, CACHE_POLICY_RO); /* no PUT */
	reader_open(&w, &first, MODE_DETAILED);
	fixture_answer(&w.fx, GET_DOC);
	fixture_answer(&w.fx, LIST);
	reader_open(&w, &later, MODE_DETAILED);
	fixture_answer(&w.fx, HEAD_ANY);
	fixture_answer(&w.fx, HEAD_ANY);
	reader_expect(&first, 0);
	reader_open(&w, &last, MODE_DETAILED);
	reader_interrupt(&w, &later);
	/* the next computation begins at once */
	assert_int_equal(fixture_pending(&w.fx, GET_DOC), 1);
	fixture_run(&w.fx);
	reader_expect(&last, 0);
	reader_clear(&first);
	reader_clear(&last);
	world_clear(&w);
}

/* --- the end of the mount --- */

/* After each number of answers, with readers in every list. */
static void
test_end_anywhere(void **state)
{
	bool goes_on = true;

	(void)state;
	for (unsigned n = 0; goes_on; n++) {
		struct world w;
		struct reader a, b, c;

		world_init(&w, CACHE_POLICY_RW);
		reader_open(&w, &a, MODE_DETAILED);
		reader_open(&w, &b, MODE_DETAILED);
		for (unsigned i = 0; i < n && goes_on; i++)
			goes_on = fixture_step(&w.fx);
		reader_open(&w, &c, MODE_DETAILED);
		w.env.is_stopping = true;
		while (w.all)
			waiter_complete(w.all, NULL,
					&(struct err){ .code = EINTR });
		assert_int_equal(c.n_done, 1);
		reader_clear(&a);
		reader_clear(&b);
		world_clear(&w);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linger),
		cmocka_unit_test(test_come_back),
		cmocka_unit_test(test_ends_while_lingering),
		cmocka_unit_test(test_useless_sweep),
		cmocka_unit_test(test_others_go_on),
		cmocka_unit_test(test_probe_is_left),
		cmocka_unit_test(test_probe_fails_last),
		cmocka_unit_test(test_left_after_result),
		cmocka_unit_test(test_end_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
