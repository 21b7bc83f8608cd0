/* SPDX-License-Identifier: MIT */
/*
 * Deltaspaces: see space.h.  One thread at a time.
 *
 * The stack holds the spaces that were entered and can still get keys, each
 * one's prefix beginning with that of the one below.  Prefixes that were never
 * entered are not on it, so its height is at most the depth of the keys.
 */
#include "config.h"

#include "stats/space.h"

void
space_stack_init(struct space_stack *s, space_done_fn *on_done, void *arg)
{
	*s = (struct space_stack){ .on_done = on_done, .arg = arg };
}

static bool
is_below(const struct space *s, const char *prefix, size_t prefix_len)
{
	return s->prefix_len <= prefix_len &&
	       memcmp(s->prefix, prefix, s->prefix_len) == 0;
}

static void
finish(struct space_stack *stack, struct space *s)
{
	stack->on_done(stack->arg, s);
	free(s);
}

/* Take the top off; it lives on while it waits for HEADs. */
static void
close_top(struct space_stack *stack)
{
	struct space *s = stack->top;

	stack->top = s->below;
	s->below = NULL;
	s->is_closed = true;
	if (s->n_pending == 0)
		finish(stack, s);
	else
		stack->n_closed_pending++;
}

static struct space *
push(struct space_stack *stack, const char *prefix, size_t prefix_len)
{
	/* the prefix lies behind the struct: one allocation, one free */
	struct space *s = xmalloc(sizeof(*s) + prefix_len + 1);

	*s = (struct space){
		.prefix = (char *)(s + 1),
		.prefix_len = prefix_len,
		.below = stack->top,
	};
	memcpy(s->prefix, prefix, prefix_len);
	s->prefix[prefix_len] = '\0';
	stack->top = s;
	return s;
}

struct space *
space_stack_enter(struct space_stack *s, const char *key, size_t key_len)
{
	const char *slash = memrchr(key, '/', key_len);
	size_t prefix_len = slash ? (size_t)(slash + 1 - key) : 0;

	while (s->top && !is_below(s->top, key, prefix_len))
		close_top(s);
	if (s->top && s->top->prefix_len == prefix_len)
		return s->top;
	return push(s, key, prefix_len);
}

void
space_stack_answered(struct space_stack *stack, struct space *s)
{
	s->n_pending--;
	if (!s->is_closed || s->n_pending > 0)
		return;
	stack->n_closed_pending--;
	finish(stack, s);
}

void
space_stack_end(struct space_stack *s)
{
	while (s->top)
		close_top(s);
}

void
space_stack_clear(struct space_stack *s)
{
	while (s->top) {
		struct space *below = s->top->below;

		free(s->top);
		s->top = below;
	}
}
