/* SPDX-License-Identifier: MIT */
/*
 * Endpoints: host and path of buckets in both styles, and the URLs and regions
 * that are refused.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "s3/endpoint.h"

static void
free_endpoint(struct endpoint **e)
{
	endpoint_free(*e);
}

#define CLEANUP_ENDPOINT CLEANUP(free_endpoint)

#define AUTO ADDRESSING_AUTO
#define PATH ADDRESSING_PATH
#define VIRTUAL ADDRESSING_VIRTUAL

static const struct {
	const char *url;
	const char *region;
	enum addressing style;
	const char *bucket;
	const char *key;
	const char *address; /* scheme, host and path */
} addresses[] = {
	/* AWS */
	{ NULL, NULL, AUTO, NULL, NULL, "https://s3.amazonaws.com/" },
	{ NULL, "eu-west-1", AUTO, "bucket", NULL,
	  "https://bucket.s3.eu-west-1.amazonaws.com/" },
	{ NULL, "eu-west-1", AUTO, "bucket", "a/b",
	  "https://bucket.s3.eu-west-1.amazonaws.com/a/b" },
	{ NULL, "eu-west-1", PATH, "bucket", "k",
	  "https://s3.eu-west-1.amazonaws.com/bucket/k" },
	{ NULL, "us-east-1", AUTO, "bucket", NULL,
	  "https://bucket.s3.amazonaws.com/" },
	{ NULL, "aws-global", AUTO, "bucket", NULL,
	  "https://bucket.s3.amazonaws.com/" },
	{ NULL, "cn-north-1", AUTO, "bucket", NULL,
	  "https://bucket.s3.cn-north-1.amazonaws.com.cn/" },
	{ NULL, "eusc-de-east-1", AUTO, NULL, NULL,
	  "https://s3.eusc-de-east-1.amazonaws.eu/" },
	/* names that are no host label */
	{ NULL, NULL, VIRTUAL, "with.dots", "k",
	  "https://s3.amazonaws.com/with.dots/k" },
	{ NULL, NULL, VIRTUAL, "Upper", NULL,
	  "https://s3.amazonaws.com/Upper" },
	{ NULL, NULL, VIRTUAL, "under_score", NULL,
	  "https://s3.amazonaws.com/under_score" },
	{ NULL, NULL, VIRTUAL, "-edge", NULL,
	  "https://s3.amazonaws.com/-edge" },
	{ NULL, NULL, VIRTUAL, "a/../b?c", NULL,
	  "https://s3.amazonaws.com/a%2F..%2Fb%3Fc" },
	{ NULL, NULL, VIRTUAL,
	  "0123456789012345678901234567890123456789012345678901234567890123",
	  NULL,
	  "https://s3.amazonaws.com/"
	  "0123456789012345678901234567890123456789012345678901234567890123" },
	/* others */
	{ "http://h:9000", NULL, AUTO, "bucket", NULL, "http://h:9000/bucket" },
	{ "http://h:9000/", NULL, AUTO, NULL, NULL, "http://h:9000/" },
	{ "http://h:9000", NULL, VIRTUAL, "bucket", NULL,
	  "http://bucket.h:9000/" },
	{ "http://h", NULL, VIRTUAL, "with.dots", NULL, "http://with.dots.h/" },
	/* botocore says so, though it is a host name to us */
	{ "http://h", NULL, VIRTUAL, "1.2.3.4", NULL, "http://h/1.2.3.4" },
	{ "http://h", NULL, VIRTUAL, "1.2.3.4.5", NULL, "http://1.2.3.4.5.h/" },
	{ "http://h", NULL, VIRTUAL, "with..dots", NULL,
	  "http://h/with..dots" },
	{ "https://h", NULL, VIRTUAL, "with.dots", NULL,
	  "https://h/with.dots" },
	{ "HTTPS://S3.Example.ORG", NULL, AUTO, "b", NULL,
	  "https://s3.example.org/b" },
	{ "http://h:80", NULL, AUTO, NULL, NULL, "http://h/" },
	{ "https://h:443", NULL, AUTO, NULL, NULL, "https://h/" },
	{ "https://h:80", NULL, AUTO, NULL, NULL, "https://h:80/" },
	{ "http://minio_1:65535", NULL, AUTO, NULL, NULL,
	  "http://minio_1:65535/" },
	/* a path of its own */
	{ "https://h/s3", NULL, AUTO, "b", "k", "https://h/s3/b/k" },
	{ "https://h/s3//", NULL, AUTO, "b", NULL, "https://h/s3/b" },
	{ "https://h/s3", NULL, AUTO, NULL, NULL, "https://h/s3/" },
	{ "https://h/a%20b", NULL, VIRTUAL, "b", "k", "https://b.h/a%20b/k" },
	/* addresses */
	{ "http://127.0.0.1:9000", NULL, VIRTUAL, "b", NULL,
	  "http://127.0.0.1:9000/b" },
	{ "http://[::1]:9000", NULL, VIRTUAL, "b", NULL,
	  "http://[::1]:9000/b" },
	{ "http://[2001:DB8::1]", NULL, AUTO, "b", NULL,
	  "http://[2001:db8::1]/b" },
	/* keys are bytes */
	{ "http://h", NULL, AUTO, "b", "../x//y/.", "http://h/b/../x//y/." },
	{ "http://h", NULL, AUTO, "b", "/x", "http://h/b//x" },
	{ "http://h", NULL, AUTO, "b", "a b+c=%\n\xff",
	  "http://h/b/a%20b%2Bc%3D%25%0A%FF" },
	{ "http://h", NULL, AUTO, "b", "", "http://h/b/" },
};

