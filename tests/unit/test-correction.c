/* SPDX-License-Identifier: MIT */
/*
 * What a refusal teaches: buckets in another region, clocks that are wrong, keys that
 * have expired, and the lies that must not be believed.  Each case is a conversation.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "engine-fixture.h"
#include "s3/correction.h"
#include "s3/s3-bucket.h"
#include "s3/s3-object.h"
#include "s3/s3.h"

#define STEPS_MAX 8

#define MOVED_TO(region)                                                       \
	.status = 301, .head = "x-amz-bucket-region: " region                  \
			       "\r\nLocation: http://evil.test/\r\n"
#define MALFORMED_FOR(region)                                                     \
	.status = 400,                                                            \
	.body = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>" region \
		"</Region></Error>"
#define NOWHERE                                                                \
	.status = 400, .body = "<Error><Code>IllegalLocationConstraint"        \
			       "Exception</Code></Error>"
#define SKEWED_AT(date)                                                        \
	.status = 403, .head = "Date: Tue, 14 Oct 2025 " date " GMT\r\n",      \
	.body = "<Error><Code>RequestTimeTooSkewed</Code></Error>"
#define NO_SUCH_KEY                                                            \
	.status = 404, .body = "<Error><Code>NoSuchKey</Code></Error>"

/* One request that must be sent, and its answer. */
struct step {
	enum { GET = 0, HEAD, LIST_BUCKETS } call; /* of a new call */
	bool goes_on; /* the same call as before, tried again */
	const char *to; /* scheme and host */
	const char *region;
	const char *date; /* "103000"; NULL: whatever */
	struct fake_answer answer;
	int code; /* how the call ends; -1: it goes on */
};

#define HOME .to = "http://s3.test:9000/releases", .region = "us-east-1"
#define MOVED .to = "http://s3.test:9000/releases", .region = "eu-west-1"
#define AWS_HOME                                                               \
	.to = "https://releases.s3.amazonaws.com/", .region = "us-east-1"
#define AWS_MOVED                                                              \
	.to = "https://releases.s3.eu-west-1.amazonaws.com/",                  \
	.region = "eu-west-1"
#define AGAIN .goes_on = true
#define LISTED_IN(region)                                                      \
	.status = 200,                                                         \
	.body = "<ListAllMyBucketsResult><Buckets><Bucket><Name>releases"      \
		"</Name><BucketRegion>" region                                 \
		"</BucketRegion></Bucket></Buckets></ListAllMyBucketsResult>"
#define CENSUS .call = LIST_BUCKETS, .region = "us-east-1"
#define HERE .to = "http://s3.test:9000/?"
#define AWS_HERE .to = "https://s3.amazonaws.com/?"
#define GOES_ON .code = -1

