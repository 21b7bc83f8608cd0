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

#include "stats/fingerprint.h"

static bool
begins_with(const char *key, size_t key_len, const struct space *s)
{
	return s->prefix_len <= key_len &&
	       memcmp(s->prefix, key, s->prefix_len) == 0;
}

size_t
space_prefix_length(const char *key, size_t key_len)
{
	const char *slash = memrchr(key, '/', key_len);

	return slash ? (size_t)(slash + 1 - key) : 0;
}

static struct space *
space_new(const char *key, size_t key_len, size_t prefix_len)
{
	/* the key lies behind the struct: one allocation, one free */
	struct space *s = xmalloc(sizeof(*s) + key_len);

	*s = (struct space){
		.prefix = memcpy(s + 1, key, key_len),
		.prefix_len = prefix_len,
		.first_len = key_len,
	};
	s->first = s->prefix;
	return s;
}

static void
space_free(struct spaces *all, struct space *s)
{
	key_list_clear(&s->deltas, &all->keys_room);
	free(s->candidate);
	free(s->earlier);
	free(s);
}

/* --- all of them --- */

void
spaces_init(struct spaces *s, const struct space_events *events, void *arg)
{
	*s = (struct spaces){ .events = events, .arg = arg };
}

static void
share(struct spaces *all, struct space *s)
{
	struct space *first;

	s->is_shared = true;
	s->is_closed = true;
	all->shared_bytes += sizeof(*s) + s->first_len;
	HASH_FIND(hh, all->shared, s->prefix, s->prefix_len, first);
	if (first) {
		s->rest = first->rest;
		first->rest = s;
	} else {
		HASH_ADD_KEYPTR(hh, all->shared, s->prefix, s->prefix_len, s);
	}
}

static void
finish(struct spaces *all, struct space *s)
{
	all->events->on_done(all->arg, s);
	space_free(all, s);
}

void
spaces_answered(struct spaces *all, struct space *s)
{
	s->n_pending--;
	if (s->is_closed && !s->is_shared && s->n_pending == 0)
		finish(all, s);
}

bool
spaces_are_too_many(const struct spaces *all)
{
	return all->shared_bytes > SPACES_BYTES_MAX;
}

static bool
comes_before(const struct object *a, const struct object *b)
{
	return key_compare(a->key, a->key_len, b->key, b->key_len) < 0;
}

/* The part whose candidate is the first delta of them all; NULL: none is. */
static struct space *
find_first(struct space *parts)
{
	struct space *found = NULL;

	for (struct space *s = parts; s; s = s->rest) {
		if (s->has_start && s->n_deltas > 0)
			return NULL; /* that one had it, and knew */
		if (s->candidate &&
		    (!found || comes_before(s->candidate, found->candidate)))
			found = s;
	}
	return found;
}

struct space *
spaces_next_candidate(const struct spaces *all, struct space **last)
{
	struct space *parts = *last ? (*last)->hh.next : all->shared;

	for (; parts; parts = parts->hh.next) {
		struct space *found = find_first(parts);

		*last = parts;
		if (found)
			return found;
	}
	return NULL;
}

static bool
begins_earlier(const struct space *a, const struct space *b)
{
	return key_compare(a->first, a->first_len, b->first, b->first_len) < 0;
}

/* What two ranges saw of one deltaspace. */
static void
add_part(struct space *sum, const struct space *s)
{
	if (begins_earlier(s, sum)) {
		sum->first = s->first;
		sum->first_len = s->first_len;
	}
	sum->n_deltas += s->n_deltas;
	sum->delta_bytes = add_saturating(sum->delta_bytes, s->delta_bytes);
	sum->n_known += s->n_known;
	sum->known_original =
		add_saturating(sum->known_original, s->known_original);
	sum->missing_bytes =
		add_saturating(sum->missing_bytes, s->missing_bytes);
	if (s->has_reference) {
		sum->has_reference = true;
		sum->reference_size = s->reference_size;
	}
}

static void
free_parts(struct spaces *all, struct space *s)
{
	struct space *rest;

	while ((rest = s->rest)) {
		s->rest = rest->rest;
		space_free(all, rest);
	}
	space_free(all, s);
}

/* All parts of a deltaspace; lives as long as they do. */
static struct space
sum_of_parts(const struct space *parts)
{
	struct space sum = *parts;

	for (const struct space *s = parts->rest; s; s = s->rest)
		add_part(&sum, s);
	return sum;
}

void
spaces_end_listing(struct spaces *all)
{
	if (all->is_listed)
		return;
	all->is_listed = true;
	for (const struct space *s = all->shared; s; s = s->hh.next) {
		struct space sum = sum_of_parts(s);

		all->events->on_listed(all->arg, &sum);
	}
}

