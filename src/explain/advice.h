/* SPDX-License-Identifier: MIT */
/*
 * What can be done about a failure.  Pure.
 */
#ifndef EXPLAIN_ADVICE_H
#define EXPLAIN_ADVICE_H

#include "auth/creds.h"

#define ADVICE_SKEW_S (5 * 60) /* less than that no store minds */

struct advice_case {
	const struct err *err; /* as s3/request.h has it */
	bool is_of_all_buckets; /* ListBuckets, not a bucket's own listing */
	bool has_proxy; /* it may have gone through one */
	bool is_signed;
	bool is_paying; /* requester_pays */
	bool has_owner; /* expected_bucket_owner is given */
};

/* A sentence; NULL: the message says all there is to say. */
const char *advice_for(const struct advice_case *c);

/* There are no keys: by what the last source that was asked has said. */
const char *advice_for_keys(const struct creds_said *last);

#endif
