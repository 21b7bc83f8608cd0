/* SPDX-License-Identifier: MIT */
/*
 * Documents: see document.h.  Any thread.
 */
#include "config.h"

#include "engine/document.h"

#include <errno.h>

#include "stats/prefixes-doc.h"

static bool
is_tree(const struct document *d)
{
	return d->mode == MODE_PREFIXES;
}

size_t
document_max(const struct document *d)
{
	return is_tree(d) ? prefixes_text_max((size_t)d->limits->prefix_nodes)
			  : DOC_MAX;
}

document_is_whole_fn *
document_is_whole(enum mode mode)
{
	return mode == MODE_PREFIXES ? prefixes_text_is_whole : doc_is_whole;
}

/* --- the tree of prefixes --- */

static struct prefixes_doc
tree_doc(const struct document *d)
{
	return (struct prefixes_doc){
		.bucket = d->bucket,
		.depth = (unsigned)d->limits->prefix_depth,
		.max = (size_t)d->limits->prefix_nodes,
	};
}

static int
print_ncdu(const struct prefixes_doc *doc, const struct prefixes *tree,
	   struct result *r)
{
	struct buf shown CLEANUP_BUF = BUF_INIT(prefixes_text_max(doc->max));
	int rc = prefixes_print_ncdu(&shown, doc, tree);

	if (rc == 0)
		r->ncdu = text_new(&shown);
	return rc;
}

static int
print_tree(const struct document *d, const struct prefixes *tree,
	   struct result *r)
{
	struct prefixes_doc doc = tree_doc(d);
	struct buf shown CLEANUP_BUF = BUF_INIT(document_max(d));
	int rc;

	doc.computed_at = r->computed_at;
	doc.validation = r->listed.validation;
	rc = prefixes_print(&shown, &doc, tree);
	if (rc == 0)
		rc = print_ncdu(&doc, tree, r);
	if (rc == 0)
		r->text = text_new(&shown);
	return rc;
}

static void
free_tree(struct prefixes **tree)
{
	prefixes_free(*tree);
}

static enum doc_verdict
read_tree(const struct document *d, const struct buf *body, struct result *r,
	  struct err *err)
{
	struct prefixes *tree CLEANUP(free_tree) = NULL;
	struct buf shown CLEANUP_BUF = BUF_INIT(document_max(d));
	struct prefixes_doc doc = tree_doc(d);
	enum doc_verdict verdict =
		prefixes_parse(&doc, &tree, buf_str(body), body->len, err);

	if (verdict != DOC_GOOD)
		return verdict;
	if (print_ncdu(&doc, tree, r) != 0 ||
	    buf_add(&shown, body->data, body->len) != 0) {
		err_set(err, EFBIG, "more than %zu bytes", document_max(d));
		return DOC_BAD;
	}
	r->text = text_new(&shown);
	r->computed_at = doc.computed_at;
	r->listed.validation = doc.validation;
	prefixes_figures(tree, &r->figures);
	return DOC_GOOD;
}

/* --- figures of a mode --- */

static int
print_figures(const struct document *d, struct result *r)
{
	struct buf shown CLEANUP_BUF = BUF_INIT(DOC_LEN);
	int rc = doc_print(&shown,
			   &(struct doc){ .mode = d->mode,
					  .bucket = d->bucket,
					  .computed_at = r->computed_at,
					  .validation = r->listed.validation,
					  .figures = r->figures,
					  .has_accuracy = true });

	if (rc == 0)
		r->text = text_new(&shown);
	return rc;
}

/* Another program's, or one of an older version of ours, has another length. */
static int
show(struct buf *out, const struct buf *body, const struct doc *doc)
{
	if (body->len == DOC_LEN)
		return buf_add(out, body->data, body->len);
	return doc_print(out, doc);
}

static enum doc_verdict
read_figures(const struct document *d, const struct buf *body, struct result *r,
	     struct err *err)
{
	struct buf shown CLEANUP_BUF = BUF_INIT(DOC_LEN);
	struct doc doc;
	enum doc_verdict verdict = doc_parse(&doc, buf_str(body), body->len,
					     d->bucket, d->mode, err);

	if (verdict != DOC_GOOD)
		return verdict;
	if (show(&shown, body, &doc) != 0) {
		err_set(err, EFBIG, "more than %d bytes when printed", DOC_LEN);
		return DOC_BAD;
	}
	r->text = text_new(&shown);
	r->computed_at = doc.computed_at;
	r->listed.validation = doc.validation;
	r->figures = doc.figures;
	return DOC_GOOD;
}

/* --- both --- */

int
document_print(const struct document *d, const struct prefixes *tree,
	       struct result *r)
{
	return is_tree(d) ? print_tree(d, tree, r) : print_figures(d, r);
}

enum doc_verdict
document_read(const struct document *d, const struct buf *body,
	      struct result **out, struct err *err)
{
	struct result r = { .is_storable = true, .how = RESULT_HIT };
	enum doc_verdict verdict = is_tree(d) ? read_tree(d, body, &r, err)
					      : read_figures(d, body, &r, err);

	if (verdict == DOC_GOOD)
		*out = result_new(&r);
	text_unref(r.text);
	text_unref(r.ncdu);
	return verdict;
}
