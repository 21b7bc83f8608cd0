/* SPDX-License-Identifier: MIT */
/*
 * One request at a time to a store, waited for, to see what it says.  No engine may have
 * the keys meanwhile.  One thread, which is the net thread for all that is below.
 */
#ifndef EXPLAIN_PROBE_H
#define EXPLAIN_PROBE_H

#include "auth/creds.h"
#include "net/trust.h"
#include "s3/endpoint.h"
#include "s3/request.h"
#include "util/limits.h"

struct probe;

/* All that it is made of stays the caller's and must outlive it. */
struct probe_options {
	const char *user_agent;
	const struct endpoint *endpoint;
	struct s3_terms terms;
	struct creds_chain *creds;
	struct trust *trust;
	const struct limits *limits; /* but `retries`: there are none */
};

/* SIGINT and SIGTERM are to be blocked by all threads: they end what is waited for. */
int probe_new(struct probe **out, const struct probe_options *o,
	      struct err *err);
void probe_free(struct probe *p); /* NULL is fine */

/* The one that came; 0: none. */
int probe_signal(const struct probe *p);

/* What came of a request. */
struct probe_answer {
	struct err err; /* 0: what was asked for */
	int64_t ms;
	char server[64]; /* what it calls itself; "": nothing */
	bool has_clock;
	int64_t clock_s; /* how far its clock is ahead of the one here */
	char found[96]; /* in words; "" after a failure */
	const char *
		metadata; /* whether a listing has them; NULL: not a good one */
};

/* As creds_get(), but it waits. */
int probe_keys(struct probe *p, struct keys **out, struct err *err);

void probe_list_buckets(struct probe *p, struct probe_answer *out);

/* The first page of a listing, with user metadata unless the store refuses that. */
void probe_list(struct probe *p, const char *bucket, struct probe_answer *out);

/*
 * Whether the store knows If-None-Match of a PUT: `found` is the word for it, and why it
 * is not known is `err`.  An object that is there is put with its own bytes, on condition
 * that it is not there: a store that knows no conditions changes nothing but its time.
 */
struct probe_document {
	const char *bucket, *key;
	const char *sse, *sse_kms_key_id; /* as in struct conf_store */
};

void probe_condition(struct probe *p, const struct probe_document *d,
		     struct probe_answer *out);

/* Where the bucket is, as far as is known now. */
const char *probe_region(struct probe *p, const char *bucket);

#endif
