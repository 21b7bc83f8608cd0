/* SPDX-License-Identifier: MIT */
/*
 * The document: what a stats file shows and what lies in the bucket as
 * ".deltaglider/stats_{mode}.json".  Printing and strict reading.  Pure.
 *
 * It has one length, whatever the figures: programs that ask for the size before
 * they open the file are right, too.  Blanks at the ends of its lines but the last
 * fill it up, to one width for all that are not longer by themselves; so no line
 * wraps in a terminal of 80 columns because of them, and the same figures are the
 * same bytes everywhere.  The longest document without them has 975 bytes, of a bucket
 * whose name has 255.
 *
 * JSON is read with cJSON, which holds numbers as doubles and lets trailing
 * bytes, duplicate members, control characters and invalid UTF-8 pass: this
 * module makes up for all of that.  Integers are exact up to 2^63-1.
 */
#ifndef STATS_DOC_H
#define STATS_DOC_H

#include "stats/stats.h"
#include "util/buf.h"
#include "util/err.h"

#define DOC_LEN 1024 /* bytes of each document that we print */
#define DOC_MAX (1024 * 1024) /* bytes; a longer cached document is none */
#define DOC_VERSION "1.0"

struct doc {
	enum mode mode;
	const char *bucket; /* borrowed */
	int64_t computed_at; /* seconds since 1970 */
	struct validation validation;
	struct figures figures;
	bool has_accuracy; /* documents of other programs have none */
};

/*
 * Append the document: DOC_LEN bytes, the last one a newline.  -EFBIG if it is
 * longer: no bucket_name_is_possible() has one.
 */
int doc_print(struct buf *out, const struct doc *d);

/* Its lines that tell of the listing, with the comma after them. */
int doc_add_validation(struct buf *out, const struct validation *v);

enum doc_verdict {
	DOC_GOOD, /* may be valid: `validation` is to be compared with a LIST */
	DOC_BAD, /* not a document, not of this bucket or mode, contradictory */
	DOC_FOREIGN, /* another program's: its "version" is not ours */
	DOC_OTHER, /* of prefixes: made with other settings than ours */
};

/* Whether the bytes are all of a JSON text, of whatever kind. */
bool doc_is_whole(const char *data, size_t len);

/*
 * Read a cached document of `bucket` in `mode`.  `err` says what is wrong if it
 * is not DOC_GOOD.  On DOC_GOOD all of `out` is set.
 */
enum doc_verdict doc_parse(struct doc *out, const char *data, size_t len,
			   const char *bucket, enum mode mode, struct err *err);

/* The shortest decimal that reads back as the same double, "0" for 0. */
void doc_print_ratio(double ratio, char out[32]);

#endif
