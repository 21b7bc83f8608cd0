/* SPDX-License-Identifier: MIT */
/*
 * A computation, step by step: each mode with a cached document that is absent,
 * valid, stale, late or refused; HEADs that fail or tell of a change; ends at
 * every point.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "engine-fixture.h"

struct run {
	struct fixture fx;
	struct job_env env;
	struct job *job; /* NULL once it has completed */
	int n_listed, n_done;
	int code; /* errno of the end */
	char *doc; /* a copy of the result; NULL: none */
	struct job_result result; /* with a reference */
	bool may_use_last;
	enum cache_verdict asked_verdict; /* of may_use_last */
};

static void
on_listed(void *arg)
{
	struct run *run = arg;

	assert_non_null(job_validation(run->job));
	run->n_listed++;
}

static void
on_done(void *arg, const struct job_result *r, const struct err *err)
{
	struct run *run = arg;

	run->job = NULL;
	run->n_done++;
	run->code = err->code;
	run->result = *r;
	result_ref(r->result);
	run->doc = r->result ? xstrndup(r->result->text->data,
					r->result->text->len)
			     : NULL;
}

static bool
may_use_last(void *arg, enum cache_verdict verdict)
{
	struct run *run = arg;

	run->asked_verdict = verdict;
	return run->may_use_last;
}

static void
run_init(struct run *run)
{
	*run = (struct run){ .n_done = 0 };
	fixture_init(&run->fx);
	run->env = fixture_job_env(&run->fx);
	run->fx.store.pages[0] =
		"a/1.delta=10 a/2.delta=20 a/reference.bin=100";
	run->fx.store.pages[1] = "b/1.delta=30 x.bin=5";
}

static void
run_clear(struct run *run)
{
	fixture_settle(&run->fx);
	assert_int_equal(run->env.n_jobs, 0);
	free(run->doc);
	result_unref(run->result.result);
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
						  .on_listed = on_listed,
						  .on_done = on_done,
						  .arg = run });
	assert_int_equal(run->n_done, 0);
	fixture_settle(&run->fx);
}

/* A cached document of the store as it is; then one object more, or not. */
static void
run_cache(struct run *run, enum mode mode, bool is_stale)
{
	struct fake_store *s = &run->fx.store;

	s->documents[mode] = fake_store_document(s, FIXTURE_BUCKET, mode);
	if (is_stale)
		s->pages[2] = "y.bin=6";
}

/* The number of a member of the result. */
static long
member(const struct run *run, const char *name)
{
	char pattern[64];
	const char *at;

	assert_non_null(run->doc);
	snprintf(pattern, sizeof(pattern), "\"%s\": ", name);
	at = strstr(strstr(run->doc, "\"stats\""), pattern);
	assert_non_null(at);
	return strtol(at + strlen(pattern), NULL, 10);
}

static void
expect_done(const struct run *run, int code)
{
	assert_int_equal(run->n_done, 1);
	assert_int_equal(run->code, code);
	assert_int_equal(run->doc != NULL, code == 0);
}

/* --- what costs how much --- */

static const struct {
	enum mode mode;
	enum { MISS, HIT, STALE } cache;
	unsigned lists, heads; /* requests */
	long total; /* size; 0: that of the cached document */
} costs[] = {
	/* estimates: by the reference, or the delta's own size */
	{ MODE_QUICK, MISS, 2, 0, 100 + 100 + 30 + 5 },
	{ MODE_SAMPLED, MISS, 2, 2, 100 + 100 + 300 + 5 },
	{ MODE_DETAILED, MISS, 2, 3, 100 + 200 + 300 + 5 },
	{ MODE_QUICK, HIT, 2, 0, 0 },
	{ MODE_SAMPLED, HIT, 2, 0, 0 },
	{ MODE_DETAILED, HIT, 2, 0, 0 },
	/* only here is listing a second time needed, and never for quick */
	{ MODE_QUICK, STALE, 3, 0, 100 + 100 + 30 + 5 + 6 },
	{ MODE_SAMPLED, STALE, 6, 2, 100 + 100 + 300 + 5 + 6 },
	{ MODE_DETAILED, STALE, 6, 3, 100 + 200 + 300 + 5 + 6 },
};

