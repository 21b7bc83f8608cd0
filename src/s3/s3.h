/* SPDX-License-Identifier: MIT */
/*
 * Requests to an S3 store: addressed, signed, sent, tried again, and their
 * failures turned into an errno and a sentence.  The operations are in
 * bucket-check.h, s3-bucket.h, s3-object.h and list/call.h.  Net thread only.
 *
 * A call has exactly one completion, never from inside s3_start() or
 * s3_cancel(); after it the call is gone.
 */
#ifndef S3_S3_H
#define S3_S3_H

#include "auth/creds.h"
#include "s3/endpoint.h"
#include "s3/meter.h"
#include "s3/pace.h"
#include "s3/request.h"
#include "s3/s3-errno.h"

struct s3;
struct s3_call;
struct head_habits;

/*
 * Takes what it is made of: all of it stays the caller's and must outlive it.
 * `pace` is told of each try; to ask it before a request is up to who begins
 * one.  `retries`: tries after the first.
 */
struct s3 *s3_new(struct http *http, struct timers *timers,
		  const struct endpoint *endpoint, struct creds_chain *creds,
		  struct pace *pace, int retries);
/* From now on; copied.  {0} at the start. */
void s3_set_terms(struct s3 *s3, const struct s3_terms *terms);
/* Each request is told to it from now on; it outlives `s3`. */
void s3_set_meter(struct s3 *s3, struct meter *meter);

void s3_free(struct s3 *s3); /* no call may be under way */

/*
 * A call that needs keys and has none is parked.  There may be some: http_wake() was
 * called for that.  To be called before timers are run.
 */
void s3_unpark(struct s3 *s3);

/* Where its HEADs do not say what its listings do. */
struct head_habits *s3_head_habits(struct s3 *s3);

/* What it refuses of questions about buckets; {0} at the start. */
struct bucket_habits {
	bool has_head_worked; /* HeadBucket has found one */
	int64_t head_refused_until_ms, paging_refused_until_ms;
};

struct bucket_habits *s3_bucket_habits(struct s3 *s3);

/* ListBuckets says where a bucket is. */
void s3_learn_region(struct s3 *s3, const char *bucket, const char *region);

/* Where it is asked for a bucket, as far as is known now; NULL: the service. */
const struct endpoint *s3_endpoint(struct s3 *s3, const char *bucket);

/* Copies the request, but for its body. */
struct s3_call *s3_start(struct s3 *s3, const struct s3_request *r);

/* What decides how many calls may be under way: borrowed. */
struct pace *s3_pace(const struct s3 *s3);

/* End it soon, with ECANCELED. */
void s3_cancel(struct s3_call *call);

/* on_data has returned HTTP_PAUSE, and could take the bytes now. */
void s3_resume(struct s3_call *call);

#endif
