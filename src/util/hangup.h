/* SPDX-License-Identifier: MIT */
/*
 * SIGHUP as a call, made on a thread of its own.  Files that are to be read again
 * may hang (a FIFO, a dead NFS server): that keeps nobody waiting but who sends
 * the next SIGHUP.
 *
 * Signals that come while one is served count as one more.
 */
#ifndef UTIL_HANGUP_H
#define UTIL_HANGUP_H

#include "util/err.h"

struct hangup;

struct hangup_calls {
	/*
	 * Read what is to be read; it may block, and outlive hangup_stop(): it
	 * may use only what `files` points to, which lives as long as the
	 * process.
	 */
	void *(*load)(void *files);
	/* Use it: takes what load() gave.  Never after hangup_stop(). */
	void (*apply)(void *arg, void *loaded);
	void (*drop)(void *loaded); /* nobody uses it any more */
	void *files, *arg;
};

/*
 * From here on SIGHUP waits for hangup_start().  Before there are threads, which
 * all are born with it blocked.
 */
void hangup_block(void);

int hangup_start(struct hangup **out, const struct hangup_calls *calls,
		 struct err *err);
void hangup_stop(struct hangup *h); /* NULL is fine */

#endif
