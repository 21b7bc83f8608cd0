/* SPDX-License-Identifier: MIT */
/*
 * The HEADs of a bucket together: whether the figures may be cached, how often is
 * asked, and what the next sweep knows of it.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>

#include "engine-fixture.h"
#include "engine/walk.h"

#define PAGE_MAX 4096
#define HEAD_MAX 512
#define SIZE 10

struct run {
	struct fixture fx;
	struct walk walk;
	char page[PAGE_MAX];
	const char *kinds; /* of the deltas, one letter for each */
	unsigned n_failures;
};

static void
on_step(void *arg, const struct err *err)
{
	struct run *run = arg;

	run->n_failures += err != NULL;
}

static void
run_init(struct run *run)
{
	*run = (struct run){ .n_failures = 0 };
	fixture_init(&run->fx);
	run->walk = (struct walk){ .env = &run->fx.scans,
				   .bucket = run->fx.bucket,
				   .on_step = on_step,
				   .arg = run };
	walk_init(&run->walk);
	walk_set_heads(&run->walk, WALK_SEND);
	run->fx.store.pages[0] = run->page;
}

static void
run_clear(struct run *run)
{
	walk_clear(&run->walk);
	fixture_clear(&run->fx);
}

/*
 * f fits, e another ETag, l another length, d another date, r replaced: all of
 * them; x deleted.  Capitals: the original is half as large as the listed delta.
 */
static void
answer_head(struct run *run, struct http_transfer *t)
{
	unsigned i = (unsigned)atoi(strstr(t->url, "a/") + 2);
	char kind = (char)tolower(run->kinds[i]), head[HEAD_MAX];

	if (kind == 'x') {
		fixture_refuse(&run->fx, HEAD_ANY, 404);
		return;
	}
	snprintf(head, sizeof(head),
		 "etag: \"%s%d\"\r\ncontent-length: %d\r\n"
		 "last-modified: Tue, 14 Oct 2025 %s:00 GMT\r\n"
		 "x-amz-meta-dg-file-size: %d\r\n",
		 strchr("er", kind) ? "other" : "e", SIZE,
		 strchr("lr", kind) ? SIZE + 1 : SIZE,
		 strchr("dr", kind) ? "08:30" : "10:30",
		 run->kinds[i] == kind ? 10 * SIZE : SIZE / 2);
	fake_http_answer(t,
			 &(struct fake_answer){ .status = 200, .head = head });
	fixture_settle(&run->fx);
}

/* Count the HEADs of a sweep over such deltas; whether it may be cached. */
static bool
sweep(struct run *run, const char *kinds, unsigned *n_heads)
{
	struct figures f;
	bool is_exact;

	run->kinds = kinds;
	run->page[0] = '\0';
	for (unsigned i = 0; kinds[i]; i++)
		snprintf(strchr(run->page, '\0'), 32, "a/%03u.delta=%d ", i,
			 SIZE);
	walk_begin(&run->walk, MODE_DETAILED);
	fixture_settle(&run->fx);
	fixture_answer(&run->fx, LIST);
	for (*n_heads = 0; fixture_pending(&run->fx, HEAD_ANY); ++*n_heads)
		answer_head(run, fixture_find(&run->fx, HEAD_ANY));
	assert_true(walk_is_complete(&run->walk));
	assert_int_equal(run->n_failures, 0);
	walk_figures(&run->walk, &f, &is_exact);
	return is_exact;
}

#define TEN(k) k k k k k k k k k k
#define FORTY(k) TEN(k) TEN(k) TEN(k) TEN(k)
#define E HEAD_ETAG
#define L HEAD_LENGTH
#define D HEAD_DATE

