/* SPDX-License-Identifier: MIT */
/*
 * The memo through random histories of a bucket: objects come, go, are replaced with
 * others of the same size, renamed, copied onto themselves; several mounts sweep it,
 * at the same time too; files are damaged, PUTs lost.  Whatever the memo knows is
 * what a HEAD would say.  And what it costs.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "brief.h"
#include "memo-world.h"
#include "stats/stats.h"
#include "util/big-endian.h"
#include "util/date.h"

/* --- what it costs --- */

static void
test_single_changes(void **state)
{
	struct world *w = world_new(10000);

	(void)state;
	assert_int_equal(world_fresh_heads(w, 10000, 1, false), 10000);
	assert_int_equal(w->n_written, MEMO_BYTES(10000));
	w->n_written = 0;
	for (unsigned i = 0; i < 100; i++) {
		world_put(w, 97 * i, 10);
		assert_int_equal(world_fresh_heads(w, 10000, 1, false), 1);
	}
	assert_true(w->n_written < 100 * 1024);
	world_clear(w);
}

/* Whatever the number of changes: 4 KiB for each of them, and hardly more HEADs. */
static void
test_bytes_for_heads(void **state)
{
	struct world *w = world_new(5000);
	size_t n_changed = 0, n_heads = 0;

	(void)state;
	world_fresh_heads(w, 5000, 1, false);
	w->n_written = 0;
	for (unsigned i = 0; i < brief(300); i++) {
		unsigned n = world_dice(w, 2) ? 1 : world_dice(w, 100);

		for (unsigned k = 0; k < n; k++)
			world_put(w, world_dice(w, 5000), 10);
		n_changed += n;
		w->now += 7200;
		n_heads += world_fresh_heads(w, 5000, 1, false);
	}
	assert_true(w->n_written <= 4096 * n_changed);
	assert_true(n_heads <= n_changed + n_changed / 20);
	world_clear(w);
}

/* What is gone is left out when the base is written. */
static void
test_gone(void **state)
{
	struct world *w = world_new(1000);
	struct memo m;

	(void)state;
	world_fresh_heads(w, 1000, 1, false);
	for (int i = 0; i < 50; i++) {
		for (unsigned k = 0; k < 200; k++)
			world_put(w, k, 10);
		w->now += 2 * DAY_MS / 1000;
		assert_int_equal(world_fresh_heads(w, 1000, 1, false), 200);
	}
	memo_init(&m, BUCKET);
	world_load(w, &m);
	assert_int_equal(memo_count(&m), 1000);
	memo_clear(&m);
	world_clear(w);
}

/* The base may be young: it is written again when there is as much that is new. */
static void
test_sampled_first(void **state)
{
	struct world *w = world_new(1000);

	(void)state;
	assert_int_equal(world_fresh_heads(w, 1000, 50, false), 20);
	assert_int_equal(world_fresh_heads(w, 1000, 1, false), 980);
	assert_int_equal(w->base.len, MEMO_BYTES(1000));
	assert_int_equal(world_fresh_heads(w, 1000, 50, false), 0);
	world_clear(w);
}

/* Nothing of before counts after a refresh of all, and for those asked after another. */
static void
test_anew(void **state)
{
	struct world *w = world_new(100);

	(void)state;
	world_fresh_heads(w, 100, 1, false);
	for (unsigned i = 0; i < 100; i++)
		w->keys[i].original = 5; /* as if the memo had been wrong */
	assert_int_equal(world_fresh_heads(w, 100, 10, true), 10);
	assert_int_equal(world_fresh_heads(w, 100, 10, false), 0);
	assert_int_equal(world_fresh_heads(w, 100, 1, true), 100);
	assert_int_equal(world_fresh_heads(w, 100, 1, false), 0);
	world_clear(w);
}

/* What could not be written is known to this mount, and written the next time. */
static void
test_lost(void **state)
{
	struct world *w = world_new(100);
	struct memo m;

	(void)state;
	memo_init(&m, BUCKET);
	world_sweep(w, &m, 100, 1, false);
	world_end(w, &m, 1, false, true);
	world_put(w, 7, 10);
	w->n_heads = 0;
	for (int i = 0; i < 2; i++) {
		world_load(w, &m);
		world_sweep(w, &m, 100, 1, false);
		world_end(w, &m, 1, false, i == 0);
		assert_int_equal(w->n_heads, 1);
	}
	assert_int_equal(world_fresh_heads(w, 100, 1, false), 0);
	memo_clear(&m);
	world_clear(w);
}

