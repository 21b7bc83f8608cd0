/* SPDX-License-Identifier: MIT */
/*
 * Blocks that are listed again: see memo-run.h.  Pure; one thread at a time.
 */
#include "config.h"

#include "stats/memo-run.h"

#include "stats/stats.h"

#define IN_NO_EXTENT UINT16_MAX
#define OF_NO_BLOCK UINT16_MAX

/*
 * Blocks of the index whose records are read for one run.  Where deltas were deleted,
 * any number of them may overlap a single block: those between the first and the last
 * ones are mostly gone.
 */
#define OVERLAP_MAX (2 * RUN_BLOCKS)

/* Of one block: packs of this sweep have more of it. */
#define EXTENTS_KEPT_MAX (BLOCK_EXTENTS_MAX * 3 / 4)

struct run_record {
	struct memo_record record;
	uint16_t extent; /* that it lies in */
	uint16_t block; /* of the run, whose delta has it */
};

/* --- which blocks, and what overlaps them --- */

/* Blocks of the index that have keys of the run. */
struct overlap {
	size_t from, to;
};

static struct overlap
find_overlap(const struct memo_run *r, const struct block_list *old)
{
	struct overlap o = { 0, old->n };
	size_t last = block_list_find(old, r->last, r->last_len);

	if (r->after)
		o.from = block_list_find(old, r->after, r->after_len);
	if (r->after && o.from < old->n) {
		const struct block *b = &old->blocks[o.from];

		o.from += key_compare(b->key, b->key_len, r->after,
				      r->after_len) == 0;
	}
	if (last < old->n)
		o.to = last + 1;
	return o;
}

static int
compare_extents(const void *a, const void *b)
{
	const struct extent *x = a, *y = b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return memcmp(x->sum, y->sum, EXTENT_SUM_LEN);
}

static void
reserve_records(struct memo_run *r, size_t n)
{
	if (n <= r->records_size)
		return;
	r->records_size = n;
	r->records = xrealloc(r->records, n * sizeof(r->records[0]));
}

/* There is room for it. */
static void
add_record(struct memo_run *r, const struct memo_record *record, size_t extent)
{
	r->records[r->n_records++] = (struct run_record){
		.record = *record,
		.extent = (uint16_t)extent,
		.block = OF_NO_BLOCK,
	};
}

static void
take_block(struct memo_run *r, const struct block *old)
{
	size_t n = r->n_extents + old->n_extents;

	if (old->n_extents > 0) {
		r->extents = xrealloc(r->extents, n * sizeof(r->extents[0]));
		memcpy(r->extents + r->n_extents, old->extents,
		       old->n_extents * sizeof(r->extents[0]));
		r->n_extents = n;
	}
	reserve_records(r, r->n_records + old->n_records);
	for (size_t i = 0; i < old->n_records; i++)
		add_record(r, &old->records[i], IN_NO_EXTENT);
}

static void
drop_doubles(struct memo_run *r)
{
	size_t n = 0;

	if (r->n_extents == 0)
		return;
	qsort(r->extents, r->n_extents, sizeof(r->extents[0]), compare_extents);
	for (size_t i = 0; i < r->n_extents; i++)
		if (n == 0 ||
		    compare_extents(&r->extents[n - 1], &r->extents[i]) != 0)
			r->extents[n++] = r->extents[i];
	r->n_extents = n < IN_NO_EXTENT ? n : IN_NO_EXTENT;
}

/* An index may say anything: whoever writes extents over each other costs memory. */
static void
drop_excess(struct memo_run *r)
{
	size_t n_records = 0;

	for (size_t i = 0; i < r->n_extents; i++) {
		n_records += r->extents[i].n;
		if (n_records > RUN_RECORDS_MAX)
			r->n_extents = i;
	}
}

static size_t
find_size(const struct block_list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += !l->blocks[i].is_same;
	return n < RUNS_WANTED * RUN_BLOCKS ? n / RUNS_WANTED + 1 : RUN_BLOCKS;
}

