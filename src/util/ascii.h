/* SPDX-License-Identifier: MIT */
/*
 * Kinds of characters, in ASCII: <ctype.h> would ask the locale.  Any thread.
 */
#ifndef UTIL_ASCII_H
#define UTIL_ASCII_H

#include "util/base.h"

static inline bool
ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
ascii_is_alnum(char c)
{
	return ascii_is_digit(c) || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* The value of a hexadecimal digit, or -1 if it is none. */
static inline int
ascii_hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static inline bool
ascii_is_hex(char c)
{
	return ascii_hex_value(c) >= 0;
}

/* In place. */
static inline void
ascii_to_lower(char *s)
{
	for (; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

#endif
