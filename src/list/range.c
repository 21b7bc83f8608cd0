/* SPDX-License-Identifier: MIT */
/*
 * A range of keys of a listing: see range.h.  Net thread only.
 */
#include "config.h"

#include "list/range.h"

struct range *
range_new(struct listing *l, const struct lister_options *o, const char *after)
{
	struct range *r = xnew(struct range);
	struct lister_options of = *o;

	r->listing = l;
	r->after = xstrdup_or_null(after);
	of.after = after;
	of.arg = r;
	r->lister = lister_new(&of);
	return r;
}

void
range_free(struct range *r)
{
	lister_free(r->lister);
	free(r->after);
	free(r->pivot);
	free(r->first.key);
	free(r->beyond.key);
	list_marks_clear(&r->marks);
	free(r);
}

void
edge_set(struct edge *e, const struct object *o)
{
	free(e->key);
	e->is_known = true;
	e->key = o ? xstrndup(o->key, o->key_len) : NULL;
	e->len = o ? o->key_len : 0;
}

bool
edge_is_same(const struct edge *a, const struct edge *b)
{
	if (!a->key || !b->key)
		return !a->key && !b->key;
	return a->len == b->len && memcmp(a->key, b->key, a->len) == 0;
}

void
range_note_page(struct range *r, const struct list_page *page,
		struct pivot_seen *seen, unsigned stride)
{
	const struct object *first = page->objects, *last;

	r->n_pages++;
	r->is_guessed = false;
	if (page->n_objects == 0)
		return;
	r->n_left -= (int64_t)page->n_objects;
	r->n_keys += (int64_t)page->n_objects;
	last = &page->objects[page->n_objects - 1];
	r->page_common = key_common_length(first->key, first->key_len,
					   last->key, last->key_len);
	pivot_see(seen, first->key, first->key_len);
	pivot_see(seen, last->key, last->key_len);
	list_marks_add(&r->marks, page->objects, page->n_objects,
		       r->has_seen_end, stride);
}

/* What the pivot is found from; false: no key was delivered yet. */
static bool
describe(const struct range *r, const struct pivot_seen *seen,
	 struct pivot_range *out)
{
	*out = (struct pivot_range){ .after = r->pivot,
				     .first = r->first.key,
				     .first_len = r->first.len,
				     .page_common = r->page_common,
				     .n_keys = r->n_keys,
				     .seen = seen };
	out->last = lister_last_key(r->lister, &out->last_len);
	out->until = lister_until(r->lister, &out->until_len);
	if (r->next) {
		out->beyond = r->next->first.key;
		out->beyond_len = r->next->first.len;
	}
	return out->last != NULL;
}

static int64_t
guess_pages(const struct range *r, const struct pivot_seen *seen)
{
	struct pivot_range p;
	int64_t n;

	if (r->n_left > 0)
		return list_pages(r->n_left);
	if (!describe(r, seen, &p))
		return 0;
	n = pivot_keys_left(&p);
	return n < 0 ? INT64_MAX : n / LIST_PAGE_KEYS;
}

int64_t
range_pages_left(struct range *r, const struct pivot_seen *seen)
{
	if (!r->is_guessed) {
		r->n_guess = guess_pages(r, seen);
		r->is_guessed = true;
	}
	return r->n_guess;
}

bool
range_may_be_cut(const struct range *r)
{
	if (r->is_done || r->n_pages == 0)
		return false; /* nothing is known of where it is */
	/* the last cut may have been too far up */
	return !r->next || r->next->first.is_known;
}

bool
range_find_pivot(const struct range *r, const struct pivot_seen *seen,
		 struct pivot *out)
{
	struct pivot_range p;

	return describe(r, seen, &p) && pivot_find(&p, out);
}
