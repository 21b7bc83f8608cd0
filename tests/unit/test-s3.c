/* SPDX-License-Identifier: MIT */
/*
 * Requests to the store: signed headers, tries and their delays, cancelling,
 * and what becomes of each failure.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "engine-fixture.h"
#include "s3/retry-after.h"
#include "s3/s3-object.h"
#include "util/date.h"

#define RETRIES 2
#define BACKOFF_MAX_MS 20000

struct run {
	struct fixture fx;
	struct s3_call *call;
	int n_done, n_retries;
	struct err err;
	int status;
	char streamed[64]; /* what on_data got */
	const char *body_error; /* code that on_end finds in a 200 */
	struct traffic traffic;
};

static void
on_done(void *arg, const struct s3_answer *answer)
{
	struct run *run = arg;

	run->n_done++;
	run->err = answer->err;
	run->status = answer->status;
}

/* With keys, and so many tries after the first. */
static void
run_init(struct run *run, int retries)
{
	*run = (struct run){ .n_done = 0 };
	fixture_init(&run->fx);
	setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "topsecret", 1);
	setenv("AWS_SESSION_TOKEN", "the-token", 1);
	s3_free(run->fx.s3);
	creds_free(run->fx.creds);
	run->fx.creds =
		creds_new(&(struct creds_options){ .profile = "default" });
	run->fx.s3 = s3_new(run->fx.http, &run->fx.timers, run->fx.endpoint,
			    run->fx.creds, run->fx.pace, retries);
}

static void
run_clear(struct run *run)
{
	assert_int_equal(run->n_done, 1);
	fixture_clear(&run->fx);
}

static bool
has_end(const char *body, size_t len)
{
	return len > 0 && body[len - 1] == '.';
}

static void
run_get(struct run *run)
{
	run->call = s3_get_object(run->fx.s3,
				  &(struct s3_get){ .bucket = FIXTURE_BUCKET,
						    .key = "a key",
						    .max = 100,
						    .is_whole = has_end,
						    .traffic = &run->traffic },
				  on_done, run);
	assert_null(fake_http_get(run->fx.http, 0)); /* not yet */
	fixture_settle(&run->fx);
}

static void
run_answer(struct run *run, const struct fake_answer *a)
{
	fake_http_answer(fixture_find(&run->fx, ANY_GET), a);
	fixture_settle(&run->fx);
}

/* --- what is sent --- */

static void
expect_header(struct run *run, const char *name, const char *value)
{
	char *found =
		fake_http_dup_header(fake_http_get(run->fx.http, 0), name);

	assert_non_null(found);
	if (value)
		assert_string_equal(found, value);
	free(found);
}

/* --- a part of an object --- */

static const struct {
	int status;
	const char *body;
	const char *part; /* NULL: it is not there */
	int err;
} ranges[] = {
	{ 206, "cdef", "cdef", 0 },
	{ 206, "cde", NULL, 0 },
	{ 206, "cdefg", NULL, 0 },
	{ 206, "", NULL, 0 },
	/* a store that does not know it */
	{ 200, "abcdef", "cdef", 0 },
	{ 200, "abcdefg", "cdef", 0 },
	{ 200, "abcde", NULL, 0 },
	{ 200, "a", NULL, 0 },
	{ 200, "", NULL, 0 },
	{ 200, "abcdefghijk", "cdef", 0 },
	{ 206, "abcdefghijk", NULL, 0 },
	{ 404, "", NULL, EIO },
	{ 412, "", NULL, EIO },
	{ 416, "", NULL, EIO },
};

struct part_run {
	struct run run;
	size_t i;
};

static void
on_part(void *arg, const struct s3_answer *answer)
{
	struct part_run *p = arg;
	const char *expected = ranges[p->i].part;
	const char *part;

	on_done(&p->run, answer);
	if (answer->err.code)
		return;
	part = s3_part(answer, 2, 4);
	assert_int_equal(part != NULL, expected != NULL);
	if (part)
		assert_memory_equal(part, expected, 4);
}

static void
test_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct part_run p = { .i = i };

		run_init(&p.run, 0);
		s3_get_object(p.run.fx.s3,
			      &(struct s3_get){ .bucket = FIXTURE_BUCKET,
						.key = "k",
						.max = 10,
						.first = 2,
						.n = 4 },
			      on_part, &p);
		fixture_settle(&p.run.fx);
		expect_header(&p.run, "range", "bytes=2-5");
		run_answer(&p.run,
			   &(struct fake_answer){ .status = ranges[i].status,
						  .body = ranges[i].body });
		assert_int_equal(p.run.err.code, ranges[i].err);
		run_clear(&p.run);
	}
}

