/* SPDX-License-Identifier: MIT */
/*
 * Buckets: which there are, and whether one exists.  Net thread only.  Source:
 * Amazon S3 API Reference, "ListBuckets", "HeadBucket".
 */
#ifndef S3_S3_BUCKET_H
#define S3_S3_BUCKET_H

#include "s3/s3.h"

/* Status and errno say it all: 200, 404 ENOENT, 403 EACCES. */
struct s3_call *s3_head_bucket(struct s3 *s3, const char *bucket,
			       s3_done_fn *on_done, void *arg);

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
