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
#include "stats/memo.h"
#include "stats/stats.h"
#include "util/big-endian.h"
#include "util/date.h"

#define BUCKET "releases"
#define KEYS_MAX 10000
#define MOUNTS 3

/* --- a bucket --- */

struct version {
	bool is_there;
	int64_t size, original;
	unsigned etag, date;
};

/* A file of the memo that lies there; NULL: none does. */
struct stored {
	char *data;
	size_t len;
};

struct world {
	uint32_t seed;
	unsigned clock, n_etags;
	struct version keys[KEYS_MAX];
	struct stored base, recent;
	int64_t now;
	uint64_t epoch;
	size_t n_heads, n_written;
};

static unsigned
dice(struct world *w, unsigned n)
{
	w->seed = w->seed * 1664525 + 1013904223;
	return (w->seed >> 16) % n;
}

static void
put(struct world *w, unsigned key, int64_t size)
{
	w->keys[key] = (struct version){
		.is_there = true,
		.size = size,
		.original = dice(w, 5) ? (int64_t)dice(w, 60000) * 70000000 / 60
				       : ORIGINAL_UNKNOWN,
		.etag = w->n_etags++,
		.date = w->clock++,
	};
}

static void
change(struct world *w, unsigned n_keys)
{
	unsigned key = dice(w, n_keys), other = dice(w, n_keys);
	struct version *v = &w->keys[key];

	switch (v->is_there ? dice(w, 6) : 0) {
	case 0:
		put(w, key, dice(w, 4));
		break;
	case 1: /* the same length, other bytes */
		put(w, key, v->size);
		break;
	case 2:
		v->is_there = false;
		break;
	case 3: /* the same bytes elsewhere */
		w->keys[other] = *v;
		w->keys[other].date = w->clock++;
		v->is_there = other == key;
		break;
	case 4: /* copied onto itself */
		v->date = w->clock++;
		break;
	case 5: /* with other metadata */
		v->original = dice(w, 100);
		v->date = w->clock++;
		break;
	}
}

/* What no listing shows; so somebody refreshes all. */
static void
change_unseen(struct world *w, unsigned n_keys)
{
	for (unsigned key = 0; key < n_keys; key += 2)
		w->keys[key].original++;
	w->epoch++;
}

/* --- what lies in it --- */

static void
store(struct stored *s, const struct buf *b)
{
	free(s->data);
	s->data = xmalloc(b->len);
	s->len = b->len;
	memcpy(s->data, b->data, b->len);
}

static void
damage(struct world *w)
{
	struct stored *s = dice(w, 2) ? &w->base : &w->recent;

	if (s->len == 0)
		return;
	if (dice(w, 2))
		s->data[dice(w, (unsigned)s->len)] ^= 1 << dice(w, 8);
	else
		s->len = dice(w, (unsigned)s->len);
}

/* --- mounts --- */

static void
load(const struct world *w, struct memo *m)
{
	struct buf base CLEANUP_BUF = BUF_INIT(MEMO_BYTES_MAX);
	struct buf recent CLEANUP_BUF = BUF_INIT(MEMO_BYTES_MAX);

	memo_rest(m);
	buf_add(&base, w->base.data, w->base.len);
	buf_add(&recent, w->recent.data, w->recent.len);
	if (base.len > 0)
		memo_take_base(m, &base, NULL);
	if (recent.len > 0)
		memo_take_recent(m, &recent, NULL);
	memo_note_read(m);
	memo_expect(m, w->epoch);
}

static void
ask(struct world *w, struct memo *m, unsigned key, bool is_anew)
{
	const struct version *v = &w->keys[key];
	char name[16], etag[16], date[16];
	struct object o = { .key = name, .etag = etag, .last_modified = date };
	int64_t original;

	o.key_len = (size_t)snprintf(name, sizeof(name), "%u.delta", key);
	o.size = v->size;
	snprintf(etag, sizeof(etag), "%x", v->etag);
	snprintf(date, sizeof(date), "%u", v->date);
	if (!is_anew && memo_find(m, &o, &original)) {
		assert_true(original == v->original);
		return;
	}
	w->n_heads++;
	memo_learn(m, &o, v->original);
}

/* A sweep asks for one delta of `step`. */
static void
sweep(struct world *w, struct memo *m, unsigned n_keys, unsigned step,
      bool is_anew)
{
	for (unsigned key = 0; key < n_keys; key += step)
		if (w->keys[key].is_there)
			ask(w, m, key, is_anew);
}

