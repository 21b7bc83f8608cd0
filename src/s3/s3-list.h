/* SPDX-License-Identifier: MIT */
/*
 * A range of a bucket's keys, page after page (ListObjectsV2).  Net thread only.
 *
 * What it guarantees: every object of the range exactly once, in ascending order
 * of unsigned bytes, or an error: pages out of order, a repeated token, a
 * truncated page without one, a wrong root element are EIO, never a short
 * listing.  A page is a transaction: one that failed and was asked for again
 * leaves no trace.
 *
 * A range is half-open, (after, until]: the key at a boundary belongs to the
 * left.  start-after is sent for its first page only, and continuation tokens
 * after it: fewer bugs of stores are met.
 */
#ifndef S3_S3_LIST_H
#define S3_S3_LIST_H

#include "s3/s3.h"

struct lister;

/*
 * Parsers, which keep their memory from page to page.  A page takes one when its
 * first bytes come in; when all are taken, the others wait in the kernel: memory
 * does not grow with the number of requests under way.
 */
#define LIST_PARSERS_MAX 48

struct list_parsers {
	struct list_parser *spare[LIST_PARSERS_MAX];
	size_t n_spare, n_taken;
	struct lister *waiting; /* for one, in order */
};

void list_parsers_clear(struct list_parsers *p);

/* What the store did that a listing in another manner can cope with. */
enum lister_fault {
	LISTER_NO_FAULT,
	LISTER_START_IGNORED, /* a key that is not behind start-after */
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

/* User metadata that the listing should tell, if the store can. */
struct list_wanted {
	const char *const *names; /* see list_parser_want() */
	size_t n; /* 0: none */
	bool is_over; /* not asked for from now on; pages under way tell them */
};

struct lister_options {
	struct s3 *s3;
	const char *bucket;
	const struct list_wanted *wanted; /* outlives the lister; NULL: none */
	const char *after; /* NULL: from the first key; no NUL in it */
	const char *until; /* NULL: to the last one */
	size_t until_len;
	bool is_unordered; /* the keys come in no order: one range only */
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

/* A page that is being asked for ends soon, with ECANCELED. */
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
