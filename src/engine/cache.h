/* SPDX-License-Identifier: MIT */
/*
 * Where documents live in a bucket, and what lies there: GET and PUT of
 * ".deltaglider/stats_{mode}.json".  Net thread only.
 */
#ifndef ENGINE_CACHE_H
#define ENGINE_CACHE_H

#include "engine/result.h"
#include "s3/s3-object.h"
#include "stats/doc.h"

enum cache_policy { CACHE_POLICY_RW, CACHE_POLICY_RO, CACHE_POLICY_OFF };

/* What the GET of a cached document brought. */
enum cache_verdict {
	CACHE_NOT_ASKED,
	CACHE_ABSENT, /* 404 */
	CACHE_GOOD, /* a document that may be valid */
	CACHE_BAD, /* corrupt, over-long, of another bucket, contradictory */
	CACHE_FOREIGN, /* another program's version */
	CACHE_REFUSED, /* access denied */
	CACHE_FAILED, /* any other failure: nothing is known */
};

struct s3_call *cache_get(struct s3 *s3, const char *bucket, enum mode mode,
			  struct traffic *traffic, s3_done_fn *on_done,
			  void *arg);

/*
 * What that answer is.  CACHE_GOOD: *out is the document, a new reference: byte
 * for byte, or, if it does not have the length of ours, printed anew from its
 * figures; true for a listing of the `validation` in it.  Otherwise `err` says what
 * is wrong with it.
 */
enum cache_verdict cache_read(const struct s3_answer *answer,
			      const char *bucket, enum mode mode,
			      struct result **out, struct err *err);

struct cache_put {
	const char *bucket;
	enum mode mode;
	const struct text *doc; /* must live until the completion */
	struct traffic *traffic; /* as in s3/request.h */
	/* How the store is to encrypt it; NULL: that is up to the bucket. */
	const char *sse, *sse_kms_key_id;
};

struct s3_call *cache_put(struct s3 *s3, const struct cache_put *put,
			  s3_done_fn *on_done, void *arg);

#endif