static void
test_address(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		CLEANUP_ENDPOINT struct endpoint *e = NULL;
		CLEANUP_BUF struct buf host = BUF_INIT(4096);
		CLEANUP_BUF struct buf path = BUF_INIT(4096);
		CLEANUP_FREE char *got = NULL;
		struct err err = ERR_INIT;
		const char *key = addresses[i].key;

		if (endpoint_new(&e,
				 &(struct endpoint_options){
					 .url = addresses[i].url,
					 .region = addresses[i].region,
					 .style = addresses[i].style },
				 &err))
			fail_msg("case %zu: %s", i, err.msg);
		assert_int_equal(endpoint_address(e, addresses[i].bucket, key,
						  key ? strlen(key) : 0, &host,
						  &path),
				 0);
		got = xasprintf("%s://%s%s", endpoint_scheme(e), buf_str(&host),
				buf_str(&path));
		assert_string_equal(got, addresses[i].address);
	}
}

/* AWS's own hosts; as the endpoint rule set for S3 has them. */
static const struct {
	struct endpoint_options o;
	const char *host;
	const char *region;
} hosts[] = {
#define DUAL .variant.is_dualstack = true
#define FIPS .variant.is_fips = true
	{ { .region = "eu-west-1", DUAL },
	  "s3.dualstack.eu-west-1.amazonaws.com",
	  "eu-west-1" },
	{ { .region = "eu-west-1", FIPS },
	  "s3-fips.eu-west-1.amazonaws.com",
	  "eu-west-1" },
	{ { .region = "eu-west-1", DUAL, FIPS },
	  "s3-fips.dualstack.eu-west-1.amazonaws.com",
	  "eu-west-1" },
	{ { .region = "cn-north-1", DUAL },
	  "s3.dualstack.cn-north-1.amazonaws.com.cn",
	  "cn-north-1" },
	{ { .region = "us-gov-west-1", FIPS },
	  "s3-fips.us-gov-west-1.amazonaws.com",
	  "us-gov-west-1" },
	{ { .region = "us-iso-east-1" },
	  "s3.us-iso-east-1.c2s.ic.gov",
	  "us-iso-east-1" },
	{ { .region = "us-isob-east-1", DUAL, FIPS },
	  "s3-fips.dualstack.us-isob-east-1.sc2s.sgov.gov",
	  "us-isob-east-1" },
	{ { .region = "eu-isoe-west-1", FIPS },
	  "s3-fips.eu-isoe-west-1.cloud.adc-e.uk",
	  "eu-isoe-west-1" },
	{ { .region = "us-isof-south-1" },
	  "s3.us-isof-south-1.csp.hci.ic.gov",
	  "us-isof-south-1" },
	{ { .region = "eusc-de-east-1", DUAL },
	  "s3.dualstack.eusc-de-east-1.amazonaws.eu",
	  "eusc-de-east-1" },
	/* the one host that is the world's */
	{ { .region = NULL, .is_regional = true },
	  "s3.amazonaws.com",
	  "us-east-1" },
	{ { .region = "us-east-1", .is_regional = true },
	  "s3.us-east-1.amazonaws.com",
	  "us-east-1" },
	{ { .region = NULL, DUAL },
	  "s3.dualstack.us-east-1.amazonaws.com",
	  "us-east-1" },
	{ { .region = "aws-global", FIPS },
	  "s3-fips.us-east-1.amazonaws.com",
	  "us-east-1" },
	/* names of regions that say more */
	{ { .region = "fips-us-west-2" },
	  "s3-fips.us-west-2.amazonaws.com",
	  "us-west-2" },
	{ { .region = "us-gov-west-1-fips", DUAL },
	  "s3-fips.dualstack.us-gov-west-1.amazonaws.com",
	  "us-gov-west-1" },
	/* elsewhere all that means nothing */
	{ { .url = "http://h", .region = "eu-west-1", DUAL, FIPS },
	  "h",
	  "eu-west-1" },
	{ { .url = "http://h", .region = "cn-north-1", FIPS },
	  "h",
	  "cn-north-1" },
	{ { .url = "http://h", .region = "aws-global" }, "h", "us-east-1" },
};

