/* SPDX-License-Identifier: MIT */
/*
 * Keys that are fetched, and expire: when they are fetched again.  For sources that run
 * a program or ask a service; auth thread.
 *
 * New ones are fetched ahead of the expiry, by a quarter of what is left and 15 minutes
 * at most, jittered, so that those who began together do not come together.  What fails
 * is tried again later and later, and the keys from before go on until they expire.
 */
#ifndef AUTH_RENEWAL_H
#define AUTH_RENEWAL_H

#include "auth/keys.h"

/* {0} at the start. */
struct renewal {
	struct keys *keys; /* NULL: none */
	struct err err; /* why the last fetch has failed */
	int64_t due_ms; /* by the clock that never jumps; 0: never */
	int64_t not_before_ms; /* no fetch, unless it is told to */
	unsigned n_failed, n_anew; /* in a row */
	unsigned seed; /* of the jitter: needs no secrecy */
};

/* As `ask` of a source.  It may take its time. */
typedef int renewal_fetch_fn(void *source, struct keys **found,
			     struct err *err);

/* As `ask` of a source, by a fetch if need be. */
int renewal_ask(struct renewal *r, enum must_look must_look,
		renewal_fetch_fn *fetch, void *source, struct keys **found,
		struct err *err);

/* What was fetched is of no use any more. */
void renewal_clear(struct renewal *r);

#endif
