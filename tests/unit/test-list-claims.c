/* SPDX-License-Identifier: MIT */
/*
 * Pages that say what they are: what stores really send is a page of what was
 * asked for, and what contradicts that, or itself, is none.
 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "list/page.h"

#define PAGE(text)                                                             \
	"<ListBucketResult><EncodingType>url</EncodingType>" text              \
	"</ListBucketResult>"
#define LAST "<IsTruncated>false</IsTruncated>"
#define MORE                                                                   \
	"<IsTruncated>true</IsTruncated><NextContinuationToken>t2"             \
	"</NextContinuationToken>"
#define OBJECT(key) "<Contents><Key>" key "</Key><Size>1</Size></Contents>"
#define OBJECTS OBJECT("a%2Fb") OBJECT("c")

static const struct list_asked first = { .bucket = "releases" };
static const struct list_asked after = { .bucket = "releases",
					 .start_after = "a b/+c" };
static const struct list_asked next = { .bucket = "releases",
					.token = "t1+/=" };
static const struct list_asked other = { .bucket = "releases",
					 .token = "t1",
					 .may_echo_other = true };
static const struct list_asked alias = {
	.bucket = "ap-0123456789abcdef0123456789abcdef-s3alias"
};
static const struct list_asked nothing = { .bucket = NULL };

/* --- what is right --- */

static const struct {
	const struct list_asked *asked;
	const char *xml;
	enum list_echo echo;
} good[] = {
	{ &first, PAGE(LAST OBJECTS), LIST_ECHO_UNKNOWN },
	{ &first,
	  PAGE("<Name/><Prefix/><Delimiter/><StartAfter/><ContinuationToken/>"
	       "<Marker/><NextMarker/><KeyCount/>" LAST OBJECTS),
	  LIST_ECHO_UNKNOWN },
	{ &first,
	  PAGE("<Name> </Name><Prefix>\n</Prefix><Delimiter>\n </Delimiter>"
	       "<StartAfter> </StartAfter><KeyCount> 2 </KeyCount>" LAST
	       "<NextContinuationToken></NextContinuationToken>" OBJECTS),
	  LIST_ECHO_UNKNOWN },
	/* the name: bare, of a tenant, in a URI, laid out, in another case */
	{ &first, PAGE("<Name>releases</Name>" LAST), LIST_ECHO_UNKNOWN },
	{ &first, PAGE("<Name>tenant:releases</Name>" LAST),
	  LIST_ECHO_UNKNOWN },
	{ &first, PAGE("<Name>tenant/releases</Name>" LAST),
	  LIST_ECHO_UNKNOWN },
	{ &first, PAGE("<Name>/s3/account/releases?list-type=2</Name>" LAST),
	  LIST_ECHO_UNKNOWN },
	{ &first, PAGE("<Name>releases.s3.example.org</Name>" LAST),
	  LIST_ECHO_UNKNOWN },
	{ &first, PAGE("<Name>\n  Releases\n</Name>" LAST), LIST_ECHO_UNKNOWN },
	{ &alias, PAGE("<Name>releases</Name>" LAST), LIST_ECHO_UNKNOWN },
	{ &nothing, PAGE("<Name>x</Name><StartAfter>x</StartAfter>" LAST),
	  LIST_ECHO_UNKNOWN },
	/* a delimiter that was not applied, or had nothing to be applied to */
	{ &first, PAGE("<Delimiter>/</Delimiter>" LAST OBJECTS),
	  LIST_ECHO_UNKNOWN },
	{ &first, PAGE("<Delimiter>%2F</Delimiter>" LAST OBJECTS),
	  LIST_ECHO_UNKNOWN },
	{ &first, PAGE("<Delimiter>/</Delimiter>" LAST), LIST_ECHO_UNKNOWN },
	/* what is no number proves nothing */
	{ &first, PAGE("<KeyCount>x</KeyCount>" LAST OBJECTS),
	  LIST_ECHO_UNKNOWN },
	/* where it begins: bare, or encoded in either way */
	{ &after, PAGE("<StartAfter>a b/+c</StartAfter>" LAST OBJECTS),
	  LIST_ECHO_SAME },
	{ &after, PAGE("<StartAfter>a+b/%2Bc</StartAfter>" LAST OBJECTS),
	  LIST_ECHO_SAME },
	{ &after, PAGE("<StartAfter>a%20b%2F%2Bc</StartAfter>" LAST OBJECTS),
	  LIST_ECHO_SAME },
	{ &after, PAGE("<Marker>a b</Marker>" LAST OBJECTS),
	  LIST_ECHO_UNKNOWN },
	{ &next, PAGE("<ContinuationToken>t1+/=</ContinuationToken>" MORE),
	  LIST_ECHO_SAME },
	{ &next, PAGE("<ContinuationToken>t1%2B%2F=</ContinuationToken>" LAST),
	  LIST_ECHO_SAME },
	{ &next, PAGE("<StartAfter>from the first page</StartAfter>" LAST),
	  LIST_ECHO_UNKNOWN },
	{ &next, PAGE("<Marker>a</Marker>" LAST), LIST_ECHO_UNKNOWN },
	{ &other, PAGE("<ContinuationToken>its own</ContinuationToken>" LAST),
	  LIST_ECHO_OTHER },
	{ &first, PAGE(MORE "<NextMarker>c</NextMarker>" OBJECTS),
	  LIST_ECHO_UNKNOWN },
};

