/* SPDX-License-Identifier: MIT */
/*
 * Keys as a value: what they may be, who holds them, and that nothing of them is left
 * in the memory that is given back.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "auth/keys.h"
#include "util/wipe.h"

#define ACCESS_KEY "AKIDEXAMPLE-which-is-looked-for"
#define SECRET_KEY "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define TOKEN "FwoGZXIvYXdzEXAMPLETOKEN"

static const struct keys all = {
	.access_key = ACCESS_KEY,
	.secret_key = SECRET_KEY,
	.session_token = TOKEN,
	.expires_at = 1760437800,
	.source = "test",
};

/* In place of util/wipe.c, to look at what is given back. */
static unsigned n_wiped;

void
wipe_free(void *p)
{
	n_wiped += p && (strcmp(p, ACCESS_KEY) == 0 ||
			 strcmp(p, SECRET_KEY) == 0 || strcmp(p, TOKEN) == 0);
	free(p);
}

static void
test_last_reference_wipes(void **state)
{
	struct keys *k = NULL;

	(void)state;
	n_wiped = 0;
	assert_int_equal(keys_new(&k, &all, NULL), 0);
	assert_ptr_not_equal(k->secret_key, all.secret_key); /* copies */
	assert_string_equal(k->access_key, ACCESS_KEY);
	assert_string_equal(k->secret_key, SECRET_KEY);
	assert_string_equal(k->session_token, TOKEN);
	assert_int_equal(k->expires_at, all.expires_at);
	assert_string_equal(k->source, "test");
	assert_ptr_equal(keys_ref(k), k);
	keys_unref(k);
	assert_int_equal(n_wiped, 0);
	assert_string_equal(k->secret_key, SECRET_KEY);
	keys_unref(k);
	assert_int_equal(n_wiped, 3);
}

static void
test_none(void **state)
{
	(void)state;
	assert_null(keys_ref(NULL));
	keys_unref(NULL);
	assert_true(keys_equal(NULL, NULL));
	assert_false(keys_equal(&all, NULL));
	assert_false(keys_equal(NULL, &all));
}

static void
test_equal(void **state)
{
	struct keys access = all, secret = all, token = all, expiry = all;

	(void)state;
	assert_true(keys_equal(&all, &all));
	access.access_key = "other";
	assert_false(keys_equal(&all, &access));
	secret.secret_key = "other";
	assert_false(keys_equal(&all, &secret));
	token.session_token = NULL;
	assert_false(keys_equal(&all, &token));
	assert_false(keys_equal(&token, &all));
	/* they are what they were */
	expiry.expires_at = 0;
	expiry.source = "elsewhere";
	assert_true(keys_equal(&all, &expiry));
}

static void
test_bytes(void **state)
{
	struct keys *k = NULL;
	struct keys bad = all;
	struct err err = ERR_INIT;

	(void)state;
	bad.session_token = "SECRET\r\nx-evil: 1";
	assert_int_equal(keys_new(&k, &bad, &err), -EACCES);
	assert_null(k);
	assert_non_null(strstr(err.msg, "the session token holds"));
	assert_null(strstr(err.msg, "SECRET"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last_reference_wipes),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
