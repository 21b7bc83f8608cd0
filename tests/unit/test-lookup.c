/* SPDX-License-Identifier: MIT */
/*
 * Questions about buckets: asked once for all who wait, not for ever, and not
 * for those who can do without.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include <utlist.h>

#include "engine-fixture.h"
#include "engine/lookup.h"

#define DEADLINE_MS 5000
#define PATIENCE_MS 300
#define HEAD_BUCKET "HEAD", "/theirs"
#define LIST_BUCKETS "GET", "max-buckets"

struct world {
	struct fixture fx;
	struct lookup_env env;
	struct waiter *all;
};

struct asker {
	struct waiter w;
	int n_done;
	int code;
};

static void
world_init(struct world *w)
{
	*w = (struct world){ .all = NULL };
	fixture_init(&w->fx);
	w->fx.limits.connect_timeout_ms = DEADLINE_MS;
	buckets_free(w->fx.buckets);
	w->fx.buckets = buckets_new(60000, NULL, 0);
	w->env = (struct lookup_env){ .s3 = w->fx.s3,
				      .timers = &w->fx.timers,
				      .buckets = w->fx.buckets,
				      .limits = &w->fx.limits };
}

static void
world_clear(struct world *w)
{
	fixture_settle(&w->fx);
	assert_null(w->all);
	assert_null(w->env.lookups);
	fixture_clear(&w->fx);
}

static void
on_done(struct waiter *w, struct result *r, const struct err *err)
{
	struct asker *a = CONTAINER_OF(w, struct asker, w);

	assert_null(r);
	a->n_done++;
	a->code = err->code;
}

/* `name` NULL: ListBuckets. */
static void
ask(struct world *w, struct asker *a, const char *name, bool is_impatient)
{
	*a = (struct asker){ .w = { .kind = name ? WAIT_FOR_BUCKET
						 : WAIT_FOR_LIST,
				    .on_done = on_done,
				    .is_impatient = is_impatient,
				    .all = &w->all } };
	if (name)
		snprintf(a->w.name, sizeof(a->w.name), "%s", name);
	DL_APPEND2(w->all, &a->w, all_prev, all_next);
	lookup_add(&w->env, &a->w);
	fixture_settle(&w->fx);
}

static void
expect(const struct asker *a, int code)
{
	assert_int_equal(a->n_done, 1);
	assert_int_equal(a->code, code);
}

struct said {
	int status; /* 0: it is not asked */
	const char *code; /* "": there is no body */
};

/* HeadBucket, then GetBucketLocation, then a listing of one key. */
static const struct {
	struct said head, location, list;
	int code;
	enum bucket_answer answer;
} checks[] = {
	{ { 200, "" }, { 0, "" }, { 0, "" }, 0, BUCKET_IS_THERE },
	{ { 404, "" },
	  { 404, "NoSuchBucket" },
	  { 0, "" },
	  ENOENT,
	  BUCKET_IS_NOT },
	{ { 404, "" },
	  { 404, "NoSuchKey" },
	  { 404, "NoSuchBucket" },
	  ENOENT,
	  BUCKET_IS_NOT },
	{ { 403, "" },
	  { 403, "AccessDenied" },
	  { 403, "AccessDenied" },
	  EACCES,
	  BUCKET_IS_DENIED },
	{ { 401, "" }, { 401, "" }, { 401, "" }, EACCES, BUCKET_IS_UNKNOWN },
	{ { 400, "" },
	  { 400, "ExpiredToken" },
	  { 0, "" },
	  EACCES,
	  BUCKET_IS_UNKNOWN },
	{ { 301, "" }, { 0, "" }, { 0, "" }, EIO, BUCKET_IS_UNKNOWN },
	{ { 503, "" }, { 0, "" }, { 0, "" }, EIO, BUCKET_IS_UNKNOWN },
	{ { 429, "" }, { 0, "" }, { 0, "" }, EIO, BUCKET_IS_UNKNOWN },
	{ { 500, "" }, { 500, "" }, { 500, "" }, EIO, BUCKET_IS_UNKNOWN },
	/* stores that refuse what was asked, not the bucket */
	{ { 500, "" }, { 200, "" }, { 0, "" }, 0, BUCKET_IS_THERE },
	{ { 404, "" }, { 200, "" }, { 200, "" }, 0, BUCKET_IS_THERE },
	{ { 404, "" },
	  { 200, "" },
	  { 404, "NoSuchBucket" },
	  ENOENT,
	  BUCKET_IS_NOT }, /* a location that is always told */
	{ { 403, "" },
	  { 200, "" },
	  { 403, "AccessDenied" },
	  EACCES,
	  BUCKET_IS_DENIED },
	{ { 404, "" }, { 404, "" }, { 404, "" }, ENOENT, BUCKET_IS_NOT },
	{ { 403, "" },
	  { 403, "AccessDenied" },
	  { 200, "" },
	  0,
	  BUCKET_IS_THERE },
	{ { 405, "" },
	  { 501, "NotImplemented" },
	  { 200, "" },
	  0,
	  BUCKET_IS_THERE },
	{ { 404, "" }, { 404, "" }, { 200, "" }, 0, BUCKET_IS_THERE },
	{ { 400, "" }, { 405, "" }, { 200, "" }, 0, BUCKET_IS_THERE },
};

