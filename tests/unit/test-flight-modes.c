/* SPDX-License-Identifier: MIT */
/*
 * Files of several modes that are opened together: one LIST for all of them, as
 * long as each result is as new as its open, and as the mark before it.
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
lay_documents(struct world *w)
{
	for (int mode = 0; mode < N_MODES; mode++) {
		free(w->fx.store.documents[mode]);
		w->fx.store.documents[mode] = fake_store_document(
			&w->fx.store, FIXTURE_BUCKET, (enum mode)mode);
	}
}

static void
open_all(struct world *w, struct reader *readers)
{
	for (int mode = 0; mode < N_MODES; mode++)
		reader_post(w, &readers[mode], (enum mode)mode);
	fixture_settle(&w->fx);
}

static void
expect_all(struct world *w, struct reader *readers, int code)
{
	fixture_run(&w->fx);
	for (int mode = 0; mode < N_MODES; mode++)
		reader_expect(&readers[mode], code);
}

static void
clear_all(struct reader *readers)
{
	for (int mode = 0; mode < N_MODES; mode++)
		reader_clear(&readers[mode]);
}

static void
assert_requests(struct world *w, unsigned lists, unsigned gets, unsigned heads)
{
	assert_int_equal(fixture_seen(&w->fx, LIST), lists);
	assert_int_equal(fixture_seen(&w->fx, GET_DOC), gets);
	assert_int_equal(fixture_seen(&w->fx, HEAD_ANY), heads);
}

/* Nothing cached, valid documents, documents that are stale. */
static void
test_costs(void **state)
{
	static const struct {
		bool is_cached, is_stale;
		unsigned lists, heads;
	} cases[] = {
		{ false, false, 1, 3 }, /* one for sampled, two for detailed */
		{ true, false, 1, 0 },
		{ true, true, 2, 3 }, /* they list again together */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct reader r[N_MODES];
		struct world w;

		world_init(&w, CACHE_POLICY_RW);
		if (cases[i].is_cached)
			lay_documents(&w);
		if (cases[i].is_stale)
			w.fx.store.pages[0] =
				"a/1.delta=10 a/2.delta=20 x.bin=7";
		open_all(&w, r);
		expect_all(&w, r, 0);
		assert_requests(&w, cases[i].lists, 3, cases[i].heads);
		for (int mode = 0; mode < N_MODES; mode++)
			assert_int_equal(
				reader_member(&r[mode], "compressed_size"),
				cases[i].is_stale ? 37 : 35);
		if (cases[i].heads) {
			assert_int_equal(
				reader_member(&r[MODE_DETAILED], "total_size"),
				300 + (cases[i].is_stale ? 7 : 5));
			assert_int_equal(
				reader_member(&r[MODE_QUICK], "total_size"),
				cases[i].is_stale ? 37 : 35);
		}
		clear_all(r);
		world_clear(&w);
	}
}

/* Where they meet is a moment later; the cached document is asked for at once. */
static void
test_moment(void **state)
{
	struct reader r[N_MODES], tree;
	struct world w;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	lay_documents(&w);
	w.fx.scans.gather_ms = 5;
	reader_open(&w, &r[0], MODE_QUICK);
	assert_requests(&w, 0, 1, 0);
	fixture_advance(&w.fx, 4);
	reader_open(&w, &r[1], MODE_SAMPLED);
	fixture_advance(&w.fx, 9);
	assert_requests(&w, 0, 2, 0);
	reader_open(&w, &r[2], MODE_DETAILED);
	fixture_advance(&w.fx, 14);
	assert_requests(&w, 0, 3, 0);
	reader_open(&w, &tree, MODE_PREFIXES);
	fixture_advance(&w.fx, 1);
	assert_requests(&w, 1, 4, 0);
	expect_all(&w, r, 0);
	reader_expect(&tree, 0);
	assert_requests(&w, 1, 4, 0);
	clear_all(r);
	reader_clear(&tree);
	world_clear(&w);
}

