/* SPDX-License-Identifier: MIT */
/*
 * Printing the tree of prefixes: see prefixes-doc.h; prefixes-parse.c reads it.  Pure;
 * any thread.
 */
#include "config.h"

#include "stats/prefixes-doc.h"

#include "util/date.h"
#include "util/fill.h"
#include "util/json-text.h"

/* What is printed, and what went wrong. */
struct printer {
	struct buf out;
	struct buf path; /* the prefix of the node */
	int rc;
};

static void PRINTF(2, 3) print(struct printer *p, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (p->rc == 0)
		p->rc = buf_add_str(&p->out, text);
}

/* Returns whether it is URL-encoded. */
static bool
print_key(struct printer *p, const char *key, size_t len)
{
	struct json_key shown = { .is_url_encoded = false };

	if (p->rc == 0)
		p->rc = json_add_key(&p->out, key, len, SIZE_MAX, &shown);
	return shown.is_url_encoded;
}

/* The whole text, longer by blanks. */
static int
finish(struct printer *p, struct buf *out)
{
	size_t len = p->out.len;
	size_t need = (len + PREFIXES_STEP - 1) / PREFIXES_STEP * PREFIXES_STEP;
	int rc = p->rc;

	if (rc == 0)
		rc = buf_reserve(out, need);
	if (rc == 0)
		rc = fill_up_before_end(out, buf_str(&p->out), need - len);
	buf_clear(&p->out);
	buf_clear(&p->path);
	return rc;
}

static struct printer
printer_new(const struct prefixes_doc *d)
{
	struct printer p = { .rc = 0 };

	buf_init(&p.out, prefixes_text_max(d->max));
	buf_init(&p.path, SIZE_MAX);
	return p;
}

size_t
prefixes_text_max(size_t max)
{
	return (max + 1) * PREFIXES_NODE_MAX;
}

/* --- prefixes.json --- */

static void
print_sums(struct printer *p, const struct prefix_sums *s)
{
	char newest[DATE_ISO_LEN];

	print(p,
	      "\"objects\": %lld, \"deltas\": %lld, \"directs\": %lld, "
	      "\"stored_bytes\": %lld, \"original_bytes\": %lld, "
	      "\"saved_bytes\": %lld, \"newest\": ",
	      (long long)add_saturating(s->n_deltas, s->n_directs),
	      (long long)s->n_deltas, (long long)s->n_directs,
	      (long long)s->stored, (long long)s->original,
	      (long long)(s->original > s->stored ? s->original - s->stored
						  : 0));
	if (s->newest == PREFIX_NEVER) {
		print(p, "null");
	} else {
		date_print_iso(s->newest, newest);
		print(p, "\"%s\"", newest);
	}
}

static void print_node(struct printer *p, const struct prefix_node *node,
		       int indent);

static void
print_children(struct printer *p, const struct prefix_node *node, int indent)
{
	print(p, ",\n%*s\"own\": { ", indent, "");
	print_sums(p, &node->own);
	print(p, " },\n%*s\"children\": [\n", indent, "");
	for (const struct prefix_node *c = node->children; c; c = c->hh.next) {
		print_node(p, c, indent + 2);
		print(p, c->hh.next ? ",\n" : "\n");
	}
	print(p, "%*s]", indent, "");
}

static void
print_node(struct printer *p, const struct prefix_node *node, int indent)
{
	size_t before = p->path.len;
	bool is_encoded;

	if (p->rc == 0)
		p->rc = buf_add(&p->path, node->name, node->name_len);
	print(p, "%*s{ \"prefix\": ", indent, "");
	is_encoded = print_key(p, buf_str(&p->path), p->path.len);
	print(p, ", \"is_url_encoded\": %s, ", is_encoded ? "true" : "false");
	print_sums(p, &node->all);
	if (node->children)
		print_children(p, node, indent + 2);
	print(p, " }");
	p->path.len = before;
}

int
prefixes_print(struct buf *out, const struct prefixes_doc *d,
	       const struct prefixes *tree)
{
	struct printer p = printer_new(d);
	char date[DATE_ISO_LEN];

	date_print_iso(d->computed_at, date);
	print(&p,
	      "{\n"
	      "  \"version\": \"" DOC_VERSION "\",\n"
	      "  \"mode\": \"%s\",\n"
	      "  \"computed_at\": \"%s\",\n",
	      mode_names[MODE_PREFIXES], date);
	if (p.rc == 0)
		p.rc = doc_add_validation(&p.out, &d->validation);
	print(&p, "  \"bucket\": ");
	print_key(&p, d->bucket, strlen(d->bucket));
	print(&p,
	      ",\n"
	      "  \"prefix_depth\": %u,\n"
	      "  \"prefix_nodes\": %zu,\n"
	      "  \"depth_shown\": %u,\n"
	      "  \"nodes\": %zu,\n"
	      "  \"tree\":\n",
	      d->depth, d->max, prefixes_depth(tree), prefixes_count(tree));
	print_node(&p, prefixes_root(tree), 4);
	print(&p, "\n}\n");
	return finish(&p, out);
}

/* --- prefixes.ncdu.json --- */

/* Without the "/" at the end, unless nothing is left. */
static size_t
shown_length(const struct prefix_node *node)
{
	return node->name_len > 1 ? node->name_len - 1 : node->name_len;
}

static void
print_ncdu_own(struct printer *p, const struct prefix_sums *s)
{
	int64_t n = add_saturating(s->n_deltas, s->n_directs);

	if (n == 0 && s->stored == 0)
		return;
	print(p, ",\n{\"name\":\"(%lld %s)\",\"asize\":%lld,\"dsize\":%lld",
	      (long long)n, n == 1 ? "object" : "objects",
	      (long long)s->original, (long long)s->stored);
	if (s->newest >= 0)
		print(p, ",\"mtime\":%lld", (long long)s->newest);
	print(p, "}");
}

static void
print_ncdu_node(struct printer *p, const struct prefix_node *node,
		const char *name, size_t len)
{
	print(p, ",\n[{\"name\":");
	print_key(p, name, len);
	print(p, "}");
	print_ncdu_own(p, &node->own);
	for (const struct prefix_node *c = node->children; c; c = c->hh.next)
		print_ncdu_node(p, c, c->name, shown_length(c));
	print(p, "]");
}

int
prefixes_print_ncdu(struct buf *out, const struct prefixes_doc *d,
		    const struct prefixes *tree)
{
	struct printer p = printer_new(d);

	print(&p,
	      "[1,1,{\"progname\":\"dgstatfs\",\"progver\":\"%s\","
	      "\"timestamp\":%lld}",
	      PACKAGE_VERSION, (long long)d->computed_at);
	print_ncdu_node(&p, prefixes_root(tree), d->bucket, strlen(d->bucket));
	print(&p, "\n]\n");
	return finish(&p, out);
}

/* --- figures --- */

void
prefixes_figures(const struct prefixes *p, struct figures *out)
{
	const struct prefix_sums *s = &prefixes_root(p)->all;

	*out = (struct figures){
		.object_count = add_saturating(s->n_deltas, s->n_directs),
		.total_size = s->original,
		.compressed_size = s->stored,
		.delta_objects = s->n_deltas,
		.direct_objects = s->n_directs,
		.estimated_deltas = s->n_deltas,
	};
	figures_add_saved(out);
}
