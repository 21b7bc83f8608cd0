/* SPDX-License-Identifier: MIT */
/*
 * A bucket's whole listing, several ranges of keys at a time.  Net thread only.
 *
 * One connection is bound by latency: so the keys are cut into half-open ranges
 * (lo, hi], each listed page after page (lister.h).  A bucket listed before is
 * cut at once, at keys remembered from then (memory.h).  Else it begins as
 * one range, and stays one unless the second page too says that there is more;
 * then a range that has much left gives away its upper half, at a key that is
 * extrapolated from those seen (pivot.h), unless somebody else knows keys to cut
 * at.
 *
 * What keeps it right:
 * - A range moves its end only to keys behind what it has delivered.  Objects
 *   beyond the end on a page under way are dropped when it comes.
 * - Each cut is checked: the first key that the left range sees behind its end
 *   must be the first key that the right one sees.  If it is not, or a store
 *   does not honour start-after, or keys come in no order, the listing ends
 *   with `must_restart`, and is to be begun again by the plan it says.
 * - Everything of a range arrives in key order; ranges mix.
 *
 * What it costs: at most a request for each full page, a tenth more, and a few:
 * a range that may end with a page that is not full is begun only if that much
 * is left (list_ranges_allowed()).  Those that somebody else knows come on top.
 */
#ifndef LIST_LISTING_H
#define LIST_LISTING_H

#include "list/lister.h"
#include "list/memory.h"

struct listing;

struct listing_end {
	const struct err *err; /* code 0: complete */
	/* No error: what was delivered is void, list again by this plan. */
	bool must_restart;
	enum list_plan plan;
};

/*
 * What happens.  `range` is what on_range returned.  Each request that was sent
 * ends with either of the last two, after its page, if any, was delivered.  Then
 * the listing may be freed, if listing_is_idle() after listing_stop() or on_end.
 */
struct listing_events {
	/* A range begins, behind `after` (NULL: with the first key). */
	void *(*on_range)(void *arg, const char *after, size_t after_len,
			  bool is_ordered);
	void (*on_page)(void *arg, void *range, const struct list_page *page);
	void (*on_range_end)(void *arg, void *range);
	void (*on_request_end)(void *arg);
	/* The same, and it decides the listing; none after listing_stop(). */
	void (*on_end)(void *arg, const struct listing_end *end);
};

struct listing_options {
	struct s3 *s3;
	struct list_shared *shared;
	const char *bucket; /* outlives the listing, as do the next two */
	struct list_memory *memory; /* of this bucket; read and taught */
	const struct listing_events *events;
	void *arg;
	enum list_plan plan; /* or what the memory says, if that is more */
	struct list_wanted wanted; /* user metadata */
	struct traffic *traffic; /* as in s3/request.h */
};

struct listing *listing_new(const struct listing_options *o);
void listing_free(struct listing *l); /* it must be idle; NULL is fine */

/* Whether a request could be sent that is of use now; may cut a range for it. */
bool listing_can_send(struct listing *l);

/* Send one; only if listing_can_send(). */
void listing_send(struct listing *l);

/*
 * Whether cuts from elsewhere would be of use: the bucket has more than two pages, as
 * those show that have come, or as it is said that it has `n_keys`; and nothing is
 * remembered of it.
 */
bool listing_wants_cuts(const struct listing *l, int64_t n_keys);

/*
 * Such cuts, ascending plain keys: of any range those are taken that are behind what it
 * has delivered.
 */
void listing_cut_at(struct listing *l, const struct list_cut *cuts, size_t n);

/* User metadata are not asked for any more. */
void listing_want_no_metadata(struct listing *l);

/* Requests under way. */
unsigned listing_in_flight(const struct listing *l);
bool listing_is_idle(const struct listing *l);

/* Give up: requests under way end soon. */
void listing_stop(struct listing *l);

#endif
