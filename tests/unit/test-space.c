/* SPDX-License-Identifier: MIT */
/*
 * Deltaspaces: which space a key is in, when spaces close, and that each is
 * listed exactly once, by then with its first key, and done exactly once, after its
 * last HEAD.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "stats/space.h"

/* Prefixes of the spaces that are done, each in brackets; of listed ones first keys. */
struct seen {
	char text[512], listed[512];
	int64_t n_deltas, reference_size; /* of the last one */
};

static void
on_done(void *arg, const struct space *s)
{
	struct seen *seen = arg;
	size_t n = strlen(seen->text);

	assert_true(s->is_closed);
	assert_int_equal(s->n_pending, 0);
	seen->n_deltas = s->n_deltas;
	seen->reference_size = s->reference_size;
	snprintf(seen->text + n, sizeof(seen->text) - n, "[%.*s]",
		 (int)s->prefix_len, s->prefix);
}

static void
on_listed(void *arg, const struct space *s)
{
	struct seen *seen = arg;
	size_t n = strlen(seen->listed);

	assert_true(s->is_closed);
	assert_memory_equal(s->first, s->prefix, s->prefix_len);
	snprintf(seen->listed + n, sizeof(seen->listed) - n, "[%.*s]",
		 (int)s->first_len, s->first);
}

/* One range of all keys, and the spaces of the bucket. */
struct world {
	struct seen seen;
	struct spaces spaces;
	struct space_stack stack;
};

static void
world_init(struct world *w, const char *after)
{
	static const struct space_events events = { on_listed, on_done };

	*w = (struct world){ .seen = { .text = "" } };
	spaces_init(&w->spaces, &events, &w->seen);
	space_stack_init(&w->stack, &w->spaces, after,
			 after ? strlen(after) : 0, true);
}

static void
world_clear(struct world *w)
{
	space_stack_clear(&w->stack);
	spaces_clear(&w->spaces);
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
		struct world w;
		struct space *space;

		world_init(&w, NULL);
		space = enter(&w.stack, cases[i].key);
		assert_int_equal(space->prefix_len, strlen(cases[i].prefix));
		assert_memory_equal(space->prefix, cases[i].prefix,
				    space->prefix_len);
		assert_ptr_equal(enter(&w.stack, cases[i].key), space);
		world_clear(&w);
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
	struct world w;
	struct space *root;

	(void)state;
	world_init(&w, NULL);
	root = enter(&w.stack, "!");
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		enter(&w.stack, steps[i].key);
		assert_string_equal(w.seen.text, steps[i].done);
	}
	assert_ptr_equal(enter(&w.stack, "d"), root);
	space_stack_end(&w.stack);
	assert_null(w.stack.top);
	/* other ranges may have more of the root */
	assert_string_equal(w.seen.text, "[a/b/c/][a/b/][a/][b//][b/]");
	assert_string_equal(w.seen.listed, "[a/b/c/1][a/b/1][a/1][b//x][b/x]");
	spaces_end_listing(&w.spaces);
	assert_string_equal(w.seen.listed,
			    "[a/b/c/1][a/b/1][a/1][b//x][b/x][!]");
	assert_string_equal(w.seen.text, "[a/b/c/][a/b/][a/][b//][b/]");
	spaces_fold(&w.spaces);
	assert_string_equal(w.seen.text, "[a/b/c/][a/b/][a/][b//][b/][]");
	assert_string_equal(w.seen.listed,
			    "[a/b/c/1][a/b/1][a/1][b//x][b/x][!]");
}

