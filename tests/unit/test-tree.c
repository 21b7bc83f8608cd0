/* SPDX-License-Identifier: MIT */
/*
 * Inode numbers: fixed for each name, and a node of its own for each document
 * of a stats file.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "fake-clock.h"
#include "fs/tree.h"
#include "stats/doc.h"

struct world {
	struct buckets *buckets;
	struct tree *tree;
	struct place root, one, two, quick, detailed, refresh;
};

static void
world_init(struct world *w)
{
	fake_clock_reset();
	w->buckets = buckets_new(1000, NULL, 0);
	buckets_set_there(w->buckets, "one");
	buckets_set_there(w->buckets, "two");
	w->tree = tree_new(w->buckets);
	w->root = (struct place){ NULL, NULL };
	w->one = (struct place){ buckets_get(w->buckets, 0), NULL };
	w->two = (struct place){ buckets_get(w->buckets, 1), NULL };
	w->quick =
		(struct place){ w->one.bucket, file_find("stats_quick.json") };
	w->detailed = (struct place){ w->one.bucket,
				      file_find("stats_detailed.json") };
	w->refresh = (struct place){ w->one.bucket, file_find("refresh") };
}

static void
world_clear(struct world *w)
{
	tree_free(w->tree);
	buckets_free(w->buckets);
}

/* `len` bytes that only documents of the same moment have. */
static struct snapshot *
text(size_t len, int64_t computed_at)
{
	char *data = xmalloc(len);

	memset(data, (int)(computed_at % 64) + ' ', len);
	return snapshot_new(data, len, computed_at, NULL);
}

static void
show(struct tree *t, uint64_t node, size_t len, int64_t computed_at)
{
	struct snapshot *s = text(len, computed_at);

	tree_show(t, node, s);
	snapshot_unref(s);
}

/* Whether it was refused before; nothing is kept for it. */
static bool
opened(struct tree *t, uint64_t node, pid_t thread)
{
	bool is_again;

	assert_null(tree_opened(t, node, thread, &is_again));
	return is_again;
}

static void
expect_place(struct world *w, uint64_t node, const struct place *p)
{
	struct place found;

	assert_true(tree_find(w->tree, node, &found));
	assert_ptr_equal(found.bucket, p->bucket);
	assert_ptr_equal(found.file, p->file);
}