static void
test_hosts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		CLEANUP_ENDPOINT struct endpoint *e = NULL;
		CLEANUP_BUF struct buf host = BUF_INIT(4096);
		CLEANUP_BUF struct buf path = BUF_INIT(4096);
		struct err err = ERR_INIT;

		if (endpoint_new(&e, &hosts[i].o, &err))
			fail_msg("case %zu: %s", i, err.msg);
		assert_int_equal(
			endpoint_address(e, NULL, NULL, 0, &host, &path), 0);
		assert_string_equal(buf_str(&host), hosts[i].host);
		assert_string_equal(endpoint_region(e), hosts[i].region);
	}
}

static void
test_no_such_host(void **state)
{
	static const struct {
		struct endpoint_options o;
		const char *message;
	} cases[] = {
		{ { .region = "cn-north-1", FIPS },
		  "cn-north-1 has no FIPS endpoints (aws-cn)" },
		{ { .region = "eu-isoe-west-1", DUAL },
		  "eu-isoe-west-1 has no dual-stack endpoints (aws-iso-e)" },
		{ { .region = "us-isof-east-1", DUAL, FIPS },
		  "us-isof-east-1 has no dual-stack endpoints (aws-iso-f)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct endpoint *e = NULL;
		struct err err = ERR_INIT;

		assert_int_equal(endpoint_new(&e, &cases[i].o, &err), -EINVAL);
		assert_string_equal(err.msg, cases[i].message);
	}
}

/* Another region of the store, and one that is another store's. */
static void
test_in_region(void **state)
{
	static const struct {
		struct endpoint_options home;
		const char *region;
		const char *host; /* NULL: refused */
	} cases[] = {
		{ { .region = NULL },
		  "eu-west-1",
		  "s3.eu-west-1.amazonaws.com" },
		{ { .region = "eu-west-1" }, "us-east-1", "s3.amazonaws.com" },
		{ { .region = "eu-west-1", .is_regional = true },
		  "us-east-1",
		  "s3.us-east-1.amazonaws.com" },
		{ { .region = "us-west-2", FIPS, DUAL },
		  "us-east-2",
		  "s3-fips.dualstack.us-east-2.amazonaws.com" },
		{ { .region = "us-gov-west-1" },
		  "us-gov-east-1",
		  "s3.us-gov-east-1.amazonaws.com" },
		{ { .region = "us-gov-west-1" }, "us-east-1", NULL },
		{ { .region = "us-east-1" }, "us-gov-east-1", NULL },
		{ { .region = "us-iso-east-1" }, "us-isob-east-1", NULL },
		{ { .region = "cn-north-1" }, "eu-west-1", NULL },
		{ { .url = "http://h", .region = "cn-north-1" },
		  "eu-west-1",
		  "h" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP_ENDPOINT struct endpoint *home = NULL;
		CLEANUP_ENDPOINT struct endpoint *there = NULL;
		CLEANUP_BUF struct buf host = BUF_INIT(4096);
		CLEANUP_BUF struct buf path = BUF_INIT(4096);
		int rc;

		assert_int_equal(endpoint_new(&home, &cases[i].home, NULL), 0);
		rc = endpoint_new_in_region(&there, home, cases[i].region,
					    NULL);
		assert_int_equal(rc, cases[i].host ? 0 : -EINVAL);
		if (rc)
			continue;
		endpoint_address(there, NULL, NULL, 0, &host, &path);
		assert_string_equal(buf_str(&host), cases[i].host);
	}
}

static void
test_region(void **state)
{
	CLEANUP_ENDPOINT struct endpoint *aws = NULL;
	CLEANUP_ENDPOINT struct endpoint *ceph = NULL;

	(void)state;
	assert_int_equal(endpoint_new(&aws,
				      &(struct endpoint_options){ .url = NULL },
				      NULL),
			 0);
	assert_string_equal(endpoint_region(aws), "us-east-1");
	assert_int_equal(
		endpoint_new(&ceph,
			     &(struct endpoint_options){
				     .url = "http://h", .region = "RegionOne" },
			     NULL),
		0);
	assert_string_equal(endpoint_region(ceph), "RegionOne");
}

static const struct {
	const char *url;
	const char *region;
} refused[] = {
	{ "", NULL },
	{ "h", NULL },
	{ "h:9000", NULL },
	{ "ftp://h", NULL },
	{ "httpx://h", NULL },
	{ "http:/h", NULL },
	{ "http://", NULL },
	{ "http:///b", NULL },
	{ "http://user:password@h", NULL },
	{ "http://user@h", NULL },
	{ "ftp://user:password@h", NULL },
	{ "user:password@h", NULL },
	{ "user:password://h@h", NULL },
	{ "http://user:password/h@h", NULL },
	{ "http://user:/password?h@h", NULL },
	{ "http://user:h@password@h", NULL },
	{ "http://h/?a", NULL },
	{ "http://h?a", NULL },
	{ "http://h#a", NULL },
	{ "http://h:", NULL },
	{ "http://h:0", NULL },
	{ "http://h:65536", NULL },
	{ "http://h:099", NULL },
	{ "http://h:+80", NULL },
	{ "http://h:80 ", NULL },
	{ "http://h:80:80", NULL },
	{ "http://:80", NULL },
	{ "http:// h", NULL },
	{ "http://h\r\nX-Evil: 1", NULL },
	{ "http://h\t", NULL },
	{ "http://a..b", NULL },
	{ "http://.a", NULL },
	{ "http://a.", NULL },
	{ "http://-a", NULL },
	{ "http://a-.b", NULL },
	{ "http://h%41", NULL },
	{ "http://h\\b", NULL },
	{ "http://\xc3\xa9", NULL },
	{ "http://[::1", NULL },
	{ "http://[]", NULL },
	{ "http://[::g]", NULL },
	{ "http://[::1%25eth0]", NULL },
	{ "http://[127.0.0.1]", NULL },
	{ "http://[::1]x:80", NULL },
	{ "http://::1", NULL },
	{ "http://h/a b", NULL },
	{ "http://h/a%2", NULL },
	{ "http://h/a%", NULL },
	{ "http://h/a\n", NULL },
	{ "http://"
	  "0123456789012345678901234567890123456789012345678901234567890123",
	  NULL },
	{ NULL, "" },
	{ NULL, "Upper" },
	{ NULL, "a.b" },
	{ NULL, "-a" },
	{ NULL, "a-" },
	{ NULL, "a/b" },
	{ NULL, "evil.example.org/" },
	{ NULL, "012345678901234567890123456789012" },
	{ "http://h", "a b" },
	{ "http://h", "a/b" },
	{ "http://h", "a\n" },
};

static void
test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		CLEANUP_ENDPOINT struct endpoint *e = NULL;
		struct err err = ERR_INIT;

		if (endpoint_new(&e,
				 &(struct endpoint_options){
					 .url = refused[i].url,
					 .region = refused[i].region },
				 &err) != -EINVAL)
			fail_msg("case %zu: %s %s", i, refused[i].url,
				 refused[i].region);
		assert_int_equal(err.code, EINVAL);
		assert_null(strstr(err.msg, "password"));
		assert_null(e);
	}
}

