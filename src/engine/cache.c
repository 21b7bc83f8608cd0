/* SPDX-License-Identifier: MIT */
/*
 * The cached documents in a bucket: see cache.h.  Net thread only.
 */
#include "config.h"

#include "engine/cache.h"

#include <errno.h>

#include "engine/ours.h"

/* Of an error; more is not what was asked for. */
#define LOOK_BYTES_MAX 4096

const char *
cache_key(enum mode mode)
{
	static const char *const keys[N_DOCUMENTS] = {
		[MODE_QUICK] = OURS_QUICK,
		[MODE_SAMPLED] = OURS_SAMPLED,
		[MODE_DETAILED] = OURS_DETAILED,
		[MODE_PREFIXES] = OURS_PREFIXES,
	};

	return keys[mode];
}

struct s3_call *
cache_get(struct s3 *s3, const struct document *d, struct traffic *traffic,
	  s3_done_fn *on_done, void *arg)
{
	return s3_get_object(
		s3,
		&(struct s3_get){ .bucket = d->bucket,
				  .key = cache_key(d->mode),
				  .max = document_max(d),
				  .is_whole = document_is_whole(d->mode),
				  .traffic = traffic },
		on_done, arg);
}

static enum cache_verdict
read_failure(const struct s3_answer *answer, struct err *err)
{
	err_copy(err, &answer->err);
	if (answer->status == 404)
		return CACHE_ABSENT;
	if (answer->err.code == EFBIG)
		return CACHE_BAD;
	return answer->err.code == EACCES ? CACHE_REFUSED : CACHE_FAILED;
}

enum cache_verdict
cache_read(const struct s3_answer *answer, const struct document *d,
	   struct result **out, struct err *err)
{
	static const enum cache_verdict verdicts[] = {
		[DOC_GOOD] = CACHE_GOOD,
		[DOC_BAD] = CACHE_BAD,
		[DOC_FOREIGN] = CACHE_FOREIGN,
		[DOC_OTHER] = CACHE_OTHER,
	};

	if (answer->err.code)
		return read_failure(answer, err);
	return verdicts[document_read(d, &answer->http->body, out, err)];
}

struct s3_call *
cache_look(struct s3 *s3, const char *bucket, const char *key,
	   s3_done_fn *on_done, void *arg)
{
	return s3_get_object(s3,
			     &(struct s3_get){ .bucket = bucket,
					       .key = key,
					       .max = LOOK_BYTES_MAX,
					       .n = 1 },
			     on_done, arg);
}

enum cache_look
cache_look_verdict(const struct s3_answer *answer, const char *etag)
{
	char there[S3_ETAG_MAX];

	if (answer->status == 416) /* it has no first byte */
		return LOOK_SAME;
	if (!s3_etag(answer, there))
		return answer->err.code ? LOOK_FAILED : LOOK_OTHER;
	return strcmp(there, etag) == 0 ? LOOK_SAME : LOOK_OTHER;
}

struct s3_call *
cache_put(struct s3 *s3, const struct cache_put *put, s3_done_fn *on_done,
	  void *arg)
{
	/*
	 * dg-no-delta: else a DeltaGlider proxy on the way might store our
	 * bytes as a delta.
	 */
	bool is_new = put->over && !put->over[0];
	const struct sigv4_header all[] = {
		{ "content-type", put->type },
		{ "if-match", is_new ? NULL : put->over },
		{ "if-none-match", is_new ? "*" : NULL },
		{ "x-amz-meta-dg-no-delta", "true" },
		{ "x-amz-meta-x-deltaglider-cache", "true" },
		{ "x-amz-server-side-encryption", put->sse },
		{ "x-amz-server-side-encryption-aws-kms-key-id",
		  put->sse_kms_key_id },
	};
	struct sigv4_header headers[ARRAY_SIZE(all)];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i].value)
			headers[n++] = all[i];
	return s3_put_object(s3,
			     &(struct s3_put){ .bucket = put->bucket,
					       .key = put->key,
					       .body = put->body,
					       .body_len = put->body_len,
					       .headers = headers,
					       .n_headers = n,
					       .traffic = put->traffic },
			     on_done, arg);
}
