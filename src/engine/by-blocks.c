/* SPDX-License-Identifier: MIT */
/*
 * Whether a walk goes by blocks, and when: see by-blocks.h.  Net thread only.
 */
#include "config.h"

#include "engine/by-blocks.h"

#include "util/date.h"

/* So often a bucket may change while it is looked at by blocks. */
#define OUTDATED_MAX 5

bool
by_blocks_is(const struct by_blocks *b, enum blocks_order order)
{
	return b->is_on && b->order == order;
}

/* --- when HEADs are sent --- */

/* So many deltas are worth going by blocks. */
static bool
are_many(const struct by_blocks *b)
{
	return b->n_deltas >= memo_heads_min(bucket_memo_env(b->bucket_memo));
}

/* What the index does not know is asked for when the LIST is complete. */
void
by_blocks_ask_later(struct by_blocks *b)
{
	b->order = BLOCKS_LATER;
	originals_stop(b->sweep.originals);
	block_sweep_forget(&b->sweep);
}

/* That of the memo, as far as the listing and the index tell. */
static bool
find_epoch(const struct by_blocks *b, uint64_t *epoch)
{
	*epoch = b->sweep.is_read ? b->sweep.epoch : 0;
	return b->sweep.is_read ? b->sweep.has_epoch : b->index == INDEX_ABSENT;
}

/* What sampled has asked for; but a refresh asks for all, as long as it is not put. */
static void
use_memo(struct by_blocks *b, bool are_more)
{
	unsigned n = b->sweep.is_anew ? 0 : memo_sight_heads(&b->sight);
	uint64_t epoch;
	bool has_epoch = find_epoch(b, &epoch);

	if (has_epoch)
		originals_set_epoch(b->sweep.originals, epoch);
	originals_use_memo(b->sweep.originals, has_epoch ? n : 0, are_more);
}

/* As if there were none, from here on. */
static void
leave_blocks(struct by_blocks *b)
{
	b->is_on = b->sweep.originals->is_by_blocks = false;
	originals_use_memo(b->sweep.originals, 0, false);
	originals_use_index(b->sweep.originals, b->read);
	block_sweep_forget(&b->sweep);
}

/* What no block will learn is asked of what this mount remembers itself. */
static void
ask_at_once(struct by_blocks *b)
{
	if (!block_memo_may_write(b->sweep.memo)) {
		leave_blocks(b);
		return;
	}
	b->order = BLOCKS_AT_ONCE;
	use_memo(b, false);
	block_sweep_learn(&b->sweep, b->tally);
}

/* Where there is an index, those that wait may be all there are, and too few for it. */
static void
choose_order(struct by_blocks *b)
{
	bool is_useless =
		b->sweep.is_read && !block_sweep_must_compare(&b->sweep);

	if (b->order != BLOCKS_OPEN)
		return;
	if (b->index == INDEX_ABSENT || b->sweep.is_anew || is_useless)
		ask_at_once(b);
	else if (b->index == INDEX_SHOWN && are_many(b))
		by_blocks_ask_later(b);
}

/* --- all begins again --- */

/* With a space for each delta that waits. */
static void
begin_without(struct by_blocks *b)
{
	b->is_off = true;
	b->on_again(b->arg);
}

static void
give_up(struct by_blocks *b, const char *why)
{
	block_memo_give_up(b->sweep.memo, why);
	begin_without(b);
}

/* What HEADs have told by now is true of the next listing, too. */
static void
begin_outdated(struct by_blocks *b)
{
	b->is_outdated = false;
	if (tally_blocks(b->tally) && ++b->n_outdated < OUTDATED_MAX) {
		block_sweep_take_over(&b->sweep);
		b->on_again(b->arg);
		return;
	}
	block_sweep_write(&b->sweep);
	give_up(b, "it changes all the time");
}

/* The HEADs have told of more deltas without original sizes than can be counted so. */
static bool
is_lost(const struct by_blocks *b, bool is_asked)
{
	bool are_void = is_asked || by_blocks_is(b, BLOCKS_AT_ONCE);

	return are_void && !b->is_off && tally_is_lost(b->tally);
}

