/* SPDX-License-Identifier: MIT */
/*
 * A bucket: its formula, to which a directory may be added, and the few objects
 * that were PUT into it, which are kept (dgstatfs's cached documents).
 */
#ifndef BENCH_BUCKET_H
#define BENCH_BUCKET_H

#include "formula.h"

#define BUCKET_NAME_SIZE 64
#define MAX_EXTRAS 64

struct extra {
	char *key;
	size_t key_len;
	uint32_t place; /* this many keys of the formula are before it */
	struct text body;
	struct text headers; /* what GET repeats: type and user metadata */
	char etag[32];
	char iso[sizeof("2025-01-01T00:00:00.000Z")];
	char http[sizeof("Wed, 01 Jan 2025 00:00:00 GMT")];
};

struct bucket {
	char name[BUCKET_NAME_SIZE];
	struct formula f;
	struct extra extras[MAX_EXTRAS]; /* in order of their keys */
	unsigned n_extras;
};

struct extra *bucket_find_extra(struct bucket *b, const char *key, size_t len);

/* New or emptied; NULL if the key is the formula's, or there are too many. */
struct extra *bucket_put_extra(struct bucket *b, const char *key, size_t len);

void bucket_forget_extra(struct bucket *b, struct extra *e);

/* See formula_add_dir(); what was PUT stays. */
void bucket_add_dir(struct bucket *b, uint32_t n_deltas);
void bucket_remove_dir(struct bucket *b);

/* --- LIST ------------------------------------------------------------------- */

struct listing {
	bool is_v2;
	bool is_encoded; /* encoding-type=url */
	bool by_dir; /* delimiter=/ */
	bool wants_metadata; /* metadata=true */
	const char *prefix;
	size_t prefix_len;
	const char *after; /* start-after, marker or what a token holds */
	size_t after_len;
	bool skips_dir; /* nor what begins with `after` */
	const char *token; /* as received, to be echoed */
	unsigned max_keys;
};

/*
 * Add the document to out[0] and out[1]: the head of a page is known last, and
 * copying a page would be a third of the work of making it.  A token is 'k' or 'p' and the last key, or common
 * prefix, in hexadecimal.  Returns how many objects are on the page.
 */
unsigned bucket_list(const struct bucket *b, const struct dates *dates,
		     const struct listing *q, struct text out[2]);

#endif
