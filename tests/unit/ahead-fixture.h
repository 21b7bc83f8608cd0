/* SPDX-License-Identifier: MIT */
/*
 * A lister that asks for pages ahead, and what it has said so far; and pages in
 * the order of Amazon, to be sent in pieces.
 */
#ifndef AHEAD_FIXTURE_H
#define AHEAD_FIXTURE_H

#include "engine-fixture.h"
#include "s3/s3-list.h"

#define TOKEN(t) "<NextContinuationToken>" t "</NextContinuationToken>"
#define TRUNCATED "<IsTruncated>true</IsTruncated>"
#define ROOT "<ListBucketResult><EncodingType>url</EncodingType>"
#define HEAD(t) ROOT TOKEN(t) TRUNCATED
#define LAST_HEAD ROOT "<IsTruncated>false</IsTruncated>"
#define OBJECT(key) "<Contents><Key>" key "</Key><Size>1</Size></Contents>"
#define END "</ListBucketResult>"

#define AFTER(token) "GET", "continuation-token=" token

struct run {
	struct fixture *fx;
	struct lister *lister;
	bool may_ask; /* what the owner says to a page ahead */
	unsigned n_allowed, n_in_vain;
	bool is_asked; /* the last answer said so */
	char keys[256]; /* what was listed, each followed by a blank */
	unsigned n_pages;
	bool is_last;
	int code; /* errno of the end */
	unsigned stop_at; /* that page, from inside its delivery */
};

/*
 * Ask for the first page.  `o` needs the range and what is wanted only, and the
 * bucket if it is another one.
 */
void ahead_begin(struct run *run, struct fixture *fx, struct lister_options o);

/* The same in a world of its own, for all keys. */
void ahead_init(struct run *run, struct fixture *fx, int retries);
void ahead_clear(struct run *run);

/* Bytes of a page come in. */
void ahead_stream(struct run *run, struct http_transfer *t, const char *xml);

/* The rest of a page, or all of it. */
void ahead_finish(struct run *run, struct http_transfer *t, const char *xml);
void ahead_refuse(struct run *run, struct http_transfer *t, int status);

/*
 * The first page, which is returned, is half-way, with one object "a", and the
 * second one is asked for.
 */
struct http_transfer *ahead_begin_two(struct run *run,
				      struct http_transfer **second);

#endif
