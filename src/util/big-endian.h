/* SPDX-License-Identifier: MIT */
/*
 * Numbers as bytes, the first one first, of any length up to 8.  Any thread.
 */
#ifndef UTIL_BIG_ENDIAN_H
#define UTIL_BIG_ENDIAN_H

#include "util/base.h"

static inline uint64_t
big_endian_get(const void *at, size_t len)
{
	const unsigned char *s = at;
	uint64_t n = 0;

	for (size_t i = 0; i < len; i++)
		n = n << 8 | s[i];
	return n;
}

static inline void
big_endian_put(void *at, size_t len, uint64_t n)
{
	unsigned char *s = at;

	while (len-- > 0) {
		s[len] = (unsigned char)n;
		n >>= 8;
	}
}

#endif
