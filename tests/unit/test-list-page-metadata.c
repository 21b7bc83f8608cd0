/* SPDX-License-Identifier: MIT */
/*
 * The user metadata that some stores' listings tell, in the forms that these
 * really send, and what is in doubt.
 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "list/page.h"
#include "util/buf.h"

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define XMLNS "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""
#define LIST(text)                                                             \
	"<ListBucketResult><IsTruncated>false</IsTruncated>" text              \
	"</ListBucketResult>"
#define OBJECT(text) "<Contents><Key>a</Key>" text "<Size>1</Size></Contents>"
#define META(text) "<UserMetadata>" text "</UserMetadata>"

static const char *const names[] = { "dg-file-size", "dg_file_size", "other" };

/* Feed it in pieces of `step`. */
static int
parse(struct list_parser *p, const char *xml, size_t len, size_t step,
      const struct list_page **page)
{
	int rc = 0;

	list_parser_reset(p);
	for (size_t at = 0; at < len && rc == 0; at += step)
		rc = list_parser_feed(p, xml + at,
				      step < len - at ? step : len - at, NULL);
	return rc ? rc : list_parser_end(p, page, NULL);
}

/* --- what stores send --- */

/*
 * MinIO, RELEASE.2024-2025: names as stored, content-type among them, <Internal>,
 * an object whose metadata the caller must not read, and one that is encrypted.
 */
static const char minio[] = DECLARATION
	"<ListBucketResult " XMLNS "><Name>b</Name><Prefix></Prefix>"
	"<KeyCount>4</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false"
	"</IsTruncated><Contents><Key>d/1.zip.delta</Key><LastModified>"
	"2025-01-01T00:00:00.001Z</LastModified><ETag>&#34;9a0364b9e99bb480dd25"
	"e1f0284c8555&#34;</ETag><Size>7</Size><StorageClass>STANDARD"
	"</StorageClass><UserMetadata><X-Amz-Meta-Dg-Tool>deltaglider/6.0"
	"</X-Amz-Meta-Dg-Tool><X-Amz-Meta-Dg-File-Size>900"
	"</X-Amz-Meta-Dg-File-Size><content-type>binary/octet-stream"
	"</content-type><expires>Mon, 01 Jan 0001 00:00:00 GMT</expires>"
	"</UserMetadata><Internal><K>1</K><M>0</M></Internal></Contents>"
	"<Contents><Key>d/2.zip.delta</Key><LastModified>"
	"2025-01-01T00:00:00.001Z</LastModified><ETag>&#34;x&#34;</ETag><Size>7"
	"</Size><StorageClass>STANDARD</StorageClass><UserMetadata>"
	"<content-type>application/octet-stream</content-type></UserMetadata>"
	"<UserTags>a=b&amp;c=d</UserTags><Internal><K>1</K><M>0</M></Internal>"
	"</Contents><Contents><Key>secret/3.delta</Key><LastModified>"
	"2025-01-01T00:00:00.001Z</LastModified><ETag>&#34;y&#34;</ETag><Size>7"
	"</Size><StorageClass>STANDARD</StorageClass></Contents>"
	"<Contents><Key>z</Key><LastModified>2025-01-01T00:00:00.001Z"
	"</LastModified><ETag>&#34;z&#34;</ETag><Size>7</Size><StorageClass>"
	"STANDARD</StorageClass><UserMetadata><X-Amz-Server-Side-Encryption>"
	"AES256</X-Amz-Server-Side-Encryption><X-Amz-Meta-Dg_file_size>12"
	"</X-Amz-Meta-Dg_file_size></UserMetadata><Internal><K>2</K><M>2</M>"
	"</Internal></Contents></ListBucketResult>";

