/* SPDX-License-Identifier: MIT */
/*
 * Our objects in a bucket by hand: each name of ours once, what a look tells, and that
 * nothing is deleted but what was seen there; packs are what a listing calls so exactly.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include <utlist.h>

#include "engine-fixture.h"
#include "engine/cache.h"
#include "engine/shelf.h"

#define ABSENT "<Error><Code>NoSuchKey</Code></Error>"
#define NO_BUCKET "<Error><Code>NoSuchBucket</Code></Error>"
#define DENIED "<Error><Code>AccessDenied</Code></Error>"

#define PACKS 5 /* the row */
#define OURS ".deltaglider/"
#define IS_BEHIND "start-after=.deltaglider%2Foriginals_"

struct world {
	struct fixture fx;
	struct shelf_env env;
	struct waiter *all;
};

struct asker {
	struct waiter w;
	struct shelf_look look;
	int n_done, code;
};

static void
world_init(struct world *w)
{
	*w = (struct world){ .all = NULL };
	fixture_init(&w->fx);
	w->env = (struct shelf_env){ .s3 = w->fx.s3,
				     .lists = &w->fx.lists,
				     .timers = &w->fx.timers,
				     .limits = &w->fx.limits };
}

static void
world_clear(struct world *w)
{
	fixture_settle(&w->fx);
	assert_null(w->all);
	assert_null(w->env.running);
	fixture_clear(&w->fx);
}

static void
on_done(struct waiter *w, struct result *r, const struct err *err)
{
	struct asker *a = CONTAINER_OF(w, struct asker, w);

	assert_null(r);
	a->n_done++;
	a->code = err->code;
}

static void
ask(struct world *w, struct asker *a, enum waiter_kind kind, unsigned row)
{
	*a = (struct asker){ .w = { .kind = kind,
				    .on_done = on_done,
				    .shelf = { .bucket = w->fx.bucket,
					       .row = row,
					       .look = &a->look },
				    .all = &w->all } };
	DL_APPEND2(w->all, &a->w, all_prev, all_next);
	shelf_add(&w->env, &a->w);
	fixture_settle(&w->fx);
}

static void
answer(struct world *w, const char *method, const char *key, int status,
       const char *body)
{
	fake_http_answer(
		fixture_find(&w->fx, method, key),
		&(struct fake_answer){ .status = status, .body = body });
	fixture_settle(&w->fx);
}

static void
expect(const struct asker *a, int code, bool is_there)
{
	assert_int_equal(a->n_done, 1);
	assert_int_equal(a->code, code);
	assert_int_equal(a->look.is_there, is_there);
}

/* Every mode has a row, and no key has two. */
static void
test_names(void **state)
{
	unsigned all = 0;

	(void)state;
	for (unsigned row = 0; row < SHELF_ROWS; row++) {
		const struct shelf_row *r = &shelf_rows[row];

		assert_int_equal(strncmp(r->key, INTERNAL_PREFIX,
					 strlen(INTERNAL_PREFIX)),
				 0);
		for (unsigned i = 0; i < row; i++)
			assert_string_not_equal(r->key, shelf_rows[i].key);
		if (r->is_document) {
			assert_string_equal(r->name, mode_names[r->mode]);
			assert_string_equal(r->key, cache_key(r->mode));
		}
		assert_true(shelf_find(r->name, strlen(r->name)) & 1u << row);
	}
	for (int mode = 0; mode < N_DOCUMENTS; mode++)
		all |= shelf_find(mode_names[mode], strlen(mode_names[mode]));
	assert_int_equal(all | shelf_find("memo", 4), (1u << SHELF_ROWS) - 1);
	assert_int_equal(__builtin_popcount(shelf_find("memo", 4)), 4);
	assert_true(shelf_rows[PACKS].is_packs);
	assert_int_equal(shelf_find("quic", 4), 0);
	assert_int_equal(shelf_find("quick,", 6), 0);
	assert_int_equal(shelf_find("", 0), 0);
}

/* There is no DELETE without an object that was seen. */
static void
test_removal(void **state)
{
	struct world w;
	struct asker a;

	(void)state;
	world_init(&w);
	for (unsigned row = 0; row < SHELF_ROWS; row++) {
		const char *key = shelf_rows[row].key;

		if (row == PACKS)
			continue;
		ask(&w, &a, WAIT_FOR_REMOVAL, row);
		answer(&w, "GET", key, 404, ABSENT);
		expect(&a, 0, false);
		ask(&w, &a, WAIT_FOR_REMOVAL, row);
		answer(&w, "GET", key, 404, NO_BUCKET);
		expect(&a, ENOENT, false);
		ask(&w, &a, WAIT_FOR_REMOVAL, row);
		answer(&w, "GET", key, 403, NULL);
		expect(&a, EACCES, false);
		assert_int_equal(fake_http_seen(w.fx.http, "DELETE", key), 0);
		ask(&w, &a, WAIT_FOR_REMOVAL, row);
		answer(&w, "GET", key, 200, "whatever it is");
		assert_int_equal(a.n_done, 0);
		answer(&w, "DELETE", key, 204, NULL);
		expect(&a, 0, true);
		ask(&w, &a, WAIT_FOR_REMOVAL, row);
		answer(&w, "GET", key, 200, "whatever it is");
		answer(&w, "DELETE", key, 403, NULL);
		assert_int_equal(a.code, EACCES);
	}
	assert_int_equal(fake_http_seen(w.fx.http, "DELETE", ""),
			 2 * (SHELF_ROWS - 1));
	world_clear(&w);
}

