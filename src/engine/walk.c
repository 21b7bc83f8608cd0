/* SPDX-License-Identifier: MIT */
/*
 * One pass over a bucket: see walk.h.  Net thread only.
 */
#include "config.h"

#include "engine/walk.h"

#include <errno.h>
#include <limits.h>

#include "engine/buckets.h"
#include "engine/index-read.h"
#include "list/lister.h"
#include "stats/space.h"
#include "util/date.h"
#include "util/log.h"

/*
 * Deltas may lie all in one half of the bucket: then the guess of HEADS_HELD_MAX is
 * wrong, and the number of pages under way is what bounds them.
 */
#define PAGES_WITH_HEADS_MAX 16

/* So often a bucket may change while it is looked at by blocks. */
#define OUTDATED_MAX 5

/* --- when the next page is asked for --- */

static bool
wants_originals(const struct walk *w)
{
	return mode_has_heads(w->mode) && w->heads != WALK_DROP &&
	       !w->has_forgotten;
}

static bool
is_by_blocks(const struct walk *w, enum walk_order order)
{
	return w->is_by_blocks && w->order == order;
}

/* While the listing goes on. */
static bool
needs_heads(const struct walk *w)
{
	return wants_originals(w) && !is_by_blocks(w, WALK_LATER);
}

static bool
may_send(const struct walk *w)
{
	return w->heads == WALK_SEND && !is_by_blocks(w, WALK_OPEN);
}

/* How many a page brings, at a guess. */
static unsigned
heads_of_page(const struct walk *w)
{
	if (!needs_heads(w))
		return 0;
	if (w->n_pages == 0)
		return LIST_PAGE_KEYS;
	return w->originals.n_heads / w->n_pages + 1;
}

/* Pages that may be under way, whatever is guessed. */
static unsigned
pages_max(const struct walk *w)
{
	bool is_told = w->env->lists->metadata.has == LIST_METADATA_YES;

	return needs_heads(w) && !is_told ? PAGES_WITH_HEADS_MAX : UINT_MAX;
}

static enum scan_room
room(void *arg, unsigned in_flight)
{
	const struct walk *w = arg;
	unsigned n = w->originals.sweep.n_queued;

	if (n >= HEADS_HELD_MAX)
		return SCAN_IS_FULL;
	if (may_send(w) && originals_are_behind(&w->originals))
		return SCAN_IS_BEHIND;
	if (in_flight > 0 &&
	    n + (in_flight + 1) * heads_of_page(w) > HEADS_HELD_MAX)
		return SCAN_IS_CAREFUL;
	return in_flight < pages_max(w) ? SCAN_HAS_ROOM : SCAN_IS_CAREFUL;
}

/* --- pages --- */

static void *
on_range(void *arg, const char *after, size_t after_len, bool is_ordered)
{
	struct walk *w = arg;
	void *range = tally_part_new(w->tally, after, after_len, is_ordered);

	if (!after)
		w->first_range = range;
	return range;
}

static void
on_range_end(void *arg, void *range)
{
	(void)arg;
	tally_part_end(range);
}

/* The figures need the original size of this one. */
static void
ask(struct walk *w, struct space *space, const struct object *o)
{
	if (needs_heads(w))
		originals_ask(&w->originals, w->tally, space, o);
	else
		tally_answer(w->tally, space, o, ORIGINAL_UNKNOWN);
}

/* --- by blocks, while the LIST goes on --- */

/* So many deltas are worth going by blocks. */
static bool
are_many(const struct walk *w)
{
	return w->n_deltas >= memo_heads_min(bucket_memo_env(w->memo));
}

/* What the index does not know is asked for when the LIST is complete. */
static void
ask_later(struct walk *w)
{
	w->order = WALK_LATER;
	originals_stop(&w->originals);
	block_sweep_forget(&w->blocks);
}

static void
ask_at_once(struct walk *w)
{
	w->order = WALK_AT_ONCE;
	block_sweep_learn(&w->blocks, w->tally);
}

