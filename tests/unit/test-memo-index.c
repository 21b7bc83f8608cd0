/* SPDX-License-Identifier: MIT */
/*
 * The index of the memo byte by byte, what is not believed of it, and what it costs with
 * blocks of usual size: bytes and HEADs.
 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "brief.h"
#include "stats/memo-run.h"
#include "stats/stats.h"
#include "util/date.h"

#define BUCKET "releases"
#define DAY_S (DAY_MS / 1000)

/* --- bytes --- */

/* "a/1.delta" and all up to "a/2.delta", of which little is known. */
static void
two_blocks(struct block_list *l)
{
	const struct extent e = { 300, 70000, 2, "checksu" };
	const struct memo_record r = { "elevenbytes", { 0, 0, 0, 1, 0 } };
	struct block *b = block_list_add(l);

	*b = (struct block){ .key = xstrdup("a/1.delta"),
			     .key_len = 9,
			     .n = 300,
			     .n_known = 300,
			     .sum = { 0x0102030405060708, 0x1112131415161718 },
			     .original = 1000000 };
	block_add_extent(b, &e);
	b = block_list_add(l);
	*b = (struct block){ .key = xstrdup("a/2.delta"),
			     .key_len = 9,
			     .n = 2,
			     .n_known = 1,
			     .sum = { 0, 5 },
			     .odds = { .are_more = true } };
	block_keep(b, &r);
}

static const struct index_stamp stamp = { 1000, 100, 256, 0x0708 };

static const char bytes[] = "DGINDEX\n"
			    "\0\0\0\1"
			    "\0\0\0\2"
			    "\0\0\0\0\0\0\3\350"
			    "\0\0\0\0\0\0\0\144"
			    "\0\0\1\0"
			    "\0\0\0\0\0\0\7\10"
			    /* the first block */
			    "\0\11a/1.delta"
			    "\1\2\3\4\5\6\7\10"
			    "\21\22\23\24\25\26\27\30"
			    "\254\2"
			    "\0"
			    "\300\204\75"
			    "\1"
			    "\254\2"
			    "\360\242\4"
			    "\2"
			    "checksu\0"
			    "\0"
			    /* the second one */
			    "\2\0072.delta"
			    "\0\0\0\0\0\0\0\0"
			    "\0\0\0\0\0\0\0\5"
			    "\2"
			    "\5"
			    "\0"
			    "\0"
			    "\1"
			    "elevenbytes"
			    "\0\0\0\1\0";

static void
print(struct buf *out)
{
	struct block_list l = { 0 };

	two_blocks(&l);
	assert_int_equal(memo_index_print(&l, BUCKET, &stamp, out), 0);
	block_list_clear(&l);
}

static void
test_bytes(void **state)
{
	CLEANUP_BUF struct buf out = BUF_INIT(INDEX_BYTES_MAX);

	(void)state;
	print(&out);
	assert_int_equal(out.len, sizeof(bytes) - 1 + SHA256_LEN);
	assert_memory_equal(out.data, bytes, sizeof(bytes) - 1);
}

static enum memo_verdict
parse(struct memo_index *x, const struct buf *in, const char *bucket)
{
	struct err err = ERR_INIT;
	enum memo_verdict verdict;

	memo_index_init(x);
	verdict = memo_index_parse(x, in->data, in->len, bucket, &err);
	assert_int_equal(verdict == MEMO_GOOD, err.code == 0);
	assert_true(verdict == MEMO_GOOD || x->list.n == 0);
	return verdict;
}

/* So many blocks that have as many odd deltas as there may be. */
static void
print_odds(struct buf *out, unsigned n_blocks)
{
	struct block_list l = { 0 };
	int64_t room = BLOCKS_ODDS_MAX;

	for (unsigned i = 0; i < n_blocks; i++) {
		struct block *b = block_list_add(&l);
		char key[32];
		struct object o = { .key = key, .size = 1 };

		snprintf(key, sizeof(key), "%08u.delta", i);
		o.key_len = strlen(key);
		*b = (struct block){ .key = xstrdup(key),
				     .key_len = o.key_len,
				     .n = 100,
				     .odds.room = &room };
		while (b->n_known < b->n)
			block_learn(b, &o, ORIGINAL_UNKNOWN);
	}
	assert_int_equal(memo_index_print(&l, BUCKET, &stamp, out), 0);
	block_list_clear(&l);
	assert_int_equal(room, BLOCKS_ODDS_MAX);
}