/* Nobody asked for a part. */
static void
test_part_of_whole(void **state)
{
	struct run run;

	(void)state;
	run_init(&run, 0);
	run_get(&run);
	run_answer(&run, &(struct fake_answer){ .status = 206, .body = "x." });
	assert_int_equal(run.err.code, EIO);
	run_clear(&run);
}

static void
test_headers(void **state)
{
	struct run run;
	char *authorization;

	(void)state;
	run_init(&run, 0);
	run_get(&run);
	assert_string_equal(fake_http_get(run.fx.http, 0)->url,
			    "http://s3.test:9000/" FIXTURE_BUCKET "/a%20key");
	expect_header(&run, "host", "s3.test:9000");
	expect_header(&run, "x-amz-date", "20251014T103000Z");
	expect_header(&run, "x-amz-security-token", "the-token");
	expect_header(&run, "x-amz-content-sha256",
		      "e3b0c44298fc1c149afbf4c8996fb924"
		      "27ae41e4649b934ca495991b7852b855");
	authorization = fake_http_dup_header(fake_http_get(run.fx.http, 0),
					     "authorization");
	assert_non_null(authorization);
	assert_non_null(
		strstr(authorization,
		       "Credential=AKIDEXAMPLE/20251014/us-east-1/s3/"));
	assert_non_null(strstr(authorization,
			       "SignedHeaders=host;x-amz-content-sha256;"
			       "x-amz-date;x-amz-security-token,"));
	assert_null(strstr(authorization, "topsecret"));
	free(authorization);
	run_answer(&run, &(struct fake_answer){ .status = 200 });
	assert_int_equal(run.err.code, 0);
	run_clear(&run);
}

/* Each try is signed anew: time passes. */
static void
test_signed_anew(void **state)
{
	struct run run;
	char *date;

	(void)state;
	run_init(&run, RETRIES);
	run_get(&run);
	run_answer(&run, &(struct fake_answer){ .status = 503,
						.head = "Retry-After: 9\r\n" });
	fixture_advance(&run.fx, 9000);
	date = fake_http_dup_header(fake_http_get(run.fx.http, 1),
				    "x-amz-date");
	assert_string_equal(date, "20251014T103009Z");
	free(date);
	run_answer(&run, &(struct fake_answer){ .status = 200 });
	run_clear(&run);
}

static void
test_no_credentials(void **state)
{
	struct run run;

	(void)state;
	run_init(&run, RETRIES);
	s3_free(run.fx.s3);
	creds_free(run.fx.creds);
	unsetenv("AWS_SECRET_ACCESS_KEY");
	run.fx.creds =
		creds_new(&(struct creds_options){ .profile = "default" });
	run.fx.s3 = s3_new(run.fx.http, &run.fx.timers, run.fx.endpoint,
			   run.fx.creds, run.fx.pace, RETRIES);
	run_get(&run);
	assert_int_equal(run.err.code, EACCES);
	assert_int_equal(run.status, 0);
	assert_null(fake_http_get(run.fx.http, 0));
	run_clear(&run);
}

/* --- tries --- */

#define CLOSED , .was_ended_by_close = true

