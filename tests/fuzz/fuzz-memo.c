/* SPDX-License-Identifier: MIT */
/*
 * A file of the memo from anywhere.  To come by the checksum, it is also tried with
 * the right one: what is taken then is in order, can be looked up, and is the same
 * when it is sealed again.
 */
#include "config.h"

#include "stats/memo-file.h"

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

	check(len == MEMO_BYTES(f->n) && memo_file_is_whole(data, len));
	for (size_t i = 0; i < f->n; i++)
		check(memo_file_find(f, r[i].id) == &r[i]);
	check(memo_file_merge(f, f) == 0 && f->n == (len - 96) / 16);
	check(memo_file_seal(f, BUCKET, memo_file_written_at(f), NULL) == 0);
	check(f->bytes.len == len);
	check(memcmp(f->bytes.data + MEMO_HEAD_LEN, data + MEMO_HEAD_LEN,
		     len - MEMO_HEAD_LEN - SHA256_LEN) == 0);
}

static void
try(const char *data, size_t len)
{
	struct err err = ERR_INIT;
	struct memo_file f;
	enum memo_verdict verdict;

	memo_file_init(&f);
	verdict = memo_file_parse(&f, data, len, BUCKET, NULL, &err);
	check((verdict == MEMO_GOOD) == (err.code == 0));
	if (verdict == MEMO_GOOD)
		check_good(&f, data, len);
	else
		check(f.n == 0 && f.bytes.len == 0);
	memo_file_clear(&f);
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
	if (size >= SHA256_LEN)
		try_sealed(data, size);
	return 0;
}
