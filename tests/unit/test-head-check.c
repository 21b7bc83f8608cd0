/* SPDX-License-Identifier: MIT */
/*
 * Whether an answer to a HEAD is of the object that was listed: the fields, one
 * answer and what came again, and what is learned of a store.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "fake-clock.h"
#include "s3/head-check.h"
#include "s3/s3.h"
#include "util/date.h"
#include "util/log.h"

#define ETAG "etag: \"abc\"\r\n"
#define LENGTH "content-length: 10\r\n"
#define MODIFIED "Last-Modified: Tue, 14 Oct 2025 10:30:00 GMT\r\n"
#define LISTED_ETAG "abc"
#define LISTED_DATE "2025-10-14T10:30:00.123Z"

#define E HEAD_ETAG
#define L HEAD_LENGTH
#define D HEAD_DATE

static struct http_answer
answer_of(int status, const char *head)
{
	struct http_answer a = { .status = status,
				 .head = BUF_INIT(HTTP_HEAD_MAX) };

	buf_add_str(&a.head, head);
	return a;
}

/* --- fields --- */

/* Listed: "abc", 10 bytes, the date above, unless a case says more. */
static const struct {
	const char *head;
	unsigned fit, differ;
	const char *etag, *modified; /* as listed; NULL: as above */
} fields[] = {
	{ ETAG LENGTH MODIFIED, E | L | D, 0, NULL, NULL },
	/* one ETag, written in many ways */
	{ "etag: abc\r\n", E, 0, NULL, NULL },
	{ "HTTP/1.1 200 OK\r\nETag: W/\"abc\"\r\n" LENGTH, E | L, 0, NULL,
	  NULL },
	{ "etag: \"abc-gzip\"\r\n", E, 0, NULL, NULL },
	{ "etag: \"abc\"-gzip\r\n", E, 0, NULL, NULL },
	{ "etag: W/\"abc--gzip\"\r\n", E, 0, NULL, NULL },
	{ "etag: \"abc;gzip\"\r\n", E, 0, NULL, NULL },
	{ "etag: \"abc-br\"\r\n", E, 0, NULL, NULL },
	{ ETAG, E, 0, "W/\"abc-gzip\"", NULL },
	{ "etag: \"ABC\"\r\n", E, 0, NULL, NULL },
	{ "etag: \"0aF-2\"\r\n", E, 0, "0Af-2", NULL },
	/* and others */
	{ "etag: \"abd\"\r\n" LENGTH MODIFIED, L | D, E, NULL, NULL },
	{ "etag: \"abcd\"\r\n", 0, E, NULL, NULL },
	{ "etag: \"ab\"\r\n", 0, E, NULL, NULL },
	{ "etag: \"abc-2\"\r\n", 0, E, NULL, NULL },
	{ "etag: \"abcgzip\"\r\n", 0, E, NULL, NULL },
	{ "etag: \"xyZ\"\r\n", 0, E, "xyz", NULL }, /* may be base64 */
	/* what is not said does not count */
	{ "", 0, 0, NULL, NULL },
	{ "etag:\r\ncontent-length:\r\nlast-modified:\r\n", 0, 0, NULL, NULL },
	{ "etag: \"\"\r\n" MODIFIED, D, 0, NULL, NULL },
	{ "etag: W/\"\"\r\n", 0, 0, NULL, NULL },
	{ "etag: \"-gzip\"\r\n", 0, 0, NULL, NULL },
	{ "etag: \"\r\n", 0, 0, NULL, NULL },
	{ ETAG, 0, 0, "", NULL },
	{ ETAG, 0, 0, "\"\"", NULL },
	{ MODIFIED, 0, 0, NULL, "" },
	{ "last-modified: yesterday\r\n", 0, 0, NULL, NULL },
	{ "content-length: ten\r\n", 0, 0, NULL, NULL },
	/* lengths */
	{ ETAG "content-length: 11\r\n", E, L, NULL, NULL },
	{ ETAG "content-length: 0\r\n", E, L, NULL, NULL },
	{ "content-length: 11\r\ncontent-encoding: gzip\r\n", 0, 0, NULL,
	  NULL },
	{ "content-length: 11\r\ncontent-encoding: Identity\r\n", 0, L, NULL,
	  NULL },
	/* dates: to the second, and a second where the rest is the same */
	{ MODIFIED, D, 0, NULL, "2025-10-14T10:30:00Z" },
	{ MODIFIED, 0, D, NULL, "2025-10-14T10:29:59.999Z" },
	{ MODIFIED ETAG, E | D, 0, NULL, "2025-10-14T10:29:59.288Z" },
	{ MODIFIED ETAG LENGTH, E | L | D, 0, NULL, "2025-10-14T10:30:01Z" },
	{ MODIFIED ETAG, E, D, NULL, "2025-10-14T10:29:58.999Z" },
	{ MODIFIED ETAG, E, D, NULL, "2025-10-14T10:30:02Z" },
	{ MODIFIED LENGTH, L, D, NULL, "2025-10-14T10:30:01Z" },
	{ MODIFIED "etag: \"\"\r\n", 0, D, NULL, "2025-10-14T10:30:01Z" },
	{ MODIFIED ETAG "content-length: 9\r\n", E, L | D, NULL,
	  "2025-10-14T10:30:01Z" },
};

