/* SPDX-License-Identifier: MIT */
/*
 * A cached tree of prefixes from anywhere.  What is accepted is to the byte what is
 * printed of it, adds up, and is no larger than it may be.
 */
#include "config.h"

#include "stats/prefixes-doc.h"

#define DEPTH 3
#define NODES 20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool ok)
{
	if (!ok)
		abort();
}

static void
check_node(const struct prefix_node *node, unsigned depth, size_t *n)
{
	int64_t objects =
		add_saturating(node->own.n_deltas, node->own.n_directs);

	check(depth <= DEPTH);
	++*n;
	for (const struct prefix_node *c = node->children; c; c = c->hh.next) {
		check(c->name_len > 0 && c->name[c->name_len - 1] == '/');
		check_node(c, depth + 1, n);
		objects = add_saturating(
			objects,
			add_saturating(c->all.n_deltas, c->all.n_directs));
	}
	check(objects ==
	      add_saturating(node->all.n_deltas, node->all.n_directs));
}

static void
check_good(const struct prefixes_doc *d, const struct prefixes *tree,
	   const uint8_t *data, size_t size)
{
	CLEANUP_BUF struct buf text = BUF_INIT(prefixes_text_max(NODES));
	CLEANUP_BUF struct buf ncdu = BUF_INIT(prefixes_text_max(NODES));
	size_t n = 0;

	check_node(prefixes_root(tree), 0, &n);
	check(n == prefixes_count(tree) && n <= NODES);
	check(prefixes_print(&text, d, tree) == 0);
	check(text.len == size && memcmp(text.data, data, size) == 0);
	check(prefixes_text_is_whole(text.data, text.len));
	check(prefixes_print_ncdu(&ncdu, d, tree) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct prefixes_doc d = { .bucket = "bkt",
				  .depth = DEPTH,
				  .max = NODES };
	struct prefixes *tree = NULL;
	struct err err = ERR_INIT;

	if (prefixes_parse(&d, &tree, (const char *)data, size, &err) ==
	    DOC_GOOD)
		check_good(&d, tree, data, size);
	else
		check(err.code != 0 && !tree);
	prefixes_free(tree);
	return 0;
}
