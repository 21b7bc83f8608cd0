/* SPDX-License-Identifier: MIT */
/*
 * A file of the memo: see memo-file.h.  Pure; one thread at a time.
 */
#include "config.h"

#include "stats/memo-file.h"

#include <errno.h>

#include "stats/fingerprint.h"
#include "stats/original.h"
#include "util/big-endian.h"

#define FORMAT 1
#define MOVED_RECORDS 65536 /* 1 MiB */
#define SIZE_NONE ((UINT64_C(1) << 8 * MEMO_SIZE_LEN) - 1)

static const char magic[8] = { 'D', 'G', 'M', 'E', 'M', 'O', '\r', '\n' };
static const unsigned char no_base[SHA256_LEN];

enum {
	AT_VERSION = 8,
	AT_COUNT = 12,
	AT_TIME = 16,
	AT_EPOCH = 24,
	AT_BASE = 32
};

_Static_assert(sizeof(struct memo_record) == MEMO_ID_LEN + MEMO_SIZE_LEN,
	       "records have no holes");

/* --- one record --- */

bool
memo_can_know(const struct object *o)
{
	return o->etag[0] && o->last_modified[0];
}

void
memo_id_of(const unsigned char digest[SHA256_LEN],
	   unsigned char id[MEMO_ID_LEN])
{
	memcpy(id, digest + sizeof(struct fingerprint), MEMO_ID_LEN);
}

void
memo_set_id(const struct object *o, struct sha256 *h,
	    unsigned char id[MEMO_ID_LEN])
{
	unsigned char digest[SHA256_LEN];

	object_digest(o, h, digest);
	memo_id_of(digest, id);
}

int64_t
memo_record_original(const struct memo_record *r)
{
	uint64_t n = big_endian_get(r->size, MEMO_SIZE_LEN);

	return n == SIZE_NONE ? ORIGINAL_UNKNOWN : (int64_t)n;
}

bool
memo_record_set_original(struct memo_record *r, int64_t original)
{
	if (original >= (int64_t)SIZE_NONE)
		return false;
	big_endian_put(r->size, MEMO_SIZE_LEN,
		       original == ORIGINAL_UNKNOWN ? SIZE_NONE
						    : (uint64_t)original);
	return true;
}

bool
memo_record_make(struct memo_record *r, const struct object *o,
		 struct sha256 *h, int64_t original)
{
	if (!memo_can_know(o) || !memo_record_set_original(r, original))
		return false;
	memo_set_id(o, h, r->id);
	return true;
}

/* --- records of a file --- */

void
memo_file_init(struct memo_file *f)
{
	*f = (struct memo_file){ .bytes = BUF_INIT(MEMO_BYTES_MAX) };
}

void
memo_file_clear(struct memo_file *f)
{
	buf_clear(&f->bytes);
	f->n = 0;
	f->is_sealed = false;
}

struct memo_record *
memo_file_records(const struct memo_file *f)
{
	if (f->n == 0)
		return NULL;
	return (struct memo_record *)(void *)(f->bytes.data + MEMO_HEAD_LEN);
}

int64_t
memo_file_written_at(const struct memo_file *f)
{
	return (int64_t)big_endian_get(f->bytes.data + AT_TIME, 8);
}

uint64_t
memo_file_epoch(const struct memo_file *f)
{
	return big_endian_get(f->bytes.data + AT_EPOCH, 8);
}

/* There are `n` of them now, and no checksum. */
static void
set_count(struct memo_file *f, size_t n)
{
	f->n = n;
	f->is_sealed = false;
	f->bytes.len = MEMO_HEAD_LEN + n * sizeof(struct memo_record);
}

/* Room for more records, and for the head before the first one. */
static int
reserve(struct memo_file *f, size_t more)
{
	static const char head[MEMO_HEAD_LEN];
	int rc = 0;

	if (f->n + more > MEMO_RECORDS_MAX)
		return -EFBIG;
	if (f->bytes.len == 0)
		rc = buf_add(&f->bytes, head, sizeof(head));
	if (rc == 0)
		set_count(f, f->n);
	return rc ? rc
		  : buf_reserve(&f->bytes, more * sizeof(struct memo_record));
}

int
memo_file_add(struct memo_file *f, const struct memo_record *r)
{
	int rc = reserve(f, 1);

	if (rc == 0)
		rc = buf_add(&f->bytes, r, sizeof(*r));
	if (rc == 0)
		f->n++;
	return rc;
}

static int
compare(const struct memo_record *a, const unsigned char id[MEMO_ID_LEN])
{
	return memcmp(a->id, id, MEMO_ID_LEN);
}

