/* SPDX-License-Identifier: MIT */
/*
 * Who shares which result: read your writes, probes, refresh, nocache, nodes,
 * and what becomes of work that nobody waits for.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "flight-fixture.h"

/* A sweep whose LIST has ended, one HEAD answered, one waits. */
static void
begin_sweep(struct world *w, struct reader *r)
{
	w->fx.store.get_status = 404;
	reader_open(w, r, MODE_DETAILED);
	fixture_answer(&w->fx, GET_DOC);
	fixture_answer(&w->fx, LIST);
	fixture_answer(&w->fx, HEAD_ANY);
	assert_int_equal(fixture_pending(&w->fx, HEAD_ANY), 1);
	reader_expect_waiting(r);
}

static void
mark(struct world *w, enum mode mode)
{
	atomic_fetch_add(&w->fx.bucket->marked[mode], 1);
}

static bool
is_marked(struct world *w, enum mode mode)
{
	return atomic_load(&w->fx.bucket->marked[mode]) !=
	       atomic_load(&w->fx.bucket->done[mode]);
}

/* --- one LIST at a time --- */

/* Who comes while a LIST is under way gets what the next one says. */
static void
test_next_list(void **state)
{
	struct world w;
	struct reader early, late;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	reader_open(&w, &early, MODE_QUICK);
	fixture_answer(&w.fx, LIST); /* has ended, but is not the result yet */
	w.fx.store.pages[0] = "x.bin=5 y.bin=6";
	reader_open(&w, &late, MODE_QUICK);
	assert_int_equal(fixture_seen(&w.fx, LIST), 1);
	fixture_run(&w.fx);
	reader_expect(&early, 0);
	reader_expect(&late, 0);
	assert_int_equal(reader_member(&early, "object_count"), 3);
	assert_int_equal(reader_member(&late, "object_count"), 2);
	assert_int_equal(fixture_seen(&w.fx, LIST), 2);
	reader_clear(&early);
	reader_clear(&late);
	world_clear(&w);
}

static void
test_crowd(void **state)
{
	(void)state;
	for (int mode = 0; mode < N_MODES; mode++) {
		struct world w;
		struct reader readers[50];
		unsigned heads;

		world_init(&w, CACHE_POLICY_RW);
		for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
			reader_open(&w, &readers[i], (enum mode)mode);
		fixture_run(&w.fx);
		for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
			reader_expect(&readers[i], 0);
			reader_clear(&readers[i]);
		}
		heads = (unsigned)mode; /* one per space, one per delta */
		assert_int_equal(fixture_seen(&w.fx, LIST), 2);
		assert_int_equal(fixture_seen(&w.fx, HEAD_ANY), heads);
		world_clear(&w);
	}
}

/* The second LIST, of a stale document, began after they came: it will do. */
static void
test_stale_crowd(void **state)
{
	struct world w;
	struct reader first, others[10];

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	read_through(&w, MODE_DETAILED);
	w.fx.store.pages[1] = "y/1.delta=6";
	reader_open(&w, &first, MODE_DETAILED);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		reader_open(&w, &others[i], MODE_DETAILED);
	fixture_run(&w.fx);
	reader_expect(&first, 0);
	reader_clear(&first);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		reader_expect(&others[i], 0);
		assert_int_equal(reader_member(&others[i], "object_count"), 4);
		reader_clear(&others[i]);
	}
	/* one page before, two pages twice after */
	assert_int_equal(fixture_seen(&w.fx, LIST), 1 + 2 + 2);
	assert_int_equal(fixture_seen(&w.fx, HEAD_ANY), 2 + 3);
	world_clear(&w);
}

/* --- probes --- */

/* The same listing: the sweep under way serves those who came later. */
static void
test_probe_joins(void **state)
{
	struct world w;
	struct reader first, later, last;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	begin_sweep(&w, &first);
	reader_open(&w, &later, MODE_DETAILED);
	assert_int_equal(fixture_pending(&w.fx, LIST), 1);
	reader_open(&w, &last, MODE_DETAILED); /* not of this probe */
	fixture_answer(&w.fx, LIST);
	assert_int_equal(fixture_pending(&w.fx, LIST), 1); /* but of this one */
	fixture_answer(&w.fx, LIST);
	fixture_answer(&w.fx, HEAD_ANY);
	fixture_answer(&w.fx, PUT_DOC);
	reader_expect(&first, 0);
	reader_expect(&later, 0);
	reader_expect(&last, 0);
	assert_string_equal(first.doc, later.doc);
	assert_int_equal(fixture_seen(&w.fx, HEAD_ANY), 2);
	reader_clear(&first);
	reader_clear(&later);
	reader_clear(&last);
	world_clear(&w);
}