static void
test_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		struct http_answer a = answer_of(200, fields[i].head);
		const char *etag = fields[i].etag, *date = fields[i].modified;
		struct head_fields is, listed;

		head_fields_of_answer(&is, &a);
		head_fields_of_listing(&listed, etag ? etag : LISTED_ETAG, 10,
				       date ? date : LISTED_DATE);
		if (head_fields_fit(&is, &listed) != fields[i].fit ||
		    head_fields_differ(&is, &listed) != fields[i].differ)
			fail_msg("case %zu: %s: %x %x", i, fields[i].head,
				 head_fields_fit(&is, &listed),
				 head_fields_differ(&is, &listed));
		buf_clear(&a.head);
	}
}

/* --- one HEAD --- */

/* The clock shows a time long after that date, and so do the stores here. */
#define NOW "date: Wed, 15 Oct 2025 10:30:00 GMT\r\n"
#define OTHER "etag: \"other\"\r\n"
#define LATER "last-modified: Tue, 14 Oct 2025 12:30:00 GMT\r\n"
#define JUST_NOW "last-modified: Wed, 15 Oct 2025 10:29:59 GMT\r\n"
#define FUTURE "last-modified: Wed, 15 Oct 2025 18:30:00 GMT\r\n"
#define HTML "content-type: text/html; charset=utf-8\r\n"
#define LISTED_S_AGO 3

struct world {
	struct head_habits habits;
	struct head_check check;
};

static void
begin(struct world *w)
{
	w->check = (struct head_check){ .habits = &w->habits,
					.etag = LISTED_ETAG,
					.last_modified = LISTED_DATE,
					.size = 10,
					.listed_ms = date_mono_ms() -
						     LISTED_S_AGO * 1000 };
}

static int
judge(struct world *w, const char *head, bool is_repeat)
{
	struct http_answer a = answer_of(head ? 200 : 404, head ? head : "");
	struct err err = ERR_INIT;
	int rc = head_check_accept(&w->check, &a, is_repeat, &err);

	assert_int_equal(err.code, rc ? EIO : 0);
	buf_clear(&a.head);
	return rc;
}

static enum head_match
end(struct world *w, const char *head, unsigned *odd)
{
	struct http_answer a = answer_of(head ? 200 : 404, head ? head : "");
	enum head_match match = head_check_end(&w->check, &a, odd);

	buf_clear(&a.head);
	head_check_clear(&w->check);
	return match;
}

