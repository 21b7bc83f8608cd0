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
#include "s3/s3-list.h"

struct run {
	struct fixture fx;
	struct lister *lister;
	char keys[256]; /* what was listed, each followed by a blank */
	int n_pages;
	bool is_last, is_manual;
	int code; /* errno of the end */
};

static void
on_page(void *arg, const struct list_page *page, bool is_last,
	const struct err *err)
{
	struct run *run = arg;

	assert_int_equal(page == NULL, err != NULL);
	run->n_pages++;
	if (err) {
		run->code = err->code;
		return;
	}
	for (size_t i = 0; i < page->n_objects; i++) {
		size_t n = strlen(run->keys);

		snprintf(run->keys + n, sizeof(run->keys) - n, "%.*s ",
			 (int)page->objects[i].key_len, page->objects[i].key);
	}
	run->is_last = is_last;
	if (!is_last && !run->is_manual)
		lister_next(run->lister);
}

static void
run_init(struct run *run, int retries)
{
	*run = (struct run){ .n_pages = 0 };
	fixture_init(&run->fx);
	s3_free(run->fx.s3);
	run->fx.s3 = s3_new(run->fx.http, &run->fx.timers, run->fx.endpoint,
			    run->fx.creds, run->fx.pace, retries);
	run->lister = lister_new(run->fx.s3, FIXTURE_BUCKET, on_page, run);
	lister_next(run->lister);
	assert_int_equal(run->n_pages, 0);
	fixture_settle(&run->fx);
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
		/* none is plain: after the last one */
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
