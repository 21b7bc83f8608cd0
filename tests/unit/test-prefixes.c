/* SPDX-License-Identifier: MIT */
/*
 * The tree of prefixes: which nodes there are, what counts in which, how whole levels
 * are folded; against a model that keeps all objects in a table, for random buckets in
 * ranges that go on side by side, and in no order.  And its two texts, of which one is
 * read again.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "brief.h"
#include "stats/prefixes-doc.h"
#include "stats/stats.h"
#include "util/object.h"

#define OBJECTS_MAX 80
#define ROUNDS 3000
#define DATE "2025-10-14T10:30:00.000Z"
#define WHEN INT64_C(1760437800)
#define OBJECT(name, bytes, date)                                              \
	{                                                                      \
		.key = (name), .key_len = sizeof(name) - 1, .size = (bytes),   \
		.etag = "", .last_modified = (date)                            \
	}

static uint64_t
next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* --- the model --- */

static size_t
dir_length(const char *key)
{
	const char *slash = strrchr(key, '/');

	return slash ? (size_t)(slash + 1 - key) : 0;
}

/* Bytes of the prefix that a key has at that depth, or of its directory if less. */
static size_t
prefix_at(const char *key, unsigned depth)
{
	const char *s = key, *slash;

	while (depth-- > 0 && (slash = strchr(s, '/')))
		s = slash + 1;
	return (size_t)(s - key);
}

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

static bool
is_reference(const char *key)
{
	return strcmp(key + dir_length(key), "reference.bin") == 0;
}

static bool
is_internal(const char *key)
{
	return strncmp(key, ".deltaglider/", 13) == 0;
}

static int64_t
original_size(const struct object *o, size_t n, const struct object *of)
{
	size_t len = dir_length(of->key);

	if (!ends_with(of->key, ".delta"))
		return of->size;
	for (size_t i = 0; i < n; i++)
		if (is_reference(o[i].key) && dir_length(o[i].key) == len &&
		    memcmp(o[i].key, of->key, len) == 0)
			return o[i].size;
	return of->size;
}

/* Of the objects whose prefix at `depth` is `prefix`. */
static struct prefix_sums
model_sums(const struct object *o, size_t n, unsigned depth, const char *prefix,
	   size_t len)
{
	struct prefix_sums s = { .newest = PREFIX_NEVER };
	bool has_deltas = false;

	for (size_t i = 0; i < n; i++)
		has_deltas = has_deltas || (ends_with(o[i].key, ".delta") &&
					    !is_internal(o[i].key));

	for (size_t i = 0; i < n; i++) {
		if (is_internal(o[i].key) ||
		    prefix_at(o[i].key, depth) != len ||
		    memcmp(o[i].key, prefix, len) != 0)
			continue;
		s.newest = WHEN;
		if (is_reference(o[i].key)) {
			s.stored += has_deltas ? o[i].size : 0;
			continue;
		}
		if (ends_with(o[i].key, ".delta"))
			s.n_deltas++;
		else
			s.n_directs++;
		s.stored += o[i].size;
		s.original += original_size(o, n, &o[i]);
	}
	return s;
}

/* Nodes of a depth up to `depth`, the root too. */
static size_t
model_count(const struct object *o, size_t n, unsigned depth)
{
	const struct object *seen[OBJECTS_MAX * 4];
	size_t lengths[OBJECTS_MAX * 4], n_seen = 0;

	for (size_t i = 0; i < n; i++) {
		for (unsigned d = 1; d <= depth && !is_internal(o[i].key);
		     d++) {
			size_t len = prefix_at(o[i].key, d), k = 0;

			if (len == prefix_at(o[i].key, d - 1))
				break; /* it has none so deep */
			while (k < n_seen &&
			       (lengths[k] != len ||
				memcmp(seen[k]->key, o[i].key, len) != 0))
				k++;
			if (k < n_seen)
				continue;
			seen[n_seen] = &o[i];
			lengths[n_seen++] = len;
		}
	}
	return n_seen + 1;
}

