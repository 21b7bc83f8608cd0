/* SPDX-License-Identifier: MIT */
/* Which elements are plain, and what is in them; whatever was read before. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "list/contents.h"
#include "list/plain-text.h"
#include "util/buf.h"

#define C(text) "<Contents>" text "</Contents>"
#define K "<Key>k</Key>"
#define S "<Size>1</Size>"
#define X16 "xxxxxxxxxxxxxxxx"
#define X256 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16

static const char *const names[] = { "dg-file-size", "size" };

/* Of an element, as text: key, size, date and ETag, and what is told of metadata. */
static char *
describe(const struct contents *c)
{
	static const unsigned slots[] = { CONTENTS_KEY, CONTENTS_SIZE,
					  CONTENTS_MODIFIED, CONTENTS_ETAG };
	struct buf out = BUF_INIT(65536);

	for (size_t i = 0; i < ARRAY_SIZE(slots) + c->n_values; i++) {
		unsigned slot = i < ARRAY_SIZE(slots)
					? slots[i]
					: CONTENTS_VALUE + (unsigned)i -
						  (unsigned)ARRAY_SIZE(slots);
		const struct contents_text *t = &c->texts[slot];
		CLEANUP_FREE char *text = xmalloc(t->len + 1);

		text[plain_text_decode(t->s, t->len, text)] = '\0';
		assert_int_equal(t->is_coded,
				 t->len > 0 && memchr(t->s, '&', t->len));
		if (slot >= CONTENTS_VALUE)
			assert_int_equal(
				buf_printf(&out, " %s=",
					   names[c->places[slot -
							   CONTENTS_VALUE]]),
				0);
		assert_int_equal(buf_printf(&out, i ? "|%s" : "%s", text), 0);
	}
	assert_int_equal(buf_printf(&out, "%s%s%s",
				    c->is_unquoted ? " unquoted" : "",
				    c->has_metadata ? " metadata" : "",
				    c->has_internal ? " internal" : ""),
			 0);
	return buf_steal(&out);
}

static const struct {
	const char *xml, *is;
} plain[] = {
	{ C(K S), "k|1||" },
	{ C(S K), "k|1||" },
	{ C("<Key></Key><Size></Size>"), "|||" },
	{ C("<Key>a b]]\"'%2F+;</Key><Size> 1 </Size>"),
	  "a b]]\"'%2F+;| 1 ||" },
	{ C("<Key>" X256 "</Key><Size>1</Size>"), X256 "|1||" },
	{ C("<Key>\x7f</Key>" S), "\x7f|1||" },
	{ C("<Key>&lt;&gt;&amp;&quot;&apos;&#65;&#x4a;&#x4A;&#00034;</Key>" S),
	  "<>&\"'AJJ\"|1||" },
	{ C("<Key>&amp;lt;</Key>" S), "&lt;|1||" },
	{ C(K "<LastModified>t</LastModified><ETag>\"e\"</ETag>" S),
	  "k|1|t|\"e\"" },
	{ C(K "<ETag>&quot;e&quot;</ETag>" S), "k|1||e unquoted" },
	{ C(K "<ETag>&#34;e&#34;</ETag>" S), "k|1||e unquoted" },
	{ C(K "<ETag>&quot;e&#x22;</ETag>" S), "k|1||e unquoted" },
	{ C(K "<ETag>&quot;&quot;</ETag>" S), "k|1|| unquoted" },
	{ C(K "<ETag>&quot;\"e\"&quot;</ETag>" S), "k|1||\"e\" unquoted" },
	{ C(K "<ETag>&quot;</ETag>" S), "k|1||\"" },
	{ C(K "<ETag>&quot;e</ETag>" S), "k|1||\"e" },
	{ C(K "<ETag>e&quot;</ETag>" S), "k|1||e\"" },
	{ C(K "<ETag>&quot;e&amp;f&quot;</ETag>" S), "k|1||\"e&f\"" },
	{ C(K "<ETag>&quot;e&quot;&quot;</ETag>" S), "k|1||\"e\"\"" },
	/* others, any number of them */
	{ C("<A>1</A>" K "<A>&amp;</A>" S "<A/><_b-c.1></_b-c.1>"), "k|1||" },
	{ C(K S "<Owner><ID>i</ID><Key>x</Key></Owner><Owner/>"), "k|1||" },
	{ C(K S "<Owner> <ID/>\r\n\t</Owner>"), "k|1||" },
	{ C("\n " K "\r\n\t" S " "), "k|1||" },
	/* user metadata */
	{ C(K S "<UserMetadata><X-Amz-Meta-Size>7</X-Amz-Meta-Size><a>b</a>"
		"<dg-file-size></dg-file-size></UserMetadata>"),
	  "k|1|| size=|7 dg-file-size=| metadata internal" },
	{ C(K S "<UserMetadata><size>1</size><SIZE>2</SIZE></UserMetadata>"),
	  "k|1|| size=|1 size=|2 metadata internal" },
	{ C(K S "<UserMetadata>size</UserMetadata>"),
	  "k|1|| metadata internal" },
	{ C(K S "<UserMetadata/><Internal/>"), "k|1|| metadata internal" },
	{ C(K S "<Internal><size>1</size></Internal>"), "k|1|| internal" },
	{ C(K S "<X><UserMetadata>size</UserMetadata></X>"), "k|1||" },
};

