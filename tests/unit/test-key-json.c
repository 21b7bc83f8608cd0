/* SPDX-License-Identifier: MIT */
/*
 * Keys as JSON: what is one, and that nothing of it is in a message.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "auth/key-json.h"

static const struct key_names process = {
	.access_key = "AccessKeyId",
	.secret_key = "SecretAccessKey",
	.session_token = "SessionToken",
	.expiration = "Expiration",
	.has_version = true,
};
static const struct key_names service = {
	.access_key = "AccessKeyId",
	.secret_key = "SecretAccessKey",
	.session_token = "Token",
	.expiration = "Expiration",
	.has_code = true,
};
static const struct key_names portal = {
	.parent = "roleCredentials",
	.access_key = "accessKeyId",
	.secret_key = "secretAccessKey",
	.session_token = "sessionToken",
	.expiration = "expiration",
	.has_expiry_in_ms = true,
};

#define KEYS "\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hidden\""

static const struct {
	const struct key_names *names;
	const char *text;
	const char *token; /* "": none */
	int64_t expires_at;
	const char *wrong; /* a part of the message; NULL: nothing is */
} cases[] = {
	{ &process, "{\"Version\":1," KEYS "}", "", 0, NULL },
	{ &process, " {\"Version\":1," KEYS ",\"x\":[{}]}\n", "", 0, NULL },
	{ &process,
	  "{\"Version\":1," KEYS ",\"SessionToken\":\"T\","
	  "\"Expiration\":\"1970-01-01T00:01:00Z\"}",
	  "T", 60, NULL },
	{ &process,
	  "{\"Version\":1," KEYS ",\"SessionToken\":\"\","
	  "\"Expiration\":null}",
	  "", 0, NULL },
	{ &process, "{\"Version\":\"1\"," KEYS "}", "", 0, "Version" },
	{ &process, "{\"Version\":2," KEYS "}", "", 0, "Version" },
	{ &process, "{" KEYS "}", "", 0, "Version" },
	{ &process, "{\"Version\":1,\"SecretAccessKey\":\"hidden\"}", "", 0,
	  "no AccessKeyId" },
	{ &process, "{\"Version\":1,\"AccessKeyId\":\"A\"}", "", 0,
	  "no SecretAccessKey" },
	{ &process,
	  "{\"Version\":1,\"AccessKeyId\":7,\"SecretAccessKey\":\"hidden\"}",
	  "", 0, "no AccessKeyId" },
	{ &process, "{\"Version\":1," KEYS ",\"Expiration\":\"hidden\"}", "", 0,
	  "Expiration is not a time" },
	{ &process, "{\"Version\":1," KEYS ",\"Expiration\":60}", "", 0,
	  "Expiration is not a time" },
	{ &process, "{\"Version\":1," KEYS ",\"SessionToken\":\"hid den\"}", "",
	  0, "the session token holds" },
	{ &process, "{\"Version\":1," KEYS "} hidden", "", 0, "not JSON" },
	{ &process, "hidden", "", 0, "not JSON" },
	{ &process, "", "", 0, "not JSON" },
	{ &process, "[1]", "", 0, "not a JSON object" },
	{ &service,
	  "{\"Code\":\"Success\"," KEYS ",\"Token\":\"T\","
	  "\"Expiration\":\"1970-01-01T00:01:00.5+00:00\"}",
	  "T", 60, NULL },
#define AT(time) "{\"Version\":1," KEYS ",\"Expiration\":\"" time "\"}"
	{ &process, AT("1970-01-02T00:01:00+02:00"), "", 86460 - 7200, NULL },
	{ &process, AT("1970-01-02T00:01:00-0500"), "", 86460 + 18000, NULL },
	{ &process, AT("1970-01-02T00:01:00.5+05:30"), "", 86460 - 19800,
	  NULL },
	{ &process, AT("1970-01-02T00:01:00+00:00"), "", 86460, NULL },
	{ &process, AT("1970-01-02T00:01:00+5:30"), "", 0, "is not a time" },
	{ &process, AT("1970-01-02T00:01:00+0"), "", 0, "is not a time" },
	{ &process, AT("1970-01-02T00:01:00+24:00"), "", 0, "is not a time" },
	{ &process, AT("1970-01-02T00:01:00+-1:00"), "", 0, "is not a time" },
	{ &process, AT("1970-01-02T00:01:00Z+01:00"), "", 0, "is not a time" },
	{ &service, "{" KEYS ",\"SessionToken\":\"T\"}", "", 0, NULL },
	{ &service, "{\"Code\":\"AssumeRoleUnauthorizedAccess\"," KEYS "}", "",
	  0, "it says AssumeRoleUnauthorizedAccess" },
	{ &portal,
	  "{\"roleCredentials\":{\"accessKeyId\":\"A\","
	  "\"secretAccessKey\":\"hidden\",\"sessionToken\":\"T\","
	  "\"expiration\":60999}}",
	  "T", 60, NULL },
	{ &portal, "{\"accessKeyId\":\"A\",\"secretAccessKey\":\"hidden\"}", "",
	  0, "no accessKeyId" },
	{ &portal,
	  "{\"roleCredentials\":{\"accessKeyId\":\"A\","
	  "\"secretAccessKey\":\"hidden\",\"expiration\":\"60\"}}",
	  "", 0, "expiration is not a time" },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = ERR_INIT;
		struct keys *k = NULL;
		int rc =
			key_json_parse(&k, cases[i].text, strlen(cases[i].text),
				       cases[i].names, "test", &err);

		if (cases[i].wrong) {
			assert_int_equal(rc, -EACCES);
			assert_int_equal(err.code, EACCES);
			assert_null(k);
			if (!strstr(err.msg, cases[i].wrong) ||
			    strstr(err.msg, "hid"))
				fail_msg("case %zu: %s", i, err.msg);
			continue;
		}
		if (rc)
			fail_msg("case %zu: %s", i, err.msg);
		assert_string_equal(k->access_key, "A");
		assert_string_equal(k->secret_key, "hidden");
		assert_string_equal(k->session_token ? k->session_token : "",
				    cases[i].token);
		assert_int_equal(k->expires_at, cases[i].expires_at);
		assert_string_equal(k->source, "test");
		keys_unref(k);
	}
}

