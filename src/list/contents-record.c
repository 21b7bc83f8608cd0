/* SPDX-License-Identifier: MIT */
/*
 * A plain <Contents> as an object of its page: see contents-record.h.  Pure; runs
 * once per object listed.
 */
#include "config.h"

#include "list/contents-record.h"

#include "list/plain-text.h"
#include "util/ascii.h"

/* Digits alone, and not so many that it could be too large. */
static bool
read_size(const struct contents_text *t, int64_t *out)
{
	bool ok = t->len > 0 && t->len <= 18;
	int64_t n = 0;

	for (size_t i = 0; i < t->len && ok; i++) {
		ok = ascii_is_digit(t->s[i]);
		n = 10 * n + (t->s[i] - '0');
	}
	*out = n;
	return ok;
}

/* At the end of the text, which has room; returns where it begins. */
static char *
put_text(struct object_list *l, const struct contents_text *t)
{
	char *out = l->text.data + l->text.len;

	if (t->is_coded) {
		l->text.len += plain_text_decode(t->s, t->len, out);
	} else if (t->len > 0) {
		memcpy(out, t->s, t->len);
		l->text.len += t->len;
	}
	return out;
}

static uint32_t
end_text(struct object_list *l, const char *start)
{
	l->text.data[l->text.len++] = '\0';
	return (uint32_t)(start - l->text.data);
}

/* A text and its NUL; its place. */
static uint32_t
add_text(struct object_list *l, const struct contents_text *t)
{
	return end_text(l, put_text(l, t));
}

/* Quotes that are written as such are not copied. */
static struct contents_text
without_quotes(struct contents_text t)
{
	if (t.len > 0 && t.s[0] == '"') {
		t.s++;
		t.len--;
	}
	if (t.len > 0 && t.s[t.len - 1] == '"')
		t.len--;
	return t;
}

static uint32_t
add_etag(struct object_list *l, const struct contents *c)
{
	struct contents_text t = c->texts[CONTENTS_ETAG];

	if (c->is_unquoted)
		return add_text(l, &t);
	if (t.is_coded)
		return end_text(l, object_list_unquote(l, put_text(l, &t)));
	t = without_quotes(t);
	return add_text(l, &t);
}

/* Whether it is what a number is printed as. */
static bool
is_canonical(const struct contents_text *size)
{
	return size->len == 1 || size->s[0] != '0';
}

/* In a line, as the fingerprint wants it. */
static void
add_texts(struct object_list *l, const struct contents *c)
{
	struct object_record *r = l->current;
	uint32_t etag;

	r->key = (uint32_t)l->text.len;
	add_text(l, &c->texts[CONTENTS_KEY]);
	r->key_len = (uint32_t)l->text.len - 1 - r->key;
	add_text(l, &c->texts[CONTENTS_SIZE]);
	etag = (uint32_t)l->text.len;
	r->etag = add_etag(l, c);
	r->last_modified = add_text(l, &c->texts[CONTENTS_MODIFIED]);
	if (r->etag == etag && is_canonical(&c->texts[CONTENTS_SIZE]))
		r->line_len = (uint32_t)l->text.len - 1 - r->key;
	l->text.data[l->text.len] = '\0';
}

/* Texts over their limits are not. */
static bool
put_texts(struct object_list *l, const struct contents *c)
{
	const struct contents_text *key = &c->texts[CONTENTS_KEY],
				   *size = &c->texts[CONTENTS_SIZE],
				   *modified = &c->texts[CONTENTS_MODIFIED],
				   *etag = &c->texts[CONTENTS_ETAG];

	if (key->len > OBJECT_ENCODED_KEY_MAX ||
	    modified->len > OBJECT_MODIFIED_MAX ||
	    etag->len > OBJECT_ETAG_MAX - 2 ||
	    buf_reserve(&l->text,
			key->len + size->len + modified->len + etag->len + 4))
		return false;
	add_texts(l, c);
	return true;
}

static bool
put_metadata(struct object_list *l, struct user_metadata *m,
	     const struct contents *c)
{
	bool ok = true;

	user_metadata_begin(m);
	m->is_there = c->has_metadata;
	for (size_t i = 0; i < c->n_values && ok; i++) {
		const struct contents_text *t = &c->texts[CONTENTS_VALUE + i];

		ok = user_metadata_value(m, l, c->places[i], t->s, t->len,
					 NULL) == 0;
	}
	l->current->metadata = user_metadata_result(m);
	return ok;
}

bool
contents_record(const struct contents *c, struct object_list *l,
		struct user_metadata *m)
{
	size_t start = l->text.len;

	if (object_list_begin(l, NULL))
		return false;
	if (!read_size(&c->texts[CONTENTS_SIZE], &l->current->size) ||
	    !put_texts(l, c) || !put_metadata(l, m, c)) {
		object_list_cut(l, start);
		return false;
	}
	object_list_commit(l);
	return true;
}
