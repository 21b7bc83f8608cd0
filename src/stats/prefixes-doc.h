/* SPDX-License-Identifier: MIT */
/*
 * The tree of prefixes as text: what prefixes.json shows and what lies in the bucket
 * as ".deltaglider/prefixes.json", and the same for ncdu.  Printing and strict reading.
 * Pure; any thread.
 *
 * The length of a text is a multiple of PREFIXES_STEP, by blanks at the ends of its
 * lines but the last.  The same tree is the same bytes everywhere, so that one that is
 * read is taken for true if it is what is printed of what was read, and not otherwise.
 */
#ifndef STATS_PREFIXES_DOC_H
#define STATS_PREFIXES_DOC_H

#include "stats/doc.h"
#include "stats/prefixes.h"

#define PREFIXES_STEP 1024

/*
 * A key of 4,096 bytes, each of which takes three if it is URL-encoded, or of 1,024 that
 * take six in JSON, and 16 numbers.
 */
#define PREFIXES_NODE_MAX 16384

/* What a text says of itself. */
struct prefixes_doc {
	const char *bucket; /* borrowed */
	unsigned depth; /* prefix_depth and prefix_nodes, the settings */
	size_t max;
	int64_t computed_at; /* seconds since 1970 */
	struct validation validation;
};

/* The longest text with these settings. */
size_t prefixes_text_max(size_t max);

/*
 * Append the document.  A node on a line, its children behind it in the order of
 * their bytes.  Its sums are of all below it; "own", where it has children, of what is
 * in none of them.  A prefix that is not UTF-8 is URL-encoded, and says so.
 */
int prefixes_print(struct buf *out, const struct prefixes_doc *d,
		   const struct prefixes *p);

/*
 * The same for ncdu -f (https://dev.yorhel.nl/ncdu/jsonfmt): disk usage is what is
 * stored, apparent size the original one.  Of each node, what is its own is one file.
 * A name that is empty, which ncdu refuses, is "/".
 */
int prefixes_print_ncdu(struct buf *out, const struct prefixes_doc *d,
			const struct prefixes *p);

/*
 * Read a cached document of `d->bucket`, made with the settings in `d`.  DOC_GOOD: the
 * rest of `d` is set, and *out is the tree, the caller's; else `err` says what is wrong.
 */
enum doc_verdict prefixes_parse(struct prefixes_doc *d, struct prefixes **out,
				const char *data, size_t len, struct err *err);

/* Whether the bytes are all of such a text, and not the beginning of one. */
bool prefixes_text_is_whole(const char *data, size_t len);

/* Those of quick. */
void prefixes_figures(const struct prefixes *p, struct figures *out);

#endif
