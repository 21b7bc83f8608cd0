/* SPDX-License-Identifier: MIT */
/*
 * The line that tells what is wrong: what it says, and how often.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "engine/flaw-log.h"
#include "fake-clock.h"
#include "util/date.h"
#include "util/log.h"

struct world {
	char path[32];
	struct flaw_log log;
};

static int
set_up(void **state)
{
	struct world *w = xnew(struct world);
	struct err err;

	strcpy(w->path, "/tmp/flaw-log-XXXXXX");
	close(mkstemp(w->path));
	assert_int_equal(log_open(LOG_TO_STDERR, w->path, LOG_LEVEL_WARN, &err),
			 0);
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	log_close();
	unlink(w->path);
	free(w);
	return 0;
}

/* What was logged since the last time, behind "warn: " of each line. */
static void
expect_line(struct world *w, const char *expected)
{
	char text[4096] = "";
	FILE *f = fopen(w->path, "r");
	size_t n = fread(text, 1, sizeof(text) - 1, f);
	const char *at;

	fclose(f);
	assert_int_equal(truncate(w->path, 0), 0);
	if (!expected) {
		assert_string_equal(text, "");
		return;
	}
	at = strstr(text, "bucket=");
	assert_non_null(at);
	assert_int_equal(text[n - 1], '\n');
	text[n - 1] = '\0';
	assert_string_equal(at, expected);
}

static void
add(struct integrity *in, enum flaw flaw, const char *key, int64_t n,
    int64_t bytes)
{
	integrity_add(in, flaw, &(struct flawed){ key, strlen(key), n, bytes });
}

static void
test_nothing_wrong(void **state)
{
	struct world *w = *state;
	struct integrity *in CLEANUP(integrity_release) = integrity_new();

	flaw_log_result(&w->log, "bkt", in);
	in->has_originals = true;
	flaw_log_result(&w->log, "bkt", in);
	expect_line(w, NULL);
}

static void
test_line(void **state)
{
	struct world *w = *state;
	struct integrity *in CLEANUP(integrity_release) = integrity_new();

	add(in, FLAW_ORPHAN, "c/reference.bin", 1, 500);
	flaw_log_result(&w->log, "bkt", in);
	expect_line(w, "bucket=bkt: integrity: references without a delta: "
		       "1 of 500 bytes, the first is c/reference.bin");
	in->has_originals = true;
	add(in, FLAW_NOT_SMALLER, "z\n.delta", 1, 9);
	add(in, FLAW_NO_REFERENCE, "b/2.delta", 2, 50);
	add(in, FLAW_NO_REFERENCE, "a/1.delta", 1, 10);
	add(in, FLAW_EMPTY, "b/2.delta", 1, 0);
	flaw_log_result(&w->log, "bkt", in);
	expect_line(w, "bucket=bkt: integrity: "
		       "deltas without a reference, which can't be restored: "
		       "3 of 60 bytes, the first is a/1.delta; "
		       "references without a delta: "
		       "1 of 500 bytes, the first is c/reference.bin; "
		       "deltas of no bytes, which can't be restored: "
		       "1 of 0 bytes, the first is b/2.delta; "
		       "deltas not smaller than their original: "
		       "1 of 9 bytes, the first is z\\x0a.delta");
}

