/* SPDX-License-Identifier: MIT */
/*
 * What STS answers, in the shapes of AWS and of Ceph RGW, and that nothing of it but a code
 * is in a message.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "auth/sts-answer.h"

#define KEYS                                                                   \
	"<AccessKeyId>A</AccessKeyId><SecretAccessKey>hidden+/="               \
	"</SecretAccessKey>"
#define AWS(inside)                                                            \
	"<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/"           \
	"2011-06-15/\"><AssumeRoleResult><Credentials>" inside                 \
	"</Credentials></AssumeRoleResult></AssumeRoleResponse>"

static const struct {
	const char *text, *token;
	int64_t expires_at;
	const char *wrong; /* a part of the message; NULL: nothing is */
} cases[] = {
	{ AWS(KEYS "<SessionToken>T&amp;=</SessionToken><Expiration>"
		   "1970-01-01T00:01:00.804604405Z</Expiration>"),
	  "T&=", 60, NULL },
	{ AWS("<x>1</x>" KEYS), "", 0, NULL },
	/* what is elsewhere is something else */
	{ "<a><AssumedRoleUser><AccessKeyId>no</AccessKeyId></AssumedRoleUser>"
	  "<Credentials>" KEYS "</Credentials></a>",
	  "", 0, NULL },
	{ "<a>" KEYS "</a>", "", 0, "no keys in the answer" },
	{ AWS("<AccessKeyId>A</AccessKeyId>"), "", 0, "no keys" },
	{ AWS("<AccessKeyId>A</AccessKeyId><SecretAccessKey>hid den"
	      "</SecretAccessKey>"),
	  "", 0, "the secret key holds" },
	{ AWS(KEYS "<Expiration>hidden</Expiration>"), "", 0,
	  "Expiration is not a time" },
	{ "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
	  "<Message>hidden</Message></Error></ErrorResponse>",
	  "", 0, "STS says AccessDenied" },
	{ "<?xml version=\"1.0\"?><Error><Code>NoSuchEntity</Code><Message>"
	  "</Message></Error>",
	  "", 0, "STS says NoSuchEntity" },
	{ "<html><body>hidden</body></html>", "", 0, "no keys" },
	{ "hidden", "", 0, "" },
	{ "", "", 0, "" },
	{ "<a><Credentials>" KEYS "</Credentials>", "", 0, "" },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = ERR_INIT;
		struct keys *k = NULL;
		int rc = sts_answer_parse(&k, cases[i].text,
					  strlen(cases[i].text), "test", &err);

		assert_int_equal(rc, cases[i].wrong ? -EACCES : 0);
		assert_int_equal(err.code, -rc);
		if (cases[i].wrong) {
			assert_null(k);
			if (!strstr(err.msg, cases[i].wrong) ||
			    strstr(err.msg, "hid"))
				fail_msg("case %zu: %s", i, err.msg);
			continue;
		}
		assert_string_equal(k->access_key, "A");
		assert_string_equal(k->secret_key, "hidden+/=");
		assert_string_equal(k->session_token ? k->session_token : "",
				    cases[i].token);
		assert_int_equal(k->expires_at, cases[i].expires_at);
		keys_unref(k);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests_name("STS answer", tests, NULL, NULL);
}
