/* SPDX-License-Identifier: MIT */
/*
 * A socket that listens.  Main thread; it may wait for a name server.
 */
#ifndef CLI_LISTEN_H
#define CLI_LISTEN_H

#include "util/err.h"

/*
 * On the first address of `host` that can be had; port 0 is the kernel's choice.  It
 * does not block.  The caller closes *fd, and frees *url: "http://127.0.0.1:9961".
 */
int listen_open(const char *host, const char *port, int *fd, char **url,
		struct err *err);

#endif
