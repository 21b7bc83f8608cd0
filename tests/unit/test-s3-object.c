/* SPDX-License-Identifier: MIT */
/*
 * Whether the HEAD of an object is that of the listed one; fields of a header;
 * and the table of errors.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "s3/s3-object.h"

#define ETAG "etag: \"abc\"\r\n"
#define LENGTH "content-length: 10\r\n"
#define MODIFIED "Last-Modified: Tue, 14 Oct 2025 10:30:00 GMT\r\n"

/* Listed: "abc", 10 bytes, 2025-10-14T10:30:00.123Z unless a case says more. */
static const struct {
	const char *head;
	bool is_same;
	const char *etag; /* as listed; NULL: "abc" */
	const char *modified; /* NULL: as above */
} heads[] = {
	{ ETAG LENGTH MODIFIED, true, NULL, NULL },
	{ "HTTP/1.1 200 OK\r\nETag: W/\"abc\"\r\n" LENGTH, true, NULL, NULL },
	{ "etag: abc\r\n", true, NULL, NULL },
	/* what a store does not say does not count */
	{ "", true, NULL, NULL },
	{ "etag:\r\ncontent-length:\r\nlast-modified:\r\n", true, NULL, NULL },
	{ "etag: \"other\"\r\n", true, "", NULL },
	{ MODIFIED, true, NULL, "" },
	{ "last-modified: yesterday\r\n", true, NULL, NULL },
	/* replaced meanwhile */
	{ "etag: \"abd\"\r\n" LENGTH MODIFIED, false, NULL, NULL },
	{ "etag: \"abcd\"\r\n", false, NULL, NULL },
	{ "etag: \"ab\"\r\n", false, NULL, NULL },
	{ "etag: \"\"\r\n", false, NULL, NULL },
	{ "etag: \"\r\n", false, NULL, NULL },
	{ ETAG "content-length: 11\r\n" MODIFIED, false, NULL, NULL },
	{ ETAG "content-length: 0\r\n", false, NULL, NULL },
	/* to the second: HTTP dates have no more */
	{ ETAG LENGTH "last-modified: Tue, 14 Oct 2025 10:30:01 GMT\r\n", false,
	  NULL, NULL },
	{ MODIFIED, true, NULL, "2025-10-14T10:30:00Z" },
	{ MODIFIED, false, NULL, "2025-10-14T10:29:59.999Z" },
};

static void
test_head_is_object(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		struct http_answer a = { .head = BUF_INIT(HTTP_HEAD_MAX) };
		const char *etag = heads[i].etag ? heads[i].etag : "abc";
		const char *modified = heads[i].modified
					       ? heads[i].modified
					       : "2025-10-14T10:30:00.123Z";

		buf_add_str(&a.head, heads[i].head);
		if (s3_head_is_object(&a, etag, 10, modified) !=
		    heads[i].is_same)
			fail_msg("case %zu: %s", i, heads[i].head);
		buf_clear(&a.head);
	}
}

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
		cmocka_unit_test(test_head_is_object),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
