/* SPDX-License-Identifier: MIT */
/*
 * The registry of buckets: what is known for how long, and what is asked.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/buckets.h"
#include "fake-clock.h"

#define TTL_MS 60000

static const struct {
	const char *name;
	bool is_possible;
} names[] = {
	{ "abc", true },   { "a.b-c_D9", true },    { "", false },
	{ "ab", false },   { ".abc", false },	    { ".status.json", false },
	{ "...", false },  { "-abc", true },	    { "a/b", false },
	{ "a b", false },  { "abc\n", false },	    { "caf\xc3\xa9", false },
	{ "abc%", false }, { "arn:aws:s3", false },
};

static void
test_possible(void **state)
{
	char longest[BUCKET_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(bucket_name_is_possible(names[i].name),
				 names[i].is_possible);
	memset(longest, 'a', sizeof(longest));
	longest[BUCKET_NAME_MAX + 1] = '\0';
	assert_false(bucket_name_is_possible(longest));
	longest[BUCKET_NAME_MAX] = '\0';
	assert_true(bucket_name_is_possible(longest));
}

static void
expect(struct buckets *b, const char *name, enum bucket_answer answer)
{
	struct bucket *bucket = NULL;

	assert_int_equal(buckets_find(b, name, &bucket), answer);
	if (answer == BUCKET_IS_THERE) {
		assert_string_equal(bucket->name, name);
		assert_ptr_equal(buckets_get(b, bucket->index), bucket);
	} else {
		assert_null(bucket);
	}
}

/* It was there, and is to be asked for again. */
static void
expect_stale(struct buckets *b, const char *name)
{
	struct bucket *bucket = NULL;

	assert_int_equal(buckets_find(b, name, &bucket), BUCKET_IS_UNKNOWN);
	assert_non_null(bucket);
	assert_string_equal(bucket->name, name);
}

/* `expected`: names, each followed by a blank. */
static void
expect_names(struct buckets *b, const char *expected)
{
	char text[256] = "";
	size_t n;
	char **found = buckets_names(b, &n);

	for (size_t i = 0; i < n; i++) {
		strcat(text, found[i]);
		strcat(text, " ");
		free(found[i]);
	}
	free(found);
	assert_string_equal(text, expected);
	assert_int_equal(buckets_any(b), n > 0);
}

static void
set_list(struct buckets *b, const char *a, const char *c)
{
	char *list[] = { (char *)a, (char *)c };

	buckets_set_list(b, list, c ? 2 : 1);
}

static void
test_answers(void **state)
{
	struct buckets *b = buckets_new(TTL_MS, NULL, 0);

	(void)state;
	fake_clock_reset();
	expect(b, "some", BUCKET_IS_UNKNOWN);
	expect_names(b, "");
	buckets_set_there(b, "some");
	buckets_set_not_there(b, "gone", BUCKET_IS_NOT);
	buckets_set_not_there(b, "theirs", BUCKET_IS_DENIED);
	expect(b, "some", BUCKET_IS_THERE);
	fake_clock_advance(TTL_MS - 1);
	expect(b, "gone", BUCKET_IS_NOT);
	expect(b, "theirs", BUCKET_IS_DENIED);
	fake_clock_advance(1);
	expect(b, "gone", BUCKET_IS_UNKNOWN);
	expect(b, "theirs", BUCKET_IS_UNKNOWN);
	expect_stale(b, "some"); /* a yes is no more than that, too */
	buckets_set_not_there(b, "some", BUCKET_IS_NOT);
	expect(b, "some", BUCKET_IS_NOT);
	buckets_set_not_there(b, "some",
			      BUCKET_IS_DENIED); /* the last counts */
	expect(b, "some", BUCKET_IS_DENIED);
	expect_names(b, ""); /* an entry, but not there */
	buckets_set_there(b, "some");
	expect(b, "some", BUCKET_IS_THERE);
	expect_names(b, "some ");
	buckets_free(b);
}

static void
test_list(void **state)
{
	struct buckets *b = buckets_new(TTL_MS, NULL, 0);
	struct bucket *before, *after;
	bool is_denied;

	(void)state;
	fake_clock_reset();
	assert_false(buckets_is_confined(b));
	assert_false(buckets_list_is_fresh(b, &is_denied));
	buckets_set_there(b, "reached");
	buckets_set_not_there(b, "two", BUCKET_IS_NOT);
	set_list(b, "two", "one");
	expect_names(b, "one reached two "); /* the store changed its mind */
	assert_true(buckets_list_is_fresh(b, &is_denied));
	assert_false(is_denied);
	buckets_find(b, "two", &before);
	set_list(b, "three", NULL); /* replaces the other list */
	expect_names(b, "reached three ");
	expect(b, "two", BUCKET_IS_UNKNOWN);
	set_list(b, "two", "three");
	buckets_find(b, "two", &after);
	assert_ptr_equal(before, after); /* and keeps what was known of it */
	fake_clock_advance(TTL_MS - 1);
	assert_true(buckets_list_is_fresh(b, &is_denied));
	fake_clock_advance(1);
	assert_false(buckets_list_is_fresh(b, &is_denied));
	expect_names(b, "reached three two "); /* on a dead network */
	expect_stale(b, "reached");
	expect_stale(b, "two");
	buckets_free(b);
}

static void
expect_stale_names(struct buckets *b, const char *expected)
{
	size_t n;
	char **found = buckets_stale_names(b, &n);

	assert_int_equal(n, *expected ? 1 : 0);
	if (n > 0) {
		assert_string_equal(found[0], expected);
		free(found[0]);
	}
	free(found);
}

