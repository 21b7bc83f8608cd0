/* SPDX-License-Identifier: MIT */
/*
 * The memo of a bucket with more deltas than it has room for: what it then knows is right,
 * no more is held, it is of use nevertheless, and a refresh is as good as ever.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "memo-world.h"

_Static_assert(MEMO_HELD_MAX == 25, "as the Makefile has it");

/* As many as there is room for, and what is written once is not written again. */
static void
test_too_many(void **state)
{
	struct world *w = world_new(100);

	(void)state;
	assert_int_equal(world_fresh_heads(w, 100, 1, false), 100);
	assert_int_equal(w->n_written, MEMO_BYTES(25));
	for (int i = 0; i < 3; i++) {
		w->now += 100000;
		assert_int_equal(world_fresh_heads(w, 100, 1, false), 75);
	}
	assert_int_equal(w->n_written, MEMO_BYTES(25));
	world_clear(w);
}

/* Half have changed: those that are gone make room for others, of sampled, too. */
static void
test_others(void **state)
{
	struct world *w = world_new(100);

	(void)state;
	assert_int_equal(world_fresh_heads(w, 100, 5, false), 20);
	for (int i = 0; i < 5; i++) {
		for (unsigned key = 0; key < 50; key++)
			world_put(w, key, 10);
		assert_int_equal(world_fresh_heads(w, 100, 5, false), 10);
		assert_in_range(world_fresh_heads(w, 100, 5, false), 0, 9);
		assert_int_equal(world_fresh_heads(w, 100, 5, false), 0);
	}
	world_clear(w);
}

/* As if the memo had been wrong. */
static void
spoil(struct world *w, unsigned n)
{
	for (unsigned key = 0; key < n; key++)
		w->keys[key].original = 5 + w->keys[key].original % 2;
}

/* What it does not believe makes room for what a refresh learns. */
static void
test_refresh(void **state)
{
	for (unsigned step = 1; step <= 2; step++) {
		struct world *w = world_new(20);

		(void)state;
		world_fresh_heads(w, 20, 1, false);
		spoil(w, 20);
		assert_int_equal(world_fresh_heads(w, 20, step, true),
				 20 / step);
		assert_int_equal(world_fresh_heads(w, 20, step, false), 0);
		world_clear(w);
	}
}

/* Nor is a part of it put, which would settle what is in doubt. */
static void
test_refresh_of_too_many(void **state)
{
	struct world *w = world_new(100);
	struct memo m;

	(void)state;
	world_fresh_heads(w, 100, 1, false);
	memo_init(&m, BUCKET);
	world_load(w, &m);
	world_sweep(w, &m, 100, 1, true);
	assert_int_equal(memo_count(&m), 0);
	w->n_written = 0;
	world_end(w, &m, 1, true, false);
	assert_int_equal(w->n_written, 0);
	memo_clear(&m);
	world_clear(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(world_histories),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_refresh_of_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
