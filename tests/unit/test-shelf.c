/* SPDX-License-Identifier: MIT */
/*
 * Our objects in a bucket by hand: each name of ours once, what a look tells, and that
 * nothing is deleted but what was seen there.
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
	assert_int_equal(__builtin_popcount(shelf_find("memo", 4)), 3);
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
			 2 * SHELF_ROWS);
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
		cmocka_unit_test(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
