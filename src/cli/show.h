/* SPDX-License-Identifier: MIT */
/*
 * Statistics as text: for people, one bucket or a table of several, and as JSON.
 * Pure, but for the stream.
 */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <stdio.h>

#include "stats/mode.h"
#include "stats/stats.h"

/* A row: a bucket and its figures. */
struct show {
	const char *bucket;
	const struct figures *figures; /* NULL: there are none */
};

struct show_style {
	bool is_exact; /* bytes alone, no units */
	bool has_bold;
};

void show_one(FILE *f, const struct show *s, enum mode mode,
	      const struct show_style *style);

/* With a last row of totals. */
void show_table(FILE *f, const struct show *rows, size_t n,
		const struct show_style *style);

/* The eight members of a document's "stats" and the bucket: in lines, or in one. */
void show_json(FILE *f, const struct show *s, bool is_one_line);

/*
 * The sums of those that have figures; the ratio is that of the sums.  All
 * saturate at INT64_MAX.
 */
struct figures show_total(const struct show *rows, size_t n);

/* "1.50 KiB", "999 B" */
void show_size(int64_t bytes, char out[32]);

/* "1,234,567" */
void show_number(int64_t n, char out[32]);

#endif