/* Those that come first are told. */
static void
test_too_many_odd_ones(void **state)
{
	const unsigned n_blocks = 2 * BLOCKS_ODDS_MAX / 400;
	CLEANUP_BUF struct buf out = BUF_INIT(INDEX_BYTES_MAX);
	struct memo_index x;

	(void)state;
	print_odds(&out, n_blocks);
	assert_int_equal(parse(&x, &out, BUCKET), MEMO_GOOD);
	assert_int_equal(x.list.blocks[7].odds.n, 100);
	assert_false(x.list.blocks[7].odds.are_more);
	assert_int_equal(x.list.blocks[n_blocks - 1].odds.n, 0);
	assert_true(x.list.blocks[n_blocks - 1].odds.are_more);
	memo_index_clear(&x);
}

/* What came while it was listed again may be more than it had. */
static void
test_odd_ones_of_a_block_that_has_changed(void **state)
{
	CLEANUP_BUF struct buf out = BUF_INIT(INDEX_BYTES_MAX);
	const struct object o = { .key = "a", .key_len = 1, .size = 1 };
	struct block_list l = { 0 };
	struct block *b = block_list_add(&l);
	struct memo_index x;

	(void)state;
	*b = (struct block){ .key = xstrdup("b"), .key_len = 1, .n = 1 };
	for (int i = 0; i < 3; i++)
		block_learn(b, &o, ORIGINAL_UNKNOWN);
	b->is_outdated = true;
	assert_int_equal(memo_index_print(&l, BUCKET, &stamp, &out), 0);
	assert_int_equal(parse(&x, &out, BUCKET), MEMO_GOOD);
	assert_true(x.list.blocks[0].odds.are_more);
	memo_index_clear(&x);
	block_list_clear(&l);
}

static void
test_what_is_read_is_what_was_written(void **state)
{
	CLEANUP_BUF struct buf out = BUF_INIT(INDEX_BYTES_MAX);
	CLEANUP_BUF struct buf again = BUF_INIT(INDEX_BYTES_MAX);
	struct memo_index x;

	(void)state;
	print(&out);
	assert_int_equal(parse(&x, &out, BUCKET), MEMO_GOOD);
	assert_int_equal(x.stamp.written_at, 1000);
	assert_int_equal(x.stamp.anew_at, 100);
	assert_int_equal(x.stamp.at_once, 256);
	assert_int_equal(x.slots.n, 1);
	assert_true(x.slots.is_used[300]);
	assert_true(block_can_be_told(&x.list.blocks[0]));
	assert_false(block_can_be_told(&x.list.blocks[1]));
	assert_int_equal(memo_index_print(&x.list, BUCKET, &stamp, &again), 0);
	assert_int_equal(again.len, out.len);
	assert_memory_equal(again.data, out.data, out.len);
	memo_index_clear(&x);
}

/* The checksum is as it should be: a writer of ours would have made it so. */
static void
seal(struct buf *b)
{
	struct sha256 *h = sha256_new();

	sha256_begin(h);
	sha256_add(h, BUCKET, sizeof(BUCKET));
	sha256_add(h, b->data, b->len - SHA256_LEN);
	sha256_end(h, (unsigned char *)b->data + b->len - SHA256_LEN);
	sha256_free(h);
}

