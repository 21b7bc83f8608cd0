/* SPDX-License-Identifier: MIT */
/*
 * A file of the memo: its bytes, what is found in it, how two become one, and
 * that nothing is taken that is not whole.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>

#include "stats/memo-file.h"
#include "util/big-endian.h"

#define BUCKET "releases"

/* Its id begins with these two bytes, its size is `size`. */
static struct memo_record
record(unsigned id, unsigned char size)
{
	return (struct memo_record){
		.id = { (unsigned char)(id >> 8), (unsigned char)id },
		.size = { 0, 0, 0, 0, size },
	};
}

static void
add(struct memo_file *f, unsigned id, unsigned char size)
{
	struct memo_record r = record(id, size);

	assert_int_equal(memo_file_add(f, &r), 0);
}

/* The size that it has of that id; -1: none. */
static int
find(const struct memo_file *f, unsigned id)
{
	struct memo_record r = record(id, 0);
	const struct memo_record *found = memo_file_find(f, r.id);

	return found ? found->size[MEMO_SIZE_LEN - 1] : -1;
}

static void
given(struct memo_file *f, const unsigned *ids, size_t n, unsigned char size)
{
	memo_file_init(f);
	for (size_t i = 0; i < n; i++)
		add(f, ids[i], size);
	memo_file_sort(f);
}

static int
seal(struct memo_file *f, int64_t now, const unsigned char *base)
{
	return memo_file_seal(f, BUCKET,
			      &(struct memo_stamp){ .written_at = now,
						    .epoch = 0x0a0b0c,
						    .base = base });
}

/* As sha256sum(1) sees it: printf 'releases\0' and the file but for its end. */
static void
test_bytes(void **state)
{
	static const unsigned char begin[] =
		"DGMEMO\r\n\0\0\0\1\0\0\0\2\0\0\0\0\1\2\3\4\0\0\0\0\0\12\13\14";
	struct memo_file f;
	const unsigned char *bytes;
	char hex[SHA256_HEX_LEN];

	(void)state;
	memo_file_init(&f);
	add(&f, 0x1234, 7);
	add(&f, 0x0102, 9);
	memo_file_sort(&f);
	assert_int_equal(seal(&f, 0x01020304, NULL), 0);
	bytes = (const unsigned char *)f.bytes.data;
	assert_int_equal(f.bytes.len, 64 + 2 * 16 + 32);
	assert_memory_equal(bytes, begin, 32);
	for (int i = 32; i < 64; i++)
		assert_int_equal(bytes[i], 0);
	assert_memory_equal(bytes + 64, "\1\2\0\0\0\0\0\0\0\0\0\0\0\0\0\11",
			    16);
	assert_memory_equal(bytes + 80, "\22\64\0\0\0\0\0\0\0\0\0\0\0\0\0\7",
			    16);
	hex_print(memo_file_checksum(&f), SHA256_LEN, hex);
	assert_string_equal(
		hex,
		"a4036124c382e4b8706aaf6bca736615c8d4060eb7ba081a6244a67c3e8b69ee");
	assert_int_equal(memo_file_written_at(&f), 0x01020304);
	assert_int_equal(memo_file_epoch(&f), 0x0a0b0c);
	memo_file_clear(&f);
}

static void
test_sorted_once(void **state)
{
	static const unsigned ids[] = { 9, 500, 3, 9, 0xffff, 0, 3, 9 };
	struct memo_file f;

	(void)state;
	given(&f, ids, ARRAY_SIZE(ids), 1);
	assert_int_equal(f.n, 5);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		assert_int_equal(find(&f, ids[i]), 1);
	assert_int_equal(find(&f, 1), -1);
	assert_int_equal(find(&f, 501), -1);
	memo_file_clear(&f);
	assert_int_equal(find(&f, 9), -1);
}

