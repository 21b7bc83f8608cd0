/* SPDX-License-Identifier: MIT */
/*
 * Texts over HTTP, to whoever asks.  Main thread, which makes the texts, too: they have
 * to come from memory.
 *
 * GET and HEAD of what is in a table, and nothing else; each connection is for one
 * request.  What clients may take is limited:
 *
 * - So many connections at a time; who comes then waits in the kernel.
 * - Of each, so much time from its begin to its end, whatever is sent: a byte now and
 *   then keeps none.  While all are taken that is less, so that who waits has not to
 *   wait for those who only hold on to theirs.
 * - A head of a few kibibytes, and no body.
 * - A text is made once a second at most, and shared by all who ask meanwhile.
 */
#ifndef CLI_WEB_H
#define CLI_WEB_H

#include "util/buf.h"
#include "util/err.h"

#define WEB_CLIENTS_MAX 256

struct web_page {
	const char *path; /* "/metrics" */
	const char *type; /* of the text */
	/* Make the text; the status, or -errno. */
	int (*make)(void *arg, struct buf *out);
};

struct web_options {
	const struct web_page *pages; /* outlive it, as `arg` */
	size_t n_pages;
	size_t text_max;
	void *arg;
	int listen_fd; /* does not block; it is taken, and closed */
	int end_fd;
};

/* Without libmicrohttpd it is not. */
extern const bool web_is_built;

/* Serve until there is something to read from `end_fd`. */
int web_serve(const struct web_options *o, struct err *err);

#endif
