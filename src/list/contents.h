/* SPDX-License-Identifier: MIT */
/*
 * One <Contents> of a listing, read at the speed of memory if it is plain, as
 * stores write nearly all of them.  What is not plain is refused, so that an XML
 * parser looks at it: nothing is guessed.  Pure.  Any thread, one at a time.
 *
 * Plain is:
 * - no attribute, prefix, comment, CDATA section or processing instruction;
 * - children that have a text, or children that have one, with blanks around;
 *   Key, Size, LastModified and ETag have a text, and come at most once, the
 *   first two exactly once; others have any name, and any number of them;
 * - plain texts (plain-text.h).
 *
 * That is well-formed wherever an element may stand.
 */
#ifndef LIST_CONTENTS_H
#define LIST_CONTENTS_H

#include "list/user-metadata.h"

#define CONTENTS_TAG "<Contents>"

/* An element that is longer is not plain. */
#define CONTENTS_MAX ((size_t)16 * 1024)

/* Where a text belongs; from CONTENTS_VALUE on they are of <UserMetadata>. */
enum {
	CONTENTS_OTHER,
	CONTENTS_KEY,
	CONTENTS_SIZE,
	CONTENTS_MODIFIED,
	CONTENTS_ETAG,
	CONTENTS_VALUE,
};

#define CONTENTS_VALUES_MAX 16

/* So many bytes at least follow each text in what was scanned: "</Key></Contents>". */
#define CONTENTS_BEHIND 16

struct contents_text {
	const char *s; /* in what was scanned */
	size_t len;
	bool is_coded; /* has references: plain_text_decode() */
};

struct contents {
	struct contents_text texts[CONTENTS_VALUE + CONTENTS_VALUES_MAX];
	bool is_unquoted; /* the ETag had quotes, which are not in its text */
	/* Of the user metadata, none of which is there if none is wanted. */
	bool has_internal; /* an <Internal>, or <UserMetadata> */
	bool has_metadata; /* one <UserMetadata> */
	size_t n_values; /* of what is wanted; without references */
	size_t places[CONTENTS_VALUES_MAX]; /* of their names in `wanted` */
};

struct contents_scanner;

/* `wanted` must live as long; nothing but what is wanted is read of it. */
struct contents_scanner *
contents_scanner_new(const struct user_metadata *wanted);
void contents_scanner_free(struct contents_scanner *s); /* NULL is fine */

/* Another page begins, or other metadata are wanted. */
void contents_scanner_reset(struct contents_scanner *s);

/*
 * The element that begins at `data`: returns its length, and sets *out until the
 * next call.  0: more bytes are needed to tell; -1: it is not plain.
 */
ssize_t contents_scan(struct contents_scanner *s, const char *data, size_t len,
		      const struct contents **out);

#endif