static void
assert_merge(const unsigned *a, size_t n_a, const unsigned *b, size_t n_b,
	     size_t n)
{
	struct memo_file f, from;

	given(&f, a, n_a, 1);
	given(&from, b, n_b, 2);
	assert_int_equal(memo_file_merge(&f, &from), 0);
	assert_int_equal(f.n, n);
	for (size_t i = 1; i < n; i++)
		assert_true(memcmp(memo_file_records(&f) + i - 1,
				   memo_file_records(&f) + i, 16) < 0);
	for (size_t i = 0; i < n_a; i++)
		assert_int_equal(find(&f, a[i]), find(&from, a[i]) < 0 ? 1 : 2);
	for (size_t i = 0; i < n_b; i++)
		assert_int_equal(find(&f, b[i]), 2);
	memo_file_clear(&f);
	memo_file_clear(&from);
}

static void
test_merge(void **state)
{
	static const unsigned a[] = { 1, 5, 7, 300 }, b[] = { 0, 5, 6, 301 };
	static const unsigned first[] = { 0 }, last[] = { 999 };

	(void)state;
	assert_merge(a, 4, b, 4, 7);
	assert_merge(a, 4, a, 4, 4);
	assert_merge(a, 4, first, 1, 5);
	assert_merge(a, 4, last, 1, 5);
	assert_merge(a, 0, b, 4, 4);
	assert_merge(a, 4, b, 0, 4);
	assert_merge(a, 0, b, 0, 0);
}

/* So many that they move in several parts. */
static void
add_many(struct memo_file *f, unsigned n, unsigned step, unsigned char size)
{
	memo_file_init(f);
	for (unsigned i = 0; i < n; i++) {
		struct memo_record r = { .size = { 0, 0, 0, 0, size } };

		big_endian_put(r.id, 4, i * step);
		assert_int_equal(memo_file_add(f, &r), 0);
	}
}

static void
test_merge_all(void **state)
{
	struct memo_file f, from, expected;

	(void)state;
	add_many(&f, 100000, 3, 1);
	add_many(&expected, 100000, 3, 1);
	add_many(&from, 150000, 2, 2);
	assert_int_equal(memo_file_merge(&expected, &from), 0);
	assert_int_equal(expected.n, 200000);
	assert_int_equal(memo_file_merge_all(&f, &from), 0);
	assert_int_equal(f.n, expected.n);
	assert_memory_equal(memo_file_records(&f), memo_file_records(&expected),
			    f.n * sizeof(struct memo_record));
	assert_null(from.bytes.data);
	memo_file_clear(&f);
	memo_file_clear(&expected);
}

static bool
is_odd(void *arg, const struct memo_record *r)
{
	(void)arg;
	return r->id[1] & 1;
}

static void
test_filter(void **state)
{
	static const unsigned ids[] = { 1, 2, 3, 4, 5 };
	struct memo_file f;

	(void)state;
	given(&f, ids, 5, 1);
	memo_file_filter(&f, is_odd, NULL);
	assert_int_equal(f.n, 3);
	assert_int_equal(find(&f, 5), 1);
	assert_int_equal(find(&f, 4), -1);
	memo_file_clear(&f);
}

static void
test_too_many(void **state)
{
	struct memo_record r = record(1, 1);
	struct memo_file f;

	(void)state;
	memo_file_init(&f);
	for (unsigned i = 0; i < MEMO_RECORDS_MAX; i++)
		if (memo_file_add(&f, &r))
			fail();
	assert_true(f.bytes.size <= 16 * 1024 * 1024);
	assert_int_equal(memo_file_add(&f, &r), -EFBIG);
	memo_file_sort(
		&f); /* all the same, and no stack is deep enough for each */
	assert_int_equal(f.n, 1);
	memo_file_clear(&f);
}

/* --- what lies in a bucket --- */