static void
say(struct world *w, const char *method, const char *part,
    const struct said *said)
{
	struct buf xml CLEANUP_BUF = BUF_INIT(4096);

	if (said->status == 0)
		return;
	if (said->code[0])
		buf_printf(&xml, "<Error><Code>%s</Code></Error>", said->code);
	fake_http_answer(fixture_find(&w->fx, method, part),
			 &(struct fake_answer){ .status = said->status,
						.body = buf_str(&xml) });
	fixture_settle(&w->fx);
}

static void
test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		struct world w;
		struct asker a;
		struct bucket *bucket;

		world_init(&w);
		ask(&w, &a, "theirs", false);
		say(&w, HEAD_BUCKET, &checks[i].head);
		say(&w, "GET", "/theirs?location", &checks[i].location);
		say(&w, "GET", "/theirs?list-type=2&max-keys=1",
		    &checks[i].list);
		expect(&a, checks[i].code);
		assert_int_equal(buckets_find(w.fx.buckets, "theirs", &bucket),
				 checks[i].answer);
		world_clear(&w);
	}
}

/* Where HeadBucket has worked, its no is the store's word. */
static void
test_check_believed(void **state)
{
	struct world w;
	struct asker a;

	(void)state;
	world_init(&w);
	ask(&w, &a, "theirs", false);
	fixture_refuse(&w.fx, HEAD_BUCKET, 200);
	ask(&w, &a, "absent", false);
	fixture_refuse(&w.fx, "HEAD", "/absent", 404);
	expect(&a, ENOENT);
	ask(&w, &a, "denied", false);
	fixture_refuse(&w.fx, "HEAD", "/denied", 403);
	expect(&a, EACCES);
	ask(&w, &a, "odd", false);
	fixture_refuse(&w.fx, "HEAD", "/odd", 405);
	fixture_refuse(&w.fx, "GET", "/odd?location", 200);
	expect(&a, 0);
	world_clear(&w);
}

/* Where it was refused, it is not asked for an hour. */
static void
test_check_remembered(void **state)
{
	struct world w;
	struct asker a;

	(void)state;
	world_init(&w);
	ask(&w, &a, "theirs", false);
	fixture_refuse(&w.fx, HEAD_BUCKET, 404);
	fixture_refuse(&w.fx, "GET", "/theirs?location", 200);
	fixture_refuse(&w.fx, "GET", "/theirs?list-type", 200);
	ask(&w, &a, "more", false);
	fixture_refuse(&w.fx, "GET", "/more?list-type", 200);
	expect(&a, 0);
	assert_int_equal(fixture_seen(&w.fx, "HEAD", "/"), 1);
	fixture_advance(&w.fx, S3_REFUSED_MS);
	ask(&w, &a, "later", false);
	fixture_refuse(&w.fx, "HEAD", "/later", 200);
	expect(&a, 0);
	world_clear(&w);
}

