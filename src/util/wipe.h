/* SPDX-License-Identifier: MIT */
/*
 * Memory that may hold secrets: wiped before it is given back.  In the place of
 * free(3) and realloc(3), for what came from any of malloc(3)'s family; and for
 * a library that lets its memory be managed.  Any thread.
 */
#ifndef UTIL_WIPE_H
#define UTIL_WIPE_H

#include <stddef.h>

void wipe_free(void *p); /* NULL is fine */

/* NULL if there is no memory: `p` is as it was.  No copy of it is left. */
void *wipe_realloc(void *p, size_t n);

#endif
