/* SPDX-License-Identifier: MIT */
/*
 * The memo by blocks through random histories of a bucket: objects come, go, are
 * replaced with others of the same size, renamed, copied onto themselves; several mounts
 * sweep it, at the same time too, in ranges that are cut anywhere; packs and indexes are
 * damaged, older, lost on the way.  Figures and flaws are always those of a computation
 * from nothing; and where nothing was lost, there is a HEAD for each new version and for
 * no other.  Sampled sweeps in between look up what they ask for in what lies there, and
 * leave what they have asked for, so that nobody asks for it again.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "brief.h"
#include "stats/memo-run.h"
#include "stats/memo-spots.h"
#include "stats/memo.h"
#include "stats/stats.h"

#define BUCKET "releases"
#define KEYS_MAX 240
#define KEY_SIZE 32
#define SLOTS 6 /* of the bucket; more are not there */

/* --- a bucket --- */

struct version {
	bool is_there;
	int64_t size, original;
	unsigned etag, date;
};

/* What a LIST shows: one moment. */
struct bucket {
	struct version keys[KEYS_MAX];
};

struct stored {
	char *data; /* NULL: nothing lies there */
	size_t len;
	bool is_damaged; /* a bit of it */
};

/* What a history has, of deltas; each that is told here was met by a sweep or a PUT. */
enum event {
	PUT_NEW,
	PUT_OVER, /* the same length, another version */
	DELETED,
	RENAMED,
	TOUCHED, /* onto itself, later */
	RELABELED, /* onto itself, with another original size */
	TOOK_TURNS, /* what another mount has left was of use */
	CRASHED_EARLY, /* before the first PUT */
	CRASHED_HALFWAY, /* packs are there, and not the index */
	WAS_OVERTAKEN, /* packs are there, and the index of another mount */
	MET_DAMAGED_INDEX,
	MET_DAMAGED_PACK,
	MET_OTHER_PACK, /* than the index was written for */
	MET_SHORT_PACK,
	MET_NO_PACK,
	MET_BAD_BASE,
	N_EVENTS
};

struct world {
	uint32_t seed;
	struct sha256 *hash;
	size_t n_keys;
	char keys[KEYS_MAX][KEY_SIZE];
	unsigned clock, n_etags;
	struct bucket now;
	int64_t date;
	struct stored index, old_index, packs[SLOTS];
	struct stored base, recent; /* of sampled */
	unsigned index_etag;
	struct bucket indexed; /* what the index that lies there knows */
	bool is_spoiled; /* more HEADs than there are changes are right */
	size_t n_heads, n_sweeps, n_same;
	unsigned n[N_EVENTS];
	size_t n_spots, n_spots_read; /* that sampled was spared */
	size_t n_left; /* and detailed, by sampled */
};

/* What a mount has to PUT after a sweep. */
struct written {
	struct stored packs[SLOTS];
	struct stored index;
	struct bucket listed;
	unsigned read_etag; /* of the index that it has read */
};

static unsigned
dice(struct world *w, unsigned n)
{
	w->seed = w->seed * 1664525 + 1013904223;
	return (w->seed >> 16) % n;
}

