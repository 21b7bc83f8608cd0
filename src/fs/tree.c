/* SPDX-License-Identifier: MIT */
/*
 * Inode numbers: see tree.h.  Any thread.
 *
 * Bucket i has (i + 1) * SLOTS, its files follow.
 */
#include "config.h"

#include "fs/tree.h"

#include <limits.h>

#define SLOTS (BUCKET_FILES_MAX + 1)

uint64_t
tree_ino(const struct place *p)
{
	uint64_t ino;

	if (!p->bucket)
		return TREE_ROOT;
	ino = ((uint64_t)p->bucket->index + 1) * SLOTS;
	return p->file ? ino + 1 + (uint64_t)(p->file - files) : ino;
}

bool
tree_find(struct buckets *buckets, uint64_t ino, struct place *out)
{
	uint64_t slot = ino % SLOTS, index = ino / SLOTS - 1;

	*out = (struct place){ NULL, NULL };
	if (ino == TREE_ROOT)
		return true;
	if (ino < SLOTS || slot > n_files || index > UINT_MAX)
		return false;
	out->bucket = buckets_get(buckets, (unsigned)index);
	out->file = slot ? &files[slot - 1] : NULL;
	return out->bucket != NULL;
}
