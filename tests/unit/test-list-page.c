/* SPDX-License-Identifier: MIT */
/*
 * List pages as stores really send them, and what is wrong with others.  Each is
 * fed in one piece, and again byte by byte, through one parser that is used
 * again and again.
 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "list/page.h"
#include "stats/fingerprint.h"
#include "util/buf.h"

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
#define XMLNS "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""
#define LIST(text) "<ListBucketResult>" text "</ListBucketResult>"
#define URL "<EncodingType>url</EncodingType>"
#define LAST "<IsTruncated>false</IsTruncated>"
#define MORE "<IsTruncated>true</IsTruncated>"
#define TOKEN(t) "<NextContinuationToken>" t "</NextContinuationToken>"
#define OBJECT(key) "<Contents><Key>" key "</Key><Size>1</Size></Contents>"

/* Feed `len` bytes in pieces of `step`; a failure has a message. */
static int
parse(struct list_parser *p, const char *xml, size_t len, size_t step,
      const struct list_page **page)
{
	struct err err = ERR_INIT;
	int rc = 0;

	list_parser_reset(p);
	for (size_t at = 0; at < len && rc == 0; at += step)
		rc = list_parser_feed(p, xml + at,
				      step < len - at ? step : len - at, &err);
	if (rc == 0)
		rc = list_parser_end(p, page, &err);
	assert_int_equal(rc, -err.code);
	assert_int_equal(rc != 0, err.msg[0] != '\0');
	return rc;
}

/* --- what stores send --- */

struct expected {
	const char *xml;
	const char *objects; /* "key size etag last-modified\n" of each */
	bool is_truncated;
	const char *token;
};

