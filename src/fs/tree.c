/* SPDX-License-Identifier: MIT */
/*
 * Inode numbers: see tree.h.  Any thread: one leaf lock.
 *
 * Fixed numbers: bucket i has (i + 1) * SLOTS, its files follow.  Nodes of
 * documents count up from FIRST_NODE and are never used again.
 */
#include "config.h"

#include "fs/tree.h"

#include <assert.h>

#define uthash_fatal(msg) die_no_memory()
#include <uthash.h>

#include "util/lock.h"

#define SLOTS 16
#define FIRST_NODE ((uint64_t)1 << 48)

/* Threads that come again within microseconds; more at once are unlikely. */
#define REFUSED_MAX 64

/* One document of a stats file, or one that is still to come. */
struct node {
	uint64_t id;
	struct place place;
	uint64_t n_lookups;
	bool is_opened; /* ever */
	unsigned n_open; /* handles, and opens under way */
	bool has_document;
	int64_t size, mtime; /* of the document */
	UT_hash_handle hh;
};

struct tree {
	struct buckets *buckets;

	/* under lock */
	pthread_mutex_t lock;
	struct node *nodes; /* by id */
	uint64_t next_id;
	/* by fixed number: the node that was not opened yet, or NULL */
	struct node **fresh;
	size_t n_fresh;
	pid_t refused[REFUSED_MAX]; /* threads that will come again; 0: none */
	unsigned n_refused; /* ever */
};

uint64_t
tree_ino(const struct place *p)
{
	uint64_t ino;

	if (!p->bucket)
		return TREE_ROOT;
	ino = ((uint64_t)p->bucket->index + 1) * SLOTS;
	return p->file ? ino + 1 + (uint64_t)(p->file - files) : ino;
}

/* The place of a fixed number. */
static bool
find_fixed(struct tree *t, uint64_t ino, struct place *out)
{
	uint64_t slot = ino % SLOTS;

	*out = (struct place){ NULL, NULL };
	if (ino == TREE_ROOT)
		return true;
	if (ino < SLOTS || slot > n_files)
		return false;
	out->bucket = buckets_get(t->buckets, (unsigned)(ino / SLOTS - 1));
	out->file = slot ? &files[slot - 1] : NULL;
	return out->bucket != NULL;
}

/* Under lock. */
static struct node *
find_node(struct tree *t, uint64_t id)
{
	struct node *n;

	HASH_FIND(hh, t->nodes, &id, sizeof(id), n);
	return n;
}

bool
tree_find(struct tree *t, uint64_t node, struct place *out)
{
	struct node *n;

	if (node < FIRST_NODE)
		return find_fixed(t, node, out);
	LOCKED(t);
	n = find_node(t, node);
	if (n)
		*out = n->place;
	return n != NULL;
}

/* Under lock: where the fresh node of that place is kept. */
static struct node **
fresh_node(struct tree *t, const struct place *p)
{
	uint64_t ino = tree_ino(p);

	if (ino >= t->n_fresh) {
		size_t n = (ino / SLOTS + 1) * SLOTS;

		t->fresh = xrealloc(t->fresh, n * sizeof(t->fresh[0]));
		memset(t->fresh + t->n_fresh, 0,
		       (n - t->n_fresh) * sizeof(t->fresh[0]));
		t->n_fresh = n;
	}
	return &t->fresh[ino];
}

/* Under lock. */
static struct node *
add_node(struct tree *t, const struct place *p)
{
	struct node *n = xnew(struct node);

	n->id = t->next_id++;
	n->place = *p;
	HASH_ADD(hh, t->nodes, id, sizeof(n->id), n);
	return n;
}

/* Under lock: where that thread is kept; NULL if it was not refused. */
static pid_t *
find_refused(struct tree *t, pid_t thread)
{
	for (size_t i = 0; thread != 0 && i < REFUSED_MAX; i++)
		if (t->refused[i] == thread)
			return &t->refused[i];
	return NULL;
}

uint64_t
tree_lookup(struct tree *t, const struct place *p, pid_t thread)
{
	struct node *n, **fresh;

	if (!p->file || !p->file->is_stats)
		return tree_ino(p);
	LOCKED(t);
	if (find_refused(t, thread)) {
		n = add_node(t, p);
		n->is_opened = true; /* as for all others */
	} else {
		fresh = fresh_node(t, p);
		if (!*fresh)
			*fresh = add_node(t, p);
		n = *fresh;
	}
	n->n_lookups++;
	return n->id;
}

void
tree_forget(struct tree *t, uint64_t node, uint64_t n)
{
	struct node *found;
	LOCKED(t);

	found = node < FIRST_NODE ? NULL : find_node(t, node);
	if (!found)
		return;
	found->n_lookups -= n < found->n_lookups ? n : found->n_lookups;
	if (found->n_lookups > 0)
		return;
	if (!found->is_opened)
		*fresh_node(t, &found->place) = NULL;
	HASH_DEL(t->nodes, found);
	free(found);
}

bool
tree_attr(struct tree *t, uint64_t node, struct node_attr *out)
{
	struct place p;
	struct node *n;

	if (!tree_find(t, node, &p))
		return false;
	*out = (struct node_attr){ .ino = tree_ino(&p), .mtime = -1 };
	if (!p.file)
		return true;
	out->size = file_size(p.file, p.bucket);
	out->mtime = file_mtime(p.file, p.bucket);
	if (!p.file->is_stats)
		return true;
	LOCKED(t);
	n = find_node(t, node);
	if (n && n->has_document) {
		out->size = n->size;
		out->mtime = n->mtime;
	}
	return true;
}

bool
tree_opened(struct tree *t, uint64_t node, pid_t thread)
{
	struct node *n;
	pid_t *refused;
	LOCKED(t);

	n = find_node(t, node);
	if (!n)
		return false;
	n->n_open++;
	if (!n->is_opened) {
		n->is_opened = true;
		*fresh_node(t, &n->place) = NULL;
	}
	refused = find_refused(t, thread);
	if (refused)
		*refused = 0;
	return refused;
}

void
tree_closed(struct tree *t, uint64_t node)
{
	struct node *n;
	LOCKED(t);

	n = find_node(t, node);
	if (n)
		n->n_open--;
}

bool
tree_may_show(struct tree *t, uint64_t node, int64_t len)
{
	struct node *n;
	LOCKED(t);

	n = find_node(t, node);
	return !n || !n->has_document || n->size == len || n->n_open <= 1;
}

void
tree_refused(struct tree *t, pid_t thread)
{
	LOCKED(t);

	t->refused[t->n_refused++ % REFUSED_MAX] = thread;
}

void
tree_set_document(struct tree *t, uint64_t node, int64_t len,
		  int64_t computed_at)
{
	struct node *n;
	LOCKED(t);

	n = find_node(t, node);
	if (!n)
		return;
	n->has_document = true;
	n->size = len;
	n->mtime = computed_at;
}

struct tree *
tree_new(struct buckets *buckets)
{
	struct tree *t = xnew(struct tree);

	assert(n_files < SLOTS);
	t->buckets = buckets;
	t->next_id = FIRST_NODE;
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

void
tree_free(struct tree *t)
{
	struct node *n, *next;

	if (!t)
		return;
	HASH_ITER (hh, t->nodes, n, next) {
		HASH_DEL(t->nodes, n);
		free(n);
	}
	free(t->fresh);
	pthread_mutex_destroy(&t->lock);
	free(t);
}
