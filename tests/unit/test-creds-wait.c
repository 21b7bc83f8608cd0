/* SPDX-License-Identifier: MIT */
/*
 * Keys that the auth thread looks for: who waits for it and for how long, and that a
 * source which hangs holds up nobody who has keys, nor the end.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>

#include "fake-clock.h"
#include "fake-source.h"
#include "util/lock.h"

#define WAIT_MS 4000

struct run {
	struct creds_chain *c;
	struct creds_wait wait;
	struct err err;

	/* under lock */
	pthread_mutex_t lock;
	pthread_cond_t has_news;
	unsigned n_news;
};

static void
on_news(void *arg)
{
	struct run *run = arg;
	LOCKED(run);

	run->n_news++;
	pthread_cond_signal(&run->has_news);
}

static void
wait_for_news(struct run *run)
{
	LOCKED(run);

	while (run->n_news == 0)
		pthread_cond_wait(&run->has_news, &run->lock);
	run->n_news = 0;
}

static int
set_up(void **state)
{
	struct run *run = xnew(struct run);

	fake_clock_reset();
	fake_source_reset();
	unsetenv("AWS_ACCESS_KEY_ID");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	pthread_mutex_init(&run->lock, NULL);
	pthread_cond_init(&run->has_news, NULL);
	run->c = creds_new(&(struct creds_options){ .profile = "default",
						    .wait_ms = WAIT_MS });
	creds_listen(run->c, on_news, run);
	*state = run;
	return creds_start(run->c, NULL);
}

static int
tear_down(void **state)
{
	struct run *run = *state;

	if (run->c)
		creds_listen(run->c, NULL, NULL);
	creds_free(run->c);
	fake_source_release();
	fake_source_wait_freed(1);
	pthread_cond_destroy(&run->has_news);
	pthread_mutex_destroy(&run->lock);
	free(run);
	return 0;
}

/* The access key, "" for none. */
static const char *
ask(struct run *run, int rc, const struct keys *refused, bool is_patient)
{
	static char access_key[32];
	struct keys *keys = NULL;
	int got;

	run->err = (struct err)ERR_INIT;
	while ((got = creds_get(run->c, &run->wait, refused, &keys,
				&run->err)) == -EAGAIN &&
	       is_patient)
		wait_for_news(run);
	assert_int_equal(got, rc);
	assert_int_equal(keys != NULL, rc == 0);
	snprintf(access_key, sizeof(access_key), "%s",
		 keys ? keys->access_key : "");
	keys_unref(keys);
	return access_key;
}

/* What it says at once. */
static const char *
get(struct run *run, int rc, const struct keys *refused)
{
	return ask(run, rc, refused, false);
}

/* What it says to who comes again with each news. */
static const char *
get_in_time(struct run *run, int rc, const struct keys *refused)
{
	return ask(run, rc, refused, true);
}

static void
assert_message(const struct run *run, const char *message)
{
	if (!strstr(run->err.msg, message))
		fail_msg("%s", run->err.msg);
}

/* What the source has said to the last look. */
static void
assert_said(struct run *run, const char *source, int code)
{
	struct creds_said said[CREDS_SOURCES_MAX];
	size_t n = creds_said(run->c, said);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(said[i].source, source) == 0) {
			assert_int_equal(said[i].err.code, code);
			return;
		}
	}
	fail_msg("%s was not asked", source);
}

static void
test_first_keys(void **state)
{
	struct run *run = *state;

	fake_source_say("A", 0);
	assert_string_equal(get_in_time(run, 0, NULL), "A");
	assert_string_equal(get(run, 0, NULL), "A"); /* looked just now */
	assert_said(run, "environment", ENOENT);
	assert_said(run, "shared AWS files", 0);
	assert_int_equal(fake_source_n_asked(), 1);
}

static void
test_none(void **state)
{
	struct run *run = *state;

	get_in_time(run, -EACCES, NULL);
	assert_message(run, "no credentials found: environment, the fake");
}

/* The limit is that of who waits: one who comes later waits as long. */
static void
test_hangs_without_keys(void **state)
{
	struct run *run = *state;
	struct creds_wait other = { .is_begun = false };
	struct keys *keys = NULL;

	fake_source_say("A", 0);
	fake_source_hold();
	get(run, -EAGAIN, NULL);
	fake_source_wait_asked(1);
	assert_int_equal(run->wait.again_in_ms, WAIT_MS);
	fake_clock_advance(WAIT_MS - 1);
	get(run, -EAGAIN, NULL);
	assert_int_equal(run->wait.again_in_ms, 1);
	assert_int_equal(creds_get(run->c, &other, NULL, &keys, NULL), -EAGAIN);
	assert_int_equal(other.again_in_ms, WAIT_MS);
	fake_clock_advance(1);
	get(run, -EACCES, NULL);
	assert_message(run, "shared AWS files: no answer for 4000 ms");
	assert_said(run, "environment", ENOENT);
	assert_said(run, "shared AWS files", EINPROGRESS);
	fake_source_release();
	wait_for_news(run);
	assert_int_equal(creds_get(run->c, &other, NULL, &keys, NULL), 0);
	keys_unref(keys);
	assert_int_equal(fake_source_n_asked(), 1);
}

