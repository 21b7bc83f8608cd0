/* SPDX-License-Identifier: MIT */
/*
 * ListObjectsV2, page after page: see s3-list.h.  Net thread only.
 *
 * Source of the protocol: Amazon S3 API Reference, "ListObjectsV2".
 */
#include "config.h"

#include "s3/s3-list.h"

#include <errno.h>

/* Truncated pages without an object, in a row, before it counts as a loop. */
#define EMPTY_PAGES_MAX 1000

struct lister {
	struct s3 *s3;
	char *bucket;
	lister_page_fn *on_page;
	void *arg;
	struct list_parser *parser;
	struct s3_call *call; /* NULL while nothing is asked for */
	const struct list_page *parsed; /* the parser's; NULL: none */
	struct list_page page; /* what the owner sees of it */
	char *token; /* that the next page follows; NULL: none */
	char *start_after; /* instead of a token; NULL: none */
	char *last_key; /* of all pages so far; NULL: none yet */
	size_t last_key_len;
	unsigned empty_pages;
};

struct lister *
lister_new(struct s3 *s3, const char *bucket, lister_page_fn *on_page,
	   void *arg)
{
	struct lister *l = xnew(struct lister);

	l->s3 = s3;
	l->bucket = xstrdup(bucket);
	l->on_page = on_page;
	l->arg = arg;
	l->parser = list_parser_new();
	return l;
}

void
lister_free(struct lister *l)
{
	if (!l)
		return;
	list_parser_free(l->parser);
	free(l->bucket);
	free(l->token);
	free(l->start_after);
	free(l->last_key);
	free(l);
}

static int
on_data(void *arg, const char *data, size_t len)
{
	struct lister *l = arg;

	return list_parser_feed(l->parser, data, len, NULL);
}

static void
on_retry(void *arg)
{
	struct lister *l = arg;

	list_parser_reset(l->parser);
}

static int
on_end(void *arg, struct s3_error *error, struct err *err)
{
	struct lister *l = arg;
	int rc = list_parser_end(l->parser, &l->parsed, err);

	if (rc && list_parser_error(l->parser))
		*error = *list_parser_error(l->parser);
	return rc;
}

/* Keys ascend within a page (the parser saw to that), and from page to page. */
static int
check_order(struct lister *l, struct err *err)
{
	const struct list_page *page = &l->page;
	const struct object *first = page->objects, *last;

	if (page->n_objects == 0) {
		if (page->is_truncated && ++l->empty_pages > EMPTY_PAGES_MAX)
			return err_set(err, EIO,
				       "%u empty pages, and more to follow",
				       l->empty_pages);
		return 0;
	}
	l->empty_pages = 0;
	if (l->last_key && key_compare(l->last_key, l->last_key_len, first->key,
				       first->key_len) >= 0)
		return err_set(err, EIO, "listing out of order: %.*s after %s",
			       (int)first->key_len, first->key, l->last_key);
	last = &page->objects[page->n_objects - 1];
	free(l->last_key);
	l->last_key = xstrndup(last->key, last->key_len);
	l->last_key_len = last->key_len;
	return 0;
}

/* Printable ASCII, and nothing that some store decodes once too often. */
static bool
is_plain(const struct object *o)
{
	for (size_t i = 0; i < o->key_len; i++)
		if (o->key[i] <= ' ' || o->key[i] > '~' ||
		    strchr("%+&<>\"'", o->key[i]))
			return false;
	return true;
}

/*
 * The page ended with a token that can't be read: go on after a key.  The last
 * one that is plain is the best, since stores echo start-after in the next
 * answer as raw as the token; the objects behind it are dropped and come again.
 */
static int
set_start_after(struct lister *l, struct err *err)
{
	struct list_page *page = &l->page;
	size_t n = page->n_objects;

	while (n > 0 && !is_plain(&page->objects[n - 1]))
		n--;
	if (n > 0)
		page->n_objects = n;
	if (page->n_objects == 0)
		return err_set(err, EIO,
			       "continuation token can't be read, "
			       "and no object came before it");
	n = page->n_objects - 1;
	if (memchr(page->objects[n].key, '\0', page->objects[n].key_len))
		return err_set(err, EIO, "no key to go on after");
	free(l->start_after);
	l->start_after =
		xstrndup(page->objects[n].key, page->objects[n].key_len);
	return 0;
}

/* Where the next page begins. */
static int
set_position(struct lister *l, struct err *err)
{
	char *before CLEANUP_FREE = steal(&l->token);
	const struct list_page *page = &l->page;

	if (page->is_token_unreadable)
		return set_start_after(l, err);
	if (!page->is_truncated)
		return 0;
	if (before && strcmp(before, page->next_token) == 0)
		return err_set(err, EIO, "continuation token repeated");
	l->token = xstrdup(page->next_token);
	return 0;
}

static void
on_done(void *arg, const struct s3_answer *answer)
{
	struct lister *l = arg;
	struct err err = answer->err;

	l->call = NULL;
	if (err.code == 0) {
		l->page = *l->parsed;
		if (set_position(l, &err) == 0)
			check_order(l, &err);
		if (err.code)
			err_wrap(&err, "LIST %s", l->bucket);
	}
	if (err.code)
		l->on_page(l->arg, NULL, false, &err);
	else
		l->on_page(l->arg, &l->page, !l->page.is_truncated, NULL);
	/* the owner may have freed the lister */
}

void
lister_next(struct lister *l)
{
	struct uri_param params[4] = {
		{ "list-type", "2" },
		{ "encoding-type", "url" },
		{ "max-keys", "1000" },
	};
	size_t n = 3;

	if (l->token)
		params[n++] =
			(struct uri_param){ "continuation-token", l->token };
	else if (l->start_after)
		params[n++] =
			(struct uri_param){ "start-after", l->start_after };
	list_parser_reset(l->parser);
	l->parsed = NULL;
	l->call = s3_start(l->s3, &(struct s3_request){
					  .method = "GET",
					  .operation = "LIST",
					  .bucket = l->bucket,
					  .params = params,
					  .n_params = n,
					  .on_data = on_data,
					  .on_retry = on_retry,
					  .on_end = on_end,
					  .on_done = on_done,
					  .arg = l,
				  });
}

void
lister_stop(struct lister *l)
{
	if (l->call)
		s3_cancel(l->call);
}
