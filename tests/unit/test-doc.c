/* SPDX-License-Identifier: MIT */
/*
 * The document: printed to the byte and to one length, read strictly, and the
 * ratio in any locale.
 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <locale.h>
#include <cmocka.h>

#include "stats/doc.h"
#include "util/bucket-name.h"

#define WHEN 1760437800 /* 2025-10-14T10:30:00Z */

/* The parts of a good document, for the cases that change one of them. */
#define HEAD                                                                   \
	"\"version\":\"1.0\",\"mode\":\"quick\","                              \
	"\"computed_at\":\"2025-10-14T10:30:00Z\""
#define VALIDATION "\"validation\":{\"object_count\":3,\"compressed_size\":9}"
#define COUNTS                                                                 \
	"\"object_count\":3,\"total_size\":9,\"compressed_size\":9,"           \
	"\"space_saved\":0,\"delta_objects\":2,\"direct_objects\":1"
#define RATIO "\"average_compression_ratio\":0"
#define STATS "\"stats\":{\"bucket\":\"b-1\"," COUNTS "," RATIO "}"
#define GOOD "{" HEAD "," VALIDATION "," STATS "}"

static enum doc_verdict
parse(const char *text, size_t len, struct doc *d)
{
	struct err err = ERR_INIT;
	enum doc_verdict v = doc_parse(d, text, len, "b-1", MODE_QUICK, &err);

	assert_int_equal(v == DOC_GOOD, err.code == 0);
	return v;
}

static void
test_print(void **state)
{
	static const char expected[] =
		"{                                                \n"
		"  \"version\": \"1.0\",                              \n"
		"  \"mode\": \"quick\",                               \n"
		"  \"computed_at\": \"2025-10-14T10:30:00Z\",        \n"
		"  \"validation\": {                               \n"
		"    \"object_count\": 1546,                       \n"
		"    \"compressed_size\": 1234567890,              \n"
		"    \"fingerprint\": \"5d1f0c2e9ab34c77a1b2c3d4e5f60718\"\n"
		"  },                                            \n"
		"  \"stats\": {                                    \n"
		"    \"bucket\": \"releases\",                       \n"
		"    \"object_count\": 1523,                       \n"
		"    \"total_size\": 50000000000,                  \n"
		"    \"compressed_size\": 1234567890,              \n"
		"    \"space_saved\": 48765432110,                 \n"
		"    \"average_compression_ratio\": 0.9753086422,  \n"
		"    \"delta_objects\": 1500,                      \n"
		"    \"direct_objects\": 23                        \n"
		"  },                                            \n"
		"  \"accuracy\": { \"exact_deltas\": 0, \"sampled_deltas\": 0,"
		" \"estimated_deltas\": 1500 }\n"
		"}\n";
	struct doc d = {
		.mode = MODE_QUICK,
		.bucket = "releases",
		.computed_at = WHEN,
		.validation = { 1546, 1234567890, true, { 0, 0 } },
		.figures = { 1523, 50000000000, 1234567890, 48765432110,
			     0.9753086422, 1500, 23, 0, 0, 1500 },
		.has_accuracy = true,
	};
	CLEANUP_BUF struct buf text = BUF_INIT(DOC_MAX);

	(void)state;
	assert_true(fingerprint_parse("5d1f0c2e9ab34c77a1b2c3d4e5f60718",
				      &d.validation.fingerprint));
	assert_int_equal(doc_print(&text, &d), 0);
	assert_string_equal(buf_str(&text), expected);
}

static void
assert_same(const struct doc *a, const struct doc *b)
{
	assert_int_equal(a->mode, b->mode);
	assert_string_equal(a->bucket, b->bucket);
	assert_int_equal(a->computed_at, b->computed_at);
	assert_int_equal(a->validation.has_fingerprint,
			 b->validation.has_fingerprint);
	assert_true(fingerprint_equals(&a->validation.fingerprint,
				       &b->validation.fingerprint));
	assert_int_equal(a->validation.object_count,
			 b->validation.object_count);
	assert_int_equal(a->validation.compressed_size,
			 b->validation.compressed_size);
	assert_int_equal(a->has_accuracy, b->has_accuracy);
	assert_memory_equal(&a->figures, &b->figures, sizeof(a->figures));
}

/* --- one length --- */

#define DIGITS_19 INT64_C(1000000000000000000)
#define MORE 2000000000000 /* for a long ratio */