static void
assert_plain(struct contents_scanner *s, const char *xml, size_t len,
	     const char *is)
{
	/* no byte behind them is looked at, nor more than there are */
	CLEANUP_FREE char *copy = xstrndup(xml, len);
	const struct contents *c;

	for (size_t n = 0; n < len; n++) {
		CLEANUP_FREE char *part = xmalloc(n);

		memcpy(part, xml, n);
		if (contents_scan(s, part, n, &c) != 0)
			fail_msg("%zu bytes will do for: %s", n, copy);
	}
	if (contents_scan(s, copy, len, &c) != (ssize_t)len)
		fail_msg("not plain: %s", copy);
	{
		CLEANUP_FREE char *found = describe(c);

		assert_string_equal(found, is);
	}
}

/* Each byte that ends a plain text, at each place, and what does not. */
static void
test_text_end(void **state)
{
	char text[40];

	(void)state;
	for (int byte = 0; byte < 256; byte++)
		for (size_t len = 0; len < sizeof(text); len++)
			for (size_t at = 0; at < len; at++) {
				bool is_end = byte < ' ' || byte > '\x7f' ||
					      strchr("<>&", byte);

				memset(text, 'x', sizeof(text));
				text[at] = (char)byte;
				text[len] = '<'; /* is not to be seen */
				assert_ptr_equal(
					plain_text_end(text, text + len),
					text + (is_end ? at : len));
				text[len - 1] = '&'; /* the first one counts */
				assert_ptr_equal(
					plain_text_end(text, text + len),
					text + (is_end && at < len - 1
							? at
							: len - 1));
			}
}

/* Each three times, so that one is read that looks like the one before it. */
static void
test_plain(void **state)
{
	struct user_metadata wanted = { 0 };
	struct contents_scanner *s = contents_scanner_new(&wanted);

	(void)state;
	user_metadata_want(&wanted, names, ARRAY_SIZE(names));
	for (size_t i = 0; i < 3 * ARRAY_SIZE(plain); i++)
		assert_plain(s, plain[i / 3].xml, strlen(plain[i / 3].xml),
			     plain[i / 3].is);
	/* and one behind each other one */
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		for (size_t j = 0; j < ARRAY_SIZE(plain); j++) {
			const struct contents *c;

			assert_true(contents_scan(s, plain[i].xml,
						  strlen(plain[i].xml),
						  &c) > 0);
			assert_plain(s, plain[j].xml, strlen(plain[j].xml),
				     plain[j].is);
		}
	contents_scanner_free(s);
	contents_scanner_free(NULL);
}

static const char *const refused[] = {
	"x",
	"<contents>",
	"<Contents/>",
	"<Contents >" K S "</Contents>",
	"<Contents a=\"b\">" K S "</Contents>",
	"<Contents>" K S "</Contents >",
	"<Contents>" K S "</contents>",
	C(""),
	C(K),
	C(S),
	C("x" K S),
	C(K "x" S),
	C(K S "x"),
	C(K "&#32;" S),
	C(K S "<!-- x -->"),
	C(K S "<?x?>"),
	C(K S "<![CDATA[]]>"),
	C(K S S),
	C(K K S),
	C(K S "<ETag>a</ETag><ETag>a</ETag>"),
	C(K S "<LastModified>t</LastModified><LastModified>t</LastModified>"),
	C("<Key/>" S),
	C(K "<Size/>"),
	C(K S "<ETag/>"),
	C("<Key><a>1</a></Key>" S),
	C("<Key>a<a>1</a></Key>" S),
	C("<Key>a<!-- b --></Key>" S),
	C("<Key><![CDATA[a]]></Key>" S),
	C("<Key a=\"b\">a</Key>" S),
	C("<s:Key>a</s:Key>" S),
	C("<Key >a</Key>" S),
	C("<Key>a</Key >" S),
	C("<Key>a</Kez>" S),
	C("<Key>a</Keys>" S),
	C(K S "<1>a</1>"),
	C(K S "<>a</>"),
	C(K S "<a"
	      "\xc3\xa9"
	      ">a</a>"),
	C(K S "<a / >"),
	C("<Key>a>b</Key>" S),
	C("<Key>a]]>b</Key>" S),
	C("<Key>a\nb</Key>" S),
	C("<Key>a\tb</Key>" S),
	C("<Key>a\rb</Key>" S),
	C("<Key>a\x01</Key>" S),
	C("<Key>\xc3\xa9</Key>" S),
	C("<Key>\xff</Key>" S),
	C("<Key>" X16 "\xff" X16 "</Key>" S),
	C("<Key>&nbsp;xxxxxxxx</Key>" S),
	C("<Key>& xxxxxxxx</Key>" S),
	C("<Key>&#1;xxxxxxxx</Key>" S),
	C("<Key>&#127;xxxxxxxx</Key>" S),
	C("<Key>&#233;xxxxxxxx</Key>" S),
	C("<Key>&#x3g;xxxxxxxx</Key>" S),
	C("<Key>&#3a;xxxxxxxx</Key>" S),
	C("<Key>&#X41;xxxxxxxx</Key>" S),
	C("<Key>&#;xxxxxxxx</Key>" S),
	C("<Key>&#x;xxxxxxxx</Key>" S),
	C("<Key>&#65xxxxxxxx</Key>" S),
	C("<Key>&#000034;xxxxxxxx</Key>" S),
	C(K S "<Owner><ID><x>1</x></ID></Owner>"),
	C(K S "<Owner><ID>1</ID>x</Owner>"),
	C(K S "<Owner>x<ID>1</ID></Owner>"),
	C(K S "<Owner>\n</Owner>"),
	C(K S "<Owner><ID>1</Owner></ID>"),
	C(K S "<UserMetadata/><UserMetadata/>"),
	C(K S "<UserMetadata><size/></UserMetadata>"),
	C(K S "<UserMetadata><size>&amp;</size></UserMetadata>"),
	C(K S "<UserMetadata><size>1<x>2</x></size></UserMetadata>"),
};