static void
test_what_is_not_believed(void **state)
{
	static const struct {
		size_t at;
		char byte;
	} wrong[] = {
		{ 15, 1 }, /* blocks that are not there */
		{ 15, 3 },
		{ 16, (char)0x80 }, /* before there was time */
		{ 24, (char)0x80 },
		{ 44, 1 }, /* as the key before, which there is not */
		{ 45, 127 }, /* a key that is longer than all */
		{ 73, 8 }, /* no such flag */
		{ 92, 1 }, /* a record that is not there */
	};
	CLEANUP_BUF struct buf b = BUF_INIT(INDEX_BYTES_MAX);
	struct memo_index x;

	(void)state;
	print(&b);
	assert_int_equal(parse(&x, &b, "other"), MEMO_BAD);
	for (size_t i = 0; i < b.len; i++) {
		b.data[i] ^= 4;
		assert_int_not_equal(parse(&x, &b, BUCKET), MEMO_GOOD);
		b.data[i] ^= 4;
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		char was = b.data[wrong[i].at];

		b.data[wrong[i].at] = wrong[i].byte;
		seal(&b);
		assert_int_equal(parse(&x, &b, BUCKET), MEMO_BAD);
		b.data[wrong[i].at] = was;
	}
	seal(&b);
	for (size_t len = b.len; len-- > 0;) {
		b.len = len;
		assert_int_equal(parse(&x, &b, BUCKET), MEMO_BAD);
	}
}

#define LONG_KEYS 7 /* of 1 MiB each: one more is too much */

/* Each is the one before, and a byte. */
static void
print_long_keys(struct block_list *l, size_t n, struct buf *out, int expected)
{
	while (l->n < n) {
		struct block *one = block_list_add(l);

		one->n = 1;
		one->key_len = 1024 * 1024 + l->n;
		one->key = xmalloc(one->key_len);
		memset(one->key, 'k', one->key_len);
	}
	buf_clear(out);
	assert_int_equal(memo_index_print(l, BUCKET, &stamp, out), expected);
}

/* Few bytes may stand for many: keys that each begin with the long one before. */
static void
test_keys_that_are_too_much(void **state)
{
	struct buf b = BUF_INIT(INDEX_BYTES_MAX);
	struct block_list l = { 0 };
	struct memo_index x;
	char last[64];
	size_t len;

	(void)state;
	print_long_keys(&l, LONG_KEYS - 1, &b, 0);
	len = b.len;
	print_long_keys(&l, LONG_KEYS, &b, 0);
	assert_int_equal(parse(&x, &b, BUCKET), MEMO_GOOD);
	memo_index_clear(&x);
	len = b.len - len;
	assert_in_range(len, 1, sizeof(last));
	memcpy(last, b.data + b.len - SHA256_LEN - len, len);
	last[0]++; /* bytes that it has of the one before */
	b.len -= SHA256_LEN;
	assert_int_equal(buf_add(&b, last, len), 0);
	b.len += SHA256_LEN;
	b.data[12]++;
	seal(&b);
	assert_int_equal(parse(&x, &b, BUCKET), MEMO_BAD);
	print_long_keys(&l, LONG_KEYS + 1, &b, -EFBIG);
	block_list_clear(&l);
	buf_clear(&b);
}

/* Ranges may each have had a piece of a block that is too large when it is whole. */
static void
test_large_block(void **state)
{
	CLEANUP_BUF struct buf b = BUF_INIT(INDEX_BYTES_MAX);
	struct block_list l = { 0 };
	struct memo_index x;
	struct block *one = block_list_add(&l);

	(void)state;
	one->key = xstrdup("k");
	one->key_len = 1;
	one->n = BLOCK_DELTAS_MAX;
	assert_int_equal(memo_index_print(&l, BUCKET, &stamp, &b), 0);
	assert_int_equal(parse(&x, &b, BUCKET), MEMO_GOOD);
	memo_index_clear(&x);
	one->n++;
	buf_clear(&b);
	assert_int_equal(memo_index_print(&l, BUCKET, &stamp, &b), -EFBIG);
	block_list_clear(&l);
}

/* A block for each delta; how many there are before there are too many. */
static size_t
add_blocks(struct blocks *b, const char *format, size_t n)
{
	static const unsigned char digest[SHA256_LEN] = { 0 };
	struct blocks_part *p = blocks_part_new(b, NULL, 0, true);
	char key[1025];
	size_t i;

	for (i = 0; i < n && !blocks_are_void(b); i++) {
		struct object o = { .key = key,
				    .etag = "abc",
				    .last_modified = "2026-01-01T00:00:00Z" };

		o.key_len = (size_t)snprintf(key, sizeof(key), format, i,
					     (size_t)0);
		blocks_add(p, &o, digest);
	}
	blocks_part_end(p);
	return blocks_are_void(b) ? i - 1 : i;
}

