/* SPDX-License-Identifier: MIT */
/*
 * The documents of a bucket, one of each mode, and that of the tree of prefixes: from
 * figures to text, and back.  Any thread.
 */
#ifndef ENGINE_DOCUMENT_H
#define ENGINE_DOCUMENT_H

#include "engine/result.h"
#include "stats/doc.h"
#include "util/limits.h"

/* Which one. */
struct document {
	const char *bucket; /* borrowed */
	enum mode mode;
	const struct limits *limits; /* prefix_depth and prefix_nodes */
};

/* Bytes of one that is taken for true, at most. */
size_t document_max(const struct document *d);

/* Whether the bytes are all of such a text: what s3_get wants to know. */
typedef bool document_is_whole_fn(const char *data, size_t len);
document_is_whole_fn *document_is_whole(enum mode mode);

/*
 * Print figures, time and validation of `r`, and with prefixes `tree` (else NULL): sets
 * its texts, the references are the caller's.  0, or what buf_add() does.
 */
int document_print(const struct document *d, const struct prefixes *tree,
		   struct result *r);

/*
 * Read one from the bucket.  DOC_GOOD: *out is it, a new reference: byte for byte, or,
 * if it does not have the length of ours, printed anew from its figures; true for a
 * listing of the `validation` in it.  Otherwise `err` says what is wrong with it.
 */
enum doc_verdict document_read(const struct document *d, const struct buf *body,
			       struct result **out, struct err *err);

#endif
