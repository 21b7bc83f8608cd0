/* SPDX-License-Identifier: MIT */
/*
 * Going to the background: who started us waits until we serve, and learns from
 * the exit status whether we do.  Main thread, while there is no other.
 */
#ifndef UTIL_BACKGROUND_H
#define UTIL_BACKGROUND_H

#include "util/err.h"

/*
 * Fork, and return in the child, in "/", without a terminal of its own; *fd is
 * for background_ready().  The parent waits for that, and exits with 0; with 1 if
 * the child ends before, which may tell why on standard error.
 */
int background_start(int *fd, struct err *err);

/* Let the parent go, and standard input, output and error: to /dev/null. */
void background_ready(int fd);

#endif