static unsigned
model_depth(const struct object *o, size_t n, unsigned depth, size_t max)
{
	while (depth > 0 && model_count(o, n, depth) > max)
		depth--;
	return depth;
}

/* --- comparing --- */

struct exam {
	const struct object *o;
	size_t n;
	unsigned depth;
	size_t n_nodes;
};

static void
expect_node(struct exam *x, const struct prefix_node *node, char *path,
	    size_t len)
{
	struct prefix_sums own = model_sums(x->o, x->n, x->depth, path, len);
	int64_t n_below = node->own.n_deltas + node->own.n_directs;
	const struct prefix_node *before = NULL;

	assert_memory_equal(&node->own, &own, sizeof(own));
	x->n_nodes++;
	for (const struct prefix_node *c = node->children; c; c = c->hh.next) {
		assert_int_equal(c->name[c->name_len - 1], '/');
		if (before)
			assert_true(key_compare(before->name, before->name_len,
						c->name, c->name_len) < 0);
		memcpy(path + len, c->name, c->name_len);
		expect_node(x, c, path, len + c->name_len);
		n_below += c->all.n_deltas + c->all.n_directs;
		before = c;
	}
	assert_int_equal(node->all.n_deltas + node->all.n_directs, n_below);
}

/* --- random buckets --- */

static int
compare_objects(const void *a, const void *b)
{
	const struct object *x = a, *y = b;

	return key_compare(x->key, x->key_len, y->key, y->key_len);
}

static void
random_key(char key[64], uint64_t *seed)
{
	static const char *const parts[] = {
		"a/", "b/", "/", "a", "b", "-", "0/", ".deltaglider/"
	};
	static const char *const ends[] = { "x.delta", "y.delta",
					    "reference.bin", "x", "" };
	size_t depth = next_random(seed) % 6;

	*key = '\0';
	for (size_t i = 0; i < depth; i++)
		strcat(key, parts[next_random(seed) % ARRAY_SIZE(parts)]);
	strcat(key, ends[next_random(seed) % ARRAY_SIZE(ends)]);
	if (*key == '\0')
		strcpy(key, "k");
}

static size_t
random_bucket(struct object *o, char (*keys)[64], uint64_t *seed)
{
	size_t n = next_random(seed) % OBJECTS_MAX, unique = 0;

	for (size_t i = 0; i < n; i++) {
		random_key(keys[i], seed);
		o[i] = (struct object){ .key = keys[i],
					.key_len = strlen(keys[i]),
					.size = (int64_t)(next_random(seed) %
							  1000),
					.etag = "",
					.last_modified = DATE };
	}
	qsort(o, n, sizeof(*o), compare_objects);
	for (size_t i = 0; i < n; i++)
		if (unique == 0 || compare_objects(&o[unique - 1], &o[i]) != 0)
			o[unique++] = o[i];
	return unique;
}

/* Two ranges, cut at a key, that go on in random order; or shuffled. */
static void
feed(struct tally *t, struct object *o, size_t n, uint64_t *seed)
{
	size_t cut = n ? next_random(seed) % n : 0, i = 0, k = cut + 1;
	struct tally_part *left, *right;

	if (n == 0 || next_random(seed) % 4 == 0) {
		struct object all[OBJECTS_MAX];

		memcpy(all, o, n * sizeof(*o));
		left = tally_part_new(t, NULL, 0, false);
		for (; n > 0; n--) {
			size_t at = next_random(seed) % n;

			tally_add(left, &all[at]);
			all[at] = all[n - 1];
		}
		tally_part_end(left);
		return;
	}
	left = tally_part_new(t, NULL, 0, true);
	right = tally_part_new(t, o[cut].key, o[cut].key_len, true);
	while (i <= cut || k < n) {
		bool is_left = k == n || (i <= cut && next_random(seed) % 2);

		tally_add(is_left ? left : right, &o[is_left ? i++ : k++]);
	}
	tally_part_end(right);
	tally_part_end(left);
}

