/* SPDX-License-Identifier: MIT */
/*
 * The objects of one page: see object-list.h.  Any thread, one at a time.
 */
#include "config.h"

#include "list/object-list.h"

#include <errno.h>

#include "util/uri.h"

#define HASHED_TOGETHER 8 /* see sha256_short_set() */
#define TEXT_KEPT_MAX (1024 * 1024) /* of a page with unusually long keys */

static void
begin_text(struct object_list *l, size_t max)
{
	buf_init(&l->text, max);
	if (buf_add(&l->text, "\0", 2))
		die_no_memory();
}

void
object_list_init(struct object_list *l, size_t max)
{
	*l = (struct object_list){ 0 };
	/* beside the empty ones, four texts of an object and a token end in NUL */
	begin_text(l, max + 4 * OBJECT_LIST_MAX + 3);
}

void
object_list_clear(struct object_list *l)
{
	buf_clear(&l->text);
	free(l->records);
	free(l->digests);
	free(l->objects);
	*l = (struct object_list){ 0 };
}

void
object_list_reset(struct object_list *l)
{
	if (l->text.size > TEXT_KEPT_MAX) {
		size_t max = l->text.max;

		buf_clear(&l->text);
		begin_text(l, max);
	}
	object_list_cut(l, 2);
	free(steal(&l->objects));
	l->n = l->n_hashed = 0;
	l->current = NULL;
}

int
object_list_text(struct object_list *l, const char *text, size_t len,
		 struct err *err)
{
	if (buf_add(&l->text, text, len))
		return err_set(err, ENOMEM, "no memory for a listing");
	return 0;
}

void
object_list_cut(struct object_list *l, size_t len)
{
	l->text.len = len;
	l->text.data[len] = '\0';
}

char *
object_list_unquote(struct object_list *l, char *etag)
{
	char *end = l->text.data + l->text.len;

	if (end > etag && *etag == '"')
		etag++;
	if (end > etag && end[-1] == '"')
		object_list_cut(l, l->text.len - 1);
	return etag;
}

int
object_list_begin(struct object_list *l, struct err *err)
{
	if (l->n == OBJECT_LIST_MAX)
		return err_set(err, EIO, "listing of more than %d objects",
			       OBJECT_LIST_MAX);
	if (l->n == l->size) {
		l->size = l->size ? 2 * l->size : 1000;
		l->records =
			xrealloc(l->records, l->size * sizeof(*l->records));
		l->digests =
			xrealloc(l->digests, l->size * sizeof(*l->digests));
	}
	l->current = &l->records[l->n];
	*l->current = (struct object_record){ 0 };
	return 0;
}

void
object_list_commit(struct object_list *l)
{
	l->n++;
	l->current = NULL;
}

/*
 * Whether any key from that record on is not written as itself.  What lies between
 * them is looked at, too: that takes less than a call for each.
 */
static bool
has_codes(const struct object_list *l, size_t from)
{
	const struct object_record *first = l->records + from,
				   *last = l->records + l->n - 1;
	const char *text = l->text.data + first->key;
	size_t len = last->key + last->key_len - first->key;

	return memchr(text, '%', len) || memchr(text, '+', len);
}

/* It lies in a line, and not in a long one, as nearly all do. */
static bool
has_short_line(const struct object_record *r)
{
	return r->line_len > 0 && r->line_len <= SHA256_SHORT_MAX;
}

static void
hash_some(struct object_list *l, size_t first, size_t end)
{
	struct sha256_short lines[HASHED_TOGETHER];

	for (size_t i = first; i < end; i++) {
		struct object_record *r = &l->records[i];

		r->has_digest = has_short_line(r);
		if (r->has_digest)
			sha256_short_set(&lines[i - first],
					 l->text.data + r->key, r->line_len);
	}
	for (size_t i = first; i < end; i++)
		if (l->records[i].has_digest)
			sha256_short_hash(&lines[i - first], l->digests[i]);
}

