/* SPDX-License-Identifier: MIT */
/*
 * One question about bytes: where a well-formed UTF-8 character ends
 * (Unicode 15, table 3-7: no overlong forms, no surrogates).  Any thread.
 */
#ifndef UTIL_UTF8_H
#define UTIL_UTF8_H

#include "util/base.h"

/* Bytes of the character at the start of `s` (1 to 4), or 0 if it is none. */
static inline size_t
utf8_length(const char *s, size_t len)
{
	const unsigned char *u = (const unsigned char *)s;
	unsigned char lo = 0x80, hi = 0xbf;
	size_t n;

	if (len == 0)
		return 0;
	if (u[0] < 0x80)
		return 1;
	if (u[0] < 0xc2 || u[0] > 0xf4)
		return 0;
	n = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	if (u[0] == 0xe0)
		lo = 0xa0;
	else if (u[0] == 0xed)
		hi = 0x9f;
	else if (u[0] == 0xf0)
		lo = 0x90;
	else if (u[0] == 0xf4)
		hi = 0x8f;
	if (len < n || u[1] < lo || u[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

#endif