/* As many as there may be. */
static struct blocks *
fill_blocks(const char *format)
{
	struct blocks *b = blocks_new();
	size_t n = add_blocks(b, format, BLOCKS_MAX);

	blocks_free(b);
	b = blocks_new();
	assert_int_equal(add_blocks(b, format, n), n);
	return b;
}

/* Of each number the largest there is. */
static void
know_most(struct block_list *l, size_t n_extents)
{
	const struct memo_record r = { .id = "elevenbytes" };

	for (size_t i = 0; i < l->n; i++) {
		struct block *b = &l->blocks[i];

		b->n = b->n_known = BLOCK_DELTAS_MAX;
		b->original = INT64_MAX;
		while (b->n_extents < n_extents)
			block_add_extent(
				b,
				&(struct extent){ .slot = PACK_SLOTS - 1,
						  .first = PACK_RECORDS_MAX - 1,
						  .n = 1 });
	}
	for (size_t i = 0; i < INDEX_RECORDS; i++)
		block_keep(&l->blocks[i % l->n], &r);
}

static void
check_largest(const char *format, size_t n_extents, size_t n_left)
{
	CLEANUP_BUF struct buf out = BUF_INIT(INDEX_BYTES_MAX);
	struct blocks *b = fill_blocks(format);
	struct block_list *l = blocks_list(b);
	struct memo_index x;

	know_most(l, n_extents);
	assert_int_equal(memo_index_print(l, BUCKET, &stamp, &out), 0);
	assert_int_equal(parse(&x, &out, BUCKET), MEMO_GOOD);
	assert_int_equal(x.list.n, l->n);
	for (size_t i = 0; i < l->n; i++)
		assert_int_equal(x.list.blocks[i].n_extents, n_left);
	memo_index_clear(&x);
	blocks_free(b);
}

/* What has blocks has an index, though not with all that is known. */
static void
test_largest(void **state)
{
	(void)state;
	check_largest("%05zu", 1, 1);
	check_largest("%05zu", BLOCK_EXTENTS_MAX, 4);
	check_largest("%05zu%070zu", BLOCK_EXTENTS_MAX, 1);
	check_largest("%05zu%01019zu", BLOCK_EXTENTS_MAX, 1);
}

static void
test_a_newer_version(void **state)
{
	CLEANUP_BUF struct buf b = BUF_INIT(INDEX_BYTES_MAX);
	struct memo_index x;

	(void)state;
	print(&b);
	b.data[11] = 2;
	assert_int_equal(parse(&x, &b, BUCKET), MEMO_FOREIGN);
}

/* --- slots --- */

static void
use(struct slots_used *s, unsigned from, unsigned to)
{
	for (unsigned slot = from; slot < to; slot++)
		slots_used_add(s, slot);
}

static void
test_slots(void **state)
{
	struct slots_used s = { .n = 0 };

	(void)state;
	assert_int_equal(slots_used_take(&s, NULL, 998), 998);
	assert_int_equal(slots_used_take(&s, NULL, 998), 999);
	assert_int_equal(slots_used_take(&s, NULL, 998), 0);
	assert_int_equal(s.n, 3);
	use(&s, 0, PACK_SLOTS);
	assert_int_equal(slots_used_take(&s, NULL, 998), -1);
}

/* Those whose packs are old first, but for what is in use, and each of them. */
static void
test_old_slots(void **state)
{
	struct slots_used s = { .n = 0 };
	struct slots_old old = { .is_old = { false } };
	bool is_taken[PACK_SLOTS] = { false };

	(void)state;
	for (unsigned slot = 100; slot < 105 + SLOTS_OLD_MIN; slot++)
		old.is_old[slot] = true;
	use(&s, 100, 105);
	for (unsigned start = 0; start < SLOTS_OLD_MIN; start++) {
		struct slots_used one = s;
		int slot = slots_used_take(&one, &old, start + 900);

		assert_in_range(slot, 105, 104 + SLOTS_OLD_MIN);
		assert_true(one.is_used[slot]);
		assert_false(is_taken[slot]);
		is_taken[slot] = true;
	}
	/* the fifth of sixteen would not be one that another mount hardly takes */
	for (int i = 0; i < 4; i++)
		assert_true(slots_used_take(&s, &old, 900) < 900);
	assert_int_equal(slots_used_take(&s, &old, 900), 900);
	/* too few to be drawn from */
	s.n_old = 0;
	assert_int_equal(slots_used_take(&s, &old, 900), 901);
	use(&s, 0, PACK_SLOTS);
	assert_int_equal(slots_used_take(&s, &old, 900), -1);
}