/* RustFS 1.0: names in lower case and without their prefix. */
static const char rustfs[] = DECLARATION
	"<ListBucketResult " XMLNS "><Name>b</Name><Prefix></Prefix><MaxKeys>"
	"1000</MaxKeys><KeyCount>2</KeyCount><IsTruncated>false</IsTruncated>"
	"<Contents><Key>objects/metadata-object.txt</Key><LastModified>"
	"2026-07-04T10:00:00.000Z</LastModified><ETag>&quot;x&quot;</ETag><Size>"
	"23</Size><StorageClass>STANDARD</StorageClass><UserMetadata>"
	"<dg-file-size>0900</dg-file-size><owner>ops</owner></UserMetadata>"
	"<UserTags>env=test&amp;project=alpha</UserTags><Internal><K>1</K><M>0"
	"</M></Internal></Contents><Contents><Key>plain</Key><LastModified>"
	"2026-07-04T10:00:00.000Z</LastModified><ETag>&quot;y&quot;</ETag>"
	"<Size>5</Size><StorageClass>STANDARD</StorageClass><Internal><K>1</K>"
	"<M>0</M></Internal></Contents></ListBucketResult>";

static void
assert_metadata(const struct object *o, const char *expected)
{
	if (!expected) {
		assert_null(o->metadata);
		return;
	}
	assert_non_null(o->metadata);
	assert_string_equal(o->metadata, expected);
}

static void
test_minio(void **state)
{
	struct list_parser *p = list_parser_new();
	const struct list_page *page;

	(void)state;
	list_parser_want(p, names, ARRAY_SIZE(names));
	for (size_t step = 1; step < 4000; step = 3 * step + 1) {
		assert_int_equal(parse(p, minio, strlen(minio), step, &page),
				 0);
		assert_true(page->has_metadata);
		assert_int_equal(page->n_objects, 4);
		assert_metadata(&page->objects[0], "900");
		assert_metadata(&page->objects[1], "");
		assert_metadata(&page->objects[2], NULL);
		assert_metadata(&page->objects[3], "12");
		/* and what was there before is as it was */
		assert_memory_equal(page->objects[0].key, "d/1.zip.delta", 13);
		assert_string_equal(page->objects[0].etag,
				    "9a0364b9e99bb480dd25e1f0284c8555");
		assert_int_equal(page->objects[3].size, 7);
	}
	list_parser_free(p);
}

static void
test_rustfs(void **state)
{
	static const char only_internal[] =
		LIST(OBJECT("<Internal><K>1</K><M>0</M></Internal>"));
	struct list_parser *p = list_parser_new();
	const struct list_page *page;

	(void)state;
	list_parser_want(p, names, ARRAY_SIZE(names));
	for (size_t step = 1; step < 4000; step = 3 * step + 1) {
		assert_int_equal(parse(p, rustfs, strlen(rustfs), step, &page),
				 0);
		assert_true(page->has_metadata);
		assert_int_equal(page->n_objects, 2);
		assert_metadata(&page->objects[0], "0900");
		assert_metadata(&page->objects[1], NULL);
	}
	/* none of the objects has any: the store tells them all the same */
	assert_int_equal(
		parse(p, only_internal, strlen(only_internal), 9999, &page), 0);
	assert_true(page->has_metadata);
	assert_metadata(&page->objects[0], NULL);
	list_parser_free(p);
}

/* Nothing is wanted, as in quick: nothing is looked at. */
static void
test_not_wanted(void **state)
{
	struct list_parser *p = list_parser_new();
	const struct list_page *page;

	(void)state;
	assert_int_equal(parse(p, minio, strlen(minio), 7, &page), 0);
	assert_false(page->has_metadata);
	for (size_t i = 0; i < page->n_objects; i++)
		assert_null(page->objects[i].metadata);
	list_parser_want(p, names, ARRAY_SIZE(names));
	assert_int_equal(parse(p, minio, strlen(minio), 7, &page), 0);
	assert_true(page->has_metadata);
	list_parser_want(p, NULL, 0);
	assert_int_equal(parse(p, minio, strlen(minio), 7, &page), 0);
	assert_false(page->has_metadata);
	list_parser_free(p);
}

/* --- which value it is --- */

