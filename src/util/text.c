/* SPDX-License-Identifier: MIT */
/*
 * Immutable text: see text.h.  Any thread.
 */
#include "config.h"

#include "util/text.h"

struct text *
text_new(struct buf *from)
{
	struct text *t = xnew(struct text);

	t->len = from->len;
	t->data = buf_steal(from);
	atomic_init(&t->refs, 1);
	return t;
}

struct text *
text_ref(struct text *t)
{
	if (t)
		atomic_fetch_add(&t->refs, 1);
	return t;
}

void
text_unref(struct text *t)
{
	if (!t || atomic_fetch_sub(&t->refs, 1) > 1)
		return;
	free((char *)t->data);
	free(t);
}

void
text_release(struct text **t)
{
	text_unref(*t);
}
