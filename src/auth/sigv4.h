/* SPDX-License-Identifier: MIT */
/*
 * AWS Signature Version 4 for S3, in the three steps of Amazon's description
 * ("Signature Calculations for the Authorization Header: Transferring Payload
 * in a Single Chunk", Amazon S3 API Reference), each of which can be tested
 * alone.  Pure: no clock, no network.  Any thread.
 */
#ifndef AUTH_SIGV4_H
#define AUTH_SIGV4_H

#include "util/buf.h"
#include "util/hash.h"

struct sigv4_header {
	const char *name; /* lower case */
	const char *value; /* without blanks around it */
};

struct sigv4_request {
	const char *method;
	const char *path; /* as in the request line: encoded once (S3's rule) */
	const char *query; /* canonical, as uri_query() makes it; "" if none */
	const struct sigv4_header *headers; /* sorted by name; all are signed */
	size_t n_headers;
	const char *payload_hash; /* SHA-256 of the body in hexadecimal */
};

struct sigv4_scope {
	const char *amz_date; /* "20130524T000000Z": the x-amz-date header */
	const char *region;
	const char *service; /* "s3" */
};

/* Step 1.  Each appends to `out`; 0 or a buf error. */
int sigv4_canonical_request(struct buf *out, const struct sigv4_request *req);

/* Step 2, from the text of step 1. */
int sigv4_string_to_sign(struct buf *out, const struct sigv4_scope *scope,
			 const char *canonical_request);

/* Step 3, from the text of step 2.  Derived keys are wiped. */
void sigv4_signature(char out[SHA256_HEX_LEN], const struct sigv4_scope *scope,
		     const char *secret_key, const char *string_to_sign);

/* All three: append the value of the Authorization header. */
int sigv4_authorization(struct buf *out, const struct sigv4_request *req,
			const struct sigv4_scope *scope, const char *access_key,
			const char *secret_key);

#endif