/* One request for all who ask the same. */
static void
test_shared(void **state)
{
	struct world w;
	struct asker a, b, other, list, list2;

	(void)state;
	world_init(&w);
	ask(&w, &a, "theirs", false);
	ask(&w, &b, "theirs", false);
	ask(&w, &other, "theirs-too", false);
	ask(&w, &list, NULL, false);
	ask(&w, &list2, NULL, false);
	assert_int_equal(fixture_seen(&w.fx, "HEAD", "/"), 2);
	assert_int_equal(fixture_seen(&w.fx, LIST_BUCKETS), 1);
	fixture_refuse(&w.fx, HEAD_BUCKET, 200);
	expect(&a, 0);
	expect(&b, 0);
	assert_int_equal(other.n_done, 0);
	fixture_refuse(&w.fx, "HEAD", "/theirs-too", 404);
	expect(&other, ENOENT);
	fixture_refuse(&w.fx, LIST_BUCKETS, 503);
	expect(&list, EIO);
	expect(&list2, EIO);
	world_clear(&w);
}

static void
answer_buckets(struct world *w, const char *names, const char *token)
{
	struct buf xml CLEANUP_BUF = BUF_INIT(4096);

	buf_printf(&xml,
		   "<ListAllMyBucketsResult><Buckets>%s</Buckets>"
		   "<ContinuationToken>%s</ContinuationToken>"
		   "</ListAllMyBucketsResult>",
		   names, token);
	fake_http_answer(
		fixture_find(&w->fx, LIST_BUCKETS),
		&(struct fake_answer){ .status = 200, .body = buf_str(&xml) });
	fixture_settle(&w->fx);
}

#define NAME(n) "<Bucket><Name>" n "</Name></Bucket>"

static void
test_list(void **state)
{
	struct world w;
	struct asker a;
	char **names;
	bool is_denied;
	size_t n;

	(void)state;
	world_init(&w);
	ask(&w, &a, NULL, false);
	answer_buckets(&w, NAME("one") NAME("two") NAME("..") NAME("a/b"),
		       "t1");
	assert_int_equal(a.n_done, 0); /* all pages, or none */
	assert_int_equal(fixture_pending(&w.fx, "GET", "continuation-token=t1"),
			 1);
	answer_buckets(&w, NAME("three"), "");
	expect(&a, 0);
	names = buckets_names(w.fx.buckets, &n);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
	ask(&w, &a, NULL, false);
	answer_buckets(&w, NAME("four"), "t1");
	answer_buckets(&w, NAME("five"), "t1"); /* for ever */
	expect(&a, EIO);
	ask(&w, &a, NULL, false);
	answer_buckets(&w, NAME("four"), "t1");
	fixture_refuse(&w.fx, LIST_BUCKETS, 403);
	fixture_refuse(&w.fx, "GET", "/?continuation-token=t1", 403);
	expect(&a, EACCES);
	assert_true(buckets_list_is_fresh(w.fx.buckets, &is_denied));
	assert_true(is_denied);
	names = buckets_names(w.fx.buckets, &n);
	assert_int_equal(n, 3); /* what was known */
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
	world_clear(&w);
}

/* Asked once more without max-buckets, and so for an hour where that works. */
static void
test_list_unpaged(void **state)
{
	struct world w;
	struct asker a;

	(void)state;
	world_init(&w);
	ask(&w, &a, NULL, false);
	fixture_refuse(&w.fx, LIST_BUCKETS, 400);
	fake_http_answer(
		fixture_find(&w.fx, "GET", "/"),
		&(struct fake_answer){ .status = 200,
				       .body = "<ListAllMyBucketsResult/>" });
	fixture_settle(&w.fx);
	expect(&a, 0);
	ask(&w, &a, NULL, false);
	assert_int_equal(fixture_seen(&w.fx, LIST_BUCKETS), 1);
	fixture_refuse(&w.fx, "GET", "/", 501);
	expect(&a, EIO);
	fixture_advance(&w.fx, S3_REFUSED_MS);
	ask(&w, &a, NULL, false);
	fixture_refuse(&w.fx, LIST_BUCKETS, 503);
	expect(&a, EIO);
	world_clear(&w);
}

/* EFBIG is a word about files: not for who lists a directory. */
static void
test_list_too_long(void **state)
{
	struct world w;
	struct asker a;

	(void)state;
	world_init(&w);
	ask(&w, &a, NULL, false);
	fake_http_answer(fixture_find(&w.fx, LIST_BUCKETS),
			 &(struct fake_answer){ .status = 200, .err = EFBIG });
	fixture_settle(&w.fx);
	expect(&a, EIO);
	world_clear(&w);
}

