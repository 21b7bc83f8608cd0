/* SPDX-License-Identifier: MIT */
/*
 * Error documents and lists of buckets as stores really send them, and what is
 * wrong with others.
 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "s3/buckets-page.h"
#include "s3/error-doc.h"
#include "util/buf.h"

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
#define XMLNS "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

/* --- errors --- */

static const struct {
	const char *xml, *code, *request_id, *region;
} errors[] = {
	{ DECLARATION
	  "\n<Error><Code>AuthorizationHeaderMalformed</Code>"
	  "<Message>The region 'us-east-1' is wrong; expecting 'eu-west-1'"
	  "</Message><Region>eu-west-1</Region><RequestId>K4QY0ZF8V3K</RequestId>"
	  "<HostId>x/y=</HostId></Error>",
	  "AuthorizationHeaderMalformed", "K4QY0ZF8V3K", "eu-west-1" },
	{ DECLARATION
	  "<Error><Code>NoSuchBucket</Code><Message></Message>"
	  "<BucketName>nope</BucketName><RequestId>tx0001-default</RequestId>"
	  "<HostId>1009-default-default</HostId></Error>",
	  "NoSuchBucket", "tx0001-default", "" },
	{ "<ErrorResponse xmlns='urn:x'><Error><Type>Sender</Type><Code>"
	  "Access&amp;Denied</Code><Message>no</Message></Error><RequestId>r"
	  "</RequestId></ErrorResponse>",
	  "Access&Denied", "r", "" },
	/* what ended before the document broke off; first of two; too deep */
	{ "<Error><Code>SlowDown</Code><Code>x</Code><Message>Please re",
	  "SlowDown", "", "" },
	{ "<Error><X><Code>x</Code></X></Error>", "", "", "" },
	{ "<Errors><Code>x</Code></Errors>", "", "", "" },
	{ "<html><Code>x</Code></html>", "", "", "" },
	{ "Bad Gateway", "", "", "" },
	{ "", "", "", "" },
};

static void
test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct s3_error e;

		s3_error_parse(&e, errors[i].xml, strlen(errors[i].xml));
		assert_string_equal(e.code, errors[i].code);
		assert_string_equal(e.request_id, errors[i].request_id);
		assert_string_equal(e.region, errors[i].region);
	}
}

/* Cut to size, at the end of a character. */
static void
test_long_error(void **state)
{
	CLEANUP_BUF struct buf xml = BUF_INIT(4096);
	struct s3_error e;

	(void)state;
	assert_int_equal(buf_add_str(&xml, "<Error><RequestId>"), 0);
	for (int i = 0; i < 200; i++)
		assert_int_equal(buf_add_str(&xml, "\xc3\xa9"), 0);
	assert_int_equal(
		buf_add_str(&xml, "</RequestId><Code>C</Code></Error>"), 0);
	s3_error_parse(&e, xml.data, xml.len);
	assert_int_equal(strlen(e.request_id), sizeof(e.request_id) - 2);
	assert_string_equal(e.code, "C");
}

/* --- buckets --- */

#define BUCKETS(text)                                                          \
	"<ListAllMyBucketsResult " XMLNS ">" text "</ListAllMyBucketsResult>"
#define BUCKET(name) "<Bucket><Name>" name "</Name></Bucket>"

