/* SPDX-License-Identifier: MIT */
/*
 * Pages that come in at the same time, in pieces: with a hand or without, they are what
 * their parsers would make of them, and one that is refused is refused soon.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <unistd.h>

#include "list/page-reader.h"
#include "net/http.h"
#include "util/buf.h"

#define PAGES 12
#define OBJECTS 300 /* on each */
#define LAST "<IsTruncated>false</IsTruncated>"

struct incoming {
	struct list_parser *parser;
	struct page_reader reader;
	struct buf xml;
	size_t at; /* bytes that have come */
	bool may_go_on; /* after a pause */
};

struct crowd {
	struct timers timers;
	struct page_readers readers;
	struct incoming pages[PAGES];
};

static void
print_page(struct buf *out, size_t page)
{
	assert_int_equal(buf_printf(out, "<ListBucketResult><EncodingType>url"
					 "</EncodingType>"),
			 0);
	for (size_t i = 0; i < OBJECTS; i++)
		assert_int_equal(
			buf_printf(out,
				   "<Contents><Key>page%%2F%02zu/%03zu</Key>"
				   "<LastModified>2026-01-02T03:04:05.678Z"
				   "</LastModified><ETag>&quot;%zu&quot;</ETag>"
				   "<Size>%zu</Size></Contents>",
				   page, i, i * page, i),
			0);
	assert_int_equal(buf_printf(out, LAST "</ListBucketResult>"), 0);
}

static void
on_resume(void *arg)
{
	struct incoming *in = arg;

	in->may_go_on = true;
}

static void
crowd_init(struct crowd *c, struct hand *hand)
{
	c->timers = (struct timers){ 0 };
	c->readers =
		(struct page_readers){ .hand = hand, .timers = &c->timers };
	for (size_t i = 0; i < PAGES; i++) {
		struct incoming *in = &c->pages[i];

		*in = (struct incoming){ .parser = list_parser_new() };
		buf_init(&in->xml, SIZE_MAX);
		print_page(&in->xml, i);
		list_parser_reset(in->parser);
		page_reader_begin(&in->reader, &c->readers, in->parser,
				  on_resume, in);
	}
}

static void
crowd_clear(struct crowd *c)
{
	for (size_t i = 0; i < PAGES; i++) {
		page_reader_end(&c->pages[i].reader);
		list_parser_free(c->pages[i].parser);
		buf_clear(&c->pages[i].xml);
	}
	timers_run(&c->timers);
	assert_null(c->readers.held);
	assert_int_equal(c->readers.n_pages, 0);
	assert_in_range(c->readers.n_pieces, 0, PIECES_MAX);
	page_readers_clear(&c->readers);
}

/* Once they are taken. */
static int
add_bytes(struct incoming *in, const char *data, size_t len)
{
	int rc;

	while ((rc = page_reader_add(&in->reader, data, len)) == HTTP_PAUSE) {
		while (!in->may_go_on)
			timers_run(in->reader.all->timers);
		in->may_go_on = false;
	}
	return rc;
}

/* So many more bytes of a page, or what is left; false: there are none. */
static bool
add(struct incoming *in, size_t len)
{
	size_t left = in->xml.len - in->at;

	len = len < left ? len : left;
	assert_int_equal(add_bytes(in, in->xml.data + in->at, len), 0);
	in->at += len;
	return in->at < in->xml.len;
}

static void
assert_page(struct incoming *in, size_t number)
{
	const struct list_page *page;
	struct err err = ERR_INIT;
	char key[32], etag[16];

	page_reader_end(&in->reader);
	assert_int_equal(list_parser_end(in->parser, &page, &err), 0);
	assert_int_equal(page->n_objects, OBJECTS);
	for (size_t i = 0; i < OBJECTS; i++) {
		const struct object *o = &page->objects[i];

		snprintf(key, sizeof(key), "page/%02zu/%03zu", number, i);
		snprintf(etag, sizeof(etag), "%zu", i * number);
		assert_int_equal(o->key_len, strlen(key));
		assert_memory_equal(o->key, key, o->key_len);
		assert_string_equal(o->etag, etag);
		assert_int_equal(o->size, i);
	}
}

/* In turn, in pieces of any size; some are larger than a hand takes. */
static void
assert_reads(struct hand *hand, unsigned seed)
{
	static struct crowd c;
	bool has_more = true;

	crowd_init(&c, hand);
	while (has_more) {
		has_more = false;
		for (size_t i = 0; i < PAGES; i++) {
			seed = seed * 1103515245 + 12345;
			has_more |= add(&c.pages[i],
					(seed >> 12) % (2u << seed % 16));
		}
	}
	for (size_t i = 0; i < PAGES; i++)
		assert_page(&c.pages[i], i);
	crowd_clear(&c);
}

static void
test_reads(void **state)
{
	struct hand *hand = hand_new();

	(void)state;
	assert_reads(NULL, 1);
	for (unsigned seed = 1; seed < 20; seed++)
		assert_reads(hand, seed);
	hand_free(hand);
}

