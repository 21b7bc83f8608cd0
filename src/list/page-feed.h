/* SPDX-License-Identifier: MIT */
/*
 * Where the bytes of a page go, as they arrive: a <Contents> that stands where it
 * belongs and is plain (contents.h) is read at once and cut out of what the XML
 * parser sees; all the rest goes there, and the parser is the judge of it.  Where
 * an element may be cut out, sax_is_between() tells.  Any thread, one at a time.
 *
 * A cut in the middle of an element leaves its bytes here, twice CONTENTS_MAX of
 * them at most, until more arrive; if none do, the parser gets them.  A page whose
 * elements are refused again and again is left to the parser.
 */
#ifndef LIST_PAGE_FEED_H
#define LIST_PAGE_FEED_H

#include "list/contents.h"
#include "util/sax.h"

/*
 * False: it is not accepted, and then nothing of it may have been kept; it is
 * told by events instead, where an error can be one.
 */
typedef bool page_feed_fn(void *arg, const struct contents *c);

struct page_feed;

/* `wanted` as in contents.h; it and the parser must live as long. */
struct page_feed *page_feed_new(struct sax *sax, page_feed_fn *on_contents,
				void *arg, const struct user_metadata *wanted);
void page_feed_free(struct page_feed *f); /* NULL is fine */

/*
 * Another page begins; the parser has been reset.  Where it `is_for_parser`, all
 * of it goes there.
 */
void page_feed_reset(struct page_feed *f, bool is_for_parser);

/* As sax_feed() and sax_end(). */
int page_feed_add(struct page_feed *f, const char *data, size_t len,
		  struct err *err);
int page_feed_end(struct page_feed *f, struct err *err);

#endif
