/* SPDX-License-Identifier: MIT */
/*
 * Listings in ranges, of buckets with odd keys: every key exactly once, whatever
 * the cuts, the order of the answers and the failures.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "listing-fixture.h"

/* Keys come and go, at the cuts and beside them. */
static void
change_bucket(struct key_store *s, const struct list_memory *m)
{
	for (size_t i = 0; i < m->n_cuts; i++) {
		const char *cut = m->cuts[i].key;
		size_t k = key_store_find(s, cut, strlen(cut));
		char beside[128];

		switch (key_store_random(s, 5)) {
		case 0:
			key_store_delete(s, k);
			break;
		case 1:
			key_store_delete(s, k + 1);
			break;
		case 2:
			snprintf(beside, sizeof(beside), "%s\x01", cut);
			key_store_put(s, beside);
			break;
		case 3:
			while (key_store_random(s, 4) && k < s->n_keys)
				key_store_delete(s, k);
			break;
		default:
			break;
		}
	}
}

/* Nothing is known of the bucket. */
static void
test_first(void **state)
{
	unsigned n_cuts = 0;

	(void)state;
	for (unsigned i = 0; i < RUNS; i++) {
		struct run run;
		unsigned parallel = run_begin(&run, i);

		assert_int_equal(run_list(&run, parallel), 1);
		run_check(&run, NULL);
		assert_int_equal(run.memory.n_keys, run.store.n_keys);
		assert_int_equal(run.memory.plan, LIST_PARALLEL);
		n_cuts += (unsigned)run.n_ranges - 1;
		run_clear(&run);
	}
	assert_true(n_cuts > RUNS); /* else it says nothing */
}

/* It begins in ranges, which need not fit the bucket any more. */
static void
test_again(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RUNS; i++) {
		struct run run;
		unsigned parallel = run_begin(&run, i);

		remember_cuts(&run.memory, &run.store);
		if (i % 5)
			change_bucket(&run.store, &run.memory);
		assert_int_equal(run_list(&run, parallel), 1);
		run_check(&run, NULL);
		assert_int_equal(run.memory.plan, LIST_PARALLEL);
		run_clear(&run);
	}
}

/*
 * Somebody else knows keys of the bucket as it was, and of another one: they come while
 * it is listed, in whatever state its ranges are, and more than once.
 */
static void
test_given(void **state)
{
	unsigned n_cuts = 0;

	(void)state;
	for (unsigned i = 0; i < RUNS; i++) {
		struct run run, other;
		unsigned parallel = run_begin(&run, i);

		run_begin(&other, i + 1);
		remember_cuts(&run.given, i % 3 ? &run.store : &other.store);
		if (i % 5 == 0)
			remember_cuts(&run.memory, &run.store);
		if (i % 2)
			change_bucket(&run.store, &run.given);
		assert_int_equal(run_list(&run, parallel), 1);
		run_check(&run, NULL);
		assert_int_equal(run.memory.n_keys, run.store.n_keys);
		n_cuts += (unsigned)run.n_ranges - 1;
		run_clear(&run);
		run_clear(&other);
	}
	assert_true(n_cuts > RUNS); /* else it says nothing */
}

/* While it is listed, others write: what is there all the time comes once. */
static void
test_writers(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RUNS; i++) {
		struct run run;
		unsigned parallel = run_begin(&run, i);

		remember_cuts(i % 2 ? &run.memory : &run.given, &run.store);
		run.has_writers = true;
		run.n_stay = run.store.n_keys;
		run_list(&run, parallel);
		assert_int_equal(run.code, 0);
		for (size_t k = 0; k < run.n_stay; k++)
			assert_int_equal(run.n_seen[k], 1);
		run_clear(&run);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_given),
		cmocka_unit_test(test_writers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
