/* SPDX-License-Identifier: MIT */
/*
 * The index of the memo, as bytes, and beside a listing: see memo-index.h.  Pure; one
 * thread at a time.
 */
#include "config.h"

#include "stats/memo-index.h"

#include <errno.h>

#include "util/big-endian.h"
#include "util/date.h"
#include "util/varint.h"

#define FORMAT 1
#define DAY_S (DAY_MS / 1000)

static const char magic[8] = { 'D', 'G', 'I', 'N', 'D', 'E', 'X', '\n' };

enum { AT_VERSION = 8, AT_COUNT = 12, HEAD_LEN = 44 };

/* With one extent for each block all fit, and what else there is. */
_Static_assert(BLOCKS_BYTES_MAX + INDEX_RECORDS * sizeof(struct memo_record) +
			       HEAD_LEN + SHA256_LEN <=
		       INDEX_BYTES_MAX,
	       "an index that is too large");

enum { HAS_MORE_ODDS = 1, HAS_ODDS = 2, IS_PARTLY_KNOWN = 4, ALL_FLAGS = 7 };

/* What there is room for. */
struct room {
	size_t n_extents; /* of each block */
	bool has_odds;
};

void
memo_index_init(struct memo_index *x)
{
	*x = (struct memo_index){ .stamp = { 0 } };
}

void
memo_index_clear(struct memo_index *x)
{
	block_list_clear(&x->list);
	memo_index_init(x);
}

static void
digest(const char *bucket, const char *data, size_t len,
       unsigned char out[SHA256_LEN])
{
	struct sha256 *h = sha256_new();

	sha256_begin(h);
	sha256_add(h, bucket, strlen(bucket) + 1);
	sha256_add(h, data, len);
	sha256_end(h, out);
	sha256_free(h);
}

/* --- bytes out --- */

static int
put_varint(struct buf *out, uint64_t n)
{
	unsigned char bytes[VARINT_MAX];

	return buf_add(out, bytes, varint_put(bytes, n));
}

static int
put_number(struct buf *out, size_t len, uint64_t n)
{
	unsigned char bytes[8];

	big_endian_put(bytes, len, n);
	return buf_add(out, bytes, len);
}

static int
put_key(struct buf *out, const struct block *before, const struct block *b)
{
	size_t common = before ? key_common_length(before->key, before->key_len,
						   b->key, b->key_len)
			       : 0;
	int rc = put_varint(out, common);

	if (rc == 0)
		rc = put_varint(out, b->key_len - common);
	return rc ? rc : buf_add(out, b->key + common, b->key_len - common);
}

static int
put_extent(struct buf *out, const struct extent *e)
{
	int rc = put_varint(out, e->slot);

	if (rc == 0)
		rc = put_varint(out, e->first);
	if (rc == 0)
		rc = put_varint(out, e->n);
	return rc ? rc : buf_add(out, e->sum, EXTENT_SUM_LEN);
}

static int
put_odds(struct buf *out, const struct odds *x)
{
	int rc = put_varint(out, x->len);

	return rc ? rc : buf_add(out, x->bytes, x->len);
}

/* What is known of its deltas. */
static int
put_known(struct buf *out, const struct block *b, const struct room *room)
{
	bool is_known = block_is_known(b);
	bool is_told = room->has_odds && is_known && b->odds.n > 0;
	uint64_t flags =
		(is_told ? HAS_ODDS : 0) |
		(!is_told && odds_are_there(&b->odds) ? HAS_MORE_ODDS : 0) |
		(is_known ? 0 : IS_PARTLY_KNOWN);
	size_t n_extents =
		b->n_extents < room->n_extents ? b->n_extents : room->n_extents;
	int rc = put_number(out, 1, flags);

	if (rc == 0)
		rc = put_varint(out, (uint64_t)b->original);
	if (rc == 0 && is_told)
		rc = put_odds(out, &b->odds);
	if (rc == 0)
		rc = put_varint(out, n_extents);
	for (size_t i = 0; i < n_extents && rc == 0; i++)
		rc = put_extent(out, &b->extents[i]);
	if (rc == 0)
		rc = put_varint(out, b->n_records);
	return rc ? rc
		  : buf_add(out, b->records,
			    b->n_records * sizeof(b->records[0]));
}

