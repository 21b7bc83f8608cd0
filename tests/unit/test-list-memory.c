/* SPDX-License-Identifier: MIT */
/*
 * What one listing leaves for the next: marks on the way, cuts in the end.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "list/memory.h"

static void
test_allowance(void **state)
{
	(void)state;
	assert_int_equal(list_pages(0), 0);
	assert_int_equal(list_pages(1), 1);
	assert_int_equal(list_pages(1000), 1);
	assert_int_equal(list_pages(1001), 2);
	/* as a document of somebody else may say */
	assert_true(list_pages(INT64_MAX) == INT64_MAX / 1000 + 1);
	assert_int_equal(list_ranges_allowed(0), 16);
	assert_int_equal(list_ranges_allowed(1000000), 116);
}

/* A page whose last key is an end that was seen; it stands for all its keys. */
static void
add_page(struct list_marks *m, const char *last, size_t n_keys, unsigned stride)
{
	struct object keys[LIST_PAGE_KEYS];

	for (size_t i = 0; i < n_keys; i++)
		keys[i] =
			(struct object){ .key = last, .key_len = strlen(last) };
	list_marks_add(m, keys, n_keys, true, stride);
}

/* Pages p000000, p000001 … of a thousand keys each. */
static void
add_pages(struct list_marks *m, unsigned first, unsigned n, unsigned stride)
{
	char key[16];

	for (unsigned i = first; i < first + n; i++) {
		snprintf(key, sizeof(key), "p%06u", i);
		add_page(m, key, 1000, stride);
	}
}

static int64_t
count(const struct list_marks *m)
{
	int64_t n = m->n_keys;

	for (size_t i = 0; i < m->n; i++)
		n += m->marks[i].n_keys;
	return n;
}

/* --- marks --- */

/* No key is lost where there is no mark. */
static void
test_marks(void **state)
{
	struct list_marks m = { 0 };

	(void)state;
	add_page(&m, "a", 1000, 1);
	add_page(&m, "b%", 1000, 1); /* not plain */
	add_page(&m, "c", 7, 1);
	add_page(&m, "d\xff", 1, 1);
	assert_int_equal(m.n, 2);
	assert_string_equal(m.marks[0].key, "a");
	assert_int_equal(m.marks[0].n_keys, 1000);
	assert_string_equal(m.marks[1].key, "c");
	assert_int_equal(m.marks[1].n_keys, 1007);
	assert_int_equal(count(&m), 2008);
	list_marks_clear(&m);
	add_pages(&m, 0, 10, 4);
	assert_int_equal(m.n, 2);
	assert_string_equal(m.marks[1].key, "p000007");
	assert_int_equal(m.marks[1].n_keys, 4000);
	assert_int_equal(count(&m), 10000);
	list_marks_clear(&m);
}

/* The keys NAME0, NAME1 ... of a full page in the midst of a range. */
static void
add_numbered(struct list_marks *m, const char *name, const char *last)
{
	struct object keys[LIST_PAGE_KEYS];
	char text[LIST_PAGE_KEYS][16];

	for (size_t i = 0; i < LIST_PAGE_KEYS; i++) {
		snprintf(text[i], sizeof(text[i]), "%s%zu", name, i);
		if (last && i == LIST_PAGE_KEYS - 1)
			snprintf(text[i], sizeof(text[i]), "%s", last);
		keys[i] = (struct object){ .key = text[i],
					   .key_len = strlen(text[i]) };
	}
	list_marks_add(m, keys, LIST_PAGE_KEYS, false, 1);
}

/* Between two marks is room on a page for what is behind the second. */
static void
test_room(void **state)
{
	struct list_marks m = { 0 };

	(void)state;
	add_numbered(&m, "a", NULL);
	add_numbered(&m, "b", NULL);
	add_numbered(&m, "c%", "c~"); /* there is but the last one */
	add_numbered(&m, "d%", NULL);
	add_numbered(&m, "e", NULL);
	assert_int_equal(m.n, 4);
	assert_string_equal(m.marks[0].key, "a998");
	assert_int_equal(m.marks[0].n_keys, 999);
	assert_string_equal(m.marks[1].key, "b997");
	assert_int_equal(m.marks[1].n_keys, 999);
	assert_string_equal(m.marks[2].key, "c~");
	assert_int_equal(m.marks[2].n_keys, 1002);
	assert_string_equal(m.marks[3].key, "e995");
	assert_int_equal(m.marks[3].n_keys, 1996);
	assert_int_equal(count(&m), 5000);
	list_marks_clear(&m);
}

