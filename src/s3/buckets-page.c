/* SPDX-License-Identifier: MIT */
/*
 * A page of ListBuckets: see buckets-page.h.  Any thread.
 */
#include "config.h"

#include "s3/buckets-page.h"

#include <errno.h>

#include "s3/error-doc.h"
#include "util/bucket-name.h"
#include "util/buf.h"
#include "util/sax.h"

#define BODY_MAX (8 * 1024 * 1024)
#define NAMES_MAX 100000
#define TOKEN_MAX (64 * 1024)

static const char *const name_path[] = { "ListAllMyBucketsResult", "Buckets",
					 "Bucket", "Name" };
#define BUCKET_DEPTH 2
#define OTHER_ROOT "ListBucketsResponse" /* Linode's newer endpoints */

struct reader {
	struct buckets_page *page;
	size_t size; /* of page->names */
	struct buf text; /* of the element that is wanted */
	bool is_name, is_region, is_token; /* which one that is */
	char *region; /* of the bucket that is read; NULL: none yet */
	size_t first; /* its names begin there */
	unsigned n_matched; /* open elements that lie on name_path */
};

static int
add_name(struct reader *r, struct err *err)
{
	struct buckets_page *page = r->page;
	const char *name = buf_str(&r->text);

	if (!bucket_name_is_possible(name))
		return 0;
	if (page->n_names == NAMES_MAX)
		return err_set(err, EIO, "more than %d buckets in one answer",
			       NAMES_MAX);
	if (page->n_names == r->size) {
		r->size = r->size ? 2 * r->size : 64;
		page->names =
			xrealloc(page->names, r->size * sizeof(*page->names));
		page->regions = xrealloc(page->regions,
					 r->size * sizeof(*page->regions));
	}
	page->regions[page->n_names] = NULL;
	page->names[page->n_names++] = xstrdup(name);
	return 0;
}

static void
end_bucket(struct reader *r)
{
	if (r->region && r->first < r->page->n_names)
		r->page->regions[r->first] = steal(&r->region);
	free(steal(&r->region));
	r->first = r->page->n_names;
}

static void
keep_region(struct reader *r)
{
	if (!r->region && r->text.len > 0)
		r->region = buf_steal(&r->text);
}

static int
on_start(void *arg, unsigned depth, const char *name, struct err *err)
{
	struct reader *r = arg;

	if (depth == 0 && strcmp(name, OTHER_ROOT) == 0)
		name = name_path[0];
	if (depth == 0 && strcmp(name, name_path[0]) != 0)
		return err_set(err, EIO, "not a list of buckets: <%s>", name);
	if (r->is_name || r->is_region || r->is_token)
		return err_set(err, EIO,
			       "malformed list of buckets: <%s> in a text",
			       name);
	if (depth == r->n_matched && depth < ARRAY_SIZE(name_path) &&
	    strcmp(name, name_path[depth]) == 0)
		r->n_matched++;
	r->is_name = r->n_matched == ARRAY_SIZE(name_path);
	r->is_region = depth == 3 && r->n_matched == 3 &&
		       strcmp(name, "BucketRegion") == 0;
	r->is_token = depth == 1 && strcmp(name, "ContinuationToken") == 0;
	return 0;
}

static int
on_text(void *arg, unsigned depth, const char *text, size_t len,
	struct err *err)
{
	struct reader *r = arg;

	(void)depth;
	if (!r->is_name && !r->is_region && !r->is_token)
		return 0;
	if (buf_add(&r->text, text, len))
		return err_set(err, EIO,
			       "malformed list of buckets: text too long");
	return 0;
}

static int
on_end(void *arg, unsigned depth, struct err *err)
{
	struct reader *r = arg;
	int rc = 0;

	if (r->is_name)
		rc = add_name(r, err);
	if (r->is_region)
		keep_region(r);
	if (depth == BUCKET_DEPTH)
		end_bucket(r);
	if (r->is_token && r->page->next_token)
		rc = err_set(err, EIO, "malformed list of buckets: two tokens");
	else if (r->is_token && r->text.len > 0) /* empty: the last page */
		r->page->next_token = buf_steal(&r->text);
	buf_clear(&r->text);
	r->is_name = r->is_region = r->is_token = false;
	if (r->n_matched > depth)
		r->n_matched = depth;
	return rc;
}

int
buckets_page_parse(struct buckets_page *out, const char *data, size_t len,
		   struct err *err)
{
	static const struct sax_events events = { on_start, on_text, on_end };
	struct reader r = { .page = out, .text = BUF_INIT(TOKEN_MAX) };
	struct sax *sax = sax_new(&events, &r, BODY_MAX);
	int rc;

	*out = (struct buckets_page){ 0 };
	rc = sax_feed(sax, data, len, err);
	if (rc == 0)
		rc = sax_end(sax, err);
	if (rc)
		buckets_page_clear(out);
	buf_clear(&r.text);
	free(r.region);
	sax_free(sax);
	return rc;
}

void
buckets_page_clear(struct buckets_page *p)
{
	for (size_t i = 0; i < p->n_names; i++) {
		free(p->names[i]);
		free(p->regions[i]);
	}
	free(p->names);
	free(p->regions);
	free(p->next_token);
	*p = (struct buckets_page){ 0 };
}
