/* SPDX-License-Identifier: MIT */
/*
 * A bucket's whole listing, page after page (ListObjectsV2).  Net thread only.
 *
 * What it guarantees: every object of the bucket exactly once, in ascending
 * order of unsigned bytes, or an error: pages out of order, a repeated token, a
 * truncated page without one, a wrong root element are EIO, never a short
 * listing.  A page is a transaction: one that failed and was asked for again
 * leaves no trace.
 */
#ifndef S3_S3_LIST_H
#define S3_S3_LIST_H

#include "s3/s3.h"

struct lister;

/*
 * The one completion of each lister_next(): a page (err NULL), the last one
 * if is_last, or an error (page NULL) that ends the listing.  The objects are
 * valid until the next lister_next() or lister_free().
 */
typedef void lister_page_fn(void *arg, const struct list_page *page,
			    bool is_last, const struct err *err);

struct lister *lister_new(struct s3 *s3, const char *bucket,
			  lister_page_fn *on_page, void *arg);

/* Not while a page is being asked for. */
void lister_free(struct lister *l); /* NULL is fine */

/*
 * Ask for the first or the next page; not after the last one or an error.  May
 * be called from on_page, or later: a listing pauses by not asking.
 */
void lister_next(struct lister *l);

/* A page that is being asked for ends soon, with ECANCELED. */
void lister_stop(struct lister *l);

#endif
