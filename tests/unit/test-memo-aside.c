/* SPDX-License-Identifier: MIT */
/*
 * What HEADs have told blocks that could not be put: this mount remembers it, unless a
 * refresh has begun since, or it is of another epoch, or too much.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/memo-aside.h"

#define EPOCH 7

struct world {
	struct memo_env env;
	struct bucket bucket;
	struct bucket_memo *memo;
	struct memo_aside aside;
};

static void
world_init(struct world *w)
{
	*w = (struct world){ .env = { .place = MEMO_IN_MEMORY },
			     .bucket = { .name = "bkt" } };
	w->memo = bucket_memo_get(&w->env, &w->bucket);
	memo_aside_init(&w->aside, w->memo);
}

static void
world_clear(struct world *w)
{
	memo_aside_clear(&w->aside);
	bucket_memo_free(w->memo);
}

static struct object
object_of(int64_t size)
{
	return (struct object){ .key = "k",
				.key_len = 1,
				.size = size,
				.etag = "e",
				.last_modified = "d" };
}

/* So many versions have that original size. */
static void
learn(struct world *w, unsigned n, int64_t original)
{
	for (unsigned i = 0; i < n; i++) {
		struct object o = object_of(i);

		memo_aside_learn(&w->aside, &o, bucket_memo(w->memo)->hash,
				 original);
	}
}

static void
assert_knows(struct world *w, unsigned n, int64_t original)
{
	for (unsigned i = 0; i < n; i++) {
		struct object o = object_of(i);
		int64_t found = -2;

		assert_true(memo_find(bucket_memo(w->memo), &o, &found));
		assert_int_equal(found, original);
	}
	assert_int_equal(memo_count(bucket_memo(w->memo)), n);
}

static void
test_kept(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	learn(&w, 100, 1);
	memo_aside_keep(&w.aside, w.memo, EPOCH);
	assert_knows(&w, 100, 1);
	learn(&w, 10, 1);
	memo_aside_keep(&w.aside, w.memo, EPOCH);
	assert_knows(&w, 100, 1);
	learn(&w, 100, 2); /* the later one */
	memo_aside_keep(&w.aside, w.memo, EPOCH);
	assert_knows(&w, 100, 2);
	learn(&w, 5, 3); /* of another epoch: what is of that one is void */
	memo_aside_keep(&w.aside, w.memo, EPOCH + 1);
	assert_knows(&w, 5, 3);
	world_clear(&w);
}

static void
test_refresh(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	learn(&w, 100, 1);
	bucket_memo_doubt(w.memo);
	memo_aside_keep(&w.aside, w.memo, EPOCH);
	assert_knows(&w, 0, 0);
	learn(&w, 100, 1);
	memo_aside_go_on(&w.aside, w.memo); /* of the listing since */
	learn(&w, 10, 2);
	memo_aside_keep(&w.aside, w.memo, EPOCH);
	assert_knows(&w, 10, 2);
	world_clear(&w);
}

static void
test_moved(void **state)
{
	struct memo_aside to;
	struct world w;

	(void)state;
	world_init(&w);
	learn(&w, 10, 1);
	memo_aside_move(&w.aside, &to);
	memo_aside_keep(&w.aside, w.memo, EPOCH);
	assert_knows(&w, 0, 0);
	memo_aside_keep(&to, w.memo, EPOCH);
	assert_knows(&w, 10, 1);
	learn(&w, 10, 2);
	memo_aside_keep(&w.aside, NULL, EPOCH); /* nobody is there for it */
	assert_knows(&w, 10, 1);
	world_clear(&w);
}

/* What would be forgotten when nobody asks, or push out what is remembered. */
static void
test_room(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	learn(&w, MEMO_IDLE_RECORDS + 1, 1);
	assert_null(w.aside.records.bytes.data);
	memo_aside_keep(&w.aside, w.memo, EPOCH);
	assert_knows(&w, 0, 0);
	learn(&w, MEMO_IDLE_RECORDS, 1);
	memo_aside_keep(&w.aside, w.memo, EPOCH);
	memo_rest(bucket_memo(w.memo));
	assert_knows(&w, MEMO_IDLE_RECORDS, 1);
	learn(&w, 10, 2);
	memo_aside_keep(&w.aside, w.memo, EPOCH);
	assert_int_equal(memo_count(bucket_memo(w.memo)), MEMO_IDLE_RECORDS);
	world_clear(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
