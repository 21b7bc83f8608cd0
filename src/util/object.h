/* SPDX-License-Identifier: MIT */
/*
 * An object as LIST shows it: the plain data that the S3 client hands to the
 * statistics, which know nothing of each other.
 */
#ifndef UTIL_OBJECT_H
#define UTIL_OBJECT_H

#include "util/base.h"

struct object {
	const char *key; /* any bytes, not NUL-terminated */
	size_t key_len;
	int64_t size; /* never negative */
	const char *etag; /* NUL-terminated, without quotes; "" if not listed */
	const char *last_modified; /* NUL-terminated, exactly as listed */
	/*
	 * What the listing told of the object's user metadata, NUL-terminated:
	 * the value that was wanted, "" if it has none of that name, or NULL if
	 * the listing did not tell, so that a HEAD must.
	 */
	const char *metadata;
	/*
	 * SHA-256 of key NUL size NUL etag NUL last_modified, the size in decimal
	 * digits, which is what a fingerprint is made of; NULL: not known yet.
	 */
	const unsigned char *digest;
};

/* Order of keys: unsigned bytes, a prefix before what it begins. */
static inline int
key_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int c = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return c ? c : (a_len > b_len) - (a_len < b_len);
}

/* Bytes that both keys begin with. */
static inline size_t
key_common_length(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t i = 0;

	while (i < a_len && i < b_len && a[i] == b[i])
		i++;
	return i;
}

#endif