/* What is taken for true is what is printed of it. */
static bool
is_read(struct prefixes_doc d, const char *text, size_t len)
{
	struct buf again CLEANUP_BUF = BUF_INIT(prefixes_text_max(d.max));
	struct prefixes *read = NULL;
	struct err err = ERR_INIT;

	if (prefixes_parse(&d, &read, text, len, &err) != DOC_GOOD)
		return false;
	assert_int_equal(prefixes_print(&again, &d, read), 0);
	assert_int_equal(again.len, len);
	assert_memory_equal(again.data, text, len);
	prefixes_free(read);
	return true;
}

static void
expect_read_again(const struct prefixes *tree, const struct figures *figures,
		  unsigned depth, size_t max, uint64_t *seed)
{
	struct buf text CLEANUP_BUF = BUF_INIT(prefixes_text_max(max));
	struct prefixes_doc d = { .bucket = "bkt",
				  .depth = depth,
				  .max = max,
				  .computed_at = WHEN,
				  .validation = { .has_fingerprint = true } };
	struct figures f;
	size_t at;

	prefixes_figures(tree, &f);
	assert_memory_equal(&f, figures, sizeof(f));
	assert_int_equal(prefixes_print(&text, &d, tree), 0);
	assert_int_equal(text.len % PREFIXES_STEP, 0);
	assert_true(prefixes_text_is_whole(text.data, text.len));
	assert_false(prefixes_text_is_whole(text.data, text.len - 1));
	assert_true(is_read(d, text.data, text.len));
	at = next_random(seed) % text.len;
	assert_false(is_read(d, text.data, at));
	text.data[at] ^= 1; /* a date, a name and so on may be another one */
	is_read(d, text.data, text.len);
}

static void
test_random_buckets(void **state)
{
	uint64_t seed = 20261127;

	(void)state;
	for (unsigned round = 0; round < brief(ROUNDS); round++) {
		struct object o[OBJECTS_MAX];
		char keys[OBJECTS_MAX][64], path[512];
		size_t n = random_bucket(o, keys, &seed);
		unsigned depth = (unsigned)(next_random(&seed) % 4);
		size_t max = 1 + next_random(&seed) % 40;
		struct tally *t = tally_new(MODE_QUICK);
		struct exam x = { .o = o,
				  .n = n,
				  .depth = model_depth(o, n, depth, max) };
		const struct prefixes *p;
		struct figures f;

		tally_want_prefixes(t, depth, max);
		feed(t, o, n, &seed);
		tally_figures(t, &f);
		p = tally_prefixes(t);
		assert_int_equal(prefixes_depth(p), x.depth);
		expect_node(&x, prefixes_root(p), path, 0);
		assert_int_equal(x.n_nodes, prefixes_count(p));
		assert_int_equal(x.n_nodes, model_count(o, n, x.depth));
		expect_read_again(p, &f, depth, max, &seed);
		tally_free(t);
	}
}

/* Given up half-way: what is open is freed. */
static void
test_given_up(void **state)
{
	struct tally *t = tally_new(MODE_QUICK);
	struct tally_part *part;

	(void)state;
	tally_want_prefixes(t, 2, 10);
	part = tally_part_new(t, "a", 1, true);
	tally_add(part, &(struct object)OBJECT("a/b/x.delta", 1, ""));
	tally_free(t);
	prefixes_free(NULL);
}

/* --- texts --- */

static struct tally *
sample(void)
{
	static const struct object objects[] = {
		OBJECT("/x", 4, ""),
		OBJECT("a/1.delta", 10, DATE),
		OBJECT("a/b/c/d", 5, "2025-10-14T10:30:01Z"),
		OBJECT("a/reference.bin", 100, ""),
		OBJECT("c\xff/reference.bin", 50, ""),
		OBJECT("r", 7, ""),
	};
	struct tally *t = tally_new(MODE_QUICK);
	struct tally_part *part = tally_part_new(t, NULL, 0, true);
	struct figures f;

	tally_want_prefixes(t, 2, 10000);
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++)
		tally_add(part, &objects[i]);
	tally_part_end(part);
	tally_figures(t, &f);
	return t;
}

static const struct prefixes_doc about = {
	.bucket = "bkt",
	.depth = 2,
	.max = 10000,
	.computed_at = WHEN,
	.validation = { .object_count = 6,
			.compressed_size = 176,
			.has_fingerprint = true,
			.fingerprint = { 1, 2 } },
};

