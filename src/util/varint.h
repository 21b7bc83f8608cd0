/* SPDX-License-Identifier: MIT */
/*
 * Small numbers in few bytes: groups of seven bits from the lowest one, each but the last
 * with the bit 0x80, as LEB128 has it.  Any thread.
 */
#ifndef UTIL_VARINT_H
#define UTIL_VARINT_H

#include "util/base.h"

#define VARINT_MAX 10 /* bytes */

/* How many bytes it takes. */
static inline size_t
varint_put(unsigned char out[VARINT_MAX], uint64_t n)
{
	size_t len = 0;

	for (; n >= 0x80; n >>= 7)
		out[len++] = (unsigned char)(n | 0x80);
	out[len++] = (unsigned char)n;
	return len;
}

/* Moves *at on.  False: it does not end before `end`, or is more than `max`, of 63 bits. */
static inline bool
varint_get(const unsigned char **at, const unsigned char *end, uint64_t max,
	   uint64_t *out)
{
	uint64_t n = 0;
	unsigned char byte = 0x80;

	for (unsigned shift = 0; byte & 0x80 && shift < 63; shift += 7) {
		if (*at == end)
			return false;
		byte = *(*at)++;
		n |= (uint64_t)(byte & 0x7f) << shift;
	}
	*out = n;
	return !(byte & 0x80) && n <= max;
}

#endif