static int
put_block(struct buf *out, const struct block *before, const struct block *b,
	  const struct room *room)
{
	int rc = put_key(out, before, b);

	if (rc == 0)
		rc = put_number(out, 8, b->sum.high);
	if (rc == 0)
		rc = put_number(out, 8, b->sum.low);
	if (rc == 0)
		rc = put_varint(out, (uint64_t)b->n);
	return rc ? rc : put_known(out, b, room);
}

static int
put_head(struct buf *out, size_t n, const struct index_stamp *stamp)
{
	int rc = buf_add(out, magic, sizeof(magic));

	if (rc == 0)
		rc = put_number(out, 4, FORMAT);
	if (rc == 0)
		rc = put_number(out, 4, n);
	if (rc == 0)
		rc = put_number(out, 8, (uint64_t)stamp->written_at);
	if (rc == 0)
		rc = put_number(out, 8, (uint64_t)stamp->anew_at);
	if (rc == 0)
		rc = put_number(out, 4, stamp->at_once);
	return rc ? rc : put_number(out, 8, stamp->epoch);
}

/* Pieces that ranges had of a block may be too much together, and the last keys. */
static bool
can_be_parsed(const struct block_list *listed)
{
	size_t key_bytes = 0;
	bool is_large = false;

	for (size_t i = 0; i < listed->n; i++) {
		key_bytes += listed->blocks[i].key_len;
		is_large = is_large || listed->blocks[i].n > BLOCK_DELTAS_MAX;
	}
	return !is_large && key_bytes <= BLOCK_KEYS_MAX;
}

static int
put_all(struct buf *out, const struct block_list *listed, const char *bucket,
	const struct index_stamp *stamp, const struct room *room)
{
	unsigned char sum[SHA256_LEN];
	int rc = put_head(out, listed->n, stamp);

	for (size_t i = 0; i < listed->n && rc == 0; i++)
		rc = put_block(out, i > 0 ? &listed->blocks[i - 1] : NULL,
			       &listed->blocks[i], room);
	if (rc)
		return rc;
	digest(bucket, out->data, out->len, sum);
	return buf_add(out, sum, sizeof(sum));
}

int
memo_index_print(const struct block_list *listed, const char *bucket,
		 const struct index_stamp *stamp, struct buf *out)
{
	struct room room = { BLOCK_EXTENTS_MAX, true };
	int rc = -EFBIG;

	if (!can_be_parsed(listed))
		return rc;
	while (room.n_extents > 0 && rc == -EFBIG) {
		buf_clear(out);
		rc = put_all(out, listed, bucket, stamp, &room);
		room.n_extents /= 2;
		room.has_odds = false;
	}
	return rc;
}

/* --- bytes in --- */

/* What is left; once something was wrong, there is nothing but zeros. */
struct reader {
	const unsigned char *at, *end;
	size_t key_bytes; /* so far, each key as a whole */
	bool is_bad;
};

static const unsigned char *
get_bytes(struct reader *r, uint64_t len)
{
	const unsigned char *at = r->at;

	if (r->is_bad || len > (uint64_t)(r->end - r->at)) {
		r->is_bad = true;
		return NULL;
	}
	r->at += len;
	return at;
}

static uint64_t
get_number(struct reader *r, size_t len)
{
	const unsigned char *at = get_bytes(r, len);

	return at ? big_endian_get(at, len) : 0;
}

/* More than `max` is wrong. */
static uint64_t
get_varint(struct reader *r, uint64_t max)
{
	uint64_t n = 0;

	r->is_bad = r->is_bad || !varint_get(&r->at, r->end, max, &n);
	return r->is_bad ? 0 : n;
}

static void
get_key(struct reader *r, const struct block *before, struct block *b)
{
	size_t common = get_varint(r, before ? before->key_len : 0);
	size_t rest = get_varint(r, BLOCK_KEYS_MAX);
	const unsigned char *at = get_bytes(r, rest);

	r->key_bytes += common + rest;
	r->is_bad = r->is_bad || r->key_bytes > BLOCK_KEYS_MAX;
	if (r->is_bad)
		return;
	b->key = xmalloc(common + rest + 1);
	if (common > 0)
		memcpy(b->key, before->key, common);
	memcpy(b->key + common, at, rest);
	b->key_len = common + rest;
	r->is_bad = before && key_compare(before->key, before->key_len, b->key,
					  b->key_len) >= 0;
}