/* Without the blanks at the ends of lines. */
static void
expect_text(const struct buf *shown, const char *expected)
{
	char *text CLEANUP_FREE = xstrdup(buf_str(shown));
	char *to = text;

	assert_int_equal(shown->len % PREFIXES_STEP, 0);
	for (const char *s = text; *s; s++) {
		while (*s == '\n' && to > text && to[-1] == ' ')
			to--;
		*to++ = *s;
	}
	*to = '\0';
	assert_string_equal(text, expected);
}

static const char sample_json[] =
	"{\n"
	"  \"version\": \"1.0\",\n"
	"  \"mode\": \"prefixes\",\n"
	"  \"computed_at\": \"2025-10-14T10:30:00Z\",\n"
	"  \"validation\": {\n"
	"    \"object_count\": 6,\n"
	"    \"compressed_size\": 176,\n"
	"    \"fingerprint\": \"00000000000000010000000000000002\"\n"
	"  },\n"
	"  \"bucket\": \"bkt\",\n"
	"  \"prefix_depth\": 2,\n"
	"  \"prefix_nodes\": 10000,\n"
	"  \"depth_shown\": 2,\n"
	"  \"nodes\": 5,\n"
	"  \"tree\":\n"
	"    { \"prefix\": \"\", \"is_url_encoded\": false, \"objects\": 4, "
	"\"deltas\": 1, \"directs\": 3, \"stored_bytes\": 176, "
	"\"original_bytes\": 116, \"saved_bytes\": 0, "
	"\"newest\": \"2025-10-14T10:30:01Z\",\n"
	"      \"own\": { \"objects\": 1, \"deltas\": 0, \"directs\": 1, "
	"\"stored_bytes\": 7, \"original_bytes\": 7, \"saved_bytes\": 0, "
	"\"newest\": null },\n"
	"      \"children\": [\n"
	"        { \"prefix\": \"/\", \"is_url_encoded\": false, "
	"\"objects\": 1, \"deltas\": 0, \"directs\": 1, \"stored_bytes\": 4, "
	"\"original_bytes\": 4, \"saved_bytes\": 0, \"newest\": null },\n"
	"        { \"prefix\": \"a/\", \"is_url_encoded\": false, "
	"\"objects\": 2, \"deltas\": 1, \"directs\": 1, "
	"\"stored_bytes\": 115, \"original_bytes\": 105, \"saved_bytes\": 0, "
	"\"newest\": \"2025-10-14T10:30:01Z\",\n"
	"          \"own\": { \"objects\": 1, \"deltas\": 1, \"directs\": 0, "
	"\"stored_bytes\": 110, \"original_bytes\": 100, "
	"\"saved_bytes\": 0, \"newest\": \"2025-10-14T10:30:00Z\" },\n"
	"          \"children\": [\n"
	"            { \"prefix\": \"a/b/\", \"is_url_encoded\": false, "
	"\"objects\": 1, \"deltas\": 0, \"directs\": 1, \"stored_bytes\": 5, "
	"\"original_bytes\": 5, \"saved_bytes\": 0, "
	"\"newest\": \"2025-10-14T10:30:01Z\" }\n"
	"          ] },\n"
	"        { \"prefix\": \"c%FF/\", \"is_url_encoded\": true, "
	"\"objects\": 0, \"deltas\": 0, \"directs\": 0, "
	"\"stored_bytes\": 50, \"original_bytes\": 0, \"saved_bytes\": 0, "
	"\"newest\": null }\n"
	"      ] }\n"
	"}\n";

static void
test_json(void **state)
{
	struct buf out CLEANUP_BUF = BUF_INIT(65536);
	struct tally *t = sample();

	(void)state;
	assert_int_equal(prefixes_print(&out, &about, tally_prefixes(t)), 0);
	expect_text(&out, sample_json);
	tally_free(t);
}

