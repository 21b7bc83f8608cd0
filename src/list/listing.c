/* SPDX-License-Identifier: MIT */
/*
 * A bucket's listing in ranges: see listing.h.  Net thread only.
 */
#include "config.h"

#include "list/listing.h"

#include <errno.h>

#include <utlist.h>

#include "list/range.h"
#include "util/date.h"
#include "util/log.h"

#define MARKS_MAX 2048 /* remembered on the way */

struct listing {
	struct listing_options o;
	enum list_plan plan;
	struct range *ranges;
	struct pivot_seen seen;
	/*
	 * Those that could ask for their next page; one that goes on stands before
	 * those that have not begun.
	 */
	struct range *ready;
	unsigned n_open; /* ranges that are not done */
	unsigned n_given; /* ranges that listing_cut_at() has begun */
	unsigned n_in_flight;
	unsigned n_pages; /* delivered */
	int64_t n_requests, n_keys;
	unsigned stride; /* pages for each mark */
	size_t n_marks;
	bool is_ended; /* complete, failed or stopped: nothing more is asked */
};

/* --- ranges --- */

static void on_page(void *arg, const struct lister_answer *answer);

/* A range begins behind `after`. */
static struct range *
begin_range(struct listing *l, const char *after, const char *until,
	    size_t until_len)
{
	struct range *r =
		range_new(l,
			  &(struct lister_options){
				  .s3 = l->o.s3,
				  .shared = l->o.shared,
				  .bucket = l->o.bucket,
				  .until = until,
				  .until_len = until_len,
				  .is_unordered = l->plan == LIST_UNORDERED,
				  .wanted = &l->o.wanted,
				  .traffic = l->o.traffic,
				  .on_page = on_page,
			  },
			  after);

	r->owner = l->o.events->on_range(l->o.arg, after,
					 after ? strlen(after) : 0,
					 l->plan != LIST_UNORDERED);
	l->n_open++;
	DL_APPEND2(l->ready, r, prev_ready, next_ready);
	return r;
}

/* --- the end --- */

static void
stop_ranges(struct listing *l)
{
	struct range *r;

	l->is_ended = true;
	DL_FOREACH (l->ranges, r)
		if (r->is_sent)
			lister_stop(r->lister);
}

void
listing_stop(struct listing *l)
{
	if (!l->is_ended)
		stop_ranges(l);
}

/* All ranges are done: what they saw is kept for the next listing. */
static void
remember(struct listing *l)
{
	struct list_memory *m = l->o.memory;
	struct list_marks marks = { 0 };
	const char *why = list_memory_set_plan(m, l->plan, date_mono_ms());
	struct range *r;

	if (why)
		log_warn("bucket=%s: %s", l->o.bucket, why);
	if (l->plan != LIST_PARALLEL)
		return;
	if (l->ranges->next) {
		m->n_disagreements = 0;
		m->is_start_refused = false;
	}
	DL_FOREACH (l->ranges, r)
		list_marks_append(&marks, &r->marks);
	list_memory_remember(m, &marks);
	list_marks_clear(&marks);
	log_debug("bucket=%s: %lld keys in %lld requests", l->o.bucket,
		  (long long)l->n_keys, (long long)l->n_requests);
}

/* What a lister or a cut says against listing so. */
static void
restart(struct listing *l, enum list_plan plan, struct listing_end *end)
{
	end->must_restart = true;
	end->plan = plan;
	log_info("bucket=%s: %s; it is listed again", l->o.bucket,
		 end->err->msg);
}

static void
respond_to_fault(struct listing *l, enum lister_fault fault,
		 struct listing_end *end)
{
	if (fault == LISTER_START_IGNORED && l->plan == LIST_PARALLEL) {
		l->o.memory->is_start_ignored = true;
		restart(l, LIST_SEQUENTIAL, end);
	} else if (fault == LISTER_START_REFUSED && l->plan == LIST_PARALLEL) {
		l->o.memory->is_start_refused = true;
		restart(l, LIST_SEQUENTIAL, end);
	} else if (fault == LISTER_DISORDER && l->plan != LIST_UNORDERED) {
		restart(l, LIST_UNORDERED, end);
	}
}

/* --- cuts --- */

/*
 * The first key that a range saw behind its end is the first one of the next
 * range, or somebody has lost keys (or put one there, between the two requests).
 */
static bool
is_cut_right(struct listing *l, struct range *left, struct err *err)
{
	struct range *right = left->next;

	if (!right || left->is_checked || !left->is_done ||
	    !left->beyond.is_known || !right->first.is_known)
		return true;
	left->is_checked = true;
	if (edge_is_same(&left->beyond, &right->first))
		return true;
	err_set(err, EIO, "two ranges of the listing do not agree after %s",
		right->after);
	l->o.memory->n_disagreements++;
	return false;
}

