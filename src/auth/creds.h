/* SPDX-License-Identifier: MIT */
/*
 * Whose signature requests carry.  Sources are asked in the order of the SDKs:
 * environment, shared files; what comes later (web identity, container,
 * instance metadata) is one more row of the table in creds.c.
 *
 * Net thread only, but for creds_new() and creds_free().  Files are looked at
 * again at most once a second: keys that are absent or wrong now heal by
 * themselves.
 */
#ifndef AUTH_CREDS_H
#define AUTH_CREDS_H

#include "auth/keys.h"

struct creds_options {
	bool is_anonymous; /* no_sign_request: never sign */
	bool skip_environment; /* profile= was given: it wins, as with the AWS CLI */
	const char *profile; /* never NULL: "default" */
	const char *config_path; /* NULL: none */
	const char *credentials_path;
};

struct creds_chain;

/*
 * Copies what it is given.  Keys and token are taken out of the environment,
 * whoever's they are: main thread, while there is no other.
 */
struct creds_chain *creds_new(const struct creds_options *o);
void creds_free(struct creds_chain *c); /* NULL is fine */

/*
 * The keys for a request that is made now: a reference.  -EACCES if no source has
 * any, if a file is malformed, or if a key or the token holds what cannot go into a
 * header.
 */
int creds_get(struct creds_chain *c, struct keys **out, struct err *err);

/* The store refused what creds_get() gave: ask the sources again next time. */
void creds_refused(struct creds_chain *c);

#endif