static const struct {
	const char *name;
	bool is_aws;
	struct step steps[STEPS_MAX]; /* until one without `to` */
} talks[] = {
	{ "a custom endpoint keeps its host; the region is remembered",
	  false,
	  { { HOME, .answer = { MOVED_TO("eu-west-1") }, GOES_ON },
	    { AGAIN, MOVED, .answer = { .status = 200 } },
	    { MOVED, .answer = { NO_SUCH_KEY }, .code = ENOENT },
	    { MOVED, .answer = { .status = 200 } } } },
	{ "on AWS the host is rebuilt",
	  true,
	  { { AWS_HOME, .answer = { MOVED_TO("eu-west-1") }, GOES_ON },
	    { AGAIN, AWS_MOVED, .answer = { .status = 200 } },
	    { AWS_MOVED, .answer = { .status = 200 } } } },
	{ "a region in the body, of a signature for another one",
	  false,
	  { { HOME, .answer = { MALFORMED_FOR("eu-west-1") }, GOES_ON },
	    { AGAIN, MOVED, .answer = { .status = 200 } } } },
	{ "HEAD: status and header",
	  false,
	  { { .call = HEAD,
	      HOME,
	      .answer = { .status = 400,
			  .head = "x-amz-bucket-region: eu-west-1\r\n" },
	      GOES_ON },
	    { AGAIN, MOVED, .answer = { .status = 200 } } } },
	{ "the service itself is in one region too",
	  false,
	  { { .call = LIST_BUCKETS,
	      .to = "http://s3.test:9000/?",
	      .region = "us-east-1",
	      .answer = { MALFORMED_FOR("garage") },
	      GOES_ON },
	    { AGAIN, .to = "http://s3.test:9000/?", .region = "garage",
	      .answer = { .status = 200 } },
	    { HOME, .answer = { .status = 200 } } } },
	{ "ListBuckets says otherwise than what works: it goes on",
	  false,
	  { { HOME, .answer = { .status = 200 } },
	    { CENSUS, HERE, .answer = { LISTED_IN("eu-west-1") } },
	    { HOME, .answer = { .status = 200 } },
	    /* until it does not work any more */
	    { HOME, .answer = { .status = 403 }, .code = EACCES },
	    { CENSUS, HERE, .answer = { LISTED_IN("eu-west-1") } },
	    { MOVED, .answer = { .status = 200 } } } },
	{ "ListBuckets says where it is: no request is lost",
	  true,
	  { { CENSUS, AWS_HERE, .answer = { LISTED_IN("eu-west-1") } },
	    { AWS_MOVED, .answer = { .status = 200 } },
	    { CENSUS, AWS_HERE, .answer = { LISTED_IN("us-west-2") } },
	    { AWS_MOVED, .answer = { .status = 200 } } } },
	{ "it was wrong: a redirection knows better",
	  true,
	  { { CENSUS, AWS_HERE, .answer = { LISTED_IN("us-west-2") } },
	    { .to = "https://releases.s3.us-west-2.amazonaws.com/",
	      .region = "us-west-2",
	      .answer = { MOVED_TO("us-east-1") },
	      GOES_ON },
	    { AGAIN, AWS_HOME, .answer = { .status = 200 } },
	    { CENSUS, AWS_HERE, .answer = { LISTED_IN("us-west-2") } },
	    { AWS_HOME, .answer = { .status = 200 } } } },
	{ "another store says the same, and means something else",
	  false,
	  { { CENSUS, HERE, .answer = { LISTED_IN("eu-west-1") } },
	    { MOVED, .answer = { .status = 403 }, GOES_ON },
	    { AGAIN, HOME, .answer = { .status = 200 } },
	    { CENSUS, HERE, .answer = { LISTED_IN("eu-west-1") } },
	    { HOME, .answer = { .status = 403 }, .code = EACCES } } },
	{ "or it is right, and access is denied: later that is believed",
	  false,
	  { { CENSUS, HERE, .answer = { LISTED_IN("eu-west-1") } },
	    { MOVED, .answer = { .status = 200 } },
	    { MOVED, .answer = { .status = 403 }, .code = EACCES } } },
	{ "a list that names what is no region, or is another provider's",
	  true,
	  { { CENSUS, AWS_HERE, .answer = { LISTED_IN("evil.test/x") } },
	    { AWS_HOME, .answer = { .status = 200 } },
	    { CENSUS, AWS_HERE, .answer = { LISTED_IN("cn-north-1") } },
	    { AWS_HOME, .answer = { .status = 200 } } } },
	{ "in a circle: once for each call, and nothing is remembered",
	  false,
	  { { HOME, .answer = { MOVED_TO("eu-west-1") }, GOES_ON },
	    { AGAIN, MOVED, .answer = { MOVED_TO("us-east-1") }, .code = EIO },
	    { HOME, .answer = { MOVED_TO("eu-west-1") }, GOES_ON },
	    { AGAIN, MOVED, .answer = { MOVED_TO("eu-west-2") }, .code = EIO },
	    { HOME, .answer = { .status = 200 } } } },
	{ "to where it was asked",
	  false,
	  { { HOME, .answer = { MOVED_TO("us-east-1") }, .code = EIO } } },
	{ "no region is named: a Location is nothing, HeadBucket is asked",
	  false,
	  { { HOME,
	      .answer = { .status = 301,
			  .head = "Location: http://s3.test:9000/x\r\n" },
	      GOES_ON },
	    { AGAIN, HOME, .answer = { .status = 301 }, .code = EIO },
	    { HOME, .answer = { .status = 307 }, GOES_ON },
	    { AGAIN, HOME, .answer = { .status = 404 }, .code = EIO } } },
	{ "HeadBucket tells the region, whatever its status is",
	  false,
	  { { HOME, .answer = { NOWHERE }, GOES_ON },
	    { AGAIN, HOME,
	      .answer = { .status = 403,
			  .head = "x-amz-bucket-region: eu-west-1\r\n" },
	      GOES_ON },
	    { AGAIN, MOVED, .answer = { .status = 200 } },
	    { MOVED, .answer = { .status = 200 } } } },
	{ "HeadBucket is sent to another region",
	  false,
	  { { HOME, .answer = { .status = 307 }, GOES_ON },
	    { AGAIN, HOME, .answer = { MOVED_TO("eu-west-1") }, GOES_ON },
	    { AGAIN, MOVED, .answer = { .status = 200 }, GOES_ON },
	    { AGAIN, MOVED, .answer = { .status = 200 } },
	    { MOVED, .answer = { .status = 200 } } } },
	{ "HeadBucket says that it is here",
	  false,
	  { { HOME, .answer = { NOWHERE }, GOES_ON },
	    { AGAIN, HOME,
	      .answer = { .status = 200,
			  .head = "x-amz-bucket-region: us-east-1\r\n" },
	      .code = EIO } } },
	{ "a 400 that is about something else",
	  false,
	  { { HOME, .answer = { .status = 400 }, .code = EIO } } },
	{ "a region that fails is forgotten",
	  true,
	  { { AWS_HOME, .answer = { MOVED_TO("eu-west-1") }, GOES_ON },
	    { AGAIN, AWS_MOVED, .answer = { .err = EHOSTUNREACH },
	      .code = EHOSTUNREACH },
	    { AWS_HOME, .answer = { MOVED_TO("eu-west-1") }, GOES_ON },
	    { AGAIN, AWS_MOVED, .answer = { .status = 200 } },
	    { AWS_MOVED, .answer = { .err = EHOSTUNREACH },
	      .code = EHOSTUNREACH },
	    { AWS_HOME, .answer = { .status = 200 } } } },
	{ "a bucket that came home",
	  false,
	  { { HOME, .answer = { MOVED_TO("eu-west-1") }, GOES_ON },
	    { AGAIN, MOVED, .answer = { .status = 200 } },
	    { MOVED, .answer = { MOVED_TO("us-east-1") }, GOES_ON },
	    { AGAIN, HOME, .answer = { .status = 200 } },
	    { HOME, .answer = { .status = 200 } } } },
	{ "what is no region",
	  true,
	  { { AWS_HOME, .answer = { MOVED_TO("evil.test") }, .code = EIO },
	    { AWS_HOME, .answer = { MOVED_TO("evil.test/x") }, .code = EIO },
	    { AWS_HOME, .answer = { MOVED_TO("x@evil") }, .code = EIO },
	    { AWS_HOME, .answer = { MOVED_TO("-a") }, .code = EIO } } },
	{ "another partition is another provider",
	  true,
	  { { AWS_HOME, .answer = { MOVED_TO("cn-north-1") }, .code = EIO } } },
	{ "a clock that is behind: once, and remembered",
	  false,
	  { { HOME, .date = "103000", .answer = { SKEWED_AT("11:30:00") },
	      GOES_ON },
	    { AGAIN, HOME, .date = "113000", .answer = { .status = 200 } },
	    { HOME, .date = "113000", .answer = { .status = 200 } } } },
	{ "one that is ahead, and was put right meanwhile",
	  false,
	  { { HOME, .answer = { SKEWED_AT("09:30:00") }, GOES_ON },
	    { AGAIN, HOME, .date = "093000", .answer = { .status = 200 } },
	    { HOME, .date = "093000", .answer = { SKEWED_AT("10:30:05") },
	      GOES_ON },
	    { AGAIN, HOME, .date = "103005", .answer = { .status = 200 } } } },
	{ "a HEAD that is refused, with a date far off",
	  false,
	  { { .call = HEAD,
	      HOME,
	      .answer = { .status = 403,
			  .head = "Date: Tue, 14 Oct 2025 11:30:00 GMT\r\n" },
	      GOES_ON },
	    { AGAIN, HOME, .date = "113000", .answer = { .status = 200 } } } },
	{ "a HEAD that is refused for another reason",
	  false,
	  { { .call = HEAD,
	      HOME,
	      .answer = { .status = 403,
			  .head = "Date: Tue, 14 Oct 2025 10:34:00 GMT\r\n" },
	      .code = EACCES } } },
	{ "a date that is a lie is not remembered",
	  false,
	  { { HOME, .answer = { SKEWED_AT("23:30:00") }, GOES_ON },
	    { AGAIN, HOME, .date = "233000",
	      .answer = { SKEWED_AT("10:30:00") }, .code = EACCES },
	    { HOME, .date = "103000", .answer = { .status = 200 } } } },
	{ "no date, or none that can be read",
	  false,
	  { { HOME,
	      .answer = { .status = 403,
			  .body = "<Error><Code>RequestTimeTooSkewed</Code>"
				  "</Error>" },
	      .code = EACCES },
	    { HOME, .answer = { SKEWED_AT("tomorrow") }, .code = EACCES } } },
	{ "both at once",
	  false,
	  { { HOME, .answer = { SKEWED_AT("11:30:00") }, GOES_ON },
	    { AGAIN, HOME, .answer = { MOVED_TO("eu-west-1") }, GOES_ON },
	    { AGAIN, MOVED, .date = "113000", .answer = { .status = 200 } } } },
};