/* The sweep ends before the probe: its result is kept for comparison. */
static void
test_probe_outlasts(void **state)
{
	struct world w;
	struct reader first, later;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	begin_sweep(&w, &first);
	reader_open(&w, &later, MODE_DETAILED);
	fixture_answer(&w.fx, HEAD_ANY);
	fixture_answer(&w.fx, PUT_DOC);
	reader_expect(&first, 0);
	reader_expect_waiting(&later);
	fixture_answer(&w.fx, LIST);
	reader_expect(&later, 0);
	assert_string_equal(first.doc, later.doc);
	reader_clear(&first);
	reader_clear(&later);
	world_clear(&w);
}

/* Another listing: they wait for the sweep to end and become the next one. */
static void
test_probe_mismatch(void **state)
{
	(void)state;
	for (int probe_last = 0; probe_last < 2; probe_last++) {
		struct world w;
		struct reader first, later;

		world_init(&w, CACHE_POLICY_RW);
		begin_sweep(&w, &first);
		w.fx.store.pages[0] = "a/1.delta=10 a/2.delta=20";
		reader_open(&w, &later, MODE_DETAILED);
		if (!probe_last) {
			fixture_answer(&w.fx, LIST);
			/* no more of them: one sweep at a time */
			assert_int_equal(fixture_pending(&w.fx, LIST), 0);
		}
		w.fx.store.pages[0] = "a/1.delta=10 a/2.delta=20 x.bin=5";
		fixture_answer(&w.fx, HEAD_ANY);
		fixture_answer(&w.fx, PUT_DOC);
		reader_expect(&first, 0);
		reader_expect_waiting(&later);
		w.fx.store.pages[0] = "a/1.delta=10 a/2.delta=20";
		fixture_run(&w.fx);
		reader_expect(&later, 0);
		assert_int_equal(reader_member(&later, "object_count"), 2);
		reader_clear(&first);
		reader_clear(&later);
		world_clear(&w);
	}
}

/* A probe's failure is that of its readers alone. */
static void
test_probe_fails(void **state)
{
	struct world w;
	struct reader first, later;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	begin_sweep(&w, &first);
	reader_open(&w, &later, MODE_DETAILED);
	fixture_refuse(&w.fx, LIST, 403);
	reader_expect(&later, EACCES);
	reader_expect_waiting(&first);
	fixture_run(&w.fx);
	reader_expect(&first, 0);
	reader_clear(&first);
	world_clear(&w);
}

/* The sweep's failure is not that of the probe's readers. */
static void
test_sweep_fails(void **state)
{
	struct world w;
	struct reader first, later;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	begin_sweep(&w, &first);
	reader_open(&w, &later, MODE_DETAILED);
	fixture_refuse(&w.fx, HEAD_ANY, 500);
	reader_expect(&first, EIO);
	reader_expect_waiting(&later);
	fixture_run(&w.fx);
	reader_expect(&later, 0);
	reader_clear(&later);
	world_clear(&w);
}

/* An object changed between LIST and HEAD: good for its readers only. */
static void
test_changed_meanwhile(void **state)
{
	struct world w;
	struct reader first, later;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	begin_sweep(&w, &first);
	reader_open(&w, &later, MODE_DETAILED);
	fixture_refuse(&w.fx, HEAD_ANY, 404);
	fixture_refuse(&w.fx, HEAD_ANY, 404); /* and once more */
	reader_expect(&first, 0); /* and nothing is stored */
	fixture_answer(&w.fx, LIST);
	reader_expect_waiting(&later);
	fixture_run(&w.fx);
	reader_expect(&later, 0);
	assert_int_equal(fixture_seen(&w.fx, PUT_DOC), 1);
	reader_clear(&first);
	reader_clear(&later);
	world_clear(&w);
}

/* --- refresh and nocache --- */

