/* SPDX-License-Identifier: MIT */
/*
 * A page of ListObjectsV2 as a push parser.  Every text, depth and count has a cap.
 * Pure: bytes in, structs out.  Any thread, one at a time.
 *
 * Source: Amazon S3 API Reference, "ListObjectsV2"; deviations of other stores are
 * named where they are handled.
 */
#ifndef LIST_PAGE_H
#define LIST_PAGE_H

#include "list/claims.h"
#include "s3/error-doc.h"

/*
 * One page of a listing.  It is a transaction: nothing of it is to be used
 * before list_parser_end() has returned 0.
 */
struct list_page {
	struct object *objects; /* keys decoded */
	size_t n_objects;
	bool is_ordered; /* each key is behind the one before it */
	bool is_truncated;
	char *next_token; /* exactly as to be sent; NULL: none could be read */
	/*
	 * Ceph RGW writes control characters of a key raw into the token, which
	 * is not well-formed XML.  The objects before it are good (in order,
	 * with no gap, at least one) but nothing after it can be read: then
	 * this is true, next_token is NULL, is_truncated is true, and the
	 * listing goes on with start-after.  If only the echo of what was
	 * asked is so, and all before it proves that the page is the last and
	 * whole, it is an ordinary last page.
	 */
	bool is_token_unreadable;
	/*
	 * At least one entry told something of its user metadata; never so if
	 * none is wanted.
	 */
	bool has_metadata;
};

struct list_parser;

struct list_parser *list_parser_new(void);
void list_parser_free(struct list_parser *p); /* NULL is fine */

/*
 * From the next reset on all goes through the XML parser, at a tenth of the speed
 * and with the same result: for tests, which compare them.
 */
void list_parser_use_xml_only(struct list_parser *p);

/*
 * User metadata that matter: names without "x-amz-meta-", in order of
 * precedence, which must live as long as the parser; none at first.  It holds for
 * all pages to come.  See user-metadata.h.
 */
void list_parser_want(struct list_parser *p, const char *const *names,
		      size_t n);

/* Forget everything: the request is being tried again. */
void list_parser_reset(struct list_parser *p);

/* What the page must be of; until the next reset, as long as its strings live. */
void list_parser_expect(struct list_parser *p, const struct list_asked *asked);

/* The next bytes.  -EIO with a message if they can't belong to an answer. */
int list_parser_feed(struct list_parser *p, const char *data, size_t len,
		     struct err *err);

/*
 * The bytes have ended, cleanly as far as HTTP can tell.  The page belongs to
 * the parser and lives until its next reset.  -EIO if anything is missing,
 * contradictory, out of order or beyond a cap.
 */
int list_parser_end(struct list_parser *p, const struct list_page **page,
		    struct err *err);

/*
 * It was well-formed as far as it was read, but says that it is another page, or
 * contradicts itself: claims.h.
 */
bool list_parser_is_contradictory(const struct list_parser *p);

/* After a page is complete: whether it repeats what was asked for. */
enum list_echo list_parser_echo(const struct list_parser *p);

/* If the root was <Error> (S3 does that with status 200): it; else NULL. */
const struct s3_error *list_parser_error(const struct list_parser *p);

#endif
