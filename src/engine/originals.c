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
	o->n_heads = o->n_remembered = o->n_learned = o->n_worth = 0;
	o->n_told = 0;
	o->is_by_blocks = o->is_listed = o->has_news = false;
	o->is_shown = o->may_ask_spots = false;
	o->has_epoch = o->user.is_settled = false;
	o->blocks = NULL;
	o->index = NULL;
	memo_aside_go_on(&o->aside, o->memo);
}

/* --- the memo --- */

/* That memo is asked: by blocks, too, if it is worth it. */
static bool
asks_memo(const struct originals *o)
{
	return o->memo && (!o->is_by_blocks || o->n_worth > 0);
}

static bool
knows(const struct originals *o, const struct object *listed, int64_t *original)
{
	return o->user.is_settled && !o->is_anew && asks_memo(o) &&
	       memo_find(bucket_memo(o->memo), listed, original);
}

/* By blocks nothing is told before HEADs may be sent: it may be listed again. */
static bool
find(void *arg, const struct object *listed, int64_t *original)
{
	struct originals *o = arg;

	if (o->is_by_blocks || !knows(o, listed, original))
		return false;
	o->n_remembered++;
	return true;
}

/* Its blocks are asked, too. */
static bool
asks_spots(const struct originals *o)
{
	return o->may_ask_spots && o->spots.is_ready;
}

/* What packs were read for need not be read again. */
static enum head_fate
spare_by_spot(struct originals *o, const struct object *listed,
	      int64_t original)
{
	if (memo_spots_was_read(&o->spots.spots, listed))
		bucket_memo_borrow(o->memo, &o->user, listed, original);
	return HEAD_IS_SPARED;
}

/* Without reading more: those that are left are counted, block by block. */
static enum head_fate
want(void *arg, const struct object *listed, int64_t *original)
{
	struct originals *o = arg;

	return memo_spots_want(&o->spots.spots, listed, original)
		       ? spare_by_spot(o, listed, *original)
		       : HEAD_WAITS;
}

static void
learn_in_block(struct originals *o, const struct object *listed,
	       int64_t original)
{
	struct block *b;

	if (!o->blocks || blocks_are_void(o->blocks))
		return;
	b = blocks_of(o->blocks, listed->key, listed->key_len);
	if (!b)
		return;
	memo_learn_block(b, listed, bucket_memo(o->memo)->hash, original);
	o->n_learned++;
}

/* What a HEAD says. */
static void
learn_by_blocks(struct originals *o, const struct object *listed,
		int64_t original)
{
	struct sha256 *hash = bucket_memo(o->memo)->hash;
	unsigned char digest[SHA256_LEN];
	struct object known = *listed;

	object_digest(listed, hash, digest); /* once for both */
	known.digest = digest;
	learn_in_block(o, &known, original);
	memo_aside_learn(&o->aside, &known, hash, original);
}

/* What is held by blocks. */
static enum head_fate
judge_by_blocks(void *arg, const struct object *listed, int64_t *original)
{
	struct originals *o = arg;

	if (!knows(o, listed, original))
		return HEAD_IS_NEEDED;
	learn_in_block(o, listed, *original);
	return HEAD_IS_SPARED;
}

static enum head_fate
judge(void *arg, const struct object *listed, int64_t *original)
{
	struct originals *o = arg;
	size_t number;

	if (knows(o, listed, original))
		return HEAD_IS_SPARED;
	if (!asks_spots(o))
		return HEAD_IS_NEEDED;
	switch (memo_spots_find(&o->spots.spots, listed, original, &number)) {
	case SPOT_READ:
		spot_read_block(&o->spots, number);
		return HEAD_WAITS;
	case SPOT_WAITS:
		return HEAD_WAITS;
	case SPOT_KNOWN:
		return spare_by_spot(o, listed, *original);
	default:
		return HEAD_IS_NEEDED;
	}
}

