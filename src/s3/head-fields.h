/* SPDX-License-Identifier: MIT */
/*
 * What tells one object from another, and one version of it from the next: ETag,
 * length and date, as an answer to HEAD says them and as a listing does.  Pure.
 *
 * Only what both say can differ, and stores and what stands before them say the
 * same in several ways:
 *
 *     ETag     With quotes or without; "" is none.  W/ and the name of a coding
 *              at the end ("abc-gzip", "abc"-gzip, "abc;gzip", "abc--gzip") are
 *              the transport's.  Hexadecimal digits are so in either case.
 *     length   Not that of the object where there is a Content-Encoding.
 *     date     To the second: an HTTP date has no more.  Some stores round up: a
 *              second more or less is the same where the ETag is the same, and
 *              the length no other.
 *
 * What can't be read is not said.
 */
#ifndef S3_HEAD_FIELDS_H
#define S3_HEAD_FIELDS_H

#include "net/http-header.h"

#define HEAD_ETAG 1u
#define HEAD_LENGTH 2u
#define HEAD_DATE 4u

#define HEAD_ETAG_MAX 300

struct head_fields {
	unsigned told; /* which of these */
	char etag[HEAD_ETAG_MAX]; /* without what is not its own */
	int64_t length, date;
};

void head_fields_of_answer(struct head_fields *f, const struct http_answer *a);
void head_fields_of_listing(struct head_fields *f, const char *etag,
			    int64_t size, const char *last_modified);

/* Which of those that both say are the same, and which are not. */
unsigned head_fields_fit(const struct head_fields *a,
			 const struct head_fields *b);
unsigned head_fields_differ(const struct head_fields *a,
			    const struct head_fields *b);

#endif
