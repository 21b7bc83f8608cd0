/* SPDX-License-Identifier: MIT */
/*
 * A pass over a bucket that has to be begun again, while HEADs are under way or
 * have told something: nothing of the first one is left in the second.  How many
 * pages are under way at a time.  And the end of one that would need too much
 * memory.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "engine-fixture.h"
#include "engine/walk.h"

struct run {
	struct fixture fx;
	struct walk walk;
	int n_failures;
	struct err err; /* the last one */
};

static void
on_step(void *arg, const struct err *err)
{
	struct run *run = arg;

	if (!err || run->walk.is_stopped)
		return;
	run->n_failures++;
	run->err = *err;
	walk_stop(&run->walk); /* as a job does */
}

static void
begin(struct run *run, enum mode mode)
{
	run->walk = (struct walk){ .env = &run->fx.scans,
				   .bucket = run->fx.bucket,
				   .on_step = on_step,
				   .arg = run };
	walk_init(&run->walk);
	walk_set_heads(&run->walk, WALK_SEND);
	walk_begin(&run->walk, mode);
	fixture_settle(&run->fx);
}

/* Two deltas, then keys that come before them. */
static void
run_init(struct run *run, enum mode mode)
{
	*run = (struct run){ .n_failures = 0 };
	fixture_init(&run->fx);
	run->fx.store.pages[0] = "b/1.delta=10 b/2.delta=20";
	run->fx.store.pages[1] = "a/1.delta=30 a/2.delta=40 x=5";
	begin(run, mode);
	fixture_answer(&run->fx, LIST);
}

static void
run_clear(struct run *run)
{
	walk_stop(&run->walk);
	fixture_settle(&run->fx);
	assert_true(walk_is_idle(&run->walk));
	assert_int_equal(run->fx.slots.n_running, 0);
	walk_clear(&run->walk);
	fixture_clear(&run->fx);
}

static const struct {
	enum mode mode;
	int64_t total_size;
} modes[] = {
	{ MODE_QUICK, 105 },
	{ MODE_SAMPLED, 2 * 100 + 2 * 300 + 5 },
	{ MODE_DETAILED, 1005 },
};

/* `n` HEADs are answered before the order is seen to be none. */
static void
run_again(struct run *run, enum mode mode, unsigned n)
{
	run_init(run, mode);
	while (n-- > 0)
		fixture_refuse(&run->fx, HEAD_ANY, 404);
	fixture_answer(&run->fx, LIST);
	assert_false(walk_is_listed(&run->walk));
	fixture_run(&run->fx);
	assert_true(walk_is_complete(&run->walk));
	assert_int_equal(run->n_failures, 0);
}

static void
test_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		for (unsigned n = 0; n <= i; n++) {
			struct figures f;
			struct run run;
			bool is_exact;

			run_again(&run, modes[i].mode, n);
			walk_figures(&run.walk, &f, &is_exact);
			assert_int_equal(f.total_size, modes[i].total_size);
			assert_int_equal(f.object_count, 5);
			assert_true(is_exact);
			run_clear(&run);
		}
	}
}

/* --- pages under way --- */

#define N_CUTS 40

/* A mount that is warmed up, and a bucket that was listed before. */
static void
run_init_warm(struct run *run, enum mode mode)
{
	struct list_memory *m;
	struct pace_call calls[64] = { 0 };

	*run = (struct run){ .n_failures = 0 };
	fixture_init(&run->fx);
	run->fx.slots.pace = pace_new(64);
	run->fx.slots.most = 64;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		pace_began((struct pace *)run->fx.slots.pace, &calls[i]);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		pace_ended((struct pace *)run->fx.slots.pace, &calls[i],
			   PACE_CLEAN);
	m = &run->fx.bucket->list_memory;
	m->n_keys = (N_CUTS + 1) * 1000;
	m->cuts = xcalloc(N_CUTS, sizeof(m->cuts[0]));
	for (m->n_cuts = 0; m->n_cuts < N_CUTS; m->n_cuts++)
		m->cuts[m->n_cuts] = (struct list_cut){
			.key = xasprintf("k%02zu", m->n_cuts),
			.key_len = 3,
			.n_keys = 1000,
		};
	run->fx.store.pages[0] = "a=1";
	run->fx.store.pages[1] = NULL;
	begin(run, mode);
}

/*
 * Deltas may be all in the half that comes last, so pages without any say nothing
 * of how many HEADs the next ones bring: those under way are few.
 */
static void
test_pages_under_way(void **state)
{
	static const unsigned expected[] = {
		[MODE_QUICK] = N_CUTS + 1,
		[MODE_SAMPLED] = 16,
		[MODE_DETAILED] = 16,
	};

	(void)state;
	for (int mode = 0; mode < N_MODES; mode++) {
		unsigned most = 0, n;
		struct run run;
		struct pace *pace;

		run_init_warm(&run, (enum mode)mode);
		pace = (struct pace *)run.fx.slots.pace;
		while ((n = fixture_pending(&run.fx, LIST)) > 0) {
			most = n > most ? n : most;
			fixture_answer(&run.fx, LIST);
		}
		assert_int_equal(most, expected[mode]);
		assert_true(walk_is_complete(&run.walk));
		run_clear(&run);
		pace_free(pace);
	}
}

/* --- more deltaspaces than memory is meant for --- */

/* They come from beside the listing, which would need 130 pages for them. */
static void
fill(struct tally *t, enum mode mode)
{
	struct tally_part *p = tally_part_new(t, NULL, 0, false);
	char key[1024];
	struct object o = { .key = key, .etag = "", .last_modified = "" };

	for (int i = 0; !tally_is_full(t); i++) {
		struct space *space;

		o.key_len = (size_t)snprintf(key, sizeof(key), "%0*d/x.delta",
					     1000, i);
		space = tally_add(p, &o);
		assert_int_equal(space != NULL, mode == MODE_DETAILED);
		if (space)
			tally_answer(t, space, o.size, ORIGINAL_UNKNOWN);
	}
	tally_part_end(p);
}

/* It fails with what comes next, says why, and ends what is under way. */
static void
test_full(void **state)
{
	(void)state;
	for (int mode = 0; mode < N_MODES; mode++) {
		struct run run;

		run_init(&run, (enum mode)mode);
		fixture_answer(&run.fx, LIST); /* no order */
		while (fixture_pending(&run.fx, HEAD_ANY) > 0)
			fixture_answer(&run.fx, HEAD_ANY);
		fixture_answer(&run.fx, LIST); /* the first one again */
		assert_int_equal(run.n_failures, 0);
		fill(run.walk.tally, (enum mode)mode);
		run.fx.store.pages[2] = "c=1";
		fixture_answer(&run.fx, LIST);
		assert_int_equal(run.n_failures, 1);
		assert_int_equal(run.err.code, EIO);
		assert_string_equal(run.err.msg,
				    "keys in no order, and in more deltaspaces "
				    "than 134217728 bytes hold");
		assert_false(walk_is_listed(&run.walk));
		assert_false(walk_is_complete(&run.walk));
		assert_int_equal(fixture_pending(&run.fx, LIST), 0);
		assert_int_equal(fixture_pending(&run.fx, HEAD_ANY), 0);
		run_clear(&run);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_pages_under_way),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
