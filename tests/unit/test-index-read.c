/* SPDX-License-Identifier: MIT */
/*
 * One GET of the index of a memo for all who want it: who is told, when, of what; and
 * what becomes of it when they go.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "engine-fixture.h"
#include "engine/index-read.h"
#include "engine/ours.h"
#include "list/page.h"

#define INDEX "GET", "originals_index"

struct run {
	struct fixture fx;
	struct writeback_env writebacks;
	struct memo_env env;
	struct index_read *read; /* NULL: it is let go */
};

struct told {
	struct index_reader reader;
	unsigned n;
	struct run *lets_go; /* of that one's read, when it is told */
};

static void
on_ready(void *arg)
{
	struct told *t = arg;

	t->n++;
	if (t->lets_go)
		index_read_unref(steal(&t->lets_go->read));
}

static void
run_init(struct run *run)
{
	*run = (struct run){ .read = NULL };
	fixture_init(&run->fx);
	run->writebacks = (struct writeback_env){ .s3 = run->fx.s3,
						  .timers = &run->fx.timers,
						  .limits = &run->fx.limits };
	run->env = (struct memo_env){ .writebacks = &run->writebacks };
	run->read = index_read_new(&run->env, run->fx.bucket);
}

static void
run_clear(struct run *run)
{
	index_read_unref(run->read);
	fixture_settle(&run->fx);
	assert_int_equal(run->env.n_gets, 0);
	fixture_clear(&run->fx);
}

static void
join(struct run *run, struct told *t)
{
	t->reader = (struct index_reader){ .on_ready = on_ready, .arg = t };
	index_read_join(run->read, &t->reader);
}

static void
answer(struct run *run, const char *head, const char *body)
{
	fixture_settle(&run->fx);
	fake_http_answer(fixture_find(&run->fx, INDEX),
			 &(struct fake_answer){
				 .status = 200, .head = head, .body = body });
	fixture_settle(&run->fx);
}

/* Who comes later is told of the same answer, and never from inside. */
static void
test_one_get_for_all(void **state)
{
	struct told first = { .n = 0 }, second = { .n = 0 }, late = { .n = 0 };
	struct run run;

	(void)state;
	run_init(&run);
	join(&run, &first);
	join(&run, &second);
	fixture_settle(&run.fx);
	assert_int_equal(fixture_pending(&run.fx, INDEX), 1);
	assert_int_equal(run.env.n_gets, 1);
	answer(&run, "etag: \"e1\"\r\n", "bytes");
	assert_int_equal(first.n, 1);
	assert_int_equal(second.n, 1);
	join(&run, &late);
	assert_int_equal(late.n, 0);
	fixture_settle(&run.fx);
	assert_int_equal(late.n, 1);
	assert_int_equal(first.n, 1);
	assert_int_equal(fixture_seen(&run.fx, INDEX), 1);
	assert_int_equal(index_read_answer(run.read)->err.code, 0);
	assert_string_equal(index_read_answer(run.read)->etag, "\"e1\"");
	assert_int_equal(index_read_answer(run.read)->body.len, 5);
	assert_true(index_read_traffic(run.read).n_requests == 1);
	run_clear(&run);
}

/* Nobody waits for it longer than for a document. */
static void
test_limit(void **state)
{
	const int limit_ms = FIXTURE_TIMEOUT_MS / CACHE_GET_PART;
	struct told t = { .n = 0 };
	struct run run;

	(void)state;
	run_init(&run);
	join(&run, &t);
	fixture_advance(&run.fx, limit_ms - 1);
	assert_int_equal(t.n, 0);
	fixture_advance(&run.fx, 1);
	assert_int_equal(t.n, 1);
	assert_int_not_equal(index_read_answer(run.read)->err.code, 0);
	run_clear(&run);
}

static void
test_failure(void **state)
{
	struct told t = { .n = 0 };
	struct run run;

	(void)state;
	run_init(&run);
	join(&run, &t);
	fixture_settle(&run.fx);
	fixture_refuse(&run.fx, INDEX, 403);
	assert_int_equal(t.n, 1);
	assert_int_equal(index_read_answer(run.read)->status, 403);
	assert_int_equal(index_read_answer(run.read)->err.code, EACCES);
	assert_string_equal(index_read_answer(run.read)->etag, "");
	run_clear(&run);
}

