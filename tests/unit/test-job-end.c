/* SPDX-License-Identifier: MIT */
/*
 * How computations end before their time: stopped, refused or out of time at
 * every point of every course.  Exactly one completion, or none after
 * job_stop(); nothing under way, armed or allocated afterwards.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "engine-fixture.h"
#include "list/metadata.h"

/* Courses: what lies in the cache, and what is asked for. */
static const struct course {
	enum job_kind kind;
	enum mode mode;
	bool read_cache;
	enum { ABSENT, VALID, OUTDATED } cache;
} courses[] = {
	{ JOB_PROBE, MODE_DETAILED, false, ABSENT },
	{ JOB_COMPUTE, MODE_QUICK, true, ABSENT },
	{ JOB_COMPUTE, MODE_QUICK, true, VALID },
	{ JOB_COMPUTE, MODE_QUICK, true, OUTDATED },
	{ JOB_COMPUTE, MODE_QUICK, false, ABSENT },
	{ JOB_COMPUTE, MODE_SAMPLED, true, ABSENT },
	{ JOB_COMPUTE, MODE_SAMPLED, true, OUTDATED },
	{ JOB_COMPUTE, MODE_DETAILED, true, ABSENT },
	{ JOB_COMPUTE, MODE_DETAILED, true, VALID },
	{ JOB_COMPUTE, MODE_DETAILED, true, OUTDATED },
	{ JOB_COMPUTE, MODE_DETAILED, false, ABSENT },
};

struct run {
	struct fixture fx;
	struct job_env env;
	struct job *job; /* NULL once it has completed */
	int n_listed, n_done;
	int code;
	char msg[sizeof(((struct err *)NULL)->msg)];
};

static void
on_listed(void *arg)
{
	struct run *run = arg;

	run->n_listed++;
}

static void
on_done(void *arg, const struct job_result *r, const struct err *err)
{
	struct run *run = arg;

	(void)r;
	run->job = NULL;
	run->n_done++;
	run->code = err->code;
	snprintf(run->msg, sizeof(run->msg), "%s", err->msg);
}

static void
run_start(struct run *run, const struct course *c, int64_t deadline_ms)
{
	struct fake_store *s = &run->fx.store;

	*run = (struct run){ .n_done = 0 };
	fixture_init(&run->fx);
	run->env = fixture_job_env(&run->fx);
	run->fx.limits.deadline_ms = deadline_ms;
	s->pages[0] = "a/1.delta=10 a/2.delta=20 a/3.delta=20 a/4.delta=1 "
		      "a/5.delta=1 a/6.delta=1 a/reference.bin=100";
	s->pages[1] = "b/1.delta=30 x.bin=5";
	if (c->cache != ABSENT)
		s->documents[c->mode] =
			fake_store_document(s, FIXTURE_BUCKET, c->mode);
	if (c->cache == OUTDATED)
		s->pages[2] = "y/1.delta=6";
	run->job = job_new(&(struct job_options){ .env = &run->env,
						  .kind = c->kind,
						  .bucket = run->fx.bucket,
						  .mode = c->mode,
						  .read_cache = c->read_cache,
						  .on_listed = on_listed,
						  .on_done = on_done,
						  .arg = run });
	fixture_settle(&run->fx);
}

static void
run_clear(struct run *run)
{
	fixture_settle(&run->fx);
	assert_int_equal(run->env.n_jobs, 0);
	fixture_clear(&run->fx);
}

/* Up to `n` answers; false if the job has ended before. */
static bool
run_steps(struct run *run, unsigned n)
{
	while (n-- > 0 && run->job)
		fixture_step(&run->fx);
	return run->job != NULL;
}

/* Stopped after each number of answers. */
static void
test_stop(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(courses); i++) {
		bool goes_on = true;

		for (unsigned n = 0; goes_on; n++) {
			struct run run;

			run_start(&run, &courses[i], 0);
			goes_on = run_steps(&run, n);
			if (run.job)
				job_stop(run.job);
			fixture_settle(&run.fx);
			assert_int_equal(run.n_done, !goes_on);
			assert_int_equal(fixture_pending(&run.fx, ANY_GET), 0);
			assert_int_equal(fixture_pending(&run.fx, HEAD_ANY), 0);
			run_clear(&run);
		}
	}
}

/* The same, but answers were just coming in when it was stopped. */
static void
test_stop_with_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(courses); i++) {
		bool goes_on = true;

		for (unsigned n = 0; goes_on; n++) {
			struct http_transfer *t;
			struct run run;

			run_start(&run, &courses[i], 0);
			goes_on = run_steps(&run, n);
			for (size_t k = 0;
			     goes_on && (t = fake_http_get(run.fx.http, k));
			     k++)
				if (t->state == TRANSFER_PENDING)
					fake_store_answer(&run.fx.store, t);
			if (run.job)
				job_stop(run.job);
			run_clear(&run);
			assert_int_equal(run.n_done, !goes_on);
		}
	}
}

/* The request after `n` answers fails; false if there is none. */
static bool
fail_at(const struct course *c, unsigned n)
{
	struct http_transfer *t = NULL;
	struct run run;
	bool is_get, has_failed = false;

	run_start(&run, c, 0);
	if (run_steps(&run, n)) {
		for (size_t k = 0; (t = fake_http_get(run.fx.http, k)); k++)
			if (t->state == TRANSFER_PENDING)
				break;
		assert_non_null(t);
		is_get = strstr(t->url, ".deltaglider") != NULL;
		fake_http_answer(t,
				 &(struct fake_answer){ .err = EHOSTUNREACH,
							.is_retryable = true });
		has_failed = true;
		fixture_run(&run.fx);
		/* the cache never makes a read fail */
		assert_int_equal(run.code, is_get ? 0 : EHOSTUNREACH);
	}
	assert_int_equal(run.n_done, 1);
	run_clear(&run);
	return has_failed;
}