static const struct {
	struct fake_answer answer;
	unsigned tries; /* with RETRIES */
	int code;
} answers[] = {
	{ { .status = 200 }, 1, 0 },
	{ { .status = 202 }, 1, EIO },
	{ { .status = 204 }, 1, EIO },
	{ { .status = 206 }, 1, EIO },
	{ { .status = 529 }, 3, EIO },
	{ { .status = 501 }, 1, EIO },
	{ { .status = 301, .head = "x-amz-bucket-region: us-east-1\r\n" },
	  1,
	  EIO },
	{ { .status = 400 }, 1, EIO },
	{ { .status = 403 }, 1, EACCES },
	{ { .status = 404 }, 1, EIO },
	{ { .status = 404, .body = "<Error><Code>NoSuchKey</Code></Error>" },
	  1,
	  ENOENT },
	{ { .status = 400, .body = "<Error><Code>ExpiredToken</Code></Error>" },
	  1,
	  EACCES },
	{ { .status = 400,
	    .body = "<Error><Code>RequestTimeout</Code></Error>" },
	  3,
	  EIO },
	{ { .status = 429 }, 3, EIO },
	{ { .status = 500 }, 3, EIO },
	{ { .status = 503, .body = "<Error><Code>SlowDown</Code></Error>" },
	  3,
	  EIO },
	{ { .err = EHOSTUNREACH, .is_retryable = true }, 3, EHOSTUNREACH },
	{ { .err = ETIMEDOUT, .is_retryable = true }, 3, ETIMEDOUT },
	{ { .err = EPROTO }, 1, EPROTO },
	{ { .status = 200, .err = EIO, .is_retryable = true }, 3, EIO },
	/* the end of the connection is not that of the body */
	{ { .status = 200, .body = "All." CLOSED }, 1, 0 },
	{ { .status = 200, .body = "A part" }, 1, 0 },
	{ { .status = 200, .body = "A part" CLOSED }, 3, EIO },
	{ { .status = 200, .body = "" CLOSED }, 3, EIO },
	{ { .status = 400, .body = "<Error>" CLOSED }, 3, EIO },
	{ { .status = 403, .body = "" CLOSED }, 3, EACCES },
	{ { .status = 403, .body = "<Error><Code>Acc" CLOSED }, 3, EACCES },
	{ { .status = 400,
	    .body = "<Error><Code>ExpiredToken</Code><Me" CLOSED },
	  1,
	  EACCES },
	{ { .status = 404, .body = "<Error><Code>NoSuch" CLOSED }, 1, EIO },
};

static void
test_tries(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct run run;

		run_init(&run, RETRIES);
		run_get(&run);
		for (unsigned n = 1; !run.n_done; n++) {
			assert_in_range(n, 1, answers[i].tries);
			run_answer(&run, &answers[i].answer);
			fixture_advance(&run.fx, BACKOFF_MAX_MS);
		}
		assert_int_equal(fixture_seen(&run.fx, ANY_GET),
				 answers[i].tries);
		assert_int_equal(run.traffic.n_requests, answers[i].tries);
		assert_int_equal(run.err.code, answers[i].code);
		run_clear(&run);
	}
}

/* One sentence with all that an operator needs, and no secret. */
static void
test_message(void **state)
{
	static const char *const parts[] = { "GET " FIXTURE_BUCKET "/a key",
					     "403", "AccessDenied",
					     "request id 4442587FB7D0A2F9" };
	struct run run;

	(void)state;
	run_init(&run, 0);
	run_get(&run);
	run_answer(&run,
		   &(struct fake_answer){
			   .status = 403,
			   .head = "x-amz-request-id: 4442587FB7D0A2F9\r\n",
			   .body = "<Error><Code>AccessDenied</Code>"
				   "<Message>Go away</Message></Error>" });
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		assert_non_null(strstr(run.err.msg, parts[i]));
	assert_null(strstr(run.err.msg, "the-token"));
	assert_null(strstr(run.err.msg, "Go away")); /* it may hold anything */
	run_clear(&run);
}

static const struct s3_head the_head = { .bucket = FIXTURE_BUCKET,
					 .key = "k",
					 .key_len = 1 };

/*
 * A HEAD with status 400 is a matter of keys where the region is right, be it
 * at the second try.
 */