static void
end(struct world *w, struct memo *m, unsigned step, bool is_anew, bool is_lost)
{
	struct memo_sweep s = { .is_of_all = step == 1, .is_anew = is_anew };
	enum memo_write what = memo_end_sweep(m, &s, w->now);
	const struct buf *b;

	if (what == MEMO_WRITE_NOTHING)
		return;
	b = memo_pack(m, what, &s, w->now);
	assert_non_null(b);
	w->n_written += b->len;
	if (!is_lost)
		store(what == MEMO_WRITE_BASE ? &w->base : &w->recent, b);
	memo_note_written(m, !is_lost);
}

static void
world_clear(struct world *w)
{
	free(w->base.data);
	free(w->recent.data);
	free(w);
}

static void
live(uint32_t seed)
{
	struct world *w = xnew(struct world);
	struct memo mounts[MOUNTS];
	unsigned n_keys;

	w->seed = seed;
	n_keys = 1 + dice(w, 30);
	for (int i = 0; i < MOUNTS; i++)
		memo_init(&mounts[i], BUCKET);
	for (int i = 0; i < 60; i++) {
		struct memo *m = &mounts[dice(w, MOUNTS)];
		struct memo *other = &mounts[dice(w, MOUNTS)];
		unsigned step = 1 + 3 * (dice(w, 3) == 0);
		bool is_anew = dice(w, 10) == 0;

		for (unsigned n = dice(w, 4); n > 0; n--)
			change(w, n_keys);
		w->now += dice(w, 30000);
		if (dice(w, 15) == 0)
			damage(w);
		load(w, m);
		if (is_anew)
			memo_distrust(m);
		sweep(w, m, n_keys, step, is_anew);
		if (dice(w, 10) == 0)
			change_unseen(w, n_keys);
		if (other != m && dice(w, 3) == 0) { /* it is quicker */
			load(w, other);
			sweep(w, other, n_keys, 1, false);
			end(w, other, 1, false, dice(w, 5) == 0);
		}
		if (dice(w, 8) > 0) /* else it is stopped */
			end(w, m, step, is_anew, dice(w, 8) == 0);
	}
	for (int i = 0; i < MOUNTS; i++)
		memo_clear(&mounts[i]);
	world_clear(w);
}

static void
test_histories(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= brief(2000); seed++)
		live(seed);
}

/* --- what it costs --- */

static struct world *
given_deltas(unsigned n)
{
	struct world *w = xnew(struct world);

	w->seed = 1;
	for (unsigned i = 0; i < n; i++)
		put(w, i, 10);
	return w;
}

/* The HEADs of a sweep by a mount that knows nothing. */
static size_t
fresh_heads(struct world *w, unsigned n, unsigned step, bool is_anew)
{
	struct memo m;

	w->n_heads = 0;
	memo_init(&m, BUCKET);
	load(w, &m);
	sweep(w, &m, n, step, is_anew);
	end(w, &m, step, is_anew, false);
	memo_clear(&m);
	return w->n_heads;
}

static void
test_single_changes(void **state)
{
	struct world *w = given_deltas(10000);

	(void)state;
	assert_int_equal(fresh_heads(w, 10000, 1, false), 10000);
	assert_int_equal(w->n_written, MEMO_BYTES(10000));
	w->n_written = 0;
	for (unsigned i = 0; i < 100; i++) {
		put(w, 97 * i, 10);
		assert_int_equal(fresh_heads(w, 10000, 1, false), 1);
	}
	assert_true(w->n_written < 100 * 1024);
	world_clear(w);
}

/* Whatever the number of changes: 4 KiB for each of them, and hardly more HEADs. */
static void
test_bytes_for_heads(void **state)
{
	struct world *w = given_deltas(5000);
	size_t n_changed = 0, n_heads = 0;

	(void)state;
	fresh_heads(w, 5000, 1, false);
	w->n_written = 0;
	for (unsigned i = 0; i < brief(300); i++) {
		unsigned n = dice(w, 2) ? 1 : dice(w, 100);

		for (unsigned k = 0; k < n; k++)
			put(w, dice(w, 5000), 10);
		n_changed += n;
		w->now += 7200;
		n_heads += fresh_heads(w, 5000, 1, false);
	}
	assert_true(w->n_written <= 4096 * n_changed);
	assert_true(n_heads <= n_changed + n_changed / 20);
	world_clear(w);
}

