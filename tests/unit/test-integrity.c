/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with a bucket: the first deltaspaces in the order of their prefixes,
 * each with its first key, in whatever order objects come; keys are any bytes; what is
 * kept has a bound.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "brief.h"
#include "stats/integrity.h"
#include "stats/stats.h"
#include "util/object.h"

static void
add(struct integrity *in, const char *key, int64_t n, int64_t bytes)
{
	integrity_add(in, FLAW_EMPTY,
		      &(struct flawed){ key, strlen(key), n, bytes });
}

/* "KEY=N " for each deltaspace. */
static void
expect(const struct integrity *in, int64_t n, int64_t bytes, const char *spaces)
{
	const struct findings *f = &in->of[FLAW_EMPTY];
	char text[1024] = "";
	size_t len = 0;

	for (size_t i = 0; i < f->n_spaces; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"%s=%lld ", f->spaces[i].key,
					(long long)f->spaces[i].n);
	assert_string_equal(text, spaces);
	assert_int_equal(f->n, n);
	assert_int_equal(f->bytes, bytes);
}

static void
test_order(void **state)
{
	struct integrity *in = integrity_new();

	(void)state;
	assert_false(integrity_has_any(in));
	expect(in, 0, 0, "");
	add(in, "b/2", 1, 10);
	assert_true(integrity_has_any(in));
	add(in, "a/b/1", 1, 20);
	add(in, "b/3", 1, 30);
	add(in, "a/c", 5, 40); /* behind a/b/1, and in a space before it */
	add(in, "b/1", 1, 50);
	add(in, "0", 2, 60); /* the root comes first */
	expect(in, 11, 210, "0=2 a/c=5 a/b/1=1 b/1=3 ");
	assert_int_equal(in->of[FLAW_EMPTY].spaces[2].prefix_len, 4);
	assert_int_equal(in->of[FLAW_ORPHAN].n, 0);
	integrity_forget(in, FLAW_EMPTY);
	expect(in, 0, 0, "");
	assert_false(integrity_has_any(in));
	add(in, "x", 1, INT64_MAX);
	add(in, "y", 1, 7);
	expect(in, 2, INT64_MAX, "x=2 ");
	integrity_unref(integrity_ref(in));
	integrity_unref(in);
	integrity_unref(NULL);
	assert_null(integrity_ref(NULL));
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(flaw_names[FLAW_NO_REFERENCE],
			    "deltas_without_reference");
	assert_string_equal(flaw_names[FLAW_ORPHAN], "orphaned_references");
	assert_string_equal(flaw_names[FLAW_EMPTY], "empty_deltas");
	assert_string_equal(flaw_names[FLAW_NOT_SMALLER], "deltas_not_smaller");
}

/* --- in any order --- */

#define KEYS 300
#define ROUNDS 500

static uint64_t
next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Of 1 to 60 deltaspaces; 0xff and 0x01 sort as bytes do. */
static void
random_key(char key[16], unsigned n_spaces, uint64_t *seed)
{
	static const char letters[] = "\x01/0a\x7f\x80\xc3\xff";
	unsigned space = (unsigned)(next_random(seed) % n_spaces);
	char *end = key;

	*end++ = letters[space % 8];
	*end++ = letters[space / 8];
	*end++ = '/';
	snprintf(end, 8, "%u", (unsigned)(next_random(seed) % 1000));
}

static size_t
prefix_of(const char *key)
{
	return (size_t)(strrchr(key, '/') + 1 - key);
}

static int
compare_keys(const void *a, const void *b)
{
	const char *x = a, *y = b;
	int c = key_compare(x, prefix_of(x), y, prefix_of(y));

	return c ? c : key_compare(x, strlen(x), y, strlen(y));
}

/* Sorted by deltaspace, then by key, the rest is to count. */
static void
expect_model(const struct integrity *in, char (*keys)[16])
{
	const struct findings *f = &in->of[FLAW_EMPTY];
	size_t at = 0, n_spaces = 0;

	qsort(keys, KEYS, sizeof(*keys), compare_keys);
	while (at < KEYS && n_spaces < in->spaces_max) {
		const struct flawed_space *s = &f->spaces[n_spaces++];
		size_t len = prefix_of(keys[at]), from = at;

		assert_true(n_spaces <= f->n_spaces);
		assert_string_equal(s->key, keys[at]);
		assert_int_equal(s->prefix_len, len);
		while (at < KEYS && prefix_of(keys[at]) == len &&
		       memcmp(keys[at], keys[from], len) == 0)
			at++;
		assert_int_equal(s->n, at - from);
	}
	assert_int_equal(f->n_spaces, n_spaces);
	assert_int_equal(f->n, KEYS);
}

static void
test_any_order(void **state)
{
	static char keys[KEYS][16];
	uint64_t seed = 20261127;

	(void)state;
	for (unsigned round = 0; round < brief(ROUNDS); round++) {
		struct integrity *in = integrity_new();
		unsigned n_spaces = 1 + (unsigned)(next_random(&seed) % 60);

		if (round % 2) /* one that wants to know more, or less */
			in->spaces_max = 1 + next_random(&seed) % 60;
		for (size_t i = 0; i < KEYS; i++) {
			random_key(keys[i], n_spaces, &seed);
			add(in, keys[i], 1, 1);
		}
		expect_model(in, keys);
		integrity_unref(in);
	}
}

