/* SPDX-License-Identifier: MIT */
/*
 * What is told to be wrong with a bucket: which result says it, and keys of any bytes
 * and length as JSON.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "fake-clock.h"
#include "report/bucket-report.h"
#include "report/integrity-report.h"

static struct integrity *
integrity_of(int64_t n_orphans, int64_t n_large, bool has_originals)
{
	struct integrity *in = integrity_new();

	for (int64_t i = 0; i < n_orphans; i++)
		integrity_add(in, FLAW_ORPHAN,
			      &(struct flawed){ "a/reference.bin", 15, 1, 7 });
	for (int64_t i = 0; i < n_large; i++)
		integrity_add(in, FLAW_NOT_SMALLER,
			      &(struct flawed){ "b/x.delta", 9, 1, 5 });
	in->has_originals = has_originals;
	return in;
}

static void
expect(const struct mode_state of[N_DOCUMENTS], int64_t listed_at,
       int64_t n_orphans, int64_t n_large)
{
	struct integrity_report r;

	integrity_report_fill(&r, of);
	assert_int_equal(r.is_known, listed_at != MEMBER_UNKNOWN);
	assert_int_equal(r.listed_at, listed_at);
	assert_int_equal(r.objects[FLAW_ORPHAN], n_orphans);
	assert_int_equal(r.bytes[FLAW_ORPHAN], n_orphans == MEMBER_UNKNOWN
						       ? MEMBER_UNKNOWN
						       : n_orphans * 7);
	assert_int_equal(r.objects[FLAW_NOT_SMALLER], n_large);
	assert_int_equal(r.of[FLAW_NOT_SMALLER] != NULL,
			 n_large != MEMBER_UNKNOWN);
}

/* The newest, whatever its mode; of what takes HEADs, detailed's. */
static void
test_which_result(void **state)
{
	struct result results[N_MODES] = {
		{ .listed = { .began_at = 10, .began_at_ms = 1000 } },
		{ .listed = { .began_at = 11, .began_at_ms = 3000 } },
		{ .listed = { .began_at = 12, .began_at_ms = 2000 } },
	};
	struct mode_state of[N_DOCUMENTS] = { { .result = NULL } };

	(void)state;
	expect(of, MEMBER_UNKNOWN, MEMBER_UNKNOWN, MEMBER_UNKNOWN);
	of[MODE_QUICK].result = &results[MODE_QUICK];
	expect(of, MEMBER_UNKNOWN, MEMBER_UNKNOWN, MEMBER_UNKNOWN);
	results[MODE_QUICK].integrity = integrity_of(1, 0, false);
	expect(of, 10, 1, MEMBER_UNKNOWN);
	of[MODE_SAMPLED].result = &results[MODE_SAMPLED];
	results[MODE_SAMPLED].integrity = integrity_of(2, 0, false);
	expect(of, 11, 2, MEMBER_UNKNOWN);
	of[MODE_DETAILED].result = &results[MODE_DETAILED];
	results[MODE_DETAILED].integrity = integrity_of(3, 4, false);
	expect(of, 11, 2, MEMBER_UNKNOWN);
	results[MODE_DETAILED].integrity->has_originals = true;
	expect(of, 11, 2, 4);
	results[MODE_DETAILED].listed.began_at_ms = 4000;
	expect(of, 12, 3, 4);
	for (int mode = 0; mode < N_MODES; mode++)
		integrity_unref(results[mode].integrity);
}

/* --- JSON ------------------------------------------------------------------------ */

static void
add(struct integrity *in, const char *key, size_t len)
{
	integrity_add(in, FLAW_EMPTY, &(struct flawed){ key, len, 1, 0 });
}

static void
render(struct integrity *in, struct buf *out)
{
	struct result result = { .integrity = in };
	struct mode_state of[N_DOCUMENTS] = { { .result = &result } };
	struct integrity_report r;

	integrity_report_fill(&r, of);
	assert_int_equal(integrity_report_add(out, &r, 1), 0);
}

static void
test_json(void **state)
{
	struct buf out CLEANUP_BUF = BUF_INIT(REPORT_MAX);
	struct integrity *in CLEANUP(integrity_release) =
		integrity_of(2, 0, false);

	(void)state;
	add(in, "a/\0\"\xc3\xa9\\\n", 8);
	add(in, "b/ %\xff", 5);
	add(in, "b/ %\xff", 5);
	render(in, &out);
	assert_string_equal(
		buf_str(&out),
		"  \"listed_at\": \"1970-01-01T00:00:00Z\",\n"
		"  \"objects\": {\n"
		"    \"deltas_without_reference\": 0,\n"
		"    \"orphaned_references\": 2,\n"
		"    \"empty_deltas\": 3,\n"
		"    \"deltas_not_smaller\": null\n"
		"  },\n"
		"  \"bytes\": {\n"
		"    \"deltas_without_reference\": 0,\n"
		"    \"orphaned_references\": 14,\n"
		"    \"empty_deltas\": 0,\n"
		"    \"deltas_not_smaller\": null\n"
		"  },\n"
		"  \"deltaspaces\": {\n"
		"    \"deltas_without_reference\": [],\n"
		"    \"orphaned_references\": [\n"
		"      { \"objects\": 2, \"key\": \"a/reference.bin\", "
		"\"is_url_encoded\": false, \"is_cut\": false }\n"
		"    ],\n"
		"    \"empty_deltas\": [\n"
		"      { \"objects\": 1, \"key\": "
		"\"a/\\u0000\\\"\xc3\xa9\\\\\\u000a\", "
		"\"is_url_encoded\": false, \"is_cut\": false },\n"
		"      { \"objects\": 2, \"key\": \"b/%20%25%FF\", "
		"\"is_url_encoded\": true, \"is_cut\": false }\n"
		"    ],\n"
		"    \"deltas_not_smaller\": null\n"
		"  }");
}