static const struct expected answers[] = {
	/* Amazon: the token comes first, checksums, a restored object */
	{ DECLARATION
	  "\n<ListBucketResult " XMLNS "><Name>releases</Name>"
	  "<Prefix></Prefix><NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgv"
	  "eDs2J/wm36Hy4vbOwM=</NextContinuationToken><KeyCount>2</KeyCount>"
	  "<MaxKeys>2</MaxKeys><EncodingType>url</EncodingType>"
	  "<IsTruncated>true</IsTruncated><Contents><Key>a/1%2B1+%C3%A9.zip"
	  "</Key><LastModified>2025-10-14T10:30:00.000Z</LastModified><ETag>"
	  "&quot;70ee1738b6b21e2c8a43f3a5ab0eee71&quot;</ETag>"
	  "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>"
	  "FULL_OBJECT</ChecksumType><Size>434234</Size><StorageClass>STANDARD"
	  "</StorageClass></Contents><Contents><Key>b</Key><LastModified>"
	  "2009-10-12T17:50:30.000Z</LastModified><ETag>&quot;d41d8cd98f00b204"
	  "e9800998ecf8427e-38&quot;</ETag><Size>0</Size><StorageClass>GLACIER"
	  "</StorageClass><RestoreStatus><IsRestoreInProgress>false"
	  "</IsRestoreInProgress><RestoreExpiryDate>2025-12-23T00:00:00Z"
	  "</RestoreExpiryDate></RestoreStatus></Contents></ListBucketResult>",
	  "a/1+1 \xc3\xa9.zip 434234 70ee1738b6b21e2c8a43f3a5ab0eee71 "
	  "2025-10-14T10:30:00.000Z\n"
	  "b 0 d41d8cd98f00b204e9800998ecf8427e-38 2009-10-12T17:50:30.000Z\n",
	  true, "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=" },
	/* Ceph RGW 16.2.15: EncodingType first, %2F, &apos;, token a bare key */
	{ DECLARATION
	  "<ListBucketResult " XMLNS "><EncodingType>url"
	  "</EncodingType><Name>bkt</Name><Prefix></Prefix><MaxKeys>1</MaxKeys>"
	  "<IsTruncated>true</IsTruncated><Contents><Key>b%2F%3C%26%22&apos;"
	  "%C3%BC%20%2B%25</Key><LastModified>2026-11-22T16:30:27.805Z"
	  "</LastModified><ETag>&quot;5d41402abc4b2a76b9719d911017c592&quot;"
	  "</ETag><Size>5</Size><StorageClass>STANDARD</StorageClass><Owner>"
	  "<ID>main</ID><DisplayName>main</DisplayName></Owner><Type>Normal"
	  "</Type></Contents><NextContinuationToken>b/&lt;&amp;&quot;&apos;"
	  "\xc3\xbc +%</NextContinuationToken><KeyCount>1</KeyCount><StartAfter>"
	  "b</StartAfter></ListBucketResult>",
	  "b/<&\"'\xc3\xbc +% 5 5d41402abc4b2a76b9719d911017c592 "
	  "2026-11-22T16:30:27.805Z\n",
	  true, "b/<&\"'\xc3\xbc +%" },
	{ DECLARATION
	  "<ListBucketResult " XMLNS "><EncodingType>url"
	  "</EncodingType><Name>emp-ty.x</Name><Prefix></Prefix><MaxKeys>1"
	  "</MaxKeys><IsTruncated>false</IsTruncated><KeyCount>0</KeyCount>"
	  "</ListBucketResult>",
	  "", false, NULL },
	/* MinIO: "/" stays, owner and user metadata, EncodingType at the end */
	{ DECLARATION
	  "\n<ListBucketResult " XMLNS "><Name>b</Name><Prefix>"
	  "</Prefix><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys><Delimiter>"
	  "</Delimiter><IsTruncated>false</IsTruncated><Contents><Key>d/%01x"
	  "</Key><LastModified>2025-01-01T00:00:00.001Z</LastModified><ETag>"
	  "&#34;9a0364b9e99bb480dd25e1f0284c8555&#34;</ETag><Size>7</Size>"
	  "<Owner><ID>02d6</ID><DisplayName>minio</DisplayName></Owner>"
	  "<StorageClass>STANDARD</StorageClass><UserMetadata><Key>not this"
	  "</Key><Size>9</Size></UserMetadata></Contents><EncodingType>url"
	  "</EncodingType></ListBucketResult>",
	  "d/\x01x 7 9a0364b9e99bb480dd25e1f0284c8555 "
	  "2025-01-01T00:00:00.001Z\n",
	  false, NULL },
	/* a prefixed namespace, layout, elements in another order */
	{ "\xef\xbb\xbf<?xml version='1.0'?><!-- hi --><s:ListBucketResult "
	  "xmlns:s='urn:x'>\n  <s:Contents>\n    <s:Size>7</s:Size>\n"
	  "    <s:LastModified>t</s:LastModified>\n    <s:Key>a%20b+c</s:Key>\n"
	  "  </s:Contents>\n  <s:IsTruncated>true</s:IsTruncated>\n"
	  "  <s:NextContinuationToken>t&#x26;t</s:NextContinuationToken>\n"
	  "</s:ListBucketResult>\n",
	  "a%20b+c 7  t\n", true, "t&t" },
	/* not encoded: blanks, CDATA and "]]" are the key */
	{ LIST("<EncodingType/>" LAST TOKEN("") OBJECT("  ")
		       OBJECT("<![CDATA[<%2f]]>]]")),
	  "   1  \n<%2f]] 1  \n", false, NULL },
	/* one key alone has a code: the first, one within, the last */
	{ LIST(URL LAST OBJECT("%61") OBJECT("b") OBJECT("c")),
	  "a 1  \nb 1  \nc 1  \n", false, NULL },
	{ LIST(URL LAST OBJECT("a") OBJECT("b+") OBJECT("c")),
	  "a 1  \nb  1  \nc 1  \n", false, NULL },
	{ LIST(URL LAST OBJECT("a") OBJECT("b") OBJECT("%63")),
	  "a 1  \nb 1  \nc 1  \n", false, NULL },
	/* LeoFS: laid out; as Python and others write words and numbers */
	{ "<?xml version=\"1.0\"?>\n<ListBucketResult " XMLNS ">\n"
	  "  <Name>b</Name>\n  <Prefix>\n  </Prefix>\n  <Delimiter>\n"
	  "  </Delimiter>\n  <KeyCount> 1\n</KeyCount>\n  <IsTruncated>\n"
	  "    False\n  </IsTruncated>\n  <EncodingType> url </EncodingType>\n"
	  "  <NextContinuationToken/>\n  <Contents>\n    <Key>a%20</Key>\n"
	  "    <Size>\n 7\t</Size>\n  </Contents>\n</ListBucketResult>\n",
	  "a  7  \n", false, NULL },
	{ LIST("<IsTruncated>True</IsTruncated>" TOKEN("t")), "", true, "t" },
	{ LIST("<IsTruncated>FALSE</IsTruncated>"), "", false, NULL },
	/* one quote, none, two */
	{ LIST(LAST
	       "<Contents><Key>a</Key><Size>1</Size><ETag>\"</ETag></Contents>"
	       "<Contents><Key>b</Key><Size>1</Size><ETag>\"\"</ETag></Contents>"
	       "<Contents><Key>c</Key><Size>1</Size><ETag>x</ETag></Contents>"),
	  "a 1  \nb 1  \nc 1 x \n", false, NULL },
	{ LIST(LAST "<Contents><Key>a</Key><Size>9223372036854775807</Size>"
		    "</Contents>"),
	  "a 9223372036854775807  \n", false, NULL },
};

