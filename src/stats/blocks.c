/* SPDX-License-Identifier: MIT */
/*
 * The deltas of a listing in blocks: see blocks.h.  Pure; one thread at a time;
 * blocks_add() runs once per delta listed.
 */
#include "config.h"

#include "stats/blocks.h"

#include <utlist.h>

#include "stats/original.h"
#include "util/big-endian.h"

/* A range of keys; what comes after its last whole block is in the last one. */
struct blocks_part {
	struct blocks *blocks;
	char *after; /* NULL: from the first key */
	size_t after_len;
	struct block_list list;
	char *last; /* the key that came last */
	size_t last_len, last_size;
	struct blocks_part *prev, *next;
};

struct blocks {
	struct blocks_part *parts;
	size_t n; /* blocks */
	size_t key_bytes, index_bytes;
	int64_t odds_room;
	bool is_void;
	bool is_joined; /* there is one part, which has all */
};

/* --- one block --- */

void
block_clear(struct block *b)
{
	free(b->key);
	odds_clear(&b->odds);
	free(b->extents);
	free(b->records);
	*b = (struct block){ .n = 0 };
}

bool
block_equals(const struct block *a, const struct block *b)
{
	return a->n == b->n && fingerprint_equals(&a->sum, &b->sum);
}

bool
block_is_known(const struct block *b)
{
	return b->n_known == b->n && !b->is_outdated;
}

bool
block_can_be_told(const struct block *b)
{
	return block_is_known(b) && !b->odds.are_more;
}

void
block_learn(struct block *b, const struct object *o, int64_t original)
{
	b->n_known++;
	if (original == ORIGINAL_UNKNOWN || o->size >= original)
		odds_add(&b->odds, o, original);
	else
		b->original = add_saturating(b->original, original);
}

void
block_keep(struct block *b, const struct memo_record *r)
{
	if (b->n_records == b->records_size) {
		b->records_size += b->records_size / 4 + 4;
		b->records = xrealloc(b->records, b->records_size * sizeof(*r));
	}
	b->records[b->n_records++] = *r;
}

void
block_add_extent(struct block *b, const struct extent *e)
{
	b->extents = xrealloc(b->extents, (b->n_extents + 1) * sizeof(*e));
	b->extents[b->n_extents++] = *e;
}

/* What is known of the rest of `b`, too. */
static void
join_known(struct block *b, const struct block *rest)
{
	b->n_known += rest->n_known;
	b->original = add_saturating(b->original, rest->original);
	odds_join(&b->odds, &rest->odds);
	for (size_t i = 0; i < rest->n_extents; i++)
		block_add_extent(b, &rest->extents[i]);
	for (size_t i = 0; i < rest->n_records; i++)
		block_keep(b, &rest->records[i]);
}

/* The rest of `b`, which another range has listed. */
static void
join_piece(struct block *b, struct block *rest)
{
	fingerprint_add(&b->sum, &rest->sum);
	b->n += rest->n;
	b->is_whole = rest->is_whole;
	join_known(b, rest);
	free(b->key);
	b->key = steal(&rest->key);
	b->key_len = rest->key_len;
}

/* --- blocks in order --- */

struct block *
block_list_add(struct block_list *l)
{
	if (l->n == l->size) {
		l->size = l->size ? l->size * 2 : 8;
		l->blocks = xrealloc(l->blocks, l->size * sizeof(l->blocks[0]));
	}
	l->blocks[l->n] = (struct block){ .n = 0 };
	return &l->blocks[l->n++];
}

void
block_list_clear(struct block_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		block_clear(&l->blocks[i]);
	free(l->blocks);
	*l = (struct block_list){ .n = 0 };
}