/* What no list tells of is asked for by name; of a silent store nothing is. */
static void
test_stale(void **state)
{
	struct buckets *b = buckets_new(TTL_MS, NULL, 0);
	bool is_denied;

	(void)state;
	fake_clock_reset();
	buckets_set_there(b, "reached");
	buckets_set_there(b, "both");
	expect_stale_names(b, "");
	fake_clock_advance(TTL_MS);
	set_list(b, "both", NULL);
	expect_stale_names(b, "reached");
	buckets_set_silent(b);
	expect_stale_names(b, "");
	expect(b, "reached", BUCKET_IS_THERE);
	expect(b, "never-seen", BUCKET_IS_UNKNOWN);
	fake_clock_advance(TTL_MS);
	expect_stale(b, "reached");
	buckets_set_silent(b);
	expect(b, "reached", BUCKET_IS_THERE);
	set_list(b, "both", NULL); /* it has spoken */
	expect_stale(b, "reached");
	assert_false(buckets_list_is_fresh(b, &is_denied));
	buckets_set_there(b, "reached");
	expect(b, "reached", BUCKET_IS_THERE);
	assert_true(buckets_list_is_fresh(b, &is_denied));
	buckets_free(b);
}

static void
test_list_denied(void **state)
{
	struct buckets *b = buckets_new(TTL_MS, NULL, 0);
	bool is_denied;

	(void)state;
	fake_clock_reset();
	buckets_set_there(b, "reached");
	buckets_set_list_denied(b);
	assert_true(buckets_list_is_fresh(b, &is_denied));
	assert_true(is_denied);
	expect_names(b, "reached ");
	fake_clock_advance(TTL_MS);
	assert_false(buckets_list_is_fresh(b, &is_denied));
	set_list(b, "one", NULL);
	assert_false(buckets_list_is_fresh(b, &is_denied)); /* and reached? */
	buckets_set_there(b, "reached");
	assert_true(buckets_list_is_fresh(b, &is_denied));
	assert_false(is_denied);
	buckets_free(b);
}

/* NULL: none is. */
static void
expect_missing(struct buckets *b, const char *name)
{
	size_t n;
	char **found = buckets_missing_names(b, &n);

	assert_int_equal(n, name ? 1 : 0);
	if (name) {
		assert_string_equal(found[0], name);
		free(found[0]);
	}
	free(found);
}

static void
test_confined(void **state)
{
	char *only[] = { (char *)"mine", (char *)"also", (char *)"mine" };
	struct buckets *b = buckets_new(TTL_MS, only, ARRAY_SIZE(only));
	bool is_denied;

	(void)state;
	fake_clock_reset();
	assert_true(buckets_is_confined(b));
	assert_true(buckets_list_is_fresh(b, &is_denied)); /* never asked */
	assert_false(is_denied);
	assert_int_equal(buckets_count(b), 2);
	expect_names(b, "also mine ");
	expect(b, "mine", BUCKET_IS_THERE);
	expect(b, "other", BUCKET_IS_NOT); /* without a request */
	buckets_set_not_there(b, "mine", BUCKET_IS_NOT);
	expect(b, "mine", BUCKET_IS_NOT);
	expect_names(b, "also ");
	fake_clock_advance(TTL_MS);
	expect(b, "mine", BUCKET_IS_UNKNOWN); /* it may be made again */
	expect_missing(b, "mine");
	buckets_set_there(b, "mine");
	expect_missing(b, NULL);
	expect_names(b, "also mine ");
	fake_clock_advance(TTL_MS);
	assert_true(buckets_list_is_fresh(b, &is_denied)); /* as before */
	expect(b, "mine", BUCKET_IS_THERE);
	buckets_free(b);
}

static void
test_indices(void **state)
{
	struct buckets *b = buckets_new(TTL_MS, NULL, 0);

	(void)state;
	fake_clock_reset();
	assert_null(buckets_get(b, 0));
	buckets_set_there(b, "one");
	buckets_set_there(b, "two");
	buckets_set_there(b, "one");
	assert_int_equal(buckets_count(b), 2);
	assert_string_equal(buckets_get(b, 0)->name, "one");
	assert_string_equal(buckets_get(b, 1)->name, "two");
	assert_null(buckets_get(b, 2));
	buckets_set_not_there(b, "one", BUCKET_IS_NOT);
	assert_string_equal(buckets_get(b, 0)->name, "one"); /* for ever */
	assert_int_equal(atomic_load(&buckets_get(b, 0)->files[0].changed_at),
			 FAKE_CLOCK_EPOCH);
	buckets_free(b);
}

/* A walk through made-up names does not fill the memory: the oldest go. */
static void
test_many_absent(void **state)
{
	struct buckets *b = buckets_new(TTL_MS, NULL, 0);
	char name[32];

	(void)state;
	fake_clock_reset();
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "made-up-%d", i);
		buckets_set_not_there(b, name, BUCKET_IS_NOT);
	}
	expect(b, "made-up-0", BUCKET_IS_UNKNOWN);
	expect(b, "made-up-903", BUCKET_IS_UNKNOWN);
	expect(b, "made-up-904", BUCKET_IS_NOT);
	expect(b, "made-up-4999", BUCKET_IS_NOT);
	assert_int_equal(buckets_count(b), 0);
	buckets_free(b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_possible),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_list_denied),
		cmocka_unit_test(test_confined),
		cmocka_unit_test(test_indices),
		cmocka_unit_test(test_many_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