static void
get_extent(struct reader *r, struct block *b)
{
	struct extent e = { .slot = (unsigned)get_varint(r, PACK_SLOTS - 1) };
	const unsigned char *sum;

	e.first = (uint32_t)get_varint(r, PACK_RECORDS_MAX);
	e.n = (uint32_t)get_varint(r, PACK_RECORDS_MAX - e.first);
	sum = get_bytes(r, EXTENT_SUM_LEN);
	r->is_bad = r->is_bad || e.n == 0;
	if (r->is_bad)
		return;
	memcpy(e.sum, sum, EXTENT_SUM_LEN);
	block_add_extent(b, &e);
}

static void
get_records(struct reader *r, struct block *b)
{
	size_t n = get_varint(r, INDEX_BYTES_MAX);
	const unsigned char *at = get_bytes(r, n * sizeof(b->records[0]));

	if (!at || n == 0)
		return;
	b->records = xmalloc(n * sizeof(b->records[0]));
	memcpy(b->records, at, n * sizeof(b->records[0]));
	b->n_records = b->records_size = n;
}

static void
get_odds(struct reader *r, struct block *b)
{
	size_t len = get_varint(r, ODDS_BYTES_MAX);
	const unsigned char *at = get_bytes(r, len);

	r->is_bad = r->is_bad || !odds_take(&b->odds, at, len);
}

static void
get_block(struct reader *r, const struct block *before, struct block *b)
{
	uint64_t flags, n_extents;

	get_key(r, before, b);
	b->sum.high = get_number(r, 8);
	b->sum.low = get_number(r, 8);
	b->n = (int64_t)get_varint(r, BLOCK_DELTAS_MAX);
	flags = get_number(r, 1);
	b->n_known = flags & IS_PARTLY_KNOWN ? 0 : b->n;
	b->original = (int64_t)get_varint(r, INT64_MAX);
	if (flags & HAS_ODDS)
		get_odds(r, b);
	b->odds.are_more = flags & HAS_MORE_ODDS;
	n_extents = get_varint(r, BLOCK_EXTENTS_MAX);
	for (uint64_t i = 0; i < n_extents && !r->is_bad; i++)
		get_extent(r, b);
	get_records(r, b);
	b->is_whole = true;
	r->is_bad = r->is_bad || flags & ~(uint64_t)ALL_FLAGS || b->n == 0 ||
		    b->odds.n > b->n;
}

/* Room for one more may move those before. */
static void
get_blocks(struct reader *r, struct block_list *l, uint64_t n)
{
	for (uint64_t i = 0; i < n && !r->is_bad; i++) {
		struct block *b = block_list_add(l);

		get_block(r, i > 0 ? b - 1 : NULL, b);
	}
	r->is_bad = r->is_bad || r->at != r->end;
}

static void
note_slots(struct memo_index *x)
{
	for (size_t i = 0; i < x->list.n; i++) {
		const struct block *b = &x->list.blocks[i];

		for (size_t j = 0; j < b->n_extents; j++)
			slots_used_add(&x->slots, b->extents[j].slot);
	}
}

static int
parse(struct memo_index *x, const char *data, size_t len)
{
	struct reader r = { .at = (const unsigned char *)data + AT_COUNT,
			    .end = (const unsigned char *)data + len };
	uint64_t n = get_number(&r, 4);
	uint64_t written_at = get_number(&r, 8), anew_at = get_number(&r, 8);
	unsigned at_once = (unsigned)get_number(&r, 4);
	uint64_t epoch = get_number(&r, 8);

	if (n > BLOCKS_MAX)
		return -EBADMSG;
	get_blocks(&r, &x->list, n);
	if (r.is_bad || written_at > INT64_MAX || anew_at > INT64_MAX)
		return -EBADMSG;
	x->stamp = (struct index_stamp){ .written_at = (int64_t)written_at,
					 .anew_at = (int64_t)anew_at,
					 .at_once = at_once,
					 .epoch = epoch };
	note_slots(x);
	return 0;
}