/* What the result tells of itself is what was asked for. */
static void
expect_cost(const struct run *run, unsigned lists, unsigned heads,
	    enum result_why why)
{
	const struct result *r = run->result.result;

	assert_int_equal(r->cost.list.n_requests, lists);
	assert_int_equal(r->cost.head.n_requests, heads);
	assert_int_equal(r->cost.get.n_requests, 1);
	assert_int_equal(r->cost.put.n_requests, 0);
	assert_true(r->cost.list.n_bytes > 100 * lists); /* of XML */
	assert_int_equal(r->cost.head.n_bytes > 0, heads > 0);
	assert_int_equal(r->why, why);
	assert_int_equal(r->figures.total_size, member(run, "total_size"));
}

static void
test_costs(void **state)
{
	static const enum result_why why[] = {
		[MISS] = WHY_ABSENT, [HIT] = WHY_NONE, [STALE] = WHY_COUNT
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(costs); i++) {
		struct run run;
		bool is_hit = costs[i].cache == HIT;

		run_init(&run);
		if (costs[i].cache != MISS)
			run_cache(&run, costs[i].mode, costs[i].cache == STALE);
		run_start(&run, costs[i].mode, NULL);
		fixture_run(&run.fx);
		expect_done(&run, 0);
		assert_int_equal(fixture_seen(&run.fx, LIST), costs[i].lists);
		assert_int_equal(fixture_seen(&run.fx, HEAD_ANY),
				 costs[i].heads);
		assert_int_equal(fixture_seen(&run.fx, GET_DOC), 1);
		assert_int_equal(run.result.result->how == RESULT_COMPUTED,
				 !is_hit);
		expect_cost(&run, costs[i].lists, costs[i].heads,
			    why[costs[i].cache]);
		assert_true(run.result.result->is_storable);
		assert_int_equal(run.result.verdict, costs[i].cache == MISS
							     ? CACHE_ABSENT
							     : CACHE_GOOD);
		if (is_hit)
			assert_string_equal(
				run.doc, run.fx.store.documents[costs[i].mode]);
		else
			assert_int_equal(member(&run, "total_size"),
					 costs[i].total);
		run_clear(&run);
	}
}

/* --- LIST and GET together --- */

/* LIST goes on while it is not known whether HEADs will be needed; they wait. */
static void
test_held_heads(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	run_start(&run, MODE_DETAILED, NULL);
	fixture_answer(&run.fx, LIST);
	assert_int_equal(fixture_pending(&run.fx, HEAD_ANY), 0);
	assert_int_equal(fixture_pending(&run.fx, LIST), 1);
	fixture_answer(&run.fx, GET_DOC); /* 404: they are needed */
	assert_int_equal(fixture_pending(&run.fx, HEAD_ANY), 2);
	fixture_run(&run.fx);
	expect_done(&run, 0);
	assert_int_equal(fixture_seen(&run.fx, LIST), 2);
	run_clear(&run);
}

/* A hit costs the longer of LIST and GET: every page may come before it. */
static void
test_hit_after_list(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	run_cache(&run, MODE_DETAILED, false);
	run_start(&run, MODE_DETAILED, NULL);
	fixture_answer(&run.fx, LIST);
	fixture_answer(&run.fx, LIST);
	assert_int_equal(run.n_done, 0);
	fixture_answer(&run.fx, GET_DOC);
	expect_done(&run, 0);
	assert_int_equal(fixture_seen(&run.fx, HEAD_ANY), 0);
	run_clear(&run);
}

/* The same where there is one page, and where it comes after the GET. */
static void
test_held_last_page(void **state)
{
	(void)state;
	for (int get_first = 0; get_first < 2; get_first++) {
		struct run run;

		run_init(&run);
		run.fx.store.pages[1] = NULL;
		run_cache(&run, MODE_SAMPLED, false);
		run_start(&run, MODE_SAMPLED, NULL);
		if (get_first)
			fixture_answer(&run.fx, GET_DOC);
		fixture_answer(&run.fx, LIST);
		if (!get_first)
			fixture_answer(&run.fx, GET_DOC);
		expect_done(&run, 0);
		assert_int_equal(fixture_seen(&run.fx, LIST), 1);
		assert_int_equal(fixture_seen(&run.fx, HEAD_ANY), 0);
		run_clear(&run);
	}
}

