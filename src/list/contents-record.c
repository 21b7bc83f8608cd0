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

/* In whole steps: there is something to read behind each text, and room. */
static char *
put_plain(char *out, const struct contents_text *t)
{
	for (size_t i = 0; i < t->len; i += CONTENTS_BEHIND)
		memcpy(out + i, t->s + i, CONTENTS_BEHIND);
	return out + t->len;
}

/* A text and its NUL; returns what is behind. */
static char *
put_text(char *out, const struct contents_text *t)
{
	out = t->is_coded ? out + plain_text_decode(t->s, t->len, out)
			  : put_plain(out, t);
	*out = '\0';
	return out + 1;
}

/* The same without the quotes around it. */
static char *
put_unquoted(char *out, const struct contents_text *t)
{
	const char *s = out, *end = put_text(out, t) - 1;
	size_t len;

	s += s < end && *s == '"';
	end -= s < end && end[-1] == '"';
	len = (size_t)(end - s);
	memmove(out, s, len);
	out[len] = '\0';
	return out + len + 1;
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
	const struct contents_text *size = &c->texts[CONTENTS_SIZE],
				   *etag = &c->texts[CONTENTS_ETAG];
	char *start = l->text.data, *at = start + l->text.len;
	struct object_record *r = l->current;

	r->key = (uint32_t)(at - start);
	at = put_text(at, &c->texts[CONTENTS_KEY]);
	r->key_len = (uint32_t)(at - start) - 1 - r->key;
	at = put_text(at, size);
	r->etag = (uint32_t)(at - start);
	at = c->is_unquoted ? put_text(at, etag) : put_unquoted(at, etag);
	r->last_modified = (uint32_t)(at - start);
	at = put_text(at, &c->texts[CONTENTS_MODIFIED]);
	if (is_canonical(size))
		r->line_len = (uint32_t)(at - start) - 1 - r->key;
	object_list_cut(l, (size_t)(at - start));
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
	    buf_reserve(&l->text, key->len + size->len + modified->len +
					  etag->len + 4 + CONTENTS_BEHIND))
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