/* Where one mode alone is asked for there is nobody to wait for. */
static void
test_alone(void **state)
{
	struct reader r;
	struct world w;

	(void)state;
	world_init(&w, CACHE_POLICY_OFF);
	w.fx.scans.gather_ms = 5;
	for (unsigned i = 0; i < 3; i++) {
		enum mode mode = i < 2 ? MODE_QUICK : MODE_SAMPLED;

		reader_open(&w, &r, mode);
		assert_int_equal(fixture_seen(&w.fx, LIST), i == 1 ? 2 : i);
		fixture_advance(&w.fx, 5);
		assert_int_equal(fixture_seen(&w.fx, LIST), i + 1);
		fixture_run(&w.fx);
		reader_expect(&r, 0);
		reader_clear(&r);
	}
	world_clear(&w);
}

/* The LIST of another mode that has begun before is not good enough. */
static void
test_read_your_writes(void **state)
{
	struct reader before, r[N_MODES];
	struct world w;

	(void)state;
	for (int first = 0; first < N_MODES; first++) {
		world_init(&w, CACHE_POLICY_OFF);
		w.fx.store.is_without_metadata = true;
		reader_open(&w, &before, (enum mode)first);
		fake_store_answer(&w.fx.store, fixture_find(&w.fx, LIST));
		w.fx.store.pages[0] = "a/1.delta=10 a/2.delta=20 x.bin=7";
		for (int mode = 0; mode < N_MODES; mode++)
			reader_post(&w, &r[mode], (enum mode)mode);
		expect_all(&w, r, 0);
		reader_expect(&before, 0);
		assert_int_equal(reader_member(&before, "compressed_size"), 35);
		for (int mode = 0; mode < N_MODES; mode++)
			assert_int_equal(
				reader_member(&r[mode], "compressed_size"), 37);
		reader_clear(&before);
		clear_all(r);
		world_clear(&w);
	}
}