void
by_blocks_step(struct by_blocks *b, bool is_asked)
{
	if (is_lost(b, is_asked))
		give_up(b, "too many references");
	if (b->is_outdated && sweep_is_idle(&b->sweep.originals->sweep))
		begin_outdated(b);
}

/* --- what the index says --- */

/* And the LIST is complete. */
static void
go_on_listed(struct by_blocks *b, bool has_index)
{
	if (b->order == BLOCKS_AT_ONCE) {
		b->is_asked = true;
	} else if (has_index) {
		use_memo(b, true);
		block_sweep_begin(&b->sweep, b->tally);
	} else { /* with HEADs, as without a memo */
		b->is_hidden = false;
		b->on_again(b->arg);
	}
}

/* The listing shows none, and it has come since, maybe with a refresh. */
static bool
is_of_another(const struct by_blocks *b)
{
	const struct originals *o = b->sweep.originals;

	return !b->sweep.is_anew && o->has_epoch && b->sweep.has_epoch &&
	       o->epoch != b->sweep.epoch;
}

/* The index is read: there may be none. */
static void
decide(struct by_blocks *b)
{
	bool has_index = block_sweep_must_compare(&b->sweep);

	if (b->order == BLOCKS_AT_ONCE && (has_index || is_of_another(b))) {
		b->is_hidden = has_index;
		if (is_of_another(b)) /* it was refreshed meanwhile */
			memo_aside_clear(&b->sweep.originals->aside);
		b->on_again(b->arg);
		return;
	}
	if (b->order == BLOCKS_OPEN && has_index) {
		by_blocks_ask_later(b);
	} else if (b->order == BLOCKS_OPEN) {
		ask_at_once(b);
	}
	if (b->is_on && b->is_listed)
		go_on_listed(b, has_index);
}

/* What was asked for is all there is to ask, and of use without a memo. */
static bool
is_of_no_use(const struct by_blocks *b)
{
	bool are_few = b->is_listed && !are_many(b);

	if (b->order == BLOCKS_LATER)
		return b->is_listed && b->n_deltas == 0;
	return b->is_told || are_few;
}

/* The LIST can't be gone on from; or no other one of this bucket, either. */
static bool
is_in_vain(const struct by_blocks *b)
{
	return b->is_listed && b->order == BLOCKS_LATER &&
	       (b->is_told || !are_many(b) || !tally_blocks(b->tally));
}

static void
leave(struct by_blocks *b)
{
	if (!b->is_told && are_many(b))
		give_up(b, "it has no blocks");
	else
		begin_without(b);
}

/* What the index does not know is asked for by now. */
static bool
has_begun(const struct by_blocks *b)
{
	return b->order == BLOCKS_LATER && b->sweep.tally;
}

void
by_blocks_go_on(struct by_blocks *b)
{
	if (!b->is_on)
		return;
	if (is_of_no_use(b))
		leave_blocks(b);
	if (!b->is_on || !b->may_send || has_begun(b))
		return;
	if (is_in_vain(b)) {
		leave(b);
		return;
	}
	if (!are_many(b))
		return;
	block_sweep_read(&b->sweep, b->read);
	if (b->sweep.is_read)
		decide(b);
}

static void
on_index(void *arg)
{
	struct by_blocks *b = arg;

	by_blocks_go_on(b);
	b->on_step(b->arg, NULL);
}

static void
on_sweep_step(void *arg)
{
	struct by_blocks *b = arg;

	b->on_step(b->arg, NULL);
}

static void
on_sweep_end(void *arg, enum relist_how how, const struct err *err)
{
	struct by_blocks *b = arg;

	if (how == RELIST_COMPLETE)
		b->is_asked = true;
	else if (how == RELIST_IMPOSSIBLE)
		give_up(b, "ranges can't be listed");
	b->is_outdated = how == RELIST_OUTDATED;
	b->on_step(b->arg, how == RELIST_FAILED ? err : NULL);
}

/* --- the LIST --- */

void
by_blocks_begin_range(struct by_blocks *b, void *range, const char *after,
		      bool is_ordered)
{
	b->is_ordered = is_ordered;
	if (b->is_on && !is_ordered)
		leave_blocks(b);
	if (!after)
		b->first_range = range;
}