const struct memo_record *
memo_file_find(const struct memo_file *f, const unsigned char id[MEMO_ID_LEN])
{
	const struct memo_record *r = memo_file_records(f);
	size_t low = 0, high = f->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = compare(&r[middle], id);

		if (c == 0)
			return &r[middle];
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* --- order --- */

static bool
has_bit(const struct memo_record *r, unsigned bit)
{
	return r->id[bit / 8] >> (7 - bit % 8) & 1;
}

/*
 * By one bit after the other: ids are hashes, so each halves what is left.  In place,
 * unlike qsort(3), which takes as much memory again.
 */
static void
sort(struct memo_record *r, size_t n, unsigned bit)
{
	size_t low = 0, high = n;

	if (n < 2 || bit == 8 * MEMO_ID_LEN)
		return;
	while (low < high) {
		struct memo_record one = r[low];

		if (has_bit(&one, bit)) {
			r[low] = r[--high];
			r[high] = one;
		} else {
			low++;
		}
	}
	sort(r, low, bit + 1);
	sort(r + low, n - low, bit + 1);
}

struct last_id {
	const unsigned char *id;
};

static bool
is_other(void *arg, const struct memo_record *r)
{
	struct last_id *last = arg;
	bool is_same = last->id && compare(r, last->id) == 0;

	last->id = r->id;
	return !is_same;
}

void
memo_file_sort(struct memo_file *f)
{
	struct last_id last = { NULL };

	if (f->n == 0)
		return;
	sort(memo_file_records(f), f->n, 0);
	memo_file_filter(f, is_other, &last);
}

void
memo_file_filter(struct memo_file *f,
		 bool (*keep)(void *arg, const struct memo_record *r),
		 void *arg)
{
	struct memo_record *r = memo_file_records(f);
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		if (keep(arg, &r[i]))
			r[n++] = r[i];
	if (n < f->n)
		set_count(f, n);
}

static size_t
count_new(const struct memo_file *f, const struct memo_file *from)
{
	const struct memo_record *a = memo_file_records(f);
	const struct memo_record *b = memo_file_records(from);
	size_t i = 0, n = 0;

	for (size_t j = 0; j < from->n; j++) {
		while (i < f->n && compare(&a[i], b[j].id) < 0)
			i++;
		n += i == f->n || compare(&a[i], b[j].id) != 0;
	}
	return n;
}

void
memo_file_cut(struct memo_file *f, size_t n)
{
	set_count(f, n);
	buf_trim(&f->bytes);
}

/* How far two files have become one. */
struct merge {
	struct memo_record *a; /* of the one that grows */
	size_t i, k; /* of its own that are left; where they go */
};

/*
 * All of `b` from `from` on, of `n`.  From the end, so that nothing is overwritten that is
 * still to come.
 */
static void
merge_some(struct merge *m, const struct memo_record *b, size_t from, size_t n)
{
	while (n > from) {
		int c = m->i > 0 ? compare(&m->a[m->i - 1], b[n - 1].id) : -1;

		if (c > 0) {
			m->a[--m->k] = m->a[--m->i];
			continue;
		}
		m->i -= m->i > 0 && c == 0;
		m->a[--m->k] = b[--n];
	}
}

static int
begin_merge(struct merge *m, struct memo_file *f, const struct memo_file *from)
{
	size_t n = f->n, n_new = count_new(f, from);
	int rc = reserve(f, n_new);

	if (rc)
		return rc;
	set_count(f, n + n_new);
	*m = (struct merge){ memo_file_records(f), n, f->n };
	return 0;
}

int
memo_file_merge(struct memo_file *f, const struct memo_file *from)
{
	struct merge m;
	int rc = begin_merge(&m, f, from);

	if (rc == 0)
		merge_some(&m, memo_file_records(from), 0, from->n);
	return rc;
}

/* What has moved is given back to the system as it goes. */
static int
move_all(struct memo_file *f, struct memo_file *from)
{
	struct merge m;
	int rc = begin_merge(&m, f, from);

	while (rc == 0 && from->n > 0) {
		size_t left = (from->n - 1) / MOVED_RECORDS * MOVED_RECORDS;

		merge_some(&m, memo_file_records(from), left, from->n);
		memo_file_cut(from, left);
	}
	return rc;
}

int
memo_file_merge_all(struct memo_file *f, struct memo_file *from)
{
	int rc = 0;

	if (f->n == 0) {
		memo_file_clear(f);
		*f = *from;
		memo_file_init(from);
	} else {
		rc = move_all(f, from);
	}
	memo_file_clear(from);
	return rc;
}

/* --- the whole --- */

/* Of what stands before the checksum. */
static void
digest(const struct memo_file *f, const char *bucket,
       unsigned char out[SHA256_LEN])
{
	struct sha256 *h = sha256_new();

	sha256_begin(h);
	sha256_add(h, bucket, strlen(bucket) + 1);
	sha256_add(h, f->bytes.data,
		   MEMO_HEAD_LEN + f->n * sizeof(struct memo_record));
	sha256_end(h, out);
	sha256_free(h);
}

int
memo_file_seal(struct memo_file *f, const char *bucket,
	       const struct memo_stamp *stamp)
{
	unsigned char sum[SHA256_LEN];
	int rc = reserve(f, 0);
	char *head = f->bytes.data;

	if (rc)
		return rc;
	memcpy(head, magic, sizeof(magic));
	big_endian_put(head + AT_VERSION, 4, FORMAT);
	big_endian_put(head + AT_COUNT, 4, f->n);
	big_endian_put(head + AT_TIME, 8, (uint64_t)stamp->written_at);
	big_endian_put(head + AT_EPOCH, 8, stamp->epoch);
	memcpy(head + AT_BASE, stamp->base ? stamp->base : no_base, SHA256_LEN);
	digest(f, bucket, sum);
	rc = buf_add(&f->bytes, sum, sizeof(sum));
	f->is_sealed = rc == 0;
	return rc;
}

const unsigned char *
memo_file_checksum(const struct memo_file *f)
{
	return (const unsigned char *)f->bytes.data + f->bytes.len - SHA256_LEN;
}

static bool
has_magic(const char *data, size_t len)
{
	return len >= MEMO_HEAD_LEN && memcmp(data, magic, sizeof(magic)) == 0;
}

bool
memo_file_is_whole(const char *data, size_t len)
{
	uint64_t n =
		has_magic(data, len) ? big_endian_get(data + AT_COUNT, 4) : 0;

	return has_magic(data, len) && n <= MEMO_RECORDS_MAX &&
	       len == MEMO_BYTES(n);
}

/* Its length is that of its records, and there are not too many of them. */
static int
take(struct memo_file *f, struct buf *bytes, struct err *err)
{
	if (!memo_file_is_whole(bytes->data, bytes->len))
		return err_set(err, EBADMSG, "its length is not what it says");
	f->bytes = *bytes;
	f->bytes.max = MEMO_BYTES_MAX;
	buf_init(bytes, bytes->max);
	f->n = big_endian_get(f->bytes.data + AT_COUNT, 4);
	f->is_sealed = true;
	return 0;
}

static bool
ascends(const struct memo_file *f)
{
	const struct memo_record *r = memo_file_records(f);

	for (size_t i = 1; i < f->n; i++)
		if (compare(&r[i - 1], r[i].id) >= 0)
			return false;
	return true;
}

static enum memo_verdict
check(const struct memo_file *f, const char *bucket, const unsigned char *base,
      struct err *err)
{
	const char *head = f->bytes.data;
	unsigned char sum[SHA256_LEN];

	digest(f, bucket, sum);
	if (memcmp(sum, memo_file_checksum(f), SHA256_LEN) != 0) {
		err_set(err, EBADMSG,
			"it is damaged, or of another bucket: "
			"its checksum is wrong");
		return MEMO_BAD;
	}
	if (!ascends(f)) {
		err_set(err, EBADMSG, "its records are in no order");
		return MEMO_BAD;
	}
	if (memo_file_written_at(f) < 0) {
		err_set(err, EBADMSG, "it was written before there was time");
		return MEMO_BAD;
	}
	if (memcmp(head + AT_BASE, base ? base : no_base, SHA256_LEN) != 0) {
		err_set(err, EBADMSG, "it belongs to another base");
		return MEMO_OUTDATED;
	}
	return MEMO_GOOD;
}

static enum memo_verdict
parse(struct memo_file *f, struct buf *bytes, const char *bucket,
      const unsigned char *base, struct err *err)
{
	enum memo_verdict verdict = MEMO_BAD;

	if (!has_magic(bytes->data, bytes->len)) {
		err_set(err, EBADMSG, "it is no memo");
		return MEMO_BAD;
	}
	if (big_endian_get(bytes->data + AT_VERSION, 4) != FORMAT) {
		err_set(err, EBADMSG, "it is of version %u",
			(unsigned)big_endian_get(bytes->data + AT_VERSION, 4));
		return MEMO_FOREIGN;
	}
	if (take(f, bytes, err) == 0)
		verdict = check(f, bucket, base, err);
	if (verdict != MEMO_GOOD)
		memo_file_clear(f);
	return verdict;
}

enum memo_verdict
memo_file_parse(struct memo_file *f, struct buf *bytes, const char *bucket,
		const unsigned char *base, struct err *err)
{
	enum memo_verdict verdict = parse(f, bytes, bucket, base, err);

	buf_clear(bytes);
	return verdict;
}
