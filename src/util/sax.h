/* SPDX-License-Identifier: MIT */
/*
 * XML as events, pushed in as it arrives: the only user of libxml2.  UTF-8
 * only; without DTD, entities (but XML's own five) or network, never a tree.
 * Bytes and depth have caps.  Knows no S3.  Any thread, one at a time.
 */
#ifndef UTIL_SAX_H
#define UTIL_SAX_H

#include "util/err.h"

#define SAX_DEPTH_MAX 16

/*
 * The root element has depth 0.  Names come without their namespace prefix.
 * The text of one element may come in several pieces; blanks are text too.  A
 * callback that returns -errno, with `err` set, ends the parsing.
 */
struct sax_events {
	int (*on_start)(void *arg, unsigned depth, const char *name,
			struct err *err);
	int (*on_text)(void *arg, unsigned depth, const char *text, size_t len,
		       struct err *err);
	int (*on_end)(void *arg, unsigned depth, struct err *err);
};

struct sax;

/* `events` must live as long; a document of more than `max` bytes is an error. */
struct sax *sax_new(const struct sax_events *events, void *arg, size_t max);
void sax_free(struct sax *s); /* NULL is fine */

/* Forget everything: another document begins. */
void sax_reset(struct sax *s);

/*
 * The next bytes.  -EIO if they are not well-formed or exceed a cap, or what a
 * callback returned; after a failure, the same for all further bytes.
 */
int sax_feed(struct sax *s, const char *data, size_t len, struct err *err);

/*
 * Whether the next byte belongs to the content of the root element and to nothing
 * within it, be it an element, a comment or the like, and all bytes so far have
 * been read: none is held back.  Then the caller may read by itself a part of the
 * document that is well-formed in such a place, and skip it.
 */
bool sax_is_between(const struct sax *s);

/* Instead of sax_feed(), which is not to see them: they count as bytes. */
int sax_skip(struct sax *s, size_t len, struct err *err);

/* No more bytes: -EIO unless the document is complete. */
int sax_end(struct sax *s, struct err *err);

/*
 * Whether the failure was a character that XML cannot hold, raw or as "&#x1;", in
 * a text: not one in a tag or a comment.
 * All events before it have been delivered, and none after it.
 */
bool sax_is_bad_character(const struct sax *s);

#endif