struct talk {
	struct fixture fx;
	int code; /* -1: it goes on */
};

static void
on_done(void *arg, const struct s3_answer *answer)
{
	struct talk *talk = arg;

	talk->code = answer->err.code;
}

static void
on_buckets(void *arg, char *const *names, size_t n, int status,
	   const struct err *err)
{
	struct talk *talk = arg;

	(void)names, (void)n, (void)status;
	/* the answers here have no list in them */
	talk->code = err->code == EIO ? 0 : err->code;
}

static void
talk_init(struct talk *talk, bool is_aws)
{
	*talk = (struct talk){ .code = 0 };
	fixture_init(&talk->fx);
	setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "topsecret", 1);
	s3_free(talk->fx.s3);
	creds_free(talk->fx.creds);
	talk->fx.creds =
		creds_new(&(struct creds_options){ .profile = "default" });
	if (is_aws) {
		endpoint_free(talk->fx.endpoint);
		assert_int_equal(
			endpoint_new(&talk->fx.endpoint,
				     &(struct endpoint_options){ .url = NULL },
				     NULL),
			0);
	}
	/* no retries: none of these tries counts as one */
	talk->fx.s3 = s3_new(talk->fx.http, &talk->fx.timers, talk->fx.endpoint,
			     talk->fx.creds, talk->fx.pace, 0);
}

