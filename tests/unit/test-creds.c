/* SPDX-License-Identifier: MIT */
/*
 * Credentials: which source wins, and that files which appear, change or heal
 * are read again.  The clock is the test's own.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/creds.h"
#include "util/date.h"

struct place {
	char dir[32];
	char config[64];
	char credentials[64];
};

/* In place of util/clock.c: only the test moves these. */
static int64_t now_ms = 5000;

int64_t
date_now(void)
{
	return 100;
}

int64_t
date_mono_ms(void)
{
	return now_ms;
}

static void
clear_environment(void)
{
	unsetenv("AWS_ACCESS_KEY_ID");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	unsetenv("AWS_SESSION_TOKEN");
	unsetenv("AWS_SECURITY_TOKEN");
	unsetenv("AWS_CREDENTIAL_EXPIRATION");
}

static int
set_up(void **state)
{
	struct place *place = xnew(struct place);

	clear_environment();
	strcpy(place->dir, "/tmp/test-creds.XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	snprintf(place->config, sizeof(place->config), "%s/config", place->dir);
	snprintf(place->credentials, sizeof(place->credentials),
		 "%s/credentials", place->dir);
	*state = place;
	return 0;
}

static int
tear_down(void **state)
{
	struct place *place = *state;

	unlink(place->config);
	unlink(place->credentials);
	rmdir(place->dir);
	free(place);
	return 0;
}

static void
free_chain(struct creds_chain **c)
{
	creds_free(*c);
}

#define CLEANUP_CHAIN CLEANUP(free_chain)

static void
unref_keys(struct keys **k)
{
	keys_unref(*k);
}

#define CLEANUP_KEYS CLEANUP(unref_keys)

static struct creds_chain *
new_chain(const struct place *place)
{
	return creds_new(&(struct creds_options){
		.profile = "default",
		.config_path = place->config,
		.credentials_path = place->credentials,
	});
}

/* Replace a file as editors do: another inode, however fast the test is. */
static void
write_file(const char *path, const char *text)
{
	CLEANUP_FREE char *other = xasprintf("%s.new", path);
	FILE *f = fopen(other, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(other, path), 0);
}

static void
write_keys(const struct place *place, const char *access_key)
{
	CLEANUP_FREE char *text = xasprintf("[default]\n"
					    "aws_access_key_id = %s\n"
					    "aws_secret_access_key = S\n",
					    access_key);

	write_file(place->credentials, text);
}

/* Without the auth thread nobody ever waits. */
static int
get(struct creds_chain *c, struct keys **out, struct err *err)
{
	struct creds_wait wait = { .is_begun = false };

	return creds_get(c, &wait, NULL, out, err);
}

static void
assert_key(struct creds_chain *c, const char *access_key)
{
	struct err err = ERR_INIT;
	CLEANUP_KEYS struct keys *got = NULL;

	if (get(c, &got, &err))
		fail_msg("%s", err.msg);
	assert_string_equal(got->access_key, access_key);
	assert_string_equal(got->secret_key, "S");
	assert_null(got->session_token);
}

static void
assert_refused(struct creds_chain *c, const char *message)
{
	struct err err = ERR_INIT;
	CLEANUP_KEYS struct keys *got = NULL;

	assert_int_equal(get(c, &got, &err), -EACCES);
	assert_int_equal(err.code, EACCES);
	if (!strstr(err.msg, message))
		fail_msg("%s", err.msg);
	assert_null(got);
}

static void
test_environment(void **state)
{
	const struct place *place = *state;
	CLEANUP_CHAIN struct creds_chain *c = NULL;
	CLEANUP_KEYS struct keys *got = NULL;
	const char *value;

	write_keys(place, "FILE");
	setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "S", 1);
	setenv("AWS_SESSION_TOKEN", "T", 1);
	value = getenv("AWS_SECRET_ACCESS_KEY");
	c = new_chain(place);
	assert_null(
		getenv("AWS_ACCESS_KEY_ID")); /* nor has a child any of them */
	assert_null(getenv("AWS_SECRET_ACCESS_KEY"));
	assert_null(getenv("AWS_SESSION_TOKEN"));
	assert_int_equal(value[0], '\0'); /* in /proc/PID/environ, too */
	assert_int_equal(get(c, &got, NULL), 0);
	assert_string_equal(got->access_key, "ENV");
	assert_string_equal(got->secret_key, "S");
	assert_string_equal(got->session_token, "T");
}

