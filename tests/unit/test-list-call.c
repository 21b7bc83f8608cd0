/* SPDX-License-Identifier: MIT */
/*
 * Parsers that pages of several buckets share: pages of one that stall do not
 * keep the others waiting, and memory has a bound.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "lister-fixture.h"

/* Listers, and the page of each that has begun to come in. */
struct crowd {
	struct fixture fx;
	struct run runs[LIST_PARSERS_MAX + 4];
	struct http_transfer *pages[LIST_PARSERS_MAX + 4];
	size_t n;
};

/* One more, of that bucket; NULL: the one that has most. */
static struct http_transfer *
crowd_add(struct crowd *c, const char *bucket)
{
	struct run *run = &c->runs[c->n];
	struct http_transfer *t;

	run_begin(run, &c->fx, (struct lister_options){ .bucket = bucket });
	for (size_t k = 0; (t = fake_http_get(c->fx.http, k)); k++)
		c->pages[c->n] = t;
	t = c->pages[c->n++];
	run_stream(run, t, LAST_HEAD);
	return t;
}

/* All parsers are with one bucket, whose pages stall there; one more waits. */
static void
crowd_init(struct crowd *c)
{
	c->n = 0;
	fixture_init(&c->fx);
	while (c->n <= LIST_PARSERS_MAX)
		crowd_add(c, NULL);
	assert_true(c->pages[LIST_PARSERS_MAX]->is_paused);
}

static void
crowd_finish(struct crowd *c, size_t i)
{
	run_finish(&c->runs[i], c->pages[i], OBJECT("a") END);
	assert_true(c->runs[i].is_last);
	assert_int_equal(c->runs[i].code, 0);
}

static void
crowd_clear(struct crowd *c)
{
	const struct list_parsers *p = &c->fx.lists.parsers;

	for (size_t i = 0; i < c->n; i++)
		lister_free(c->runs[i].lister);
	assert_int_equal(p->n_taken, 0);
	assert_in_range(p->n_spare, 1, LIST_PARSERS_MAX);
	assert_null(p->waiting);
	assert_null(p->buckets);
	fixture_clear(&c->fx);
}

/* Each other bucket has a parser of its own, as long as it has none. */
static void
test_other_buckets(void **state)
{
	static struct crowd c;
	const struct list_parsers *p;
	struct http_transfer *small, *smaller, *second;

	(void)state;
	crowd_init(&c);
	p = &c.fx.lists.parsers;
	small = crowd_add(&c, "small");
	second = crowd_add(&c, "small");
	smaller = crowd_add(&c, "smaller");
	assert_false(small->is_paused);
	assert_true(second->is_paused);
	assert_false(smaller->is_paused);
	assert_int_equal(p->n_taken, LIST_PARSERS_MAX + 2);
	/* its second page, as soon as the first has been digested */
	crowd_finish(&c, LIST_PARSERS_MAX + 1);
	assert_false(second->is_paused);
	assert_true(c.pages[LIST_PARSERS_MAX]->is_paused);
	crowd_finish(&c, LIST_PARSERS_MAX + 2);
	crowd_finish(&c, LIST_PARSERS_MAX + 3);
	assert_int_equal(p->n_taken, LIST_PARSERS_MAX);
	for (size_t i = 0; i <= LIST_PARSERS_MAX; i++)
		crowd_finish(&c, i);
	crowd_clear(&c);
}

/* The next parser is for the bucket that has the fewest, whoever came first. */
static void
test_fewest_first(void **state)
{
	static struct crowd c;
	struct http_transfer *second;

	(void)state;
	crowd_init(&c);
	crowd_add(&c, "small");
	second = crowd_add(&c, "small");
	assert_true(second->is_paused);
	crowd_finish(&c, 0); /* it only brings them down to the limit */
	assert_true(second->is_paused);
	crowd_finish(&c, 1);
	assert_false(second->is_paused);
	assert_true(c.pages[LIST_PARSERS_MAX]->is_paused);
	for (size_t i = 2; i < c.n; i++)
		crowd_finish(&c, i);
	crowd_clear(&c);
}

