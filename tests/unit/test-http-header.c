/* SPDX-License-Identifier: MIT */
/*
 * The head of an answer: which ones are believed, and what is read in them.
 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "net/http-header.h"

#define OK "HTTP/1.1 200 OK\r\n"
#define SIZE "x-amz-meta-dg-file-size"
#define TEXT(s) s, sizeof(s) - 1

static void
set_head(struct http_answer *a, const char *text, size_t len)
{
	*a = (struct http_answer){ .status = 200 };
	buf_init(&a->head, HTTP_HEAD_MAX);
	assert_int_equal(buf_add(&a->head, text, len), 0);
}

static void
assert_field(const struct http_answer *a, const char *name, const char *value)
{
	char is[100];

	http_copy_header(a, name, is, sizeof(is));
	assert_string_equal(is, value);
}

/* Heads that are believed, and what they tell. */
static const struct {
	const char *head;
	size_t len;
	const char *size, *etag;
} good[] = {
	{ TEXT(OK "\r\n"), "", "" },
	{ TEXT("HTTP/1.0 404 Not Found\r\n\r\n"), "", "" },
	{ TEXT("HTTP/1.1 200\r\nETag: a\r\n\r\n"), "", "a" },
	{ TEXT("HTTP/1.1 200 \r\nETag:a\r\n\r\n"), "", "a" },
	{ TEXT("HTTP/1.1 200 OK\nETag: a\n\n"), "", "a" },
	{ TEXT(OK "ETag: a\n\r\n"), "", "a" },
	{ TEXT(OK "ETag: a\r\n\n"), "", "a" },
	/* folded */
	{ TEXT(OK SIZE ":\r\n 5000\r\n\r\n"), "5000", "" },
	{ TEXT(OK SIZE ":\r\n\t5000\r\nETag: a\r\n\r\n"), "5000", "a" },
	{ TEXT(OK SIZE ":\n 5000\n\n"), "5000", "" },
	{ TEXT(OK SIZE ": 5000\r\n \r\nETag: a\r\n\r\n"), "5000", "a" },
	{ TEXT(OK SIZE ":\r\n \r\n\t\r\n 5000\r\n\r\n"), "5000", "" },
	{ TEXT(OK SIZE ": 50\r\n 00\r\n\r\n"), "50   00", "" },
	{ TEXT(OK "A: x\r\n " SIZE ": 1\r\n" SIZE ": 5\r\n\r\n"), "5", "" },
	{ TEXT(OK "Content-Length:\r\n 5000\r\n\r\n"), "", "" },
	/* twice, but the same; or of no consequence */
	{ TEXT(OK SIZE ": 5\r\nX-AMZ-Meta-DG-File-Size:  5 \r\n\r\n"), "5",
	  "" },
	{ TEXT(OK SIZE ":\r\n 5\r\n" SIZE ": 5\r\n\r\n"), "5", "" },
	{ TEXT(OK "Via: a\r\nVia: b\r\nDate: c\r\nDate: d\r\n\r\n"), "", "" },
	{ TEXT(OK SIZE ": 5\r\nx-amz-meta-file-size: 6\r\n\r\n"), "5", "" },
	/* odd, but nobody reads it otherwise */
	{ TEXT(OK "x-amz-meta-a/b(c): 1\r\nETag: a\r\n\r\n"), "", "a" },
	{ TEXT(OK "x-amz-meta-\xc3\xa4: \xc3\xa4\r\nETag: a\r\n\r\n"), "",
	  "a" },
	{ TEXT(OK "X: a\tb: c\r\nETag:\ta\t\r\n\r\n"), "", "a" },
	{ TEXT(OK "X:\r\nETag: a\r\n\r\n"), "", "a" },
	{ TEXT(OK "Content-Length: 9223372036854775807\r\n\r\n"), "", "" },
};

static void
test_good(void **state)
{
	struct err err = ERR_INIT;
	struct http_answer a;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		set_head(&a, good[i].head, good[i].len);
		if (http_head_check(&a.head, &err))
			fail_msg("%s: %s", good[i].head, err.msg);
		assert_int_equal(a.head.len, good[i].len);
		assert_field(&a, SIZE, good[i].size);
		assert_field(&a, "etag", good[i].etag);
		buf_clear(&a.head);
	}
}

