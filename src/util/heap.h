/* SPDX-License-Identifier: MIT */
/*
 * The heap as a whole.  libc keeps what was freed between pieces that are in use, and that
 * may be much after many small ones: here it goes back to the system, in milliseconds.
 */
#ifndef UTIL_HEAP_H
#define UTIL_HEAP_H

#include <malloc.h>

static inline void
heap_trim(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

#endif
