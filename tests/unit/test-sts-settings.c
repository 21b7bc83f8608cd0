/* SPDX-License-Identifier: MIT */
/* Where STS is, by the environment, the profile, and what is to be ignored. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth/sts-settings.h"

static void
assert_url(bool is_ignored, const char *expected)
{
	struct creds_options o = { .ignores_endpoints = is_ignored };
	char url[] = "http://profile";
	struct aws_profile p = { .sts_endpoint_url = url };
	struct sts_settings s;
	struct sts sts;

	sts_settings_init(&s, &o);
	sts = sts_settings_get(&s, &p);
	if (expected)
		assert_string_equal(sts.url, expected);
	else
		assert_null(sts.url);
	sts_settings_clear(&s);
}

static void
test_url(void **state)
{
	(void)state;
	unsetenv("AWS_ENDPOINT_URL");
	unsetenv("AWS_ENDPOINT_URL_STS");
	assert_url(false, "http://profile");
	setenv("AWS_ENDPOINT_URL", "http://all", 1);
	assert_url(false, "http://all");
	setenv("AWS_ENDPOINT_URL_STS", "http://sts", 1);
	assert_url(false, "http://sts");
	assert_url(true, NULL);
}

/* Where it is by itself, in a region that is as old as the host for all of them. */
static void
assert_host(const char *region, const char *variable, char *of_profile,
	    bool is_dualstack, const char *expected)
{
	struct creds_options o = { .region = region,
				   .variant = { is_dualstack, false } };
	struct aws_profile p = { .sts_regional_endpoints = of_profile };
	struct sts_settings s;
	struct sts sts;

	if (variable)
		setenv("AWS_STS_REGIONAL_ENDPOINTS", variable, 1);
	else
		unsetenv("AWS_STS_REGIONAL_ENDPOINTS");
	sts_settings_init(&s, &o);
	sts = sts_settings_get(&s, &p);
	CLEANUP_FREE char *url = sts_dup_url(&sts);

	if (expected)
		assert_string_equal(url, expected);
	else
		assert_null(url);
	sts_settings_clear(&s);
}

static void
test_regional(void **state)
{
	char legacy[] = "legacy", regional[] = "regional";
	static const char global[] = "https://sts.amazonaws.com/",
			  own[] = "https://sts.eu-west-1.amazonaws.com/";

	(void)state;
	unsetenv("AWS_ENDPOINT_URL");
	unsetenv("AWS_ENDPOINT_URL_STS");
	assert_host("eu-west-1", NULL, NULL, false, own);
	assert_host("eu-west-1", "legacy", NULL, false, global);
	assert_host("eu-west-1", NULL, legacy, false, global);
	assert_host("eu-west-1", "regional", legacy, false, own);
	assert_host("eu-west-1", "legacy", regional, false, global);
	assert_host("eu-west-1", "LEGACY", NULL, false, NULL);
	assert_host("eu-west-1", "legacy", NULL, true,
		    "https://sts.eu-west-1.api.aws/");
	assert_host("eu-south-1", "legacy", NULL, false,
		    "https://sts.eu-south-1.amazonaws.com/");
	assert_host("aws-global", "regional", NULL, false, global);
	assert_host(NULL, NULL, NULL, false, global);
}

/* What is at all services is at this one, too, unless it has its own. */
static void
test_url_of_all(void **state)
{
	char all[] = "http://all", own[] = "http://own";
	struct creds_options o = { .ignores_endpoints = false };
	struct aws_profile p = { .endpoint_url = all };
	struct sts_settings s;

	(void)state;
	unsetenv("AWS_ENDPOINT_URL");
	unsetenv("AWS_ENDPOINT_URL_STS");
	sts_settings_init(&s, &o);
	assert_string_equal(sts_settings_get(&s, &p).url, all);
	p.sts_endpoint_url = own;
	assert_string_equal(sts_settings_get(&s, &p).url, own);
	sts_settings_clear(&s);
}

/* A URL that would be in a section that is not there is not Amazon's. */
static void
test_no_services(void **state)
{
	struct creds_options o = { .ignores_endpoints = false };
	struct aws_profile p = { .lacks_services = true };
	struct sts_settings s;
	struct sts sts;

	(void)state;
	unsetenv("AWS_ENDPOINT_URL");
	unsetenv("AWS_ENDPOINT_URL_STS");
	sts_settings_init(&s, &o);
	sts = sts_settings_get(&s, &p);
	assert_true(sts.lacks_services);
	assert_null(sts_dup_url(&sts));
	sts_settings_clear(&s);
	setenv("AWS_ENDPOINT_URL_STS", "http://sts", 1);
	sts_settings_init(&s, &o);
	assert_false(sts_settings_get(&s, &p).lacks_services);
	sts_settings_clear(&s);
	unsetenv("AWS_ENDPOINT_URL_STS");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_url),
		cmocka_unit_test(test_url_of_all),
		cmocka_unit_test(test_regional),
		cmocka_unit_test(test_no_services),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