/* --- what it costs --- */

#define DELTAS 40000 /* some 39 blocks */

struct store {
	struct buf index;
	struct buf packs[PACK_SLOTS];
	unsigned changed_every; /* which of them are of another version */
	unsigned round; /* in each of them a tenth of them is replaced */
	size_t n_heads, n_runs, bytes_read, bytes_written;
};

static bool
is_replaced(unsigned i, unsigned round)
{
	return round > 0 && (i * 2654435761U ^ round * 40503U) % 1009 < 101;
}

/* The last round in which it was; 0: it was not. */
static unsigned
version(unsigned i, unsigned round)
{
	while (round > 0 && !is_replaced(i, round))
		round--;
	return round;
}

static struct object
object(const struct store *s, unsigned i, char key[80])
{
	bool is_changed = s->changed_every && i % s->changed_every == 0;
	struct object o = {
		.key = key,
		.size = 1000 + version(i, s->round),
		.etag = is_changed ? "e1" : "d41d8cd98f00b204e9800998ecf8427e",
		.last_modified = "2026-01-01T00:00:00.000Z",
	};

	o.key_len = (size_t)snprintf(
		key, 80, "releases/product-%03u/build-%03u/%06u.tar.delta",
		i / 1000, i / 10, i);
	return o;
}

static void
take_extents(struct store *s, struct memo_run *r)
{
	for (size_t i = 0; i < r->n_extents; i++) {
		const struct extent *e = &r->extents[i];
		const struct buf *b = &s->packs[e->slot];

		s->bytes_read += extent_length(e);
		memo_run_take(r, i, BUCKET, b->data + extent_offset(e),
			      extent_length(e));
	}
	memo_run_ready(r);
}

