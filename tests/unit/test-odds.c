/* SPDX-License-Identifier: MIT */
/*
 * Deltas that are remembered one by one: what is read is what was added, joined or taken,
 * and foreign bytes are refused.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "stats/odds.h"
#include "stats/original.h"

struct one {
	const char *key;
	int64_t size, original;
};

static const struct one some[] = {
	{ "a/v1/long-name.delta", 10, ORIGINAL_UNKNOWN },
	{ "a/v1/long-name.zip.delta", 0, 0 },
	{ "a/v0.delta", INT64_MAX, 7 },
	{ "a/v1", 1 << 20, INT64_MAX - 1 },
	{ "", 5, ORIGINAL_UNKNOWN },
};

static void
add(struct odds *x, const struct one *one)
{
	odds_add(x,
		 &(struct object){ .key = one->key,
				   .key_len = strlen(one->key),
				   .size = one->size },
		 one->original);
}

static void
add_some(struct odds *x, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		add(x, &some[i]);
}

static void
check_all(const struct odds *x)
{
	struct odds_reader r = { .of = x };
	struct object o;
	int64_t original;
	size_t i = 0;

	for (; odds_next(&r, &o, &original); i++) {
		assert_int_equal(o.key_len, strlen(some[i].key));
		assert_memory_equal(o.key, some[i].key, o.key_len);
		assert_int_equal(o.size, some[i].size);
		assert_int_equal(original, some[i].original);
	}
	assert_false(r.is_bad);
	assert_int_equal(i, ARRAY_SIZE(some));
	assert_int_equal(x->n, ARRAY_SIZE(some));
	odds_end(&r);
}

static void
test_each_comes_back(void **state)
{
	struct odds x = { 0 };

	(void)state;
	add_some(&x, 0, ARRAY_SIZE(some));
	check_all(&x);
	odds_clear(&x);
}

static void
test_joined(void **state)
{
	(void)state;
	for (size_t cut = 0; cut <= ARRAY_SIZE(some); cut++) {
		struct odds x = { 0 }, rest = { 0 };

		add_some(&x, 0, cut);
		add_some(&rest, cut, ARRAY_SIZE(some));
		odds_join(&x, &rest);
		check_all(&x);
		odds_clear(&x);
		odds_clear(&rest);
	}
}

/* What is added afterwards is one of them. */
static void
test_taken(void **state)
{
	struct odds x = { 0 }, y = { 0 };

	(void)state;
	add_some(&x, 0, 3);
	assert_true(odds_take(&y, x.bytes, x.len));
	add_some(&y, 3, ARRAY_SIZE(some));
	check_all(&y);
	odds_clear(&x);
	odds_clear(&y);
}

static void
test_cut_bytes_are_refused(void **state)
{
	struct odds x = { 0 }, y = { 0 };
	size_t n_good = 0;

	(void)state;
	add_some(&x, 0, ARRAY_SIZE(some));
	for (size_t len = 0; len < x.len; len++)
		n_good += odds_take(&y, x.bytes, len);
	assert_int_equal(n_good, ARRAY_SIZE(some)); /* between two of them */
	odds_clear(&x);
	odds_clear(&y);
}

static void
test_foreign_bytes_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
		{ "\1\0\1\1", 4 }, /* a key that begins as none */
		{ "\0\177\1\1", 4 }, /* a key that is cut */
		{ "\0\200\200\200\200\200\200\200\200\200\1\1", 12 },
		{ "\0\0\200\200\200\200\200\200\200\200\200\1", 12 },
		{ "\0\1a\1", 4 },
	};
	struct odds x = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_false(odds_take(&x,
				       (const unsigned char *)cases[i].bytes,
				       cases[i].len));
	odds_clear(&x);
}

/* Then none is remembered, whatever comes. */
static void
test_too_many(void **state)
{
	struct odds x = { 0 }, y = { 0 };

	(void)state;
	for (int i = 0; i < ODDS_BYTES_MAX; i++)
		add(&x, &some[0]);
	assert_true(x.are_more);
	assert_int_equal(x.n, 0);
	assert_int_equal(x.len, 0);
	add(&y, &some[0]);
	odds_join(&y, &x);
	assert_true(y.are_more);
	assert_int_equal(y.n, 0);
	odds_clear(&x);
	odds_clear(&y);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_comes_back),
		cmocka_unit_test(test_joined),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_cut_bytes_are_refused),
		cmocka_unit_test(test_foreign_bytes_are_refused),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