/* One that finds little news is put all the same: what is not there counts no more. */
static void
test_little_news(void **state)
{
	struct world *w = world_new(2000);
	struct memo m;

	(void)state;
	world_fresh_heads(w, 2000, 1, false);
	for (unsigned i = 0; i < 500; i++)
		world_put(w, 2 * i + 1, 10);
	world_fresh_heads(w, 2000, 1, false); /* recent has 500 */
	w->keys[0].original = 5; /* as if the memo had been wrong */
	assert_int_equal(world_fresh_heads(w, 2000, 4, true), 500);
	memo_init(&m, BUCKET);
	world_load(w, &m);
	assert_int_equal(m.recent.file.n, 1000);
	memo_clear(&m);
	assert_int_equal(world_fresh_heads(w, 2000, 1, false), 0);
	world_clear(w);
}

/* A refresh begins while a PUT is under way, which fails: that is not believed, either. */
static void
test_distrusted_while_put(void **state)
{
	struct world *w = world_new(100);
	struct memo_sweep s = { .is_of_all = true };
	struct memo m;

	(void)state;
	memo_init(&m, BUCKET);
	world_sweep(w, &m, 100, 1, false);
	assert_int_equal(memo_end_sweep(&m, &s, w->now), MEMO_WRITE_BASE);
	assert_non_null(memo_pack(&m, MEMO_WRITE_BASE, &s, w->now));
	memo_distrust(&m);
	memo_note_written(&m, false);
	memo_rest(&m);
	assert_int_equal(memo_count(&m), 0);
	memo_clear(&m);
	world_clear(w);
}

/* Between sweeps little is kept; of what is too much, nothing.  While one runs, so many. */
static void
test_memory(void **state)
{
	struct memo m;
	struct object o = {
		.key = "k", .key_len = 1, .etag = "e", .last_modified = "d"
	};
	int64_t original;

	(void)state;
	memo_init(&m, BUCKET);
	for (o.size = 0; o.size < 1000; o.size++)
		memo_learn(&m, &o, 7);
	memo_rest(&m);
	o.size = 999;
	assert_true(memo_find(&m, &o, &original));
	for (o.size = 0; o.size < MEMO_HELD_MAX + 1000; o.size++)
		memo_learn(&m, &o, 7);
	assert_true(m.is_full);
	assert_int_equal(memo_count(&m), MEMO_HELD_MAX);
	memo_rest(&m);
	assert_null(m.learned.bytes.data);
	for (o.size = 0; o.size < MEMO_IDLE_MAX / 16; o.size++)
		memo_learn(&m, &o, 7);
	memo_rest(&m);
	assert_null(m.learned.bytes.data);
	memo_clear(&m);
}

static void
learn_first(struct memo *m, int64_t n, int64_t original,
	    void (*learn)(struct memo *m, const struct object *o,
			  int64_t original))
{
	struct object o = {
		.key = "k", .key_len = 1, .etag = "e", .last_modified = "d"
	};

	for (o.size = 0; o.size < n; o.size++)
		learn(m, &o, original);
}

/* Of the first ones; the one behind them is not known, or has another one. */
static void
assert_first(struct memo *m, int64_t n, int64_t original)
{
	struct object o = {
		.key = "k", .key_len = 1, .etag = "e", .last_modified = "d"
	};
	int64_t found;

	for (o.size = 0; o.size < n; o.size++) {
		assert_true(memo_find(m, &o, &found));
		assert_int_equal(found, original);
	}
	assert_true(!memo_find(m, &o, &found) || found != original);
}

