/* SPDX-License-Identifier: MIT */
/*
 * A lister that asks for one page after another, and what it has said so far; and
 * pages in the order of Amazon, to be sent in pieces.
 */
#ifndef LISTER_FIXTURE_H
#define LISTER_FIXTURE_H

#include "engine-fixture.h"
#include "list/lister.h"

#define TOKEN(t) "<NextContinuationToken>" t "</NextContinuationToken>"
#define TRUNCATED "<IsTruncated>true</IsTruncated>"
#define ROOT "<ListBucketResult><EncodingType>url</EncodingType>"
#define HEAD(t) ROOT TOKEN(t) TRUNCATED
#define LAST_HEAD ROOT "<IsTruncated>false</IsTruncated>"
#define OBJECT(key) "<Contents><Key>" key "</Key><Size>1</Size></Contents>"
#define END "</ListBucketResult>"

struct run {
	struct fixture *fx;
	struct lister *lister;
	char keys[256]; /* what was listed, each followed by a blank */
	unsigned n_pages;
	bool is_last;
	int code; /* errno of the end */
};

/*
 * Ask for the first page.  `o` needs the range and what is wanted only, and the
 * bucket if it is another one.
 */
void run_begin(struct run *run, struct fixture *fx, struct lister_options o);

/* The same in a world of its own, for all keys. */
void run_init(struct run *run, struct fixture *fx, int retries);
void run_clear(struct run *run);

/* Bytes of a page come in. */
void run_stream(struct run *run, struct http_transfer *t, const char *xml);

/* The rest of a page, or all of it. */
void run_finish(struct run *run, struct http_transfer *t, const char *xml);

#endif