static void
begin(struct talk *talk, const struct step *step)
{
	assert_int_not_equal(talk->code, -1);
	talk->code = -1;
	if (step->call == LIST_BUCKETS)
		s3_list_buckets(talk->fx.s3, on_buckets, talk);
	else if (step->call == HEAD)
		s3_head_object(talk->fx.s3,
			       &(struct s3_head){ .bucket = FIXTURE_BUCKET,
						  .key = "k",
						  .key_len = 1 },
			       on_done, talk);
	else
		s3_get_object(talk->fx.s3,
			      &(struct s3_get){ .bucket = FIXTURE_BUCKET,
						.key = "k",
						.max = 100 },
			      on_done, talk);
	fixture_settle(&talk->fx);
}

static void
expect_part(const char *text, const char *part, const char *name)
{
	if (!strstr(text, part))
		fail_msg("%s: no %s in %s", name, part, text);
}

static void
check_request(const struct http_transfer *t, const struct step *step,
	      const char *name)
{
	CLEANUP_FREE char *scope = xasprintf("/%s/s3/", step->region);
	CLEANUP_FREE char *signature = fake_http_dup_header(t, "authorization");
	CLEANUP_FREE char *date = fake_http_dup_header(t, "x-amz-date");

	if (strncmp(t->url, step->to, strlen(step->to)) != 0)
		fail_msg("%s: sent to %s", name, t->url);
	expect_part(signature, scope, name);
	if (step->date)
		expect_part(date, step->date, name);
}

static void
test_talks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(talks); i++) {
		const struct step *step = talks[i].steps;
		struct talk talk;
		size_t n = 0;

		talk_init(&talk, talks[i].is_aws);
		for (; n < STEPS_MAX && step[n].to; n++) {
			struct http_transfer *t;

			if (!step[n].goes_on)
				begin(&talk, &step[n]);
			t = fake_http_get(talk.fx.http, n);
			if (!t)
				fail_msg("%s: request %zu was not sent",
					 talks[i].name, n);
			check_request(t, &step[n], talks[i].name);
			fake_http_answer(t, &step[n].answer);
			fixture_settle(&talk.fx);
			if (talk.code != step[n].code)
				fail_msg("%s: answer %zu: %d, not %d",
					 talks[i].name, n, talk.code,
					 step[n].code);
		}
		assert_null(fake_http_get(talk.fx.http, n));
		fixture_clear(&talk.fx);
	}
}

/* A store that names ever new regions: it is refused, sooner or later. */
static void
test_regions_without_end(void **state)
{
	struct talk talk;
	size_t n = 0;

	(void)state;
	talk_init(&talk, false);
	for (unsigned i = 0; i < 1000; i++) {
		CLEANUP_FREE char *head =
			xasprintf("x-amz-bucket-region: r%u\r\n", i);

		begin(&talk, &(struct step){ .call = GET });
		while (talk.code == -1) {
			fake_http_answer(fake_http_get(talk.fx.http, n++),
					 &(struct fake_answer){ .status = 301,
								.head = head });
			fixture_settle(&talk.fx);
		}
		assert_int_equal(talk.code, EIO);
	}
	assert_in_range(n, 1001, 1500);
	fixture_clear(&talk.fx);
}

