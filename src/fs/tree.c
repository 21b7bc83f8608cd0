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

#include "util/date.h"
#include "util/lock.h"

#define SLOTS 16
#define FIRST_NODE ((uint64_t)1 << 48)

/*
 * Threads that were refused come again at once.  What was kept for one that has
 * not is too old: its next open must not get it.
 */
#define REFUSED_MAX 256
#define REFUSED_MS 1000

/* One document of a stats file, or one that is still to come. */
struct node {
	uint64_t id;
	struct place place;
	uint64_t n_lookups;
	bool is_opened; /* or never to be given by a lookup again */
	unsigned n_handles;
	struct snapshot *document; /* that it shows; NULL: none yet */
	pid_t kept_for; /* the thread that is to open it; 0: any */
	UT_hash_handle hh;
};

/* A thread that was refused. */
struct refusal {
	pid_t thread; /* 0: it came again, or there was none */
	struct place place;
	struct snapshot *document;
	int64_t until_ms;
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
	struct refusal refusals[REFUSED_MAX];
	unsigned n_refusals; /* ever */
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

/* Under lock. */
static void
node_free(struct tree *t, struct node *n)
{
	HASH_DEL(t->nodes, n);
	snapshot_unref(n->document);
	free(n);
}

/* Under lock.  NULL: it was not refused, or long ago. */
static struct refusal *
find_refusal(struct tree *t, pid_t thread)
{
	struct refusal *r = t->refusals;

	for (; thread != 0 && r < t->refusals + REFUSED_MAX; r++)
		if (r->thread == thread && date_mono_ms() < r->until_ms)
			return r;
	return NULL;
}

static void
refusal_clear(struct refusal *r)
{
	snapshot_unref(r->document);
	*r = (struct refusal){ .thread = 0 };
}

/* Under lock: a node that no other thread is given. */
static struct node *
add_kept_node(struct tree *t, const struct refusal *r)
{
	struct node *n = add_node(t, &r->place);

	n->is_opened = true;
	n->document = snapshot_ref(r->document);
	n->kept_for = r->thread;
	return n;
}

uint64_t
tree_lookup(struct tree *t, const struct place *p, pid_t thread)
{
	struct node *n, **fresh;
	const struct refusal *r;

	if (!p->file || !p->file->is_stats)
		return tree_ino(p);
	LOCKED(t);
	r = find_refusal(t, thread);
	if (r && tree_ino(&r->place) == tree_ino(p)) {
		n = add_kept_node(t, r);
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
	node_free(t, found);
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
	if (n && n->document) {
		out->size = (int64_t)n->document->len;
		out->mtime = n->document->computed_at;
	}
	return true;
}

struct snapshot *
tree_opened(struct tree *t, uint64_t node, pid_t thread, bool *is_again)
{
	struct refusal *r;
	struct node *n;
	LOCKED(t);

	r = find_refusal(t, thread);
	*is_again = r != NULL;
	if (r)
		refusal_clear(r);
	n = find_node(t, node);
	if (!n)
		return NULL;
	if (!n->is_opened) {
		n->is_opened = true;
		*fresh_node(t, &n->place) = NULL;
	}
	if (n->kept_for == 0 || n->kept_for != thread)
		return NULL;
	n->kept_for = 0;
	return r ? snapshot_ref(n->document) : NULL;
}

bool
tree_may_show(struct tree *t, uint64_t node, const struct snapshot *s)
{
	const struct snapshot *shown;
	struct node *n;
	LOCKED(t);

	n = find_node(t, node);
	if (!n || n->n_handles == 0)
		return true;
	shown = n->document;
	return shown->len == s->len &&
	       memcmp(shown->data, s->data, s->len) == 0;
}

void
tree_show(struct tree *t, uint64_t node, struct snapshot *s)
{
	struct node *n;
	LOCKED(t);

	n = find_node(t, node);
	if (!n)
		return;
	n->n_handles++;
	snapshot_ref(s); /* before: it may be the same */
	snapshot_unref(n->document);
	n->document = s;
}

void
tree_closed(struct tree *t, uint64_t node)
{
	struct node *n;
	LOCKED(t);

	n = find_node(t, node);
	if (n)
		n->n_handles--;
}

void
tree_refuse(struct tree *t, uint64_t node, pid_t thread, struct snapshot *s)
{
	struct refusal *r;
	struct node *n;
	LOCKED(t);

	n = find_node(t, node);
	r = &t->refusals[t->n_refusals++ % REFUSED_MAX];
	refusal_clear(r);
	if (n)
		*r = (struct refusal){ .thread = thread,
				       .place = n->place,
				       .document = snapshot_ref(s),
				       .until_ms =
					       date_mono_ms() + REFUSED_MS };
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
	HASH_ITER (hh, t->nodes, n, next)
		node_free(t, n);
	for (size_t i = 0; i < REFUSED_MAX; i++)
		refusal_clear(&t->refusals[i]);
	free(t->fresh);
	pthread_mutex_destroy(&t->lock);
	free(t);
}