/* Where there is an index, those that wait may be all there are, and too few for it. */
static void
choose_order(struct walk *w)
{
	bool is_useless =
		w->blocks.is_read && !block_sweep_must_compare(&w->blocks);

	if (w->order != WALK_OPEN)
		return;
	if (w->index == INDEX_ABSENT || w->is_anew || is_useless)
		ask_at_once(w);
	else if (w->index == INDEX_SHOWN && are_many(w))
		ask_later(w);
}

static void
on_page(void *arg, void *range, const struct list_page *page)
{
	struct walk *w = arg;

	if (w->is_by_blocks && w->index == INDEX_UNSEEN)
		w->index = index_sight(page, range == w->first_range);
	if (range == w->first_range)
		w->first_range = NULL;
	for (size_t i = 0; i < page->n_objects; i++) {
		struct space *space = tally_add(range, &page->objects[i]);

		if (!space)
			continue;
		w->n_deltas++;
		w->is_told = w->is_told || page->objects[i].metadata;
		if (!is_by_blocks(w, WALK_LATER))
			ask(w, space, &page->objects[i]);
	}
	if (w->is_by_blocks)
		choose_order(w);
	w->n_pages++;
	w->n_objects += page->n_objects;
}

/* Of deltaspaces that ranges share, the first delta is known only now. */
static void
ask_candidates(struct walk *w)
{
	struct object o;
	struct space *space;

	while (w->is_listed && !w->is_asked && !w->is_by_blocks &&
	       !w->is_stopped && w->originals.sweep.n_queued < HEADS_HELD_MAX) {
		space = tally_next_candidate(w->tally, &o);
		if (space)
			ask(w, space, &o);
		else
			w->is_asked = true;
	}
}

/* --- what has ended --- */

static void begin_in(struct walk *w, enum scan_lane lane);
static void go_on_by_blocks(struct walk *w);

/* All begins again, with a space for each delta that waits. */
static void
begin_without_blocks(struct walk *w)
{
	w->is_without_blocks = true;
	scan_leave(&w->user);
	begin_in(w, SCAN_SHARED);
}

/* The HEADs have told of more deltas without original sizes than can be counted so. */
static bool
is_lost(const struct walk *w)
{
	bool are_void = w->is_asked || is_by_blocks(w, WALK_AT_ONCE);

	return are_void && !w->is_without_blocks && tally_is_lost(w->tally);
}

/* What HEADs have told by now is true of the next listing, too. */
static void
begin_again(struct walk *w)
{
	w->is_outdated = false;
	if (tally_blocks(w->tally) && ++w->n_outdated < OUTDATED_MAX) {
		block_sweep_take_over(&w->blocks);
		begin_in(w, SCAN_SHARED);
		return;
	}
	block_memo_give_up(w->block_memo, "it changes all the time");
	block_sweep_write(&w->blocks);
	begin_without_blocks(w);
}

/* What can be sent now; then the owner hears of it. */
static void
step(struct walk *w, const struct err *err)
{
	if (is_lost(w) && !err && !w->is_stopped) {
		block_memo_give_up(w->block_memo, "too many references");
		begin_without_blocks(w);
	}
	if (w->is_outdated && !err && !w->is_stopped &&
	    sweep_is_idle(&w->originals.sweep))
		begin_again(w);
	if (may_send(w) && !w->is_stopped)
		originals_send(&w->originals);
	scan_go_on(&w->user);
	w->on_step(w->arg, err);
}

static void
on_head_answer(void *arg, const struct err *err)
{
	struct walk *w = arg;

	ask_candidates(w);
	if (w->is_by_blocks)
		block_sweep_go_on(&w->blocks);
	step(w, err);
}

static void
on_page_end(void *arg)
{
	struct walk *w = arg;
	struct err err = ERR_INIT;

	if (w->is_by_blocks)
		go_on_by_blocks(w);
	if (tally_is_full(w->tally))
		err_set(&err, EIO,
			"keys in no order, and in more deltaspaces than "
			"%d bytes hold",
			SPACES_BYTES_MAX);
	step(w, err.code ? &err : NULL);
}

/* --- the LIST --- */

