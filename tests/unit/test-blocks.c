/* SPDX-License-Identifier: MIT */
/*
 * Deltas in blocks: the same ones however a listing is cut into ranges, and which other
 * objects there are; and listings of which there are none.  And deltas without an
 * original size, beside references that are remembered.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "stats/memo-run.h"
#include "stats/missing.h"
#include "stats/stats.h"

#define DELTAS 20000

static struct object
delta(char key[64], unsigned i)
{
	snprintf(key, 64, "builds/%05u.delta", i);
	return (struct object){ .key = key,
				.key_len = strlen(key),
				.size = 10,
				.etag = "abc",
				.last_modified = "2026-01-01T00:00:00.000Z" };
}

static struct tally *
tally_with_blocks(void)
{
	struct tally *t = tally_new(MODE_DETAILED);

	tally_want_blocks(t);
	return t;
}

/* Those from `from` to `to`, and others among them. */
static struct tally_part *
list(struct tally *t, unsigned from, unsigned to, bool has_others)
{
	char key[64], text[64];
	struct object o = delta(key, from - 1);
	struct tally_part *p =
		tally_part_new(t, from ? o.key : NULL, o.key_len, true);

	for (unsigned i = from; i < to; i++) {
		o = delta(key, i);
		assert_ptr_equal(tally_add(p, &o), tally_any_space(t));
		if (!has_others || i % 3)
			continue;
		o.key = text;
		o.key_len = (size_t)snprintf(text, sizeof(text), "%s.txt", key);
		assert_null(tally_add(p, &o));
	}
	return p;
}

static void
check_same(struct tally *a, struct tally *b)
{
	const struct block_list *x = blocks_list(tally_blocks(a));
	const struct block_list *y = blocks_list(tally_blocks(b));

	assert_int_equal(x->n, y->n);
	for (size_t i = 0; i < x->n; i++) {
		assert_true(block_equals(&x->blocks[i], &y->blocks[i]));
		assert_int_equal(x->blocks[i].key_len, y->blocks[i].key_len);
		assert_memory_equal(x->blocks[i].key, y->blocks[i].key,
				    x->blocks[i].key_len);
		assert_true(x->blocks[i].is_whole && y->blocks[i].is_whole);
	}
}

/* In pieces without any end of a block, empty ones, and begun in no order. */
static void
test_blocks_do_not_depend_on_ranges(void **state)
{
	static const unsigned cuts[] = { 19990, 5000, 5001,  5001,
					 0,	5700, 19000, 19999 };
	static const unsigned ends[] = { 19999, 5001,  5001,  5700,
					 5000,	19000, 19990, 20000 };
	struct tally *whole = tally_with_blocks(), *cut = tally_with_blocks();
	struct tally_part *parts[ARRAY_SIZE(cuts)];
	size_t n;

	(void)state;
	tally_part_end(list(whole, 0, DELTAS, false));
	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++)
		parts[i] = list(cut, cuts[i], ends[i], true);
	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++)
		tally_part_end(parts[i]);
	check_same(whole, cut);
	n = blocks_list(tally_blocks(whole))->n;
	assert_in_range(n, DELTAS / BLOCK_DELTAS / 2,
			DELTAS / BLOCK_DELTAS * 2);
	tally_free(whole);
	tally_free(cut);
}

/* HEADs of these are answered; one in 100 has no original size. */
static void
learn(struct tally *t, unsigned from, unsigned to)
{
	struct blocks *b = tally_blocks(t);
	struct sha256 *h = sha256_new();

	for (unsigned i = from; i < to; i++) {
		char key[64];
		struct object o = delta(key, i);

		memo_learn_block(blocks_of(b, o.key, o.key_len), &o, h,
				 i % 100 ? (int64_t)i + 11 : ORIGINAL_UNKNOWN);
	}
	sha256_free(h);
}

static void
check_known(struct tally *whole, struct tally *cut, uint32_t n_packed)
{
	const struct block_list *x = blocks_list(tally_blocks(whole));
	const struct block_list *y = blocks_list(tally_blocks(cut));
	size_t n_kept = 0;

	for (size_t i = 0; i < x->n; i++) {
		const struct block *a = &x->blocks[i], *b = &y->blocks[i];
		size_t n = b->n_records;

		for (size_t k = 0; k < b->n_extents; k++)
			n += b->extents[k].n;
		assert_int_equal(a->n_known, a->n);
		assert_int_equal(b->n_known, b->n);
		assert_int_equal(a->original, b->original);
		assert_int_equal(a->odds.n, b->odds.n);
		assert_int_equal(a->odds.are_more, b->odds.are_more);
		assert_int_equal(b->n, n);
		n_kept += b->n_records;
	}
	assert_int_equal(n_kept + n_packed, DELTAS);
}

