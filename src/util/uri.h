/* SPDX-License-Identifier: MIT */
/*
 * Percent-encoding as S3 and SigV4 want it (RFC 3986, unreserved characters
 * stay, hexadecimal digits in upper case).  Any thread.
 */
#ifndef UTIL_URI_H
#define UTIL_URI_H

#include "util/buf.h"

/* Append `s` encoded; "/" stays if `keep_slash`, as in the path of an object. */
int uri_encode(struct buf *out, const char *s, size_t len, bool keep_slash);

/*
 * Decode %XX, and "+" as a space (encoding-type=url of ListObjectsV2 writes
 * spaces so), in place; returns the new length.  A "%" that begins no escape is
 * malformed: returns -EINVAL.
 */
ssize_t uri_decode(char *s, size_t len);

struct uri_param {
	const char *name;
	const char *value;
};

#define URI_PARAMS_MAX 8

/*
 * Append a query in SigV4's canonical form: sorted by name, both sides encoded,
 * always with "=".  It is also what goes into the URL, so that what is signed
 * is what is sent.  At most URI_PARAMS_MAX; names must differ.
 */
int uri_query(struct buf *out, const struct uri_param *params, size_t n);

#endif
