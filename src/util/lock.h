/* SPDX-License-Identifier: MIT */
/*
 * A lock that is held until the end of a scope, whichever way out is taken.
 * Any thread.
 */
#ifndef UTIL_LOCK_H
#define UTIL_LOCK_H

#include <pthread.h>

#include "util/base.h"

static inline void
lock_release(pthread_mutex_t **lock)
{
	pthread_mutex_unlock(*lock);
}

/* Hold the member `lock` of *object from here on; once in a scope. */
#define LOCKED(object)                                                         \
	pthread_mutex_t *scope_lock CLEANUP(lock_release) = &(object)->lock;   \
	pthread_mutex_lock(scope_lock)

#endif
