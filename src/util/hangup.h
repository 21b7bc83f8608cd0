/* SPDX-License-Identifier: MIT */
/*
 * Functions that are called when a signal comes, SIGHUP first of all, on a thread of
 * their own.  Files that they read again may hang (a FIFO, a dead NFS server): then
 * the next of these signals waits, and nobody else.
 *
 * Several signals that come during the calls are answered together, by one more.
 */
#ifndef UTIL_HANGUP_H
#define UTIL_HANGUP_H

#include "util/err.h"

struct hangup;

struct hangup_calls {
	int signal; /* blocked in all threads */
	/*
	 * Read the files.  It may block, and go on after hangup_stop(): so it may
	 * use only what `files` points to, which lives as long as the process.
	 */
	void *(*load)(void *files);
	/* Use what load() has returned, and own it.  Never after hangup_stop(). */
	void (*apply)(void *arg, void *loaded);
	void (*drop)(void *loaded); /* free what load() has returned, unused */
	void *files, *arg;
};

/*
 * The signal is blocked from here on, and waits for hangup_start().  Before there are
 * threads, which inherit that.
 */
void hangup_block(int signal);

int hangup_start(struct hangup **out, const struct hangup_calls *calls,
		 struct err *err);
void hangup_stop(struct hangup *h); /* NULL is fine */

#endif
