/* SPDX-License-Identifier: MIT */
/*
 * Statistics: one bucket worked through by hand in every mode, then thousands
 * of random small ones against a model that keeps every object in a table and
 * knows no stack; what is wrong with them, too.  They are cut into ranges that go on side by side, or come in no
 * order at all.  The answers to HEADs come in random order, some long after their
 * deltaspace has closed.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "brief.h"
#include "stats/space.h"
#include "stats/stats.h"

#define OBJECTS_MAX 64
#define ROUNDS 6000

/* An object and what a HEAD of it would tell. */
struct entry {
	struct object o;
	int64_t original;
	bool is_asked; /* by the tally under test */
};

/* A reproducible sequence (xorshift). */
static uint64_t
next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

struct question {
	struct space *space;
	const struct entry *entry;
};

static void
answer_some(struct tally *t, struct question *q, size_t *n, size_t leave,
	    uint64_t *seed)
{
	while (*n > leave) {
		size_t i = next_random(seed) % *n;

		tally_answer(t, q[i].space, &q[i].entry->o,
			     q[i].entry->original);
		q[i] = q[--*n];
	}
}

/* How a bucket is listed: cut into ranges, which go on in random order. */
#define RANGES_MAX 5

struct ranges {
	struct tally_part *parts[RANGES_MAX];
	size_t next[RANGES_MAX], end[RANGES_MAX]; /* places of entries */
	size_t n;
};

/*
 * Cuts anywhere: at a key, which then belongs to the left, or between two, at
 * the longest prefix of the right one that is behind the left one.
 */
static void
cut_bucket(struct ranges *r, struct tally *t, const struct entry *e, size_t n,
	   uint64_t *seed)
{
	size_t at = 0;

	r->n = 0;
	r->parts[r->n++] = tally_part_new(t, NULL, 0, true);
	r->next[0] = 0;
	while (r->n < RANGES_MAX && at + 1 < n && next_random(seed) % 3) {
		const struct object *left, *right;
		size_t len;

		at += next_random(seed) % (n - at);
		if (at + 1 >= n)
			break;
		left = &e[at].o;
		right = &e[at + 1].o;
		len = left->key_len;
		if (next_random(seed) % 2) {
			len = right->key_len - 1;
			while (len > 0 &&
			       key_compare(right->key, len - 1, left->key,
					   left->key_len) >= 0 &&
			       next_random(seed) % 2)
				len--;
			if (key_compare(right->key, len, left->key,
					left->key_len) < 0)
				continue;
		}
		r->end[r->n - 1] = at + 1;
		r->next[r->n] = at + 1;
		r->parts[r->n++] = tally_part_new(
			t, len == left->key_len ? left->key : right->key, len,
			true);
		at++;
	}
	r->end[r->n - 1] = n;
}

/* The next object of any range; ends the ranges that have none left. */
static const struct entry *
next_entry(struct ranges *r, const struct entry *e, struct tally_part **part,
	   uint64_t *seed)
{
	while (r->n > 0) {
		size_t i = next_random(seed) % r->n;

		*part = r->parts[i];
		if (r->next[i] < r->end[i])
			return &e[r->next[i]++];
		tally_part_end(r->parts[i]);
		r->n--;
		r->parts[i] = r->parts[r->n];
		r->next[i] = r->next[r->n];
		r->end[i] = r->end[r->n];
	}
	return NULL;
}

/* All objects in one unordered range, shuffled. */
static void
shuffle(size_t *order, size_t n, uint64_t *seed)
{
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n; i > 1; i--) {
		size_t k = next_random(seed) % i, swap = order[i - 1];

		order[i - 1] = order[k];
		order[k] = swap;
	}
}

static struct entry *
find_entry(struct entry *entries, size_t n, const struct object *o)
{
	for (size_t i = 0; i < n; i++)
		if (key_compare(entries[i].o.key, entries[i].o.key_len, o->key,
				o->key_len) == 0)
			return &entries[i];
	fail_msg("a HEAD of something else");
	return NULL;
}

/* Questions that the tally under test has asked, not answered yet. */
struct exam {
	struct tally *tally;
	struct question questions[OBJECTS_MAX];
	size_t n;
};

static void
add_entry(struct exam *x, struct tally_part *part, struct entry *e,
	  uint64_t *seed)
{
	struct space *s = tally_add(part, &e->o);

	e->is_asked = s != NULL;
	if (s)
		x->questions[x->n++] = (struct question){ s, e };
	if (next_random(seed) % 4 == 0)
		answer_some(x->tally, x->questions, &x->n,
			    next_random(seed) % 8, seed);
}

