/* SPDX-License-Identifier: MIT */
/*
 * Pages that are asked for while the one before still comes in: at once when the
 * token is known, never read before their turn, and without a trace where they
 * were asked for in vain.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "ahead-fixture.h"

/* Each page is asked for once, before the one ahead of it is complete. */
static void
test_overlap(void **state)
{
	struct fixture fx;
	struct run run;
	struct http_transfer *first, *second, *third;

	(void)state;
	ahead_init(&run, &fx, 0);
	first = ahead_begin_two(&run, &second);
	ahead_stream(&run, first, OBJECT("b"));
	ahead_finish(&run, first, OBJECT("c") END);
	assert_string_equal(run.keys, "a b c ");
	assert_true(run.is_asked);
	assert_int_equal(fixture_pending(&fx, LIST), 1);
	ahead_stream(&run, second, HEAD("t2"));
	third = fixture_find(&fx, AFTER("t2"));
	ahead_finish(&run, second, OBJECT("d") END);
	ahead_finish(&run, third, LAST_HEAD OBJECT("e") END);
	assert_string_equal(run.keys, "a b c d e ");
	assert_true(run.is_last);
	assert_int_equal(run.code, 0);
	assert_int_equal(fixture_seen(&fx, LIST), 3);
	assert_int_equal(run.n_allowed, 2);
	assert_int_equal(run.n_in_vain, 0);
	ahead_clear(&run);
}

/* What comes too early waits, whole pages and parts of them. */
static void
test_order(void **state)
{
	(void)state;
	for (int is_whole = 0; is_whole < 2; is_whole++) {
		struct fixture fx;
		struct run run;
		struct http_transfer *first, *second;

		ahead_init(&run, &fx, 0);
		first = ahead_begin_two(&run, &second);
		if (is_whole)
			ahead_finish(&run, second, LAST_HEAD OBJECT("c") END);
		else
			ahead_stream(&run, second, LAST_HEAD OBJECT("c"));
		assert_true(second->is_paused);
		assert_int_equal(run.n_pages, 0);
		ahead_finish(&run, first, OBJECT("b") END);
		if (!is_whole) {
			assert_string_equal(run.keys, "a b ");
			ahead_finish(&run, second, END);
		}
		assert_string_equal(run.keys, "a b c ");
		assert_int_equal(run.n_pages, 2);
		assert_int_equal(fixture_seen(&fx, LIST), 2);
		ahead_clear(&run);
	}
}

/* Nothing of a page ahead is asked for, unless all of it is known. */
static void
test_not_known(void **state)
{
	static const char *const begins[] = {
		ROOT TRUNCATED OBJECT("a"), /* the token comes last */
		ROOT TOKEN("t1") OBJECT("a"), /* truncated or not? */
		ROOT TRUNCATED TOKEN("") OBJECT("a"),
		ROOT TRUNCATED "<NextContinuationToken>t1",
		LAST_HEAD TOKEN("t1") OBJECT("a"),
		"<Error>" TOKEN("t1") TRUNCATED,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(begins); i++) {
		struct fixture fx;
		struct run run;

		ahead_init(&run, &fx, 0);
		ahead_stream(&run, fixture_find(&fx, LIST), begins[i]);
		assert_int_equal(fixture_seen(&fx, LIST), 1);
		assert_int_equal(run.n_allowed, 0);
		lister_stop(run.lister);
		fixture_settle(&fx);
		ahead_clear(&run);
	}
}

/* The owner is asked again with each piece, until he agrees. */
static void
test_not_allowed(void **state)
{
	struct fixture fx;
	struct run run;
	struct http_transfer *first;

	(void)state;
	ahead_init(&run, &fx, 0);
	run.may_ask = false;
	first = fixture_find(&fx, LIST);
	ahead_stream(&run, first, HEAD("t1") OBJECT("a"));
	assert_int_equal(fixture_seen(&fx, LIST), 1);
	ahead_finish(&run, first, END);
	assert_false(run.is_asked);
	first = fixture_find(&fx, AFTER("t1"));
	ahead_stream(&run, first, HEAD("t2") OBJECT("b"));
	run.may_ask = true;
	ahead_stream(&run, first, OBJECT("c"));
	assert_int_equal(fixture_pending(&fx, AFTER("t2")), 1);
	ahead_finish(&run, first, END);
	ahead_finish(&run, fixture_find(&fx, LIST), LAST_HEAD END);
	assert_string_equal(run.keys, "a b c ");
	assert_int_equal(run.n_allowed, 1);
	ahead_clear(&run);
}