/* Where the run begins. */
static unsigned
find_first(const struct store *s, const struct memo_run *r)
{
	unsigned low = 0, high = r->after ? DELTAS : 0;
	char key[80];

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		struct object o = object(s, middle, key);

		if (key_compare(o.key, o.key_len, r->after, r->after_len) > 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void
do_run(struct store *s, struct tally *t, struct memo_run *r)
{
	struct blocks *blocks = tally_blocks(t);
	char key[80];
	int64_t original;

	s->n_runs++;
	take_extents(s, r);
	for (unsigned i = find_first(s, r); i < DELTAS; i++) {
		struct object o = object(s, i, key);

		switch (memo_run_add(r, &o, &original)) {
		case RUN_KNOWN:
			assert_int_equal(original, 5000 + i);
			continue;
		case RUN_UNKNOWN:
			s->n_heads++;
			memo_learn_block(blocks_of(blocks, key, o.key_len), &o,
					 r->hash, 5000 + i);
			continue;
		case RUN_OTHER:
			fail();
			break;
		case RUN_OVER:
			break;
		}
		break;
	}
	assert_true(memo_run_end(r));
}

static void
pack(struct store *s, struct blocks *b, struct slots_used *used, size_t max)
{
	while (blocks_n_kept(b, true) > max) {
		int slot = slots_used_take(used, NULL, 0);
		struct pack p;

		pack_init(&p, (unsigned)slot);
		assert_int_equal(blocks_pack(b, BUCKET, &p, true), 0);
		s->bytes_written += p.bytes.len;
		buf_clear(&s->packs[slot]);
		s->packs[slot] = p.bytes;
	}
}

static struct tally *
list(const struct store *s)
{
	struct tally *t = tally_new(MODE_DETAILED);
	struct tally_part *p;
	char key[80];

	tally_want_blocks(t);
	p = tally_part_new(t, NULL, 0, true);
	for (unsigned i = 0; i < DELTAS; i++) {
		struct object o = object(s, i, key);

		tally_add(p, &o);
	}
	tally_part_end(p);
	return t;
}

static void
sweep(struct store *s)
{
	struct tally *t = list(s);
	struct block_list *l = blocks_list(tally_blocks(t));
	struct slots_used used;
	struct memo_known known;
	struct memo_index x;
	struct memo_run r;
	size_t to;

	s->n_heads = s->n_runs = s->bytes_written = 0;
	s->bytes_read = s->index.len;
	memo_index_init(&x);
	if (s->index.len > 0)
		assert_int_equal(parse(&x, &s->index, BUCKET), MEMO_GOOD);
	used = x.slots;
	memo_index_match(&x, l, false, &known);
	assert_int_equal(known.n_same + known.n_changed, l->n);
	for (to = 0; memo_run_init(&r, &x, l, to, false);) {
		do_run(s, t, &r);
		to = r.to;
		memo_run_clear(&r);
		pack(s, tally_blocks(t), &used, PACK_RECORDS);
	}
	pack(s, tally_blocks(t), &used, INDEX_RECORDS);
	buf_clear(&s->index);
	assert_int_equal(memo_index_print(l, BUCKET, &stamp, &s->index), 0);
	s->bytes_written += s->index.len;
	memo_index_clear(&x);
	tally_free(t);
}

/* Extents over extents: no more is read than a run may have. */
static void
test_excess(void **state)
{
	struct block_list listed = { 0 };
	struct memo_index x = { .list = { 0 } };
	struct block *old = block_list_add(&x.list), *b;
	struct memo_run r;

	(void)state;
	*old = (struct block){ .key = xstrdup("z"), .key_len = 1, .n = 1 };
	for (unsigned slot = 0; slot < BLOCK_EXTENTS_MAX; slot++)
		block_add_extent(old,
				 &(struct extent){ .slot = slot,
						   .n = RUN_RECORDS_MAX / 4 });
	b = block_list_add(&listed);
	*b = (struct block){ .key = xstrdup("z"), .key_len = 1, .n = 2 };
	assert_true(memo_run_init(&r, &x, &listed, 0, false));
	assert_int_equal(r.n_extents, 4);
	memo_run_clear(&r);
	memo_index_clear(&x);
	block_list_clear(&listed);
}

static void
store_init(struct store *s)
{
	*s = (struct store){ .index = BUF_INIT(INDEX_BYTES_MAX) };
	sweep(s);
}

static void
store_clear(struct store *s)
{
	buf_clear(&s->index);
	for (size_t i = 0; i < PACK_SLOTS; i++)
		buf_clear(&s->packs[i]);
}

static void
test_cost(void **state)
{
	struct store *s = xnew(struct store);
	size_t n_blocks;

	(void)state;
	store_init(s);
	assert_int_equal(s->n_heads, DELTAS);
	assert_in_range(s->bytes_written, 16 * DELTAS, 16 * DELTAS + 12000);
	n_blocks = DELTAS / BLOCK_DELTAS;
	sweep(s);
	assert_int_equal(s->n_heads + s->n_runs, 0);
	s->changed_every = DELTAS; /* the first one */
	sweep(s);
	assert_int_equal(s->n_heads, 1);
	assert_int_equal(s->n_runs, 1);
	assert_in_range(s->bytes_read, 0, 100 * n_blocks + 16 * 5000);
	assert_in_range(s->bytes_written, 0, 100 * n_blocks);
	s->changed_every = 1000;
	sweep(s);
	assert_int_equal(s->n_heads, DELTAS / 1000 - 1); /* that one is known */
	assert_in_range(s->bytes_written, 0, 100 * n_blocks + 16 * 1000);
	s->changed_every = 10;
	sweep(s);
	assert_int_equal(s->n_heads, DELTAS / 10 - DELTAS / 1000);
	store_clear(s);
	free(s);
}

/* However often: no more is asked for, and nothing is written over and over. */
static void
test_many_rounds(void **state)
{
	struct store *s = xnew(struct store);
	size_t n_heads = 0, n_bytes = 0;

	(void)state;
	store_init(s);
	while (s->round++ < brief(40)) {
		size_t n = 0;

		for (unsigned i = 0; i < DELTAS; i++)
			n += is_replaced(i, s->round);
		sweep(s);
		assert_int_equal(s->n_heads, n);
		n_heads += n;
		n_bytes += s->bytes_written - s->index.len;
	}
	assert_in_range(n_bytes, 16 * n_heads, 16 * 3 * n_heads);
	store_clear(s);
	free(s);
}

/* Another one has written over a part of a pack: its blocks alone are asked for again. */
static void
test_damage_costs_its_block(void **state)
{
	struct store *s = xnew(struct store);
	struct memo_index x;
	const struct extent *e;

	(void)state;
	store_init(s);
	assert_int_equal(parse(&x, &s->index, BUCKET), MEMO_GOOD);
	e = &x.list.blocks[0].extents[0];
	s->packs[e->slot].data[extent_offset(e) + 5] ^= 1;
	s->changed_every = DELTAS;
	sweep(s);
	assert_int_equal(s->n_heads, x.list.blocks[0].n);
	sweep(s);
	assert_int_equal(s->n_heads, 0);
	memo_index_clear(&x);
	store_clear(s);
	free(s);
}

/* It is made anew once a day, and only if it is worn. */
static void
test_worn(void **state)
{
	struct extent e = { .n = 1 };
	struct memo_index x;

	(void)state;
	memo_index_init(&x);
	x.stamp.anew_at = 1000;
	block_list_add(&x.list)->n = 1;
	for (unsigned i = 0; i < 20; i++)
		block_add_extent(x.list.blocks, &e);
	assert_false(memo_index_is_worn(&x, 1000 + 2 * DAY_S));
	block_add_extent(x.list.blocks, &e);
	assert_false(memo_index_is_worn(&x, 1000 + DAY_S - 1));
	assert_true(memo_index_is_worn(&x, 1000 + DAY_S));
	assert_true(memo_index_is_worn(&x, 999));
	memo_index_clear(&x);
}

/* For each delta that is known; one that nothing is known of is worth nothing. */
static void
test_worth(void **state)
{
	static const struct {
		int64_t n_known;
		size_t bytes;
		bool is_worth;
	} cases[] = {
		{ 0, 100, false },	  { 1, 100, true },
		{ 1, 4095, true },	  { 1, 4097, false },
		{ 200, 800000, true },	  { 200, 820000, false },
		{ 1000000, 78000, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct block_list l = { .n = 0 };

		block_list_add(&l)->n_known = cases[i].n_known / 2;
		block_list_add(&l)->n_known =
			cases[i].n_known - cases[i].n_known / 2;
		assert_int_equal(memo_index_is_worth(&l, cases[i].bytes),
				 cases[i].is_worth);
		block_list_clear(&l);
	}
}

/* The sums of one listing, and original sizes of another. */
static void
test_outdated_is_known_in_part(void **state)
{
	struct block_list l = { .n = 0 };
	struct buf out CLEANUP_BUF = BUF_INIT(INDEX_BYTES_MAX);
	struct memo_index x;
	struct err err = ERR_INIT;

	(void)state;
	two_blocks(&l);
	l.blocks[0].is_outdated = true;
	memo_index_init(&x);
	assert_int_equal(memo_index_print(&l, BUCKET, &stamp, &out), 0);
	assert_int_equal(
		memo_index_parse(&x, buf_str(&out), out.len, BUCKET, &err),
		MEMO_GOOD);
	assert_int_equal(x.list.blocks[0].n_known, 0);
	assert_int_equal(x.list.blocks[0].n_extents, 1);
	memo_index_clear(&x);
	block_list_clear(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_too_many_odd_ones),
		cmocka_unit_test(test_odd_ones_of_a_block_that_has_changed),
		cmocka_unit_test(test_what_is_read_is_what_was_written),
		cmocka_unit_test(test_what_is_not_believed),
		cmocka_unit_test(test_keys_that_are_too_much),
		cmocka_unit_test(test_large_block),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_a_newer_version),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_old_slots),
		cmocka_unit_test(test_excess),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_many_rounds),
		cmocka_unit_test(test_damage_costs_its_block),
		cmocka_unit_test(test_worn),
		cmocka_unit_test(test_worth),
		cmocka_unit_test(test_outdated_is_known_in_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
