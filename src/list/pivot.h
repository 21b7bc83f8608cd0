/* SPDX-License-Identifier: MIT */
/*
 * Where to cut a range of keys in two, from nothing but what was seen of it.
 * Pure; any thread.
 *
 * A pivot is sent as start-after, so it is a plain key: start-after.h.
 */
#ifndef LIST_PIVOT_H
#define LIST_PIVOT_H

#include "util/base.h"

#define PIVOT_MAX 1024 /* bytes: what S3 allows for a key */

/*
 * The bytes seen at each place of a key, counted from the last "/": how far hours
 * or days go shows in one directory, and holds in the others.
 */
#define PIVOT_DEPTH 12
#define PIVOT_WIDTH 32

struct pivot_seen {
	uint64_t bytes[PIVOT_DEPTH][PIVOT_WIDTH][256 / 64];
};

void pivot_see(struct pivot_seen *s, const char *key, size_t key_len);

/* A pivot, and how it was found. */
struct pivot {
	char key[PIVOT_MAX + 1];
	size_t len;
	size_t stem; /* so far it was found, the rest is any name like others */
	bool is_step; /* a digit was raised, this one; else a middle */
	size_t digit;
};

struct pivot_range {
	const struct pivot *after; /* where it begins; NULL: the first range */
	const char *first; /* the first key of the range */
	size_t first_len;
	const char *last; /* the last key seen: what is before it is known */
	size_t last_len;
	int64_t n_keys; /* from `first` to `last` */
	const char *until; /* the range ends with this key; NULL: nowhere */
	size_t until_len;
	const char *beyond; /* the first key behind `until`; NULL: none */
	size_t beyond_len;
	/*
	 * Bytes that all keys of the last page have in common: what differs
	 * behind them is less than a page away.
	 */
	size_t page_common;
	const struct pivot_seen *seen;
};

#define PIVOT_KEYS_MAX ((int64_t)1 << 50)

/*
 * Keys between `last` and `until`, at a guess; -1 if nothing is known of how far
 * they go: there is none beyond.  Where those beyond are not near to `until`, the
 * guess is not more than `n_keys`.
 */
int64_t pivot_keys_left(const struct pivot_range *r);

/*
 * A plain key behind `last` and before `until`, such that, as far as one can
 * guess, a good part of the keys not seen yet lies on either side.  False if
 * there is none.
 *
 * Keys are read as numbers whose digits are the characters of one kind (0-9,
 * a-z, hexadecimal ...); the first digit of each goes as far as was seen at that
 * place.  Where there are keys beyond the end, it is the middle between `last`
 * and `until`.
 *
 * Where there are none, what is behind `last` may be ten keys or ten million.
 * So one of its digits is raised by one, the middle one of those that can be:
 * if there is no key behind that, the step was too large, and a digit on the
 * right of it is next; else a digit on its left.  When it is known which digit
 * changes, that is raised half-way.
 *
 * Neither ends where a directory begins, but at a name in it, that of the last
 * key: a directory may hold just as many keys as a page, and a range of full pages
 * asks once more for nothing.
 */
bool pivot_find(const struct pivot_range *r, struct pivot *out);

#endif