static void
test_thin(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 10; n++) {
		struct list_marks m = { 0 };

		add_pages(&m, 0, n, 1);
		list_marks_thin(&m);
		assert_int_equal(m.n, (n + 1) / 2);
		assert_int_equal(count(&m), 1000 * n);
		if (n >= 2)
			assert_string_equal(m.marks[0].key, "p000001");
		for (size_t i = 0; i + 1 < m.n; i++)
			assert_int_equal(m.marks[i].n_keys, 2000);
		list_marks_clear(&m);
	}
}

/* What came after the last mark of a range is before the first of the next. */
static void
test_append(void **state)
{
	struct list_marks m = { 0 }, next = { 0 }, empty = { 0 };

	(void)state;
	add_pages(&m, 0, 3, 2);
	list_marks_append(&m, &empty);
	add_pages(&next, 3, 2, 2);
	add_page(&next, "p000005", 5, 2);
	list_marks_append(&m, &next);
	assert_int_equal(next.n, 0);
	assert_null(next.marks);
	assert_int_equal(m.n, 2);
	assert_string_equal(m.marks[1].key, "p000004");
	assert_int_equal(m.marks[1].n_keys, 3000);
	assert_int_equal(m.n_keys, 5);
	assert_int_equal(count(&m), 5005);
	list_marks_clear(&m);
}

/* --- cuts --- */

static void
learn(struct list_memory *m, unsigned n_pages, size_t n_rest)
{
	struct list_marks marks = { 0 };

	add_pages(&marks, 0, n_pages, 1);
	if (n_rest > 0)
		add_page(&marks, "q", n_rest, 1);
	list_memory_remember(m, &marks);
	list_marks_clear(&marks);
}

/* As many ranges as requests allow, of the same size, and none of it empty. */
static void
test_learn(void **state)
{
	static const unsigned n_pages[] = { 0,	1,  2,	 3,    10,   16,
					    17, 30, 100, 1000, 3000, 20000 };
	struct list_memory m = { .n_disagreements = 1 };

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(n_pages); i++) {
		unsigned n = n_pages[i / 2];
		size_t rest = i % 2 ? 500 : 0;
		int64_t pages = list_pages(1000 * (int64_t)n + (int64_t)rest);
		int64_t most, last;

		learn(&m, n, rest);
		assert_int_equal(m.n_keys, 1000 * n + rest);
		most = list_ranges_allowed(m.n_keys);
		most = pages < 3 ? 1 : most < pages ? most : pages;
		if (most > LIST_RANGES_MAX)
			most = LIST_RANGES_MAX;
		assert_in_range(m.n_cuts + 1, (most + 1) / 2, most);
		last = m.n_keys;
		for (size_t k = 0; k < m.n_cuts; k++) {
			assert_in_range(m.cuts[k].n_keys, 1,
					2 * m.n_keys / most + 1000);
			last -= m.cuts[k].n_keys;
			if (k > 0)
				assert_true(strcmp(m.cuts[k - 1].key,
						   m.cuts[k].key) < 0);
		}
		assert_in_range(last, m.n_cuts ? 1 : 0,
				2 * m.n_keys / most + 1000);
	}
	assert_int_equal(m.n_disagreements, 1); /* none of its business */
	list_memory_clear(&m);
	assert_int_equal(m.n_cuts, 0);
}