/* Run one bucket through a tally; `seed` decides when which answer comes. */
static struct tally *
run(struct entry *entries, size_t n, enum mode mode, uint64_t *seed)
{
	struct exam x = { .tally = tally_new(mode) };
	struct tally_part *part;
	const struct entry *e;
	struct ranges ranges;
	struct object o;
	struct space *s;

	if (next_random(seed) % 4) {
		cut_bucket(&ranges, x.tally, entries, n, seed);
		while ((e = next_entry(&ranges, entries, &part, seed)))
			add_entry(&x, part, (struct entry *)e, seed);
	} else {
		size_t order[OBJECTS_MAX];

		part = tally_part_new(x.tally, NULL, 0, false);
		shuffle(order, n, seed);
		for (size_t i = 0; i < n; i++)
			add_entry(&x, part, &entries[order[i]], seed);
		tally_part_end(part);
	}
	while ((s = tally_next_candidate(x.tally, &o))) {
		struct entry *found = find_entry(entries, n, &o);

		assert_false(found->is_asked);
		found->is_asked = true;
		x.questions[x.n++] = (struct question){ s, found };
	}
	answer_some(x.tally, x.questions, &x.n, 0, seed);
	return x.tally;
}

/* --- the worked example --- */

#define DATE "2025-10-14T10:30:00.000Z"
#define ENTRY(key, size, etag, original)                                       \
	{                                                                      \
		{ key, sizeof(key) - 1, size, etag, DATE, NULL, 0 }, original, \
			false                                                  \
	}

static const struct entry example[] = {
	ENTRY(".deltaglider/stats_quick.json", 400,
	      "3274c2b3684b16b14a696ab93a9848b3", ORIGINAL_UNKNOWN),
	ENTRY("a/1.zip.delta", 10, "01d1cf435b1a9e5c26cca8cd53d27952", 900),
	ENTRY("a/2.zip.delta", 20, "17d124f92ea20caf0aaa4a07f692bf7a", 950),
	ENTRY("a/b/1.tar.delta", 30, "6838969115b53e2d072ec9e5e3c519ab",
	      ORIGINAL_UNKNOWN),
	ENTRY("a/reference.bin", 1000, "299d6d2b6a694f88cc0a3d923439fb47",
	      ORIGINAL_UNKNOWN),
	ENTRY("a/z.zip.delta", 40, "968d7140c9d167f4b05a23c1a5cfdfbc",
	      ORIGINAL_UNKNOWN),
	ENTRY("c/reference.bin", 500, "dfb1b66ebefc5c6bd824d4395073ace0",
	      ORIGINAL_UNKNOWN),
	ENTRY("readme \xc3\xa9.txt", 7, "ce6658546d5e8fe9c9633d675542e085",
	      ORIGINAL_UNKNOWN),
};

/* Every digit, in whatever order the answers come. */
static void
test_worked_example(void **state)
{
	static const struct {
		struct figures f;
		unsigned asked; /* bits: places in the example */
	} expected[N_MODES] = {
		[MODE_QUICK] = { { 5, 3037, 1607, 1430, 0.4708594007243991, 4,
				   1, 0, 0, 4 },
				 0 },
		[MODE_SAMPLED] = { { 5, 2737, 1607, 1130, 0.41286079649251006,
				     4, 1, 1, 2, 1 },
				   1u << 1 | 1u << 3 },
		[MODE_DETAILED] = { { 5, 2887, 1607, 1280, 0.44336681676480777,
				      4, 1, 2, 0, 2 },
				    1u << 1 | 1u << 2 | 1u << 3 | 1u << 5 },
	};
	uint64_t seed = 1;

	(void)state;
	for (size_t i = 0; i < 300; i++) {
		enum mode mode = (enum mode)(i % N_MODES);
		struct entry entries[ARRAY_SIZE(example)];
		char hex[FINGERPRINT_HEX_LEN];
		struct figures f;
		struct tally *t;
		unsigned asked = 0;

		memcpy(entries, example, sizeof(example));
		t = run(entries, ARRAY_SIZE(example), mode, &seed);
		tally_figures(t, &f);
		assert_memory_equal(&f, &expected[mode].f, sizeof(f));
		for (size_t k = 0; k < ARRAY_SIZE(example); k++)
			asked |= (unsigned)entries[k].is_asked << k;
		assert_int_equal(asked, expected[mode].asked);
		assert_int_equal(tally_validation(t)->object_count, 7);
		assert_int_equal(tally_validation(t)->compressed_size, 1607);
		fingerprint_print(&tally_validation(t)->fingerprint, hex);
		assert_string_equal(hex, "41de27b3279702a6cac95621880992ac");
		tally_free(t);
	}
}