static void
test_other_region(void **state)
{
	static const struct {
		const char *head;
		unsigned tries;
	} cases[] = {
		{ "", 1 },
		{ "x-amz-bucket-region: us-east-1\r\n", 1 },
		{ "x-amz-bucket-region: eu-west-1\r\n", 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct run run;

		run_init(&run, 0);
		run.call = s3_head_object(run.fx.s3, &the_head, on_done, &run);
		fixture_settle(&run.fx);
		while (!run.n_done) {
			fake_http_answer(
				fixture_find(&run.fx, HEAD_ANY),
				&(struct fake_answer){ .status = 400,
						       .head = cases[i].head });
			fixture_settle(&run.fx);
		}
		assert_int_equal(run.err.code, EACCES);
		assert_int_equal(fixture_seen(&run.fx, HEAD_ANY),
				 cases[i].tries);
		run_clear(&run);
	}
}

/* An error document beyond any measure is the same failure. */
static void
test_long_error(void **state)
{
	struct run run;
	char *body = xmalloc(200001);

	(void)state;
	memset(body, 'x', 200000);
	body[200000] = '\0';
	run_init(&run, 1);
	run_get(&run);
	run_answer(&run, &(struct fake_answer){ .status = 503, .body = body });
	fixture_advance(&run.fx, BACKOFF_MAX_MS);
	run_answer(&run, &(struct fake_answer){ .status = 403, .body = body });
	assert_int_equal(run.err.code, EACCES);
	run_clear(&run);
	run_init(&run, 1);
	run_get(&run);
	run_answer(&run, &(struct fake_answer){ .status = 200, .body = body });
	assert_int_equal(run.err.code, EFBIG);
	run_clear(&run);
	free(body);
}

/* However many tries there are, each waits for a sane while. */
static void
test_many_tries(void **state)
{
	struct run run;

	(void)state;
	run_init(&run, 100);
	run_get(&run);
	while (!run.n_done) {
		run_answer(&run, &(struct fake_answer){ .status = 500 });
		assert_in_range(timers_wait_ms(&run.fx.timers) + 1, 0,
				BACKOFF_MAX_MS + 1);
		fixture_advance(&run.fx, BACKOFF_MAX_MS);
	}
	assert_int_equal(fixture_seen(&run.fx, ANY_GET), 101);
	run_clear(&run);
}

#define DIGITS "99999999999999999999999999999999"

static const struct {
	const char *head;
	int min_ms, max_ms;
} delays[] = {
	{ NULL, 0, 250 },
	{ "Retry-After: 3\r\n", 3000, 3000 },
	{ "retry-after: 0\r\n", 0, 0 },
	{ "Retry-After: 99999\r\n", BACKOFF_MAX_MS, BACKOFF_MAX_MS },
	{ "Retry-After: 123456789\r\n", BACKOFF_MAX_MS, BACKOFF_MAX_MS },
	{ "Retry-After: 9223372036854775807\r\n", BACKOFF_MAX_MS,
	  BACKOFF_MAX_MS },
	{ "Retry-After: " DIGITS DIGITS DIGITS "\r\n", BACKOFF_MAX_MS,
	  BACKOFF_MAX_MS },
	{ "Retry-After: 00000000000000000000000003\r\n", 3000, 3000 },
	{ "Retry-After: -1\r\n", 0, 250 },
	{ "Retry-After: 3.5\r\n", 0, 250 },
	{ "Retry-After:\r\n", 0, 250 },
	/* a date, by the store's clock */
	{ "Date: Tue, 14 Oct 2025 09:59:58 GMT\r\n"
	  "Retry-After: Tue, 14 Oct 2025 10:00:07 GMT\r\n",
	  9000, 9000 },
	{ "Retry-After: Tue, 14 Oct 2025 10:00:00 GMT\r\n"
	  "Date: Tue, 14 Oct 2025 10:00:00 GMT\r\n",
	  0, 0 },
	{ "Date: Tue, 14 Oct 2025 10:00:08 GMT\r\n"
	  "Retry-After: Tue, 14 Oct 2025 10:00:07 GMT\r\n",
	  0, 250 },
	{ "Date: Tue, 14 Oct 2025 10:00:00 GMT\r\n"
	  "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n",
	  BACKOFF_MAX_MS, BACKOFF_MAX_MS },
	/* by ours, where the store does not say its time */
	{ "Retry-After: Tue, 14 Oct 2025 10:30:09 GMT\r\n", 9000, 9000 },
	{ "Date: today\r\n"
	  "Retry-After: Tue, 14 Oct 2025 10:30:09 GMT\r\n",
	  9000, 9000 },
	{ "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\n", 0, 250 },
	{ "Retry-After: Tue, 14 Oct 2025\r\n", 0, 250 },
};

static void
test_delays(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(delays); i++) {
		struct run run;

		run_init(&run, RETRIES);
		run_get(&run);
		run_answer(&run,
			   &(struct fake_answer){ .status = 503,
						  .head = delays[i].head });
		if (fixture_pending(&run.fx, ANY_GET) == 0)
			assert_in_range(timers_wait_ms(&run.fx.timers),
					delays[i].min_ms, delays[i].max_ms);
		else
			assert_int_equal(delays[i].min_ms, 0);
		fixture_advance(&run.fx, BACKOFF_MAX_MS);
		run_answer(&run, &(struct fake_answer){ .status = 200 });
		run_clear(&run);
	}
}