static const struct {
	const char *xml, *names, *token;
} bucket_pages[] = {
	{ DECLARATION
	  "<ListAllMyBucketsResult " XMLNS "><Owner><ID>main</ID>"
	  "<DisplayName>main</DisplayName></Owner><Buckets><Bucket><Name>bkt"
	  "</Name><CreationDate>2026-11-22T16:30:27.661Z</CreationDate></Bucket>"
	  "<Bucket><CreationDate>2026-11-22T16:30:27.739Z</CreationDate>"
	  "<BucketRegion>eu-west-1</BucketRegion><Name>Old_bucket.x</Name>"
	  "</Bucket></Buckets></ListAllMyBucketsResult>",
	  "bkt Old_bucket.x@eu-west-1 ", NULL },
	{ BUCKETS("<ContinuationToken>a&amp;b</ContinuationToken><Prefix>x"
		  "</Prefix><Buckets>" BUCKET("b-1") "</Buckets>"),
	  "b-1 ", "a&b" },
	{ BUCKETS("<Buckets/><ContinuationToken/>"), "", NULL },
	/* where they are, whatever comes first; a region of nobody's */
	{ BUCKETS("<Buckets><Bucket><Name>b-1</Name><BucketRegion>eu-west-1"
		  "</BucketRegion></Bucket><Bucket><BucketRegion>us-west-2"
		  "</BucketRegion><Name>b-2</Name></Bucket>" BUCKET(
			  "b-3") "<Bucket><BucketRegion>x</BucketRegion></Bucket>"
				 "<Bucket><Name>b-4</Name><BucketRegion/>"
				 "</Bucket></Buckets><BucketRegion>y"
				 "</BucketRegion>"),
	  "b-1@eu-west-1 b-2@us-west-2 b-3 b-4 ", NULL },
	/* Linode; any prefix of a namespace */
	{ "<ListBucketsResponse><Buckets>" BUCKET("b-1")
		  BUCKET("b-2") "</Buckets></ListBucketsResponse>",
	  "b-1 b-2 ", NULL },
	{ "<s:ListBucketsResponse xmlns:s='urn:x'><s:Buckets><s:Bucket><s:Name>"
	  "b-1</s:Name></s:Bucket></s:Buckets></s:ListBucketsResponse>",
	  "b-1 ", NULL },
	/* names that could be no directory; names elsewhere */
	{ BUCKETS("<Buckets>" BUCKET("ab") BUCKET(".abc") BUCKET(
		  "a/b/c") BUCKET("a b") BUCKET("") BUCKET("\xc3\xa9\xc3\xa9")
			  BUCKET("..") "<Bucket/><Name>abc</Name><X><Name>abc</Name></X>" BUCKET(
				  "ok1") "</Buckets><Bucket><Name>abc</Name></Bucket>"
					 "<X><Bucket><Name>abc</Name></Bucket></X>"),
	  "ok1 ", NULL },
};

static void
test_buckets(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bucket_pages); i++) {
		CLEANUP_BUF struct buf names = BUF_INIT(1024);
		const char *xml = bucket_pages[i].xml;
		struct buckets_page page;

		assert_int_equal(
			buckets_page_parse(&page, xml, strlen(xml), NULL), 0);
		for (size_t k = 0; k < page.n_names; k++)
			assert_int_equal(
				buf_printf(&names, "%s%s%s ", page.names[k],
					   page.regions[k] ? "@" : "",
					   page.regions[k] ? page.regions[k]
							   : ""),
				0);
		assert_string_equal(buf_str(&names), bucket_pages[i].names);
		if (bucket_pages[i].token)
			assert_string_equal(page.next_token,
					    bucket_pages[i].token);
		else
			assert_null(page.next_token);
		buckets_page_clear(&page);
	}
}

static void
test_bad_buckets(void **state)
{
	static const char *const cases[] = {
		"",
		"x",
		"<Error><Code>AccessDenied</Code></Error>",
		"<ListBucketResult/>",
		"<ListBucketsResponses/>",
		"<ListBucketsResponse>",
		"<ListAllMyBucketsResult>",
		BUCKETS("<Buckets>" BUCKET("abc")),
		"<!DOCTYPE x>" BUCKETS(""),
		BUCKETS("<Buckets>" BUCKET("a<b/>bc") "</Buckets>"),
		BUCKETS("<Buckets>" BUCKET("abc") BUCKET("\x01") "</Buckets>"),
		BUCKETS("<Buckets><Bucket><BucketRegion>a<b/></BucketRegion>"
			"</Bucket></Buckets>"),
		BUCKETS("<ContinuationToken>a</ContinuationToken>"
			"<ContinuationToken>a</ContinuationToken>"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = ERR_INIT;
		struct buckets_page page;

		assert_int_equal(buckets_page_parse(&page, cases[i],
						    strlen(cases[i]), &err),
				 -EIO);
		assert_int_equal(err.code, EIO);
		assert_null(page.names);
		assert_null(page.next_token);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_long_error),
		cmocka_unit_test(test_buckets),
		cmocka_unit_test(test_bad_buckets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
