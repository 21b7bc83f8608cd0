/* SPDX-License-Identifier: MIT */
/*
 * Sizes and counts as stores and documents write them: digits alone.  Any thread.
 */
#ifndef UTIL_NUMBER_H
#define UTIL_NUMBER_H

#include "util/base.h"

/* One or more ASCII digits and nothing else, at most 2^63-1. */
static inline bool
number_parse(const char *s, int64_t *out)
{
	int64_t n = 0;

	if (*s == '\0')
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *s - '0', &n))
			return false;
	}
	*out = n;
	return true;
}

#endif
