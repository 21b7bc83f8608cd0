/* SPDX-License-Identifier: MIT */
/*
 * Fields of a header; and the table of errors.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "s3/s3-object.h"

static const struct {
	const char *head, *name, *value; /* NULL: there is none */
} fields[] = {
	{ "a: 1\r\nb: 2\r\n", "b", "2" },
	{ "a: 1\r\nb: 2\r\n", "A", "1" },
	{ "a: 1\r\na: 2\r\n", "a", "1" },
	{ "aa: 1\r\n", "a", NULL },
	{ "a: 1\r\n", "aa", NULL },
	{ "a:1", "a", "1" },
	{ "a: \t x y \t \r\n", "a", "x y" },
	{ "a:\r\nb: 2\r\n", "a", "" },
	{ "a:", "a", "" },
	{ "a", "a", NULL },
	{ "", "a", NULL },
	{ "\r\n\r\na: 1\r\n", "a", "1" },
	{ "x: a: 1\r\n", "a", NULL },
};

static void
test_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		struct http_answer a = { .head = BUF_INIT(HTTP_HEAD_MAX) };
		size_t len = 0;
		const char *value;

		buf_add_str(&a.head, fields[i].head);
		value = http_header(&a, fields[i].name, &len);
		assert_int_equal(value != NULL, fields[i].value != NULL);
		if (value) {
			assert_int_equal(len, strlen(fields[i].value));
			assert_memory_equal(value, fields[i].value, len);
		}
		buf_clear(&a.head);
	}
}

/* --- errors: the table of spec and man page --- */

static const struct {
	int status;
	const char *code;
	bool is_head;
	int error;
	bool is_retryable;
} errors[] = {
	{ 404, "NoSuchBucket", false, ENOENT, false },
	{ 404, "NoSuchKey", false, ENOENT, false },
	{ 404, "", true, ENOENT, false }, /* a HEAD has no body */
	{ 404, "", false, EIO, false },
	{ 404, "SomethingElse", false, EIO, false },
	{ 403, "AccessDenied", false, EACCES, false },
	{ 403, "", true, EACCES, false },
	{ 403, "Unheard", false, EACCES, false },
	{ 401, "", false, EACCES, false },
	{ 400, "ExpiredToken", false, EACCES, false },
	{ 400, "InvalidToken", false, EACCES, false },
	{ 403, "InvalidAccessKeyId", false, EACCES, false },
	{ 403, "SignatureDoesNotMatch", false, EACCES, false },
	{ 403, "RequestTimeTooSkewed", false, EACCES, false },
	{ 400, "", false, EIO, false },
	{ 400, "", true, EACCES, false },
	{ 400, "RequestTimeout", false, EIO, true },
	{ 429, "", false, EIO, true },
	{ 500, "InternalError", false, EIO, true },
	{ 500, "", true, EIO, true },
	{ 501, "NotImplemented", false, EIO, false },
	{ 502, "", false, EIO, true },
	{ 503, "SlowDown", false, EIO, true },
	{ 503, "", true, EIO, true },
	{ 504, "", false, EIO, true },
	{ 301, "PermanentRedirect", false, EIO, false },
	{ 307, "", true, EIO, false },
	{ 409, "", false, EIO, false },
	{ 418, "", false, EIO, false },
	/* within a 200: the code is all there is */
	{ 0, "SlowDown", false, EIO, true },
	{ 0, "AccessDenied", false, EACCES, false },
	{ 0, "Unheard", false, EIO, false },
};

static void
test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		bool is_retryable;
		int error = s3_errno(errors[i].status, errors[i].code,
				     errors[i].is_head, &is_retryable);

		if (error != errors[i].error ||
		    is_retryable != errors[i].is_retryable)
			fail_msg("%d %s: errno %d, retryable %d",
				 errors[i].status, errors[i].code, error,
				 is_retryable);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
