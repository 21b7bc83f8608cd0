/* SPDX-License-Identifier: MIT */
/*
 * A listing over several pages: every object exactly once and in order, or an
 * error, whatever the store answers.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "engine-fixture.h"
#include "list/lister.h"

struct run {
	struct fixture fx;
	struct lister *lister;
	char keys[256]; /* what was listed, each followed by a blank */
	int n_pages;
	bool is_last, is_manual;
	int code; /* errno of the end */
	enum lister_fault fault;
	char first[16], beyond[16]; /* of the last page */
};

static void
on_page(void *arg, const struct lister_answer *a)
{
	struct run *run = arg;

	assert_int_equal(a->page == NULL, a->err != NULL);
	run->n_pages++;
	run->fault = a->fault;
	if (a->err) {
		run->code = a->err->code;
		return;
	}
	for (size_t i = 0; i < a->page->n_objects; i++) {
		size_t n = strlen(run->keys);

		snprintf(run->keys + n, sizeof(run->keys) - n, "%.*s ",
			 (int)a->page->objects[i].key_len,
			 a->page->objects[i].key);
	}
	run->is_last = a->is_last;
	snprintf(run->first, sizeof(run->first), "%.*s",
		 a->first ? (int)a->first->key_len : 0,
		 a->first ? a->first->key : "");
	snprintf(run->beyond, sizeof(run->beyond), "%.*s",
		 a->beyond ? (int)a->beyond->key_len : 0,
		 a->beyond ? a->beyond->key : "");
	if (!a->is_last && !run->is_manual)
		lister_next(run->lister);
}

static void
run_begin(struct run *run, int retries, const struct lister_options *range)
{
	struct lister_options o = *range;

	*run = (struct run){ .n_pages = 0 };
	fixture_init(&run->fx);
	s3_free(run->fx.s3);
	run->fx.s3 = s3_new(run->fx.http, &run->fx.timers, run->fx.endpoint,
			    run->fx.creds, run->fx.pace, retries);
	o.s3 = run->fx.s3;
	o.shared = &run->fx.lists;
	o.bucket = FIXTURE_BUCKET;
	o.on_page = on_page;
	o.arg = run;
	run->lister = lister_new(&o);
	lister_next(run->lister);
	assert_int_equal(run->n_pages, 0);
	fixture_settle(&run->fx);
}

static void
run_init(struct run *run, int retries)
{
	run_begin(run, retries, &(struct lister_options){ .after = NULL });
}

static void
run_clear(struct run *run)
{
	lister_free(run->lister);
	fixture_clear(&run->fx);
}

static void
answer_body(struct run *run, const char *body)
{
	fake_http_answer(fixture_find(&run->fx, LIST),
			 &(struct fake_answer){ .status = 200, .body = body });
	fixture_settle(&run->fx);
}

/* A page of these objects, and the token of the next, or NULL. */
static void
answer_page(struct run *run, const char *objects, const char *token)
{
	struct buf xml = BUF_INIT(1024 * 1024);

	fake_list_page(&xml, objects, token);
	answer_body(run, buf_str(&xml));
	buf_clear(&xml);
}

/* --- pages --- */

static const struct {
	struct {
		const char *objects, *token;
	} pages[4];
	int n;
	int code;
	const char *keys;
} listings[] = {
	{ { { "", NULL } }, 1, 0, "" },
	{ { { "a=1 b=2", NULL } }, 1, 0, "a b " },
	{ { { "a=1 b=2", "t1" }, { "c=1", "t2" }, { "d=1", NULL } },
	  3,
	  0,
	  "a b c d " },
	/* pages may be empty */
	{ { { "", "t1" }, { "a=1", "t2" }, { "", "t3" }, { "", NULL } },
	  4,
	  0,
	  "a " },
	/* the same page for ever */
	{ { { "a=1", "t1" }, { "b=1", "t1" } }, 2, EIO, "a " },
	{ { { "", "t1" }, { "", "t1" } }, 2, EIO, "" },
	/* a cycle of several */
	{ { { "a=1", "t1" }, { "b=1", "t2" }, { "a=1", "t1" } },
	  3,
	  EIO,
	  "a b " },
	/* out of order across pages, or twice the same */
	{ { { "b=1", "t1" }, { "a=1", NULL } }, 2, EIO, "b " },
	{ { { "a=1", "t1" }, { "a=1 b=1", NULL } }, 2, EIO, "a " },
	{ { { "b=1", "t1" }, { "", "t2" }, { "a=1", NULL } }, 3, EIO, "b " },
	/* and within one */
	{ { { "b=1 a=1", NULL } }, 1, EIO, "" },
};