static void
test_look(void **state)
{
	struct world w;
	struct asker a;

	(void)state;
	world_init(&w);
	ask(&w, &a, WAIT_FOR_LOOK, MODE_QUICK);
	answer(&w, "GET", "stats_quick", 200, "nonsense");
	expect(&a, 0, true);
	assert_int_equal(a.look.size, 8);
	assert_int_equal(a.look.verdict, CACHE_BAD);
	assert_null(a.look.result);
	/* too long for us: its size is what the head says */
	ask(&w, &a, WAIT_FOR_LOOK, MODE_QUICK);
	fake_http_answer(
		fixture_find(&w.fx, "GET", "stats_quick"),
		&(struct fake_answer){ .status = 200,
				       .head = "content-length: 12345678\r\n",
				       .body = "x",
				       .err = EFBIG });
	fixture_settle(&w.fx);
	expect(&a, 0, true);
	assert_int_equal(a.look.size, 12345678);
	assert_int_equal(fake_http_seen(w.fx.http, "DELETE", ""), 0);
	world_clear(&w);
}

/* The oldest question for a page. */
static void
answer_list(struct world *w, const char *objects, const char *token)
{
	struct buf xml CLEANUP_BUF = BUF_INIT(10000);

	fake_list_page(&xml, objects, token);
	fake_http_answer(
		fixture_find(&w->fx, LIST),
		&(struct fake_answer){ .status = 200, .body = buf_str(&xml) });
	fixture_settle(&w->fx);
}

static unsigned
deleted(struct world *w, const char *part)
{
	return fake_http_seen(w->fx.http, "DELETE", part);
}

/* Three packs in two pages, and names that are like theirs. */
static void
answer_packs(struct world *w)
{
	answer_list(w,
		    OURS
		    "originals_000.bin=10 " OURS "originals_000.bin.old=1 " OURS
		    "originals_0000.bin=1 " OURS "originals_00000000=1 " OURS
		    "originals_01.bin=1",
		    "more");
	answer_list(w,
		    OURS "originals_01a.bin=1 " OURS "originals_042.BIN=1 " OURS
			 "originals_042.bin=5 " OURS
			 "originals_042.bin/=1 " OURS
			 "originals_042.bio=1 " OURS "originals_999.bin=7 " OURS
			 "originals_999.bin0=1 " OURS "originals_abc.bin=1",
		    "and more");
}

static void
test_packs(void **state)
{
	struct world w;
	struct asker a;

	(void)state;
	world_init(&w);
	ask(&w, &a, WAIT_FOR_LOOK, PACKS);
	assert_int_equal(fake_http_pending(w.fx.http, "GET", IS_BEHIND), 1);
	answer_list(&w, "a=1", "more"); /* none, and no page more is of use */
	expect(&a, 0, false);
	assert_int_equal(a.look.n_packs, 0);
	ask(&w, &a, WAIT_FOR_LOOK, PACKS);
	answer_packs(&w);
	expect(&a, 0, true);
	assert_int_equal(a.look.n_packs, 3);
	assert_int_equal(a.look.size, 10 + 5 + 7);
	assert_int_equal(deleted(&w, ""), 0);

	ask(&w, &a, WAIT_FOR_REMOVAL, PACKS);
	answer_packs(&w);
	answer(&w, "DELETE", OURS "originals_000.bin", 204, NULL);
	answer(&w, "DELETE", OURS "originals_042.bin", 204, NULL);
	assert_int_equal(a.n_done, 0);
	answer(&w, "DELETE", OURS "originals_999.bin", 204, NULL);
	expect(&a, 0, true);
	assert_int_equal(a.look.n_packs, 3);
	ask(&w, &a, WAIT_FOR_REMOVAL, PACKS);
	answer_list(&w, "", NULL);
	expect(&a, 0, false);
	assert_int_equal(deleted(&w, ""), 3);
	world_clear(&w);
}