void
object_list_hash(struct object_list *l)
{
	size_t end, i = l->n_hashed;
	bool are_plain = i < l->n && !has_codes(l, i);

	for (; are_plain && i < l->n; i = end) {
		end = i + HASHED_TOGETHER < l->n ? i + HASHED_TOGETHER : l->n;
		hash_some(l, i, end);
	}
	l->n_hashed = l->n;
}

/* Its key has been decoded. */
static const unsigned char *
hash_late(struct object_list *l, size_t i, const char *line, size_t len)
{
	struct sha256_short s;

	if (!has_short_line(&l->records[i]))
		return NULL;
	sha256_short_set(&s, line, len);
	sha256_short_hash(&s, l->digests[i]);
	return l->digests[i];
}

/* A key that has become shorter, moved to where it ended before. */
static char *
move_key(char *key, size_t old_len, size_t len)
{
	return memmove(key + old_len - len, key, len);
}

static int
finish_object(struct object_list *l, size_t i, bool is_encoded, struct err *err)
{
	const struct object_record *r = &l->records[i];
	char *text = l->text.data, *key = text + r->key;
	ssize_t len = r->key_len;
	size_t cut;

	if (is_encoded)
		len = uri_decode(key, r->key_len);
	if (len < 0)
		return err_set(err, EIO, "malformed listing: key \"%.*s\"",
			       (int)r->key_len, text + r->key);
	if (len == 0 || len > OBJECT_KEY_MAX)
		return err_set(err, EIO, "malformed listing: key of %zd bytes",
			       len);
	cut = r->key_len - (size_t)len;
	if (cut > 0)
		key = move_key(key, r->key_len, (size_t)len);
	l->objects[i] = (struct object){
		.key = key,
		.key_len = (size_t)len,
		.size = r->size,
		.etag = text + r->etag,
		.last_modified = text + r->last_modified,
		.metadata = r->metadata ? text + r->metadata : NULL,
	};
	l->objects[i].digest =
		r->has_digest ? l->digests[i]
			      : hash_late(l, i, key, r->line_len - cut);
	return 0;
}

static int
compare_objects(const void *a, const void *b)
{
	const struct object *x = *(const struct object *const *)a;
	const struct object *y = *(const struct object *const *)b;

	return key_compare(x->key, x->key_len, y->key, y->key_len);
}

static int
refuse_twice(const struct object *o, struct err *err)
{
	return err_set(err, EIO, "malformed listing: \"%.*s\" twice",
		       (int)o->key_len, o->key);
}

/* Where they are in order, those that are the same stand side by side. */
static int
check_unordered(const struct object_list *l, struct err *err)
{
	const struct object **sorted = xcalloc(l->n, sizeof(sorted[0]));
	int rc = 0;

	for (size_t i = 0; i < l->n; i++)
		sorted[i] = &l->objects[i];
	qsort(sorted, l->n, sizeof(sorted[0]), compare_objects);
	for (size_t i = 1; i < l->n && rc == 0; i++)
		if (compare_objects(&sorted[i - 1], &sorted[i]) == 0)
			rc = refuse_twice(sorted[i], err);
	free(sorted);
	return rc;
}

int
object_list_finish(struct object_list *l, bool is_encoded, struct err *err)
{
	l->objects = xcalloc(l->n, sizeof(*l->objects));
	l->is_ordered = true;
	is_encoded = is_encoded && l->n > 0 && has_codes(l, 0);
	for (size_t i = 0; i < l->n; i++) {
		const struct object *o = &l->objects[i];
		int rc = finish_object(l, i, is_encoded, err), c = -1;

		if (rc)
			return rc;
		if (i > 0)
			c = key_compare(o[-1].key, o[-1].key_len, o->key,
					o->key_len);
		if (c == 0)
			return refuse_twice(o, err);
		if (c > 0)
			l->is_ordered = false;
	}
	return l->is_ordered ? 0 : check_unordered(l, err);
}
