/* SPDX-License-Identifier: MIT */
/*
 * Metadata from anywhere, as an original size: never negative, and printed
 * again it has the digits it came with, leading zeros aside.
 */
#include "config.h"

#include <inttypes.h>

#include "stats/stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *value = xstrndup((const char *)data, size);
	const char *digits = value + strspn(value, "0");
	int64_t n = original_size_parse(value);
	char again[24];

	if (n == ORIGINAL_UNKNOWN) {
		check(!*value || value[strspn(value, "0123456789")] ||
		      strlen(digits) >= 19);
		return 0;
	}
	check(n >= 0);
	snprintf(again, sizeof(again), "%" PRId64, n);
	check(strcmp(again, *digits ? digits : "0") == 0);
	return 0;
}
