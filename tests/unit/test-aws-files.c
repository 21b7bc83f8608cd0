/* SPDX-License-Identifier: MIT */
/*
 * One profile of the shared AWS files: which sections and names count, which
 * file wins, and what is done about files that are odd.
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

#include "auth/aws-files.h"
#include "util/buf.h"

static void
add(struct buf *b, const char *name, const char *value)
{
	if (value)
		buf_printf(b, "%s=%s;", name, value);
}

/* All that a profile says, "key=K;region=R;", or "absent". */
static void
describe(struct buf *b, const struct aws_profile *p)
{
	if (!p->is_present)
		buf_add_str(b, "absent");
	add(b, "key", p->access_key);
	add(b, "secret", p->secret_key);
	add(b, "token", p->session_token);
	add(b, "region", p->region);
	add(b, "endpoint", p->endpoint_url);
	add(b, "s3", p->s3_endpoint_url);
	add(b, "sts", p->sts_endpoint_url);
	add(b, "ca", p->ca_bundle);
	add(b, "style", p->addressing_style);
	add(b, "attempts", p->max_attempts);
	add(b, "ignore", p->ignore_endpoint_urls);
	add(b, "session", p->sso_session);
	add(b, "session-url", p->sso_session_start_url);
	add(b, "session-region", p->sso_session_region);
	add(b, "sso-url", p->sso_start_url);
	add(b, "sso-region", p->sso_region);
}

#define CONFIG true
#define CREDENTIALS false

static const struct {
	bool is_config;
	const char *profile;
	const char *text;
	const char *found;
} cases[] = {
	{ CONFIG, "default", "", "absent" },
	{ CONFIG, "default", "[default]\n", "" },
	{ CONFIG, "default", "[default]\nregion = r\n", "region=r;" },
	{ CONFIG, "default", "[profile default]\nregion = r\n", "region=r;" },
	{ CONFIG, "default", "[profile other]\nregion = r\n", "absent" },
	{ CONFIG, "p", "[profile p]\nregion = r\n", "region=r;" },
	{ CONFIG, "p", "[profile \t p]\nregion = r\n", "region=r;" },
	{ CONFIG, "p", "[p]\nregion = r\n", "absent" },
	{ CONFIG, "p", "[profilep]\nregion = r\n", "absent" },
	{ CONFIG, "my name", "[profile \"my name\"]\nregion = r\n",
	  "region=r;" },
	{ CONFIG, "my name", "[profile 'my name']\nregion = r\n", "region=r;" },
	{ CONFIG, "my name", "[profile \"my name']\nregion = r\n", "absent" },
	{ CONFIG, "my", "[profile \"my name\"]\nregion = r\n", "absent" },
	{ CREDENTIALS, "p", "[p]\naws_access_key_id = A\n", "key=A;" },
	{ CREDENTIALS, "p", "[profile p]\naws_access_key_id = A\n", "absent" },
	{ CREDENTIALS, "default",
	  "[default]\nAWS_Access_Key_Id = A\naws_secret_access_key=S/+=\n"
	  "aws_session_token = T==\n",
	  "key=A;secret=S/+=;token=T==;" },
	{ CREDENTIALS, "p",
	  "[p]\naws_security_token = old\naws_session_token = new\n",
	  "token=old;" },
	{ CONFIG, "p", "[profile p]\naws_security_token = old\n",
	  "token=old;" },
	/* the last one counts, an empty one says nothing */
	{ CONFIG, "default",
	  "[default]\nregion = a\nregion = b\n[default]\nregion = c\nregion=\n",
	  "region=c;" },
	{ CONFIG, "default",
	  "[default]\nendpoint_url = http://h\nca_bundle = /ca\n"
	  "max_attempts = 7\nignore_configured_endpoint_urls = true\n"
	  "output = json\ns3 =\n  addressing_style = path\n"
	  "  max_concurrent_requests = 20\n",
	  "endpoint=http://h;ca=/ca;style=path;attempts=7;ignore=true;" },
	/* names count at their own level only */
	{ CONFIG, "default",
	  "[default]\naddressing_style = path\ns3 =\n  region = r\n"
	  "dynamodb =\n  addressing_style = virtual\n",
	  "" },
	/* as the test cases have it that the SDKs share */
	{ CONFIG, "default",
	  "[profile default]\nregion = a\nmax_attempts = 1\n"
	  "[default]\nregion = b\nca_bundle = /ca\n"
	  "[profile default]\nregion = c\n",
	  "region=c;attempts=1;" },
	{ CONFIG, "default",
	  "[default]\nregion = b\nca_bundle = /ca\n"
	  "[profile default]\nregion = a\n",
	  "region=a;" },
	{ CONFIG, "some-thing:long/the_one%only.foo@bar+",
	  "[profile some-thing:long/the_one%only.foo@bar+]\nregion = r\n",
	  "region=r;" },
	{ CONFIG, "p", "[   profile p    ] ; c\nregion \t=  \tr \t\n",
	  "region=r;" },
	{ CREDENTIALS, "p", "[   p    ]# c\nregion = r ;\n", "region=r;" },
	{ CONFIG, "in valid", "[profile in valid]\nregion = r\n", "absent" },
	{ CONFIG, "p",
	  "[profile p]\nregion = a\n[profile in valid]\nregion = b\n"
	  "[profile q]\nregion = c\n",
	  "region=a;" },
	{ CONFIG, "p", "[profile p]\nin valid = x\nregion = r; c\n",
	  "region=r; c;" },
	{ CONFIG, "p",
	  "[profile p]\ns3 =\n addressing_style = path\n\t \n x = y\n",
	  "style=path;" },
	{ CONFIG, "p", "[profile p]\ns3 =\n in valid = x\n name =\n", "" },
	/* the services section, before or after */
	{ CONFIG, "p",
	  "[profile p]\nservices = my\nendpoint_url = http://all\n"
	  "[services my]\ns3 =\n  endpoint_url = http://s3\n"
	  "sts =\n  endpoint_url = http://sts\n"
	  "ec2 =\n  endpoint_url = http://ec2\n",
	  "endpoint=http://all;s3=http://s3;sts=http://sts;" },
	{ CONFIG, "p",
	  "[services \"my\"]\ns3 =\n  endpoint_url = http://s3\n"
	  "[profile p]\nservices = my\n",
	  "s3=http://s3;" },
	{ CONFIG, "p",
	  "[services other]\ns3 =\n  endpoint_url = http://s3\n"
	  "[profile p]\nservices = my\nendpoint_url = http://all\n",
	  "endpoint=http://all;" },
	{ CONFIG, "p",
	  "[services my]\nendpoint_url = http://no\n"
	  "[profile p]\nservices = my\n",
	  "" },
	/* the section of a login, likewise */
	{ CONFIG, "p",
	  "[sso-session my]\nsso_start_url = u\nsso_region = r\nregion = no\n"
	  "sso_account_id = no\n"
	  "[profile p]\nsso_session = my\nsso_region = s\n",
	  "session=my;session-url=u;session-region=r;sso-region=s;" },
	{ CONFIG, "p",
	  "[sso-session other]\nsso_start_url = u\n"
	  "[profile p]\nsso_session = my\nsso_start_url = v\n",
	  "session=my;sso-url=v;" },
	{ CREDENTIALS, "p",
	  "[p]\nservices = my\n[services my]\ns3 =\n  endpoint_url = h\n", "" },
};

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP_BUF struct buf b = BUF_INIT(4096);
		struct err err = ERR_INIT;
		struct aws_profile p;
		int rc = aws_profile_parse(
			&p, cases[i].text, strlen(cases[i].text),
			cases[i].is_config, NULL, cases[i].profile, &err);

		if (rc)
			fail_msg("case %zu: %s", i, err.msg);
		describe(&b, &p);
		if (strcmp(buf_str(&b), cases[i].found) != 0)
			fail_msg("case %zu: %s", i, buf_str(&b));
		aws_profile_clear(&p);
	}
}

