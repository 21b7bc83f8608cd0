/* SPDX-License-Identifier: MIT */
/*
 * Single objects: HEAD, GET, PUT, DELETE.  Net thread only.  Source: Amazon S3 API
 * Reference, "HeadObject", "GetObject", "PutObject", "DeleteObject".
 */
#ifndef S3_S3_OBJECT_H
#define S3_S3_OBJECT_H

#include "s3/s3.h"

struct s3_head {
	const char *bucket;
	const char *key;
	size_t key_len;
	s3_head_fn *on_head; /* see struct s3_request; NULL: any will do */
	struct traffic *traffic; /* likewise; NULL: it is not counted */
};

/* The completion finds the fields in answer->http by http_header(). */
struct s3_call *s3_head_object(struct s3 *s3, const struct s3_head *head,
			       s3_done_fn *on_done, void *arg);

struct s3_get {
	const char *bucket;
	const char *key;
	size_t max; /* more bytes are EFBIG */
	s3_whole_fn *is_whole; /* as in request.h */
	struct traffic *traffic; /* likewise */
	/* If `n` is not 0: so many bytes, from `first` on; see s3_part(). */
	size_t first, n;
};

/* The body is in answer->http->body. */
struct s3_call *s3_get_object(struct s3 *s3, const struct s3_get *get,
			      s3_done_fn *on_done, void *arg);

/*
 * Of a success: those `n` bytes, of the answer; NULL: it does not have them.  A store
 * that knows no Range sends all of the object, up to `max`.  Whether they are those
 * that are looked for, a checksum of them has to say: another one may have been put.
 */
const char *s3_part(const struct s3_answer *answer, size_t first, size_t n);

#define S3_ETAG_MAX 128

/*
 * What lies there, by the answer to a GET, HEAD or PUT: its ETag, with the quotes that the
 * store gives it; "" where nothing does.  Also if it is longer than was asked for.
 * False: the answer does not say.
 */
bool s3_etag(const struct s3_answer *answer, char out[S3_ETAG_MAX]);

#define S3_PUT_HEADERS_MAX 8

/*
 * It is put with a checksum, without which buckets with a retention by default
 * refuse it: Content-MD5, which all stores know, while some refuse header fields
 * x-amz-checksum-* or bodies with trailers; x-amz-checksum-sha256 where there is
 * no MD5 to be had.
 */
struct s3_put {
	const char *bucket;
	const char *key;
	const void *body; /* must live until the completion */
	size_t body_len;
	const struct sigv4_header *headers; /* content-type, x-amz-meta-… */
	size_t n_headers; /* at most S3_PUT_HEADERS_MAX */
	struct traffic *traffic; /* as in request.h */
};

struct s3_call *s3_put_object(struct s3 *s3, const struct s3_put *put,
			      s3_done_fn *on_done, void *arg);

/* It is a success, too, if there was no such object. */
struct s3_call *s3_delete_object(struct s3 *s3, const char *bucket,
				 const char *key, s3_done_fn *on_done,
				 void *arg);

#endif