static int
compare_keys(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
name_key(unsigned i, char out[KEY_SIZE])
{
	static const char *const dirs[] = { "", "e/", "e/f/" };
	unsigned kind = i % 4, group = i / 40;
	char dir[16] = "";

	if (kind > 0) /* else it is in no directory */
		snprintf(dir, sizeof(dir), "%02u/%s", group, dirs[kind - 1]);
	if (i % 40 < 4 && group % 2 == 0 && (kind > 0 || group == 0))
		snprintf(out, KEY_SIZE, "%sreference.bin", dir);
	else
		snprintf(out, KEY_SIZE, "%s%03u%s", dir, i,
			 i % 10 == 9 ? ".txt" : ".delta");
}

static void
name_keys(struct world *w)
{
	w->n_keys = 20 + dice(w, KEYS_MAX - 20);
	for (unsigned i = 0; i < w->n_keys; i++)
		name_key(i, w->keys[i]);
	qsort(w->keys, w->n_keys, KEY_SIZE, compare_keys);
}

struct shown {
	char etag[16], date[16];
	struct object o;
};

static const struct object *
show(const struct world *w, const struct bucket *b, size_t key, struct shown *s)
{
	const struct version *v = &b->keys[key];

	snprintf(s->etag, sizeof(s->etag), "e%u", v->etag);
	snprintf(s->date, sizeof(s->date), "t%u", v->date);
	s->o = (struct object){ .key = w->keys[key],
				.key_len = strlen(w->keys[key]),
				.size = v->size,
				.etag = s->etag,
				.last_modified = s->date };
	return &s->o;
}

static void
put(struct world *w, size_t key, int64_t size)
{
	w->now.keys[key] = (struct version){
		.is_there = true,
		.size = size,
		.original = dice(w, 20)	 ? (int64_t)(3 + dice(w, 100000))
			    : dice(w, 2) ? ORIGINAL_UNKNOWN
					 : (int64_t)dice(w, 4),
		.etag = w->n_etags++,
		.date = w->clock++,
	};
}

static bool
is_delta(const struct world *w, const struct bucket *b, size_t key)
{
	struct shown s;

	return b->keys[key].is_there && object_is_delta(show(w, b, key, &s));
}

/* Of a delta, with what it was before. */
static void
count_change(struct world *w, size_t key, enum event event,
	     const struct version *before)
{
	const struct version *now = &w->now.keys[key];

	if (event == RENAMED && now->is_there)
		event = TOUCHED;
	if (event == RELABELED && now->original == before->original)
		event = TOUCHED;
	w->n[event] += object_is_delta(&(struct object){
		.key = w->keys[key], .key_len = strlen(w->keys[key]) });
}

static void
change(struct world *w)
{
	size_t key = dice(w, (unsigned)w->n_keys);
	size_t other = dice(w, (unsigned)w->n_keys);
	struct version *v = &w->now.keys[key], before = *v;
	static const enum event events[] = { PUT_NEW, PUT_OVER, DELETED,
					     RENAMED, TOUCHED,	RELABELED };
	unsigned what = v->is_there ? dice(w, 6) : 0;

	switch (what) {
	case 0:
		put(w, key, 1 + dice(w, 4));
		break;
	case 1: /* the same length, other bytes */
		put(w, key, v->size);
		break;
	case 2:
		v->is_there = false;
		break;
	case 3: /* a rename is a copy, with its ETag and a new time */
		w->now.keys[other] = *v;
		w->now.keys[other].date = w->clock++;
		if (other != key)
			v->is_there = false;
		break;
	case 4: /* onto itself */
		v->date = w->clock++;
		break;
	case 5: /* onto itself, with other metadata */
		v->date = w->clock++;
		v->original = dice(w, 2) ? ORIGINAL_UNKNOWN : 7;
		break;
	}
	count_change(w, key, events[what], &before);
}

static bool
is_same_version(const struct version *a, const struct version *b)
{
	return a->is_there == b->is_there && a->size == b->size &&
	       a->etag == b->etag && a->date == b->date;
}

/* --- figures from nothing --- */

struct outcome {
	struct figures figures;
	struct integrity *integrity;
};

static void
compute(struct world *w, const struct bucket *b, enum mode mode,
	struct outcome *out)
{
	struct tally *t = tally_new(mode);
	struct tally_part *p = tally_part_new(t, NULL, 0, true);

	for (size_t i = 0; i < w->n_keys; i++) {
		struct shown s;
		struct space *space;

		if (!b->keys[i].is_there)
			continue;
		space = tally_add(p, show(w, b, i, &s));
		if (space)
			tally_answer(t, space, &s.o, b->keys[i].original);
	}
	tally_part_end(p);
	out->integrity = tally_integrity(t, true);
	tally_figures(t, &out->figures);
	tally_free(t);
}

static void
check_figures(struct world *w, const struct bucket *b, struct tally *t)
{
	struct outcome want, got;

	compute(w, b, MODE_DETAILED, &want);
	got.integrity = tally_integrity(t, true);
	tally_figures(t, &got.figures);
	assert_int_equal(got.figures.total_size, want.figures.total_size);
	assert_int_equal(got.figures.exact_deltas, want.figures.exact_deltas);
	assert_int_equal(got.figures.estimated_deltas,
			 want.figures.estimated_deltas);
	assert_memory_equal(&got.figures, &want.figures, sizeof(want.figures));
	for (int i = 0; i < N_FLAWS; i++)
		assert_int_equal(got.integrity->of[i].n,
				 want.integrity->of[i].n);
	integrity_unref(want.integrity);
	integrity_unref(got.integrity);
}

/* --- what sampled leaves --- */

static void
take_left(struct world *w, struct memo *m)
{
	struct err err = ERR_INIT;
	struct buf base CLEANUP_BUF = BUF_INIT(MEMO_BYTES_MAX);
	struct buf recent CLEANUP_BUF = BUF_INIT(MEMO_BYTES_MAX);
	bool is_good = true;

	memo_init(m, BUCKET);
	buf_add(&base, w->base.data, w->base.len);
	buf_add(&recent, w->recent.data, w->recent.len);
	if (w->base.data)
		is_good = memo_take_base(m, &base, &err) == MEMO_GOOD;
	if (w->recent.data)
		memo_take_recent(m, &recent, &err);
	assert_true(is_good || w->is_spoiled);
	w->n[MET_BAD_BASE] += !is_good;
}

/* It is what is true of the version that was listed. */
static bool
is_left(struct memo *m, const struct object *o, const struct version *v)
{
	int64_t original;

	if (!memo_find(m, o, &original))
		return false;
	assert_int_equal(original, v->original);
	return true;
}

/* A PUT may be lost. */
static void
leave(struct world *w, struct memo *m, bool is_anew)
{
	struct memo_sweep s = { .is_anew = is_anew };
	enum memo_write what = memo_end_sweep(m, &s, w->date);
	const struct buf *b;
	struct stored *at = what == MEMO_WRITE_BASE ? &w->base : &w->recent;

	if (what == MEMO_WRITE_NOTHING || dice(w, 10) == 0)
		return;
	b = memo_pack(m, what, &s, w->date);
	assert_non_null(b);
	free(at->data);
	*at = (struct stored){ .data = xstrndup(b->data, b->len),
			       .len = b->len };
}

/* --- a sweep --- */

struct mount {
	struct world *w;
	struct memo_index index;
	struct memo_known known;
	struct tally *tally;
	struct bucket listed; /* the LIST was then */
	struct slots_used slots;
	size_t n_heads;
	bool saw_change;
	bool is_refresh, is_anew;
	struct memo left; /* by sampled */
	bool asks_left;
	size_t n_left;
	struct written *out;
};

/* What sampled has asked for, of the listing, is not asked for again. */
static bool
take_one_left(struct mount *m, size_t key, const struct object *o)
{
	const struct version *v = &m->listed.keys[key];
	struct blocks *blocks = tally_blocks(m->tally);

	if (!m->asks_left || !is_left(&m->left, o, v))
		return false;
	tally_answer(m->tally, tally_any_space(m->tally), o, v->original);
	memo_learn_block(blocks_of(blocks, o->key, o->key_len), o, m->w->hash,
			 v->original);
	m->n_left++;
	return true;
}

static void
head(struct mount *m, size_t key)
{
	struct world *w = m->w;
	const struct version *now = &w->now.keys[key];
	struct blocks *blocks = tally_blocks(m->tally);
	struct shown s;
	const struct object *o = show(w, &m->listed, key, &s);

	if (take_one_left(m, key, o))
		return;
	m->n_heads++;
	if (!is_same_version(now, &m->listed.keys[key])) {
		m->saw_change = true;
		tally_answer_other(m->tally, tally_any_space(m->tally), o,
				   now->is_there ? now->original
						 : ORIGINAL_UNKNOWN);
		return;
	}
	tally_answer(m->tally, tally_any_space(m->tally), o, now->original);
	memo_learn_block(blocks_of(blocks, o->key, o->key_len), o, w->hash,
			 now->original);
}

static struct stored
take_bytes(struct buf *b)
{
	struct stored s = { .len = b->len };

	s.data = buf_steal(b);
	return s;
}

static void
put_pack(struct mount *m, bool has_all)
{
	struct blocks *blocks = tally_blocks(m->tally);
	int slot = slots_used_take(&m->slots, NULL, dice(m->w, PACK_SLOTS));
	struct pack p;

	if (slot < 0)
		return;
	pack_init(&p, (unsigned)slot);
	assert_int_equal(blocks_pack(blocks, BUCKET, &p, has_all), 0);
	if (p.n > 0)
		m->out->packs[slot] = take_bytes(&p.bytes);
	else
		m->slots.is_used[slot] = false;
	pack_clear(&p);
}

/* Ranges that go on in turn. */
#define RANGES_MAX 5

struct range {
	size_t at, end;
	struct tally_part *part;
};

static void
list_one(struct mount *m, struct range *r)
{
	size_t key = r->at++;
	struct shown s;
	struct space *space;

	if (!m->listed.keys[key].is_there)
		return;
	space = tally_add(r->part, show(m->w, &m->listed, key, &s));
	assert_true((space == tally_any_space(m->tally)) ==
		    is_delta(m->w, &m->listed, key));
}

static size_t
begin_ranges(struct mount *m, struct range ranges[RANGES_MAX])
{
	struct world *w = m->w;
	size_t at = 0, n = 0;

	while (at < w->n_keys && n < RANGES_MAX) {
		size_t end = at + 1 + dice(w, (unsigned)w->n_keys);

		if (end > w->n_keys || n == RANGES_MAX - 1)
			end = w->n_keys;
		ranges[n++] = (struct range){
			.at = at,
			.end = end,
			.part = tally_part_new(
				m->tally, at ? w->keys[at - 1] : NULL,
				at ? strlen(w->keys[at - 1]) : 0, true),
		};
		at = end;
	}
	return n;
}

static void
list(struct mount *m)
{
	struct range ranges[RANGES_MAX];
	size_t n = begin_ranges(m, ranges);

	while (n > 0) {
		struct range *r = &ranges[dice(m->w, (unsigned)n)];

		if (r->at < r->end) {
			list_one(m, r);
		} else {
			tally_part_end(r->part);
			*r = ranges[--n];
		}
	}
}

/* What lies there has no records up to that byte. */
static enum event
why_not(const struct stored *s, size_t end)
{
	if (s->len < end)
		return s->data ? MET_SHORT_PACK : MET_NO_PACK;
	return s->is_damaged ? MET_DAMAGED_PACK : MET_OTHER_PACK;
}

static void
read_extents(struct mount *m, struct memo_run *r)
{
	for (size_t i = 0; i < r->n_extents; i++) {
		const struct stored *s = &m->w->packs[r->extents[i].slot];
		size_t at = extent_offset(&r->extents[i]);
		size_t len = extent_length(&r->extents[i]);
		bool is_taken =
			s->data && at < s->len &&
			memo_run_take(r, i, BUCKET, s->data + at,
				      len < s->len - at ? len : s->len - at);

		if (!is_taken)
			m->w->n[why_not(s, at + len)]++;
	}
	memo_run_ready(r);
}

/* False: what is there now is not what was listed. */
static bool
list_again(struct mount *m, struct memo_run *r)
{
	struct world *w = m->w;
	struct shown s;

	read_extents(m, r);
	for (size_t i = 0; i < w->n_keys; i++) {
		const struct object *o = show(w, &w->now, i, &s);
		int64_t original;

		if (!w->now.keys[i].is_there ||
		    (r->after && key_compare(o->key, o->key_len, r->after,
					     r->after_len) <= 0))
			continue;
		switch (memo_run_add(r, o, &original)) {
		case RUN_KNOWN:
			tally_answer(m->tally, tally_any_space(m->tally), o,
				     original);
			break;
		case RUN_UNKNOWN:
			if (!is_same_version(&w->now.keys[i],
					     &m->listed.keys[i]))
				return false;
			head(m, i);
			break;
		case RUN_OTHER:
			break;
		case RUN_OVER:
			return memo_run_end(r);
		}
	}
	return memo_run_end(r);
}

static bool
ask_changed(struct mount *m, struct block_list *l)
{
	struct memo_run r;
	bool ok = true;

	m->slots = m->index.slots;
	for (unsigned i = SLOTS; i < PACK_SLOTS; i++)
		slots_used_add(&m->slots, i);
	if (m->is_refresh) /* it is of no use, but for its slots */
		memo_index_clear(&m->index);
	memo_index_match(&m->index, l, m->is_anew, &m->known);
	m->w->n_same += (size_t)m->known.n_same;
	m->w->n[TOOK_TURNS] += m->known.n_same > 0;
	memo_index_tell(&m->known, l, m->tally);
	for (size_t from = 0;
	     ok && memo_run_init(&r, &m->index, l, from, m->is_anew);
	     from = r.to) {
		size_t to = r.to;

		ok = list_again(m, &r);
		if (dice(m->w, 20) == 0)
			put_pack(m, dice(m->w, 2));
		memo_run_clear(&r);
		r.to = to;
	}
	return ok;
}

static void
print_index(struct mount *m, struct block_list *l)
{
	struct buf b = BUF_INIT(INDEX_BYTES_MAX);
	struct index_stamp stamp = { .written_at = m->w->date,
				     .anew_at = m->index.stamp.anew_at };

	while (blocks_n_kept(tally_blocks(m->tally), true) > 20) {
		size_t n = blocks_n_kept(tally_blocks(m->tally), true);

		put_pack(m, true);
		if (blocks_n_kept(tally_blocks(m->tally), true) == n)
			break;
	}
	assert_int_equal(memo_index_print(l, BUCKET, &stamp, &b), 0);
	m->out->index = take_bytes(&b);
}

static void
mount_init(struct mount *m, struct world *w, struct written *out)
{
	struct err err = ERR_INIT;
	bool is_asked_for = dice(w, 20) == 0;

	*m = (struct mount){ .w = w, .out = out, .listed = w->now };
	m->is_refresh = !w->index.data || is_asked_for;
	m->asks_left = !is_asked_for;
	take_left(w, &m->left);
	m->is_anew = m->is_refresh || dice(w, 20) == 0;
	memo_index_init(&m->index);
	if (w->index.data &&
	    memo_index_parse(&m->index, w->index.data, w->index.len, BUCKET,
			     &err) != MEMO_GOOD) {
		assert_true(w->is_spoiled || !fprintf(stderr, "%s\n", err.msg));
		w->n[MET_DAMAGED_INDEX]++;
	}
	m->tally = tally_new(MODE_DETAILED);
	tally_want_blocks(m->tally);
	*out = (struct written){ .listed = w->now, .read_etag = w->index_etag };
}

static void
mount_clear(struct mount *m)
{
	memo_index_clear(&m->index);
	memo_clear(&m->left);
	tally_free(m->tally);
}

static size_t
count_changed(const struct world *w, const struct bucket *b)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_keys; i++)
		n += is_delta(w, b, i) &&
		     !is_same_version(&b->keys[i], &w->indexed.keys[i]);
	return n;
}

