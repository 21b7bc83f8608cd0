/* SPDX-License-Identifier: MIT */
/*
 * What was PUT into a bucket: see bucket.h.
 */
#include "config.h"

#include "bucket.h"

#include <time.h>

/* The first whose key is >= `key`. */
static unsigned
extra_place(const struct bucket *b, const char *key, size_t len)
{
	unsigned i = 0;

	while (i < b->n_extras &&
	       key_order(b->extras[i].key, b->extras[i].key_len, key, len) < 0)
		i++;
	return i;
}

struct extra *
bucket_find_extra(struct bucket *b, const char *key, size_t len)
{
	unsigned i = extra_place(b, key, len);

	if (i == b->n_extras || b->extras[i].key_len != len ||
	    memcmp(b->extras[i].key, key, len) != 0)
		return NULL;
	return &b->extras[i];
}

static bool
is_of_formula(const struct formula *f, uint32_t i, const char *key, size_t len)
{
	char at[KEY_SIZE];

	return i < f->n_objects && formula_key(f, i, at) == len &&
	       memcmp(at, key, len) == 0;
}

static struct extra *
insert_extra(struct bucket *b, const char *key, size_t len)
{
	uint32_t place = formula_find(&b->f, key, len);
	unsigned i = extra_place(b, key, len);
	struct extra *e = &b->extras[i];

	if (b->n_extras == MAX_EXTRAS || is_of_formula(&b->f, place, key, len))
		return NULL;
	memmove(e + 1, e, (b->n_extras - i) * sizeof(*e));
	b->n_extras++;
	*e = (struct extra){ .key_len = len, .place = place };
	e->key = must_realloc(NULL, len + 1);
	memcpy(e->key, key, len);
	return e;
}

struct extra *
bucket_put_extra(struct bucket *b, const char *key, size_t len)
{
	struct extra *e = bucket_find_extra(b, key, len);
	time_t now = time(NULL);
	struct tm tm;

	if (!e)
		e = insert_extra(b, key, len);
	if (!e)
		return NULL;
	e->body.len = 0;
	e->headers.len = 0;
	gmtime_r(&now, &tm);
	strftime(e->iso, sizeof(e->iso), "%FT%T.000Z", &tm);
	strftime(e->http, sizeof(e->http), "%a, %d %b %Y %T GMT", &tm);
	return e;
}

void
bucket_forget_extra(struct bucket *b, struct extra *e)
{
	size_t behind = b->n_extras - (size_t)(e - b->extras) - 1;

	free(e->key);
	text_clear(&e->body);
	text_clear(&e->headers);
	memmove(e, e + 1, behind * sizeof(*e));
	b->n_extras--;
}

static void
place_extras(struct bucket *b)
{
	for (unsigned i = 0; i < b->n_extras; i++) {
		struct extra *e = &b->extras[i];

		e->place = formula_find(&b->f, e->key, e->key_len);
	}
}

void
bucket_add_dir(struct bucket *b, uint32_t n_deltas)
{
	formula_add_dir(&b->f, n_deltas);
	place_extras(b);
}

void
bucket_remove_dir(struct bucket *b)
{
	formula_remove_dir(&b->f);
	place_extras(b);
}
