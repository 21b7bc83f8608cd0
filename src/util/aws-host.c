/* SPDX-License-Identifier: MIT */
/*
 * Names of hosts: see aws-host.h.  Pure; any thread.
 *
 * Source: partitions.json and the endpoint rule sets for S3, STS and SSO, as the AWS SDKs
 * have them; AWS General Reference, "Amazon S3 endpoints and quotas".
 */
#include "config.h"

#include "util/aws-host.h"

#include <errno.h>

#include "util/ascii.h"

struct partition {
	const char *id;
	const char *prefix; /* of its regions */
	const char *domain;
	const char *dualstack_domain; /* of all but S3; NULL: it has none */
	bool has_s3_fips;
	bool is_fips_plain; /* all but S3: the plain host is one for FIPS */
};

/* Other regions, those to come as well, are of the last one. */
static const struct partition partitions[] = {
	{ "aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn",
	  false, false },
	{ "aws-us-gov", "us-gov-", "amazonaws.com", "api.aws", true, true },
	{ "aws-iso", "us-iso-", "c2s.ic.gov", "api.aws.ic.gov", true, false },
	{ "aws-iso-b", "us-isob-", "sc2s.sgov.gov", "api.aws.scloud", true,
	  false },
	{ "aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", NULL, true, false },
	{ "aws-iso-f", "us-isof-", "csp.hci.ic.gov", NULL, true, false },
	{ "aws-eusc", "eusc-", "amazonaws.eu", "api.amazonwebservices.eu", true,
	  false },
	{ "aws", "", "amazonaws.com", "api.aws", true, false },
};

/* Some tools have a name for all regions of one. */
static bool
is_global_name(const struct partition *p, const char *region)
{
	size_t len = strlen(p->id);

	return strncmp(region, p->id, len) == 0 &&
	       strcmp(region + len, "-global") == 0;
}

static const struct partition *
partition_of(const char *region)
{
	const struct partition *p = partitions;

	while (strncmp(region, p->prefix, strlen(p->prefix)) != 0 &&
	       !is_global_name(p, region))
		p++; /* the last prefix is empty */
	return p;
}

const char *
aws_partition(const char *region)
{
	return partition_of(region)->id;
}

bool
aws_region_is_name(const char *region)
{
	const char *s = region;

	for (; *s; s++)
		if (!ascii_is_alnum(*s) && *s != '-')
			return false;
	return s != region;
}

/* Its dual-stack hosts are in the domain that the others are in. */
static char *
s3_host_dup(const struct partition *p, const char *region,
	    struct aws_variant variant)
{
	return xasprintf("s3%s%s.%s.%s", variant.is_fips ? "-fips" : "",
			 variant.is_dualstack ? ".dualstack" : "", region,
			 p->domain);
}

static char *
other_host_dup(const char *service, const struct partition *p,
	       const char *region, struct aws_variant variant)
{
	bool has_word =
		variant.is_fips && (variant.is_dualstack || !p->is_fips_plain);

	return xasprintf("%s%s.%s.%s", service, has_word ? "-fips" : "", region,
			 variant.is_dualstack ? p->dualstack_domain
					      : p->domain);
}

int
aws_host_new(char **out, enum aws_service service, const char *region,
	     struct aws_variant variant, struct err *err)
{
	const struct partition *p = partition_of(region);

	if (variant.is_dualstack && !p->dualstack_domain)
		return err_set(err, EINVAL,
			       "%s has no dual-stack endpoints (%s)", region,
			       p->id);
	if (service == AWS_S3 && variant.is_fips && !p->has_s3_fips)
		return err_set(err, EINVAL, "%s has no FIPS endpoints (%s)",
			       region, p->id);
	*out = service == AWS_S3
		       ? s3_host_dup(p, region, variant)
		       : other_host_dup(service == AWS_SSO ? "portal.sso"
							   : "sts",
					p, region, variant);
	return 0;
}

char *
aws_region_new(const char *name, struct aws_variant *variant)
{
	size_t len = strlen(name);

	if (strncmp(name, "fips-", 5) == 0) {
		variant->is_fips = true;
		return xstrdup(name + 5);
	}
	if (len > 5 && strcmp(name + len - 5, "-fips") == 0) {
		variant->is_fips = true;
		return xstrndup(name, len - 5);
	}
	return xstrdup(name);
}