static size_t
count_deltas(const struct world *w, const struct bucket *b)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_keys; i++)
		n += is_delta(w, b, i);
	return n;
}

static void
check_heads(const struct mount *m)
{
	struct world *w = m->w;
	size_t n = m->n_heads + m->n_left;

	w->n_heads += m->n_heads;
	w->n_left += m->n_left;
	w->n_sweeps++;
	if (m->is_refresh)
		assert_int_equal(n, count_deltas(w, &m->listed));
	else if (!w->is_spoiled)
		assert_int_equal(n, count_changed(w, &m->listed));
}

/* What is to be written is in `out`: nothing, if the bucket changed meanwhile. */
static void
sweep(struct world *w, struct written *out)
{
	struct mount m;
	struct block_list *l;

	mount_init(&m, w, out);
	list(&m);
	if (dice(w, 10) == 0)
		change(w);
	l = blocks_list(tally_blocks(m.tally));
	assert_non_null(l);
	if (ask_changed(&m, l) && !m.saw_change) {
		check_heads(&m);
		print_index(&m, l);
		check_figures(w, &m.listed, m.tally);
	}
	mount_clear(&m);
}

/* --- sampled --- */

/* A delta that sampled asks for. */
struct spot {
	struct space *space;
	size_t key;
	bool is_done;
};

