/* SPDX-License-Identifier: MIT */
/*
 * Inode numbers: see tree.h.  Any thread.
 *
 * The mount's own folder has OWN, bucket i has (i + 1) * SLOTS; their files follow.
 */
#include "config.h"

#include "fs/tree.h"

#include <limits.h>

#define SLOTS (BUCKET_FILES_MAX + 1)
#define OWN (TREE_ROOT + 1)

_Static_assert(OWN + OWN_FILES_MAX < SLOTS, "numbers below those of buckets");

const struct folder *
tree_folder(const struct place *p)
{
	if (p->is_own)
		return &own_folder;
	return p->bucket ? &bucket_folder : NULL;
}

uint64_t
tree_ino(const struct place *p)
{
	const struct folder *folder = tree_folder(p);
	uint64_t ino;

	if (!folder)
		return TREE_ROOT;
	ino = p->is_own ? OWN : ((uint64_t)p->bucket->index + 1) * SLOTS;
	return p->file ? ino + 1 + (uint64_t)(p->file - folder->files) : ino;
}

/* The folder is known, and its file in that slot, 0 for itself, is wanted. */
static bool
find_in_folder(struct place *p, uint64_t slot)
{
	const struct folder *folder = tree_folder(p);

	if (slot > folder->n)
		return false;
	p->file = slot ? &folder->files[slot - 1] : NULL;
	return true;
}

bool
tree_find(struct buckets *buckets, uint64_t ino, struct place *out)
{
	uint64_t index = ino / SLOTS - 1;

	*out = (struct place){ .bucket = NULL };
	if (ino <= TREE_ROOT)
		return ino == TREE_ROOT;
	if (ino < SLOTS) {
		out->is_own = true;
		return find_in_folder(out, ino - OWN);
	}
	if (index > UINT_MAX)
		return false;
	out->bucket = buckets_get(buckets, (unsigned)index);
	return out->bucket && find_in_folder(out, ino % SLOTS);
}
