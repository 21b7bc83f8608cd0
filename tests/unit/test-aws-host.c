/* SPDX-License-Identifier: MIT */
/*
 * Hosts of AWS's services: those of S3 are in test-endpoint.c, in the URLs that they
 * become.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "util/aws-host.h"

/* As the endpoint rule set for STS has them, NULL: there is none; that of SSO's portal differs in its name. */
static const struct {
	const char *region;
	const char *plain, *dualstack, *fips, *both;
} sts_hosts[] = {
	{ "eu-west-1", "sts.eu-west-1.amazonaws.com", "sts.eu-west-1.api.aws",
	  "sts-fips.eu-west-1.amazonaws.com", "sts-fips.eu-west-1.api.aws" },
	{ "cn-north-1", "sts.cn-north-1.amazonaws.com.cn",
	  "sts.cn-north-1.api.amazonwebservices.com.cn",
	  "sts-fips.cn-north-1.amazonaws.com.cn",
	  "sts-fips.cn-north-1.api.amazonwebservices.com.cn" },
	{ "us-gov-west-1", "sts.us-gov-west-1.amazonaws.com",
	  "sts.us-gov-west-1.api.aws", "sts.us-gov-west-1.amazonaws.com",
	  "sts-fips.us-gov-west-1.api.aws" },
	{ "us-iso-east-1", "sts.us-iso-east-1.c2s.ic.gov",
	  "sts.us-iso-east-1.api.aws.ic.gov",
	  "sts-fips.us-iso-east-1.c2s.ic.gov",
	  "sts-fips.us-iso-east-1.api.aws.ic.gov" },
	{ "us-isob-east-1", "sts.us-isob-east-1.sc2s.sgov.gov",
	  "sts.us-isob-east-1.api.aws.scloud",
	  "sts-fips.us-isob-east-1.sc2s.sgov.gov",
	  "sts-fips.us-isob-east-1.api.aws.scloud" },
	{ "eu-isoe-west-1", "sts.eu-isoe-west-1.cloud.adc-e.uk", NULL,
	  "sts-fips.eu-isoe-west-1.cloud.adc-e.uk", NULL },
	{ "us-isof-south-1", "sts.us-isof-south-1.csp.hci.ic.gov", NULL,
	  "sts-fips.us-isof-south-1.csp.hci.ic.gov", NULL },
	{ "eusc-de-east-1", "sts.eusc-de-east-1.amazonaws.eu",
	  "sts.eusc-de-east-1.api.amazonwebservices.eu",
	  "sts-fips.eusc-de-east-1.amazonaws.eu",
	  "sts-fips.eusc-de-east-1.api.amazonwebservices.eu" },
};

static void
assert_host(const char *region, bool is_dualstack, bool is_fips,
	    const char *want)
{
	static const char name[] = "portal.sso";
	const struct aws_variant variant = { is_dualstack, is_fips };
	CLEANUP_FREE char *sts = NULL, *sso = NULL;
	struct err err = ERR_INIT;

	if (!want) {
		assert_int_equal(
			aws_host_new(&sts, AWS_STS, region, variant, &err),
			-EINVAL);
		assert_non_null(strstr(err.msg, "has no dual-stack"));
		return;
	}
	assert_int_equal(aws_host_new(&sts, AWS_STS, region, variant, NULL), 0);
	assert_string_equal(sts, want);
	assert_int_equal(aws_host_new(&sso, AWS_SSO, region, variant, NULL), 0);
	assert_memory_equal(sso, name, sizeof(name) - 1);
	assert_string_equal(sso + sizeof(name) - 1, want + strlen("sts"));
}

static void
test_hosts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sts_hosts); i++) {
		const char *region = sts_hosts[i].region;

		assert_host(region, false, false, sts_hosts[i].plain);
		assert_host(region, true, false, sts_hosts[i].dualstack);
		assert_host(region, false, true, sts_hosts[i].fips);
		assert_host(region, true, true, sts_hosts[i].both);
	}
}

static void
test_partition(void **state)
{
	static const struct {
		const char *region, *partition;
	} cases[] = {
		{ "us-east-1", "aws" },
		{ "aws-global", "aws" },
		{ "xx-new-9", "aws" },
		{ "cn-northwest-1", "aws-cn" },
		{ "aws-cn-global", "aws-cn" },
		{ "us-gov-east-1", "aws-us-gov" },
		{ "aws-us-gov-global", "aws-us-gov" },
		{ "us-iso-west-1", "aws-iso" },
		{ "aws-iso-global", "aws-iso" },
		{ "us-isob-east-1", "aws-iso-b" },
		{ "aws-iso-b-global", "aws-iso-b" },
		{ "eu-isoe-west-1", "aws-iso-e" },
		{ "us-isof-east-1", "aws-iso-f" },
		{ "eusc-de-east-1", "aws-eusc" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(aws_partition(cases[i].region),
				    cases[i].partition);
}

static void
test_region(void **state)
{
	static const struct {
		const char *name, *region;
		bool is_fips;
	} cases[] = {
		{ "eu-west-1", "eu-west-1", false },
		{ "fips-eu-west-1", "eu-west-1", true },
		{ "us-gov-east-1-fips", "us-gov-east-1", true },
		{ "-fips", "-fips", false },
		{ "fips", "fips", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct aws_variant variant = { .is_fips = false };
		CLEANUP_FREE char *region =
			aws_region_new(cases[i].name, &variant);

		assert_string_equal(region, cases[i].region);
		assert_int_equal(variant.is_fips, cases[i].is_fips);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_partition),
		cmocka_unit_test(test_region),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
