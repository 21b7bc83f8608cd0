/* SPDX-License-Identifier: MIT */
/*
 * Reading a cached tree of prefixes: see prefixes-doc.h.  Pure; any thread.  It was
 * written by another client, another program or an attacker.
 *
 * Only what the tree is made of is read, in the order in which it is printed.  All the
 * rest, sums that must add up, names that must fit, numbers that must be whole, follows
 * from the comparison with what is printed of it: nothing but that has those bytes.
 */
#include "config.h"

#include "stats/prefixes-doc.h"

#include <errno.h>

#include "util/date.h"
#include "util/uri.h"

/* Where the reader is; once it is not where it should be, it stays there. */
struct cursor {
	const char *at, *end;
	bool is_lost;
};

/*
 * White space, and then this, in which a blank is any white space; false: something
 * else, and the cursor stays.
 */
static bool
accept(struct cursor *c, const char *what)
{
	const char *at = c->at;

	if (c->is_lost)
		return false;
	for (bool skips = true; *what; what++) {
		skips = skips || *what == ' ';
		while (skips && at < c->end && (*at == ' ' || *at == '\n'))
			at++;
		skips = false;
		if (*what == ' ')
			continue;
		if (at == c->end || *at++ != *what)
			return false;
	}
	c->at = at;
	return true;
}

static void
expect(struct cursor *c, const char *what)
{
	if (!accept(c, what))
		c->is_lost = true;
}

static int64_t
read_number(struct cursor *c, const char *before)
{
	int64_t n = 0;

	expect(c, before);
	while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *c->at - '0', &n)) {
			c->is_lost = true;
			return 0;
		}
		c->at++;
	}
	return n;
}

/* The byte that an escape stands for, of those that are printed. */
static char
read_escape(struct cursor *c)
{
	char digits[3] = "";

	if (c->end - c->at >= 5 && *c->at == 'u') {
		memcpy(digits, c->at + 3, 2);
		c->at += 5;
		return (char)strtol(digits, NULL, 16);
	}
	return c->at < c->end ? *c->at++ : '\0';
}

static void
read_string(struct cursor *c, struct buf *out)
{
	char byte;

	expect(c, "\"");
	out->len = 0;
	while (!c->is_lost && c->at < c->end && *c->at != '"') {
		byte = *c->at++;
		if (byte == '\\')
			byte = read_escape(c);
		c->is_lost = buf_add(out, &byte, 1) != 0;
	}
	if (c->at++ >= c->end)
		c->is_lost = true;
}

static int64_t
read_date(struct cursor *c)
{
	struct buf text CLEANUP_BUF = BUF_INIT(64);
	int64_t when = 0;

	read_string(c, &text);
	if (!date_parse_iso(buf_str(&text), &when))
		c->is_lost = true;
	return when;
}

static void
read_sums(struct cursor *c, struct prefix_sums *s)
{
	read_number(c, "\"objects\": ");
	s->n_deltas = read_number(c, ", \"deltas\": ");
	s->n_directs = read_number(c, ", \"directs\": ");
	s->stored = read_number(c, ", \"stored_bytes\": ");
	s->original = read_number(c, ", \"original_bytes\": ");
	read_number(c, ", \"saved_bytes\": ");
	expect(c, ", \"newest\":");
	s->newest = accept(c, "null") ? PREFIX_NEVER : read_date(c);
}

static void
read_prefix(struct cursor *c, struct buf *prefix)
{
	ssize_t len;

	expect(c, "{ \"prefix\":");
	read_string(c, prefix);
	if (!accept(c, ", \"is_url_encoded\": true,")) {
		expect(c, ", \"is_url_encoded\": false,");
		return;
	}
	len = prefix->len ? uri_decode(prefix->data, prefix->len) : 0;
	c->is_lost = c->is_lost || len < 0;
	if (len >= 0)
		prefix->len = (size_t)len;
}

/* `depth`: of the nodes that there may be below it. */
static void
read_node(struct cursor *c, struct prefixes *tree, unsigned depth)
{
	struct buf prefix CLEANUP_BUF = BUF_INIT(PREFIXES_NODE_MAX);
	struct prefix_sums sums = { .references = 0 };

	read_prefix(c, &prefix);
	read_sums(c, &sums);
	if (accept(c, "}")) {
		prefixes_add(tree, buf_str(&prefix), prefix.len, &sums);
		return;
	}
	expect(c, ",");
	expect(c, "\"own\": {");
	read_sums(c, &sums);
	expect(c, "},");
	expect(c, "\"children\": [");
	if (depth == 0 || c->is_lost) {
		c->is_lost = true;
		return;
	}
	prefixes_add(tree, buf_str(&prefix), prefix.len, &sums);
	do
		read_node(c, tree, depth - 1);
	while (accept(c, ","));
	expect(c, "]");
	expect(c, "}");
}

