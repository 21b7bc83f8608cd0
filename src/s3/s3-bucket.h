/* SPDX-License-Identifier: MIT */
/*
 * ListBuckets: which there are.  It is asked in pages, and where a store refuses
 * that, without: then that is not tried for an hour.  Net thread only.  Source:
 * Amazon S3 API Reference, "ListBuckets".
 */
#ifndef S3_S3_BUCKET_H
#define S3_S3_BUCKET_H

#include "s3/s3.h"

/*
 * All names, of all pages; or an error (names NULL), with the HTTP status if the
 * store said it, else 0.  Valid during the call.
 */
typedef void buckets_done_fn(void *arg, char *const *names, size_t n,
			     int status, const struct err *err);

struct bucket_lister;

/* It frees itself after its one completion. */
struct bucket_lister *s3_list_buckets(struct s3 *s3, buckets_done_fn *on_done,
				      void *arg);
void bucket_lister_stop(struct bucket_lister *l); /* completes with ECANCELED */

#endif
