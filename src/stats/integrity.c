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

struct integrity *
integrity_new(void)
{
	struct integrity *in = xnew(struct integrity);

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
insert(struct findings *f, size_t at, const struct flawed_space *s)
{
	if (!f->spaces)
		f->spaces = xcalloc(INTEGRITY_SPACES_MAX, sizeof(*f->spaces));
	if (f->n_spaces == INTEGRITY_SPACES_MAX)
		free(f->spaces[--f->n_spaces].key);
	memmove(&f->spaces[at + 1], &f->spaces[at],
		(f->n_spaces - at) * sizeof(*f->spaces));
	f->spaces[at] = *s;
	keep_key(&f->spaces[at]);
	f->n_spaces++;
}

/* From the end, since most come in key order. */
static void
add_space(struct findings *f, const struct flawed_space *s)
{
	size_t i = f->n_spaces;
	int c = 1;

	while (i > 0 && (c = compare_spaces(s, &f->spaces[i - 1])) < 0)
		i--;
	if (i > 0 && c == 0)
		merge(&f->spaces[i - 1], s);
	else if (i < INTEGRITY_SPACES_MAX)
		insert(f, i, s);
}

void
integrity_add(struct integrity *in, enum flaw flaw, const struct flawed *f)
{
	struct findings *found = &in->of[flaw];

	found->n += f->n;
	found->bytes = add_saturating(found->bytes, f->bytes);
	add_space(found,
		  &(struct flawed_space){
			  .key = (char *)f->key,
			  .key_len = f->key_len,
			  .prefix_len = space_prefix_length(f->key, f->key_len),
			  .n = f->n });
}

void
integrity_forget(struct integrity *in, enum flaw flaw)
{
	struct findings *f = &in->of[flaw];

	while (f->n_spaces > 0)
		free(f->spaces[--f->n_spaces].key);
	free(f->spaces);
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
