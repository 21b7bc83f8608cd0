/* SPDX-License-Identifier: MIT */
/*
 * What --explain says of failures, and how its report is written: one row a line, and
 * JSON whatever bytes there are.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "explain/advice.h"
#include "net/proxy.h"
#include "explain/report.h"

static char *
printed(const struct report *r, void (*print)(const struct report *r, FILE *f))
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	print(r, f);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void
test_report(void **state)
{
	struct report r CLEANUP(report_clear) = { .rows = NULL };
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *json = NULL;

	(void)state;
	report_add(&r, &(struct report_row){ "a", "x", "1", "h", "of",
					     "y\n\"\xff", -1 });
	report_add(&r,
		   &(struct report_row){ "a", "y", NULL, NULL, NULL, NULL, 7 });
	report_add(&r, &(struct report_row){ "b", "\\", "\x1b[m\xc3\xa9", NULL,
					     "of", NULL, -1 });
	report_advise(&r, "do \"that\"");
	report_advise(&r, "do \"that\"");
	r.has_failed = true;
	text = printed(&r, report_print);
	assert_string_equal(
		text, "a\n"
		      "    x                       1, at h  (y\\x0a\"\\xff)\n"
		      "    y                       -, 7 ms\n"
		      "\n"
		      "b\n"
		      "    \\                       \\x1b[m\xc3\xa9\n"
		      "\n"
		      "it does not work\n"
		      "    - do \"that\"\n");
	json = printed(&r, report_print_json);
	assert_string_equal(
		json, "{\n"
		      "  \"a\": {\n"
		      "    \"x\": {\"value\": \"1\", \"at\": \"h\", \"of\": "
		      "\"y\\\\x0a\\\"\\\\xff\"},\n"
		      "    \"y\": {\"value\": null, \"ms\": 7}\n"
		      "  },\n"
		      "  \"b\": {\n"
		      "    \"\\\\\": {\"value\": \"\\\\x1b[m\xc3\xa9\"}\n"
		      "  },\n"
		      "  \"advice\": [\n"
		      "    \"do \\\"that\\\"\"\n"
		      "  ],\n"
		      "  \"works\": false\n"
		      "}\n");
}

static void
test_empty_report(void **state)
{
	struct report r = { .rows = NULL };
	CLEANUP_FREE char *json = printed(&r, report_print_json);

	(void)state;
	assert_string_equal(json,
			    "{\n  \"advice\": [],\n  \"works\": true\n}\n");
}

static const struct {
	int code, status;
	const char *word;
	bool is_of_all_buckets, has_proxy, is_unsigned;
	const char *says; /* a part of it; NULL: nothing */
} cases[] = {
	{ EACCES, 403, "AccessDenied", false, false, false, "s3:ListBucket" },
	{ EACCES, 403, "AccessDenied", true, false, false, "bucket=NAME" },
	{ EACCES, 403, "AccessDenied", true, true, true, "no_sign_request" },
	{ EACCES, 403, "InvalidAccessKeyId", true, true, false, "key id" },
	{ EACCES, 403, "", false, true, false, "the proxy may have refused" },
	{ EACCES, 403, "", false, false, false, "no answer of an S3 store" },
	{ EIO, 0, "", false, true, false, "the proxy may have refused" },
	{ EIO, 0, "", false, false, false, NULL },
	{ ECONNREFUSED, 0, "", false, false, false, "whether the store runs" },
	{ ECONNREFUSED, 0, "", false, true, false, "at the proxy" },
	{ EPROTO, 0, "", false, true, false, "ca_bundle=FILE" },
	{ EIO, 407, "", false, true, false, "a user and a password" },
	{ EIO, 407, "", false, false, false, "a user and a password" },
	{ EIO, 400, "MethodNotAllowed", false, true, false, NULL },
};

static void
test_advice(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = ERR_INIT;
		const char *advice;

		err_set(&err, cases[i].code, "message");
		err_set_remote(&err, cases[i].status, cases[i].word, "");
		advice = advice_for(&(struct advice_case){
			.err = &err,
			.is_of_all_buckets = cases[i].is_of_all_buckets,
			.has_proxy = cases[i].has_proxy,
			.is_signed = !cases[i].is_unsigned });
		if (!cases[i].says)
			assert_null(advice);
		else if (!advice || !strstr(advice, cases[i].says))
			fail_msg("%zu: %s", i, advice ? advice : "nothing");
	}
}

