/* SPDX-License-Identifier: MIT */
/*
 * Records of single deltas: see spot-read.h.  Net thread only.
 */
#include "config.h"

#include "engine/spot-read.h"

#include <utlist.h>

#include "s3/s3-object.h"

/* One block that is read: an extent after the other. */
struct spot_get {
	struct spot_read *owner;
	size_t number; /* of the block */
	size_t n_read; /* extents */
	struct s3_call *call; /* NULL: it waits */
	struct timer limit;
	struct spot_get *prev, *next;
};

static const struct block *
block_of(const struct spot_get *g)
{
	return &g->owner->index.list.blocks[g->number];
}

/* --- records --- */

static void
take(struct spot_get *g, const struct s3_answer *answer)
{
	struct spot_read *r = g->owner;
	const struct extent *e = &block_of(g)->extents[g->n_read];
	size_t len = extent_length(e);
	const char *data = NULL;

	if (answer->err.code == 0)
		data = s3_part(answer, extent_offset(e), len);
	else
		r->spots.is_closed = true;
	if (data && memo_spots_take(&r->spots, g->number, e, r->bucket->name,
				    data, len))
		r->n_records += e->n;
}

static void
end_block(struct spot_get *g)
{
	memo_spots_end_read(&g->owner->spots, g->number);
	free(g);
}

static void
on_get(void *arg, const struct s3_answer *answer)
{
	struct spot_get *g = arg;
	struct spot_read *r = g->owner;
	bool has_all;

	g->call = NULL;
	timer_disarm(r->timers, &g->limit);
	DL_DELETE(r->sent, g);
	take(g, answer);
	g->n_read++;
	has_all = r->spots.is_closed || g->n_read == block_of(g)->n_extents;
	if (has_all)
		end_block(g);
	else
		DL_PREPEND(r->waiting, g);
	slots_completed(r->slots, &r->client);
	if (!has_all)
		slots_want(r->slots, &r->client);
	r->on_step(r->arg);
}

/* HEADs tell the same. */
static void
on_limit(void *arg)
{
	struct spot_get *g = arg;

	s3_cancel(g->call);
}

static bool
send_one(void *arg)
{
	struct spot_read *r = arg;
	struct spot_get *g = r->waiting;
	const struct extent *e = &block_of(g)->extents[g->n_read];
	char key[BLOCK_MEMO_KEY_MAX];

	DL_DELETE(r->waiting, g);
	DL_APPEND(r->sent, g);
	block_memo_print_pack_key(key, sizeof(key), e->slot);
	g->call = s3_get_object(r->s3,
				&(struct s3_get){ .bucket = r->bucket->name,
						  .key = key,
						  .max = PACK_BYTES_MAX,
						  .traffic = &r->traffic,
						  .first = extent_offset(e),
						  .n = extent_length(e) },
				on_get, g);
	timer_init(&g->limit, on_limit, g);
	timer_arm(r->timers, &g->limit, r->limits->timeout_ms / CACHE_GET_PART);
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

	if (memo_index_parse(&r->index, buf_str(body), body->len,
			     r->bucket->name, &err) != MEMO_GOOD)
		block_memo_warn(r->memo, &err);
}

static void
on_index(void *arg)
{
	struct spot_read *r = arg;
	const struct index_answer *answer = index_read_answer(r->index_read);

	if (answer->err.code == 0)
		take_index(r, &answer->body);
	else if (answer->status != 404)
		block_memo_warn(r->memo, &answer->err);
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
	memo_index_init(&r->index);
}

void
spot_read_stop(struct spot_read *r)
{
	struct spot_get *g;

	r->spots.is_closed = true;
	slots_leave(r->slots, &r->client);
	if (r->index_read)
		index_read_leave(r->index_read, &r->reader);
	while ((g = r->waiting)) {
		DL_DELETE(r->waiting, g);
		end_block(g);
	}
	DL_FOREACH (r->sent, g)
		s3_cancel(g->call);
}

bool
spot_read_is_idle(const struct spot_read *r)
{
	return !r->sent;
}

void
spot_read_clear(struct spot_read *r)
{
	memo_spots_clear(&r->spots);
	memo_index_clear(&r->index);
	index_read_unref(steal(&r->index_read));
}