/* Those who come before the LIST begins share the job, but not past a mark. */
static void
test_joins_until_it_begins(void **state)
{
	static const struct {
		bool is_marked, is_nocache;
		unsigned n_jobs; /* LISTs, in the end */
	} cases[] = { { false, false, 1 },
		      { true, false, 2 },
		      { false, true, 2 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct reader a, b;
		struct world w;

		world_init(&w, CACHE_POLICY_OFF);
		w.fx.scans.gather_ms = 5;
		reader_open(&w, &a, MODE_QUICK);
		if (cases[i].is_marked)
			atomic_fetch_add(&w.fx.bucket->marked[MODE_QUICK], 1);
		if (cases[i].is_nocache) {
			atomic_store(&w.fx.bucket->nocache, true);
			atomic_fetch_add(&w.fx.bucket->nocache_writes, 1);
		}
		fixture_advance(&w.fx, 1);
		reader_open(&w, &b, MODE_QUICK);
		fixture_advance(&w.fx, 4);
		assert_int_equal(fixture_seen(&w.fx, LIST), 1);
		fixture_run(&w.fx);
		reader_expect(&a, 0);
		fixture_advance(&w.fx, 5);
		fixture_run(&w.fx);
		reader_expect(&b, 0);
		assert_int_equal(fixture_seen(&w.fx, LIST), cases[i].n_jobs);
		assert_int_equal(atomic_load(&w.fx.bucket->done[MODE_QUICK]),
				 cases[i].is_marked);
		reader_clear(&a);
		reader_clear(&b);
		world_clear(&w);
	}
}

/* During a sweep, whoever lists lists for the probe, too. */
static void
test_probe_shares(void **state)
{
	struct reader sweeps, later, even_later, quick;
	struct world w;

	(void)state;
	world_init(&w, CACHE_POLICY_OFF);
	w.fx.scans.gather_ms = 5;
	reader_open(&w, &sweeps, MODE_DETAILED);
	fixture_advance(&w.fx, 5);
	fixture_answer(&w.fx, LIST);
	assert_int_equal(fixture_pending(&w.fx, HEAD_ANY), 2);
	reader_open(&w, &quick, MODE_QUICK);
	fixture_advance(&w.fx, 2);
	reader_open(&w, &later, MODE_DETAILED);
	fixture_advance(&w.fx, 5);
	reader_open(&w, &even_later, MODE_DETAILED);
	fixture_advance(&w.fx, 5);
	assert_int_equal(fixture_seen(&w.fx, LIST), 2);
	fixture_answer(&w.fx, LIST);
	reader_expect(&quick, 0);
	fixture_run(&w.fx);
	reader_expect(&sweeps, 0);
	reader_expect(&later, 0);
	reader_expect(&even_later, 0);
	assert_requests(&w, 2, 0, 2);
	reader_clear(&sweeps);
	reader_clear(&later);
	reader_clear(&even_later);
	reader_clear(&quick);
	world_clear(&w);
}

/* Each of them says so. */
static void
test_failure(void **state)
{
	struct reader r[N_MODES];
	struct world w;

	(void)state;
	world_init(&w, CACHE_POLICY_OFF);
	w.fx.store.list_status = 403;
	open_all(&w, r);
	expect_all(&w, r, EACCES);
	assert_requests(&w, 2, 0, 0); /* with and without metadata=true */
	clear_all(r);
	world_clear(&w);
}

/* One that has gone leaves the LIST to the others. */
static void
test_interrupted(void **state)
{
	struct reader r[N_MODES];
	struct world w;

	(void)state;
	world_init(&w, CACHE_POLICY_OFF);
	open_all(&w, r);
	reader_interrupt(&w, &r[MODE_QUICK]);
	fixture_advance(&w.fx, LINGER_MS);
	assert_int_equal(w.env.jobs.n_jobs, 2);
	fixture_run(&w.fx);
	reader_expect(&r[MODE_QUICK], EINTR);
	reader_expect(&r[MODE_SAMPLED], 0);
	reader_expect(&r[MODE_DETAILED], 0);
	assert_requests(&w, 1, 0, 3);
	clear_all(r);
	world_clear(&w);
}

/*
 * A LIST that takes long, page by page, is progress for who waits for its end,
 * too; one in which nothing comes is not waited for.
 */
static void
test_timeouts(void **state)
{
	struct reader first, second;
	struct world w;

	(void)state;
	for (int hangs = 0; hangs < 2; hangs++) {
		world_init(&w, CACHE_POLICY_OFF);
		w.fx.limits.timeout_ms = 5000;
		for (int i = 0; i < FAKE_PAGES_MAX; i++)
			w.fx.store.pages[i] =
				&"a=1\0b=2\0c=3\0d=4\0e=5\0f=6"[4 * i];
		reader_open(&w, &first, MODE_QUICK);
		reader_open(&w, &second, MODE_SAMPLED);
		for (int i = 0; !hangs && i < FAKE_PAGES_MAX - 1; i++) {
			fixture_advance(&w.fx, 1500);
			fixture_answer(&w.fx, LIST);
		}
		if (hangs) {
			fixture_advance(&w.fx, 2000);
			assert_int_equal(fixture_pending(&w.fx, LIST), 2);
			fixture_advance(&w.fx, 3000);
			reader_expect(&first, ETIMEDOUT);
		}
		reader_expect_waiting(&second);
		fixture_run(&w.fx);
		reader_expect(&second, 0);
		if (!hangs)
			reader_expect(&first, 0);
		reader_clear(&first);
		reader_clear(&second);
		world_clear(&w);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_costs),
		cmocka_unit_test(test_moment),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_read_your_writes),
		cmocka_unit_test(test_joins_until_it_begins),
		cmocka_unit_test(test_probe_shares),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_timeouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