static void
test_pages(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(listings); i++) {
		struct run run;

		run_init(&run, 0);
		for (int p = 0; p < listings[i].n; p++)
			answer_page(&run, listings[i].pages[p].objects,
				    listings[i].pages[p].token);
		assert_int_equal(run.n_pages, listings[i].n);
		assert_int_equal(run.code, listings[i].code);
		assert_int_equal(run.is_last, listings[i].code == 0);
		assert_string_equal(run.keys, listings[i].keys);
		assert_int_equal(fixture_pending(&run.fx, LIST), 0);
		run_clear(&run);
	}
}

/* --- ranges --- */

/* (after, until]: the key at a boundary belongs to the left. */
static void
test_ranges(void **state)
{
	static const struct {
		const char *after, *until;
		const char *objects, *token;
		const char *keys, *first, *beyond;
		bool is_last;
		enum lister_fault fault;
	} cases[] = {
		{ NULL, "b", "a=1 b=1 c=1", "t", "a b ", "a", "c", true, 0 },
		{ NULL, "b", "a=1 b=1", "t", "a b ", "a", "", true, 0 },
		{ NULL, "b", "a=1 b=1", NULL, "a b ", "a", "", true, 0 },
		{ NULL, "b", "a=1", "t", "a ", "a", "", false, 0 },
		{ NULL, "b", "a=1 ba=1", "t", "a ", "a", "ba", true, 0 },
		/* it turns out to be empty */
		{ "b", "c", "d=1 e=1", "t", "", "d", "d", true, 0 },
		{ "b", "c", "", NULL, "", "", "", true, 0 },
		{ "b", NULL, "d=1", NULL, "d ", "d", "", true, 0 },
		{ "b", "d", "c=1 d=1", "t", "c d ", "c", "", true, 0 },
		/* start-after ignored, or taken for "from" */
		{ "b", "d", "a=1 c=1", "t", "", "", "", false,
		  LISTER_START_IGNORED },
		{ "b", "d", "b=1 c=1", "t", "", "", "", false,
		  LISTER_START_IGNORED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct lister_options o = { .after = cases[i].after,
					    .until = cases[i].until };
		struct run run;
		struct http_transfer *t;

		if (o.until)
			o.until_len = strlen(o.until);
		run_begin(&run, 0, &o);
		run.is_manual = true;
		t = fixture_find(&run.fx, LIST);
		assert_int_equal(strstr(t->url, "start-after=") != NULL,
				 cases[i].after != NULL);
		answer_page(&run, cases[i].objects, cases[i].token);
		assert_string_equal(run.keys, cases[i].keys);
		assert_string_equal(run.first, cases[i].first);
		assert_string_equal(run.beyond, cases[i].beyond);
		assert_int_equal(run.is_last, cases[i].is_last);
		assert_int_equal(run.fault, cases[i].fault);
		assert_int_equal(run.code, cases[i].fault ? EIO : 0);
		run_clear(&run);
	}
}

/* The end moves while a page is under way: what is behind it is dropped. */
static void
test_lowered(void **state)
{
	struct run run;
	struct http_transfer *t;

	(void)state;
	run_init(&run, 0);
	answer_page(&run, "a=1", "t1");
	t = fixture_find(&run.fx, LIST);
	assert_null(strstr(t->url, "start-after"));
	lister_lower_until(run.lister, "c", 1);
	answer_page(&run, "b=1 c=1 d=1", "t2");
	assert_string_equal(run.keys, "a b c ");
	assert_string_equal(run.beyond, "d");
	assert_true(run.is_last);
	assert_int_equal(fixture_pending(&run.fx, LIST), 0);
	run_clear(&run);
}

/* Keys in no order: all of them once, and no page twice, nor a part of one. */
static void
test_unordered(void **state)
{
	static const char *const again[] = { "m=1 g=1 a=1", "a=1 c=1",
					     "g=1 a=1 c=1", "c=1 m=1" };
	struct lister_options o = { .is_unordered = true };
	struct run run;

	(void)state;
	run_begin(&run, 0, &o);
	answer_page(&run, "m=1 a=1", "t1");
	answer_page(&run, "z=1 b=1", "t2");
	answer_page(&run, "c=1", NULL);
	assert_string_equal(run.keys, "m a z b c ");
	assert_true(run.is_last);
	run_clear(&run);
	for (size_t i = 0; i < ARRAY_SIZE(again); i++) {
		run_begin(&run, 0, &o);
		answer_page(&run, "m=1 g=1 a=1", "t1");
		answer_page(&run, "z=1", "t2");
		assert_int_equal(run.code, 0);
		answer_page(&run, again[i], "t3");
		assert_int_equal(run.code, EIO);
		run_clear(&run);
	}
}

static void
test_requests(void **state)
{
	struct run run;
	struct http_transfer *t;

	(void)state;
	run_init(&run, 0);
	t = fixture_find(&run.fx, LIST);
	assert_string_equal(t->url, "http://s3.test:9000/" FIXTURE_BUCKET
				    "?encoding-type=url&list-type=2"
				    "&max-keys=1000");
	answer_page(&run, "a=1", "1+/=&amp; x");
	t = fixture_find(&run.fx, LIST);
	assert_non_null(
		strstr(t->url, "continuation-token=1%2B%2F%3D%26%20x&"));
	answer_page(&run, "b=1", NULL);
	run_clear(&run);
}

/* A listing pauses by not asking. */
static void
test_pause(void **state)
{
	struct run run;

	(void)state;
	run_init(&run, 0);
	run.is_manual = true;
	answer_page(&run, "a=1", "t1");
	assert_int_equal(fixture_pending(&run.fx, LIST), 0);
	lister_next(run.lister);
	fixture_settle(&run.fx);
	answer_page(&run, "b=1", NULL);
	assert_string_equal(run.keys, "a b ");
	run_clear(&run);
}

static void
test_endless_emptiness(void **state)
{
	struct run run;
	char token[32];
	int n = 0;

	(void)state;
	run_init(&run, 0);
	while (!run.code) {
		assert_in_range(n, 0, 2000);
		snprintf(token, sizeof(token), "t%d", n++);
		answer_page(&run, "", token);
	}
	assert_int_equal(run.code, EIO);
	run_clear(&run);
}

/* --- what is no page --- */

static const char *const broken[] = {
	"",
	"not XML",
	"<Other/>",
	"<ListBucketResult>",
	"<ListBucketResult></ListBucketResult>", /* truncated or not? */
	/* truncated, but without a token */
	"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
	"<ListBucketResult><IsTruncated>true</IsTruncated>"
	"<NextContinuationToken></NextContinuationToken></ListBucketResult>",
	"<ListBucketResult><IsTruncated>false</IsTruncated>"
	"<Contents><Key>a</Key></Contents></ListBucketResult>",
	"<Error><Code>AccessDenied</Code></Error>",
};

static void
test_broken(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		struct run run;
		bool is_denied = strstr(broken[i], "AccessDenied") != NULL;

		run_init(&run, 3); /* none of them is tried again */
		answer_body(&run, broken[i]);
		assert_int_equal(run.code, is_denied ? EACCES : EIO);
		assert_int_equal(run.n_pages, 1);
		run_clear(&run);
	}
}