static void
assert_page(const struct list_page *page, const struct expected *e)
{
	CLEANUP_BUF struct buf text = BUF_INIT(4096);

	for (size_t i = 0; i < page->n_objects; i++) {
		const struct object *o = &page->objects[i];

		assert_int_equal(buf_add(&text, o->key, o->key_len), 0);
		assert_int_equal(buf_printf(&text, " %lld %s %s\n",
					    (long long)o->size, o->etag,
					    o->last_modified),
				 0);
	}
	assert_string_equal(buf_str(&text), e->objects);
	assert_int_equal(page->is_truncated, e->is_truncated);
	assert_false(page->is_token_unreadable);
	if (e->token)
		assert_string_equal(page->next_token, e->token);
	else
		assert_null(page->next_token);
}

static void
test_answers(void **state)
{
	struct list_parser *p = list_parser_new();
	const struct list_page *page;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		const char *xml = answers[i].xml;

		for (size_t step = 1; step < 2000; step = 3 * step + 1) {
			assert_int_equal(
				parse(p, xml, strlen(xml), step, &page), 0);
			assert_page(page, &answers[i]);
			assert_null(list_parser_error(p));
		}
	}
	list_parser_free(p);
}

/* Keys are bytes: NUL and what is no UTF-8 come through. */
static void
test_bytes(void **state)
{
	static const char xml[] =
		LIST(URL LAST OBJECT("%00%ff") OBJECT("%fe+"));
	static const char swapped[] =
		LIST(URL LAST OBJECT("%FE+") OBJECT("%00%FF"));
	struct list_parser *p = list_parser_new();
	const struct list_page *page;

	(void)state;
	assert_int_equal(parse(p, xml, strlen(xml), 5, &page), 0);
	assert_int_equal(page->objects[0].key_len, 2);
	assert_memory_equal(page->objects[0].key, "\0\xff", 2);
	assert_int_equal(page->objects[1].key_len, 2);
	assert_memory_equal(page->objects[1].key, "\xfe ", 2);
	assert_true(page->is_ordered);
	assert_int_equal(parse(p, swapped, strlen(swapped), 5, &page), 0);
	assert_false(page->is_ordered);
	list_parser_free(p);
}

/* In no order, what comes twice need not stand side by side. */
static void
test_twice(void **state)
{
	static const char *const pages[] = {
		LIST(URL LAST OBJECT("a") OBJECT("a")),
		LIST(URL LAST OBJECT("b") OBJECT("a") OBJECT("c") OBJECT("b")),
		LIST(URL LAST OBJECT("c") OBJECT("a") OBJECT("b")
			     OBJECT("%61")),
	};
	struct list_parser *p = list_parser_new();
	const struct list_page *page;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		assert_int_equal(
			parse(p, pages[i], strlen(pages[i]), 100, &page), -EIO);
	list_parser_free(p);
}

/* --- what a fingerprint is made of --- */

