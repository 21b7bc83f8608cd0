/* SPDX-License-Identifier: MIT */
/*
 * The deltas of a bucket by blocks: see block-sweep.h.  Net thread only.
 */
#include "config.h"

#include "engine/block-sweep.h"

#include <errno.h>

#include "engine/ours.h"
#include "util/date.h"
#include "util/log.h"

/* Records after which it is looked whether there is a pack of them. */
#define LEARNED_PER_LOOK 1000
/* Deltas that wait for HEADs while more is listed: records take memory, too. */
#define HEADS_OF_PAGES_MAX (HEADS_HELD_MAX / 2)
#define STEPS_PER_LOOK 16 /* likewise, of pages that are listed again */

/* --- the end --- */

/* The tally may go, and the relist with its error. */
static void
end(struct block_sweep *b, enum relist_how how, const struct err *err)
{
	struct err copy = err ? *err : (struct err)ERR_INIT;

	if (how != RELIST_COMPLETE && how != RELIST_OUTDATED)
		b->tally = NULL;
	relist_free(steal(&b->relist));
	originals_end_listing(b->originals);
	b->on_end(b->arg, how, &copy);
}

static void
on_relist_end(void *arg, enum relist_how how, const struct err *err)
{
	end(arg, how, err);
}

static void put_pack_if_full(struct block_sweep *b);

/* Records come with pages, too, where all is packed anew. */
static void
on_relist_step(void *arg)
{
	struct block_sweep *b = arg;

	if (b->tally && ++b->n_steps % STEPS_PER_LOOK == 0)
		put_pack_if_full(b);
	b->on_step(b->arg);
}

/* --- what is listed again --- */

static void
on_delta(void *arg, const struct object *o, const int64_t *original)
{
	struct block_sweep *b = arg;

	head_habits_see_date(s3_head_habits(b->s3), o->last_modified);
	if (original) {
		b->n_remembered++;
		tally_answer(b->tally, b->space, o, *original);
	} else {
		b->n_asked++;
		originals_ask(b->originals, b->tally, b->space, o);
	}
}

/* HEADs that a page brings, at a guess: until one has come, half of it may be unknown. */
static uint64_t
heads_of_page(const struct block_sweep *b, unsigned n_pages)
{
	if (n_pages > 0)
		return (uint64_t)b->n_asked / n_pages + 1;
	return b->index.list.n > 0 ? LIST_PAGE_KEYS / 2 : LIST_PAGE_KEYS;
}

static bool
has_room(void *arg, unsigned n_under_way, unsigned n_pages)
{
	const struct block_sweep *b = arg;
	unsigned n = b->originals->sweep.n_queued;

	if (originals_are_behind(b->originals) || n >= HEADS_OF_PAGES_MAX)
		return false;
	return n + (n_under_way + 1) * heads_of_page(b, n_pages) <=
		       HEADS_OF_PAGES_MAX ||
	       n_under_way == 0;
}

static void
begin_relist(struct block_sweep *b, struct block_list *listed)
{
	b->relist = relist_new(&(struct relist_options){
		.s3 = b->s3,
		.slots = b->slots,
		.lists = b->lists,
		.bucket = b->bucket,
		.index = &b->index,
		.listed = listed,
		.is_anew = b->is_repacked,
		.pages = &b->pages,
		.records = &b->records,
		.n_records = &b->n_records,
		.timers = b->timers,
		.limits = b->limits,
		.on_delta = on_delta,
		.has_room = has_room,
		.on_step = on_relist_step,
		.on_end = on_relist_end,
		.arg = b,
	});
	relist_begin(b->relist);
}

/* --- what is known --- */

/*
 * What can't be written is remembered by this mount (bucket-memo.h).  The packs of an
 * index that is not believed are written over, where they leave little room.
 */
static void
begin_set(struct block_sweep *b)
{
	b->has_set = b->may_write && block_memo_begin_set(b->memo, b);
	b->originals->is_by_blocks = b->has_set;
	if (!b->has_set)
		return;
	b->originals->blocks = tally_blocks(b->tally);
	b->is_repacked =
		b->is_anew || memo_index_is_worn(&b->index, date_now());
	if (!b->is_anew || b->index.slots.n <= PACK_SLOTS / 2)
		slots_used_add_all(&b->slots_used, &b->index.slots);
	else
		b->knows_slots = false;
}

/* HEADs tell all; of the index only that matters which slots are its own. */
static void
begin_learning(struct block_sweep *b)
{
	begin_set(b);
	memo_index_clear(&b->index);
}

static void
compare(struct block_sweep *b)
{
	struct blocks *blocks = tally_blocks(b->tally);
	struct block_list *listed = blocks ? blocks_list(blocks) : NULL;

	if (!listed) {
		end(b, RELIST_IMPOSSIBLE, NULL);
		return;
	}
	begin_set(b);
	memo_index_match(&b->index, listed, b->is_repacked, &b->known);
	b->is_used = true;
	b->n_remembered = b->known.n_deltas;
	memo_index_tell(&b->known, listed, b->tally);
	if (tally_blocks(b->tally))
		begin_relist(b, listed);
	else /* of too many a reference would have to be found */
		end(b, RELIST_IMPOSSIBLE, NULL);
}

