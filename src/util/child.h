/* SPDX-License-Identifier: MIT */
/*
 * A program that is run and waited for, with a limit.  It is the head of a process group
 * of its own, which is killed at the end: what it has started goes with it, unless that
 * has left the group.  It has no descriptor of ours, /dev/null as its input, and no
 * environment but what is given.  Any thread that may block.
 */
#ifndef UTIL_CHILD_H
#define UTIL_CHILD_H

#include <pthread.h>

#include "util/buf.h"
#include "util/err.h"

/* Who runs one at a time, and may be told to end it. */
struct children {
	pthread_mutex_t lock;
	/* under lock */
	pid_t group; /* that is running; 0: none */
	bool is_over;
};

void children_init(struct children *c);

/* What runs is killed, and nothing is started any more.  Any thread. */
void children_end(struct children *c);

void children_clear(struct children *c); /* nobody runs one */

struct child {
	char *const *
		argv; /* the first one is looked for in the PATH that we have */
	char *const *env;
	int64_t limit_ms;
	struct buf *out, *err; /* what it writes; their caps are the limits */
	struct children *among;
};

/*
 * *status as waitpid(2) has it.  -errno if it can't be started; -ETIMEDOUT; -EFBIG if it
 * writes more to its output than there is room for: then it was killed.  -ECHILD if
 * somebody else has taken its status.
 */
int child_run(const struct child *c, int *status, struct err *err);

#endif