static enum memo_verdict
parse(const struct buf *b, size_t len, const char *bucket,
      const unsigned char *base)
{
	struct buf bytes CLEANUP_BUF = BUF_INIT(MEMO_BYTES_MAX);
	struct err err = ERR_INIT;
	struct memo_file f;
	enum memo_verdict verdict;

	memo_file_init(&f);
	if (len > 0 && buf_add(&bytes, b->data, len))
		fail();
	verdict = memo_file_parse(&f, &bytes, bucket, base, &err);
	assert_null(bytes.data);
	assert_int_equal(verdict == MEMO_GOOD, err.code == 0);
	assert_int_equal(f.n > 0, verdict == MEMO_GOOD);
	memo_file_clear(&f);
	return verdict;
}

static void
test_read(void **state)
{
	static const unsigned ids[] = { 1, 2 };
	static const unsigned char other[SHA256_LEN] = { 1 };
	struct memo_file f;

	(void)state;
	given(&f, ids, 2, 1);
	seal(&f, 5, NULL);
	assert_int_equal(parse(&f.bytes, f.bytes.len, BUCKET, NULL), MEMO_GOOD);
	assert_int_equal(parse(&f.bytes, f.bytes.len, "b", NULL), MEMO_BAD);
	assert_int_equal(parse(&f.bytes, f.bytes.len, BUCKET, other),
			 MEMO_OUTDATED);
	seal(&f, 5, other);
	assert_int_equal(parse(&f.bytes, f.bytes.len, BUCKET, other),
			 MEMO_GOOD);
	assert_int_equal(parse(&f.bytes, f.bytes.len, BUCKET, NULL),
			 MEMO_OUTDATED);
	memo_file_clear(&f);
}

/* Each bit counts, and each byte. */
static void
test_damaged(void **state)
{
	static const unsigned ids[] = { 1, 2, 700 };
	struct memo_file f;

	(void)state;
	given(&f, ids, 3, 1);
	seal(&f, 5, NULL);
	for (size_t i = 0; i < f.bytes.len; i++) {
		assert_int_not_equal(parse(&f.bytes, i, BUCKET, NULL),
				     MEMO_GOOD);
		assert_false(memo_file_is_whole(f.bytes.data, i));
		for (int bit = 0; bit < 8; bit++) {
			f.bytes.data[i] ^= (char)(1 << bit);
			assert_int_not_equal(
				parse(&f.bytes, f.bytes.len, BUCKET, NULL),
				MEMO_GOOD);
			f.bytes.data[i] ^= (char)(1 << bit);
		}
	}
	assert_true(memo_file_is_whole(f.bytes.data, f.bytes.len));
	assert_int_equal(parse(&f.bytes, f.bytes.len, BUCKET, NULL), MEMO_GOOD);
	memo_file_clear(&f);
}

/* Where the checksum is right, since whoever may write there can make it so. */
static void
test_made_up(void **state)
{
	static const unsigned ids[] = { 1, 2 };
	struct memo_file f;

	(void)state;
	given(&f, ids, 2, 1);
	seal(&f, -1, NULL);
	assert_int_equal(parse(&f.bytes, f.bytes.len, BUCKET, NULL), MEMO_BAD);
	/* 2^28 records of 16 bytes: none, in 32 bits */
	memcpy(f.bytes.data + 12, "\20\0\0\0", 4);
	assert_false(memo_file_is_whole(f.bytes.data, 64 + 32));
	memo_file_clear(&f);
}

/* Well sealed, and yet none of ours. */
static void
test_foreign(void **state)
{
	struct memo_file f;

	(void)state;
	memo_file_init(&f);
	add(&f, 7, 1);
	add(&f, 3, 1);
	seal(&f, 5, NULL);
	assert_int_equal(parse(&f.bytes, f.bytes.len, BUCKET, NULL), MEMO_BAD);
	f.bytes.data[11] = 2;
	assert_int_equal(parse(&f.bytes, f.bytes.len, BUCKET, NULL),
			 MEMO_FOREIGN);
	memo_file_clear(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_sorted_once),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_merge_all),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_made_up),
		cmocka_unit_test(test_foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
