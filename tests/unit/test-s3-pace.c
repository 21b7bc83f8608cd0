/* SPDX-License-Identifier: MIT */
/*
 * What the pace is told of requests: which answers push back, which say nothing
 * of a store's load, and that nobody else begins while a call that was pushed
 * back again and again is to be tried.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "engine-fixture.h"
#include "s3/s3-object.h"

#define MOST 64
#define ROUNDS 10 /* of two answers */

struct run {
	struct fixture fx;
	int n_done;
};

static void
on_done(void *arg, const struct s3_answer *answer)
{
	struct run *run = arg;

	(void)answer;
	run->n_done++;
}

static void
run_init(struct run *run, int retries)
{
	*run = (struct run){ .n_done = 0 };
	fixture_init(&run->fx);
	s3_free(run->fx.s3);
	pace_free(run->fx.pace);
	run->fx.pace = pace_new(MOST);
	run->fx.slots.pace = run->fx.pace;
	run->fx.s3 = s3_new(run->fx.http, &run->fx.timers, run->fx.endpoint,
			    run->fx.creds, run->fx.pace, retries);
}

static struct s3_call *
get(struct run *run)
{
	return s3_get_object(run->fx.s3,
			     &(struct s3_get){ .bucket = FIXTURE_BUCKET,
					       .key = "key",
					       .max = 100 },
			     on_done, run);
}

/* --- which answers --- */

#define CLEAN (4 + 2 * ROUNDS) /* the limit after so many of them */
#define NONE 4
#define PUSHED_BACK 1

static const struct {
	struct fake_answer answer;
	unsigned limit;
} answers[] = {
	{ { .status = 200 }, CLEAN },
	{ { .status = 403 }, CLEAN },
	{ { .status = 404 }, CLEAN },
	{ { .status = 501 }, CLEAN }, /* it will never do that */
	{ { .status = 429 }, PUSHED_BACK },
	{ { .status = 500 }, PUSHED_BACK },
	{ { .status = 502 }, PUSHED_BACK },
	{ { .status = 503 }, PUSHED_BACK },
	{ { .status = 400, .body = "<Error><Code>Throttling</Code></Error>" },
	  PUSHED_BACK },
	/* reset, before the answer or in it */
	{ { .err = EIO, .is_retryable = true }, PUSHED_BACK },
	{ { .status = 200, .err = EIO, .is_retryable = true }, PUSHED_BACK },
	/* the network, or nonsense */
	{ { .err = EHOSTUNREACH, .is_retryable = true }, NONE },
	{ { .err = ETIMEDOUT, .is_retryable = true }, NONE },
	{ { .err = EPROTO }, NONE },
	{ { .err = EIO }, NONE },
};

static void
test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct run run;

		run_init(&run, 0);
		for (int k = 0; k < ROUNDS; k++) {
			/* as many at once as are needed for the limit to grow */
			while (fixture_pending(&run.fx, ANY_GET) <
			       pace_limit(run.fx.pace) / 2 + 2) {
				get(&run);
				fixture_settle(&run.fx);
			}
			for (int n = 0; n < 2; n++) {
				fake_http_answer(fixture_find(&run.fx, ANY_GET),
						 &answers[i].answer);
				fixture_settle(&run.fx);
			}
		}
		if (pace_limit(run.fx.pace) != answers[i].limit)
			fail_msg("answer %zu: the limit is %u, not %u", i,
				 pace_limit(run.fx.pace), answers[i].limit);
		while (fixture_pending(&run.fx, ANY_GET))
			fixture_refuse(&run.fx, ANY_GET, 404);
		fixture_clear(&run.fx);
	}
}

static void
test_cancelled(void **state)
{
	struct s3_call *calls[2 * ROUNDS];
	struct run run;

	(void)state;
	run_init(&run, 0);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		calls[i] = get(&run);
	fixture_settle(&run.fx);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		s3_cancel(calls[i]);
	fixture_settle(&run.fx);
	assert_int_equal(run.n_done, ARRAY_SIZE(calls));
	assert_int_equal(pace_limit(run.fx.pace), NONE);
	fixture_clear(&run.fx);
}

/* --- a call that is pushed back again and again --- */

/* Three times; what is due next is its fourth try. */
static struct s3_call *
get_stuck(struct run *run)
{
	struct s3_call *call = get(run);

	fixture_settle(&run->fx);
	for (int i = 0; i < 3; i++) {
		assert_false(pace_is_held(run->fx.pace));
		fixture_refuse(&run->fx, ANY_GET, 503);
		fixture_advance(&run->fx, timers_wait_ms(&run->fx.timers));
	}
	assert_true(pace_is_held(run->fx.pace));
	assert_int_equal(fixture_pending(&run->fx, ANY_GET), 0);
	return call;
}

static void
test_hold(void **state)
{
	struct run run;

	(void)state;
	run_init(&run, 4);
	get_stuck(&run);
	fixture_advance(&run.fx, 100);
	assert_int_equal(fixture_pending(&run.fx, ANY_GET), 1);
	assert_false(pace_is_held(run.fx.pace));
	fixture_refuse(&run.fx, ANY_GET, 404);
	assert_int_equal(run.n_done, 1);
	fixture_clear(&run.fx);
}

static void
test_cancel_in_hold(void **state)
{
	struct run run;

	(void)state;
	run_init(&run, 4);
	s3_cancel(get_stuck(&run));
	fixture_settle(&run.fx);
	assert_int_equal(run.n_done, 1);
	assert_false(pace_is_held(run.fx.pace));
	fixture_clear(&run.fx);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_cancel_in_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
