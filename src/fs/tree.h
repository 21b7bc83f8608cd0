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
 * may open it when the other has its document already.  If its own is of another
 * length, the open is to be answered with ESTALE: of that the kernel makes another
 * lookup and another open, once, and the program sees nothing of it.  This lookup
 * gives a node for that thread alone.  Where there is nothing to look up, as for
 * /proc/self/fd and for a file that is mounted somewhere, the open comes again for
 * the same node: then it is granted, and the node shows the newer document.
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
 * A name was looked up by a thread (0: an unknown one): its node, with one more
 * lookup counted, which tree_forget() takes back.
 */
uint64_t tree_lookup(struct tree *t, const struct place *p, pid_t thread);
void tree_forget(struct tree *t, uint64_t node, uint64_t n);

bool tree_attr(struct tree *t, uint64_t node, struct node_attr *out);

/*
 * A stats file is being opened: the next lookup gives another node.  For each such
 * call, one of tree_closed() when the open has failed or its handle is gone.  True
 * if the thread was refused before: it comes again.
 */
bool tree_opened(struct tree *t, uint64_t node, pid_t thread);
void tree_closed(struct tree *t, uint64_t node);

/* False if it shows a document of another length that somebody has open. */
bool tree_may_show(struct tree *t, uint64_t node, int64_t len);

/* A thread's open is answered with ESTALE. */
void tree_refused(struct tree *t, pid_t thread);

/* The document that this node shows from now on. */
void tree_set_document(struct tree *t, uint64_t node, int64_t len,
		       int64_t computed_at);

#endif