/* Blocks that follow each other. */
static bool
find_blocks(struct memo_run *r, size_t from)
{
	const struct block_list *l = r->listed;
	size_t max = find_size(l);

	while (from < l->n && l->blocks[from].is_same)
		from++;
	r->from = r->to = from;
	while (r->to < l->n && !l->blocks[r->to].is_same && r->to - from < max)
		r->to++;
	return r->to > from;
}

static void
set_keys(struct memo_run *r)
{
	const struct block *blocks = r->listed->blocks;

	if (r->from > 0) {
		r->after = blocks[r->from - 1].key;
		r->after_len = blocks[r->from - 1].key_len;
	}
	r->last = blocks[r->to - 1].key;
	r->last_len = blocks[r->to - 1].key_len;
}

/* A run whose records fit into memory. */
static struct overlap
fit_overlap(struct memo_run *r, const struct block_list *old)
{
	struct overlap o = find_overlap(r, old);

	while (o.to - o.from > OVERLAP_MAX && r->to - r->from > 1) {
		r->to = r->from + (r->to - r->from) / 2;
		set_keys(r);
		o = find_overlap(r, old);
	}
	return o;
}

bool
memo_run_init(struct memo_run *r, const struct memo_index *x,
	      struct block_list *listed, size_t from, bool is_anew)
{
	struct overlap o;

	*r = (struct memo_run){ .listed = listed, .is_anew = is_anew };
	if (!find_blocks(r, from))
		return false;
	set_keys(r);
	o = fit_overlap(r, &x->list);
	for (size_t i = o.from; i < o.to; i++)
		if (i - o.from < OVERLAP_MAX / 2 || o.to - i <= OVERLAP_MAX / 2)
			take_block(r, &x->list.blocks[i]);
	drop_doubles(r);
	drop_excess(r);
	r->again = blocks_new();
	r->part = blocks_part_new(r->again, r->after, r->after_len, true);
	r->hash = sha256_new();
	return true;
}

void
memo_run_clear(struct memo_run *r)
{
	free(r->extents);
	free(r->records);
	blocks_free(r->again);
	sha256_free(r->hash);
	*r = (struct memo_run){ .from = 0 };
}

size_t
memo_run_records(const struct memo_run *r)
{
	size_t n = r->n_records;

	for (size_t i = 0; i < r->n_extents; i++)
		n += r->extents[i].n;
	return n;
}

/* --- what is known --- */

/* Once for all of them, and not before there is one: those that are read at a time. */
static void
reserve_all(struct memo_run *r)
{
	if (!r->has_room)
		reserve_records(r, memo_run_records(r));
	r->has_room = true;
}

bool
memo_run_take(struct memo_run *r, size_t i, const char *bucket,
	      const char *data, size_t len)
{
	const struct extent *e = &r->extents[i];

	if (!extent_fits(e, bucket, data, len))
		return false;
	reserve_all(r);
	reserve_records(r, r->n_records + e->n);
	for (size_t j = 0; j < e->n; j++) {
		struct memo_record record;

		memcpy(&record, data + j * sizeof(record), sizeof(record));
		add_record(r, &record, i);
	}
	return true;
}

/* Of what is there twice, that comes first which lies in a pack already. */
static int
compare_records(const void *a, const void *b)
{
	const struct run_record *x = a, *y = b;
	int c = memcmp(x->record.id, y->record.id, MEMO_ID_LEN);

	return c ? c : x->extent - y->extent;
}

void
memo_run_ready(struct memo_run *r)
{
	if (r->n_records > 0)
		qsort(r->records, r->n_records, sizeof(r->records[0]),
		      compare_records);
}

/* The first one with that id, or NULL. */
static struct run_record *
find_record(const struct memo_run *r, const unsigned char id[MEMO_ID_LEN])
{
	size_t low = 0, high = r->n_records;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(r->records[middle].record.id, id, MEMO_ID_LEN) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == r->n_records ||
	    memcmp(r->records[low].record.id, id, MEMO_ID_LEN) != 0)
		return NULL;
	return &r->records[low];
}

/* The block of the listing that the delta is in, by its number in the run. */
static size_t
find_block(const struct memo_run *r, const struct object *o)
{
	return block_list_find(r->listed, o->key, o->key_len) - r->from;
}

