/* SPDX-License-Identifier: MIT */
/*
 * The tree of prefixes: see prefixes.h.  Pure; one thread at a time.
 */
#include "config.h"

#include "stats/prefixes.h"

#include "stats/fingerprint.h"
#include "util/object.h"

struct prefixes {
	struct prefix_node root;
	unsigned depth; /* of the nodes that there may be */
	size_t max, n;
};

static const struct prefix_sums nothing = { .newest = PREFIX_NEVER };

static void
sums_add(struct prefix_sums *to, const struct prefix_sums *s)
{
	to->n_deltas = add_saturating(to->n_deltas, s->n_deltas);
	to->n_directs = add_saturating(to->n_directs, s->n_directs);
	to->stored = add_saturating(to->stored, s->stored);
	to->references = add_saturating(to->references, s->references);
	to->original = add_saturating(to->original, s->original);
	if (s->newest > to->newest)
		to->newest = s->newest;
}

/* --- nodes --- */

static struct prefix_node *
node_new(const char *name, size_t len)
{
	struct prefix_node *node = xmalloc(sizeof(*node) + len);

	*node = (struct prefix_node){
		.name = memcpy(node + 1, name, len),
		.name_len = len,
		.own = nothing,
	};
	return node;
}

static void
free_child(struct prefix_node *node, struct prefix_node *child)
{
	HASH_DEL(node->children, child);
	free(child);
}

static void
free_children(struct prefix_node *node)
{
	struct prefix_node *child, *next;

	HASH_ITER (hh, node->children, child, next) {
		free_children(child);
		free_child(node, child);
	}
}

/* The nodes at `depth` below this one take what their children have. */
static void
fold_level(struct prefixes *p, struct prefix_node *node, unsigned depth)
{
	struct prefix_node *child, *next;

	HASH_ITER (hh, node->children, child, next) {
		if (depth > 0) {
			fold_level(p, child, depth - 1);
			continue;
		}
		sums_add(&node->own, &child->own);
		free_child(node, child);
		p->n--;
	}
}

static struct prefix_node *
get_child(struct prefixes *p, struct prefix_node *node, const char *name,
	  size_t len)
{
	struct prefix_node *child;

	HASH_FIND(hh, node->children, name, len, child);
	if (child)
		return child;
	child = node_new(name, len);
	HASH_ADD_KEYPTR(hh, node->children, child->name, child->name_len,
			child);
	p->n++;
	return child;
}

static struct prefix_node *
get_node(struct prefixes *p, const char *key, size_t len)
{
	struct prefix_node *node = &p->root;
	const char *slash;

	for (unsigned depth = 0;
	     depth < p->depth && (slash = memchr(key, '/', len)); depth++) {
		size_t n = (size_t)(slash + 1 - key);

		node = get_child(p, node, key, n);
		key += n;
		len -= n;
	}
	return node;
}

void
prefixes_add(struct prefixes *p, const char *key, size_t key_len,
	     const struct prefix_sums *s)
{
	sums_add(&get_node(p, key, key_len)->own, s);
	while (p->n > p->max && p->depth > 0)
		fold_level(p, &p->root, --p->depth);
}

/* --- from first to last --- */

struct prefixes *
prefixes_new(unsigned depth, size_t max)
{
	struct prefixes *p = xnew(struct prefixes);

	p->root = (struct prefix_node){ .name = "", .own = nothing };
	p->depth = depth;
	p->max = max;
	p->n = 1;
	return p;
}

void
prefixes_free(struct prefixes *p)
{
	if (!p)
		return;
	free_children(&p->root);
	free(p);
}

static int
compare_names(const struct prefix_node *a, const struct prefix_node *b)
{
	return key_compare(a->name, a->name_len, b->name, b->name_len);
}

static void
add_up(struct prefix_node *node, bool has_deltas)
{
	if (has_deltas)
		node->own.stored =
			add_saturating(node->own.stored, node->own.references);
	node->own.references = 0;
	node->all = node->own;
	HASH_SORT(node->children, compare_names);
	for (struct prefix_node *c = node->children; c; c = c->hh.next) {
		add_up(c, has_deltas);
		sums_add(&node->all, &c->all);
	}
}

void
prefixes_end(struct prefixes *p, bool has_deltas)
{
	add_up(&p->root, has_deltas);
}

const struct prefix_node *
prefixes_root(const struct prefixes *p)
{
	return &p->root;
}

unsigned
prefixes_depth(const struct prefixes *p)
{
	return p->depth;
}

size_t
prefixes_count(const struct prefixes *p)
{
	return p->n;
}
