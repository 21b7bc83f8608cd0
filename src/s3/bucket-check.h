/* SPDX-License-Identifier: MIT */
/*
 * Whether there is such a bucket, for us.  Net thread only.
 *
 * HeadBucket asks that, and costs least.  But it is for comfort alone, and stores
 * refuse it in many ways, with a 403 or a 404 too, which have no body to tell them
 * from the store's word on the bucket.  So unless HeadBucket has worked at this
 * endpoint before, what it refuses is asked in the plain way: GetBucketLocation,
 * which names what is wrong, and where that is refused too, or contradicts a
 * 403 or 404 of HeadBucket, a listing of one key, whose word is the last.  If the
 * plain way finds the bucket, that listing alone is asked for, for an hour.
 *
 * Source: Amazon S3 API Reference, "HeadBucket", "GetBucketLocation".
 */
#ifndef S3_BUCKET_CHECK_H
#define S3_BUCKET_CHECK_H

#include "s3/s3.h"

struct bucket_check;

/*
 * It frees itself after its one completion.  The answer says it all: no error;
 * ENOENT; EACCES with status 403; another failure.
 */
struct bucket_check *bucket_check_start(struct s3 *s3, const char *bucket,
					s3_done_fn *on_done, void *arg);
void bucket_check_stop(struct bucket_check *c); /* ECANCELED */

#endif
