/* SPDX-License-Identifier: MIT */
/*
 * The objects of one page, stored compactly: all texts in one buffer, records
 * of offsets into it while it grows (and moves), pointers in the end.  Its
 * memory is kept from page to page.  Any thread, one at a time.
 */
#ifndef LIST_OBJECT_LIST_H
#define LIST_OBJECT_LIST_H

#include "util/buf.h"
#include "util/err.h"
#include "util/hash.h"
#include "util/object.h"

#define OBJECT_LIST_MAX 10000 /* S3 sends 1000 at most, some others more */
#define OBJECT_KEY_MAX 4096 /* bytes, decoded; S3: 1024 */
#define OBJECT_ENCODED_KEY_MAX (3 * OBJECT_KEY_MAX)
#define OBJECT_MODIFIED_MAX 256
#define OBJECT_ETAG_MAX (256 + 2) /* with its quotes */

/* Offsets into the text, which begins with two empty strings: 0 is "". */
struct object_record {
	uint32_t key, key_len;
	uint32_t etag, last_modified; /* NUL-terminated */
	int64_t size;
	uint32_t metadata; /* NUL-terminated; 0 is NULL */
	/* If not 0: from the key on lies, in so many bytes, what is hashed. */
	uint32_t line_len;
	bool has_digest;
};

#define OBJECT_LIST_EMPTY 1 /* the other one, where 0 is NULL */

struct object_list {
	struct buf text;
	struct object_record *records;
	unsigned char (*digests)[SHA256_LEN]; /* of some records */
	size_t n_hashed; /* records that were looked at for it */
	struct object_record *current; /* being read: not one of n yet */
	struct object *objects; /* n, from object_list_finish() to reset */
	size_t n;
	size_t size; /* of `records` */
	bool is_ordered; /* after object_list_finish() */
};

/* `max` is the most text that all objects can have, NULs aside. */
void object_list_init(struct object_list *l, size_t max);
void object_list_clear(struct object_list *l); /* the end: free everything */
void object_list_reset(struct object_list *l); /* forget, keep the memory */

/* Append to the text; take its end back. */
int object_list_text(struct object_list *l, const char *text, size_t len,
		     struct err *err);
void object_list_cut(struct object_list *l, size_t len);

/* The same of the quotes around an ETag, which begins there: where it does then. */
char *object_list_unquote(struct object_list *l, char *etag);

/* A new `current`; count it.  -EIO beyond OBJECT_LIST_MAX. */
int object_list_begin(struct object_list *l, struct err *err);
void object_list_commit(struct object_list *l);

/*
 * Hash those that came since the last time, if they are sure to stay as they are; the
 * others are hashed in the end.  Best some at a time: see sha256_short_set().
 */
void object_list_hash(struct object_list *l);

/*
 * All are there: URL-decode the keys if they are encoded (so once only), check
 * that they are possible and that none is twice in a row, look whether they
 * ascend, and fill `objects`.
 */
int object_list_finish(struct object_list *l, bool is_encoded, struct err *err);

#endif