/* Every place has a number of its own, and the number leads back. */
static void
test_fixed(void **state)
{
	struct world w;
	uint64_t seen[64];
	size_t n = 0;

	(void)state;
	world_init(&w);
	assert_int_equal(tree_ino(&w.root), TREE_ROOT);
	seen[n++] = TREE_ROOT;
	for (unsigned b = 0; b < 2; b++) {
		struct place p = { buckets_get(w.buckets, b), NULL };

		seen[n++] = tree_ino(&p);
		for (unsigned f = 0; f < n_files; f++) {
			p.file = &files[f];
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
	struct node_attr attr;

	(void)state;
	world_init(&w);
	assert_false(tree_find(w.tree, 0, &p));
	assert_false(tree_find(w.tree, 2, &p));
	assert_false(tree_find(w.tree, tree_ino(&w.one) - 1, &p));
	assert_false(tree_find(w.tree, tree_ino(&w.one) + n_files + 1, &p));
	assert_false(tree_find(w.tree, 1000, &p)); /* a third bucket */
	assert_false(tree_find(w.tree, (uint64_t)1 << 48, &p));
	assert_false(tree_find(w.tree, UINT64_MAX, &p));
	assert_false(tree_attr(w.tree, UINT64_MAX, &attr));
	tree_forget(w.tree, UINT64_MAX, 1);
	tree_forget(w.tree, tree_ino(&w.one), 1);
	opened(w.tree, UINT64_MAX, 0);
	show(w.tree, UINT64_MAX, 1, 1);
	world_clear(&w);
}

/* Directories and control files are called by their fixed number. */
static void
test_lookup_fixed(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	assert_int_equal(tree_lookup(w.tree, &w.one, 0), tree_ino(&w.one));
	assert_int_equal(tree_lookup(w.tree, &w.refresh, 0),
			 tree_ino(&w.refresh));
	world_clear(&w);
}

/* The node that was not opened yet is given; then another one. */
static void
test_nodes(void **state)
{
	struct world w;
	uint64_t first, second, other;

	(void)state;
	world_init(&w);
	first = tree_lookup(w.tree, &w.quick, 0);
	assert_int_not_equal(first, tree_ino(&w.quick));
	assert_int_equal(tree_lookup(w.tree, &w.quick, 0), first);
	other = tree_lookup(w.tree, &w.detailed, 0);
	assert_int_not_equal(other, first);
	opened(w.tree, first, 0);
	second = tree_lookup(w.tree, &w.quick, 0);
	assert_int_not_equal(second, first);
	assert_int_equal(tree_lookup(w.tree, &w.detailed, 0), other);
	expect_place(&w, first, &w.quick);
	expect_place(&w, second, &w.quick);
	opened(w.tree, first, 0); /* again: the fresh one stays */
	assert_int_equal(tree_lookup(w.tree, &w.quick, 0), second);
	world_clear(&w);
}

static void
test_forget(void **state)
{
	struct world w;
	struct place p;
	uint64_t first, second;

	(void)state;
	world_init(&w);
	first = tree_lookup(w.tree, &w.quick, 0);
	tree_lookup(w.tree, &w.quick, 0);
	tree_lookup(w.tree, &w.quick, 0);
	tree_forget(w.tree, first, 2);
	assert_true(tree_find(w.tree, first, &p));
	tree_forget(w.tree, first, 1);
	assert_false(tree_find(w.tree, first, &p));
	/* numbers are not used again */
	second = tree_lookup(w.tree, &w.quick, 0);
	assert_int_not_equal(second, first);
	opened(w.tree, second, 0);
	first = tree_lookup(w.tree, &w.quick, 0);
	tree_forget(w.tree, second, 5); /* more than there are */
	assert_false(tree_find(w.tree, second, &p));
	assert_int_equal(tree_lookup(w.tree, &w.quick, 0), first);
	world_clear(&w);
}

static void
test_attr(void **state)
{
	struct world w;
	struct node_attr attr;
	uint64_t first, second;

	(void)state;
	world_init(&w);
	assert_true(tree_attr(w.tree, TREE_ROOT, &attr));
	assert_int_equal(attr.ino, TREE_ROOT);
	assert_int_equal(attr.mtime, -1);
	assert_true(tree_attr(w.tree, tree_ino(&w.refresh), &attr));
	assert_int_equal(attr.mtime, FAKE_CLOCK_EPOCH);
	first = tree_lookup(w.tree, &w.quick, 0);
	assert_true(tree_attr(w.tree, first, &attr));
	assert_int_equal(attr.ino, tree_ino(&w.quick));
	assert_int_equal(attr.size, DOC_LEN);
	assert_int_equal(attr.mtime, 0);
	opened(w.tree, first, 0);
	show(w.tree, first, 700, 5000);
	/* its own document, whatever came later */
	atomic_store(&w.one.bucket->last_computed_at[MODE_QUICK], 6000);
	second = tree_lookup(w.tree, &w.quick, 0);
	assert_true(tree_attr(w.tree, first, &attr));
	assert_int_equal(attr.size, 700);
	assert_int_equal(attr.mtime, 5000);
	assert_true(tree_attr(w.tree, second, &attr));
	assert_int_equal(attr.size, DOC_LEN);
	assert_int_equal(attr.mtime, 6000);
	show(w.tree, first, 900, 7000); /* opened once more */
	assert_true(tree_attr(w.tree, first, &attr));
	assert_int_equal(attr.size, 900);
	world_clear(&w);
}

/* Two threads got one node; the slower one gets its own, with its document. */
static void
test_late_open(void **state)
{
	enum { FAST = 100, SLOW };
	struct world w;
	struct node_attr attr;
	struct snapshot *mine = text(800, 6000), *kept;
	uint64_t shared, fresh, own;
	bool is_again;

	(void)state;
	world_init(&w);
	shared = tree_lookup(w.tree, &w.quick, FAST);
	assert_int_equal(tree_lookup(w.tree, &w.quick, SLOW), shared);
	assert_false(opened(w.tree, shared, FAST));
	assert_true(tree_may_show(w.tree, shared, mine));
	show(w.tree, shared, 700, 5000);
	fresh = tree_lookup(w.tree, &w.quick, 0);
	assert_false(opened(w.tree, shared, SLOW));
	assert_false(tree_may_show(w.tree, shared, mine));
	tree_refuse(w.tree, shared, SLOW, mine);
	assert_int_not_equal(tree_lookup(w.tree, &w.detailed, SLOW), fresh);
	own = tree_lookup(w.tree, &w.quick, SLOW);
	assert_int_not_equal(own, shared);
	assert_int_not_equal(own, fresh);
	assert_true(tree_attr(w.tree, own, &attr));
	assert_int_equal(attr.size, 800);
	assert_int_equal(tree_lookup(w.tree, &w.quick, FAST), fresh);
	kept = tree_opened(w.tree, own, SLOW, &is_again);
	assert_ptr_equal(kept, mine);
	assert_true(is_again);
	tree_show(w.tree, own, kept);
	snapshot_unref(kept);
	/* once */
	assert_int_equal(tree_lookup(w.tree, &w.quick, SLOW), fresh);
	assert_false(opened(w.tree, own, SLOW));
	/* the other one has closed it */
	tree_closed(w.tree, shared);
	assert_true(tree_may_show(w.tree, shared, mine));
	tree_forget(w.tree, own, 1);
	assert_int_equal(tree_lookup(w.tree, &w.quick, 0), fresh);
	snapshot_unref(mine);
	world_clear(&w);
}

/* What is shown is shown to all, if it is the same text. */
static void
test_same_text(void **state)
{
	struct snapshot *same = text(700, 6000), *other = text(700, 5000);
	struct world w;
	uint64_t node;

	(void)state;
	world_init(&w);
	node = tree_lookup(w.tree, &w.quick, 0);
	show(w.tree, node, 700, 6000);
	assert_true(tree_may_show(w.tree, node, same));
	assert_false(tree_may_show(w.tree, node, other));
	snapshot_unref(same);
	snapshot_unref(other);
	world_clear(&w);
}

/* For its own thread alone, and not for long. */
static void
test_kept(void **state)
{
	enum { SLOW = 100, OTHER };
	struct snapshot *mine = text(800, 6000);
	struct world w;
	uint64_t shared, own;
	bool is_again;

	(void)state;
	world_init(&w);
	shared = tree_lookup(w.tree, &w.quick, 0);
	show(w.tree, shared, 700, 5000);
	tree_refuse(w.tree, shared, SLOW, mine);
	own = tree_lookup(w.tree, &w.quick, SLOW);
	assert_null(tree_opened(w.tree, own, OTHER, &is_again));
	assert_false(is_again);
	/* there was nothing to look up */
	assert_null(tree_opened(w.tree, shared, SLOW, &is_again));
	assert_true(is_again);
	/* it does not come, or a namesake does */
	tree_refuse(w.tree, shared, SLOW, mine);
	own = tree_lookup(w.tree, &w.quick, SLOW);
	fake_clock_advance(1000);
	assert_int_not_equal(tree_lookup(w.tree, &w.quick, SLOW), own);
	assert_null(tree_opened(w.tree, own, SLOW, &is_again));
	assert_false(is_again);
	snapshot_unref(mine);
	world_clear(&w);
}

/* So many at once that some are forgotten; an unknown one never counts. */
static void
test_many_refused(void **state)
{
	struct snapshot *mine = text(800, 6000);
	struct world w;
	uint64_t node;

	(void)state;
	world_init(&w);
	node = tree_lookup(w.tree, &w.quick, 0);
	for (pid_t thread = 0; thread <= 300; thread++)
		tree_refuse(w.tree, node, thread, mine);
	assert_false(opened(w.tree, node, 0));
	assert_false(opened(w.tree, node, 44));
	for (pid_t thread = 45; thread <= 300; thread++) {
		assert_true(opened(w.tree, node, thread));
		assert_false(opened(w.tree, node, thread));
	}
	snapshot_unref(mine);
	world_clear(&w);
}

/* Many buckets, many documents. */
static void
test_many(void **state)
{
	struct world w;
	char name[32];

	(void)state;
	world_init(&w);
	for (int i = 0; i < 500; i++) {
		struct place p = { .file = w.quick.file };
		uint64_t node;

		snprintf(name, sizeof(name), "bucket-%d", i);
		buckets_set_there(w.buckets, name);
		assert_int_equal(buckets_find(w.buckets, name, &p.bucket),
				 BUCKET_IS_THERE);
		node = tree_lookup(w.tree, &p, 0);
		expect_place(&w, node, &p);
		if (i % 2)
			opened(w.tree, node, 0);
		if (i % 3 == 0)
			tree_forget(w.tree, node, 1);
	}
	world_clear(&w);
}

/* The FUSE thread looks up and forgets, the net thread sets documents. */
static void *
work(void *arg)
{
	struct world *w = arg;
	struct node_attr attr;

	for (int i = 0; i < 2000; i++) {
		uint64_t node = tree_lookup(w->tree, &w->quick, 0);

		opened(w->tree, node, 0);
		show(w->tree, node, 700 + i, i);
		tree_attr(w->tree, node, &attr);
		tree_forget(w->tree, node, 1);
	}
	return NULL;
}

static void
test_threads(void **state)
{
	pthread_t threads[3];
	struct world w;

	(void)state;
	world_init(&w);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, &w),
				 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	world_clear(&w);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_lookup_fixed),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_attr),
		cmocka_unit_test(test_late_open),
		cmocka_unit_test(test_same_text),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_many_refused),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