static const struct {
	const char *access_key, *secret_key, *session_token;
	const char *what; /* is wrong; NULL: nothing */
} bytes[] = {
	{ "!~", "a/+=", "x", NULL },
	{ "AK\r\nX-Evil: 1", "S", NULL, "the access key holds" },
	{ "SECRET ", "S", NULL, "the access key holds" },
	{ "A", "SE CRET", NULL, "the secret key holds" },
	{ "A", "SECRET\x7f", "T", "the secret key holds" },
	{ "A", "S", "SECRET\t1", "the session token holds" },
	{ "A", "S", "SECRET\xc3\xa9", "the session token holds" },
};

static void
assert_checked(struct creds_chain *c, const char *source, const char *what)
{
	struct err err = ERR_INIT;
	CLEANUP_KEYS struct keys *got = NULL;
	int rc = get(c, &got, &err);

	assert_int_equal(rc, what ? -EACCES : 0);
	if (!what)
		return;
	assert_null(got);
	assert_ptr_equal(strstr(err.msg, source), err.msg);
	assert_non_null(strstr(err.msg, what));
	assert_null(strstr(err.msg, "SECRET"));
	assert_null(strstr(err.msg, "Evil"));
}

/* What would bring a header of its own with it is not sent. */
static void
test_bytes_in_environment(void **state)
{
	const struct place *place = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bytes); i++) {
		CLEANUP_CHAIN struct creds_chain *c = NULL;

		clear_environment();
		setenv("AWS_ACCESS_KEY_ID", bytes[i].access_key, 1);
		setenv("AWS_SECRET_ACCESS_KEY", bytes[i].secret_key, 1);
		if (bytes[i].session_token)
			setenv("AWS_SESSION_TOKEN", bytes[i].session_token, 1);
		c = new_chain(place);
		assert_checked(c, "environment: ", bytes[i].what);
	}
}

static void
test_bytes_in_file(void **state)
{
	const struct place *place = *state;
	CLEANUP_CHAIN struct creds_chain *c = new_chain(place);

	for (size_t i = 0; i < ARRAY_SIZE(bytes); i++) {
		CLEANUP_FREE char *text = NULL;

		if (strpbrk(bytes[i].access_key, " \n"))
			continue; /* lines and blanks at the end are INI's */
		text = xasprintf("[default]\naws_access_key_id = %s\n"
				 "aws_secret_access_key = %s\n"
				 "aws_session_token = %s\n",
				 bytes[i].access_key, bytes[i].secret_key,
				 bytes[i].session_token ? bytes[i].session_token
							: "T");
		write_file(place->credentials, text);
		creds_look_again(c, NULL);
		assert_checked(c, "profile default: ", bytes[i].what);
	}
}

static void
test_skip_environment(void **state)
{
	const struct place *place = *state;
	CLEANUP_CHAIN struct creds_chain *c = NULL;

	setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
	c = creds_new(&(struct creds_options){
		.skip_environment = true,
		.profile = "p",
		.credentials_path = place->credentials,
	});
	assert_refused(c, "no credentials found: profile p of");
}

static void
test_half_environment(void **state)
{
	const struct place *place = *state;
	CLEANUP_CHAIN struct creds_chain *a = NULL;
	CLEANUP_CHAIN struct creds_chain *b = NULL;

	write_keys(place, "FILE");
	setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "", 1); /* as good as not set */
	a = new_chain(place);
	assert_refused(a, "AWS_SECRET_ACCESS_KEY is not");
	clear_environment();
	setenv("AWS_SECRET_ACCESS_KEY", "S", 1);
	b = new_chain(place);
	assert_key(b, "FILE");
}

/* The older name of the token wins, and both are taken. */
static void
test_tokens(void **state)
{
	const struct place *place = *state;
	CLEANUP_CHAIN struct creds_chain *c = NULL;
	CLEANUP_KEYS struct keys *got = NULL;

	setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "S", 1);
	setenv("AWS_SESSION_TOKEN", "new", 1);
	setenv("AWS_SECURITY_TOKEN", "old", 1);
	c = new_chain(place);
	assert_int_equal(get(c, &got, NULL), 0);
	assert_string_equal(got->session_token, "old");
	assert_null(getenv("AWS_SESSION_TOKEN"));
	assert_null(getenv("AWS_SECURITY_TOKEN"));
}

