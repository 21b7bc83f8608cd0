/* SPDX-License-Identifier: MIT */
/*
 * Ranges without requests: see fake-lister.h.
 */
#include "config.h"

#include "fake-lister.h"

#include "list/memory.h"

struct lister {
	struct lister_options o;
	char *until;
	uint32_t next; /* the key that its next page begins with */
	char last_key[FAKE_KEY_SIZE];
	size_t last_key_len;
	struct lister *asked_next; /* after this one */
};

/* The first key behind `key`. */
static uint32_t
find_behind(const struct s3 *s3, const char *key, size_t len)
{
	uint32_t low = 0, high = s3->n_keys;
	char middle[FAKE_KEY_SIZE];

	while (low < high) {
		uint32_t i = low + (high - low) / 2;
		unsigned n = s3->key(s3->bucket, i, middle);

		if (key_compare(middle, n, key, len) <= 0)
			low = i + 1;
		else
			high = i;
	}
	return low;
}

struct lister *
lister_new(const struct lister_options *o)
{
	struct lister *l = xnew(struct lister);

	l->o = *o;
	l->until = o->until ? xstrndup(o->until, o->until_len) : NULL;
	if (o->after)
		l->next = find_behind(o->s3, o->after, strlen(o->after));
	return l;
}

void
lister_free(struct lister *l)
{
	if (l)
		free(l->until);
	free(l);
}

const char *
lister_last_key(const struct lister *l, size_t *len)
{
	*len = l->last_key_len;
	return l->last_key_len ? l->last_key : NULL;
}

const char *
lister_until(const struct lister *l, size_t *len)
{
	*len = l->o.until_len;
	return l->until;
}

void
lister_lower_until(struct lister *l, const char *until, size_t len)
{
	free(l->until);
	l->until = xstrndup(until, len);
	l->o.until_len = len;
}

void
lister_next(struct lister *l)
{
	struct s3 *s3 = l->o.s3;

	l->asked_next = NULL;
	if (s3->last_asked)
		s3->last_asked->asked_next = l;
	else
		s3->first_asked = l;
	s3->last_asked = l;
}

void
lister_stop(struct lister *l)
{
	(void)l; /* its answer comes, and is ignored */
}

/* --- answers --- */

static void
fill(const struct s3 *s3, uint32_t i, char key[FAKE_KEY_SIZE], struct object *o)
{
	*o = (struct object){ .key = key,
			      .key_len = s3->key(s3->bucket, i, key),
			      .etag = "",
			      .last_modified = "" };
}

bool
fake_lister_answer(struct s3 *s3)
{
	struct lister *l = s3->first_asked;
	struct object objects[LIST_PAGE_KEYS], beyond;
	char keys[LIST_PAGE_KEYS][FAKE_KEY_SIZE], behind[FAKE_KEY_SIZE];
	struct list_page page = { .objects = objects };
	struct lister_answer a = { .page = &page };
	uint32_t end, until = s3->n_keys;

	if (!l)
		return false;
	s3->first_asked = l->asked_next;
	if (!s3->first_asked)
		s3->last_asked = NULL;
	if (l->until)
		until = find_behind(s3, l->until, l->o.until_len);
	end = l->next + LIST_PAGE_KEYS;
	page.is_truncated = end < s3->n_keys;
	if (end > s3->n_keys)
		end = s3->n_keys;
	/* an empty range sees what is behind it, too */
	if (l->next < end) {
		fill(s3, l->next, keys[0], &objects[0]);
		a.first = &objects[0];
	}
	if (until < end) {
		fill(s3, until, behind, &beyond);
		a.beyond = &beyond;
		end = until;
	}
	page.n_objects = end - l->next;
	for (uint32_t i = 1; i < page.n_objects; i++)
		fill(s3, l->next + i, keys[i], &objects[i]);
	if (page.n_objects > 0)
		l->last_key_len = s3->key(s3->bucket, end - 1, l->last_key);
	l->next = end;
	a.is_last = a.beyond || !page.is_truncated ||
		    (l->until && page.n_objects > 0 &&
		     key_compare(l->last_key, l->last_key_len, l->until,
				 l->o.until_len) == 0);
	l->o.on_page(l->o.arg, &a);
	return true;
}