/* What is known of those that are held; whether that has spared some. */
static bool
look_up(struct originals *o)
{
	unsigned n_before = o->sweep.n_queued, n_spared;

	if (!o->has_news)
		return false;
	o->has_news = false;
	if (asks_spots(o) && !o->is_by_blocks) {
		memo_spots_begin_round(&o->spots.spots);
		sweep_judge(&o->sweep, want, o);
	}
	sweep_judge(&o->sweep, o->is_by_blocks ? judge_by_blocks : judge, o);
	n_spared = n_before - o->sweep.n_queued;
	o->n_heads -= n_spared;
	o->n_remembered += n_spared;
	return n_spared > 0;
}

static void
on_spots(void *arg)
{
	struct originals *o = arg;

	o->has_news = true;
	o->on_answer(o->arg, NULL);
}

static void
on_known(void *arg, const struct object *listed, int64_t original)
{
	struct originals *o = arg;

	if (!o->is_by_blocks && o->has_joined) {
		bucket_memo_learn(o->memo, &o->user, listed, original);
		o->n_told++;
	} else if (o->is_by_blocks) {
		learn_by_blocks(o, listed, original);
	}
}

static void
on_ready(void *arg)
{
	struct originals *o = arg;

	o->is_memo_ready = true;
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

/* All that is known is there. */
static bool
is_ready(const struct originals *o)
{
	bool has_index = !o->spots.index_read || o->spots.is_ready;

	return !o->has_joined || (o->is_memo_ready && has_index);
}

/* What the memo has to be of, so that it is believed. */
static bool
find_epoch(const struct originals *o, uint64_t *epoch)
{
	const struct block_memo *blocks = o->spots.memo;

	if (!blocks) { /* it is in memory */
		*epoch = 0;
		return true;
	}
	if (block_memo_is_doubted(blocks)) {
		*epoch = block_memo_doubts(blocks).epoch;
		return true;
	}
	*epoch = o->has_epoch	      ? o->epoch
		 : o->spots.has_epoch ? o->spots.epoch
				      : block_memo_doubts(blocks).epoch;
	return o->has_epoch || o->spots.has_epoch;
}

/* What it knows of those that have waited for it counts as HEADs no more. */
static bool
settle(struct originals *o)
{
	unsigned n_before = o->sweep.n_queued, n_spared;
	uint64_t epoch;
	bool has_epoch;

	if (!o->has_joined || !o->is_memo_ready || o->user.is_settled)
		return false;
	has_epoch = find_epoch(o, &epoch);
	if (!bucket_memo_settle(o->memo, &o->user, epoch, !has_epoch))
		return false;
	o->n_records = (int64_t)memo_count_written(bucket_memo(o->memo));
	sweep_settle(&o->sweep, find, o);
	n_spared = n_before - o->sweep.n_queued;
	o->n_heads -= n_spared;
	return n_spared > 0;
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
	o->spots = (struct spot_read){ .slots = place->slots,
				       .bucket = place->bucket,
				       .memo = place->blocks,
				       .packs = { .s3 = place->s3,
						  .timers = place->timers,
						  .bucket = place->bucket,
						  .limits = place->limits },
				       .on_step = on_spots,
				       .arg = o };
	spot_read_init(&o->spots);
	memo_aside_init(&o->aside, o->memo);
}

void
originals_use_index(struct originals *o, struct index_read *index)
{
	struct block_memo *blocks = o->memo ? o->spots.memo : NULL;
	bool is_doubted = blocks && block_memo_is_doubted(blocks);

	/* what is being put may be there before anything is asked */
	if (is_doubted)
		originals_set_epoch(o, block_memo_doubts(blocks).epoch);
	o->index = blocks && !is_doubted ? index : NULL;
	o->may_ask_spots =
		o->index && !o->is_anew && !bucket_memo_is_doubted(o->memo);
}

void
originals_set_epoch(struct originals *o, uint64_t epoch)
{
	o->has_epoch = true;
	o->epoch = epoch;
}

void
originals_use_memo(struct originals *o, unsigned n_worth, bool are_more)
{
	bool is_doubted = o->is_anew || bucket_memo_is_doubted(o->memo);

	o->n_worth = is_doubted ? 0 : n_worth;
	o->is_listed = o->is_listed && !(are_more && o->n_worth > 0);
}

/* So many that the memo is worth asking. */
static bool
are_many(const struct originals *o)
{
	bool is_mended = o->is_anew && o->is_shown;
	unsigned min = memo_heads_min(bucket_memo_env(o->memo));

	return o->n_heads >= o->n_worth && o->n_heads >= (is_mended ? 1 : min);
}

/* Whether that will turn out before the end of the LIST, and nothing else is asked. */
static bool
is_held(const struct originals *o)
{
	bool is_for_blocks = o->blocks && o->n_worth == 0;

	return o->memo && !o->has_joined && !o->is_listed && !is_for_blocks &&
	       !are_many(o);
}

bool
originals_are_behind(const struct originals *o)
{
	return is_ready(o) && !is_held(o) && sweep_is_behind(&o->sweep);
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
	if (!o->may_ask_spots && !o->is_by_blocks) {
		sweep_add(&o->sweep, tally, space, object);
		return;
	}
	o->has_news = true;
	sweep_hold(&o->sweep, tally, space, object);
}

bool
originals_send(struct originals *o)
{
	bool may_join = asks_memo(o) && o->sweep.n_queued > 0, has_spared;

	if (is_held(o))
		return false;
	if (may_join && !o->has_joined && are_many(o))
		join(o);
	if (o->has_joined && o->index && !o->spots.index_read)
		spot_read_begin(&o->spots, o->index);
	if (asks_memo(o) && !is_ready(o))
		return false;
	has_spared = settle(o);
	has_spared = look_up(o) || has_spared;
	sweep_send(&o->sweep);
	return has_spared;
}

void
originals_end_listing(struct originals *o)
{
	o->is_listed = true;
}

/* What lies there is still of the epoch before: nobody else would believe it. */
static bool
is_early(const struct originals *o, bool is_of_all)
{
	return o->spots.memo && block_memo_is_doubted(o->spots.memo) &&
	       !o->is_anew && !is_of_all;
}

/* It is damaged; and what is of no epoch that it tells is of none that is believed. */
static struct traffic
void_index(const struct originals *o)
{
	const struct block_doubt doubt = { .epoch = o->spots.epoch };

	return block_memo_void(o->spots.memo, o, &doubt,
			       index_read_over(o->spots.index_read));
}

void
originals_end(struct originals *o, bool is_of_all)
{
	const struct memo_end end = { .is_of_all = is_of_all,
				      .is_whole =
					      o->n_told == o->sweep.n_answers };

	if (!o->has_joined)
		return;
	o->use = (struct memo_use){
		.is_asked = true,
		.n_spared = o->n_remembered,
		.n_records = o->n_records + o->spots.n_records,
		.n_read = (int64_t)traffic_sum(
				  originals_traffic(o),
				  index_read_traffic(o->spots.index_read))
				  .n_bytes,
		.written_at = bucket_memo_written_at(o->memo),
	};
	if (!is_early(o, is_of_all))
		o->use.written = bucket_memo_end_sweep(o->memo, &o->user, &end);
	if (o->spots.is_bad)
		o->use.written = traffic_sum(o->use.written, void_index(o));
}

struct traffic
originals_traffic(const struct originals *o)
{
	struct traffic now;

	if (!o->has_joined)
		return (struct traffic){ 0 };
	now = bucket_memo_traffic(o->memo);
	return traffic_sum(
		(struct traffic){ now.n_requests - o->before.n_requests,
				  now.n_bytes - o->before.n_bytes },
		o->spots.traffic);
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
	spot_read_stop(&o->spots);
}

bool
originals_are_idle(const struct originals *o)
{
	return sweep_is_idle(&o->sweep) && spot_read_is_idle(&o->spots);
}

void
originals_clear(struct originals *o)
{
	spot_read_clear(&o->spots);
	memo_aside_clear(&o->aside);
}