/*
 * What is known of a piece of a block is, when it is joined to the rest; what lies in a
 * pack by then is of blocks, or ends of blocks, that were whole.
 */
static void
test_blocks_learn_while_they_are_listed(void **state)
{
	struct tally *whole = tally_with_blocks(), *cut = tally_with_blocks();
	struct tally_part *parts[3];
	struct pack pack;
	size_t n;

	(void)state;
	tally_part_end(list(whole, 0, DELTAS, false));
	learn(whole, 0, DELTAS);
	parts[0] = list(cut, 7000, 15000, true);
	parts[1] = list(cut, 0, 7000, true);
	learn(cut, 2000, 9000);
	parts[2] = list(cut, 15000, DELTAS, true);
	tally_part_end(parts[1]);
	pack_init(&pack, 7);
	n = blocks_n_kept(tally_blocks(cut), false);
	assert_int_equal(blocks_pack(tally_blocks(cut), "b", &pack, false), 0);
	assert_int_equal(pack.n, n);
	assert_in_range(n, 1, 7000 - 1);
	learn(cut, 9000, DELTAS);
	tally_part_end(parts[0]);
	tally_part_end(parts[2]);
	check_same(whole, cut);
	learn(cut, 0, 2000);
	check_known(whole, cut, pack.n);
	blocks_drop_kept(tally_blocks(cut));
	assert_int_equal(blocks_n_kept(tally_blocks(cut), true), 0);
	pack_clear(&pack);
	tally_free(whole);
	tally_free(cut);
}

/* The one that has gone was within a block, or has ended one. */
static void
test_a_change_is_of_one_block(void **state)
{
	struct tally *t = tally_with_blocks();
	const struct block_list *before;

	(void)state;
	tally_part_end(list(t, 0, DELTAS, false));
	before = blocks_list(tally_blocks(t));
	for (unsigned gone = 0; gone < 2; gone++) {
		const char *end = before->blocks[3].key;
		unsigned at = (unsigned)atoi(end + strlen("builds/")) - gone;
		struct tally *now = tally_with_blocks();
		const struct block_list *after;
		size_t n_same = 0;

		tally_part_end(list(now, 0, at, false));
		tally_part_end(list(now, at + 1, DELTAS, false));
		after = blocks_list(tally_blocks(now));
		assert_int_equal(after->n, before->n - (gone == 0));
		for (size_t i = 0; i < after->n; i++)
			for (size_t j = 0; j < before->n; j++)
				n_same += block_equals(&after->blocks[i],
						       &before->blocks[j]);
		assert_int_equal(n_same, after->n - 1);
		tally_free(now);
	}
	tally_free(t);
}

static void
test_a_bucket_without_deltas(void **state)
{
	struct tally *t = tally_with_blocks();
	struct object o = { .key = "a", .key_len = 1, .etag = "" };
	struct tally_part *p = tally_part_new(t, NULL, 0, true);

	(void)state;
	o.last_modified = "";
	assert_null(tally_add(p, &o));
	tally_part_end(p);
	assert_int_equal(blocks_list(tally_blocks(t))->n, 0);
	tally_free(t);
}