#define WHOLE(key, size, etag)                                                 \
	"<Contents><Key>" key "</Key><LastModified>2026-01-02T03:04:05.678Z"   \
	"</LastModified><ETag>" etag "</ETag><Size>" size                      \
	"</Size><StorageClass>STANDARD</StorageClass></Contents>"

static const struct {
	const char *xml;
	bool is_known; /* with the page, if it came in one piece */
} digests[] = {
	{ LIST(URL LAST WHOLE("a", "1", "\"x\"") WHOLE("b/c", "20", "y")),
	  true },
	{ LIST(LAST WHOLE("a", "0", "&quot;x&quot;") WHOLE("b", "9", "")),
	  true },
	/* encoded, as turns out before or after them, and some that are not */
	{ LIST(URL LAST WHOLE("%00", "1", "x") WHOLE("a%2Fb", "2", "x")),
	  true },
	{ LIST(LAST WHOLE("a%2Fb", "1", "x") WHOLE("a+b", "2", "x") URL),
	  true },
	{ LIST(LAST WHOLE("a%2Fb", "1", "x") WHOLE("b%", "2", "x")), true },
	{ LIST(URL LAST WHOLE("a", "1", "x") WHOLE("b+c", "2", "x")
		       WHOLE("d", "3", "x")),
	  true },
	/* as no number is printed; not as an object is usually written */
	{ LIST(URL LAST WHOLE("a", "007", "x")), false },
	{ LIST(URL LAST OBJECT("a") OBJECT("b")), false },
	{ LIST(URL LAST "<Contents><!-- --><Key>a</Key><Size>1</Size>"
			"</Contents>"),
	  false },
};

static void
assert_digests(const struct list_page *page, bool are_known)
{
	unsigned char expected[SHA256_LEN];
	struct sha256 *h = sha256_new();

	for (size_t i = 0; i < page->n_objects; i++) {
		struct object o = page->objects[i];
		const unsigned char *digest = o.digest;

		o.digest = NULL;
		object_digest(&o, h, expected);
		if (are_known)
			assert_non_null(digest);
		if (digest)
			assert_memory_equal(digest, expected, sizeof(expected));
	}
	sha256_free(h);
}

/* Known or not, before the page has ended or after it: it is that of the object. */
static void
test_digests(void **state)
{
	struct list_parser *p = list_parser_new();
	const struct list_page *page;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(digests); i++) {
		const char *xml = digests[i].xml;
		size_t len = strlen(xml);

		for (size_t step = 1; step < len; step++) {
			assert_int_equal(parse(p, xml, len, step, &page), 0);
			assert_digests(page, false);
		}
		assert_int_equal(parse(p, xml, len, len, &page), 0);
		assert_digests(page, digests[i].is_known);
	}
	list_parser_free(p);
}

/* Longer than what is hashed in one go. */
static void
test_long_digest(void **state)
{
	struct list_parser *p = list_parser_new();
	const struct list_page *page;
	char key[700], *xml;
	int len;

	(void)state;
	for (size_t n = 400; n < sizeof(key); n++) {
		memset(key, 'k', n);
		key[n] = '\0';
		len = asprintf(&xml,
			       LIST(URL LAST WHOLE("a", "1", "x")
					    WHOLE("%s", "2", "x")),
			       key);
		assert_int_equal(parse(p, xml, (size_t)len, 50, &page), 0);
		assert_digests(page, false);
		free(xml);
	}
	list_parser_free(p);
}

/* --- the token that can't be read --- */

/*
 * The first four are what Ceph RGW 16.2.15 sends, to the element.  `n` < 0: an
 * error.
 */
