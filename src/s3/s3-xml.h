/* SPDX-License-Identifier: MIT */
/*
 * What S3 answers, as push parsers: a page of ListObjectsV2, a page of
 * ListBuckets, an error document.  Every text, depth and count has a cap.  Pure:
 * bytes in, structs out.  Any thread, one at a time.  The three are in s3-xml.c,
 * buckets-page.c and error-doc.c; sax.h is what they share.
 *
 * Sources: Amazon S3 API Reference, "ListObjectsV2", "ListBuckets", "Error
 * responses"; deviations of other stores are named where they are handled.
 */
#ifndef S3_S3_XML_H
#define S3_S3_XML_H

#include "s3/list-claims.h"

/*
 * An <Error> document, cut to size; "" for what is missing.  Without its
 * <Message>: some stores echo there what they were sent, signatures included,
 * and nothing that is not kept can get into a log.
 */
struct s3_error {
	char code[64];
	char request_id[80];
	char region[32];
};

/* Read an error document; whatever can't be read stays "". */
void s3_error_parse(struct s3_error *out, const char *data, size_t len);

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
 * contradicts itself: list-claims.h.
 */
bool list_parser_is_contradictory(const struct list_parser *p);

/* After a page is complete: whether it repeats what was asked for. */
enum list_echo list_parser_echo(const struct list_parser *p);

/* If the root was <Error> (S3 does that with status 200): it; else NULL. */
const struct s3_error *list_parser_error(const struct list_parser *p);

/* One page of ListBuckets: it is small, so it comes as a whole. */
struct buckets_page {
	char **names; /* n_names strings on the heap */
	size_t n_names;
	char *next_token; /* NULL: the last page */
};

int buckets_page_parse(struct buckets_page *out, const char *data, size_t len,
		       struct err *err);
void buckets_page_clear(struct buckets_page *p);

#endif
