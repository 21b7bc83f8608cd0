/* SPDX-License-Identifier: MIT */
/*
 * What a listing was: which keys are internal, the hash of each object against
 * values computed with sha256sum(1), hexadecimal, and sums that saturate.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "stats/fingerprint.h"

static void
test_internal(void **state)
{
	static const struct {
		const char *key;
		bool is_internal;
	} cases[] = {
		{ ".deltaglider/stats_quick.json", true },
		{ ".deltaglider/", true },
		{ ".deltaglider", false },
		{ ".deltaglider.txt", false },
		{ "foo/.deltaglider/x", false },
		{ ".Deltaglider/x", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct object o = { .key = cases[i].key,
				    .key_len = strlen(cases[i].key) };

		assert_int_equal(object_is_internal(&o), cases[i].is_internal);
	}
}

static struct validation
validate(const struct object *o, size_t n)
{
	struct validator *v = validator_new();
	struct validation sum;

	for (size_t i = 0; i < n; i++)
		validator_add(v, &o[i]);
	sum = *validator_sum(v);
	validator_free(v);
	return sum;
}

/* printf 'KEY\0SIZE\0ETAG\0DATE' | sha256sum | cut -c -32 */
static void
test_objects(void **state)
{
	static const struct {
		struct object o;
		const char *hex;
	} cases[] = {
		{ { "k", 1, 0, "", "", NULL, NULL },
		  "65df98ccaf62ce7cefe01d5568127814" },
		{ { "a/1.zip.delta", 13, 10, "01d1cf435b1a9e5c26cca8cd53d27952",
		    "2025-10-14T10:30:00.000Z", NULL, NULL },
		  "8157fef3e6548e3c82a8e2fe08b36373" },
		{ { "n\0l\xff", 4, INT64_MAX, "e-2", "d", NULL, NULL },
		  "9ccc090d6c97da19078c3c9af57f4db5" },
	};
	struct validator *all = validator_new();
	char hex[FINGERPRINT_HEX_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct validation v = validate(&cases[i].o, 1);

		validator_add(all, &cases[i].o);
		fingerprint_print(&v.fingerprint, hex);
		assert_string_equal(hex, cases[i].hex);
		assert_int_equal(v.object_count, 1);
		assert_int_equal(v.compressed_size, cases[i].o.size);
	}
	fingerprint_print(&validator_sum(all)->fingerprint, hex);
	assert_string_equal(
		hex,
		"8403a0ce024f36d27a153cee6645293c"); /* with carries, mod 2^128 */
	validator_free(all);
}

static void
assert_hash(const struct object *o, struct sha256 *h, const char *expected)
{
	struct validation v = validate(o, 1);
	unsigned char digest[SHA256_LEN];
	char hex[SHA256_HEX_LEN];

	object_digest(o, h, digest);
	hex_print(digest, sizeof(digest), hex);
	assert_string_equal(hex, expected);
	fingerprint_print(&v.fingerprint, hex);
	assert_memory_equal(hex, expected, FINGERPRINT_HEX_LEN - 1);
}

/* Whatever the length, of blocks of SHA-256. */
static void
test_lengths(void **state)
{
	static const char rest[] = "\0"
				   "7\0"
				   "etag\0"
				   "date";
	struct sha256 *h = sha256_new();
	char text[700], expected[SHA256_HEX_LEN];

	(void)state;
	for (size_t len = 0; len < sizeof(text) - sizeof(rest); len++) {
		struct object o = { .key = text,
				    .key_len = len,
				    .size = 7,
				    .etag = "etag",
				    .last_modified = "date" };

		memset(text, 'k', len);
		memcpy(text + len, rest, sizeof(rest));
		sha256_hex(text, len + sizeof(rest) - 1, expected);
		assert_hash(&o, h, expected);
	}
	sha256_free(h);
}