static const struct {
	const char *xml;
	int n;
	bool is_truncated;
} unreadable[] = {
	{ LIST(URL MORE OBJECT("a%01b")
		       TOKEN("a&#x01;b") "<KeyCount>1</KeyCount>"),
	  1, true },
	{ LIST(URL MORE OBJECT("c") TOKEN(
		  "c") "<KeyCount>1</KeyCount><StartAfter>a&#x01;b</StartAfter>"),
	  1, true },
	/* the last page: KeyCount proves it, objects or not */
	{ LIST(URL LAST OBJECT(
		  "e") "<KeyCount>1</KeyCount><StartAfter>d&#x01;</StartAfter>"),
	  1, false },
	{ LIST(URL LAST
	       "<KeyCount>0</KeyCount><StartAfter>d&#x01;</StartAfter>"),
	  0, false },
	/* raw bytes, a character XML excludes, invalid UTF-8 */
	{ LIST(URL MORE OBJECT("a") TOKEN("a\x01")), 1, true },
	{ LIST(URL MORE OBJECT("a") TOKEN("a\xef\xbf\xbf")), 1, true },
	{ LIST(URL MORE OBJECT("a") TOKEN("a\xff\xfe")), 1, true },
	{ LIST(URL MORE OBJECT("a") TOKEN("a&#xFFFE;")), 1, true },
	/* not proven to be all: go on after the last key */
	{ LIST(URL LAST OBJECT(
		  "e") "<ContinuationToken>&#x1;"
		       "</ContinuationToken><KeyCount>1</KeyCount>"),
	  1, true },
	{ LIST(URL LAST OBJECT("e") "<KeyCount>2</KeyCount><StartAfter>&#x1;"
				    "</StartAfter>" OBJECT("f")),
	  1, true },
	{ LIST(URL OBJECT(
		  "e") "<KeyCount>1</KeyCount><Marker>&#x1;</Marker>" LAST),
	  1, true },
	{ LIST(URL OBJECT("e") "<NextMarker>&#x1;</NextMarker>"), 1, true },
	/* no key to go on after, or keys whose encoding is not known */
	{ LIST(URL MORE TOKEN("&#x1;") OBJECT("a")), -1, false },
	{ LIST(URL LAST "<StartAfter>&#x1;</StartAfter>"), -1, false },
	{ LIST(MORE OBJECT("a") TOKEN("&#x1;") URL), -1, false },
	/* elsewhere, or something else than a bad character */
	{ LIST(URL MORE OBJECT("a") "<Prefix>&#x1;</Prefix>" TOKEN("a")), -1,
	  false },
	{ LIST(URL MORE OBJECT("a&#x1;") TOKEN("a")), -1, false },
	{ LIST(URL MORE OBJECT("a") "<X><NextContinuationToken>&#x1;"
				    "</NextContinuationToken></X>"),
	  -1, false },
	{ LIST(URL MORE OBJECT("a") TOKEN("a&b;")), -1, false },
	{ LIST(URL MORE OBJECT("a") TOKEN("a<b/>&#x1;")), -1, false },
	{ LIST(URL MORE OBJECT("a") "<NextContinuationToken>a</X>"), -1,
	  false },
	{ LIST(URL MORE OBJECT("a") "<NextContinuationToken>a</N\xf8>"), -1,
	  false },
};

static void
test_unreadable_token(void **state)
{
	struct list_parser *p = list_parser_new();
	const struct list_page *page;

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(unreadable); i++) {
		const char *xml = unreadable[i / 2].xml;
		int rc = parse(p, xml, strlen(xml), i % 2 ? 1 : 9999, &page);

		if (rc != (unreadable[i / 2].n < 0 ? -EIO : 0))
			fail_msg("%d for %s", rc, xml);
		if (rc)
			continue;
		assert_int_equal(page->n_objects, unreadable[i / 2].n);
		assert_int_equal(page->is_truncated,
				 unreadable[i / 2].is_truncated);
		assert_int_equal(page->is_token_unreadable, page->is_truncated);
		assert_null(page->next_token);
	}
	list_parser_free(p);
}

/* What follows such a token is not read, and is counted all the same. */
static void
test_no_end_after_unreadable_token(void **state)
{
	static const char head[] = "<ListBucketResult>" URL MORE OBJECT(
		"a") "<NextContinuationToken>a&#x01;b<";
	static const char more[1024 * 1024];
	struct list_parser *p = list_parser_new();
	const struct list_page *page;
	size_t n = 0;

	(void)state;
	assert_int_equal(list_parser_feed(p, head, sizeof(head) - 1, NULL), 0);
	while (n < 40 && list_parser_feed(p, more, sizeof(more), NULL) == 0)
		n++;
	assert_int_equal(n, 31); /* with the head: less than 32 of them */
	assert_int_equal(list_parser_end(p, &page, NULL), -EIO);
	list_parser_free(p);
}