/* --- the model --- */

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

static bool
is_reference(const char *key)
{
	return strcmp(key, "reference.bin") == 0 ||
	       ends_with(key, "/reference.bin");
}

static bool
is_delta(const struct entry *e)
{
	return ends_with(e->o.key, ".delta") &&
	       strncmp(e->o.key, ".deltaglider/", 13) != 0;
}

static bool
is_same_space(const char *a, const char *b)
{
	const char *x = strrchr(a, '/'), *y = strrchr(b, '/');
	size_t n = x ? (size_t)(x - a) + 1 : 0, m = y ? (size_t)(y - b) + 1 : 0;

	return n == m && memcmp(a, b, n) == 0;
}

/* Sums of what is never negative: cut on the way or at the end, it is the same. */
struct model {
	int64_t total, compressed, references;
	struct figures f;
};

static void
add(int64_t *sum, int64_t n)
{
	*sum = n > INT64_MAX - *sum ? INT64_MAX : *sum + n;
}

static const struct entry *
first_delta(const struct entry *e, size_t n, const struct entry *of)
{
	for (size_t i = 0; i < n; i++)
		if (is_delta(&e[i]) && is_same_space(e[i].o.key, of->o.key))
			return &e[i];
	return NULL;
}

static int64_t
model_estimate(const struct entry *e, size_t n, const struct entry *of)
{
	for (size_t i = 0; i < n; i++)
		if (is_reference(e[i].o.key) &&
		    is_same_space(e[i].o.key, of->o.key))
			return e[i].o.size;
	return of->o.size;
}

static void
model_delta(struct model *m, const struct entry *e, size_t n,
	    const struct entry *d, enum mode mode)
{
	const struct entry *source = d;
	bool is_asked;

	m->f.delta_objects++;
	add(&m->compressed, d->o.size);
	if (mode == MODE_SAMPLED)
		source = first_delta(e, n, d);
	is_asked = mode != MODE_QUICK && source == d;
	assert_int_equal(d->is_asked, is_asked);
	if (mode == MODE_QUICK || source->original == ORIGINAL_UNKNOWN) {
		m->f.estimated_deltas++;
		add(&m->total, model_estimate(e, n, d));
		return;
	}
	if (source == d)
		m->f.exact_deltas++;
	else
		m->f.sampled_deltas++;
	add(&m->total, source->original);
}

static struct figures
model_figures(const struct entry *e, size_t n, enum mode mode)
{
	struct model m = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (strncmp(e[i].o.key, ".deltaglider/", 13) == 0)
			continue;
		if (is_delta(&e[i])) {
			model_delta(&m, e, n, &e[i], mode);
		} else if (is_reference(e[i].o.key)) {
			add(&m.references, e[i].o.size);
		} else {
			m.f.direct_objects++;
			add(&m.total, e[i].o.size);
			add(&m.compressed, e[i].o.size);
		}
	}
	if (m.f.delta_objects > 0)
		add(&m.compressed, m.references);
	m.f.object_count = m.f.delta_objects + m.f.direct_objects;
	m.f.total_size = m.total;
	m.f.compressed_size = m.compressed;
	if (m.f.total_size > m.f.compressed_size)
		m.f.space_saved = m.f.total_size - m.f.compressed_size;
	if (m.f.total_size > 0)
		m.f.average_compression_ratio =
			(double)m.f.space_saved / (double)m.f.total_size;
	return m.f;
}

/* --- what is wrong, by the same table --- */

struct model_flaw {
	int64_t n, bytes;
	const struct entry *first[OBJECTS_MAX]; /* of each deltaspace, sorted */
	int64_t n_of[OBJECTS_MAX];
	size_t n_spaces;
};

