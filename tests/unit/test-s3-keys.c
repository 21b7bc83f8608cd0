/* SPDX-License-Identifier: MIT */
/*
 * Calls that wait for keys: they are parked, sent when there are some, and have a limit
 * of their own.  Keys that have expired: others are asked for once, and used if they are
 * others.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sched.h>

#include "engine-fixture.h"
#include "fake-source.h"
#include "s3/s3-object.h"

#define WAIT_MS 4000

struct run {
	struct fixture fx;
	struct s3_call *call;
	int n_done;
	struct err err;
};

static void
on_done(void *arg, const struct s3_answer *answer)
{
	struct run *run = arg;

	run->n_done++;
	run->err = answer->err;
}

static int
set_up(void **state)
{
	struct run *run = xnew(struct run);

	fake_source_reset();
	unsetenv("AWS_ACCESS_KEY_ID");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	unsetenv("AWS_SESSION_TOKEN");
	fixture_init(&run->fx);
	s3_free(run->fx.s3);
	creds_free(run->fx.creds);
	run->fx.creds = creds_new(&(struct creds_options){
		.profile = "default", .wait_ms = WAIT_MS });
	assert_int_equal(creds_start(run->fx.creds, NULL), 0);
	run->fx.s3 = s3_new(run->fx.http, &run->fx.timers, run->fx.endpoint,
			    run->fx.creds, run->fx.pace, 0);
	*state = run;
	return 0;
}

static int
tear_down(void **state)
{
	struct run *run = *state;

	fixture_clear(&run->fx);
	fake_source_release();
	fake_source_wait_freed(1);
	free(run);
	return 0;
}

static void
get(struct run *run)
{
	run->call = s3_get_object(run->fx.s3,
				  &(struct s3_get){ .bucket = FIXTURE_BUCKET,
						    .key = "key",
						    .max = 100 },
				  on_done, run);
	fixture_settle(&run->fx);
}

/* As the engine does, until `n` requests were sent or the call is over. */
static void
turn_until(struct run *run, unsigned n)
{
	while (fixture_seen(&run->fx, ANY_GET) < n && !run->n_done) {
		sched_yield();
		s3_unpark(run->fx.s3);
		fixture_settle(&run->fx);
	}
}

static void
assert_signed_by(struct run *run, const char *access_key)
{
	char *authorization = fake_http_dup_header(
		fixture_find(&run->fx, ANY_GET), "authorization");
	char *part CLEANUP_FREE = xasprintf("Credential=%s/", access_key);

	assert_non_null(authorization);
	assert_non_null(strstr(authorization, part));
	free(authorization);
}

static void
answer(struct run *run, const struct fake_answer *a)
{
	fake_http_answer(fixture_find(&run->fx, ANY_GET), a);
	fixture_settle(&run->fx);
}

static void
test_sent_when_there_are_keys(void **state)
{
	struct run *run = *state;

	fake_source_say("A", 0);
	fake_source_hold();
	get(run);
	fake_source_wait_asked(1);
	s3_unpark(run->fx.s3); /* no news */
	fixture_advance(&run->fx, WAIT_MS - 1);
	assert_int_equal(fixture_seen(&run->fx, ANY_GET), 0);
	fake_source_release();
	turn_until(run, 1);
	assert_signed_by(run, "A");
	answer(run, &(struct fake_answer){ .status = 200 });
	assert_int_equal(run->n_done, 1);
	assert_int_equal(run->err.code, 0);
}

static void
test_limit(void **state)
{
	struct run *run = *state;

	fake_source_hold();
	get(run);
	fake_source_wait_asked(1);
	fixture_advance(&run->fx, WAIT_MS - 1);
	assert_int_equal(run->n_done, 0);
	fixture_advance(&run->fx, 1);
	assert_int_equal(run->n_done, 1);
	assert_int_equal(run->err.code, EACCES);
	assert_non_null(strstr(run->err.msg, "shared AWS files: no answer"));
	assert_int_equal(fixture_seen(&run->fx, ANY_GET), 0);
}

static void
test_cancelled_while_parked(void **state)
{
	struct run *run = *state;

	fake_source_hold();
	get(run);
	s3_cancel(run->call);
	assert_int_equal(run->n_done, 0);
	fixture_settle(&run->fx);
	assert_int_equal(run->n_done, 1);
	assert_int_equal(run->err.code, ECANCELED);
}

#define EXPIRED                                                                \
	.status = 400, .body = "<Error><Code>ExpiredToken</Code></Error>"

/* A first request that is refused for its keys, A. */
static void
get_refused(struct run *run)
{
	fake_source_say("A", 0);
	get(run);
	turn_until(run, 1);
	assert_signed_by(run, "A");
}

/* It is asked again at once, which counts as no retry; there are none here. */
static void
test_renewed(void **state)
{
	struct run *run = *state;

	get_refused(run);
	fake_source_say("B", 0);
	answer(run, &(struct fake_answer){ EXPIRED });
	turn_until(run, 2);
	assert_signed_by(run, "B");
	answer(run, &(struct fake_answer){ .status = 200 });
	assert_int_equal(run->err.code, 0);
	assert_int_equal(fake_source_n_asked(), 2);
	assert_true(fake_source_must_look());
}

static void
test_no_other_keys(void **state)
{
	struct run *run = *state;

	get_refused(run);
	answer(run, &(struct fake_answer){ EXPIRED });
	turn_until(run, 2);
	assert_int_equal(run->n_done, 1);
	assert_int_equal(run->err.code, EACCES);
	assert_non_null(strstr(run->err.msg, "ExpiredToken"));
	assert_int_equal(fixture_seen(&run->fx, ANY_GET), 1);
	assert_int_equal(fake_source_n_asked(), 2);
}

static void
test_others_expired_too(void **state)
{
	struct run *run = *state;

	get_refused(run);
	fake_source_say("B", 0);
	answer(run, &(struct fake_answer){ EXPIRED });
	turn_until(run, 2);
	fake_source_say("C", 0);
	answer(run, &(struct fake_answer){ EXPIRED });
	assert_int_equal(run->n_done, 1);
	assert_int_equal(run->err.code, EACCES);
	assert_int_equal(fixture_seen(&run->fx, ANY_GET), 2);
}

/* The refusal stays what the reader is told. */
static void
test_expired_and_hangs(void **state)
{
	struct run *run = *state;

	get_refused(run);
	fake_source_hold();
	answer(run, &(struct fake_answer){ EXPIRED });
	fake_source_wait_asked(2);
	fixture_advance(&run->fx, WAIT_MS - 1);
	assert_int_equal(run->n_done, 0);
	fixture_advance(&run->fx, 1);
	assert_int_equal(run->n_done, 1);
	assert_int_equal(run->err.code, EACCES);
	assert_non_null(strstr(run->err.msg, "ExpiredToken"));
}

static void
test_cancelled_while_renewing(void **state)
{
	struct run *run = *state;

	get_refused(run);
	fake_source_hold();
	answer(run, &(struct fake_answer){ EXPIRED });
	fake_source_wait_asked(2);
	s3_cancel(run->call);
	fixture_settle(&run->fx);
	assert_int_equal(run->n_done, 1);
	assert_int_equal(run->err.code, ECANCELED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sent_when_there_are_keys),
		TEST(test_limit),
		TEST(test_cancelled_while_parked),
		TEST(test_renewed),
		TEST(test_no_other_keys),
		TEST(test_others_expired_too),
		TEST(test_expired_and_hangs),
		TEST(test_cancelled_while_renewing),
	};

	return cmocka_run_group_tests_name("s3, keys", tests, NULL, NULL);
}