/* One that waits and is given up waits no more. */
static void
test_waiting_ends(void **state)
{
	static struct crowd c;
	const struct list_parsers *p;

	(void)state;
	crowd_init(&c);
	p = &c.fx.lists.parsers;
	lister_stop(c.runs[LIST_PARSERS_MAX].lister);
	fixture_settle(&c.fx);
	assert_int_equal(c.runs[LIST_PARSERS_MAX].code, ECANCELED);
	assert_null(p->waiting);
	for (size_t i = 0; i < LIST_PARSERS_MAX; i++)
		crowd_finish(&c, i);
	crowd_clear(&c);
}

/* --- pages that are not what was asked for --- */

#define CONTRADICTION LAST_HEAD "<Prefix>a</Prefix>" END

/* The oldest LIST, which must be sent over a new connection, or over any. */
static struct http_transfer *
find_asked(struct run *run, bool is_again)
{
	struct http_transfer *t = fixture_find(run->fx, LIST);

	assert_int_equal(t->r.wants_new_connection, is_again);
	return t;
}

/* Once more over a new connection, whatever the retries; what comes then counts. */
static void
test_contradiction(void **state)
{
	struct fixture fx;
	struct run run;

	(void)state;
	run_init(&run, &fx, 0);
	run_finish(&run, find_asked(&run, false), CONTRADICTION);
	assert_int_equal(run.n_pages, 0);
	run_finish(&run, find_asked(&run, true), LAST_HEAD OBJECT("a") END);
	assert_string_equal(run.keys, "a ");
	assert_int_equal(run.code, 0);
	run_clear(&run);
}

static void
test_contradiction_again(void **state)
{
	struct fixture fx;
	struct run run;

	(void)state;
	run_init(&run, &fx, 3);
	run_finish(&run, find_asked(&run, false), CONTRADICTION);
	run_finish(&run, find_asked(&run, true), CONTRADICTION);
	assert_int_equal(run.code, EIO);
	assert_string_equal(run.keys, "");
	run_clear(&run);
}

/* Metadata are not to blame. */
static void
test_contradiction_with_metadata(void **state)
{
	static const char *const names[] = { "file-size" };
	static const struct list_wanted wanted = { .names = names, .n = 1 };
	struct fixture fx;
	struct run run;

	(void)state;
	fixture_init(&fx);
	run_begin(&run, &fx, (struct lister_options){ .wanted = &wanted });
	run_finish(&run, find_asked(&run, false), CONTRADICTION);
	run_finish(&run, find_asked(&run, true), CONTRADICTION);
	assert_int_equal(run.code, EIO);
	run_clear(&run);
}

#define AFTER_OF(token) "<ContinuationToken>" token "</ContinuationToken>"

/* A store with words of its own is asked again once, and is believed then. */
static void
test_echo_of_its_own(void **state)
{
	struct fixture fx;
	struct run run;

	(void)state;
	run_init(&run, &fx, 0);
	run_finish(&run, find_asked(&run, false), HEAD("t1") END);
	run_finish(&run, find_asked(&run, false),
		   HEAD("t2") AFTER_OF("x1") END);
	run_finish(&run, find_asked(&run, true), HEAD("t2") AFTER_OF("x1") END);
	run_finish(&run, find_asked(&run, false),
		   LAST_HEAD AFTER_OF("x2") OBJECT("a") END);
	assert_string_equal(run.keys, "a ");
	run_clear(&run);
}

/* One that has repeated what it was asked is not. */
static void
test_echo_of_another(void **state)
{
	struct fixture fx;
	struct run run;

	(void)state;
	run_init(&run, &fx, 0);
	run_finish(&run, find_asked(&run, false), HEAD("t1") END);
	run_finish(&run, find_asked(&run, false),
		   HEAD("t2") AFTER_OF("t1") END);
	run_finish(&run, find_asked(&run, false), LAST_HEAD AFTER_OF("t1") END);
	run_finish(&run, find_asked(&run, true), LAST_HEAD AFTER_OF("t1") END);
	assert_int_equal(run.code, EIO);
	run_clear(&run);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_buckets),
		cmocka_unit_test(test_fewest_first),
		cmocka_unit_test(test_waiting_ends),
		cmocka_unit_test(test_contradiction),
		cmocka_unit_test(test_contradiction_again),
		cmocka_unit_test(test_contradiction_with_metadata),
		cmocka_unit_test(test_echo_of_its_own),
		cmocka_unit_test(test_echo_of_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
