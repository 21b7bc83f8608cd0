/* SPDX-License-Identifier: MIT */
/*
 * The small things that everything stands on: errors, log lines, buffers,
 * dates, percent-encoding, hashes, UTF-8.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "util/buf.h"
#include "util/date.h"
#include "util/err.h"
#include "util/escape.h"
#include "util/fill.h"
#include "util/hash.h"
#include "util/json-text.h"
#include "util/log.h"
#include "util/uri.h"
#include "util/utf8.h"

static void
test_err(void **state)
{
	struct err err = ERR_INIT, copy = ERR_INIT;
	char longer[sizeof(err.msg) + 100];

	(void)state;
	assert_int_equal(err_set(NULL, EIO, "nobody listens"), -EIO);
	assert_int_equal(err_set(&err, EACCES, "key %s", "a\nb\xff"), -EACCES);
	assert_int_equal(err.code, EACCES);
	assert_string_equal(err.msg, "key a\\x0ab\\xff");
	assert_int_equal(err_wrap(&err, "bucket %s", "b\033"), -EACCES);
	assert_string_equal(err.msg, "bucket b\\x1b: key a\\x0ab\\xff");
	assert_int_equal(err_copy(&copy, &err), -EACCES);
	assert_string_equal(copy.msg, err.msg);
	assert_int_equal(err_copy(NULL, &err), -EACCES);

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(err_set(&err, EIO, "%s", longer), -EIO);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_string_equal(err.msg + strlen(err.msg) - 4, "x...");
	assert_int_equal(err_wrap(&err, "%s", longer), -EIO);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_string_equal(err.msg + strlen(err.msg) - 4, "x...");
	longer[sizeof(err.msg) - 1] = '\0';
	err_set(&err, EIO, "%s", longer);
	assert_string_equal(err.msg, longer); /* it just fits */
	err_set(&err, EIO, "\n%s", longer);
	assert_string_equal(err.msg + strlen(err.msg) - 4, "x...");
}

/* The lines of a text that is filled up: each as before, blanks behind it. */
static void
expect_filled(const char *text, size_t blanks, const char *expected)
{
	struct buf out CLEANUP_BUF = BUF_INIT(100);

	assert_int_equal(fill_up(&out, text, blanks), 0);
	assert_string_equal(buf_str(&out), expected);
}

static void
test_fill(void **state)
{
	(void)state;
	expect_filled("", 0, "");
	expect_filled("a\n", 0, "a\n");
	expect_filled("a\n", 3, "a   \n");
	expect_filled("\n\n", 3, "  \n \n");
	expect_filled("a\nbcd\n", 1, "a \nbcd\n");
	expect_filled("a\nbcd\n", 2, "a  \nbcd\n");
	expect_filled("a\nbcd\n", 3, "a   \nbcd\n");
	expect_filled("abcdef\na\nbc\n", 2, "abcdef\na  \nbc\n");
	expect_filled("abcdef\na\nbc\n", 4, "abcdef\na   \nbc \n");
	expect_filled("abcdef\na\nbc\n", 10, "abcdef \na     \nbc    \n");
}

/* One line is far wider than the blanks can make all: to try each width takes hours. */
static void
test_fill_long_line(void **state)
{
	const size_t len = (size_t)8 << 20;
	struct buf out CLEANUP_BUF = BUF_INIT(2 * len);
	char *text CLEANUP_FREE = xmalloc(len + sizeof("\n\n"));

	(void)state;
	memset(text, 'x', len);
	strcpy(text + len, "\n\n");
	assert_int_equal(fill_up(&out, text, 10), 0);
	assert_int_equal(out.len, len + 2 + 10);
	assert_string_equal(buf_str(&out) + len, "\n          \n");
}

