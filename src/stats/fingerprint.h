/* SPDX-License-Identifier: MIT */
/*
 * What a listing was, in a few bytes: how many objects, how many bytes, and a
 * fingerprint of keys, sizes, ETags and times.  A cached document is valid
 * exactly as long as this is what LIST gives.
 *
 * The fingerprint is the sum mod 2^128, over all objects, of the first 16 bytes
 * (big-endian) of SHA-256(key NUL size NUL etag NUL last-modified).  A sum: the
 * order does not matter, so parts may be listed apart and added.
 */
#ifndef STATS_FINGERPRINT_H
#define STATS_FINGERPRINT_H

#include "util/hash.h"
#include "util/object.h"

#define FINGERPRINT_HEX_LEN 33

/* 128 bits in two halves: compilers have no such integer on 32-bit machines. */
struct fingerprint {
	uint64_t high, low;
};

struct validation {
	int64_t object_count;
	int64_t compressed_size; /* bytes, saturating at INT64_MAX */
	bool has_fingerprint; /* documents of other programs have none */
	struct fingerprint fingerprint;
};

/* Keys that begin so are in neither validation nor statistics. */
#define INTERNAL_PREFIX ".deltaglider/"

bool object_is_internal(const struct object *o);

/*
 * SHA-256 of what LIST tells of an object, so of one version of it; `h` is scratch
 * space.
 */
void object_digest(const struct object *o, struct sha256 *h,
		   unsigned char out[SHA256_LEN]);

/* What a listing is, of objects that are added one by one; none is internal. */
struct validator;

struct validator *validator_new(void);
void validator_free(struct validator *v); /* NULL is fine */
void validator_add(struct validator *v, const struct object *o);
/* Likewise, where its object_digest() is known. */
void validator_add_digest(struct validator *v, const struct object *o,
			  const unsigned char digest[SHA256_LEN]);

/* Of all that were added; until the next one is. */
const struct validation *validator_sum(const struct validator *v);

/* What it adds to the sum. */
struct fingerprint fingerprint_of(const unsigned char digest[SHA256_LEN]);
void fingerprint_add(struct fingerprint *sum, const struct fingerprint *f);

/* Whether a document with `cached` describes the listing `listed`. */
bool validation_matches(const struct validation *cached,
			const struct validation *listed);

bool fingerprint_equals(const struct fingerprint *a,
			const struct fingerprint *b);
void fingerprint_print(const struct fingerprint *f,
		       char out[FINGERPRINT_HEX_LEN]);
bool fingerprint_parse(const char *s,
		       struct fingerprint *out); /* 32 digits, lower case */

/* a + b, INT64_MAX if that is more; neither is negative.  And a * b. */
int64_t add_saturating(int64_t a, int64_t b);
int64_t multiply_saturating(int64_t a, int64_t b);

#endif