/* What is over asks for nothing: not for a try at once. */
static void
test_delay_is_over(void **state)
{
	static const char *const heads[] = {
		"Retry-After: Tue, 14 Oct 2025 10:29:59 GMT\r\n",
		("Date: Tue, 14 Oct 2025 10:00:08 GMT\r\n"
		 "Retry-After: Tue, 14 Oct 2025 10:00:07 GMT\r\n"),
		"Retry-After: Sat, 01 Jan 0000 00:00:00 GMT\r\n",
	};

	(void)state;
	fake_clock_reset();
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		struct http_answer http = { .head = BUF_INIT(HTTP_HEAD_MAX) };

		assert_int_equal(buf_add_str(&http.head, heads[i]), 0);
		assert_true(retry_after_ms(&http, date_now(), 1000) < 0);
		buf_clear(&http.head);
	}
}

/* The clock here is an hour behind, and only the first answer said so. */
static void
test_delay_by_their_clock(void **state)
{
	static const struct fake_answer skewed = {
		.status = 403,
		.head = "Date: Tue, 14 Oct 2025 11:30:00 GMT\r\n",
		.body = "<Error><Code>RequestTimeTooSkewed</Code></Error>",
	}, busy = {
		.status = 503,
		.head = "Retry-After: Tue, 14 Oct 2025 11:30:09 GMT\r\n",
	};
	struct run run;

	(void)state;
	run_init(&run, RETRIES);
	run_get(&run);
	run_answer(&run, &skewed);
	run_answer(&run, &busy);
	assert_int_equal(timers_wait_ms(&run.fx.timers), 9000);
	fixture_advance(&run.fx, 9000);
	run_answer(&run, &(struct fake_answer){ .status = 200 });
	run_clear(&run);
}

/* --- cancelling --- */

static void
test_cancel(void **state)
{
	enum { BEFORE, DURING, ENDED, BETWEEN, N_POINTS };

	(void)state;
	for (int point = 0; point < N_POINTS; point++) {
		struct run run;

		run_init(&run, RETRIES);
		run.call = s3_get_object(
			run.fx.s3,
			&(struct s3_get){ .bucket = FIXTURE_BUCKET,
					  .key = "k",
					  .max = 100 },
			on_done, &run);
		if (point > BEFORE)
			fixture_settle(&run.fx);
		if (point > DURING)
			fake_http_answer(
				fixture_find(&run.fx, ANY_GET),
				&(struct fake_answer){ .status = 503 });
		if (point > ENDED)
			http_poll(run.fx.http, 0);
		s3_cancel(run.call);
		assert_int_equal(run.n_done, 0); /* never from inside */
		fixture_advance(&run.fx, BACKOFF_MAX_MS);
		/* what had just ended ends as it was, and is not tried again */
		assert_int_equal(run.err.code,
				 point == ENDED ? EIO : ECANCELED);
		assert_int_equal(fixture_seen(&run.fx, ANY_GET),
				 point != BEFORE);
		run_clear(&run);
	}
}

/* --- streaming --- */

static int
on_data(void *arg, const char *data, size_t len)
{
	struct run *run = arg;
	size_t n = strlen(run->streamed);

	assert_in_range(n + len, 0, sizeof(run->streamed) - 1);
	memcpy(run->streamed + n, data, len);
	return memchr(data, '#', len) ? -1 : 0; /* refused */
}

static void
on_retry(void *arg)
{
	struct run *run = arg;

	run->n_retries++;
	memset(run->streamed, 0, sizeof(run->streamed));
}

static int
on_end(void *arg, struct s3_error *error, struct err *err)
{
	struct run *run = arg;

	if (strchr(run->streamed, '#'))
		return err_set(err, EIO, "there is a #");
	if (!run->body_error)
		return 0;
	snprintf(error->code, sizeof(error->code), "%s", run->body_error);
	return err_set(err, EIO, "an error");
}

static const struct {
	const char *body, *body_error;
	unsigned tries;
	int code;
	bool was_ended_by_close;
} streams[] = {
	{ "a body of some length", NULL, 1, 0, false },
	{ "a # is malformed", NULL, 1, EIO, false },
	/* status 200, and then an <Error>: judged by its code */
	{ "error", "SlowDown", 3, EIO, false },
	{ "error", "InternalError", 3, EIO, false },
	{ "error", "AccessDenied", 1, EACCES, false },
	{ "error", "NoSuchBucket", 1, ENOENT, false },
	{ "error", "Unheard", 1, EIO, false },
	/* it may have been cut; but not where it was refused before its end */
	{ "a body that ended", NULL, 1, 0, true },
	{ "a bod", "", 3, EIO, true },
	{ "error", "AccessDenied", 1, EACCES, true },
	{ "a # is malformed", NULL, 1, EIO, true },
};

