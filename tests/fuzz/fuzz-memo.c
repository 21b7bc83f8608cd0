/* SPDX-License-Identifier: MIT */
/*
 * A file of the memo from anywhere, or its index.  To come by the checksum, it is also
 * tried with the right one: what is taken then is in order, can be looked up, and is the
 * same when it is written again.  And as records of a pack, only those that fit are.
 */
#include "config.h"

#include "stats/memo-index.h"

#define BUCKET "releases"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static void
check_good(struct memo_file *f, const char *data, size_t len)
{
	const struct memo_record *r = memo_file_records(f);
	const struct memo_stamp stamp = { .written_at = memo_file_written_at(f),
					  .epoch = memo_file_epoch(f) };

	check(len == MEMO_BYTES(f->n) && memo_file_is_whole(data, len));
	for (size_t i = 0; i < f->n; i++)
		check(memo_file_find(f, r[i].id) == &r[i]);
	check(memo_file_merge(f, f) == 0 && f->n == (len - 96) / 16);
	check(memo_file_seal(f, BUCKET, &stamp) == 0);
	check(f->bytes.len == len);
	check(memcmp(f->bytes.data + MEMO_HEAD_LEN, data + MEMO_HEAD_LEN,
		     len - MEMO_HEAD_LEN - SHA256_LEN) == 0);
}

static void
try_file(const char *data, size_t len)
{
	struct buf bytes CLEANUP_BUF = BUF_INIT(MEMO_BYTES_MAX);
	struct err err = ERR_INIT;
	struct memo_file f;
	enum memo_verdict verdict;

	memo_file_init(&f);
	if (len > 0)
		check(buf_add(&bytes, data, len) == 0);
	verdict = memo_file_parse(&f, &bytes, BUCKET, NULL, &err);
	check((verdict == MEMO_GOOD) == (err.code == 0));
	if (verdict == MEMO_GOOD)
		check_good(&f, data, len);
	else
		check(f.n == 0 && f.bytes.len == 0);
	memo_file_clear(&f);
}

static void
print(const struct memo_index *x, struct buf *out)
{
	check(memo_index_print(&x->list, BUCKET, &x->stamp, out) == 0);
}

static void
check_blocks(const struct memo_index *x)
{
	const struct block_list *l = &x->list;

	for (size_t i = 0; i < l->n; i++) {
		const struct block *b = &l->blocks[i];

		check(block_list_find(l, b->key, b->key_len) == i);
		check(b->n > 0 && b->n_known <= b->n && b->original >= 0);
		for (size_t j = 0; j < b->n_extents; j++)
			check(x->slots.is_used[b->extents[j].slot]);
	}
}

/* It may have been written with more bytes than it takes. */
static void
check_good_index(const struct memo_index *x, size_t len)
{
	CLEANUP_BUF struct buf out = BUF_INIT(INDEX_BYTES_MAX);
	CLEANUP_BUF struct buf again = BUF_INIT(INDEX_BYTES_MAX);
	struct err err = ERR_INIT;
	struct memo_index copy;

	check_blocks(x);
	print(x, &out);
	check(out.len <= len);
	memo_index_init(&copy);
	check(memo_index_parse(&copy, out.data, out.len, BUCKET, &err) ==
	      MEMO_GOOD);
	print(&copy, &again);
	check(again.len == out.len &&
	      memcmp(again.data, out.data, out.len) == 0);
	memo_index_clear(&copy);
}

static void
try_index(const char *data, size_t len)
{
	struct err err = ERR_INIT;
	struct memo_index x;
	enum memo_verdict verdict;

	memo_index_init(&x);
	verdict = memo_index_parse(&x, data, len, BUCKET, &err);
	check((verdict == MEMO_GOOD) == (err.code == 0));
	if (verdict == MEMO_GOOD)
		check_good_index(&x, len);
	else
		check(x.list.n == 0 && x.slots.n == 0);
	memo_index_clear(&x);
}

static void
try_records(const char *data, size_t len)
{
	size_t n = len / sizeof(struct memo_record);
	struct memo_record *r = xcalloc(n + 1, sizeof(*r));
	struct extent e;
	struct pack p;

	memcpy(r, data, n * sizeof(*r));
	pack_init(&p, 0);
	check(pack_add(&p, BUCKET, r, (uint32_t)n, &e) == 0);
	check(extent_offset(&e) + extent_length(&e) == p.bytes.len);
	check(extent_fits(&e, BUCKET, p.bytes.data + extent_offset(&e),
			  extent_length(&e)));
	check(!extent_fits(&e, "other", data, n * sizeof(*r)));
	check(extent_fits(&e, BUCKET, data, len) == (len % sizeof(*r) == 0));
	free(r);
	pack_clear(&p);
}

static void
try(const char *data, size_t len)
{
	try_file(data, len);
	try_index(data, len);
}

static void
try_sealed(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *copy = xstrndup((const char *)data, size);
	struct sha256 *h = sha256_new();

	sha256_begin(h);
	sha256_add(h, BUCKET, sizeof(BUCKET));
	sha256_add(h, data, size - SHA256_LEN);
	sha256_end(h, (unsigned char *)copy + size - SHA256_LEN);
	sha256_free(h);
	try(copy, size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try((const char *)data, size);
	try_records((const char *)data, size);
	if (size >= SHA256_LEN)
		try_sealed(data, size);
	return 0;
}