static void
test_malformed(void **state)
{
	static const char text[] = "[default]\naws_access_key_id = A\nsecret\n";
	struct err err = ERR_INIT;
	struct aws_profile p;

	(void)state;
	assert_int_equal(aws_profile_parse(&p, text, sizeof(text) - 1,
					   CREDENTIALS, NULL, "default", &err),
			 -EINVAL);
	assert_null(p.access_key);
	assert_false(p.is_present);
	assert_null(strstr(err.msg, "secret"));
}

/* --- files --- */

struct place {
	char dir[32];
	char config[64];
	char credentials[64];
};

static int
set_up(void **state)
{
	struct place *place = xnew(struct place);

	strcpy(place->dir, "/tmp/test-aws-files.XXXXXX");
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
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* Load profile p from the two files and compare. */
static void
assert_loads(const struct place *place, const char *found)
{
	CLEANUP_BUF struct buf b = BUF_INIT(4096);
	struct err err = ERR_INIT;
	struct aws_profile p;

	if (aws_profile_load(&p, place->config, place->credentials, "p", &err))
		fail_msg("%s", err.msg);
	describe(&b, &p);
	assert_string_equal(buf_str(&b), found);
	aws_profile_clear(&p);
}

static void
test_load_both(void **state)
{
	const struct place *place = *state;

	assert_loads(place, "absent");
	write_file(place->config,
		   "[profile p]\nregion = r\naws_access_key_id = A\n"
		   "aws_secret_access_key = B\naws_session_token = C\n");
	assert_loads(place, "key=A;secret=B;token=C;region=r;");
	/* keys of two files are never mixed; the rest is */
	write_file(place->credentials, "[p]\naws_access_key_id = X\n"
				       "aws_secret_access_key = Y\n");
	assert_loads(place, "key=X;secret=Y;region=r;");
	write_file(place->credentials, "[p]\naws_access_key_id = X\n");
	assert_loads(place, "key=X;region=r;");
	write_file(place->credentials, "[p]\naws_session_token = Z\n");
	assert_loads(place, "key=A;secret=B;token=C;region=r;");
	write_file(place->credentials, "[p]\nregion = other\n");
	assert_loads(place, "key=A;secret=B;token=C;region=other;");
	write_file(place->config, "");
	assert_loads(place, "region=other;");
}

/* Sections are in the config file; either file may point to them. */
static void
test_load_sections(void **state)
{
	static const char sections[] =
		"[services my]\ns3 =\n  endpoint_url = http://s3\n"
		"[services other]\ns3 =\n  endpoint_url = http://other\n"
		"[sso-session my]\nsso_start_url = u\n";
	const struct place *place = *state;
	CLEANUP_FREE char *config = xasprintf(
		"%s[profile p]\nservices = other\nendpoint_url = http://all\n",
		sections);

	write_file(place->config, sections);
	write_file(place->credentials, "[p]\nservices = my\n");
	assert_loads(place, "s3=http://s3;");
	write_file(place->credentials, "[p]\nsso_session = my\n");
	assert_loads(place, "session=my;session-url=u;");
	write_file(place->config, config);
	assert_loads(place, "endpoint=http://all;s3=http://other;session=my;"
			    "session-url=u;");
	/* what all services have does not hide what one of them has */
	write_file(place->credentials,
		   "[p]\nservices = my\nendpoint_url = http://mine\n");
	assert_loads(place, "endpoint=http://mine;s3=http://s3;");
}

/* As botocore has it: of two such blocks one counts, with all that is in it. */
static void
test_load_block(void **state)
{
	const struct place *place = *state;
	struct aws_profile p;

	write_file(place->config, "[profile p]\nregion = r\ns3 =\n"
				  "  addressing_style = path\n"
				  "  use_dualstack_endpoint = true\n");
	write_file(place->credentials,
		   "[p]\ns3 =\n  addressing_style = virtual\n");
	assert_int_equal(aws_profile_load(&p, place->config, place->credentials,
					  "p", NULL),
			 0);
	assert_string_equal(p.addressing_style, "virtual");
	assert_null(p.s3_use_dualstack_endpoint);
	assert_string_equal(p.region, "r");
	aws_profile_clear(&p);
	write_file(place->credentials, "[p]\ns3 =\n  max_queue_size = 9\n");
	assert_int_equal(aws_profile_load(&p, place->config, place->credentials,
					  "p", NULL),
			 0);
	assert_null(p.addressing_style);
	aws_profile_clear(&p);
}

static void
test_load_null(void **state)
{
	struct aws_profile p;

	(void)state;
	assert_int_equal(aws_profile_load(&p, NULL, NULL, "p", NULL), 0);
	assert_false(p.is_present);
	assert_int_equal(
		aws_profile_load(&p, "/dev/null", "/dev/null/x", "p", NULL), 0);
	assert_false(p.is_present);
}

static void
assert_refused(const struct place *place, int code, const char *message)
{
	CLEANUP_FREE char *want = xasprintf("%s: %s", place->config, message);
	struct err err = ERR_INIT;
	struct aws_profile p;

	assert_int_equal(aws_profile_load(&p, place->config, place->credentials,
					  "p", &err),
			 -code);
	assert_string_equal(err.msg, want);
	assert_null(p.access_key);
}

static void
test_load_odd_files(void **state)
{
	const struct place *place = *state;

	write_file(place->credentials, "[p]\naws_access_key_id = X\n");
	write_file(place->config, "[profile p\n");
	assert_refused(place, EINVAL, "line 1: unclosed section name");

	/* nobody ever writes into it: opening must not block */
	unlink(place->config);
	assert_int_equal(mkfifo(place->config, 0600), 0);
	assert_refused(place, EAGAIN, "not a regular file");

	unlink(place->config);
	assert_int_equal(mkdir(place->config, 0700), 0);
	assert_refused(place, EINVAL, "not a regular file");
	rmdir(place->config);

	assert_int_equal(symlink(place->config, place->config), 0);
	assert_refused(place, ELOOP, strerror(ELOOP));
}

static void
test_load_cap(void **state)
{
	const struct place *place = *state;
	static const char head[] = "[profile p]\nregion = r\n#";
	CLEANUP_FREE char *text = xmalloc(AWS_FILE_MAX + 2);

	memset(text, 'x', AWS_FILE_MAX + 1);
	memcpy(text, head, sizeof(head) - 1);
	text[AWS_FILE_MAX] = '\0';
	write_file(place->config, text);
	assert_loads(place, "region=r;");
	text[AWS_FILE_MAX] = 'x';
	text[AWS_FILE_MAX + 1] = '\0';
	write_file(place->config, text);
	assert_refused(place, EFBIG, strerror(EFBIG));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_load_null),
		cmocka_unit_test_setup_teardown(test_load_both, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_load_sections, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_load_block, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_load_odd_files, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_load_cap, set_up,
						tear_down),
	};

	return cmocka_run_group_tests_name("aws-files", tests, NULL, NULL);
}
