/* SPDX-License-Identifier: MIT */
/*
 * Deltaspaces: which space a key is in, when spaces close, and that each is
 * done exactly once, after its last HEAD.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "stats/space.h"

/* Prefixes of the spaces that are done, each in brackets. */
struct seen {
	char text[512];
};

static void
on_done(void *arg, const struct space *s)
{
	struct seen *seen = arg;
	size_t n = strlen(seen->text);

	assert_true(s->is_closed);
	assert_int_equal(s->n_pending, 0);
	snprintf(seen->text + n, sizeof(seen->text) - n, "[%s]", s->prefix);
}

static struct space *
enter(struct space_stack *s, const char *key)
{
	return space_stack_enter(s, key, strlen(key));
}

static void
test_prefixes(void **state)
{
	static const struct {
		const char *key, *prefix;
	} cases[] = {
		{ "x", "" },
		{ "/x", "/" },
		{ "//x", "//" },
		{ "a/", "a/" },
		{ "a/b", "a/" },
		{ "a//b", "a//" },
		{ "a/b/c/d", "a/b/c/" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct space_stack s;
		struct space *space;

		space_stack_init(&s, on_done, NULL);
		space = enter(&s, cases[i].key);
		assert_string_equal(space->prefix, cases[i].prefix);
		assert_int_equal(space->prefix_len, strlen(cases[i].prefix));
		assert_ptr_equal(enter(&s, cases[i].key), space);
		space_stack_clear(&s);
	}
}

/* Keys after which the spaces named are done, nested and side by side. */
static void
test_closing(void **state)
{
	static const struct {
		const char *key, *done;
	} steps[] = {
		{ "-", "" },
		{ "a/1", "" },
		{ "a/b/1", "" },
		{ "a/b/c/1", "" },
		{ "a/c", "[a/b/c/][a/b/]" },
		{ "a0", "[a/b/c/][a/b/][a/]" },
		{ "b//x", "[a/b/c/][a/b/][a/]" },
		{ "b/x", "[a/b/c/][a/b/][a/][b//]" },
		{ "c", "[a/b/c/][a/b/][a/][b//][b/]" },
	};
	struct seen seen = { "" };
	struct space_stack s;
	struct space *root;

	(void)state;
	space_stack_init(&s, on_done, &seen);
	root = enter(&s, "!");
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		enter(&s, steps[i].key);
		assert_string_equal(seen.text, steps[i].done);
	}
	assert_ptr_equal(enter(&s, "d"), root);
	space_stack_end(&s);
	assert_string_equal(seen.text, "[a/b/c/][a/b/][a/][b//][b/][]");
	assert_null(s.top);
}

/* A prefix is bytes, NUL included, and is no prefix of itself plus more. */
static void
test_bytes(void **state)
{
	struct seen seen = { "" };
	struct space_stack s;
	struct space *one, *two;

	(void)state;
	space_stack_init(&s, on_done, &seen);
	one = space_stack_enter(&s, "a\0b/x", 5);
	assert_int_equal(one->prefix_len, 4);
	two = space_stack_enter(&s, "a\0c/x", 5);
	assert_memory_equal(two->prefix, "a\0c/", 4);
	assert_string_equal(seen.text, "[a]");
	enter(&s, "ab/x");
	enter(&s, "abc/x");
	assert_string_equal(seen.text, "[a][a][ab/]");
	space_stack_clear(&s);
}

/* Answers before and after the space closes, the last one ends it. */
static void
test_pending(void **state)
{
	struct seen seen = { "" };
	struct space_stack s;
	struct space *a;

	(void)state;
	space_stack_init(&s, on_done, &seen);
	a = enter(&s, "a/1");
	a->n_pending = 3;
	space_stack_answered(&s, a);
	assert_string_equal(seen.text, "");
	enter(&s, "b/1");
	assert_true(a->is_closed);
	assert_int_equal(s.n_closed_pending, 1);
	space_stack_end(&s);
	assert_string_equal(seen.text, "[b/]");
	space_stack_answered(&s, a);
	assert_string_equal(seen.text, "[b/]");
	space_stack_answered(&s, a);
	assert_string_equal(seen.text, "[b/][a/]");
	assert_int_equal(s.n_closed_pending, 0);
}

/* All answers may be there before the space closes. */
static void
test_answered_early(void **state)
{
	struct seen seen = { "" };
	struct space_stack s;
	struct space *a;

	(void)state;
	space_stack_init(&s, on_done, &seen);
	a = enter(&s, "a/1");
	a->n_pending++;
	space_stack_answered(&s, a);
	assert_ptr_equal(enter(&s, "a/2"), a);
	assert_string_equal(seen.text, "");
	space_stack_end(&s);
	assert_string_equal(seen.text, "[a/]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_closing),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_answered_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