/* A space is whole, unless the range begins or ends within it. */
static void
test_cuts(void **state)
{
	static const struct {
		const char *after, *keys[4];
		const char *done; /* before other ranges have ended */
		const char *has_start;
	} cases[] = {
		{ NULL, { "a/1", "b/1", "c" }, "[a/][b/]", "a/1 b/1 c" },
		{ "a/0", { "a/1", "b/1", "c" }, "[b/]", "b/1" },
		{ "a/", { "a/1", "b/1", "c" }, "[b/]", "b/1" },
		{ "a", { "a/1", "b/1", "c" }, "[a/][b/]", "a/1 b/1" },
		{ "a/b/5",
		  { "a/b/6", "a/c/1", "a/d", "b/1" },
		  "[a/c/]",
		  "a/c/1 b/1" },
		{ "a0",
		  { "a0/1", "a1/1", "b/1" },
		  "[a0/][a1/]",
		  "a0/1 a1/1 b/1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;

		world_init(&w, cases[i].after);
		for (size_t k = 0; k < 4 && cases[i].keys[k]; k++) {
			const char *key = cases[i].keys[k];
			struct space *s = enter(&w.stack, key);

			assert_int_equal(s->has_start,
					 strstr(cases[i].has_start, key) !=
						 NULL);
		}
		space_stack_end(&w.stack);
		assert_string_equal(w.seen.text, cases[i].done);
		world_clear(&w);
	}
}

/* Parts of one deltaspace add up, whoever ends first. */
static void
test_fold(void **state)
{
	struct world w;
	struct space_stack right;
	struct space *s;

	(void)state;
	world_init(&w, NULL);
	space_stack_init(&right, &w.spaces, "a/5", 3, true);
	s = enter(&right, "a/6");
	s->n_deltas = 2;
	s->has_reference = true;
	s->reference_size = 7;
	space_stack_end(&right);
	s = enter(&w.stack, "a/1");
	s->n_deltas = 3;
	space_stack_end(&w.stack);
	s = w.spaces.shared;
	assert_null(s->hh.next);
	assert_string_equal(w.seen.listed, "");
	spaces_fold(&w.spaces);
	assert_string_equal(w.seen.text, "[a/]");
	assert_string_equal(w.seen.listed, "[a/1]");
	assert_int_equal(w.seen.n_deltas, 5);
	assert_int_equal(w.seen.reference_size, 7);
	assert_int_equal(w.spaces.shared_bytes, 0);
}

/* Without order all are kept until the end, and an earlier key may come late. */
static void
test_unordered(void **state)
{
	static const char *const keys[] = { "b/5", "a/7",  "b/30", "a/8",
					    "b/3", "b/31", "b/",   "b/2" };
	struct world w;
	struct space_stack s;
	size_t bytes;

	(void)state;
	world_init(&w, NULL);
	space_stack_init(&s, &w.spaces, NULL, 0, false);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		enter(&s, keys[i]);
	bytes = w.spaces.shared_bytes;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		enter(&s, keys[i]);
	assert_int_equal(bytes, w.spaces.shared_bytes);
	assert_int_equal(bytes, 2 * sizeof(struct space) + strlen("a/7b/5") +
					strlen("b/"));
	space_stack_end(&s);
	assert_string_equal(w.seen.listed, "");
	spaces_fold(&w.spaces);
	assert_string_equal(w.seen.listed, "[b/][a/7]");
	assert_string_equal(w.seen.text, "[b/][a/]");
	assert_int_equal(w.spaces.shared_bytes, 0);
	world_clear(&w);
}

/* A prefix is bytes, NUL included, and is no prefix of itself plus more. */
static void
test_bytes(void **state)
{
	struct world w;
	struct space *one, *two;

	(void)state;
	world_init(&w, NULL);
	one = space_stack_enter(&w.stack, "a\0b/x", 5);
	assert_int_equal(one->prefix_len, 4);
	two = space_stack_enter(&w.stack, "a\0c/x", 5);
	assert_memory_equal(two->prefix, "a\0c/", 4);
	assert_string_equal(w.seen.text, "[a]");
	enter(&w.stack, "ab/x");
	enter(&w.stack, "abc/x");
	assert_string_equal(w.seen.text, "[a][a][ab/]");
	world_clear(&w);
}

/* Answers before and after the space closes, the last one ends it. */
static void
test_pending(void **state)
{
	struct world w;
	struct space *a;

	(void)state;
	world_init(&w, NULL);
	a = enter(&w.stack, "a/1");
	a->n_pending = 3;
	spaces_answered(&w.spaces, a);
	assert_string_equal(w.seen.text, "");
	enter(&w.stack, "b/1");
	assert_true(a->is_closed);
	enter(&w.stack, "c/1");
	assert_string_equal(w.seen.text, "[b/]");
	assert_string_equal(w.seen.listed, "[a/1][b/1]");
	spaces_answered(&w.spaces, a);
	assert_string_equal(w.seen.text, "[b/]");
	spaces_answered(&w.spaces, a);
	assert_string_equal(w.seen.text, "[b/][a/]");
	world_clear(&w);
}

/* All answers may be there before the space closes. */
static void
test_answered_early(void **state)
{
	struct world w;
	struct space *a;

	(void)state;
	world_init(&w, NULL);
	a = enter(&w.stack, "a/1");
	a->n_pending++;
	spaces_answered(&w.spaces, a);
	assert_ptr_equal(enter(&w.stack, "a/2"), a);
	assert_string_equal(w.seen.text, "");
	enter(&w.stack, "b/1");
	assert_string_equal(w.seen.text, "[a/]");
	world_clear(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_closing),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_unordered),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_answered_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