struct sampling {
	struct world *w;
	struct memo_index index;
	struct memo_spots spots;
	struct tally *tally;
	struct memo left;
	bool is_anew; /* a refresh */
	bool has_left; /* it could be read */
	struct spot all[KEYS_MAX];
	size_t n;
};

/* What is known is true, and has served. */
static void
spare(struct sampling *m, struct spot *spot, int64_t original, size_t *n)
{
	struct shown s;
	const struct object *o = show(m->w, &m->w->now, spot->key, &s);

	assert_int_equal(original, m->w->now.keys[spot->key].original);
	tally_answer(m->tally, spot->space, o, original);
	spot->is_done = true;
	++*n;
}

static void
list_samples(struct sampling *m)
{
	struct world *w = m->w;
	size_t at = dice(w, (unsigned)w->n_keys);
	struct tally_part *p = tally_part_new(m->tally, NULL, 0, true);
	struct object o;
	struct space *space;
	struct shown s;

	for (size_t i = 0; i < w->n_keys; i++) {
		if (i == at && at > 0) { /* another range */
			tally_part_end(p);
			p = tally_part_new(m->tally, w->keys[at - 1],
					   strlen(w->keys[at - 1]), true);
		}
		if (!w->now.keys[i].is_there)
			continue;
		space = tally_add(p, show(w, &w->now, i, &s));
		if (space)
			m->all[m->n++] = (struct spot){ space, i, false };
	}
	tally_part_end(p);
	while ((space = tally_next_candidate(m->tally, &o))) {
		size_t i = 0;

		while (strlen(w->keys[i]) != o.key_len ||
		       memcmp(w->keys[i], o.key, o.key_len) != 0)
			i++;
		m->all[m->n++] = (struct spot){ space, i, false };
	}
}