enum memo_verdict
memo_index_parse(struct memo_index *x, const char *data, size_t len,
		 const char *bucket, struct err *err)
{
	unsigned char sum[SHA256_LEN];
	size_t rest = len - SHA256_LEN;

	memo_index_clear(x);
	if (len < HEAD_LEN + SHA256_LEN ||
	    memcmp(data, magic, sizeof(magic)) != 0) {
		err_set(err, EBADMSG, "it is no index of a memo");
		return MEMO_BAD;
	}
	if (big_endian_get(data + AT_VERSION, 4) != FORMAT) {
		err_set(err, EBADMSG, "it is of version %u",
			(unsigned)big_endian_get(data + AT_VERSION, 4));
		return MEMO_FOREIGN;
	}
	digest(bucket, data, rest, sum);
	if (memcmp(sum, data + rest, SHA256_LEN) != 0) {
		err_set(err, EBADMSG,
			"it is damaged, or of another bucket: "
			"its checksum is wrong");
		return MEMO_BAD;
	}
	if (parse(x, data, rest)) {
		memo_index_clear(x);
		err_set(err, EBADMSG, "its blocks are not as they should be");
		return MEMO_BAD;
	}
	return MEMO_GOOD;
}

/* --- beside a listing --- */

/* That of the index with the same last key. */
static struct block *
find_twin(const struct memo_index *x, const struct block *b)
{
	size_t i = block_list_find(&x->list, b->key, b->key_len);
	struct block *twin = i < x->list.n ? &x->list.blocks[i] : NULL;

	return twin && block_equals(twin, b) ? twin : NULL;
}

/* What the index has of it. */
static void
take_over(struct block *b, struct block *twin)
{
	b->is_same = true;
	b->n_known = twin->n_known;
	b->original = twin->original;
	odds_move(&b->odds, &twin->odds);
	b->extents = steal(&twin->extents);
	b->n_extents = twin->n_extents;
	b->records = steal(&twin->records);
	b->n_records = b->records_size = twin->n_records;
	twin->n_extents = twin->n_records = 0;
}

void
memo_index_match(struct memo_index *x, struct block_list *listed, bool is_anew,
		 struct memo_known *out)
{
	*out = (struct memo_known){ .is_written = listed->n == x->list.n };
	for (size_t i = 0; i < listed->n; i++) {
		struct block *b = &listed->blocks[i];
		struct block *twin = find_twin(x, b);

		if (!twin || twin->n_known < twin->n || is_anew)
			out->is_written = false;
		if (!twin || !block_can_be_told(twin) || is_anew) {
			out->n_changed++;
			continue;
		}
		take_over(b, twin);
		out->n_same++;
		out->n_deltas += b->n;
		out->n_odds += b->odds.n;
		out->n_original = add_saturating(out->n_original, b->original);
	}
}

static void
tell_odds(struct tally *t, const struct odds *odds)
{
	struct odds_reader r = { .of = odds };
	struct object o;
	int64_t original;

	while (odds_next(&r, &o, &original))
		tally_answer(t, tally_any_space(t), &o, original);
	odds_end(&r);
}

void
memo_index_tell(const struct memo_known *known, const struct block_list *listed,
		struct tally *t)
{
	tally_know(t, known->n_deltas - known->n_odds, known->n_original);
	for (size_t i = 0; i < listed->n; i++)
		if (listed->blocks[i].is_same)
			tell_odds(t, &listed->blocks[i].odds);
}

bool
memo_index_is_worth(const struct block_list *listed, size_t bytes)
{
	int64_t n = 0;

	for (size_t i = 0; i < listed->n; i++)
		n += listed->blocks[i].n_known;
	return bytes / INDEX_BYTES_PER_HEAD < (uint64_t)n;
}

bool
memo_index_is_worn(const struct memo_index *x, int64_t now)
{
	int64_t age = now - x->stamp.anew_at;
	uint64_t n_extents = 0, n_deltas = 0;

	if (age >= 0 && age < DAY_S)
		return false;
	for (size_t i = 0; i < x->list.n; i++) {
		n_extents += x->list.blocks[i].n_extents;
		n_deltas += (uint64_t)x->list.blocks[i].n;
	}
	return n_extents > 4 * x->list.n + 16 ||
	       x->slots.n > 2 * (n_deltas / PACK_RECORDS) + 16;
}