/*
 * Whether one more request may come to nothing, as one for each range does when
 * it ends.
 */
static bool
affords_a_cut(const struct listing *l)
{
	int64_t n = l->n_keys, n_extra;

	if (n < l->o.memory->n_keys)
		n = l->o.memory->n_keys;
	n_extra = l->n_requests - l->n_in_flight - l->n_keys / LIST_PAGE_KEYS +
		  l->n_open - l->n_given;
	return n_extra < list_ranges_allowed(n);
}

/*
 * The range that is likely to have most left, of those that can be cut; of equals
 * the last.  One page is on its way: with less than two there is nothing to give.
 */
static struct range *
find_largest(struct listing *l)
{
	struct range *r, *found = NULL;
	int64_t most = 0;

	DL_FOREACH (l->ranges, r) {
		int64_t n =
			range_may_be_cut(r) ? range_pages_left(r, &l->seen) : 0;

		if (n >= 2 && n >= most) {
			found = r;
			most = n;
		}
	}
	return found;
}

/* What is behind that key in `r` goes to a new range. */
static struct range *
split_range(struct listing *l, struct range *r, const char *key, size_t key_len)
{
	struct range *upper;
	size_t until_len;
	const char *until = lister_until(r->lister, &until_len);

	upper = begin_range(l, key, until, until_len);
	lister_lower_until(r->lister, key, key_len);
	r->n_pages = 0;
	upper->next = r->next;
	upper->prev = r;
	(r->next ? r->next : l->ranges)->prev = upper;
	r->next = upper;
	return upper;
}

/* Give the upper half of `r` to a new range; false: no key is known for that. */
static bool
cut_range(struct listing *l, struct range *r)
{
	struct pivot pivot;
	struct range *upper;

	if (!range_find_pivot(r, &l->seen, &pivot))
		return false;
	log_debug("bucket=%s: cut at %s", l->o.bucket, pivot.key);
	upper = split_range(l, r, pivot.key, pivot.len);
	upper->pivot = xmalloc(sizeof(pivot));
	*upper->pivot = pivot;
	r->n_left = upper->n_left = r->n_left / 2;
	return true;
}

/* Whether it can be cut there: behind its beginning, and what it has delivered. */
static bool
is_ahead(const struct range *r, const struct list_cut *cut)
{
	const char *behind;
	size_t len;

	if (r->is_done)
		return false;
	behind = lister_last_key(r->lister, &len);
	if (!behind && !r->after)
		return true;
	return key_compare(behind ? behind : r->after,
			   behind ? len : strlen(r->after), cut->key,
			   cut->key_len) < 0;
}

bool
listing_wants_cuts(const struct listing *l, int64_t n_keys)
{
	bool is_large = l->n_pages >= 2 || list_pages(n_keys) > 2;

	return !l->is_ended && l->plan == LIST_PARALLEL && is_large &&
	       list_memory_lacks_cuts(l->o.memory);
}

void
listing_cut_at(struct listing *l, const struct list_cut *cuts, size_t n)
{
	struct range *r = l->ranges;

	if (l->is_ended || l->plan != LIST_PARALLEL)
		return;
	for (size_t i = 0; i < n; i++) {
		while (r->next &&
		       key_compare(r->next->after, strlen(r->next->after),
				   cuts[i].key, cuts[i].key_len) <= 0)
			r = r->next;
		if (!is_ahead(r, &cuts[i]))
			continue;
		r = split_range(l, r, cuts[i].key, cuts[i].key_len);
		r->n_left = i + 1 < n ? cuts[i + 1].n_keys : 0;
		l->n_given++;
	}
}

/* A range whose next page can be asked for, made if need be. */
static struct range *
find_ready(struct listing *l)
{
	bool may_have_more = l->plan == LIST_PARALLEL && l->n_pages >= 2;
	struct range *r;

	if (l->ready)
		return l->ready;
	while (may_have_more && affords_a_cut(l) && (r = find_largest(l))) {
		if (cut_range(l, r))
			return r->next;
		r->n_pages = 0; /* not before its next page */
	}
	return NULL;
}

/* --- pages --- */

static void
note_page(struct listing *l, struct range *r, const struct list_page *page)
{
	size_t before = r->marks.n;

	range_note_page(r, page, &l->seen, l->stride);
	l->n_marks += r->marks.n - before;
	if (l->n_marks <= MARKS_MAX || l->stride > MARKS_MAX)
		return;
	l->stride *= 2;
	l->n_marks = 0;
	DL_FOREACH (l->ranges, r) {
		list_marks_thin(&r->marks);
		l->n_marks += r->marks.n;
	}
}

