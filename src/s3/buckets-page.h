/* SPDX-License-Identifier: MIT */
/*
 * A page of ListBuckets, read.  Every text, depth and count has a cap.  Pure.  Any
 * thread.
 *
 * Source: Amazon S3 API Reference, "ListBuckets".
 */
#ifndef S3_BUCKETS_PAGE_H
#define S3_BUCKETS_PAGE_H

#include "util/err.h"

/* One page of ListBuckets: it is small, so it comes as a whole. */
struct buckets_page {
	char **names; /* n_names strings on the heap */
	char **regions; /* as many: where each is; NULL: it does not say */
	size_t n_names;
	char *next_token; /* NULL: the last page */
};

int buckets_page_parse(struct buckets_page *out, const char *data, size_t len,
		       struct err *err);
void buckets_page_clear(struct buckets_page *p);

#endif