static bool
may_go_by_blocks(const struct walk *w)
{
	return w->block_memo && w->mode == MODE_DETAILED &&
	       !w->is_without_blocks &&
	       !block_memo_is_given_up(w->block_memo) &&
	       w->env->lists->metadata.has != LIST_METADATA_YES &&
	       list_memory_plan(&w->bucket->list_memory, date_mono_ms()) ==
		       LIST_PARALLEL;
}

static struct tally *
new_tally(const struct walk *w)
{
	struct tally *t;

	if (w->mode != MODE_PREFIXES)
		return tally_new(w->mode);
	t = tally_new(MODE_QUICK);
	tally_want_prefixes(t, (unsigned)w->limits->prefix_depth,
			    (size_t)w->limits->prefix_nodes);
	return t;
}

static void
begin_by_blocks(struct walk *w)
{
	bool is_later = w->heads == WALK_DROP || w->is_hidden;

	tally_want_blocks(w->tally);
	w->order = is_later ? WALK_LATER : WALK_OPEN;
}

static void
change_read(struct walk *w)
{
	struct index_read *before = w->read;

	w->before = traffic_sum(w->before, index_read_traffic(before));
	w->read = scan_index(&w->user);
	if (w->read)
		index_read_ref(w->read);
	index_read_unref(before);
}

static void
on_begin(void *arg, int64_t began_at_ms)
{
	struct walk *w = arg;

	originals_begin(&w->originals);
	w->n_pages = 0;
	w->n_objects = w->n_deltas = 0;
	w->index = INDEX_UNSEEN;
	w->is_outdated = false;
	w->has_forgotten = false;
	tally_free(w->tally);
	w->tally = new_tally(w);
	if (scan_index(&w->user) != w->read)
		change_read(w);
	w->is_told = false;
	w->is_by_blocks = w->originals.is_by_blocks = may_go_by_blocks(w);
	w->first_range = NULL;
	block_sweep_forget(&w->blocks);
	if (w->is_by_blocks)
		begin_by_blocks(w);
	if (w->env->spaces_max > 0)
		tally_list_flaws(w->tally, w->env->spaces_max);
	if (w->on_begin)
		w->on_begin(w->arg, began_at_ms);
}

/* What came so far is void. */
static void
begin_in(struct walk *w, enum scan_lane lane)
{
	/* of no use, and it may be long until the LIST begins */
	originals_stop(&w->originals);
	w->is_listed = w->is_asked = false;
	w->user.wants_metadata = wants_originals(w);
	scan_join(w->env, w->bucket, lane, &w->user);
}

static void
on_hold_up(void *arg)
{
	struct walk *w = arg;

	if (w->is_by_blocks && !may_send(w)) {
		ask_later(w);
		return;
	}
	originals_stop(&w->originals);
	if (w->heads == WALK_HOLD) {
		w->has_forgotten = true;
		return;
	}
	log_debug(
		"bucket=%s mode=%s: its HEADs fall behind, it is listed again",
		w->bucket->name, mode_names[w->mode]);
	scan_leave(&w->user);
	begin_in(w, SCAN_SLOW);
}

/* --- by blocks --- */

/* And the LIST is complete. */
static void
go_on_listed(struct walk *w, bool has_index)
{
	if (w->order == WALK_AT_ONCE) {
		w->is_asked = true;
	} else if (has_index) {
		block_sweep_begin(&w->blocks, w->tally);
	} else { /* with HEADs, as without a memo */
		w->is_hidden = false;
		begin_in(w, SCAN_SHARED);
	}
}

/* The index is read: there may be none. */
static void
decide(struct walk *w)
{
	bool has_index = block_sweep_must_compare(&w->blocks);

	if (w->order == WALK_AT_ONCE && has_index) {
		w->is_hidden = true;
		scan_leave(&w->user);
		begin_in(w, SCAN_SHARED);
		return;
	}
	if (w->order == WALK_OPEN && has_index) {
		ask_later(w);
	} else if (w->order == WALK_OPEN) {
		ask_at_once(w);
	}
	if (w->is_listed)
		go_on_listed(w, has_index);
}

/* What was asked for is all there is to ask, and of use without a memo. */
static bool
needs_no_blocks(const struct walk *w)
{
	bool are_few = w->is_listed && !are_many(w);

	if (w->order == WALK_LATER)
		return w->is_listed && w->n_deltas == 0;
	return w->is_told || are_few;
}