/* Heads, NULL for a 404, and what is thought of each; the last one has ended it. */
static const struct {
	const char *first, *second;
	int rc, rc_again; /* of the second, if the first is asked again */
	enum head_match match;
	unsigned odd;
} heads[] = {
	{ ETAG LENGTH MODIFIED, NULL, 0, 0, HEAD_MATCHES, 0 },
	{ LENGTH, NULL, 0, 0, HEAD_MATCHES, 0 },
	{ ETAG LENGTH MODIFIED HTML, NULL, 0, 0, HEAD_MATCHES, 0 },
	/* no answer of a store */
	{ "", NULL, -EIO, 0, HEAD_MATCHES, 0 },
	{ NOW "server: nginx\r\n", NULL, -EIO, 0, HEAD_MATCHES, 0 },
	{ "etag: \"\"\r\n", NULL, -EIO, 0, HEAD_MATCHES, 0 },
	{ "content-length: 0\r\n", NULL, -EIO, 0, HEAD_MATCHES, 0 },
	{ "content-length: 11\r\n", NULL, -EIO, 0, HEAD_MATCHES, 0 },
	{ "content-length: 500\r\n" HTML, NULL, -EIO, 0, HEAD_MATCHES, 0 },
	{ OTHER LATER "content-length: 500\r\n" HTML, NULL, -EIO, 0,
	  HEAD_MATCHES, 0 },
	/* another request's, and then that of this one */
	{ OTHER LENGTH MODIFIED, ETAG LENGTH MODIFIED, S3_ASK_AGAIN, 0,
	  HEAD_MATCHES, 0 },
	{ NULL, ETAG LENGTH MODIFIED, S3_ASK_AGAIN, 0, HEAD_MATCHES, 0 },
	/* another's again, or no store's */
	{ OTHER MODIFIED, "etag: \"third\"\r\n" MODIFIED, S3_ASK_AGAIN, -EIO,
	  HEAD_MATCHES, 0 },
	{ OTHER MODIFIED, OTHER, S3_ASK_AGAIN, -EIO, HEAD_MATCHES, 0 },
	{ OTHER MODIFIED, "", S3_ASK_AGAIN, -EIO, HEAD_MATCHES, 0 },
	/* replaced, or deleted */
	{ OTHER LENGTH LATER, OTHER LENGTH LATER, S3_ASK_AGAIN, 0,
	  HEAD_IS_OTHER, 0 },
	{ OTHER, OTHER, S3_ASK_AGAIN, 0, HEAD_IS_OTHER, 0 },
	{ NULL, OTHER LATER, S3_ASK_AGAIN, 0, HEAD_IS_OTHER, 0 },
	{ OTHER LATER, NULL, S3_ASK_AGAIN, 0, HEAD_IS_OTHER, 0 },
	{ NULL, NULL, S3_ASK_AGAIN, 0, HEAD_IS_OTHER, 0 },
	/* the listed content, with other metadata now */
	{ ETAG NOW JUST_NOW, ETAG NOW JUST_NOW, S3_ASK_AGAIN, 0, HEAD_IS_OTHER,
	  0 },
	{ ETAG NOW LATER, ETAG NOW FUTURE, S3_ASK_AGAIN, 0, HEAD_IS_OTHER, 0 },
	/* may be the way of the store */
	{ OTHER LENGTH MODIFIED, OTHER LENGTH MODIFIED, S3_ASK_AGAIN, 0,
	  HEAD_IS_ODD, E },
	{ ETAG "content-length: 9\r\n", ETAG "content-length: 9\r\n",
	  S3_ASK_AGAIN, 0, HEAD_IS_ODD, L },
	{ ETAG LENGTH NOW LATER, ETAG LENGTH NOW LATER, S3_ASK_AGAIN, 0,
	  HEAD_IS_ODD, D },
	{ ETAG NOW FUTURE, ETAG NOW FUTURE, S3_ASK_AGAIN, 0, HEAD_IS_ODD, D },
	{ ETAG LATER, ETAG LATER, S3_ASK_AGAIN, 0, HEAD_IS_ODD, D },
	/* but not in two fields */
	{ OTHER "content-length: 9\r\n" MODIFIED,
	  OTHER "content-length: 9\r\n" MODIFIED, S3_ASK_AGAIN, 0,
	  HEAD_IS_OTHER, 0 },
};

