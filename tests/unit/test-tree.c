/* SPDX-License-Identifier: MIT */
/*
 * Inode numbers: one for each name.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake-clock.h"
#include "fs/tree.h"

struct world {
	struct buckets *buckets;
	struct place root, one, two;
};

static void
world_init(struct world *w)
{
	fake_clock_reset();
	w->buckets = buckets_new(1000, NULL, 0);
	buckets_set_there(w->buckets, "one");
	buckets_set_there(w->buckets, "two");
	w->root = (struct place){ .bucket = NULL };
	w->one = (struct place){ .bucket = buckets_get(w->buckets, 0) };
	w->two = (struct place){ .bucket = buckets_get(w->buckets, 1) };
}

static void
world_clear(struct world *w)
{
	buckets_free(w->buckets);
}

static void
expect_place(struct world *w, uint64_t node, const struct place *p)
{
	struct place found;

	assert_true(tree_find(w->buckets, node, &found));
	assert_ptr_equal(found.bucket, p->bucket);
	assert_ptr_equal(found.file, p->file);
	assert_int_equal(found.is_own, p->is_own);
}

/* Every place has a number of its own, and the number leads back. */
static void
test_fixed(void **state)
{
	struct place own = { .is_own = true };
	struct world w;
	uint64_t seen[64];
	size_t n = 0;

	(void)state;
	world_init(&w);
	assert_int_equal(tree_ino(&w.root), TREE_ROOT);
	seen[n++] = TREE_ROOT;
	seen[n++] = tree_ino(&own);
	expect_place(&w, tree_ino(&own), &own);
	for (unsigned f = 0; f < own_folder.n; f++) {
		own.file = &own_folder.files[f];
		seen[n++] = tree_ino(&own);
		expect_place(&w, tree_ino(&own), &own);
	}
	for (unsigned b = 0; b < 2; b++) {
		struct place p = { .bucket = buckets_get(w.buckets, b) };

		seen[n++] = tree_ino(&p);
		for (unsigned f = 0; f < bucket_folder.n; f++) {
			p.file = &bucket_folder.files[f];
			seen[n++] = tree_ino(&p);
			expect_place(&w, tree_ino(&p), &p);
		}
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(seen[i], seen[k]);
	expect_place(&w, TREE_ROOT, &w.root);
	expect_place(&w, tree_ino(&w.two), &w.two);
	world_clear(&w);
}

static void
test_unknown(void **state)
{
	struct world w;
	struct place p;

	(void)state;
	world_init(&w);
	assert_false(tree_find(w.buckets, 0, &p));
	p = (struct place){ .is_own = true };
	assert_false(tree_find(w.buckets, tree_ino(&p) + own_folder.n + 1, &p));
	assert_false(tree_find(w.buckets, tree_ino(&w.one) - 1, &p));
	assert_false(tree_find(w.buckets,
			       tree_ino(&w.one) + bucket_folder.n + 1, &p));
	assert_false(tree_find(w.buckets, 1000, &p)); /* a third bucket */
	/* a number that is that of a bucket in its lower 32 bits only */
	assert_false(tree_find(w.buckets, (UINT64_C(1) << 36) + 16, &p));
	assert_false(tree_find(w.buckets, UINT64_MAX, &p));
	world_clear(&w);
}

/* Also when the table of buckets has grown. */
static void
test_many(void **state)
{
	struct world w;
	char name[32];

	(void)state;
	world_init(&w);
	for (int i = 0; i < 500; i++) {
		struct place p = {
			.file = &bucket_folder
					 .files[(unsigned)i % bucket_folder.n]
		};

		snprintf(name, sizeof(name), "bucket-%d", i);
		buckets_set_there(w.buckets, name);
		assert_int_equal(buckets_find(w.buckets, name, &p.bucket),
				 BUCKET_IS_THERE);
		expect_place(&w, tree_ino(&p), &p);
	}
	world_clear(&w);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