/* What one key becomes: the string, without its quotes. */
static void
expect_key(const char *key, size_t len, const char *unit, size_t n_units,
	   const char *flags)
{
	struct integrity *in CLEANUP(integrity_release) = integrity_new();
	struct buf out CLEANUP_BUF = BUF_INIT(REPORT_MAX);
	char expected[1024] = "\"key\": \"";

	add(in, key, len);
	for (size_t i = 0; i < n_units; i++)
		strcat(expected, unit);
	strcat(expected, flags);
	render(in, &out);
	assert_non_null(strstr(buf_str(&out), expected));
}

/* A long key is cut between characters, and says so. */
static void
test_long_keys(void **state)
{
	static const struct {
		const char *bytes, *shown;
		size_t n_shown;
		const char *flags;
	} cases[] = {
		{ "k", "k", 400,
		  "\", \"is_url_encoded\": false, \"is_cut\": true" },
		{ "\xc3\xa9", "\xc3\xa9", 200,
		  "\", \"is_url_encoded\": false, \"is_cut\": true" },
		{ "\xe6\x97\xa5", "\xe6\x97\xa5", 133,
		  "\", \"is_url_encoded\": false, \"is_cut\": true" },
		{ "\x01", "\\u0001", 66,
		  "\", \"is_url_encoded\": false, \"is_cut\": true" },
		{ "\"", "\\\"", 200,
		  "\", \"is_url_encoded\": false, \"is_cut\": true" },
		{ "\xff", "%FF", 133,
		  "\", \"is_url_encoded\": true, \"is_cut\": true" },
		{ "\xff/", "%FF/", 100,
		  "\", \"is_url_encoded\": true, \"is_cut\": true" },
		{ "k\xff", "k%FF", 100,
		  "\", \"is_url_encoded\": true, \"is_cut\": true" },
		{ "kk\xff\xff", "kk%FF%FF", 50,
		  "\", \"is_url_encoded\": true, \"is_cut\": true" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = strlen(cases[i].bytes);
		char key[1024];

		for (size_t k = 0; k < sizeof(key); k++)
			key[k] = cases[i].bytes[k % n];
		expect_key(key, sizeof(key) / n * n, cases[i].shown,
			   cases[i].n_shown, cases[i].flags);
	}
}

static void
test_just_not_too_long(void **state)
{
	char key[INTEGRITY_KEY_SHOWN + 1];

	(void)state;
	memset(key, 'k', sizeof(key));
	expect_key(key, sizeof(key) - 1, "k", 400,
		   "\", \"is_url_encoded\": false, \"is_cut\": false");
	expect_key(key, sizeof(key), "k", 400,
		   "\", \"is_url_encoded\": false, \"is_cut\": true");
	memset(key, '\xff', sizeof(key));
	expect_key(key, 133, "%FF", 133,
		   "\", \"is_url_encoded\": true, \"is_cut\": false");
	expect_key(key, 134, "%FF", 133,
		   "\", \"is_url_encoded\": true, \"is_cut\": true");
}

/* --- whatever is told, it fits --------------------------------------------------- */

static void
fill_all(struct integrity *in)
{
	char key[1024];

	memset(key, '"', sizeof(key));
	key[3] = '/';
	in->has_originals = true;
	for (int flaw = 0; flaw < N_FLAWS; flaw++) {
		for (int i = 0; i < 2 * INTEGRITY_SPACES_MAX; i++) {
			key[0] = (char)(' ' + i);
			integrity_add(in, (enum flaw)flaw,
				      &(struct flawed){ key, sizeof(key),
							INT64_MAX / 100,
							INT64_MAX });
		}
	}
}

static void
test_longest(void **state)
{
	struct buckets *buckets = buckets_new(1000, NULL, 0);
	struct integrity *in CLEANUP(integrity_release) = integrity_new();
	struct result *r CLEANUP(result_release) = NULL;
	struct err err = { .code = EIO };
	struct buf out CLEANUP_BUF = BUF_INIT(REPORT_MAX);
	struct subject s = { .buckets = buckets, .meter = meter_new() };

	(void)state;
	fake_clock_reset();
	fill_all(in);
	r = result_new(&(struct result){ .integrity = in });
	memset(err.msg, '"', sizeof(err.msg) - 1);
	memset(err.word, '\\', sizeof(err.word) - 1);
	memset(err.request_id, '"', sizeof(err.request_id) - 1);
	buckets_set_there(buckets, "bkt");
	s.bucket = buckets_get(buckets, 0);
	for (int mode = 0; mode < N_DOCUMENTS; mode++) {
		publish_result(&s.bucket->published, (enum mode)mode, r);
		publish_failure(&s.bucket->published, (enum mode)mode, &err);
	}
	assert_int_equal(bucket_status(&s, &out), 0);
	assert_in_range(out.len, 80 * INTEGRITY_KEY_SHOWN, REPORT_MAX - 4096);
	buckets_free(buckets);
	meter_free(s.meter);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_which_result),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_long_keys),
		cmocka_unit_test(test_just_not_too_long),
		cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
