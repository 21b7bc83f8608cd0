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
 *
 * So two threads that look a name up at the same time get the same node, and one
 * may open it when the other has its document already.  Its own is kept for it
 * then, and the open answered with ESTALE: of that the kernel makes another lookup
 * and another open, once, of which the program sees nothing.  This lookup gives a
 * node for that thread alone, which shows what was kept.  Where there is nothing
 * to look up, as for /proc/self/fd and for a file that is mounted somewhere, the
 * open comes again for the same node: it is granted, and the node shows the newer
 * document.
 */
#ifndef FS_TREE_H
#define FS_TREE_H

#include "engine/buckets.h"
#include "engine/snapshot.h"
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
 * A name was looked up by a thread (0: an unknown one): its node, with one more
 * lookup counted, which tree_forget() takes back.
 */
uint64_t tree_lookup(struct tree *t, const struct place *p, pid_t thread);
void tree_forget(struct tree *t, uint64_t node, uint64_t n);

bool tree_attr(struct tree *t, uint64_t node, struct node_attr *out);

/*
 * A thread opens a stats file: the next lookup gives another node.  Returns what was
 * kept for it, with a reference for the caller; NULL: nothing.  `is_again`: it was
 * refused before.
 */
struct snapshot *tree_opened(struct tree *t, uint64_t node, pid_t thread,
			     bool *is_again);

/* Whether nobody has another document open there. */
bool tree_may_show(struct tree *t, uint64_t node, const struct snapshot *s);

/* One handle more, and this is what the node shows; tree_closed() ends it. */
void tree_show(struct tree *t, uint64_t node, struct snapshot *s);
void tree_closed(struct tree *t, uint64_t node);

/* A thread's open is answered with ESTALE; for a moment, this is kept for it. */
void tree_refuse(struct tree *t, uint64_t node, pid_t thread,
		 struct snapshot *s);

#endif
