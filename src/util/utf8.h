/* SPDX-License-Identifier: MIT */
/*
 * Characters in bytes: where a well-formed one of UTF-8 ends (Unicode 15, table
 * 3-7: no overlong forms, no surrogates), and which it is.  Any thread.
 */
#ifndef UTIL_UTF8_H
#define UTIL_UTF8_H

#include "util/base.h"

#include <stdint.h>

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

/* The character whose `n` bytes, as utf8_length() counts them, `s` begins with. */
static inline uint32_t
utf8_value(const char *s, size_t n)
{
	const unsigned char *u = (const unsigned char *)s;
	uint32_t c = n == 1 ? u[0] : u[0] & (0xffu >> (n + 1));

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (u[i] & 0x3f);
	return c;
}

#endif