#define X250                                                                   \
	"00000000000000000000000000000000000000000000000000"                   \
	"00000000000000000000000000000000000000000000000000"                   \
	"00000000000000000000000000000000000000000000000000"                   \
	"00000000000000000000000000000000000000000000000000"                   \
	"00000000000000000000000000000000000000000000000000"

static const struct {
	const char *xml; /* in <Contents> */
	const char *expected;
} values[] = {
	{ "", NULL },
	{ "<UserMetadata/>", "" },
	{ META("<x>1</x>"), "" },
	/* precedence is that of the names, and empty ones do not count */
	{ META("<other>3</other><dg_file_size>2</dg_file_size>"
	       "<dg-file-size>1</dg-file-size>"),
	  "1" },
	{ META("<dg-file-size>1</dg-file-size><other>3</other>"), "1" },
	{ META("<dg-file-size/><other>3</other><dg_file_size>2</dg_file_size>"),
	  "2" },
	{ META("<dg-file-size> \t </dg-file-size><other>3</other>"), "3" },
	{ META("<dg-file-size/><other></other>"), "" },
	/* the names: any case, with the prefix or without, and no other ones */
	{ META("<X-AMZ-META-DG-FILE-SIZE>1</X-AMZ-META-DG-FILE-SIZE>"), "1" },
	{ META("<x-amz-meta-Dg_File_Size>1</x-amz-meta-Dg_File_Size>"), "1" },
	{ META("<DG_FILE_SIZE>1</DG_FILE_SIZE>"), "1" },
	{ META("<x-amz-meta->1</x-amz-meta-><dg-file-sizes>1</dg-file-sizes>"
	       "<dg-file-siz>1</dg-file-siz><x-other>1</x-other>"),
	  "" },
	{ META("<x-amz-meta-x-amz-meta-other>1</x-amz-meta-x-amz-meta-other>"),
	  "" },
	/* the value: as HTTP would have it, not as a number */
	{ META("<other>12x</other>"), "12x" },
	{ META("<other>\t 1&#50;<![CDATA[ 3]]> \t</other>"), "12 3" },
	{ META("<other>\n1</other>"), "\n1" },
	{ META("<other>\xc3\xa9&amp;</other>"), "\xc3\xa9&" },
	{ META("<other>" X250 "123456</other>"), X250 "123456" },
	/* layout is no value */
	{ META("\n  <x>1</x>\n  <other>1</other>\n  "), "1" },
	{ META("5<x>6</x>7"), "" },
	{ "<UserTags>other=1</UserTags><other>1</other>"
	  "<X><UserMetadata><other>1</other></UserMetadata></X>",
	  NULL },
	/* in doubt: too long, twice, elements in it */
	{ META("<other>" X250 "1234567</other>"), NULL },
	{ META("<other>" X250 X250 "1</other>"), NULL },
	{ META("<other>1</other><other>1</other>"), NULL },
	{ META("<other>1</other><X-Amz-Meta-Other>2</X-Amz-Meta-Other>"),
	  NULL },
	{ META("<other/><other>2</other>"), NULL },
	{ META("<other>1</other><other/>"), NULL },
	{ META("<other>1<x>2</x>3</other>"), NULL },
	{ META("<other><x><dg-file-size>1</dg-file-size></x></other>"), NULL },
	{ META("<other>1</other>") META("<other>1</other>"), NULL },
	{ META("<dg-file-size>1</dg-file-size>") "<UserMetadata/>", NULL },
	/* not of what is after it, but of what is before it */
	{ META("<other>1</other><other>1</other><dg_file_size>2</dg_file_size>"),
	  "2" },
	{ META("<dg-file-size>1</dg-file-size><dg-file-size>1</dg-file-size>"
	       "<other>2</other>"),
	  NULL },
	{ META("<dg-file-size/><dg_file_size>2</dg_file_size><dg-file-size/>"),
	  NULL },
	{ META("<x><other>1</other></x><other>2</other>"), "2" },
};

