/* SPDX-License-Identifier: MIT */
/*
 * Where the bytes are: the tree of the prefixes of a bucket, down to some depth.  What
 * objects count comes in, the sums of each node come out.
 *
 *     p = prefixes_new (depth, max);
 *     for each object, in any order: prefixes_add (p, ...);
 *     prefixes_end (p, ...);
 *     ... prefixes_root (p)
 *
 * A node of depth n is a prefix with n times "/"; what lies deeper than the tree goes
 * counts in its deepest node.  The sums of a node are of all below it; what no child
 * has is its own.
 *
 * Whole levels only: as soon as there are more than `max` nodes, the deepest level is
 * folded into the one above it.  Nodes only become more as a listing goes on, so the
 * depth that is left is the deepest one at which all nodes together are at most `max`,
 * in whatever order objects come and however the listing is cut.  The root is always
 * there.
 *
 * Memory: `max` nodes.  Pure; one thread at a time.
 */
#ifndef STATS_PREFIXES_H
#define STATS_PREFIXES_H

#define uthash_fatal(msg) die_no_memory()
#include <uthash.h>

#include "util/base.h"

#define PREFIX_NEVER INT64_MIN

/* All sums are saturating. */
struct prefix_sums {
	int64_t n_deltas, n_directs;
	int64_t stored;
	int64_t references; /* stored, too, if the bucket has a delta */
	int64_t original;
	int64_t newest; /* seconds since 1970; PREFIX_NEVER: not known */
};

struct prefix_node {
	const char *name; /* bytes, with the "/" at the end; empty: the root */
	size_t name_len;
	struct prefix_sums own; /* what is in no child */
	struct prefix_sums all; /* and in the children; after prefixes_end() */
	struct prefix_node *children; /* by name; sorted after prefixes_end() */
	UT_hash_handle hh;
};

struct prefixes;

struct prefixes *prefixes_new(unsigned depth, size_t max);
void prefixes_free(struct prefixes *p); /* NULL is fine */

/* What an object counts, or a part of that; the node of its key is made if need be. */
void prefixes_add(struct prefixes *p, const char *key, size_t key_len,
		  const struct prefix_sums *s);

/* Nothing more comes: the tree is complete, and references are in `stored` or nowhere. */
void prefixes_end(struct prefixes *p, bool has_deltas);

const struct prefix_node *prefixes_root(const struct prefixes *p);
unsigned prefixes_depth(const struct prefixes *p); /* that is left */
size_t prefixes_count(const struct prefixes *p); /* nodes, the root too */

#endif