static void
test_escape(void **state)
{
	static const struct {
		const char *in;
		size_t size;
		const char *out;
	} cases[] = {
		{ "plain", 100, "plain" },
		{ "a\tb\x7f", 100, "a\\x09b\\x7f" },
		{ "back\\slash", 100, "back\\slash" },
		{ "\xc3\xa9", 100, "\xc3\xa9" },
		{ "\xc3", 100, "\\xc3" },
		{ "\xed\xa0\x80", 100, "\\xed\\xa0\\x80" }, /* a surrogate */
		{ "abcdef", 4, "abc" },
		{ "ab\n", 6, "ab" }, /* an escape is never cut in two */
		{ "ab\n", 7, "ab\\x0a" },
		{ "a\xc3\xa9", 3, "a" }, /* neither is a character */
		{ "x", 1, "" },
		{ "\xc2\x85", 100, "\\xc2\\x85" }, /* C1: moves the cursor */
		{ "\xe2\x80\xae"
		  "gnj",
		  100, "\\xe2\\x80\\xaegnj" }, /* U+202E */
		{ "\xe2\x80\xa8", 100,
		  "\\xe2\\x80\\xa8" }, /* U+2028, a line ends */
		{ "\xe2\x80\xa7", 100,
		  "\xe2\x80\xa7" }, /* its neighbour is seen */
		{ "\xe2\x81\xa6", 100, "\\xe2\\x81\\xa6" }, /* U+2066 */
		{ "\xe2\x80\x8b", 100, "\\xe2\\x80\\x8b" }, /* of no width */
		{ "\xef\xbb\xbf", 100, "\\xef\\xbb\\xbf" }, /* U+FEFF */
		{ "\xd8\x9c", 100, "\\xd8\\x9c" }, /* U+061C */
		{ "\xef\xbf\xbf", 100, "\\xef\\xbf\\xbf" }, /* none */
		{ "\xf3\xa0\x81\x81", 100, "\\xf3\\xa0\\x81\\x81" }, /* a tag */
		{ "\xf0\x9f\x98\x80", 100, "\xf0\x9f\x98\x80" },
		{ "\xc2\x9b"
		  "2J",
		  100,
		  "\\xc2\\x9b"
		  "2J" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char out[100];

		escape_text(out, cases[i].size, cases[i].in,
			    strlen(cases[i].in));
		assert_string_equal(out, cases[i].out);
	}
}

static void
test_log_level(void **state)
{
	enum log_level level;

	(void)state;
	assert_true(log_level_parse("debug", &level));
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_false(log_level_parse("loud", &level));
	assert_false(log_level_parse("", &level));
}

static void
test_buf(void **state)
{
	struct buf b = BUF_INIT(100);
	char *data;

	(void)state;
	assert_string_equal(buf_str(&b), "");
	assert_int_equal(buf_add(&b, NULL, 0), 0);
	assert_int_equal(buf_add_str(&b, "hello "), 0);
	assert_int_equal(buf_printf(&b, "%d%s", 42, "!"), 0);
	assert_string_equal(buf_str(&b), "hello 42!");
	assert_int_equal(buf_printf(&b, "%100d", 1), -EFBIG);
	assert_int_equal(buf_add(&b, "x", SIZE_MAX), -EFBIG);
	assert_string_equal(buf_str(&b), "hello 42!");
	assert_int_equal(buf_printf(&b, "%91d", 1), 0); /* up to the cap */
	assert_int_equal(b.len, 100);
	assert_int_equal(buf_add_str(&b, "x"), -EFBIG);
	data = buf_steal(&b);
	assert_int_equal(strlen(data), 100);
	free(data);
	assert_int_equal(b.len, 0);
	assert_int_equal(buf_add_str(&b, "again"), 0);
	buf_clear(&b);
	assert_string_equal(buf_str(&b), "");
	assert_false(b.is_secret);
	assert_int_equal(b.max, 100);
}

/* No more than the cap needs, and as little as there is, once that is known. */
static void
test_buf_size(void **state)
{
	struct buf b = BUF_INIT(100);

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(buf_add(&b, "x", 1), 0);
	assert_int_equal(b.size, 101);
	buf_clear(&b);
	buf_trim(&b);
	assert_null(b.data);
	assert_int_equal(buf_add_str(&b, "abc"), 0);
	buf_trim(&b);
	assert_int_equal(b.size, 4);
	assert_int_equal(buf_add_str(&b, "def"), 0);
	assert_string_equal(buf_str(&b), "abcdef");
	buf_clear(&b);
}

/* What memory holds afterwards is seen in tests/integration/44-least-authority. */
static void
test_buf_secret(void **state)
{
	CLEANUP_BUF struct buf b = BUF_INIT_SECRET(1000);

	(void)state;
	assert_int_equal(buf_add_str(&b, "hello "), 0);
	assert_int_equal(buf_printf(&b, "%500d", 1), 0); /* grows */
	assert_memory_equal(buf_str(&b), "hello   ", 8);
	assert_int_equal(strlen(buf_str(&b)), 506);
	assert_int_equal(buf_printf(&b, "%500d", 1), -EFBIG);
	buf_clear(&b);
	assert_true(b.is_secret);
	assert_int_equal(buf_add_str(&b, "again"), 0);
	assert_string_equal(buf_str(&b), "again");
}

static void
test_date_print(void **state)
{
	char iso[DATE_ISO_LEN], amz[DATE_AMZ_LEN];

	(void)state;
	date_print_iso(1760437800, iso);
	assert_string_equal(iso, "2025-10-14T10:30:00Z");
	date_print_iso(0, iso);
	assert_string_equal(iso, "1970-01-01T00:00:00Z");
	date_print_amz(1369353600, amz);
	assert_string_equal(amz, "20130524T000000Z");
	date_print_amz(INT64_C(-55041494400), amz);
	assert_string_equal(amz, "02251021T160000Z");
	date_print_iso(INT64_C(253402300800), iso);
	assert_string_equal(iso, "9999-12-31T23:59:59Z");
	date_print_amz(INT64_MIN, amz);
	assert_string_equal(amz, "00000101T000000Z");
}

#define NO_DATE INT64_MIN

struct date_case {
	const char *text;
	int64_t when;
};

static void
test_date_parse_iso(void **state)
{
	static const struct date_case cases[] = {
		{ "2025-10-14T10:30:00Z", 1760437800 },
		{ "2025-10-14T10:30:00+00:00", 1760437800 },
		{ "2025-10-14T10:30:00.123456+00:00", 1760437800 },
		{ "2025-10-14T10:30:00.000Z", 1760437800 },
		{ "1969-12-31T23:59:59Z", -1 },
		{ "2024-02-29T00:00:00Z", 1709164800 },
		{ "2023-02-29T00:00:00Z", NO_DATE },
		{ "2023-04-31T23:59:60Z", NO_DATE },
		{ "2016-12-31T23:59:60Z", 1483228800 }, /* a leap second */
		{ "2025-13-14T10:30:00Z", NO_DATE },
		{ "2025-00-14T10:30:00Z", NO_DATE },
		{ "2025-10-00T10:30:00Z", NO_DATE },
		{ "2025-10-14T24:00:00Z", NO_DATE },
		{ "2025-10-14T10:60:00Z", NO_DATE },
		{ "2025-10-14T10:30:00", NO_DATE },
		{ "2025-10-14T10:30:00+01:00", NO_DATE },
		{ "2025-10-14T10:30:00.Z", NO_DATE },
		{ "2025-10-14 10:30:00Z", NO_DATE },
		{ "2025-10-14T10:30:00Z ", NO_DATE },
		{ " 2025-10-14T10:30:00Z", NO_DATE },
		{ "+025-10-14T10:30:00Z", NO_DATE },
		{ "2025-1", NO_DATE },
		{ "", NO_DATE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t when = NO_DATE;

		if (!date_parse_iso(cases[i].text, &when))
			when = NO_DATE;
		if (when != cases[i].when)
			fail_msg("%s: %lld", cases[i].text, (long long)when);
	}
}

static void
test_date_parse_http(void **state)
{
	static const struct date_case cases[] = {
		{ "Tue, 14 Oct 2025 10:30:00 GMT", 1760437800 },
		{ "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
		{ "Tue, 14 Okt 2025 10:30:00 GMT", NO_DATE },
		{ "Tue, 31 Feb 2025 10:30:00 GMT", NO_DATE },
		{ "Tue, 14 Oct 2025 10:30:00 CET", NO_DATE },
		{ "Tue, 14 Oct 2025 10:30:00", NO_DATE },
		{ "Tuesday, 14-Oct-25 10:30:00 GMT", NO_DATE },
		{ "Tue Oct 14 10:30:00 2025", NO_DATE },
		{ "Tue,", NO_DATE },
		{ "", NO_DATE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t when = NO_DATE;

		if (!date_parse_http(cases[i].text, &when))
			when = NO_DATE;
		if (when != cases[i].when)
			fail_msg("%s: %lld", cases[i].text, (long long)when);
	}
}

static void
test_uri_encode(void **state)
{
	CLEANUP_BUF struct buf b = BUF_INIT(100);

	(void)state;
	assert_int_equal(uri_encode(&b, "aZ9-._~ /+%=\xc3\xa9\0", 15, true), 0);
	assert_string_equal(buf_str(&b), "aZ9-._~%20/%2B%25%3D%C3%A9%00");
	buf_clear(&b);
	assert_int_equal(uri_encode(&b, "a/b", 3, false), 0);
	assert_string_equal(buf_str(&b), "a%2Fb");
	b.max = b.len;
	assert_int_equal(uri_encode(&b, "x", 1, false), -EFBIG);
}

static void
test_uri_decode(void **state)
{
	static const struct {
		const char *in;
		const char *out; /* NULL: malformed */
	} cases[] = {
		{ "a+b%20c%2B", "a b c+" },
		{ "%c3%A9", "\xc3\xa9" },
		{ "a%20b+c%2Bd", "a b c+d" },
		{ "plain/%", NULL },
		{ "plain", "plain" },
		{ "%25%32%35", "%25" }, /* once only */
		{ "", "" },
		{ "%", NULL },
		{ "a%2", NULL },
		{ "%2g", NULL },
		{ "%%20", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP_FREE char *s = xstrdup(cases[i].in);
		ssize_t n = uri_decode(s, strlen(s));

		if (!cases[i].out) {
			assert_int_equal(n, -EINVAL);
			continue;
		}
		assert_int_equal(n, strlen(cases[i].out));
		assert_memory_equal(s, cases[i].out, (size_t)n);
	}
}

static void
test_uri_query(void **state)
{
	static const struct uri_param params[] = {
		{ "prefix", "a/b c" },
		{ "list-type", "2" },
		{ "continuation-token", "1+/=" },
		{ "delimiter", "" },
	};
	static const struct uri_param many[URI_PARAMS_MAX + 1];
	CLEANUP_BUF struct buf b = BUF_INIT(1000);

	(void)state;
	assert_int_equal(uri_query(&b, params, 0), 0);
	assert_string_equal(buf_str(&b), "");
	assert_int_equal(uri_query(&b, params, ARRAY_SIZE(params)), 0);
	assert_string_equal(buf_str(&b), "continuation-token=1%2B%2F%3D&"
					 "delimiter=&list-type=2&"
					 "prefix=a%2Fb%20c");
	assert_int_equal(uri_query(&b, many, ARRAY_SIZE(many)), -E2BIG);
}

static void
test_hash(void **state)
{
	static const char abc_hex[] = "ba7816bf8f01cfea414140de5dae2223"
				      "b00361a396177a9cb410ff61f20015ad";
	struct sha256 *h = sha256_new();
	unsigned char raw[SHA256_LEN];
	char hex[SHA256_HEX_LEN], base64[SHA256_BASE64_LEN], sha1[SHA1_HEX_LEN];

	(void)state;
	sha256_hex("abc", 3, hex);
	assert_string_equal(hex, abc_hex);
	for (int i = 0; i < 2; i++) { /* the context is good for more */
		sha256_begin(h);
		sha256_add(h, "a", 1);
		sha256_add(h, "bc", 2);
		sha256_end(h, raw);
		hex_print(raw, sizeof(raw), hex);
		assert_string_equal(hex, abc_hex);
	}
	sha256_free(h);
	sha256_free(NULL);

	/* as openssl dgst -binary | base64 prints them */
	sha256_base64("abc", 3, base64);
	assert_string_equal(base64,
			    "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
	assert_true(md5_base64("", 0, base64)); /* RFC 1321, A.5 */
	assert_string_equal(base64, "1B2M2Y8AsgTpgAmY7PhCfg==");
	assert_true(md5_base64("abc", 3, base64));
	assert_string_equal(base64, "kAFQmDzST7DWlj99KOF/cg==");

	assert_true(sha1_hex("abc", 3, sha1)); /* RFC 3174, 7.3 */
	assert_string_equal(sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");

	/* draft-eastlake-fnv, appendix C */
	assert_int_equal(fnv1a("", 0), 0xcbf29ce484222325);
	assert_int_equal(fnv1a("a", 1), 0xaf63dc4c8601ec8c);
	assert_int_equal(fnv1a("foobar", 6), 0x85944171f73967e8);

	/* RFC 4231, test case 2 */
	hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, raw);
	hex_print(raw, sizeof(raw), hex);
	assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c7"
				 "5a003f089d2739839dec58b964ec3843");
}

static void
test_utf8(void **state)
{
	static const struct {
		const char *s;
		size_t n;
	} cases[] = {
		{ "a", 1 },
		{ "\x7f", 1 },
		{ "\x80", 0 },
		{ "\xc1\xbf", 0 }, /* overlong */
		{ "\xc2\x80", 2 },
		{ "\xc2", 0 },
		{ "\xc2\xc0", 0 },
		{ "\xe0\x9f\xbf", 0 }, /* overlong */
		{ "\xe0\xa0\x80", 3 },
		{ "\xed\x9f\xbf", 3 },
		{ "\xed\xa0\x80", 0 }, /* surrogate */
		{ "\xef\xbf\xbf", 3 },
		{ "\xe2\x82", 0 },
		{ "\xe2\x82\x41", 0 },
		{ "\xf0\x8f\xbf\xbf", 0 }, /* overlong */
		{ "\xf0\x90\x80\x80", 4 },
		{ "\xf4\x8f\xbf\xbf", 4 },
		{ "\xf4\x90\x80\x80", 0 }, /* past U+10FFFF */
		{ "\xf5\x80\x80\x80", 0 },
		{ "\xff", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (utf8_length(cases[i].s, strlen(cases[i].s)) != cases[i].n)
			fail_msg("case %zu", i);
	assert_int_equal(utf8_length("\0", 1), 1);
}

static void
test_json_key(void **state)
{
	static const struct {
		const char *key;
		size_t len, max;
		const char *shown;
		bool is_url_encoded, is_cut;
	} cases[] = {
		{ "", 0, 9, "\"\"", false, false },
		{ "a/\"b\\", 5, 7, "\"a/\\\"b\\\\\"", false, false },
		{ "a/\"b\\", 5, 6, "\"a/\\\"b\"", false, true },
		{ "\t\0\x7f", 3, 99, "\"\\u0009\\u0000\x7f\"", false, false },
		{ "\xc3\xbc\xc3\xbc", 4, 3, "\"\xc3\xbc\"", false, true },
		{ "a b/\xff%", 6, 99, "\"a%20b/%FF%25\"", true, false },
		{ "a b/\xff%", 6, 11, "\"a%20b/%FF\"", true, true },
		{ "\xff\xfe", 2, 6, "\"%FF%FE\"", true, false },
		{ "\xff\xfe", 2, 5, "\"%FF\"", true, true },
		{ "\xff\xfe", 2, 4, "\"%FF\"", true, true },
		{ "\xff\xfe", 2, 3, "\"%FF\"", true, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf out CLEANUP_BUF = BUF_INIT(100);
		struct json_key shown;

		assert_int_equal(json_add_key(&out, cases[i].key, cases[i].len,
					      cases[i].max, &shown),
				 0);
		assert_string_equal(buf_str(&out), cases[i].shown);
		assert_int_equal(shown.is_url_encoded, cases[i].is_url_encoded);
		assert_int_equal(shown.is_cut, cases[i].is_cut);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_err),
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_fill_long_line),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_log_level),
		cmocka_unit_test(test_buf),
		cmocka_unit_test(test_buf_size),
		cmocka_unit_test(test_buf_secret),
		cmocka_unit_test(test_date_print),
		cmocka_unit_test(test_date_parse_iso),
		cmocka_unit_test(test_date_parse_http),
		cmocka_unit_test(test_uri_encode),
		cmocka_unit_test(test_uri_decode),
		cmocka_unit_test(test_uri_query),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_json_key),
	};

	return cmocka_run_group_tests_name("util", tests, NULL, NULL);
}