/* It ends with the first one that can't be deleted; what is gone is told. */
static void
test_packs_that_stay(void **state)
{
	struct world w;
	struct asker a;

	(void)state;
	world_init(&w);
	ask(&w, &a, WAIT_FOR_REMOVAL, PACKS);
	answer_packs(&w);
	answer(&w, "DELETE", "originals_000", 204, NULL);
	answer(&w, "DELETE", "originals_042", 403, DENIED);
	expect(&a, EACCES, false);
	assert_int_equal(a.look.n_packs, 1);
	for (int i = 0; i < 2; i++) { /* refused behind a key, and altogether */
		if (i == 0)
			ask(&w, &a, WAIT_FOR_REMOVAL, PACKS);
		fake_http_answer(
			fixture_find(&w.fx, LIST),
			&(struct fake_answer){ .status = 403, .body = DENIED });
		fixture_settle(&w.fx);
	}
	expect(&a, EACCES, false);
	assert_int_equal(a.look.n_packs, 0);
	ask(&w, &a, WAIT_FOR_REMOVAL, PACKS);
	answer_list(&w, "", "more"); /* a loop is an error */
	answer_list(&w, "", "more");
	expect(&a, EIO, false);
	assert_int_equal(deleted(&w, ""), 2);
	world_clear(&w);
}

/* A store that begins elsewhere, or has no order, is listed so; once. */
static void
test_packs_otherwise(void **state)
{
	struct world w;
	struct asker a;

	(void)state;
	world_init(&w);
	ask(&w, &a, WAIT_FOR_REMOVAL, PACKS);
	answer_list(&w, "+=1 " OURS "originals_001.bin=1", "more");
	assert_int_equal(fake_http_pending(w.fx.http, "GET", "start-after"), 0);
	answer_list(&w, "+=1 " OURS "old=1", "more");
	answer_list(&w, OURS "originals_002.bin=1 " OURS "stats=1", "more");
	answer(&w, "DELETE", "originals_002", 204, NULL);
	expect(&a, 0, true);
	assert_int_equal(a.look.n_packs, 1);

	ask(&w, &a, WAIT_FOR_REMOVAL, PACKS);
	answer_list(&w, "z=1 " OURS "originals_003.bin=1", "more");
	assert_int_equal(fake_http_pending(w.fx.http, "GET", "start-after"), 0);
	answer_list(&w, "z=1 " OURS "originals_004.bin=1 a=1", "more");
	answer_list(&w, "x=1 " OURS "originals_000.bin=1", NULL);
	answer(&w, "DELETE", "originals_000", 204, NULL);
	answer(&w, "DELETE", "originals_004", 204, NULL);
	expect(&a, 0, true);
	assert_int_equal(a.look.n_packs, 2);
	assert_int_equal(deleted(&w, ""), 3);
	world_clear(&w);
}

/* Each pack has its time; what comes too late is the last thing that was asked for. */
static void
test_packs_in_time(void **state)
{
	struct world w;
	struct asker a;

	(void)state;
	world_init(&w);
	ask(&w, &a, WAIT_FOR_REMOVAL, PACKS);
	fixture_advance(&w.fx, FIXTURE_TIMEOUT_MS + 1);
	expect(&a, ETIMEDOUT, false);
	ask(&w, &a, WAIT_FOR_REMOVAL, PACKS);
	answer_packs(&w);
	fixture_advance(&w.fx, FIXTURE_TIMEOUT_MS - 1);
	answer(&w, "DELETE", "originals_000", 204, NULL);
	fixture_advance(&w.fx, FIXTURE_TIMEOUT_MS - 1);
	answer(&w, "DELETE", "originals_042", 204, NULL);
	fixture_advance(&w.fx, FIXTURE_TIMEOUT_MS + 1);
	expect(&a, ETIMEDOUT, false);
	assert_int_equal(a.look.n_packs, 2);
	for (int i = 0; i < 2; i++) { /* stopped at a LIST, and at a DELETE */
		ask(&w, &a, WAIT_FOR_REMOVAL, PACKS);
		if (i == 1)
			answer_packs(&w);
		shelf_stop(&w.env);
		fixture_settle(&w.fx);
		assert_int_equal(a.code, ECANCELED);
	}
	assert_int_equal(deleted(&w, ""), 3 + 1);
	world_clear(&w);
}

/* Too late, or not wanted any more: one completion, and no DELETE behind it. */
static void
test_end(void **state)
{
	struct world w;
	struct asker a;

	(void)state;
	world_init(&w);
	ask(&w, &a, WAIT_FOR_REMOVAL, MODE_DETAILED);
	fixture_advance(&w.fx, FIXTURE_TIMEOUT_MS + 1);
	expect(&a, ETIMEDOUT, false);
	ask(&w, &a, WAIT_FOR_REMOVAL, MODE_DETAILED);
	shelf_stop(&w.env);
	fixture_settle(&w.fx);
	assert_int_equal(a.n_done, 1);
	assert_int_not_equal(a.code, 0);
	assert_int_equal(fake_http_seen(w.fx.http, "DELETE", ""), 0);
	world_clear(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_removal),
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_packs),
		cmocka_unit_test(test_packs_that_stay),
		cmocka_unit_test(test_packs_otherwise),
		cmocka_unit_test(test_packs_in_time),
		cmocka_unit_test(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
