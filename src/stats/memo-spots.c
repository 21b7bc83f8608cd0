/* SPDX-License-Identifier: MIT */
/*
 * Single deltas, looked up in the memo: see memo-spots.h.  Pure; one thread at a time.
 */
#include "config.h"

#include "stats/memo-spots.h"

#include <stdlib.h>

#include <utlist.h>

enum spot_state { SPOT_NEW, SPOT_READS, SPOT_HAS_READ };

struct spot_block {
	enum spot_state state;
	unsigned round, n_wanted; /* in that round */
	/* Of the index, and of its extents: by id; until all have come the former alone. */
	struct memo_record *records;
	size_t n, n_sorted;
	bool has_records; /* of the index, if it has some */
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

static int
compare_ids(const void *a, const void *b)
{
	const struct memo_record *x = a, *y = b;

	return memcmp(x->id, y->id, MEMO_ID_LEN);
}

static void
add_records(struct spot_block *spot, const void *records, size_t n)
{
	size_t size = sizeof(spot->records[0]);

	if (n == 0)
		return;
	spot->records = xrealloc(spot->records, (spot->n + n) * size);
	memcpy(spot->records + spot->n, records, n * size);
	spot->n += n;
}

static void
sort_records(struct spot_block *spot)
{
	if (spot->n > spot->n_sorted)
		qsort(spot->records, spot->n, sizeof(spot->records[0]),
		      compare_ids);
	spot->n_sorted = spot->n;
}

/* Those of the index are at hand from the first look on. */
static struct spot_block *
look_at(struct memo_spots *s, size_t number)
{
	const struct block *block = &s->index->list.blocks[number];
	struct spot_block *spot = &s->blocks[number];

	if (!spot->has_records) {
		add_records(spot, block->records, block->n_records);
		sort_records(spot);
		spot->has_records = true;
	}
	return spot;
}

static bool
find_record(struct memo_spots *s, const struct spot_block *spot,
	    const struct object *o, int64_t *original)
{
	const struct memo_record *found;
	struct memo_record wanted;

	if (spot->n_sorted == 0)
		return false; /* as of most blocks that wait: no id is needed */
	memo_set_id(o, s->hash, wanted.id);
	found = bsearch(&wanted, spot->records, spot->n_sorted, sizeof(wanted),
			compare_ids);
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
	spot = look_at(s, number);
	if (find_record(s, spot, o, original))
		return true;
	if (spot->round != s->round)
		spot->n_wanted = 0;
	spot->round = s->round;
	spot->n_wanted++;
	return false;
}

bool
memo_spots_was_read(const struct memo_spots *s, const struct object *o)
{
	size_t number = block_list_find(&s->index->list, o->key, o->key_len);

	return number < s->index->list.n &&
	       s->blocks[number].state == SPOT_HAS_READ;
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
	spot = look_at(s, i);
	if (spot->state == SPOT_READS)
		return SPOT_WAITS;
	if (spot->state == SPOT_HAS_READ)
		return find_record(s, spot, o, original) ? SPOT_KNOWN
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

	if (!extent_fits(e, bucket, data, len))
		return false;
	add_records(spot, data, e->n);
	return true;
}

/* It can be read again. */
static void
drop(struct memo_spots *s, struct spot_block *spot)
{
	DL_DELETE(s->kept, spot);
	s->n_records -= spot->n;
	free(steal(&spot->records));
	spot->n = spot->n_sorted = 0;
	spot->has_records = false;
	spot->state = SPOT_NEW;
}

void
memo_spots_end_read(struct memo_spots *s, size_t number)
{
	struct spot_block *spot = &s->blocks[number];

	sort_records(spot);
	spot->state = SPOT_HAS_READ;
	s->n_reads--;
	s->n_records += spot->n;
	DL_APPEND(s->kept, spot);
	while (s->n_records > SPOT_RECORDS_MAX && s->kept != spot)
		drop(s, s->kept);
}
