/* SPDX-License-Identifier: MIT */
/*
 * The cached documents in a bucket: see cache.h.  Net thread only.
 */
#include "config.h"

#include "engine/cache.h"

#include <errno.h>

#define CACHE_KEY_MAX (sizeof(INTERNAL_PREFIX) + CACHE_NAME_MAX)

void
cache_print_name(enum mode mode, char out[CACHE_NAME_MAX])
{
	snprintf(out, CACHE_NAME_MAX, "stats_%s.json", mode_names[mode]);
}

static void
print_key(const char *name, char out[CACHE_KEY_MAX])
{
	snprintf(out, CACHE_KEY_MAX, INTERNAL_PREFIX "%s", name);
}

struct s3_call *
cache_get(struct s3 *s3, const char *bucket, enum mode mode,
	  struct traffic *traffic, s3_done_fn *on_done, void *arg)
{
	char name[CACHE_NAME_MAX], key[CACHE_KEY_MAX];

	cache_print_name(mode, name);
	print_key(name, key);
	return s3_get_object(s3,
			     &(struct s3_get){ .bucket = bucket,
					       .key = key,
					       .max = DOC_MAX,
					       .is_whole = doc_is_whole,
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

/* Another program's, or one of an older version of ours, has another length. */
static int
show(struct buf *out, const struct buf *body, const struct doc *doc)
{
	if (body->len == DOC_LEN)
		return buf_add(out, body->data, body->len);
	return doc_print(out, doc);
}

static enum cache_verdict
take_good(const struct buf *body, const struct doc *doc, struct result **out,
	  struct err *err)
{
	struct buf shown CLEANUP_BUF = BUF_INIT(DOC_LEN);
	struct text *text CLEANUP(text_release) = NULL;

	if (show(&shown, body, doc)) {
		err_set(err, EFBIG, "more than %d bytes when printed", DOC_LEN);
		return CACHE_BAD;
	}
	text = text_new(&shown);
	*out = result_new(&(struct result){
		.text = text,
		.computed_at = doc->computed_at,
		.figures = doc->figures,
		.listed.validation = doc->validation,
		.is_storable = true,
		.how = RESULT_HIT,
	});
	return CACHE_GOOD;
}

enum cache_verdict
cache_read(const struct s3_answer *answer, const char *bucket, enum mode mode,
	   struct result **out, struct err *err)
{
	const struct buf *body;
	struct doc doc;

	if (answer->err.code)
		return read_failure(answer, err);
	body = &answer->http->body;
	switch (doc_parse(&doc, buf_str(body), body->len, bucket, mode, err)) {
	case DOC_GOOD:
		return take_good(body, &doc, out, err);
	case DOC_FOREIGN:
		return CACHE_FOREIGN;
	case DOC_BAD:
		break;
	}
	return CACHE_BAD;
}

struct s3_call *
cache_put(struct s3 *s3, const struct cache_put *put, s3_done_fn *on_done,
	  void *arg)
{
	/*
	 * dg-no-delta: else a DeltaGlider proxy on the way might store our
	 * bytes as a delta.
	 */
	const struct sigv4_header all[] = {
		{ "content-type", put->type },
		{ "x-amz-meta-dg-no-delta", "true" },
		{ "x-amz-meta-x-deltaglider-cache", "true" },
		{ "x-amz-server-side-encryption", put->sse },
		{ "x-amz-server-side-encryption-aws-kms-key-id",
		  put->sse_kms_key_id },
	};
	struct sigv4_header headers[ARRAY_SIZE(all)];
	char key[CACHE_KEY_MAX];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i].value)
			headers[n++] = all[i];
	print_key(put->name, key);
	return s3_put_object(s3,
			     &(struct s3_put){ .bucket = put->bucket,
					       .key = key,
					       .body = put->body,
					       .body_len = put->body_len,
					       .headers = headers,
					       .n_headers = n,
					       .traffic = put->traffic },
			     on_done, arg);
}
