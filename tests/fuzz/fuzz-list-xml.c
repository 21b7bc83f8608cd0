/* SPDX-License-Identifier: MIT */
/*
 * A list page from anywhere: the first byte decides where the rest is split.
 * Whatever the pieces, a page that is accepted is sound, and it is the same
 * page that comes of the whole.  Only where there are bytes that are no text, what
 * libxml2 says of them depends on the pieces: they are what makes a token
 * unreadable, or the page malformed.
 */
#include "config.h"

#include "list/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { "dg-file-size", "file_size" };

static void
check(bool ok)
{
	if (!ok)
		abort();
}

/* Half of them as the second page of a bucket that is known. */
static const struct list_asked asked = { .bucket = "bkt", .token = "t1" };

/* Pieces of up to `most` bytes, in lengths that `seed` decides; NULL: refused. */
static const struct list_page *
parse(struct list_parser *p, const char *s, size_t len, size_t most,
      unsigned seed)
{
	const struct list_page *page = NULL;

	while (len > 0) {
		size_t n = 1 + seed % most;

		seed = seed * 1103515245 + 12345;
		if (n > len)
			n = len;
		if (list_parser_feed(p, s, n, NULL))
			return NULL;
		s += n;
		len -= n;
	}
	return list_parser_end(p, &page, NULL) ? NULL : page;
}

static void
check_page(const struct list_page *page)
{
	const struct object *o = page->objects;
	bool is_ordered = true;

	for (size_t i = 0; i < page->n_objects; i++, o++) {
		int c = i == 0 ? -1
			       : key_compare(o[-1].key, o[-1].key_len, o->key,
					     o->key_len);

		check(o->key_len > 0 && o->key_len <= 4096 && o->size >= 0);
		check(strlen(o->etag) <= 258 &&
		      strlen(o->last_modified) <= 256);
		check(!o->metadata ||
		      (strlen(o->metadata) <= 256 && page->has_metadata));
		check(c != 0);
		is_ordered = is_ordered && c < 0;
	}
	check(page->is_ordered == is_ordered);
	check(!page->is_token_unreadable ||
	      (page->is_truncated && !page->next_token && page->n_objects));
	check(page->is_truncated ==
	      (page->next_token || page->is_token_unreadable));
}

static void
check_same(const struct list_page *a, const struct list_page *b)
{
	check(a->n_objects == b->n_objects);
	check(a->is_truncated == b->is_truncated);
	check(!a->next_token == !b->next_token);
	check(a->has_metadata == b->has_metadata);
	check(!a->next_token || strcmp(a->next_token, b->next_token) == 0);
	for (size_t i = 0; i < a->n_objects; i++) {
		const struct object *x = &a->objects[i], *y = &b->objects[i];

		check(key_compare(x->key, x->key_len, y->key, y->key_len) == 0);
		check(x->size == y->size && strcmp(x->etag, y->etag) == 0);
		check(strcmp(x->last_modified, y->last_modified) == 0);
		check(!x->metadata == !y->metadata);
		check(!x->metadata || strcmp(x->metadata, y->metadata) == 0);
	}
}

static bool
is_ascii(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!(s[i] >= ' ' && s[i] <= '~') && !strchr("\t\r\n", s[i]))
			return false;
	return true;
}

/* Of what follows a token that can't be read nothing is read, and it ends. */
static void
check_bound(struct list_parser *p, const char *s, size_t len)
{
	static const char more[1024 * 1024];
	size_t n = 0;

	list_parser_reset(p);
	check(list_parser_feed(p, s, len, NULL) == 0);
	while (n < 33 && list_parser_feed(p, more, sizeof(more), NULL) == 0)
		n++;
	check(n < 33);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct list_parser *split, *whole; /* as long as the process */
	const struct list_page *a, *b;
	const char *s = (const char *)data + 1;

	if (size == 0)
		return 0;
	if (!split) {
		split = list_parser_new();
		whole = list_parser_new();
		list_parser_want(split, names, ARRAY_SIZE(names));
		list_parser_want(whole, names, ARRAY_SIZE(names));
	}
	list_parser_reset(split);
	list_parser_reset(whole);
	if (data[0] % 2) {
		list_parser_expect(split, &asked);
		list_parser_expect(whole, &asked);
	}
	a = parse(split, s, size - 1, 1 + data[0] / 8, data[0]);
	b = parse(whole, s, size - 1, size, (unsigned)size - 1);
	check(!a == !b || !is_ascii(s, size - 1));
	if (a)
		check_page(a);
	if (b)
		check_page(b);
	if (a && b) {
		check_same(a, b);
		check(list_parser_echo(split) == list_parser_echo(whole));
		check(!list_parser_is_contradictory(split));
		check(!list_parser_is_contradictory(whole));
	}
	if (b && b->is_token_unreadable)
		check_bound(whole, s, size - 1);
	return 0;
}
