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
#include "util/heap.h"
#include "util/log.h"

/*
 * Deltas may lie all in one half of the bucket: then the guess of HEADS_HELD_MAX is
 * wrong, and the number of pages under way is what bounds them.
 */
#define PAGES_WITH_HEADS_MAX 16

/* --- when the next page is asked for --- */

static bool
wants_originals(const struct walk *w)
{
	return mode_has_heads(w->mode) && w->heads != WALK_DROP &&
	       !w->has_forgotten;
}

/* While the listing goes on. */
static bool
needs_heads(const struct walk *w)
{
	return wants_originals(w) && !by_blocks_is(&w->blocks, BLOCKS_LATER);
}

static bool
may_send(const struct walk *w)
{
	return w->heads == WALK_SEND && !by_blocks_is(&w->blocks, BLOCKS_OPEN);
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

	by_blocks_begin_range(&w->blocks, range, after, is_ordered);
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

static void
on_page(void *arg, void *range, const struct list_page *page)
{
	struct walk *w = arg;

	by_blocks_begin_page(&w->blocks, range, page);
	w->originals.is_shown =
		w->blocks.sight.has_base || w->blocks.index == INDEX_SHOWN;
	for (size_t i = 0; i < page->n_objects; i++) {
		struct space *space = tally_add(range, &page->objects[i]);

		if (!space)
			continue;
		by_blocks_see(&w->blocks, &page->objects[i]);
		if (!by_blocks_is(&w->blocks, BLOCKS_LATER))
			ask(w, space, &page->objects[i]);
	}
	by_blocks_end_page(&w->blocks);
	w->n_pages++;
	w->n_objects += page->n_objects;
}

/* Of deltaspaces that ranges share, the first delta is known only now. */
static void
ask_candidates(struct walk *w)
{
	struct object o;
	struct space *space;

	while (w->is_listed && !w->is_asked && !w->blocks.is_on &&
	       !w->is_stopped && w->originals.sweep.n_queued < HEADS_HELD_MAX) {
		space = tally_next_candidate(w->tally, &o);
		if (space)
			ask(w, space, &o);
		else
			w->is_asked = true;
	}
}

/* --- what has ended --- */

static bool
is_asked(const struct walk *w)
{
	return w->is_asked || w->blocks.is_asked;
}

static void
step_by_blocks(struct walk *w, const struct err *err)
{
	if (!err && !w->is_stopped)
		by_blocks_step(&w->blocks, is_asked(w));
}

/* What needs no HEAD makes room for others. */
static void
send_heads(struct walk *w)
{
	while (may_send(w) && !w->is_stopped && originals_send(&w->originals)) {
		ask_candidates(w);
		if (w->blocks.is_on)
			block_sweep_go_on(&w->blocks.sweep);
	}
}

/* What can be sent now; then the owner hears of it. */
static void
step(struct walk *w, const struct err *err)
{
	step_by_blocks(w, err);
	send_heads(w);
	step_by_blocks(w, err); /* of what needed none the answers are there */
	scan_go_on(&w->user);
	w->on_step(w->arg, err);
}

static void
on_head_answer(void *arg, const struct err *err)
{
	struct walk *w = arg;

	ask_candidates(w);
	if (w->blocks.is_on)
		block_sweep_go_on(&w->blocks.sweep);
	step(w, err);
}

static void
on_page_end(void *arg)
{
	struct walk *w = arg;
	struct err err = ERR_INIT;

	by_blocks_go_on(&w->blocks);
	if (w->blocks.is_on)
		block_sweep_go_on(&w->blocks.sweep);
	if (tally_is_full(w->tally))
		err_set(&err, EIO,
			"keys in no order, and in more deltaspaces than "
			"%d bytes hold",
			SPACES_BYTES_MAX);
	step(w, err.code ? &err : NULL);
}

/* --- the LIST --- */

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
	w->n_objects = 0;
	w->has_forgotten = false;
	tally_free(w->tally);
	w->tally = new_tally(w);
	if (scan_index(&w->user) != w->read)
		change_read(w);
	by_blocks_begin(&w->blocks,
			&(struct by_blocks_listing){ .mode = w->mode,
						     .tally = w->tally,
						     .read = w->read,
						     .is_later = w->heads ==
								 WALK_DROP });
	if (!w->blocks.is_on)
		originals_use_index(&w->originals, w->read);
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
	by_blocks_rest(&w->blocks);
	w->user.wants_metadata = wants_originals(w);
	scan_join(w->env, w->bucket, lane, &w->user);
}

