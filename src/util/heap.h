/* SPDX-License-Identifier: MIT */
/*
 * The heap as a whole.  libc keeps what was freed between pieces that are in use, and that
 * may be much after many small ones: heap_trim() gives it back to the system, in
 * milliseconds.
 *
 * And once a large piece was freed, it takes others up to that size from where small ones
 * lie, and keeps as much at the end: what a file of 16 MiB took stays then, and what grows
 * leaves holes behind.  Not after heap_setup(): large ones go back when they are freed.
 */
#ifndef UTIL_HEAP_H
#define UTIL_HEAP_H

#include <malloc.h>

#define HEAP_LARGE (1024 * 1024)
#define HEAP_KEPT (2 * 1024 * 1024) /* at the end */

/* Before there are threads. */
static inline void
heap_setup(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, HEAP_LARGE);
	mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
#endif
}

static inline void
heap_trim(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

#endif