static void
read_spots(struct sampling *m, size_t number)
{
	const struct block *b = &m->index.list.blocks[number];

	for (size_t i = 0; i < b->n_extents; i++) {
		const struct extent *e = &b->extents[i];
		const struct stored *s = &m->w->packs[e->slot];
		size_t at = extent_offset(e), len = extent_length(e);

		if (e->slot < SLOTS && s->data && at < s->len)
			memo_spots_take(&m->spots, number, e, BUCKET,
					s->data + at,
					len < s->len - at ? len : s->len - at);
	}
	memo_spots_end_read(&m->spots, number);
}

static void
head_spot(struct sampling *m, struct spot *spot, const struct object *o)
{
	int64_t original = m->w->now.keys[spot->key].original;

	tally_answer(m->tally, spot->space, o, original);
	memo_learn(&m->left, o, original);
	spot->is_done = true;
}

/* What is known without the blocks, or is not looked up. */
static void
settle_spot(struct sampling *m, struct spot *spot)
{
	const struct version *v = &m->w->now.keys[spot->key];
	struct shown s;
	const struct object *o = show(m->w, &m->w->now, spot->key, &s);

	if (m->is_anew) {
		head_spot(m, spot, o);
	} else if (is_left(&m->left, o, v)) {
		tally_answer(m->tally, spot->space, o, v->original);
		spot->is_done = true;
	}
}