/* --- what is not --- */

static const struct {
	const struct list_asked *asked;
	const char *xml;
	const char *message;
} bad[] = {
	{ &first,
	  PAGE(LAST "<Delimiter>/</Delimiter>" OBJECT(
		  "c") "<CommonPrefixes>"
		       "<Prefix>a/</Prefix></CommonPrefixes>"),
	  "common prefixes instead of keys" },
	{ &first, PAGE("<CommonPrefixes/>" LAST OBJECTS),
	  "common prefixes instead of keys" },
	{ &first, PAGE("<Delimiter>/</Delimiter>" LAST OBJECT("c")),
	  "only up to \"/\"" },
	{ &first, PAGE(LAST OBJECT("c") "<Delimiter>%2F</Delimiter>"),
	  "only up to \"%2F\"" },
	{ &first, PAGE("<Prefix>a/</Prefix>" LAST OBJECTS),
	  "only what begins with \"a/\"" },
	{ &first, PAGE("<Name>others</Name>" LAST OBJECTS),
	  "of bucket \"others\"" },
	{ &first, PAGE("<Name>release</Name>" LAST), "of bucket \"release\"" },
	{ &first, PAGE("<KeyCount>1</KeyCount>" LAST OBJECTS),
	  "2 objects of 1" },
	{ &first, PAGE("<KeyCount>0</KeyCount>" LAST OBJECTS),
	  "2 objects of 0" },
	{ &first, PAGE(OBJECTS "<KeyCount>3</KeyCount>" MORE),
	  "2 objects of 3" },
	{ &first,
	  PAGE(LAST "<NextContinuationToken>t</NextContinuationToken>" OBJECTS),
	  "the last page, and a token for the next one" },
	{ &first, PAGE("<NextMarker>c</NextMarker>" LAST OBJECTS),
	  "the last page, and a token for the next one" },
	{ &first, PAGE("<StartAfter>a</StartAfter>" LAST OBJECTS),
	  "only what comes after \"a\"" },
	{ &first, PAGE("<ContinuationToken>t</ContinuationToken>" LAST OBJECTS),
	  "only what comes after \"t\"" },
	{ &first, PAGE("<Marker>a</Marker>" LAST OBJECTS),
	  "only what comes after \"a\"" },
	{ &after, PAGE("<StartAfter>b</StartAfter>" LAST OBJECTS),
	  "of the page after \"b\"" },
	{ &after, PAGE("<ContinuationToken>t</ContinuationToken>" LAST OBJECTS),
	  "only what comes after \"t\"" },
	{ &next, PAGE("<ContinuationToken>t0</ContinuationToken>" MORE),
	  "of the page after \"t0\"" },
};

static int
parse(struct list_parser *p, const struct list_asked *asked, const char *xml,
      struct err *err)
{
	const struct list_page *page;
	int rc;

	list_parser_reset(p);
	list_parser_expect(p, asked);
	rc = list_parser_feed(p, xml, strlen(xml), err);
	return rc ? rc : list_parser_end(p, &page, err);
}

static void
test_good(void **state)
{
	struct list_parser *p = list_parser_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct err err = ERR_INIT;

		if (parse(p, good[i].asked, good[i].xml, &err) != 0)
			fail_msg("%s: %s", err.msg, good[i].xml);
		assert_false(list_parser_is_contradictory(p));
		assert_int_equal(list_parser_echo(p), good[i].echo);
	}
	list_parser_free(p);
}

static void
test_bad(void **state)
{
	struct list_parser *p = list_parser_new();
	char expected[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err err = ERR_INIT;

		if (parse(p, bad[i].asked, bad[i].xml, &err) != -EIO)
			fail_msg("not rejected: %s", bad[i].xml);
		snprintf(expected, sizeof(expected),
			 "contradictory listing: %s", bad[i].message);
		assert_string_equal(err.msg, expected);
		assert_true(list_parser_is_contradictory(p));
	}
	/* malformed is something else, and the parser is still good */
	assert_int_equal(parse(p, &first, PAGE(""), NULL), -EIO);
	assert_false(list_parser_is_contradictory(p));
	assert_int_equal(parse(p, &first, PAGE(LAST), NULL), 0);
	list_parser_free(p);
}

/* All but a delimiter is seen while the page comes in, so it is given up. */
static void
test_early(void **state)
{
	static const char xml[] = PAGE(LAST "<KeyCount>0</KeyCount>" OBJECTS);
	struct list_parser *p = list_parser_new();

	(void)state;
	list_parser_expect(p, &first);
	assert_int_equal(list_parser_feed(p, xml, strlen(xml), NULL), -EIO);
	assert_true(list_parser_is_contradictory(p));
	list_parser_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
