/* SPDX-License-Identifier: MIT */
/*
 * Members as metrics, in the text format of Prometheus: all samples of a family
 * together, behind its HELP and TYPE, without times.  Pure; any thread.  All
 * functions return 0, or what buf_add() does.
 *
 * A family is always told in the same words, whichever file it is in.
 */
#ifndef REPORT_METRICS_H
#define REPORT_METRICS_H

#include "report/member.h"
#include "util/buf.h"

/* What a sample is of. */
struct sample_source {
	const char *labels; /* `bucket="b",mode="quick"`; "": none */
	const void *data;
};

/* The families of `m` that have a sample, each with those of all sources. */
int metrics_add(struct buf *out, const struct members *m,
		const struct sample_source *sources, size_t n_sources);

/* NAME="VALUE", with a comma in front if it is not the first one. */
int metrics_add_label(struct buf *labels, const char *name, const char *value);

/*
 * The last line of a file, a comment; and the text with `blanks` blanks at the end of
 * that.
 */
int metrics_add_end(struct buf *out);
int metrics_fill(struct buf *out, const char *text, size_t blanks);

#endif