static void
test_refused(void **state)
{
	struct user_metadata wanted = { 0 };
	struct contents_scanner *s = contents_scanner_new(&wanted);
	const struct contents *c;

	(void)state;
	user_metadata_want(&wanted, names, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		if (contents_scan(s, refused[i], strlen(refused[i]), &c) != -1)
			fail_msg("not refused: %s", refused[i]);
		/* what was known before is known still */
		assert_plain(s, C(K S), strlen(C(K S)), "k|1||");
	}
	contents_scanner_free(s);
}

/* Where none are wanted, they are children like others. */
static void
test_no_metadata(void **state)
{
	static const char xml[] =
		C(K S "<UserMetadata><size>7</size></UserMetadata>"
		      "<UserMetadata><size/></UserMetadata><Internal/>");
	struct user_metadata wanted = { 0 };
	struct contents_scanner *s = contents_scanner_new(&wanted);

	(void)state;
	assert_plain(s, xml, strlen(xml), "k|1||");
	contents_scanner_free(s);
}

static ssize_t
scan_many(struct contents_scanner *s, const char *before, const char *many,
	  size_t n, const char *after)
{
	CLEANUP_BUF struct buf xml = BUF_INIT(1024 * 1024);
	const struct contents *c;

	assert_int_equal(buf_add_str(&xml, before), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(buf_add_str(&xml, many), 0);
	assert_int_equal(buf_add_str(&xml, after), 0);
	return contents_scan(s, xml.data, xml.len, &c);
}

/* What is too much is refused, whether it is there or not. */
static void
test_caps(void **state)
{
	static const char value[] = "<size>1</size>";
	struct user_metadata wanted = { 0 };
	struct contents_scanner *s = contents_scanner_new(&wanted);

	(void)state;
	user_metadata_want(&wanted, names, ARRAY_SIZE(names));
	assert_true(scan_many(s, "<Contents>" S "<Key>", X16, 1000,
			      "</Key></Contents>") > 0);
	assert_int_equal(scan_many(s, "<Contents>" S "<Key>", X16, 1024,
				   "</Key></Contents>"),
			 -1);
	assert_int_equal(scan_many(s, "<Contents>", X16, 1024, ""), -1);
	assert_int_equal(scan_many(s, "<Contents>" S "<Key>", X16, 1024, ""),
			 -1);
	assert_true(scan_many(s, "<Contents>" K S, "<a>b</a>", 60,
			      "</Contents>") > 0);
	assert_int_equal(
		scan_many(s, "<Contents>" K S, "<a>b</a>", 63, "</Contents>"),
		-1);
	assert_int_equal(
		scan_many(s, "<Contents>" K S, "<aaaaa/>", 256, "</Contents>"),
		-1);
	assert_true(scan_many(s, "<Contents>" K S "<UserMetadata>", value,
			      CONTENTS_VALUES_MAX,
			      "</UserMetadata></Contents>") > 0);
	assert_int_equal(scan_many(s, "<Contents>" K S "<UserMetadata>", value,
				   CONTENTS_VALUES_MAX + 1,
				   "</UserMetadata></Contents>"),
			 -1);
	contents_scanner_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_end),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_metadata),
		cmocka_unit_test(test_caps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
