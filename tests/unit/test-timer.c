/* SPDX-License-Identifier: MIT */
/*
 * Timers: order, arming anew, disarming, and callbacks that do either.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake-clock.h"
#include "util/timer.h"

struct log {
	struct timers timers;
	struct timer a, b, c;
	char text[32]; /* who was called */
};

static void
add(struct log *log, char who)
{
	size_t n = strlen(log->text);

	assert_in_range(n, 0, sizeof(log->text) - 2);
	log->text[n] = who;
}

static void
on_a(void *arg)
{
	add(arg, 'a');
}

static void
on_b(void *arg)
{
	add(arg, 'b');
}

static void
on_c(void *arg)
{
	add(arg, 'c');
}

static void
log_init(struct log *log)
{
	fake_clock_reset();
	*log = (struct log){ .text = "" };
	timer_init(&log->a, on_a, log);
	timer_init(&log->b, on_b, log);
	timer_init(&log->c, on_c, log);
}

static void
run_at(struct log *log, int64_t advance_ms, const char *expected)
{
	fake_clock_advance(advance_ms);
	timers_run(&log->timers);
	assert_string_equal(log->text, expected);
}

static void
test_order(void **state)
{
	static const struct {
		int64_t a, b, c;
		const char *expected;
	} cases[] = {
		{ 1, 2, 3, "abc" },   { 3, 2, 1, "cba" }, { 2, 3, 1, "cab" },
		{ 2, 2, 2, "abc" },   { 2, 1, 2, "bac" }, { 0, 0, 0, "abc" },
		{ -5, 3, -9, "cab" },
	};
	struct log log;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		log_init(&log);
		timer_arm(&log.timers, &log.a, cases[i].a);
		timer_arm(&log.timers, &log.b, cases[i].b);
		timer_arm(&log.timers, &log.c, cases[i].c);
		run_at(&log, 10, cases[i].expected);
		assert_int_equal(timers_wait_ms(&log.timers), -1);
	}
}

static void
test_due(void **state)
{
	struct log log;

	(void)state;
	log_init(&log);
	assert_int_equal(timers_wait_ms(&log.timers), -1);
	timer_arm(&log.timers, &log.a, 10);
	timer_arm(&log.timers, &log.b, 20);
	assert_int_equal(timers_wait_ms(&log.timers), 10);
	run_at(&log, 9, "");
	assert_int_equal(timers_wait_ms(&log.timers), 1);
	run_at(&log, 1, "a");
	assert_false(log.a.is_armed);
	assert_int_equal(timers_wait_ms(&log.timers), 10);
	fake_clock_advance(1000); /* late */
	assert_int_equal(timers_wait_ms(&log.timers), 0);
	run_at(&log, 0, "ab");
	timer_arm(&log.timers, &log.c, INT64_C(1) << 40);
	assert_int_equal(timers_wait_ms(&log.timers), INT32_MAX);
	timer_disarm(&log.timers, &log.c);
}

static void
test_again(void **state)
{
	struct log log;

	(void)state;
	log_init(&log);
	timer_arm(&log.timers, &log.a, 10);
	timer_arm(&log.timers, &log.b, 20);
	timer_arm(&log.timers, &log.a, 30); /* later than it was */
	run_at(&log, 20, "b");
	run_at(&log, 10, "ba");
	timer_arm(&log.timers, &log.a, 30);
	timer_arm(&log.timers, &log.a, 10); /* earlier */
	run_at(&log, 10, "baa");
}

static void
test_disarm(void **state)
{
	struct log log;

	(void)state;
	log_init(&log);
	timer_disarm(&log.timers, &log.a); /* never armed: fine */
	timer_arm(&log.timers, &log.a, 1);
	timer_arm(&log.timers, &log.b, 2);
	timer_arm(&log.timers, &log.c, 3);
	timer_disarm(&log.timers, &log.b); /* from the middle */
	timer_disarm(&log.timers, &log.b);
	timer_disarm(&log.timers, &log.a); /* the first */
	run_at(&log, 5, "c");
	timer_disarm(&log.timers, &log.c); /* it was called */
	assert_null(log.timers.first);
	assert_null(log.timers.last);
}

/* --- many --- */

struct place {
	struct timer timer;
	int64_t ms, *last;
};

static void
on_place(void *arg)
{
	struct place *p = arg;

	assert_true(*p->last <= p->ms);
	*p->last = p->ms;
}

/* Armed in any order, and two for each time. */
static void
test_many(void **state)
{
	struct timers timers = { NULL, NULL };
	struct place places[200];
	int64_t last = 0;

	(void)state;
	fake_clock_reset();
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct place *p = &places[i];

		*p = (struct place){ .ms = 37 * (int64_t)i % 100,
				     .last = &last };
		timer_init(&p->timer, on_place, p);
		timer_arm(&timers, &p->timer, p->ms);
	}
	fake_clock_advance(49);
	timers_run(&timers);
	assert_int_equal(last, 49);
	assert_int_equal(timers_wait_ms(&timers), 1);
	fake_clock_advance(50);
	timers_run(&timers);
	assert_int_equal(last, 99);
	assert_null(timers.first);
	assert_null(timers.last);
}

/* --- callbacks that change what is armed --- */

static void
on_change(void *arg)
{
	struct log *log = arg;

	add(log, '!');
	timer_disarm(&log->timers, &log->b); /* due as well */
	timer_arm(&log->timers, &log->c, 0); /* due at once */
}

static void
test_change(void **state)
{
	struct log log;

	(void)state;
	log_init(&log);
	timer_init(&log.a, on_change, &log);
	timer_arm(&log.timers, &log.a, 1);
	timer_arm(&log.timers, &log.b, 1);
	run_at(&log, 1, "!c");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order), cmocka_unit_test(test_due),
		cmocka_unit_test(test_again), cmocka_unit_test(test_disarm),
		cmocka_unit_test(test_many),  cmocka_unit_test(test_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
