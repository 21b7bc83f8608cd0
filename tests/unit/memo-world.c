/* SPDX-License-Identifier: MIT */
/*
 * A bucket and its memo through histories: see memo-world.h.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "brief.h"
#include "memo-world.h"
#include "stats/stats.h"

#define MOUNTS 3

/* --- a bucket --- */

unsigned
world_dice(struct world *w, unsigned n)
{
	w->seed = w->seed * 1664525 + 1013904223;
	return (w->seed >> 16) % n;
}

void
world_put(struct world *w, unsigned key, int64_t size)
{
	w->keys[key] = (struct version){
		.is_there = true,
		.size = size,
		.original = world_dice(w, 5) ? (int64_t)world_dice(w, 60000) *
						       70000000 / 60
					     : ORIGINAL_UNKNOWN,
		.etag = w->n_etags++,
		.date = w->clock++,
	};
}

static void
change(struct world *w, unsigned n_keys)
{
	unsigned key = world_dice(w, n_keys), other = world_dice(w, n_keys);
	struct version *v = &w->keys[key];

	switch (v->is_there ? world_dice(w, 6) : 0) {
	case 0:
		world_put(w, key, world_dice(w, 4));
		break;
	case 1: /* the same length, other bytes */
		world_put(w, key, v->size);
		break;
	case 2:
		v->is_there = false;
		break;
	case 3: /* the same bytes elsewhere */
		w->keys[other] = *v;
		w->keys[other].date = w->clock++;
		v->is_there = other == key;
		break;
	case 4: /* copied onto itself */
		v->date = w->clock++;
		break;
	case 5: /* with other metadata */
		v->original = world_dice(w, 100);
		v->date = w->clock++;
		break;
	}
}

/* What no listing shows; so somebody refreshes all. */
static void
change_unseen(struct world *w, unsigned n_keys)
{
	for (unsigned key = 0; key < n_keys; key += 2)
		w->keys[key].original++;
	w->epoch++;
}

/* --- what lies in it --- */

static void
store(struct stored *s, const struct buf *b)
{
	free(s->data);
	s->data = xmalloc(b->len);
	s->len = b->len;
	memcpy(s->data, b->data, b->len);
}

static void
damage(struct world *w)
{
	struct stored *s = world_dice(w, 2) ? &w->base : &w->recent;

	if (s->len == 0)
		return;
	if (world_dice(w, 2))
		s->data[world_dice(w, (unsigned)s->len)] ^= 1
							    << world_dice(w, 8);
	else
		s->len = world_dice(w, (unsigned)s->len);
}

/* --- mounts --- */

void
world_load(const struct world *w, struct memo *m)
{
	struct buf base CLEANUP_BUF = BUF_INIT(MEMO_BYTES_MAX);
	struct buf recent CLEANUP_BUF = BUF_INIT(MEMO_BYTES_MAX);

	memo_rest(m);
	buf_add(&base, w->base.data, w->base.len);
	buf_add(&recent, w->recent.data, w->recent.len);
	if (base.len > 0)
		memo_take_base(m, &base, NULL);
	if (recent.len > 0)
		memo_take_recent(m, &recent, NULL);
	memo_note_read(m);
	memo_expect(m, w->epoch);
}

static void
ask(struct world *w, struct memo *m, unsigned key, bool is_anew)
{
	const struct version *v = &w->keys[key];
	char name[16], etag[16], date[16];
	struct object o = { .key = name, .etag = etag, .last_modified = date };
	int64_t original;

	o.key_len = (size_t)snprintf(name, sizeof(name), "%u.delta", key);
	o.size = v->size;
	snprintf(etag, sizeof(etag), "%x", v->etag);
	snprintf(date, sizeof(date), "%u", v->date);
	if (!is_anew && memo_find(m, &o, &original)) {
		assert_true(original == v->original);
		return;
	}
	w->n_heads++;
	if (is_anew)
		memo_learn_anew(m, &o, v->original);
	else
		memo_learn(m, &o, v->original);
	assert_true(memo_count(m) <= MEMO_HELD_MAX);
}

/* A sweep asks for one delta of `step`. */
void
world_sweep(struct world *w, struct memo *m, unsigned n_keys, unsigned step,
	    bool is_anew)
{
	for (unsigned key = 0; key < n_keys; key += step)
		if (w->keys[key].is_there)
			ask(w, m, key, is_anew);
}

void
world_end(struct world *w, struct memo *m, unsigned step, bool is_anew,
	  bool is_lost)
{
	struct memo_sweep s = { .is_of_all = step == 1, .is_anew = is_anew };
	enum memo_write what = memo_end_sweep(m, &s, w->now);
	const struct buf *b;

	if (what == MEMO_WRITE_NOTHING)
		return;
	b = memo_pack(m, what, &s, w->now);
	assert_non_null(b);
	assert_true(memo_count(m) + m->unsaved.n <= MEMO_HELD_MAX);
	w->n_written += b->len;
	if (!is_lost)
		store(what == MEMO_WRITE_BASE ? &w->base : &w->recent, b);
	memo_note_written(m, !is_lost);
}

void
world_clear(struct world *w)
{
	free(w->base.data);
	free(w->recent.data);
	free(w);
}

static void
live(uint32_t seed)
{
	struct world *w = xnew(struct world);
	struct memo mounts[MOUNTS];
	unsigned n_keys;

	w->seed = seed;
	n_keys = 1 + world_dice(w, 30);
	for (int i = 0; i < MOUNTS; i++)
		memo_init(&mounts[i], BUCKET);
	for (int i = 0; i < 60; i++) {
		struct memo *m = &mounts[world_dice(w, MOUNTS)];
		struct memo *other = &mounts[world_dice(w, MOUNTS)];
		unsigned step = 1 + 3 * (world_dice(w, 3) == 0);
		bool is_anew = world_dice(w, 10) == 0;

		for (unsigned n = world_dice(w, 4); n > 0; n--)
			change(w, n_keys);
		w->now += world_dice(w, 30000);
		if (world_dice(w, 15) == 0)
			damage(w);
		world_load(w, m);
		if (is_anew)
			memo_distrust(m);
		world_sweep(w, m, n_keys, step, is_anew);
		if (world_dice(w, 10) == 0)
			change_unseen(w, n_keys);
		if (other != m && world_dice(w, 3) == 0) { /* it is quicker */
			world_load(w, other);
			world_sweep(w, other, n_keys, 1, false);
			world_end(w, other, 1, false, world_dice(w, 5) == 0);
		}
		if (world_dice(w, 8) > 0) /* else it is stopped */
			world_end(w, m, step, is_anew, world_dice(w, 8) == 0);
	}
	for (int i = 0; i < MOUNTS; i++)
		memo_clear(&mounts[i]);
	world_clear(w);
}

/* --- what it costs --- */

struct world *
world_new(unsigned n)
{
	struct world *w = xnew(struct world);

	w->seed = 1;
	for (unsigned i = 0; i < n; i++)
		world_put(w, i, 10);
	return w;
}

/* The HEADs of a sweep by a mount that knows nothing. */
size_t
world_fresh_heads(struct world *w, unsigned n, unsigned step, bool is_anew)
{
	struct memo m;

	w->n_heads = 0;
	memo_init(&m, BUCKET);
	world_load(w, &m);
	world_sweep(w, &m, n, step, is_anew);
	world_end(w, &m, step, is_anew, false);
	memo_clear(&m);
	return w->n_heads;
}

void
world_histories(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= brief(2000); seed++)
		live(seed);
}
