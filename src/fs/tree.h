/* SPDX-License-Identifier: MIT */
/*
 * Inode numbers and what they stand for.  Knows no FUSE and no network.  Any
 * thread: one leaf lock.
 *
 * The number that a program sees in st_ino is fixed for each name.  The number
 * by which the kernel calls a node (FUSE's "nodeid") is the same for
 * directories and control files.  A stats file has a new node for each
 * document, since the kernel keeps one size per node and fstat(2) does not tell
 * which handle it is for: two handles with two documents need two nodes.  A
 * lookup gives the node that was not opened yet, if there is one.
 */
#ifndef FS_TREE_H
#define FS_TREE_H

#include "engine/buckets.h"
#include "fs/files.h"

#define TREE_ROOT 1 /* FUSE_ROOT_ID */

struct tree;

/* What a node is: the root (no bucket), a bucket (no file) or a file. */
struct place {
	struct bucket *bucket;
	const struct file *file;
};

struct node_attr {
	uint64_t ino; /* st_ino */
	int64_t size;
	int64_t mtime; /* seconds; -1: that of the mount */
};

struct tree *tree_new(struct buckets *buckets);
void tree_free(struct tree *t);

/* False if there is no such node. */
bool tree_find(struct tree *t, uint64_t node, struct place *out);

/* The fixed number of a place. */
uint64_t tree_ino(const struct place *p);

/*
 * A name was looked up: its node, with one more lookup counted, which
 * tree_forget() takes back.
 */
uint64_t tree_lookup(struct tree *t, const struct place *p);
void tree_forget(struct tree *t, uint64_t node, uint64_t n);

bool tree_attr(struct tree *t, uint64_t node, struct node_attr *out);

/* A stats file is being opened: the next lookup gives another node. */
void tree_opened(struct tree *t, uint64_t node);

/* The document that this node shows from now on. */
void tree_set_document(struct tree *t, uint64_t node, int64_t len,
		       int64_t computed_at);

#endif