/* What is gone is left out when the base is written. */
static void
test_gone(void **state)
{
	struct world *w = given_deltas(1000);
	struct memo m;

	(void)state;
	fresh_heads(w, 1000, 1, false);
	for (int i = 0; i < 50; i++) {
		for (unsigned k = 0; k < 200; k++)
			put(w, k, 10);
		w->now += 2 * DAY_MS / 1000;
		assert_int_equal(fresh_heads(w, 1000, 1, false), 200);
	}
	memo_init(&m, BUCKET);
	load(w, &m);
	assert_int_equal(memo_count(&m), 1000);
	memo_clear(&m);
	world_clear(w);
}

/* The base may be young: it is written again when there is as much that is new. */
static void
test_sampled_first(void **state)
{
	struct world *w = given_deltas(1000);

	(void)state;
	assert_int_equal(fresh_heads(w, 1000, 50, false), 20);
	assert_int_equal(fresh_heads(w, 1000, 1, false), 980);
	assert_int_equal(w->base.len, MEMO_BYTES(1000));
	assert_int_equal(fresh_heads(w, 1000, 50, false), 0);
	world_clear(w);
}

/* Nothing of before counts after a refresh of all, and for those asked after another. */
static void
test_anew(void **state)
{
	struct world *w = given_deltas(100);

	(void)state;
	fresh_heads(w, 100, 1, false);
	for (unsigned i = 0; i < 100; i++)
		w->keys[i].original = 5; /* as if the memo had been wrong */
	assert_int_equal(fresh_heads(w, 100, 10, true), 10);
	assert_int_equal(fresh_heads(w, 100, 10, false), 0);
	assert_int_equal(fresh_heads(w, 100, 1, true), 100);
	assert_int_equal(fresh_heads(w, 100, 1, false), 0);
	world_clear(w);
}

/* What could not be written is known to this mount, and written the next time. */
static void
test_lost(void **state)
{
	struct world *w = given_deltas(100);
	struct memo m;

	(void)state;
	memo_init(&m, BUCKET);
	sweep(w, &m, 100, 1, false);
	end(w, &m, 1, false, true);
	put(w, 7, 10);
	w->n_heads = 0;
	for (int i = 0; i < 2; i++) {
		load(w, &m);
		sweep(w, &m, 100, 1, false);
		end(w, &m, 1, false, i == 0);
		assert_int_equal(w->n_heads, 1);
	}
	assert_int_equal(fresh_heads(w, 100, 1, false), 0);
	memo_clear(&m);
	world_clear(w);
}

/* One that finds little news is put all the same: what is not there counts no more. */
static void
test_little_news(void **state)
{
	struct world *w = given_deltas(2000);
	struct memo m;

	(void)state;
	fresh_heads(w, 2000, 1, false);
	for (unsigned i = 0; i < 500; i++)
		put(w, 2 * i + 1, 10);
	fresh_heads(w, 2000, 1, false); /* recent has 500 */
	w->keys[0].original = 5; /* as if the memo had been wrong */
	assert_int_equal(fresh_heads(w, 2000, 4, true), 500);
	memo_init(&m, BUCKET);
	load(w, &m);
	assert_int_equal(m.recent.file.n, 501);
	memo_clear(&m);
	assert_int_equal(fresh_heads(w, 2000, 1, false), 0);
	world_clear(w);
}

/* A refresh begins while a PUT is under way, which fails: that is not believed, either. */
static void
test_distrusted_while_put(void **state)
{
	struct world *w = given_deltas(100);
	struct memo_sweep s = { .is_of_all = true };
	struct memo m;

	(void)state;
	memo_init(&m, BUCKET);
	sweep(w, &m, 100, 1, false);
	assert_int_equal(memo_end_sweep(&m, &s, w->now), MEMO_WRITE_BASE);
	assert_non_null(memo_pack(&m, MEMO_WRITE_BASE, &s, w->now));
	memo_distrust(&m);
	memo_note_written(&m, false);
	memo_rest(&m);
	assert_int_equal(memo_count(&m), 0);
	memo_clear(&m);
	world_clear(w);
}

/* Between sweeps little is kept; of what is too much, nothing. */
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
	for (o.size = 0; o.size < 3 * MEMO_RECORDS_MAX; o.size++)
		memo_learn(&m, &o, 7);
	assert_true(m.is_full);
	assert_null(m.learned.bytes.data);
	memo_rest(&m);
	for (o.size = 0; o.size < MEMO_IDLE_MAX / 16; o.size++)
		memo_learn(&m, &o, 7);
	memo_rest(&m);
	assert_null(m.learned.bytes.data);
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
		cmocka_unit_test(test_histories),
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
		cmocka_unit_test(test_not_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