static const struct {
	const char *text;
	int64_t expires_at;
	const char *wrong; /* a part of the message; NULL: nothing is */
} logins[] = {
#define LOGIN(time) "{\"accessToken\":\"hid/+=\",\"expiresAt\":\"" time "\"}"
	{ LOGIN("1970-01-01T00:01:00Z"), 60, NULL },
	{ LOGIN("1970-01-01T00:01:00UTC"), 60, NULL }, /* of the older form */
	{ LOGIN("1970-01-01T02:01:00+02:00"), 60, NULL },
	{ LOGIN("hid"), 0, "expiresAt is not a time" },
	{ "{\"accessToken\":\"hid\"}", 0, "expiresAt is not a time" },
	{ "{\"expiresAt\":\"1970-01-01T00:01:00Z\"}", 0, "no accessToken" },
	{ "{\"accessToken\":\"\",\"expiresAt\":\"1970-01-01T00:01:00Z\"}", 0,
	  "no accessToken" },
	{ "{\"accessToken\":\"hid\\r\\nx\","
	  "\"expiresAt\":\"1970-01-01T00:01:00Z\"}",
	  0, "its accessToken has lines" },
	{ "[\"hid\"]", 0, "no accessToken" },
	{ "hid", 0, "not JSON" },
};

static void
test_logins(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(logins); i++) {
		struct err err = ERR_INIT;
		struct login l;
		int rc = login_json_parse(&l, logins[i].text,
					  strlen(logins[i].text), &err);

		if (rc && (!logins[i].wrong || rc != -EACCES ||
			   !strstr(err.msg, logins[i].wrong) ||
			   strstr(err.msg, "hid")))
			fail_msg("case %zu: %s", i, err.msg);
		assert_int_equal(rc == 0, !logins[i].wrong);
		assert_int_equal(l.token != NULL, rc == 0);
		if (rc == 0)
			assert_int_equal(l.expires_at, logins[i].expires_at);
		login_clear(&l);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_logins),
	};

	return cmocka_run_group_tests_name("key JSON", tests, NULL, NULL);
}