static void
test_deadline(void **state)
{
	struct world w;
	struct asker a, list, late;

	(void)state;
	world_init(&w);
	ask(&w, &a, "theirs", false);
	ask(&w, &list, NULL, false);
	fixture_advance(&w.fx, DEADLINE_MS - 1);
	ask(&w, &late, "theirs", false); /* shares what is left */
	assert_int_equal(a.n_done, 0);
	fixture_advance(&w.fx, 1);
	expect(&a, ETIMEDOUT);
	expect(&late, ETIMEDOUT);
	expect(&list, ETIMEDOUT);
	world_clear(&w);
}

/* Who has something to show waits for a moment only; the question goes on. */
static void
test_impatience(void **state)
{
	struct world w;
	struct asker impatient, patient, late;

	(void)state;
	world_init(&w);
	ask(&w, &patient, NULL, false);
	fixture_advance(&w.fx, PATIENCE_MS - 100);
	ask(&w, &impatient, NULL, true);
	fixture_advance(&w.fx, 99);
	assert_int_equal(impatient.n_done, 0);
	fixture_advance(&w.fx, 1); /* counted from the first who asked */
	expect(&impatient, EAGAIN);
	ask(&w, &late, NULL, true);
	expect(&late, EAGAIN);
	assert_int_equal(patient.n_done, 0);
	answer_buckets(&w, NAME("one"), "");
	expect(&patient, 0);
	world_clear(&w);
}

/* Everybody has gone: it ends by itself, by its answer or when stopped. */
/* max_wait is of those who wait; who keeps buckets fresh has time. */
static void
test_background(void **state)
{
	struct world w;
	struct asker open, census = { .w = { .kind = WAIT_FOR_LIST,
					     .on_done = on_done,
					     .is_background = true,
					     .all = &w.all } };

	(void)state;
	world_init(&w);
	w.fx.limits.max_wait_ms = 1000;
	DL_APPEND2(w.all, &census.w, all_prev, all_next);
	lookup_add(&w.env, &census.w);
	ask(&w, &open, NULL, false);
	fixture_advance(&w.fx, 1000);
	expect(&open, ETIMEDOUT);
	assert_int_equal(census.n_done, 0);
	fixture_advance(&w.fx, DEADLINE_MS);
	expect(&census, ETIMEDOUT);
	world_clear(&w);
}

static void
test_left(void **state)
{
	(void)state;
	for (int stop = 0; stop < 2; stop++) {
		struct world w;
		struct asker a, list;

		world_init(&w);
		ask(&w, &a, "theirs", false);
		ask(&w, &list, NULL, true);
		waiter_complete(&a.w, NULL, &(struct err){ .code = EINTR });
		waiter_complete(&list.w, NULL, &(struct err){ .code = EINTR });
		if (stop) {
			lookup_stop(&w.env);
		} else {
			fixture_refuse(&w.fx, HEAD_BUCKET, 200);
			answer_buckets(&w, NAME("one"), "");
		}
		fixture_settle(&w.fx);
		expect(&a, EINTR);
		expect(&list, EINTR);
		world_clear(&w);
	}
}

/* A page has just come when the list is given up: the next is not asked for. */
static void
test_stop_between_pages(void **state)
{
	static const char page[] = "<ListAllMyBucketsResult><Buckets/>"
				   "<ContinuationToken>t1</ContinuationToken>"
				   "</ListAllMyBucketsResult>";
	struct world w;
	struct asker a;

	(void)state;
	world_init(&w);
	ask(&w, &a, NULL, false);
	fake_http_answer(fixture_find(&w.fx, LIST_BUCKETS),
			 &(struct fake_answer){ .status = 200, .body = page });
	lookup_stop(&w.env);
	fixture_settle(&w.fx);
	expect(&a, ECANCELED);
	world_clear(&w);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_check_believed),
		cmocka_unit_test(test_check_remembered),
		cmocka_unit_test(test_list_unpaged),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_list_too_long),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_impatience),
		cmocka_unit_test(test_background),
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_stop_between_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