/* What is not known to be whole is no ETag to put an index over. */
static void
test_long_etag(void **state)
{
	char head[2 * S3_ETAG_MAX + 16];
	struct told t = { .n = 0 };
	struct run run;

	(void)state;
	run_init(&run);
	join(&run, &t);
	snprintf(head, sizeof(head), "etag: \"%0*d\"\r\n", S3_ETAG_MAX, 0);
	answer(&run, head, "bytes");
	assert_int_equal(t.n, 1);
	assert_string_equal(index_read_answer(run.read)->etag, "");
	run_clear(&run);
}

static void
test_reader_leaves(void **state)
{
	struct told gone = { .n = 0 }, stays = { .n = 0 };
	struct run run;

	(void)state;
	run_init(&run);
	join(&run, &gone);
	join(&run, &stays);
	fixture_settle(&run.fx);
	index_read_leave(run.read, &gone.reader);
	index_read_leave(run.read, &gone.reader);
	assert_int_equal(fixture_pending(&run.fx, INDEX), 1);
	answer(&run, NULL, "bytes");
	assert_int_equal(gone.n, 0);
	assert_int_equal(stays.n, 1);
	run_clear(&run);
}

/* The last one goes: the GET is cancelled, and its end frees all. */
static void
test_last_goes(void **state)
{
	struct told t = { .n = 0 };
	struct http_transfer *get;
	struct run run;

	(void)state;
	run_init(&run);
	join(&run, &t);
	fixture_settle(&run.fx);
	get = fixture_find(&run.fx, INDEX);
	index_read_leave(run.read, &t.reader);
	index_read_unref(index_read_ref(run.read));
	assert_false(get->is_cancelled);
	index_read_unref(steal(&run.read));
	assert_true(get->is_cancelled);
	fixture_settle(&run.fx);
	assert_int_equal(t.n, 0);
	run_clear(&run);
}

/* And it goes while others are being told. */
static void
test_goes_when_told(void **state)
{
	struct told first = { .n = 0 }, second = { .n = 0 };
	struct run run;

	(void)state;
	run_init(&run);
	first.lets_go = &run;
	join(&run, &first);
	join(&run, &second);
	answer(&run, NULL, "bytes");
	assert_null(run.read);
	assert_int_equal(first.n, 1);
	assert_int_equal(second.n, 1);
	run_clear(&run);
}

/* --- what a page shows --- */

static const struct {
	const char *keys; /* between blanks */
	bool is_first;
	enum index_sight sight;
} sights[] = {
	{ "", true, INDEX_UNSEEN },
	{ "a b", true, INDEX_ABSENT },
	{ "a b", false, INDEX_UNSEEN },
	{ "! a", false, INDEX_ABSENT },
	{ "! -", true, INDEX_UNSEEN }, /* it may be on the next one */
	{ OURS_MEMO_INDEX, false, INDEX_SHOWN },
	{ "! " OURS_MEMO_INDEX " a", false, INDEX_SHOWN },
	{ OURS_MEMO_BASE " " OURS_MEMO_INDEX, true, INDEX_SHOWN },
	{ OURS_MEMO_BASE " " OURS_MEMO_INDEX "x", false, INDEX_ABSENT },
};

static void
test_sight(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sights); i++) {
		char *keys CLEANUP_FREE = xstrdup(sights[i].keys);
		struct object objects[3] = { { .size = 0 } };
		struct list_page page = { .objects = objects };
		char *rest = NULL, *key = strtok_r(keys, " ", &rest);

		for (; key; key = strtok_r(NULL, " ", &rest))
			objects[page.n_objects++] =
				(struct object){ .key = key,
						 .key_len = strlen(key) };
		if (index_sight(&page, sights[i].is_first, true) !=
		    sights[i].sight)
			fail_msg("\"%s\"", sights[i].keys);
		if (index_sight(&page, sights[i].is_first, false) ==
		    INDEX_ABSENT)
			fail_msg("\"%s\", in no order", sights[i].keys);
	}
}

static void
test_sight_in_no_order(void **state)
{
	struct object objects[] = {
		{ .key = "z", .key_len = 1 },
		{ .key = OURS_MEMO_INDEX,
		  .key_len = sizeof(OURS_MEMO_INDEX) - 1 },
	};
	struct list_page page = { .objects = objects, .n_objects = 2 };

	(void)state;
	assert_int_equal(index_sight(&page, true, false), INDEX_SHOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_get_for_all),
		cmocka_unit_test(test_sight_in_no_order),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_long_etag),
		cmocka_unit_test(test_reader_leaves),
		cmocka_unit_test(test_last_goes),
		cmocka_unit_test(test_goes_when_told),
		cmocka_unit_test(test_sight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