static void
test_advice_for_keys(void **state)
{
	static const struct {
		int code;
		const char *word, *advice;
	} of_keys[] = {
		{ ENOENT, "", "give keys" },
		{ EINPROGRESS, "", "hangs" },
		{ EACCES, "", "fails" },
		{ EACCES, "LoginExpired", "log in again" },
		{ EACCES, "AccessDenied", "the role may not be assumed" },
		{ EACCES, "NoSuchEntity", "there is no such role" },
		{ EACCES, "ExpiredToken", "the keys have expired" },
		{ EACCES, "Whatever", "fails" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(of_keys); i++) {
		struct creds_said said = { .err = ERR_INIT };

		err_set(&said.err, of_keys[i].code, "%s", "");
		err_set_remote(&said.err, 0, of_keys[i].word, "");
		assert_non_null(
			strstr(advice_for_keys(&said), of_keys[i].advice));
	}
}

/* As libcurl reads them, and HTTP_PROXY, as Python does. */
static void
test_proxies(void **state)
{
	(void)state;
	unsetenv("http_proxy");
	unsetenv("https_proxy");
	setenv("HTTP_PROXY", "upper", 1);
	setenv("HTTPS_PROXY", "https", 1);
	unsetenv("all_proxy");
	unsetenv("ALL_PROXY");
	unsetenv("REQUEST_METHOD");
	assert_string_equal(proxy_for("http").value, "upper");
	setenv("REQUEST_METHOD", "GET", 1);
	assert_null(proxy_for("http").value);
	assert_string_equal(proxy_for("https").value, "https");
	setenv("ALL_PROXY", "all", 1);
	setenv("https_proxy", "", 1);
	assert_string_equal(proxy_for("http").value, "all");
	assert_string_equal(proxy_for("https").name, "HTTPS_PROXY");
	setenv("http_proxy", "http", 1);
	assert_string_equal(proxy_for("http").value, "http");
	setenv("NO_PROXY", "upper", 1);
	setenv("no_proxy", "lower", 1);
	assert_string_equal(proxy_exceptions().value, "lower");
}

static void
test_exempt(void **state)
{
	static const struct {
		const char *exceptions, *url;
		bool is_exempt;
	} exempt[] = {
		{ "h:9000", "http://h:9000/b", true },
		{ "x, .Example.org:443", "https://s3.example.org:443", true },
		{ "127.0.0.1:80 [::1]:9000", "http://[::1]:9000/", true },
		{ "h:9000", "http://h:9001/b", false },
		{ "h:9000", "http://oh:9000/b", false },
		{ "h:9000", "http://h/b", false },
		{ "h", "http://h:9000/b", true },
		{ "H.", "http://h/", true },
		{ "h", "http://h./", true },
		{ ".h", "http://h", true },
		{ "h", "http://b.h/", true },
		{ "h", "http://bh/", false },
		{ "b.h", "http://h/", false },
		{ "*.h", "http://b.h/", false },
		{ "*", "http://h:9000/b", true },
		{ "a,*", "http://h:9000/b", false },
		/* addresses are no names */
		{ "127.0.0.1", "http://127.0.0.1:9000", true },
		{ "0.0.1", "http://127.0.0.1", false },
		{ "127.", "http://127.0.0.1", false },
		{ "a 127.0.0.0/8", "http://127.9.9.9", true },
		{ "127.0.0.0/8", "http://128.0.0.1", false },
		{ "10.128.0.0/9", "http://10.255.0.1", true },
		{ "10.128.0.0/9", "http://10.127.0.1", false },
		{ "0.0.0.0/0", "http://127.0.0.1", true },
		{ "127.0.0.1/33", "http://127.0.0.1", false },
		{ "127.0.0.1/", "http://127.0.0.1", false },
		{ "::1", "http://[::1]:9000", true },
		{ "::/0", "http://[fd00::1]/", true },
		{ "fd00::/15", "http://[fd01::1]/", true },
		{ "fd00::/16", "http://[fd01::1]/", false },
		{ "0.0.0.0/0", "http://[::1]/", false },
		{ "127.0.0.0/8", "http://localhost/", false },
		{ "", "http://h:9000/b", false },
		{ ",.,:", "http://h:9000/b", false },
	};

	(void)state;
	unsetenv("NO_PROXY");
	for (size_t i = 0; i < ARRAY_SIZE(exempt); i++) {
		setenv("no_proxy", exempt[i].exceptions, 1);
		assert_int_equal(proxy_is_exempt(exempt[i].url),
				 exempt[i].is_exempt);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_empty_report),
		cmocka_unit_test(test_advice),
		cmocka_unit_test(test_advice_for_keys),
		cmocka_unit_test(test_proxies),
		cmocka_unit_test(test_exempt),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