/* A page that is asked for again takes the one ahead with it. */
static void
test_retry(void **state)
{
	struct fixture fx;
	struct run run;
	struct http_transfer *first, *second;

	(void)state;
	ahead_init(&run, &fx, 1);
	first = ahead_begin_two(&run, &second);
	fake_http_answer(second, &(struct fake_answer){
					 .status = 200,
					 .body = LAST_HEAD OBJECT("z") END });
	fake_http_answer(first, &(struct fake_answer){ .status = 200,
						       .err = EIO,
						       .is_retryable = true });
	fixture_settle(&fx);
	assert_true(second->is_cancelled);
	assert_int_equal(run.n_in_vain, 1);
	fixture_advance(&fx, 20000);
	assert_int_equal(run.n_pages, 0);
	first = fixture_find(&fx, LIST);
	ahead_stream(&run, first, HEAD("t9") OBJECT("a")); /* another one now */
	assert_int_equal(fixture_pending(&fx, LIST), 1);
	ahead_finish(&run, first, END);
	ahead_finish(&run, fixture_find(&fx, AFTER("t9")),
		     LAST_HEAD OBJECT("b") END);
	assert_string_equal(run.keys, "a b ");
	ahead_clear(&run);
}

/* It fails for good, in itself or against what was before. */
static void
test_failure(void **state)
{
	static const char *const rests[] = { OBJECT("a") END, "</x>", END END };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rests); i++) {
		struct fixture fx;
		struct run run;
		struct http_transfer *first, *second;

		ahead_init(&run, &fx, 0);
		first = ahead_begin_two(&run, &second);
		ahead_finish(&run, first, rests[i]);
		assert_int_equal(run.code, EIO);
		assert_int_equal(run.n_pages, 1);
		assert_true(second->is_cancelled);
		assert_int_equal(run.n_in_vain, 1);
		assert_string_equal(run.keys, "");
		ahead_clear(&run);
	}
}

/* The range ends within the page; its end may have moved since. */
static void
test_end_of_range(void **state)
{
	(void)state;
	for (int is_lowered = 0; is_lowered < 2; is_lowered++) {
		struct fixture fx;
		struct run run;
		struct http_transfer *first, *second;

		ahead_init(&run, &fx, 0);
		lister_lower_until(run.lister, is_lowered ? "x" : "b", 1);
		first = ahead_begin_two(&run, &second);
		if (is_lowered)
			lister_lower_until(run.lister, "b", 1);
		ahead_finish(&run, first, OBJECT("b") OBJECT("c") END);
		assert_true(run.is_last);
		assert_string_equal(run.keys, "a b ");
		assert_true(second->is_cancelled);
		assert_int_equal(run.n_in_vain, 1);
		ahead_clear(&run);
	}
}

/* The owner frees the lister when it is told the end: the rest ends alone. */
static void
test_freed(void **state)
{
	struct fixture fx;
	struct run run;
	struct http_transfer *first, *second;

	(void)state;
	ahead_init(&run, &fx, 0);
	lister_lower_until(run.lister, "a", 1);
	first = ahead_begin_two(&run, &second);
	fake_http_answer(first,
			 &(struct fake_answer){ .status = 200, .body = END });
	http_poll(fx.http, 0);
	assert_true(run.is_last);
	lister_free(steal(&run.lister));
	fixture_settle(&fx);
	assert_int_equal(run.n_in_vain, 1);
	ahead_clear(&run);
}

/* One that failed, or came empty, is asked for again when its turn comes. */
static void
test_error_ahead(void **state)
{
	static const int statuses[] = { 500, 403, 200 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		struct fixture fx;
		struct run run;
		struct http_transfer *first, *second;

		ahead_init(&run, &fx, 0);
		first = ahead_begin_two(&run, &second);
		ahead_refuse(&run, second, statuses[i]);
		assert_int_equal(run.n_in_vain, 1);
		ahead_stream(&run, first, OBJECT("b")); /* not at once */
		assert_int_equal(fixture_pending(&fx, LIST), 1);
		ahead_finish(&run, first, END);
		assert_false(run.is_asked);
		ahead_finish(&run, fixture_find(&fx, AFTER("t1")),
			     LAST_HEAD END);
		assert_string_equal(run.keys, "a b ");
		assert_true(run.is_last);
		ahead_clear(&run);
	}
}

/* It is tried again like any other, be its turn come or not. */
static void
test_retry_ahead(void **state)
{
	(void)state;
	for (int is_early = 0; is_early < 2; is_early++) {
		struct fixture fx;
		struct run run;
		struct http_transfer *first, *second;

		ahead_init(&run, &fx, 1);
		first = ahead_begin_two(&run, &second);
		if (is_early)
			ahead_refuse(&run, second, 503);
		ahead_finish(&run, first, END);
		if (!is_early)
			ahead_refuse(&run, second, 503);
		fixture_advance(&fx, 20000);
		ahead_finish(&run, fixture_find(&fx, AFTER("t1")),
			     LAST_HEAD OBJECT("b") END);
		assert_string_equal(run.keys, "a b ");
		assert_int_equal(run.n_in_vain, 0);
		ahead_clear(&run);
	}
}

/* The page told a token, and then that it can't be read after all. */
static void
test_unreadable_token(void **state)
{
	struct fixture fx;
	struct run run;
	struct http_transfer *first, *second;

	(void)state;
	ahead_init(&run, &fx, 0);
	first = ahead_begin_two(&run, &second);
	ahead_finish(&run, first, "<ContinuationToken>&#x01;");
	assert_true(second->is_cancelled);
	assert_int_equal(run.n_in_vain, 1);
	ahead_finish(&run, fixture_find(&fx, "GET", "start-after=a"),
		     LAST_HEAD OBJECT("b") END);
	assert_string_equal(run.keys, "a b ");
	ahead_clear(&run);
}

