/* SPDX-License-Identifier: MIT */
/*
 * Text that several hold at the same time: immutable bytes, counted references.
 * Any thread.
 */
#ifndef UTIL_TEXT_H
#define UTIL_TEXT_H

#include <stdatomic.h>

#include "util/buf.h"

struct text {
	const char *data;
	size_t len;
	atomic_uint refs;
};

/* What `from` has, which is empty afterwards.  One reference, the caller's. */
struct text *text_new(struct buf *from);
struct text *text_ref(struct text *t); /* NULL is fine */
void text_unref(struct text *t); /* NULL is fine */
void text_release(struct text **t); /* for CLEANUP */

#endif