/* It is second 100. */
static void
test_expiration(void **state)
{
	static const struct {
		const char *value, *wrong; /* NULL: nothing is */
	} cases[] = {
		{ "", NULL },
		{ "1970-01-01T00:01:41Z", NULL },
		{ "1970-01-01T02:01:41+02:00", NULL },
		{ "1970-01-01T00:01:40Z", "the keys have expired" },
		{ "1970-01-01T01:01:40+02:00", "is not a time" },
		{ "tomorrow", "AWS_CREDENTIAL_EXPIRATION is not a time" },
	};
	const struct place *place = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP_CHAIN struct creds_chain *c = NULL;

		setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
		setenv("AWS_SECRET_ACCESS_KEY", "S", 1);
		setenv("AWS_CREDENTIAL_EXPIRATION", cases[i].value, 1);
		c = new_chain(place);
		if (cases[i].wrong)
			assert_refused(c, cases[i].wrong);
		else
			assert_key(c, "ENV");
	}
}

static void
test_anonymous(void **state)
{
	const struct place *place = *state;
	CLEANUP_CHAIN struct creds_chain *c = NULL;
	CLEANUP_KEYS struct keys *got = NULL;

	write_keys(place, "FILE");
	c = creds_new(&(struct creds_options){
		.is_anonymous = true,
		.profile = "default",
		.credentials_path = place->credentials,
	});
	assert_int_equal(get(c, &got, NULL), 0);
	assert_null(got->access_key);
}

static void
test_half_profile(void **state)
{
	const struct place *place = *state;
	CLEANUP_CHAIN struct creds_chain *c = new_chain(place);

	write_file(place->credentials, "[default]\naws_access_key_id = A\n");
	assert_refused(c, "profile default: no aws_secret_access_key");
	write_file(place->credentials,
		   "[default]\naws_secret_access_key = A\n");
	now_ms += 1000;
	assert_refused(c, "aws_secret_access_key without aws_access_key_id");
	/* the other file is whole */
	write_file(place->config, "[default]\naws_access_key_id = CONFIG\n"
				  "aws_secret_access_key = S\n");
	now_ms += 1000;
	assert_key(c, "CONFIG");
}

static void
test_heal(void **state)
{
	const struct place *place = *state;
	CLEANUP_CHAIN struct creds_chain *c = new_chain(place);

	assert_refused(c, "no credentials found: environment, profile default");
	write_keys(place, "A");
	assert_refused(c, "no credentials found"); /* looked just now */
	now_ms += 1000;
	assert_key(c, "A");
	write_file(place->config, "[oops\n");
	now_ms += 1000;
	assert_refused(c, "config: line 1: unclosed section name");
	assert_refused(c, "config: line 1: unclosed section name");
	write_file(place->config, "[default]\n");
	now_ms += 1000;
	assert_key(c, "A");
	unlink(place->credentials);
	now_ms += 1000;
	assert_refused(c, "no credentials found");
}

static void
test_change(void **state)
{
	const struct place *place = *state;
	CLEANUP_CHAIN struct creds_chain *c = NULL;

	write_keys(place, "A");
	c = new_chain(place);
	assert_key(c, "A");
	write_keys(place, "B");
	now_ms += 999;
	assert_key(c, "A");
	now_ms += 1;
	assert_key(c, "B");
	now_ms += 1000;
	assert_key(c, "B");
}

static void
test_refused(void **state)
{
	const struct place *place = *state;
	CLEANUP_CHAIN struct creds_chain *c = NULL;

	write_keys(place, "A");
	c = new_chain(place);
	assert_key(c, "A");
	write_keys(place, "B");
	creds_look_again(
		c, NULL); /* at once, whatever the clock and stat(2) say */
	assert_key(c, "B");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_environment, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_bytes_in_environment,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bytes_in_file, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_skip_environment, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_half_environment, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_tokens, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_expiration, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_anonymous, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_half_profile, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_heal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_change, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up,
						tear_down),
	};

	return cmocka_run_group_tests_name("creds", tests, NULL, NULL);
}