bool
block_sweep_must_compare(const struct block_sweep *b)
{
	return !b->is_anew && b->is_read && b->index.list.n > 0;
}

static void
take_index(struct block_sweep *b, const struct buf *body)
{
	struct err err = ERR_INIT;
	enum memo_verdict verdict = memo_index_parse(
		&b->index, buf_str(body), body->len, b->bucket->name, &err);

	b->may_write =
		verdict != MEMO_FOREIGN || block_memo_may_take_over(b->memo);
	if (verdict != MEMO_GOOD)
		block_memo_warn(b->memo, &err);
	b->written_at = b->index.stamp.written_at;
	b->knows_slots = verdict == MEMO_GOOD;
	b->has_epoch = b->may_write || verdict == MEMO_GOOD;
	b->epoch = verdict == MEMO_GOOD ? b->index.stamp.epoch
					: block_memo_new_epoch();
	for (size_t i = 0; i < b->index.list.n; i++)
		b->n_records += (int64_t)b->index.list.blocks[i].n_records;
}

/*
 * What the index is put over, as struct cache_put has it.  What was made by asking for
 * all is put over whatever lies there by now: else who has doubts of that would have to
 * ask for all again, as long as another one writes it more often.
 */
static const char *
find_over(const struct block_sweep *b)
{
	return b->is_anew ? NULL : index_read_over(b->read);
}

static void
on_index(void *arg)
{
	struct block_sweep *b = arg;
	const struct index_answer *answer = index_read_answer(b->read);

	b->is_read = true;
	if (answer->err.code == 0) {
		take_index(b, &answer->body);
	} else {
		/* a refresh need not know what it is put over */
		b->may_write = b->is_anew || answer->status == 404 ||
			       answer->err.code == EFBIG;
		b->has_epoch = b->knows_slots = answer->status == 404;
		b->epoch = b->has_epoch ? 0 : block_memo_new_epoch();
		if (answer->status != 404)
			block_memo_warn(b->memo, &answer->err);
	}
	if (b->is_learning && !block_sweep_must_compare(b))
		begin_learning(b);
	b->on_read(b->arg);
}

void
block_sweep_read(struct block_sweep *b, struct index_read *read)
{
	if (b->reader.is_waiting || (b->is_read && !b->is_used))
		return;
	b->is_read = b->is_used = false;
	index_read_unref(b->read);
	b->read = index_read_ref(read);
	memo_index_clear(&b->index);
	b->reader = (struct index_reader){ .on_ready = on_index, .arg = b };
	index_read_join(read, &b->reader);
}

static void
on_due(void *arg)
{
	compare(arg);
}

static void
set_tally(struct block_sweep *b, struct tally *tally)
{
	b->tally = tally;
	b->space = tally_any_space(tally);
}

void
block_sweep_begin(struct block_sweep *b, struct tally *tally)
{
	set_tally(b, tally);
	timer_init(&b->due, on_due, b);
	timer_arm(b->timers, &b->due, 0);
}

void
block_sweep_learn(struct block_sweep *b, struct tally *tally)
{
	set_tally(b, tally);
	b->is_learning = true;
	b->originals->blocks = tally_blocks(tally);
	if (b->is_read && !block_sweep_must_compare(b))
		begin_learning(b);
}

uint64_t
block_sweep_epoch(const struct block_sweep *b)
{
	return b->is_anew ? b->doubt.epoch : b->epoch;
}

/* What is known of the tally's deltas. */
static int
print_index(const struct block_sweep *b, struct buf *out)
{
	struct block_list *listed = blocks_list(tally_blocks(b->tally));
	bool is_new = b->is_repacked || b->index.list.n == 0;
	struct index_stamp was = b->index.stamp;
	struct index_stamp stamp = { .written_at = date_now() };

	stamp.anew_at = is_new ? stamp.written_at : was.anew_at;
	stamp.at_once = pace_claim(s3_pace(b->s3), was.at_once);
	stamp.epoch = block_sweep_epoch(b);
	return memo_index_print(listed, b->bucket->name, &stamp, out);
}

void
block_sweep_take_over(struct block_sweep *b)
{
	struct buf bytes CLEANUP_BUF = BUF_INIT(INDEX_BYTES_MAX);
	struct err err = ERR_INIT;

	if (print_index(b, &bytes))
		return; /* then that in the bucket is read again */
	memo_index_parse(&b->index, buf_str(&bytes), bytes.len, b->bucket->name,
			 &err);
	b->is_used = false;
	b->has_taken_over = true;
}

void
block_sweep_forget(struct block_sweep *b)
{
	b->tally = NULL;
	timer_disarm(b->timers, &b->due);
	b->is_learning = b->is_repacked = b->has_set = false;
	b->known = (struct memo_known){ .n_same = 0 };
	b->n_remembered = b->n_asked = 0;
	b->n_looked = b->n_steps = 0;
}