void
by_blocks_begin_page(struct by_blocks *b, void *range,
		     const struct list_page *page)
{
	if (b->index == INDEX_UNSEEN)
		b->index = index_sight(page, range == b->first_range,
				       b->is_ordered);
	if (range == b->first_range)
		b->first_range = NULL;
	memo_sight_see(&b->sight, page, b->is_ordered);
}

void
by_blocks_see(struct by_blocks *b, const struct object *delta)
{
	b->n_deltas++;
	b->is_told = b->is_told || delta->metadata;
}

void
by_blocks_end_page(struct by_blocks *b)
{
	if (!b->is_on)
		return;
	choose_order(b);
	/* other ranges may have been first */
	if (by_blocks_is(b, BLOCKS_AT_ONCE))
		use_memo(b, false);
}

void
by_blocks_end_listing(struct by_blocks *b)
{
	b->is_listed = true;
}

/* --- from first to last --- */

/* A refresh, or what lies in the bucket since one. */
static void
note_doubt(struct by_blocks *b)
{
	struct block_sweep *s = &b->sweep;

	if (s->is_anew)
		block_memo_doubt(s->memo);
	s->is_anew = block_memo_is_doubted(s->memo);
	s->doubt = block_memo_doubts(s->memo);
}

void
by_blocks_init(struct by_blocks *b)
{
	if (b->sweep.memo)
		note_doubt(b);
	b->sweep.on_read = on_index;
	b->sweep.on_step = on_sweep_step;
	b->sweep.on_end = on_sweep_end;
	b->sweep.arg = b;
	b->sweep.old = &b->sight.old;
}

void
by_blocks_rest(struct by_blocks *b)
{
	b->is_listed = b->is_asked = false;
}

/* It can't be read for now: what lies beside it may be older than a refresh of it. */
static bool
lacks_index(const struct by_blocks *b)
{
	return b->sweep.memo && b->read && index_read_is_useless(b->read);
}

static bool
may_be(const struct by_blocks *b, enum mode mode)
{
	if (lacks_index(b) && !b->sweep.is_anew)
		return false;
	return b->sweep.memo && mode == MODE_DETAILED && !b->is_off &&
	       !block_memo_is_given_up(b->sweep.memo) &&
	       b->sweep.lists->metadata.has != LIST_METADATA_YES &&
	       list_memory_plan(&b->bucket->list_memory, date_mono_ms()) ==
		       LIST_PARALLEL;
}

void
by_blocks_begin(struct by_blocks *b, const struct by_blocks_listing *l)
{
	b->tally = l->tally;
	b->read = l->read;
	b->index = INDEX_UNSEEN;
	b->sight = (struct memo_sight){ .now = date_now() };
	b->n_deltas = 0;
	b->is_told = b->is_outdated = false;
	b->first_range = NULL;
	b->is_on = b->sweep.originals->is_by_blocks = may_be(b, l->mode);
	block_sweep_forget(&b->sweep);
	if (!b->is_on)
		return;
	tally_want_blocks(b->tally);
	b->order = l->is_later || b->is_hidden ? BLOCKS_LATER : BLOCKS_OPEN;
}

/* After a refresh nothing is believed that is from before it, if nothing takes its place. */
static void
void_index(struct by_blocks *b)
{
	struct block_sweep *s = &b->sweep;
	bool is_there = b->index == INDEX_SHOWN || b->sight.has_base ||
			s->originals->has_joined;

	if (s->memo && s->is_anew && is_there)
		s->written = traffic_sum(
			s->written,
			block_memo_void(s->memo, s, &s->doubt, NULL));
}

/* What was asked for, and can't be put. */
static void
remember(struct by_blocks *b)
{
	struct block_sweep *s = &b->sweep;

	if (s->is_anew || s->has_epoch)
		memo_aside_keep(&s->originals->aside, b->bucket_memo,
				block_sweep_epoch(s));
}

void
by_blocks_write(struct by_blocks *b)
{
	bool is_put = b->is_on && block_sweep_write(&b->sweep);

	if (is_put)
		return;
	void_index(b);
	if (b->is_on)
		remember(b);
}