/* --- what is wrong --- */

#define FIELDS(text) LIST(LAST "<Contents>" text "</Contents>")

static const char *const bad_pages[] = {
	/* not a page, not all of it, or more */
	"",
	" ",
	"x",
	"<html><body>502</body></html>",
	"<ListBucketResult/>",
	LIST(OBJECT("a")),
	LIST(LAST) "x",
	LIST(LAST) LIST(LAST),
	"<ListBucketResult>" LAST,
	"<ListBucketResult>" LAST "</X>",
	LIST(LAST "<Contents><Key>a</Key><Size>1</Size>"),
	/* what must not be in it */
	"<!DOCTYPE x>" LIST(LAST),
	"<!DOCTYPE x SYSTEM 'http://x/'>" LIST(LAST),
	"<!DOCTYPE x [<!ENTITY e 'x'>]>" LIST(LAST OBJECT("&e;")),
	LIST(LAST OBJECT("&e;")),
	LIST(LAST OBJECT("&nbsp;")),
	LIST(LAST OBJECT("a\x01")),
	LIST(LAST OBJECT("a\xff")),
	"\xff\xfe<\0",
	"\xfe\xff\x4e\x2d",
	LIST(LAST "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>"),
	/* the page */
	LIST("<IsTruncated>1</IsTruncated>"),
	LIST("<IsTruncated> </IsTruncated>"),
	LIST("<IsTruncated>t rue</IsTruncated>"),
	LIST("<IsTruncated/>"),
	LIST("<IsTruncated>truetrue!</IsTruncated>"),
	LIST(LAST LAST),
	LIST(LAST OBJECT("a") "<KeyCount>2</KeyCount>"),
	LIST(LAST MORE TOKEN("x")),
	LIST(MORE),
	LIST(MORE TOKEN("")),
	LIST(MORE TOKEN("x") TOKEN("y")),
	LIST(MORE "<NextMarker>x</NextMarker>"),
	LIST(LAST URL URL),
	LIST(LAST "<Name/><Name/>"),
	LIST(LAST "<Prefix/><Prefix/>"),
	LIST(LAST "<StartAfter/><StartAfter/>"),
	LIST(LAST "<EncodingType>base64</EncodingType>"),
	/* an object */
	FIELDS(""),
	FIELDS("<Key>a</Key>"),
	FIELDS("<Size>1</Size>"),
	FIELDS("<Size>1</Size><Key/>"),
	FIELDS("<Key>a</Key><Size/>"),
	FIELDS("<Key>a</Key><Size>-1</Size>"),
	FIELDS("<Key>a</Key><Size>+1</Size>"),
	FIELDS("<Key>a</Key><Size>1.0</Size>"),
	FIELDS("<Key>a</Key><Size>1 1</Size>"),
	FIELDS("<Key>a</Key><Size> </Size>"),
	FIELDS("<Key>a</Key><Size>9223372036854775808</Size>"),
	FIELDS("<Key>a</Key><Size>100000000000000000000</Size>"),
	FIELDS("<Key>a</Key><Size>1</Size><Key>a</Key>"),
	FIELDS("<Key>a</Key><Size>1</Size><Size>1</Size>"),
	FIELDS("<Key>a</Key><Size>1</Size><ETag/><ETag/>"),
	FIELDS("<Key>a</Key><Size>1</Size><LastModified/><LastModified/>"),
	FIELDS("<Key>a<b/></Key><Size>1</Size>"),
	/* keys */
	LIST(LAST OBJECT("a") OBJECT("a")),
	LIST(LAST URL OBJECT("%")),
	LIST(LAST URL OBJECT("%4")),
	LIST(LAST URL OBJECT("%g0")),
	LIST(LAST OBJECT("%61") URL OBJECT("a")),
};