enum run_answer
memo_run_add(struct memo_run *r, const struct object *o, int64_t *original)
{
	unsigned char digest[SHA256_LEN], id[MEMO_ID_LEN];
	struct run_record *found;

	if (key_compare(o->key, o->key_len, r->last, r->last_len) > 0)
		return RUN_OVER;
	if (!object_is_delta(o))
		return RUN_OTHER;
	object_digest(o, r->hash, digest);
	blocks_add(r->part, o, digest);
	memo_id_of(digest, id);
	found = find_record(r, id);
	if (!found)
		return RUN_UNKNOWN;
	found->block = (uint16_t)find_block(r, o);
	*original = memo_record_original(&found->record);
	block_learn(&r->listed->blocks[r->from + found->block], o, *original);
	return RUN_KNOWN;
}

void
memo_learn_block(struct block *b, const struct object *o, struct sha256 *h,
		 int64_t original)
{
	struct memo_record r;

	block_learn(b, o, original);
	if (memo_record_make(&r, o, h, original))
		block_keep(b, &r);
}

/* --- the end --- */

static bool
is_as_listed(const struct memo_run *r, const struct block_list *again)
{
	if (!again || again->n != r->to - r->from)
		return false;
	for (size_t i = 0; i < again->n; i++) {
		const struct block *a = &again->blocks[i];
		const struct block *b = &r->listed->blocks[r->from + i];

		if (!block_equals(a, b) ||
		    key_compare(a->key, a->key_len, b->key, b->key_len) != 0)
			return false;
	}
	return true;
}

/* Records that have served: `n[block * n_extents + extent]`. */
static uint32_t *
count_used(const struct memo_run *r)
{
	uint32_t *n = xcalloc((r->to - r->from) * r->n_extents, sizeof(*n));

	for (size_t i = 0; i < r->n_records; i++) {
		const struct run_record *u = &r->records[i];

		if (u->block != OF_NO_BLOCK && u->extent != IN_NO_EXTENT)
			n[u->block * r->n_extents + u->extent]++;
	}
	return n;
}

/* Of so many records of the block or more. */
static bool
is_of_use(const struct memo_run *r, size_t extent, uint32_t used,
	  int64_t used_min)
{
	return !r->is_anew && used >= (r->extents[extent].n + 3) / 4 &&
	       used >= used_min;
}

/*
 * Extents that stay with a block; the counts of the others become 0.  Where they are too
 * many, those with an eighth of its records stay, and the others are written together.
 */
static void
keep_extents(struct memo_run *r, struct block *b, uint32_t *used)
{
	size_t n = 0;
	int64_t min;

	for (size_t i = 0; i < r->n_extents; i++)
		n += is_of_use(r, i, used[i], 1);
	min = n > EXTENTS_KEPT_MAX ? b->n / 8 + 1 : 1;
	for (size_t i = 0; i < r->n_extents; i++)
		if (is_of_use(r, i, used[i], min))
			block_add_extent(b, &r->extents[i]);
		else
			used[i] = 0;
}

static void
keep_records(struct memo_run *r, const uint32_t *used)
{
	for (size_t i = 0; i < r->n_records; i++) {
		const struct run_record *u = &r->records[i];

		if (u->block == OF_NO_BLOCK)
			continue;
		if (u->extent == IN_NO_EXTENT ||
		    used[u->block * r->n_extents + u->extent] == 0)
			block_keep(&r->listed->blocks[r->from + u->block],
				   &u->record);
	}
}

bool
memo_run_end(struct memo_run *r)
{
	uint32_t *used;

	bool is_outdated;

	blocks_part_end(r->part);
	is_outdated = !is_as_listed(r, blocks_list(r->again));
	used = count_used(r);
	for (size_t i = 0; i < r->to - r->from; i++) {
		struct block *b = &r->listed->blocks[r->from + i];

		b->is_outdated = is_outdated;
		keep_extents(r, b, used + i * r->n_extents);
	}
	keep_records(r, used);
	free(used);
	return !is_outdated;
}
