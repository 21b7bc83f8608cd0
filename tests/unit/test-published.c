/* SPDX-License-Identifier: MIT */
/*
 * What the engine tells of a bucket: which result is the last one, in a mode and of
 * all.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "engine/published.h"

/* Of a LIST that began then; 0: of none, as detailed=on_refresh has it. */
static void
publish(struct published *p, enum mode mode, int64_t began_at_ms)
{
	struct result *r = result_new(&(struct result){
		.listed.began_at_ms = began_at_ms,
		.computed_at = mode * 1000 + began_at_ms,
	});

	publish_result(p, mode, r);
	result_unref(r);
}

/* Told apart by what publish() has put there. */
static void
expect_newest(struct published *p, enum mode mode, int64_t began_at_ms)
{
	struct result *r CLEANUP(result_release) = published_newest(p);

	assert_non_null(r);
	assert_int_equal(r->computed_at, mode * 1000 + began_at_ms);
}

static void
test_newest(void **state)
{
	struct published p;

	(void)state;
	published_init(&p);
	assert_null(published_newest(&p));
	publish(&p, MODE_DETAILED, 0);
	expect_newest(&p, MODE_DETAILED, 0);
	publish(&p, MODE_QUICK, 10);
	expect_newest(&p, MODE_QUICK, 10);
	publish(&p, MODE_SAMPLED, 10); /* of one LIST: the most exact */
	expect_newest(&p, MODE_SAMPLED, 10);
	publish(&p, MODE_DETAILED, 10);
	expect_newest(&p, MODE_DETAILED, 10);
	publish(&p, MODE_QUICK, 20);
	expect_newest(&p, MODE_QUICK, 20);
	publish_failure(&p, MODE_DETAILED, &(struct err){ .code = 5 });
	expect_newest(&p, MODE_QUICK, 20);
	published_clear(&p);
}

/* What was recalled takes the place of nothing that was listed. */
static void
test_recalled(void **state)
{
	struct published p;
	struct mode_state s;

	(void)state;
	published_init(&p);
	publish(&p, MODE_DETAILED, 10);
	publish(&p, MODE_DETAILED, 0);
	expect_newest(&p, MODE_DETAILED, 10);
	published_get(&p, MODE_DETAILED, &s);
	assert_int_equal(s.n_by_how[RESULT_HIT], 2);
	assert_int_equal(s.result->listed.began_at_ms, 10);
	result_unref(s.result);
	published_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_newest),
		cmocka_unit_test(test_recalled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
