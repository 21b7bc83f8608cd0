/* SPDX-License-Identifier: MIT */
/*
 * One try of a request as it goes to HTTP: its URL and its signed header
 * fields.  Pure.  Holds a signature, and maybe a session token: wiped at the end.
 */
#ifndef S3_ATTEMPT_H
#define S3_ATTEMPT_H

#include "auth/keys.h"
#include "s3/endpoint.h"
#include "s3/request.h"
#include "util/date.h"

/* Fields of a request besides those of signing; session token and terms are some. */
#define ATTEMPT_HEADERS_MAX 14
/* Signed fields, authorization, expect, and the NULL at the end. */
#define ATTEMPT_LINES_MAX (ATTEMPT_HEADERS_MAX + 3 + 3)

struct attempt {
	struct buf url, host, path, authorization;
	char payload_hash[SHA256_HEX_LEN];
	char amz_date[DATE_AMZ_LEN];
	struct sigv4_header headers[ATTEMPT_HEADERS_MAX + 3];
	size_t n_headers;
	char *owned[ATTEMPT_LINES_MAX];
	const char *lines[ATTEMPT_LINES_MAX]; /* "name: value", then NULL */
};

/* Where it goes, by whom, and when. */
struct attempt_target {
	const struct endpoint *endpoint;
	const struct keys *keys;
	struct s3_terms terms;
	int64_t when; /* seconds since 1970 */
};

/*
 * Of `r` everything but the parameters counts, which `query` holds already.
 * Non-zero if it is too long.  attempt_clear() in any case.
 */
int attempt_init(struct attempt *a, const struct s3_request *r,
		 const char *query, const struct attempt_target *target);
void attempt_clear(struct attempt *a);

#endif
