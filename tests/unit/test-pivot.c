/* SPDX-License-Identifier: MIT */
/*
 * Where ranges are cut: behind what is known, before the end, at a plain key, and
 * as near to the middle as keys tell.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "brief.h"
#include "list/pivot.h"
#include "list/start-after.h"
#include "util/object.h"

/* --- cuts --- */

struct range_case {
	const char *first, *last, *until, *beyond;
	size_t page_common;
	const char *seen; /* one more key; NULL: no other */
	const char *pivot; /* NULL: none */
	int64_t left; /* keys, where 100 have come */
};

static struct pivot_range
make_range(const struct range_case *c, struct pivot_seen *seen)
{
	memset(seen, 0, sizeof(*seen));
	pivot_see(seen, c->first, strlen(c->first));
	pivot_see(seen, c->last, strlen(c->last));
	if (c->beyond)
		pivot_see(seen, c->beyond, strlen(c->beyond));
	if (c->seen)
		pivot_see(seen, c->seen, strlen(c->seen));
	return (struct pivot_range){
		.first = c->first,
		.first_len = strlen(c->first),
		.last = c->last,
		.last_len = strlen(c->last),
		.n_keys = 100,
		.until = c->until,
		.until_len = c->until ? strlen(c->until) : 0,
		.beyond = c->beyond,
		.beyond_len = c->beyond ? strlen(c->beyond) : 0,
		.page_common = c->page_common,
		.seen = seen,
	};
}

static const struct range_case cases[] = {
	/* there are keys up to the end: the middle */
	{ "d/000", "d/100", "d/3", "d/300", 3, "d/999", "d/20", 200 },
	{ "d/00", "d/10", "d/9", "d/90", 2, NULL, "d/50", 800 },
	{ "00c0ffee", "10c0ffee", "e0", "e0c0ffee", 0, "f0c0ffee", "7", 1295 },
	/* hours go to 23, as was seen elsewhere: 07 to 24 */
	{ "01/00/a", "01/06/a", "02", "02/00/a", 5, "05/23/a", "01/18", 400 },
	/* letters of three bytes */
	{ "a/\xe4\xb8\x80", "a/\xe4\xb8\x90", "a/\xe4\xb8\xb0",
	  "a/\xe4\xb8\xb0", 4, NULL, "a/\xe4\xb8\xa0", 200 },
	/* those behind the end are elsewhere: not more than came already */
	{ "p-01/a", "p-02/a", "p-9", "r/0", 3, "p-99/a", "p-4", 100 },
	/* nothing is beyond: a step, of the middle digit of those that can be */
	{ "d/00000", "d/00100", NULL, NULL, 4, NULL, "d/1", -1 },
	{ "d/0000000", "d/0000100", NULL, NULL, 6, NULL, "d/01", -1 },
	{ "9/0", "9/1", NULL, NULL, 1, NULL, NULL, -1 },
	/* it was too large */
	{ "d/0000000", "d/0000100", "d/01", NULL, 6, NULL, "d/001", -1 },
	{ "d/0000000", "d/0000100", "d/0001", NULL, 6, NULL, NULL, -1 },
	{ "d/0000000", "d/0000100", "d/0009", NULL, 6, NULL, "d/0004", -1 },
	{ "d/0000000", "d/0011020", "d/010012", NULL, 5, NULL, "d/005", -1 },
	/* what is not plain is left alone */
	{ "a%00/0", "a%00/5", "a%01", "a%01/0", 4, NULL, NULL, 0 },
	{ "a/00%0", "a/00%5", NULL, NULL, 6, NULL, "a/1", -1 },
};

static void
test_pivots(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pivot_seen seen;
		struct pivot_range r = make_range(&cases[i], &seen);
		struct pivot p;
		bool is_found = pivot_find(&r, &p);

		if (!cases[i].pivot) {
			assert_false(is_found);
			continue;
		}
		assert_true(is_found);
		assert_int_equal(p.stem, strlen(cases[i].pivot));
		assert_memory_equal(p.key, cases[i].pivot, p.stem);
		assert_int_equal(pivot_keys_left(&r), cases[i].left);
	}
}

/*
 * Where directories begin is no place for a cut: the name of the last key is added,
 * as far as it is plain.
 */
