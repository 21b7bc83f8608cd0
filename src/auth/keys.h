/* SPDX-License-Identifier: MIT */
/*
 * The keys that requests are signed with, as a value: immutable and counted, so that
 * a request that is under way keeps those it was signed with whatever comes next.
 * Wiped when the last reference goes.  Any thread.
 */
#ifndef AUTH_KEYS_H
#define AUTH_KEYS_H

#include <stdatomic.h>

#include "util/err.h"

struct keys {
	const char *access_key; /* NULL: do not sign */
	const char *secret_key;
	const char *session_token; /* NULL: none */
	int64_t expires_at; /* seconds since 1970; 0: nobody says */
	const char *source; /* its name, for messages; lives for ever */
	atomic_uint n_refs; /* of keys.c */
};

/* Whether a source may take things for unchanged. */
enum must_look {
	LOOK_IF_CHANGED,
	LOOK_REFUSED, /* no: the store has refused what it gave, for whatever reason */
	LOOK_TOLD, /* no: whoever runs us wants it */
};

/*
 * Copies `from`.  -EACCES if a key or the token holds what cannot go into a header;
 * the message does not have it.
 */
int keys_new(struct keys **out, const struct keys *from, struct err *err);

struct keys *keys_ref(struct keys *k); /* NULL is fine, and gives NULL */
void keys_unref(struct keys *k); /* NULL is fine */

/* By the clock here. */
bool keys_have_expired(const struct keys *k);

/* Whether they sign alike; either may be NULL. */
bool keys_equal(const struct keys *a, const struct keys *b);

#endif
