/* SPDX-License-Identifier: MIT */
/*
 * What of a page is read at once, and what the XML parser sees: both as they come,
 * in pieces of every length.
 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "list/page-feed.h"
#include "util/buf.h"

#define MAX 4096 /* of a page */
#define E(k) "<Contents><Key>" k "</Key><Size>1</Size></Contents>"
#define ROOT(text) "<root>" text "</root>"
#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X320 X64 X64 X64 X64 X64

/* "KEY " of each that is read at once, "<NAME " of what else begins. */
struct log {
	struct buf text;
	const char *not_accepted; /* this key */
};

static int
on_start(void *arg, unsigned depth, const char *name, struct err *err)
{
	struct log *log = arg;

	(void)depth, (void)err;
	assert_int_equal(buf_printf(&log->text, "<%s ", name), 0);
	return 0;
}

static int
on_text(void *arg, unsigned depth, const char *text, size_t len,
	struct err *err)
{
	(void)arg, (void)depth, (void)text, (void)len, (void)err;
	return 0;
}

static int
on_end(void *arg, unsigned depth, struct err *err)
{
	(void)arg, (void)depth, (void)err;
	return 0;
}

static bool
on_contents(void *arg, const struct contents *c)
{
	struct log *log = arg;
	const struct contents_text *key = &c->texts[CONTENTS_KEY];
	const char *no = log->not_accepted;

	if (no && key->len == strlen(no) && memcmp(key->s, no, key->len) == 0)
		return false;
	assert_int_equal(buf_printf(&log->text, "%.*s ", (int)key->len, key->s),
			 0);
	return true;
}

struct fixture {
	struct log log;
	struct user_metadata wanted;
	struct sax *sax;
	struct page_feed *feed;
};

static void
begin(struct fixture *f)
{
	static const struct sax_events events = { on_start, on_text, on_end };

	*f = (struct fixture){ .log = { .text = BUF_INIT(65536) } };
	f->sax = sax_new(&events, &f->log, MAX);
	f->feed = page_feed_new(f->sax, on_contents, &f->log, &f->wanted);
}

static void
end(struct fixture *f)
{
	page_feed_free(f->feed);
	page_feed_free(NULL);
	sax_free(f->sax);
	buf_clear(&f->log.text);
}

/* In pieces of `step`, each where a sanitizer sees what is read beyond it. */
static int
feed(struct fixture *f, const char *xml, size_t len, size_t step)
{
	int rc = 0;

	sax_reset(f->sax);
	page_feed_reset(f->feed, false);
	buf_clear(&f->log.text);
	for (size_t at = 0; at < len && rc == 0; at += step) {
		size_t n = step < len - at ? step : len - at;
		CLEANUP_FREE char *piece = xmalloc(n);

		memcpy(piece, xml + at, n);
		rc = page_feed_add(f->feed, piece, n, NULL);
	}
	return rc ? rc : page_feed_end(f->feed, NULL);
}

/* --- what goes where --- */

static const struct {
	const char *xml, *is;
} pages[] = {
	{ ROOT(E("a") E("b")), "<root a b " },
	{ "\xef\xbb\xbf<?xml version='1.0'?><root>" E("a") "</root>\n",
	  "<root a " },
	{ ROOT("\n  " E("a") "\r\n\t" E("b") "\n"), "<root a b " },
	{ ROOT("<x>y</x>" E("a") "<x>y</x>" E("b") "<y/>"),
	  "<root <x a <x b <y " },
	{ ROOT("<!-- x -->" E("a") "<?x y?>" E("b") "<![CDATA[x]]>" E("c")),
	  "<root a b c " },
	/* refused, and what follows is read at once again */
	{ ROOT("<Contents/>" E("a")), "<root <Contents a " },
	{ ROOT("<Contents><Key>\xc3\xa9</Key><Size>1</Size></Contents>" E("a")),
	  "<root <Contents <Key <Size a " },
	{ ROOT(E("a") "<Contents><Key><x/></Key></Contents>" E("b")),
	  "<root a <Contents <Key <x b " },
	{ ROOT(E("a") "<ContentsX/>" E("b")), "<root a <ContentsX b " },
	{ ROOT("<s:Contents xmlns:s='u'><Key>a</Key></s:Contents>" E("a")),
	  "<root <Contents <Key a " },
	/* where it does not belong */
	{ E("a"), "<Contents <Key <Size " },
	{ ROOT("<x>" E("a") "</x>" E("b")),
	  "<root <x <Contents <Key <Size b " },
	{ ROOT("<!-- " E("a") " -->" E("b")), "<root b " },
	{ ROOT("<!-- <x>y</x>" E("a") " -->" E("b")), "<root b " },
	{ ROOT("<!-- <x>\n" E("a") E("b") "</x>-->" E("c")), "<root c " },
	{ ROOT("<?x <y>" E("a") "?>" E("b")), "<root b " },
	{ ROOT("<![CDATA[" E("a") "]]>" E("b")), "<root b " },
	{ ROOT("<![CDATA[>" E("a") "]]>" E("b")), "<root b " },
	{ ROOT("<![CDATA[" X320 ">" E("a") "]]>" E("b")), "<root b " },
	{ ROOT("<x><![CDATA[" E("a") "]]></x>" E("b")), "<root <x b " },
	{ ROOT("<x y='>'>" E("a") "</x>" E("b")),
	  "<root <x <Contents <Key <Size b " },
	/* behind a text, of which the parser may hold back some */
	{ ROOT(E("a") "x" E("b") E("c")), "<root a <Contents <Key <Size c " },
	{ ROOT(E("a") "&amp;" E("b") "<x/>" E("c")),
	  "<root a <Contents <Key <Size <x c " },
};

