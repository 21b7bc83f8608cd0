/* SPDX-License-Identifier: MIT */
/*
 * A deltaspace: the objects whose keys agree up to and including the last "/".
 * Partial sums of one, and the stack of those that are open.
 *
 * LIST is in key order, so the keys of "a/" surround those of "a/b/": spaces
 * nest, and those that can still get keys are a stack.  A space closes when a
 * key comes that does not begin with its prefix.  Its reference.bin may come
 * after half of its deltas, and the answers to HEADs after it has closed: a
 * closed space lives until it has them all.  Memory: depth of the keys plus
 * HEADs under way.  Pure; one thread at a time.
 */
#ifndef STATS_SPACE_H
#define STATS_SPACE_H

#include "util/object.h"

struct space {
	char *prefix; /* bytes, with the last "/"; empty for the root */
	size_t prefix_len;
	int64_t n_deltas;
	int64_t delta_bytes; /* own sizes, saturating */
	int64_t n_known; /* deltas whose own metadata told the original size */
	int64_t known_original; /* their original sizes, saturating */
	int64_t missing_bytes; /* own sizes of those asked in vain, saturating */
	bool has_reference;
	int64_t reference_size;
	unsigned n_pending; /* HEADs not answered yet */
	bool is_closed;
	struct space *below; /* the stack; NULL at the bottom */
};

/* Called once for a space that is closed and has no HEAD pending; frees nothing. */
typedef void space_done_fn(void *arg, const struct space *s);

struct space_stack {
	struct space *top;
	size_t n_closed_pending; /* closed ones that wait for HEADs */
	space_done_fn *on_done;
	void *arg;
};

void space_stack_init(struct space_stack *s, space_done_fn *on_done, void *arg);

/* The space of `key`, opened if need be; others that can't get keys close. */
struct space *space_stack_enter(struct space_stack *s, const char *key,
				size_t key_len);

/* One pending HEAD of `s` was answered. */
void space_stack_answered(struct space_stack *stack, struct space *s);

/* No more keys: close all. */
void space_stack_end(struct space_stack *s);

/*
 * Free what is open, without on_done.  Spaces closed but pending belong to
 * whoever holds their HEADs: each must come back by space_stack_answered()
 * first, even when everything is given up.
 */
void space_stack_clear(struct space_stack *s);

#endif