/* --- long keys of any bytes --- */

#define KEY_LEN 1024

/* NUL included; 64 deltaspaces that differ in one byte far behind. */
static void
test_long_keys(void **state)
{
	struct integrity *in = integrity_new();
	const struct findings *f = &in->of[FLAW_NO_REFERENCE];
	char key[KEY_LEN];

	(void)state;
	for (size_t i = 0; i < KEY_LEN; i++)
		key[i] = (char)(i % 7 ? i : 0);
	key[KEY_LEN - 2] = '/';
	for (int i = 63; i >= 0; i--) {
		key[KEY_LEN - 3] = (char)(0xc0 + i);
		for (int k = 2; k >= 0; k--) {
			key[KEY_LEN - 1] = (char)k;
			integrity_add(in, FLAW_NO_REFERENCE,
				      &(struct flawed){ key, KEY_LEN, 1, 3 });
		}
	}
	assert_int_equal(f->n, 3 * 64);
	assert_int_equal(f->bytes, 9 * 64);
	assert_int_equal(f->n_spaces, INTEGRITY_SPACES_MAX);
	for (size_t i = 0; i < f->n_spaces; i++) {
		key[KEY_LEN - 3] = (char)(0xc0 + i);
		key[KEY_LEN - 1] = 0;
		assert_int_equal(f->spaces[i].key_len, KEY_LEN);
		assert_memory_equal(f->spaces[i].key, key, KEY_LEN);
		assert_int_equal(f->spaces[i].prefix_len, KEY_LEN - 1);
		assert_int_equal(f->spaces[i].n, 3);
	}
	integrity_unref(in);
}

/* --- all keys --- */

/* "KEY " for each. */
static void
expect_keys(const struct integrity *in, enum flaw flaw, const char *expected)
{
	const struct key_list *list = &in->of[flaw].keys;
	struct key *keys = key_list_sorted(list);
	char text[1024] = "";
	size_t len = 0;

	for (size_t i = 0; i < list->n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%.*s ",
					(int)keys[i].len, keys[i].text);
	assert_string_equal(text, expected);
	free(keys);
}

/* Those that find no room are left out, and what was forgotten makes some. */
static void
test_room_for_keys(void **state)
{
	struct integrity *in = integrity_new();
	const size_t each = sizeof(uint32_t) + 3;

	(void)state;
	integrity_add_key(in, FLAW_EMPTY, "a/1", 3); /* not wanted */
	expect_keys(in, FLAW_EMPTY, "");
	in->keys_room = 2 * each;
	integrity_add_key(in, FLAW_EMPTY, "b/1", 3);
	integrity_add_key(in, FLAW_ORPHAN, "a/1", 3);
	integrity_add_key(in, FLAW_EMPTY, "c/1", 3);
	expect_keys(in, FLAW_EMPTY, "b/1 ");
	expect_keys(in, FLAW_ORPHAN, "a/1 ");
	integrity_forget(in, FLAW_ORPHAN);
	assert_int_equal(in->keys_room, each);
	integrity_add_key(in, FLAW_EMPTY, "a/1", 3);
	expect_keys(in, FLAW_EMPTY, "a/1 b/1 ");
	assert_int_equal(in->keys_room, 0);
	integrity_unref(in);
}

static void
add_object(struct tally_part *p, const char *key)
{
	tally_add(p, &(struct object){ .key = key,
				       .key_len = strlen(key),
				       .size = 1,
				       .etag = "",
				       .last_modified = "" });
}

/* A deltaspace in two ranges; a reference that comes behind some of its deltas. */
static void
test_keys_of_ranges(void **state)
{
	struct tally *t = tally_new(MODE_QUICK);
	struct tally_part *first, *second;
	struct integrity *in;

	(void)state;
	tally_list_flaws(t, INTEGRITY_SPACES_MAX);
	first = tally_part_new(t, NULL, 0, true);
	second = tally_part_new(t, "v/b.delta", 9, true);
	add_object(second, "v/c.delta");
	add_object(second, "w/a.delta");
	add_object(second, "w/reference.bin");
	add_object(second, "w/z.delta");
	add_object(second, "x/reference.bin");
	add_object(first, "a.delta");
	add_object(first, "v/a.delta");
	add_object(first, "v/a/1.delta");
	add_object(first, "v/b.delta");
	tally_part_end(second);
	tally_part_end(first);
	in = tally_integrity(t, false);
	expect_keys(in, FLAW_NO_REFERENCE,
		    "a.delta v/a.delta v/a/1.delta v/b.delta v/c.delta ");
	expect_keys(in, FLAW_ORPHAN, "x/reference.bin ");
	assert_int_equal(in->of[FLAW_NO_REFERENCE].n, 5);
	integrity_unref(in);
	tally_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_long_keys),
		cmocka_unit_test(test_room_for_keys),
		cmocka_unit_test(test_keys_of_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