static void
test_ncdu(void **state)
{
	struct buf out CLEANUP_BUF = BUF_INIT(65536);
	struct tally *t = sample();

	(void)state;
	assert_int_equal(prefixes_print_ncdu(&out, &about, tally_prefixes(t)),
			 0);
	expect_text(&out,
		    "[1,1,{\"progname\":\"dgstatfs\",\"progver\":"
		    "\"" PACKAGE_VERSION "\",\"timestamp\":1760437800},\n"
		    "[{\"name\":\"bkt\"},\n"
		    "{\"name\":\"(1 object)\",\"asize\":7,\"dsize\":7},\n"
		    "[{\"name\":\"/\"},\n"
		    "{\"name\":\"(1 object)\",\"asize\":4,\"dsize\":4}],\n"
		    "[{\"name\":\"a\"},\n"
		    "{\"name\":\"(1 object)\",\"asize\":100,\"dsize\":110,"
		    "\"mtime\":1760437800},\n"
		    "[{\"name\":\"b\"},\n"
		    "{\"name\":\"(1 object)\",\"asize\":5,\"dsize\":5,"
		    "\"mtime\":1760437801}]],\n"
		    "[{\"name\":\"c%FF\"},\n"
		    "{\"name\":\"(0 objects)\",\"asize\":0,\"dsize\":50}"
		    "]]\n]\n");
	tally_free(t);
}

/* --- what is not ours --- */

static enum doc_verdict
parse_changed(const char *what, const char *to)
{
	struct buf text CLEANUP_BUF = BUF_INIT(65536);
	struct buf changed CLEANUP_BUF = BUF_INIT(65536);
	struct tally *t = sample();
	struct prefixes_doc d = { .bucket = "bkt", .depth = 2, .max = 10000 };
	struct prefixes *read = NULL;
	struct err err = ERR_INIT;
	enum doc_verdict verdict;
	const char *at;

	prefixes_print(&text, &about, tally_prefixes(t));
	tally_free(t);
	at = strstr(buf_str(&text), what);
	assert_non_null(at);
	buf_add(&changed, text.data, (size_t)(at - text.data));
	buf_add_str(&changed, to);
	buf_add_str(&changed, at + strlen(what));
	verdict = prefixes_parse(&d, &read, changed.data, changed.len, &err);
	assert_int_equal(verdict == DOC_GOOD, err.code == 0);
	prefixes_free(read);
	return verdict;
}

static void
test_verdicts(void **state)
{
	static const struct {
		const char *what, *to;
		enum doc_verdict verdict;
	} cases[] = {
		{ "{", "{", DOC_GOOD },
		{ "\"1.0\"", "\"1.1\"", DOC_FOREIGN },
		{ "\"prefixes\"", "\"quick\"", DOC_BAD },
		{ "\"bkt\"", "\"bkx\"", DOC_BAD },
		{ "_depth\": 2", "_depth\": 3", DOC_OTHER },
		{ "_nodes\": 10000", "_nodes\": 20000", DOC_OTHER },
		{ "shown\": 2", "shown\": 1", DOC_BAD },
		{ "shown\": 2", "shown\": 3", DOC_BAD },
		{ "\"nodes\": 5", "\"nodes\": 6", DOC_BAD },
		{ "\"objects\": 4", "\"objects\": 5", DOC_BAD },
		{ "\"stored_bytes\": 4", "\"stored_bytes\": 3", DOC_BAD },
		{ "\"saved_bytes\": 0", "\"saved_bytes\": 1", DOC_BAD },
		{ "176,", "99999999999999999999,", DOC_BAD },
		{ "\"a/b/\"", "\"b/b/\"", DOC_BAD },
		{ "c%FF", "c%F", DOC_BAD },
		{ "c%FF", "c%41", DOC_BAD },
		{ "10:30:00Z", "10:30:00+00:00", DOC_BAD },
		{ "0002\"", "000g\"", DOC_BAD },
		{ "{", "[", DOC_BAD },
		{ "\n}\n", "\n}\n ", DOC_BAD },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(parse_changed(cases[i].what, cases[i].to),
				 cases[i].verdict);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_buckets),
		cmocka_unit_test(test_given_up),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_ncdu),
		cmocka_unit_test(test_verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
