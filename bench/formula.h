/* SPDX-License-Identifier: MIT */
/*
 * Buckets that are formulas: the name says what is in them, nothing is stored.
 *
 *     SHAPE-n<objects>-d<deltas>-s<directories>[-x<tag>]
 *
 * so dated-n100000-d50000-s1000 and dated-n100000-d50000-s1000-xb are two
 * buckets with the same keys.  Where the tag is "meta", pages tell user metadata
 * to those who ask with metadata=true, as MinIO's do.  A directory that has deltas has a reference.bin,
 * the last of its keys; deltas and other objects are mixed evenly.
 *
 *     dated    2015/01/01/07/00000012.zip.delta      an hour is a directory
 *     hex      83a1f0c29b3355e1/00000012.zip.delta   evenly spread directories
 *     flat     data/00000012.zip.delta               one directory; s must be 1
 *     skew     releases/000123/00000012.zip.delta    95 % of them; 5 % are in
 *              project-00012/...                     front of these
 *     unicode  three bytes a letter, and blanks
 *     long     dated, below directories with long names: 120 bytes
 *
 * Keys ascend as unsigned bytes, so the i-th is computed in constant time and
 * the place of a key is a binary search.
 */
#ifndef BENCH_FORMULA_H
#define BENCH_FORMULA_H

#include "text.h"

#define KEY_SIZE 160

enum shape { DATED, HEX, FLAT, SKEW, UNICODE, LONG };

/* A directory: objects first <= i < end. */
struct dir {
	uint32_t number;
	uint32_t id; /* of the first one: its size and ETag come from that */
	uint32_t first;
	uint32_t end;
	uint32_t n_deltas;
	bool has_reference; /* it is the last one */
	char prefix[KEY_SIZE];
	unsigned prefix_len;
};

struct formula {
	enum shape shape;
	uint32_t n_objects; /* with those of `added` */
	uint32_t n_deltas; /* this and the next: of what the name says */
	uint32_t n_dirs;
	uint64_t seed;
	uint32_t generation; /* how often it was changed, or added to */
	uint8_t *versions; /* of each id, from 0; NULL: none was changed */
	struct dir added; /* empty if there is none */
	uint32_t n_ever_added; /* objects */
	bool tells_metadata;
};

enum kind { DIRECT, DELTA, REFERENCE };

struct item {
	enum kind kind;
	uint32_t size;
	uint32_t original; /* of a delta: before compression */
	unsigned when; /* number of its date, see struct dates */
	char etag[32]; /* hexadecimal digits, no NUL */
};

bool formula_parse(struct formula *f, const char *bucket);

/*
 * Change the ETags of `n` deltas, or objects if there are none, and of others than the
 * last time, spread evenly.  Those of an added directory stay as they are.
 */
void formula_change(struct formula *f, uint32_t n);

/*
 * One more directory, of `n` deltas and their reference, somewhere in the middle of the
 * keys.  It has been there never before, nor have its ETags.  There is one at most.
 */
void formula_add_dir(struct formula *f, uint32_t n);
void formula_remove_dir(struct formula *f);

void formula_dir(const struct formula *f, uint32_t i, struct dir *d);
void formula_item(const struct formula *f, const struct dir *d, uint32_t i,
		  struct item *out);

/* The part of the key behind the directory's prefix; returns its length. */
unsigned formula_name(const struct formula *f, const struct dir *d, uint32_t i,
		      char out[KEY_SIZE]);

/* The whole key of object i; returns its length. */
unsigned formula_key(const struct formula *f, uint32_t i, char out[KEY_SIZE]);

/* The first i whose key is >= `key`; n_objects if there is none. */
uint32_t formula_find(const struct formula *f, const char *key, size_t len);

/* Unsigned bytes, a prefix before what it begins. */
int key_order(const char *a, size_t a_len, const char *b, size_t b_len);

/* What statistics must say about it, as JSON. */
void formula_expect(const struct formula *f, struct text *out);

/* --- when objects were written: 512 moments --- */

#define N_DATES 512

struct dates {
	char iso[N_DATES][sizeof("2025-01-01T00:00:00.000Z")];
	char http[N_DATES][sizeof("Wed, 01 Jan 2025 00:00:00 GMT")];
};

void dates_init(struct dates *d);

#endif
