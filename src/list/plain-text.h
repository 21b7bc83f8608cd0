/* SPDX-License-Identifier: MIT */
/*
 * Texts of XML that are plain: printable ASCII, with the five entities and
 * references to such characters by number, and without a raw "<" or ">".  Any
 * thread.
 */
#ifndef LIST_PLAIN_TEXT_H
#define LIST_PLAIN_TEXT_H

#include <endian.h>

#include "util/base.h"

/* The longest reference, "&#00034;"; there are longer ones, which are not plain. */
#define PLAIN_TEXT_REFERENCE_MAX 8

/* The reference that `s` begins with, as *out: its length; 0: none that is plain. */
size_t plain_text_reference(const char *s, size_t len, char *out);

/* A text without its references; `out` has room for all of it. */
size_t plain_text_decode(const char *s, size_t len, char *out);

typedef signed char plain_text_bytes __attribute__((vector_size(16)));

#define PLAIN_TEXT_EACH(c)                                                     \
	{                                                                      \
		c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c                 \
	}

static inline bool
plain_text_has(signed char c)
{
	return c >= ' ' && c != '<' && c != '>' && c != '&';
}

/* Which byte, in the order of memory, is the first that is not 0; one is. */
static inline size_t
plain_text_first_set(uint64_t bits)
{
#if BYTE_ORDER == LITTLE_ENDIAN
	return (size_t)__builtin_ctzll(bits) / 8;
#else
	return (size_t)__builtin_clzll(bits) / 8;
#endif
}

/*
 * The first byte that is not plain, or `end`, sixteen at a time.  "<" and ">" differ in
 * one bit, and what is no ASCII is negative.
 */
static inline const char *
plain_text_end(const char *s, const char *end)
{
	const plain_text_bytes blank = PLAIN_TEXT_EACH(' '),
			       bit = PLAIN_TEXT_EACH('<' ^ '>'),
			       gt = PLAIN_TEXT_EACH('>'),
			       amp = PLAIN_TEXT_EACH('&');

	for (; end - s >= (ptrdiff_t)sizeof(plain_text_bytes);
	     s += sizeof(plain_text_bytes)) {
		uint64_t half[2];
		plain_text_bytes b;

		memcpy(&b, s, sizeof(b));
		b = (b < blank) | ((b | bit) == gt) | (b == amp);
		memcpy(half, &b, sizeof(half));
		if (half[0])
			return s + plain_text_first_set(half[0]);
		if (half[1])
			return s + sizeof(half[0]) +
			       plain_text_first_set(half[1]);
	}
	while (s < end && plain_text_has((signed char)*s))
		s++;
	return s;
}

#endif
