/* SPDX-License-Identifier: MIT */
/*
 * Inode numbers and what they stand for.  A name has one number as long as the
 * mount lasts: the kernel calls the node by it (FUSE's "nodeid"), and a program
 * sees it in st_ino.  So nodes need not be made, counted or forgotten.  Knows no
 * FUSE and no network.  Any thread.
 */
#ifndef FS_TREE_H
#define FS_TREE_H

#include "engine/buckets.h"
#include "fs/files.h"

#define TREE_ROOT 1 /* FUSE_ROOT_ID */

/* What a node is: the root, a folder (a bucket's or the mount's own) or its file. */
struct place {
	struct bucket *bucket; /* NULL: in none */
	bool is_own; /* the mount's own folder, or in it */
	const struct file *file; /* NULL: a directory */
};

/* The files that are there; NULL in the root. */
const struct folder *tree_folder(const struct place *p);

/* False if there is no such node. */
bool tree_find(struct buckets *buckets, uint64_t ino, struct place *out);

uint64_t tree_ino(const struct place *p);

#endif