static void
test_bad_pages(void **state)
{
	struct list_parser *p = list_parser_new();
	const struct list_page *page;

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(bad_pages); i++) {
		const char *xml = bad_pages[i / 2];

		if (parse(p, xml, strlen(xml), i % 2 ? 1 : 9999, &page) != -EIO)
			fail_msg("not rejected: %s", xml);
	}
	/* UTF-16, and a NUL in the middle */
	assert_int_equal(parse(p, "\xff\xfe<\0a\0/\0>\0", 10, 10, &page), -EIO);
	assert_int_equal(parse(p, "<\0a\0/\0>\0", 8, 8, &page), -EIO);
	assert_int_equal(parse(p, LIST(LAST "\0"), 60, 60, &page), -EIO);
	/* and the parser is still good */
	assert_int_equal(parse(p, LIST(LAST), strlen(LIST(LAST)), 7, &page), 0);
	list_parser_free(p);
}

/* --- caps --- */

/* A page with one text of `n` bytes, or with `n` objects if `before` is NULL. */
static int
parse_long(const char *before, size_t n, const char *after)
{
	CLEANUP_BUF struct buf xml = BUF_INIT(64 * 1024 * 1024);
	struct list_parser *p = list_parser_new();
	const struct list_page *page;
	CLEANUP_FREE char *text = xmalloc(n);
	int rc;

	memset(text, 'x', n);
	assert_int_equal(buf_add_str(&xml, "<ListBucketResult>" URL), 0);
	if (before) {
		assert_int_equal(buf_add_str(&xml, before), 0);
		assert_int_equal(buf_add(&xml, text, n), 0);
		assert_int_equal(buf_add_str(&xml, after), 0);
	}
	for (size_t i = 0; !before && i < n; i++)
		assert_int_equal(buf_printf(&xml, OBJECT("%08zu"), i), 0);
	assert_int_equal(buf_add_str(&xml, LAST "</ListBucketResult>"), 0);
	rc = parse(p, xml.data, xml.len, 16384, &page);
	if (rc == 0 && !before)
		assert_int_equal(page->n_objects, n);
	list_parser_free(p);
	return rc;
}

static void
test_caps(void **state)
{
	static const char before_key[] = "<Contents><Key>%61";
	static const char after_key[] = "</Key><Size>1</Size></Contents>";
	static const char before_etag[] = "<Contents><ETag>";
	static const char after_etag[] =
		"</ETag><Key>a</Key><Size>1</Size></Contents>";
	static const char before_token[] = "<ContinuationToken>";
	static const char after_token[] = "</ContinuationToken>";

	(void)state;
	assert_int_equal(parse_long(before_key, 4095, after_key), 0);
	assert_int_equal(parse_long(before_key, 4096, after_key), -EIO);
	assert_int_equal(parse_long(before_key, 1 << 20, after_key), -EIO);
	assert_int_equal(parse_long(before_etag, 256, after_etag), 0);
	assert_int_equal(parse_long(before_etag, 300, after_etag), -EIO);
	assert_int_equal(parse_long(before_token, 64 << 10, after_token), 0);
	assert_int_equal(parse_long(before_token, (64 << 10) + 1, after_token),
			 -EIO);
	assert_int_equal(parse_long("<X>", 1 << 20, "</X>"), 0);
	assert_int_equal(parse_long("<!--", 33 << 20, "-->"), -EIO);
	assert_int_equal(parse_long(NULL, 10000, NULL), 0);
	assert_int_equal(parse_long(NULL, 10001, NULL), -EIO);
}

/* S3 may begin with 200 and end with an error. */
static void
test_error_for_list(void **state)
{
	static const char xml[] =
		"<Error><Code>InternalError</Code><Contents><Key/></Contents>"
		"<RequestId>r</RequestId></Error>";
	struct list_parser *p = list_parser_new();
	const struct list_page *page;

	(void)state;
	assert_int_equal(parse(p, xml, strlen(xml), 3, &page), -EIO);
	assert_non_null(list_parser_error(p));
	assert_string_equal(list_parser_error(p)->code, "InternalError");
	assert_string_equal(list_parser_error(p)->request_id, "r");
	list_parser_reset(p);
	assert_null(list_parser_error(p));
	list_parser_free(p);
	list_parser_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_digests),
		cmocka_unit_test(test_long_digest),
		cmocka_unit_test(test_unreadable_token),
		cmocka_unit_test(test_no_end_after_unreadable_token),
		cmocka_unit_test(test_bad_pages),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_error_for_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
