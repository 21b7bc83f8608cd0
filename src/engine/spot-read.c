/* SPDX-License-Identifier: MIT */
/*
 * Records of single deltas: see spot-read.h.  Net thread only.
 */
#include "config.h"

#include "engine/spot-read.h"

#include <errno.h>

#include <utlist.h>

/* One block that is read: extents that touch each other, and then the next ones. */
struct spot_get {
	struct spot_read *owner;
	size_t number; /* of the block */
	size_t n_read; /* extents */
	struct spot_get *prev, *next; /* of those that wait */
};

static const struct block *
block_of(const struct spot_get *g)
{
	return &g->owner->index.list.blocks[g->number];
}

/* --- records --- */

static void
end_block(struct spot_get *g)
{
	memo_spots_end_read(&g->owner->spots, g->number);
	free(g);
}

/* Those that wait are not read: for a few deltas of each a whole pack is too much, too. */
static void
close_waiting(struct spot_read *r)
{
	struct spot_get *g;

	r->spots.is_closed = true;
	pack_read_close(&r->packs);
	slots_leave(r->slots, &r->client);
	while ((g = r->waiting)) {
		DL_DELETE(r->waiting, g);
		end_block(g);
	}
}

static void
take(struct spot_get *g, const struct extent *e, size_t n, const char *data)
{
	struct spot_read *r = g->owner;

	for (size_t i = 0; data && i < n; i++) {
		size_t len = extent_length(&e[i]);

		if (memo_spots_take(&r->spots, g->number, &e[i],
				    r->bucket->name, data, len))
			r->n_records += e[i].n;
		data += len;
	}
	g->n_read += n;
}

static void
on_read(void *arg, void *of, const struct extent *e, size_t n, const char *data)
{
	struct spot_read *r = arg;
	struct spot_get *g = of;
	bool has_all;

	take(g, e, n, data);
	if (r->packs.is_useless || r->packs.has_whole)
		close_waiting(r);
	has_all = r->spots.is_closed || g->n_read == block_of(g)->n_extents;
	if (has_all)
		end_block(g);
	else
		DL_PREPEND(r->waiting, g);
	slots_completed(r->slots, &r->client);
	if (r->waiting) /* it may be sent by now, with all others */
		slots_want(r->slots, &r->client);
	r->on_step(r->arg);
}

static bool
send_one(void *arg)
{
	struct spot_read *r = arg;
	struct spot_get *g = r->waiting;
	const struct block *b = block_of(g);

	DL_DELETE(r->waiting, g);
	pack_read(&r->packs, g, b->extents + g->n_read,
		  b->n_extents - g->n_read);
	return r->waiting != NULL;
}

void
spot_read_block(struct spot_read *r, size_t number)
{
	struct spot_get *g = xnew(struct spot_get);

	g->owner = r;
	g->number = number;
	DL_APPEND(r->waiting, g);
	slots_want(r->slots, &r->client);
}

/* --- the index --- */

static void
take_index(struct spot_read *r, const struct buf *body)
{
	struct err err = ERR_INIT;
	enum memo_verdict verdict = memo_index_parse(
		&r->index, buf_str(body), body->len, r->bucket->name, &err);

	r->has_epoch = verdict == MEMO_GOOD;
	r->epoch = r->index.stamp.epoch;
	if (r->has_epoch)
		return;
	block_memo_warn(r->memo, &err);
	r->is_bad =
		verdict != MEMO_FOREIGN || block_memo_may_take_over(r->memo);
}

/* There is none, or it can't be read. */
static void
take_failure(struct spot_read *r, const struct index_answer *answer)
{
	r->has_epoch = answer->status == 404;
	r->is_bad = answer->err.code == EFBIG;
	if (!r->has_epoch)
		block_memo_warn(r->memo, &answer->err);
}

static void
on_index(void *arg)
{
	struct spot_read *r = arg;
	const struct index_answer *answer = index_read_answer(r->index_read);

	if (answer->err.code == 0)
		take_index(r, &answer->body);
	else
		take_failure(r, answer);
	r->is_bad = r->is_bad && block_memo_may_write(r->memo);
	if (r->is_bad) { /* what is written from now on is of another one */
		r->has_epoch = true;
		r->epoch = block_memo_new_epoch();
	}
	memo_spots_init(&r->spots, &r->index);
	r->is_ready = true;
	r->on_step(r->arg);
}

void
spot_read_begin(struct spot_read *r, struct index_read *index)
{
	r->index_read = index_read_ref(index);
	r->reader = (struct index_reader){ .on_ready = on_index, .arg = r };
	index_read_join(index, &r->reader);
}

/* --- from first to last --- */

void
spot_read_init(struct spot_read *r)
{
	r->client = (struct slots_client){ .send = send_one,
					   .arg = r,
					   .group = r->bucket };
	r->packs.traffic = &r->traffic;
	r->packs.on_read = on_read;
	r->packs.arg = r;
	memo_index_init(&r->index);
}

void
spot_read_stop(struct spot_read *r)
{
	close_waiting(r);
	if (r->index_read)
		index_read_leave(r->index_read, &r->reader);
	pack_read_stop(&r->packs);
}

bool
spot_read_is_idle(const struct spot_read *r)
{
	return pack_read_is_idle(&r->packs);
}

void
spot_read_clear(struct spot_read *r)
{
	memo_spots_clear(&r->spots);
	memo_index_clear(&r->index);
	index_read_unref(steal(&r->index_read));
}
