/* SPDX-License-Identifier: MIT */
/*
 * Single deltas, looked up in the memo: see memo-spots.h.  Pure; one thread at a time.
 */
#include "config.h"

#include "stats/memo-spots.h"

#include <utlist.h>

enum spot_state { SPOT_NEW, SPOT_READS, SPOT_HAS_READ };

struct spot_block {
	enum spot_state state;
	unsigned round, n_wanted; /* in that round */
	struct memo_record
		*records; /* of its extents; by id, if it has read them */
	size_t n;
	struct spot_block *prev, *next;
};

void
memo_spots_init(struct memo_spots *s, const struct memo_index *index)
{
	*s = (struct memo_spots){ .index = index };
	s->blocks = xcalloc(index->list.n, sizeof(s->blocks[0]));
	s->hash = sha256_new();
}

void
memo_spots_clear(struct memo_spots *s)
{
	for (size_t i = 0; s->blocks && i < s->index->list.n; i++)
		free(s->blocks[i].records);
	free(s->blocks);
	sha256_free(s->hash);
	*s = (struct memo_spots){ .round = 0 };
}

void
memo_spots_begin_round(struct memo_spots *s)
{
	s->round++;
}

/* --- one delta --- */

static const struct memo_record *
find_kept(const struct spot_block *b, const unsigned char id[MEMO_ID_LEN])
{
	size_t low = 0, high = b->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = memcmp(b->records[middle].id, id, MEMO_ID_LEN);

		if (c == 0)
			return &b->records[middle];
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* A few, mostly. */
static const struct memo_record *
find_in_index(const struct block *b, const unsigned char id[MEMO_ID_LEN])
{
	for (size_t i = 0; i < b->n_records; i++)
		if (memcmp(b->records[i].id, id, MEMO_ID_LEN) == 0)
			return &b->records[i];
	return NULL;
}

static bool
find_record(struct memo_spots *s, size_t number, const struct object *o,
	    int64_t *original)
{
	const struct spot_block *spot = &s->blocks[number];
	const struct block *block = &s->index->list.blocks[number];
	bool has_kept = spot->state == SPOT_HAS_READ && spot->n > 0;
	const struct memo_record *found = NULL;
	unsigned char id[MEMO_ID_LEN];

	if (!has_kept && block->n_records == 0)
		return false; /* as of most blocks that wait: no id is needed */
	memo_set_id(o, s->hash, id);
	if (has_kept)
		found = find_kept(spot, id);
	if (!found)
		found = find_in_index(block, id);
	if (found)
		*original = memo_record_original(found);
	return found;
}

bool
memo_spots_want(struct memo_spots *s, const struct object *o, int64_t *original)
{
	size_t number = block_list_find(&s->index->list, o->key, o->key_len);
	struct spot_block *spot;

	if (number == s->index->list.n || !memo_can_know(o))
		return false;
	if (find_record(s, number, o, original))
		return true;
	spot = &s->blocks[number];
	if (spot->round != s->round)
		spot->n_wanted = 0;
	spot->round = s->round;
	spot->n_wanted++;
	return false;
}

/* For as many deltas. */
static bool
is_worth_reading(const struct block *b, unsigned n_wanted)
{
	size_t bytes = 0;

	for (size_t i = 0; i < b->n_extents; i++)
		bytes += extent_length(&b->extents[i]);
	return bytes > 0 && bytes <= SPOT_BLOCK_BYTES_MAX &&
	       n_wanted >= 2 * b->n_extents &&
	       bytes / SPOT_BYTES_PER_HEAD < n_wanted;
}

enum spot_answer
memo_spots_find(struct memo_spots *s, const struct object *o, int64_t *original,
		size_t *number)
{
	size_t i = block_list_find(&s->index->list, o->key, o->key_len);
	struct spot_block *spot;

	if (i == s->index->list.n || !memo_can_know(o))
		return SPOT_UNKNOWN;
	spot = &s->blocks[i];
	if (spot->state == SPOT_READS)
		return SPOT_WAITS;
	if (spot->state == SPOT_HAS_READ)
		return find_record(s, i, o, original) ? SPOT_KNOWN
						      : SPOT_UNKNOWN;
	if (s->is_closed ||
	    !is_worth_reading(&s->index->list.blocks[i], spot->n_wanted))
		return SPOT_UNKNOWN;
	if (s->n_reads >= SPOT_READS_MAX)
		return SPOT_WAITS;
	spot->state = SPOT_READS;
	s->n_reads++;
	*number = i;
	return SPOT_READ;
}

/* --- what is read --- */

bool
memo_spots_take(struct memo_spots *s, size_t number, const struct extent *e,
		const char *bucket, const char *data, size_t len)
{
	struct spot_block *spot = &s->blocks[number];
	size_t bytes = extent_length(e);

	if (!extent_fits(e, bucket, data, len))
		return false;
	spot->records = xrealloc(spot->records,
				 (spot->n + e->n) * sizeof(spot->records[0]));
	memcpy(spot->records + spot->n, data, bytes);
	spot->n += e->n;
	return true;
}

static int
compare_ids(const void *a, const void *b)
{
	const struct memo_record *x = a, *y = b;

	return memcmp(x->id, y->id, MEMO_ID_LEN);
}

/* It can be read again. */
static void
drop(struct memo_spots *s, struct spot_block *spot)
{
	DL_DELETE(s->kept, spot);
	s->n_records -= spot->n;
	free(steal(&spot->records));
	spot->n = 0;
	spot->state = SPOT_NEW;
}

void
memo_spots_end_read(struct memo_spots *s, size_t number)
{
	struct spot_block *spot = &s->blocks[number];

	if (spot->n > 0)
		qsort(spot->records, spot->n, sizeof(spot->records[0]),
		      compare_ids);
	spot->state = SPOT_HAS_READ;
	s->n_reads--;
	s->n_records += spot->n;
	DL_APPEND(s->kept, spot);
	while (s->n_records > SPOT_RECORDS_MAX && s->kept != spot)
		drop(s, s->kept);
}
