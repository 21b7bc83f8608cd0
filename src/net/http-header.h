/* SPDX-License-Identifier: MIT */
/*
 * The head of an answer: whether it means the same to everybody, and its fields.
 * Pure.
 */
#ifndef NET_HTTP_HEADER_H
#define NET_HTTP_HEADER_H

#include "net/http-answer.h"

/*
 * Whether a head, from its status line to its empty line, is one that RFC 9112
 * allows, so that no two programs read it differently.  A folded field becomes
 * one line, in place.  Malformed is what is no status line of HTTP/1; a line
 * without a name and a colon, or with a blank before it; control characters;
 * a field that can have but one value (those of which the caller makes figures,
 * and those that end the body) with two.  -EIO, with `err` set.
 *
 * Line ends may be bare LF, and a name may be no token ("a/b"), since nobody
 * reads that otherwise.
 */
int http_head_check(struct buf *head, struct err *err);

/* Whether a checked head, of an answer that has a body, tells where that ends. */
bool http_head_has_length(const struct http_answer *a);

/*
 * The value of the first field `name` of an answer, blanks around it trimmed;
 * NULL if there is none.  Not NUL-terminated, and no NUL is in it: a field with
 * one counts as none, since a part of it would be taken for the whole.
 */
const char *http_header(const struct http_answer *a, const char *name,
			size_t *len);

/* The same as a string; "" if there is none, or if it does not fit. */
void http_copy_header(const struct http_answer *a, const char *name, char *out,
		      size_t size);

#endif
