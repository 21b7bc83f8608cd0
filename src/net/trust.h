/* SPDX-License-Identifier: MIT */
/*
 * The certificates that TLS trusts, and our own, read once and given to each connection,
 * so that no file is read, and nothing parsed, on the net thread: a file may be a
 * FIFO by now, or on a server that hangs.  Who serves nobody else may do that there.
 *
 * To its users it is immutable; counted; any thread.  Together with util/hash.c the only user of
 * OpenSSL.
 */
#ifndef NET_TRUST_H
#define NET_TRUST_H

#include "util/err.h"

struct trust;

/*
 * Before any other call of OpenSSL: it must not clean up at the end of the process,
 * when a thread may be reading certificates yet.
 */
int trust_prepare(struct err *err);

/*
 * Read a PEM file; -EINVAL if there is no certificate in it.  It may block.
 * `path` NULL: what is in the `file` and the `dir` of the system, either may be
 * NULL or not there; where there is nothing at all, no store is trusted.
 */
int trust_load(struct trust **out, const char *path, const char *file,
	       const char *dir, struct err *err);

/*
 * As trust_load(), for a program that may wait in trust_apply(): what takes longer to
 * parse than a small bucket to list is read when there is a connection with TLS.  Now
 * it is only seen that `path` begins with a certificate; if it can't be read later,
 * the log says so, and no store is trusted.
 */
int trust_load_later(struct trust **out, const char *path, const char *file,
		     const char *dir, struct err *err);

/* What is said where trust_is_empty(). */
#define TRUST_NOTHING                                                          \
	"no certificates of the system are found, so no store is trusted: "    \
	"ca_bundle=FILE names some"

/*
 * Show a certificate to who asks for one: PEM files, with those between it and its CA
 * behind it.  `key` NULL: in the same file.  -EINVAL if there is none, or the key is
 * another one's or encrypted.  It may block; before others have `t`.
 */
int trust_identify(struct trust *t, const char *certificate, const char *key,
		   struct err *err);

/* Whether there were no certificates at all, of what is read: every store is refused. */
bool trust_is_empty(const struct trust *t);

struct trust *trust_ref(struct trust *t);
void trust_unref(struct trust *t); /* NULL is fine */

/* Have a new connection, whose SSL_CTX is `ssl_ctx`, trust them, and show ours. */
void trust_apply(struct trust *t, void *ssl_ctx);

#endif
