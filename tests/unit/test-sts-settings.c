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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