static void
test_names(void **state)
{
	static const char *const lasts[] = { "2024/01/0000321.zip",
					     "2024/03/0000/21 zip" };
	static const char *const pivots[] = { "2024/05/0000321.zip",
					      "2024/06/0000/21" };
	struct range_case c = { .first = "2024/01/0000000.zip",
				.until = "2024/09",
				.beyond = "2024/09/0000000.zip",
				.page_common = 8,
				.seen = "2024/10/0000987.zip" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lasts); i++) {
		struct pivot_seen seen;
		struct pivot_range r;
		struct pivot p;

		c.last = lasts[i];
		r = make_range(&c, &seen);
		assert_true(pivot_find(&r, &p));
		assert_string_equal(p.key, pivots[i]);
		assert_in_range(p.stem, 1, p.len - 1);
	}
}

/* --- whatever the keys are --- */

struct random_keys {
	char keys[4][48]; /* ascending: first, last, until, beyond */
};

static int
compare_keys(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
make_keys(unsigned *seed, struct random_keys *r)
{
	static const char bytes[] = "00001234589afz//-_%+ \xe4\xb8\x80\xff";

	for (size_t k = 0; k < ARRAY_SIZE(r->keys); k++) {
		unsigned len = (unsigned)rand_r(seed) % 20;

		strcpy(r->keys[k], rand_r(seed) % 2 ? "2025/10/" : "");
		while (len-- > 0) {
			size_t n = strlen(r->keys[k]);

			r->keys[k][n] = bytes[(unsigned)rand_r(seed) %
					      (sizeof(bytes) - 1)];
			r->keys[k][n + 1] = '\0';
		}
	}
	qsort(r->keys, ARRAY_SIZE(r->keys), sizeof(r->keys[0]), compare_keys);
}

/* Plain, behind the last key and before the end. */
static void
test_random(void **state)
{
	unsigned seed = 1, n_found = 0;

	(void)state;
	for (unsigned i = 0; i < brief(200000); i++) {
		struct random_keys k;
		struct pivot_seen seen;
		struct pivot_range r;
		struct pivot p, after;

		make_keys(&seed, &k);
		r = make_range(
			&(struct range_case){
				.first = k.keys[0],
				.last = k.keys[1],
				.until = i % 3 ? k.keys[2] : NULL,
				.beyond = i % 2 ? k.keys[3] : NULL,
				.page_common = (unsigned)rand_r(&seed) % 20 },
			&seen);
		if (r.page_common > r.last_len)
			r.page_common = r.last_len;
		assert_in_range(pivot_keys_left(&r) + 1, 0, PIVOT_KEYS_MAX + 1);
		for (int step = 0; step < 2 && pivot_find(&r, &p); step++) {
			n_found++;
			assert_int_equal(strlen(p.key), p.len);
			assert_true(start_after_is_plain(p.key, p.len));
			assert_true(strcmp(k.keys[1], p.key) < 0);
			if (r.until)
				assert_true(strcmp(p.key, r.until) < 0);
			after = p; /* of a range that begins there */
			r.after = &after;
		}
	}
	assert_true(n_found > brief(100000));
}

/* Keys may be longer than a pivot. */
static void
test_long_keys(void **state)
{
	static char first[3000], last[3000], until[3000], beyond[3000];
	unsigned n = brief(2500);
	struct pivot_seen seen;
	struct pivot_range r;
	struct pivot p;

	(void)state;
	for (size_t i = 0; i < 2 * (size_t)n; i++) {
		size_t common = i / 2 * (2500 / n);

		memset(first, '0', 2999);
		memset(last, '0', 2999);
		memset(until, '0', 2999);
		last[common] = '2';
		until[common] = '8';
		strcpy(beyond, until);
		beyond[2990] = '9';
		r = make_range(&(struct range_case){ .first = first,
						     .last = last,
						     .until = until,
						     .beyond = beyond,
						     .page_common = common },
			       &seen);
		if (i % 2)
			r.beyond = NULL;
		if (pivot_find(&r, &p))
			assert_in_range(p.len, 1, PIVOT_MAX);
		else
			assert_true(i % 2 || common + 6 > PIVOT_MAX);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pivots),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_long_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
