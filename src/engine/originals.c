/* SPDX-License-Identifier: MIT */
/*
 * Original sizes of deltas: see originals.h.  Net thread only.
 */
#include "config.h"

#include "engine/originals.h"

#include "stats/memo-run.h"
#include "util/log.h"

void
originals_begin(struct originals *o)
{
	sweep_stop(&o->sweep);
	sweep_begin(&o->sweep);
	o->n_heads = o->n_remembered = 0;
	o->is_by_blocks = o->is_listed = false;
	o->blocks = NULL;
}

/* --- the memo --- */

static bool
find(void *arg, const struct object *listed, int64_t *original)
{
	struct originals *o = arg;

	if (!o->is_memo_ready || o->is_anew || o->is_by_blocks ||
	    !memo_find(bucket_memo(o->memo), listed, original))
		return false;
	o->n_remembered++;
	return true;
}

static void
learn_in_block(struct originals *o, const struct object *listed,
	       int64_t original)
{
	struct block *b;

	if (blocks_are_void(o->blocks))
		return;
	b = blocks_of(o->blocks, listed->key, listed->key_len);
	if (b)
		memo_learn_block(b, listed, bucket_memo(o->memo)->hash,
				 original);
}

static void
on_known(void *arg, const struct object *listed, int64_t original)
{
	struct originals *o = arg;

	if (!o->is_by_blocks && o->has_joined)
		memo_learn(bucket_memo(o->memo), listed, original);
	else if (o->is_by_blocks && o->blocks)
		learn_in_block(o, listed, original);
}

/* What it knows of those that have waited for it counts as HEADs no more. */
static void
on_ready(void *arg)
{
	struct originals *o = arg;
	unsigned n_before = o->sweep.n_queued;

	o->is_memo_ready = true;
	sweep_settle(&o->sweep, find, o);
	o->n_heads -= n_before - o->sweep.n_queued;
	o->on_answer(o->arg, NULL);
}

static void
join(struct originals *o)
{
	o->has_joined = true;
	o->user = (struct memo_user){ .on_ready = on_ready,
				      .arg = o,
				      .is_anew = o->is_anew };
	o->before = bucket_memo_traffic(o->memo);
	bucket_memo_join(o->memo, &o->user);
}

/* --- what the owner asks --- */

static void
on_answer(void *arg, const struct err *err)
{
	struct originals *o = arg;

	o->on_answer(o->arg, err);
}

void
originals_init(struct originals *o, const struct originals_place *place)
{
	o->sweep = (struct sweep){ .s3 = place->s3,
				   .slots = place->slots,
				   .bucket = place->bucket->name,
				   .client = { .group = place->bucket },
				   .on_answer = on_answer,
				   .on_known = o->memo ? on_known : NULL,
				   .arg = o };
}

/* So many that the memo is worth asking. */
static bool
are_many(const struct originals *o)
{
	return o->n_heads >= memo_heads_min(bucket_memo_env(o->memo));
}

/* Whether that will turn out before the end of the LIST, and blocks do not learn. */
static bool
is_held(const struct originals *o)
{
	return o->memo && !o->has_joined && !o->is_listed && !o->blocks &&
	       !are_many(o);
}

bool
originals_are_behind(const struct originals *o)
{
	bool is_awaited = o->has_joined && !o->is_memo_ready;

	return !is_awaited && !is_held(o) && sweep_is_behind(&o->sweep);
}

void
originals_ask(struct originals *o, struct tally *tally, struct space *space,
	      const struct object *object)
{
	int64_t original;

	if (object->metadata) {
		tally_answer(tally, space, object,
			     original_size_parse(object->metadata));
		return;
	}
	if (find(o, object, &original)) {
		tally_answer(tally, space, object, original);
		return;
	}
	o->n_heads++;
	sweep_add(&o->sweep, tally, space, object);
}

void
originals_send(struct originals *o)
{
	bool may_join = o->memo && !o->is_by_blocks && o->sweep.queue;

	if (is_held(o))
		return;
	if (may_join && !o->has_joined && are_many(o))
		join(o);
	if (o->is_by_blocks || !o->has_joined || o->is_memo_ready)
		sweep_send(&o->sweep);
}

void
originals_end_listing(struct originals *o)
{
	o->is_listed = true;
}

void
originals_end(struct originals *o, bool is_of_all)
{
	if (!o->has_joined)
		return;
	o->use = (struct memo_use){
		.is_asked = true,
		.n_spared = o->n_remembered,
		.n_records = (int64_t)memo_count(bucket_memo(o->memo)),
		.n_read = (int64_t)originals_traffic(o).n_bytes,
		.written_at = bucket_memo_written_at(o->memo),
	};
	o->use.written = bucket_memo_end_sweep(o->memo, &o->user, is_of_all);
}

struct traffic
originals_traffic(const struct originals *o)
{
	struct traffic now;

	if (!o->has_joined)
		return (struct traffic){ 0 };
	now = bucket_memo_traffic(o->memo);
	return (struct traffic){ now.n_requests - o->before.n_requests,
				 now.n_bytes - o->before.n_bytes };
}

void
originals_stop(struct originals *o)
{
	o->n_heads -= o->sweep.n_queued;
	sweep_stop(&o->sweep);
}

void
originals_leave(struct originals *o)
{
	if (o->has_joined)
		bucket_memo_leave(o->memo, &o->user);
	o->has_joined = o->is_memo_ready = false;
}
