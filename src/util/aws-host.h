/* SPDX-License-Identifier: MIT */
/*
 * Names of the hosts of AWS's services, by its published rules for endpoints: the
 * partition that a region belongs to, and what is put before its domain.  Pure; any
 * thread.
 */
#ifndef UTIL_AWS_HOST_H
#define UTIL_AWS_HOST_H

#include "util/err.h"

enum aws_service { AWS_S3, AWS_STS, AWS_SSO }; /* the last one: its portal */

/* Which of the hosts that a service has in a region; {0}: the plain one. */
struct aws_variant {
	bool is_dualstack; /* IPv6, too */
	bool is_fips; /* FIPS 140 */
};

/* "aws-cn", say: regions of another one are another provider, with keys of its own. */
const char *aws_partition(const char *region);

/* Nothing that would end a host, or a header. */
bool aws_region_is_name(const char *region);

/*
 * The host's name, on the heap.  -EINVAL with a message where there is none of that
 * variant.  `region` may have no characters but those of a host label.
 */
int aws_host_new(char **out, enum aws_service service, const char *region,
		 struct aws_variant variant, struct err *err);

/*
 * The region that is meant by an old name of an endpoint, "fips-us-east-1" or
 * "us-gov-west-1-fips": on the heap; *variant says the rest then.
 */
char *aws_region_new(const char *name, struct aws_variant *variant);

#endif