static bool
has_flaw(const struct entry *e, size_t n, const struct entry *d, enum flaw flaw)
{
	bool has_partner = false;

	if (strncmp(d->o.key, ".deltaglider/", 13) == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (is_same_space(e[i].o.key, d->o.key) &&
		    (flaw == FLAW_ORPHAN ? is_delta(&e[i])
					 : is_reference(e[i].o.key)))
			has_partner = true;
	if (flaw == FLAW_ORPHAN)
		return is_reference(d->o.key) && !has_partner;
	if (!is_delta(d))
		return false;
	switch (flaw) {
	case FLAW_NO_REFERENCE:
		return !has_partner;
	case FLAW_EMPTY:
		return d->o.size == 0;
	default:
		return d->original != ORIGINAL_UNKNOWN &&
		       d->o.size >= d->original;
	}
}

static size_t
dir_length(const struct entry *e)
{
	const char *slash = strrchr(e->o.key, '/');

	return slash ? (size_t)(slash + 1 - e->o.key) : 0;
}

/* Keys ascend, but the deltaspace that a key is in need not: "a/b/x" "a/c". */
static struct model_flaw
model_flaw(const struct entry *e, size_t n, enum flaw flaw)
{
	struct model_flaw m = { 0 };

	for (size_t i = 0; i < n; i++) {
		size_t at = 0;

		if (!has_flaw(e, n, &e[i], flaw))
			continue;
		m.n++;
		add(&m.bytes, e[i].o.size);
		while (at < m.n_spaces &&
		       key_compare(m.first[at]->o.key, dir_length(m.first[at]),
				   e[i].o.key, dir_length(&e[i])) < 0)
			at++;
		if (at == m.n_spaces ||
		    !is_same_space(m.first[at]->o.key, e[i].o.key)) {
			for (size_t k = m.n_spaces++; k > at; k--) {
				m.first[k] = m.first[k - 1];
				m.n_of[k] = m.n_of[k - 1];
			}
			m.first[at] = &e[i];
			m.n_of[at] = 0;
		}
		m.n_of[at]++;
	}
	return m;
}

static void
expect_integrity(const struct integrity *in, const struct entry *e, size_t n,
		 bool has_originals)
{
	assert_int_equal(in->has_originals, has_originals);
	for (int flaw = 0; flaw < N_FLAWS; flaw++) {
		struct model_flaw m = model_flaw(e, n, (enum flaw)flaw);
		const struct findings *f = &in->of[flaw];

		if (flaw == FLAW_NOT_SMALLER && !has_originals)
			m = (struct model_flaw){ 0 };
		if (m.n_spaces > INTEGRITY_SPACES_MAX)
			m.n_spaces = INTEGRITY_SPACES_MAX;
		assert_int_equal(f->n, m.n);
		assert_int_equal(f->bytes, m.bytes);
		assert_int_equal(f->n_spaces, m.n_spaces);
		for (size_t i = 0; i < f->n_spaces; i++) {
			assert_string_equal(f->spaces[i].key,
					    m.first[i]->o.key);
			assert_int_equal(f->spaces[i].key_len,
					 m.first[i]->o.key_len);
			assert_int_equal(f->spaces[i].prefix_len,
					 dir_length(m.first[i]));
			assert_int_equal(f->spaces[i].n, m.n_of[i]);
		}
	}
}

/* --- random buckets --- */

static const char *const odd_keys[] = {
	"x",
	"/x",
	"//x",
	"a",
	"a/",
	"reference.bin",
	"a/reference.bin",
	"xreference.bin",
	"a/xreference.bin",
	"/reference.bin",
	"//reference.bin",
	".deltaglider/stats_quick.json",
	".deltaglider/x.delta",
	"foo/.deltaglider/x.delta",
	"foo/.deltaglider/reference.bin",
	".delta",
	"/.delta",
	"//.delta",
	"a/.delta",
	"a.delta",
	"a/b/reference.bin",
	"a/b/c.delta",
	"a/b/c/d.delta",
	"a/z.delta",
	"a/b.delta",
	"reference.bin.delta",
	"reference.bin/x.delta",
	".deltaglider",
	".deltaglider.delta",
	"x.delta/",
	"x.delta/y.delta",
};

static int64_t
random_size(uint64_t *seed, bool is_huge)
{
	uint64_t r = next_random(seed);

	if (is_huge && r % 3 == 0)
		return INT64_MAX - (int64_t)(r >> 8) % 3;
	if (r % 5 == 1)
		return 0;
	return (int64_t)(r >> 8) % 1000;
}

static char *
random_key(uint64_t *seed)
{
	static const char *const parts[] = { "a/", "b/", "/",  "a",	  "b",
					     "-",  "0",	 "a.", "\xc3\xa9" };
	static const char *const ends[] = { "x.delta", "y.delta",
					    ".delta",  "reference.bin",
					    "x",       "" };
	char key[64] = "";
	size_t depth = next_random(seed) % 5;

	if (next_random(seed) % 2)
		return xstrdup(
			odd_keys[next_random(seed) % ARRAY_SIZE(odd_keys)]);
	for (size_t i = 0; i < depth; i++)
		strcat(key, parts[next_random(seed) % ARRAY_SIZE(parts)]);
	strcat(key, ends[next_random(seed) % ARRAY_SIZE(ends)]);
	return xstrdup(*key ? key : "k");
}

static int
compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return key_compare(x->o.key, x->o.key_len, y->o.key, y->o.key_len);
}