/* The LIST can't be gone on from; or no other one of this bucket, either. */
static bool
is_in_vain(const struct walk *w)
{
	return w->is_listed && w->order == WALK_LATER &&
	       (w->is_told || !are_many(w) || !tally_blocks(w->tally));
}

static void
leave_blocks(struct walk *w)
{
	if (!w->is_told && are_many(w))
		block_memo_give_up(w->block_memo, "it has no blocks");
	begin_without_blocks(w);
}

/* What the index does not know is asked for by now. */
static bool
has_begun(const struct walk *w)
{
	return w->order == WALK_LATER && w->blocks.tally;
}

/* HEADs are needed, or a page has come, or the index. */
static void
go_on_by_blocks(struct walk *w)
{
	if (needs_no_blocks(w)) {
		w->is_by_blocks = w->originals.is_by_blocks = false;
		block_sweep_forget(&w->blocks);
	}
	if (!w->is_by_blocks || w->heads != WALK_SEND || has_begun(w))
		return;
	if (is_in_vain(w)) {
		leave_blocks(w);
		return;
	}
	if (!are_many(w))
		return;
	block_sweep_read(&w->blocks, w->read);
	if (w->blocks.is_read)
		decide(w);
}

static void
on_index(void *arg)
{
	struct walk *w = arg;

	if (w->is_by_blocks)
		go_on_by_blocks(w);
	step(w, NULL);
}

static void
on_blocks_step(void *arg)
{
	step(arg, NULL);
}

static void
on_blocks_end(void *arg, enum relist_how how, const struct err *err)
{
	struct walk *w = arg;

	if (how == RELIST_COMPLETE)
		w->is_asked = true;
	else if (how == RELIST_IMPOSSIBLE)
		block_memo_give_up(w->block_memo, "ranges can't be listed");
	if (how == RELIST_IMPOSSIBLE)
		begin_without_blocks(w);
	w->is_outdated = how == RELIST_OUTDATED;
	step(w, how == RELIST_FAILED ? err : NULL);
}

static void
on_end(void *arg, const struct err *err)
{
	struct walk *w = arg;

	w->is_listed = !err;
	if (w->is_listed)
		originals_end_listing(&w->originals);
	if (w->is_listed && w->is_by_blocks)
		go_on_by_blocks(w);
	ask_candidates(w);
	step(w, err);
}

/* --- what the owner asks --- */

void
walk_init(struct walk *w)
{
	static const struct scan_events events = {
		on_begin, on_range,    on_page,	   on_range_end,
		room,	  on_page_end, on_hold_up, on_end,
	};

	w->user = (struct scan_user){ .events = &events, .arg = w };
	w->originals = (struct originals){ .memo = w->memo,
					   .is_anew = w->is_anew,
					   .on_answer = on_head_answer,
					   .arg = w };
	originals_init(&w->originals,
		       &(struct originals_place){ .s3 = w->env->s3,
						  .slots = w->env->slots,
						  .bucket = w->bucket });
	w->blocks = (struct block_sweep){ .s3 = w->env->s3,
					  .slots = w->env->slots,
					  .lists = w->env->lists,
					  .limits = w->limits,
					  .timers = w->env->timers,
					  .bucket = w->bucket,
					  .memo = w->block_memo,
					  .originals = &w->originals,
					  .is_anew = w->is_anew,
					  .on_read = on_index,
					  .on_step = on_blocks_step,
					  .on_end = on_blocks_end,
					  .arg = w };
}

void
walk_begin(struct walk *w, enum mode mode)
{
	w->mode = mode;
	w->has_forgotten = false;
	begin_in(w, SCAN_SHARED);
}

void
walk_set_heads(struct walk *w, enum walk_heads heads)
{
	w->heads = heads;
	if (heads == WALK_SEND && w->has_forgotten) {
		scan_leave(&w->user);
		walk_begin(w, w->mode);
	} else if (heads == WALK_SEND) {
		if (w->is_by_blocks)
			go_on_by_blocks(w);
		if (may_send(w))
			originals_send(&w->originals);
	} else if (heads == WALK_DROP) {
		w->has_forgotten = false; /* nothing that is needed */
		ask_later(w);
		scan_want_no_metadata(&w->user);
	}
	scan_go_on(&w->user);
}

