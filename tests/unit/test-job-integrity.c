/* SPDX-License-Identifier: MIT */
/*
 * What a result tells to be wrong with the bucket: of its own listing, whether it is
 * computed, a hit or from memory; what only HEADs tell, as long as this mount has
 * asked for them.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine-fixture.h"
#include "util/date.h"

struct run {
	struct fixture fx;
	struct job_env env;
	struct job *job; /* NULL once it has completed */
	struct result *result;
	bool may_use_last;
};

static void
on_done(void *arg, const struct job_result *r, const struct err *err)
{
	struct run *run = arg;

	assert_int_equal(err->code, 0);
	run->job = NULL;
	run->result = result_ref(r->result);
}

static bool
may_use_last(void *arg, enum cache_verdict verdict)
{
	struct run *run = arg;

	(void)verdict;
	return run->may_use_last;
}

static void
run_init(struct run *run)
{
	*run = (struct run){ .job = NULL };
	fixture_init(&run->fx);
	run->env = fixture_job_env(&run->fx);
	run->fx.store.pages[0] =
		"a/1.delta=10 a/2.delta=0 a/reference.bin=100 b/1.delta=30";
	run->fx.store.pages[1] = "c/reference.bin=7 x.bin=5 z/1.delta=4";
}

static void
run_clear(struct run *run)
{
	fixture_settle(&run->fx);
	assert_int_equal(run->env.n_jobs, 0);
	result_unref(run->result);
	fixture_clear(&run->fx);
}

static void
run_start(struct run *run, enum mode mode, struct result *last)
{
	run->job = job_new(&(struct job_options){ .env = &run->env,
						  .kind = JOB_COMPUTE,
						  .bucket = run->fx.bucket,
						  .mode = mode,
						  .read_cache = true,
						  .last = last,
						  .may_use_last = may_use_last,
						  .on_done = on_done,
						  .arg = run });
	fixture_settle(&run->fx);
}

/* One job from first to last; the result is the caller's. */
static struct result *
run_job(struct run *run, enum mode mode, struct result *last)
{
	run->result = NULL;
	run_start(run, mode, last);
	fixture_run(&run->fx);
	assert_non_null(run->result);
	return steal(&run->result);
}

static void
cache(struct run *run, enum mode mode)
{
	run->fx.store.documents[mode] =
		fake_store_document(&run->fx.store, FIXTURE_BUCKET, mode);
}

static void
expect_finding(const struct integrity *in, enum flaw flaw, int64_t n,
	       int64_t bytes, const char *first)
{
	const struct findings *f = &in->of[flaw];

	assert_int_equal(f->n, n);
	assert_int_equal(f->bytes, bytes);
	assert_int_equal(f->n_spaces > 0, n > 0);
	if (n > 0)
		assert_string_equal(f->spaces[0].key, first);
}

static void
expect(const struct result *r, enum result_how how, bool has_originals)
{
	const struct integrity *in = r->integrity;

	assert_int_equal(r->how, how);
	assert_non_null(in);
	expect_finding(in, FLAW_NO_REFERENCE, 2, 34, "b/1.delta");
	expect_finding(in, FLAW_ORPHAN, 1, 7, "c/reference.bin");
	expect_finding(in, FLAW_EMPTY, 1, 0, "a/2.delta");
	assert_int_equal(in->has_originals, has_originals);
	expect_finding(in, FLAW_NOT_SMALLER, has_originals, 0, "a/2.delta");
}

/* Quick and sampled do not ask for all originals. */
static void
test_computed(void **state)
{
	(void)state;
	for (int mode = 0; mode < N_MODES; mode++) {
		struct result *r;
		struct run run;

		run_init(&run);
		r = run_job(&run, (enum mode)mode, NULL);
		expect(r, RESULT_COMPUTED, mode == MODE_DETAILED);
		result_unref(r);
		run_clear(&run);
	}
}

static void
test_hit(void **state)
{
	(void)state;
	for (int mode = 0; mode < N_MODES; mode++) {
		struct result *r;
		struct run run;

		run_init(&run);
		cache(&run, (enum mode)mode);
		r = run_job(&run, (enum mode)mode, NULL);
		expect(r, RESULT_HIT, false);
		result_unref(r);
		run_clear(&run);
	}
}

/* What HEADs told before is as true as the listing is the same, for ttl. */
static void
test_told_before(void **state)
{
	static const struct {
		bool is_cached, has_changed, is_expired;
		enum result_how how;
	} cases[] = {
		{ true, false, false, RESULT_HIT },
		{ true, true, false, RESULT_HIT },
		{ true, false, true, RESULT_HIT },
		{ false, false, false, RESULT_FROM_MEMORY },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct result *first, *second, *third;
		struct run run;

		run_init(&run);
		if (cases[i].has_changed)
			run.fx.store.pages[2] = "zz=1";
		first = run_job(&run, MODE_DETAILED, NULL);
		expect(first, RESULT_COMPUTED, true);
		run.fx.store.pages[2] = NULL;
		run.fx.limits.ttl_ms = 2 * HOUR_MS;
		fake_clock_advance(HOUR_MS * (cases[i].is_expired ? 3 : 1));
		if (cases[i].is_cached)
			cache(&run, MODE_DETAILED);
		run.may_use_last = !cases[i].is_cached;
		second = run_job(&run, MODE_DETAILED, first);
		expect(second, cases[i].how,
		       !cases[i].has_changed && !cases[i].is_expired);
		third = result_confirmed(second, &second->listed);
		assert_ptr_equal(third->integrity, second->integrity);
		result_unref(first);
		result_unref(second);
		result_unref(third);
		run_clear(&run);
	}
}

/*
 * The document was stale, and is valid for the LIST that follows, while HEADs for
 * the figures are under way, one in a deltaspace that the listing ended in.
 */
static void
test_hit_among_heads(void **state)
{
	struct run run;
	unsigned n_heads = 0;

	(void)state;
	run_init(&run);
	cache(&run, MODE_DETAILED);
	run.fx.store.pages[2] = "zz=1";
	run_start(&run, MODE_DETAILED, NULL);
	fixture_answer(&run.fx, GET_DOC);
	while (fixture_seen(&run.fx, LIST) < 4)
		fixture_answer(&run.fx, LIST);
	run.fx.store.pages[2] = NULL;
	while (!run.result) {
		n_heads = fixture_pending(&run.fx, HEAD_ANY);
		fixture_answer(&run.fx, LIST);
	}
	assert_true(n_heads > 0);
	expect(run.result, RESULT_HIT, false);
	fixture_run(&run.fx);
	run_clear(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_computed),
		cmocka_unit_test(test_hit),
		cmocka_unit_test(test_told_before),
		cmocka_unit_test(test_hit_among_heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