/* However much still comes of it, and the others do not care. */
static void
test_refused(void **state)
{
	static const char wrong[] = "<Wrong> and more of it, again and again";
	static struct crowd c;
	struct hand *hand = hand_new();
	struct incoming *last = &c.pages[PAGES - 1];
	const struct list_page *page;
	struct err err = ERR_INIT;

	(void)state;
	crowd_init(&c, hand);
	while (add_bytes(last, wrong, strlen(wrong)) == 0)
		add(&c.pages[0], 10);
	page_reader_end(&last->reader);
	assert_int_equal(list_parser_end(last->parser, &page, &err), -EIO);
	assert_string_equal(err.msg, "not a listing: <Wrong>");
	while (add(&c.pages[0], 1000))
		;
	assert_page(&c.pages[0], 0);
	crowd_clear(&c);
	hand_free(hand);
}

/*
 * What is wrong shows in the last bytes of each: they are refused as they come, so that
 * the connection they came from is not used again.
 */
static void
test_refused_end(void **state)
{
	static const char end[] = "<KeyCount>1</KeyCount></ListBucketResult>";
	static struct crowd c;
	struct hand *hand = hand_new();

	(void)state;
	crowd_init(&c, hand);
	for (size_t i = 0; i < PAGES; i++) {
		struct buf *xml = &c.pages[i].xml;

		xml->len -= strlen("</ListBucketResult>");
		assert_int_equal(buf_add(xml, end, strlen(end)), 0);
	}
	for (size_t i = 0; i < PAGES; i++) {
		struct incoming *in = &c.pages[i];
		size_t last = in->xml.len - 1000;

		while (in->at < last)
			add(in, last - in->at < 1000 ? last - in->at : 1000);
		assert_int_equal(add_bytes(in, in->xml.data + last, 1000),
				 -EIO);
		page_reader_end(&in->reader);
		assert_true(list_parser_is_contradictory(in->parser));
	}
	crowd_clear(&c);
	hand_free(hand);
}

/* Pages that are given up in the middle, with pieces that nobody has read. */
static void
test_given_up(void **state)
{
	static struct crowd c;
	struct hand *hand = hand_new();

	(void)state;
	crowd_init(&c, hand);
	for (size_t i = 0; i < PAGES; i++)
		for (size_t n = 0; n < 2 * i; n++)
			add(&c.pages[i], 100);
	crowd_clear(&c);
	hand_free(hand);
}

/* Tasks that keep a hand busy. */
struct busy {
	struct hand_task task; /* first */
	atomic_bool *may_end;
};

static void
run_busy(struct hand_task *t)
{
	struct busy *b = (struct busy *)t;

	while (!atomic_load(b->may_end))
		usleep(100);
}

/*
 * The hand does not come to them: nobody waits for it, and soon the end of each is read
 * with all that is before it.  The first one is given up instead, while none else waits.
 */
static void
test_held(void **state)
{
	enum { BUSY = 8 };
	static struct crowd c;
	struct hand *hand = hand_new();
	atomic_bool may_end = false;
	struct hand_row row = { 0 };

	(void)state;
	for (size_t i = 0; i < BUSY; i++) {
		struct busy *b = xmalloc(sizeof(*b)); /* freed as pieces are */

		*b = (struct busy){ { .run = run_busy }, &may_end };
		hand_give(hand, &row, &b->task);
	}
	crowd_init(&c, hand);
	for (size_t i = 0; i < PAGES; i++) {
		struct incoming *in = &c.pages[i];

		while (in->at < in->xml.len / 2)
			add(in, 10000);
		assert_int_equal(page_reader_add(&in->reader,
						 in->xml.data + in->at,
						 in->xml.len - in->at),
				 HTTP_PAUSE);
		if (i == 0)
			page_reader_drop(&in->reader);
	}
	for (size_t i = 1; i < PAGES; i++) {
		while (!c.pages[i].may_go_on)
			timers_run(&c.timers);
		add(&c.pages[i], SIZE_MAX);
		assert_page(&c.pages[i], i);
	}
	atomic_store(&may_end, true);
	hand_take_back(hand, &row);
	crowd_clear(&c);
	hand_free(hand);
}

/* Too few pieces to wake the hand for: no page waits for what nobody would read. */
static void
test_not_held(void **state)
{
	static struct crowd c;
	struct hand *hand = hand_new();
	atomic_bool may_end = true;
	struct busy first = { { .run = run_busy }, &may_end };
	struct hand_row row = { 0 };

	(void)state;
	hand_give(hand, &row, &first.task); /* its thread starts */
	while (!hand_is_idle(hand))
		usleep(100);
	while (hand_done(hand))
		;
	crowd_init(&c, hand);
	for (size_t i = 0; i < PAGES; i++) {
		struct incoming *in = &c.pages[i];

		add(in, 10000);
		assert_true(hand_is_idle(hand));
		assert_int_equal(page_reader_add(&in->reader,
						 in->xml.data + in->at,
						 in->xml.len - in->at),
				 0);
		assert_page(in, i);
	}
	crowd_clear(&c);
	hand_free(hand);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refused_end),
		cmocka_unit_test(test_given_up),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_not_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