/*
 * Where a piece ends within a comment or so, more may go to the parser than need
 * be, but not less: so whole, it has to be exact.
 */
static void
test_pages(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		const char *xml = pages[i].xml;
		size_t len = strlen(xml);

		for (size_t step = len; step > 0; step--) {
			assert_int_equal(feed(&f, xml, len, step), 0);
			if (strcmp(buf_str(&f.log.text), pages[i].is) != 0)
				fail_msg("%s\nin pieces of %zu: %s", xml, step,
					 buf_str(&f.log.text));
		}
	}
	end(&f);
}

/* It is told as events, and so are those that follow from the 16th on. */
static void
test_not_accepted(void **state)
{
	static const char xml[] = ROOT(E("a") E("no") E("b"));
	CLEANUP_BUF struct buf all = BUF_INIT(MAX);
	struct fixture f;

	(void)state;
	begin(&f);
	f.log.not_accepted = "no";
	for (size_t step = 1; step < sizeof(xml); step++) {
		assert_int_equal(feed(&f, xml, strlen(xml), step), 0);
		assert_string_equal(buf_str(&f.log.text),
				    "<root a <Contents <Key <Size b ");
	}
	buf_add_str(&all, "<root>");
	for (int i = 0; i < 16; i++)
		buf_add_str(&all, i == 0 ? E("a") E("no") : E("no"));
	buf_add_str(&all, E("b") "</root>");
	assert_int_equal(feed(&f, all.data, all.len, all.len), 0);
	assert_null(strstr(buf_str(&f.log.text), "b "));
	/* the next page is another one */
	assert_int_equal(feed(&f, xml, strlen(xml), 7), 0);
	assert_string_equal(buf_str(&f.log.text),
			    "<root a <Contents <Key <Size b ");
	end(&f);
}

/* --- what is wrong --- */

static const char *const bad[] = {
	"",
	"<root>",
	"<root>" E("a"),
	"<root>" E("a") "<Contents><Key>b",
	"<root>" E("a") "<Con",
	"<root>" E("a") "\n ",
	"<root>" E("a") "</x>",
	"<root>" E("a") "<x></root>",
	"<root>" E("a") "]]></root>",
	"<root>" E("a") "\x01</root>",
	"<root>" E("a") "&x;" E("b") "</root>",
	ROOT(E("a")) E("b"),
	ROOT("<![CDATA[" E("a")),
	ROOT("<!--" E("a")),
	"<!DOCTYPE root>" ROOT(E("a")),
};

static void
test_bad(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		for (size_t step = 1; step <= strlen(bad[i]) + 1; step++)
			if (feed(&f, bad[i], strlen(bad[i]), step) != -EIO)
				fail_msg("not refused: %s", bad[i]);
	assert_int_equal(feed(&f, ROOT("\0"), 14, 14), -EIO);
	end(&f);
}

/* What is cut out counts, too; what comes after an error is not read. */
static void
test_cap(void **state)
{
	CLEANUP_BUF struct buf xml = BUF_INIT(2 * MAX);
	struct fixture f;

	(void)state;
	begin(&f);
	buf_add_str(&xml, "<root>");
	while (xml.len <= MAX - strlen(E("a") "</root>"))
		buf_add_str(&xml, E("a"));
	buf_add_str(&xml, "</root>");
	assert_true(xml.len <= MAX);
	for (size_t step = 1; step < MAX; step = 3 * step + 1)
		assert_int_equal(feed(&f, xml.data, xml.len, step), 0);
	xml.len -= strlen("</root>");
	while (xml.len <= MAX)
		buf_add_str(&xml, E("a"));
	buf_add_str(&xml, "</root>");
	for (size_t step = 1; step < MAX; step = 3 * step + 1)
		assert_int_equal(feed(&f, xml.data, xml.len, step), -EIO);
	assert_int_equal(page_feed_add(f.feed, E("q"), strlen(E("q")), NULL),
			 -EIO);
	assert_null(strchr(buf_str(&f.log.text), 'q'));
	end(&f);
}

/* More blanks, or a longer element, than are held. */
static void
test_too_much_to_hold(void **state)
{
	size_t len = 6 * CONTENTS_MAX;
	CLEANUP_BUF struct buf xml = BUF_INIT(len);
	static const struct sax_events events = { on_start, on_text, on_end };
	struct fixture f;

	(void)state;
	begin(&f);
	sax_free(f.sax);
	page_feed_free(f.feed);
	f.sax = sax_new(&events, &f.log, len);
	f.feed = page_feed_new(f.sax, on_contents, &f.log, &f.wanted);
	buf_add_str(&xml, "<root>" E("a"));
	while (xml.len < 3 * CONTENTS_MAX)
		buf_add_str(&xml, "      ");
	buf_add_str(&xml, E("b") "<Contents><Key>");
	while (xml.len < 5 * CONTENTS_MAX)
		buf_add_str(&xml, "xxxxxx");
	buf_add_str(&xml, "</Key><Size>1</Size></Contents>" E("c") "</root>");
	for (size_t step = 1; step < len; step = 3 * step + 1) {
		assert_int_equal(feed(&f, xml.data, xml.len, step), 0);
		assert_int_equal(strncmp(buf_str(&f.log.text), "<root a ", 8),
				 0);
		assert_non_null(strstr(buf_str(&f.log.text),
				       "<Contents <Key <Size c "));
	}
	end(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_not_accepted),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_cap),
		cmocka_unit_test(test_too_much_to_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
