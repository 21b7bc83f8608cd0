/* SPDX-License-Identifier: MIT */
/*
 * Immutable documents: see snapshot.h.  Any thread.
 */
#include "config.h"

#include "engine/snapshot.h"

struct snapshot *
snapshot_new(char *data, size_t len, int64_t computed_at,
	     const struct validation *validation)
{
	struct snapshot *s = xnew(struct snapshot);

	s->data = data;
	s->len = len;
	s->computed_at = computed_at;
	if (validation)
		s->validation = *validation;
	atomic_init(&s->refs, 1);
	return s;
}

void
snapshot_release(struct snapshot **s)
{
	snapshot_unref(*s);
}

struct snapshot *
snapshot_ref(struct snapshot *s)
{
	if (s)
		atomic_fetch_add(&s->refs, 1);
	return s;
}

void
snapshot_unref(struct snapshot *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) > 1)
		return;
	free((char *)s->data);
	free(s);
}