/* Any order gives the same sum; any change of an object another one. */
static void
test_sum(void **state)
{
	struct object a = { "a", 1, 5, "x", "t", NULL, NULL };
	struct object b = { "b", 1, 6, "y", "t", NULL, NULL };
	struct validation ab = validate((struct object[]){ a, b }, 2),
			  ba = validate((struct object[]){ b, a }, 2), changed;

	(void)state;
	assert_true(fingerprint_equals(&ab.fingerprint, &ba.fingerprint));
	a.etag = "z";
	changed = validate((struct object[]){ a, b }, 2);
	assert_false(fingerprint_equals(&ab.fingerprint, &changed.fingerprint));
	assert_int_equal(ab.compressed_size, 11);
}

/* What is known of an object is not computed again. */
static void
test_known(void **state)
{
	static const unsigned char digest[SHA256_LEN] = { 0x12, 0x34 };
	struct object o = { "a", 1, 5, "x", "t", NULL, digest };
	struct sha256 *h = sha256_new();

	(void)state;
	assert_hash(&o, h,
		    "1234000000000000000000000000000000000000000000000000"
		    "000000000000");
	sha256_free(h);
}

/* However many there are, and whenever somebody looks. */
static void
test_many(void **state)
{
	struct validator *all = validator_new(), *looked = validator_new();
	const struct validation *a, *b;
	char key[600];

	(void)state;
	memset(key, 'k', sizeof(key));
	for (size_t i = 0; i < 40; i++) {
		struct object o = {
			key, 1 + i * i % sizeof(key), 1, "e", "d", NULL, NULL
		};

		validator_add(all, &o);
		validator_add(looked, &o);
		assert_int_equal(validator_sum(looked)->object_count, i + 1);
	}
	a = validator_sum(all);
	b = validator_sum(looked);
	assert_true(fingerprint_equals(&a->fingerprint, &b->fingerprint));
	assert_true(a->has_fingerprint);
	assert_int_equal(a->object_count, 40);
	assert_int_equal(a->compressed_size, 40);
	validator_free(all);
	validator_free(looked);
}

static void
test_matches(void **state)
{
	struct validation listed = { 7, 1607, true, { 1, 42 } };
	static const struct {
		struct validation cached;
		bool matches;
	} cases[] = {
		{ { 7, 1607, true, { 1, 42 } }, true },
		{ { 7, 1607, false, { 0, 0 } }, true },
		{ { 7, 1607, true, { 1, 43 } }, false },
		{ { 7, 1607, true, { 0, 42 } }, false },
		{ { 8, 1607, true, { 1, 42 } }, false },
		{ { 7, 1608, true, { 1, 42 } }, false },
		{ { 7, 1608, false, { 0, 0 } }, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(validation_matches(&cases[i].cached, &listed),
				 cases[i].matches);
}

static void
test_hex(void **state)
{
	static const char *const bad[] = {
		"",
		"41de27b3279702a6cac95621880992a",
		"41de27b3279702a6cac95621880992acc",
		"41de27b3279702a6cac95621880992ag",
		" 1de27b3279702a6cac95621880992ac",
		"0x41de27b3279702a6cac95621880992",
		"41DE27B3279702A6CAC95621880992AC",
		"41de27b3279702a6cac95621880992aC",
	};
	char hex[FINGERPRINT_HEX_LEN];
	struct fingerprint f;

	(void)state;
	assert_true(fingerprint_parse("41de27b3279702a6cac95621880992ac", &f));
	fingerprint_print(&f, hex);
	assert_string_equal(hex, "41de27b3279702a6cac95621880992ac");
	fingerprint_print(&(struct fingerprint){ 0, 1 }, hex);
	assert_string_equal(hex, "00000000000000000000000000000001");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(fingerprint_parse(bad[i], &f));
}

static void
test_saturation(void **state)
{
	struct object o[] = { { "k", 1, INT64_MAX - 1, "", "", NULL, NULL },
			      { "l", 1, 2, "", "", NULL, 0 } };
	struct validation v = validate(o, 2);

	(void)state;
	assert_true(v.compressed_size == INT64_MAX);
	assert_true(add_saturating(INT64_MAX - 1, 1) == INT64_MAX);
	assert_true(add_saturating(1, 2) == 3);
	assert_true(multiply_saturating(INT64_MAX / 2 + 1, 2) == INT64_MAX);
	assert_true(multiply_saturating(INT64_MAX, 0) == 0);
	assert_true(multiply_saturating(3, 4) == 12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_internal),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_saturation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