/* --- what it says of itself --- */

static bool
read_text(struct cursor *c, const char *before, const char *expected)
{
	struct buf text CLEANUP_BUF = BUF_INIT(PREFIXES_NODE_MAX);

	expect(c, before);
	read_string(c, &text);
	return strcmp(buf_str(&text), expected) == 0;
}

static void
read_validation(struct cursor *c, struct validation *v)
{
	struct buf hex CLEANUP_BUF = BUF_INIT(FINGERPRINT_HEX_LEN);

	expect(c, "\"validation\": {");
	v->object_count = read_number(c, "\"object_count\": ");
	v->compressed_size = read_number(c, ", \"compressed_size\": ");
	expect(c, ", \"fingerprint\":");
	read_string(c, &hex);
	v->has_fingerprint = fingerprint_parse(buf_str(&hex), &v->fingerprint);
	expect(c, "},");
}

/* *depth: of the tree that follows. */
static enum doc_verdict
read_head(struct cursor *c, struct prefixes_doc *d, unsigned *depth,
	  struct err *err)
{
	int64_t wanted_depth, max, shown;

	expect(c, "{");
	if (!read_text(c, "\"version\":", DOC_VERSION) && !c->is_lost) {
		err_set(err, EBADMSG, "its version is not " DOC_VERSION);
		return DOC_FOREIGN;
	}
	if (!read_text(c, ", \"mode\":", mode_names[MODE_PREFIXES]))
		c->is_lost = true;
	expect(c, ", \"computed_at\":");
	d->computed_at = read_date(c);
	expect(c, ",");
	read_validation(c, &d->validation);
	if (!read_text(c, "\"bucket\":", d->bucket))
		c->is_lost = true;
	wanted_depth = read_number(c, ", \"prefix_depth\": ");
	max = read_number(c, ", \"prefix_nodes\": ");
	shown = read_number(c, ", \"depth_shown\": ");
	read_number(c, ", \"nodes\": ");
	expect(c, ", \"tree\":");
	if (!c->is_lost &&
	    (wanted_depth != d->depth || (uint64_t)max != d->max)) {
		err_set(err, EBADMSG,
			"made with prefix_depth=%lld,prefix_nodes=%lld",
			(long long)wanted_depth, (long long)max);
		return DOC_OTHER;
	}
	if (c->is_lost || shown > wanted_depth) {
		err_set(err, EBADMSG, "no tree of prefixes of this bucket");
		return DOC_BAD;
	}
	*depth = (unsigned)shown;
	return DOC_GOOD;
}

static bool
is_printed_so(const struct prefixes_doc *d, const struct prefixes *tree,
	      const char *data, size_t len)
{
	struct buf text CLEANUP_BUF = BUF_INIT(prefixes_text_max(d->max));

	return prefixes_print(&text, d, tree) == 0 && text.len == len &&
	       memcmp(text.data, data, len) == 0;
}

enum doc_verdict
prefixes_parse(struct prefixes_doc *d, struct prefixes **out, const char *data,
	       size_t len, struct err *err)
{
	struct cursor c = { .at = data, .end = data + len };
	unsigned depth;
	enum doc_verdict verdict = read_head(&c, d, &depth, err);
	struct prefixes *tree;

	if (verdict != DOC_GOOD)
		return verdict;
	tree = prefixes_new(depth, d->max);
	read_node(&c, tree, depth);
	prefixes_end(tree, false);
	if (!c.is_lost && is_printed_so(d, tree, data, len)) {
		*out = tree;
		return DOC_GOOD;
	}
	prefixes_free(tree);
	err_set(err, EBADMSG, "its tree is not what is printed of it");
	return DOC_BAD;
}

bool
prefixes_text_is_whole(const char *data, size_t len)
{
	static const char end[] = "\n}\n"; /* no line before is so short */

	return len >= sizeof(end) - 1 && memcmp(data + len - (sizeof(end) - 1),
						end, sizeof(end) - 1) == 0;
}
