/* SPDX-License-Identifier: MIT */
/*
 * A range of a bucket's keys, page after page (ListObjectsV2).  Net thread only.
 *
 * What it guarantees: every object of the range exactly once, in ascending order
 * of unsigned bytes, or an error: pages out of order, a repeated token, a
 * truncated page without one, a wrong root element are EIO, never a short
 * listing.  Where the owner says that the keys come in no order, it is once each
 * or an error; a key that comes twice in different pages is noticed only if one of
 * them repeats or begins in another.  A page is a transaction: one that failed and
 * was asked for again leaves no trace.
 *
 * A range is half-open, (after, until]: the key at a boundary belongs to the
 * left.  start-after is sent for its first page only, and continuation tokens
 * after it: fewer bugs of stores are met.
 */
#ifndef LIST_LISTER_H
#define LIST_LISTER_H

#include "list/call.h"
#include "list/metadata.h"

/* What all listings at one store share; {0} at the start. */
struct list_shared {
	struct list_parsers parsers;
	struct list_metadata metadata;
};

/* A large listing is over: the memory of its parsers goes; others may be under way. */
void list_shared_rest(struct list_shared *s);
void list_shared_clear(struct list_shared *s); /* no call may be under way */

struct lister;

/* What the store did that a listing by another plan can cope with. */
enum lister_fault {
	LISTER_NO_FAULT,
	LISTER_START_IGNORED, /* a key that is not behind start-after */
	LISTER_START_REFUSED, /* maybe: a range was refused */
	LISTER_DISORDER, /* a key that is not behind the one before it */
};

struct lister_answer {
	/* NULL after an error.  Only objects of the range; valid in the call. */
	const struct list_page *page;
	bool is_last; /* the range is complete */
	/*
	 * The first object of the answer, and the first one behind the range;
	 * NULL if there is none.  The last page of a range may tell both.
	 */
	const struct object *first, *beyond;
	enum lister_fault fault;
	const struct err *err; /* that ends the range, or NULL */
};

/* The one completion of each lister_next(). */
typedef void lister_page_fn(void *arg, const struct lister_answer *answer);

struct lister_options {
	struct s3 *s3;
	struct list_shared *shared;
	const char *bucket;
	const struct list_wanted *wanted; /* outlives the lister; NULL: none */
	const char *after; /* NULL: from the first key; no NUL in it */
	const char *until; /* NULL: to the last one */
	size_t until_len;
	bool is_unordered; /* the keys come in no order: one range only */
	struct traffic *traffic; /* as in s3/request.h */
	lister_page_fn *on_page;
	void *arg;
};

/* Copies what it is given. */
struct lister *lister_new(const struct lister_options *o);

/* Not while a page is being asked for, but from on_page.  NULL is fine. */
void lister_free(struct lister *l);

/*
 * Ask for the first or the next page; not after the last one or an error.  May
 * be called from on_page, or later: a listing pauses by not asking.
 */
void lister_next(struct lister *l);

/* What is being asked for ends soon, with ECANCELED. */
void lister_stop(struct lister *l);

/* The last key delivered; NULL: none yet. */
const char *lister_last_key(const struct lister *l, size_t *len);

/* Where the range ends; NULL: nowhere. */
const char *lister_until(const struct lister *l, size_t *len);

/*
 * The range ends earlier, with a key behind the last one delivered; also while
 * a page is being asked for.
 */
void lister_lower_until(struct lister *l, const char *until, size_t len);

#endif