/* One of those that are looked up together; false: it waits. */
static bool
look_up_one(struct sampling *m, struct spot *spot)
{
	struct world *w = m->w;
	struct shown s;
	const struct object *o = show(w, &w->now, spot->key, &s);
	int64_t original;
	size_t number;

	switch (memo_spots_find(&m->spots, o, &original, &number)) {
	case SPOT_KNOWN:
		spare(m, spot, original, &w->n_spots_read);
		break;
	case SPOT_UNKNOWN: /* a HEAD */
		head_spot(m, spot, o);
		break;
	case SPOT_READ:
		read_spots(m, number);
		return false;
	case SPOT_WAITS:
		return false;
	}
	return true;
}

static void
look_up(struct sampling *m, struct spot *spots, size_t n)
{
	bool is_over = false;

	for (size_t i = 0; i < n; i++)
		settle_spot(m, &spots[i]);
	while (!is_over) {
		is_over = true;
		memo_spots_begin_round(&m->spots);
		for (size_t i = 0; i < n; i++) {
			struct shown s;
			int64_t original;

			if (!spots[i].is_done &&
			    memo_spots_want(
				    &m->spots,
				    show(m->w, &m->w->now, spots[i].key, &s),
				    &original))
				spare(m, &spots[i], original, &m->w->n_spots);
		}
		for (size_t i = 0; i < n; i++)
			if (!spots[i].is_done && !look_up_one(m, &spots[i]))
				is_over = false;
	}
}

