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

#include "s3/list-metadata.h"

static const struct list_page empty = { .n_objects = 0 };
static const struct list_page silent = { .n_objects = 1 };
static const struct list_page telling = { .n_objects = 1,
					  .has_metadata = true };

static void
test_decision(void **state)
{
	struct list_metadata m = { 0 };

	(void)state;
	assert_true(list_metadata_should_ask(&m));
	/* an empty bucket says nothing */
	list_metadata_observe(&m, &empty);
	assert_true(list_metadata_should_ask(&m));
	list_metadata_observe(&m, &silent);
	assert_false(list_metadata_should_ask(&m));
	/* another page was under way: what one tells is proof */
	list_metadata_observe(&m, &telling);
	assert_true(list_metadata_should_ask(&m));
	/* and what another one does not tell is none */
	list_metadata_observe(&m, &silent);
	list_metadata_observe(&m, &empty);
	assert_true(list_metadata_should_ask(&m));
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
	/* something else is wrong */
	{ 400, "ExpiredToken", false },
	{ 400, "RequestTimeout", false },
	{ 403, "AccessDenied", false },
	{ 403, "", false },
	{ 404, "NoSuchBucket", false },
	{ 500, "InternalError", false },
	{ 503, "SlowDown", false },
	{ 503, "", false },
	{ 200, "InternalError", false },
	{ 200, "InvalidArgument", false },
	{ 0, "", false },
};

/* Once a store is known to have it, no refusal is the parameter's. */
static void
test_refusal(void **state)
{
	struct list_metadata m = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		struct http_answer http = { .status = refusals[i].status };
		struct s3_answer a = { .status = http.status, .http = &http };

		a.err.code = EIO;
		snprintf(a.error.code, sizeof(a.error.code), "%s",
			 refusals[i].code);
		m.has = LIST_METADATA_UNKNOWN;
		if (list_metadata_is_to_blame(&m, &a) != refusals[i].is_refusal)
			fail_msg("%d %s", a.status, a.error.code);
		m.has = LIST_METADATA_NO; /* decided while it was under way */
		assert_int_equal(list_metadata_is_to_blame(&m, &a),
				 refusals[i].is_refusal);
		m.has = LIST_METADATA_YES;
		assert_false(list_metadata_is_to_blame(&m, &a));
	}
}

/* A page that is no XML may be the parameter's; one that broke off is not. */
static void
test_unreadable(void **state)
{
	struct list_metadata m = { 0 };
	struct http_answer http = { .status = 200 };
	struct s3_answer a = { .status = 200, .http = &http };

	(void)state;
	a.err.code = EIO;
	for (int has = 0; has < 3; has++) {
		m.has = has;
		http.err.code = 0;
		assert_true(list_metadata_is_to_blame(&m, &a));
		http.err.code = EIO;
		assert_false(list_metadata_is_to_blame(&m, &a));
		http.was_refused = true;
		assert_true(list_metadata_is_to_blame(&m, &a));
		http.was_refused = false;
	}
	a.http = NULL;
	assert_false(list_metadata_is_to_blame(&m, &a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decision),
		cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
