/* SPDX-License-Identifier: MIT */
/*
 * The certificates that TLS trusts, read once and given to each connection, so
 * that no file is read, and nothing parsed, on the net thread: a file may be a
 * FIFO by now, or on a server that hangs.
 *
 * Immutable and counted; any thread.  Together with util/hash.c the only user of
 * OpenSSL.
 */
#ifndef NET_TRUST_H
#define NET_TRUST_H

#include "util/err.h"

struct trust;

/*
 * Before anything else of OpenSSL: a thread that still reads when the process
 * ends must not see it taken down.
 */
int trust_prepare(struct err *err);

/*
 * Read a PEM file; -EINVAL if there is no certificate in it.  It may block.
 * `path` NULL: what is in the `file` and the `dir` of the system, either may be
 * NULL or not there; where there is nothing at all, nobody is trusted.
 */
int trust_load(struct trust **out, const char *path, const char *file,
	       const char *dir, struct err *err);

/* There was nothing: nobody is trusted. */
bool trust_is_empty(const struct trust *t);

struct trust *trust_ref(struct trust *t);
void trust_unref(struct trust *t); /* NULL is fine */

/* A connection begins: `ssl_ctx` is its SSL_CTX. */
void trust_apply(struct trust *t, void *ssl_ctx);

#endif
