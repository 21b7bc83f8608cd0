/* SPDX-License-Identifier: MIT */
/*
 * The signer against Amazon's published examples, each step apart, so that a
 * failure says which one is wrong ("Examples: Signature Calculations", Amazon
 * S3 API Reference).
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "auth/sigv4.h"

#define ACCESS_KEY "AKIAIOSFODNN7EXAMPLE"
#define SECRET_KEY "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

#define HOST "examplebucket.s3.amazonaws.com"
#define EMPTY_HASH                                                             \
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define WELCOME_HASH /* of "Welcome to Amazon S3." */                          \
	"44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"

static const struct sigv4_scope scope = {
	.amz_date = "20130524T000000Z",
	.region = "us-east-1",
	.service = "s3",
};

static const struct sigv4_header plain_headers[] = {
	{ "host", HOST },
	{ "x-amz-content-sha256", EMPTY_HASH },
	{ "x-amz-date", "20130524T000000Z" },
};

static const struct sigv4_header range_headers[] = {
	{ "host", HOST },
	{ "range", "bytes=0-9" },
	{ "x-amz-content-sha256", EMPTY_HASH },
	{ "x-amz-date", "20130524T000000Z" },
};

static const struct sigv4_header put_headers[] = {
	{ "date", "Fri, 24 May 2013 00:00:00 GMT" },
	{ "host", HOST },
	{ "x-amz-content-sha256", WELCOME_HASH },
	{ "x-amz-date", "20130524T000000Z" },
	{ "x-amz-storage-class", "REDUCED_REDUNDANCY" },
};

struct example {
	const char *name;
	struct sigv4_request request;
	const char *canonical_request;
	const char *string_to_sign; /* after the scope */
	const char *signature;
	const char *signed_headers;
};

static const struct example examples[] = {
	{ .name = "GET object, with Range",
	  .request = { "GET", "/test.txt", "", range_headers, 4, EMPTY_HASH },
	  .canonical_request =
		  "GET\n"
		  "/test.txt\n"
		  "\n"
		  "host:" HOST "\n"
		  "range:bytes=0-9\n"
		  "x-amz-content-sha256:" EMPTY_HASH "\n"
		  "x-amz-date:20130524T000000Z\n"
		  "\n"
		  "host;range;x-amz-content-sha256;x-amz-date\n" EMPTY_HASH,
	  .string_to_sign = "7344ae5b7ee6c3e7e6b0fe0640412a37"
			    "625d1fbfff95c48bbb2dc43964946972",
	  .signature = "f0e8bdb87c964420e857bd35b5d6ed31"
		       "0bd44f0170aba48dd91039c6036bdb41",
	  .signed_headers = "host;range;x-amz-content-sha256;x-amz-date" },
	{ .name = "PUT object, a key with $",
	  .request = { "PUT", "/test%24file.text", "", put_headers, 5,
		       WELCOME_HASH },
	  .canonical_request = "PUT\n"
			       "/test%24file.text\n"
			       "\n"
			       "date:Fri, 24 May 2013 00:00:00 GMT\n"
			       "host:" HOST "\n"
			       "x-amz-content-sha256:" WELCOME_HASH "\n"
			       "x-amz-date:20130524T000000Z\n"
			       "x-amz-storage-class:REDUCED_REDUNDANCY\n"
			       "\n"
			       "date;host;x-amz-content-sha256;x-amz-date;"
			       "x-amz-storage-class\n" WELCOME_HASH,
	  .string_to_sign = "9e0e90d9c76de8fa5b200d8c849cd5b8"
			    "dc7a3be3951ddb7f6a76b4158342019d",
	  .signature = "98ad721746da40c64f1a55b78f14c238"
		       "d841ea1380cd77a1b5971af0ece108bd",
	  .signed_headers = "date;host;x-amz-content-sha256;x-amz-date;"
			    "x-amz-storage-class" },
	{ .name = "GET bucket lifecycle, a parameter without value",
	  .request = { "GET", "/", "lifecycle=", plain_headers, 3, EMPTY_HASH },
	  .canonical_request =
		  "GET\n"
		  "/\n"
		  "lifecycle=\n"
		  "host:" HOST "\n"
		  "x-amz-content-sha256:" EMPTY_HASH "\n"
		  "x-amz-date:20130524T000000Z\n"
		  "\n"
		  "host;x-amz-content-sha256;x-amz-date\n" EMPTY_HASH,
	  .string_to_sign = "9766c798316ff2757b517bc739a67f62"
			    "13b4ab36dd5da2f94eaebf79c77395ca",
	  .signature = "fea454ca298b7da1c68078a5d1bdbfbb"
		       "e0d65c699e0f91ac7a200a0136783543",
	  .signed_headers = "host;x-amz-content-sha256;x-amz-date" },
	{ .name = "GET bucket (list objects), two parameters",
	  .request = { "GET", "/", "max-keys=2&prefix=J", plain_headers, 3,
		       EMPTY_HASH },
	  .canonical_request =
		  "GET\n"
		  "/\n"
		  "max-keys=2&prefix=J\n"
		  "host:" HOST "\n"
		  "x-amz-content-sha256:" EMPTY_HASH "\n"
		  "x-amz-date:20130524T000000Z\n"
		  "\n"
		  "host;x-amz-content-sha256;x-amz-date\n" EMPTY_HASH,
	  .string_to_sign = "df57d21db20da04d7fa30298dd4488ba"
			    "3a2b47ca3a489c74750e0f1e7df1b9b7",
	  .signature = "34b48302e7b5fa45bde8084f4b7868a8"
		       "6f0a534bc59db6670ed5711ef69dc6f7",
	  .signed_headers = "host;x-amz-content-sha256;x-amz-date" },
};

