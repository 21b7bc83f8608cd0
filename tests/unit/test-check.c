/* SPDX-License-Identifier: MIT */
/*
 * What a monitoring plugin says of a bucket.
 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/check.h"

#define NOW 1760000000

static struct integrity flaws = {
	.of = { [FLAW_NO_REFERENCE] = { .n = 2 },
		[FLAW_ORPHAN] = { .n = 40 },
		[FLAW_EMPTY] = { .n = 1 },
		[FLAW_NOT_SMALLER] = { .n = 50 } },
};

static const struct result sample = {
	.computed_at = NOW - 7300,
	.figures = { .object_count = 11,
		     .total_size = 12005,
		     .compressed_size = 1105,
		     .space_saved = 10900,
		     .average_compression_ratio = 0.75,
		     .delta_objects = 10,
		     .direct_objects = 1 },
	.integrity = &flaws,
};

/* The line for these arguments, without its newline; the caller frees it. */
static char *
line_of(const char *m, const char *w, const char *c, const struct result *r,
	enum check_state *state)
{
	struct check_rules rules;
	struct err err = ERR_INIT;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	if (check_rules_parse(&rules, m, w, c, &err) != 0)
		fail_msg("%s", err.msg);
	*state = check_print(f, &rules, "releases", r, NOW);
	fclose(f);
	assert_int_equal(text[size - 1], '\n');
	text[size - 1] = '\0';
	return text;
}

static void
test_line(void **state)
{
	enum check_state got;
	CLEANUP_FREE char *plain = line_of(NULL, NULL, NULL, &sample, &got);

	(void)state;
	assert_int_equal(got, CHECK_OK);
	assert_string_equal(
		plain,
		"DGSTAT OK - releases: ratio 75.0%, age 2.0 h, "
		"stored 1.08 KiB, unrestorable 2, original 11.72 KiB, "
		"saved 10.64 KiB, objects 11, deltas 10 | "
		"ratio=75%;;;0;100 age=7300s;;;0; stored=1105B;;;0; "
		"unrestorable=2;;;0; original=12005B;;;0; saved=10900B;;;0; "
		"objects=11;;;0; deltas=10;;;0;");
}

/* The worst of all, and what it is for comes first. */
static void
test_states(void **state)
{
	static const struct {
		const char *m, *w, *c;
		enum check_state state;
		const char *said;
	} cases[] = {
		{ NULL, "70%:", "0.5:", CHECK_OK, "ratio=75%;70:;50:;0;100" },
		{ NULL, "80%:", "0.5:", CHECK_WARNING,
		  "WARNING - releases: ratio 75.0% (WARNING), age" },
		{ NULL, "80%:", "0.76:", CHECK_CRITICAL,
		  "CRITICAL - releases: ratio 75.0% (CRITICAL), age" },
		{ NULL, NULL, "0.76:", CHECK_CRITICAL, "ratio=75%;;76:;" },
		{ "age", "2h", "3h", CHECK_WARNING,
		  "WARNING - releases: age 2.0 h (WARNING), ratio 75.0%, " },
		{ "age", "2h", "3h", CHECK_WARNING,
		  " age=7300s;7200;10800;0; " },
		{ NULL, "age=2h", "stored=~:1K", CHECK_CRITICAL,
		  "releases: stored 1.08 KiB (CRITICAL), age 2.0 h (WARNING), "
		  "ratio 75.0%, " },
		{ "age,stored", "3h,1K", "4h,2K", CHECK_WARNING,
		  " stored=1105B;1024;2048;0; " },
		{ "age,stored", "ratio=80:,3h,1K", NULL, CHECK_WARNING,
		  "ratio=75%;80:;;0;100 age=7300s;10800;;0; "
		  "stored=1105B;1024;;0; " },
		{ "unrestorable", "0", "5", CHECK_WARNING,
		  " unrestorable 2 (WARNING), " },
		{ "unrestorable", "2", "@2", CHECK_CRITICAL,
		  " unrestorable=2;2;@2;0; " },
		{ NULL, "original=1M:", NULL, CHECK_WARNING, "original" },
		{ NULL, "saved=1M:", NULL, CHECK_WARNING, "saved" },
		{ NULL, "objects=12:", NULL, CHECK_WARNING, "objects" },
		{ NULL, "deltas=11:", NULL, CHECK_WARNING, "deltas" },
	};
	enum check_state got;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP_FREE char *line = line_of(cases[i].m, cases[i].w,
						  cases[i].c, &sample, &got);

		if (got != cases[i].state || !strstr(line, cases[i].said))
			fail_msg("%zu: %s", i, line);
	}
}

/* What is not known is no zero. */
static void
test_unknown(void **state)
{
	struct result r = sample;
	enum check_state got;

	(void)state;
	r.integrity = NULL;
	{
		CLEANUP_FREE char *line =
			line_of(NULL, "0.1:", "unrestorable=0", &r, &got);

		assert_int_equal(got, CHECK_UNKNOWN);
		assert_non_null(
			strstr(line, "unrestorable not known (UNKNOWN)"));
		assert_null(strstr(line, "unrestorable="));
	}
	{
		CLEANUP_FREE char *line =
			line_of(NULL, NULL, "0.9:,unrestorable=0", &r, &got);

		assert_int_equal(got, CHECK_CRITICAL);
		assert_non_null(strstr(line, "ratio 75.0% (CRITICAL)"));
	}
	{
		CLEANUP_FREE char *line = line_of(NULL, NULL, NULL, &r, &got);

		assert_int_equal(got, CHECK_OK);
		assert_null(strstr(line, "unrestorable="));
	}
}

static void
test_wrong_rules(void **state)
{
	static const struct {
		const char *m, *w, *c, *message;
	} cases[] = {
		{ NULL, "x", NULL, "-w: \"x\" is not a range of ratio" },
		{ NULL, NULL, "x", "-c: \"x\" is not a range of ratio" },
		{ NULL, "age=1K", NULL,
		  "\"1K\" is not a range of age like 2h" },
		{ NULL, "age=", NULL, "\"\" is not a range of age" },
		{ NULL, "size=1", NULL, "there is no metric \"size\"" },
		{ NULL, "Ratio=1", NULL, "there is no metric \"Ratio\"" },
		{ "size", NULL, NULL, "there is no metric \"size\"" },
		{ "age,", NULL, NULL, "there is no metric \"\"" },
		{ NULL, "0.5:,2h", NULL, "range \"2h\" is for no metric" },
		{ NULL, "", NULL, "\"\" is not a range" },
		{ "age,age,age,age,age,age,age,age,age", NULL, NULL,
		  "too many metrics" },
	};
	struct check_rules rules;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(check_rules_parse(&rules, cases[i].m,
						   cases[i].w, cases[i].c,
						   &err),
				 -EINVAL);
		if (!strstr(err.msg, cases[i].message))
			fail_msg("%zu: %s", i, err.msg);
	}
}

static void
test_failure(void **state)
{
	CLEANUP_FREE char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_non_null(f);
	check_print_failure(f, CHECK_CRITICAL, "a|b\nc");
	fclose(f);
	assert_string_equal(text, "DGSTAT CRITICAL - a/b\\x0ac\n");
}

static void
test_state_names(void **state)
{
	enum check_state got;

	(void)state;
	assert_true(check_state_parse("critical", &got));
	assert_int_equal(got, CHECK_CRITICAL);
	assert_true(check_state_parse("1", &got));
	assert_int_equal(got, CHECK_WARNING);
	assert_false(check_state_parse("4", &got));
	assert_false(check_state_parse("", &got));
	assert_false(check_state_parse("bad", &got));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_wrong_rules),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_state_names),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
