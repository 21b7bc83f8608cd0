/* SPDX-License-Identifier: MIT */
/*
 * A store of one bucket in memory, which answers what fake-http.c has recorded:
 * pages of a listing, HEADs, the cached documents.  Keys are plain ASCII.
 */
#ifndef FAKE_STORE_H
#define FAKE_STORE_H

#include "fake-http.h"
#include "stats/doc.h"

#define FAKE_PAGES_MAX 6

struct fake_store {
	/* each "key=size key=size …" in key order; NULL at the end */
	const char *pages[FAKE_PAGES_MAX + 1];
	char *documents[N_DOCUMENTS]; /* cached ones, on the heap; NULL: 404 */
	/* to be answered instead, if not 0 */
	int list_status, get_status, put_status, head_status;
	/* instead of the listed ones, if not NULL */
	const char *head_etag, *head_date;
	const char *usage; /* header fields of HeadBucket; NULL: none */
	bool is_without_metadata; /* HEADs tell no original size */
};

/* What the originals of deltas are, times the size of the delta. */
#define FAKE_FACTOR 10

void fake_store_clear(struct fake_store *s);

/* Answer a pending transfer as the store is now. */
void fake_store_answer(struct fake_store *s, struct http_transfer *t);

/* The document that is valid for the store as it is now; on the heap. */
char *fake_store_document(const struct fake_store *s, const char *bucket,
			  enum mode mode);

/* A page of a listing as XML; `token` NULL: the last one. */
void fake_list_page(struct buf *out, const char *objects, const char *token);

#endif
