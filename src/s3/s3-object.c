/* SPDX-License-Identifier: MIT */
/*
 * HEAD, GET, PUT and DELETE of objects: see s3-object.h.  Net thread only.
 */
#include "config.h"

#include "s3/s3-object.h"

#include <assert.h>
#include <errno.h>

#define RANGE_MAX 64

struct s3_call *
s3_head_object(struct s3 *s3, const struct s3_head *head, s3_done_fn *on_done,
	       void *arg)
{
	return s3_start(s3, &(struct s3_request){
				    .method = "HEAD",
				    .bucket = head->bucket,
				    .key = head->key,
				    .key_len = head->key_len,
				    .on_head = head->on_head,
				    .traffic = head->traffic,
				    .on_done = on_done,
				    .arg = arg,
			    });
}

struct s3_call *
s3_get_object(struct s3 *s3, const struct s3_get *get, s3_done_fn *on_done,
	      void *arg)
{
	char range[RANGE_MAX];
	const struct sigv4_header header = { "range", range };

	snprintf(range, sizeof(range), "bytes=%zu-%zu", get->first,
		 get->first + get->n - 1);
	return s3_start(s3, &(struct s3_request){
				    .method = "GET",
				    .bucket = get->bucket,
				    .key = get->key,
				    .key_len = strlen(get->key),
				    .headers = &header,
				    .n_headers = get->n > 0,
				    .wants_part = get->n > 0,
				    .body_max = get->max,
				    .is_whole = get->is_whole,
				    .traffic = get->traffic,
				    .on_done = on_done,
				    .arg = arg,
			    });
}

const char *
s3_part(const struct s3_answer *answer, size_t first, size_t n)
{
	const struct buf *body = &answer->http->body;

	if (answer->status == 206)
		return body->len == n ? body->data : NULL;
	return body->len >= first && body->len - first >= n ? body->data + first
							    : NULL;
}

bool
s3_etag(const struct s3_answer *answer, char out[S3_ETAG_MAX])
{
	out[0] = '\0';
	if (answer->err.code && answer->err.code != EFBIG)
		return answer->status == 404;
	http_copy_header(answer->http, "etag", out, S3_ETAG_MAX);
	return out[0];
}

static const char *
print_checksum(const struct s3_put *put, char out[SHA256_BASE64_LEN])
{
	if (md5_base64(put->body, put->body_len, out))
		return "content-md5";
	sha256_base64(put->body, put->body_len, out);
	return "x-amz-checksum-sha256";
}

struct s3_call *
s3_put_object(struct s3 *s3, const struct s3_put *put, s3_done_fn *on_done,
	      void *arg)
{
	struct sigv4_header headers[S3_PUT_HEADERS_MAX + 1];
	char checksum[SHA256_BASE64_LEN];
	size_t n = put->n_headers;

	assert(n <= S3_PUT_HEADERS_MAX);
	for (size_t i = 0; i < n; i++)
		headers[i] = put->headers[i];
	headers[n].name = print_checksum(put, checksum);
	headers[n].value = checksum;
	return s3_start(s3, &(struct s3_request){
				    .method = "PUT",
				    .bucket = put->bucket,
				    .key = put->key,
				    .key_len = strlen(put->key),
				    .headers = headers,
				    .n_headers = n + 1,
				    .body = put->body,
				    .body_len = put->body_len,
				    .traffic = put->traffic,
				    .on_done = on_done,
				    .arg = arg,
			    });
}

struct s3_call *
s3_delete_object(struct s3 *s3, const char *bucket, const char *key,
		 s3_done_fn *on_done, void *arg)
{
	return s3_start(s3, &(struct s3_request){
				    .method = "DELETE",
				    .bucket = bucket,
				    .key = key,
				    .key_len = strlen(key),
				    .on_done = on_done,
				    .arg = arg,
			    });
}