static void
test_values(void **state)
{
	struct list_parser *p = list_parser_new();
	const struct list_page *page;

	(void)state;
	list_parser_want(p, names, ARRAY_SIZE(names));
	for (size_t i = 0; i < 2 * ARRAY_SIZE(values); i++) {
		CLEANUP_BUF struct buf xml = BUF_INIT(1 << 16);
		const char *expected = values[i / 2].expected, *is;

		assert_int_equal(
			buf_printf(&xml, LIST(OBJECT("%s")), values[i / 2].xml),
			0);
		assert_int_equal(
			parse(p, xml.data, xml.len, i % 2 ? 1 : 9999, &page),
			0);
		is = page->objects[0].metadata;
		if (!is != !expected || (is && strcmp(is, expected) != 0))
			fail_msg("%s, not %s: %s", is ? is : "NULL",
				 expected ? expected : "NULL", xml.data);
		assert_int_equal(page->has_metadata,
				 strncmp(values[i / 2].xml, "<UserM", 6) == 0);
		assert_memory_equal(page->objects[0].key, "a", 1);
	}
	list_parser_free(p);
}

/* A value is one object's alone, and a page's element says nothing. */
static void
test_borders(void **state)
{
	static const char xml[] =
		LIST("<UserMetadata><other>9</other></UserMetadata>"
		     "<Contents><Key>a</Key><Size>1</Size><UserMetadata><other>"
		     "1</other></UserMetadata></Contents><Contents><Key>b</Key>"
		     "<Size>1</Size></Contents><Contents><UserMetadata><x/>"
		     "</UserMetadata><Size>1</Size><Key>c</Key></Contents>"
		     "<Contents><Key>d</Key><Size>1</Size><UserMetadata><other>"
		     "2</other></UserMetadata></Contents>");
	static const char broken[] = "<ListBucketResult><Contents>"
				     "<UserMetadata><other>1";
	static const char other[] =
		LIST("<UserMetadata><other>9</other></UserMetadata><Contents>"
		     "<Key>a</Key><Size>1</Size></Contents>");
	struct list_parser *p = list_parser_new();
	const struct list_page *page;

	(void)state;
	list_parser_want(p, names, ARRAY_SIZE(names));
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(parse(p, xml, strlen(xml), 3, &page), 0);
		assert_metadata(&page->objects[0], "1");
		assert_metadata(&page->objects[1], NULL);
		assert_metadata(&page->objects[2], "");
		assert_metadata(&page->objects[3], "2");
		assert_int_equal(parse(p, broken, strlen(broken), 3, &page),
				 -EIO);
	}
	assert_int_equal(parse(p, other, strlen(other), 3, &page), 0);
	assert_false(page->has_metadata);
	assert_metadata(&page->objects[0], NULL);
	list_parser_free(p);
}

/* Any number of metadata, and metadata that are no XML. */
static void
test_many(void **state)
{
	CLEANUP_BUF struct buf xml = BUF_INIT(1 << 24);
	static const char bad[] = LIST(OBJECT(META("<1st>1</1st>")));
	struct list_parser *p = list_parser_new();
	const struct list_page *page;

	(void)state;
	list_parser_want(p, names, ARRAY_SIZE(names));
	assert_int_equal(buf_add_str(&xml, "<ListBucketResult><IsTruncated>"
					   "false</IsTruncated><Contents><Key>"
					   "a</Key><Size>1</Size>"
					   "<UserMetadata>"),
			 0);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(buf_printf(&xml, "<x%d>%d</x%d>", i, i, i), 0);
	assert_int_equal(buf_add_str(&xml, "<other>7</other></UserMetadata>"
					   "</Contents></ListBucketResult>"),
			 0);
	assert_int_equal(parse(p, xml.data, xml.len, 16384, &page), 0);
	assert_metadata(&page->objects[0], "7");
	assert_int_equal(parse(p, bad, strlen(bad), 9999, &page), -EIO);
	list_parser_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_minio),
		cmocka_unit_test(test_rustfs),
		cmocka_unit_test(test_not_wanted),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_borders),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
