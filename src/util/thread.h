/* SPDX-License-Identifier: MIT */
/*
 * Threads beside the main one.  Any thread.
 */
#ifndef UTIL_THREAD_H
#define UTIL_THREAD_H

#include <pthread.h>
#include <signal.h>

/*
 * Run `fn` in a new thread with all signals blocked: they belong to the main
 * thread, and SIGPIPE would come to the one that writes.  0 or a positive errno.
 */
static inline int
thread_start(pthread_t *thread, void *(*fn)(void *arg), void *arg)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* it is born with this */
	rc = pthread_create(thread, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

#endif