/* One moment for all, and from then on none. */
static void
test_hangs_with_keys(void **state)
{
	struct run *run = *state;

	fake_source_say("A", 0);
	get_in_time(run, 0, NULL);
	fake_source_say("B", 0);
	fake_source_hold();
	fake_clock_advance(1000);
	get(run, -EAGAIN, NULL);
	fake_source_wait_asked(2);
	assert_in_range(run->wait.again_in_ms, 1, 100);
	fake_clock_advance(run->wait.again_in_ms);
	assert_string_equal(get(run, 0, NULL), "A");
	for (int i = 0; i < 10; i++) {
		fake_clock_advance(1000);
		assert_string_equal(get(run, 0, NULL), "A");
	}
	/* nor do those wait who come after a refusal, or after SIGHUP */
	creds_look_again(run->c, NULL);
	assert_string_equal(get(run, 0, NULL), "A");
	assert_int_equal(fake_source_n_asked(), 2);
	fake_source_release();
	fake_source_wait_asked(3); /* so that one has ended */
	assert_string_equal(get_in_time(run, 0, NULL), "B");
	assert_int_equal(fake_source_n_asked(), 3);
}

/* What it was told of is only one that begins afterwards. */
static void
test_look_again(void **state)
{
	struct run *run = *state;

	fake_source_say("A", 0);
	get_in_time(run, 0, NULL);
	assert_false(fake_source_must_look());
	fake_source_say("B", 0);
	assert_string_equal(get(run, 0, NULL), "A");
	creds_look_again(run->c, NULL);
	assert_string_equal(get_in_time(run, 0, NULL), "B");
	assert_true(fake_source_must_look());
}

static void
test_refused(void **state)
{
	struct run *run = *state;
	const struct keys a = { .access_key = "A", .secret_key = "S" };

	fake_source_say("A", 0);
	get_in_time(run, 0, NULL);
	/* there are no others: one question, and its answer is no */
	get_in_time(run, -EACCES, &a);
	assert_int_equal(fake_source_n_asked(), 2);
	assert_true(fake_source_must_look());
	/* there are */
	fake_source_say("B", 0);
	assert_string_equal(get_in_time(run, 0, &a), "B");
	/* others know already */
	assert_string_equal(get(run, 0, &a), "B");
	creds_look_again(run->c, &a);
	assert_string_equal(get(run, 0, NULL), "B");
	assert_int_equal(fake_source_n_asked(), 3);
}

/* The old ones will not do: as if there were none. */
static void
test_refused_and_hangs(void **state)
{
	struct run *run = *state;
	const struct keys a = { .access_key = "A", .secret_key = "S" };

	fake_source_say("A", 0);
	get_in_time(run, 0, NULL);
	fake_source_hold();
	get(run, -EAGAIN, &a);
	fake_source_wait_asked(2);
	fake_clock_advance(WAIT_MS);
	get(run, -EACCES, &a);
	assert_message(run, "shared AWS files: no answer");
}

/* A failure says nothing of the keys; that they are wrong, or gone, does. */
static void
test_failures(void **state)
{
	static const struct {
		int rc;
		bool goes_on;
	} cases[] = {
		{ -EIO, true },	    { -ESTALE, true },	{ -EAGAIN, true },
		{ -EACCES, false }, { -ENOENT, false },
	};
	struct run *run = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_source_say("A", 0);
		creds_look_again(run->c, NULL);
		get_in_time(run, 0, NULL);
		fake_source_say("B", cases[i].rc);
		creds_look_again(run->c, NULL);
		get_in_time(run, cases[i].goes_on ? 0 : -EACCES, NULL);
	}
	/* without keys it is the message */
	fake_source_say(NULL, -EIO);
	creds_look_again(run->c, NULL);
	get_in_time(run, -EACCES, NULL);
	assert_message(run, "the fake says so");
	assert_int_equal(run->err.code, EACCES);
}

static void
test_ends_while_it_hangs(void **state)
{
	struct run *run = *state;

	fake_source_hold();
	get(run, -EAGAIN, NULL);
	fake_source_wait_asked(1);
	creds_listen(run->c, NULL, NULL);
	creds_free(steal(&run->c));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_first_keys),		TEST(test_none),
		TEST(test_hangs_without_keys),	TEST(test_hangs_with_keys),
		TEST(test_look_again),		TEST(test_refused),
		TEST(test_refused_and_hangs),	TEST(test_failures),
		TEST(test_ends_while_it_hangs),
	};

	return cmocka_run_group_tests_name("creds, waiting", tests, NULL, NULL);
}
