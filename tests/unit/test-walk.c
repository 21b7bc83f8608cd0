/* SPDX-License-Identifier: MIT */
/*
 * A pass over a bucket that has to be begun again, while HEADs are under way or
 * have told something: nothing of the first one is left in the second.  How many
 * pages are under way at a time.  What one does that is in the way of another.
 * And the end of one that would need too much memory.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "brief.h"
#include "engine-fixture.h"
#include "engine/walk.h"

struct run {
	struct fixture fx;
	struct walk walk;
	int n_begun, n_failures;
	struct err err; /* the last one */
};

static void
on_begin(void *arg, int64_t began_at_ms)
{
	struct run *run = arg;

	(void)began_at_ms;
	run->n_begun++;
}

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
init_walk(struct run *run)
{
	run->walk = (struct walk){ .env = &run->fx.scans,
				   .bucket = run->fx.bucket,
				   .on_begin = on_begin,
				   .on_step = on_step,
				   .arg = run };
	walk_init(&run->walk);
}

static void
begin(struct run *run, enum mode mode)
{
	init_walk(run);
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

/* Each of the four deltas once, without a reference; none is as large as its original. */
static void
expect_integrity(const struct walk *w, bool has_originals)
{
	struct integrity *in CLEANUP(integrity_release) = walk_integrity(w);

	assert_int_equal(in->of[FLAW_NO_REFERENCE].n, 4);
	assert_int_equal(in->of[FLAW_NO_REFERENCE].bytes, 100);
	assert_int_equal(in->of[FLAW_NO_REFERENCE].n_spaces, 2);
	assert_string_equal(in->of[FLAW_NO_REFERENCE].spaces[0].key,
			    "a/1.delta");
	assert_string_equal(in->of[FLAW_NO_REFERENCE].spaces[1].key,
			    "b/1.delta");
	assert_int_equal(in->of[FLAW_NOT_SMALLER].n, 0);
	assert_int_equal(in->has_originals, has_originals);
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
			expect_integrity(&run.walk,
					 modes[i].mode == MODE_DETAILED);
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

/* --- HEADs that fall behind while another one takes part in the LIST --- */

#define N_FULL 6 /* pages of deltas, more than may wait for HEADs */
#define N_DELTAS (N_FULL * LIST_PAGE_KEYS)

struct pair {
	struct run run; /* its walk needs HEADs */
	struct walk other; /* quick */
	struct buf pages[N_FULL];
};

static void
on_other_step(void *arg, const struct err *err)
{
	(void)arg;
	assert_null(err);
}

static void
pair_init(struct pair *p, enum walk_heads heads)
{
	*p = (struct pair){ .run = { .n_failures = 0 } };
	fixture_init(&p->run.fx);
	for (int i = 0; i < N_FULL; i++) {
		p->pages[i] = (struct buf)BUF_INIT(1024 * 1024);
		for (int k = 0; k < LIST_PAGE_KEYS; k++)
			buf_printf(&p->pages[i], "k%d%03d.delta=10 ", i, k);
		p->run.fx.store.pages[i] = buf_str(&p->pages[i]);
	}
	p->other = (struct walk){ .env = &p->run.fx.scans,
				  .bucket = p->run.fx.bucket,
				  .on_step = on_other_step };
	walk_init(&p->other);
	walk_begin(&p->other, MODE_QUICK);
	init_walk(&p->run);
	walk_set_heads(&p->run.walk, heads);
	walk_begin(&p->run.walk, MODE_DETAILED);
	fixture_settle(&p->run.fx);
}

static void
pair_clear(struct pair *p)
{
	walk_clear(&p->other);
	run_clear(&p->run);
	for (int i = 0; i < N_FULL; i++)
		buf_clear(&p->pages[i]);
}

static void
expect_figures(struct pair *p)
{
	struct figures f;
	bool is_exact;

	fixture_run(&p->run.fx);
	assert_true(walk_is_complete(&p->run.walk));
	walk_figures(&p->run.walk, &f, &is_exact);
	assert_true(is_exact);
	assert_int_equal(f.exact_deltas, N_DELTAS);
	assert_int_equal(f.total_size, N_DELTAS * 10 * FAKE_FACTOR);
	assert_int_equal(p->run.n_failures, 0);
}

/* The listing goes on without the one whose HEADs are under way. */
static void
test_falls_behind(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, WALK_SEND);
	while (!walk_is_listed(&p.other))
		if (fixture_pending(&p.run.fx, LIST))
			fixture_answer(&p.run.fx, LIST);
		else
			fixture_answer(&p.run.fx, HEAD_ANY); /* for its slot */
	assert_true(walk_is_complete(&p.other));
	assert_false(walk_is_listed(&p.run.walk));
	assert_int_equal(p.run.fx.scans.n_scans, 1); /* it has one of its own */
	expect_figures(&p);
	assert_int_equal(p.run.n_begun, 2);
	pair_clear(&p);
}

/* What the listing tells, whatever becomes of the HEADs. */
static void
expect_found(const struct walk *w, bool has_originals)
{
	struct integrity *in CLEANUP(integrity_release) = walk_integrity(w);

	assert_int_equal(in->of[FLAW_NO_REFERENCE].n, N_DELTAS);
	assert_int_equal(in->of[FLAW_NO_REFERENCE].n_spaces, 1);
	assert_string_equal(in->of[FLAW_NO_REFERENCE].spaces[0].key,
			    "k0000.delta");
	assert_int_equal(in->has_originals, has_originals);
}

/* As far as is known its HEADs are not needed: the validation is. */
static void
test_forgets_held_heads(void **state)
{
	static const enum walk_heads then[] = { WALK_DROP, WALK_SEND };

	(void)state;
	for (size_t late = 0; late < 2; late++) {
		for (size_t i = 0; i < ARRAY_SIZE(then); i++) {
			struct pair p;

			pair_init(&p, WALK_HOLD);
			while (!p.run.walk.has_forgotten)
				fixture_answer(&p.run.fx, LIST);
			while (late && !walk_is_listed(&p.other))
				fixture_answer(&p.run.fx, LIST);
			assert_int_equal(walk_is_listed(&p.run.walk), late);
			walk_set_heads(&p.run.walk, then[i]);
			fixture_settle(&p.run.fx);
			while (!walk_is_listed(&p.run.walk))
				assert_true(fixture_step(&p.run.fx));
			if (late && then[i] == WALK_SEND)
				expect_figures(&p);
			expect_found(&p.run.walk, late && then[i] == WALK_SEND);
			assert_true(
				validation_matches(walk_validation(&p.run.walk),
						   walk_validation(&p.other)));
			assert_int_equal(p.run.n_begun,
					 then[i] == WALK_SEND ? 2 : 1);
			assert_true(walk_is_complete(&p.other));
			pair_clear(&p);
		}
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
			tally_answer(t, space, &o, ORIGINAL_UNKNOWN);
	}
	tally_part_end(p);
}

/* It fails with what comes next, says why, and ends what is under way. */
static void
test_full(void **state)
{
	(void)state;
	/* if it has to be brief, for one of them */
	for (int mode = (int)(N_MODES - brief(N_MODES)); mode < N_MODES;
	     mode++) {
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

/* --- the end in the middle --- */

#define SPACES 5000 /* more than HEADs may wait */

static char *
print_spaces(void)
{
	char *page = xmalloc(SPACES * 32), *end = page;

	for (unsigned i = 0; i < SPACES; i++)
		end += snprintf(end, 32, "%sa%04u/x.delta=1", i ? " " : "", i);
	return page;
}

/* Keys in no order, so that their HEADs are known at the end; more than can be asked. */
static void
test_stopped_with_more_to_ask(void **state)
{
	char *page = print_spaces();
	struct run run;

	(void)state;
	run_init(&run, MODE_SAMPLED);
	run.fx.store.pages[1] = page;
	while (!walk_is_listed(&run.walk))
		fixture_answer(&run.fx, LIST);
	assert_int_equal(run.n_failures, 0);
	fixture_answer(&run.fx, HEAD_ANY);
	assert_true(run.walk.originals.sweep.n_queued > SPACES / 2);
	run_clear(&run);
	free(page);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_pages_under_way),
		cmocka_unit_test(test_falls_behind),
		cmocka_unit_test(test_forgets_held_heads),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_stopped_with_more_to_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