/* A page that breaks off is asked again, and leaves no trace. */
static void
test_retry(void **state)
{
	static const struct fake_answer failures[] = {
		{ .status = 200,
		  .body = "<ListBucketResult><IsTruncated>true</IsTruncated>"
			  "<NextContinuationToken>wrong</NextContinuationToken>"
			  "<Contents><Key>b</Key><Size>1</Size></Contents>"
			  "<Contents><Key>wrong</Key><Size>1</Size></Contents>",
		  .err = EIO,
		  .is_retryable = true },
		{ .status = 503, .body = "<html>" },
		{ .status = 200,
		  .body = "<Error><Code>SlowDown</Code></Error>" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		struct run run;

		run_init(&run, 1);
		answer_page(&run, "a=1", "t1");
		fake_http_answer(fixture_find(&run.fx, LIST), &failures[i]);
		fixture_advance(&run.fx, 20000);
		assert_int_equal(run.n_pages, 1);
		assert_int_equal(fixture_pending(&run.fx, "GET",
						 "continuation-token=t1"),
				 1);
		answer_page(&run, "b=1 c=1", NULL);
		assert_string_equal(run.keys, "a b c ");
		run_clear(&run);
	}
}

/* --- a token that can't be read --- */

#define HEAD_OF_PAGE                                                           \
	"<ListBucketResult><EncodingType>url</EncodingType>"                   \
	"<IsTruncated>true</IsTruncated>"
#define OBJECT(key) "<Contents><Key>" key "</Key><Size>1</Size></Contents>"
#define BAD_TOKEN                                                              \
	"<NextContinuationToken>&#x01;</NextContinuationToken>"                \
	"</ListBucketResult>"

/* Goes on after the last plain key; what is behind it comes again. */
static void
test_unreadable_token(void **state)
{
	static const struct {
		const char *page, *start_after, *next, *keys;
	} cases[] = {
		{ HEAD_OF_PAGE OBJECT("a") OBJECT("b") BAD_TOKEN,
		  "start-after=b", "c=1", "a b c " },
		{ HEAD_OF_PAGE OBJECT("a") OBJECT("b%2Bc") OBJECT("b%2Bd")
			  BAD_TOKEN,
		  "start-after=a", "b%2Bc=1 b%2Bd=1 e=1", "a b+c b+d e " },
		/* plain is the same as for a cut */
		{ HEAD_OF_PAGE OBJECT("%C3%B6") OBJECT("%EF%BF%BE") BAD_TOKEN,
		  "start-after=%C3%B6", "%EF%BF%BE=1",
		  "\xc3\xb6 \xef\xbf\xbe " },
		{ HEAD_OF_PAGE OBJECT("a") OBJECT("b(1)") OBJECT("b:1")
			  BAD_TOKEN,
		  "start-after=a", "b(1)=1 b:1=1", "a b(1) b:1 " },
		/* none is plain: after the last one, if it can be sent */
		{ HEAD_OF_PAGE OBJECT("b%2Bc") OBJECT("b%2Bd%00") BAD_TOKEN,
		  "start-after=b%2Bc", "b%2Bd%00=1 e=1", "b+c b+d e " },
		{ HEAD_OF_PAGE OBJECT("b%2Bc") OBJECT("b%2Bd") BAD_TOKEN,
		  "start-after=b%2Bd", "e=1", "b+c b+d e " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct run run;
		struct http_transfer *t;

		run_init(&run, 0);
		answer_body(&run, cases[i].page);
		t = fixture_find(&run.fx, LIST);
		assert_non_null(strstr(t->url, cases[i].start_after));
		assert_null(strstr(t->url, "continuation-token"));
		answer_page(&run, cases[i].next, NULL);
		assert_int_equal(run.code, 0);
		assert_string_equal(run.keys, cases[i].keys);
		run_clear(&run);
	}
}

/* A token that follows counts again; a store that ignores start-after loops. */
static void
test_after_unreadable_token(void **state)
{
	struct run run;
	struct http_transfer *t;

	(void)state;
	run_init(&run, 0);
	answer_body(&run, HEAD_OF_PAGE OBJECT("a") BAD_TOKEN);
	answer_page(&run, "b=1", "t1");
	t = fixture_find(&run.fx, LIST);
	assert_non_null(strstr(t->url, "continuation-token=t1"));
	assert_null(strstr(t->url, "start-after"));
	answer_body(&run, HEAD_OF_PAGE OBJECT("c") BAD_TOKEN);
	assert_int_equal(fixture_pending(&run.fx, "GET", "start-after=c"), 1);
	answer_body(&run, HEAD_OF_PAGE OBJECT("a") BAD_TOKEN);
	assert_int_equal(run.code, EIO);
	assert_string_equal(run.keys, "a b c ");
	run_clear(&run);
}

/* --- stopping --- */

static void
test_stop(void **state)
{
	struct run run;

	(void)state;
	run_init(&run, 0);
	answer_page(&run, "a=1", "t1");
	lister_stop(run.lister);
	assert_int_equal(run.n_pages, 1); /* not from inside */
	fixture_settle(&run.fx);
	assert_int_equal(run.n_pages, 2);
	assert_int_equal(run.code, ECANCELED);
	lister_stop(run.lister); /* nothing is asked for: nothing happens */
	fixture_settle(&run.fx);
	assert_int_equal(run.n_pages, 2);
	run_clear(&run);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_lowered),
		cmocka_unit_test(test_unordered),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_endless_emptiness),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_retry),
		cmocka_unit_test(test_unreadable_token),
		cmocka_unit_test(test_after_unreadable_token),
		cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