static void
on_hold_up(void *arg)
{
	struct walk *w = arg;

	if (w->blocks.is_on && !may_send(w)) {
		by_blocks_ask_later(&w->blocks);
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

static void
on_again(void *arg)
{
	struct walk *w = arg;

	scan_leave(&w->user);
	begin_in(w, SCAN_SHARED);
}

static void
on_blocks_step(void *arg, const struct err *err)
{
	step(arg, err);
}

static void
on_end(void *arg, const struct err *err)
{
	struct walk *w = arg;

	w->is_listed = !err;
	if (w->is_listed) {
		originals_end_listing(&w->originals);
		by_blocks_end_listing(&w->blocks);
		by_blocks_go_on(&w->blocks);
	}
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
						  .timers = w->env->timers,
						  .limits = w->limits,
						  .bucket = w->bucket,
						  .blocks = w->block_memo });
	w->blocks = (struct by_blocks){
		.sweep = { .s3 = w->env->s3,
			   .slots = w->env->slots,
			   .lists = w->env->lists,
			   .limits = w->limits,
			   .timers = w->env->timers,
			   .bucket = w->bucket,
			   .memo = w->may_go_by_blocks ? w->block_memo : NULL,
			   .originals = &w->originals,
			   .is_anew = w->is_anew },
		.bucket = w->bucket,
		.bucket_memo = w->memo,
		.on_again = on_again,
		.on_step = on_blocks_step,
		.arg = w,
	};
	by_blocks_init(&w->blocks);
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
	w->blocks.may_send = heads == WALK_SEND;
	if (heads == WALK_SEND && w->has_forgotten) {
		scan_leave(&w->user);
		walk_begin(w, w->mode);
	} else if (heads == WALK_SEND) {
		by_blocks_go_on(&w->blocks);
		send_heads(w);
	} else if (heads == WALK_DROP) {
		w->has_forgotten = false; /* nothing that is needed */
		by_blocks_ask_later(&w->blocks);
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
	return w->is_listed && is_asked(w) &&
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
	if (w->mode == MODE_DETAILED)
		by_blocks_write(&w->blocks);
	originals_end(&w->originals,
		      w->mode == MODE_DETAILED && !w->blocks.is_on);
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
	return w->is_listed && w->blocks.is_on && !is_asked(w);
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
	return traffic_sum(w->user.traffic, w->blocks.sweep.pages);
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
					     w->blocks.sweep.records);

	return traffic_sum(records,
			   traffic_sum(w->before, index_read_traffic(w->read)));
}

struct memo_use
walk_memo_use(const struct walk *w)
{
	struct memo_use blocks = { .written = w->blocks.sweep.written };

	if (w->blocks.is_on)
		blocks = block_sweep_use(&w->blocks.sweep);
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
	block_sweep_stop(&w->blocks.sweep);
	scan_leave(&w->user);
}

bool
walk_is_idle(const struct walk *w)
{
	return !w->user.scan && originals_are_idle(&w->originals) &&
	       block_sweep_is_idle(&w->blocks.sweep);
}

/* HEADs, records and blocks are many small pieces of memory, which libc would keep. */
static bool
was_large(const struct walk *w)
{
	struct memo_use use = walk_memo_use(w);

	return use.is_asked &&
	       use.n_spared + w->originals.n_heads >= HEADS_HELD_MAX;
}

void
walk_clear(struct walk *w)
{
	bool must_trim = was_large(w);

	block_sweep_clear(&w->blocks.sweep);
	originals_clear(&w->originals);
	index_read_unref(steal(&w->read));
	tally_free(steal(&w->tally));
	if (must_trim)
		heap_trim();
}