/* The page says that it follows itself: no request is spent on that. */
static void
test_repeated_token(void **state)
{
	struct fixture fx;
	struct run run;
	struct http_transfer *first, *second;

	(void)state;
	ahead_init(&run, &fx, 0);
	first = ahead_begin_two(&run, &second);
	ahead_finish(&run, first, END);
	ahead_stream(&run, second, HEAD("t1"));
	assert_int_equal(fixture_pending(&fx, LIST), 1);
	ahead_finish(&run, second, OBJECT("b") END);
	assert_int_equal(run.code, EIO);
	ahead_clear(&run);
}

/* With metadata it can't be read: it is asked for without, and alone. */
static void
test_metadata(void **state)
{
	static const char *const names[] = { "dg-file-size" };
	static const struct list_wanted wanted = { .names = names, .n = 1 };
	struct fixture fx;
	struct run run;
	struct http_transfer *first;

	(void)state;
	fixture_init(&fx);
	ahead_begin(&run, &fx, (struct lister_options){ .wanted = &wanted });
	first = fixture_find(&fx, "GET", "metadata=true");
	ahead_stream(&run, first, HEAD("t1"));
	ahead_finish(&run, first, "<1st>");
	assert_int_equal(run.n_in_vain, 1);
	first = fixture_find(&fx, LIST);
	assert_null(strstr(first->url, "metadata=true"));
	ahead_stream(&run, first, HEAD("t1") OBJECT("a"));
	assert_int_equal(fixture_pending(&fx, LIST), 1);
	ahead_finish(&run, first, END);
	ahead_finish(&run, fixture_find(&fx, AFTER("t1")), LAST_HEAD END);
	assert_string_equal(run.keys, "a ");
	ahead_clear(&run);
}

/* Both end; also where the first is complete, and in its delivery. */
static void
test_stop(void **state)
{
	(void)state;
	for (int when = 0; when < 3; when++) {
		struct fixture fx;
		struct run run;
		struct http_transfer *first, *second;

		ahead_init(&run, &fx, 0);
		first = ahead_begin_two(&run, &second);
		run.stop_at = when == 2;
		if (when > 0) { /* it has ended, which is not yet known */
			fake_http_stream(first, END);
			fake_http_answer(
				first, &(struct fake_answer){ .status = 200 });
		}
		if (when < 2)
			lister_stop(run.lister);
		assert_int_equal(run.n_pages, 0);
		run.may_ask = false;
		fixture_settle(&fx);
		if (when == 1) { /* it asks on: nobody told it not to */
			lister_stop(run.lister);
			fixture_settle(&fx);
		}
		assert_true(second->is_cancelled);
		assert_int_equal(run.code, ECANCELED);
		assert_int_equal(run.n_pages, when == 0 ? 1 : 2);
		assert_int_equal(run.n_in_vain, when < 2);
		ahead_clear(&run);
	}
}

/* With all parsers taken, a page whose turn has come waits like all others. */
static void
test_parsers(void **state)
{
	struct fixture fx;
	struct run runs[LIST_PARSERS_MAX + 1];
	struct http_transfer *first[ARRAY_SIZE(runs)], *second;

	(void)state;
	fixture_init(&fx);
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		ahead_begin(&runs[i], &fx,
			    (struct lister_options){ .after = NULL });
		runs[i].may_ask = i == 0;
		for (size_t k = 0; (second = fake_http_get(fx.http, k)); k++)
			first[i] = second;
		ahead_stream(&runs[i], first[i],
			     i == 0 ? HEAD("t1") : LAST_HEAD);
		assert_int_equal(first[i]->is_paused, i == LIST_PARSERS_MAX);
	}
	second = fixture_find(&fx, AFTER("t1"));
	ahead_stream(&runs[0], second, LAST_HEAD OBJECT("b"));
	ahead_finish(&runs[0], first[0], OBJECT("a") END);
	assert_false(first[LIST_PARSERS_MAX]->is_paused);
	assert_true(second->is_paused);
	for (size_t i = 1; i < ARRAY_SIZE(runs); i++) {
		ahead_finish(&runs[i], first[i], END);
		assert_false(second->is_paused);
	}
	ahead_finish(&runs[0], second, END);
	assert_string_equal(runs[0].keys, "a b ");
	for (size_t i = 1; i < ARRAY_SIZE(runs); i++)
		lister_free(runs[i].lister);
	ahead_clear(&runs[0]);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_not_known),
		cmocka_unit_test(test_not_allowed),
		cmocka_unit_test(test_retry),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_end_of_range),
		cmocka_unit_test(test_freed),
		cmocka_unit_test(test_error_ahead),
		cmocka_unit_test(test_retry_ahead),
		cmocka_unit_test(test_unreadable_token),
		cmocka_unit_test(test_repeated_token),
		cmocka_unit_test(test_metadata),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_parsers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