static char *
expected_string_to_sign(const struct example *x)
{
	return xasprintf("AWS4-HMAC-SHA256\n"
			 "20130524T000000Z\n"
			 "20130524/us-east-1/s3/aws4_request\n"
			 "%s",
			 x->string_to_sign);
}

static void
test_canonical_request(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		CLEANUP_BUF struct buf b = BUF_INIT(4096);
		int rc = sigv4_canonical_request(&b, &examples[i].request);

		assert_int_equal(rc, 0);
		assert_string_equal(buf_str(&b), examples[i].canonical_request);
	}
}

static void
test_string_to_sign(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		CLEANUP_FREE char *want = expected_string_to_sign(&examples[i]);
		CLEANUP_BUF struct buf b = BUF_INIT(4096);
		int rc = sigv4_string_to_sign(&b, &scope,
					      examples[i].canonical_request);

		assert_int_equal(rc, 0);
		assert_string_equal(buf_str(&b), want);
	}
}

static void
test_signature(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		CLEANUP_FREE char *text = expected_string_to_sign(&examples[i]);
		char signature[SHA256_HEX_LEN];

		sigv4_signature(signature, &scope, SECRET_KEY, text);
		assert_string_equal(signature, examples[i].signature);
	}
}

static void
test_authorization(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		CLEANUP_BUF struct buf b = BUF_INIT(4096);
		CLEANUP_FREE char *want = xasprintf(
			"AWS4-HMAC-SHA256 Credential=" ACCESS_KEY
			"/20130524/us-east-1/s3/aws4_request, "
			"SignedHeaders=%s, Signature=%s",
			examples[i].signed_headers, examples[i].signature);
		int rc = sigv4_authorization(&b, &examples[i].request, &scope,
					     ACCESS_KEY, SECRET_KEY);

		assert_int_equal(rc, 0);
		assert_string_equal(buf_str(&b), want);
	}
}

/* A continuation token of 64 KiB, each byte of which had to be encoded. */
static void
test_long_query(void **state)
{
	CLEANUP_FREE char *query = xasprintf("%0*d", 3 * 64 * 1024, 0);
	struct sigv4_request request = examples[3].request;
	CLEANUP_BUF struct buf b = BUF_INIT(4096);

	(void)state;
	request.query = query;
	assert_int_equal(sigv4_authorization(&b, &request, &scope, ACCESS_KEY,
					     SECRET_KEY),
			 0);
}

static void
test_no_room(void **state)
{
	CLEANUP_BUF struct buf b = BUF_INIT(20);

	(void)state;
	for (size_t max = 0; max < 200; max += 20) {
		b.max = max;
		assert_int_equal(sigv4_authorization(&b, &examples[0].request,
						     &scope, ACCESS_KEY,
						     SECRET_KEY),
				 -EFBIG);
		buf_clear(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canonical_request),
		cmocka_unit_test(test_string_to_sign),
		cmocka_unit_test(test_signature),
		cmocka_unit_test(test_authorization),
		cmocka_unit_test(test_long_query),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests_name("sigv4", tests, NULL, NULL);
}