/* What printing makes of it is one length, fits, and is the same when read. */
static void
check_round_trip(const struct doc *d)
{
	CLEANUP_BUF struct buf text = BUF_INIT(DOC_LEN), again = text;
	struct doc back;

	assert_int_equal(doc_print(&text, d), 0);
	assert_int_equal(text.len, DOC_LEN);
	assert_string_equal(text.data + DOC_LEN - 3, "\n}\n");
	assert_int_equal(
		doc_parse(&back, text.data, text.len, d->bucket, d->mode, NULL),
		DOC_GOOD);
	assert_same(d, &back);
	assert_int_equal(doc_print(&again, &back), 0);
	assert_string_equal(buf_str(&again), buf_str(&text));
}

/* No line is longer than 80 columns because of its blanks; returns how many. */
static size_t
count_blanks(const char *text)
{
	size_t sum = 0;

	for (const char *end; *text; text = end + 1) {
		size_t n = 0;

		end = strchr(text, '\n');
		assert_non_null(end);
		while (end - n > text && end[-1 - (ptrdiff_t)n] == ' ')
			n++;
		assert_true(n == 0 || end - text <= 80);
		sum += n;
	}
	return sum;
}

static size_t
length_without_blanks(const struct doc *d)
{
	CLEANUP_BUF struct buf text = BUF_INIT(DOC_LEN);

	assert_int_equal(doc_print(&text, d), 0);
	return text.len - count_blanks(buf_str(&text));
}

/* Nineteen digits wherever that is possible at the same time. */
static struct doc
longest_document(const char *bucket)
{
	return (struct doc){
		.mode = MODE_SAMPLED,
		.bucket = bucket,
		.computed_at = WHEN,
		.validation = { INT64_MAX, 7 * DIGITS_19, true, { 0, 1 } },
		.figures = { 9 * DIGITS_19, 9 * DIGITS_19 + MORE, 7 * DIGITS_19,
			     2 * DIGITS_19 + MORE, 0.22222239506168998,
			     4 * DIGITS_19, 5 * DIGITS_19, DIGITS_19, DIGITS_19,
			     2 * DIGITS_19 },
		.has_accuracy = true,
	};
}

static void
test_lengths(void **state)
{
	char bucket[BUCKET_NAME_MAX + 1] = { 0 };
	struct doc d = { .bucket = "abc" };

	(void)state;
	for (size_t n = 0; n < BUCKET_NAME_MAX; n++) {
		bucket[n] = 'b';
		if (!bucket_name_is_possible(bucket))
			continue;
		d = longest_document(bucket);
		check_round_trip(&d);
	}
	assert_int_equal(length_without_blanks(&d), 975);
	d = (struct doc){ .bucket = "abc" };
	assert_int_equal(length_without_blanks(&d), 369);
}

/* A name that no bucket has: no document rather than a longer one. */
static void
test_too_long(void **state)
{
	CLEANUP_BUF struct buf text = BUF_INIT(DOC_MAX);
	char bucket[DOC_LEN] = { 0 };
	struct doc d = longest_document(bucket);

	(void)state;
	memset(bucket, 'b', sizeof(bucket) - 1);
	assert_int_equal(doc_print(&text, &d), -EFBIG);
	assert_int_equal(text.len, 0);
}

/* Every mode, extreme numbers, with and without a fingerprint and accuracy. */
static void
test_round_trip(void **state)
{
	(void)state;
	for (int i = 0; i < 4 * N_MODES; i++) {
		uint64_t half = i % 2 ? UINT64_MAX : 0;
		bool has_accuracy = i & 2;

		check_round_trip(&(struct doc){
			.mode = (enum mode)(i / 4),
			.bucket = "My_bucket.1",
			.computed_at = i,
			.validation = { INT64_MAX, 1, i % 2, { half, half } },
			.figures = { INT64_MAX, INT64_MAX, 1, INT64_MAX - 1, 1,
				     INT64_MAX - 1, 1, 0, 0,
				     has_accuracy ? INT64_MAX - 1 : 0 },
			.has_accuracy = has_accuracy,
		});
	}
}