/* Keys sorted and unique, as LIST gives them. */
static size_t
random_bucket(struct entry *e, uint64_t *seed)
{
	size_t n = next_random(seed) % OBJECTS_MAX, unique = 0;
	bool is_huge = next_random(seed) % 8 == 0;

	for (size_t i = 0; i < n; i++) {
		char *key = random_key(seed);

		e[i] = (struct entry){
			.o = { .key = key,
			       .key_len = strlen(key),
			       .size = random_size(seed, is_huge),
			       .etag = "",
			       .last_modified = "" },
			.original = ORIGINAL_UNKNOWN,
		};
		if (next_random(seed) % 3)
			e[i].original = random_size(seed, is_huge);
	}
	qsort(e, n, sizeof(*e), compare_entries);
	for (size_t i = 0; i < n; i++) {
		if (unique > 0 && compare_entries(&e[unique - 1], &e[i]) == 0)
			free((char *)e[i].o.key);
		else
			e[unique++] = e[i];
	}
	return unique;
}

static void
test_random_buckets(void **state)
{
	struct entry e[OBJECTS_MAX];
	uint64_t seed = 20251014;

	(void)state;
	for (unsigned round = 0; round < brief(ROUNDS); round++) {
		size_t n = random_bucket(e, &seed);

		for (int mode = 0; mode < N_MODES; mode++) {
			struct tally *t = run(e, n, (enum mode)mode, &seed);
			struct integrity *in;
			struct figures f, expected;
			bool is_before = next_random(&seed) % 2;
			bool knows = mode == MODE_DETAILED && round % 4;

			if (is_before)
				in = tally_integrity(t, knows);
			tally_figures(t, &f);
			if (!is_before)
				in = tally_integrity(t, knows);
			expected = model_figures(e, n, (enum mode)mode);
			assert_memory_equal(&f, &expected, sizeof(f));
			tally_free(t);
			expect_integrity(in, e, n, knows);
			integrity_unref(in);
		}
		for (size_t i = 0; i < n; i++)
			free((char *)e[i].o.key);
	}
}

/* --- small things --- */

static void
test_empty(void **state)
{
	struct tally *t = tally_new(MODE_DETAILED);
	struct figures f, zero = { 0 };

	(void)state;
	tally_part_end(tally_part_new(t, NULL, 0, true));
	tally_figures(t, &f);
	assert_memory_equal(&f, &zero, sizeof(f));
	assert_true(tally_validation(t)->has_fingerprint);
	assert_true(fingerprint_equals(&tally_validation(t)->fingerprint,
				       &(struct fingerprint){ 0, 0 }));
	tally_free(t);
	tally_free(NULL);
}

/* Whatever the order, and whatever else the store takes for a date. */
static void
test_newest(void **state)
{
	static const struct object objects[] = {
		{ "a", 1, 10, "", "2025-10-14T10:30:00.000Z", NULL, 0 },
		{ "b.delta", 7, 30, "", "2025-10-14T10:30:00.500Z", NULL, 0 },
		{ "c", 1, 20, "", "2025-10-14T10:30:00.500Z", NULL, 0 },
		{ "reference.bin", 13, 0, "", "1969-12-31T23:59:59.000Z", NULL,
		  0 },
		{ ".deltaglider/x", 14, 1, "", "2026-01-01T00:00:00.000Z", NULL,
		  0 },
		{ "d", 1, 1, "", "yesterday", NULL, 0 },
		{ "e", 1, 1, "", "", NULL, 0 },
		{ "f", 1, 1, "",
		  "2027-01-01T00:00:00.00000000000000000000000000000000Z", NULL,
		  0 },
	};
	const size_t n = ARRAY_SIZE(objects);

	(void)state;
	for (size_t first = 0; first < n; first++) {
		struct tally *t = tally_new(MODE_QUICK);
		struct tally_part *p = tally_part_new(t, NULL, 0, false);
		struct newest newest = tally_newest(t);

		assert_false(newest.is_known);
		for (size_t i = 0; i < n; i++)
			tally_add(p, &objects[(first + i) % n]);
		tally_part_end(p);
		newest = tally_newest(t);
		assert_true(newest.is_known);
		assert_int_equal(newest.modified_at, 1760437800);
		assert_int_equal(newest.size, 30);
		tally_free(t);
	}
}

