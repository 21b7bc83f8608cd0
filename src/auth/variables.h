/* SPDX-License-Identifier: MIT */
/*
 * Variables of the environment, for sources of keys.  Main thread, while there is no
 * other.
 */
#ifndef AUTH_VARIABLES_H
#define AUTH_VARIABLES_H

#include "util/base.h"

/* On the heap; NULL if it is empty or not set. */
char *variable_dup(const char *name);

/*
 * The same; it is gone afterwards, from what children get, and from /proc/PID/environ.
 * For wipe_free().
 */
char *variable_take(const char *name);

/* "true", in any case. */
bool variable_is_true(const char *name);

#endif