static void
test_good(void **state)
{
	static const char *const cases[] = {
		GOOD,
		" \r\n\t" GOOD "\n\n ",
		/* any order of members, and unknown ones outside of stats */
		"{" STATS
		",\"x\":[{\"a\":{}},null,true,-1.5e+3,\"\\ud83d\\ude00"
		"\xc3\xa9\"]," VALIDATION "," HEAD "}",
		"{" HEAD "," STATS ",\"validation\":{\"x\":1e999,"
		"\"object_count\":3,\"compressed_size\":9}}",
		/* other forms of a date, of a string and of a ratio */
		"{\"version\":\"\\u0031.0\",\"mode\":\"quick\",\"computed_at\":"
		"\"2025-10-14T10:30:00.123456+00:00\"," VALIDATION "," STATS
		"}",
		"{" HEAD "," VALIDATION ",\"stats\":{\"bucket\":\"b-1\"," COUNTS
		",\"average_compression_ratio\":0.0e5}}",
		"{" HEAD "," VALIDATION "," STATS ",\"accuracy\":"
		"{\"exact_deltas\":0,\"sampled_deltas\":0,"
		"\"estimated_deltas\":2,\"x\":0}}",
	};
	struct doc d;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse(cases[i], strlen(cases[i]), &d),
				 DOC_GOOD);
		assert_int_equal(d.computed_at, WHEN);
		assert_int_equal(d.validation.object_count, 3);
		assert_int_equal(d.figures.delta_objects, 2);
		assert_false(d.validation.has_fingerprint);
	}
	assert_int_equal(d.figures.estimated_deltas, 2);
}

#define DATED(date)                                                            \
	"{\"version\":\"1.0\",\"mode\":\"quick\",\"computed_at\":" date        \
	"," VALIDATION "," STATS "}"

/* A clock that is wrong is no reason to compute again and again. */
static void
test_dates(void **state)
{
	static const struct {
		const char *text;
		int64_t when;
	} cases[] = {
		{ DATED("\"1970-01-01T00:00:00Z\""), 0 },
		{ DATED("\"1969-12-31T23:59:59Z\""), -1 },
		{ DATED("\"0000-01-01T00:00:00Z\""), INT64_C(-62167219200) },
		{ DATED("\"9999-12-31T23:59:59Z\""), INT64_C(253402300799) },
	};
	struct doc d;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(
			parse(cases[i].text, strlen(cases[i].text), &d),
			DOC_GOOD);
		assert_int_equal(d.computed_at, cases[i].when);
	}
}

static void
test_foreign(void **state)
{
	static const char *const cases[] = {
		"{\"version\":\"2.0\",\"stats\":{\"total_objects\":1}}",
		"{\"version\":\"1\"}",
		"{\"version\":1.0}",
		"{\"version\":null}",
		"{\"version\":\"1.00\"," VALIDATION "," STATS "}",
	};
	struct doc d;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(parse(cases[i], strlen(cases[i]), &d),
				 DOC_FOREIGN);
}

#define IN_STATS(text)                                                         \
	"{" HEAD "," VALIDATION ",\"stats\":{\"bucket\":\"b-1\"," text "}}"
#define WITH(validation) "{" HEAD ",\"validation\":" validation "," STATS "}"
#define ACCURACY(text)                                                         \
	"{" HEAD "," VALIDATION "," STATS ",\"accuracy\":" text "}"
#define BESIDE(text) "{" HEAD "," VALIDATION "," STATS "," text "}"

