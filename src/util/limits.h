/* SPDX-License-Identifier: MIT */
/*
 * How long things may take and how many there may be at a time, as the user
 * configured it; dgstatfs(1) has each of them.  The struct is handed on as a whole,
 * by pointer: it outlives all who have it, and does not change once there are
 * threads.
 */
#ifndef UTIL_LIMITS_H
#define UTIL_LIMITS_H

#include "util/base.h"

struct limits {
	int64_t connect_timeout_ms; /* of a connection, and a question about a bucket */
	int64_t request_timeout_ms; /* without a byte in either direction */
	int64_t timeout_ms; /* of a whole operation, without progress */
	int64_t deadline_ms; /* of a whole operation; 0: none */
	int64_t bucket_ttl_ms; /* how long an answer about a bucket counts */
	int64_t linger_ms; /* of a computation that nobody waits for */
	int64_t max_wait_ms; /* of a reader; 0: none */
	int64_t max_age_ms; /* of a result that may serve again; 0: none may */
	int64_t ttl_ms; /* of a document, valid or not; 0: none */
	int64_t interval_ms; /* between two reads by itself; 0: none */
	int64_t retries; /* after the first try */
	int64_t connections; /* pages and HEADs under way at a time, at most */
	int64_t prefix_depth; /* of the tree of prefixes, at most */
	int64_t prefix_nodes; /* in it, at most */
};

/* The longest that a reader waits, max_wait or deadline; 0: without end. */
static inline int64_t
limits_wait_ms(const struct limits *l)
{
	int64_t a = l->max_wait_ms, b = l->deadline_ms;

	return a && b ? (a < b ? a : b) : a + b;
}

#endif
