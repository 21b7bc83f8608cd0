/* SPDX-License-Identifier: MIT */
/*
 * ListBuckets: which there are.  It is asked in pages, and where a store refuses
 * that, without: then that is not tried for an hour.  And HeadBucket, as far as a
 * store tells more with it than that there is one.  Net thread only.  Source:
 * Amazon S3 API Reference, "ListBuckets", "HeadBucket"; Ceph, rgw_rest_s3.cc.
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

/* What is in a bucket, all of it; Ceph tells. */
struct bucket_usage {
	int64_t n_objects, n_bytes;
};

struct s3_call *s3_head_bucket(struct s3 *s3, const char *bucket,
			       s3_done_fn *on_done, void *arg);

/* False: that answer does not tell. */
bool bucket_usage_read(const struct s3_answer *answer,
		       struct bucket_usage *usage);

#endif