/* A refresh that asks for some: what is known of the others comes back when it is over. */
static void
test_renewal(void **state)
{
	static const struct object odd = {
		.key = "k", .key_len = 1, .etag = "e", .last_modified = ""
	};
	struct memo m;

	(void)state;
	memo_init(&m, BUCKET);
	learn_first(&m, 100, 1, memo_learn);
	memo_rest(&m);
	assert_first(&m, 100, 1);
	memo_renew(&m);
	assert_first(&m, 0, 1);
	learn_first(&m, 10, 2, memo_learn_anew);
	memo_restore(&m);
	assert_first(&m, 10, 2);
	assert_int_equal(memo_count(&m), 100);
	memo_renew(&m); /* it is given up */
	memo_end_renewal(&m);
	memo_restore(&m);
	assert_int_equal(memo_count(&m), 0);
	learn_first(&m, 100, 1, memo_learn);
	memo_renew(&m); /* all is refreshed meanwhile */
	memo_distrust(&m);
	memo_restore(&m);
	assert_int_equal(memo_count(&m), 0);
	learn_first(&m, 100, 1, memo_learn);
	memo_renew(&m); /* what it was told can't be remembered */
	memo_learn_anew(&m, &odd, 1);
	memo_restore(&m);
	assert_int_equal(memo_count(&m), 0);
	learn_first(&m, MEMO_IDLE_RECORDS, 1, memo_learn);
	memo_renew(&m); /* no room for both */
	learn_first(&m, 1, 2, memo_learn_anew);
	memo_restore(&m);
	assert_int_equal(memo_count(&m), 1);
	assert_first(&m, 1, 2);
	learn_first(&m, MEMO_IDLE_RECORDS + 1, 1, memo_learn);
	memo_renew(&m);
	assert_null(m.before.bytes.data);
	memo_restore(&m);
	learn_first(&m, 1, 1, memo_learn);
	m.is_borrowed = true; /* which may be what is refreshed */
	memo_renew(&m);
	assert_null(m.before.bytes.data);
	memo_clear(&m);
}

/* What can't be told from another version, or not be written down, is not known. */
static void
test_not_remembered(void **state)
{
	static const struct {
		const char *etag, *date;
		int64_t original;
		bool is_known;
	} cases[] = {
		{ "e", "d", 7, true },
		{ "e", "d", ORIGINAL_UNKNOWN, true },
		{ "e", "d", 0, true },
		{ "e", "d", (INT64_C(1) << 40) - 2, true },
		{ "e", "d", (INT64_C(1) << 40) - 1, false },
		{ "e", "d", INT64_MAX, false },
		{ "", "d", 7, false },
		{ "e", "", 7, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct object o = { .key = "k",
				    .key_len = 1,
				    .etag = cases[i].etag,
				    .last_modified = cases[i].date };
		int64_t original = -5;
		struct memo m;

		memo_init(&m, BUCKET);
		memo_learn(&m, &o, cases[i].original);
		memo_rest(&m);
		assert_int_equal(memo_find(&m, &o, &original),
				 cases[i].is_known);
		assert_true(original ==
			    (cases[i].is_known ? cases[i].original : -5));
		memo_clear(&m);
	}
}

/* Of a million deltaspaces it is 16 MiB, once. */
static void
test_nothing_is_copied(void **state)
{
	struct memo_sweep s = { .is_of_all = true };
	struct buf bytes = BUF_INIT(MEMO_BYTES_MAX);
	const struct buf *base;
	const char *learned;
	struct memo m;

	(void)state;
	memo_init(&m, BUCKET);
	for (unsigned i = 0; i < 200000; i++) {
		struct memo_record r = { .id = { 0 } };

		big_endian_put(r.id, 8, i * UINT64_C(0x9e3779b97f4a7c15));
		assert_int_equal(memo_file_add(&m.learned, &r), 0);
	}
	learned = m.learned.bytes.data;
	assert_int_equal(memo_end_sweep(&m, &s, 1), MEMO_WRITE_BASE);
	base = memo_pack(&m, MEMO_WRITE_BASE, &s, 1);
	assert_ptr_equal(base->data, learned);
	assert_null(m.recent.file.bytes.data);
	assert_null(m.learned.bytes.data);
	buf_add(&bytes, base->data, base->len);
	memo_rest(&m);
	learned = bytes.data;
	assert_int_equal(memo_take_base(&m, &bytes, NULL), MEMO_GOOD);
	assert_ptr_equal(m.base.file.bytes.data, learned);
	memo_clear(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(world_histories),
		cmocka_unit_test(test_nothing_is_copied),
		cmocka_unit_test(test_single_changes),
		cmocka_unit_test(test_bytes_for_heads),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_sampled_first),
		cmocka_unit_test(test_anew),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_little_news),
		cmocka_unit_test(test_distrusted_while_put),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_renewal),
		cmocka_unit_test(test_not_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
