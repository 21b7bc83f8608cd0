/* SPDX-License-Identifier: MIT */
/*
 * Where to cut a range of keys in two, from nothing but what was seen of it.
 * Pure; any thread.
 *
 * A pivot is sent as start-after, and stores have bugs there: some decode it
 * twice, some echo it into XML that is then not well-formed, and skip keys in
 * silence.  So a pivot is plain: letters, digits, "-", ".", "_", "~", "/", "=",
 * and characters beyond ASCII that are well-formed UTF-8.
 */
#ifndef S3_PIVOT_H
#define S3_PIVOT_H

#include "util/base.h"

#define PIVOT_MAX 1024 /* bytes: what S3 allows for a key */

/* How much of the beginning of `key` is plain. */
size_t pivot_plain_length(const char *key, size_t key_len);

/*
 * The highest byte seen at each place of a key, counted from the last "/": how
 * far hours or days go shows in one directory, and holds in the others.
 */
#define PIVOT_DEPTH 12
#define PIVOT_WIDTH 32

struct pivot_seen {
	unsigned char top[PIVOT_DEPTH][PIVOT_WIDTH];
};

void pivot_see(struct pivot_seen *s, const char *key, size_t key_len);

/* A pivot, and how it was found: where a digit was raised, and by how much. */
struct pivot {
	char key[PIVOT_MAX + 1];
	size_t len;
	size_t digit;
	int step; /* 0: it is the middle of something */
};

struct pivot_range {
	const struct pivot *after; /* where it begins; NULL: the first range */
	const char *first; /* a key seen near the beginning */
	size_t first_len;
	const char *last; /* the last key seen: what is before it is known */
	size_t last_len;
	const char *until; /* the range ends with this key; NULL: nowhere */
	size_t until_len;
	/*
	 * Bytes that all keys of the last page have in common: what differs
	 * behind them is less than a page away.
	 */
	size_t page_common;
	const struct pivot_seen *seen;
};

/*
 * A plain key behind `last` and before `until`, such that, as far as one can
 * guess, a good part of the keys not seen yet lies on either side.  False if
 * there is none.
 *
 * Keys are read as numbers whose digits are the characters of one kind (0-9,
 * a-z, hexadecimal ...).  With an end, it is the middle between `last` and
 * `until`, or, where these are next to each other, the middle of the directories
 * of `last`, as far as other directories show how far they go.
 *
 * Where nothing is known, what is behind `last` may be ten keys or ten million.
 * So the steps double: the digit before the first one in which `first` and `last`
 * differ is raised by one; in the range that begins there the same digit by two,
 * and so on, then the digit before it.  If no key had the raised digit, the next
 * step goes on where the key that came instead differs.
 */
bool pivot_find(const struct pivot_range *r, struct pivot *out);

#endif