static void
test_heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		struct world w = { .habits = { 0 } };
		const char *last = heads[i].first;
		unsigned odd = 0;
		int rc;

		begin(&w);
		rc = judge(&w, last, false);
		assert_int_equal(rc, heads[i].rc);
		if (rc == S3_ASK_AGAIN) {
			last = heads[i].second;
			rc = judge(&w, last, true);
			if (rc != heads[i].rc_again)
				fail_msg("case %zu: %d", i, rc);
		}
		if (rc == 0 && (end(&w, last, &odd) != heads[i].match ||
				odd != heads[i].odd))
			fail_msg("case %zu: odd %x", i, odd);
		head_check_clear(&w.check);
	}
}

/* What contradicted each other is right as soon as it comes twice. */
static void
test_third(void **state)
{
	static const char third[] = "etag: \"third\"\r\n" LATER;
	struct world w = { .habits = { 0 } };
	unsigned odd;

	(void)state;
	begin(&w);
	assert_int_equal(judge(&w, OTHER LATER, false), S3_ASK_AGAIN);
	assert_int_equal(judge(&w, third, true), -EIO);
	assert_int_equal(judge(&w, third, true), 0);
	assert_int_equal(end(&w, third, &odd), HEAD_IS_OTHER);
}

/* --- what is learned --- */

/* Ask for it as often as it takes; returns how often. */
static int
ask(struct world *w, const char *head)
{
	bool is_repeat;
	unsigned odd;

	begin(w);
	is_repeat = judge(w, head, false) == S3_ASK_AGAIN;
	if (is_repeat)
		assert_int_equal(judge(w, head, true), 0);
	end(w, head, &odd);
	return 1 + is_repeat;
}

static int
ask_often(struct world *w, const char *head, int n)
{
	int asked = 0;

	while (n-- > 0)
		asked += ask(w, head);
	return asked;
}

static const struct {
	const char *head;
	unsigned field;
	const char *voucher; /* differs in it, and in what vouches for it */
} odd_ones[] = {
	{ OTHER LENGTH MODIFIED, E, OTHER LENGTH LATER },
	{ OTHER MODIFIED, E, OTHER LENGTH },
	{ ETAG LENGTH LATER, D, OTHER LENGTH LATER },
	{ ETAG LENGTH NOW FUTURE, D, "etag: \"\"\r\n" LENGTH LATER },
	{ ETAG "content-length: 9\r\n" MODIFIED, L,
	  OTHER "content-length: 9\r\n" LATER },
};

/* Thirty-two, and no more; but the fields that vouch for it must fit. */
static void
test_odd(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(odd_ones); i++) {
		struct world w = { .habits = { 0 } };
		const char *head = odd_ones[i].head;

		assert_int_equal(ask_often(&w, head, 31), 62);
		assert_int_equal(w.habits.passed_over, 0);
		assert_int_equal(ask(&w, head), 2);
		assert_int_equal(w.habits.passed_over, odd_ones[i].field);
		assert_int_equal(ask_often(&w, head, 40), 40);
		assert_int_equal(ask_often(&w, ETAG LENGTH MODIFIED, 2), 2);
		assert_int_equal(ask_often(&w, odd_ones[i].voucher, 40), 80);
		assert_int_equal(w.habits.passed_over, odd_ones[i].field);
	}
}

/* In a row, and in the same field. */
static void
test_not_in_a_row(void **state)
{
	static const char *const between[] = {
		ETAG LENGTH MODIFIED, /* fits */
		OTHER LENGTH LATER, /* replaced */
		ETAG LENGTH LATER, /* odd in another way */
		ETAG LENGTH NOW JUST_NOW,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(between); i++) {
		struct world w = { .habits = { 0 } };

		for (int n = 0; n < 3; n++) {
			ask_often(&w, OTHER LENGTH MODIFIED, 31);
			ask(&w, between[i]);
		}
		assert_int_equal(w.habits.passed_over, 0);
		ask_often(&w, OTHER LENGTH MODIFIED, 32);
		assert_int_equal(w.habits.passed_over, E);
	}
}

