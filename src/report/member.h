/* SPDX-License-Identifier: MIT */
/*
 * What reports are made of: tables of values, each with its name in JSON, its name
 * as a metric, and its meaning.  The same row prints it in both and documents it
 * (tests/lint/members).  Plain data.
 *
 * A row tells where its value lies in a struct, all of which have 8 bytes: integers
 * (MEMBER_UNKNOWN: it is not known, null in JSON and no sample), a double for a ratio, a
 * pointer for a text (NULL: not known).  Of these only a pointer may be shorter.
 */
#ifndef REPORT_MEMBER_H
#define REPORT_MEMBER_H

#include "util/base.h"

#define MEMBER_UNKNOWN INT64_MIN

enum member_kind {
	MEMBER_COUNT,
	MEMBER_BYTES,
	MEMBER_SECONDS, /* the value is in milliseconds */
	MEMBER_PER_SECOND, /* … in thousandths */
	MEMBER_TIME, /* … in seconds since 1970; a date in JSON */
	MEMBER_MONEY, /* … in 10^-9 of it */
	MEMBER_RATIO,
	MEMBER_TEXT, /* no metric */
	MEMBER_FLAG, /* true or false, 1 or 0 */
	MEMBER_HISTOGRAM, /* a struct member_histogram; not in JSON */
};

/* A member that is an array: what its elements are called. */
struct axis {
	const char *label;
	const char *const *names;
	size_t first, n; /* of the names; the others are left out */
	const struct axis *inner; /* of each element, again an array; or NULL */
};

/* How often what was measured was at most so much, and above the step before. */
struct member_histogram {
	size_t n_steps;
	const int64_t *steps_ms;
	const uint64_t *n_within; /* n_steps, and one for all above */
	int64_t sum_ms;
};

struct member {
	/* "result.objects" is a member of the object "result"; NULL: not in JSON */
	const char *path;
	const char *metric; /* NULL: none; no two rows have the same */
	enum member_kind kind;
	bool is_counter; /* else a gauge */
	size_t at; /* offset of the value, or of the first of several */
	const struct axis *axis; /* NULL: one value */
	const char *meaning; /* a sentence, without its full stop */
};

/* Members that may be missing all together, "result.…": null, and no samples. */
struct member_part {
	const char *name;
	size_t at; /* offset of a bool: whether they are there */
};

struct members {
	const struct member *rows;
	size_t n_rows;
	const struct member_part *parts;
	size_t n_parts;
};

/* Whether the row is there in `data`, as far as its part decides. */
bool member_is_there(const struct members *m, const struct member *row,
		     const void *data);

/* The value of an element, MEMBER_UNKNOWN, or a text or ratio. */
int64_t member_number(const struct member *row, size_t i, const void *data);
double member_ratio(const struct member *row, size_t i, const void *data);
const char *member_text(const struct member *row, size_t i, const void *data);

/* What a number of such a kind is as decimals: "0.005". */
bool member_has_decimals(enum member_kind kind);
void member_print_decimals(enum member_kind kind, int64_t n, char out[32]);

const struct member_histogram *member_histogram(const struct member *row,
						size_t i, const void *data);

/* Those of an axis and its inner one, or the one that there is. */
size_t member_first(const struct member *row);
size_t member_end(const struct member *row);
size_t axis_inner(const struct axis *axis); /* elements of each element */

#endif