/* As long as they are the same, once an hour; of what this mode knows. */
static void
test_how_often(void **state)
{
	struct world *w = *state;
	struct integrity *quick CLEANUP(integrity_release) = integrity_new();
	struct integrity *detailed CLEANUP(integrity_release) = integrity_new();
	struct integrity *none CLEANUP(integrity_release) = integrity_new();
	const char *line_of_quick =
			   "bucket=b: integrity: references without a delta: "
			   "1 of 5 bytes, the first is reference.bin",
		   *line_of_detailed =
			   "bucket=b: integrity: references without a delta: "
			   "1 of 5 bytes, the first is reference.bin; "
			   "deltas not smaller than their original: "
			   "1 of 6 bytes, the first is x.delta";

	add(quick, FLAW_ORPHAN, "reference.bin", 1, 5);
	add(detailed, FLAW_ORPHAN, "reference.bin", 1, 5);
	add(detailed, FLAW_NOT_SMALLER, "x.delta", 1, 6);
	detailed->has_originals = true;
	flaw_log_result(&w->log, "b", quick);
	expect_line(w, line_of_quick);
	flaw_log_result(&w->log, "b", quick);
	expect_line(w, NULL);
	flaw_log_result(&w->log, "b", detailed); /* knows more */
	expect_line(w, line_of_detailed);
	for (int i = 0; i < 3; i++) {
		flaw_log_result(&w->log, "b", quick);
		flaw_log_result(&w->log, "b", detailed);
	}
	fake_clock_advance(HOUR_MS - 1);
	flaw_log_result(&w->log, "b", detailed);
	expect_line(w, NULL);
	fake_clock_advance(1);
	flaw_log_result(&w->log, "b", quick);
	expect_line(w, line_of_quick);
	/* mended, and broken again within the hour */
	flaw_log_result(&w->log, "b", none);
	expect_line(w, NULL);
	flaw_log_result(&w->log, "b", quick);
	expect_line(w, line_of_quick);
}

/* A few more or less are no news, nor what one mode does not know. */
static void
test_what_is_news(void **state)
{
	static const struct {
		int64_t n;
		bool is_told;
	} cases[] = {
		{ 3, true },  { 4, false }, { 2, false },  { 5, false },
		{ 6, true },  { 7, false }, { 11, false }, { 12, true },
		{ 0, false }, { 1, true },  { 2, true },   { 3, false },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct integrity *in CLEANUP(integrity_release) =
			integrity_new();
		char expected[200];

		if (cases[i].n > 0)
			add(in, FLAW_ORPHAN, "reference.bin", cases[i].n, 5);
		sprintf(expected,
			"bucket=b: integrity: references without a delta: "
			"%d of 5 bytes, the first is reference.bin",
			(int)cases[i].n);
		flaw_log_result(&w->log, "b", in);
		expect_line(w, cases[i].is_told ? expected : NULL);
	}
}

/* A long key leaves room for what else is wrong. */
static void
test_long_key(void **state)
{
	struct world *w = *state;
	struct integrity *in CLEANUP(integrity_release) = integrity_new();
	char key[1025], expected[2048];
	size_t n = 0;

	memset(key, '\x01', 1024);
	key[1024] = '\0';
	in->has_originals = true;
	for (int flaw = 0; flaw < N_FLAWS; flaw++)
		add(in, (enum flaw)flaw, key, 1, 1);
	flaw_log_result(&w->log, "b", in);
	n = (size_t)sprintf(expected,
			    "bucket=b: integrity: deltas without a reference, "
			    "which can't be restored: "
			    "1 of 1 bytes, the first is ");
	for (int i = 0; i < 49; i++)
		n += (size_t)sprintf(expected + n, "\\x01");
	n += (size_t)sprintf(expected + n,
			     "...; references without a delta: 1 of 1 bytes, "
			     "the first is ");
	for (int i = 0; i < 49; i++)
		n += (size_t)sprintf(expected + n, "\\x01");
	n += (size_t)sprintf(expected + n,
			     "...; deltas of no bytes, which can't be "
			     "restored: 1 of 1 bytes, the first is ");
	for (int i = 0; i < 49; i++)
		n += (size_t)sprintf(expected + n, "\\x01");
	n += (size_t)sprintf(expected + n,
			     "...; deltas not smaller than their original: "
			     "1 of 1 bytes, the first is ");
	for (int i = 0; i < 49; i++)
		n += (size_t)sprintf(expected + n, "\\x01");
	sprintf(expected + n, "...");
	expect_line(w, expected);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_wrong), TEST(test_line),
		TEST(test_how_often),	  TEST(test_what_is_news),
		TEST(test_long_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