/* One of ETag and date is always compared; the length may not be, besides. */
static void
test_one_must_fit(void **state)
{
	struct world w = { .habits = { 0 } };

	(void)state;
	ask_often(&w, OTHER LENGTH MODIFIED, 32);
	assert_int_equal(ask_often(&w, ETAG LENGTH LATER, 50), 100);
	assert_int_equal(w.habits.passed_over, E);
	ask_often(&w, OTHER "content-length: 9\r\n" MODIFIED, 32);
	assert_int_equal(w.habits.passed_over, E | L);
	assert_int_equal(ask(&w, OTHER "content-length: 7\r\n" MODIFIED), 1);
	assert_int_equal(ask(&w, OTHER LENGTH LATER), 2);
}

/* A 404 is asked for again, until so many came again. */
static void
test_missing(void **state)
{
	struct world w = { .habits = { 0 } };

	(void)state;
	assert_int_equal(ask_often(&w, NULL, 31), 62);
	assert_int_equal(ask(&w, ETAG LENGTH MODIFIED), 1);
	assert_int_equal(ask_often(&w, NULL, 32), 64);
	assert_int_equal(ask_often(&w, NULL, 100), 100);
	assert_int_equal(ask(&w, ETAG LENGTH MODIFIED), 1);
	assert_int_equal(ask(&w, NULL), 2);
}

/* At 10:31:00 by the clock of the store, of what was listed in these five seconds. */
static const struct {
	const char *listed, *head;
	bool has_fine_dates, is_settled;
} versions[] = {
	{ "2025-10-14T10:30:00.123Z", ETAG LENGTH MODIFIED, true, true },
	{ "2025-10-14T10:30:00.000Z", ETAG LENGTH MODIFIED, false, true },
	{ "2025-10-14T10:30:00Z", LENGTH MODIFIED, false, true },
	{ "2025-10-14T10:30:52.000Z", ETAG LENGTH, false, true },
	{ "2025-10-14T10:30:53.000Z", ETAG LENGTH, false, false },
	{ "2025-10-14T10:30:59.000Z", ETAG LENGTH, false, false },
	{ "2025-10-14T10:31:30.000Z", ETAG LENGTH, false, false },
	{ "2025-10-14T10:30:59.000Z", ETAG LENGTH, true, true },
	{ "2025-10-14T10:30:59.288Z", LENGTH, true, false },
	{ "2025-10-14T10:30:00.000Z", LENGTH, true, false },
	{ "", ETAG LENGTH MODIFIED, true, false },
	{ "yesterday", ETAG LENGTH MODIFIED, true, false },
};

static void
test_settled(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct head_habits habits = {
			.has_fine_dates = versions[i].has_fine_dates
		};
		struct head_check check = { .habits = &habits,
					    .etag = LISTED_ETAG,
					    .last_modified = versions[i].listed,
					    .size = 10,
					    .listed_ms =
						    date_mono_ms() - 5000 };
		struct http_answer a = answer_of(200, versions[i].head);

		buf_add_str(&a.head, "Date: Tue, 14 Oct 2025 10:31:00 GMT\r\n");
		assert_int_equal(head_check_is_settled(&check, &a),
				 versions[i].is_settled);
		buf_clear(&a.head);
	}
}

static void
test_fine_dates(void **state)
{
	struct head_habits habits = { 0 };

	(void)state;
	head_habits_see_date(&habits, "2025-10-14T10:30:00Z");
	head_habits_see_date(&habits, "2025-10-14T10:30:00.000Z");
	head_habits_see_date(&habits, "");
	assert_false(habits.has_fine_dates);
	head_habits_see_date(&habits, "2025-10-14T10:30:00.010Z");
	head_habits_see_date(&habits, "2025-10-14T10:30:00.000Z");
	assert_true(habits.has_fine_dates);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_third),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_not_in_a_row),
		cmocka_unit_test(test_one_must_fit),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_settled),
		cmocka_unit_test(test_fine_dates),
	};
	struct err err = ERR_INIT;

	fake_clock_reset();
	log_open(LOG_TO_STDERR, "/dev/null", LOG_LEVEL_DEBUG, &err);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