static void
check_sampled(struct sampling *m)
{
	struct outcome want;
	struct figures got;

	compute(m->w, &m->w->now, MODE_SAMPLED, &want);
	tally_figures(m->tally, &got);
	assert_memory_equal(&got, &want.figures, sizeof(got));
	integrity_unref(want.integrity);
}

static void
sample(struct world *w)
{
	struct sampling m = { .w = w, .tally = tally_new(MODE_SAMPLED) };
	struct err err = ERR_INIT;

	memo_index_init(&m.index);
	if (w->index.data)
		memo_index_parse(&m.index, w->index.data, w->index.len, BUCKET,
				 &err);
	memo_spots_init(&m.spots, &m.index);
	m.is_anew = dice(w, 20) == 0;
	m.has_left = dice(w, 3) == 0;
	if (m.has_left)
		take_left(w, &m.left);
	else
		memo_init(&m.left, BUCKET);
	list_samples(&m);
	for (size_t at = 0; at < m.n;) {
		size_t n = 1 + dice(w, (unsigned)(m.n - at));

		look_up(&m, m.all + at, n);
		at += n;
	}
	check_sampled(&m);
	if (m.has_left)
		leave(w, &m.left, m.is_anew);
	memo_clear(&m.left);
	memo_spots_clear(&m.spots);
	memo_index_clear(&m.index);
	tally_free(m.tally);
}

/* --- what becomes of it --- */

static void
store(struct stored *at, struct stored *s)
{
	free(at->data);
	*at = *s;
	*s = (struct stored){ 0 };
}

static void
written_clear(struct written *out)
{
	for (size_t i = 0; i < SLOTS; i++)
		free(out->packs[i].data);
	free(out->index.data);
}

/* Packs first; one may be lost, and so may all that follows. */
static void
write_all(struct world *w, struct written *out, bool is_conditional)
{
	bool is_overtaken = out->read_etag != w->index_etag;
	bool is_lost = false, has_packs = false;

	if (!out->index.data || dice(w, 10) == 0) {
		w->n[CRASHED_EARLY] += out->index.data != NULL;
		written_clear(out);
		return;
	}
	for (size_t i = 0; i < SLOTS; i++) {
		if (!out->packs[i].data)
			continue;
		w->is_spoiled = w->is_spoiled || is_overtaken;
		if (dice(w, 30) == 0) {
			is_lost = true;
		} else {
			store(&w->packs[i], &out->packs[i]);
			has_packs = true;
		}
	}
	if (dice(w, 10) == 0) {
		w->n[CRASHED_HALFWAY] += has_packs;
	} else if (is_conditional && is_overtaken) {
		w->n[WAS_OVERTAKEN] += has_packs;
	} else {
		w->is_spoiled = w->is_spoiled || is_lost || is_overtaken;
		store(&w->old_index, &w->index);
		store(&w->index, &out->index);
		w->index_etag++;
		w->indexed = out->listed;
	}
	written_clear(out);
}

/* Whatever lies there may be damaged, cut short, gone, another one's, or an older one. */
static void
damage(struct world *w, struct stored *s)
{
	size_t at = s->len ? dice(w, (unsigned)s->len) : 0;

	w->is_spoiled = true;
	switch (s->data ? dice(w, 4) : 3) {
	case 0:
		s->data[at] ^= (char)(1 << dice(w, 8));
		s->is_damaged = true;
		break;
	case 1:
		s->len = at;
		break;
	case 2:
		free(steal(&s->data));
		s->len = 0;
		break;
	case 3: /* of another mount, which was slow */
		if (w->old_index.data)
			store(&w->index, &w->old_index);
		break;
	}
}

static void
damage_any(struct world *w)
{
	if (dice(w, 4) == 0)
		damage(w, dice(w, 3) ? &w->packs[dice(w, SLOTS)] : &w->index);
	if (dice(w, 8) == 0)
		damage(w, dice(w, 2) ? &w->base : &w->recent);
}