size_t
block_list_find(const struct block_list *l, const char *key, size_t key_len)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct block *b = &l->blocks[middle];

		if (b->key && key_compare(b->key, b->key_len, key, key_len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* --- of a listing --- */

struct blocks *
blocks_new(void)
{
	struct blocks *b = xnew(struct blocks);

	b->odds_room = BLOCKS_ODDS_MAX;
	return b;
}

static void
part_free(struct blocks_part *p)
{
	DL_DELETE(p->blocks->parts, p);
	block_list_clear(&p->list);
	free(p->after);
	free(p->last);
	free(p);
}

void
blocks_free(struct blocks *b)
{
	if (!b)
		return;
	while (b->parts)
		part_free(b->parts);
	free(b);
}

struct blocks_part *
blocks_part_new(struct blocks *b, const char *after, size_t after_len,
		bool is_ordered)
{
	struct blocks_part *p = xnew(struct blocks_part);

	p->blocks = b;
	p->after = after ? xstrndup(after, after_len) : NULL;
	p->after_len = after_len;
	b->is_void = b->is_void || !is_ordered;
	DL_APPEND(b->parts, p);
	return p;
}

static void
note_key(struct blocks_part *p, const struct object *o)
{
	if (o->key_len > p->last_size) {
		p->last_size = o->key_len + 64;
		p->last = xrealloc(p->last, p->last_size);
	}
	memcpy(p->last, o->key, o->key_len);
	p->last_len = o->key_len;
}

/* As the index has it; less, if it is joined with what another range has of it. */
static size_t
bytes_in_index(const struct block_list *l)
{
	const struct block *b = &l->blocks[l->n - 1], *before = b - 1;
	size_t common =
		l->n > 1 ? key_common_length(before->key, before->key_len,
					     b->key, b->key_len)
			 : 0;

	return b->key_len - common + BLOCK_BYTES;
}

/* It, the last one, ends with the key that came last. */
static void
set_end(struct blocks_part *p, struct block *b)
{
	struct blocks *all = p->blocks;

	b->key = xstrndup(p->last, p->last_len);
	b->key_len = p->last_len;
	all->key_bytes += b->key_len;
	all->index_bytes += bytes_in_index(&p->list);
	all->is_void = all->is_void || all->key_bytes > BLOCK_KEYS_MAX ||
		       all->index_bytes > BLOCKS_BYTES_MAX;
}

/* The one that has no end yet. */
static struct block *
open_block(struct blocks_part *p)
{
	struct block_list *l = &p->list;

	if (l->n == 0 || l->blocks[l->n - 1].is_whole) {
		p->blocks->n++;
		block_list_add(l)->odds.room = &p->blocks->odds_room;
	}
	return &l->blocks[l->n - 1];
}

/* The last bytes, which are neither in the sum nor in an id. */
static bool
ends_block(const unsigned char digest[SHA256_LEN])
{
	return big_endian_get(digest + SHA256_LEN - 4, 4) % BLOCK_DELTAS == 0;
}

void
blocks_add(struct blocks_part *p, const struct object *o,
	   const unsigned char digest[SHA256_LEN])
{
	struct fingerprint f = fingerprint_of(digest);
	struct block *b;

	if (p->blocks->is_void)
		return;
	b = open_block(p);
	b->n++;
	p->blocks->is_void = !memo_can_know(o) || b->n > BLOCK_DELTAS_MAX ||
			     p->blocks->n > BLOCKS_MAX;
	fingerprint_add(&b->sum, &f);
	note_key(p, o);
	if (ends_block(digest)) {
		set_end(p, b);
		b->is_whole = true;
	}
}

void
blocks_part_end(struct blocks_part *p)
{
	if (p->list.n > 0 && !p->list.blocks[p->list.n - 1].is_whole)
		set_end(p, open_block(p));
}

/* --- ranges together --- */

static int
begins_earlier(const struct blocks_part *a, const struct blocks_part *b)
{
	if (!a->after || !b->after)
		return (a->after != NULL) - (b->after != NULL);
	return key_compare(a->after, a->after_len, b->after, b->after_len);
}

/* Append what the next range has. */
static void
join_part(struct block_list *all, struct block_list *next)
{
	struct block *last = all->n > 0 ? &all->blocks[all->n - 1] : NULL;
	size_t i = 0;

	if (last && !last->is_whole && next->n > 0)
		join_piece(last, &next->blocks[i++]);
	for (; i < next->n; i++) {
		*block_list_add(all) = next->blocks[i];
		next->blocks[i] = (struct block){ .n = 0 };
	}
}

static void
join(struct blocks *b)
{
	struct blocks_part *first, *p;

	DL_SORT(b->parts, begins_earlier);
	first = b->parts;
	while ((p = first->next)) {
		join_part(&first->list, &p->list);
		part_free(p);
	}
	if (first->list.n > 0)
		first->list.blocks[first->list.n - 1].is_whole = true;
	b->is_joined = true;
}

struct block_list *
blocks_list(struct blocks *b)
{
	if (b->is_void || !b->parts)
		return NULL;
	if (!b->is_joined)
		join(b);
	return &b->parts->list;
}

bool
blocks_are_void(const struct blocks *b)
{
	return b->is_void;
}

/* --- records that are kept --- */

/* Whether a range that begins behind `after` is nearer to the key than `than`. */
static bool
is_nearer(const struct blocks_part *p, const char *key, size_t key_len,
	  const struct blocks_part *than)
{
	if (p->after && key_compare(p->after, p->after_len, key, key_len) >= 0)
		return false;
	return !than || begins_earlier(than, p) < 0;
}

/* The range that a delta of the listing came in. */
static struct blocks_part *
find_part(const struct blocks *b, const char *key, size_t key_len)
{
	struct blocks_part *p, *found = NULL;

	DL_FOREACH (b->parts, p)
		if (is_nearer(p, key, key_len, found))
			found = p;
	return found;
}

struct block *
blocks_of(struct blocks *b, const char *key, size_t key_len)
{
	struct blocks_part *p = find_part(b, key, key_len);
	size_t i = p ? block_list_find(&p->list, key, key_len) : 0;

	return p && i < p->list.n ? &p->list.blocks[i] : NULL;
}

/* Of one that is not whole more will come. */
static bool
is_to_be_packed(const struct block *b, bool has_all)
{
	return b->n_records > 0 &&
	       (has_all || (b->is_whole && b->n_known >= b->n));
}

static size_t
list_n_kept(const struct block_list *l, bool has_all)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (is_to_be_packed(&l->blocks[i], has_all))
			n += l->blocks[i].n_records;
	return n;
}

size_t
blocks_n_kept(const struct blocks *b, bool has_all)
{
	const struct blocks_part *p;
	size_t n = 0;

	DL_FOREACH (b->parts, p)
		n += list_n_kept(&p->list, has_all);
	return n;
}

static void
drop_records(struct block *b)
{
	free(steal(&b->records));
	b->n_records = b->records_size = 0;
}

void
blocks_drop_kept(struct blocks *b)
{
	struct blocks_part *p;

	DL_FOREACH (b->parts, p)
		for (size_t i = 0; i < p->list.n; i++)
			drop_records(&p->list.blocks[i]);
}

static int
pack_block(struct block *b, const char *bucket, struct pack *p)
{
	struct extent e;
	int rc = pack_add(p, bucket, b->records, (uint32_t)b->n_records, &e);

	if (rc)
		return rc;
	block_add_extent(b, &e);
	drop_records(b);
	return 0;
}

static int
pack_list(struct block_list *l, const char *bucket, struct pack *p,
	  bool has_all)
{
	int rc = 0;

	for (size_t i = 0; i < l->n && rc == 0 && p->n < PACK_RECORDS; i++)
		if (is_to_be_packed(&l->blocks[i], has_all))
			rc = pack_block(&l->blocks[i], bucket, p);
	return rc;
}

int
blocks_pack(struct blocks *b, const char *bucket, struct pack *p, bool has_all)
{
	struct blocks_part *part;
	int rc = 0;

	DL_FOREACH (b->parts, part)
		if (rc == 0)
			rc = pack_list(&part->list, bucket, p, has_all);
	buf_trim(&p->bytes); /* it may wait for others */
	return rc;
}
