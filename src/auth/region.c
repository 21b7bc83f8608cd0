/* SPDX-License-Identifier: MIT */
/*
 * Regions: see region.h.  Pure.
 */
#include "config.h"

#include "auth/region.h"

#include "util/ascii.h"

bool
region_is_name(const char *region)
{
	const char *s = region;

	for (; *s; s++)
		if (!ascii_is_alnum(*s) && *s != '-')
			return false;
	return s != region;
}

const char *
region_domain(const char *region)
{
	if (strncmp(region, "cn-", 3) == 0)
		return "amazonaws.com.cn";
	return strncmp(region, "eusc-", 5) == 0 ? "amazonaws.eu"
						: "amazonaws.com";
}
