/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as either of the shared AWS files: nothing but an error comes of
 * what is malformed.
 */
#include "config.h"

#include <stdint.h>

#include "auth/aws-files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
parse(const uint8_t *data, size_t size, bool is_config, const char *profile)
{
	char section[] = "my";
	const struct aws_profile wins = { .services = section };
	struct err err = ERR_INIT;
	struct aws_profile p;
	int rc = aws_profile_parse(&p, (const char *)data, size, is_config,
				   &wins, profile, &err);

	if (rc != -err.code) /* one error for each failure, none without */
		abort();
	aws_profile_clear(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!data) /* libFuzzer's empty input */
		return 0;
	parse(data, size, true, "default");
	parse(data, size, true, "my name");
	parse(data, size, false, "default");
	return 0;
}