/* Given up half-way: what is open is freed without an end. */
static void
test_given_up(void **state)
{
	struct object o = { "a/b/x.delta", 11, 1, "", "", NULL, NULL };
	struct tally *t = tally_new(MODE_SAMPLED);
	struct tally_part *p = tally_part_new(t, NULL, 0, true);
	struct space *s = tally_add(p, &o);

	(void)state;
	assert_non_null(s);
	tally_answer(t, s, &o, ORIGINAL_UNKNOWN);
	tally_free(t);
}

static void
test_metadata(void **state)
{
	static const struct {
		const char *value;
		int64_t size;
	} cases[] = {
		{ "0", 0 },
		{ "900", 900 },
		{ "0012", 12 },
		{ "9223372036854775807", INT64_MAX },
		{ "00000000000000000000000000000007", 7 },
		{ "9223372036854775808", ORIGINAL_UNKNOWN },
		{ "18446744073709551616", ORIGINAL_UNKNOWN },
		{ "12x", ORIGINAL_UNKNOWN },
		{ "-1", ORIGINAL_UNKNOWN },
		{ "+1", ORIGINAL_UNKNOWN },
		{ " 1", ORIGINAL_UNKNOWN },
		{ "1 ", ORIGINAL_UNKNOWN },
		{ "1.0", ORIGINAL_UNKNOWN },
		{ "", ORIGINAL_UNKNOWN },
		{ "\xd9\xa1", ORIGINAL_UNKNOWN }, /* an Arabic digit */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(original_size_parse(cases[i].value),
				 cases[i].size);
	assert_int_equal(n_original_size_names, 5);
	assert_string_equal(original_size_names[0], "dg-file-size");
	assert_string_equal(original_size_names[4],
			    "deltaglider-original-size");
}

/* --- many deltaspaces --- */

#define PREFIX_LEN 4000

/* A delta in the i-th deltaspace of a long prefix; HEADs are answered at once. */
static void
add_far(struct tally *t, struct tally_part *p, size_t i, const char *name)
{
	char key[PREFIX_LEN + 32];
	struct object o = { .key = key, .etag = "", .last_modified = "" };
	struct space *s;
	int n = snprintf(key, sizeof(key), "%0*zu", PREFIX_LEN - 1, i);

	n += snprintf(key + n, sizeof(key) - (size_t)n, "/%s.delta", name);
	o.key_len = (size_t)n;
	s = tally_add(p, &o);
	if (s)
		tally_answer(t, s, &o, ORIGINAL_UNKNOWN);
}

/*
 * Without order all deltaspaces are kept, and sampled keeps their first deltas,
 * up to the bound.  More deltas of the same ones need no more.
 */
static void
test_full(void **state)
{
	static const size_t keys_kept[N_MODES] = { 1, 2, 1 };

	(void)state;
	for (int mode = 0; mode < N_MODES; mode++) {
		struct tally *t = tally_new((enum mode)mode);
		struct tally_part *p = tally_part_new(t, NULL, 0, false);
		size_t least = keys_kept[mode] * PREFIX_LEN;
		size_t n = 0;

		while (n < SPACES_BYTES_MAX / (least + 1000))
			add_far(t, p, n++, "b");
		for (int i = 9999; i > 0; i--) {
			char name[16];

			/* each one the first, so far */
			snprintf(name, sizeof(name), "a%04d", i);
			add_far(t, p, 0, name);
		}
		assert_false(tally_is_full(t));
		while (n < SPACES_BYTES_MAX / least && !tally_is_full(t))
			add_far(t, p, n++, "b");
		assert_true(tally_is_full(t));
		tally_free(t);
	}
}

/* In order, only those that are open are kept. */
static void
test_not_full(void **state)
{
	struct tally *t = tally_new(MODE_SAMPLED);
	struct tally_part *p = tally_part_new(t, NULL, 0, true);

	(void)state;
	for (size_t i = 0; i < SPACES_BYTES_MAX / PREFIX_LEN; i++)
		add_far(t, p, i, "b");
	assert_false(tally_is_full(t));
	tally_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worked_example),
		cmocka_unit_test(test_random_buckets),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_newest),
		cmocka_unit_test(test_given_up),
		cmocka_unit_test(test_metadata),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_not_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