static const char *const bad_documents[] = {
	"",
	" ",
	"null",
	"[]",
	"\"1.0\"",
	"{}",
	"{\"Version\":\"2.0\"}",
	/* not all of it, or more */
	"{" HEAD "," VALIDATION "}",
	"{" HEAD "," STATS "}",
	"{" VALIDATION "," STATS "}",
	GOOD "x",
	GOOD GOOD,
	"\xef\xbb\xbf" GOOD,
	"{" HEAD "," VALIDATION "," STATS,
	"{" HEAD "," VALIDATION "," STATS ",}",
	/* another mode or bucket */
	"{\"version\":\"1.0\",\"mode\":\"sampled\",\"computed_at\":"
	"\"2025-10-14T10:30:00Z\"," VALIDATION "," STATS "}",
	"{" HEAD "," VALIDATION ",\"stats\":{\"bucket\":\"b-2\"," COUNTS
	"," RATIO "}}",
	"{" HEAD "," VALIDATION ",\"stats\":{" COUNTS "," RATIO ",\"x\":0}}",
	DATED("\"yesterday\""),
	DATED("1760437800"),
	DATED("\"9999-12-31T23:59:60Z\""),
	/* stats: eight members, counts that agree */
	IN_STATS(COUNTS),
	IN_STATS(COUNTS "," RATIO ",\"object_limit_reached\":false"),
	IN_STATS(COUNTS ",\"Average_compression_ratio\":0"),
	IN_STATS(COUNTS ",\"average_compression_ratio\":1.1"),
	IN_STATS(COUNTS ",\"average_compression_ratio\":-0.1"),
	IN_STATS(COUNTS ",\"average_compression_ratio\":\"0\""),
	IN_STATS(COUNTS ",\"average_compression_ratio\":\"#0\""),
	IN_STATS(COUNTS ",\"average_compression_ratio\":null"),
	IN_STATS(
		"\"object_count\":4,\"total_size\":9,\"compressed_size\":9,"
		"\"space_saved\":0,\"delta_objects\":2,\"direct_objects\":1," RATIO),
	IN_STATS(
		"\"object_count\":3,\"total_size\":-9,\"compressed_size\":9,"
		"\"space_saved\":0,\"delta_objects\":2,\"direct_objects\":1," RATIO),
	IN_STATS(COUNTS ",\"average_compression_ratio\":NaN"),
	IN_STATS(COUNTS ",\"average_compression_ratio\":-1e-9"),
	/* validation */
	WITH("{\"object_count\":3}"),
	WITH("[]"),
	WITH("null"),
	WITH("{\"object_count\":3.0,\"compressed_size\":9}"),
	WITH("{\"object_count\":3e0,\"compressed_size\":9}"),
	WITH("{\"object_count\":\"3\",\"compressed_size\":9}"),
	WITH("{\"object_count\":\"#3\",\"compressed_size\":9}"),
	WITH("{\"object_count\":-3,\"compressed_size\":9}"),
	WITH("{\"object_count\":3,\"compressed_size\":9223372036854775808}"),
	WITH("{\"object_count\":-0,\"compressed_size\":9}"),
	WITH("{\"object_count\":3,\"compressed_size\":0.9e1}"),
	WITH("{\"object_count\":3,\"compressed_size\":9,\"fingerprint\":null}"),
	WITH("{\"object_count\":3,\"compressed_size\":9,\"fingerprint\":\"\"}"),
	WITH("{\"object_count\":3,\"compressed_size\":9,\"fingerprint\":1}"),
	WITH("{\"object_count\":3,\"compressed_size\":9,\"fingerprint\":"
	     "\"5d1f0c2e9ab34c77a1b2c3d4e5f6071g\"}"),
	WITH("{\"object_count\":3,\"compressed_size\":9,\"fingerprint\":"
	     "\"5D1F0C2E9AB34C77A1B2C3D4E5F60718\"}"),
	/* accuracy */
	ACCURACY("null"),
	ACCURACY("{}"),
	ACCURACY("[0,0,2]"),
	ACCURACY("{\"exact_deltas\":0,\"sampled_deltas\":0,"
		 "\"estimated_deltas\":3}"),
	ACCURACY("{\"exact_deltas\":0,\"sampled_deltas\":0,"
		 "\"estimated_deltas\":\"2\"}"),
	ACCURACY("{\"exact_deltas\":9223372036854775807,\"sampled_deltas\":"
		 "9223372036854775807,\"estimated_deltas\":4}"),
	/* duplicate members, anywhere and however written */
	BESIDE("\"version\":\"1.0\""),
	BESIDE("\"x\":1,\"x\":1"),
	BESIDE("\"\\u0078\":1,\"x\":1"),
	BESIDE("\"x\":[{\"a\":1,\"a\":1}]"),
	WITH("{\"object_count\":3,\"compressed_size\":9,\"compressed_size\":9}"),
	/* what JSON does not have */
	BESIDE("\"x\":01"),
	BESIDE("\"x\":+1"),
	BESIDE("\"x\":.5"),
	BESIDE("\"x\":1."),
	BESIDE("\"x\":1e"),
	BESIDE("\"x\":-"),
	BESIDE("\"x\":0x1"),
	BESIDE("\"x\":NaN"),
	BESIDE("\"x\":tru"),
	BESIDE("\"x\":truer"),
	BESIDE("x:1"),
	BESIDE("'x':1"),
	BESIDE("\"x\" 1"),
	BESIDE("\"x\":[1,]"),
	BESIDE("\"x\":[1 2]"),
	BESIDE("\"x\":/**/1"),
	BESIDE("\"x\":\"\\x\""),
	BESIDE("\"x\":\"\\u12\""),
	BESIDE("\"x\":\"\\u0000\""),
	BESIDE("\"\\u0000\":1"),
	BESIDE("\"x\":\"a\nb\""),
	BESIDE("\"x\":\"\x01\""),
	BESIDE("\"x\":\"\\ud83d\""),
	BESIDE("\"x\":\"\\ude00\\ud83d\""),
	BESIDE("\"x\":\"\xff\""),
	BESIDE("\"x\":\"\xc0\x80\""),
	BESIDE("\"x\":\"\xed\xa0\x80\""),
	BESIDE("\"x\":\"\xc3\""),
};

