/* SPDX-License-Identifier: MIT */
/*
 * Which document is served: all cases there are, by rules that are said in
 * another way than in choice.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/choice.h"

/*
 * One line for each rule, the first that fits counts: the columns are forced,
 * young, last is true, last may serve, last is fresher, cached is true, computed;
 * '.' is either.
 */
static const struct {
	const char *when;
	enum choice choice;
} rules[] = {
	/* refresh and nocache: whatever there is, it was not asked for */
	{ "1.....1", CHOOSE_COMPUTED },
	{ "1.....0", CHOOSE_NONE },
	/* max_age and max_wait ask no LIST */
	{ "01.....", CHOOSE_LAST },
	/* both are true: the bucket's word counts, but for a refresh of ours */
	{ "001111.", CHOOSE_LAST },
	{ "001101.", CHOOSE_CACHED },
	/* only ours is true */
	{ "0011.0.", CHOOSE_LAST },
	/* where we would write it, and it is not there any more */
	{ "0010.1.", CHOOSE_CACHED },
	{ "000..1.", CHOOSE_CACHED },
	/* nothing is */
	{ "0010.01", CHOOSE_COMPUTED },
	{ "0010.00", CHOOSE_NONE },
	{ "000..01", CHOOSE_COMPUTED },
	{ "000..00", CHOOSE_NONE },
};

#define N_COLUMNS 7

static bool
fits(const char *when, unsigned bits)
{
	for (unsigned i = 0; i < N_COLUMNS; i++) {
		bool is_set = bits >> (N_COLUMNS - 1 - i) & 1;

		if (when[i] != '.' && (when[i] == '1') != is_set)
			return false;
	}
	return true;
}

static void
test_choices(void **state)
{
	bool was_used[ARRAY_SIZE(rules)] = { false };

	(void)state;
	for (unsigned bits = 0; bits < 1u << N_COLUMNS; bits++) {
		struct candidates c = {
			.is_forced = bits >> 6 & 1,
			.is_last_young = bits >> 5 & 1,
			.is_last_true = bits >> 4 & 1,
			.may_last_serve = bits >> 3 & 1,
			.is_last_fresher = bits >> 2 & 1,
			.is_cached_true = bits >> 1 & 1,
			.has_computed = bits & 1,
		};
		size_t i = 0;

		while (i < ARRAY_SIZE(rules) && !fits(rules[i].when, bits))
			i++;
		assert_true(i < ARRAY_SIZE(rules));
		was_used[i] = true;
		assert_int_equal(choose_document(&c), rules[i].choice);
	}
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		assert_true(was_used[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