/* Quick lists on without the GET, but waits for it in the end. */
static void
test_quick_waits_for_get(void **state)
{
	struct run run;

	(void)state;
	run_init(&run);
	run_start(&run, MODE_QUICK, NULL);
	fixture_answer(&run.fx, LIST);
	fixture_answer(&run.fx, LIST);
	assert_int_equal(run.n_done, 0);
	assert_null(job_validation(run.job));
	fixture_answer(&run.fx, GET_DOC);
	expect_done(&run, 0);
	run_clear(&run);
}

/* The cache never makes a read fail: verdicts, and a GET that hangs. */
static void
test_bad_cache(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum cache_verdict verdict;
	} cases[] = {
		{ 404, "", CACHE_ABSENT },
		{ 403, "", CACHE_REFUSED },
		{ 500, "", CACHE_FAILED },
		{ 200, "", CACHE_BAD },
		{ 200, "{}", CACHE_BAD },
		{ 200, "{\"version\":\"9.9\"}", CACHE_FOREIGN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (int mode = 0; mode < N_MODES; mode++) {
			struct run run;

			run_init(&run);
			run_start(&run, (enum mode)mode, NULL);
			fake_http_answer(fixture_find(&run.fx, GET_DOC),
					 &(struct fake_answer){
						 .status = cases[i].status,
						 .body = cases[i].body });
			fixture_run(&run.fx);
			expect_done(&run, 0);
			assert_true(run.result.result->how == RESULT_COMPUTED);
			assert_int_equal(run.result.verdict, cases[i].verdict);
			/* nothing that might have been valid: one listing */
			assert_int_equal(fixture_seen(&run.fx, LIST), 2);
			run_clear(&run);
		}
	}
}

static void
test_slow_get(void **state)
{
	(void)state;
	for (int mode = 0; mode < N_MODES; mode++) {
		struct run run;
		struct http_transfer *get;

		run_init(&run);
		run_start(&run, (enum mode)mode, NULL);
		get = fixture_find(&run.fx, GET_DOC);
		fixture_answer(&run.fx, LIST);
		fixture_advance(&run.fx,
				FIXTURE_TIMEOUT_MS / CACHE_GET_PART - 1);
		assert_false(get->is_cancelled);
		fixture_advance(&run.fx, 1);
		assert_true(get->is_cancelled);
		fixture_run(&run.fx);
		expect_done(&run, 0);
		assert_int_equal(run.result.verdict, CACHE_FAILED);
		assert_int_equal(run.result.cache_err.code, ETIMEDOUT);
		run_clear(&run);
	}
}

/* --- the mount's own last document --- */