static void
test_bad(void **state)
{
	struct doc d;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_documents); i++) {
		const char *text = bad_documents[i];

		if (parse(text, strlen(text), &d) != DOC_BAD)
			fail_msg("not rejected: %s", text);
	}
	/* bytes of NUL, in the text and after it */
	assert_int_equal(parse(GOOD, sizeof(GOOD), &d), DOC_BAD);
	assert_int_equal(parse("{\"version\0\":2}", 14, &d), DOC_BAD);
}

/* --- parts that agree, or not --- */

struct sums {
	enum doc_verdict verdict;
	int64_t listed, listed_bytes; /* validation */
	int64_t objects, deltas, directs, total, stored, saved;
	const char *ratio;
};

#define MAX INT64_MAX

static const struct sums sums[] = {
	{ DOC_GOOD, 4, 60, 3, 2, 1, 100, 60, 40, "0.4" },
	/* counts */
	{ DOC_BAD, 4, 60, 3, 2, 2, 100, 60, 40, "0.4" },
	{ DOC_BAD, 2, 60, 3, 2, 1, 100, 60, 40, "0.4" },
	{ DOC_BAD, MAX, 60, MAX, 1, MAX, 100, 60, 40, "0.4" },
	{ DOC_BAD, MAX, 60, MAX - 1, MAX, MAX, 100, 60, 40, "0.4" },
	{ DOC_BAD, MAX, 60, 0, 1, MAX, 100, 60, 40, "0.4" },
	{ DOC_GOOD, MAX, 60, MAX, 1, MAX - 1, 100, 60, 40, "0.4" },
	/* what was saved: never less than nothing */
	{ DOC_BAD, 4, 60, 3, 2, 1, 101, 60, 40, "0.4" },
	{ DOC_BAD, 4, 60, 3, 2, 1, 100, 60, 39, "0.4" },
	{ DOC_BAD, 4, 60, 3, 2, 1, 100, 60, 0, "0" },
	{ DOC_GOOD, 4, 60, 3, 2, 1, 50, 60, 0, "0" },
	{ DOC_BAD, 4, 60, 3, 2, 1, 50, 60, 10, "0.2" },
	{ DOC_GOOD, 4, 60, 3, 2, 1, 60, 60, 0, "0" },
	{ DOC_GOOD, 4, 60, 3, 2, 1, 0, 60, 0, "0" },
	{ DOC_GOOD, 4, 0, 3, 2, 1, 0, 0, 0, "0" },
	{ DOC_GOOD, 4, 0, 3, 2, 1, MAX, 0, MAX, "1" },
	{ DOC_GOOD, 4, MAX, 3, 2, 1, MAX, MAX, 0, "0" },
	{ DOC_BAD, 4, 1, 3, 2, 1, MAX, 1, MAX, "1" },
	/* the ratio, as others may print it */
	{ DOC_BAD, 4, 60, 3, 2, 1, 100, 60, 40, "0.6" },
	{ DOC_BAD, 4, 60, 3, 2, 1, 100, 60, 40, "0.41" },
	{ DOC_BAD, 4, 60, 3, 2, 1, 100, 60, 40, "0.40000001" },
	{ DOC_BAD, 4, 60, 3, 2, 1, 100, 60, 40, "0" },
	{ DOC_GOOD, 4, 60, 3, 2, 1, 100, 60, 40, "4E-1" },
	{ DOC_GOOD, 4, 60, 3, 2, 1, 100, 60, 40, "0.400000000" },
	{ DOC_GOOD, 4, 60, 3, 2, 1, 90, 60, 30, "0.333333333" },
	{ DOC_GOOD, 4, 60, 3, 2, 1, 90, 60, 30, "0.3333333333333333" },
	{ DOC_BAD, 4, 60, 3, 2, 1, 90, 60, 30, "0.3333" },
	{ DOC_GOOD, 4, 0, 3, 2, 1, 9, 0, 9, "1.0" },
	{ DOC_GOOD, 4, 60, 3, 2, 1, 60, 60, 0, "-0.0" },
	{ DOC_GOOD, 4, 60, 3, 2, 1, 60, 60, 0, "-0" },
	{ DOC_BAD, 4, 0, 3, 2, 1, 0, 0, 0, "1" },
	/* references: in stats if there is a delta, in validation always */
	{ DOC_BAD, 4, 61, 3, 2, 1, 100, 60, 40, "0.4" },
	{ DOC_BAD, 4, 59, 3, 2, 1, 100, 60, 40, "0.4" },
	{ DOC_GOOD, 3, 60, 3, 2, 1, 100, 60, 40, "0.4" },
	{ DOC_GOOD, 4, 61, 3, 0, 3, 60, 60, 0, "0" },
	{ DOC_BAD, 4, 59, 3, 0, 3, 60, 60, 0, "0" },
	{ DOC_BAD, 3, 61, 3, 0, 3, 60, 60, 0, "0" },
	{ DOC_GOOD, 3, 60, 3, 0, 3, 60, 60, 0, "0" },
	{ DOC_GOOD, 4, MAX, 3, 0, 3, MAX, MAX, 0, "0" },
	/* without deltas there are no other sizes than the listed ones */
	{ DOC_BAD, 4, 60, 3, 0, 3, 100, 60, 40, "0.4" },
	{ DOC_BAD, 4, 60, 3, 0, 3, 50, 60, 0, "0" },
	/* next to nothing */
	{ DOC_GOOD, 0, 0, 0, 0, 0, 0, 0, 0, "0" },
	{ DOC_GOOD, 1, 5, 0, 0, 0, 0, 0, 0, "0" },
	{ DOC_BAD, 1, 5, 0, 0, 0, 5, 5, 0, "0" },
	{ DOC_BAD, 0, 5, 0, 0, 0, 0, 0, 0, "0" },
};

