/* SPDX-License-Identifier: MIT */
/*
 * The documents in a bucket, and what lies there: GET and PUT.  Net thread only.
 */
#ifndef ENGINE_CACHE_H
#define ENGINE_CACHE_H

#include "engine/document.h"
#include "s3/s3-object.h"

enum cache_policy { CACHE_POLICY_RW, CACHE_POLICY_RO, CACHE_POLICY_OFF };

/* What the GET of a cached document brought. */
enum cache_verdict {
	CACHE_NOT_ASKED,
	CACHE_ABSENT, /* 404 */
	CACHE_GOOD, /* a document that may be valid */
	CACHE_BAD, /* corrupt, over-long, of another bucket, contradictory */
	CACHE_FOREIGN, /* another program's version */
	CACHE_OTHER, /* made with other settings */
	CACHE_REFUSED, /* access denied */
	CACHE_FAILED, /* any other failure: nothing is known */
};

/*
 * The cache never makes a read fail: an answer to its GET is waited for this
 * part of timeout_ms, then the figures are computed without.
 */
#define CACHE_GET_PART 4

/* The key of a document. */
const char *cache_key(enum mode mode);

struct s3_call *cache_get(struct s3 *s3, const struct document *d,
			  struct traffic *traffic, s3_done_fn *on_done,
			  void *arg);

/* What that answer is; *out and `err` as document_read() has them. */
enum cache_verdict cache_read(const struct s3_answer *answer,
			      const struct document *d, struct result **out,
			      struct err *err);

struct cache_put {
	const char *bucket;
	const char *key; /* one of engine/ours.h */
	const char *type; /* of the bytes: Content-Type */
	/* Only if this lies there, as s3_etag() has it; NULL: whatever does. */
	const char *over;
	const void *body; /* must live until the completion */
	size_t body_len;
	struct traffic *traffic; /* as in s3/request.h */
	/* How the store is to encrypt it; NULL: that is up to the bucket. */
	const char *sse, *sse_kms_key_id;
};

/* Put something of ours there, be it a document or not. */
struct s3_call *cache_put(struct s3 *s3, const struct cache_put *put,
			  s3_done_fn *on_done, void *arg);

/*
 * Before a PUT that has no condition, or whose condition the store may not understand: is
 * what lies there what is to be replaced?  Asks for the first byte; what a store that
 * knows no Range sends is not read.
 */
struct s3_call *cache_look(struct s3 *s3, const char *bucket, const char *key,
			   s3_done_fn *on_done, void *arg);

enum cache_look {
	LOOK_SAME, /* or something empty, which is worth nothing */
	LOOK_OTHER,
	LOOK_FAILED, /* nothing is known: answer->err */
};

/* Of its answer: whether that lies there; as s3_etag() has it. */
enum cache_look cache_look_verdict(const struct s3_answer *answer,
				   const char *etag);

#endif
