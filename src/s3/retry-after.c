/* SPDX-License-Identifier: MIT */
/*
 * What Retry-After asks for: see retry-after.h.  Pure; any thread.
 */
#include "config.h"

#include "s3/retry-after.h"

#include "util/date.h"

#define DATE_SIZE 64 /* more than any date needs */

static bool
date_header(const struct http_answer *http, const char *name, int64_t *when)
{
	char text[DATE_SIZE];

	http_copy_header(http, name, text, sizeof(text));
	return date_parse_http(text, when);
}

int64_t
retry_after_ms(const struct http_answer *http, int64_t now, int64_t max_ms)
{
	size_t len = 0;
	const char *after = http_header(http, "retry-after", &len);
	int64_t asked_s, when;

	if (len == 0)
		return -1;
	if (strspn(after, "0123456789") >= len) {
		asked_s = strtoll(after, NULL, 10); /* saturates */
	} else if (date_header(http, "retry-after", &when)) {
		date_header(http, "date", &now);
		asked_s = when - now;
	} else {
		return -1;
	}
	return asked_s > max_ms / 1000 ? max_ms : asked_s * 1000;
}
