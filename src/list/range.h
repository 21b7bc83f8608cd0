/* SPDX-License-Identifier: MIT */
/*
 * A range of keys of a listing: what is known of it, beside what its lister
 * (lister.h) does.  Part of listing.c's inside.  Net thread only.
 */
#ifndef LIST_RANGE_H
#define LIST_RANGE_H

#include "list/lister.h"
#include "list/memory.h"
#include "list/pivot.h"

/* A key, or that there is none, or that nothing was seen of it yet. */
struct edge {
	bool is_known;
	char *key; /* NULL: the bucket has no key there */
	size_t len;
};

void edge_set(struct edge *e, const struct object *o);
bool edge_is_same(const struct edge *a, const struct edge *b);

struct range {
	struct listing *listing;
	struct lister *lister; /* NULL once it is done */
	void *owner; /* on_range() returned it */
	char *after; /* NULL: the first range */
	struct pivot *pivot; /* the same, where it was not remembered */
	struct edge first; /* the first key behind `after` */
	struct edge beyond; /* the first one behind the end of a done range */
	bool is_sent, is_done;
	bool is_checked; /* with the range to its right */
	bool has_seen_end; /* its last page shows a key beyond */
	int64_t n_keys; /* delivered */
	bool is_guessed; /* n_guess holds since its last page */
	int64_t n_guess; /* pages left */
	unsigned n_pages; /* since it began or was cut */
	size_t page_common; /* bytes that all keys of its last page begin with */
	int64_t n_left; /* keys, as far as the memory knows; 0: no idea */
	struct list_marks marks;
	struct range *prev, *next; /* in key order */
	struct range *prev_ready, *next_ready;
};

/* `o` lacks only `after` and `arg`, which will be the range.  Copies all. */
struct range *range_new(struct listing *l, const struct lister_options *o,
			const char *after);
void range_free(struct range *r);

/* A page of it was delivered; one mark for every `stride` pages. */
void range_note_page(struct range *r, const struct list_page *page,
		     struct pivot_seen *seen, unsigned stride);

/*
 * Pages that it may still have, at a guess: as the memory says, or as many keys
 * as there are in such a part of the bucket; INT64_MAX where it is not known how
 * far the keys go.
 */
int64_t range_pages_left(struct range *r, const struct pivot_seen *seen);

/* Whether it can be cut now, and where. */
bool range_may_be_cut(const struct range *r);
bool range_find_pivot(const struct range *r, const struct pivot_seen *seen,
		      struct pivot *out);

#endif
