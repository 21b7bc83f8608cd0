/* SPDX-License-Identifier: MIT */
/*
 * Listings in ranges, of stores that answer wrongly: what can be noticed is, and
 * the bucket is listed again, by a plan that the store can.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake-clock.h"
#include "listing-fixture.h"
#include "util/date.h"

struct outcome {
	unsigned n_runs, n_again; /* with more than one listing */
	unsigned n_listings; /* at most */
	unsigned n_remembered[LIST_UNORDERED + 1]; /* runs with that plan */
};

/*
 * Listings of stores with a quirk.  What they lost, if anything, `may_lose` says
 * whether it could have been noticed.
 */
static struct outcome
try_quirk(enum quirk quirk, bool (*may_lose)(const struct run *, size_t key))
{
	struct outcome out = { 0 };

	for (unsigned i = 0; i < RUNS; i++) {
		struct run run;
		unsigned parallel = run_begin(&run, i), n;

		key_store_fill(&run.store, i % KEY_STORE_SHAPES, 20);
		if (i % 2)
			remember_cuts(&run.memory, &run.store);
		run.store.quirk = quirk;
		n = run_list(&run, parallel);
		run_check(&run, may_lose);
		out.n_runs++;
		out.n_again += n > 1;
		if (n > out.n_listings)
			out.n_listings = n;
		out.n_remembered[run.memory.plan]++;
		if (run.memory.plan != LIST_PARALLEL) {
			assert_int_equal(run_list(&run, parallel), 1);
			run_check(&run, NULL);
		}
		run_clear(&run);
	}
	return out;
}

static void
test_start_ignored(void **state)
{
	struct outcome out = try_quirk(IGNORES_START, NULL);

	(void)state;
	assert_int_equal(out.n_listings, 2);
	assert_true(out.n_again > RUNS / 2);
	assert_int_equal(out.n_remembered[LIST_SEQUENTIAL], out.n_again);
	assert_int_equal(out.n_remembered[LIST_UNORDERED], 0);
}

/* It is no error where no key is named exactly so. */
static void
test_start_included(void **state)
{
	struct outcome out = try_quirk(STARTS_WITH, NULL);

	(void)state;
	assert_int_equal(out.n_listings, 2);
	assert_true(out.n_again > RUNS / 4);
	assert_int_equal(out.n_remembered[LIST_SEQUENTIAL], out.n_again);
	assert_int_equal(out.n_remembered[LIST_UNORDERED], 0);
}

/* Cuts are such that it does not matter. */
static void
test_start_decoded_twice(void **state)
{
	struct outcome out = try_quirk(DECODES_TWICE, NULL);

	(void)state;
	assert_int_equal(out.n_again, 0);
	assert_int_equal(out.n_remembered[LIST_PARALLEL], out.n_runs);
}

/* Where a page ends exactly at a cut, what is behind it was not seen. */
static bool
is_behind_cut_at_key(const struct run *run, size_t k)
{
	while (k > 0 && run->n_seen[k] == 0)
		k--;
	for (size_t i = 0; i < run->n_ranges; i++)
		if (run->ranges[i].after &&
		    strcmp(run->ranges[i].after, run->store.keys[k]) == 0)
			return true;
	return false;
}

/* The first time it may have been a writer, and it is listed so once more. */
static void
test_keys_lost(void **state)
{
	struct outcome out = try_quirk(SKIPS_AFTER_START, is_behind_cut_at_key);

	(void)state;
	assert_int_equal(out.n_listings, 3);
	assert_true(out.n_again > RUNS / 2);
	assert_int_equal(out.n_remembered[LIST_UNORDERED], 0);
}

static void
remember_a_cut(struct run *run)
{
	run->memory.n_keys = MANY_KEYS;
	remember_cut(&run->memory, "data/00000050x");
}

/* Three doubts in a row are remembered. */
static void
test_doubts(void **state)
{
	struct run run;

	(void)state;
	run_init(&run, 1);
	key_store_fill(&run.store, 1, 100);
	remember_a_cut(&run);
	run.store.quirk = SKIPS_AFTER_START;
	assert_int_equal(run_list(&run, 2), 3);
	run_check(&run, NULL);
	assert_int_equal(run.memory.plan, LIST_PARALLEL);
	assert_int_equal(run.memory.n_disagreements, 2);
	assert_int_equal(run_list(&run, 2), 2);
	run_check(&run, NULL);
	assert_int_equal(run.memory.plan, LIST_SEQUENTIAL);
	run_clear(&run);
}

/* For an hour; then ranges are tried again, and one that is right is enough. */
static void
test_doubts_end(void **state)
{
	struct run run;

	(void)state;
	run_init(&run, 1);
	key_store_fill(&run.store, 1, 100);
	remember_a_cut(&run);
	run.memory.n_disagreements = LIST_DISAGREEMENTS_MAX;
	assert_non_null(list_memory_set_plan(&run.memory, LIST_SEQUENTIAL,
					     date_mono_ms()));
	fake_clock_advance(LIST_SEQUENTIAL_MS - 1);
	assert_int_equal(run_list(&run, 2), 1);
	assert_int_equal(run.n_ranges, 1);
	fake_clock_advance(1);
	assert_int_equal(run_list(&run, 2), 1);
	assert_true(run.n_ranges > 1);
	run.memory.n_disagreements = LIST_DISAGREEMENTS_MAX - 1;
	remember_a_cut(&run);
	assert_int_equal(run_list(&run, 2), 1);
	assert_true(run.n_ranges > 1);
	assert_int_equal(run.memory.n_disagreements, 0);
	assert_int_equal(run.memory.plan, LIST_PARALLEL);
	run_clear(&run);
}

static void
test_other_order(void **state)
{
	struct outcome out = try_quirk(OTHER_ORDER, NULL);

	(void)state;
	assert_in_range(out.n_listings, 2, 4);
	assert_true(out.n_again > RUNS / 2);
	assert_int_equal(out.n_remembered[LIST_SEQUENTIAL], 0);
	assert_int_equal(out.n_remembered[LIST_UNORDERED], out.n_again);
}

static void
test_page_repeated(void **state)
{
	struct outcome out = try_quirk(REPEATS_PAGE, NULL);

	(void)state;
	assert_in_range(out.n_listings, 2, 3);
	assert_true(out.n_again > RUNS / 2);
}

/* Nobody knows what would have come behind the last key. */
static bool
is_at_the_end(const struct run *run, size_t k)
{
	while (k < run->store.n_keys && run->n_seen[k] == 0)
		k++;
	return k == run->store.n_keys;
}

static void
test_early_end(void **state)
{
	struct outcome out = try_quirk(ENDS_EARLY, is_at_the_end);

	(void)state;
	assert_int_equal(out.n_listings, 2); /* it does so once */
	assert_true(out.n_again > RUNS / 8);
	assert_int_equal(out.n_remembered[LIST_PARALLEL], out.n_runs);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start_ignored),
		cmocka_unit_test(test_start_included),
		cmocka_unit_test(test_start_decoded_twice),
		cmocka_unit_test(test_keys_lost),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_doubts_end),
		cmocka_unit_test(test_other_order),
		cmocka_unit_test(test_page_repeated),
		cmocka_unit_test(test_early_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