static void
end_range(struct listing *l, struct range *r, const struct lister_answer *a)
{
	size_t len;

	/* with its last key at its very end, it has seen nothing beyond */
	if (a->beyond || !lister_until(r->lister, &len) ||
	    !a->page->is_truncated)
		edge_set(&r->beyond, a->beyond);
	r->is_done = true;
	l->n_open--;
	log_debug("bucket=%s: the range after %s is done, %u open", l->o.bucket,
		  r->after ? r->after : "the start", l->n_open);
	lister_free(steal(&r->lister));
	l->o.events->on_range_end(l->o.arg, r->owner);
}

static void
take_page(struct listing *l, struct range *r, const struct lister_answer *a)
{
	const struct list_page *page = a->page;

	if (!r->first.is_known && (a->first || a->is_last)) {
		edge_set(&r->first, a->first);
		r->prev->is_guessed = false;
	}
	l->n_pages++;
	l->n_keys += (int64_t)page->n_objects;
	r->has_seen_end = a->beyond;
	note_page(l, r, page);
	l->o.events->on_page(l->o.arg, r->owner, page);
	if (a->is_last)
		end_range(l, r, a);
	else
		DL_PREPEND2(l->ready, r, prev_ready, next_ready);
}

/* A page has come, or will not: what that means for the listing. */
static void
take_answer(struct listing *l, struct range *r, const struct lister_answer *a,
	    struct listing_end *end, struct err *err)
{
	if (a->err) {
		*err = *a->err;
		respond_to_fault(l, a->fault, end);
		return;
	}
	take_page(l, r, a);
	if (!is_cut_right(l, r, err) ||
	    (r->prev->next && !is_cut_right(l, r->prev, err)))
		/* once: somebody wrote there just then; again: it is the store */
		restart(l,
			l->o.memory->n_disagreements > 1 ? LIST_SEQUENTIAL
							 : LIST_PARALLEL,
			end);
}

/* A request has ended: the last thing that is done with the listing. */
static void
end_request(struct listing *l, struct listing_end *end)
{
	bool is_complete = l->n_open == 0 && l->n_in_flight == 0;

	if (l->is_ended || (end->err->code == 0 && !is_complete)) {
		l->o.events->on_request_end(l->o.arg); /* it may be gone now */
		return;
	}
	stop_ranges(l);
	if (end->err->code == 0)
		remember(l);
	l->o.events->on_end(l->o.arg, end);
}

static void
on_page(void *arg, const struct lister_answer *a)
{
	struct range *r = arg;
	struct listing *l = r->listing;
	struct err err = ERR_INIT;
	struct listing_end end = { .err = &err };

	l->n_in_flight--;
	r->is_sent = false;
	if (!l->is_ended)
		take_answer(l, r, a, &end, &err);
	end_request(l, &end);
}

/* --- requests --- */

bool
listing_can_send(struct listing *l)
{
	return !l->is_ended && find_ready(l);
}

void
listing_send(struct listing *l)
{
	struct range *r = find_ready(l);

	r->is_sent = true;
	DL_DELETE2(l->ready, r, prev_ready, next_ready);
	l->n_in_flight++;
	l->n_requests++;
	lister_next(r->lister);
}

void
listing_want_no_metadata(struct listing *l)
{
	l->o.wanted.is_over = true;
}

unsigned
listing_in_flight(const struct listing *l)
{
	return l->n_in_flight;
}

bool
listing_is_idle(const struct listing *l)
{
	return l->n_in_flight == 0;
}

/* --- start --- */

/* Cut at once where the last listing says. */
static void
begin_ranges(struct listing *l)
{
	const struct list_memory *m = l->o.memory;
	bool is_parallel = l->plan == LIST_PARALLEL;
	size_t n_cuts = is_parallel ? m->n_cuts : 0;
	int64_t n_left = m->n_keys;
	struct range *r;
	const char *after = NULL;

	for (size_t i = 0; i <= n_cuts; i++) {
		const struct list_cut *cut = i < n_cuts ? &m->cuts[i] : NULL;

		r = begin_range(l, after, cut ? cut->key : NULL,
				cut ? cut->key_len : 0);
		if (is_parallel && m->n_keys > 0)
			r->n_left = cut ? cut->n_keys : n_left;
		n_left -= r->n_left;
		DL_APPEND(l->ranges, r);
		after = cut ? cut->key : NULL;
	}
}

struct listing *
listing_new(const struct listing_options *o)
{
	struct listing *l = xnew(struct listing);

	l->o = *o;
	l->stride = 1;
	l->plan = list_memory_plan(o->memory, date_mono_ms());
	if (l->plan < o->plan)
		l->plan = o->plan;
	begin_ranges(l);
	return l;
}

void
listing_free(struct listing *l)
{
	struct range *r;

	if (!l)
		return;
	while ((r = l->ranges)) {
		DL_DELETE(l->ranges, r);
		range_free(r);
	}
	free(l);
}
