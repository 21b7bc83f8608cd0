/* SPDX-License-Identifier: MIT */
/*
 * One LIST of a bucket for those who take part in it.  Net thread only.
 *
 * Each of them is given every page, and decides itself what it takes from it.
 * A listing that has to be begun again by another plan is, by the scan itself:
 * then all that came of it before is void.  It pauses while somebody has no room
 * for more.  A scan that nobody takes part in any more is stopped.
 */
#ifndef ENGINE_SCAN_H
#define ENGINE_SCAN_H

#include "engine/buckets.h"
#include "engine/slots.h"
#include "list/listing.h"

/* What all scans share; it outlives them. */
struct scan_env {
	struct s3 *s3;
	struct list_shared *lists; /* at this store */
	struct slots *slots;
	unsigned n_scans; /* not freed yet */
};

/* What somebody who takes part is told and asked; not from inside scan_join(). */
struct scan_events {
	/* The LIST begins now, maybe again: what came before it is void. */
	void (*on_begin)(void *arg);
	/* As struct listing_events has them; here nobody may leave. */
	void *(*on_range)(void *arg, const char *after, size_t after_len,
			  bool is_ordered);
	void (*on_page)(void *arg, void *range, const struct list_page *page);
	void (*on_range_end)(void *arg, void *range);
	/* Whether it has room for one page more than so many under way. */
	bool (*has_room)(void *arg, unsigned in_flight);
	/* A request has ended, its page delivered; the LIST goes on. */
	void (*on_step)(void *arg);
	/* The LIST is complete (`err` NULL) or has failed; it is out of the scan. */
	void (*on_end)(void *arg, const struct err *err);
};

struct scan;

/* One who takes part, or may. */
struct scan_user {
	/* set by the owner */
	const struct scan_events *events;
	void *arg;
	bool wants_metadata; /* that tell original sizes, from scan_join() on */

	/* What the LISTs that it took part in have cost, with on_step and on_end. */
	struct traffic traffic;
	struct traffic before; /* of those before this one */
	struct scan *scan; /* NULL: in none */
	size_t index; /* there */
};

/* Take part in a LIST of the bucket that has not begun yet. */
void scan_join(struct scan_env *env, struct bucket *bucket,
	       struct scan_user *user);

/* Take part no longer; on_end does not come.  Fine if it is in none. */
void scan_leave(struct scan_user *user);

/* It may have room again. */
void scan_go_on(struct scan_user *user);

/* Metadata are of no use to it any more. */
void scan_want_no_metadata(struct scan_user *user);

#endif