static void
test_sums(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sums); i++) {
		const struct sums *s = &sums[i];
		CLEANUP_FREE char *text = xasprintf(
			"{" HEAD ",\"validation\":{\"object_count\":%lld,"
			"\"compressed_size\":%lld},\"stats\":{\"bucket\":"
			"\"b-1\",\"object_count\":%lld,\"delta_objects\":%lld,"
			"\"direct_objects\":%lld,\"total_size\":%lld,"
			"\"compressed_size\":%lld,\"space_saved\":%lld,"
			"\"average_compression_ratio\":%s}}",
			(long long)s->listed, (long long)s->listed_bytes,
			(long long)s->objects, (long long)s->deltas,
			(long long)s->directs, (long long)s->total,
			(long long)s->stored, (long long)s->saved, s->ratio);
		struct doc d;

		if (parse(text, strlen(text), &d) != s->verdict)
			fail_msg("%s", text);
		if (s->verdict == DOC_GOOD)
			check_round_trip(&d);
	}
}

/* Where original sizes can come from depends on the mode. */
static void
test_accuracy_of_mode(void **state)
{
	static const struct {
		int64_t exact, sampled, estimated;
		bool is_good[N_MODES];
	} cases[] = {
		{ 0, 0, 3, { true, true, true } },
		{ 1, 0, 2, { false, true, true } },
		{ 3, 0, 0, { false, true, true } },
		{ 1, 2, 0, { false, true, false } },
		{ 3, 0, 1, { false, false, false } },
		{ 0, 0, 2, { false, false, false } },
	};

	(void)state;
	for (int i = 0; i < (int)ARRAY_SIZE(cases) * N_MODES; i++) {
		enum mode mode = (enum mode)(i % N_MODES);
		CLEANUP_BUF struct buf text = BUF_INIT(DOC_LEN);
		struct doc back, d = {
			.mode = mode,
			.bucket = "b-1",
			.validation = { .object_count = 4 },
			.figures = { .object_count = 3, .delta_objects = 3 },
			.has_accuracy = true,
		};

		d.figures.exact_deltas = cases[i / N_MODES].exact;
		d.figures.sampled_deltas = cases[i / N_MODES].sampled;
		d.figures.estimated_deltas = cases[i / N_MODES].estimated;
		assert_int_equal(doc_print(&text, &d), 0);
		assert_int_equal(doc_parse(&back, text.data, text.len, "b-1",
					   mode, NULL) == DOC_GOOD,
				 cases[i / N_MODES].is_good[mode]);
	}
}