/* Who goes while HeadBucket is asked has one completion all the same. */
static void
test_cancelled_question(void **state)
{
	struct talk talk;
	struct s3_call *call;

	(void)state;
	talk_init(&talk, false);
	talk.code = -1;
	call = s3_get_object(talk.fx.s3,
			     &(struct s3_get){ .bucket = FIXTURE_BUCKET,
					       .key = "k",
					       .max = 100 },
			     on_done, &talk);
	fixture_settle(&talk.fx);
	fixture_refuse(&talk.fx, "GET", "/k", 301);
	s3_cancel(call);
	assert_int_equal(talk.code, -1);
	fixture_settle(&talk.fx);
	assert_int_equal(talk.code, ECANCELED);
	fixture_clear(&talk.fx);
}

/* Two calls are refused; the region is known when the second one asks for it. */
static void
test_late_question(void **state)
{
	static const struct fake_answer nowhere = { NOWHERE };
	static const struct fake_answer good = { .status = 200 };
	struct talk first, second = { .code = -1 };

	(void)state;
	talk_init(&first, false);
	begin(&first, &(struct step){ .call = GET });
	s3_get_object(first.fx.s3,
		      &(struct s3_get){ .bucket = FIXTURE_BUCKET,
					.key = "second",
					.max = 100 },
		      on_done, &second);
	fixture_settle(&first.fx);
	fake_http_answer(fixture_find(&first.fx, "GET", "/k"), &nowhere);
	fixture_settle(&first.fx);
	fake_http_answer(fixture_find(&first.fx, HEAD_ANY),
			 &(struct fake_answer){ MOVED_TO("eu-west-1") });
	fixture_settle(&first.fx);
	fake_http_answer(fixture_find(&first.fx, HEAD_ANY), &good);
	fixture_settle(&first.fx);
	fake_http_answer(fixture_find(&first.fx, "GET", "/second"), &nowhere);
	fixture_settle(&first.fx);
	fake_http_answer(fixture_find(&first.fx, HEAD_ANY), &good);
	fixture_settle(&first.fx);
	fake_http_answer(fixture_find(&first.fx, "GET", "/k"), &good);
	fake_http_answer(fixture_find(&first.fx, "GET", "/second"), &good);
	fixture_settle(&first.fx);
	assert_int_equal(first.code, 0);
	assert_int_equal(second.code, 0);
	fixture_clear(&first.fx);
}

static const struct {
	struct refusal r;
	bool lacks_keys;
} refusals[] = {
	{ { 400, "ExpiredToken", "", "", false, false }, true },
	{ { 403, "ExpiredToken", "", "", false, true }, true },
	{ { 200, "ExpiredToken", "", "", false, true }, true },
	{ { 400, "ExpiredTokenException", "", "", false, true }, true },
	{ { 400, "TokenRefreshRequired", "", "", false, true }, true },
	{ { 400, "InvalidToken", "", "", false, true }, true },
	{ { 403, "InvalidTokenId", "", "", false, true }, true },
	{ { 403, "InvalidAccessKeyId", "", "", false, false }, true },
	{ { 400, "", "", "", true, false }, true },
	/* temporary keys that may do nothing any more */
	{ { 403, "AccessDenied", "", "", false, true }, true },
	{ { 403, "", "", "", true, true }, true },
	{ { 401, "", "", "", true, true }, true },
	/* not of the keys, or keys that do not expire */
	{ { 403, "AccessDenied", "", "", false, false }, false },
	{ { 403, "SignatureDoesNotMatch", "", "", false, false }, false },
	{ { 403, "", "", "", true, false }, false },
	{ { 400, "", "", "", false, true }, false },
	{ { 400, "InvalidArgument", "", "", false, true }, false },
	{ { 404, "NoSuchBucket", "", "", false, true }, false },
	{ { 503, "SlowDown", "", "", false, true }, false },
};

static void
test_lacks_keys(void **state)
{
	const struct correction first = { .was_renewed = false };
	const struct correction again = { .was_renewed = true };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		const struct refusal *r = &refusals[i].r;

		if (correction_lacks_keys(&first, r) != refusals[i].lacks_keys)
			fail_msg("%d %s", r->status, r->code);
		assert_false(correction_lacks_keys(&again, r));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_talks),
		cmocka_unit_test(test_regions_without_end),
		cmocka_unit_test(test_cancelled_question),
		cmocka_unit_test(test_late_question),
		cmocka_unit_test(test_lacks_keys),
	};

	return cmocka_run_group_tests_name("correction", tests, NULL, NULL);
}