static void
test_failure(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(courses); i++)
		for (unsigned n = 0; fail_at(&courses[i], n); n++)
			continue;
}

/* Nothing comes any more after `n` answers; false if it has ended before. */
static bool
silence_at(const struct course *c, unsigned n, int64_t deadline_ms)
{
	struct run run;
	bool goes_on;

	run_start(&run, c, deadline_ms);
	goes_on = run_steps(&run, n);
	if (goes_on) {
		/* a cache that does not answer costs its own part besides */
		fixture_advance(&run.fx, 2 * FIXTURE_TIMEOUT_MS);
		assert_int_equal(run.code, ETIMEDOUT);
		assert_non_null(
			strstr(run.msg, deadline_ms ? "deadline" : "progress"));
	}
	assert_int_equal(run.n_done, 1);
	run_clear(&run);
	return goes_on;
}

static void
test_silence(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(courses); i++) {
		for (unsigned n = 0; silence_at(&courses[i], n, 0); n++)
			continue;
		for (unsigned n = 0; silence_at(&courses[i], n, 1000); n++)
			continue;
	}
}

/* Every answer is progress, however long all of them take. */
static void
test_progress(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(courses); i++) {
		struct run run;

		run_start(&run, &courses[i], 0);
		while (run.job) {
			fixture_advance(&run.fx, FIXTURE_TIMEOUT_MS - 1);
			fixture_step(&run.fx);
		}
		assert_int_equal(run.n_done, 1);
		assert_int_equal(run.code, 0);
		run_clear(&run);
	}
}

/* With everything silent from the start: the whole limit, and no more. */
static void
test_no_answer_at_all(void **state)
{
	struct run run;

	(void)state;
	run_start(&run, &courses[1], 0);
	fixture_advance(&run.fx, FIXTURE_TIMEOUT_MS - 1);
	assert_int_equal(run.n_done, 0);
	fixture_advance(&run.fx, 1);
	assert_int_equal(run.n_done, 1);
	assert_int_equal(run.code, ETIMEDOUT);
	run_clear(&run);
}

/* on_listed: once, when the listing is the one behind the result to come. */
static void
test_listed_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(courses); i++) {
		bool sweeps = courses[i].kind == JOB_COMPUTE &&
			      courses[i].mode != MODE_QUICK &&
			      courses[i].cache != VALID;
		struct run run;

		run_start(&run, &courses[i], 0);
		fixture_run(&run.fx);
		assert_int_equal(run.n_listed, sweeps);
		run_clear(&run);
	}
}

/* A job that waits for its slots does not hold up another one. */
static void
test_fair_heads(void **state)
{
	struct run run;
	struct job *other;
	int n = 0;

	(void)state;
	run_start(&run, &courses[10], 0);
	fixture_answer(&run.fx, LIST); /* six HEADs, four slots */
	run.fx.store.pages[0] = "z/1.delta=1";
	run.fx.store.pages[1] = NULL;
	other = job_new(&(struct job_options){ .env = &run.env,
					       .bucket = run.fx.bucket,
					       .mode = MODE_DETAILED,
					       .on_done = on_done,
					       .arg = &run });
	fixture_settle(&run.fx);
	while (fixture_pending(&run.fx, "HEAD", "/z/1.delta") == 0) {
		/* the first job has more; each is asked for twice */
		assert_in_range(n, 0, 7);
		if (fixture_pending(&run.fx, LIST))
			fixture_answer(&run.fx, LIST);
		else
			n++, fixture_refuse(&run.fx, HEAD_ANY, 404);
	}
	job_stop(other);
	fixture_settle(&run.fx);
	assert_int_equal(run.fx.slots.n_running,
			 fixture_pending(&run.fx, HEAD_ANY) +
				 fixture_pending(&run.fx, LIST));
	job_stop(run.job);
	run_clear(&run);
}

/*
 * The document in the cache has made metadata superfluous while the first page
 * was under way: what the page says of the store is true all the same.
 */
static void
test_metadata_not_wanted(void **state)
{
	static const char page[] =
		"<ListBucketResult><IsTruncated>false</IsTruncated><Contents>"
		"<Key>a/1.delta</Key><Size>10</Size><UserMetadata>"
		"<X-Amz-Meta-Dg-File-Size>99</X-Amz-Meta-Dg-File-Size>"
		"</UserMetadata></Contents></ListBucketResult>";
	struct run run;

	(void)state;
	run_start(&run, &courses[8], 0);
	fixture_answer(&run.fx, GET_DOC);
	fake_http_answer(fixture_find(&run.fx, "GET", "metadata=true"),
			 &(struct fake_answer){ .status = 200, .body = page });
	fixture_settle(&run.fx);
	assert_int_equal(run.fx.lists.metadata.has, LIST_METADATA_YES);
	job_stop(run.job);
	run_clear(&run);
}

/* Refused because of metadata, and given up at the same moment: no other page. */
static void
test_stop_with_refusal(void **state)
{
	struct run run;

	(void)state;
	run_start(&run, &courses[10], 0);
	fake_http_answer(fixture_find(&run.fx, LIST),
			 &(struct fake_answer){ .status = 501 });
	job_stop(run.job);
	fixture_settle(&run.fx);
	assert_int_equal(fixture_seen(&run.fx, LIST), 1);
	run_clear(&run);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metadata_not_wanted),
		cmocka_unit_test(test_stop_with_refusal),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_stop_with_answers),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_no_answer_at_all),
		cmocka_unit_test(test_listed_once),
		cmocka_unit_test(test_fair_heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