/* Another version would look the same; and keys in no order have no blocks. */
static void
test_listings_without_blocks(void **state)
{
	static const struct {
		const char *etag, *date;
		bool is_ordered, has_blocks;
	} cases[] = {
		{ "e", "d", true, true },
		{ "", "d", true, false },
		{ "e", "", true, false },
		{ "e", "d", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tally *t = tally_with_blocks();
		struct tally_part *p =
			tally_part_new(t, NULL, 0, cases[i].is_ordered);
		char key[64];
		struct object o = delta(key, 1);

		o.etag = cases[i].etag;
		o.last_modified = cases[i].date;
		tally_add(p, &o);
		tally_part_end(p);
		assert_int_equal(tally_blocks(t) != NULL, cases[i].has_blocks);
		tally_free(t);
	}
}

/* No digest ends a block: some 65,537 that were chosen. */
static void
test_a_block_has_a_largest_size(void **state)
{
	static const unsigned char digest[SHA256_LEN] = { [31] = 1 };
	struct blocks *b = blocks_new();
	struct blocks_part *p = blocks_part_new(b, NULL, 0, true);
	char key[64];

	(void)state;
	for (unsigned i = 0; i < BLOCK_DELTAS_MAX + 2; i++) {
		struct object o = delta(key, i);

		assert_int_equal(blocks_are_void(b), i > BLOCK_DELTAS_MAX);
		blocks_add(p, &o, digest);
	}
	blocks_part_end(p);
	assert_null(blocks_list(b));
	blocks_free(b);
}

/* Each digest ends one. */
static void
test_there_are_so_many_blocks(void **state)
{
	static const unsigned char digest[SHA256_LEN] = { 0 };
	struct blocks *b = blocks_new();
	struct blocks_part *p = blocks_part_new(b, NULL, 0, true);
	char key[64];

	(void)state;
	for (unsigned i = 0; i < BLOCKS_MAX + 2; i++) {
		struct object o = delta(key, i);

		assert_int_equal(blocks_are_void(b), i > BLOCKS_MAX);
		blocks_add(p, &o, digest);
	}
	blocks_free(b);
}

/*
 * Keys of 1,024 bytes, as S3 has them: with what is alike of a key and the one before at
 * its beginning, and at its end.
 */
static size_t
count_long_keys(const char *format)
{
	static const unsigned char digest[SHA256_LEN] = { 0 };
	struct blocks *b = blocks_new();
	struct blocks_part *p = blocks_part_new(b, NULL, 0, true);
	size_t n;

	for (n = 0; !blocks_are_void(b); n++) {
		char key[1025];
		struct object o = { .key = key,
				    .key_len = 1024,
				    .etag = "abc",
				    .last_modified = "2026-01-01T00:00:00Z" };

		assert_int_equal(snprintf(key, sizeof(key), format, n, 0),
				 1024);
		blocks_add(p, &o, digest);
	}
	blocks_free(b);
	return n - 1;
}

/* All of them are held in memory, and the index has what is not alike. */
static void
test_keys_are_so_long(void **state)
{
	(void)state;
	assert_int_equal(count_long_keys("%01024zu"), BLOCK_KEYS_MAX / 1024);
	assert_in_range(count_long_keys("%04zu%01020u"),
			BLOCKS_BYTES_MAX / (1022 + BLOCK_BYTES),
			BLOCKS_BYTES_MAX / (1021 + BLOCK_BYTES));
}

/* --- deltas that count as their references --- */

struct place {
	struct missing *m;
	struct sha256 *h;
};

static struct object
object_at(const char *key, int64_t size)
{
	return (struct object){ .key = key,
				.key_len = strlen(key),
				.size = size };
}

static void
add(struct place *p, const char *key, int64_t size)
{
	struct object o = object_at(key, size);

	if (object_is_delta(&o))
		missing_add_delta(p->m, &o, p->h);
	else
		missing_add_reference(p->m, &o, p->h);
}

static void
test_missing_count_as_references(void **state)
{
	struct place p = { missing_new(), sha256_new() };

	(void)state;
	assert_int_equal(missing_sum(p.m), 0);
	add(&p, "a/1.delta", 10);
	add(&p, "b/1.delta", 20); /* it has none */
	add(&p, "b/c/1.delta", 40);
	add(&p, "a/reference.bin", 1000);
	add(&p, "a/2.delta", 10);
	add(&p, "1.delta", 80);
	add(&p, "reference.bin", 5);
	add(&p, "b/c/d/reference.bin", 7); /* nothing counts as it */
	assert_int_equal(missing_count(p.m), 5);
	assert_false(missing_is_lost(p.m));
	assert_int_equal(missing_sum(p.m), 2 * 1000 + 20 + 40 + 5);
	missing_free(p.m);
	sha256_free(p.h);
}

/* Many in few deltaspaces; too many references, before or after the first of them. */
static void
test_missing_are_so_many(void **state)
{
	for (unsigned late = 0; late < 2; late++) {
		struct place p = { missing_new(), sha256_new() };
		char key[64];

		(void)state;
		for (unsigned i = 0; i < REFERENCES_MAX + 10 && late; i++)
			add(&p, i % 2 ? "a/1.delta" : "b/1.delta", 3);
		assert_int_equal(missing_sum(p.m),
				 late ? 3 * (REFERENCES_MAX + 10) : 0);
		for (unsigned i = 0; i <= REFERENCES_MAX; i++) {
			assert_false(missing_is_lost(p.m));
			snprintf(key, sizeof(key), "%u/reference.bin", i);
			add(&p, key, 1);
		}
		assert_int_equal(missing_is_lost(p.m), late);
		add(&p, "a/1.delta", 3);
		assert_true(missing_is_lost(p.m));
		missing_free(p.m);
		sha256_free(p.h);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks_do_not_depend_on_ranges),
		cmocka_unit_test(test_blocks_learn_while_they_are_listed),
		cmocka_unit_test(test_a_change_is_of_one_block),
		cmocka_unit_test(test_a_bucket_without_deltas),
		cmocka_unit_test(test_listings_without_blocks),
		cmocka_unit_test(test_a_block_has_a_largest_size),
		cmocka_unit_test(test_there_are_so_many_blocks),
		cmocka_unit_test(test_keys_are_so_long),
		cmocka_unit_test(test_missing_count_as_references),
		cmocka_unit_test(test_missing_are_so_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
