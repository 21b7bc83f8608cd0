/* SPDX-License-Identifier: MIT */
/*
 * For tests that do the same again and again with other keys: a tenth of it, where
 * BRIEF is set in the environment, as under valgrind or TSan, which make them
 * ten to fifty times slower.
 */
#ifndef BRIEF_H
#define BRIEF_H

#include <stdlib.h>

static inline unsigned
brief(unsigned n)
{
	return getenv("BRIEF") ? (n + 9) / 10 : n;
}

#endif
