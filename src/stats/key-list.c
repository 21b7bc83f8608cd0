/* SPDX-License-Identifier: MIT */
/*
 * A list of keys: see key-list.h.  Pure.
 */
#include "config.h"

#include "stats/key-list.h"

#include <stdint.h>

#include "stats/fingerprint.h"

#define SIZE_AT_FIRST 256

static void
reserve(struct key_list *l, size_t more)
{
	if (l->size - l->len >= more)
		return;
	l->size = l->size ? 2 * l->size : SIZE_AT_FIRST;
	if (l->size - l->len < more)
		l->size = l->len + more;
	l->data = xrealloc(l->data, l->size);
}

void
key_list_add(struct key_list *l, size_t *room, const char *key, size_t len)
{
	uint32_t head = (uint32_t)len;
	size_t more = sizeof(head) + len;

	if (len > UINT32_MAX || more > *room)
		return;
	*room -= more;
	reserve(l, more);
	memcpy(l->data + l->len, &head, sizeof(head));
	memcpy(l->data + l->len + sizeof(head), key, len);
	l->len += more;
	l->n++;
}

/* The key at *at, which moves on to the next one. */
static struct key
take_next(const struct key_list *l, size_t *at)
{
	uint32_t len;
	const char *text = l->data + *at + sizeof(len);

	memcpy(&len, l->data + *at, sizeof(len));
	*at += sizeof(len) + len;
	return (struct key){ text, len };
}

void
key_list_add_all(struct key_list *l, size_t *room, const struct key_list *other)
{
	for (size_t at = 0; at < other->len;) {
		struct key key = take_next(other, &at);

		key_list_add(l, room, key.text, key.len);
	}
}

void
key_list_clear(struct key_list *l, size_t *room)
{
	*room += l->len;
	free(l->data);
	*l = (struct key_list){ .data = NULL };
}

static int
compare(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	return key_compare(x->text, x->len, y->text, y->len);
}

struct key *
key_list_sorted(const struct key_list *l)
{
	struct key *keys = l->n ? xcalloc(l->n, sizeof(*keys)) : NULL;
	size_t n = 0;

	for (size_t at = 0; at < l->len;)
		keys[n++] = take_next(l, &at);
	if (n > 0)
		qsort(keys, n, sizeof(*keys), compare);
	return keys;
}
