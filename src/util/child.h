/* SPDX-License-Identifier: MIT */
/*
 * A program that is run and waited for, with a limit.  It is the head of a process group
 * of its own, which is killed at the end: nothing that it has started goes on.  It has
 * no descriptor of ours, /dev/null as its input, and no environment but what is given.
 * Any thread that may block.
 */
#ifndef UTIL_CHILD_H
#define UTIL_CHILD_H

#include "util/buf.h"
#include "util/err.h"

struct child {
	char *const *
		argv; /* the first one is looked for in the PATH that we have */
	char *const *env;
	int64_t limit_ms;
	struct buf *out, *err; /* what it writes; their caps are the limits */
};

/*
 * *status as waitpid(2) has it.  -errno if it can't be started; -ETIMEDOUT; -EFBIG if it
 * writes more to its output than there is room for: then it was killed.
 */
int child_run(const struct child *c, int *status, struct err *err);

#endif