/* A mark while a sweep is under way: never a result begun before it. */
static void
test_mark_in_the_middle(void **state)
{
	(void)state;
	for (int with_probe = 0; with_probe < 2; with_probe++) {
		struct world w;
		struct reader first, probing, later;

		world_init(&w, CACHE_POLICY_RW);
		begin_sweep(&w, &first);
		if (with_probe) /* which finds the same, but is too old */
			reader_open(&w, &probing, MODE_DETAILED);
		mark(&w, MODE_DETAILED);
		reader_open(&w, &later, MODE_DETAILED);
		assert_int_equal(fixture_pending(&w.fx, LIST), with_probe);
		fixture_run(&w.fx);
		reader_expect(&first, 0);
		reader_expect(&later, 0);
		assert_false(is_marked(&w, MODE_DETAILED));
		assert_int_equal(fixture_seen(&w.fx, HEAD_ANY), 2 + 2);
		assert_int_equal(fixture_seen(&w.fx, PUT_DOC), 2);
		if (with_probe) {
			reader_expect(&probing, 0);
			reader_clear(&probing);
		}
		reader_clear(&first);
		reader_clear(&later);
		world_clear(&w);
	}
}

/* A refresh computes though the cache is valid, and rewrites it. */
static void
test_refresh(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	read_through(&w, MODE_SAMPLED);
	read_through(&w, MODE_SAMPLED);
	assert_int_equal(fixture_seen(&w.fx, HEAD_ANY), 1);
	mark(&w, MODE_SAMPLED);
	read_through(&w, MODE_SAMPLED);
	assert_int_equal(fixture_seen(&w.fx, HEAD_ANY), 2);
	assert_int_equal(fixture_seen(&w.fx, PUT_DOC), 2);
	assert_int_equal(fixture_seen(&w.fx, GET_DOC), 2);
	assert_false(is_marked(&w, MODE_SAMPLED));
	read_through(&w, MODE_SAMPLED); /* once */
	assert_int_equal(fixture_seen(&w.fx, HEAD_ANY), 2);
	world_clear(&w);
}

/* A failed recomputation leaves the mark, a failed PUT does not. */
static void
test_failed_refresh(void **state)
{
	struct world w;
	struct reader r;

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	mark(&w, MODE_DETAILED);
	w.fx.store.head_status = 500;
	reader_open(&w, &r, MODE_DETAILED);
	fixture_run(&w.fx);
	reader_expect(&r, EIO);
	assert_true(is_marked(&w, MODE_DETAILED));
	w.fx.store.head_status = 0;
	w.fx.store.put_status = 500;
	read_through(&w, MODE_DETAILED);
	assert_false(is_marked(&w, MODE_DETAILED));
	world_clear(&w);
}

/* Every open computes and touches no cache; those at the same time share. */
static void
test_nocache(void **state)
{
	struct world w;
	struct reader first, readers[5];

	(void)state;
	world_init(&w, CACHE_POLICY_RW);
	read_through(&w, MODE_DETAILED);
	atomic_store(&w.fx.bucket->nocache, true);
	reader_open(&w, &first, MODE_DETAILED);
	fixture_answer(&w.fx, LIST);
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
		reader_open(&w, &readers[i], MODE_DETAILED);
	assert_int_equal(fixture_pending(&w.fx, LIST), 0); /* no probe */
	fixture_run(&w.fx);
	reader_expect(&first, 0);
	reader_clear(&first);
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		reader_expect(&readers[i], 0);
		reader_clear(&readers[i]);
	}
	assert_int_equal(fixture_seen(&w.fx, HEAD_ANY), 3 * 2);
	assert_int_equal(fixture_seen(&w.fx, GET_DOC), 1);
	assert_int_equal(fixture_seen(&w.fx, PUT_DOC), 1);
	atomic_store(&w.fx.bucket->nocache, false);
	read_through(&w, MODE_DETAILED); /* the cached one is still valid */
	assert_int_equal(fixture_seen(&w.fx, HEAD_ANY), 3 * 2);
	world_clear(&w);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next_list),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_stale_crowd),
		cmocka_unit_test(test_probe_joins),
		cmocka_unit_test(test_probe_outlasts),
		cmocka_unit_test(test_probe_mismatch),
		cmocka_unit_test(test_probe_fails),
		cmocka_unit_test(test_sweep_fails),
		cmocka_unit_test(test_changed_meanwhile),
		cmocka_unit_test(test_mark_in_the_middle),
		cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_failed_refresh),
		cmocka_unit_test(test_nocache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
