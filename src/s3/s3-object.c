/* SPDX-License-Identifier: MIT */
/*
 * HEAD, GET and PUT of objects: see s3-object.h.  Net thread only.
 */
#include "config.h"

#include "s3/s3-object.h"

#include "util/date.h"

struct s3_call *
s3_head_object(struct s3 *s3, const char *bucket, const char *key,
	       size_t key_len, s3_done_fn *on_done, void *arg)
{
	return s3_start(s3, &(struct s3_request){
				    .method = "HEAD",
				    .bucket = bucket,
				    .key = key,
				    .key_len = key_len,
				    .on_done = on_done,
				    .arg = arg,
			    });
}

struct s3_call *
s3_get_object(struct s3 *s3, const char *bucket, const char *key, size_t max,
	      s3_done_fn *on_done, void *arg)
{
	return s3_start(s3, &(struct s3_request){
				    .method = "GET",
				    .bucket = bucket,
				    .key = key,
				    .key_len = strlen(key),
				    .body_max = max,
				    .on_done = on_done,
				    .arg = arg,
			    });
}

struct s3_call *
s3_put_object(struct s3 *s3, const struct s3_put *put, s3_done_fn *on_done,
	      void *arg)
{
	return s3_start(s3, &(struct s3_request){
				    .method = "PUT",
				    .bucket = put->bucket,
				    .key = put->key,
				    .key_len = strlen(put->key),
				    .headers = put->headers,
				    .n_headers = put->n_headers,
				    .body = put->body,
				    .body_len = put->body_len,
				    .on_done = on_done,
				    .arg = arg,
			    });
}

static bool
is_same_etag(const char *field, const char *listed)
{
	size_t n;

	if (!field[0] || !listed[0])
		return true;
	if (strncmp(field, "W/", 2) == 0)
		field += 2;
	field += field[0] == '"';
	n = strlen(field);
	n -= n > 0 && field[n - 1] == '"';
	return n == strlen(listed) && memcmp(field, listed, n) == 0;
}

bool
s3_head_is_object(const struct http_answer *head, const char *etag,
		  int64_t size, const char *last_modified)
{
	char field[300];
	int64_t is, was;

	http_copy_header(head, "etag", field, sizeof(field));
	if (!is_same_etag(field, etag))
		return false;
	http_copy_header(head, "content-length", field, sizeof(field));
	if (field[0] && strtoll(field, NULL, 10) != size)
		return false;
	http_copy_header(head, "last-modified", field, sizeof(field));
	if (date_parse_http(field, &is) && date_parse_iso(last_modified, &was))
		return is == was;
	return true;
}