void
spaces_fold(struct spaces *all)
{
	struct space *s, *next;

	spaces_end_listing(all);
	HASH_ITER (hh, all->shared, s, next) {
		struct space sum = sum_of_parts(s);

		all->events->on_done(all->arg, &sum);
		HASH_DEL(all->shared, s);
		free_parts(all, s);
	}
	all->shared_bytes = 0;
}

void
spaces_clear(struct spaces *all)
{
	struct space *s, *next;

	HASH_ITER (hh, all->shared, s, next) {
		HASH_DEL(all->shared, s);
		free_parts(all, s);
	}
	all->shared_bytes = 0;
}

/* --- those of one range --- */

void
space_stack_init(struct space_stack *s, struct spaces *spaces,
		 const char *after, size_t after_len, bool is_ordered)
{
	*s = (struct space_stack){
		.spaces = spaces,
		.after = after ? xstrndup(after, after_len) : NULL,
		.after_len = after_len,
		.is_ordered = is_ordered,
	};
}

/* Whether keys of this space may lie before the range. */
static bool
may_begin_before(const struct space_stack *stack, const struct space *s)
{
	return stack->after && begins_with(stack->after, stack->after_len, s);
}

/* Take the top off; it lives on while it waits for HEADs or other ranges. */
static void
close_top(struct space_stack *stack, bool is_cut)
{
	struct space *s = stack->top;

	stack->top = s->below;
	s->below = NULL;
	s->is_closed = true;
	if (is_cut || !s->has_start) {
		share(stack->spaces, s);
		return;
	}
	stack->spaces->events->on_listed(stack->spaces->arg, s);
	if (s->n_pending == 0)
		finish(stack->spaces, s);
}

/* Without order an earlier key may come late. */
static void
note_key(struct spaces *all, struct space *s, const char *key, size_t key_len)
{
	if (key_compare(key, key_len, s->first, s->first_len) >= 0)
		return;
	if (s->earlier)
		all->shared_bytes -= s->first_len;
	free(s->earlier);
	s->first = s->earlier = xstrndup(key, key_len);
	s->first_len = key_len;
	all->shared_bytes += key_len;
}

static struct space *
enter_unordered(struct space_stack *stack, const char *key, size_t key_len,
		size_t prefix_len)
{
	struct space *s;

	HASH_FIND(hh, stack->spaces->shared, key, prefix_len, s);
	if (s) {
		note_key(stack->spaces, s, key, key_len);
		return s;
	}
	s = space_new(key, key_len, prefix_len);
	share(stack->spaces, s);
	return s;
}

struct space *
space_stack_enter(struct space_stack *stack, const char *key, size_t key_len)
{
	size_t prefix_len = space_prefix_length(key, key_len);
	struct space *s;

	if (!stack->is_ordered)
		return enter_unordered(stack, key, key_len, prefix_len);
	while (stack->top && !begins_with(key, prefix_len, stack->top))
		close_top(stack, false);
	if (stack->top && stack->top->prefix_len == prefix_len)
		return stack->top;
	s = space_new(key, key_len, prefix_len);
	s->has_start = !may_begin_before(stack, s);
	s->below = stack->top;
	stack->top = s;
	return s;
}

/* Bytes of a copy of an object in one piece. */
static size_t
copy_size(const struct object *o)
{
	return sizeof(*o) + o->key_len + strlen(o->etag) + 1 +
	       strlen(o->last_modified) + 1 +
	       (o->metadata ? strlen(o->metadata) + 1 : 0);
}

static const char *
copy_text(char **end, const char *text)
{
	char *copy = *end;

	*end = stpcpy(copy, text) + 1;
	return copy;
}

static struct object *
copy_object(const struct object *o)
{
	struct object *copy = xmalloc(copy_size(o));
	char *end = (char *)(copy + 1);

	*copy = (struct object){ .key_len = o->key_len, .size = o->size };
	copy->etag = copy_text(&end, o->etag);
	copy->last_modified = copy_text(&end, o->last_modified);
	if (o->metadata)
		copy->metadata = copy_text(&end, o->metadata);
	copy->key = memcpy(end, o->key, o->key_len);
	return copy;
}

void
space_put_by(struct spaces *spaces, struct space *s, const struct object *o)
{
	if (s->candidate && !comes_before(o, s->candidate))
		return;
	if (s->candidate)
		spaces->shared_bytes -= copy_size(s->candidate);
	free(s->candidate);
	s->candidate = copy_object(o);
	spaces->shared_bytes += copy_size(o);
}

void
space_stack_end(struct space_stack *stack)
{
	while (stack->top)
		close_top(stack, true);
	free(steal(&stack->after));
}

void
space_stack_clear(struct space_stack *stack)
{
	while (stack->top) {
		struct space *below = stack->top->below;

		space_free(stack->spaces, stack->top);
		stack->top = below;
	}
	free(steal(&stack->after));
}
