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

/* With a last row of totals, if there are figures of all. */
void show_table(FILE *f, const struct show *rows, size_t n,
		const struct show_style *style);

/* The eight members of a document's "stats" and the bucket: in lines, or in one. */
void show_json(FILE *f, const struct show *s, bool is_one_line);

/*
 * The sums, and the ratio of these; all saturate at INT64_MAX.  False if one has no
 * figures: what is left of them would look like all.
 */
bool show_total(const struct show *rows, size_t n, struct figures *out);

/* "1.50 KiB", "999 B" */
void show_size(int64_t bytes, char out[32]);

/* "1,234,567" */
void show_number(int64_t n, char out[32]);

#endif