static const struct {
	const char *kinds;
	bool is_exact;
	unsigned n_heads; /* and up to so many more as there are connections */
	unsigned learned;
} sweeps[] = {
	{ "", true, 0, 0 },
	{ "fff", true, 3, 0 },
	/* fewer than thirty-two: all of them, in the same field */
	{ "e", true, 2, E },
	{ "d", true, 2, D },
	{ "l", true, 2, L },
	{ "eeeeeee", true, 14, E },
	{ "ddddddd", true, 14, D },
	{ "lllllll", true, 14, L },
	{ "eef", false, 5, 0 },
	{ "fee", false, 5, 0 },
	{ "eed", false, 6, 0 },
	{ "eer", false, 6, 0 },
	{ "eex", false, 6, 0 },
	/* what has changed */
	{ "r", false, 2, 0 },
	{ "x", false, 2, 0 },
	{ "rrrrrrr", false, 14, 0 },
	{ FORTY("f") "r", false, 42, 0 },
	{ FORTY("r"), false, 80, 0 },
	{ FORTY("x"), false, 72, 0 },
	/* thirty-two in a row, wherever they are */
	{ FORTY("e"), true, 72, E },
	{ FORTY("d"), true, 72, D },
	{ FORTY("l"), true, 72, L },
	{ FORTY("f") FORTY("e") FORTY("f"), true, 152, E },
	{ FORTY("e") "r", false, 73, E },
	{ FORTY("e") "x", false, 73, E },
	{ TEN("eeef"), false, 70, 0 },
};

static void
test_sweeps(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sweeps); i++) {
		unsigned n = 0, expected = sweeps[i].n_heads;
		struct run run;

		run_init(&run);
		if (sweep(&run, sweeps[i].kinds, &n) != sweeps[i].is_exact)
			fail_msg("%s: not right", sweeps[i].kinds);
		if (n < expected || n > expected + FIXTURE_CONNECTIONS)
			fail_msg("%s: %u HEADs", sweeps[i].kinds, n);
		assert_int_equal(s3_head_habits(run.fx.s3)->passed_over,
				 sweeps[i].learned);
		run_clear(&run);
	}
}

/* The next sweep of any bucket knows it, and asks once. */
static void
test_next(void **state)
{
	static const char *const first[] = { "eee", FORTY("e") };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		struct run run;
		unsigned n;

		run_init(&run);
		assert_true(sweep(&run, first[i], &n));
		assert_true(sweep(&run, "eefe", &n));
		assert_int_equal(n, 4);
		assert_false(sweep(&run, "efr", &n));
		assert_int_equal(n, 4);
		run_clear(&run);
	}
}

/* A bucket in which little differs counts with others, but is not cached. */
static void
test_across(void **state)
{
	struct run run;
	unsigned n;

	(void)state;
	run_init(&run);
	for (int i = 0; i < 3; i++)
		assert_false(sweep(&run, "feeeeeeeee", &n));
	assert_int_equal(s3_head_habits(run.fx.s3)->passed_over, 0);
	assert_false(sweep(&run, "f" TEN("e") TEN("e") TEN("e") "x", &n));
	assert_false(sweep(&run, "eex", &n));
	assert_int_equal(s3_head_habits(run.fx.s3)->passed_over, E);
	run_clear(&run);
}

/*
 * A delta is as large as its original or larger: only if both are of one object.  The
 * original counts for the figures in any case.
 */
static void
test_not_smaller(void **state)
{
	static const struct {
		const char *kinds;
		int64_t n_not_smaller, total;
	} cases[] = {
		{ "ffff", 0, 40 * SIZE },
		{ "fFfF", 2, 21 * SIZE },
		{ "fRfr", 0, 30 * SIZE + SIZE / 2 },
		{ "FRff", 1, 21 * SIZE },
		{ "FxRf", 1, 12 * SIZE },
		{ "EEEE", 4, 2 * SIZE }, /* the way of the store */
		{ "DDDD", 4, 2 * SIZE },
		{ "LLLL", 4, 2 * SIZE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct integrity *found CLEANUP(integrity_release) = NULL;
		struct figures f;
		struct run run;
		bool is_exact;
		unsigned n;

		run_init(&run);
		sweep(&run, cases[i].kinds, &n);
		walk_figures(&run.walk, &f, &is_exact);
		assert_int_equal(f.total_size, cases[i].total);
		found = walk_integrity(&run.walk);
		assert_true(found->has_originals);
		if (found->of[FLAW_NOT_SMALLER].n != cases[i].n_not_smaller)
			fail_msg("%s: not right", cases[i].kinds);
		run_clear(&run);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sweeps),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_across),
		cmocka_unit_test(test_not_smaller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
