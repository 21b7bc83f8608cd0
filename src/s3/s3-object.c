/* SPDX-License-Identifier: MIT */
/*
 * HEAD, GET and PUT of objects: see s3-object.h.  Net thread only.
 */
#include "config.h"

#include "s3/s3-object.h"

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
				    .on_done = on_done,
				    .arg = arg,
			    });
}

struct s3_call *
s3_get_object(struct s3 *s3, const struct s3_get *get, s3_done_fn *on_done,
	      void *arg)
{
	return s3_start(s3, &(struct s3_request){
				    .method = "GET",
				    .bucket = get->bucket,
				    .key = get->key,
				    .key_len = strlen(get->key),
				    .body_max = get->max,
				    .is_whole = get->is_whole,
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