/* Cut anywhere, a document is none. */
static void
test_truncated(void **state)
{
	struct doc d;

	(void)state;
	for (size_t len = 0; len < sizeof(GOOD) - 1; len++)
		assert_int_equal(parse(GOOD, len, &d), DOC_BAD);
}

static enum doc_verdict
parse_nested(unsigned depth)
{
	CLEANUP_BUF struct buf text = BUF_INIT(DOC_MAX);
	struct doc d;

	assert_int_equal(
		buf_add_str(&text, "{" HEAD "," VALIDATION "," STATS ",\"x\":"),
		0);
	for (unsigned i = 1; i < depth; i++)
		assert_int_equal(buf_add_str(&text, "["), 0);
	for (unsigned i = 1; i < depth; i++)
		assert_int_equal(buf_add_str(&text, "]"), 0);
	assert_int_equal(buf_add_str(&text, "}"), 0);
	return parse(text.data, text.len, &d);
}

/* A text of `len` bytes: blanks behind a good document. */
static enum doc_verdict
parse_long(size_t len)
{
	CLEANUP_FREE char *text = xmalloc(len);
	struct doc d;

	memset(text, ' ', len);
	memcpy(text, GOOD, sizeof(GOOD) - 1);
	return parse(text, len, &d);
}

/* As many members as fit: neither slow nor too long when rewritten. */
static enum doc_verdict
parse_wide(void)
{
	CLEANUP_BUF struct buf text = BUF_INIT(DOC_MAX);
	struct doc d;

	assert_int_equal(buf_add_str(&text, "{" HEAD "," VALIDATION "," STATS
					    ",\"x\":[1"),
			 0);
	while (text.len < DOC_MAX - 3)
		assert_int_equal(buf_add_str(&text, ",1"), 0);
	assert_int_equal(buf_add_str(&text, "]}"), 0);
	return parse(text.data, text.len, &d);
}

static void
test_caps(void **state)
{
	(void)state;
	assert_int_equal(parse_nested(32), DOC_GOOD);
	assert_int_equal(parse_nested(33), DOC_BAD);
	assert_int_equal(parse_nested(100000), DOC_BAD);
	assert_int_equal(parse_long(DOC_MAX), DOC_GOOD);
	assert_int_equal(parse_long(DOC_MAX + 1), DOC_BAD);
	assert_int_equal(parse_wide(), DOC_GOOD);
}

static void
check_ratios(void)
{
	static const struct {
		double ratio;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ -0.0, "0" },
		{ 1, "1" },
		{ 0.5, "0.5" },
		{ 0.1, "0.1" },
		{ 1e-7, "1e-07" },
		{ 1.0 / 3, "0.3333333333333333" },
		{ 2.0 / 3, "0.6666666666666666" },
		{ 1430.0 / 3037, "0.4708594007243991" },
		{ 1130.0 / 2737, "0.41286079649251006" },
		{ 1280.0 / 2887, "0.44336681676480777" },
		{ 5e-324, "5e-324" },
	};
	char text[32];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		doc_print_ratio(cases[i].ratio, text);
		assert_string_equal(text, cases[i].text);
	}
}

/* A point, and no other locale left behind, where commas are the custom. */
static void
test_ratio(void **state)
{
	static const char text[] =
		IN_STATS("\"object_count\":3,\"total_size\":12,"
			 "\"compressed_size\":9,\"space_saved\":3,"
			 "\"delta_objects\":2,\"direct_objects\":1,"
			 "\"average_compression_ratio\":0.25");
	static const char *const locales[] = { "de_DE.UTF-8", "fr_FR.UTF-8",
					       "C.UTF-8", "C" };
	struct doc d;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(locales); i++) {
		if (!setlocale(LC_ALL, locales[i]))
			continue;
		check_ratios();
		assert_int_equal(parse(text, sizeof(text) - 1, &d), DOC_GOOD);
		assert_true(d.figures.average_compression_ratio == 0.25);
		assert_string_equal(setlocale(LC_ALL, NULL), locales[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_accuracy_of_mode),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_ratio),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
