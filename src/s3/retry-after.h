/* SPDX-License-Identifier: MIT */
/*
 * How long a store asks to wait before the next try.  Pure; any thread.
 *
 * Source: RFC 9110, "Retry-After": seconds, or a date.
 */
#ifndef S3_RETRY_AFTER_H
#define S3_RETRY_AFTER_H

#include "net/http-header.h"

/*
 * In milliseconds, `max_ms` at most; negative: it asks for nothing, or for what is
 * over.  A date is compared with the answer's own, or with `now`, seconds
 * since 1970, if it has none: clocks differ.
 */
int64_t retry_after_ms(const struct http_answer *http, int64_t now,
		       int64_t max_ms);

#endif
