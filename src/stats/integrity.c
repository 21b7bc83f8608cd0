/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with the deltas of a bucket: see integrity.h.  Pure.
 */
#include "config.h"

#include "stats/integrity.h"

#include "stats/fingerprint.h"
#include "stats/space.h"

const char *const flaw_names[N_FLAWS] = {
	[FLAW_NO_REFERENCE] = "deltas_without_reference",
	[FLAW_ORPHAN] = "orphaned_references",
	[FLAW_EMPTY] = "empty_deltas",
	[FLAW_NOT_SMALLER] = "deltas_not_smaller",
};

const char *const flaw_phrases[N_FLAWS] = {
	[FLAW_NO_REFERENCE] =
		"deltas without a reference, which can't be restored",
	[FLAW_ORPHAN] = "references without a delta",
	[FLAW_EMPTY] = "deltas of no bytes, which can't be restored",
	[FLAW_NOT_SMALLER] = "deltas not smaller than their original",
};

struct integrity *
integrity_new(void)
{
	struct integrity *in = xnew(struct integrity);

	in->spaces_max = INTEGRITY_SPACES_MAX;
	atomic_init(&in->refs, 1);
	return in;
}

static int
compare_spaces(const struct flawed_space *a, const struct flawed_space *b)
{
	return key_compare(a->key, a->prefix_len, b->key, b->prefix_len);
}

/* It borrowed the key: a copy takes its place. */
static void
keep_key(struct flawed_space *s)
{
	s->key = xstrndup(s->key, s->key_len);
}

static void
merge(struct flawed_space *into, const struct flawed_space *s)
{
	into->n += s->n;
	if (key_compare(s->key, s->key_len, into->key, into->key_len) >= 0)
		return;
	free(into->key);
	into->key_len = s->key_len;
	into->key = s->key;
	keep_key(into);
}

static void
insert(struct findings *f, size_t max, size_t at, const struct flawed_space *s)
{
	if (f->n_spaces == max)
		free(f->spaces[--f->n_spaces].key);
	if (f->n_spaces == f->room) {
		f->room = f->room ? 2 * f->room : INTEGRITY_SPACES_MAX;
		f->spaces = xrealloc(f->spaces, f->room * sizeof(*f->spaces));
	}
	memmove(&f->spaces[at + 1], &f->spaces[at],
		(f->n_spaces - at) * sizeof(*f->spaces));
	f->spaces[at] = *s;
	keep_key(&f->spaces[at]);
	f->n_spaces++;
}

/* Where it is, or belongs. */
static size_t
find_place(const struct findings *f, const struct flawed_space *s)
{
	size_t first = 0, end = f->n_spaces;

	/* most come in key order */
	if (end > 0 && compare_spaces(s, &f->spaces[end - 1]) > 0)
		return end;
	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (compare_spaces(s, &f->spaces[middle]) > 0)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

static void
add_space(struct findings *f, size_t max, const struct flawed_space *s)
{
	size_t i = find_place(f, s);

	if (i < f->n_spaces && compare_spaces(s, &f->spaces[i]) == 0)
		merge(&f->spaces[i], s);
	else if (i < max)
		insert(f, max, i, s);
}

void
integrity_add(struct integrity *in, enum flaw flaw, const struct flawed *f)
{
	struct findings *found = &in->of[flaw];

	found->n += f->n;
	found->bytes = add_saturating(found->bytes, f->bytes);
	add_space(found, in->spaces_max,
		  &(struct flawed_space){
			  .key = (char *)f->key,
			  .key_len = f->key_len,
			  .prefix_len = space_prefix_length(f->key, f->key_len),
			  .n = f->n });
}

void
integrity_add_key(struct integrity *in, enum flaw flaw, const char *key,
		  size_t key_len)
{
	key_list_add(&in->of[flaw].keys, &in->keys_room, key, key_len);
}

void
integrity_add_keys(struct integrity *in, enum flaw flaw,
		   const struct key_list *keys)
{
	key_list_add_all(&in->of[flaw].keys, &in->keys_room, keys);
}

void
integrity_forget(struct integrity *in, enum flaw flaw)
{
	struct findings *f = &in->of[flaw];

	while (f->n_spaces > 0)
		free(f->spaces[--f->n_spaces].key);
	free(f->spaces);
	key_list_clear(&f->keys, &in->keys_room);
	*f = (struct findings){ 0 };
}

bool
integrity_has_any(const struct integrity *in)
{
	for (int flaw = 0; flaw < N_FLAWS; flaw++)
		if (in->of[flaw].n > 0)
			return true;
	return false;
}

struct integrity *
integrity_ref(struct integrity *in)
{
	if (in)
		atomic_fetch_add(&in->refs, 1);
	return in;
}

void
integrity_unref(struct integrity *in)
{
	if (!in || atomic_fetch_sub(&in->refs, 1) > 1)
		return;
	for (int flaw = 0; flaw < N_FLAWS; flaw++)
		integrity_forget(in, (enum flaw)flaw);
	free(in);
}

void
integrity_release(struct integrity **in)
{
	integrity_unref(*in);
}