bool
walk_is_listed(const struct walk *w)
{
	return w->is_listed;
}

const struct validation *
walk_validation(const struct walk *w)
{
	return tally_validation(w->tally);
}

struct newest
walk_newest(const struct walk *w)
{
	return tally_newest(w->tally);
}

bool
walk_is_complete(const struct walk *w)
{
	return w->is_listed && w->is_asked &&
	       sweep_is_idle(&w->originals.sweep);
}

/* Hardly anything of what is listed is there for a HEAD. */
static void
warn_of_missing(struct walk *w)
{
	int64_t *until = &w->bucket->missing_said_until_ms[w->mode];
	const struct sweep *s = &w->originals.sweep;
	int64_t now = date_mono_ms();

	if (2 * s->n_missing <= s->n_answers || *until > now)
		return;
	*until = now + HOUR_MS;
	log_warn(
		"bucket=%s mode=%s: %u of %u HEADs say 404 of what was just "
		"listed, as behind a proxy that changes keys, or where they were "
		"deleted meanwhile: the figures are estimates, and not cached",
		w->bucket->name, mode_names[w->mode], s->n_missing,
		s->n_answers);
}

void
walk_figures(struct walk *w, struct figures *out, bool *is_exact)
{
	struct memo_use use;

	tally_figures(w->tally, out);
	*is_exact = sweep_is_exact(&w->originals.sweep);
	if (w->is_by_blocks)
		block_sweep_write(&w->blocks);
	originals_end(&w->originals,
		      w->mode == MODE_DETAILED && !w->is_by_blocks);
	use = walk_memo_use(w);
	if (use.is_asked)
		memo_use_log(&use, w->bucket->name, w->originals.n_heads);
	warn_of_missing(w);
}

const struct prefixes *
walk_prefixes(const struct walk *w)
{
	return tally_prefixes(w->tally);
}

struct integrity *
walk_integrity(const struct walk *w)
{
	bool has_originals = w->mode == MODE_DETAILED && wants_originals(w) &&
			     walk_is_complete(w);

	return tally_integrity(w->tally, has_originals);
}

bool
walk_goes_on(const struct walk *w)
{
	return w->is_listed && w->is_by_blocks && !w->is_asked;
}

struct counts
walk_counts(const struct walk *w)
{
	return (struct counts){ .n_pages = w->n_pages,
				.n_objects = w->n_objects,
				.n_heads = w->originals.sweep.n_answers,
				.n_heads_wanted = w->originals.n_heads };
}

struct traffic
walk_list_traffic(const struct walk *w)
{
	return traffic_sum(w->user.traffic, w->blocks.pages);
}

struct traffic
walk_head_traffic(const struct walk *w)
{
	return w->originals.sweep.traffic;
}

struct traffic
walk_memo_traffic(const struct walk *w)
{
	struct traffic records = traffic_sum(originals_traffic(&w->originals),
					     w->blocks.records);

	return traffic_sum(records,
			   traffic_sum(w->before, index_read_traffic(w->read)));
}

struct memo_use
walk_memo_use(const struct walk *w)
{
	struct memo_use blocks = { 0 };

	if (w->is_by_blocks)
		blocks = block_sweep_use(&w->blocks);
	return memo_use_sum(&blocks, &w->originals.use);
}

int64_t
walk_progress_ms(const struct walk *w)
{
	return scan_progress_ms(&w->user);
}

void
walk_stop(struct walk *w)
{
	w->is_stopped = true;
	originals_stop(&w->originals);
	originals_leave(&w->originals);
	block_sweep_stop(&w->blocks);
	scan_leave(&w->user);
}

bool
walk_is_idle(const struct walk *w)
{
	return !w->user.scan && sweep_is_idle(&w->originals.sweep) &&
	       block_sweep_is_idle(&w->blocks);
}

void
walk_clear(struct walk *w)
{
	block_sweep_clear(&w->blocks);
	index_read_unref(steal(&w->read));
	tally_free(steal(&w->tally));
}
