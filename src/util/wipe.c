/* SPDX-License-Identifier: MIT */
/*
 * Memory that may hold secrets: see wipe.h.  Any thread.
 */
#include "config.h"

#include "util/wipe.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void
wipe_free(void *p)
{
	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

void *
wipe_realloc(void *p, size_t n)
{
	size_t size = malloc_usable_size(p);
	void *other;

	if (p && n <= size)
		return p;
	other = malloc(n);
	if (other && p) {
		memcpy(other, p, size);
		wipe_free(p);
	}
	return other;
}
