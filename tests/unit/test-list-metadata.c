/* SPDX-License-Identifier: MIT */
/*
 * Whether listings are asked for metadata: what the first page decides, and which
 * failures are the parameter's.
 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "list/metadata.h"

static const struct list_page empty = { .n_objects = 0 };
static const struct list_page silent = { .n_objects = 1 };
static const struct list_page telling = { .n_objects = 1,
					  .has_metadata = true };

static void
test_decision(void **state)
{
	struct list_metadata m = { 0 };

	(void)state;
	assert_true(list_metadata_should_ask(&m, 0));
	/* an empty bucket says nothing */
	list_metadata_observe(&m, &empty);
	assert_true(list_metadata_should_ask(&m, 0));
	list_metadata_observe(&m, &silent);
	assert_false(list_metadata_should_ask(&m, 0));
	/* another page was under way: what one tells is proof */
	list_metadata_observe(&m, &telling);
	assert_true(list_metadata_should_ask(&m, 0));
	/* and what another one does not tell is none */
	list_metadata_observe(&m, &silent);
	list_metadata_observe(&m, &empty);
	assert_true(list_metadata_should_ask(&m, 0));
}

static const struct {
	int status;
	const char *code;
	bool is_refusal;
} refusals[] = {
	{ 400, "InvalidArgument", true },
	{ 400, "InvalidRequest", true },
	{ 400, "", true },
	{ 405, "MethodNotAllowed", true },
	{ 501, "NotImplemented", true },
	{ 501, "", true },
	{ 403, "AccessDenied", true },
	{ 403, "", true },
	{ 404, "NoSuchKey", true },
	{ 404, "", true },
	{ 409, "", true },
	{ 500, "InternalError", true },
	{ 500, "", true },
	{ 502, "", true },
	{ 505, "", true },
	{ 200, "InternalError", true },
	{ 200, "InvalidArgument", true },
	/* something else is wrong, or it is the weather */
	{ 400, "ExpiredToken", false },
	{ 400, "RequestTimeout", false },
	{ 400, "SlowDown", false },
	{ 403, "InvalidAccessKeyId", false },
	{ 403, "SignatureDoesNotMatch", false },
	{ 403, "RequestTimeTooSkewed", false },
	{ 404, "NoSuchBucket", false },
	{ 408, "", false },
	{ 429, "", false },
	{ 301, "PermanentRedirect", false },
	{ 500, "SlowDown", false },
	{ 503, "SlowDown", false },
	{ 503, "InternalError", false },
	{ 503, "", false },
	{ 200, "SlowDown", false },
	{ 0, "", false },
};

static void
test_refusal(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		struct http_answer http = { .status = refusals[i].status };
		struct s3_answer a = { .status = http.status, .http = &http };

		a.err.code = EIO;
		snprintf(a.error.code, sizeof(a.error.code), "%s",
			 refusals[i].code);
		if (s3_is_refusal(&a) != refusals[i].is_refusal)
			fail_msg("%d %s", a.status, a.error.code);
		assert_int_equal(list_metadata_is_to_blame(&a),
				 refusals[i].is_refusal);
		a.err.code = 0;
		assert_false(s3_is_refusal(&a));
	}
}

/* For an hour, whatever was known; and it may have been a mistake. */
static void
test_refused(void **state)
{
	struct list_metadata m = { .has = LIST_METADATA_YES };

	(void)state;
	list_metadata_refuse(&m, 5);
	assert_false(list_metadata_should_ask(&m, 5));
	assert_false(list_metadata_should_ask(&m, 4 + S3_REFUSED_MS));
	assert_true(list_metadata_should_ask(&m, 5 + S3_REFUSED_MS));
}

/* A page that is no XML may be the parameter's; one that broke off is not. */
static void
test_unreadable(void **state)
{
	struct http_answer http = { .status = 200 };
	struct s3_answer a = { .status = 200, .http = &http };

	(void)state;
	a.err.code = EIO;
	http.err.code = 0;
	assert_true(list_metadata_is_to_blame(&a));
	http.err.code = EIO;
	assert_false(list_metadata_is_to_blame(&a));
	http.was_refused = true;
	assert_true(list_metadata_is_to_blame(&a));
	a.http = NULL;
	assert_false(list_metadata_is_to_blame(&a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decision),
		cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