/* What one fault is remembered for is not forgotten for another. */
static void
test_settle(void **state)
{
	struct list_memory m = { .n_disagreements =
					 LIST_DISAGREEMENTS_MAX - 1 };

	(void)state;
	assert_null(list_memory_set_plan(&m, LIST_PARALLEL, 5));
	assert_null(list_memory_set_plan(&m, LIST_SEQUENTIAL, 5));
	assert_int_equal(list_memory_plan(&m, 5), LIST_PARALLEL);
	m.n_disagreements++;
	assert_non_null(list_memory_set_plan(&m, LIST_SEQUENTIAL, 5));
	assert_null(list_memory_set_plan(&m, LIST_SEQUENTIAL, 5));
	assert_int_equal(list_memory_plan(&m, 5), LIST_SEQUENTIAL);
	assert_int_equal(list_memory_plan(&m, 4 + LIST_SEQUENTIAL_MS),
			 LIST_SEQUENTIAL);
	assert_int_equal(list_memory_plan(&m, 5 + LIST_SEQUENTIAL_MS),
			 LIST_PARALLEL);
	assert_int_equal(m.n_disagreements, 0);

	m.n_disagreements = LIST_DISAGREEMENTS_MAX;
	assert_non_null(list_memory_set_plan(&m, LIST_SEQUENTIAL, 5));
	assert_non_null(list_memory_set_plan(&m, LIST_UNORDERED, 6));
	assert_int_equal(list_memory_plan(&m, 7 + LIST_SEQUENTIAL_MS),
			 LIST_UNORDERED);

	/* refused: at once, for an hour */
	m = (struct list_memory){ .is_start_refused = true };
	assert_non_null(list_memory_set_plan(&m, LIST_SEQUENTIAL, 5));
	assert_int_equal(list_memory_plan(&m, 4 + LIST_SEQUENTIAL_MS),
			 LIST_SEQUENTIAL);
	assert_int_equal(list_memory_plan(&m, 5 + LIST_SEQUENTIAL_MS),
			 LIST_PARALLEL);
	assert_false(m.is_start_refused);

	m = (struct list_memory){ .is_start_ignored = true };
	assert_non_null(list_memory_set_plan(&m, LIST_SEQUENTIAL, 5));
	assert_int_equal(list_memory_plan(&m, 7 + LIST_SEQUENTIAL_MS),
			 LIST_SEQUENTIAL);
}

/*
 * Keys that somebody else knows, of which only plain parts may be sent; no key of
 * theirs is lost where there is no mark.
 */
static void
test_told(void **state)
{
	static const struct {
		const char *key, *mark; /* NULL: none */
	} keys[] = {
		{ "%", NULL },
		{ "a/b", "a/b" },
		{ "a/b c", NULL }, /* as that before it */
		{ "a/c d", "a/c" },
		{ "a/c+", NULL },
		{ "a/d\xff", "a/d" },
		{ "\xc3\xa9 1", "\xc3\xa9" },
		{ "\xc3\xa9\xc3", NULL },
		{ "\xff", NULL },
	};
	struct list_marks m = { 0 };
	char longest[LIST_KEY_MAX + 1];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		list_marks_add_key(&m, keys[i].key, strlen(keys[i].key), 10);
		if (!keys[i].mark)
			continue;
		assert_int_equal(m.n, ++n);
		assert_string_equal(m.marks[n - 1].key, keys[i].mark);
	}
	assert_int_equal(m.n, n);
	assert_int_equal(m.marks[0].n_keys, 20);
	assert_int_equal(count(&m), 10 * ARRAY_SIZE(keys));
	memset(longest, 'z', sizeof(longest));
	list_marks_add_key(&m, longest, sizeof(longest), 1);
	list_marks_add_key(&m, "", 0, 1);
	list_marks_add_key(&m, "x\0y", 3, 1);
	assert_int_equal(m.n, n);
	list_marks_clear(&m);
	list_marks_add_key(&m, longest, LIST_KEY_MAX, 1);
	list_marks_add_key(&m, "a", 1, 1); /* in no order */
	assert_int_equal(m.n, 1);
	list_marks_clear(&m);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allowance), cmocka_unit_test(test_marks),
		cmocka_unit_test(test_room),	  cmocka_unit_test(test_thin),
		cmocka_unit_test(test_append),	  cmocka_unit_test(test_learn),
		cmocka_unit_test(test_settle),	  cmocka_unit_test(test_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