static void
live(struct world *w, bool is_spoilt)
{
	struct written a, b;

	for (unsigned i = dice(w, 30); i > 0; i--)
		change(w);
	w->date += dice(w, 100000);
	if (is_spoilt)
		damage_any(w);
	sample(w);
	sweep(w, &a);
	if (is_spoilt && dice(w, 4) == 0) { /* two mounts at the same time */
		sweep(w, &b);
		write_all(w, &b, false);
	}
	write_all(w, &a, dice(w, 2));
}

static void
world_clear(struct world *w)
{
	for (size_t i = 0; i < SLOTS; i++)
		free(w->packs[i].data);
	free(w->index.data);
	free(w->old_index.data);
	free(w->base.data);
	free(w->recent.data);
	sha256_free(w->hash);
	free(w);
}

static void
try(uint32_t seed, bool is_spoilt, size_t *n_same, size_t n_spared[3],
    unsigned n[N_EVENTS])
{
	struct world *w = xnew(struct world);

	w->seed = seed;
	w->hash = sha256_new();
	name_keys(w);
	for (size_t i = 0; i < w->n_keys; i++)
		if (dice(w, 4))
			put(w, i, 1 + dice(w, 4));
	for (unsigned i = 0; i < 12; i++)
		live(w, is_spoilt);
	*n_same += w->n_same;
	n_spared[0] += w->n_spots;
	n_spared[1] += w->n_spots_read;
	n_spared[2] += w->n_left;
	for (size_t i = 0; i < N_EVENTS; i++)
		n[i] += w->n[i];
	world_clear(w);
}

/* Each kind has occurred so often that some of them will have met what is rare. */
static void
check_events(const unsigned n[N_EVENTS], bool is_spoilt)
{
	static const struct {
		const char *name;
		unsigned least;
	} events[] = {
		[PUT_NEW] = { "put", 10000 },
		[PUT_OVER] = { "put over the same size", 3500 },
		[DELETED] = { "deleted", 3500 },
		[RENAMED] = { "renamed", 3500 },
		[TOUCHED] = { "copied onto itself", 3500 },
		[RELABELED] = { "copied with other metadata", 3500 },
		[TOOK_TURNS] = { "mounts in turn", 1500 },
		[CRASHED_EARLY] = { "crash before the PUTs", 200 },
		[CRASHED_HALFWAY] = { "crash before the PUT of the index",
				      100 },
		[WAS_OVERTAKEN] = { "packs of one mount, index of another",
				    100 },
		[MET_DAMAGED_INDEX] = { "damaged index", 150 },
		[MET_DAMAGED_PACK] = { "damaged pack", 40 },
		[MET_OTHER_PACK] = { "pack of another index", 200 },
		[MET_SHORT_PACK] = { "pack cut short", 300 },
		[MET_NO_PACK] = { "no such pack", 500 },
		[MET_BAD_BASE] = { "damaged base", 100 },
	};
	size_t n_events = is_spoilt ? N_EVENTS : WAS_OVERTAKEN;

	for (size_t i = 0; i < n_events; i++)
		if (n[i] < brief(events[i].least))
			fail_msg("%s: %u times", events[i].name, n[i]);
}

/* One HEAD for each version that is new, whatever was lost on the way to the bucket. */
static void
test_changes_cost_a_head_each(void **state)
{
	size_t n_same = 0, n_spared[3] = { 0 };
	unsigned n[N_EVENTS] = { 0 };

	(void)state;
	for (uint32_t seed = 1; seed <= brief(400); seed++)
		try(seed, false, &n_same, n_spared, n);
	assert_true(n_same > brief(10000)); /* and most blocks are known */
	assert_true(n_spared[0] > brief(4000)); /* and what sampled asks for */
	assert_true(n_spared[1] > brief(3000));
	assert_true(n_spared[2] > brief(3000)); /* and what it has left */
	check_events(n, false);
}

/* Nothing that lies there, or is written in between, makes a figure wrong. */
static void
test_spoilt_memo_is_never_wrong(void **state)
{
	size_t n_same = 0, n_spared[3] = { 0 };
	unsigned n[N_EVENTS] = { 0 };

	(void)state;
	for (uint32_t seed = 1; seed <= brief(400); seed++)
		try(seed, true, &n_same, n_spared, n);
	assert_true(n_same > brief(5000));
	check_events(n, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes_cost_a_head_each),
		cmocka_unit_test(test_spoilt_memo_is_never_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