static void
test_last(void **state)
{
	static const struct {
		bool may_use, is_stale;
		unsigned heads;
	} cases[] = {
		{ true, false, 0 },
		{ true, true, 3 },
		{ false, false, 3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct run run;
		struct fake_store old = { .list_status = 0 };
		struct text *text CLEANUP(text_release) = NULL;
		struct buf shown CLEANUP_BUF = BUF_INIT(DOC_LEN);
		struct result *last;
		struct err err;
		struct doc doc;
		char *document;

		run_init(&run);
		run.may_use_last = cases[i].may_use;
		old = run.fx.store;
		if (cases[i].is_stale)
			old.pages[1] = NULL;
		document = fake_store_document(&old, FIXTURE_BUCKET,
					       MODE_DETAILED);
		assert_int_equal(doc_parse(&doc, document, strlen(document),
					   FIXTURE_BUCKET, MODE_DETAILED, &err),
				 DOC_GOOD);
		buf_add_str(&shown, document);
		free(document);
		text = text_new(&shown);
		last = result_new(&(struct result){
			.text = text,
			.listed.validation = doc.validation,
			.is_storable = true,
		});
		run.fx.store.get_status = 403;
		run_start(&run, MODE_DETAILED, last);
		result_unref(last); /* the job has its own reference */
		fixture_run(&run.fx);
		expect_done(&run, 0);
		assert_int_equal(run.asked_verdict, CACHE_REFUSED);
		assert_int_equal(run.result.result->how,
				 cases[i].heads ? RESULT_COMPUTED
						: RESULT_FROM_MEMORY);
		assert_int_equal(run.result.result->why, WHY_DENIED);
		assert_int_equal(run.result.result->text == text,
				 cases[i].heads == 0);
		assert_int_equal(fixture_seen(&run.fx, HEAD_ANY),
				 cases[i].heads);
		run_clear(&run);
	}
}

/* --- HEADs --- */

/* The listing waits while more than two windows of HEADs do. */
static void
test_pause(void **state)
{
	struct run run;
	unsigned n_waiting = 15 - FIXTURE_CONNECTIONS;

	(void)state;
	run_init(&run);
	run.fx.store.pages[0] = "a/1.delta=1 a/2.delta=1 a/3.delta=1 "
				"a/4.delta=1 a/5.delta=1 a/6.delta=1 "
				"a/7.delta=1 a/8.delta=1 a/9.delta=1 "
				"a/A.delta=1 a/B.delta=1 a/C.delta=1 "
				"a/D.delta=1 a/E.delta=1 a/F.delta=1";
	run_start(&run, MODE_DETAILED, NULL);
	fixture_answer(&run.fx, GET_DOC);
	fixture_answer(&run.fx, LIST);
	assert_int_equal(fixture_pending(&run.fx, HEAD_ANY),
			 FIXTURE_CONNECTIONS);
	while (n_waiting-- > 2 * FIXTURE_CONNECTIONS) {
		assert_int_equal(fixture_pending(&run.fx, LIST), 0);
		fixture_answer(&run.fx, HEAD_ANY);
	}
	fixture_answer(&run.fx, HEAD_ANY); /* the next slot is for the LIST */
	assert_int_equal(fixture_pending(&run.fx, LIST), 1);
	fixture_run(&run.fx);
	expect_done(&run, 0);
	assert_int_equal(fixture_seen(&run.fx, HEAD_ANY), 16);
	run_clear(&run);
}

#define LATER "Tue, 14 Oct 2025 10:30:02 GMT"

static const struct {
	int status;
	const char *etag, *date;
	bool is_without_metadata;
	int code;
	bool is_storable;
	long total;
} head_cases[] = {
	{ 0, NULL, NULL, false, 0, true, 100 + 200 + 300 + 5 },
	{ 0, NULL, NULL, true, 0, true, 100 + 100 + 30 + 5 }, /* estimates */
	/* changed between LIST and HEAD: counts as it is */
	{ 0, "other", LATER, false, 0, false, 100 + 200 + 300 + 5 },
	{ 404, NULL, NULL, false, 0, false, 100 + 100 + 30 + 5 },
	/* copied onto itself */
	{ 0, NULL, LATER, false, 0, false, 100 + 200 + 300 + 5 },
	/* a store that never tells what it has listed */
	{ 0, "other", NULL, false, 0, true, 100 + 200 + 300 + 5 },
	{ 403, NULL, NULL, false, EACCES, false, 0 },
	{ 400, NULL, NULL, false, EACCES, false, 0 },
	{ 500, NULL, NULL, false, EIO, false, 0 },
};

static void
test_heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(head_cases); i++) {
		struct run run;

		run_init(&run);
		run.fx.store.head_status = head_cases[i].status;
		run.fx.store.head_etag = head_cases[i].etag;
		run.fx.store.head_date = head_cases[i].date;
		run.fx.store.is_without_metadata =
			head_cases[i].is_without_metadata;
		run_start(&run, MODE_DETAILED, NULL);
		fixture_run(&run.fx);
		expect_done(&run, head_cases[i].code);
		if (head_cases[i].code == 0) {
			assert_int_equal(run.result.result->is_storable,
					 head_cases[i].is_storable);
			assert_int_equal(member(&run, "total_size"),
					 head_cases[i].total);
		}
		run_clear(&run);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_costs),
		cmocka_unit_test(test_held_heads),
		cmocka_unit_test(test_hit_after_list),
		cmocka_unit_test(test_held_last_page),
		cmocka_unit_test(test_quick_waits_for_get),
		cmocka_unit_test(test_bad_cache),
		cmocka_unit_test(test_slow_get),
		cmocka_unit_test(test_last),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
