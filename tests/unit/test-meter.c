/* SPDX-License-Identifier: MIT */
/*
 * What is asked of a store, as it is counted.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake-clock.h"
#include "s3/meter.h"

static void
expect_load(struct meter *m, const char *bucket, uint64_t running,
	    uint64_t waiting)
{
	struct meter_counts counts;
	struct meter_load load;

	meter_get(m, &counts);
	load = counts.load;
	if (bucket)
		meter_get_load(m, bucket, &load);
	assert_int_equal(load.n_running, running);
	assert_int_equal(load.n_waiting, waiting);
}

/* A call is under way, waits, or neither; whatever its end, it counts no more. */
static void
test_load(void **state)
{
	struct meter_call a, b, c;
	struct meter *m = meter_new();

	(void)state;
	expect_load(m, "one", 0, 0);
	meter_enter(m, &a, "one");
	meter_enter(m, &b, "one");
	meter_enter(m, &c, NULL);
	expect_load(m, "one", 0, 0);
	meter_began(m, &a);
	meter_began(m, &b);
	meter_began(m, &c);
	expect_load(m, "one", 2, 0);
	expect_load(m, "two", 0, 0);
	expect_load(m, NULL, 3, 0);
	meter_ended(m, &a, METER_LIST, METER_PUSHED_BACK);
	expect_load(m, "one", 1, 0);
	meter_waits(m, &a);
	expect_load(m, "one", 1, 1);
	expect_load(m, NULL, 2, 1);
	meter_began(m, &a);
	expect_load(m, "one", 2, 0);
	meter_ended(m, &a, METER_LIST, METER_OK);
	meter_leave(m, &a);
	expect_load(m, "one", 1, 0);
	meter_ended(m, &b, METER_LIST, METER_BROKEN);
	meter_waits(m, &b);
	meter_leave(m, &b); /* cancelled meanwhile */
	expect_load(m, "one", 0, 0);
	meter_leave(m, &c);
	expect_load(m, NULL, 0, 0);
	meter_free(m);
}

static void
end_after(struct meter *m, int64_t ms, enum meter_outcome outcome)
{
	struct meter_call c;

	meter_enter(m, &c, "one");
	meter_began(m, &c);
	fake_clock_advance(ms);
	meter_ended(m, &c, METER_HEAD, outcome);
	meter_leave(m, &c);
}

static void
test_counts(void **state)
{
	struct meter *m = meter_new();
	struct meter_counts c;

	(void)state;
	end_after(m, 0, METER_OK);
	end_after(m, 5, METER_OK);
	end_after(m, 6, METER_MISSING);
	end_after(m, 60000, METER_REFUSED);
	end_after(m, 60001, METER_BROKEN);
	end_after(m, 1000000,
		  METER_CANCELLED); /* of no time that an answer took */
	meter_get(m, &c);
	assert_int_equal(c.n[METER_HEAD][METER_OK], 2);
	assert_int_equal(c.n[METER_HEAD][METER_MISSING], 1);
	assert_int_equal(c.n[METER_HEAD][METER_REFUSED], 1);
	assert_int_equal(c.n[METER_HEAD][METER_PUSHED_BACK], 0);
	assert_int_equal(c.n[METER_HEAD][METER_BROKEN], 1);
	assert_int_equal(c.n[METER_HEAD][METER_CANCELLED], 1);
	assert_int_equal(c.n[METER_GET][METER_OK], 0);
	assert_int_equal(c.n_within[METER_HEAD][0], 2);
	assert_int_equal(c.n_within[METER_HEAD][1], 1);
	assert_int_equal(c.n_within[METER_HEAD][N_METER_STEPS - 1], 1);
	assert_int_equal(c.n_within[METER_HEAD][N_METER_STEPS], 1);
	assert_int_equal(c.sum_ms[METER_HEAD], 120012);
	meter_free(m);
}

static void
test_time_and_limit(void **state)
{
	struct meter_counts c;
	struct meter *m;

	(void)state;
	fake_clock_reset();
	m = meter_new();
	meter_get(m, &c);
	assert_int_equal(c.changed_at, FAKE_CLOCK_EPOCH);
	assert_int_equal(c.limit, 0);
	meter_set_limit(m, 7);
	end_after(m, 3000, METER_OK);
	meter_get(m, &c);
	assert_int_equal(c.changed_at, FAKE_CLOCK_EPOCH + 3);
	assert_int_equal(c.limit, 7);
	meter_free(m);
}

/* Nobody counts. */
static void
test_without(void **state)
{
	(void)state;
	end_after(NULL, 1, METER_OK);
	meter_set_limit(NULL, 1);
	meter_free(NULL);
}

/* Each try, by its class. */
static void
test_cost(void **state)
{
	struct meter_counts c = { .limit = 0 };
	const struct prices both = { .list = 5000, .head = 400 };

	(void)state;
	c.n[METER_LIST][METER_OK] = 2;
	c.n[METER_LIST][METER_PUSHED_BACK] = 1;
	c.n[METER_PUT][METER_OK] = 1;
	c.n[METER_BUCKETS][METER_OK] = 1;
	assert_int_equal(meter_counts_cost(&c, &both), 25000);
	c.n[METER_HEAD][METER_OK] = 1000;
	c.n[METER_GET][METER_MISSING] = 1;
	c.n[METER_BUCKET][METER_REFUSED] = 1;
	assert_int_equal(meter_counts_cost(&c, &both), 25000 + 400800);
	assert_int_equal(meter_counts_cost(&c, &(struct prices){ .head = 1 }),
			 1002);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_time_and_limit),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
