/* SPDX-License-Identifier: MIT */
/*
 * One HTTP request that is waited for: for threads that may block.  After http_prepare().
 */
#ifndef NET_FETCH_H
#define NET_FETCH_H

#include "util/buf.h"
#include "util/err.h"

struct fetch {
	const char *method; /* "GET", "PUT" or "POST" */
	const char *url;
	const char *const *headers; /* "name: value", NULL at the end */
	const char *body; /* NULL: none */
	int64_t connect_ms, total_ms; /* limits */
	bool is_direct; /* through no proxy: a service of this machine */
	const char *ca_bundle; /* read now; NULL: what the system trusts */
	/* Likewise, see trust_identify(); NULL: none. */
	const char *client_cert, *client_key;
};

/*
 * The answer came whole: its status, and its body in `body`, whose cap is the limit.
 * -errno if none did.
 */
int fetch_now(const struct fetch *f, int *status, struct buf *body,
	      struct err *err);

#endif