/* --- what is written --- */

static bool
note_put(struct block_sweep *b, struct traffic cost)
{
	b->written = traffic_sum(b->written, cost);
	return cost.n_requests > 0;
}

/* Records that are kept go into a pack; false: there are none, or no room for it. */
static bool
put_pack(struct block_sweep *b, bool has_all)
{
	int slot =
		slots_used_take(&b->slots_used, b->knows_slots ? b->old : NULL,
				(unsigned)(date_mono_ms() % PACK_SLOTS));
	struct pack pack;
	int rc;

	if (slot < 0) {
		b->has_set = false;
		return false;
	}
	pack_init(&pack, (unsigned)slot);
	rc = blocks_pack(tally_blocks(b->tally), b->bucket->name, &pack,
			 has_all);
	if (rc) {
		b->has_set = false;
	} else if (pack.n > 0) {
		b->has_set = note_put(b, block_memo_put_pack(b->memo, &pack));
	}
	pack_clear(&pack);
	return rc == 0;
}

/* PUTs are so much slower than the sweep that it is not written. */
static void
keep_no_more(struct block_sweep *b, struct blocks *blocks)
{
	if (blocks_n_kept(blocks, true) < BLOCK_SWEEP_KEPT_MAX)
		return;
	b->has_set = false;
	blocks_drop_kept(blocks);
}

static void
put_pack_if_full(struct block_sweep *b)
{
	struct blocks *blocks = tally_blocks(b->tally);

	if (!blocks)
		return;
	if (!b->has_set ||
	    block_memo_n_waiting(b->memo) >= BLOCK_MEMO_WAITING_MAX) {
		keep_no_more(b, blocks);
		return;
	}
	if (blocks_n_kept(blocks, false) >= PACK_RECORDS)
		put_pack(b, false);
	else if (blocks_n_kept(blocks, true) >= BLOCK_SWEEP_KEPT_MAX)
		put_pack(b, true);
}

void
block_sweep_go_on(struct block_sweep *b)
{
	if (!b->tally) /* what was cancelled ends */
		return;
	if (b->relist)
		relist_go_on(b->relist);
	if (b->originals->n_learned - b->n_looked < LEARNED_PER_LOOK)
		return;
	b->n_looked = b->originals->n_learned;
	put_pack_if_full(b);
}

static bool
put_index(struct block_sweep *b)
{
	struct buf bytes CLEANUP_BUF = BUF_INIT(INDEX_BYTES_MAX);

	if (print_index(b, &bytes)) { /* nor could the next one */
		block_memo_give_up(b->memo, "its index can't be made");
		return false;
	}
	if (!memo_index_is_worth(blocks_list(tally_blocks(b->tally)),
				 bytes.len))
		return false;
	return note_put(
		b, block_memo_put_index(
			   b->memo, &(struct block_index){
					    .bytes = &bytes,
					    .over = find_over(b),
					    .doubt = { b->doubt.n,
						       block_sweep_epoch(b) },
					    .aside = &b->originals->aside }));
}

/* No block was known. */
static void
count_learned(struct block_sweep *b, struct blocks *blocks)
{
	b->n_asked = b->originals->n_heads;
	if (blocks)
		b->known.n_changed = (int64_t)blocks_list(blocks)->n;
}

bool
block_sweep_write(struct block_sweep *b)
{
	struct blocks *blocks = tally_blocks(b->tally);
	bool has_news;

	if (b->is_learning)
		count_learned(b, blocks);
	has_news = b->n_asked > 0 || b->is_repacked || b->has_taken_over ||
		   !b->known.is_written;
	b->originals->blocks = NULL;
	if (!has_news || !blocks)
		return false;
	while (b->has_set && blocks_n_kept(blocks, true) > INDEX_RECORDS)
		if (!put_pack(b, true))
			return false;
	return b->has_set && put_index(b);
}

struct memo_use
block_sweep_use(const struct block_sweep *b)
{
	return (struct memo_use){
		.is_asked = b->is_read,
		.n_spared = b->n_remembered,
		.n_blocks = b->known.n_changed + b->known.n_same,
		.n_changed = b->known.n_changed,
		.n_records = b->n_records,
		.n_read = (int64_t)traffic_sum(b->records,
					       index_read_traffic(b->read))
				  .n_bytes,
		.written = b->written,
		.written_at = b->written_at,
	};
}

/* --- giving up --- */

void
block_sweep_stop(struct block_sweep *b)
{
	b->tally = NULL;
	block_memo_end_set(b->memo, b);
	timer_disarm(b->timers, &b->due);
	if (b->read)
		index_read_leave(b->read, &b->reader);
	if (b->relist)
		relist_stop(b->relist);
}

bool
block_sweep_is_idle(const struct block_sweep *b)
{
	return !b->relist || relist_is_idle(b->relist);
}

void
block_sweep_clear(struct block_sweep *b)
{
	relist_free(steal(&b->relist));
	index_read_unref(steal(&b->read));
	memo_index_clear(&b->index);
}