/* Heads that two programs may read differently, or that are only a part of one. */
static const struct {
	const char *head;
	size_t len;
	const char *wrong;
} malformed[] = {
	/* cut */
	{ TEXT(""), "status line" },
	{ TEXT("HTTP/1.1 20"), "status line" },
	{ TEXT("HTTP/1.1 200 OK"), "no empty line" },
	{ TEXT(OK), "no empty line" },
	{ TEXT(OK "ETa"), "no field" },
	{ TEXT(OK "ETag: "), "no empty line" },
	{ TEXT(OK "ETag: a\r"), "control" },
	{ TEXT(OK "ETag: a\r\n"), "no empty line" },
	{ TEXT(OK "ETag: a\r\n\r"), "no field" },
	{ TEXT(OK "ETag: a\n"), "no empty line" },
	/* the status line */
	{ TEXT("HTTP/2 200 OK\r\n\r\n"), "status line" },
	{ TEXT("HTTP/1.1 2000 OK\r\n\r\n"), "status line" },
	{ TEXT("HTTP/1.1 20 OK\r\n\r\n"), "status line" },
	{ TEXT("HTTP/1.1  200 OK\r\n\r\n"), "status line" },
	{ TEXT("HTTP 200 OK\r\n\r\n"), "status line" },
	{ TEXT("ICY 200 OK\r\n\r\n"), "status line" },
	{ TEXT("\r\n" OK "\r\n"), "status line" },
	{ TEXT("HTTP/1.1 200 OK\rETag: a\r\n\r\n"), "control" },
	/* lines */
	{ TEXT(OK " ETag: a\r\n\r\n"), "no field" },
	{ TEXT(OK "ETag : a\r\n\r\n"), "no field" },
	{ TEXT(OK "ETag\t: a\r\n\r\n"), "no field" },
	{ TEXT(OK "E Tag: a\r\n\r\n"), "no field" },
	{ TEXT(OK "ETag a\r\n\r\n"), "no field" },
	{ TEXT(OK ": a\r\n\r\n"), "no field" },
	{ TEXT(OK "ETag: a\r\n" OK "ETag: b\r\n\r\n"), "no field" },
	{ TEXT(OK "HTTP/1.1: 200\r\n\r\n"), "no field" },
	{ TEXT(OK "ETag: a\r\n\rX: y\r\n\r\n"), "no field" },
	{ TEXT(OK "ETag: a\r\n\r\nX: y\r\n\r\n"), "no field" },
	/* control characters */
	{ TEXT(OK "ETag: a\0b\r\n\r\n"), "control" },
	{ TEXT(OK "ET\0ag: a\r\n\r\n"), "no field" },
	{ TEXT(OK "ETag: a\rb\r\n\r\n"), "control" },
	{ TEXT(OK "ETag: a\r\r\n\r\n"), "control" },
	{ TEXT(OK "ETag: a\x1b[1m\r\n\r\n"), "control" },
	{ TEXT(OK "ETag: a\x7f\r\n\r\n"), "control" },
	{ TEXT(OK "ETag: a\r\n \0b\r\n\r\n"), "control" },
	/* twice */
	{ TEXT(OK SIZE ": 1\r\n" SIZE ": 2\r\n\r\n"), "twice" },
	{ TEXT(OK SIZE ": 1\r\nX-Amz-Meta-DG-File-Size: 2\r\n\r\n"), "twice" },
	{ TEXT(OK SIZE ": 1\r\nA: b\r\n" SIZE ":\r\n 1 2\r\n\r\n"), "twice" },
	{ TEXT(OK SIZE ":\r\n" SIZE ": 2\r\n\r\n"), "twice" },
	{ TEXT(OK "ETag: a\r\nETag: b\r\n\r\n"), "twice" },
	{ TEXT(OK "ETag: a\r\nETag: a\r\netag: b\r\n\r\n"), "twice" },
	{ TEXT(OK "Last-Modified: a\r\nLast-Modified: b\r\n\r\n"), "twice" },
	{ TEXT(OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\n"), "twice" },
	/* where the body ends */
	{ TEXT(OK "Content-Length: 5, 5\r\n\r\n"), "Content-Length" },
	{ TEXT(OK "Content-Length: +5\r\n\r\n"), "Content-Length" },
	{ TEXT(OK "Content-Length: -5\r\n\r\n"), "Content-Length" },
	{ TEXT(OK "Content-Length: 5 0\r\n\r\n"), "Content-Length" },
	{ TEXT(OK "Content-Length: 5\r\n 0\r\n\r\n"), "Content-Length" },
	{ TEXT(OK "Content-Length: 0x5\r\n\r\n"), "Content-Length" },
	{ TEXT(OK "Content-Length:\r\n\r\n"), "Content-Length" },
	{ TEXT(OK "Content-Length: 9223372036854775808\r\n\r\n"),
	  "Content-Length" },
	{ TEXT(OK "Transfer-Encoding:\r\n chunked\r\n\r\n"), "folded" },
};

static void
test_malformed(void **state)
{
	struct http_answer a;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
		struct err err = ERR_INIT;

		set_head(&a, malformed[i].head, malformed[i].len);
		if (http_head_check(&a.head, &err) != -EIO)
			fail_msg("row %zu is believed: %s", i,
				 malformed[i].head);
		if (!strstr(err.msg, malformed[i].wrong))
			fail_msg("row %zu: %s", i, err.msg);
		buf_clear(&a.head);
	}
}

/* Every cut of a good head is malformed. */
static void
test_cut(void **state)
{
	static const char whole[] =
		OK "Date: Tue, 14 Oct 2025 10:30:00 GMT\r\nETag: \"a\"\r\n" SIZE
		   ":\r\n 5000\r\nContent-Length: 77\r\n\r\n";
	struct http_answer a;

	(void)state;
	for (size_t n = 0; n < sizeof(whole) - 1; n++) {
		set_head(&a, whole, n);
		assert_int_equal(http_head_check(&a.head, NULL), -EIO);
		buf_clear(&a.head);
	}
	set_head(&a, whole, sizeof(whole) - 1);
	assert_int_equal(http_head_check(&a.head, NULL), 0);
	buf_clear(&a.head);
}

static void
test_has_length(void **state)
{
	static const struct {
		const char *fields;
		bool has_length;
	} rows[] = {
		{ "", false },
		{ "Connection: close\r\n", false },
		{ "Content-Length: 0\r\n", true },
		{ "content-length: 5\r\n", true },
		{ "Transfer-Encoding: chunked\r\n", true },
		{ "transfer-encoding: gzip, Chunked\r\n", true },
		{ "Transfer-Encoding: identity\r\n", false },
		{ "Transfer-Encoding: chunked, gzip\r\n", false },
	};
	struct http_answer a;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char head[200];

		snprintf(head, sizeof(head), OK "%s\r\n", rows[i].fields);
		set_head(&a, head, strlen(head));
		assert_int_equal(http_head_has_length(&a), rows[i].has_length);
		buf_clear(&a.head);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_has_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
