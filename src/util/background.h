/* SPDX-License-Identifier: MIT */
/*
 * Going to the background: whoever started the program waits until it serves, and
 * the exit status tells whether it does.  Main thread, while there is no other.
 */
#ifndef UTIL_BACKGROUND_H
#define UTIL_BACKGROUND_H

#include "util/err.h"

/*
 * Fork, and return in the child, in "/", without a terminal of its own; *fd is
 * for background_ready().  The parent waits for that, and exits with 0; or with 1 if
 * the child ends before, which has said why on standard error.
 */
int background_start(int *fd, struct err *err);

/* The parent exits; standard input, output and error are /dev/null from here on. */
void background_ready(int fd);

#endif
