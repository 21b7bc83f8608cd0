/* SPDX-License-Identifier: MIT */
/*
 * Keys, as many as there is room for: one piece of memory, some bytes more than the
 * keys have.  Pure; one thread until it is complete, then immutable, any thread.
 */
#ifndef STATS_KEY_LIST_H
#define STATS_KEY_LIST_H

#include "util/base.h"

/* {0} at the start. */
struct key_list {
	char *data; /* of each key its length, and its bytes */
	size_t len, size;
	size_t n;
};

struct key {
	const char *text; /* bytes of the list */
	size_t len;
};

/* Unless it needs more than *room, which it takes its bytes from.  Copies the key. */
void key_list_add(struct key_list *l, size_t *room, const char *key,
		  size_t len);

/* All of another list, as far as there is room. */
void key_list_add_all(struct key_list *l, size_t *room,
		      const struct key_list *other);

/* Empty again; its bytes are room again. */
void key_list_clear(struct key_list *l, size_t *room);

/* In ascending order; the caller frees the array.  NULL: the list is empty. */
struct key *key_list_sorted(const struct key_list *l);

#endif
