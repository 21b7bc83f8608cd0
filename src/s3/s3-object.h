/* SPDX-License-Identifier: MIT */
/*
 * Single objects: HEAD, GET, PUT.  Net thread only.  Source: Amazon S3 API
 * Reference, "HeadObject", "GetObject", "PutObject".
 */
#ifndef S3_S3_OBJECT_H
#define S3_S3_OBJECT_H

#include "s3/s3.h"

/* The completion finds the fields in answer->http by http_header(). */
struct s3_call *s3_head_object(struct s3 *s3, const char *bucket,
			       const char *key, size_t key_len,
			       s3_done_fn *on_done, void *arg);

/* The body is in answer->http->body; more than `max` bytes are EFBIG. */
struct s3_call *s3_get_object(struct s3 *s3, const char *bucket,
			      const char *key, size_t max, s3_done_fn *on_done,
			      void *arg);

struct s3_put {
	const char *bucket;
	const char *key;
	const void *body; /* must live until the completion */
	size_t body_len;
	const struct sigv4_header *headers; /* content-type, x-amz-meta-… */
	size_t n_headers;
};

struct s3_call *s3_put_object(struct s3 *s3, const struct s3_put *put,
			      s3_done_fn *on_done, void *arg);

/*
 * Whether the fields of a HEAD are those of the object as it was listed: ETag,
 * length, and last-modified to the second (an HTTP date has no more).  What a
 * store does not say does not count.
 */
bool s3_head_is_object(const struct http_answer *head, const char *etag,
		       int64_t size, const char *last_modified);

#endif