static void
test_streams(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		struct run run;

		run_init(&run, RETRIES);
		run.body_error = streams[i].body_error;
		s3_start(run.fx.s3,
			 &(struct s3_request){ .method = "GET",
					       .bucket = "b-b",
					       .on_data = on_data,
					       .on_retry = on_retry,
					       .on_end = on_end,
					       .traffic = &run.traffic,
					       .on_done = on_done,
					       .arg = &run });
		fixture_settle(&run.fx);
		while (!run.n_done) {
			struct fake_answer a = { .status = 200,
						 .body = streams[i].body };

			a.was_ended_by_close = streams[i].was_ended_by_close;
			run_answer(&run, &a);
			fixture_advance(&run.fx, BACKOFF_MAX_MS);
		}
		assert_int_equal(run.n_retries, streams[i].tries - 1);
		assert_int_equal(run.traffic.n_requests, streams[i].tries);
		if (!strchr(streams[i].body, '#')) /* all of it came */
			assert_true(run.traffic.n_bytes >=
				    streams[i].tries * strlen(streams[i].body));
		assert_int_equal(run.err.code, streams[i].code);
		run_clear(&run);
	}
}

/* --- heads --- */

static int
on_head(void *arg, const struct http_answer *head, bool is_repeat,
	struct err *err)
{
	size_t len;

	(void)arg;
	if (http_header(head, "x-other", &len))
		return S3_ASK_AGAIN;
	if (http_header(head, "x-other-at-first", &len))
		return is_repeat ? 0 : S3_ASK_AGAIN;
	if (http_header(head, "x-nothing", &len))
		return err_set(err, EIO, "no answer of a store");
	return 0;
}

/* Of an answer that seems to be another request's nothing is believed. */
static const struct {
	int status;
	const char *head;
	unsigned tries, on_new;
	int code;
} heads[] = {
	{ 200, "etag: x\r\n", 1, 0, 0 },
	{ 200, "x-other-at-first: 1\r\n", 2, 1, 0 },
	{ 200, "x-other: 1\r\n", 2, 1, EIO },
	{ 200, "x-nothing: 1\r\n", 3, 0, EIO },
	/* that it is not there may be another's, too */
	{ 404, "", 1, 0, ENOENT },
	{ 404, "x-other-at-first: 1\r\n", 2, 1, ENOENT },
	{ 404, "x-other: 1\r\n", 2, 1, EIO },
	{ 403, "x-other: 1\r\n", 1, 0, EACCES },
};

static void
test_heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		unsigned n = 0, on_new = 0;
		struct run run;

		run_init(&run, RETRIES);
		s3_start(run.fx.s3, &(struct s3_request){ .method = "HEAD",
							  .bucket = "b-b",
							  .key = "k",
							  .key_len = 1,
							  .on_head = on_head,
							  .on_done = on_done,
							  .arg = &run });
		fixture_settle(&run.fx);
		for (; !run.n_done; n++) {
			struct http_transfer *t =
				fixture_find(&run.fx, "HEAD", "");

			on_new += t->r.wants_new_connection;
			fake_http_answer(t, &(struct fake_answer){
						    .status = heads[i].status,
						    .head = heads[i].head });
			fixture_settle(&run.fx);
			fixture_advance(&run.fx, BACKOFF_MAX_MS);
		}
		assert_int_equal(n, heads[i].tries);
		assert_int_equal(on_new, heads[i].on_new);
		assert_int_equal(run.err.code, heads[i].code);
		run_clear(&run);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_part_of_whole),
		cmocka_unit_test(test_signed_anew),
		cmocka_unit_test(test_no_credentials),
		cmocka_unit_test(test_tries),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_other_region),
		cmocka_unit_test(test_long_error),
		cmocka_unit_test(test_many_tries),
		cmocka_unit_test(test_delays),
		cmocka_unit_test(test_delay_is_over),
		cmocka_unit_test(test_delay_by_their_clock),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