static const struct {
	const char *url;
	const char *message;
} messages[] = {
	{ "ftp://x",
	  "endpoint URL ftp://x: begins neither with http:// nor with "
	  "https://" },
	{ "x", "endpoint URL x: begins neither with http:// nor with "
	       "https://" },
	{ "http://h:0", "endpoint URL http://h:0: 0 is not a port" },
	{ "http://u:p@h:1",
	  "endpoint URL http://***@h:1: user names do not belong there" },
};

static void
test_messages(void **state)
{
	CLEANUP_FREE char *longest = xasprintf("http://%01000d/?", 0);
	struct err err = ERR_INIT;
	struct endpoint *e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
		endpoint_new(
			&e,
			&(struct endpoint_options){ .url = messages[i].url },
			&err);
		assert_string_equal(err.msg, messages[i].message);
	}
	endpoint_new(&e, &(struct endpoint_options){ .url = longest }, &err);
	assert_non_null(strstr(err.msg, ": has a query or a fragment"));
}

static void
test_names_that_are_steps(void **state)
{
	static const char *const names[] = { "", ".", "..", ".hidden" };
	CLEANUP_ENDPOINT struct endpoint *e = NULL;
	CLEANUP_BUF struct buf host = BUF_INIT(100);
	CLEANUP_BUF struct buf path = BUF_INIT(100);

	(void)state;
	assert_int_equal(
		endpoint_new(&e,
			     &(struct endpoint_options){ .url = "http://h" },
			     NULL),
		0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(
			endpoint_address(e, names[i], NULL, 0, &host, &path),
			-EINVAL);
	assert_int_equal(host.len + path.len, 0);
}

static void
test_no_room(void **state)
{
	CLEANUP_ENDPOINT struct endpoint *e = NULL;
	CLEANUP_BUF struct buf host = BUF_INIT(100);
	CLEANUP_BUF struct buf path = BUF_INIT(10);

	(void)state;
	assert_int_equal(
		endpoint_new(&e,
			     &(struct endpoint_options){ .url = "http://h" },
			     NULL),
		0);
	assert_int_equal(
		endpoint_address(e, "bucket", "a long key", 10, &host, &path),
		-EFBIG);
	endpoint_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_no_such_host),
		cmocka_unit_test(test_in_region),
		cmocka_unit_test(test_region),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_names_that_are_steps),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
